package format_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/format"
	"entrepot/repository"
)

var body = strings.Repeat("0123456789", 20_000)

// kept is a file that is in a store.
func kept(t *testing.T) repository.File {
	t.Helper()
	d := artifact.NewDigester()
	_, _ = io.WriteString(d, body)
	sums, size := d.Sum()
	store := mem.New(time.Now)
	draft, err := store.Create(t.Context())
	if err == nil {
		_, err = io.WriteString(draft, body)
	}
	if err == nil {
		_, err = draft.Commit(t.Context(), sums.SHA256)
	}
	var content blob.Content
	if err == nil {
		content, err = store.Open(t.Context(), sums.SHA256)
	}
	if err != nil {
		t.Fatal(err)
	}
	return repository.File{Asset: artifact.Asset{Name: "a", Size: size, Digests: sums}, Content: content,
		Modified: time.Unix(1_700_000_000, 0)}
}

func request(method string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "/a", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func TestServeFile(t *testing.T) {
	etag := `"` + kept(t).SHA256.String() + `"`
	cases := []struct {
		name    string
		request *http.Request
		status  int
		body    string
	}{
		{"whole", request("GET"), 200, body},
		{"head", request("HEAD"), 200, ""},
		{"the client has it", request("GET", "If-None-Match", etag), 304, ""},
		{"the client has it, weakly, among others", request("GET", "If-None-Match", `"x", W/`+etag), 304, ""},
		{"the client has another", request("GET", "If-None-Match", `"x"`), 200, body},
		{"a range", request("GET", "Range", "bytes=65530-65545"), 206, body[65530:65546]},
		{"the last bytes", request("GET", "Range", "bytes=-5"), 206, body[len(body)-5:]},
		{"a range of what the client has", request("GET", "Range", "bytes=0-4", "If-Range", etag), 206, body[:5]},
		{"a range of what the client thinks it has", request("GET", "Range", "bytes=0-4", "If-Range", `"x"`), 200, body},
		{"the last no bytes", request("GET", "Range", "bytes=-0"), 416, ""},
		{"a range beyond the end", request("GET", "Range", "bytes=999999-"), 416, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := format.ServeFile(w, c.request, kept(t), "application/octet-stream"); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status || c.status != 416 && w.Body.String() != c.body {
				t.Errorf("got %d with %d bytes, want %d with %d", w.Code, w.Body.Len(), c.status, len(c.body))
			}
			if c.status != 416 && w.Header().Get("Etag") != etag {
				t.Errorf("entity tag: got %s", w.Header().Get("Etag"))
			}
			if h := w.Header(); h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Disposition") != "attachment" {
				t.Errorf("a browser may run this: %v", h)
			}
			if length := w.Header().Get("Content-Length"); c.status == 200 && length != fmt.Sprint(len(body)) {
				t.Errorf("content length %s", length)
			}
		})
	}
}

func TestServeFileOnItsWay(t *testing.T) {
	onItsWay := func(r io.Reader, size int64) repository.File {
		return repository.File{Asset: artifact.Asset{Name: "a", Size: size}, Transfer: io.NopCloser(r)}
	}
	t.Run("whole", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := format.ServeFile(w, request("GET"), onItsWay(strings.NewReader(body), int64(len(body))), "application/gzip")
		if err != nil || w.Code != 200 || w.Body.String() != body ||
			w.Header().Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Errorf("got %v, %d, %d bytes", err, w.Code, w.Body.Len())
		}
	})
	t.Run("of unknown size", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := format.ServeFile(w, request("GET"), onItsWay(strings.NewReader(body), -1), "application/gzip")
		if err != nil || w.Body.String() != body || w.Header().Get("Content-Length") != "" {
			t.Errorf("got %v, %d bytes, header %v", err, w.Body.Len(), w.Header())
		}
	})
	t.Run("that fails before its first byte can still be answered", func(t *testing.T) {
		broken := errors.New("the registry lied")
		w := httptest.NewRecorder()
		err := format.ServeFile(w, request("GET"), onItsWay(iotest.ErrReader(broken), 10), "application/gzip")
		if !errors.Is(err, broken) || w.Header().Get("Content-Length") != "" || w.Body.Len() > 0 {
			t.Errorf("got %v and header %v", err, w.Header())
		}
	})
	t.Run("that fails later breaks the connection", func(t *testing.T) {
		w := httptest.NewRecorder()
		r := io.MultiReader(strings.NewReader(body[:70_000]), iotest.ErrReader(errors.New("the registry lied")))
		err := format.ServeFile(w, request("GET"), onItsWay(r, int64(len(body))), "application/gzip")
		if !errors.Is(err, http.ErrAbortHandler) || w.Body.Len() >= len(body) {
			t.Errorf("got %v after %d bytes", err, w.Body.Len())
		}
	})
}

func TestServeDocument(t *testing.T) {
	document := func(keepIdentity bool) repository.Document {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		_, _ = io.WriteString(w, body)
		_ = w.Close()
		d := repository.Document{ETag: `"abc"`, Size: int64(len(body)), Gzip: zipped.Bytes()}
		if keepIdentity {
			d.Identity = []byte(body)
		}
		return d
	}
	cases := []struct {
		name     string
		request  *http.Request
		status   int
		encoding string
		etag     string
	}{
		{"plain", request("GET"), 200, "", `"abc"`},
		{"compressed", request("GET", "Accept-Encoding", "gzip, deflate, br"), 200, "gzip", `"abc-gzip"`},
		{"anything", request("GET", "Accept-Encoding", "*"), 200, "gzip", `"abc-gzip"`},
		{"refused by quality", request("GET", "Accept-Encoding", "gzip;q=0, *"), 200, "", `"abc"`},
		{"refused by no number", request("GET", "Accept-Encoding", "gzip;q=x"), 200, "", `"abc"`},
		{"head", request("HEAD", "Accept-Encoding", "gzip"), 200, "gzip", `"abc-gzip"`},
		{"current", request("GET", "If-None-Match", `"abc"`), 304, "", `"abc"`},
		{"current, compressed", request("GET", "If-None-Match", `W/"abc-gzip"`, "Accept-Encoding", "gzip"), 304, "",
			`"abc-gzip"`},
		{"current in the other encoding", request("GET", "If-None-Match", `"abc-gzip"`), 304, "", `"abc"`},
		{"stale", request("GET", "If-None-Match", `"abd"`), 200, "", `"abc"`},
	}
	for _, keepIdentity := range []bool{true, false} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s, identity kept %v", c.name, keepIdentity), func(t *testing.T) {
				w := httptest.NewRecorder()
				if err := format.ServeDocument(w, c.request, document(keepIdentity), "application/json"); err != nil {
					t.Fatal(err)
				}
				if w.Code != c.status || w.Header().Get("Content-Encoding") != c.encoding || w.Header().Get("Etag") != c.etag {
					t.Errorf("got %d, encoding %q, tag %s", w.Code, w.Header().Get("Content-Encoding"), w.Header().Get("Etag"))
				}
				if !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
					t.Error("caches are not told that the encoding varies")
				}
				if c.status == 304 || c.request.Method == "HEAD" {
					if w.Body.Len() > 0 {
						t.Error("a body came along")
					}
					return
				}
				var got io.Reader = w.Body
				if c.encoding == "gzip" {
					var err error
					if got, err = gzip.NewReader(w.Body); err != nil {
						t.Fatal(err)
					}
				}
				if text, err := io.ReadAll(got); err != nil || string(text) != body {
					t.Errorf("got %d bytes, %v", len(text), err)
				}
			})
		}
	}
}
