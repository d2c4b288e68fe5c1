package audit

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// chain is an export of some hours, of which every other has records.
func chain(hours int) fstest.MapFS {
	folder := fstest.MapFS{}
	last, hash := Digest{End: hour22}, ""
	for i := range hours {
		d := Digest{Start: last.End, End: last.End.Add(time.Hour), After: last.Last, Last: last.Last + int64(i%2), Previous: hash}
		if i%2 == 1 {
			content := fmt.Appendf(nil, "records of hour %d", i)
			d.Log = &Log{Name: LogName(d.Start), Size: int64(len(content)), Hash: Hash(content), Records: 2}
			folder[path.Join(Day(d.Start), d.Log.Name)] = &fstest.MapFile{Data: content}
		}
		file := d.Encode(testKey)
		folder[path.Join(Day(d.Start), DigestName(d.Start))] = &fstest.MapFile{Data: file}
		last, hash = d, Hash(file)
	}
	return folder
}

func TestAWholeChainHasNoFaults(t *testing.T) {
	folder := chain(6)
	folder["2026/11/29/.2026-11-29T220000Z.json.gz.new"] = &fstest.MapFile{Data: []byte("half")}
	folder["lost+found/x"] = &fstest.MapFile{}
	v, err := Verify(folder, public, time.Time{}, hour22.Add(6*time.Hour))
	if err != nil || len(v.Faults) > 0 || v.Digests != 6 || v.Logs != 3 || v.Records != 6 || !v.From.Equal(hour22) || !v.To.Equal(hour22.Add(6*time.Hour)) {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestWhateverIsDoneToAChainIsFoundAndNamed(t *testing.T) {
	const hours = 6
	name := func(hour int, of func(time.Time) string) string {
		at := hour22.Add(time.Duration(hour) * time.Hour)
		return path.Join(Day(at), of(at))
	}
	other := func(hour int, change func(d *Digest)) []byte {
		d, err := ParseDigest(chain(hours)[name(hour, DigestName)].Data, public)
		if err != nil {
			t.Fatal(err)
		}
		change(&d)
		return d.Encode(testKey)
	}
	for what, row := range map[string]struct {
		do   func(folder fstest.MapFS)
		want map[string]string // says, by file
	}{
		"records are changed": {func(f fstest.MapFS) { f[name(3, LogName)].Data[4] ^= 1 }, map[string]string{name(3, LogName): "not those that were exported"}},
		"records are longer":  {func(f fstest.MapFS) { f[name(3, LogName)].Data = append(f[name(3, LogName)].Data, 0) }, map[string]string{name(3, LogName): "not those"}},
		"records are cut":     {func(f fstest.MapFS) { f[name(3, LogName)].Data = f[name(3, LogName)].Data[:5] }, map[string]string{name(3, LogName): "not those"}},
		"records are gone":    {func(f fstest.MapFS) { delete(f, name(3, LogName)) }, map[string]string{name(3, LogName): "missing, with 2 records"}},
		"records of nobody":   {func(f fstest.MapFS) { f[name(2, LogName)] = &fstest.MapFile{} }, map[string]string{name(2, LogName): "no digest names it"}},
		"another file":        {func(f fstest.MapFS) { f["2026/notes"] = &fstest.MapFile{} }, map[string]string{"2026/notes": "no file of an export"}},
		"a digest is changed": {func(f fstest.MapFS) { f[name(2, DigestName)].Data[30] ^= 1 }, map[string]string{name(2, DigestName): "signature"}},
		"a digest is gone":    {func(f fstest.MapFS) { delete(f, name(2, DigestName)) }, map[string]string{name(3, DigestName): "from 2026-11-30T00:00:00Z to 2026-11-30T01:00:00Z is missing"}},
		"an hour is gone": {func(f fstest.MapFS) { delete(f, name(3, DigestName)); delete(f, name(3, LogName)) },
			map[string]string{name(4, DigestName): "from 2026-11-30T01:00:00Z to 2026-11-30T02:00:00Z is missing"}},
		"the first is gone": {func(f fstest.MapFS) { delete(f, name(0, DigestName)) }, map[string]string{name(1, DigestName): "what was before is missing"}},
		"the last is gone":  {func(f fstest.MapFS) { delete(f, name(5, DigestName)); delete(f, name(5, LogName)) }, map[string]string{".": "ends at 2026-11-30T03:00:00Z"}},
		"one is put in its place": {func(f fstest.MapFS) {
			f[name(2, DigestName)].Data = other(2, func(d *Digest) { d.Previous = Hash(nil) })
		}, map[string]string{name(2, DigestName): "does not follow", name(3, DigestName): "does not follow"}},
		"events are left out": {func(f fstest.MapFS) {
			f[name(5, DigestName)].Data = other(5, func(d *Digest) { d.After++ })
		}, map[string]string{name(5, DigestName): "does not follow"}},
		"one is moved to another hour": {func(f fstest.MapFS) { f[name(4, DigestName)] = f[name(2, DigestName)] }, map[string]string{name(4, DigestName): "of another period"}},
		"one is moved to another day":  {func(f fstest.MapFS) { f["2026/12/01/"+DigestName(hour22)] = f[name(0, DigestName)] }, map[string]string{"2026/12/01/" + DigestName(hour22): "no file of an export"}},
		"all is gone":                  {func(f fstest.MapFS) { clear(f) }, nil},
	} {
		t.Run(what, func(t *testing.T) {
			folder := chain(hours)
			row.do(folder)
			v, err := Verify(folder, public, time.Time{}, hour22.Add(hours*time.Hour))
			if err != nil || len(v.Faults) == 0 {
				t.Fatalf("got %+v, %v", v, err)
			}
			said := map[string]string{}
			for _, f := range v.Faults {
				said[f.File] += f.Says + ";"
			}
			for file, want := range row.want {
				if !strings.Contains(said[file], want) {
					t.Errorf("%s: said %q, want %q", file, said[file], want)
				}
			}
			if row.want != nil && len(said) > len(row.want) {
				t.Errorf("faults of %v, want %v", said, slices.Sorted(maps.Keys(row.want)))
			}
		})
	}
}

// Every byte of every file counts.
func TestOneChangedByteIsFound(t *testing.T) {
	for name, file := range chain(2) {
		for i := range file.Data {
			folder := chain(2)
			folder[name].Data = bytes.Clone(file.Data)
			folder[name].Data[i] ^= 0x04
			v, err := Verify(folder, public, time.Time{}, time.Time{})
			if err != nil || len(v.Faults) == 0 || !slices.ContainsFunc(v.Faults, func(f Fault) bool { return f.File == name }) {
				t.Fatalf("byte %d of %s: got %+v, %v", i, name, v, err)
			}
		}
	}
}

func TestAChainMayBeginLaterWhereThatIsSaid(t *testing.T) {
	folder := chain(6)
	for i := range 2 {
		at := hour22.Add(time.Duration(i) * time.Hour)
		delete(folder, path.Join(Day(at), DigestName(at)))
		delete(folder, path.Join(Day(at), LogName(at)))
	}
	if v, err := Verify(folder, public, hour22.Add(2*time.Hour), time.Time{}); err != nil || len(v.Faults) > 0 {
		t.Errorf("got %+v, %v", v, err)
	}
	if v, err := Verify(folder, public, hour22.Add(time.Hour), time.Time{}); err != nil || len(v.Faults) != 1 {
		t.Errorf("where it should begin before: got %+v, %v", v, err)
	}
}
