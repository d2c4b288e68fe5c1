package nuget

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestVersionsStandInTheirOrder(t *testing.T) {
	order := strings.Fields(`0.0.0-a 0.0.0 0.0.0.1 1.0.0-1 1.0.0-2 1.0.0-10 1.0.0-99999999999999999999 1.0.0-alpha 1.0.0-alpha.1
		1.0.0-Alpha.2 1.0.0-alpha.10 1.0.0-alpha.beta 1.0.0-alpha1 1.0.0-alpha10 1.0.0-alpha2 1.0.0-beta 1.0.0-rc.1 1.0 1.0.0.1
		1.0.1 1.2 1.10 2147483647.0.0`)
	sorted := slices.Clone(order)
	rand.Shuffle(len(sorted), func(i, j int) { sorted[i], sorted[j] = sorted[j], sorted[i] })
	slices.SortFunc(sorted, func(a, b string) int { return mustVersion(t, a).compare(mustVersion(t, b)) })
	if !slices.Equal(sorted, order) {
		t.Errorf("got %v, want %v", sorted, order)
	}
	for _, same := range [][2]string{{"1.0", "1.0.0.0+build"}, {"1.0.0-RC.01", "1.0.0-rc.1"}, {"01.2", "1.2.0"}} {
		if c := mustVersion(t, same[0]).compare(mustVersion(t, same[1])); c != 0 {
			t.Errorf("%v: got %d, want them to be one", same, c)
		}
	}
}

func mustVersion(t testing.TB, text string) version {
	t.Helper()
	v, ok := parseVersion(text)
	if !ok {
		t.Fatalf("%q is no version", text)
	}
	return v
}

func TestVersionsAreWrittenInNormalForm(t *testing.T) {
	for text, want := range map[string]struct {
		normal, full string
		semVer2      bool
	}{
		"1":                   {"1.0.0", "1.0.0", false},
		" 1.0 ":               {"1.0.0", "1.0.0", false},
		"1.01.0.0-RC.1+b.7":   {"1.1.0-RC.1", "1.1.0-RC.1+b.7", true},
		"1.2.3.4-beta":        {"1.2.3.4-beta", "1.2.3.4-beta", false},
		"1.0.0+x":             {"1.0.0", "1.0.0+x", true},
		"1.0.0--a":            {"1.0.0--a", "1.0.0--a", false},
		"00000000001.0000002": {"1.2.0", "1.2.0", false},
	} {
		v := mustVersion(t, text)
		if v.String() != want.normal || v.full() != want.full || v.semVer2() != want.semVer2 {
			t.Errorf("%q: got %s, %s, %t, want %v", text, v, v.full(), v.semVer2(), want)
		}
	}
	for _, text := range []string{"", "latest", "1.", ".1", "1..0", "1.0.0.0.0", "1.0-", "1.0+", "1.0-a..b", "1.0-ä", "v1.0", "1.*", "-1",
		"2147483648", "1.0-a_b", "1.0.0 beta", strings.Repeat("1", 21), "1.0-" + strings.Repeat("a", maxVersion)} {
		if v, ok := parseVersion(text); ok {
			t.Errorf("%.40q is taken for %s", text, v)
		}
	}
}

func TestRangesAreWrittenInNormalForm(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "(, )",
		"1.0":               "[1.0.0, )",
		"[1.0]":             "[1.0.0]",
		"[1.0,1.0]":         "[1.0.0]",
		"[1.0,2.0)":         "[1.0.0, 2.0.0)",
		"( 1.0 , 2.0 ]":     "(1.0.0, 2.0.0]",
		"(,1.0]":            "(, 1.0.0]",
		"[,1.0]":            "(, 1.0.0]",
		"(1.0,)":            "(1.0.0, )",
		"[1.0-rc.1, 2.0-a]": "[1.0.0-rc.1, 2.0.0-a]",
		"(,)":               "(, )",
	} {
		r, ok := parseRange(text)
		if !ok || r.String() != want {
			t.Errorf("%q: got %s, %t, want %s", text, r, ok, want)
		}
	}
	for _, text := range []string{"(1.0)", "[1.0", "1.*", "[1.0,2.0,3.0]", "[]", "[2.0,1.0]", "latest", "[a,b]", "[" + strings.Repeat("1", maxRange)} {
		if r, ok := parseRange(text); ok {
			t.Errorf("%.40q is taken for %s", text, r)
		}
	}
	if r, _ := parseRange("[1.0,2.0-a.1)"); !r.semVer2() {
		t.Error("a bound of SemVer 2 is not seen")
	}
}

func FuzzVersion(f *testing.F) {
	for _, text := range []string{"1.0", "01.2.3.0-RC.1+b", "1.0.0-99999999999999999999", "1..0", "2147483648"} {
		f.Add(text, "1.0.0-a.1")
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		v, ok := parseVersion(text)
		if !ok {
			return
		}
		again, ok := parseVersion(v.full())
		if !ok || again.full() != v.full() || v.compare(again) != 0 {
			t.Errorf("%q is %s, and that is %s", text, v.full(), again.full())
		}
		if key := normalVersion(text); normalVersion(key) != key || len(key) > maxVersion {
			t.Errorf("the kept form %q of %q is not its own", key, text)
		}
		if w, ok := parseVersion(other); ok && v.compare(w) != -w.compare(v) {
			t.Errorf("%q and %q have no order", text, other)
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, text := range []string{"", "1.0", "[1.0]", "(,2.0-a.1]", "[1.0, 2.0)", "(1.0)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := parseRange(text)
		if !ok {
			return
		}
		if again, ok := parseRange(r.String()); !ok || again.String() != r.String() {
			t.Errorf("%q is %s, and that is %s", text, r, again)
		}
	})
}
