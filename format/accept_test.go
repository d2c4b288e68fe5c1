package format_test

import (
	"fmt"
	"slices"
	"testing"

	"entrepot/format"
)

func TestWeightsAreThoseOfWhatIsNamed(t *testing.T) {
	for name, row := range map[string]struct {
		value string
		want  []string
	}{
		"without a weight":       {"text/html", []string{"text/html 1"}},
		"in order":               {"a/b;q=0.2, c/d , */*;q=0", []string{"a/b 0.2", "c/d 1", "*/* 0"}},
		"in another case":        {"a/b; Q = 0.5", []string{"a/b 0.5"}},
		"behind a parameter":     {"a/b;version=1;q=0.5;more=2", []string{"a/b 0.5"}},
		"no number":              {"a/b;q=high", []string{"a/b 0"}},
		"more than all":          {"a/b;q=1.1", []string{"a/b 0"}},
		"less than nothing":      {"a/b;q=-1", []string{"a/b 0"}},
		"not a number, in words": {"a/b;q=nan", []string{"a/b 0"}},
		"nothing":                {"", []string{" 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for name, weight := range format.Weights(row.value) {
				got = append(got, fmt.Sprint(name, " ", weight))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
			for range format.Weights(row.value) {
				break // a reader may leave early
			}
		})
	}
}

// However it is written, every weight is between none and all.
func FuzzWeights(f *testing.F) {
	f.Add("application/vnd.pypi.simple.v1+json, text/html;q=0.1")
	f.Add(";q=;,*/*;q=1e-300,a;q=inf")
	f.Fuzz(func(t *testing.T, value string) {
		for name, weight := range format.Weights(value) {
			if !(weight >= 0 && weight <= 1) {
				t.Errorf("got %v for %q", weight, name)
			}
		}
	})
}
