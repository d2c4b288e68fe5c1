package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/config"
	"entrepot/iam"
	"entrepot/jobs"
	"entrepot/repository"

	"github.com/prometheus/client_golang/prometheus"
)

// settings are those of a server over a data folder, with upstreams that lead nowhere so that no client of the machine is
// asked.
func settings(data string) config.Config {
	c := config.Default()
	c.Data, c.PublicURL = data, "http://127.0.0.1:8090"
	for _, name := range upstreamNames() {
		c.Upstreams[name] = config.Upstream{URL: "http://127.0.0.1:9/"}
	}
	return c
}

// started is a server over the folder.
func started(t *testing.T, data string) *app {
	t.Helper()
	a, err := open(t.Context(), settings(data), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *app) stop(t *testing.T) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// refusal is what a server over the folder says in place of starting, having left the folder as it was.
func refusal(t *testing.T, data string) string {
	t.Helper()
	before := tree(t, data)
	a, err := open(t.Context(), settings(data), slog.New(slog.DiscardHandler))
	if err == nil {
		a.stop(t)
		t.Fatal("the server started")
	}
	if after := tree(t, data); !maps.Equal(before, after) {
		t.Errorf("the refusal changed the folder from\n%v\nto\n%v", before, after)
	}
	return err.Error()
}

// tree is what lies below a folder: names with the digests of what they hold.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(path) == "catalog.sqlite.lock" {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// owner may do everything.
func owner(t *testing.T) iam.Caller {
	t.Helper()
	p, err := iam.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`),
		iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	return iam.Caller{
		Principal: iam.Principal{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/a"},
		Identity:  []*iam.Policy{p},
	}
}

func domainKey(name string) artifact.DomainKey {
	return artifact.DomainKey{Owner: "123456789012", Name: name}
}

var leftPackage = artifact.PackageKey{Format: artifact.NPM, Name: "left"}

// fill makes a domain with a repository r1 that has one version, and returns the domain's number.
func (a *app) fill(t *testing.T, domain string) repository.DomainInfo {
	t.Helper()
	info, err := a.rules.CreateDomain(t.Context(), owner(t), repository.DomainSpec{Name: domain})
	if err != nil {
		t.Fatal(err)
	}
	spec := repository.RepositorySpec{RepositoryKey: domainKey(domain).Repository("r1")}
	if _, err := a.rules.CreateRepository(t.Context(), owner(t), spec); err != nil {
		t.Fatal(err)
	}
	a.publish(t, domain, "1.0.0")
	return info
}

func (a *app) publish(t *testing.T, domain, version string) {
	t.Helper()
	shelf := a.rules.Shelf(owner(t), domainKey(domain).Repository("r1"), "http://127.0.0.1:8090/")
	upload, err := shelf.Stage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer upload.Discard()
	if _, err := io.WriteString(upload, "bytes of "+version); err != nil {
		t.Fatal(err)
	}
	if _, err := shelf.Publish(t.Context(), repository.Publication{VersionKey: leftPackage.At(version),
		Assets: []repository.StagedAsset{{Name: "package.tgz", Upload: upload}}}); err != nil {
		t.Fatal(err)
	}
}

// collect runs the job as the server does, when everything is old enough.
func (a *app) collect(t *testing.T) {
	t.Helper()
	living, abandoned := jobs.DomainSpaces(a.catalog, a.stores.Open, a.documents), a.stores.abandoned(a.catalog)
	for _, spaces := range []jobs.Spaces{living, abandoned} {
		later := func() time.Time { return time.Now().Add(2 * time.Hour) }
		orphans, err := jobs.NewOrphans(a.catalog, spaces, time.Hour, later, a.log, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if err := orphans.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// serves wants the version's bytes.
func (a *app) serves(t *testing.T, domain, version string) {
	t.Helper()
	shelf := a.rules.Shelf(owner(t), domainKey(domain).Repository("r1"), "http://127.0.0.1:8090/")
	file, err := shelf.Open(context.WithoutCancel(t.Context()), leftPackage.At(version), "package.tgz")
	if err != nil {
		t.Fatalf("open %s: %v", version, err)
	}
	defer file.Content.Close()
	if got, err := io.ReadAll(file.Content); err != nil || string(got) != "bytes of "+version {
		t.Errorf("got %q, %v, want the bytes of %s", got, err, version)
	}
}

// move moves parts of a data folder elsewhere or back.
func move(t *testing.T, from, to string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestADataFolderThatIsNotWholeIsRefusedAndLeftAsItIs takes every combination of its parts away from a folder that was in
// use, and puts them back.
func TestADataFolderThatIsNotWholeIsRefusedAndLeftAsItIs(t *testing.T) {
	data, elsewhere := filepath.Join(t.TempDir(), "data"), t.TempDir()
	a := started(t, data)
	a.fill(t, "d1")
	a.stop(t)
	names := []string{"catalog.sqlite", "blobs", "keys/master", "key-check", "aws"}
	for combination := range 1 << len(names) {
		var lost, kept, needed []string
		for i, name := range names {
			switch {
			case combination&(1<<i) == 0:
				kept = append(kept, name)
			case name == "aws":
				lost = append(lost, name)
			default:
				lost, needed = append(lost, name), append(needed, name)
			}
		}
		t.Run("without "+strings.Join(lost, " "), func(t *testing.T) {
			move(t, data, elsewhere, lost...)
			switch {
			case len(needed) == 0:
				// aws is for clients: the server needs nothing of it.
			case len(needed) == len(parts):
				// Nothing is left to go on with, so it is new; started elsewhere, for the sake of the next row.
				fresh, err := prepare(data)
				if err != nil || !fresh {
					t.Errorf("a folder without any part: got new=%v, %v", fresh, err)
				}
				if err := conclude(data); err != nil {
					t.Fatal(err)
				}
			default:
				said := refusal(t, data)
				for _, part := range append(needed, "put back what is missing", "begin anew in another folder") {
					if !strings.Contains(said, part) {
						t.Errorf("got %q, want %q in it", said, part)
					}
				}
			}
			move(t, elsewhere, data, lost...)
			if slices.Contains(kept, "aws") && len(lost) > 1 {
				return // one start for each row of one part is enough
			}
			a := started(t, data)
			a.serves(t, "d1", "1.0.0")
			a.stop(t)
		})
	}
}

func TestAFolderThatLostMoreThanItsNamesShowIsRefused(t *testing.T) {
	rows := []struct {
		name   string
		damage func(t *testing.T, data string)
		want   string
	}{
		{"the catalog is empty", func(t *testing.T, data string) {
			if err := os.Truncate(filepath.Join(data, "catalog.sqlite"), 0); err != nil {
				t.Fatal(err)
			}
		}, "not catalog.sqlite"},
		{"the key is empty", func(t *testing.T, data string) {
			if err := os.Truncate(filepath.Join(data, "keys/master"), 0); err != nil {
				t.Fatal(err)
			}
		}, "not keys/master"},
		{"the folder for bytes is empty", func(t *testing.T, data string) {
			for _, space := range []string{"documents", "domain-1"} {
				if err := os.RemoveAll(filepath.Join(data, "blobs", space)); err != nil {
					t.Fatal(err)
				}
			}
		}, "not blobs"},
		{"a domain's bytes are gone", func(t *testing.T, data string) {
			if err := os.RemoveAll(filepath.Join(data, "blobs/domain-1")); err != nil {
				t.Fatal(err)
			}
		}, "blobs/domain-1 is missing"},
		{"the catalog of another installation", func(t *testing.T, data string) {
			other := filepath.Join(t.TempDir(), "data")
			a := started(t, other)
			a.fill(t, "d1")
			a.stop(t)
			move(t, other, data, "catalog.sqlite")
		}, "sealed under another key than keys/master"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			a := started(t, data)
			a.fill(t, "d1")
			a.stop(t)
			row.damage(t, data)
			if said := refusal(t, data); !strings.Contains(said, row.want) {
				t.Errorf("got %q, want %q in it", said, row.want)
			}
		})
	}
}

// TestAKilledServersFolderNeedsItsLog copies a folder in use, which is what a kill leaves, and takes the log away.
func TestAKilledServersFolderNeedsItsLog(t *testing.T) {
	data, killed := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")
	a := started(t, data)
	a.fill(t, "d1")
	if err := os.CopyFS(killed, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	a.stop(t)
	for _, private := range []string{"keys", "keys/master"} {
		if err := os.Chmod(filepath.Join(killed, private), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(killed, "keys/master"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, elsewhere := []string{"catalog.sqlite-wal"}, t.TempDir()
	move(t, killed, elsewhere, log...)
	if said := refusal(t, killed); !strings.Contains(said, "catalog.sqlite-wal is missing") {
		t.Errorf("got %q, want it to name the log", said)
	}
	move(t, elsewhere, killed, log...)
	a = started(t, killed)
	a.serves(t, "d1", "1.0.0")
	a.stop(t)
}

// TestAFirstStartThatWasCutShortGoesOn ends a first start after each of its steps.
func TestAFirstStartThatWasCutShortGoesOn(t *testing.T) {
	steps := []func(*app) error{
		func(a *app) error { return a.openStores(t.Context()) },
		func(a *app) error { return a.openUpstreams(t.Context()) },
		func(a *app) error { return a.openRules(t.Context()) },
		func(a *app) error { return a.openAccess(t.Context()) },
	}
	for done := range len(steps) + 1 {
		t.Run(fmt.Sprintf("after %d steps", done), func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			if _, err := prepare(data); err != nil {
				t.Fatal(err)
			}
			cut := &app{config: settings(data), log: slog.New(slog.DiscardHandler), metrics: prometheus.NewRegistry()}
			for _, step := range steps[:done] {
				if err := step(cut); err != nil {
					t.Fatal(err)
				}
			}
			cut.stop(t)
			goesOn(t, data)
		})
	}
	for made := range len(parts) {
		t.Run(fmt.Sprintf("with %d parts", made), func(t *testing.T) {
			data, elsewhere := filepath.Join(t.TempDir(), "data"), t.TempDir()
			started(t, data).stop(t)
			for _, p := range parts[made:] {
				move(t, data, elsewhere, p.name)
			}
			if err := begin(data); err != nil {
				t.Fatal(err)
			}
			goesOn(t, data)
		})
	}
}

func goesOn(t *testing.T, data string) {
	t.Helper()
	a := started(t, data)
	a.fill(t, "d1")
	a.stop(t)
	if _, err := os.Stat(filepath.Join(data, firstStart)); err == nil {
		t.Error("the first start has not come to its end")
	}
	a = started(t, data)
	a.serves(t, "d1", "1.0.0")
	a.stop(t)
}

// The mark of a first start lets off what such a start has not made yet, and nothing else.
func TestAFirstStartNeverGoesOnOverWhatItCannotHaveLeft(t *testing.T) {
	data, elsewhere := filepath.Join(t.TempDir(), "data"), t.TempDir()
	started(t, data).stop(t)
	if err := begin(data); err != nil {
		t.Fatal(err)
	}
	move(t, data, elsewhere, "keys/master")
	if said := refusal(t, data); !strings.Contains(said, "not keys/master") {
		t.Errorf("got %q, want it to name the key", said)
	}
}

// TestAnOlderCatalogTouchesNothingItDoesNotKnow restores a backup of the catalog alone, taken before a domain was made.
func TestAnOlderCatalogTouchesNothingItDoesNotKnow(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	a := started(t, data)
	a.fill(t, "d1")
	a.stop(t)
	backup, err := os.ReadFile(filepath.Join(data, "catalog.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	a = started(t, data)
	second := a.fill(t, "d2")
	a.stop(t)
	if err := os.WriteFile(filepath.Join(data, "catalog.sqlite"), backup, 0o600); err != nil {
		t.Fatal(err)
	}
	a = started(t, data)
	defer a.stop(t)
	a.collect(t)
	folder, err := a.stores.place.Space(spaceOf(second.ID))
	if err != nil {
		t.Fatal(err)
	}
	if got := count(t.Context(), t, folder); got != 1 {
		t.Errorf("contents of a domain that the catalog does not know: got %d, want the one that was published", got)
	}
	if third := a.fill(t, "d3"); third.ID <= second.ID {
		t.Errorf("a new domain got number %d, which is that of a space of another", third.ID)
	}
	a.serves(t, "d1", "1.0.0")
	a.serves(t, "d3", "1.0.0")
}
