package swift

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

// FuzzInspect: what is accepted has a manifest, and every manifest that is told of is one of its files.
func FuzzInspect(f *testing.F) {
	f.Add([]byte(packed(f, archived{"Package@swift-6.swift", simple("6.0")}, archived{"README.md", "x"})))
	f.Add([]byte(zipped(f, archived{"p/../Package.swift", simple("5.5")})))
	f.Add([]byte(zipped(f, archived{"p/Package.swift", simple("5.5")}, archived{"p/PACKAGE.swift", ""})))
	f.Fuzz(func(t *testing.T, p []byte) {
		found, err := inspect(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if !saysTools(found.manifests[manifestFile]) {
			t.Fatal("accepted a package without a manifest")
		}
		for _, suffix := range choose(found.manifests) {
			if _, ok := found.manifests[variantFile(suffix)]; !ok {
				t.Fatalf("there is no variant %q", suffix)
			}
		}
	})
}

// FuzzMetadata: what is accepted comes back as it was, and what is made of its addresses can stand where it does.
func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{`{}`, `{"author":{"name":"A","organization":{"name":"O"}},"repositoryURLs":["https://code.example.test/a,b"]}`,
		`{"originalPublicationTime":"2025-01-01T00:00:00Z"}`, `{"description":1}`, `not json`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMetadata(text)
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		kept := record{ID: "acme.Geometry", Metadata: m.encode()}.encode()
		if !json.Valid(m.encode()) {
			t.Fatalf("%q is kept as %q", text, m.encode())
		}
		r, again, err := recordOf(artifact.Version{Manifest: kept})
		if err != nil || r.ID != "acme.Geometry" || string(again.encode()) != string(m.encode()) {
			t.Fatalf("%q comes back as %q, %v", m.encode(), again.encode(), err)
		}
		for _, address := range m.repositoryURLs() {
			if link := linkable(address); strings.ContainsAny(link, ",;<>\" \r\n") {
				t.Fatalf("%q would stand in a header as %q", address, link)
			}
			if place := placeOf(address); strings.ContainsAny(place, "\t\n ") {
				t.Fatalf("%q would be kept as %q", address, place)
			}
		}
	})
}

// FuzzNames: whatever is taken for a name can stand in a path, a header and a key.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"acme", "Linked_List", "1.0.0-rc.1+b", mediaType + ".v2+json", "5.9.0", "git@code.example.test:a/b.git", "https://a.test/%09"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if i, err := identityOf("acme", s); err == nil && (!artifact.ValidCoordinate(i.name) || url.PathEscape(i.name) != i.name) {
			t.Fatalf("%q is a name", s)
		}
		if checkVersion(s) == nil && (!artifact.ValidCoordinate(s) || strings.ContainsAny(s, "/\\%?# ,;\"")) {
			t.Fatalf("%q is a version", s)
		}
		if v, ok := parseTools(s); ok && strings.Count(v.String(), ".") == 0 {
			t.Fatalf("%q is a version of the tools", s)
		}
		_ = negotiate(s)
		if place, err := askedPlace("url=" + s); err == nil && strings.ContainsAny(place, "\t\n\r ") {
			t.Fatalf("%q is the place %q", s, place)
		}
	})
}

// FuzzPublish: whatever a client sends, it is answered with success or a refusal, and nothing is left behind.
func FuzzPublish(f *testing.F) {
	body, contentType := formOf(f, archivePart(packed(f)), metadataPart(`{"description":"a=3D"}`))
	f.Add([]byte(body), contentType)
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=source-archive\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsF\r\n--x--"),
		"multipart/form-data; boundary=x")
	s := newSite(f)
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		w := formattest.Request{Method: "PUT", Path: "acme/Geometry/1.0.0", Body: string(body),
			Header: map[string]string{"Content-Type": contentType}}.Do(s.Handler)
		if w.Code != 201 && w.Code/100 != 4 {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		if n := s.Drafts(); n != 0 {
			t.Fatalf("%d drafts are left", n)
		}
	})
}

// FuzzRegistry: whatever another registry answers, what is kept of it can be read, and nothing of it stands where it may not.
func FuzzRegistry(f *testing.F) {
	p := identity{"acme", "geometry"}.key()
	f.Add([]byte(`{"releases":{"1.0.0":{},"2.0.0":{"problem":{}}}}`), `<https://a.example.test/x?page=2>; rel="next"`)
	f.Add([]byte(releaseOffered(f, "acme/Geometry", "1.0.0", nil)), "")
	f.Add([]byte(`{"metadata":{"author":{}},"resources":[{"name":"source-archive","checksum":"`+sha256Of("")+
		`","signing":{"signatureFormat":"cms-1.0.0","signatureBase64Encoded":"c2ln"}}]}`), "")
	f.Add([]byte(simple("5.5")), variants{"5.9", "6"}.links("https://a.example.test/Package.swift").String())
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		answer := http.Header{"Link": {header}}
		var out bytes.Buffer
		var page releasesPage
		if _, err := regenerateReleases(&out, bytes.NewReader(body), answer, p); err == nil {
			if err := json.Unmarshal(out.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
		}
		for _, version := range page.Versions {
			if checkVersion(version) != nil {
				t.Fatalf("%q is listed", version)
			}
		}
		out.Reset()
		var has manifests
		if _, err := regenerateManifest(&out, bytes.NewReader(body), answer, p); err != nil {
			has.Digest = sha256Of("")
		} else if err := json.Unmarshal(out.Bytes(), &has); err != nil {
			t.Fatal(err)
		}
		if again := readLinks(http.Header{"Link": {has.Variants.links("https://a.example.test/P").String()}}).variants(); len(again) != len(has.Variants) {
			t.Fatalf("%q come back as %q", has.Variants, again)
		}
		out.Reset()
		if _, err := regenerateRelease(&out, bytes.NewReader(body), answer, p); err != nil {
			return
		}
		var said told
		if err := json.Unmarshal(out.Bytes(), &said); err != nil {
			t.Fatal(err)
		}
		v, err := said.version(p.At("1.0.0"), has, "remote:x")
		if err != nil {
			t.Fatal(err)
		}
		text, err := encodeRelease(v)
		if err != nil || !json.Valid(text) {
			t.Fatalf("%q is told as %q, %v", body, text, err)
		}
		_, m, err := recordOf(v)
		if err != nil || releaseMembers.check("", m.Members) != nil {
			t.Fatalf("clients could not read %q, %v", text, err)
		}
		if strings.ContainsAny(said.Signing.Base64+said.Signing.Format, "\r\n") {
			t.Fatalf("%q would stand in a header", said.Signing)
		}
	})
}
