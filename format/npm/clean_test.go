package npm

import "testing"

func TestVersionsAreCleanedAsNpmCleansThem(t *testing.T) {
	for said, want := range map[string]string{
		"1.2.3": "1.2.3", "v1.2.3": "1.2.3", "=1.2.3": "1.2.3", "==v1.2.3": "1.2.3", " 1.2.3 ": "1.2.3", "v 1.2.3\n": "1.2.3",
		"1.2.3+build": "1.2.3", "1.2.3-rc.1+b.2": "1.2.3-rc.1", "01.02.003": "1.2.3", "1.2.3beta": "1.2.3-beta",
		"3.0.0rc5": "3.0.0-rc5", "1.2.3-beta.01": "1.2.3-beta.1", "1.2.3-0": "1.2.3-0", "1.2.3--x": "1.2.3--x",
		"0.0.0": "0.0.0", "1.2.3-01a": "1.2.3-01a",
	} {
		if got, ok := cleanVersion(said); got != want || !ok {
			t.Errorf("%q: got %q, %v, want %q", said, got, ok, want)
		}
	}
	for _, said := range []string{"", "v", "1", "1.2", "1.2.", "1.2.x", "1.2.3.4", "1.2.3-", "1.2.3+", "1.2.3-a..b", "latest",
		"1.2.3 4", "1.2.3-ä", "99999999999999999999.0.0", "^1.2.3", "1.2.3+a_b"} {
		if got, ok := cleanVersion(said); ok {
			t.Errorf("%q: got %q, want none", said, got)
		}
	}
}

// What is cleaned is a version, and clean.
func FuzzCleanVersion(f *testing.F) {
	for _, seed := range []string{"v1.2.3", " =01.2.3rc5+b", "1.2.3-0.01.x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		clean, ok := cleanVersion(said)
		if !ok {
			return
		}
		if again, ok := cleanVersion(clean); again != clean || !ok {
			t.Fatalf("%q is cleaned to %q, that to %q, %v", said, clean, again, ok)
		}
		if v, err := parseVersion(clean); err != nil || v.Build != "" {
			t.Fatalf("%q is cleaned to %q, which is no version: %v", said, clean, err)
		}
	})
}
