package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entrepot/upstream"
)

func TestDetectorsAreOfConnectionsOfTheirFormat(t *testing.T) {
	for _, f := range formats() {
		for name := range f.Detect {
			if c, known := upstream.ConnectionNamed(name); !known || c.Format != f.Name {
				t.Errorf("%s has a detector for %s, which is no connection of that format", f.Name, name)
			}
		}
	}
	want := []string{"public:crates-io", "public:maven-central", "public:npmjs", "public:nuget-org", "public:pypi",
		"public:ruby-gems-org"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(detectors()))); diff != "" {
		t.Errorf("the connections that clients know differ (-want +got):\n%s", diff)
	}
}
