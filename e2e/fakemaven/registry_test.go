package fakemaven

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"entrepot/e2e/fakeregistry"
)

func serve(t *testing.T, m Manners) (*Registry, *httptest.Server) {
	t.Helper()
	r := New(m)
	err := r.Load(fstest.MapFS{
		"org.example/left/1.0/left.txt":      {Data: []byte("left\n")},
		"org.example/left/1.1/left.txt":      {Data: []byte("left of left\n")},
		"org.example/left/1.1/registry.json": {Data: []byte(`{"dependencies":["org.example:deep:2.0"]}`)},
		"org.example/bom/1/registry.json":    {Data: []byte(`{"packaging":"pom"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s
}

func TestEveryFileHasItsChecksums(t *testing.T) {
	_, s := serve(t, Manners{})
	for _, name := range []string{"1.0/left-1.0.jar", "1.1/left-1.1.pom", metadataFile} {
		_, body := fakeregistry.Get(t, s.URL+"/org/example/left/"+name)
		for extension, sum := range sums {
			if _, got := fakeregistry.Get(t, s.URL+"/org/example/left/"+name+extension); string(got) != sum(body) {
				t.Errorf("%s%s: got %s, want %s", name, extension, got, sum(body))
			}
		}
	}
}

func TestMetadataListsVersionsAndPlugins(t *testing.T) {
	r, s := serve(t, Manners{})
	if err := r.Add(Package{Group: "org.example.plugins", Artifact: "maven-left-plugin", Version: "1"}); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Release  string   `xml:"versioning>release"`
		Versions []string `xml:"versioning>versions>version"`
		Prefixes []string `xml:"plugins>plugin>prefix"`
	}
	_, body := fakeregistry.Get(t, s.URL+"/org/example/left/"+metadataFile)
	if err := xml.Unmarshal(body, &document); err != nil || document.Release != "1.1" || !slices.Equal(document.Versions, []string{"1.0", "1.1"}) {
		t.Errorf("got %s (%v), want 1.0 and 1.1", body, err)
	}
	_, body = fakeregistry.Get(t, s.URL+"/org/example/plugins/"+metadataFile)
	if err := xml.Unmarshal(body, &document); err != nil || !slices.Equal(document.Prefixes, []string{"left"}) {
		t.Errorf("got %s (%v), want the prefix left", body, err)
	}
}

func TestAPOMIsMadeOfTheCoordinates(t *testing.T) {
	_, s := serve(t, Manners{})
	var pom struct {
		Packaging    string `xml:"packaging"`
		Dependencies []struct {
			Artifact string `xml:"artifactId"`
			Version  string `xml:"version"`
		} `xml:"dependencies>dependency"`
	}
	_, body := fakeregistry.Get(t, s.URL+"/org/example/left/1.1/left-1.1.pom")
	err := xml.Unmarshal(body, &pom)
	if err != nil || pom.Packaging != "jar" || len(pom.Dependencies) != 1 || pom.Dependencies[0].Artifact != "deep" || pom.Dependencies[0].Version != "2.0" {
		t.Errorf("got %s (%v), want a dependency on deep 2.0", body, err)
	}
}

func TestALocalRepositoryIsOffered(t *testing.T) {
	r, s := serve(t, Manners{})
	local := fstest.MapFS{
		"org/acme/tool/3/tool-3.pom":                 {Data: []byte("<project/>")},
		"org/acme/tool/3/tool-3.jar":                 {Data: []byte("jar")},
		"org/acme/tool/3/_remote.repositories":       {Data: []byte("internal")},
		"org/acme/tool/maven-metadata-elsewhere.xml": {Data: []byte("<internal/>")},
	}
	if err := r.Offer(local); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"3/tool-3.jar": "jar", "3/tool-3.jar.sha1": sums[".sha1"]([]byte("jar")), "3/tool-3.pom": "<project/>",
	} {
		if _, body := fakeregistry.Get(t, s.URL+"/org/acme/tool/"+path); string(body) != want {
			t.Errorf("%s: got %s, want %s", path, body, want)
		}
	}
	if _, body := fakeregistry.Get(t, s.URL+"/org/acme/tool/"+metadataFile); !strings.Contains(string(body), "<version>3</version>") {
		t.Errorf("got %s, want version 3", body)
	}
	for _, path := range []string{"3/_remote.repositories", "maven-metadata-elsewhere.xml", "3/tool-3.war", "../tool/3/tool-3.jar"} {
		if resp, _ := fakeregistry.Get(t, s.URL+"/org/acme/tool/"+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("got %d for %s, want 404", resp.StatusCode, path)
		}
	}
}

func TestMannersChangeWhatIsSaidOfBytes(t *testing.T) {
	for name, row := range map[string]struct {
		manners Manners
		beside  int
		header  bool
	}{
		"checksums beside":     {Manners{}, http.StatusOK, false},
		"none":                 {Manners{NoSums: true}, http.StatusNotFound, false},
		"in the headers":       {Manners{Headers: true}, http.StatusOK, true},
		"in the headers alone": {Manners{NoSums: true, Headers: true}, http.StatusNotFound, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t, row.manners)
			resp, body := fakeregistry.Get(t, s.URL+"/org/example/left/1.0/left-1.0.jar")
			if got := resp.Header.Get("X-Checksum-Sha1") == sums[".sha1"](body); got != row.header {
				t.Errorf("got a checksum in the headers: %t, want %t", got, row.header)
			}
			if resp, _ := fakeregistry.Get(t, s.URL+"/org/example/left/1.0/left-1.0.jar.sha1"); resp.StatusCode != row.beside {
				t.Errorf("got %d for the checksum, want %d", resp.StatusCode, row.beside)
			}
		})
	}
}

func TestFaultsChangeWhatIsServed(t *testing.T) {
	fakeregistry.TryFaults(t, Faults, func(t *testing.T) (*fakeregistry.Door, []string) {
		r, s := serve(t, Manners{})
		below := s.URL + "/org/example/left/"
		return &r.Door, []string{below + "1.0/left-1.0.jar", below + "1.0/left-1.0.jar.sha1", below + metadataFile}
	})
}

func TestWhatIsNotOnOfferIsNotFound(t *testing.T) {
	r, s := serve(t, Manners{})
	if err := r.Add(Package{Group: "org.example", Artifact: "gone", Version: "1"}); err != nil {
		t.Fatal(err)
	}
	r.Remove("org.example:gone")
	for _, path := range []string{
		"/", "/org/example/" + metadataFile, "/org/example/gone/" + metadataFile, "/org/example/gone/1/gone-1.jar",
		"/org/example/left/9/left-9.pom", "/org/example/bom/1/bom-1.jar", "/org/example/left/1.0/left-1.0-sources.jar.sha1",
	} {
		if resp, _ := fakeregistry.Get(t, s.URL+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("got %d for %s, want 404", resp.StatusCode, path)
		}
	}
}
