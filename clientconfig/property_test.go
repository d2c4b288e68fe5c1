package clientconfig

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	tomllib "github.com/BurntSushi/toml"
	yamllib "github.com/goccy/go-yaml"
)

// wishes are what two owners want of a file of each syntax: some of it the same, some of it in the same list.
var wishes = map[Syntax][2][]Setting{
	NPMRC: {
		{{Key: KeyOf("registry"), Value: "http://a/"}, {Key: KeyOf("//a/:_authToken"), Value: "t"}},
		{{Key: KeyOf("cafile"), Value: "/a b;c"}, {Key: KeyOf("registry"), Value: "http://b/"}},
	},
	INI: {
		{{Key: KeyOf("global", "index-url"), Value: "http://a/"}, {Key: KeyOf("distutils", "index-servers").Entry("a"), Value: ""}},
		{{Key: KeyOf("global", "cert"), Value: "/c"}, {Key: KeyOf("distutils", "index-servers").Entry("b"), Value: ""}},
	},
	Properties: {
		{{Key: KeyOf("host"), Value: "a"}, {Key: KeyOf("user"), Value: `a\b`}},
		{{Key: KeyOf("realm"), Value: "a b"}, {Key: KeyOf("user"), Value: "c"}},
	},
	TOML: {
		{{Key: KeyOf("k"), Value: "1"}, {Key: KeyOf("a", "b", "c"), Value: `"x"`},
			{Key: KeyOf("t").Member("index", "name", "a"), Value: "name = \"a\"\nurl = \"u\""}},
		{{Key: KeyOf("l"), Value: "[1, 2]"}, {Key: KeyOf("a", "b", "d"), Value: "true"},
			{Key: KeyOf("t").Member("index", "name", "b"), Value: "name = \"b\""}, {Key: KeyOf("k"), Value: "2"}},
	},
	YAML: {
		{{Key: KeyOf("k"), Value: "1"}, {Key: KeyOf("a", "b", "c"), Value: `"x"`}, {Key: KeyOf("l").Entry("a")}},
		{{Key: KeyOf("m"), Value: "true"}, {Key: KeyOf("a", "b", "d"), Value: "2"}, {Key: KeyOf("l").Entry("b")}, {Key: KeyOf("k"), Value: "2"}},
	},
	XML: {
		{{Key: KeyOf("s", "servers").Member("server", "id", "a"), Value: "<id>a</id>\n<p>\n  <q>1</q>\n</p>"}, {Key: KeyOf("s", "x"), Value: "1"},
			{Key: KeyOf("s", "sources").Member("add", "@key", "a"), Value: `value="u"`}},
		{{Key: KeyOf("s", "sources").Member("add", "@key", "b"), Value: `value="v"`}, {Key: KeyOf("s", "servers").Member("server", "id", "b"), Value: "<id>b</id>"}, {Key: KeyOf("s", "x"), Value: "2"},
			{Key: KeyOf("s", "on").Member("p", "", "y")}},
	},
	JSON: {
		{{Key: KeyOf("version"), Value: "1"}, {Key: KeyOf("a", "b:1", "c"), Value: `"x"`}, {Key: KeyOf("a", "d"), Value: "[1]"}},
		{{Key: KeyOf("a", "b:1", "e"), Value: `"y"`}, {Key: KeyOf("version"), Value: "2"}, {Key: KeyOf("z", "y"), Value: "{}"}},
	},
	Netrc: {
		{{Key: KeyOf("a.example.test"), Value: "login token password t"}, {Key: KeyOf("b"), Value: "login x"}},
		{{Key: KeyOf("c"), Value: "password y"}, {Key: KeyOf("a.example.test"), Value: "login aws password u"}},
	},
	Whole: {{{Value: "a"}}, {{Value: "b"}}},
}

// inOrder has two owners change a text, the second perhaps before the first and each perhaps twice, and take it back in any
// order, and compares what is left. The bits of how are these choices.
func inOrder(t *testing.T, syntax Syntax, text string, how uint8) (both string, changed bool) {
	t.Helper()
	g := grammars[syntax]
	var r record
	now := text
	turn := func(owner int) bool {
		now, _ = r.takeBack(g, now, fmt.Sprint(owner))
		now = r.clearParents(g, now)
		for _, s := range wishes[syntax][owner] {
			next, err := r.put(g, now, fmt.Sprint(owner), s)
			if err != nil {
				return false // a plan is not made
			}
			found, ok, err := g.find(next, s.Key)
			if err != nil || !ok {
				t.Fatalf("%s is not found in\n%s", s.Key, next)
			}
			if s.Value != "" && !strings.Contains(syntaxFree(next[found.start:found.end]), syntaxFree(s.Value)) {
				t.Fatalf("%s stands there as %q, want %q", s.Key, next[found.start:found.end], s.Value)
			}
			now = next
		}
		return true
	}
	first := int(how & 1)
	for _, owner := range []int{first, 1 - first, int(how >> 1 & 1)} {
		if !turn(owner) {
			return "", false
		}
	}
	both = now
	for _, owner := range []int{int(how >> 2 & 1), int(^how >> 2 & 1)} {
		var left []string
		now, left = r.takeBack(g, now, fmt.Sprint(owner))
		if left != nil {
			t.Fatalf("left alone: %q\nin\n%s", left, both)
		}
		now = r.clearParents(g, now)
	}
	if now != text || len(r.Settings) > 0 || len(r.Parents) > 0 {
		t.Fatalf("got\n%q, want\n%q, with both it was\n%q\n%+v", now, text, both, r)
	}
	return both, true
}

