package trail

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/audit"
	"entrepot/catalog"
)

var exportKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// export is a fixture with an export of its record, at a time of its own.
type export struct {
	*fixture
	*Exporter
	folder string
	now    time.Time
}

func newExport(t *testing.T) *export {
	f := newFixture(t)
	x := &export{fixture: f, folder: filepath.Join(t.TempDir(), "export"), now: noon}
	f.Service.Now = func() time.Time { return x.now }
	x.again()
	return x
}

// again is what a process does that begins anew.
func (x *export) again() { x.Exporter = NewExporter(x.Service, x.folder, time.Hour, exportKey) }

func (x *export) at(t time.Time) error {
	x.now = t
	return x.Exporter.Run(x.Context())
}

// verify wants these faults; none means that the chain is whole.
func (x *export) verify(faults ...string) audit.Verdict {
	x.Helper()
	v, err := audit.Verify(os.DirFS(x.folder), exportKey.Public().(ed25519.PublicKey), time.Time{}, time.Time{})
	x.must(err)
	var got []string
	for _, f := range v.Faults {
		got = append(got, f.Says)
	}
	if len(got) != len(faults) {
		x.Fatalf("got the faults %q, want %q", got, faults)
	}
	for i := range faults {
		if !strings.Contains(got[i], faults[i]) {
			x.Errorf("got the fault %q, want %q", got[i], faults[i])
		}
	}
	return v
}

// files are the records of each file, by its name.
func (x *export) files() map[string][]Record {
	x.Helper()
	found := map[string][]Record{}
	x.must(filepath.WalkDir(x.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		packed, err := os.Open(path)
		if err != nil {
			return err
		}
		defer packed.Close()
		text, err := gzip.NewReader(packed)
		if err != nil {
			return err
		}
		var document struct{ Records []Record }
		if err := json.NewDecoder(text).Decode(&document); err != nil {
			return err
		}
		found[filepath.Base(path)] = document.Records
		return nil
	}))
	return found
}

func TestWhatIsExportedIsWhatIsLookedUp(t *testing.T) {
	x := newExport(t)
	guest := event(noon.Add(10*time.Minute), "guest", "codeartifact:CreateRepository", "theirs")
	guest.Account, guest.Administrator, guest.Principal = theirs, theirs, "arn:aws:iam::"+theirs+":user/guest"
	x.record(guest, catalog.Event{Time: noon, Kind: catalog.VersionEvent, Account: ours, Action: "Created"})
	for i := range 3 * exportPage { // more than is read in one go
		x.record(event(noon.Add(11*time.Minute+time.Duration(i)*time.Second), "ann", fmt.Sprintf("iam:Act%d", i), "r"))
	}
	x.must(x.at(noon.Add(4 * time.Hour)))
	v := x.verify()
	if v.Digests != 3 || !v.To.Equal(noon.Add(3*time.Hour)) {
		t.Errorf("got %+v, want the three hours that are over for some time", v)
	}
	exported := map[string]string{}
	for _, records := range x.files() {
		for _, r := range records {
			text, err := json.Marshal(r)
			x.must(err)
			if exported[r.EventID] != "" {
				t.Errorf("twice: %s", text)
			}
			exported[r.EventID] = string(text)
		}
	}
	looked := map[string]string{}
	for _, account := range []string{ours, theirs} {
		for _, r := range x.lookup(auditor(t, account), Query{Limit: 50}) {
			text, err := json.Marshal(r)
			x.must(err)
			looked[r.EventID] = string(text)
		}
	}
	if len(looked) != 3*exportPage+2 || v.Records != len(looked) || !reflect.DeepEqual(exported, looked) {
		t.Errorf("%d are exported, %d in the digests, %d looked up", len(exported), v.Records, len(looked))
	}
}

func TestAnHourIsExportedWhenItIsOver(t *testing.T) {
	x := newExport(t)
	x.record(event(noon.Add(time.Minute), "ann", "iam:A", "r"))
	for _, row := range []struct {
		at      time.Duration
		digests int
	}{{time.Minute, 0}, {time.Hour, 0}, {time.Hour + settling, 1}, {2 * time.Hour, 1}, {26*time.Hour + settling, 26}} {
		x.must(x.at(noon.Add(row.at)))
		if v, err := audit.Verify(os.DirFS(x.folder), exportKey.Public().(ed25519.PublicKey), time.Time{}, time.Time{}); err != nil ||
			v.Digests != row.digests || row.digests > 0 && len(v.Faults) > 0 {
			t.Errorf("at %v: got %+v, %v, want %d digests", row.at, v, err, row.digests)
		}
		x.again() // a process knows no more than the folder
	}
	if files := x.files(); len(files) != 1 || len(files["2026-11-20T120000Z.json.gz"]) != 1 {
		t.Errorf("got the files %v", files)
	}
}

