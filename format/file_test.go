package format_test

import (
	"encoding/base64"
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

var octets = format.FileOptions{ContentType: "application/octet-stream"}

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
			if err := format.ServeFile(w, c.request, kept(t), octets); err != nil {
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

// damaged is a content that is found damaged when its first byte is read.
type damaged struct{ blob.Content }

func (damaged) Read([]byte) (int, error) { return 0, fmt.Errorf("chunk 0: %w", blob.ErrCorrupt) }

func TestDamageThatIsFoundInTimeIsAnErrorWithoutTheFilesHeaders(t *testing.T) {
	f := kept(t)
	f.Content = damaged{f.Content}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Version", "1")
	err := format.ServeFile(w, request("GET"), f, format.FileOptions{Checksums: true, Digests: true})
	if !errors.Is(err, blob.ErrCorrupt) || errors.Is(err, http.ErrAbortHandler) {
		t.Fatalf("got %v, want the damage", err)
	}
	if h := w.Header(); h.Get("Content-Version") != "1" || h.Get("X-Content-Type-Options") != "nosniff" || len(h) != 2 {
		t.Errorf("left in the header: %v", h)
	}
}

func TestServeFileOnItsWay(t *testing.T) {
	onItsWay := func(r io.Reader, size int64) repository.File {
		return repository.File{Asset: artifact.Asset{Name: "a", Size: size}, Transfer: proven{io.NopCloser(r), false}}
	}
	t.Run("whole", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := format.ServeFile(w, request("GET"), onItsWay(strings.NewReader(body), int64(len(body))), octets)
		if err != nil || w.Code != 200 || w.Body.String() != body ||
			w.Header().Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Errorf("got %v, %d, %d bytes", err, w.Code, w.Body.Len())
		}
	})
	t.Run("of unknown size", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := format.ServeFile(w, request("GET"), onItsWay(strings.NewReader(body), -1), octets)
		if err != nil || w.Body.String() != body || w.Header().Get("Content-Length") != "" {
			t.Errorf("got %v, %d bytes, header %v", err, w.Body.Len(), w.Header())
		}
	})
	t.Run("that fails before its first byte can still be answered, and HEAD promises nothing of it", func(t *testing.T) {
		broken := errors.New("the registry lied")
		for _, method := range []string{"GET", "HEAD"} {
			w := httptest.NewRecorder()
			err := format.ServeFile(w, request(method), onItsWay(iotest.ErrReader(broken), 10), octets)
			if !errors.Is(err, broken) || w.Header().Get("Content-Length") != "" || w.Body.Len() > 0 {
				t.Errorf("%s: got %v and header %v", method, err, w.Header())
			}
		}
	})
	t.Run("that fails later breaks the connection", func(t *testing.T) {
		w := httptest.NewRecorder()
		r := io.MultiReader(strings.NewReader(body[:70_000]), iotest.ErrReader(errors.New("the registry lied")))
		err := format.ServeFile(w, request("GET"), onItsWay(r, int64(len(body))), octets)
		if !errors.Is(err, http.ErrAbortHandler) || w.Body.Len() >= len(body) {
			t.Errorf("got %v after %d bytes", err, w.Body.Len())
		}
	})
}

