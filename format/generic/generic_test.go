package generic

import (
	"testing"

	"entrepot/artifact"
)

func TestNamesOfAssets(t *testing.T) {
	for name, row := range map[string]struct {
		asset string
		taken bool
	}{
		"plain":                           {"tool-1.0_linux.tar.gz", true},
		"every special":                   {"~!@^&()-`_+[]{};,.", true},
		"single spaces inside":            {"a b c.bin", true},
		"letters of other scripts":        {"été-Ωμ-日本語-नमस्.txt", false}, // the last has a combining mark
		"letters and digits everywhere":   {"été-Ωμ-日本語-٣Ⅷ.txt", true},
		"one dot":                         {".", false},
		"two dots":                        {"..", false},
		"three dots":                      {"...", true},
		"a leading space":                 {" a", false},
		"a trailing space":                {"a ", false},
		"two spaces":                      {"a  b", false},
		"another white space":             {"a\u00a0b", false},
		"a slash":                         {"a/b", false},
		"a backslash":                     {`a\b`, false},
		"a hash":                          {"a#b", false},
		"a percent sign":                  {"a%b", false},
		"a dollar sign":                   {"a$b", false},
		"a colon":                         {"a:b", false},
		"an apostrophe":                   {"a'b", false},
		"an equals sign":                  {"a=b", false},
		"a character that turns the text": {"a\u202eb", false},
		"an emoji":                        {"a😀", false},
	} {
		err := checkAsset(row.asset)
		if (err == nil) != row.taken || err != nil && !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s, %q: got %v, taken should be %v", name, row.asset, err, row.taken)
		}
	}
}

func TestNamesThatPassForOthersAreRefused(t *testing.T) {
	plain := artifact.PackageKey{Format: artifact.Generic, Namespace: "tools", Name: "cli"}.At("1.0.0")
	if err := check(plain, "a"); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*artifact.VersionKey){
		"namespace": func(v *artifact.VersionKey) { v.Namespace = "to\u202eols" },
		"package":   func(v *artifact.VersionKey) { v.Name = "cli\u2066" },
		"version":   func(v *artifact.VersionKey) { v.Version = "\u200f1" },
	} {
		v := plain
		change(&v)
		if err := check(v, "a"); !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v, want it refused", what, err)
		}
	}
}

func FuzzCheckAsset(f *testing.F) {
	for _, seed := range []string{"a b.bin", "..", "é", "\xff", "a\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkAsset(name) == nil && len(name) > 0 && (name[0] == ' ' || name == "..") {
			t.Errorf("%q is taken", name)
		}
	})
}
