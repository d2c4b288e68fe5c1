package pypi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
	"entrepot/format/keptpage"
	"entrepot/repository"
)

// listingOf is what the source makes of a kept page.
func listingOf(t testing.TB, kept []byte) *keptpage.Page {
	t.Helper()
	page, err := pages.Page(t.Context(), key("demo", "").PackageKey, publicOne, keptpage.Stored{Size: int64(len(kept)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(kept)), nil }})
	if err != nil {
		t.Fatalf("the kept form cannot be read: %v in %.500s", err, kept)
	}
	return page
}

// viewOf is a repository that holds nothing and sees the listing.
func viewOf(t testing.TB, l *keptpage.Page) repository.View {
	return repository.View{PackageKey: l.Key, Manifests: [][]byte{l.Manifest()}, Versions: l.Each(t.Context())}
}

func below(path string) string { return "https://packages.example.test/" + path }

// Whatever is taken for a page can be read from its kept form, version by version and in a row, and both pages made of it
// have the same files.
func FuzzRegenerate(f *testing.F) {
	f.Add([]byte(`{"meta":{"api-version":"1.4"},"name":"demo","versions":["1.0"],"files":[{"filename":"demo-1.0.tar.gz",` +
		`"url":"../demo-1.0.tar.gz","hashes":{"md5":"` + strings.Repeat("a", 32) + `"},"size":3,"yanked":"why",` +
		`"upload-time":"2024-05-06T07:08:09Z","core-metadata":{"sha256":"` + strings.Repeat("0", 64) + `"},"gpg-sig":true}]}`))
	f.Add([]byte(`<!DOCTYPE html><meta name="pypi:repository-version" content=1.0><base href=https://a.example.test/b/>` +
		`<a href="demo-1.0-py3-none-any.whl#sha256=` + strings.Repeat("b", 64) + `" data-yanked data-requires-python="&gt;3">x</a>`))
	f.Add([]byte(`<a href='demo-1.0.egg' data-core-metadata=true/><!--<a href=x>--><script>"<a href=demo-2.0.zip>"</script>`))
	f.Add([]byte(`{"files":[{"filename":"demo-1.0.exe","url":":","yanked":true},{"filename":1},[],{"url":"x"}],"name":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var kept bytes.Buffer
		if _, err := regenerate(&kept, bytes.NewReader(text), "demo"); err != nil {
			return
		}
		l := listingOf(t, kept.Bytes())
		files := 0
		for v, err := range l.Each(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			one, err := l.Version(t.Context(), v.Version)
			if err != nil || len(one.Assets) != len(v.Assets) || len(v.Assets) == 0 {
				t.Fatalf("version %q alone: %d files, %v, in a row %d", v.Version, len(one.Assets), err, len(v.Assets))
			}
			files += len(v.Assets)
		}
		var inJSON, inHTML bytes.Buffer
		errs := []error{renderProject(&inJSON, viewOf(t, l), "json", below), renderProject(&inHTML, viewOf(t, l), "html", below)}
		for _, err := range errs {
			if (err != nil) != (files == 0) || err != nil && !artifact.Is(err, artifact.NotFound) {
				t.Fatalf("a page of %d files: %v", files, err)
			}
		}
		if files == 0 {
			return
		}
		var page struct {
			Files []struct{ Filename, URL string }
		}
		if err := json.Unmarshal(inJSON.Bytes(), &page); err != nil || len(page.Files) != files {
			t.Fatalf("%d files of %d in JSON, %v: %s", len(page.Files), files, err, inJSON.Bytes())
		}
		again := newReleases("demo")
		if _, err := regenerate(io.Discard, bytes.NewReader(inHTML.Bytes()), "demo"); err != nil {
			t.Fatalf("our own page in HTML is not taken: %v: %s", err, inHTML.Bytes())
		}
		if err := again.readHTML(bufioOf(inHTML.Bytes())); err != nil || len(again.files) != files {
			t.Fatalf("%d files of %d in HTML, %v: %s", len(again.files), files, err, inHTML.Bytes())
		}
	})
}

// However Accept is written, the answer is one of those that are offered.
func FuzzAccept(f *testing.F) {
	f.Add("application/vnd.pypi.simple.v1+json, text/html;q=0.1")
	f.Add(";q=;,*/*;q=1e-300")
	f.Fuzz(func(t *testing.T, accept string) {
		found, ok := best(accept)
		if ok != (found.variant != "") {
			t.Errorf("got %v, %v", found, ok)
		}
	})
}

// Whatever a registry calls a wheel, reading its metadata ends, and in no more than metadata may have.
func FuzzReadCore(f *testing.F) {
	f.Add([]byte(wheelOf(f, "demo", "1.0", metadataText("demo", "1.0"))))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, wheel []byte) {
		text, err := readCore(bytes.NewReader(wheel), int64(len(wheel)))
		if err != nil || len(text) > maxMetadata {
			t.Errorf("got %d bytes, %v", len(text), err)
		}
	})
}

// Whatever is uploaded is taken or refused with a reason, and leaves no bytes behind that nobody refers to.
func FuzzUpload(f *testing.F) {
	for _, file := range []string{demoWheel, demoSdist} {
		content := wheelOf(f, "demo", "1.0", metadataText("demo", "1.0"))
		if file == demoSdist {
			content = sdistOf(f, "demo-1.0", metadataText("demo", "1.0"))
		}
		body, contentType := formOf(f, file, content)
		f.Add([]byte(body), contentType)
	}
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=content; filename=../demo-1.tar.gz\r\n\r\n1\r\n--x--"),
		"multipart/form-data; boundary=x")
	s := newSite(f)
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		w := formattest.Request{Method: "POST", Body: string(body), Header: map[string]string{"Content-Type": contentType}}.Do(s.Handler)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented || s.Drafts() != 0 {
			t.Errorf("got %d %.300s, and %d drafts are left", w.Code, w.Body, s.Drafts())
		}
	})
}
