package nuget

import (
	"strings"
	"testing"

	"entrepot/format/formattest"
)

func TestFormat(t *testing.T) {
	content := packedWith(t, nuspecText("Acme.Core", "1.0.0", `<readme>docs\README.md</readme>`), "Acme.Core.nuspec",
		archived{"docs/README.md", "# Core"})
	call := func(method, path string) formattest.Request { return formattest.Request{Method: method, Path: path} }
	get := func(path string) formattest.Request { return call("GET", path) }
	at := func(path string) formattest.Request {
		q := pushOf(content)
		q.Path = path
		return q
	}
	fixture := formattest.Fixture{
		JSON:    true,
		Publish: []formattest.Request{pushOf(content)},
		Reads: []formattest.Request{
			get("v3/index.json"),
			get("v3/flatcontainer/acme.core/index.json"),
			get("v3/flatcontainer/Acme.Core/index.json"),
			get("v3/flatcontainer/acme.core/1.0.0/acme.core.1.0.0.nupkg"),
			get("v3/flatcontainer/Acme.Core/1.0/Acme.Core.1.0.0.0.nupkg"),
			get("v3/flatcontainer/acme.core/1.0.0/acme.core.nuspec"),
			get("v3/readme/acme.core/1.0.0"),
			get("v3/registrations/acme.core/index.json"),
			get("v3/registrations/acme.core/page/1.0.0/1.0.0.json"),
			get("v3/registrations/acme.core/1.0.0.json"),
			get("v3/registrations-semver2/acme.core/index.json"),
			{Method: "GET", Path: "v3/registrations-semver2/acme.core/index.json", Header: map[string]string{"Accept-Encoding": "gzip"}},
			get("v3/registrations-semver2/acme.core/page/1.0.0/1.0.0.json"),
			get("v3/registrations-semver2/acme.core/1.0.0.json"),
			get("v3/catalog/acme.core/1.0.0.json"),
			get("v3/query?q=core&skip=0&take=20&prerelease=false&semVerLevel=2.0.0"),
			get("v3/autocomplete?q=core"),
			get("v3/autocomplete?id=acme.core"),
			get("v2"),
			get("v2/"),
			get("v2/$metadata"),
			get("v2/FindPackagesById()?id='Acme.Core'"),
			get("v2/Packages(Id='Acme.Core',Version='1.0.0')"),
			get("v2/Packages()?$filter=tolower(Id)%20eq%20'acme.core'"),
			get("v2/Search()?$filter=IsLatestVersion&searchTerm='core'&targetFramework=''&includePrerelease=false&$skip=0&$top=30"),
			get("v2/Search()/$count?searchTerm='core'"),
			get("v2/package/Acme.Core/1.0.0"),
		},
		Requests: []formattest.Request{
			at("v3/package"), at("v2"), at("v2/"), at("v2/package"), at("v2/package/"), at("v3/symbolpackage"), at("v3/symbolpackage/"),
			{Method: "PUT", Path: "v3/package", Body: "no package"}, formOf(t),
			call("POST", "v3/package/Acme.Core/1.0.0"), call("DELETE", "v3/package/Acme.Core/1.00+b"),
			call("POST", "v2/package/Acme.Core/1.0.0"), call("DELETE", "v2/package/Acme.Core/1.0.0"),
			call("POST", "v2/Acme.Core/1.0.0"), call("DELETE", "v2/Acme.Core/1.0.0"),
			get("v3/flatcontainer/acme.core/1.0.0/other.nupkg"), get("v2/Nothing()"), get("v3/query?take=many"),
			get("v3/registrations/acme.core/page/1.0.0/soon"), get("v2/FindPackagesById()?id='Acme.Core'&$filter=soon"),
		},
		Unclean: []formattest.Request{
			get("v3/flatcontainer/%2e%2e/index.json"), get("v3/flatcontainer/a%2fb/index.json"),
			get("v3/flatcontainer/a%5cb/index.json"), get("v3/flatcontainer/a%00b/index.json"), get("v3/flatcontainer/a%20b/index.json"),
			get("v3/flatcontainer/.a/index.json"), get("v3/flatcontainer/%C3%A4/index.json"),
			get("v3/flatcontainer/acme.core/..%2f1.0.0/acme.core.1.0.0.nupkg"), get("v3/flatcontainer/acme.core/1.0.0/..%2fx.nupkg"),
			get("v3/flatcontainer/acme.core/1.0.0/acme.core.2.0.0.nupkg"), get("v3/flatcontainer/acme.core/latest/acme.core.latest.nupkg"),
			get("v3/registrations/a%23b/index.json"), get("v3/registrations/acme.core/soon.json"), get("v3/readme/a..b/1.0.0"),
			get("v2/Packages(Id='..',Version='1.0.0')"), get("v2/package/a%2fb/1.0.0"), get("v2/FindPackagesById()?id='a/b'"),
			call("DELETE", "v3/package/a*b/1.0.0"), call("POST", "v3/package/acme.core/1.0.0%2f.."),
			pushOf(packed(t, "../evil", "1.0.0")), pushOf(packed(t, "a/b", "1.0.0")), pushOf(packed(t, "acme", "latest")),
			pushOf("PK\x03\x04 and no more"), pushOf(""), pushOf(strings.Repeat("x", 1000)),
			pushOf(packageOfFiles(t, archived{"lib/a.dll", "x"})),
			pushOf(packedWith(t, nuspecText("a", "1.0.0"), "a.nuspec", archived{"b.nuspec", "x"})),
			pushOf(packedWith(t, nuspecText("a", "1.0.0"), "a.nuspec", archived{"../x", "x"})),
			pushOf(packedWith(t, nuspecText("a", "1.0.0"), "a.nuspec", archived{"lib/%2e%2e/%2e%2e/x", "x"})),
			pushOf(packedWith(t, nuspecText("a", "1.0.0"), "a.nuspec", archived{`lib\x`, "x"})),
			pushOf(packedWith(t, nuspecText("a", "1.0.0"), "a.nuspec", archived{"LIB/net45/_._", "x"})),
		},
	}
	for _, pattern := range misdirected {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{$}", "", "{id}", "Acme.Core", "{version}", "1.0.0").Replace(path)
		fixture.Requests = append(fixture.Requests, call(method, strings.TrimPrefix(path, "/")))
	}
	formattest.Run(t, Format(), fixture)
}
