package unpacked

import (
	"fmt"
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	for name, want := range map[string]string{
		"a": "", "a/b": "", "a/": "", "...": "", "a..b/..c": "", "é": "", "a b": "", "ab:c/longer:x": "", strings.Repeat("a/", 63) + "b": "",
		"": "no or too many", strings.Repeat("a", MaxPath+1): "no or too many", "a\nb": "control character", "a\x7f": "control character",
		"a\x00": "control character", `a\b`: "backslash", strings.Repeat("a/", 64) + "b": "too many folders deep",
		"/": "leads out", "/a": "leads out", "//a": "leads out", "..": "leads out", "a/../b": "leads out", "a/..": "leads out",
		"c:": "leads out", "a/c:x": "leads out", "c:/x": "leads out",
		".": "empty segment or a dot", "./a": "empty segment or a dot", "a//b": "empty segment or a dot", "a/./b": "empty segment or a dot",
		"a//": "empty segment or a dot",
	} {
		err := Path(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.20q: got %v, want %q", name, err, want)
		}
	}
}

func TestSymlinks(t *testing.T) {
	for _, c := range []struct {
		at, target string
		inside     bool
	}{
		{"l", "a", true}, {"l", "./a", true}, {"l", "a/b", true}, {"d/l", "../a", true}, {"d/e/l", "../../a", true}, {"l", "a//b", true},
		{"l", "../a", false}, {"d/l", "../../a", false}, {"d/l", "../a/../../b", false}, {"l", "/a", false}, {"l", "", false},
		{"l", `\a`, false}, {"l", `..\a`, false}, {"l", "c:/a", false}, {"l", "a/c:b", false}, {"l", "a\x00", false},
		{"d/l", "./../a", false}, {"l", strings.Repeat("a", MaxPath+1), false},
	} {
		if err := Symlink(c.at, c.target); (err == nil) != c.inside {
			t.Errorf("%q to %.20q: got %v", c.at, c.target, err)
		}
	}
}

func TestEntriesLieBesideEachOther(t *testing.T) {
	var tree Tree
	for _, c := range []struct {
		at    string
		kind  Kind
		again bool
		want  string
	}{
		{"a/b/c", File, false, ""}, {"a/b", Folder, true, ""}, {"a/b/c", File, true, ""}, {"a/b/d", File, false, ""},
		{"a", File, false, "two kinds of entries"}, {"a/b/c/d", File, false, "below a file or a link"},
		{"l", Link, false, ""}, {"l/x", File, false, "below a file or a link"}, {"l", File, false, "two kinds of entries"},
	} {
		again, err := tree.Add(c.at, c.kind)
		if again != c.again || c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, %v, want %v, %q", c.at, again, err, c.again, c.want)
		}
	}
}

func TestHardLinksLeadToFilesBefore(t *testing.T) {
	var tree Tree
	for at, k := range map[string]Kind{"d/f": File, "l": Link} {
		if _, err := tree.Add(at, k); err != nil {
			t.Fatal(err)
		}
	}
	for target, want := range map[string]bool{"d/f": true, "d": false, "l": false, "x": false, "d/../d/f": false, "/d/f": false, "": false} {
		if err := tree.Hardlink(target); (err == nil) != want {
			t.Errorf("%q: got %v, want %v", target, err, want)
		}
	}
	if new(Tree).Hardlink("") == nil {
		t.Error("a link leads to nothing in an empty folder")
	}
}

func TestATreeHasABound(t *testing.T) {
	var tree Tree
	for n := range MaxPlaces + 2 {
		if _, err := tree.Add(fmt.Sprint(n), File); err != nil {
			if n <= MaxPlaces || err.Error() != "is one too many: files and folders are more than 300000" {
				t.Errorf("entry %d: %v", n, err)
			}
			return
		}
	}
	t.Error("there is none")
}

func FuzzPath(f *testing.F) {
	f.Add("a/b/", "../c")
	f.Add("c:/x", `\\server`)
	f.Fuzz(func(t *testing.T, at, target string) {
		if Path(at) != nil {
			return
		}
		if strings.HasPrefix(at, "/") || strings.Contains("/"+at+"/", "/../") || strings.ContainsAny(at, "\\\x00") {
			t.Fatalf("%q is a path", at)
		}
		if Symlink(at, target) == nil && strings.Count("/"+target+"/", "/../") > strings.Count(at, "/") {
			t.Fatalf("%q may lead to %q", at, target)
		}
	})
}
