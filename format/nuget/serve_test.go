package nuget

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
	"entrepot/repository"
)

// pushAll pushes packages of one id, or ends the test.
func (s *site) pushAll(id string, versions ...string) {
	s.T.Helper()
	for _, v := range versions {
		s.Must(http.StatusCreated, s.push(packed(s.T, id, v)))
	}
}

func TestTheServiceIndexHasEveryNameThatClientsLookFor(t *testing.T) {
	s := newSite(t)
	index := s.json("v3/index.json")
	types := map[string]string{}
	for _, one := range index["resources"].([]any) {
		types[one.(object)["@type"].(string)] = one.(object)["@id"].(string)
	}
	for _, name := range []string{
		"PackageBaseAddress/3.0.0", "RegistrationsBaseUrl", "RegistrationsBaseUrl/3.0.0-beta", "RegistrationsBaseUrl/3.0.0-rc",
		"RegistrationsBaseUrl/3.4.0", "RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl/Versioned", "SearchQueryService",
		"SearchQueryService/3.0.0-beta", "SearchQueryService/3.4.0", "SearchAutocompleteService/3.0.0-beta", "PackagePublish/2.0.0",
		"LegacyGallery/2.0.0", "ReadmeUriTemplate/6.13.0",
	} {
		if !strings.HasPrefix(types[name], formattest.Base+"nuget/shelf/v") {
			t.Errorf("%s is at %q", name, types[name])
		}
	}
	for _, name := range []string{"SymbolPackagePublish/4.9.0", "RepositorySignatures/4.7.0", "VulnerabilityInfo/6.7.0"} {
		if types[name] != "" {
			t.Errorf("%s is advertised: clients would use it", name)
		}
	}
	if index["version"] != "3.0.0" {
		t.Errorf("got version %v", index["version"])
	}
	if w := s.Do("GET", "v3/index.json", "", "If-None-Match", s.Do("GET", "v3/index.json", "").Header().Get("Etag")); w.Code != 304 {
		t.Errorf("unchanged: got %d", w.Code)
	}
}

