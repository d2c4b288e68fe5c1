package sealed_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"entrepot/artifact"
	"entrepot/blob/sealed"
)

func TestTheFirstStartMakesAKeyThatTheNextOneProves(t *testing.T) {
	dir := t.TempDir()
	first, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := first.NewDataKey()
	secret, err := first.Seal([]byte("secret"), "access key A")
	if err != nil {
		t.Fatal(err)
	}
	again, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatalf("second start: %v", err)
	}
	if _, err := again.Unwrap(wrapped); err != nil {
		t.Errorf("unwrap after a restart: %v", err)
	}
	if got, err := again.Unseal(secret, "access key A"); err != nil || string(got) != "secret" {
		t.Errorf("unseal after a restart: %q, %v", got, err)
	}
	for name, want := range map[string]os.FileMode{"keys": 0o700, "keys/master": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "keys", "*.new*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAKeyThatIsNotProvenIsRefused(t *testing.T) {
	write := func(t *testing.T, path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	read := func(t *testing.T, path string) string {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, master, check string)
		want   string // in the error: what is wrong, or what to do about it
	}{
		{"missing", func(t *testing.T, master, _ string) { _ = os.Remove(master) }, "put the key back"},
		{"whole_folder_missing", func(t *testing.T, master, _ string) { _ = os.RemoveAll(filepath.Dir(master)) },
			"put the key back"},
		{"another_key", func(t *testing.T, master, _ string) {
			other := t.TempDir()
			if _, err := sealed.OpenKeyring(other); err != nil {
				t.Fatal(err)
			}
			write(t, master, read(t, filepath.Join(other, "keys/master")), 0o600)
		}, "not the key this data is sealed under"},
		{"cut_short", func(t *testing.T, master, _ string) { write(t, master, read(t, master)[:40], 0o600) }, "cut short"},
		{"empty", func(t *testing.T, master, _ string) { write(t, master, "", 0o600) }, "damaged"},
		{"too_long", func(t *testing.T, master, _ string) {
			write(t, master, read(t, master)+strings.Repeat("x", 2000), 0o600)
		}, "longer than 1024 bytes"},
		{"readable_by_the_group", func(t *testing.T, master, _ string) { _ = os.Chmod(master, 0o640) }, "chmod 0600"},
		{"readable_by_all", func(t *testing.T, master, _ string) { _ = os.Chmod(master, 0o604) }, "chmod 0600"},
		{"folder_open_to_others", func(t *testing.T, master, _ string) { _ = os.Chmod(filepath.Dir(master), 0o755) },
			"chmod 0700"},
		{"a_pipe", func(t *testing.T, master, _ string) {
			_ = os.Remove(master)
			_ = syscall.Mkfifo(master, 0o600)
		}, "not a plain file"},
		{"check_value_damaged", func(t *testing.T, _, check string) { write(t, check, "nonsense", 0o600) }, "key-check"},
		{"check_value_of_another_key", func(t *testing.T, _, check string) {
			other := t.TempDir()
			if _, err := sealed.OpenKeyring(other); err != nil {
				t.Fatal(err)
			}
			write(t, check, read(t, filepath.Join(other, "key-check")), 0o600)
		}, "not the key this data is sealed under"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := sealed.OpenKeyring(dir); err != nil {
				t.Fatal(err)
			}
			master, check := filepath.Join(dir, "keys/master"), filepath.Join(dir, "key-check")
			key := strings.TrimPrefix(strings.TrimSpace(read(t, master)), "entrepot-master-key-1:")
			test.damage(t, master, check)
			_, err := sealed.OpenKeyring(dir)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), key) {
				t.Errorf("the error tells the key: %v", err)
			}
			if _, statErr := os.Stat(master); strings.HasSuffix(test.name, "missing") && statErr == nil {
				t.Error("a new key was made in place of the missing one")
			}
		})
	}
}

