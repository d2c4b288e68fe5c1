package localca

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// roots puts a list of certificates, made for the names, in a file of its own.
func roots(t *testing.T, names ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roots.crt")
	var text strings.Builder
	text.WriteString("# somebody's list\n")
	for _, name := range names {
		other := open(t, name)
		certificate, err := os.ReadFile(filepath.Join(other.dir, AuthorityFile))
		if err != nil {
			t.Fatal(err)
		}
		text.Write(certificate)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// systemIs has the machine keep its roots in the file, for as long as the test runs.
func systemIs(t *testing.T, path string) {
	t.Helper()
	before := systemRoots
	systemRoots = []string{filepath.Join(t.TempDir(), "not there"), path}
	t.Cleanup(func() { systemRoots = before })
}

// holds is how many certificates of the other file the bundle has, and how many it has in all.
func holds(t *testing.T, bundle, other string) (common, all int) {
	t.Helper()
	in := func(path string) (texts []string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range certificatesIn(text) {
			texts = append(texts, string(c.Raw))
		}
		return texts
	}
	have := in(bundle)
	for _, c := range in(other) {
		if slices.Contains(have, c) {
			common++
		}
	}
	return common, len(have)
}

func (h *house) bundle(further ...string) (path, system string) {
	h.t.Helper()
	path, system, err := Bundle(filepath.Join(h.dir, AuthorityFile), further, h.at)
	if err != nil {
		h.t.Fatal(err)
	}
	return path, system
}

func TestABundleLosesNothingThatWasBelieved(t *testing.T) {
	system, company := roots(t, "a.test", "b.test"), roots(t, "c.test")
	systemIs(t, system)
	h := open(t, names...)
	authorities := filepath.Join(h.dir, AuthorityFile)
	path, found := h.bundle(company, company, filepath.Join(t.TempDir(), "gone"), authorities)
	if path != filepath.Join(h.dir, "bundle.pem") || found != system {
		t.Errorf("got %s from %s, want bundle.pem beside the authorities, from %s", path, found, system)
	}
	check := func(file string, want, all int) {
		t.Helper()
		if n, in := holds(t, path, file); n != want || in != all {
			t.Errorf("got %d certificates of %s of %d, want %d of %d", n, file, in, want, all)
		}
	}
	check(system, 2, 4)
	check(company, 1, 4)
	check(authorities, 1, 4)

	// Made anew by somebody who knows of the system alone, when that has changed.
	more := roots(t, "a.test", "d.test", "e.test")
	if err := os.Rename(more, system); err != nil {
		t.Fatal(err)
	}
	h.bundle(path)
	check(system, 3, 5)
	check(company, 1, 5)

	if err := os.Remove(company); err != nil {
		t.Fatal(err)
	}
	h.bundle()
	check(system, 3, 4)
}

func TestABundleThatIsRightIsNotWritten(t *testing.T) {
	systemIs(t, roots(t, "a.test"))
	h := open(t, names...)
	path, _ := h.bundle()
	before, err := os.Stat(path)
	if err != nil || before.Mode().Perm() != 0o644 {
		t.Fatalf("got %v, %v, want a file that all may read", before, err)
	}
	h.bundle()
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was written again, or %v", err)
	}
	h.reopen("other.example.test")
	h.bundle()
	if n, all := holds(t, path, filepath.Join(h.dir, AuthorityFile)); n != 2 || all != 3 {
		t.Errorf("got %d authorities in a bundle of %d, want both of 3", n, all)
	}
}

func TestABundleWithoutTheSystemsListSaysSo(t *testing.T) {
	systemIs(t, filepath.Join(t.TempDir(), "not there either"))
	h := open(t, names...)
	path, system := h.bundle()
	if n, all := holds(t, path, filepath.Join(h.dir, AuthorityFile)); system != "" || n != 1 || all != 1 {
		t.Errorf("got %d of %d certificates from %q, want the authority alone", n, all, system)
	}
}

func TestABundleOfNoAuthorityIsRefused(t *testing.T) {
	path := roots(t)
	if _, _, err := Bundle(path, nil, birth); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
}
