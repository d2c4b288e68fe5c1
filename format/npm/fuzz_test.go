package npm

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
	"entrepot/format/keptpage"
	"entrepot/repository"
)

// viewOf is a repository that holds nothing and sees the listing.
func viewOf(ctx context.Context, l *keptpage.Page) repository.View {
	labels := maps.Clone(l.Labels())
	if _, set := labels[latestTag]; !set && len(l.Head().Index) > 0 {
		labels[latestTag] = l.Head().Index[0].Version
	}
	return repository.View{PackageKey: l.Key, Labels: labels, Manifests: [][]byte{l.Manifest()}, Versions: l.Each(ctx),
		Version: func(version string) (artifact.Version, error) { return l.Version(ctx, version) }}
}

func below(path string) string { return "https://packages.example.test/" + path }

// What is regenerated can be read, and every document made of it is JSON.
func FuzzRegenerate(f *testing.F) {
	f.Add([]byte(text(f, registry("bar", "1.0.0", "1.1.0-rc.1"))))
	f.Add([]byte(`{"name":"bar","versions":{"1.0.0":{"name":"bar","version":"1.0.0","dist":{"tarball":"u",` +
		`"attestations":{}}}}}`))
	f.Add([]byte(`{"name":"bar","dist-tags":{"latest":null},"time":{"unpublished":{}},"versions":{"x":1}}`))
	f.Add([]byte("{\"name\":\"bar\",\"readme\":\"\xff\\ud800\"}"))
	f.Fuzz(func(t *testing.T, document []byte) {
		var out bytes.Buffer
		if _, err := regenerate(&out, bytes.NewReader(document), "bar"); err != nil {
			return
		}
		l := pageOf(t, "bar", out.Bytes())
		if len(l.Head().Index) == 0 {
			return
		}
		view := viewOf(t.Context(), l)
		for _, form := range []form{fullForm, abbreviatedForm} {
			var doc bytes.Buffer
			if err := render(&doc, view, form, below); err != nil {
				t.Fatal(err)
			}
			var parsed struct {
				Versions map[string]struct {
					Dist struct{ Tarball string }
				}
			}
			if err := json.Unmarshal(doc.Bytes(), &parsed); err != nil {
				t.Fatalf("%v in %s", err, doc.Bytes())
			}
			for number, v := range parsed.Versions {
				if v.Dist.Tarball != "https://packages.example.test/bar/-/bar-"+number+".tgz" {
					t.Fatalf("%s has its tarball at %q", number, v.Dist.Tarball)
				}
			}
		}
	})
}

// Whatever is sent, nothing stays staged, and what is accepted can be read back.
func FuzzPublish(f *testing.F) {
	packageJSON := object{"name": "bar", "version": "1.0.0"}
	f.Add(text(f, putOf("bar", "1.0.0", "latest", packed(f, packageJSON, nil), packageJSON)))
	f.Add(`{"_attachments":{"bar-1.0.0.tgz":{"data":"YQ==","length":1}},"name":"bar","versions":{"1.0.0":{}}}`)
	f.Add(`{"name":"bar","versions":{"1.0.0":{"deprecated":"x"}}}`)
	f.Add(`{"name":"bar","_attachments":{"bar-1.0.0.sigstore":{"data":"{}"}}}`)
	d := formattest.Open(f, formattest.Options{Formats: []format.Format{Format()}})
	d.Repository(shelf)
	h := formattest.Handler(Format(), d.Shelf(shelf, artifact.NPM))
	f.Fuzz(func(t *testing.T, body string) {
		d := d.In(t)
		published := d.Changes()
		w := formattest.Request{Method: "PUT", Path: "bar", Body: body}.Do(h)
		if w.Code >= 500 {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		if n := d.Drafts(); n != 0 {
			t.Fatalf("%d drafts are left", n)
		}
		if d.Changes() > published {
			if w := (formattest.Request{Method: "GET", Path: "bar"}).Do(h); w.Code != 200 || !json.Valid(w.Body.Bytes()) {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			d.DeletePackage(shelf, key("bar"))
		}
	})
}

// The fuzzed bytes are the tar inside, so that the fuzzer need not find out about gzip's checksum.
func FuzzInspect(f *testing.F) {
	f.Add(unzip(f, pack(f, file("package/package.json", minimal), file("package/README.md", "x"))))
	f.Add(unzip(f, pack(f, file("p/package.json", `{"directories":{"bin":"b"}}`), file("p/b/x", ""))))
	f.Fuzz(func(t *testing.T, archive []byte) {
		p := zip(t, archive)
		c, err := inspect(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if c.manifest == nil && c.files == 0 {
			t.Fatal("accepted an archive without package.json")
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"lodash", "@acme/bar", "@acme%2fbar", "1.0.0-rc.1+b", "bar-1.0.0.tgz", "../x", "latest",
		"@a/@b/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parseName(s); err == nil {
			if fullName(p) != s || !artifact.ValidCoordinate(p.Name) || strings.ContainsAny(p.Namespace+p.Name, "/@%\\") {
				t.Fatalf("%q gives %+v", s, p)
			}
			path, err := url.PathUnescape(escapedName(p))
			if err != nil || path != s {
				t.Fatalf("%q comes back as %q", s, path)
			}
		}
		if v, err := parseVersion(s); err == nil && (v.Compare(v) != 0 || !artifact.ValidCoordinate(s)) {
			t.Fatalf("%q is odd", s)
		}
		_ = checkTag(s)
		trimmed := func(path string) string {
			return strings.Trim(strings.ReplaceAll(strings.ToLower(path), "%2f", "/"), "/")
		}
		if once := Rewrite("/" + s); trimmed(once) != trimmed(s) || once[0] != '/' {
			t.Fatalf("Rewrite(/%q) gives %q", s, once)
		}
	})
}