func TestVersionsAreTheSameInEverySpellingAndStandInTheirOrder(t *testing.T) {
	s := newSite(t)
	s.pushAll("Acme.Core", "1.10.0", "1.2", "1.02.0.0-RC.1+b7", "2.0.0-Beta.2", "2.0.0-beta.10", "1.2.0.5")
	want := `{"versions":["1.2.0-rc.1","1.2.0","1.2.0.5","1.10.0","2.0.0-beta.2","2.0.0-beta.10"]}`
	for _, id := range []string{"acme.core", "Acme.Core", "ACME.CORE"} {
		if got := strings.TrimSpace(s.Get("v3/flatcontainer/" + id + "/index.json")); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
	content := packed(t, "Acme.Core", "1.02.0.0-RC.1+b7")
	for _, path := range []string{
		"v3/flatcontainer/acme.core/1.2.0-rc.1/acme.core.1.2.0-rc.1.nupkg", "v3/flatcontainer/Acme.Core/1.02-RC.1+b7/Acme.Core.1.2-RC.1.nupkg",
		"v2/package/ACME.core/1.2.0-RC.1", "v3/flatcontainer/Acme.Core/1.2.0-rc.1/Acme.Core.1.02.0.0-RC.1+b7.nupkg",
	} {
		w := s.Must(200, s.Do("GET", path, ""))
		if w.Body.String() != content || w.Header().Get("Content-Type") != "application/octet-stream" ||
			!strings.Contains(w.Header().Get("Content-Disposition"), "acme.core.1.2.0-rc.1.nupkg") {
			t.Errorf("%s: got %d bytes with %v", path, w.Body.Len(), w.Header())
		}
	}
	if got := s.Get("v3/flatcontainer/acme.core/1.2.0-rc.1/acme.core.nuspec"); got != nuspecText("Acme.Core", "1.02.0.0-RC.1+b7") {
		t.Errorf("the nuspec is not as it is in the package: %q", got)
	}
	if v := s.held(shelf, key("acme.core", "1.2.0-RC.1")); v.Details.DisplayName != "Acme.Core" || len(v.Assets) != 1 ||
		v.Assets[0].Name != "acme.core.1.2.0-rc.1.nupkg" {
		t.Errorf("got %+v", v)
	}
	s.Must(http.StatusConflict, s.push(packed(t, "acme.CORE", "1.2.0-rc.1")))
	s.Must(http.StatusNotFound, s.Do("GET", "v3/flatcontainer/nothing/index.json", ""))
	s.Must(http.StatusNotFound, s.Do("GET", "v3/flatcontainer/acme.core/3.0.0/acme.core.3.0.0.nupkg", ""))
}

func TestARegistrationSaysWhatAPackageSaysAboutItself(t *testing.T) {
	s := newSite(t)
	content := packed(t, "Acme.Core", "1.0.0-Rc.1+b7", `<title>T &lt;b&gt;</title>`, `<tags>x y</tags>`, `<license type="expression">MIT</license>`,
		`<developmentDependency>true</developmentDependency>`,
		`<dependencies><group targetFramework=".NETStandard2.0"><dependency id="Acme.Base" version="1.0"/></group><group targetFramework="net45"/></dependencies>`,
		`<packageTypes><packageType name="DotnetTool"/></packageTypes>`)
	s.Must(201, s.push(content))
	base := formattest.Base + "nuget/shelf/"
	index := s.json("v3/registrations-semver2/Acme.Core/index.json")
	leaf := dig(index, "items", 0, "items", 0).(object)
	entry := leaf["catalogEntry"].(object)
	for path, c := range map[string]struct{ got, want any }{
		"index":           {index["@id"], base + "v3/registrations-semver2/acme.core/index.json"},
		"count":           {index["count"], 1.0},
		"lower":           {dig(index, "items", 0, "lower"), "1.0.0-rc.1"},
		"upper":           {dig(index, "items", 0, "upper"), "1.0.0-rc.1"},
		"content":         {leaf["packageContent"], base + "v3/flatcontainer/acme.core/1.0.0-rc.1/acme.core.1.0.0-rc.1.nupkg"},
		"id":              {entry["id"], "Acme.Core"},
		"version":         {entry["version"], "1.0.0-Rc.1+b7"},
		"title":           {entry["title"], "T <b>"},
		"tags":            {fmt.Sprint(entry["tags"]), "[x y]"},
		"licence":         {entry["licenseExpression"], "MIT"},
		"development":     {entry["developmentDependency"], true},
		"listed":          {entry["listed"], true},
		"published":       {entry["published"], "2026-03-01T12:02:00Z"},
		"algorithm":       {entry["packageHashAlgorithm"], "SHA512"},
		"size":            {entry["packageSize"], float64(len(content))},
		"type":            {dig(entry, "packageTypes", 0, "name"), "DotnetTool"},
		"framework":       {dig(entry, "dependencyGroups", 0, "targetFramework"), ".NETStandard2.0"},
		"empty framework": {dig(entry, "dependencyGroups", 1, "targetFramework"), "net45"},
		"range":           {dig(entry, "dependencyGroups", 0, "dependencies", 0, "range"), "[1.0.0, )"},
		"to":              {dig(entry, "dependencyGroups", 0, "dependencies", 0, "registration"), base + "v3/registrations-semver2/acme.base/index.json"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", path, c.got, c.want)
		}
	}
	single := s.json("v3/registrations-semver2/acme.core/1.0.0-rc.1.json")
	if single["listed"] != true || single["packageContent"] != leaf["packageContent"] || single["catalogEntry"] != entry["@id"] {
		t.Errorf("got %v", single)
	}
	if got := s.json("v3/catalog/acme.core/1.0.0-rc.1.json"); got["packageHash"] != entry["packageHash"] {
		t.Errorf("got %v", got)
	}
	// Clients of before SemVer 2 cannot read the version, so for them there is no such package.
	s.Must(404, s.Do("GET", "v3/registrations/acme.core/index.json", ""))
	s.pushAll("Acme.Core", "0.9.0")
	if got := s.json("v3/registrations/acme.core/index.json"); dig(got, "items", 0, "upper") != "0.9.0" {
		t.Errorf("got %v", got)
	}
}

func TestARegistrationIsPaged(t *testing.T) {
	for _, c := range []struct{ versions, pages, inline int }{{64, 1, 64}, {65, 2, 65}, {127, 2, 127}, {128, 2, 0}, {130, 3, 0}} {
		t.Run(fmt.Sprint(c.versions), func(t *testing.T) {
			s := newSite(t)
			var offers []offeredVersion
			var want []string
			for n := range c.versions {
				want = append(want, fmt.Sprintf("1.0.%d", n))
				offers = append(offers, offeredVersion{"Acme.Core", want[n], "x", nil})
			}
			slices.Reverse(offers)
			s.offer(offers...)
			index := s.json("v3/registrations/acme.core/index.json")
			pages := index["items"].([]any)
			if len(pages) != c.pages || index["count"] != float64(c.pages) {
				t.Fatalf("got %d pages, want %d", len(pages), c.pages)
			}
			var got []string
			inline := 0
			for _, page := range pages {
				page := page.(object)
				items, _ := page["items"].([]any)
				if inline += len(items); items == nil {
					read := s.json(strings.TrimPrefix(page["@id"].(string), formattest.Base+"nuget/shelf/"))
					if items = read["items"].([]any); read["lower"] != page["lower"] || read["upper"] != page["upper"] || read["@id"] != page["@id"] {
						t.Errorf("got the page %v to %v, want %v to %v", read["lower"], read["upper"], page["lower"], page["upper"])
					}
				}
				first, last := dig(items, 0, "catalogEntry", "version"), dig(items, len(items)-1, "catalogEntry", "version")
				if first != page["lower"] || last != page["upper"] || page["count"] != float64(len(items)) {
					t.Errorf("a page from %v to %v of %v has %v to %v", page["lower"], page["upper"], page["count"], first, last)
				}
				for _, item := range items {
					got = append(got, dig(item, "catalogEntry", "version").(string))
				}
			}
			if inline != c.inline || !slices.Equal(got, want) {
				t.Errorf("got %d versions in the index and %v", inline, got)
			}
		})
	}
}

func TestAnUnlistedVersionIsForThoseWhoNameIt(t *testing.T) {
	s := newSite(t)
	s.pushAll("Acme.Core", "1.0.0", "2.0.0")
	listed := func() string {
		return fmt.Sprintf("%v %v", s.json("v3/autocomplete?id=acme.core")["data"], dig(s.json("v3/query?q=acme"), "data", 0, "version"))
	}
	if got := listed(); got != "[1.0.0 2.0.0] 2.0.0" {
		t.Errorf("before: got %s", got)
	}
	s.Must(http.StatusNoContent, s.Do("DELETE", "v3/package/Acme.Core/2.00.0+b", ""))
	if got := listed(); got != "[1.0.0] 1.0.0" {
		t.Errorf("unlisted: got %s", got)
	}
	if got := s.Get("v3/flatcontainer/acme.core/index.json"); !strings.Contains(got, "2.0.0") {
		t.Errorf("a pin would not be found: %s", got)
	}
	entry := dig(s.json("v3/registrations/acme.core/index.json"), "items", 0, "items", 1, "catalogEntry").(object)
	if entry["listed"] != false || entry["published"] != "1900-01-01T00:00:00Z" {
		t.Errorf("got %v", entry)
	}
	s.Get("v3/flatcontainer/acme.core/2.0.0/acme.core.2.0.0.nupkg")
	s.Must(http.StatusNoContent, s.Do("DELETE", "v3/package/Acme.Core/2.0.0", ""))
	s.Must(http.StatusOK, s.Do("POST", "v3/package/acme.core/2.0.0", ""))
	if got := listed(); got != "[1.0.0 2.0.0] 2.0.0" {
		t.Errorf("relisted: got %s", got)
	}
	s.Must(http.StatusNotFound, s.Do("DELETE", "v3/package/Acme.Core/9.0.0", ""))
	s.SetStatus(shelf, key("acme.core", "2.0.0"), artifact.Archived)
	if got := s.Get("v3/flatcontainer/acme.core/index.json"); strings.Contains(got, "2.0.0") {
		t.Errorf("an archived version is listed: %s", got)
	}
	s.Must(http.StatusNotFound, s.Do("GET", "v3/flatcontainer/acme.core/2.0.0/acme.core.2.0.0.nupkg", ""))
	s.Must(http.StatusConflict, s.Do("POST", "v3/package/acme.core/2.0.0", ""))
	publisher := &site{Domain: s.As(formattest.Caller("publisher", "ReadFromRepository", "PublishPackageVersion")), Client: formattest.Client{T: t}}
	publisher.serve(shelf)
	publisher.Must(http.StatusForbidden, publisher.Do("DELETE", "v3/package/Acme.Core/1.0.0", ""))
}

func TestASearchEndsWhereEnoughWasFound(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"Acme.A", "Acme.B", "Acme.C", "Acme.D"} {
		s.pushAll(id, "1.0.0", "1.1.0")
	}
	var got []string
	passed, total, err := query{skip: 1, take: 3}.find(t.Context(), s.Shelf(shelf, artifact.NuGet), func(versions []entry) bool {
		got = append(got, fmt.Sprint(versions[0].manifest.ID, " ", len(versions)))
		return len(got) < 2
	})
	if want := "Acme.B 2, Acme.C 2"; err != nil || passed != 2 || total != 4 || strings.Join(got, ", ") != want {
		t.Errorf("got %v, %d passed of %d, %v; want %s, 2 of 4", got, passed, total, err, want)
	}
}

