package pypi

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

func TestVersionsAreNormalised(t *testing.T) {
	for written, want := range map[string]string{
		"1.0": "1.0", "0": "0", "2026.11.29": "2026.11.29", "00.01": "0.1", "1.0.0": "1.0.0",
		"v1.0": "1.0", "V1.0": "1.0", " 1.0\n": "1.0", "\x1c1.0": "1.0",
		"1.1RC1": "1.1rc1", "1.1.a1": "1.1a1", "1.1-a1": "1.1a1", "1.1_a.1": "1.1a1", "1.1a_1": "1.1a1",
		"1.1alpha1": "1.1a1", "1.1beta2": "1.1b2", "1.1c3": "1.1rc3", "1.1pre4": "1.1rc4", "1.1preview5": "1.1rc5",
		"1.2a": "1.2a0", "1.2.rc": "1.2rc0", "1.2a007": "1.2a7",
		"1.2-post2": "1.2.post2", "1.2post2": "1.2.post2", "1.2.post-2": "1.2.post2", "1.2_r4": "1.2.post4",
		"1.2-rev4": "1.2.post4", "1.2.post": "1.2.post0", "1.0-1": "1.0.post1", "1.0a-1": "1.0a1", "1.0a--1": "1.0a0.post1",
		"1.2-dev2": "1.2.dev2", "1.2dev2": "1.2.dev2", "1.2.dev": "1.2.dev0", "1.0a.dev1": "1.0a0.dev1",
		"1.0a2.post3.dev4": "1.0a2.post3.dev4", "1.0a-post1": "1.0a0.post1", "1.0a.": "1.0a0",
		"1!2.0": "1!2.0", "0!2.0": "2.0", "007!2": "7!2",
		"1.0+ubuntu-1": "1.0+ubuntu.1", "1.0+UBUNTU_01": "1.0+ubuntu.1", "1.0+5f3c": "1.0+5f3c",
		"99999999999999999999999999.1": "99999999999999999999999999.1",
	} {
		v, err := parseVersion(written)
		if err != nil || v.String() != want || normalVersion(written) != want {
			t.Errorf("%q: got %q, %v, want %q", written, v, err, want)
		}
	}
}

func TestWhatPEP440CannotRead(t *testing.T) {
	for _, written := range []string{"", "v", "french toast", "1.0.", ".1", "1..0", "1.0-", "1.0+", "1.0+a+b", "1.0+_foo",
		"1.0+foo..bar", "1.0+foo.", "1.0-1-2", "1.0--1", "1.0.1-alpha-beta", "1!", "!1", "1.0-SNAPSHOT", "1.0a1b2", "1 0",
		"1.0.dev1.post1", "1.0\x00", "1.0+ä", "2004d-r1x", strings.Repeat("1", 256)} {
		if v, err := parseVersion(written); err == nil {
			t.Errorf("%q is read as %s", written, v)
		}
		if got := normalVersion(written); got != written {
			t.Errorf("%q becomes %q", written, got)
		}
	}
}

func TestEqualVersionsHaveOneKey(t *testing.T) {
	for key, spellings := range map[string][]string{
		"1":             {"1", "1.0", "1.0.0", "v1", "01", "0!1.0"},
		"0":             {"0", "0.0", "0!0"},
		"1!1":           {"1!1.0", "1!1"},
		"1.post1":       {"1.0-1", "1.0.0.post1", "1-r1", "1.rev.1"},
		"1rc0":          {"1.0c", "1.0rc", "1.0.preview0", "1pre"},
		"1.0.1":         {"1.0.1", "1.0.1.0"},
		"1+a.1":         {"1.0+a-1", "1.0+A.001"},
		"french toast":  {"french toast"},
		"1.0-SNAPSHOT":  {"1.0-SNAPSHOT"},
		"1.dev0":        {"1.0dev", "1.0.0-dev0"},
		"1a0.dev0":      {"1.0a.dev", "1alpha0dev0"},
		"1+local.0.0":   {"1+local.0.0"},
		"10":            {"10", "10.0"},
		"1.post0.dev10": {"1.0.post.dev10"},
	} {
		for _, text := range spellings {
			if got := versionKey(text); got != key {
				t.Errorf("%q: got key %q, want %q", text, got, key)
			}
			if !sameVersion(text, spellings[0]) {
				t.Errorf("%q is not %q", text, spellings[0])
			}
		}
	}
	if sameVersion("1.0", "1.0+1") || sameVersion("1.0", "1.0.post0") || sameVersion("x", "y") {
		t.Error("different versions are one")
	}
}

// inOrder are versions from the lowest to the highest. Those that PEP 440 cannot read come first.
var inOrder = []string{
	"dev-r1234", "foo1", "french-toast", "1.0-SNAPSHOT", "1.0.1-svn-5", "2.x-dev", "2.x", "2004b.x",
	"0.dev1", "0", "0.0.1", "1.dev0", "1.0.dev456", "1.0a1.dev1", "1.0a1", "1.0a1.post1.dev2", "1.0a1.post1",
	"1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345",
	"1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0+5.a", "1.0+5.1", "1.0+10",
	"1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1", "1.1", "1.9", "1.10", "9999999999.0", "10000000000.0",
	"1!0.1", "1!1.0", "2!0",
}

func TestVersionsAreInOrder(t *testing.T) {
	for i, a := range inOrder {
		for j, b := range inOrder {
			if got := compareVersions(a, b); cmp.Compare(got, 0) != cmp.Compare(i, j) {
				t.Errorf("%q and %q: got %d, want %d", a, b, got, cmp.Compare(i, j))
			}
		}
	}
}

func TestSpellingsOfAVersionStandTogether(t *testing.T) {
	got := []string{"1.1", "v1.0", "1.0.0", "0.9", "1.0"}
	slices.SortFunc(got, compareVersions)
	if want := []string{"0.9", "1.0", "1.0.0", "v1.0", "1.1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrereleases(t *testing.T) {
	for text, want := range map[string]bool{"1.0": false, "1.0.post1": false, "1.0+local": false, "1.0a1": true, "1.0rc1": true,
		"1.0.dev1": true, "1.0.post1.dev1": true} {
		if v, err := parseVersion(text); err != nil || v.prerelease() != want {
			t.Errorf("%s: got %v, %v, want %v", text, v.prerelease(), err, want)
		}
	}
}

func FuzzVersions(f *testing.F) {
	for i := range len(inOrder) - 2 {
		f.Add(inOrder[i], inOrder[i+1], inOrder[i+2])
	}
	f.Add(" v1.0-1+Ab_01", "1.0.post1+ab.1", "1.0c")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if compareVersions(a, b) != -compareVersions(b, a) || (compareVersions(a, b) == 0) != (a == b) {
			t.Fatalf("compareVersions(%q, %q) is %d and %d", a, b, compareVersions(a, b), compareVersions(b, a))
		}
		if compareVersions(a, b) < 0 && compareVersions(b, c) < 0 && compareVersions(a, c) >= 0 {
			t.Fatalf("%q < %q < %q", a, b, c)
		}
		v, err := parseVersion(a)
		if err != nil {
			return
		}
		again, err := parseVersion(v.String())
		if err != nil || again.String() != v.String() || again.compare(v) != 0 || again.key() != v.key() {
			t.Fatalf("%q is written as %q, which is read as %q, %v", a, v, again, err)
		}
		if w, err := parseVersion(b); err == nil && (v.compare(w) == 0) != (v.key() == w.key()) {
			t.Fatalf("%q and %q compare as %d and have the keys %q and %q", a, b, v.compare(w), v.key(), w.key())
		}
	})
}
