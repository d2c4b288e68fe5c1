package npm

import (
	"slices"
	"strings"
	"testing"
)

func TestParseVersionTakesStrictSemVerOnly(t *testing.T) {
	for text, want := range map[string]bool{
		"1.0.0": true, "0.0.0": true, "10.20.30": true, "1.0.0-alpha": true, "1.0.0-alpha.1": true, "1.0.0-0.3.7": true,
		"1.0.0-x-y-z.--": true, "1.0.0+build.1": true, "1.0.0-beta+exp.sha.5114f85": true, "1.0.0+001": true,
		"9007199254740991.0.0": true, "1.0.0-0a": true, "1.0.0-9007199254740993": true,
		"": false, "1": false, "1.0": false, "1.0.0.0": false, "v1.0.0": false, " 1.0.0": false, "=1.0.0": false,
		"01.0.0": false, "1.0.0-01": false, "1.0.0-": false, "1.0.0+": false, "1.0.0-a..b": false, "1.0.0-ä": false,
		"1.0.0+a+b": false, "1.x.0": false, "latest": false, "__proto__": false, "-1.0.0": false,
		"9007199254740992.0.0": false, "1.0.0-" + strings.Repeat("a", 300): false, "1.0.0\n": false,
	} {
		if _, err := parseVersion(text); (err == nil) != want {
			t.Errorf("parseVersion(%.40q): got error %v, want valid %v", text, err, want)
		}
	}
}

// TestARangeIsWhatNodeSemverTakesForOne has what validRange of node-semver 7 says.
func TestARangeIsWhatNodeSemverTakesForOne(t *testing.T) {
	for want, texts := range map[bool]string{
		true: "1.x 1 v1 1.0.0 v1.0.0 vv1 =1 * x X x.x 1.x.x 1.x.x-beta 1.2.3-beta 1.2.3* *1.2.3 ~1 ~>1 ^1.2.x >=1 >1.x " +
			"<2 1.2.3+build +a 1||2 ||",
		false: "latest 1.x-latest 5.x-lts x-ray v vv1.0.0 x.1 1.x.2 1-latest 1.2-latest 1.2.3rc1 3.0.0rc5 01.2.3 1.2* ** " +
			"~ ^ > >= next next-11 release-1.x latest-1 2.x-next.1 1.2.3-01 1.2.3.4 9007199254740992 1.2.3+ 1||a a/b ä -1 " +
			"1-2 1.0.0- x.y 1.x.y ~latest !1 1! (1) 1_0 2|+9|",
	} {
		for _, text := range strings.Fields(texts) {
			if got := isRange(text); got != want {
				t.Errorf("isRange(%q): got %v, want %v", text, got, want)
			}
		}
	}
}

func TestATagIsRefusedWhereNpmRefusesIt(t *testing.T) {
	for tag, want := range map[string]bool{
		"latest": true, "beta": true, "next-11": true, "release-1.x": true, "v": true, "canary": true, "legacy_7": true,
		"1.x-latest": true, "5.x-lts": true, "x-ray": true, "_internal": true, "constructor": true, "a.b~c!d*e'f(g)": true,
		strings.Repeat("a", 214): true,
		"":                       false, "1": false, "1.x": false, "v1": false, "1.0.0": false, "v1.0.0": false, "*": false, "x": false,
		">1": false, "^1.0.0": false,
		"~1": false, "1 - 2": false, "1.0.0-beta": false, "a/b": false, "a b": false, "__proto__": false, "@a": false,
		"a%b": false, "ä": false, ".a": false, "..": false, strings.Repeat("a", 215): false,
	} {
		if err := checkTag(tag); (err == nil) != want {
			t.Errorf("checkTag(%.40q): got %v, want valid %v", tag, err, want)
		}
	}
}

func TestTagsOfARegistryArePassedOnButForRanges(t *testing.T) {
	s := newSite(t)
	document := registry("bar", "1.0.0", "1.1.0")
	kept := []string{"1.x-latest", "5.x-lts", "x-ray", "release/2.x", "@acme/next", "ä", "_internal", ".hidden"}
	tags := object{"latest": "1.1.0"}
	for _, tag := range append(slices.Clone(kept), "1.x", "v1", "^1.0.0", "", "a b", "a\nb", "__proto__", strings.Repeat("a", 215)) {
		tags[tag] = "1.0.0"
	}
	document["dist-tags"] = tags
	s.stock("bar", document)
	want := object{"latest": "1.1.0"}
	for _, tag := range kept {
		want[tag] = "1.0.0"
	}
	for door, got := range map[string]any{
		"document":     dig(s.json(s.Do("GET", "bar", "")), "dist-tags"),
		"list of tags": s.json(s.Do("GET", "-/package/bar/dist-tags", "")),
	} {
		if text(t, got) != text(t, want) {
			t.Errorf("%s: got %v, want %v", door, got, want)
		}
	}
	for _, path := range []string{"bar/1.x-latest", "bar/release%2f2.x", "bar/%40acme%2fnext"} {
		if got := dig(s.json(s.Do("GET", path, "")), "version"); got != "1.0.0" {
			t.Errorf("%s: got version %v", path, got)
		}
	}
}