func TestASearchShowsWhatItsClientCanRead(t *testing.T) {
	s := newSite(t)
	s.pushAll("Acme.Core", "1.0.0", "2.0.0-beta")
	s.pushAll("Acme.Next", "1.0.0-rc.1")
	s.Must(201, s.push(packed(t, "Acme.Tool", "1.0.0", `<packageTypes><packageType name="DotnetTool"/></packageTypes>`)))
	for query, want := range map[string]string{
		"":                                    "Acme.Core 1.0.0, Acme.Tool 1.0.0",
		"q=acme":                              "Acme.Core 1.0.0, Acme.Tool 1.0.0",
		"q=packageid:acme.core":               "Acme.Core 1.0.0",
		"q=nothing":                           "",
		"prerelease=true":                     "Acme.Core 2.0.0-beta, Acme.Tool 1.0.0",
		"prerelease=true&semVerLevel=2.0.0":   "Acme.Core 2.0.0-beta, Acme.Next 1.0.0-rc.1, Acme.Tool 1.0.0",
		"packageType=dotnettool":              "Acme.Tool 1.0.0",
		"packageType=Dependency":              "Acme.Core 1.0.0",
		"packageType=unknown":                 "",
		"skip=1&take=1&prerelease=true":       "",
		"skip=2&take=5":                       "Acme.Tool 1.0.0",
		"take=1":                              "Acme.Core 1.0.0",
		"take=99999999999&q=acme+core":        "!",
		"q=" + strings.Repeat("a+", 11):       "!",
		"skip=-1":                             "!",
		"q=" + strings.Repeat("a", maxTerm+1): "!",
	} {
		if want == "!" {
			s.Must(http.StatusBadRequest, s.Do("GET", "v3/query?"+query, ""))
			continue
		}
		var got []string
		for _, one := range s.json("v3/query?" + query)["data"].([]any) {
			got = append(got, fmt.Sprint(dig(one, "id"), " ", dig(one, "version")))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: got %s, want %s", query, text, want)
		}
	}
	if got := s.json("v3/autocomplete?q=tool"); fmt.Sprint(got["data"]) != "[Acme.Tool]" {
		t.Errorf("got %v", got)
	}
	if got := s.json("v3/autocomplete?id=nothing"); fmt.Sprint(got["data"]) != "[]" {
		t.Errorf("got %v", got)
	}
}

