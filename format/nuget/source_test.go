package nuget

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
)

const demoContent = "v3/flatcontainer/demo/1.0.0/demo.1.0.0.nupkg"

func TestWhatARegistrySaysComesThrough(t *testing.T) {
	s := newSite(t)
	s.offer(offeredAs(t, "Demo", "1.0.0", object{
		"authors": []string{"Ada", "Grace"}, "tags": []string{"x", "y"}, "licenseExpression": "MIT", "projectUrl": "javascript:x",
		"dependencyGroups": []any{object{"targetFramework": "net6.0", "dependencies": []any{
			object{"id": "Left", "range": "[1.0, )", "registration": "https://elsewhere.example.test/"}, object{"id": "../x"}}}},
		"deprecation":     object{"reasons": []string{"Legacy"}, "message": "Old.", "alternatePackage": object{"id": "New", "range": "*"}},
		"vulnerabilities": []any{object{"advisoryUrl": "https://a.example.test/1", "severity": "2"}, object{"advisoryUrl": "x"}},
	}))
	entry := dig(s.json("v3/registrations-semver2/demo/index.json"), "items", 0, "items", 0, "catalogEntry").(object)
	for what, c := range map[string]struct{ got, want any }{
		"authors": {entry["authors"], "Ada, Grace"}, "tags": {fmt.Sprint(entry["tags"]), "[x y]"}, "licence": {entry["licenseExpression"], "MIT"},
		"project": {entry["projectUrl"], ""}, "published": {entry["published"], "2024-05-06T07:08:09.123Z"},
		"advice": {dig(entry, "deprecation", "message"), "Old."}, "instead": {dig(entry, "deprecation", "alternatePackage", "id"), "New"},
		"severity": {dig(entry, "vulnerabilities", 0, "severity"), "2"}, "advisories": {len(entry["vulnerabilities"].([]any)), 1},
		"dependencies": {len(dig(entry, "dependencyGroups", 0, "dependencies").([]any)), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", what, c.got, c.want)
		}
	}
	if text := s.Get("v3/registrations-semver2/demo/index.json"); strings.Contains(text, "elsewhere.example.test") || strings.Contains(text, s.Registry(publicOne).URL) {
		t.Errorf("a client is sent elsewhere by %s", text)
	}
	for range 2 {
		if got := s.Get(demoContent); got != packed(t, "Demo", "1.0.0") {
			t.Errorf("got %d bytes", len(got))
		}
	}
	if n := s.Registry(publicOne).Asked("files/"); n != 1 {
		t.Errorf("the registry was asked for the package %d times", n)
	}
}

func TestWhatNoClientCouldUseIsLeftOut(t *testing.T) {
	s := newSite(t)
	address := s.Registry(publicOne).URL
	good := offeredAs(t, "Demo", "1.0.0", nil)
	s.offer(good)
	s.put(indexOf("demo"), registrationOf(good.leaf(address), offeredVersion{"Demo", "junk", "", nil}.leaf(address),
		offeredVersion{"Other", "1.1.0", "", nil}.leaf(address), offeredVersion{"Demo", "01.0.0.0+x", "", nil}.leaf(address),
		object{"catalogEntry": "https://elsewhere.example.test/"}, object{"catalogEntry": object{"id": "Demo", "version": "1.2.0"}}))
	if got := strings.TrimSpace(s.Get("v3/flatcontainer/demo/index.json")); got != `{"versions":["1.0.0"]}` {
		t.Errorf("got %s", got)
	}
}

func TestAPackageOfAnotherVersionIsNotTaken(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		entry   any // what the document about the version is; nil for none
		taken   bool
	}{
		"the right one":               {packed(t, "demo", "1.0"), nil, true},
		"of another id":               {packed(t, "Other", "1.0.0"), nil, false},
		"of another version":          {packed(t, "Demo", "2.0.0"), nil, false},
		"no package":                  {strings.Repeat("x", 1000), nil, false},
		"no nuspec":                   {packageOfFiles(t, archived{"a", "x"}), nil, false},
		"a nuspec that is not read":   {packedWith(t, "<nothing/>", "demo.nuspec"), nil, true},
		"another digest":              {packed(t, "Demo", "1.0.0"), offeredVersion{content: "else"}.catalogEntry(), false},
		"a document without a digest": {packed(t, "Demo", "1.0.0"), object{"id": "Demo"}, true},
		"a page instead":              {packed(t, "Demo", "1.0.0"), "<html>", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			o := offeredVersion{"Demo", "1.0.0", c.content, nil}
			s.offer(o)
			s.Registry(publicOne).Remove(o.entryPath())
			if c.entry != nil {
				s.put(o.entryPath(), c.entry)
			}
			w := s.Do("GET", demoContent, "")
			if taken := w.Code == http.StatusOK; taken != c.taken || !taken && w.Code != http.StatusBadGateway {
				t.Errorf("got %d %.300s", w.Code, w.Body)
			}
		})
	}
}