func TestAStartCutShortBetweenKeyAndCheckIsFinished(t *testing.T) {
	dir := t.TempDir()
	first, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := first.NewDataKey()
	if err := os.Remove(filepath.Join(dir, "key-check")); err != nil {
		t.Fatal(err)
	}
	again, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Unwrap(wrapped); err != nil {
		t.Errorf("unwrap: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "key-check")); err != nil {
		t.Errorf("no check value was written: %v", err)
	}
}

func TestTwoFirstStartsAtOnceAgreeOnOneKey(t *testing.T) {
	dir := t.TempDir()
	rings := make([]*sealed.Keyring, 8)
	var wait sync.WaitGroup
	for i := range rings {
		wait.Go(func() {
			ring, err := sealed.OpenKeyring(dir)
			if err != nil {
				t.Errorf("start %d: %v", i, err)
			}
			rings[i] = ring
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	wrapped := rings[0].NewDataKey()
	for i, ring := range rings {
		if _, err := ring.Unwrap(wrapped); err != nil {
			t.Errorf("start %d has another key: %v", i, err)
		}
	}
}

func TestWrappedAndSealedFitOneKeyringAndOnePurpose(t *testing.T) {
	ours, theirs := newKeyring(t), newKeyring(t)
	wrapped := ours.NewDataKey()
	secret, err := ours.Seal([]byte("secret"), "access key A")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(secret, []byte("secret")) {
		t.Error("the sealed secret holds the secret")
	}
	for _, test := range []struct {
		name string
		open func() error
	}{
		{"data key under another master key", func() error { _, err := theirs.Unwrap(wrapped); return err }},
		{"secret under another master key", func() error { _, err := theirs.Unseal(secret, "access key A"); return err }},
		{"secret for another purpose", func() error { _, err := ours.Unseal(secret, "access key B"); return err }},
		{"secret as data key", func() error { _, err := ours.Unwrap(secret); return err }},
		{"data key as secret", func() error { _, err := ours.Unseal(wrapped, ""); return err }},
		{"nothing", func() error { _, err := ours.Unwrap(nil); return err }},
		{"far too much", func() error { _, err := ours.Unseal(make([]byte, 1<<20), ""); return err }},
	} {
		if err := test.open(); !errors.Is(err, sealed.ErrNotOurs) {
			t.Errorf("%s: got error %v, want %v", test.name, err, sealed.ErrNotOurs)
		}
	}
	if _, err := ours.Seal(make([]byte, 64<<10+1), "x"); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("seal too long a secret: got error %v, want an invalid one", err)
	}
	for i := range wrapped {
		tampered := bytes.Clone(wrapped)
		tampered[i] ^= 1
		if _, err := ours.Unwrap(tampered); !errors.Is(err, sealed.ErrNotOurs) {
			t.Errorf("flipped byte %d: got error %v, want %v", i, err, sealed.ErrNotOurs)
		}
	}
}

// FuzzUnseal gives the keyring arbitrary bytes: nothing but ErrNotOurs may come of it.
func FuzzUnseal(f *testing.F) {
	ring := newKeyring(f)
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add(newKeyring(f).NewDataKey())
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := ring.Unwrap(b); !errors.Is(err, sealed.ErrNotOurs) {
			t.Errorf("unwrap: got error %v, want %v", err, sealed.ErrNotOurs)
		}
		if _, err := ring.Unseal(b, "x"); !errors.Is(err, sealed.ErrNotOurs) {
			t.Errorf("unseal: got error %v, want %v", err, sealed.ErrNotOurs)
		}
	})
}

// FuzzKeyFile starts with an arbitrary key file: the start fails with an error and the file stays as it is, or the key
// in it is the right one.
func FuzzKeyFile(f *testing.F) {
	dir := f.TempDir()
	if _, err := sealed.OpenKeyring(dir); err != nil {
		f.Fatal(err)
	}
	master := filepath.Join(dir, "keys/master")
	right, err := os.ReadFile(master)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(right)
	f.Add(right[:len(right)-1])
	f.Add([]byte("entrepot-master-key-1:"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(master, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sealed.OpenKeyring(dir)
		if same := string(bytes.TrimRight(text, "\r\n")) == strings.TrimSpace(string(right)); same != (err == nil) {
			t.Errorf("key file %q: got error %v", text, err)
		}
	})
}