func TestServeFileAsItsFormatWants(t *testing.T) {
	sums := kept(t).Digests
	snapshot := format.FileOptions{ContentType: "application/java-archive", Freshness: format.Revalidate,
		Tag: format.TagMD5, Checksums: true, Digests: true, Filename: `né "1".jar`, IfModifiedSince: true}
	for name, c := range map[string]struct {
		request *http.Request
		status  int
	}{
		"whole":               {request("GET"), 200},
		"head":                {request("HEAD"), 200},
		"a range":             {request("GET", "Range", "bytes=0-4"), 206},
		"current":             {request("GET", "If-None-Match", fmt.Sprintf(`"%x"`, sums.MD5)), 304},
		"current by time":     {request("GET", "If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"), 304},
		"not current by time": {request("GET", "If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"), 200},
		"changed since a time": {request("GET", "Range", "bytes=0-4",
			"If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"), 412},
	} {
		w := httptest.NewRecorder()
		if err := format.ServeFile(w, c.request, kept(t), snapshot); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status {
			t.Errorf("%s: got %d, want %d", name, w.Code, c.status)
		}
		for key, want := range map[string]string{
			"Cache-Control":       "private, no-cache",
			"Etag":                fmt.Sprintf(`"%x"`, sums.MD5),
			"X-Checksum-Md5":      fmt.Sprintf("%x", sums.MD5),
			"X-Checksum-Sha1":     fmt.Sprintf("%x", sums.SHA1),
			"X-Checksum-Sha256":   sums.SHA256.String(),
			"X-Checksum-Sha512":   fmt.Sprintf("%x", sums.SHA512),
			"Digest":              "sha-256=" + base64.StdEncoding.EncodeToString(sums.SHA256[:]),
			"Content-Disposition": `attachment; filename*=utf-8''n%C3%A9%20%221%22.jar`,
		} {
			if got := w.Header().Get(key); got != want {
				t.Errorf("%s: got %s %s, want %s", name, key, got, want)
			}
		}
	}
	t.Run("on its way it has no digests yet", func(t *testing.T) {
		w := httptest.NewRecorder()
		f := repository.File{Asset: artifact.Asset{Name: "a", Size: 3}, Transfer: proven{io.NopCloser(strings.NewReader("abc")), false}}
		if err := format.ServeFile(w, request("GET"), f, snapshot); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if h.Get("X-Checksum-Sha1")+h.Get("Digest")+h.Get("Etag") != "" || h.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("got header %v", h)
		}
	})
	t.Run("on its way and found right as a whole it has them", func(t *testing.T) {
		for whole, want := range map[bool]string{true: fmt.Sprintf("%x", digestsOf("abc").SHA1), false: ""} {
			w := httptest.NewRecorder()
			f := repository.File{Asset: artifact.Asset{Name: "a", Size: 3},
				Transfer: proven{io.NopCloser(strings.NewReader("abc")), whole}}
			if err := format.ServeFile(w, request("GET"), f, snapshot); err != nil {
				t.Fatal(err)
			}
			if got := w.Header().Get("X-Checksum-Sha1"); got != want || (w.Header().Get("Etag") != "") != whole {
				t.Errorf("whole %v: got header %v", whole, w.Header())
			}
		}
	})
}

// proven is a transfer of abc that may be known to be right as a whole.
type proven struct {
	io.ReadCloser
	whole bool
}

func (p proven) Digests() (artifact.Digests, bool) { return digestsOf("abc"), p.whole }

func TestServeAnswer(t *testing.T) {
	sum := format.Answer{ContentType: "text/plain", Body: []byte("da39a3ee")}
	created := format.Answer{ContentType: "text/plain", Body: []byte("Successfully registered"), Status: 201}
	w := httptest.NewRecorder()
	_ = format.ServeAnswer(w, request("GET"), sum)
	tag := w.Header().Get("Etag")
	for _, c := range []struct {
		name    string
		request *http.Request
		answer  format.Answer
		status  int
		body    string
		tag     string
	}{
		{"read", request("GET"), sum, 200, "da39a3ee", tag},
		{"looked at", request("HEAD"), sum, 200, "", tag},
		{"current", request("GET", "If-None-Match", "W/"+tag), sum, 304, "", tag},
		{"other", request("GET", "If-None-Match", `"x"`), sum, 200, "da39a3ee", tag},
		{"written", request("PUT", "If-None-Match", "*"), sum, 200, "da39a3ee", ""},
		{"created", request("POST"), created, 201, "Successfully registered", ""},
	} {
		w := httptest.NewRecorder()
		if err := format.ServeAnswer(w, c.request, c.answer); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if w.Code != c.status || w.Body.String() != c.body || h.Get("Etag") != c.tag ||
			h.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: got %d %q with %v, want %d %q", c.name, w.Code, w.Body, h, c.status, c.body)
		}
		if want := fmt.Sprint(len(c.answer.Body)); c.status != 304 && h.Get("Content-Length") != want {
			t.Errorf("%s: got Content-Length %q, want %s", c.name, h.Get("Content-Length"), want)
		}
	}
	if tag == "" {
		t.Error("what is read has no entity tag")
	}
	if err := format.ServeJSON(httptest.NewRecorder(), request("GET"), 200, func() {}); err == nil {
		t.Error("what JSON cannot say was written")
	}
}
