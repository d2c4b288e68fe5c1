package e2e

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
)

// Members of a version's document that may differ from the registry's.
var (
	// own are those that tell who published, when, from where and with what, and those that a registry adds or leaves out as
	// it likes.
	own = []string{
		"_npmUser", "_npmVersion", "_nodeVersion", "_npmOperationalInternal", "_shasum", "_from", "_resolved", "_integrity",
		"_nodeSupported", "_engineSupported", "_defaultsLoaded", "_hasShrinkwrap", "gitHead", "hasInstallScript", "readme",
		"readmeFilename", "maintainers",
		"modules", // npm takes it out of what it publishes
	}
	// worded are those that npm words anew when it publishes, today otherwise than in its first years: a text becomes an
	// object, an address gets its scheme, a description is taken from the readme. What the registry has of them must be there.
	worded = []string{
		"author", "bin", "bugs", "contributors", "description", "directories", "files", "funding", "homepage", "keywords",
		"license", "man", "repositories", "repository", "scripts", "types",
	}
)

// differences names the members of a version's document that are not the registry's. A registry's short form, which has no _id,
// is compared in what it has.
func differences(got, want map[string]any) (names []string) {
	members := maps.Clone(want)
	if want["_id"] != nil {
		maps.Copy(members, got)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch {
		case slices.Contains(own, name):
		case name == "dist":
			names = append(names, distDifferences(got[name], want[name])...)
		case slices.Contains(worded, name) && (got[name] != nil || empty(want[name])):
		case name == "dependencies" && reflect.DeepEqual(got[name], required(want)):
		case empty(got[name]) && empty(want[name]): // "dependencies": [] is mended, and says as little
		case reflect.DeepEqual(got[name], []any{want[name]}): // "os": "linux" is mended to a list
		case !reflect.DeepEqual(got[name], want[name]):
			names = append(names, fmt.Sprintf("%s: got %.200v, want %.200v", name, got[name], want[name]))
		}
	}
	return names
}

// bundledBy are the names that a version brings along.
func bundledBy(manifest map[string]any) map[string]any {
	names := map[string]any{}
	for _, member := range []string{"bundleDependencies", "bundledDependencies"} {
		list, _ := manifest[member].([]any)
		for _, name := range list {
			names[fmt.Sprint(name)] = "*"
		}
	}
	return names
}

// required are the dependencies of a version as npm publishes them today: with those that it brings along.
func required(manifest map[string]any) map[string]any {
	all := bundledBy(manifest)
	for _, member := range []string{"optionalDependencies", "dependencies"} {
		group, _ := manifest[member].(map[string]any)
		maps.Copy(all, group)
	}
	return all
}

// empty reports whether a value is absent or says nothing: false, an empty text, a list or an object with nothing in it.
func empty(v any) bool {
	list, isList := v.([]any)
	object, isObject := v.(map[string]any)
	return v == nil || v == false || v == "" || isList && len(list) == 0 || isObject && len(object) == 0
}

// distDifferences compares the digests only: a registry that computes more of the tarball may say more.
func distDifferences(got, want any) (names []string) {
	is, _ := got.(map[string]any)
	was, _ := want.(map[string]any)
	for _, digest := range []string{"integrity", "shasum"} {
		if was[digest] != nil && is[digest] != was[digest] {
			names = append(names, fmt.Sprintf("dist.%s: got %v, want %v", digest, is[digest], was[digest]))
		}
	}
	return names
}

func TestADocumentMayBeWordedAnewAndMustSayTheSame(t *testing.T) {
	of := func(members map[string]any) map[string]any {
		whole := map[string]any{"_id": "left@1.0.0", "name": "left", "dist": map[string]any{"shasum": "5a", "size": 1}}
		maps.Copy(whole, members)
		return whole
	}
	for name, row := range map[string]struct {
		got, want map[string]any
		differ    []string
	}{
		"equal":             {of(nil), of(nil), nil},
		"who published":     {of(map[string]any{"_npmUser": "a"}), of(map[string]any{"gitHead": "b"}), nil},
		"a person as words": {of(map[string]any{"author": map[string]any{"name": "A"}}), of(map[string]any{"author": "A"}), nil},
		"a person lost":     {of(nil), of(map[string]any{"author": "A"}), []string{"author: got <nil>, want A"}},
		"a dependency more": {of(map[string]any{"dependencies": map[string]any{"a": "1"}}), of(nil),
			[]string{"dependencies: got map[a:1], want <nil>"}},
		"no dependencies":     {of(map[string]any{"dependencies": map[string]any{}}), of(map[string]any{"dependencies": []any{}}), nil},
		"a system for a list": {of(map[string]any{"os": []any{"linux"}}), of(map[string]any{"os": "linux"}), nil},
		"other bytes": {of(map[string]any{"dist": map[string]any{"shasum": "00"}}), of(nil),
			[]string{"dist.shasum: got 00, want 5a"}},
		"the short form": {of(map[string]any{"main": "a.js"}), map[string]any{"name": "left"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := differences(row.got, row.want); !slices.Equal(got, row.differ) {
				t.Errorf("got %q, want %q", got, row.differ)
			}
		})
	}
}
