package fakepypi

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"entrepot/e2e/fakeregistry"
)

func serve(t *testing.T, m Manners) (*Registry, *httptest.Server) {
	t.Helper()
	r := New(m)
	err := r.Load(fstest.MapFS{
		"Left_Pad/1.0/left_pad.py":   {Data: []byte("side = 'left'\n")},
		"Left_Pad/1.0/registry.json": {Data: []byte(`{"requires":["deep>=2"],"requires_python":">=3.8","sdist":true}`)},
		"Left_Pad/1.1/left_pad.py":   {Data: []byte("side = 'left'\n")},
		"Left_Pad/1.1/registry.json": {Data: []byte(`{"yanked":"it was <right>","provenance":{"version":1}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s
}

type listed struct {
	Filename, URL string
	Hashes        map[string]string
	Yanked        any
	Metadata      any    `json:"core-metadata"`
	Provenance    string `json:"provenance"`
}

func list(t *testing.T, page []byte) map[string]listed {
	t.Helper()
	var doc struct{ Files []listed }
	if err := json.Unmarshal(page, &doc); err != nil {
		t.Fatalf("read %s: %v", page, err)
	}
	all := map[string]listed{}
	for _, f := range doc.Files {
		all[f.Filename] = f
	}
	return all
}

func TestAFileIsWhatThePagePromises(t *testing.T) {
	_, s := serve(t, Manners{})
	_, page := fakeregistry.Get(t, s.URL+"/simple/left-pad/", "Accept", jsonType)
	all := list(t, page)
	if len(all) != 3 {
		t.Fatalf("got %v, want two wheels and a source distribution", all)
	}
	for name, f := range all {
		if _, body := fakeregistry.Get(t, f.URL); sum(body) != f.Hashes["sha256"] {
			t.Errorf("%s: got bytes with %s, want %s", name, sum(body), f.Hashes["sha256"])
		}
	}
	wheel := all["left_pad-1.1-py3-none-any.whl"]
	if wheel.Yanked != "it was <right>" || all["left_pad-1.0-py3-none-any.whl"].Yanked != false {
		t.Errorf("got yanked %v, want the reason for 1.1 only", wheel.Yanked)
	}
	_, beside := fakeregistry.Get(t, wheel.URL+".metadata")
	if want := map[string]any{"sha256": sum(beside)}; len(beside) == 0 || wheel.Metadata.(map[string]any)["sha256"] != want["sha256"] {
		t.Errorf("got metadata with %v, want %v", wheel.Metadata, want)
	}
	if _, body := fakeregistry.Get(t, wheel.Provenance); string(body) != `{"version":1}` {
		t.Errorf("got provenance %s", body)
	}
}

func TestAWheelHoldsItsMetadata(t *testing.T) {
	wheel, err := Package{Name: "Left_Pad", Version: "1.0", Requires: []string{"deep>=2"}}.Wheel()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(wheel), int64(len(wheel)))
	if err != nil || len(archive.File) != 3 {
		t.Fatalf("got %v (%v), want METADATA, WHEEL and RECORD", archive, err)
	}
	metadata, err := metadataOf(wheel)
	if err != nil || !strings.Contains(string(metadata), "\nRequires-Dist: deep>=2\n") {
		t.Errorf("got %s (%v)", metadata, err)
	}
}

func TestMannersChangeThePage(t *testing.T) {
	for name, row := range map[string]struct {
		manners    Manners
		accept     string
		media, has string
		hasNot     string
	}{
		"JSON for who prefers it": {Manners{}, jsonType, jsonType, `"upload-time"`, "<a"},
		"HTML for all others":     {Manners{}, "*/*", htmlType, `data-yanked="it was &lt;right&gt;"`, "{"},
		"HTML for everybody":      {Manners{HTML: true}, jsonType, htmlType, `data-requires-python="&gt;=3.8"`, "{"},
		"bare":                    {Manners{Bare: true}, jsonType, jsonType, `"yanked"`, "metadata"},
		"elsewhere":               {Manners{FilesAt: "http://files.example.test"}, jsonType, jsonType, "http://files.example.test/files/left-pad/", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t, row.manners)
			resp, body := fakeregistry.Get(t, s.URL+"/simple/left-pad/", "Accept", row.accept)
			if got := resp.Header.Get("Content-Type"); got != row.media {
				t.Errorf("got %s, want %s", got, row.media)
			}
			if !strings.Contains(string(body), row.has) || strings.Contains(string(body), row.hasNot) {
				t.Errorf("got %s, want %s and not %s", body, row.has, row.hasNot)
			}
		})
	}
}

func TestWheelsOfAFolderAreOffered(t *testing.T) {
	wheel, err := Package{Name: "deep", Version: "2.0", RequiresPython: ">=3.9"}.Wheel()
	if err != nil {
		t.Fatal(err)
	}
	r, s := serve(t, Manners{})
	if err := r.Offer(fstest.MapFS{"deep-2.0-py3-none-any.whl": {Data: wheel}, "other.txt": {}}); err != nil {
		t.Fatal(err)
	}
	_, page := fakeregistry.Get(t, s.URL+"/simple/deep/", "Accept", jsonType)
	f := list(t, page)["deep-2.0-py3-none-any.whl"]
	if _, body := fakeregistry.Get(t, f.URL); !bytes.Equal(body, wheel) || !strings.Contains(string(page), `"requires-python":"\u003e=3.9"`) {
		t.Errorf("got %s and %d bytes, want the wheel with what it requires", page, len(body))
	}
}

func TestFaultsChangeWhatIsServed(t *testing.T) {
	fakeregistry.TryFaults(t, Faults, func(t *testing.T) (*fakeregistry.Door, []string) {
		r, s := serve(t, Manners{})
		return &r.Door, []string{s.URL + "/simple/left-pad/", s.URL + "/files/left-pad/left_pad-1.0-py3-none-any.whl"}
	})
}

func TestWhatIsNotOnOfferIsNotFound(t *testing.T) {
	r, s := serve(t, Manners{})
	if err := r.Add(Package{Name: "gone", Version: "1.0"}); err != nil {
		t.Fatal(err)
	}
	r.Remove("Gone")
	for _, path := range []string{
		"/", "/simple/", "/simple/nothing/", "/simple/gone/", "/simple/Left_Pad/", "/files/left-pad/left_pad-9.9-py3-none-any.whl",
		"/files/left-pad/left_pad-1.0.tar.gz.metadata", "/files/left-pad/left_pad-1.0-py3-none-any.whl.provenance",
	} {
		if resp, _ := fakeregistry.Get(t, s.URL+path, "Accept", jsonType); resp.StatusCode != http.StatusNotFound {
			t.Errorf("got %d for %s, want 404", resp.StatusCode, path)
		}
	}
}
