package packagegroup

import (
	"strings"
	"testing"
	"unicode/utf8"

	"entrepot/artifact"
)

// read reads a pattern that must be one.
func read(t testing.TB, text string) Pattern {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pkg reads a package path, /FORMAT/NAMESPACE/NAME.
func pkg(path string) artifact.PackageKey {
	parts := strings.Split(path, "/")
	return artifact.PackageKey{Format: artifact.Format(parts[1]), Namespace: parts[2], Name: parts[3]}
}

// TestMatches is T83: the examples of the guide and what follows from its rules.
func TestMatches(t *testing.T) {
	for _, row := range []struct {
		pattern, path string
		want          Association
	}{
		{"/*", "/npm//react", Strong},
		{"/npm/*", "/npm//react", Strong},
		{"/npm/*", "/npm/space/ui", Strong},
		{"/npm/*", "/nuget//newtonsoft.json", None},
		{"/npm//*", "/npm//react", Strong},
		{"/npm//*", "/npm/space/ui", None},
		{"/npm/space/*", "/npm/space/aui.components", Strong},
		{"/npm/space/*", "/npm/space2/ui", None},
		{"/npm/space/*", "/npm/Space/ui", Weak},
		{"/maven/com.anycompany~", "/maven/com.anycompany/core", Strong},
		{"/maven/com.anycompany~", "/maven/com.anycompany.web/core", Strong},
		{"/maven/com.anycompany~", "/maven/com.anycompanyx/core", None},
		{"/maven/com.anycompany~", "/maven/com-anycompany/core", Weak},
		{"/maven/com.act-on~", "/maven/com.act.on/core", Weak},
		{"/npm/space/foo~", "/npm/space/foo", Strong},
		{"/npm/space/foo~", "/npm/space/foo-bar", Strong},
		{"/npm/space/foo~", "/npm/space/foo_bar", Strong},
		{"/npm/space/foo~", "/npm/space/food", None},
		{"/npm/space/foo~", "/npm/space/foo2", None},
		{"/npm/space/foo~", "/npm/space/fooBar", None},
		{"/npm/space/foo~", "/npm/space/FOO-bar", Weak},
		{"/npm/space/foo-*", "/npm/space/foo-bar", Strong},
		{"/npm/space/foo-*", "/npm/space/foo.bar", Weak},
		{"/npm/space/foo-*", "/npm/space/foobar", None},
		{"/npm/space/foo-*", "/npm/space/foo", None},
		{"/npm//my-package$", "/npm//my-package", Strong},
		{"/npm//my-package$", "/npm//my.package", Weak},
		{"/npm//my-package$", "/npm//my--package", Weak},
		{"/npm//my-package$", "/npm//mypackage", None},
		{"/npm//my-package$", "/npm//my-package-x", None},
		{"/npm//my-package$", "/npm/space/my-package", None},
		{"/npm//AsyncStorage$", "/npm//AsyncStorage", Strong},
		{"/npm//AsyncStorage$", "/npm//asyncstorage", Weak},
		{"/npm/foo~", "/npm//foo", None},
		{"/maven/org.apache.logging.log4j/log4j-core$", "/maven/org.apache.logging.log4j/log4j-core", Strong},
		{"/nuget//newtonsoft.json$", "/nuget//newtonsoft.json", Strong},
		{"/pypi//my-pkg$", "/pypi//my-pkg", Strong},
		{"/npm//cafe~", "/npm//cafe\u0301", None},
		{"/npm//paypal$", "/npm//p\u0430ypal", Weak},
		// More of what is to be mistaken for something else.
		{"/npm//lodash$", "/npm//Iodash", Weak},
		{"/npm//lodash$", "/npm//l0dash", Weak},
		{"/npm//modern$", "/npm//modem", Weak},
		{"/npm//left-pad$", "/npm//left\u2010pad", Weak},
		{"/npm//left-pad$", "/npm//left\u200b-pad", Weak},
		{"/npm//info$", "/npm//INFO", Weak},
		{"/maven/acme/core~", "/maven/Acme/CORE-api", Weak},
		{"/npm//foo-bar$", "/npm//foo..bar", Weak},
		{"/npm//foo-bar$", "/npm//foo_bar", Weak},
		{"/npm//foo-bar$", "/npm//foo-.-bar", Weak},
	} {
		if got := read(t, row.pattern).Match(pkg(row.path)); got != row.want {
			t.Errorf("%s and %s: got %q, want %q", row.pattern, row.path, got, row.want)
		}
		p, got := NewIndex([]Pattern{read(t, row.pattern)}).Of(pkg(row.path))
		if got != row.want || got != None && p != read(t, row.pattern) {
			t.Errorf("an index of %s: %s is of %s, %q, want %q", row.pattern, row.path, p, got, row.want)
		}
	}
}

// TestTheMostSpecificPatternCounts is T83 where several patterns match.
func TestTheMostSpecificPatternCounts(t *testing.T) {
	for _, row := range []struct {
		name     string
		patterns []string
		path     string
		want     string
		how      Association
	}{
		{"strong beats weak where both are as long", []string{"/npm//AsyncStorage$", "/npm//asyncstorage$"}, "/npm//asyncstorage",
			"/npm//asyncstorage$", Strong},
		{"a weak match of a longer one beats a strong match", []string{"/npm//anycompany-spicy-client$", "/npm/*"},
			"/npm//AnyCompany-spicy-client", "/npm//anycompany-spicy-client$", Weak},
		{"the longest", []string{"/npm/*", "/npm/space/*"}, "/npm/space/amplify-ui-core", "/npm/space/*", Strong},
		{"a namespace rather than those that begin so", []string{"/npm/foo~", "/npm/foo/*"}, "/npm/foo/x", "/npm/foo/*", Strong},
		{"one package rather than those that begin so", []string{"/npm/s/foo~", "/npm/s/foo$"}, "/npm/s/foo", "/npm/s/foo$", Strong},
		{"one package, be it a variant, rather than those that begin so", []string{"/npm/s/foo~", "/npm/s/FOO$"}, "/npm/s/foo",
			"/npm/s/FOO$", Weak},
		{"of two weak ones always the same", []string{"/npm//foo_bar$", "/npm//foo.bar$"}, "/npm//foo-bar", "/npm//foo.bar$", Weak},
		{"what looks alike is as long", []string{"/npm/*", "/npm//modern$"}, "/npm//modem", "/npm//modern$", Weak},
		{"none but that of all packages", []string{"/*", "/pypi/*"}, "/npm//a", "/*", Strong},
	} {
		t.Run(row.name, func(t *testing.T) {
			var patterns []Pattern
			for _, text := range row.patterns {
				patterns = append(patterns, read(t, text))
			}
			for range patterns {
				patterns = append(patterns[1:], patterns[0]) // in every order
				if p, how := NewIndex(patterns).Of(pkg(row.path)); p.String() != row.want || how != row.how {
					t.Errorf("%s is of %s, %s, want %s, %s", row.path, p, how, row.want, row.how)
				}
			}
		})
	}
}

func TestParents(t *testing.T) {
	texts := []string{"/*", "/npm/*", "/npm//*", "/npm/space~", "/npm/space/*", "/npm/space/foo~", "/npm/space/foo$",
		"/npm/space/foo-*", "/npm/space/foo-bar$", "/npm/space-x/*", "/npm/Space/*", "/npm/spaces/*", "/maven/*",
		"/maven/com.acme~", "/maven/com.acme.*", "/maven/com.acme.web/*"}
	want := map[string]string{"/npm/*": "/*", "/npm//*": "/npm/*", "/npm/space~": "/npm/*", "/npm/space/*": "/npm/space~",
		"/npm/space/foo~": "/npm/space/*", "/npm/space/foo$": "/npm/space/foo~", "/npm/space/foo-*": "/npm/space/foo~",
		"/npm/space/foo-bar$": "/npm/space/foo-*", "/npm/space-x/*": "/npm/space~", "/npm/Space/*": "/npm/*",
		"/npm/spaces/*": "/npm/*", "/maven/*": "/*", "/maven/com.acme~": "/maven/*", "/maven/com.acme.*": "/maven/com.acme~",
		"/maven/com.acme.web/*": "/maven/com.acme.*"}
	var patterns []Pattern
	for _, text := range texts {
		patterns = append(patterns, read(t, text))
	}
	x := NewIndex(patterns)
	for _, p := range patterns {
		parent, ok := x.Parent(p)
		if got := parent.String(); ok != (want[p.String()] != "") || ok && got != want[p.String()] {
			t.Errorf("the parent of %s: got %s, %t, want %s", p, got, ok, want[p.String()])
		}
	}
}

func TestParse(t *testing.T) {
	for _, text := range []string{"/*", "/npm/*", "/npm//*", "/npm/a~", "/npm/a-*", "/npm/a/*", "/npm/a/b~", "/npm/a/b-*",
		"/npm/a/b$", "/npm//b-$", "/npm//~b$", "/npm//*$", "/pypi//*", "/pypi//a~", "/nuget//a.*", "/maven/*", "/maven/a~",
		"/maven/a/b$", "/generic/a/bc$", "/swift/a/*", "/ruby//a$", "/cargo//a~",
		"/npm//cafe\u0301~", "/npm//" + strings.Repeat("a", 255) + "$"} {
		if got := read(t, text).String(); got != text {
			t.Errorf("got %s of %s", got, text)
		}
	}
	for text, why := range map[string]string{
		"":                                   "2 to 520 characters",
		"/":                                  "2 to 520 characters",
		"/npm//" + strings.Repeat("a/", 300): "2 to 520 characters",
		"/npm//a b$":                         "white space",
		"/npm//a\x00$":                       "control character",
		"/npm//a\u200b$":                     "control character",
		"/npm//a#$":                          "#",
		"/npm//\xff$":                        "2 to 520 characters",
		"npm/*":                              "begins with /FORMAT/",
		"//*":                                "begins with /FORMAT/",
		"/n*":                                "begins with /FORMAT/",
		"/npm*":                              "begins with /FORMAT/",
		"/python/*":                          "begins with /FORMAT/",
		"/NPM/*":                             "begins with /FORMAT/",
		"/npm/a/b/*":                         "three slashes",
		"/npm//a":                            "ends in $",
		"/npm//a^":                           "ends in $",
		"/npm/~":                             "write *",
		"/npm/space/foo-~":                   "write *",
		"/npm/space/foo*":                    "write ~",
		"/npm/a$":                            "the whole name",
		"/npm//$":                            "the whole name",
		"/npm//..$":                          "the whole name",
		"/npm/../a$":                         "no package has such a namespace",
		"/npm//" + strings.Repeat("a", 256) + "$": "the whole name",
		"/nuget/acme/*":  "have no namespace",
		"/pypi/acme~":    "have no namespace",
		"/ruby/acme/*":   "have no namespace",
		"/cargo/acme~":   "have no namespace",
		"/maven//log4j$": "have a namespace",
		"/generic//*":    "have a namespace",
		"/swift//a~":     "have a namespace",
	} {
		_, err := Parse(text)
		if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40q: got %v, want that %s", text, err, why)
		}
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]artifact.PackageKey{"/*": {}, "/npm/*": {Format: "npm"}, "/npm/a~": {Format: "npm", Namespace: "a"},
		"/npm/a/*": {Format: "npm", Namespace: "a"}, "/npm//a-*": {Format: "npm", Name: "a-"}, "/npm/a/b$": pkg("/npm/a/b")} {
		p := read(t, text)
		if got := p.Names(); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
		if text != Root && p.Respelled(want) != text {
			t.Errorf("%s is written %s", text, p.Respelled(want))
		}
	}
	if got := read(t, "/nuget//Acme.*").Respelled(pkg("/nuget//acme.")); got != "/nuget//acme.*" {
		t.Errorf("got %s", got)
	}
}

