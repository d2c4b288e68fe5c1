package disk_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/disk"
	"entrepot/blob/disk/fault"
)

// TestMain lives one life and dies in the middle of it when it is told to; see TestDeathAtEveryOperation.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.NArg() == 4 && flag.Arg(0) == "life" {
		n, _ := strconv.ParseInt(flag.Arg(2), 10, 64)
		moment, _ := strconv.Atoi(flag.Arg(3))
		var script fault.Script
		script.Follow(fault.At(n, fault.Fault{When: fault.Moment(moment), Do: fault.Kill}))
		err := live(flag.Arg(1), &script, func(word string) { fmt.Println(word) })
		fmt.Fprintln(os.Stderr, "survived:", err)
		os.Exit(3)
	}
	os.Exit(m.Run())
}

// What a life writes. The first two share a fan-out folder, so that a folder is met both new and known.
var (
	first   = blobtest.Bytes(1, 3000)
	second  = sharingFolder(first)
	removed = blobtest.Bytes(3, 200)
	dropped = blobtest.Bytes(4, 5000)
)

func sharingFolder(b []byte) []byte {
	for seed := uint64(1000); ; seed++ {
		other := blobtest.Bytes(seed, 500)
		if sha256.Sum256(other)[0] == sha256.Sum256(b)[0] {
			return other
		}
	}
}

// live is one use of a disk, from Open to Close: commits, a repeated commit, a discarded draft, a read and a deletion.
// It says each thing that has been acknowledged and goes on after failures, as a server would.
func live(dir string, script *fault.Script, say func(string)) (err error) {
	d, err := disk.Open(dir, disk.Options{FS: script.FS(disk.OS)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	s, err := d.Space("acme")
	if err != nil {
		return err
	}
	errs := []error{
		keep(s, first, say, "first"),
		keep(s, second, say, "second"),
		keep(s, first, say, "first"),
		drop(s, dropped),
		keep(s, removed, say, "removed"),
		read(s, first),
	}
	for _, err := range s.All(context.Background()) {
		errs = append(errs, err)
	}
	say("deleting")
	errs = append(errs, s.Delete(context.Background(), sha256.Sum256(removed)))
	if errs[len(errs)-1] == nil {
		say("deleted")
	}
	return errors.Join(errs...)
}

func keep(s blob.Store, b []byte, say func(string), word string) (err error) {
	draft, err := s.Create(context.Background())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, draft.Discard()) }()
	for half := range 2 {
		if _, err := draft.Write(b[half*len(b)/2 : (half+1)*len(b)/2]); err != nil {
			return err
		}
	}
	back := make([]byte, len(b))
	if _, err := draft.ReadAt(back, 0); err != nil || !bytes.Equal(back, b) {
		return fmt.Errorf("draft reads back wrong: %w", err)
	}
	if _, err := draft.Commit(context.Background(), sha256.Sum256(b)); err != nil {
		return err
	}
	say(word)
	return nil
}

func drop(s blob.Store, b []byte) error {
	draft, err := s.Create(context.Background())
	if err != nil {
		return err
	}
	_, err = draft.Write(b)
	return errors.Join(err, draft.Discard())
}

func read(s blob.Store, b []byte) error {
	c, err := s.Open(context.Background(), sha256.Sum256(b))
	if errors.Is(err, blob.ErrNotFound) {
		return nil // its commit has failed, and that has been told
	}
	if err != nil {
		return err
	}
	got, err := io.ReadAll(c)
	if err == nil && !bytes.Equal(got, b) {
		panic("wrong bytes without an error")
	}
	return errors.Join(err, c.Close())
}

// rehearse lives once without faults and returns the operations it took.
func rehearse(t *testing.T) []fault.Op {
	t.Helper()
	var script fault.Script
	var ops []fault.Op
	script.Follow(func(_ int64, op fault.Op) *fault.Fault {
		ops = append(ops, op)
		return nil
	})
	if err := live(t.TempDir(), &script, func(string) {}); err != nil {
		t.Fatalf("life without faults: %v", err)
	}
	return ops
}

// strikes calls each for every moment of every operation of a life. Only a write can be half done. Of the fan-out folders
// that are made one after the other, the first, one in the middle and the last stand for all. go test -short has a fifth of them.
func strikes(t *testing.T, each func(t *testing.T, n int64, m fault.Moment)) {
	for i, op := range rehearse(t) {
		if folder := path.Base(op.Name); op.Verb == fault.Mkdir && len(folder) == 2 && !strings.Contains("07f", folder[1:]) {
			continue
		}
		for _, m := range fault.Moments() {
			if m == fault.Halfway && op.Verb != fault.Write || testing.Short() && (i+int(m))%5 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s_%d_%s", m, i+1, op.Verb), func(t *testing.T) { each(t, int64(i+1), m) })
		}
	}
}

