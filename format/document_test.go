package format_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// npm is how packuments are served, compact how Ruby's indexes are.
var (
	npm     = format.DocumentOptions{ContentType: "application/json", Vary: "Accept, Accept-Encoding"}
	compact = format.DocumentOptions{ContentType: "text/plain", Tag: format.TagMD5, Digests: true, Ranges: true,
		Freshness: format.MaxAge(time.Minute)}
)

// document is one of body's bytes, as the rules hand it out.
func document(keepIdentity bool) repository.Document {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	d := repository.Document{ETag: `"abc"`, Size: int64(len(body)), Gzip: zipped.Bytes(),
		SHA256:   sha256.Sum256([]byte(body)),
		Digests:  func() (artifact.Digests, error) { return digestsOf(body), nil },
		Modified: time.Unix(1_700_000_000, 5)}
	if keepIdentity {
		d.Identity = []byte(body)
	}
	return d
}

func digestsOf(text string) artifact.Digests {
	sums := artifact.NewDigester()
	_, _ = io.WriteString(sums, text) // never fails
	all, _ := sums.Sum()
	return all
}

func TestADocumentTellsTheChecksumsOfWhatIsDecoded(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"plain": request("GET"), "compressed": request("GET", "Accept-Encoding", "gzip"),
		"current": request("GET", "If-None-Match", `"abc"`),
	} {
		w := httptest.NewRecorder()
		o := format.DocumentOptions{ContentType: "text/xml", Checksums: true}
		if err := format.ServeDocument(w, r, document(true), o); err != nil {
			t.Fatal(err)
		}
		for header, want := range map[string]string{
			"X-Checksum-Md5": fmt.Sprintf("%x", digestsOf(body).MD5), "X-Checksum-Sha1": fmt.Sprintf("%x", digestsOf(body).SHA1),
			"X-Checksum-Sha256": digestsOf(body).SHA256.String(),
			"X-Checksum-Sha512": fmt.Sprintf("%x", digestsOf(body).SHA512),
		} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s: got %s %s, want %s", name, header, got, want)
			}
		}
	}
	broken := document(true)
	broken.Digests = func() (artifact.Digests, error) { return artifact.Digests{}, errors.New("the disk fails") }
	w := httptest.NewRecorder()
	err := format.ServeDocument(w, request("GET"), broken, format.DocumentOptions{ContentType: "text/xml", Checksums: true})
	if err == nil || w.Header().Get("Content-Type")+w.Header().Get("Cache-Control") != "" {
		t.Errorf("got %v and %v, want a failure about which nothing was said yet", err, w.Header())
	}
}