// syntaxFree is a value without what a syntax adds to it.
func syntaxFree(text string) string {
	return strings.NewReplacer(`\`, "", " ", "", "\n", "", "\r", "", "\t", "").Replace(text)
}

// seeds are texts of all syntaxes: whatever they are in one, they are something odd in another.
var seeds = []string{"", "\n", "a", "a=1", "# c\n", "a=1\r\n; c\r\n", "registry=x\nregistry=y\n\n[s]\nk=1\n", "[global]", "[global]\n\n[z]\na=1", "[global]\n [s]a", "[l]", "[l.x]",
	"[global]\nindex-url=1\n  2\n\n  3\n# c\n[distutils]\nindex-servers=\n  a\n", "[distutils]\nindex-servers = x", "user=\\\n a\nhost : x",
	"k = 3 # c\n[a.b]\n\n[c]\n[[t.index]]\nname='a'\nx=1\n[t.index.y]\nz=1", "a = { b = 1 }", "x = '''\n[a.b]\n'''\n[a]\n", "a.b.c = 1\n",
	"[[t.index]]\nname = \"b\"\n\n[[t.index]]\nname = \"a\"\n# c", "[t]\nindex = []\n", "[t.index.y]\n", "[[t]]\nx=1\n", "t = 1\n", "t.index.y = 1\n", "[[t.index.y]]\n[[t.index]]\n", "d = 1979-05-27 07:32:00Z\n[a.\"b\"]\n",
	"k: 2 # c\nl: [x, 'y'] # d\n", "a:\n  b:\n    z: 1\n\n  y: 2\n", "a: {}\nl: []\n", "l:\n- x\n- \"y # z\" # c\nz: |\n  a\n\n", "---\na:\n", "a: # c\n", "k: 'a\n  b'\n", "0: |a", "z: >-2 # c\n    x\n",
	"a: x\n  y\n", "a:\n    b: # c\n      - 1\n",
	"<s/>", "<s></s>\n", "<s>\n\t<servers/>\n\t<x>2</x>\n</s>", "<?xml version='1.0'?><s a='/>'><servers><server><id>a</id></server></servers><!-- x --></s><!-- y -->\n",
	"{}", "{ }\n", " {\n}\n", "{\"a\":{}}", "{\"a\" : {\"b:1\":{\"q\":1}},\"version\":3}\n", "{\r\n\t\"z\": {\r\n\t\t\"k\": [1, {\"a\": 2}]\r\n\t}\r\n}\r\n",
	"{\"a\": 1}", "{\"a\":{\"d\":[]},\"a\":{}}", "[]", "{} {}", "{\"version\": \"a,b\" , \"z\":{\"y\":{},\"x\":1}}",
	"machine a.example.test login x password y\n", "machine z\n  login q\n\tpassword p # c\ndefault login d password e\n", "default login x",
	"macdef init\nmachine a.example.test\n\nmachine b login c", "machine a.example.test login 1\r\nmachine a.example.test password 2", "x default\n",
	"machine a.example.test password #x\nmachine b password\n#y # c\n", "machine # login #\n#\ndefault password #",
	"<s>\r\n  <on>\r\n    <p>z</p>\r\n  </on>\r\n</s>\r\n", "<s><servers>  </servers><x><![CDATA[1]]></x></s>", "<!-- c -->\n",
}

func FuzzChangesAreTakenBack(f *testing.F) {
	for i, text := range seeds {
		for how := range uint8(8) {
			f.Add(text, how+uint8(i)*8)
		}
	}
	f.Fuzz(func(t *testing.T, text string, how uint8) {
		for syntax := range wishes {
			both, ok := inOrder(t, syntax, text, how)
			if !ok {
				continue
			}
			if reads := libraries[syntax]; reads != nil && reads(text) == nil {
				if err := reads(both); err != nil {
					t.Fatalf("%s: a library reads\n%s\nbut not, for %v,\n%s", syntax, text, err, both)
				}
			}
		}
	})
}

// libraries read a syntax whole: what one reads before a change it has to read after.
var libraries = map[Syntax]func(string) error{
	TOML: func(text string) error {
		var any map[string]any
		_, err := tomllib.Decode(text, &any)
		return err
	},
	YAML: func(text string) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%v", p)
			}
		}()
		var any map[string]any
		return yamllib.NewDecoder(bytes.NewReader([]byte(text))).Decode(&any)
	},
}
