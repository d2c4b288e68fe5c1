package sqlcatalog

import (
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// FuzzMarker looks for markers that crash the reader or that are accepted in two spellings.
func FuzzMarker(f *testing.F) {
	f.Add("", byte(0), 0)
	f.Add(mark(packageList, "npm", "", "lodash"), byte(packageList), 3)
	f.Add(mark(newestList, "-5", "\x00\xff"), byte(newestList), 2)
	f.Add(strings.Repeat("_", 100), byte(1), 1)
	f.Fuzz(func(t *testing.T, marker string, l byte, n int) {
		parts, err := unmark(list(l), n&7, marker)
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v, want an Invalid error", err)
			}
			return
		}
		if again := mark(list(l), parts...); again != marker {
			t.Errorf("%q is read like %q", marker, again)
		}
	})
}

// FuzzRuns holds search's promise: whatever contains a term has every word the term asks for.
func FuzzRuns(f *testing.F) {
	f.Add("lodash", "das")
	f.Add("ÄPFEL", "p")
	f.Add("a\x00b\xffc", "b\xff")
	f.Fuzz(func(t *testing.T, text, term string) {
		if len(text) > 1000 {
			return
		}
		key := artifact.PackageKey{Format: artifact.NPM, Name: text + term + text}
		folded := foldPackage(key, "")
		if !strings.Contains(folded, fold(term)) {
			return // folding joined the term's first byte with what is before it
		}
		have := strings.Fields(words(7, artifact.NPM, folded))
		terms, err := checkTerms([]string{term})
		if err != nil {
			return
		}
		for _, word := range wordsOf([]catalog.RepositoryID{7}, artifact.NPM, terms).all {
			if !slices.Contains(have, word) {
				t.Errorf("%q contains %q and has no word %s", key.Name, term, word)
			}
		}
	})
}

func TestAfterPrefixIsTheLeastTextBehindIt(t *testing.T) {
	for prefix, want := range map[string]string{"a": "b", "a\xff": "b", "\xff\xfe": "\xff\xff", "a\x00": "a\x01"} {
		if got, ok := afterPrefix(prefix); !ok || got != want {
			t.Errorf("after %q: got %q, %v, want %q", prefix, got, ok, want)
		}
	}
	if got, ok := afterPrefix("\xff\xff"); ok {
		t.Errorf("after the last text: got %q", got)
	}
}
