package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"entrepot/bench/fixture"
)

const base = "http://registry.example.test/"

func get(g *registry, target string, tag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func TestEveryTarballIsWhatItsDocumentSays(t *testing.T) {
	var waits atomic.Int64
	g := newRegistry(base, func() { waits.Add(1) })
	var doc struct {
		Versions map[string]struct{ Dist fixture.Dist }
	}
	if err := json.Unmarshal(get(g, "/npm/cold-0-7", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	dist := doc.Versions["1.0.0"].Dist
	if dist.Tarball != base+"npm/cold-0-7/-/cold-0-7-1.0.0.tgz" {
		t.Fatalf("the tarball is at %s", dist.Tarball)
	}
	body := get(g, "/npm/cold-0-7/-/cold-0-7-1.0.0.tgz", "").Body.Bytes()
	sum := sha512.Sum512(body)
	if want := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); dist.Integrity != want {
		t.Errorf("integrity %s, the bytes have %s", dist.Integrity, want)
	}
	if waits.Load() != 2 {
		t.Errorf("waited %d times for two requests", waits.Load())
	}
}

func TestANameMayAskForASize(t *testing.T) {
	g := newRegistry(base, func() {})
	rows := []struct {
		name     string
		min, max int
	}{
		{"big-bytes-200000", 190_000, 210_000},
		{"usual-7", 9_000, 11_000},
	}
	for _, row := range rows {
		got := get(g, "/npm/"+row.name+"/-/"+row.name+"-1.0.0.tgz", "").Body.Len()
		if got < row.min || got > row.max {
			t.Errorf("%s has %d bytes, want %d to %d", row.name, got, row.min, row.max)
		}
	}
	if got := sizeOf("big-bytes-999999999"); got != maxSize {
		t.Errorf("a size above the ceiling gives %d, want %d", got, maxSize)
	}
}

func TestEveryWheelIsWhatItsPageSays(t *testing.T) {
	g := newRegistry(base, func() {})
	var page struct {
		Files []struct {
			URL    string
			Hashes map[string]string
		}
	}
	if err := json.Unmarshal(get(g, "/pypi/simple/cold-0-7/", "").Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	below, ok := strings.CutPrefix(page.Files[0].URL, base)
	if !ok {
		t.Fatalf("the wheel is at %s", page.Files[0].URL)
	}
	sum := sha256.Sum256(get(g, "/"+below, "").Body.Bytes())
	if got, want := page.Files[0].Hashes["sha256"], hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the page says %s, the bytes have %s", got, want)
	}
}

func TestEveryFileOfAnArtifactHasItsChecksums(t *testing.T) {
	g := newRegistry(base, func() {})
	for _, file := range []string{
		"cold-0-7/maven-metadata.xml", "cold-0-7/1.0.0/cold-0-7-1.0.0.jar", "cold-0-7/1.0.0/cold-0-7-1.0.0.pom",
	} {
		content := get(g, "/maven/com/example/bench/"+file, "")
		sum := sha1.Sum(content.Body.Bytes())
		got := get(g, "/maven/com/example/bench/"+file+".sha1", "").Body.String()
		if want := hex.EncodeToString(sum[:]); content.Code != 200 || got != want {
			t.Errorf("%s: %d, checksum %s, the bytes have %s", file, content.Code, got, want)
		}
	}
}

func TestRequestsAreCountedByMethodAndPath(t *testing.T) {
	g := newRegistry(base, func() {})
	for _, target := range []string{"/npm/one-a", "/npm/one-a", "/npm/one-b", "/npm/two-a", "/pypi/simple/one-a/"} {
		get(g, target, "")
	}
	g.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("HEAD", "/npm/one-a", nil))
	var got counts
	if err := json.Unmarshal(get(g, "/-/count?protocol=npm&prefix=one-", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := (counts{Requests: 4, Most: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAKnownDocumentIsNotSentAgain(t *testing.T) {
	g := newRegistry(base, func() {})
	for _, target := range []string{"/npm/known", "/pypi/simple/known/", "/maven/com/example/bench/known/maven-metadata.xml",
		"/nuget/v3/index.json", "/nuget/registrations/known/index.json"} {
		tag := get(g, target, "").Header().Get("Etag")
		if w := get(g, target, tag); w.Code != 304 || w.Body.Len() != 0 {
			t.Errorf("%s: got %d with %d bytes, want 304", target, w.Code, w.Body.Len())
		}
	}
}

func TestWhatIsNoPackageIsNotFound(t *testing.T) {
	g := newRegistry(base, func() {})
	for _, target := range []string{"/", "/a", "/npm/A", "/npm/a/b", "/npm/a/-/b-1.0.0.tgz", "/npm/a/-/a-2.0.0.tgz", "/pypi/a/",
		"/pypi/simple/a/b", "/maven/a/a/1.0.0/a-1.0.0.jar", "/maven/com/example/bench/a/1.0.0/a-1.0.0-sources.jar",
		"/nuget/registrations/a/b.json", "/nuget/flat/a/2.0.0/a.2.0.0.nupkg"} {
		if w := get(g, target, ""); w.Code != 404 {
			t.Errorf("%s: got %d, want 404", target, w.Code)
		}
	}
}

func TestEveryCrateIsWhatItsIndexFileSays(t *testing.T) {
	g := newRegistry(base, func() {})
	var config struct{ DL string }
	if err := json.Unmarshal(get(g, "/cargo/index/config.json", "").Body.Bytes(), &config); err != nil || config.DL != base+"cargo/crates" {
		t.Errorf("got %+v, %v", config, err)
	}
	var line struct{ Name, Vers, Cksum string }
	if err := json.Unmarshal(get(g, "/cargo/index/co/ld/cold-0-7", "").Body.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	crate := get(g, "/cargo/crates/cold-0-7/1.0.0/download", "").Body.Bytes()
	if sum := sha256.Sum256(crate); line.Cksum != hex.EncodeToString(sum[:]) || line.Name != "cold-0-7" {
		t.Errorf("got %+v for %d bytes", line, len(crate))
	}
	for _, path := range []string{"index/mi/ss/" + fixture.MissingCrate, "index/xx/yy/cold-0-7", "crates/cold-0-7", "index"} {
		if got := get(g, "/cargo/"+path, "").Code; got != 404 {
			t.Errorf("%s: got %d, want 404", path, got)
		}
	}
}
