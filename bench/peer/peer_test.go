package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
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

// ask sends a request; contentType is that of the body.
func ask(s *server, method, target, token, match, contentType string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, bytes.NewReader(body))
	r.Header.Set("Authorization", token)
	if match != "" {
		r.Header.Set("If-None-Match", match)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
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
		{"token as a password", "/a.tgz", "Basic YXdzOmdvb2Q=", 200, "tarball", ""},
		{"wrong password", "/a.tgz", "Basic Z29vZDpiYWQ=", 401, "", ""},
		{"wrong token", "/a.tgz", "Bearer bad", 401, "", ""},
		{"other scheme", "/a.tgz", "Digest good", 401, "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := ask(s, "GET", row.target, row.token, "", "", nil)
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
	tag := ask(s, "GET", "/a.tgz", "Bearer good", "", "", nil).Header().Get("Etag")
	if w := ask(s, "GET", "/a.tgz", "Bearer good", tag, "", nil); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("got %d with %d bytes, want 304 without any", w.Code, w.Body.Len())
	}
}

func TestWhatIsPublishedIsOnDisk(t *testing.T) {
	s, dir := newTestServer(t)
	r := fixture.Release{Name: "fresh", Version: "1.0.0", Tarball: fixture.Tarball("fresh", "1.0.0", 2<<10)}
	w := fixture.NewWheel("fresh-wheel", "1.0.0", 2<<10)
	a := fixture.NewArtifact("fresh", "1.0.0", 2<<10)
	c := fixture.NewCrate("fresh-crate", "1.0.0", 2<<10)
	n := fixture.NewNupkg("fresh", "1.0.0", 2<<10)
	g := fixture.NewGem("fresh", "1.0.0", 2<<10)
	unnamed := func(content []byte, extension string) string {
		sum := fmt.Sprintf("%x", sha256.Sum256(content))
		return sum[:2] + "/" + sum[2:] + extension
	}
	p := fixture.NewSwiftPackage("fresh", "1.0.0", 2<<10)
	rows := []struct {
		name, method, target, contentType string
		body                              []byte
		status                            int
		file                              string
		want                              []byte
	}{
		{"tarball", "PUT", "/fresh", "application/json", fixture.Publication(r), 201, "fresh/package.tgz", r.Tarball},
		{"wheel", "POST", "/", fixture.UploadType, fixture.Upload(w), 200, "fresh-wheel/" + w.File(), w.Content},
		{"crate", "PUT", "/" + fixture.NewCratePath, "application/octet-stream", fixture.CrateUpload(c), 200,
			"fresh-crate/fresh-crate-1.0.0.crate", c.Content},
		{"jar", "PUT", "/" + a.Path(".jar"), "", a.Jar, 201, a.Path(".jar"), a.Jar},
		{"nupkg", "PUT", "/v3/package/", fixture.PushType, fixture.Push(n), 201, unnamed(n.Content, ".nupkg"), n.Content},
		{"gem", "POST", "/api/v1/gems", "application/octet-stream", g.Content, 200, unnamed(g.Content, ".gem"), g.Content},
		{"source archive", "PUT", "/" + p.Path(), fixture.PublishType, fixture.PublishForm(p), 201, p.Path() + ".zip", p.Archive},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if w := ask(s, row.method, row.target, "Bearer good", "", row.contentType, row.body); w.Code != row.status {
				t.Fatalf("got %d: %s", w.Code, w.Body)
			}
			got, err := os.ReadFile(filepath.Join(dir, "published", row.file))
			if err != nil || !bytes.Equal(got, row.want) {
				t.Errorf("on disk are %d bytes (%v), want %d", len(got), err, len(row.want))
			}
		})
	}
}

func TestBadPublicationsAreRefused(t *testing.T) {
	s, dir := newTestServer(t)
	const object = "application/json"
	r := fixture.Release{Name: "fresh", Version: "1.0.0", Tarball: fixture.Tarball("fresh", "1.0.0", 0)}
	good := string(fixture.Publication(r))
	upload := string(fixture.Upload(fixture.NewWheel("fresh-wheel", "1.0.0", 0)))
	const octets = "application/octet-stream"
	crate := string(fixture.CrateUpload(fixture.NewCrate("fresh-crate", "1.0.0", 0)))
	rows := []struct {
		name, method, target, contentType, body string
		status                                  int
	}{
		{"no JSON", "PUT", "/fresh", object, "{", 400},
		{"path as a name", "PUT", "/fresh", object, strings.ReplaceAll(good, `"name":"fresh"`, `"name":"../fresh"`), 400},
		{"other bytes", "PUT", "/fresh", object, strings.Replace(good, `"data":"`, `"data":"AAAA`, 1), 400},
		{"nothing attached", "PUT", "/fresh", object, `{"name":"fresh","versions":{"1.0.0":{}}}`, 400},
		{"no package", "PUT", "/v3/package/", fixture.PushType, "hello", 400},
		{"no form", "POST", "/", fixture.UploadType, "hello", 400},
		{"path as a project", "POST", "/", fixture.UploadType,
			strings.Replace(upload, "\r\n\r\nfresh-wheel", "\r\n\r\n../wheel", 1), 400},
		{"no file", "POST", "/", fixture.UploadType, strings.Replace(upload, `"content"`, `"contents"`, 1), 400},
		{"other digest", "POST", "/", fixture.UploadType, strings.Replace(upload, "sha256_digest", "sha256_digits", 1), 400},
		{"crate that is cut off", "PUT", "/api", octets, crate[:len(crate)-1], 400},
		{"crate of no length", "PUT", "/api", octets, "\xff\xff", 400},
		{"path as a crate", "PUT", "/api", octets, strings.Replace(crate, `"fresh-crate"`, `"../sh-crate"`, 1), 400},
		{"no form of a release", "PUT", "/a/b/1.0.0", fixture.PublishType, "hello", 400},
		{"no archive", "PUT", "/a/b/1.0.0", fixture.PublishType, upload, 400},
		{"a release without a version", "PUT", "/a/b", fixture.PublishType, upload, 400},
		{"path outside", "PUT", "/a/../b", "", "hello", 400},
		{"no folder", "PUT", "/a", "", "hello", 400},
		{"other method", "DELETE", "/a/b", "", "", 405},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if w := ask(s, row.method, row.target, "Bearer good", "", row.contentType, []byte(row.body)); w.Code != row.status {
				t.Errorf("got %d, want %d", w.Code, row.status)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "published")); err == nil {
		t.Error("a refused package left something on disk")
	}
}
