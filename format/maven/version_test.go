package maven

import (
	"slices"
	"testing"
)

// TestVersionsAreInMavensOrder has the examples of Maven's documentation (POM reference, "Version Order Specification")
// and the cases of its changes since.
func TestVersionsAreInMavensOrder(t *testing.T) {
	for _, ascending := range [][]string{
		{"1", "1.1"},
		{"1-snapshot", "1", "1-sp"},
		{"1-foo2", "1-foo10"},
		{"1.foo", "1-1", "1.1"},
		{"1-alpha", "1-beta", "1-milestone", "1-rc", "1-snapshot", "1", "1-sp", "1-abc", "1-xyz", "1-1", "1.1"},
		{"1-alpha2snapshot", "1-alpha2", "1-alpha-123", "1-beta-2", "1-beta123", "1-m2", "1-m11", "1-rc", "1-cr2", "1-rc123",
			"1-SNAPSHOT", "1", "1-sp", "1-sp2", "1-sp123", "1-abc", "1-def", "1-pom-1", "1-1-snapshot", "1-1", "1-2", "1-123"},
		{"2.0.1", "2.0.1-xyz", "2.0.1-123", "2.0.2"},
		{"1.0.RC2", "1.0-RC3", "1.0.1"},
		{"1-0.alpha", "1-0.beta", "1"},
		{"1.0.0.X1", "1.0.0-X2"},
		{"4.0.0.Beta3", "4.0.0-RC1", "4.0.0.CR2", "4.0.0", "4.0.0.SP1"},
		{"20190126.230843", "20190126.230844"},
		{"1.2147483647", "1.2147483648", "1.9223372036854775807", "1.9223372036854775808",
			"1.100000000000000000000000000000000000000000"},
		{"1.0-alpha-1", "1.0-beta", "1.0-m1", "1.0-rc", "1.0-SNAPSHOT", "1.0", "1.0-sp"},
	} {
		for i, a := range ascending {
			for j, b := range ascending {
				if got := sign(compareVersions(a, b)); got != sign(i-j) {
					t.Errorf("%s against %s: got %d, want %d", a, b, got, sign(i-j))
				}
			}
		}
	}
}

func TestVersionsThatMavenTakesForEqual(t *testing.T) {
	for _, equal := range [][]string{
		{"1", "1.0", "1.0.0", "1-0", "1.ga", "1-final", "1.0.GA", "1-release", "1..0", "01"},
		{"1-a1", "1-alpha-1", "1-alpha1", "1alpha1", "1.0.0-ALPHA-1"},
		{"1-b2", "1-beta-2"}, {"1-m3", "1-milestone-3"}, {"1-rc", "1-cr", "1.CR"},
		{"1x", "1-x", "1.x", "1.0.x", "1.0-x"},
		{"0.0.1", "0.0.01"}, {"", "0", "0.0", "ga"},
	} {
		for _, a := range equal {
			for _, b := range equal {
				if got := compareItems(parseVersion(a).items, parseVersion(b).items); got != 0 {
					t.Errorf("%q against %q: got %d, want 0", a, b, got)
				}
				if (compareVersions(a, b) == 0) != (a == b) {
					t.Errorf("%q and %q are in no order", a, b)
				}
			}
		}
	}
	if compareVersions("1-a", "1-alpha") == 0 || compareVersions("1-a1", "1-alpha1") >= 0 {
		t.Error("a letter is a qualifier only before a number")
	}
}

func sign(n int) int { return min(1, max(-1, n)) }

func TestVersionsAreSorted(t *testing.T) {
	got := []string{"2.0", "1.10", "1.9", "1.0-SNAPSHOT", "1.0", "1.0.0"}
	sortVersions(got)
	if want := []string{"1.0-SNAPSHOT", "1.0", "1.0.0", "1.9", "1.10", "2.0"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzVersion: every text is a version, and of any three the order is one.
func FuzzVersion(f *testing.F) {
	f.Add("1.0", "1.0-alpha-1", "1-rc.1")
	f.Add("1.0.0.X1", "1-0.beta1.1", "a1-..-")
	f.Add("99999999999999999999", "1-ga-1", "é1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		x, y, z := parseVersion(a), parseVersion(b), parseVersion(c)
		if x.compare(x) != 0 || sign(x.compare(y)) != -sign(y.compare(x)) {
			t.Fatalf("%q against %q: %d and %d", a, b, x.compare(y), y.compare(x))
		}
		if x.compare(y) <= 0 && y.compare(z) <= 0 && x.compare(z) > 0 {
			t.Fatalf("%q <= %q <= %q, but not the first and the last", a, b, c)
		}
	})
}
