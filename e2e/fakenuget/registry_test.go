package fakenuget

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"entrepot/e2e/fakeregistry"
)

var tree = fstest.MapFS{
	"Left/1.0.0/lib/left.txt":       {Data: []byte("left")},
	"Left/1.0.0/registry.json":      {Data: []byte(`{"dependencies":{"Deep":"[2.0,3.0)"}}`)},
	"Left/1.1.0-beta/content/a.txt": {Data: []byte("a")},
	"Left/1.1.0-beta/registry.json": {Data: []byte(`{"unlisted":true,"deprecated":"Old."}`)},
}

func serve(t *testing.T, m Manners) (*Registry, string) {
	t.Helper()
	r := New(m)
	if err := r.Load(tree); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s.URL
}

// read returns the document at an address.
func read(t *testing.T, address string) (document struct {
	Versions  []string
	Resources []struct {
		ID string `json:"@id"`
	}
	Items []struct {
		ID           string `json:"@id"`
		Items        []json.RawMessage
		CatalogEntry json.RawMessage
	}
	PackageHash string
}) {
	t.Helper()
	_, body := fakeregistry.Get(t, address)
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatalf("%s: %v in %s", address, err, body)
	}
	return document
}

func TestARegistrationIsFoundThroughTheServiceIndex(t *testing.T) {
	_, address := serve(t, Manners{})
	index := read(t, address+"/v3/index.json")
	registration := read(t, index.Resources[0].ID+"left/index.json")
	if len(registration.Items) != 1 || len(registration.Items[0].Items) != 2 {
		t.Fatalf("got %+v, want a page of two versions", registration)
	}
	if text := string(registration.Items[0].Items[1]); !strings.Contains(text, `"listed":false`) || !strings.Contains(text, "Old.") {
		t.Errorf("got %s", text)
	}
	if listed := read(t, index.Resources[1].ID+"left/index.json"); len(listed.Versions) != 2 {
		t.Errorf("got %v", listed.Versions)
	}
	if read(t, address+"/catalog/left/1.0.0.json").PackageHash == "" {
		t.Error("nothing is said about the bytes")
	}
}

func TestMannersChangeTheRegistration(t *testing.T) {
	_, address := serve(t, Manners{Pages: true, NoHashes: true})
	registration := read(t, address+"/registrations/left/index.json")
	if len(registration.Items) != 2 || registration.Items[0].Items != nil {
		t.Fatalf("got %+v, want two pages elsewhere", registration)
	}
	if page := read(t, registration.Items[1].ID); len(page.Items) != 1 || page.Items[0].CatalogEntry == nil {
		t.Errorf("got %+v", page)
	}
	if resp, _ := fakeregistry.Get(t, address+"/catalog/left/1.0.0.json"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %d for what is said about the bytes", resp.StatusCode)
	}
}

func TestAPackageHasItsNuspecAndItsFiles(t *testing.T) {
	r, address := serve(t, Manners{})
	_, content := fakeregistry.Get(t, address+"/flat/left/1.0.0/left.1.0.0.nupkg")
	packed, err := Pack(tree)
	if err != nil || !bytes.Equal(packed["Left.1.0.0.nupkg"], content) {
		t.Errorf("got other bytes than are packed, %v", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	nuspec, err := archive.Open("Left.nuspec")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(nuspec)
	if err != nil || !strings.Contains(string(text), `<dependency id="Deep" version="[2.0,3.0)" />`) {
		t.Errorf("got %s, %v", text, err)
	}
	if _, err := archive.Open("lib/left.txt"); err != nil {
		t.Error(err)
	}
	r.Remove("LEFT")
	if resp, _ := fakeregistry.Get(t, address+"/registrations/left/index.json"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %d for what was removed", resp.StatusCode)
	}
}

func TestFaults(t *testing.T) {
	fakeregistry.TryFaults(t, Faults, func(t *testing.T) (*fakeregistry.Door, []string) {
		r, address := serve(t, Manners{})
		return &r.Door, []string{address + "/v3/index.json", address + "/registrations/left/index.json",
			address + "/flat/left/1.0.0/left.1.0.0.nupkg"}
	})
}