func TestARegistrationInPagesIsOne(t *testing.T) {
	s := newSite(t)
	address := s.Registry(publicOne).URL
	page := func(n int, versions ...string) object {
		var leaves []any
		for _, v := range versions {
			o := offeredAs(t, "Demo", v, nil)
			s.offer(o)
			leaves = append(leaves, o.leaf(address))
		}
		path := fmt.Sprintf("pages/%d.json", n)
		s.put(path, object{"items": leaves})
		return object{"@id": address + path}
	}
	first, second := page(1, "1.0.0", "1.1.0"), page(2, "2.0.0")
	s.put(indexOf("demo"), object{"items": []any{first, second}})
	versions := func() string { return strings.TrimSpace(s.Get("v3/flatcontainer/demo/index.json")) }
	if got := versions(); got != `{"versions":["1.0.0","1.1.0","2.0.0"]}` {
		t.Errorf("got %s", got)
	}
	s.Get(demoContent)
	second = page(2, "2.0.0", "3.0.0")
	s.put(indexOf("demo"), object{"items": []any{first, second}})
	if got := versions(); got != `{"versions":["1.0.0","1.1.0","2.0.0","3.0.0"]}` {
		t.Errorf("later: got %s", got)
	}
	s.Registry(publicOne).Remove("pages/2.json")
	s.Get("v3/flatcontainer/demo/3.0.0/demo.3.0.0.nupkg") // as it was known
	lost := newSite(t)
	lost.put(indexOf("demo"), object{"items": []any{object{"@id": lost.Registry(publicOne).URL + "nowhere.json"}}})
	w := lost.Must(http.StatusServiceUnavailable, lost.Do("GET", "v3/flatcontainer/demo/index.json", ""))
	if !strings.Contains(w.Body.String(), "page of a registration") {
		t.Errorf("got %s", w.Body)
	}
}

func TestWhatItsRegistryUnlistsIsUnlisted(t *testing.T) {
	s := newSite(t)
	status := func() artifact.Status { return s.held(shelf, key("demo", "1.0.0")).Status }
	hidden := object{"listed": false, "published": "1900-01-01T00:00:00Z"}
	s.offer(offeredAs(t, "Demo", "1.0.0", nil), offeredAs(t, "Demo", "2.0.0", hidden))
	if got := fmt.Sprint(s.json("v3/autocomplete?id=demo")["data"]); got != "[1.0.0]" {
		t.Errorf("got %s", got)
	}
	s.Get("v3/flatcontainer/demo/2.0.0/demo.2.0.0.nupkg")
	s.Get(demoContent)
	if status() != artifact.Published || s.held(shelf, key("demo", "2.0.0")).Status != artifact.Unlisted {
		t.Errorf("got %s and %s", status(), s.held(shelf, key("demo", "2.0.0")).Status)
	}
	s.offer(offeredAs(t, "Demo", "1.0.0", hidden), offeredAs(t, "Demo", "2.0.0", hidden))
	s.Get("v3/flatcontainer/demo/index.json")
	if status() != artifact.Unlisted {
		t.Errorf("unlisted there: got %s", status())
	}
	s.offer(offeredAs(t, "Demo", "1.0.0", nil), offeredAs(t, "Demo", "2.0.0", hidden))
	s.Get("v3/flatcontainer/demo/index.json")
	if status() != artifact.Published {
		t.Errorf("relisted there: got %s", status())
	}
}

func TestTheServiceIndexSaysWhereRegistrationsAre(t *testing.T) {
	const good = `{"version":"3.0.0","resources":[{"@id":"%sold/","@type":"RegistrationsBaseUrl"},{"@id":"%sreg-semver2/","@type":["x","RegistrationsBaseUrl/3.6.0"]}]}`
	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"the best of them":       {good, 200},
		"with a byte order mark": {"\ufeff" + good, 200},
		"another version":        {strings.Replace(good, "3.0.0", "4.0.0", 1), 503},
		"none":                   {`{"version":"3.0.0","resources":[]}`, 503},
		"a relative one":         {`{"version":"3.0.0","resources":[{"@id":"reg/","@type":"RegistrationsBaseUrl"}]}`, 503},
		"no index":               {`[]`, 503},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.offer(offeredAs(t, "Demo", "1.0.0", nil))
			s.put("", strings.ReplaceAll(c.text, "%s", s.Registry(publicOne).URL))
			w := s.Must(c.status, s.Do("GET", "v3/flatcontainer/demo/index.json", ""))
			if c.status != 200 && !strings.Contains(w.Body.String(), "service index") {
				t.Errorf("got %s", w.Body)
			}
		})
	}
	s := newSite(t)
	s.Registry(publicOne).Remove("")
	s.Must(503, s.Do("GET", "v3/flatcontainer/demo/index.json", ""))
}

// What one repository says of a package is enough for another one behind it, digests too.
func TestARepositoryCanBeTheRegistryOfAnother(t *testing.T) {
	inner := newSite(t)
	inner.pushAll("Demo", "1.0.0", "2.0.0-rc.1")
	inner.Must(204, inner.Do("DELETE", "v3/package/demo/2.0.0-rc.1", ""))
	outer := newSite(t)
	registry := outer.Registry(publicOne)
	move := func(text string) string {
		return strings.ReplaceAll(text, "https://packages.example.test/team-123456789012/nuget/shelf/", registry.URL)
	}
	registry.Put("", "application/json", []byte(move(inner.Get("v3/index.json"))))
	for _, path := range []string{"v3/registrations-semver2/demo/index.json", demoContent} {
		registry.Put(path, "application/octet-stream", []byte(move(inner.Get(path))))
	}
	registry.Put("v3/registrations-semver2/demo/index.json", "application/json", []byte(move(inner.Get("v3/registrations-semver2/demo/index.json"))))
	if outer.Get(demoContent) != inner.Get(demoContent) {
		t.Error("the package is another")
	}
	if n := registry.Asked("v3/catalog/"); n != 0 {
		t.Errorf("the registry was asked %d times for a digest that it had told", n)
	}
	if got := fmt.Sprint(outer.json("v3/autocomplete?id=demo&prerelease=true&semVerLevel=2.0.0")["data"]); got != "[1.0.0]" {
		t.Errorf("got %s", got)
	}
}
