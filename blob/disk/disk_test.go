package disk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/disk"
	"entrepot/blob/disk/fault"
)

func open(t testing.TB, dir string, o disk.Options) *disk.Disk {
	t.Helper()
	d, err := disk.Open(dir, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func space(t testing.TB, d *disk.Disk, name string) blob.Store {
	t.Helper()
	s, err := d.Space(name)
	if err != nil {
		t.Fatalf("space: %v", err)
	}
	return s
}

// place is where content of the space "acme" lies below dir.
func place(dir string, d artifact.Digest) string {
	return filepath.Join(dir, "acme", d.String()[:2], d.String()[2:])
}

func TestDiskKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return space(t, open(t, t.TempDir(), disk.Options{}), "acme") })
}

func TestDiskMendsWhatItNotices(t *testing.T) {
	blobtest.RunMending(t, func(t *testing.T) (blob.Store, []blobtest.Damage) {
		dir := t.TempDir()
		lose := func(d artifact.Digest) error { return os.Remove(place(dir, d)) }
		link := func(d artifact.Digest) error { return errors.Join(lose(d), os.Symlink("elsewhere", place(dir, d))) }
		double := func(d artifact.Digest) error { return os.Link(place(dir, d), filepath.Join(dir, "another-name")) }
		return space(t, open(t, dir, disk.Options{}), "acme"), []blobtest.Damage{
			{Name: "loss", Do: lose}, {Name: "link", Do: link},
			{Name: "second_name", Do: func(d artifact.Digest) error {
				_ = os.Remove(filepath.Join(dir, "another-name"))
				return double(d)
			}},
		}
	})
}

func TestACacheKeepsTheContractButForPowerCuts(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return cache(t, open(t, t.TempDir(), disk.Options{}), "acme") })
}

func cache(t testing.TB, d *disk.Disk, name string) blob.Store {
	t.Helper()
	s, err := d.Cache(name)
	if err != nil {
		t.Fatalf("cache: %v", err)
	}
	return s
}

func TestACacheOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, disk.Options{})
	want := blobtest.Bytes(1, 1000)
	kept := blobtest.Keep(t, cache(t, first, "acme"), want)
	if err := first.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	got, err := blobtest.Whole(t, cache(t, open(t, dir, disk.Options{}), "acme"), kept.Digest)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("after reopening: %d bytes, %v, want the %d committed", len(got), err, len(want))
	}
}

func TestASpaceIsNoCacheAtTheSameTime(t *testing.T) {
	d := open(t, t.TempDir(), disk.Options{})
	space(t, d, "durable")
	cache(t, d, "quick")
	if _, err := d.Cache("durable"); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("a space as a cache: got error %v, want an invalid one", err)
	}
	if _, err := d.Space("quick"); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("a cache as a space: got error %v, want an invalid one", err)
	}
}

func BenchmarkDisk(b *testing.B) {
	blobtest.Bench(b, func(b *testing.B) blob.Store { return space(b, open(b, b.TempDir(), disk.Options{}), "acme") })
}

func TestContentSurvivesTheProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on", "the way")
	at := time.Date(2026, 11, 22, 10, 0, 0, 123_000_000, time.UTC)
	first := open(t, dir, disk.Options{Now: func() time.Time { return at }})
	want := blobtest.Bytes(1, 1000)
	kept := blobtest.Keep(t, space(t, first, "acme"), want)
	if err := first.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	again := space(t, open(t, dir, disk.Options{}), "acme")
	got, err := blobtest.Whole(t, again, kept.Digest)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("after reopening: %d bytes, %v, want the %d committed", len(got), err, len(want))
	}
	stated, err := again.Stat(t.Context(), kept.Digest)
	if err != nil || !stated.ModTime.Equal(at) {
		t.Errorf("ModTime %v, %v, want the clock's %v", stated.ModTime, err, at)
	}
}

func TestSpacesShareNothing(t *testing.T) {
	d := open(t, t.TempDir(), disk.Options{})
	kept := blobtest.Keep(t, space(t, d, "acme"), []byte("theirs"))
	_, err := space(t, d, "other").Open(t.Context(), kept.Digest)
	if !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("open in another space: got error %v, want %v", err, blob.ErrNotFound)
	}
	if first, again := space(t, d, "acme"), space(t, d, "acme"); first != again {
		t.Error("a space is another store each time it is asked for")
	}
}

func TestSpaceNamesAreIdsAndNothingElse(t *testing.T) {
	d := open(t, t.TempDir(), disk.Options{})
	for _, name := range []string{"", ".", "..", "a/b", "../x", "Acme", "a b", "a.b", "a\x00", "é",
		strings.Repeat("a", 65)} {
		if _, err := d.Space(name); !artifact.Is(err, artifact.Invalid) {
			t.Errorf("space %q: got error %v, want an invalid one", name, err)
		}
	}
	for _, name := range []string{"a", "-", "drafts", "00", strings.Repeat("z", 64)} {
		if _, err := d.Space(name); err != nil {
			t.Errorf("space %q: %v", name, err)
		}
	}
}

func TestAFolderServesOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, disk.Options{})
	if _, err := disk.Open(dir, disk.Options{}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second open: got error %v, want one that says it is in use", err)
	}
	if err := first.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	open(t, dir, disk.Options{})
}

func TestOpenRemovesDraftsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, disk.Options{})
	kept := blobtest.Keep(t, space(t, first, "acme"), []byte("committed"))
	draft, err := space(t, first, "acme").Create(t.Context())
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if _, err := draft.Write([]byte("never committed")); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := first.Close(); err != nil { // as if the process ended: the draft is neither committed nor discarded
		t.Fatalf("close: %v", err)
	}
	if n := countDrafts(t, dir); n != 1 {
		t.Fatalf("%d drafts before opening again, want 1", n)
	}
	again := open(t, dir, disk.Options{})
	if n := countDrafts(t, dir); n != 0 {
		t.Errorf("%d drafts after opening again, want none", n)
	}
	if _, err := blobtest.Whole(t, space(t, again, "acme"), kept.Digest); err != nil {
		t.Errorf("committed content: %v", err)
	}
}

// TestWhatTheDiskCannotGiveBackIsDamaged has a read fail as a bad sector does.
func TestWhatTheDiskCannotGiveBackIsDamaged(t *testing.T) {
	var script fault.Script
	s := space(t, open(t, t.TempDir(), disk.Options{FS: script.FS(disk.OS)}), "acme")
	kept := blobtest.Keep(t, s, blobtest.Bytes(1, 1000))
	script.Follow(func(_ int64, op fault.Op) *fault.Fault {
		if op.Verb != fault.Read {
			return nil
		}
		return &fault.Fault{When: fault.Before, Err: &fs.PathError{Op: "read", Path: op.Name, Err: syscall.EIO}}
	})
	c, err := s.Open(t.Context(), kept.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 10)); !errors.Is(err, blob.ErrCorrupt) || !errors.Is(err, syscall.EIO) {
		t.Errorf("Read: got error %v, want %v because of %v", err, blob.ErrCorrupt, syscall.EIO)
	}
	if _, err := c.ReadAt(make([]byte, 10), 5); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("ReadAt: got error %v, want %v", err, blob.ErrCorrupt)
	}
	script.Follow(nil)
	blobtest.Keep(t, s, blobtest.Bytes(1, 1000))
	if _, err := blobtest.Whole(t, s, kept.Digest); err != nil {
		t.Errorf("after committing it again: %v", err)
	}
}

func TestWhoOnlyLooksLeavesEverythingAsItIs(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, disk.Options{})
	kept := blobtest.Keep(t, space(t, first, "acme"), []byte("committed"))
	draft, err := space(t, first, "acme").Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Write([]byte("never committed")); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	inspected := open(t, dir, disk.Options{Inspect: true})
	if n, bytes, err := inspected.Drafts(); n != 1 || bytes != 15 || err != nil {
		t.Errorf("got %d drafts of %d bytes, %v, want 1 of 15", n, bytes, err)
	}
	if _, err := blobtest.Whole(t, space(t, inspected, "acme"), kept.Digest); err != nil {
		t.Errorf("committed content: %v", err)
	}
	for info, err := range space(t, inspected, "never-made").All(t.Context()) {
		t.Errorf("a space that nobody made has %v, %v", info, err)
	}
	if n := countDrafts(t, dir); n != 1 {
		t.Errorf("%d drafts are left, want 1", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "never-made")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made a space: %v", err)
	}
	if _, err := disk.Open(filepath.Join(dir, "none"), disk.Options{Inspect: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: got error %v, want %v", err, fs.ErrNotExist)
	}
}

