package clientconfig

import (
	"strings"
	"testing"
)

// TestSettingsAreWrittenWhereTheyBelong has a row for each shape of a file: what stands there, what shall, and what is
// then there. Every row is taken back, and must be what it was.
func TestSettingsAreWrittenWhereTheyBelong(t *testing.T) {
	index := KeyOf().Member("index", "name", "corp")
	server := KeyOf("settings", "servers").Member("server", "id", "corp")
	word := KeyOf("distutils", "index-servers").Entry("corp")
	host := KeyOf("unsafeHttpWhitelist").Entry("127.0.0.1")
	rows := []struct {
		name               string
		syntax             Syntax
		before, key, value string
		at                 Key
		want               string
	}{
		{name: "npmrc, empty", syntax: NPMRC, at: KeyOf("registry"), value: "http://a/", want: "registry=http://a/\n"},
		{name: "npmrc, without a line end", syntax: NPMRC, before: "a=b", at: KeyOf("registry"), value: "x", want: "a=b\nregistry=x"},
		{name: "npmrc, line ends of Windows", syntax: NPMRC, before: "a=b\r\n\r\n", at: KeyOf("registry"), value: "x",
			want: "a=b\r\nregistry=x\r\n\r\n"},
		{name: "npmrc, replaced", syntax: NPMRC, before: "; mine\n registry = old ; note\na=b\n", at: KeyOf("registry"), value: "x",
			want: "; mine\n registry=x ; note\na=b\n"},
		{name: "npmrc, behind a comment", syntax: NPMRC, before: "a=b # note\n", at: KeyOf("registry"), value: "x", want: "a=b # note\nregistry=x\n"},
		{name: "npmrc, quoted with what would begin a comment", syntax: NPMRC, before: "registry=\"a;b\"\n", at: KeyOf("registry"), value: "x", want: "registry=x\n"},
		{name: "npmrc, without a value", syntax: NPMRC, before: "registry=; note\n", at: KeyOf("registry"), value: "x", want: "registry=x; note\n"},
		{name: "npmrc, the last counts", syntax: NPMRC, before: "registry=1\nregistry=2\n", at: KeyOf("registry"), value: "x",
			want: "registry=1\nregistry=x\n"},
		{name: "npmrc, a quoted name", syntax: NPMRC, before: `"registry"="1"`, at: KeyOf("registry"), value: "x", want: "registry=x"},
		{name: "npmrc, before sections", syntax: NPMRC, before: "; c\n[s]\na=b\n", at: KeyOf("registry"), value: "x;#\\",
			want: "; c\nregistry=x\\;\\#\\\\\n[s]\na=b\n"},
		{name: "npmrc, only a section", syntax: NPMRC, before: "[s]\nregistry=b\n", at: KeyOf("registry"), value: "x",
			want: "registry=x\n[s]\nregistry=b\n"},

		{name: "ini, empty", syntax: INI, at: KeyOf("global", "index-url"), value: "x", want: "[global]\nindex-url = x\n"},
		{name: "ini, another section", syntax: INI, before: "[install]\na = b\n", at: KeyOf("global", "index-url"), value: "x",
			want: "[install]\na = b\n\n[global]\nindex-url = x\n"},
		{name: "ini, before the next section", syntax: INI, before: "[global]\n# c\na : b\n\n[z]\nindex-url=1\n",
			at: KeyOf("global", "index-url"), value: "x", want: "[global]\n# c\na : b\nindex-url = x\n\n[z]\nindex-url=1\n"},
		{name: "ini, after continued lines", syntax: INI, before: "[global]\na =\n  1\n  # c\n\n  [2]\n", at: KeyOf("global", "index-url"),
			value: "x", want: "[global]\na =\n  1\n  # c\n\n  [2]\nindex-url = x\n"},
		{name: "ini, continued lines are replaced", syntax: INI, before: "[global]\nIndex-URL =\n  1\n  2\n# c\n",
			at: KeyOf("global", "index-url"), value: "x", want: "[global]\nindex-url = x\n# c\n"},
		{name: "ini, a word in a new list", syntax: INI, at: word, want: "[distutils]\nindex-servers =\n    corp\n"},
		{name: "ini, a word in a list", syntax: INI, before: "[distutils]\nindex-servers = pypi\n", at: word,
			want: "[distutils]\nindex-servers = pypi\n    corp\n"},
		{name: "ini, a word that is there", syntax: INI, before: "[distutils]\nindex-servers = a corp\n  b\n", at: word,
			want: "[distutils]\nindex-servers = a corp\n  b\n"},

		{name: "properties, empty", syntax: Properties, at: KeyOf("user"), value: "x", want: "user=x\n"},
		{name: "properties, a colon", syntax: Properties, before: "! c\nuser : old \\\n  more\nb=1\n", at: KeyOf("user"), value: `a\b`,
			want: "! c\nuser=a\\\\b\nb=1\n"},
		{name: "properties, escapes in a name", syntax: Properties, before: `a\:b=1`, at: KeyOf("a:b"), value: "x", want: `a\:b=x`},

		{name: "toml, empty", syntax: TOML, at: KeyOf("native-tls"), value: "true", want: "native-tls = true\n"},
		{name: "toml, at the top", syntax: TOML, before: "# c\na = [\n 1, # ]\n] # d\n\n[t]\nnative-tls = 1\n", at: KeyOf("native-tls"),
			value: "true", want: "# c\na = [\n 1, # ]\n] # d\nnative-tls = true\n\n[t]\nnative-tls = 1\n"},
		{name: "toml, above the first table", syntax: TOML, before: "[t]\n", at: KeyOf("x"), value: "true", want: "x = true\n[t]\n"},
		{name: "toml, in a table", syntax: TOML, before: "[http-basic . \"corp\"] # c\nusername = 'a' # d\n[z]\n",
			at: KeyOf("http-basic", "corp", "username"), value: `"aws"`,
			want: "[http-basic . \"corp\"] # c\nusername = \"aws\" # d\n[z]\n"},
		{name: "toml, a new table", syntax: TOML, before: "a = 1", at: KeyOf("http-basic", "co.rp", "username"), value: `"aws"`,
			want: "a = 1\n\n[http-basic.\"co.rp\"]\nusername = \"aws\""},
		{name: "toml, a member", syntax: TOML, before: "a = '''\n[x]\n'''\n", at: index, value: "name = \"corp\"\nurl = \"x\"",
			want: "a = '''\n[x]\n'''\n\n[[index]]\nname = \"corp\"\nurl = \"x\"\n"},
		{name: "toml, a member that is there", syntax: TOML, before: "[[index]]\nname = 'b'\n[[index]]\n# c\nname = 'corp'\nx=1 # e\n[t]\n",
			at: index, value: "name = \"corp\"", want: "[[index]]\nname = 'b'\n[[index]]\nname = \"corp\" # e\n[t]\n"},

		{name: "yaml, empty", syntax: YAML, at: KeyOf("npmAlwaysAuth"), value: "true", want: "npmAlwaysAuth: true\n"},
		{name: "yaml, after others", syntax: YAML, before: "---\n# c\na: 1 # d\nb:\n- x\n- y\n\n", at: KeyOf("npmAlwaysAuth"), value: "true",
			want: "---\n# c\na: 1 # d\nb:\n- x\n- y\nnpmAlwaysAuth: true\n\n"},
		{name: "yaml, replaced", syntax: YAML, before: "npmAlwaysAuth: \"x\" # c\nb: 1\n", at: KeyOf("npmAlwaysAuth"), value: "true",
			want: "npmAlwaysAuth: true # c\nb: 1\n"},
		{name: "yaml, a key of Ruby's", syntax: YAML, before: ":a: 1\n:b:\n- 2\n", at: KeyOf(":b"), value: "\n- 3",
			want: ":a: 1\n:b:\n- 3\n"},
		{name: "yaml, nested", syntax: YAML, before: "npmScopes:\n    other:\n        x: 1\n# c\nb: |\n  # text\n",
			at: KeyOf("npmScopes", "acme", "npmAuthToken"), value: `"t"`,
			want: "npmScopes:\n    other:\n        x: 1\n    acme:\n      npmAuthToken: \"t\"\n# c\nb: |\n  # text\n"},
		{name: "yaml, in empty braces", syntax: YAML, before: "npmScopes: {} # c\n", at: KeyOf("npmScopes", "acme", "x"), value: "1",
			want: "npmScopes: # c\n  acme:\n    x: 1\n"},
		{name: "yaml, a new list", syntax: YAML, at: host, want: "unsafeHttpWhitelist:\n  - \"127.0.0.1\"\n"},
		{name: "yaml, a list", syntax: YAML, before: "unsafeHttpWhitelist:\n- a # c\nb: 1", at: host,
			want: "unsafeHttpWhitelist:\n- a # c\n- \"127.0.0.1\"\nb: 1"},
		{name: "yaml, a list in brackets", syntax: YAML, before: "unsafeHttpWhitelist: [\"a\", b] # c\n", at: host,
			want: "unsafeHttpWhitelist:\n  - \"a\"\n  - b # c\n  - \"127.0.0.1\"\n"},

		{name: "xml, empty", syntax: XML, at: server, value: "<id>corp</id>",
			want: "<settings>\n  <servers>\n    <server>\n      <id>corp</id>\n    </server>\n  </servers>\n</settings>\n"},
		{name: "xml, among others", syntax: XML, at: server, value: "<id>corp</id>\n<c>\n  <d/>\n</c>",
			before: "<?xml version=\"1.0\"?>\n<!-- c -->\n<settings xmlns=\"u\">\n\t<servers>\n\t\t<server><id>a</id></server> <!-- d -->\n\t</servers>\n</settings>",
			want: "<?xml version=\"1.0\"?>\n<!-- c -->\n<settings xmlns=\"u\">\n\t<servers>\n\t\t<server><id>a</id></server> <!-- d -->\n\t\t<server>\n" +
				"\t\t\t<id>corp</id>\n\t\t\t<c>\n\t\t\t\t<d/>\n\t\t\t</c>\n\t\t</server>\n\t</servers>\n</settings>"},
		{name: "xml, replaced", syntax: XML, at: server, value: "<id>corp</id>",
			before: "<settings><servers><server><x/><id> corp </id></server></servers></settings>",
			want:   "<settings><servers><server>\n  <id>corp</id>\n</server>\n</servers>\n</settings>"},
		{name: "xml, one tag", syntax: XML, at: server, value: "<id>corp</id>", before: "<settings>\n  <servers />\n</settings>\n",
			want: "<settings>\n  <servers>\n    <server>\n      <id>corp</id>\n    </server>\n  </servers>\n</settings>\n"},
		{name: "xml, a text", syntax: XML, at: KeyOf("settings", "activeProfiles").Member("activeProfile", "", "a&b"), before: "<settings/>",
			want: "<settings>\n  <activeProfiles>\n    <activeProfile>a&amp;b</activeProfile>\n  </activeProfiles>\n</settings>"},

		{name: "xml, attributes", syntax: XML, at: KeyOf("configuration", "packageSources").Member("add", "@key", "a&b"), value: `value="u"`,
			before: "\ufeff<?xml version=\"1.0\"?>\r\n<configuration>\r\n  <packageSources>\r\n    <add key=\"x\" value=\"y\" />\r\n  </packageSources>\r\n</configuration>",
			want: "\ufeff<?xml version=\"1.0\"?>\r\n<configuration>\r\n  <packageSources>\r\n    <add key=\"x\" value=\"y\" />\r\n" +
				"    <add key=\"a&amp;b\" value=\"u\" />\r\n  </packageSources>\r\n</configuration>"},
		{name: "xml, attributes replaced", syntax: XML, at: KeyOf("c", "s").Member("add", "@key", "k"), value: `value="u" more="v"`,
			before: "<c><s><add value='old' key='k'/></s></c>", want: `<c><s><add key="k" value="u" more="v" />` + "\n</s>\n</c>"},

		{name: "netrc, passwords that begin as comments do", syntax: Netrc, at: KeyOf("b"), value: "login aws password t",
			before: "machine a password #y machine b login\t# password #old # machine b\nmachine c password\n#z\n",
			want:   "machine a password #y machine b login aws password t # machine b\nmachine c password\n#z\n"},
		{name: "netrc, a password called as a macro is begun", syntax: Netrc, at: KeyOf("b"), value: "password t",
			before: "machine a password macdef\nmachine b password p\n", want: "machine a password macdef\nmachine b password t\n"},

		{name: "whole", syntax: Whole, before: "old", at: KeyOf("x")[:0], value: "new", want: "new"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			g := grammars[row.syntax]
			var r record
			got, err := r.put(g, row.before, "me", Setting{Key: row.at, Value: row.value})
			if err != nil {
				t.Fatal(err)
			}
			if got != row.want {
				t.Errorf("got\n%s\nwant\n%s", got, row.want)
			}
			back, left := r.takeBack(g, got, "me")
			if back = r.clearParents(g, back); back != row.before || left != nil {
				t.Errorf("taken back: got\n%s\nwant\n%s\n%v", back, row.before, left)
			}
		})
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	rows := []struct {
		name, text string
		syntax     Syntax
		key        Key
		want       string
	}{
		{"bytes", "a=\xff", NPMRC, KeyOf("x"), "not text in UTF-8"},
		{"a byte order mark", "\ufeffa=b", NPMRC, KeyOf("x"), "byte order mark"},
		{"a lone carriage return", "a=b\rc=d\n", NPMRC, KeyOf("x"), "carriage return"},
		{"an inline table", "a = {b = 1}\n", TOML, KeyOf("a", "c"), "in another way"},
		{"dotted keys", "a.b.c = 1\n", TOML, KeyOf("a", "b", "d"), "in another way"},
		{"a list in brackets", "index = [{name = 'x'}]\n", TOML, KeyOf().Member("index", "name", "y"), "not written as [[index]]"},
		{"TOML that ends early", "a = [1,\n", TOML, KeyOf("b"), "line 2"},
		{"two statements on a line", "a = 1 b = 2\n", TOML, KeyOf("c"), "line 1"},
		{"an anchor", "a: &x 1\n", YAML, KeyOf("b"), "anchors"},
		{"two documents", "a: 1\n---\nb: 1\n", YAML, KeyOf("b"), "line 2"},
		{"a flow mapping", "a: {b: 1}\n", YAML, KeyOf("a", "c"), "neither a block"},
		{"a scalar that shall be a mapping", "a: 1\n", YAML, KeyOf("a", "c"), "neither a block"},
		{"XML that does not end", "<settings>", XML, KeyOf("settings", "x"), "does not end"},
		{"XML with another root", "<project/>", XML, KeyOf("settings", "x"), "is project and not settings"},
		{"XML that is no UTF-8", `<?xml version="1.0" encoding="ISO-8859-1"?><settings/>`, XML, KeyOf("settings", "x"), "ISO-8859-1"},
		{"XML of texts", "<settings>x</settings>", XML, KeyOf("settings", "x"), "has a text"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, _, _, err := put(grammars[row.syntax], row.text, row.key, "1")
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.HasSuffix(err.Error(), "by hand") {
				t.Errorf("got %v, want a sentence with %q that says what to do", err, row.want)
			}
		})
	}
}

func TestValuesThatAFileCannotHoldAreRefused(t *testing.T) {
	for _, s := range []Setting{
		{Key: KeyOf("a"), Value: "x\ny", File: File{Syntax: NPMRC}},
		{Key: KeyOf("a=b"), Value: "x", File: File{Syntax: NPMRC}},
		{Key: KeyOf("s", "a:b"), Value: "x", File: File{Syntax: INI}},
		{Key: KeyOf("s", "a"), Value: "x\ny", File: File{Syntax: INI}},
		{Key: KeyOf("a"), Value: "é", File: File{Syntax: Properties}},
		{Key: KeyOf("a", "b"), Value: "x", File: File{Syntax: Properties}},
	} {
		if after, _, _, err := put(grammars[s.File.Syntax], "", s.Key, s.Value); err == nil {
			t.Errorf("%s, %s: got %q", s.File.Syntax, s.Key, after)
		}
	}
}
