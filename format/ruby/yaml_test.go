package ruby

import (
	"fmt"
	"strings"
	"testing"
)

// shown writes a value in one line: tags in front, texts in quotes unless they are plain.
func shown(n *yamlNode) string {
	if n == nil {
		return "nil"
	}
	text := ""
	if n.tag != "" {
		text = "!" + n.tag + " "
	}
	switch n.kind {
	case yamlScalar:
		if n.plain {
			return text + n.text
		}
		return text + fmt.Sprintf("%q", n.text)
	case yamlSequence:
		var all []string
		for _, item := range n.items {
			all = append(all, shown(item))
		}
		return text + "[" + strings.Join(all, ", ") + "]"
	}
	var all []string
	for i, key := range n.keys {
		all = append(all, key+": "+shown(n.items[i]))
	}
	return text + "{" + strings.Join(all, ", ") + "}"
}

func TestYAMLIsReadAsPsychWritesIt(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a mapping":                        {"---\na: 1\nb: two words\n", `{a: 1, b: two words}`},
		"without a mark":                   {"a: 1\n", `{a: 1}`},
		"comments and blank lines":         {"# one\n---\n\na: 1 # two\n# three\nb: '#4'\n\n", `{a: 1, b: "#4"}`},
		"the end of a document":            {"--- \na: 1\n...\n\n", `{a: 1}`},
		"nothing for values":               {"a:\nb:\nc: ~\n", `{a: "", b: "", c: ~}`},
		"a sequence below its key":         {"a:\n- 1\n- two\nb: 3\n", `{a: [1, two], b: 3}`},
		"an indented sequence":             {"a:\n  - 1\n  - two\nb: 3\n", `{a: [1, two], b: 3}`},
		"mappings in a sequence":           {"a:\n- b: 1\n  c: 2\n- b: 3\n", `{a: [{b: 1, c: 2}, {b: 3}]}`},
		"sequences in a sequence":          {"a:\n- - '>='\n  - 1\n- - x\n", `{a: [[">=", 1], [x]]}`},
		"an entry below its dash":          {"-\n  a: 1\n- 2\n", `[{a: 1}, 2]`},
		"empty entries":                    {"a:\n-\n-\nb: 1\n", `{a: ["", ""], b: 1}`},
		"a tagged entry and its neighbour": {"- !str\n- b\n", `[!str "", b]`},
		"tags": {"--- !ruby/object:Gem::Specification\nv: !ruby/object:Gem::Version\n  version: 1.10\n",
			`!ruby/object:Gem::Specification {v: !ruby/object:Gem::Version {version: 1.10}}`},
		"tags with a space behind them": {"--- !ruby/object:Gem::Specification \nv: !ruby/object:Gem::Version \n  version: 1\n",
			`!ruby/object:Gem::Specification {v: !ruby/object:Gem::Version {version: 1}}`},
		"a binary text":                   {"- !binary |-\n  w4dhxJ9s\n  YQ==\n- !!binary QWRh\n- [!binary 'QWRh']\n", `[!binary "Çağla", !!binary "Ada", [!binary "Ada"]]`},
		"a tag that says nothing":         {"- ! '>='\n", `[">="]`},
		"anchors and aliases":             {"a: &1\n  b: 1\nc: *1\nd: &2 x\ne: *2\n", `{a: {b: 1}, c: {b: 1}, d: x, e: x}`},
		"an anchor before a tag":          {"a: &1 !ruby/object:Gem::Version\n  version: 1\nb: *1\n", `{a: !ruby/object:Gem::Version {version: 1}, b: !ruby/object:Gem::Version {version: 1}}`},
		"a literal block":                 {"a: |\n  one\n   two\n\n  three\nb: 1\n", `{a: "one\n two\n\nthree\n", b: 1}`},
		"a stripped block":                {"a: |-\n  one\n  two\n\nb: 1\n", `{a: "one\ntwo", b: 1}`},
		"a kept block":                    {"a: |+\n  one\n\n\nb: 1\n", `{a: "one\n\n\n", b: 1}`},
		"a block with its indentation":    {"a: |2\n    one\n  two\nb: 1\n", `{a: "  one\ntwo\n", b: 1}`},
		"a folded block":                  {"a: >\n  one\n  two\n\n  three\n    four\n  five\nb: 1\n", `{a: "one two\nthree\n  four\nfive\n", b: 1}`},
		"a block in a sequence":           {"a:\n- |\n  one\n  two\n- b\n", `{a: ["one\ntwo\n", b]}`},
		"a block at the end":              {"a: |\n  one", `{a: "one\n"}`},
		"an empty block":                  {"a: |\nb: 1\n", `{a: "", b: 1}`},
		"plain over lines":                {"a: one\n  two\n\n  three\nb: 1\n", `{a: one two` + "\n" + `three, b: 1}`},
		"plain with marks inside":         {"a: http://a.example.test/#b\nb: x:y\nc: a'b\"c\n", `{a: http://a.example.test/#b, b: x:y, c: a'b"c}`},
		"single quotes":                   {"a: 'it''s \\n'\nb: 'one\n  two'\n", `{a: "it's \\n", b: "one two"}`},
		"double quotes":                   {`a: "a\tb\n\"\\\x41\u00e9\U0001F600"` + "\n", `{a: "a\tb\n\"\\Aé😀"}`},
		"double quotes over lines":        {"a: \"one \n  two\n\n  three \\\n  four\\\n  \\ five\"\nb: 1\n", `{a: "one two\nthree four five", b: 1}`},
		"quoted keys":                     {"\"a\": 1\n'b c': 2\n", `{a: 1, b c: 2}`},
		"a quoted text that has a key":    {"- \"a: b\"\n- 'c: d'\n", `["a: b", "c: d"]`},
		"flow sequences":                  {"a: []\nb: [1, 'two, three', [x]]\n", `{a: [], b: [1, "two, three", [x]]}`},
		"flow mappings":                   {"a: {}\nb: {c: 1, \"d\": [2]}\n", `{a: {}, b: {c: 1, d: [2]}}`},
		"symbols":                         {"a: :runtime\n", `{a: :runtime}`},
		"a time":                          {"a: 2026-03-01 00:00:00.000000000 Z\n", `{a: 2026-03-01 00:00:00.000000000 Z}`},
		"ends of lines of another system": {"a: 1\r\nb:\r\n- 2\r\n", `{a: 1, b: [2]}`},
		"a scalar alone":                  {"--- one\n", `one`},
		"nothing":                         {"", `""`},
		"a key with an empty line after":  {"a: 1\n\n\nb: 2\n", `{a: 1, b: 2}`},
	} {
		n, err := parseYAML([]byte(c.text))
		if err != nil || shown(n) != c.want {
			t.Errorf("%s: got %s, %v, want %s", name, shown(n), err, c.want)
		}
	}
}

func TestYAMLBeyondTheSubsetIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"two documents":                  "a: 1\n--- \nb: 2\n",
		"something behind the end":       "a: 1\n...\nb: 2\n",
		"a class that no gem needs":      "--- !ruby/object:Gem::Installer\na: 1\n",
		"a hash of a class":              "a: !ruby/hash:Hash\n  b: 1\n",
		"an object of the core":          "a: !ruby/object:OpenStruct {}\n",
		"a regular expression":           "a: !ruby/regexp /a/\n",
		"a key twice":                    "a: 1\na: 2\n",
		"a key twice in braces":          "a: {b: 1, b: 2}\n",
		"a merge":                        "a: &1\n  b: 1\nc:\n  <<: *1\n",
		"a key of several lines":         "? a\n: b\n",
		"an alias to nothing":            "a: *1\n",
		"an alias to what it stands in":  "a: &1\n  b: *1\n",
		"a binary text that is none":     "a: !binary x y\n",
		"a kind of an alias":             "a: &1 QWRh\nb: !binary *1\n",
		"something behind an alias":      "a: &1 x\nb: *1 y\n",
		"tabs":                           "a:\n\tb: 1\n",
		"less indentation in a mapping":  "  a: 1\n b: 2\n",
		"more indentation in a mapping":  "a: 1\n  b: 2\n",
		"quotes without an end":          "a: 'one\n",
		"double quotes without an end":   "a: \"one\\\n",
		"something behind quotes":        "a: 'one' two\n",
		"an unknown escape":              "a: \"\\q\"\n",
		"an escape that is no character": "a: \"\\ud800\"\n",
		"half an escape":                 "a: \"\\u00\"\n",
		"brackets without an end":        "a: [1, 2\nb: 3\n",
		"brackets over lines":            "a: [1,\n  2]\n",
		"a directive":                    "%TAG ! tag:example.test,2000:\n---\na: 1\n",
		"a header that is not known":     "a: |x\n  one\n",
		"no UTF-8":                       "a: \xff\n",
		"too deep":                       strings.Repeat("- ", maxYAMLDepth+1) + "a\n",
		"too deep in brackets":           "a: " + strings.Repeat("[", maxYAMLDepth+1) + "\n",
		"too much":                       strings.Repeat("- a\n", maxYAMLNodes),
		"too large":                      "a: " + strings.Repeat("x", maxYAML),
	} {
		if n, err := parseYAML([]byte(text)); err == nil {
			t.Errorf("%s: got %.200s", name, shown(n))
		}
	}
}
