package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/bench/fixture"
)

func newTestServer(t *testing.T) (*server, string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"a.tgz": "tarball", "a.json.gz": "zipped"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newServer(dir, "good")
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func ask(s *server, method, target, token, match string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, bytes.NewReader(body))
	r.Header.Set("Authorization", token)
	if match != "" {
		r.Header.Set("If-None-Match", match)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestFilesAreServedToThoseWithTheToken(t *testing.T) {
	s, _ := newTestServer(t)
	rows := []struct {
		name, target, token string
		status              int
		body, encoding      string
	}{
		{"tarball", "/a.tgz", "Bearer good", 200, "tarball", ""},
		{"compressed document", "/a.json.gz", "Bearer good", 200, "zipped", "gzip"},
		{"unknown file", "/b.tgz", "Bearer good", 404, "", ""},
		{"outside the folder", "/../a.tgz", "Bearer good", 404, "", ""},
		{"wrong token", "/a.tgz", "Bearer bad", 401, "", ""},
		{"no scheme", "/a.tgz", "good", 401, "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := ask(s, "GET", row.target, row.token, "", nil)
			if w.Code != row.status || w.Header().Get("Content-Encoding") != row.encoding {
				t.Errorf("got %d, encoding %q", w.Code, w.Header().Get("Content-Encoding"))
			}
			if row.status == 200 && w.Body.String() != row.body {
				t.Errorf("got %q, want %q", w.Body, row.body)
			}
		})
	}
}

func TestAKnownTagIsAnsweredWithoutTheBody(t *testing.T) {
	s, _ := newTestServer(t)
	tag := ask(s, "GET", "/a.tgz", "Bearer good", "", nil).Header().Get("Etag")
	if w := ask(s, "GET", "/a.tgz", "Bearer good", tag, nil); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("got %d with %d bytes, want 304 without any", w.Code, w.Body.Len())
	}
}

func TestAPublishedPackageIsOnDisk(t *testing.T) {
	s, dir := newTestServer(t)
	r := fixture.Release{Name: "fresh", Version: "1.0.0", Tarball: fixture.Tarball("fresh", "1.0.0", 2<<10)}
	if w := ask(s, "PUT", "/fresh", "Bearer good", "", fixture.Publication(r)); w.Code != http.StatusCreated {
		t.Fatalf("got %d: %s", w.Code, w.Body)
	}
	got, err := os.ReadFile(filepath.Join(dir, "published", "fresh", "package.tgz"))
	if err != nil || !bytes.Equal(got, r.Tarball) {
		t.Errorf("the tarball on disk has %d bytes (%v), want %d", len(got), err, len(r.Tarball))
	}
}

func TestBadPublicationsAreRefused(t *testing.T) {
	s, dir := newTestServer(t)
	r := fixture.Release{Name: "fresh", Version: "1.0.0", Tarball: fixture.Tarball("fresh", "1.0.0", 0)}
	good := string(fixture.Publication(r))
	rows := []struct{ name, body string }{
		{"no JSON", "{"},
		{"path as a name", strings.ReplaceAll(good, `"name":"fresh"`, `"name":"../fresh"`)},
		{"other bytes", strings.Replace(good, `"data":"`, `"data":"AAAA`, 1)},
		{"nothing attached", `{"name":"fresh","versions":{"1.0.0":{}}}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if w := ask(s, "PUT", "/fresh", "Bearer good", "", []byte(row.body)); w.Code != http.StatusBadRequest {
				t.Errorf("got %d, want 400", w.Code)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "published")); err == nil {
		t.Error("a refused package left something on disk")
	}
}
