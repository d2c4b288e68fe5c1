package lockfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// written is what was read, a line each: KEY REGISTRY FILE=ALGORITHM:HEX…, of digests the first eight letters.
func written(c Contents) []string {
	var lines []string
	for _, p := range c.Pins {
		line := p.String()
		if p.Registry != "" {
			line += " " + p.Registry
		}
		for _, f := range p.Files {
			line += " " + f.Name
			if f.Optional {
				line += "?"
			}
			for _, s := range f.Sums {
				line += "=" + s.Algorithm + ":" + s.Hex[:8]
			}
		}
		lines = append(lines, line)
	}
	for _, s := range c.Skipped {
		lines = append(lines, "- "+s.What+": "+s.Why)
	}
	return lines
}

const testRegistry = "https://registry.example.test/"

// TestLockfilesOfTheClientsThemselvesAreRead reads what each client has written about the same few packages.
func TestLockfilesOfTheClientsThemselvesAreRead(t *testing.T) {
	npm := func(registry, sums string) []string {
		if sums == "" {
			sums = " =SHA-512:9c6f7a1b,=SHA-512:5c8e4c3f,=SHA-512:e85973b9,=SHA-512:39069da4"
		}
		each := strings.Split(sums, ",")
		at := func(i int) string { return strings.TrimRight(registry+" "+strings.TrimSpace(each[i]), "") }
		return []string{"npm/types/ms@0.7.34" + at(0), "npm//left-pad@1.3.0" + at(1), "npm//ms@2.1.3" + at(2), "npm//left-pad@1.2.0" + at(3)}
	}
	python := func(registry string, names ...string) []string {
		return []string{
			"pypi//idna@3.7" + registry + " " + names[0] + "=SHA-256:82fee1fc " + names[1] + "=SHA-256:028ff3aa",
			"pypi//six@1.16.0" + registry + " " + names[2] + "=SHA-256:8abb2f1d " + names[3] + "=SHA-256:1e61c374",
		}
	}
	files := []string{"idna-3.7-py3-none-any.whl", "idna-3.7.tar.gz", "six-1.16.0-py2.py3-none-any.whl", "six-1.16.0.tar.gz"}
	for file, want := range map[string][]string{
		"npm/package-lock.json":     npm("", ""),
		"npm-6/package-lock.json":   npm(" "+testRegistry, ""),
		"npm-8/npm-shrinkwrap.json": npm("", ""),
		"yarn-classic/yarn.lock":    npm(" "+testRegistry, ""),
		"pnpm/pnpm-lock.yaml":       npm("", ""),
		"yarn-berry/yarn.lock":      append([]string{"npm/types/ms@0.7.34", "npm//left-pad@1.3.0", "npm//ms@2.1.3", "npm//left-pad@1.2.0"}, "- app@workspace:.: it is a part of the project"),
		"bun/bun.lock":              npm("", ""),
		"uv/uv.lock":                append(python(" "+testRegistry+"simple", files...), "- app: it is a part of the project"),
		"uv/requirements.txt":       python("", "", "", "", ""),
		"pdm/pdm.lock":              python("", files...),
		"poetry/poetry.lock": {"pypi//left@1.1 " + testRegistry + "pypi/my-repo/simple left-1.1-py3-none-any.whl=SHA-256:779306df",
			"pypi//right@1.0 " + testRegistry + "pypi/my-repo/simple right-1.0-py3-none-any.whl=SHA-256:2b806a8b"},
		"pipenv/Pipfile.lock":        python(" "+testRegistry+"simple", "", "", "", "")[1:],
		"cargo/Cargo.lock":           {"cargo//itoa@1.0.11 " + testRegistry + "index =SHA-256:49f1f148", "- app 0.1.0: it is a part of the project"},
		"maven/dependencies.txt":     {"maven/commons-io/commons-io@2.11.0 commons-io-2.11.0.pom commons-io-2.11.0.jar"},
		"gradle/gradle.lockfile":     {"maven/commons-io/commons-io@2.11.0 commons-io-2.11.0.pom commons-io-2.11.0.module? commons-io-2.11.0.jar?"},
		"bundler-2.3/Gemfile.lock":   {"ruby//gear@1.0 " + testRegistry + "ruby/alone/ gear-1.0-java.gem gear-1.0-x86_64-linux.gem"},
		"bundler-2.6/Gemfile.lock":   {"ruby//deep@2.0 " + testRegistry + "ruby/my-repo/ deep-2.0.gem", "ruby//left@1.1 " + testRegistry + "ruby/my-repo/ left-1.1.gem"},
		"dotnet/packages.lock.json":  {"nuget//Acme.Core@1.0.0", "nuget//Deprecated@1.0.0", "nuget//Left@1.1.0"},
		"swiftpm/Package.resolved":   {"swift/ACME/geometry@1.0.0"},
		"swiftpm-5/Package.resolved": {"- Deep: it comes from a source repository"},
	} {
		t.Run(file, func(t *testing.T) {
			content, err := os.Open(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			defer content.Close()
			found, err := Read(filepath.Base(file), content)
			if err != nil {
				t.Fatal(err)
			}
			got := written(found)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, normal(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// normal has the files of each line in one order: lockfiles have them in their own.
func normal(lines []string) []string {
	for i, line := range lines {
		words := strings.Split(line, " ")
		if len(words) == 4 && strings.HasPrefix(words[0], "pypi") || len(words) == 3 && strings.HasPrefix(words[0], "pypi") {
			tail := words[len(words)-2:]
			if strings.Contains(tail[1], "82fee1fc") || strings.Contains(tail[1], "8abb2f1d") {
				tail[0], tail[1] = tail[1], tail[0]
			}
			lines[i] = strings.Join(words, " ")
		}
	}
	return lines
}

// TestEntriesAreRead has the shapes that the clients' own files above do not have.
func TestEntriesAreRead(t *testing.T) {
	for name, row := range map[string]struct {
		file, text string
		want       []string
	}{
		"npm: git, files, links, bundles and addresses": {"package-lock.json", `{"lockfileVersion":3,"packages":{"":{},
			"node_modules/a":{"version":"1.0.0","resolved":"git+ssh://git@example.test/a.git#0123"},
			"node_modules/b":{"version":"1.0.0","resolved":"file:../b.tgz"},
			"node_modules/c":{"resolved":"packages/c","link":true},
			"packages/c":{"version":"1.0.0"},
			"node_modules/d":{"version":"1.0.0","resolved":"https://example.test/archive/d.tar.gz"},
			"node_modules/e/node_modules/f":{"version":"1.0.0","inBundle":true},
			"node_modules/e/node_modules/@s/g":{"version":"1.0.0+b","resolved":"https://h.example.test/below/npm/@s/g/-/g-1.0.0.tgz","integrity":"sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha999-AAAA"}}}`,
			[]string{"npm/s/g@1.0.0+b https://h.example.test/below/npm/ =SHA-1:da39a3ee", "- a@1.0.0: it comes from a source repository",
				"- b@1.0.0: it comes from a folder or a file", "- d@1.0.0: it comes from an address that is none of a registry",
				"- node_modules/c: it is a part of the project", "- node_modules/e/node_modules/f: it comes in the package that bundles it",
				"- packages/c: it is a part of the project"}},
		"npm 6: what lies inside, and git in a version's place": {"npm-shrinkwrap.json", `{"lockfileVersion":1,"dependencies":{
			"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"},"c":{"version":"1.0.0","bundled":true}}},
			"d":{"version":"git+https://example.test/d.git#01"},"e":{"version":"github:x/e#01"},"f":{"version":"file:f"}}}`,
			[]string{"npm//a@1.0.0", "npm//b@2.0.0", "- c: it comes in the package that bundles it",
				"- d@git+https://example.test/d.git#01: it comes from a source repository",
				"- e@github:x/e#01: it comes from a source repository", "- f@file:f: it comes from a folder or a file"}},
		"yarn: several ranges, no integrity, git": {"yarn.lock", `# yarn lockfile v1
"@s/a@^1.0.0", "@s/a@^1.1.0":
  version "1.1.0"
  resolved "https://registry.example.test/@s/a/-/a-1.1.0.tgz#da39a3ee5e6b4b0d3255bfef95601890afd80709"
  dependencies:
    b "^2.0.0"
b@^2.0.0, b@~2.1.0:
  version "2.1.0"
c@https://example.test/c.git:
  version "1.0.0"
  resolved "git+https://example.test/c.git#0123"
`, []string{"npm//b@2.1.0", "npm/s/a@1.1.0 " + testRegistry + " =SHA-1:da39a3ee", "- c@1.0.0: it comes from a source repository"}},
		"berry: patches, git, files, other archives": {"yarn.lock", `__metadata:
  version: 8

"a@patch:a@npm%3A1.0.0#./a.patch":
  version: 1.0.0
  resolution: "a@patch:a@npm%3A1.0.0#./a.patch::version=1.0.0&hash=01"

"b@https://example.test/b.git":
  version: 1.0.0
  resolution: "b@https://example.test/b.git#commit=01"

"@s/c@npm:^1.0.0, @s/c@npm:^1.1.0":
  version: 1.1.0
  resolution: "@s/c@npm:1.1.0::__archiveUrl=https%3A%2F%2Fh.example.test%2Fnpm%2F%40s%2Fc%2F-%2Fc-1.1.0.tgz"

"d@file:./d":
  version: 1.0.0
  resolution: "d@file:./d#./d::hash=01&locator=app%40workspace%3A."

"e@https://example.test/e.tgz":
  version: 1.0.0
  resolution: "e@https://example.test/e.tgz"
`, []string{"npm/s/c@1.1.0 https://h.example.test/npm/", "- a@patch:a@npm%3A1.0.0#./a.patch::version=1.0.0&hash=01: it is a patch of a package that is an entry of its own",
			"- b@https://example.test/b.git#commit=01: it comes from a source repository",
			"- d@file:./d#./d::hash=01&locator=app%40workspace%3A.: it comes from a folder or a file",
			"- e@https://example.test/e.tgz: it comes from an address that is none of a registry"}},
		"pnpm 5": {"pnpm-lock.yaml", `lockfileVersion: 5.4
packages:

  /@s/a/1.0.0_b@2.0.0:
    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}
    dev: false
  /b/2.0.0:
    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=, tarball: 'https://h.example.test/b/-/b-2.0.0.tgz'}
`, []string{"npm//b@2.0.0 https://h.example.test/ =SHA-1:da39a3ee", "npm/s/a@1.0.0 =SHA-1:da39a3ee"}},
		"pnpm 6 and 9: peers, git, folders, long keys": {"pnpm-lock.yaml", `lockfileVersion: '6.0'
packages:

  /@s/a@1.0.0(b@2.0.0)(@s/c@1.0.0):
    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}
    deprecated: |-
      Use another one: this is
      old
  ? b@2.0.0(x@1.0.0)
  : resolution:
      integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=
    engines: {node: '>=6'}
  c@git+https://example.test/c.git#01:
    resolution: {commit: '01', repo: 'https://example.test/c.git', type: git}
    version: 1.0.0
  file:d:
    resolution: {directory: d, type: directory}
    name: d
  e@https://example.test/e.tgz:
    resolution: {tarball: https://example.test/e.tgz}
    version: 1.0.0
`, []string{"npm//b@2.0.0 =SHA-1:da39a3ee", "npm/s/a@1.0.0 =SHA-1:da39a3ee", "- c@git+https://example.test/c.git#01: it comes from a source repository",
			"- e@1.0.0: it comes from an address that is none of a registry", "- file:d: it comes from a folder or a file"}},
		"bun: registries, git, files and addresses": {"bun.lock", `{"lockfileVersion": 1, "workspaces": {"": {"name": "app",},}, "packages": {
			"a": ["@s/a@1.0.0", "https://h.example.test/npm/", {"x": ["1,]"],}, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=",],
			"b": ["b@2.0.0", "https://h.example.test/npm/b/-/b-2.0.0.tgz", {}, "",],
			"c": ["c@git+https://example.test/c.git#01", {}, "c-01"], "d": ["d@github:x/d#01", {}, "d-01"],
			"e": ["e@https://example.test/e.tgz", {}], "f": ["f@file:./f.tgz", {}], "app": ["app@workspace:."], "g": [1], "h": {}, "i": ["\\\",}"],
			}, }`,
			[]string{"npm//b@2.0.0 https://h.example.test/npm/", "npm/s/a@1.0.0 https://h.example.test/npm/ =SHA-1:da39a3ee", "- : no package can be called so",
				"- : no package can be called so", "- : no package can be called so", "- app@workspace:.: it is a part of the project",
				"- c@git+https://example.test/c.git#01: it comes from a source repository", "- d@github:x/d#01: it comes from a source repository",
				"- e@https://example.test/e.tgz: it comes from an address that is none of a registry", "- f@file:./f.tgz: it comes from a folder or a file"}},
		"Poetry 1.0 to 1.2, and sources": {"poetry.lock", `[[package]]
name = "a"
version = "1.0"
[[package]]
name = "b"
version = "2.0"
files = []
[package.source]
type = "legacy"
url = "https://h.example.test/simple"
reference = "ours"
[[package]]
name = "c"
version = "1"
[package.source]
type = "git"
[[package]]
name = "d"
version = "1"
[package.source]
type = "directory"
[[package]]
name = "e"
version = "1"
[package.source]
type = "url"
[metadata.files]
a = [{file = "a-1.0.tar.gz", hash = "md5:d41d8cd98f00b204e9800998ecf8427e"}]
`, []string{"pypi//a@1.0 a-1.0.tar.gz=MD5:d41d8cd9", "pypi//b@2.0 https://h.example.test/simple", "- c: it comes from a source repository",
			"- d: it comes from a folder or a file", "- e: it comes from an address that is none of a registry"}},
		"PDM: addresses, and files of before": {"pdm.lock", `[[package]]
name = "a"
version = "1.0"
[[package]]
name = "b"
version = "2.0"
files = [{url = "https://h.example.test/x/b-2.0.tar.gz", hash = "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"}]
[[package]]
name = "c"
version = "1"
git = "https://example.test/c.git"
[[package]]
name = "d"
version = "1"
path = "./d"
[[package]]
name = "e"
version = "1"
url = "https://example.test/e.tar.gz"
[metadata.files]
"a 1.0" = [{file = "a-1.0.tar.gz", hash = "md5:d41d8cd98f00b204e9800998ecf8427e"}]
`, []string{"pypi//a@1.0 a-1.0.tar.gz=MD5:d41d8cd9", "pypi//b@2.0 b-2.0.tar.gz=SHA-1:da39a3ee", "- c: it comes from a source repository",
			"- d: it comes from a folder or a file", "- e: it comes from an address that is none of a registry"}},
		"uv: sources": {"uv.lock", `version = 1
package = [{name = "a", version = "1", source = {git = "https://example.test/a.git"}}, {name = "b", version = "1", source = {directory = "b"}},
  {name = "c", version = "1", source = {url = "https://example.test/c.whl"}}, {name = "d", version = "1", source = {editable = "."}},
  {name = "e", version = "1", source = {registry = "wheels"}, wheels = [{path = "e-1-py3-none-any.whl"}]}]
`, []string{"pypi//e@1 wheels e-1-py3-none-any.whl", "- a: it comes from a source repository", "- b: it comes from a folder or a file",
			"- c: it comes from an address that is none of a registry", "- d: it is a part of the project"}},
		"Pipenv: sources": {"Pipfile.lock", `{"_meta":{"sources":[{"name":"ours","url":"https://h.example.test/simple"}]},
			"default":{"a":{"version":"==1.0","index":"ours"},"b":{"git":"https://example.test/b.git","ref":"01"},"c":{"path":"."},"d":{"file":"https://example.test/d.whl"}},
			"docs":{"a":{"version":"==1.0","index":"ours"},"e":{"version":"*"}}}`,
			[]string{"pypi//a@1.0 https://h.example.test/simple", "- b: it comes from a source repository", "- c: it comes from a folder or a file",
				"- d: it comes from an address that is none of a registry", "- e: it has no exact version"}},
		"requirements in all their forms": {"requirements-dev.txt", "--index-url https://h.example.test/simple\n" +
			"A[x,y] == 1.0 ; python_version < '4' --hash=md5:d41d8cd98f00b204e9800998ecf8427e # why\n-r more.txt\n-e .\nb>=1\nc==1.*\n" +
			"d @ git+https://ann:secret@example.test/d.git\ne @ https://example.test/e.whl\n./f.whl\ng==2 \\\n  --hash sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709\nh===3\n# i==1\n",
			[]string{"pypi//A@1.0 =MD5:d41d8cd9", "pypi//g@2 =SHA-1:da39a3ee", "- ./f.whl: it comes from a folder or a file", "- -e .: it comes from a folder or a file",
				"- -r more.txt: it is another file: name it too", "- b>=1: it has no exact version", "- c==1.*: it has no exact version",
				"- d @ git+https://example.test/d.git: it comes from a source repository", "- e @ https://example.test/e.whl: it comes from an address that is none of a registry",
				"- h===3: it has no exact version"}},
		"cargo: the first version, and sources": {"Cargo.lock", `[root]
name = "app"
[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://registry.example.test/"
[[package]]
name = "b"
version = "1.0.0"
source = "sparse+https://h.example.test/index/"
checksum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
[[package]]
name = "c"
version = "1.0.0"
source = "git+https://example.test/c#01"
[[package]]
name = "d"
version = "1.0.0"
source = "path+file:///d"
[metadata]
"checksum a 1.0.0 (registry+https://registry.example.test/)" = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
`, []string{"cargo//a@1.0.0 " + testRegistry + " =SHA-256:e3b0c442", "cargo//b@1.0.0 https://h.example.test/index/ =SHA-256:e3b0c442",
			"- c 1.0.0: it comes from a source repository", "- d 1.0.0: it comes from a folder or a file"}},
		"Bundler: git, paths and remotes": {"Gemfile.lock", "GIT\n  remote: https://example.test/a.git\n  revision: 01\n  specs:\n    a (1.0)\n      b (>= 1)\n\n" +
			"PATH\n  remote: .\n  specs:\n    c (0.1)\n\nGEM\n  remote: https://registry.example.test/\n  specs:\n    b (1.0.pre)\n\n" +
			"GEM\n  remote: https://h.example.test/\n  specs:\n    d (2)\n    d (2-java)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a!\n\n" +
			"CHECKSUMS\n  b (1.0.pre)\n  d (2) sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" +
			"  d (2-java) sha256=" + strings.Repeat("0", 64) + "\n",
			[]string{"ruby//b@1.0.pre " + testRegistry + " b-1.0.pre.gem", "ruby//d@2 https://h.example.test/ d-2.gem=SHA-256:e3b0c442 d-2-java.gem=SHA-256:00000000",
				"- a (1.0): it comes from a source repository", "- c (0.1): it comes from a folder or a file"}},
		"mvn dependency:list: all of its lines": {"dependencies.txt", "\nThe following files have been resolved:\n[INFO]    g:a:jar:1.0:compile -- module a\n   g:b:test-jar:tests:1.0:test (optional)\n" +
			"   g:c:pom:1.0:import\n   g:d:jar:1.0:system\n   none\n",
			[]string{"maven/g/a@1.0 a-1.0.pom a-1.0.jar", "maven/g/b@1.0 b-1.0.pom b-1.0-tests.jar", "maven/g/c@1.0 c-1.0.pom",
				"- g:d:jar:1.0:system: it comes from a folder or a file"}},
		"NuGet: projects, and two frameworks": {"packages.lock.json", `{"version":2,"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.0.0"},"b":{"type":"Project"}},
			"net8.0/linux-x64":{"A":{"type":"CentralTransitive","resolved":"1.0.0"}}}}`, []string{"nuget//A@1.0.0", "- b: it is a part of the project"}},
		"SwiftPM: sources and folders": {"Package.resolved", `{"version":3,"pins":[{"identity":"acme.left","kind":"registry","location":"","state":{"version":"1.0.0"}},
			{"identity":"deep","kind":"remoteSourceControl","state":{"version":"1.0.0"}},{"identity":"near","kind":"localSourceControl"}]}`,
			[]string{"swift/acme/left@1.0.0", "- deep: it comes from a source repository", "- near: it comes from a folder or a file"}},
		"Gradle's comments and what is empty": {"buildscript-gradle.lockfile", "# This is a comment.\ng:a:1.0=compileClasspath\nempty=annotationProcessor\n",
			[]string{"maven/g/a@1.0 a-1.0.pom a-1.0.module? a-1.0.jar?"}},
		"names and versions that can be none": {"package-lock.json", `{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"../1"},"node_modules/..":{"version":"1"},"node_modules/b":{}}}`,
			[]string{"- ..: no package can be called so", "- a: it has no exact version", "- b: it has no exact version"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Read(row.file, strings.NewReader(row.text))
			if err != nil {
				t.Fatal(err)
			}
			got := written(found)
			slices.Sort(got)
			slices.Sort(row.want)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoLockfileIsRefused(t *testing.T) {
	for name, row := range map[string]struct{ file, text, want string }{
		"another name":                 {"go.sum", "", `"go.sum" is not the name of a lockfile that is known`},
		"no JSON":                      {"package-lock.json", "{", "it is not JSON that can be read"},
		"a key twice":                  {"package-lock.json", `{"packages":{},"packages":{}}`, "given twice"},
		"JSON of something else, bun":  {"bun.lock", `{"packages":{}}`, "no lockfile of bun"},
		"no object":                    {"Pipfile.lock", "[]", "it is not a JSON object"},
		"JSON of something else, npm":  {"package-lock.json", `{"name":"a"}`, "no lockfile of npm"},
		"JSON of something else, pip":  {"Pipfile.lock", `{}`, "no lockfile of Pipenv"},
		"JSON of something else, net":  {"packages.lock.json", `{}`, "no lockfile of NuGet"},
		"JSON of something else, swft": {"Package.resolved", `{}`, "no lockfile of SwiftPM"},
		"no TOML":                      {"uv.lock", "version = 1\na = \n", "line 2: "},
		"TOML of something else":       {"Cargo.lock", "a = 1\n", "no lockfile of cargo"},
		"TOML too deep":                {"pdm.lock", "a = " + strings.Repeat("[", 65), "nested deeper than 64"},
		"bytes that are no text":       {"poetry.lock", "a = \"\xff\"", "not UTF-8"},
		"bytes that are no lines":      {"requirements.txt", "a==\xff", "not UTF-8"},
		"no entry of yarn's":           {"yarn.lock", "# yarn lockfile v1\n\nhello\n", `line 3: "hello" is no entry of yarn's`},
		"an entry without a version":   {"yarn.lock", "a@1:\n  resolved \"x\"\nb@1:\n", `line 3: the entry "a@1" before it has no version`},
		"berry without a resolution":   {"yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1\n", "line 3: the entry \"a@npm:1\" has no resolution"},
		"no lockfile of pnpm":          {"pnpm-lock.yaml", "packages: {}\n", "no lockfileVersion"},
		"YAML too deep":                {"pnpm-lock.yaml", deepYAML(), "nests deeper than 32 maps"},
		"a conflict of a merge":        {"Gemfile.lock", "GEM\n<<<<<<< ours\n", "line 2: it has a conflict of a merge in it"},
		"no lockfile of Bundler":       {"gems.locked", "hello\n", "line 1: it is no lockfile of Bundler"},
		"no coordinates":               {"gradle.lockfile", "g:a=x\n", "line 1: \"g:a=x\" is not group:name:version=configurations"},
		"a line without an end":        {"gradle.lockfile", strings.Repeat("a", maxLine+1), "line 1: it is longer than"},
		"more than a file has":         {"gradle.lockfile", strings.Repeat("\n", maxFile+1), "larger than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(row.file, strings.NewReader(row.text))
			if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q in it", err, row.want)
			}
		})
	}
}

func deepYAML() string {
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "%sa:\n", strings.Repeat(" ", i))
	}
	return text.String()
}

func TestAListIsRead(t *testing.T) {
	found, err := ReadList(strings.NewReader(`# What the ship takes along.
npm:left-pad@1.3.0
npm:@types/ms@0.7.34   # with a scope

pypi:requests[socks]==2.31.0
maven:org.acme:lib:1.0
maven:org.acme:lib:1.1:tests
maven:org.acme:lib:1.2:bin@zip
maven:org.acme:lib:1.3@aar
cargo:serde@1.0.0
nuget:Newtonsoft.Json@13.0.3
ruby:rack@3.0.0
ruby:gear@1.0-x86_64-linux
swift:acme.left@1.0.0
generic:acme/tool@1.0
npm:left-pad@1.3.0
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"npm//left-pad@1.3.0", "npm/types/ms@0.7.34", "pypi//requests@2.31.0", "maven/org.acme/lib@1.0", "maven/org.acme/lib@1.1 lib-1.1.pom lib-1.1-tests.jar",
		"maven/org.acme/lib@1.2 lib-1.2.pom lib-1.2-bin.zip", "maven/org.acme/lib@1.3 lib-1.3.pom lib-1.3.aar", "cargo//serde@1.0.0", "nuget//Newtonsoft.Json@13.0.3",
		"ruby//rack@3.0.0", "ruby//gear@1.0 gear-1.0-x86_64-linux.gem", "swift/acme/left@1.0.0", "generic/acme/tool@1.0"}
	if diff := cmp.Diff(want, written(found)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAVersionIsWrittenAsAListHasIt(t *testing.T) {
	for _, text := range []string{"npm:left-pad@1.3.0", "npm:@types/ms@0.7.34", "pypi:requests==2.31.0", "maven:org.acme:lib:1.0", "cargo:serde@1.0.0",
		"nuget:Newtonsoft.Json@13.0.3", "ruby:rack@3.0.0", "swift:acme.left@1.0.0", "generic:acme/tool@1.0"} {
		p, err := Parse(text)
		if got := Notation(p.VersionKey); err != nil || got != text {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
	}
}

func TestALineThatIsNoVersionIsNamed(t *testing.T) {
	for line, want := range map[string]string{
		"left-pad@1.3.0":      `line 2: "left-pad@1.3.0" begins with no format: npm, pypi, maven`,
		"npm:left-pad":        "npm:@scope/name@1.2.3",
		"npm:@types/ms":       "npm:@scope/name@1.2.3",
		"npm:a@1/2":           "is no version of a package",
		"pypi:requests>=2":    "pypi:requests==2.31.0",
		"maven:lib:1.0":       "maven:group:name:1.0",
		"maven::lib:1.0":      "maven:group:name:1.0",
		"maven:g:a:1:x:y":     "maven:group:name:1.0",
		"maven:g:a:1@":        "maven:group:name:1.0",
		"maven:g:a:1:../x":    "maven:group:name:1.0",
		"swift:left@1.0.0":    "swift:scope.name@1.0.0",
		"generic:tool@1.0":    "generic:namespace/name@1.0.0",
		"ruby:rack":           "ruby:rack@3.0.0",
		"cargo:a b@1.0.0":     "is no version of a package",
		"docker:a@1":          "begins with no format",
		"npm:a@1.0.0 b@2.0.0": "is no version of a package",
	} {
		if _, err := ReadList(strings.NewReader("# one\n" + line + "\n")); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: got %v, want line 2 and %q", line, err, want)
		}
	}
}

func TestALocalRepositoryOfMavensIsRead(t *testing.T) {
	file := &fstest.MapFile{}
	found, err := ReadMavenRepository(fstest.MapFS{
		"org/acme/lib/1.0/lib-1.0.pom":               file,
		"org/acme/lib/1.0/lib-1.0.jar":               file,
		"org/acme/lib/1.0/lib-1.0.jar.sha1":          file,
		"org/acme/lib/1.0/lib-1.0.jar.lastUpdated":   file,
		"org/acme/lib/1.0/lib-1.0-tests.jar":         file,
		"org/acme/lib/1.0/_remote.repositories":      file,
		"org/acme/lib/maven-metadata-central.xml":    file,
		"org/acme/lib/resolver-status.properties":    file,
		"org/acme/parent/7/parent-7.pom":             file,
		"org/acme/gone/1/gone-1.pom.lastUpdated":     file,
		"org/acme/half/1/half-1.jar":                 file,
		"org/acme/new/1-SNAPSHOT/new-1-SNAPSHOT.pom": file,
		".cache/x": file,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"maven/org.acme/lib@1.0 lib-1.0-tests.jar lib-1.0.jar lib-1.0.pom", "maven/org.acme/parent@7 parent-7.pom",
		"- org.acme:new:1-SNAPSHOT: it is a snapshot"}
	if diff := cmp.Diff(want, written(found)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestFilesAreJudgedByTheStrongestDigestThatBothSidesHave(t *testing.T) {
	sum := func(algorithm, hex string) Sum { return Sum{algorithm, hex} }
	for name, row := range map[string]struct {
		files  []File
		hashes map[string]string
		want   Verdict
	}{
		"a pin without files":           {nil, map[string]string{"SHA-1": "a"}, Unproven},
		"a digest":                      {[]File{{Sums: []Sum{sum("SHA-1", "a")}}}, map[string]string{"SHA-1": "a"}, Right},
		"another digest":                {[]File{{Sums: []Sum{sum("SHA-1", "b")}}}, map[string]string{"SHA-1": "a"}, Unlisted},
		"one of several":                {[]File{{Sums: []Sum{sum("SHA-1", "b")}}, {Sums: []Sum{sum("SHA-1", "a")}}}, map[string]string{"SHA-1": "a"}, Right},
		"a weak one does not help":      {[]File{{Sums: []Sum{sum("SHA-1", "a"), sum("SHA-512", "b")}}}, map[string]string{"SHA-1": "a", "SHA-512": "c"}, Unlisted},
		"two of the strongest":          {[]File{{Sums: []Sum{sum("SHA-512", "b"), sum("SHA-512", "c")}}}, map[string]string{"SHA-512": "c"}, Right},
		"nothing in common":             {[]File{{Sums: []Sum{sum("SHA-512", "b")}}}, map[string]string{"SHA-1": "a"}, Unproven},
		"a name":                        {[]File{{Name: "f"}}, map[string]string{"SHA-1": "a"}, Unproven},
		"another name":                  {[]File{{Name: "g"}}, map[string]string{"SHA-1": "a"}, Unlisted},
		"a name and its digest":         {[]File{{Name: "f", Sums: []Sum{sum("SHA-1", "a")}}}, map[string]string{"SHA-1": "a"}, Right},
		"a name and another digest":     {[]File{{Name: "f", Sums: []Sum{sum("SHA-1", "b")}}}, map[string]string{"SHA-1": "a"}, Wrong},
		"the digest under another name": {[]File{{Name: "g", Sums: []Sum{sum("SHA-1", "a")}}}, map[string]string{"SHA-1": "a"}, Unlisted},
	} {
		if got := (Pin{Files: row.files}).Judge("f", row.hashes); got != row.want {
			t.Errorf("%s: got %v, want %v", name, got, row.want)
		}
	}
}

func TestEveryKindIsListedWithItsNames(t *testing.T) {
	for _, k := range Kinds() {
		if k.Of == "" || len(k.Names) == 0 || !Knows(strings.ReplaceAll(k.Names[0], "*", "")) {
			t.Errorf("got %+v, want names that are known and who writes them", k)
		}
	}
	if Knows("Cargo.toml") {
		t.Error("Cargo.toml is no lockfile")
	}
}

func TestErrorsOfReadingAreHandedOn(t *testing.T) {
	if _, err := Read("uv.lock", errReader{}); !errors.Is(err, errBroken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

var errBroken = errors.New("broken")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errBroken }

// fuzz feeds a parser what no client writes: whatever comes back has to keep the promises of Contents.
func fuzz(f *testing.F, name string, seeds ...string) {
	files, err := filepath.Glob("testdata/*/" + name)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read := func() (Contents, error) { return Read(name, bytes.NewReader(text)) }
		if name == "" {
			read = func() (Contents, error) { return ReadList(bytes.NewReader(text)) }
		}
		found, err := read()
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, p := range found.Pins {
			key := p.String() + " " + p.Registry
			if p.Name == "" || p.Version == "" || strings.ContainsAny(p.Name+p.Version+p.Namespace, "/# \n") || seen[key] {
				t.Fatalf("got %q, want a version that a package can have, once", key)
			}
			seen[key] = true
			if again, err := Parse(Notation(p.VersionKey)); name == "" && (err != nil || again.VersionKey != p.VersionKey) {
				t.Fatalf("%s is read as %s, %v", Notation(p.VersionKey), again, err)
			}
			for _, file := range p.Files {
				if file.Name == "" && len(file.Sums) == 0 {
					t.Fatalf("%s: got a file that nothing is known of", key)
				}
				p.Judge(file.Name, map[string]string{"SHA-256": "00"})
			}
		}
	})
}

func FuzzPackageLock(f *testing.F) {
	fuzz(f, "package-lock.json", `{"lockfileVersion":1,"dependencies":{"a":{"version":"1","dependencies":{}}}}`)
}
func FuzzYarn(f *testing.F) { fuzz(f, "yarn.lock", "\"@a/b@1\", c@npm:d@2:\n  version \"1\"\n") }
func FuzzPnpm(f *testing.F) {
	fuzz(f, "pnpm-lock.yaml", "lockfileVersion: 5.4\npackages:\n  /a/1_b:\n    resolution: {integrity: x, tarball: 'y'}\n  ? z\n  : a: b\n")
}
func FuzzBun(f *testing.F) {
	fuzz(f, "bun.lock", `{"lockfileVersion":1,"packages":{"a":["@s/a@1","https://h/",{},"",],"b":["b@git:x",],},}`)
}
func FuzzPoetry(f *testing.F) {
	fuzz(f, "poetry.lock", "[[package]]\nname=\"a\"\nversion=\"1\"\n[metadata.files]\na=[{file=\"x\",hash=\"md5:00\"}]\n")
}
func FuzzUV(f *testing.F)      { fuzz(f, "uv.lock") }
func FuzzPDM(f *testing.F)     { fuzz(f, "pdm.lock") }
func FuzzPipfile(f *testing.F) { fuzz(f, "Pipfile.lock") }
func FuzzRequirements(f *testing.F) {
	fuzz(f, "requirements.txt", "a[b]==1 ; c \\\n--hash=md5:00\n-e .\n")
}
func FuzzCargo(f *testing.F) { fuzz(f, "Cargo.lock") }
func FuzzGemfile(f *testing.F) {
	fuzz(f, "Gemfile.lock", "GEM\n  remote: x\n  specs:\n    a (1-java)\nCHECKSUMS\n  a (1-java) sha256=00\n")
}
func FuzzNuGet(f *testing.F)             { fuzz(f, "packages.lock.json") }
func FuzzSwift(f *testing.F)             { fuzz(f, "Package.resolved") }
func FuzzGradle(f *testing.F)            { fuzz(f, "gradle.lockfile") }
func FuzzMavenDependencies(f *testing.F) { fuzz(f, "dependencies.txt", "[INFO] g:a:jar:c:1:test\n") }
func FuzzList(f *testing.F) {
	fuzz(f, "", "npm:@a/b@1 # c\nmaven:g:a:1:c@zip\npypi:a[b]==1\nruby:a@1-java\nswift:a.b@1\n")
}
