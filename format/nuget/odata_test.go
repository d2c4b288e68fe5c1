package nuget

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
)

// atom is what clients read of a feed or an entry.
type atom struct {
	Count   string       `xml:"count"`
	Entries []atomMember `xml:"entry"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
}

type atomMember struct {
	Content struct {
		Src string `xml:"src,attr"`
	} `xml:"content"`
	Properties struct {
		ID                    string `xml:"Id"`
		Version               string `xml:"Version"`
		NormalizedVersion     string `xml:"NormalizedVersion"`
		Dependencies          string `xml:"Dependencies"`
		Description           string `xml:"Description"`
		DevelopmentDependency string `xml:"DevelopmentDependency"`
		Published             string `xml:"Published"`
		PackageHash           string `xml:"PackageHash"`
		IsLatestVersion       string `xml:"IsLatestVersion"`
	} `xml:"properties"`
}

// feed reads a feed, and returns what is in it.
func (s *site) feed(path string) (read atom, listed string) {
	s.T.Helper()
	if err := xml.Unmarshal([]byte(s.Get(path)), &read); err != nil {
		s.T.Fatal(err)
	}
	var all []string
	for _, e := range read.Entries {
		all = append(all, e.Properties.ID+" "+e.Properties.NormalizedVersion)
	}
	return read, strings.Join(all, ", ")
}

func TestFeedsOfVersion2ListWhatTheirClientsAskFor(t *testing.T) {
	s := newSite(t)
	s.pushAll("Acme.Core", "1.0.0", "1.1.0", "2.0.0-beta", "3.0.0-rc.1")
	s.pushAll("Acme.Tool", "0.1.0")
	s.Must(http.StatusNoContent, s.Do("DELETE", "v2/Acme.Core/1.1.0", ""))
	for path, want := range map[string]string{
		"FindPackagesById()?id='acme.CORE'":                                                 "Acme.Core 1.0.0, Acme.Core 1.1.0, Acme.Core 2.0.0-beta",
		"FindPackagesById?id='Acme.Core'&semVerLevel=2.0.0":                                 "Acme.Core 1.0.0, Acme.Core 1.1.0, Acme.Core 2.0.0-beta, Acme.Core 3.0.0-rc.1",
		"FindPackagesById()?id='Acme.Core'&$orderby=Version desc&$top=1":                    "Acme.Core 2.0.0-beta",
		"FindPackagesById()?id='Acme.Core'&$skip=1&$top=1":                                  "Acme.Core 1.1.0",
		"FindPackagesById()?id='Acme.Core'&$filter=IsLatestVersion":                         "Acme.Core 1.0.0",
		"FindPackagesById()?id='Acme.Core'&$filter=IsAbsoluteLatestVersion eq true":         "Acme.Core 2.0.0-beta",
		"FindPackagesById()?id='Nothing'":                                                   "",
		"Packages()?$filter=(tolower(Id) eq 'acme.core') and IsLatestVersion":               "Acme.Core 1.0.0",
		"Packages?$filter=Id eq 'Acme.Core' and Version eq '1.0.0'":                         "Acme.Core 1.0.0",
		"Packages()?$filter=IsLatestVersion":                                                "Acme.Core 1.0.0, Acme.Tool 0.1.0",
		"Packages()?$filter=not IsPrerelease and substringof('tool',tolower(Id))":           "Acme.Tool 0.1.0",
		"Search()?searchTerm='acme'&includePrerelease=false&$filter=IsLatestVersion":        "Acme.Core 1.0.0, Acme.Tool 0.1.0",
		"Search()?searchTerm='acme'&includePrerelease=true&$filter=IsAbsoluteLatestVersion": "Acme.Core 2.0.0-beta, Acme.Tool 0.1.0",
		"Search()?searchTerm=''&includePrerelease=true":                                     "Acme.Core 1.0.0, Acme.Core 2.0.0-beta, Acme.Tool 0.1.0",
		"Search()?searchTerm='tool'&$filter=IsLatestVersion&$orderby=Id&$skip=0&$top=30":    "Acme.Tool 0.1.0",
		"Search()?searchTerm='acme'&$filter=IsLatestVersion&$skip=1&$top=30":                "Acme.Tool 0.1.0",
	} {
		if _, got := s.feed("v2/" + strings.ReplaceAll(path, " ", "%20")); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	for _, path := range []string{"Search()?$filter=Id%20like%20'x'", "Search()?$top=many", "FindPackagesById()?id='a/b'", "Packages()?$filter=" + strings.Repeat("(", 100)} {
		s.Must(http.StatusBadRequest, s.Do("GET", "v2/"+path, ""))
	}
	s.Must(http.StatusNotFound, s.Do("GET", "v2/GetUpdates()", ""))
	for query, want := range map[string]string{
		"searchTerm='acme'&$filter=IsLatestVersion":                              "2",
		"searchTerm='acme'&$filter=IsLatestVersion&$top=1":                       "2",
		"searchTerm='acme'&includePrerelease=true":                               "3",
		"searchTerm='acme'&includePrerelease=true&$filter=IsPrerelease":          "1",
		"searchTerm='acme'&includePrerelease=true&$filter=IsPrerelease&$skip=10": "1",
		"searchTerm='acme'&$filter=startswith(Id,'Nothing')":                     "0",
	} {
		if got := s.Get("v2/Search()/$count?" + query); got != want {
			t.Errorf("%s: got the count %s, want %s", query, got, want)
		}
		if got, _ := s.feed("v2/Search()?$inlinecount=allpages&" + query); got.Count != want {
			t.Errorf("%s: got the count %s in the feed, want %s", query, got.Count, want)
		}
	}
}

func TestAnEntryOfVersion2LeadsToThePackage(t *testing.T) {
	s := newSite(t)
	content := packed(t, "Acme.Core", "1.0.0+b", `<dependencies><group targetFramework="net45"><dependency id="Left" version="1.0"/></group><group targetFramework="net40"/></dependencies>`,
		`<developmentDependency>true</developmentDependency>`)
	s.Must(201, s.push(content))
	var e atomMember
	if err := xml.Unmarshal([]byte(s.Get("v2/Packages(Id='ACME.core',Version='1.0')")), &e); err != nil {
		t.Fatal(err)
	}
	if e.Properties.ID != "Acme.Core" || e.Properties.Version != "1.0.0+b" || e.Properties.Dependencies != "Left:[1.0.0, ):net45|::net40" ||
		e.Properties.PackageHash == "" || e.Properties.DevelopmentDependency != "true" || e.Properties.IsLatestVersion != "true" || e.Properties.Published != "2026-03-01T12:02:00Z" {
		t.Errorf("got %+v", e.Properties)
	}
	at, err := url.Parse(e.Content.Src)
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(at.Path, "/nuget/shelf/")
	if got := s.Get(path); got != content {
		t.Errorf("got %d bytes from %s", len(got), path)
	}
	s.Must(404, s.Do("GET", "v2/Packages(Id='Acme.Core',Version='2.0')", ""))
	s.Must(404, s.Do("GET", "v2/Packages(Id='Nothing',Version='2.0')", ""))
}

func TestAFeedOfVersion2IsPaged(t *testing.T) {
	s := newSite(t)
	var offers []offeredVersion
	for n := range defaultTop + 5 {
		offers = append(offers, offeredVersion{"Demo", fmt.Sprintf("1.0.%d", n), "x", object{"description": "<&>"}})
	}
	s.offer(offers...)
	first, _ := s.feed("v2/FindPackagesById()?id='demo'&$inlinecount=allpages")
	if len(first.Entries) != defaultTop || first.Count != fmt.Sprint(len(offers)) || first.Entries[0].Properties.Description != "<&>" ||
		first.Entries[0].Properties.PackageHash != "" {
		t.Errorf("got %d entries of %s, the first of which is %+v", len(first.Entries), first.Count, first.Entries[0])
	}
	next := ""
	for _, link := range first.Links {
		if link.Rel == "next" {
			_, next, _ = strings.Cut(link.Href, "/nuget/shelf/")
		}
	}
	if second, _ := s.feed(next); len(second.Entries) != 5 || len(second.Links) != 1 {
		t.Errorf("got %d entries and %v from %s", len(second.Entries), second.Links, next)
	}
}

func TestMetadataIsXML(t *testing.T) {
	s := newSite(t)
	var document struct{ XMLName xml.Name }
	if err := xml.Unmarshal([]byte(s.Get("v2/$metadata")), &document); err != nil || document.XMLName.Local != "Edmx" {
		t.Errorf("got %v, %v", document, err)
	}
	if err := xml.Unmarshal([]byte(s.Get("v2/")), &document); err != nil || document.XMLName.Local != "service" {
		t.Errorf("got %v, %v", document, err)
	}
}

func TestFiltersAreUnderstoodOrRefused(t *testing.T) {
	r := row{entry: entry{number: version{labels: "a"}, manifest: manifest{ID: "Acme's", Tags: []string{"x"}}}, absoluteLatest: true}
	r.Status = artifact.Published
	for text, want := range map[string]string{
		"":                                     "true",
		"IsPrerelease":                         "true",
		"IsLatestVersion or IsPrerelease":      "true",
		"not (IsLatestVersion)":                "true",
		"IsLatestVersion eq false":             "true",
		"IsPrerelease ne true":                 "false",
		"Id eq 'Acme''s'":                      "true",
		"tolower(Id) eq 'acme''s' and true":    "true",
		"startswith(Id,'Ac')":                  "true",
		"endswith(Id, 'Ac')":                   "false",
		"substringof('me',Id) eq true":         "true",
		"false or false and true":              "false",
		"soon":                                 "refused",
		"Id eq":                                "refused",
		"Id eq 'x":                             "refused",
		"(Listed":                              "refused",
		"Listed Listed":                        "refused",
		"startswith(Id)":                       "refused",
		strings.Repeat("not ", 100) + "Listed": "refused",
		strings.Repeat("(", 100):               "refused",
		"tolower":                              "refused",
		"Id eq '" + strings.Repeat("a", maxFilter) + "'": "refused",
	} {
		p, err := parseFilter(text)
		got := "refused"
		if err == nil {
			got = fmt.Sprint(p.test(r))
		}
		if got != want {
			t.Errorf("%.60s: got %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"Id eq 'X'": "x", "tolower(Id) eq 'x' and Listed": "x", "Listed and Id eq 'X'": "x", "Id eq 'x' or Id eq 'X'": "x", "Id eq 'x' or Listed": "", "not Id eq 'x'": "", "Id ne 'x'": "",
	} {
		if p, err := parseFilter(text); err != nil || p.id != want {
			t.Errorf("%s: got %q, %v, want %q", text, p.id, err, want)
		}
	}
}
