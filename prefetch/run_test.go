package prefetch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/artifact"
	"entrepot/lockfile"

	"github.com/google/go-cmp/cmp"
)

// offering is a server whose repository has a registry behind it.
type offering struct {
	mu     sync.Mutex
	offers map[string][]Asset               // by version
	ends   map[string]Answer                // what is answered in place of files
	fails  map[string][]error               // by version, or version and asset: what the next requests fail with
	needs  map[string][]artifact.VersionKey // by version, and asset where it is that one's answer
	slow   map[string]int                   // by asset: how often it has not come yet
	asked  []string
	atOnce int
	most   int
	takes  time.Duration
}

func (s *offering) Ask(ctx context.Context, v artifact.VersionKey, asset string) (Answer, error) {
	key := v.Name + "@" + v.Version
	what := strings.TrimSuffix(key+" "+asset, " ")
	s.mu.Lock()
	s.asked = append(s.asked, what)
	s.atOnce++
	s.most = max(s.most, s.atOnce)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.atOnce--; s.mu.Unlock() }()
	if s.takes > 0 {
		if err := pause(ctx, s.takes); err != nil {
			return Answer{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if next := s.fails[what]; len(next) > 0 {
		s.fails[what] = next[1:]
		if next[0] != nil {
			return Answer{}, next[0]
		}
	}
	if end, ok := s.ends[key]; ok {
		return end, nil
	}
	all, ok := s.offers[key]
	if !ok {
		return Answer{Ending: Absent, Why: key + " is nowhere."}, nil
	}
	if asset == "" {
		return Answer{Ending: Served, Assets: append([]Asset(nil), all...), Needs: s.needs[what]}, nil
	}
	for i, a := range all {
		if a.Name != asset {
			continue
		}
		if s.slow[asset] > 0 {
			s.slow[asset]--
			return Answer{Ending: Served, Assets: []Asset{{Name: asset}}}, nil
		}
		all[i].Kept = true
		all[i].Size = 10
		all[i].Hashes = map[string]string{"SHA-1": asset}
		return Answer{Ending: Served, Assets: []Asset{all[i]}, Needs: s.needs[what]}, nil
	}
	return Answer{Ending: Absent, Why: "There is no " + asset + "."}, nil
}

func entry(coordinate string, files ...lockfile.File) Entry {
	name, version, _ := strings.Cut(coordinate, "@")
	key := artifact.PackageKey{Format: artifact.NPM, Name: name}.At(version)
	return Entry{Pin: lockfile.Pin{VersionKey: key, Files: files}, From: "a.lock"}
}

func named(name string, sums ...string) lockfile.File {
	f := lockfile.File{Name: name}
	for _, s := range sums {
		f.Sums = append(f.Sums, lockfile.Sum{Algorithm: "SHA-1", Hex: s})
	}
	return f
}

// ran has the entries kept, and says of each what became of it.
func ran(t *testing.T, s Server, o Options, entries ...Entry) ([]string, Summary, error) {
	t.Helper()
	if o.Jobs == 0 {
		o.Jobs = 1
	}
	sum, err := Run(t.Context(), s, entries, o)
	var lines []string
	for _, r := range sum.Results {
		line := fmt.Sprintf("%s@%s %s %d/%d", r.Entry.Name, r.Entry.Version, r.Outcome, r.Files, r.Bytes)
		if r.Why != "" {
			line += ": " + r.Why
		}
		lines = append(lines, line)
	}
	return lines, sum, err
}

func busy(after time.Duration) error { return &Again{Err: errors.New("It is busy."), After: after} }

func TestRun(t *testing.T) {
	promised := func(names ...string) []Asset {
		var all []Asset
		for _, n := range names {
			all = append(all, Asset{Name: n, Size: 10})
		}
		return all
	}
	kept := func(name string) []Asset {
		return []Asset{{Name: name, Size: 10, Kept: true, Hashes: map[string]string{"SHA-1": name}}}
	}
	for name, row := range map[string]struct {
		shelf   *offering
		options Options
		entries []Entry
		want    []string
		asked   []string // nil: it does not matter
	}{
		"all files of a version, and what is there already": {
			shelf:   &offering{offers: map[string][]Asset{"a@1": promised("a.whl", "a.tar"), "b@1": kept("b.whl")}},
			entries: []Entry{entry("a@1"), entry("b@1")},
			want:    []string{"a@1 retained 2/20", "b@1 there already 0/0"},
			asked:   []string{"a@1", "a@1 a.whl", "a@1 a.tar", "b@1"}},
		"only the files that the lockfile names": {
			shelf:   &offering{offers: map[string][]Asset{"a@1": promised("a.whl", "a.tar")}},
			entries: []Entry{entry("a@1", named("a.tar", "a.tar"))},
			want:    []string{"a@1 retained 1/10"},
			asked:   []string{"a@1", "a@1 a.tar"}},
		"a file that nobody lists, and one that need not be there": {
			shelf: &offering{offers: map[string][]Asset{"a@1": promised("a.pom")}},
			entries: []Entry{entry("a@1", named("a.pom"), lockfile.File{Name: "a.module", Optional: true}),
				entry("a@1", named("a-tests.jar"))},
			want:  []string{"a@1 retained 1/10", "a@1 not found 0/0: There is no a-tests.jar."},
			asked: []string{"a@1", "a@1 a.pom", "a@1 a.module", "a@1", "a@1 a-tests.jar"}},
		"nowhere, and withheld": {
			shelf:   &offering{ends: map[string]Answer{"b@1": {Ending: Withheld, Why: "It is archived."}}},
			entries: []Entry{entry("a@1"), entry("b@1")},
			want:    []string{"a@1 not found 0/0: a@1 is nowhere.", "b@1 withheld 0/0: It is archived."}},
		"a digest that is known before is not fetched to be refused": {
			shelf: &offering{offers: map[string][]Asset{"a@1": {{Name: "a.tgz", Hashes: map[string]string{"SHA-1": "other"}}},
				"b@1": {{Name: "b.tgz", Hashes: map[string]string{"SHA-1": "other"}}}}},
			entries: []Entry{entry("a@1", named("", "a.tgz")), entry("b@1", named("b.tgz", "b.tgz"))},
			want: []string{"a@1 mismatch 0/0: no file of it has a digest that a.lock knows",
				"b@1 mismatch 0/0: b.tgz has another digest than a.lock says"},
			asked: []string{"a@1", "b@1"}},
		"a digest that is known afterwards": {
			shelf:   &offering{offers: map[string][]Asset{"a@1": promised("a.tgz"), "b@1": promised("b.tgz"), "c@1": promised("c.tgz")}},
			entries: []Entry{entry("a@1", named("", "other")), entry("b@1", named("b.tgz", "other")), entry("c@1", named("", "c.tgz"))},
			want: []string{"a@1 mismatch 1/10: no file of it has a digest that a.lock knows",
				"b@1 mismatch 1/10: b.tgz has another digest than a.lock says", "c@1 retained 1/10"}},
		"of files known by their digests the others stay away": {
			shelf: &offering{offers: map[string][]Asset{"a@1": {{Name: "a.whl", Hashes: map[string]string{"SHA-1": "a.whl"}},
				{Name: "late.whl", Hashes: map[string]string{"SHA-1": "late.whl"}}}}},
			entries: []Entry{entry("a@1", named("", "a.whl"), named("", "gone.whl"))},
			want:    []string{"a@1 retained 1/10"},
			asked:   []string{"a@1", "a@1 a.whl"}},
		"what takes long is asked for until it has come": {
			shelf:   &offering{offers: map[string][]Asset{"a@1": promised("a.tgz")}, slow: map[string]int{"a.tgz": 3}},
			entries: []Entry{entry("a@1")},
			want:    []string{"a@1 retained 1/10"},
			asked:   []string{"a@1", "a@1 a.tgz", "a@1 a.tgz", "a@1 a.tgz", "a@1 a.tgz"}},
		"nothing is brought in, only counted": {
			shelf:   &offering{offers: map[string][]Asset{"a@1": promised("a.whl", "a.tar"), "b@1": kept("b.whl")}},
			options: Options{DryRun: true},
			entries: []Entry{entry("a@1"), entry("b@1")},
			want:    []string{"a@1 would be retained 2/20", "b@1 there already 0/0"},
			asked:   []string{"a@1", "b@1"}},
		"a bound of bytes leaves out what goes over it, and nothing that is there": {
			shelf: &offering{offers: map[string][]Asset{"a@1": promised("a.tgz"), "b@1": promised("b.tgz", "b.tar"),
				"c@1": {{Name: "c.jar"}, {Name: "c.pom"}}, "d@1": promised("d.tgz"), "e@1": kept("e.tgz")}},
			options: Options{MaxBytes: 25},
			entries: []Entry{entry("a@1"), entry("b@1"), entry("c@1"), entry("d@1"), entry("e@1")},
			want: []string{"a@1 retained 1/10", "b@1 left out 0/0: 20 bytes of it would go over what may be brought in",
				"c@1 retained 2/20", "d@1 left out 0/0: 10 bytes of it would go over what may be brought in", "e@1 there already 0/0"}},
		"a moment's failure is tried again, for a while": {
			shelf: &offering{offers: map[string][]Asset{"a@1": promised("a.tgz"), "b@1": promised("b.tgz")},
				fails: map[string][]error{"a@1": {busy(0), busy(0)}, "a@1 a.tgz": {busy(0)}, "b@1": {busy(0), busy(0), busy(0), busy(0)}}},
			options: Options{Retries: 2},
			entries: []Entry{entry("a@1"), entry("b@1")},
			want:    []string{"a@1 retained 1/10", "b@1 failed 0/0: It is busy."}},
		"one that will always fail is not": {
			shelf:   &offering{offers: map[string][]Asset{"a@1": promised("a.tgz")}, fails: map[string][]error{"a@1": {&Unfit{errors.New("No such name.")}}}},
			options: Options{Retries: 2},
			entries: []Entry{entry("a@1"), entry("a@1")},
			want:    []string{"a@1 failed 0/0: No such name.", "a@1 retained 1/10"},
			asked:   []string{"a@1", "a@1", "a@1 a.tgz"}},
		"an answer that makes no sense": {
			shelf:   &offering{ends: map[string]Answer{"a@1": {Ending: "denied"}}},
			entries: []Entry{entry("a@1")},
			want:    []string{`a@1 failed 0/0: the server has answered "denied", which is no ending that is known`}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, _, err := ran(t, row.shelf, row.options, row.entries...)
				if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
					t.Errorf("%v, -want +got\n%s", err, diff)
				}
				if diff := cmp.Diff(row.asked, row.shelf.asked); diff != "" && row.asked != nil {
					t.Errorf("asked: -want +got\n%s", diff)
				}
			})
		})
	}
}

