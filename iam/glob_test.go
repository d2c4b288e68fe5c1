package iam

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func mustGlob(t testing.TB, pattern string) glob {
	t.Helper()
	pieces, err := grammar{wildcards: true}.parse(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return compileGlob(pieces)
}

// simpleMatch is the definition of a match, too slow for anything but short texts.
func simpleMatch(pattern, text []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '*':
		return simpleMatch(pattern[1:], text) || len(text) > 0 && simpleMatch(pattern, text[1:])
	case len(text) == 0:
		return false
	}
	return (pattern[0] == '?' || pattern[0] == text[0]) && simpleMatch(pattern[1:], text[1:])
}

func TestGlobMatchesAsDefined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab:é*?")), 0, 12, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab:é")), 0, 16, -1).Draw(t, "text")
		pieces, err := grammar{wildcards: true}.parse(pattern)
		if err != nil {
			t.Fatal(err)
		}
		g := compileGlob(pieces)
		if got, want := g.match(text), simpleMatch([]rune(pattern), []rune(text)); got != want {
			t.Fatalf("%q against %q: got %v, want %v", pattern, text, got, want)
		}
	})
}

func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"*", ""}, {"a*b*c", "aXbXc"}, {"*a?b*", "xxaybz"}, {"?", "é"}, {"*??*", "a"}, {"ab", "abc"}, {"*ab", "aab"},
		{"a*a", "a"}, {"*\u00e9?*", "\u00e9\xff"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 20 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		g := mustGlob(t, pattern)
		if got, want := g.match(text), simpleMatch([]rune(pattern), []rune(text)); got != want {
			t.Errorf("%q against %q: got %v, want %v", pattern, text, got, want)
		}
		if g.match(text) && !g.mayBegin(text[:len(text)/2]) && utf8.ValidString(text[:len(text)/2]) {
			t.Errorf("%q matches %q but is said not to begin with its first half", pattern, text)
		}
	})
}

func TestGlobFindsLongRunsWithQuestionMarks(t *testing.T) {
	run := strings.Repeat("a?", 100)
	g := mustGlob(t, "*"+run+"b*")
	for text, want := range map[string]bool{
		"xx" + strings.Repeat("aé", 100) + "byy":               true,
		"xx" + strings.Repeat("ac", 100) + "acbyy":             true,
		"xx" + strings.Repeat("ac", 99) + "byy":                false,
		"xx" + strings.Repeat("ac", 40) + "x" + run[:2] + "by": false,
	} {
		if got := g.match(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestGlobMayBegin(t *testing.T) {
	for _, test := range []struct {
		pattern, prefix string
		want            bool
	}{
		{"*", "arn:d/", true},
		{"arn:d/my*", "arn:d/", true},
		{"arn:d/my", "arn:d/", true},
		{"arn:*", "arn:d/", true},
		{"arn:?/x", "arn:d/", true},
		{"arn:d", "arn:d/", false},
		{"arn:e/*", "arn:d/", false},
		{"arn:?", "arn:d/", false},
	} {
		g := mustGlob(t, test.pattern)
		if got := g.mayBegin(test.prefix); got != test.want {
			t.Errorf("%q beginning with %q: got %v, want %v", test.pattern, test.prefix, got, test.want)
		}
	}
}

func TestGlobTimeDoesNotGrowWithStars(t *testing.T) {
	text := strings.Repeat("a", 10_000)
	for _, test := range []struct {
		name, pattern string
		limit         time.Duration
	}{
		{"fifty stars", strings.Repeat("*a", 50) + "b", 5 * time.Millisecond},
		{"fifty stars, b in the middle", strings.Repeat("*a", 50) + "*b*", 5 * time.Millisecond},
		{"stars and question marks", strings.Repeat("*a?", 50) + "*b*", 5 * time.Millisecond},
		{"one long run", "*" + strings.Repeat("a", 5_000) + "b*", 5 * time.Millisecond},
		// A millisecond or two, but many times that under the race detector.
		{"one long run with question marks", "*" + strings.Repeat("a?", 2_500) + "b*", 50 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := mustGlob(t, test.pattern)
			// What takes too long always does; what does not is at times held up by a busy machine, so one time of many is enough.
			best := time.Hour
			for tries := 0; best > test.limit && tries < 500; tries++ {
				start := time.Now()
				if g.match(text) {
					t.Fatal("matched")
				}
				best = min(best, time.Since(start))
			}
			if best > test.limit {
				t.Errorf("took %v, want less than %v", best, test.limit)
			}
		})
	}
}
