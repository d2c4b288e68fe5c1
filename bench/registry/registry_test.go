package main

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
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
	if err := json.Unmarshal(get(g, "/cold-0-7", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	dist := doc.Versions["1.0.0"].Dist
	if dist.Tarball != base+"cold-0-7/-/cold-0-7-1.0.0.tgz" {
		t.Fatalf("the tarball is at %s", dist.Tarball)
	}
	body := get(g, "/cold-0-7/-/cold-0-7-1.0.0.tgz", "").Body.Bytes()
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
		got := get(g, "/"+row.name+"/-/"+row.name+"-1.0.0.tgz", "").Body.Len()
		if got < row.min || got > row.max {
			t.Errorf("%s has %d bytes, want %d to %d", row.name, got, row.min, row.max)
		}
	}
	if got := sizeOf("big-bytes-999999999"); got != maxSize {
		t.Errorf("a size above the ceiling gives %d, want %d", got, maxSize)
	}
}

func TestRequestsAreCountedByPath(t *testing.T) {
	g := newRegistry(base, func() {})
	for _, target := range []string{"/one-a", "/one-a", "/one-b", "/two-a"} {
		get(g, target, "")
	}
	var got counts
	if err := json.Unmarshal(get(g, "/-/count?prefix=one-", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := (counts{Requests: 3, Paths: 2, Most: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAKnownDocumentIsNotSentAgain(t *testing.T) {
	g := newRegistry(base, func() {})
	tag := get(g, "/known", "").Header().Get("Etag")
	if w := get(g, "/known", tag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("got %d with %d bytes, want 304", w.Code, w.Body.Len())
	}
}

func TestWhatIsNoPackageIsNotFound(t *testing.T) {
	g := newRegistry(base, func() {})
	for _, target := range []string{"/", "/A", "/a/b", "/a/-/b-1.0.0.tgz", "/a/-/a-2.0.0.tgz"} {
		if w := get(g, target, ""); w.Code != 404 {
			t.Errorf("%s: got %d, want 404", target, w.Code)
		}
	}
}
