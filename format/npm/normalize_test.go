package npm

import (
	"encoding/json"
	"testing"

	"entrepot/format/jsonscan"
)

func TestMembersAreMendedAsNpmMendsThem(t *testing.T) {
	for _, row := range []struct{ name, said, want string }{
		{"what is right stays", `{"dependencies":{"a":"1"},"author":{"name":"Ada"},"keywords":["k"],"license":"MIT","x":[1]}`,
			`{"dependencies":{"a":"1"},"author":{"name":"Ada"},"keywords":["k"],"license":"MIT","x":[1]}`},

		{"dependencies as a list", `{"dependencies":["a","b@1.x","@c/d@^2","e >=3 <4","@f/g",5]}`,
			`{"dependencies":{"a":"","b":"1.x","@c/d":"^2","e":">=3 <4","@f/g":""}}`},
		{"dependencies as an empty list", `{"dependencies":[]}`, `{"dependencies":{}}`},
		{"dependencies as a text", `{"devDependencies":"a, b@2\nc"}`, `{"devDependencies":{"a":"","b":"2","c":""}}`},
		{"dependencies of no kind", `{"dependencies":null,"devDependencies":false,"optionalDependencies":7}`, `{}`},
		{"a range that is none", `{"dependencies":{"a":"1","b":{"version":"2"},"c":3,"d":null}}`, `{"dependencies":{"a":"1"}}`},
		{"a dependency in two groups", `{"dependencies":{"a":"1"},"optionalDependencies":{"a":"1"}}`,
			`{"dependencies":{"a":"1"},"optionalDependencies":{"a":"1"}}`},
		{"peers as a list", `{"peerDependencies":["a"],"peerDependenciesMeta":[]}`, `{}`},
		{"a peer that is no text", `{"peerDependencies":{"a":1,"b":"2"}}`, `{"peerDependencies":{"b":"2"}}`},

		{"everything bundled", `{"dependencies":{"a":"1","b":"2"},"bundledDependencies":true}`,
			`{"dependencies":{"a":"1","b":"2"},"bundleDependencies":["a","b"]}`},
		{"everything bundled of nothing", `{"bundleDependencies":true}`, `{"bundleDependencies":[]}`},
		{"nothing bundled", `{"bundleDependencies":false}`, `{}`},
		{"bundled as an object", `{"bundleDependencies":{"a":"1"}}`, `{"bundleDependencies":["a"]}`},
		{"bundled with odd names", `{"bundledDependencies":["a",5,""]}`, `{"bundleDependencies":["a"]}`},
		{"bundled twice", `{"bundledDependencies":["a"],"bundleDependencies":["b"]}`, `{"bundleDependencies":["b"]}`},

		{"scripts with what is none", `{"scripts":{"test":"x","install":["a"],"build":null}}`, `{"scripts":{"test":"x"}}`},
		{"scripts of no kind", `{"scripts":"make"}`, `{}`},
		{"engines as a list", `{"engines":["node >= 0.4",5]}`, `{"engines":["node >= 0.4"]}`},
		{"engines as a text", `{"engines":"node"}`, `{}`},
		{"engines with numbers", `{"engines":{"node":6,"npm":"3"}}`, `{"engines":{"npm":"3"}}`},
		{"platforms", `{"os":"linux","cpu":["x64",1],"libc":{"a":1}}`, `{"os":["linux"],"cpu":["x64"]}`},
		{"flags", `{"hasInstallScript":"true","_hasShrinkwrap":1,"gypfile":"yes"}`, `{}`},
		{"deprecated by a flag", `{"deprecated":true}`, `{"deprecated":"this version is deprecated"}`},
		{"not deprecated by a flag", `{"deprecated":false}`, `{}`},
		{"not deprecated by a text", `{"deprecated":""}`, `{}`},
		{"deprecated by something", `{"deprecated":{"why":"x"}}`, `{}`},
		{"directories", `{"directories":"lib","main":["x"],"type":null}`, `{}`},

		{"people as texts", `{"author":"Ada Lovelace <ada@example.test> (https://a.example.test)","maintainers":["bob","(x) <b@c>"]}`,
			`{"author":{"name":"Ada Lovelace","email":"ada@example.test","url":"https://a.example.test"},` +
				`"maintainers":[{"name":"bob"},{"email":"b@c","url":"x"}]}`},
		{"one person for a list", `{"maintainers":{"name":"bob"},"contributors":"eve"}`,
			`{"maintainers":[{"name":"bob"}],"contributors":[{"name":"eve"}]}`},
		{"people with odd parts", `{"author":{"name":"Ada","email":null},"contributors":[{"name":5},null,{"name":"x"}]}`,
			`{"author":{"name":"Ada"},"contributors":[{"name":"x"}]}`},
		{"nobody", `{"author":"","maintainers":null,"_npmUser":false}`, `{}`},
		{"keywords as a text", `{"keywords":"one, two,three four,"}`, `{"keywords":["one","two","three four"]}`},
		{"keywords with odd ones", `{"keywords":["one",2,null]}`, `{"keywords":["one"]}`},
		{"keywords of no kind", `{"keywords":{"a":1}}`, `{}`},
		{"license as an object", `{"license":{"type":"MIT","url":"u"}}`, `{"license":{"type":"MIT","url":"u"}}`},
		{"license as a list", `{"license":["MIT",{"type":"BSD"},3]}`, `{"licenses":["MIT",{"type":"BSD"}]}`},
		{"licenses as a text", `{"licenses":"MIT"}`, `{"licenses":["MIT"]}`},
		{"licenses as an object", `{"licenses":{"type":"MIT"},"license":false}`, `{"licenses":[{"type":"MIT"}]}`},
		{"bugs as an address", `{"bugs":"https://b.example.test/1"}`, `{"bugs":{"url":"https://b.example.test/1"}}`},
		{"bugs as mail", `{"bugs":"b@example.test"}`, `{"bugs":{"email":"b@example.test"}}`},
		{"bugs by another name", `{"bugs":{"web":"https://b.example.test","email":"none"}}`,
			`{"bugs":{"url":"https://b.example.test"}}`},
		{"bugs of no kind", `{"bugs":"no"}`, `{}`},
		{"repository as a text", `{"repository":"acme/bar"}`, `{"repository":{"type":"git","url":"acme/bar"}}`},
		{"repositories", `{"repository":[{"type":"git","url":"u"},{"url":"v"}]}`, `{"repository":{"type":"git","url":"u"}}`},
		{"repository with an odd address", `{"repository":{"type":"git","url":{"x":1}}}`, `{"repository":{"type":"git"}}`},
		{"texts that are none", `{"description":["a"],"homepage":{},"readmeFilename":false}`, `{}`},
		{"funding", `{"funding":5}`, `{}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := jsonscan.SplitMended([]byte(row.said))
			if err == nil {
				all, err = normalize(all)
			}
			if got := string(all.Append(nil)); got != row.want || err != nil {
				t.Errorf("got %s, %v\nwant %s", got, err, row.want)
			}
		})
	}
}

func TestBinBecomesFilesByCommand(t *testing.T) {
	for _, row := range [][2]string{
		{`"cli.js"`, `{"bar":"cli.js"}`},
		{`"./bin/cli.js"`, `{"bar":"bin/cli.js"}`},
		{`["./bin/a.js","b"]`, `{"a.js":"bin/a.js","b":"b"}`},
		{`{"a":"./x","b":5,"c":null,"d":""}`, `{"a":"x"}`},
		{`{"../../up":"../../etc/passwd","win\\dir\\w":"c:\\x\\y"}`, `{"up":"etc/passwd","w":"c/x/y"}`},
		{`{"a":"one","x/a":"two"}`, `{"a":"two"}`},
		{`null`, ``}, {`false`, ``}, {`[]`, ``}, {`{}`, ``}, {`""`, ``}, {`"/"`, ``}, {`{"":"x"}`, ``}, {`{"..":"x"}`, ``},
	} {
		if got, err := binOf([]byte(row[0]), "bar"); string(got) != row[1] || err != nil {
			t.Errorf("%s: got %s, %v, want %s", row[0], got, err, row[1])
		}
	}
}

// Whatever a manifest holds, mending it gives JSON that mending leaves as it is.
func FuzzNormalize(f *testing.F) {
	f.Add([]byte(`{"dependencies":["a@1",5],"bin":{"a":"../x"},"author":"A <b> (c)","bundledDependencies":true,"keywords":"a,b"}`))
	f.Add([]byte(`{"scripts":{"install":"x","install":["y"]},"license":["MIT"],"repository":[{"url":1}],"engines":[1]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		once, err := jsonscan.SplitMended(document)
		if err != nil {
			return
		}
		if once, err = normalizeListed(once, "bar"); err != nil {
			return
		}
		text := once.Append(nil)
		if !json.Valid(text) {
			t.Fatalf("%s is mended to %s", document, text)
		}
		again, err := jsonscan.Split(text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err = normalizeListed(again, "bar"); err != nil || string(again.Append(nil)) != string(text) {
			t.Fatalf("%s is mended to %s and %s, %v", document, text, again.Append(nil), err)
		}
	})
}