func TestDocumentsAreCompressedForWhoTakesThat(t *testing.T) {
	s := newSite(t)
	s.pushAll("Acme.Core", "1.0.0")
	const path = "v3/registrations-semver2/acme.core/index.json"
	w := s.Must(200, s.Do("GET", path, "", "Accept-Encoding", "gzip, deflate"))
	plain, err := gzip.NewReader(w.Body)
	if err != nil || w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %v, %v", w.Header(), err)
	}
	text, err := io.ReadAll(plain)
	if err != nil || !json.Valid(text) || string(text) != s.Get(path) {
		t.Errorf("got %s, %v", text, err)
	}
	if w := s.Do("GET", path, "", "If-None-Match", w.Header().Get("Etag")); w.Code != http.StatusNotModified {
		t.Errorf("unchanged: got %d", w.Code)
	}
}

func TestErrorsAreToldWhereClientsShowThem(t *testing.T) {
	const warning = "X-NuGet-Warning"
	s := newSite(t)
	for name, c := range map[string]struct {
		method, path string
		header       []string
		err          error
		want         string // part of the warning; empty for none
	}{
		"a package that may be elsewhere": {"GET", "v3/flatcontainer/nothing/index.json", nil, nil, ""},
		"a package that is kept away": {"GET", "v3/flatcontainer/nothing/index.json", nil,
			artifact.Errorf(artifact.NotFound, "Its group keeps it away.").Causing(repository.ErrWithheld), "Its group keeps it away."},
		"an address that is none":           {"GET", "FindPackagesById()?id='X'", nil, nil, "nuget/shelf/v3/index.json as the source"},
		"a push to an address that is none": {"PUT", "", nil, nil, "nuget/shelf/v3/index.json as the source"},
		"a delete of what is not there":     {"DELETE", "v3/package/nothing/1.0.0", nil, nil, "nothing"},
		"nobody yet":                        {"GET", "v3/index.json", nil, artifact.Errorf(artifact.Unauthenticated, "Who?"), ""},
		"nobody again":                      {"GET", "v3/index.json", []string{"Authorization", "Basic Og=="}, artifact.Errorf(artifact.Unauthenticated, "Who?"), ""},
		"a bad token":                       {"GET", "v3/index.json", []string{"Authorization", "Basic YTpi"}, artifact.Errorf(artifact.Unauthenticated, "Who?"), "Who? Get a new one with `aws codeartifact login"},
		"a bad key":                         {"PUT", "v3/package", []string{"Authorization", "Basic Og==", "X-NuGet-ApiKey", "b"}, artifact.Errorf(artifact.Unauthenticated, "Who?"), "Who?"},
		"letters that a header has not":     {"GET", "v3/index.json", nil, artifact.Errorf(artifact.Denied, "Äh\r\nX-Evil: 1"), "?h??X-Evil: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := s.Handler
			if c.err != nil {
				h = formattest.Handler(Format(), formattest.Refusing{Shelf: s.Shelf(shelf, artifact.NuGet), Err: c.err})
			}
			w := formattest.NewRequest(c.method, c.path, "", c.header...).Do(h)
			if got := w.Header().Get(warning); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("got %d and the warning %q, want %q in it", w.Code, got, c.want)
			}
			if artifact.Is(c.err, artifact.Unauthenticated) && w.Header().Get("WWW-Authenticate") != challenge {
				t.Errorf("got the challenge %q", w.Header().Get("WWW-Authenticate"))
			}
		})
	}
	if got := format.Line(strings.Repeat("é", 1000), maxWarning); len(got) != maxWarning {
		t.Errorf("got a warning of %d bytes", len(got))
	}
}