func TestFailureOfEveryOperation(t *testing.T) {
	strikes(t, func(t *testing.T, n int64, m fault.Moment) {
		dir := t.TempDir()
		var script fault.Script
		script.Follow(fault.At(n, fault.Fault{When: m, Err: &fs.PathError{Op: "fault", Path: "x", Err: syscall.EIO}}))
		said := map[string]bool{}
		err := live(dir, &script, func(word string) { said[word] = true })
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("the failure was swallowed: got error %v", err)
		}
		wantIntact(t, dir, said)
	})
}

func TestDeathAtEveryOperation(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some hundred processes")
	}
	strikes(t, func(t *testing.T, n int64, m fault.Moment) {
		dir := t.TempDir()
		child := exec.Command(os.Args[0], "life", dir, strconv.FormatInt(n, 10), strconv.Itoa(int(m)))
		out, err := child.Output()
		if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("the process was to be killed: %v", err)
		}
		said := map[string]bool{}
		for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
			said[lines.Text()] = true
		}
		wantIntact(t, dir, said)
	})
}

// wantIntact opens dir as the next process would: what was acknowledged is whole, what was not is whole or absent, what
// was deleted is gone, no draft is left.
func wantIntact(t *testing.T, dir string, said map[string]bool) {
	t.Helper()
	for range 2 { // a second start finds what the first has left
		d := open(t, dir, disk.Options{})
		s := space(t, d, "acme")
		if n := countDrafts(t, dir); n != 0 {
			t.Errorf("%d drafts after opening again", n)
		}
		for _, c := range []struct {
			name    string
			bytes   []byte
			must    bool
			mustNot bool
		}{
			{"first", first, said["first"], false},
			{"second", second, said["second"], false},
			{"removed", removed, said["removed"] && !said["deleting"], said["deleted"]},
			{"dropped", dropped, false, true},
		} {
			got, err := blobtest.Whole(t, s, sha256.Sum256(c.bytes))
			switch {
			case c.mustNot && !errors.Is(err, blob.ErrNotFound):
				t.Errorf("%s: %d bytes, %v, want it gone", c.name, len(got), err)
			case c.must && err != nil:
				t.Errorf("%s was acknowledged: %v", c.name, err)
			case err != nil && !errors.Is(err, blob.ErrNotFound):
				t.Errorf("%s: %v, want it whole or absent", c.name, err)
			}
		}
		for info, err := range s.All(t.Context()) {
			if err != nil {
				t.Errorf("All: %v of %s", err, info.Digest)
			}
		}
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// TestCommitSyncsInTheRightOrder stands for the power cut that a killed process does not show: the page cache outlives
// the process, so only the order of the operations tells that a name can never outlive its bytes.
func TestCommitSyncsInTheRightOrder(t *testing.T) {
	for _, test := range []struct {
		name  string
		open  func(k *disk.Disk, name string) (blob.Store, error)
		known bool // the fan-out folder is there
		want  []string
	}{
		{"missing_folder", (*disk.Disk).Space, false, []string{"chtimes draft", "sync draft", "mkdir folder and its neighbours",
			"sync space", "rename draft", "sync folder"}},
		{"known_folder", (*disk.Disk).Space, true, []string{"chtimes draft", "sync draft", "rename draft", "sync folder"}},
		{"cache", (*disk.Disk).Cache, true, []string{"chtimes draft", "rename draft"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var script fault.Script
			dir := t.TempDir()
			digest := artifact.Digest(sha256.Sum256(first))
			if test.known {
				if err := os.MkdirAll(filepath.Join(dir, "acme", digest.String()[:2]), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			s, err := test.open(open(t, dir, disk.Options{FS: script.FS(disk.OS)}), "acme")
			if err != nil {
				t.Fatal(err)
			}
			draft, err := s.Create(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = draft.Discard() }()
			if _, err := draft.Write(first); err != nil {
				t.Fatal(err)
			}
			var got []string
			folders := 0
			script.Follow(func(_ int64, op fault.Op) *fault.Fault {
				switch op.Verb {
				case fault.Mkdir:
					if folders++; folders == 16 {
						got = append(got, "mkdir folder and its neighbours")
					}
				case fault.Chtimes, fault.Sync, fault.Rename, fault.Remove:
					got = append(got, op.Verb+" "+role(op.Name, digest))
				}
				return nil
			})
			if _, err := draft.Commit(t.Context(), digest); err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, ", ") != strings.Join(test.want, ", ") {
				t.Errorf("commit does %q, want %q", got, test.want)
			}
		})
	}
}

// role says what a name of the space "acme" is to the commit of d.
func role(name string, d artifact.Digest) string {
	switch {
	case name == "acme":
		return "space"
	case name == "acme/"+d.String()[:2]:
		return "folder"
	case strings.HasPrefix(name, "acme/drafts/"):
		return "draft"
	}
	return name
}

func TestANewSpaceIsSyncedIntoTheRoot(t *testing.T) {
	var script fault.Script
	d := open(t, t.TempDir(), disk.Options{FS: script.FS(disk.OS)})
	var got []string
	script.Follow(func(_ int64, op fault.Op) *fault.Fault {
		if op.Verb == fault.Mkdir || op.Verb == fault.Sync {
			got = append(got, op.String())
		}
		return nil
	})
	space(t, d, "acme")
	want := "mkdir acme, mkdir acme/drafts, sync acme, sync ."
	if strings.Join(got, ", ") != want {
		t.Errorf("a new space does %q, want %q", got, want)
	}
}

func TestAFailedSyncIsFinal(t *testing.T) {
	var script fault.Script
	s := space(t, open(t, t.TempDir(), disk.Options{FS: script.FS(disk.OS)}), "acme")
	draft, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Write(first); err != nil {
		t.Fatal(err)
	}
	script.Follow(fault.Every(fault.Fault{Err: syscall.EIO}, fault.Sync))
	if _, err := draft.Commit(t.Context(), sha256.Sum256(first)); !errors.Is(err, syscall.EIO) {
		t.Errorf("commit: got error %v, want %v", err, syscall.EIO)
	}
	script.Follow(nil)
	if _, err := draft.Commit(t.Context(), sha256.Sum256(first)); !errors.Is(err, syscall.EIO) {
		t.Errorf("second commit: got error %v, want the first one's", err)
	}
	if _, err := draft.Write(first); !errors.Is(err, syscall.EIO) {
		t.Errorf("write after it: got error %v, want the first one's", err)
	}
	if n := script.Count(); n != 0 {
		t.Errorf("%d operations on the lost draft, want none", n)
	}
	if err := draft.Discard(); err != nil {
		t.Errorf("discard: %v", err)
	}
	if _, err := s.Open(t.Context(), sha256.Sum256(first)); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("open: got error %v, want %v", err, blob.ErrNotFound)
	}
}

func TestAFullDiskIsUnavailableUntilItIsFreed(t *testing.T) {
	var script fault.Script
	dir := t.TempDir()
	s := space(t, open(t, dir, disk.Options{FS: script.FS(disk.OS)}), "acme")
	kept := blobtest.Keep(t, s, first)
	for _, verb := range []string{fault.Open, fault.Write, fault.Sync, fault.Rename} {
		script.Follow(fault.Every(fault.Fault{When: fault.Halfway, Err: syscall.ENOSPC}, verb))
		err := keep(s, second, func(string) { t.Errorf("%s: acknowledged on a full disk", verb) }, "")
		if !artifact.Is(err, artifact.Unavailable) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: got error %v, want an unavailable one for %v", verb, err, syscall.ENOSPC)
		}
		if verb != fault.Open {
			if _, err := blobtest.Whole(t, s, kept.Digest); err != nil {
				t.Errorf("%s: reading meanwhile: %v", verb, err)
			}
		}
		script.Follow(nil)
		if n := countDrafts(t, dir); n != 0 {
			t.Errorf("%s: %d drafts left on the full disk", verb, n)
		}
	}
	blobtest.Keep(t, s, second)
}

func TestReadErrorsReachTheReader(t *testing.T) {
	var script fault.Script
	s := space(t, open(t, t.TempDir(), disk.Options{FS: script.FS(disk.OS)}), "acme")
	kept := blobtest.Keep(t, s, first)
	script.Follow(fault.Every(fault.Fault{Err: syscall.EIO}, fault.Read))
	if _, err := blobtest.Whole(t, s, kept.Digest); !errors.Is(err, syscall.EIO) {
		t.Errorf("got error %v, want %v", err, syscall.EIO)
	}
}
