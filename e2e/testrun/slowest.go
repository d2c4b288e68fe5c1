package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

const (
	slowTests = 10  // how many are named
	slowTest  = 1.0 // seconds; what takes less is not named
)

// printSlowest names the tests that took longest, so that one sees where the time goes. Tests that run beside each other wait for each
// other; where several runs had a test, its longest time counts. A test that is made of others is not named.
func printSlowest(w io.Writer, outcomes []outcome) {
	took := map[string]float64{}
	for _, o := range outcomes {
		for name, seconds := range o.Seconds {
			took[name] = max(took[name], seconds)
		}
	}
	for name := range took {
		for above, isPart := whole(name); isPart; above, isPart = whole(above) {
			delete(took, above)
		}
	}
	names := slices.SortedFunc(maps.Keys(took), func(a, b string) int {
		return cmp.Or(cmp.Compare(took[b], took[a]), cmp.Compare(a, b))
	})
	if len(names) > 0 {
		fmt.Fprintln(w, "slowest:")
	}
	for _, name := range names[:min(slowTests, len(names))] {
		fmt.Fprintf(w, "  %6.1f s %s\n", took[name], name)
	}
}

// whole is the test that one is a part of. A package's path has slashes of its own.
func whole(name string) (above string, isPart bool) {
	at := strings.LastIndexByte(name, '/')
	return name[:max(at, 0)], at > strings.IndexByte(name, ' ')
}