// FuzzPattern reads patterns and holds them against packages: an index agrees with each pattern alone, what contains
// another matches what that matches, and variants of what is matched are matched.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][3]string{{"/*", "/npm/*", "react"}, {"/npm//foo~", "/npm//foo-*", "Foo_bar"},
		{"/npm//my-package$", "/npm//my-*", "my.package"}, {"/maven/com.acme~", "/maven/com.acme/a$", "a"},
		{"/npm//paypal$", "/npm//pay~", "p\u0430ypal"}, {"/npm//modern$", "/npm//rn-*", "modem"}, {"/npm//a\u0301~", "/npm//a~", "a\u0301b"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, first, second, name string) {
		p, err := Parse(first)
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("%q: %v", first, err)
			}
			return
		}
		if p.String() != first || utf8.RuneCountInString(first) > maxPattern {
			t.Fatalf("%q came back as %q", first, p)
		}
		q, err := Parse(second)
		if err != nil || p == q || !artifact.ValidCoordinate(name) {
			return
		}
		x := NewIndex([]Pattern{p, q})
		for _, key := range []artifact.PackageKey{{Format: "npm", Name: name}, {Format: "maven", Namespace: "com.acme", Name: name},
			{Format: "npm", Namespace: name, Name: name}, {Format: "npm", Name: strings.ToUpper(name)}} {
			best, how := x.Of(key)
			byP, byQ := p.Match(key), q.Match(key)
			switch {
			case how == None && (byP != None || byQ != None), how != None && best.Match(key) != how:
				t.Fatalf("%v: got %v, %q of %v %q and %v %q", key, best, how, p, byP, q, byQ)
			case p.Contains(q) && byQ == Strong && byP != Strong:
				t.Fatalf("%v contains %v and does not match %v", p, q, key)
			case p.Contains(q) && byQ != None && best != q:
				t.Fatalf("%v is of %v, though %v is within it", key, best, q)
			}
			if parent, ok := x.Parent(q); ok != p.Contains(q) || ok && parent != p {
				t.Fatalf("the parent of %v: got %v, %t", q, parent, ok)
			}
		}
	})
}

func BenchmarkOf(b *testing.B) {
	var patterns []Pattern
	for _, scope := range "abcdefghijklmnopqrstuvwxyz" {
		for _, name := range "abcdefghijklmnopqrstuvwxyz" {
			patterns = append(patterns, read(b, "/npm/"+string(scope)+"/"+string(name)+"~"))
		}
	}
	x, key := NewIndex(append(patterns, read(b, "/*"))), pkg("/npm/acme/some-package-with-a-usual-name")
	for b.Loop() {
		x.Of(key)
	}
}