func TestServeDocument(t *testing.T) {
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
				if err := format.ServeDocument(w, c.request, document(keepIdentity), npm); err != nil {
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

func TestServeDocumentInParts(t *testing.T) {
	sum := fmt.Sprintf("%x", md5.Sum([]byte(body)))
	tag := `"` + sum + `"`
	date := "Tue, 14 Nov 2023 22:13:20 GMT"
	size := len(body)
	cases := []struct {
		name    string
		headers []string
		status  int
		part    string // Content-Range
		body    string
	}{
		{"the tail, as Bundler asks for it", []string{"Range", "bytes=199999-", "If-None-Match", `"other"`}, 206,
			"bytes 199999-199999/200000", "9"},
		{"the tail of what is current", []string{"Range", "bytes=199999-", "If-None-Match", tag}, 304, "", ""},
		{"the middle", []string{"Range", "bytes=65535-65537"}, 206, "bytes 65535-65537/200000", "567"},
		{"the last bytes", []string{"Range", "bytes=-5"}, 206, "bytes 199995-199999/200000", "56789"},
		{"more last bytes than there are", []string{"Range", "bytes=-999999"}, 206, "bytes 0-199999/200000", body},
		{"past the end at its end", []string{"Range", "bytes=199998-999999999999999999999"}, 206,
			"bytes 199998-199999/200000", "89"},
		{"the last no bytes", []string{"Range", "bytes=-0"}, 416, "bytes */200000", ""},
		{"beyond the end", []string{"Range", "bytes=200000-"}, 416, "bytes */200000", ""},
		{"far beyond the end", []string{"Range", "bytes=99999999999999999999999-"}, 416, "bytes */200000", ""},
		{"of what the client has", []string{"Range", "bytes=0-0", "If-Range", tag}, 206, "bytes 0-0/200000", "0"},
		{"of what the client has, by time", []string{"Range", "bytes=0-0", "If-Range", date}, 206, "bytes 0-0/200000", "0"},
		{"of what the client has not", []string{"Range", "bytes=0-0", "If-Range", `"x"`}, 200, "", body},
		{"of what the client has weakly", []string{"Range", "bytes=0-0", "If-Range", "W/" + tag}, 200, "", body},
		{"several parts are the whole", []string{"Range", "bytes=0-0,5-6"}, 200, "", body},
		{"backwards is the whole", []string{"Range", "bytes=5-2"}, 200, "", body},
		{"another unit is the whole", []string{"Range", "lines=1-2"}, 200, "", body},
		{"signs are no digits", []string{"Range", "bytes=+1-2"}, 200, "", body},
		{"nothing is no range", []string{"Range", "bytes=-"}, 200, "", body},
	}
	for _, keepIdentity := range []bool{true, false} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s, identity kept %v", c.name, keepIdentity), func(t *testing.T) {
				w := httptest.NewRecorder()
				if err := format.ServeDocument(w, request("GET", c.headers...), document(keepIdentity), compact); err != nil {
					t.Fatal(err)
				}
				h := w.Header()
				if w.Code != c.status || h.Get("Content-Range") != c.part || w.Body.String() != c.body {
					t.Errorf("got %d, %s, %d bytes, want %d, %s, %d", w.Code, h.Get("Content-Range"), w.Body.Len(), c.status,
						c.part, len(c.body))
				}
				if h.Get("Etag") != tag || h.Get("Accept-Ranges") != "bytes" || h.Get("Cache-Control") != "private, max-age=60" {
					t.Errorf("got header %v", h)
				}
				if want := fmt.Sprint(len(c.body)); c.body != "" && h.Get("Content-Length") != want {
					t.Errorf("Content-Length: got %s, want %s", h.Get("Content-Length"), want)
				}
			})
		}
	}
	t.Run("a part is never coded, the whole may be", func(t *testing.T) {
		w := httptest.NewRecorder()
		ranged := request("GET", "Range", "bytes=0-9", "Accept-Encoding", "gzip")
		err := format.ServeDocument(w, ranged, document(true), compact)
		if err != nil || w.Code != 206 || w.Header().Get("Content-Encoding") != "" || w.Body.String() != body[:10] {
			t.Errorf("got %d with %v, %v", w.Code, w.Header(), err)
		}
		w = httptest.NewRecorder()
		err = format.ServeDocument(w, request("GET", "Accept-Encoding", "gzip"), document(true), compact)
		if err != nil || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Etag") != "W/"+tag {
			t.Errorf("got %d with %v, %v", w.Code, w.Header(), err)
		}
	})
	t.Run("HEAD has no parts", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := format.ServeDocument(w, request("HEAD", "Range", "bytes=0-9"), document(false), compact)
		if err != nil || w.Code != 200 || w.Header().Get("Content-Length") != fmt.Sprint(size) {
			t.Errorf("got %d with %v, %v", w.Code, w.Header(), err)
		}
	})
	t.Run("a format without ranges sends the whole", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := format.ServeDocument(w, request("GET", "Range", "bytes=0-9"), document(true), npm)
		if err != nil || w.Code != 200 || w.Body.Len() != size || w.Header().Get("Accept-Ranges") != "" {
			t.Errorf("got %d with %v, %v", w.Code, w.Header(), err)
		}
	})
}

func TestDigestsAreOfTheWholeWithoutCoding(t *testing.T) {
	sum := sha256.Sum256([]byte(body))
	text := base64.StdEncoding.EncodeToString(sum[:])
	tag := fmt.Sprintf(`"%x"`, md5.Sum([]byte(body)))
	for name, headers := range map[string][]string{
		"whole": nil, "coded": {"Accept-Encoding", "gzip"}, "a part": {"Range", "bytes=5-9"},
		"current": {"If-None-Match", tag},
	} {
		w := httptest.NewRecorder()
		if err := format.ServeDocument(w, request("GET", headers...), document(true), compact); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if h.Get("Repr-Digest") != "sha-256=:"+text+":" || h.Get("Digest") != "sha-256="+text {
			t.Errorf("%s: got Repr-Digest %s, Digest %s", name, h.Get("Repr-Digest"), h.Get("Digest"))
		}
	}
}

func TestADocumentThatIsCompressedByNatureGoesAsItIs(t *testing.T) {
	specs := format.DocumentOptions{ContentType: "application/gzip", AsIs: true, IfModifiedSince: true}
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"the client takes gzip":          {[]string{"Accept-Encoding", "gzip"}, 200},
		"the client takes nothing":       {nil, 200},
		"it is as old as the client has": {[]string{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"}, 304},
		"it is newer":                    {[]string{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"}, 200},
		"no time":                        {[]string{"If-Modified-Since", "yesterday"}, 200},
		"a tag counts more than a time": {[]string{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT", "If-None-Match",
			`"other"`}, 200},
	} {
		w := httptest.NewRecorder()
		if err := format.ServeDocument(w, request("GET", c.headers...), document(true), specs); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if w.Code != c.status || h.Get("Content-Encoding") != "" || h.Get("Vary") != "" || h.Get("Etag") != `"abc"` ||
			w.Code == 200 && w.Body.String() != body {
			t.Errorf("%s: got %d, %d bytes, header %v", name, w.Code, w.Body.Len(), h)
		}
	}
}