func TestWaitsGrowAndAreAsLongAsTheServerSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &offering{offers: map[string][]Asset{"a@1": {{Name: "a.tgz", Kept: true}}},
			fails: map[string][]error{"a@1": {busy(0), busy(0), busy(0), busy(30 * time.Second), busy(time.Hour)}}}
		started := time.Now()
		got, _, err := ran(t, s, Options{Retries: 5}, entry("a@1"))
		if err != nil || got[0] != "a@1 there already 0/0" {
			t.Fatalf("got %v, %v", got, err)
		}
		// Between half of 1+2+4 seconds and all of it, then 30 seconds, then the longest wish that is granted.
		waited := time.Since(started)
		if low, high := 333500*time.Millisecond, 337*time.Second; waited < low || waited > high {
			t.Errorf("waited %v, want between %v and %v", waited, low, high)
		}
	})
}

func TestNoMoreThanTheJobsAreAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &offering{offers: map[string][]Asset{}, takes: time.Second}
		var entries []Entry
		for i := range 40 {
			s.offers[fmt.Sprintf("a%d@1", i)] = []Asset{{Name: "a.tgz"}}
			entries = append(entries, entry(fmt.Sprintf("a%d@1", i)))
		}
		told := 0
		_, sum, err := ran(t, s, Options{Jobs: 5, Each: func(_ Result, done, all int) {
			if told++; done != told || all != 40 {
				t.Errorf("told of %d entries that %d are done", told, done)
			}
		}}, entries...)
		if err != nil || sum.Count(Retained) != 40 || !sum.Good() || sum.Files != 40 || sum.Bytes != 400 || s.most != 5 || told != 40 {
			t.Errorf("got %d retained with %d files of %d bytes, %d at once, told of %d, %v", sum.Count(Retained), sum.Files, sum.Bytes, s.most, told, err)
		}
	})
}

func TestARunThatIsStoppedSaysHowFarItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &offering{offers: map[string][]Asset{"a@1": {{Name: "a.tgz"}}, "b@1": {{Name: "b.tgz"}}}, takes: time.Minute}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		sum, err := Run(ctx, s, []Entry{entry("a@1"), entry("b@1")}, Options{Jobs: 1, Retries: 3})
		if !errors.Is(err, context.DeadlineExceeded) || sum.Count(Retained) != 1 || sum.Count(Untried) != 1 || sum.Good() {
			t.Errorf("got %+v, %v", sum, err)
		}
		s.takes = 0
		again, _, err := ran(t, s, Options{}, entry("a@1"), entry("b@1"))
		if err != nil || again[0] != "a@1 there already 0/0" || again[1] != "b@1 retained 1/10" {
			t.Errorf("again: got %v, %v", again, err)
		}
	})
}

func TestARunEndsWhereNothingCanBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		denied := errors.New("You may not.")
		s := &offering{fails: map[string][]error{"a@1": {denied}}}
		got, _, err := ran(t, s, Options{}, entry("a@1"), entry("b@1"))
		if !errors.Is(err, denied) || got[0] != "a@1 untried 0/0" || got[1] != "b@1 untried 0/0" {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestARunEndsWhenEverythingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &offering{fails: map[string][]error{}}
		var entries []Entry
		for i := range 2 * silence {
			s.fails[fmt.Sprintf("a%d@1", i)] = []error{busy(0)}
			entries = append(entries, entry(fmt.Sprintf("a%d@1", i)))
		}
		_, sum, err := ran(t, s, Options{}, entries...)
		if err == nil || !strings.Contains(err.Error(), "16 versions in a row have failed, the last because of: It is busy.") ||
			sum.Count(Failed) != silence || sum.Count(Untried) != silence {
			t.Errorf("got %d failed, %d untried, %v", sum.Count(Failed), sum.Count(Untried), err)
		}
	})
}

func TestFailuresHereAndThereDoNotEndARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &offering{fails: map[string][]error{}}
		var entries []Entry
		for i := range 4 * silence {
			name := fmt.Sprintf("a%d@1", i)
			if i%silence > 0 {
				s.fails[name] = []error{busy(0)}
			}
			entries = append(entries, entry(name))
		}
		for i := range 2 * silence { // what is wrong with them says nothing of the server
			name := fmt.Sprintf("b%d@1", i)
			s.fails[name] = []error{&Unfit{errors.New("No such name.")}}
			entries = append(entries, entry(name))
		}
		_, sum, err := ran(t, s, Options{}, entries...)
		if err != nil || sum.Count(Failed) != 4*(silence-1)+2*silence || sum.Count(NotFound) != 4 {
			t.Errorf("got %d failed, %d not found, %v", sum.Count(Failed), sum.Count(NotFound), err)
		}
	})
}

func TestFilesAreLoadedWhenTheirTurnComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &offering{offers: map[string][]Asset{"a@1": {{Name: "a.whl"}, {Name: "a.tar"}}}}
		e := entry("a@1")
		tries := 0
		e.Load = func(context.Context) ([]lockfile.File, error) {
			if tries++; tries == 1 {
				return nil, busy(0)
			}
			return []lockfile.File{named("a.tar", "a.tar")}, nil
		}
		got, _, err := ran(t, s, Options{Retries: 1}, e)
		if err != nil || got[0] != "a@1 retained 1/10" {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestWhatAVersionNeedsIsKeptAsWellOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := func(name string) artifact.VersionKey {
			return artifact.PackageKey{Format: artifact.Maven, Namespace: "g", Name: name}.At("1")
		}
		s := &offering{offers: map[string][]Asset{"a@1": {{Name: "a-1.jar"}, {Name: "a-1.pom"}}, "b@1": {{Name: "b-1.pom", Kept: true}},
			"parent@1": {{Name: "parent-1.pom"}, {Name: "parent-1.jar"}}, "bom@1": {{Name: "bom-1.pom"}}},
			needs: map[string][]artifact.VersionKey{"a@1 a-1.pom": {key("parent")}, "b@1": {key("parent"), key("gone")},
				"parent@1 parent-1.pom": {key("bom"), key("a")}, "bom@1 bom-1.pom": {key("parent")}}}
		entry := func(name string) Entry {
			return Entry{Pin: lockfile.Pin{VersionKey: key(name)}, From: "dependencies.txt"}
		}
		got, sum, err := ran(t, s, Options{Jobs: 1}, entry("a"), entry("b"))
		want := []string{"a@1 retained 2/20", "b@1 there already 0/0", "parent@1 retained 1/10", "gone@1 not found 0/0: gone@1 is nowhere.", "bom@1 retained 1/10"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil || sum.Results[2].Entry.From != "dependencies.txt" {
			t.Errorf("%v, -want +got\n%s", err, diff)
		}
	})
}

func TestEveryOutcomeIsInTheReport(t *testing.T) {
	listed := map[Outcome]bool{}
	for _, o := range Outcomes() {
		listed[o] = true
	}
	for _, o := range []Outcome{Untried, Retained, There, Wanting, NotFound, KeptAway, Mismatch, Failed, LeftOut} {
		if !listed[o] {
			t.Errorf("%s is not listed", o)
		}
	}
}
