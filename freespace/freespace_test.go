package freespace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

const mib = 1 << 20

// disk is a file system that says what the test wants.
type disk struct {
	Reading
	err error
}

func (d *disk) read(string) (Reading, error) {
	return d.Reading, d.err
}

func opened(t *testing.T, d *disk) (*Volume, string) {
	t.Helper()
	folder := t.TempDir()
	v, err := Open(folder, Options{Mark: 64 * mib, Reserve: 2 * mib, Read: d.read})
	if err != nil {
		t.Fatal(err)
	}
	return v, filepath.Join(folder, reserveFile)
}

func TestRoomIsLowBelowTheMark(t *testing.T) {
	rows := []struct {
		name string
		Reading
		low bool
	}{
		{"plenty", Reading{Free: 1000 * mib, Size: 10_000 * mib, FreeFiles: 1e6, Files: 2e6}, false},
		{"at the mark", Reading{Free: 64 * mib, Size: 10_000 * mib, FreeFiles: 1e6, Files: 2e6}, false},
		{"below it", Reading{Free: 64*mib - 1, Size: 10_000 * mib, FreeFiles: 1e6, Files: 2e6}, true},
		{"an eighth of a small disk", Reading{Free: 4 * mib, Size: 32 * mib, FreeFiles: 1e6, Files: 2e6}, false},
		{"less than an eighth of it", Reading{Free: 4*mib - 1, Size: 32 * mib, FreeFiles: 1e6, Files: 2e6}, true},
		{"few files", Reading{Free: 1000 * mib, Size: 10_000 * mib, FreeFiles: 1023, Files: 2e6}, true},
		{"an eighth of few files", Reading{Free: 1000 * mib, Size: 10_000 * mib, FreeFiles: 50, Files: 400}, false},
		{"less than an eighth of them", Reading{Free: 1000 * mib, Size: 10_000 * mib, FreeFiles: 49, Files: 400}, true},
		{"files without a bound", Reading{Free: 1000 * mib, Size: 10_000 * mib}, false},
		{"full", Reading{Size: 10_000 * mib}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			v, _ := opened(t, &disk{Reading: row.Reading})
			if s, err := v.State(); err != nil || s.Low != row.low {
				t.Errorf("got low=%v, %v, want %v", s.Low, err, row.low)
			}
		})
	}
}

func TestADiskThatDoesNotTellIsAnError(t *testing.T) {
	d := &disk{Reading: Reading{Free: 1000 * mib, Size: 10_000 * mib}}
	v, _ := opened(t, d)
	d.err = errors.New("the disk is gone")
	if _, err := v.State(); !errors.Is(err, d.err) {
		t.Errorf("got %v, want the disk's error", err)
	}
	if err := v.Renew(); !errors.Is(err, d.err) {
		t.Errorf("got %v, want the disk's error", err)
	}
}

func TestTheReserveIsGivenUpAndMadeAgain(t *testing.T) {
	d := &disk{Reading: Reading{Free: 1000 * mib, Size: 10_000 * mib}}
	v, path := opened(t, d)
	renew := func(want bool) {
		t.Helper()
		if err := v.Renew(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if want != (err == nil) || want && info.Size() != 2*mib {
			t.Fatalf("the reserve: got %v, %v, want it there: %v", info, err, want)
		}
	}
	renew(true)
	renew(true)
	if err := v.MakeRoom(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the reserve was kept: %v", err)
	}
	if err := v.MakeRoom(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	d.Free = 67 * mib // with the reserve it would be at the mark soon
	renew(false)
	d.Free = 68 * mib
	renew(true)
}

func TestAStartOnAFullDiskTakesTheReserve(t *testing.T) {
	d := &disk{Reading: Reading{Free: 1000 * mib, Size: 10_000 * mib}}
	v, path := opened(t, d)
	if err := v.Renew(); err != nil {
		t.Fatal(err)
	}
	d.Free = 0
	again, err := Open(filepath.Dir(path), Options{Mark: 64 * mib, Reserve: 2 * mib, Read: d.read})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the reserve is still there: %v", err)
	}
	if s, err := again.State(); err != nil || !s.Low || s.Reserved {
		t.Errorf("got %+v, %v, want it low and without a reserve", s, err)
	}
}

func TestTheOperatingSystemIsAsked(t *testing.T) {
	v, err := Open(t.TempDir(), Options{Mark: 1})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := v.State(); err != nil || s.Size <= 0 || s.Free < 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}