func countDrafts(t testing.TB, dir string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "drafts", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// TestForeignFilesAreNeverRead is P58 of docs/behaviour.md: somebody put something else in the place of content.
func TestForeignFilesAreNeverRead(t *testing.T) {
	const secret = "the secret"
	digest := artifact.Digest(sha256.Sum256([]byte("content")))
	for _, test := range []struct {
		name  string
		plant func(place, secret string) error
	}{
		{"link_to_a_file_outside", func(place, secret string) error { return os.Symlink(secret, place) }},
		{"link_to_other_content", func(place, _ string) error { return os.Symlink("../drafts/inside", place) }},
		{"link_to_nothing", func(place, _ string) error { return os.Symlink("nothing", place) }},
		{"link_to_itself", func(place, _ string) error { return os.Symlink(filepath.Base(place), place) }},
		{"hard_link", func(place, secret string) error { return os.Link(secret, place) }},
		{"folder", func(place, _ string) error { return os.Mkdir(place, 0o700) }},
		{"pipe", func(place, _ string) error { return syscall.Mkfifo(place, 0o600) }},
		{"socket", func(place, _ string) error { return syscall.Mknod(place, syscall.S_IFSOCK|0o600, 0) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			outside := filepath.Join(t.TempDir(), "secret")
			s := space(t, open(t, dir, disk.Options{}), "acme")
			for _, file := range []string{outside, filepath.Join(dir, "acme", "drafts", "inside")} {
				if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			other := blobtest.Keep(t, s, []byte("another"))
			planted := place(dir, digest)
			if err := os.MkdirAll(filepath.Dir(planted), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := test.plant(planted, outside); err != nil {
				t.Fatal(err)
			}

			if _, err := s.Open(t.Context(), digest); !errors.Is(err, blob.ErrCorrupt) {
				t.Errorf("open: got error %v, want %v", err, blob.ErrCorrupt)
			}
			if _, err := s.Stat(t.Context(), digest); !errors.Is(err, blob.ErrCorrupt) {
				t.Errorf("stat: got error %v, want %v", err, blob.ErrCorrupt)
			}
			got := map[artifact.Digest]error{}
			for info, err := range s.All(t.Context()) {
				got[info.Digest] = err
			}
			if len(got) != 2 || !errors.Is(got[digest], blob.ErrCorrupt) || got[other.Digest] != nil {
				t.Errorf("All: %v, want the planted one as damaged and the other one whole", got)
			}

			if test.name == "folder" {
				wantRefused(t, s)
			} else {
				blobtest.Keep(t, s, []byte("content")) // heals
				if _, err := blobtest.Whole(t, s, digest); err != nil {
					t.Errorf("after committing it again: %v", err)
				}
			}
			if err := s.Delete(t.Context(), digest); err != nil {
				t.Errorf("delete: %v", err)
			}
			if left, err := os.ReadFile(outside); err != nil || string(left) != secret {
				t.Errorf("the secret is now %q, %v", left, err)
			}
		})
	}
}

func wantRefused(t *testing.T, s blob.Store) {
	t.Helper()
	draft, err := s.Create(t.Context())
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	defer func() { _ = draft.Discard() }()
	if _, err := draft.Write([]byte("content")); err != nil {
		t.Fatalf("write: %v", err)
	}
	_, err = draft.Commit(t.Context(), sha256.Sum256([]byte("content")))
	if !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("commit over a folder: got error %v, want %v", err, blob.ErrCorrupt)
	}
}

func TestNamesOfOthersArePassedOver(t *testing.T) {
	dir := t.TempDir()
	s := space(t, open(t, dir, disk.Options{}), "acme")
	kept := blobtest.Keep(t, s, []byte("content"))
	folder := filepath.Dir(place(dir, kept.Digest))
	upper := strings.ToUpper(filepath.Base(place(dir, kept.Digest)))
	for _, name := range []string{filepath.Join(folder, "README"), filepath.Join(folder, upper),
		filepath.Join(dir, "acme", "notes.txt"), filepath.Join(dir, "acme", "zz"), filepath.Join(dir, "lost+found")} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for info, err := range s.All(t.Context()) {
		n++
		if err != nil || info.Digest != kept.Digest {
			t.Errorf("All yields %v, %v, want only %v", info, err, kept.Digest)
		}
	}
	if n != 1 {
		t.Errorf("All yields %d contents, want 1", n)
	}
}

func TestAFileInPlaceOfAFolderIsDamage(t *testing.T) {
	dir := t.TempDir()
	s := space(t, open(t, dir, disk.Options{}), "acme")
	digest := artifact.Digest(sha256.Sum256([]byte("content")))
	if err := os.WriteFile(filepath.Dir(place(dir, digest)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), digest); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("open: got error %v, want %v", err, blob.ErrCorrupt)
	}
	wantRefused(t, s)
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	s := space(t, open(t, dir, disk.Options{}), "acme")
	blobtest.Keep(t, s, []byte("content"))
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = fmt.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOneSlowConsumerOfAllDoesNotHoldOthers(t *testing.T) {
	s := space(t, open(t, t.TempDir(), disk.Options{}), "acme")
	blobtest.Keep(t, s, []byte("one"))
	blobtest.Keep(t, s, []byte("two"))
	for info, err := range s.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := s.Stat(ctx, info.Digest); err != nil {
			t.Errorf("stat inside All: %v", err)
		}
		cancel()
	}
}