func TestAnEventThatComesLateStandsInALaterFile(t *testing.T) {
	x := newExport(t)
	x.record(event(noon.Add(time.Minute), "ann", "iam:First", "r"))
	x.must(x.at(noon.Add(time.Hour + settling)))
	x.record(event(noon.Add(59*time.Minute), "ann", "iam:Late", "r"))
	ahead := event(noon.Add(1000*time.Hour), "ann", "iam:Ahead", "r") // of a clock that was wrong
	x.record(ahead, event(noon.Add(2*time.Hour), "ann", "iam:Next", "r"), event(noon.Add(100*time.Minute), "ann", "iam:Between", "r"))
	x.must(x.at(noon.Add(3*time.Hour + settling)))
	x.verify()
	got := map[string]string{}
	for name, records := range x.files() {
		got[name] = named(records)
	}
	want := map[string]string{"2026-11-20T120000Z.json.gz": "First by ann, ", "2026-11-20T130000Z.json.gz": "Late by ann, Ahead by ann, ",
		"2026-11-20T140000Z.json.gz": "Next by ann, Between by ann, "}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Whatever is left of a run that was cut off, the next one ends with a whole chain.
func TestAnExportThatWasCutOffGoesOn(t *testing.T) {
	for _, left := range []func(x *export){
		func(x *export) { // in the middle of the records
			x.must(os.WriteFile(filepath.Join(x.folder, "2026/11/20/.2026-11-20T130000Z.json.gz.new"), []byte("half"), 0o600))
		},
		func(x *export) { // between the records and their digest
			x.must(os.WriteFile(filepath.Join(x.folder, "2026/11/20/2026-11-20T130000Z.json.gz"), []byte("whole, but of other records"), 0o600))
		},
		func(x *export) { // in the middle of the digest
			x.must(os.WriteFile(filepath.Join(x.folder, "2026/11/20/.2026-11-20T130000Z.digest.json.new-1"), []byte("{"), 0o600))
		},
		func(x *export) { // between the folders
			x.must(os.MkdirAll(filepath.Join(x.folder, "2026/12"), 0o700))
		},
	} {
		x := newExport(t)
		x.record(event(noon, "ann", "iam:A", "r"), event(noon.Add(time.Hour), "ann", "iam:B", "r"))
		x.must(x.at(noon.Add(time.Hour + settling)))
		left(x)
		x.again()
		x.must(x.at(noon.Add(2*time.Hour + settling)))
		if v := x.verify(); v.Records != 2 || v.Digests != 2 {
			t.Errorf("got %+v", v)
		}
	}
	x := newExport(t)
	x.record(event(noon, "ann", "iam:A", "r"))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	x.now = noon.Add(time.Hour + settling)
	if err := x.Exporter.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if files := x.files(); len(files) != 0 {
		t.Errorf("left the files %v", files)
	}
}

func TestAnExportThatCannotBeWrittenIsAnError(t *testing.T) {
	x := newExport(t)
	x.record(event(noon, "ann", "iam:A", "r"))
	x.must(os.WriteFile(x.folder, nil, 0o600))
	if err := x.at(noon.Add(2 * time.Hour)); err == nil {
		t.Error("a file in the folder's place is no error")
	}
	x.must(os.Remove(x.folder))
	x.must(x.at(noon.Add(2 * time.Hour)))
	x.verify()
}

func TestWhatIsTakenAwayWhileTheServerRunsIsMissedLater(t *testing.T) {
	x := newExport(t)
	x.record(event(noon, "ann", "iam:A", "r"))
	x.must(x.at(noon.Add(3*time.Hour + settling)))
	last := filepath.Join(x.folder, "2026/11/20/2026-11-20T140000Z.digest.json")
	x.must(os.Remove(last))
	x.must(x.at(noon.Add(4*time.Hour + settling)))
	x.verify("what was from 2026-11-20T14:00:00Z to 2026-11-20T15:00:00Z is missing")
}

func TestAChainDoesNotGoOnBehindADigestThatWasChanged(t *testing.T) {
	x := newExport(t)
	x.record(event(noon, "ann", "iam:A", "r"))
	x.must(x.at(noon.Add(time.Hour + settling)))
	name := filepath.Join(x.folder, "2026/11/20/2026-11-20T120000Z.digest.json")
	file, err := os.ReadFile(name)
	x.must(err)
	x.must(os.WriteFile(name, bytes.Replace(file, []byte(`"lastEvent":1`), []byte(`"lastEvent":9`), 1), 0o600))
	x.again()
	if err := x.at(noon.Add(2*time.Hour + settling)); err == nil || !strings.Contains(err.Error(), "not as it was written") {
		t.Errorf("got %v", err)
	}
}

// What is not on record any more cannot be written anew: whoever takes the end of a chain away, and has the server begin anew, is found.
func TestAnEndThatIsOlderThanTheRecordIsNotGoneOnFrom(t *testing.T) {
	x := newExport(t)
	for i := range 6 {
		x.record(event(noon.Add(time.Duration(i)*time.Hour), "ann", fmt.Sprintf("iam:Act%d", i), "r"))
	}
	again := func() {
		x.again()
		x.Kept = 3 * time.Hour
	}
	again()
	x.must(x.at(noon.Add(6*time.Hour + settling)))
	x.verify()
	x.must(x.Catalog.Write(t.Context(), func(w catalog.Writer) error {
		_, err := w.DeleteEvents(catalog.AuditEvent, noon.Add(3*time.Hour), 10)
		return err
	}))
	again()
	x.must(x.at(noon.Add(7*time.Hour + settling)))
	x.verify() // who begins anew at its end goes on
	for hour := 13; hour < 19; hour++ {
		x.must(os.Remove(filepath.Join(x.folder, fmt.Sprintf("2026/11/20/2026-11-20T%d0000Z.digest.json", hour))))
		if err := os.Remove(filepath.Join(x.folder, fmt.Sprintf("2026/11/20/2026-11-20T%d0000Z.json.gz", hour))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	again()
	x.must(x.at(noon.Add(8*time.Hour + settling)))
	x.verify("does not follow 2026-11-20T120000Z.digest.json")
}

func TestADigestIsReadWhereItWasWritten(t *testing.T) {
	x := newExport(t)
	x.record(event(noon, "ann", "iam:A", "r"))
	x.must(x.at(noon.Add(2*time.Hour + settling)))
	digest, err := os.ReadFile(filepath.Join(x.folder, "2026/11/20/2026-11-20T120000Z.digest.json"))
	x.must(err)
	x.must(os.MkdirAll(filepath.Join(x.folder, "lost+found"), 0o700))
	x.must(os.WriteFile(filepath.Join(x.folder, "lost+found/2026-11-20T120000Z.digest.json"), digest, 0o600))
	x.again()
	x.must(x.at(noon.Add(3*time.Hour + settling)))
	x.verify()
	x.must(os.MkdirAll(filepath.Join(x.folder, "9999/12/31"), 0o700))
	x.must(os.WriteFile(filepath.Join(x.folder, "9999/12/31/2026-11-20T120000Z.digest.json"), digest, 0o600))
	x.again()
	if err := x.at(noon.Add(4*time.Hour + settling)); err == nil || !strings.Contains(err.Error(), "not where it was written") {
		t.Errorf("got %v", err)
	}
}

func TestAChainBeginsWithTheOldestEventThatIsKept(t *testing.T) {
	x := newExport(t)
	for i := range 4 {
		x.record(event(noon.Add(time.Duration(i)*time.Hour), "ann", fmt.Sprintf("iam:Act%d", i), "r"))
	}
	x.must(x.Catalog.Write(t.Context(), func(w catalog.Writer) error {
		_, err := w.DeleteEvents(catalog.AuditEvent, noon.Add(2*time.Hour), 10)
		return err
	}))
	x.must(x.at(noon.Add(4*time.Hour + settling)))
	if v := x.verify(); !v.From.Equal(noon.Add(2*time.Hour)) || v.Records != 2 {
		t.Errorf("got %+v", v)
	}
	var names []string
	for name := range x.files() {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"2026-11-20T140000Z.json.gz", "2026-11-20T150000Z.json.gz"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestWhatIsExportedIsKnown(t *testing.T) {
	x := newExport(t)
	x.record(event(noon, "ann", "iam:A", "r"))
	if x.Exported(noon) {
		t.Error("before the first run")
	}
	x.must(x.at(noon.Add(2*time.Hour + settling)))
	for _, again := range []bool{false, true} {
		if again {
			x.again()
			x.must(x.at(noon.Add(2*time.Hour + settling))) // nothing is to be done, and all is known
		}
		if !x.Exported(noon.Add(2*time.Hour)) || x.Exported(noon.Add(2*time.Hour+1)) {
			t.Errorf("again %v: two hours are exported, and no more", again)
		}
	}
}
