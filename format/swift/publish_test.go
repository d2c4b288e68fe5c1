package swift

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

func TestAReleaseIsKeptWithAllThatWasSentOfIt(t *testing.T) {
	s := newSite(t)
	archive := packed(t, archived{"Package@swift-6.swift", simple("6.0")}, archived{"README.md", "# Geometry\n"})
	text := `{"author": {"name": "Mona", "organization": {"name": "ACME"}}, "description": "Shapes é=3Db", "mine": {"a": [1]},` +
		` "licenseURL": "https://acme.example.test/licence", "repositoryURLs": ["git@code.example.test:acme/geometry.git", "https://code.example.test/acme/geometry"]}`
	w := s.put("acme/Geometry/1.2.0-rc.1+build.5", []string{signatureHeader, signatureFormat}, archivePart(archive),
		sentPart{"source-archive-signature", "\x00signature\xff", "binary"}, metadataPart(text),
		sentPart{"metadata-signature", "\x01of metadata", "binary"})
	if want := formattest.Base + "swift/shelf/acme/Geometry/1.2.0-rc.1+build.5"; w.Code != 201 || w.Header().Get("Location") != want {
		t.Fatalf("got %d %s at %q, want 201 at %s", w.Code, w.Body, w.Header().Get("Location"), want)
	}
	v := s.held(shelf, "acme", "geometry", "1.2.0-rc.1+build.5")
	want := map[string]string{
		"geometry-1.2.0-rc.1+build.5.zip": archive, "geometry-1.2.0-rc.1+build.5.sig": "\x00signature\xff",
		"Package.swift": simple("5.5"), "Package@swift-6.swift": simple("6.0"),
		"package-metadata.json": text, "package-metadata.sig": "\x01of metadata",
	}
	if len(v.Assets) != len(want) {
		t.Errorf("got the assets %v", formattest.AssetNames(v))
	}
	for name, content := range want {
		if a, ok := v.Asset(name); !ok || a.SHA256.String() != sha256Of(content) {
			t.Errorf("%s: got %v, %v, want the bytes that were sent", name, a, ok)
		}
	}
	if d := v.Details; d.DisplayName != "acme.Geometry" || d.Summary != "Shapes é=3Db" || d.Readme != "# Geometry\n" ||
		d.SourceCode != "https://code.example.test/acme/geometry" || len(d.Licenses) != 1 {
		t.Errorf("got the details %+v", d)
	}
}

func TestPartsMayBeEncoded(t *testing.T) {
	lines := func(text string) string {
		encoded := base64.StdEncoding.EncodeToString([]byte(text))
		var out strings.Builder
		for line := range slices.Chunk([]byte(encoded), 76) {
			out.Write(line)
			out.WriteString("\r\n")
		}
		return out.String()
	}
	archive := packed(t)
	const said = `{"description":"a=b"}`
	for name, c := range map[string]struct {
		parts    []sentPart
		metadata string
	}{
		"base64":                       {[]sentPart{{"source-archive", lines(archive), "base64"}, {"metadata", lines(said), "Base64"}}, said},
		"quoted-printable":             {[]sentPart{archivePart(archive), metadataPart(`{"description":=22a=3Db"}`)}, said},
		"labelled, and not encoded":    {[]sentPart{archivePart(archive), metadataPart(`{"description":"a=3Db"}`)}, `{"description":"a=3Db"}`},
		"the metadata before the rest": {[]sentPart{{"metadata", said, ""}, {"something-else", "x", "unknown"}, {"source-archive", archive, ""}}, said},
	} {
		s := newSite(t)
		if w := s.put("acme/Geometry/1.0.0", nil, c.parts...); w.Code != http.StatusCreated {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
			continue
		}
		v := s.held(shelf, "acme", "geometry", "1.0.0")
		for asset, want := range map[string]string{"geometry-1.0.0.zip": archive, metadataFile: c.metadata} {
			if a, _ := v.Asset(asset); a.SHA256.String() != sha256Of(want) {
				t.Errorf("%s: %s is not what was sent", name, asset)
			}
		}
	}
}

func TestWhatCannotBePublishedIsRefusedWithTheReason(t *testing.T) {
	archive := packed(t)
	signature := sentPart{"source-archive-signature", "s", "binary"}
	cms := []string{signatureHeader, signatureFormat}
	for name, c := range map[string]struct {
		path   string
		header []string
		parts  []sentPart
		status int
		reason string
	}{
		"no form":                       {"", []string{"Content-Type", "application/zip"}, nil, 400, "multipart/form-data"},
		"no archive":                    {"", nil, []sentPart{metadataPart("{}")}, 400, "source-archive"},
		"two archives":                  {"", nil, []sentPart{archivePart(archive), archivePart(archive)}, 400, "twice"},
		"an unknown encoding":           {"", nil, []sentPart{{"source-archive", archive, "uuencode"}}, 400, "uuencode"},
		"bad base64":                    {"", nil, []sentPart{{"source-archive", "****", "base64"}}, 400, "Content-Transfer-Encoding"},
		"no zip":                        {"", nil, []sentPart{archivePart("x")}, 422, "The archive cannot be accepted"},
		"metadata that is no JSON":      {"", nil, []sentPart{archivePart(archive), {"metadata", "not json", "binary"}}, 422, "no JSON object"},
		"metadata that is badly quoted": {"", nil, []sentPart{archivePart(archive), metadataPart("a\x01")}, 400, "Content-Transfer-Encoding"},
		"large metadata": {"", nil, []sentPart{archivePart(archive), metadataPart(`{"a":"` + strings.Repeat("a", maxMetadata) + `"}`)}, 413,
			"at most"},
		"endless metadata":      {"", nil, []sentPart{archivePart(archive), metadataPart(strings.Repeat("a", 4*maxMetadata))}, 413, "at most"},
		"a large signature":     {"", cms, []sentPart{archivePart(archive), {"source-archive-signature", strings.Repeat("a", maxSignature+1), ""}}, 413, "at most"},
		"an unsaid format":      {"", nil, []sentPart{archivePart(archive), signature}, 422, signatureHeader},
		"another format":        {"", []string{signatureHeader, "pgp"}, []sentPart{archivePart(archive), signature}, 422, "pgp"},
		"a missing signature":   {"", cms, []sentPart{archivePart(archive)}, 422, "source-archive-signature"},
		"metadata signed alone": {"", nil, []sentPart{archivePart(archive), metadataPart("{}"), {"metadata-signature", "s", ""}}, 422, "source-archive-signature"},
		"archive signed alone":  {"", cms, []sentPart{archivePart(archive), signature, metadataPart("{}")}, 422, "signed together"},
		"signed without it":     {"", cms, []sentPart{archivePart(archive), signature, {"metadata-signature", "s", ""}}, 422, "signed together"},
		"a reserved scope":      {"Identifiers/x/1.0.0", nil, []sentPart{archivePart(archive)}, 400, "scope"},
		"an ending":             {"acme/Geometry/1.0.0-x.json", nil, []sentPart{archivePart(archive)}, 400, ".json"},
		"another interface":     {"", []string{"Accept", mediaType + ".v2+json"}, []sentPart{archivePart(archive)}, 415, mediaType},
	} {
		s := newSite(t)
		path := c.path
		if path == "" {
			path = "acme/Geometry/1.0.0"
		}
		w := s.put(path, c.header, c.parts...)
		if w.Code != c.status || !strings.Contains(detail(w), c.reason) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %s, want %d and %q", name, w.Code, w.Body, c.status, c.reason)
		}
		if s.Changes() != 0 || s.Drafts() != 0 {
			t.Errorf("%s: something is left", name)
		}
	}
}

func TestWhoMayOnlyPublishMayPublish(t *testing.T) {
	s := newSite(t)
	only := &site{Domain: s.As(formattest.Caller("ci", "PublishPackageVersion")), Client: formattest.Client{T: t}}
	only.serve(shelf)
	only.publish("1.0.0")
	only.want(http.StatusForbidden, "acme/Geometry")
}

func TestVersionsThatDifferInBuildMetadataAreOne(t *testing.T) {
	s := newSite(t)
	s.publish("1.0.0+a")
	for _, version := range []string{"1.0.0+b", "1.0.0"} {
		if w := s.put("acme/Geometry/"+version, nil, archivePart(packed(t))); w.Code != http.StatusConflict ||
			!strings.Contains(detail(w), "1.0.0+a") {
			t.Errorf("%s: got %d %s, want 409 and what is there", version, w.Code, w.Body)
		}
	}
	s.Repository("team", shelf)
	s.serve("team")
	if w := s.put("acme/Geometry/1.0.0+b", nil, archivePart(packed(t))); w.Code != http.StatusConflict {
		t.Errorf("upstream: got %d %s, want 409", w.Code, w.Body)
	}
}

func TestOtherMetadataOfTheSameArchiveIsAConflict(t *testing.T) {
	s := newSite(t)
	archive := archivePart(packed(t))
	for _, step := range []struct {
		metadata string
		status   int
	}{{`{"a":1}`, 201}, {`{"a":1}`, 201}, {`{"a":2}`, 409}} {
		if w := s.put("acme/Geometry/1.0.0", nil, archive, metadataPart(step.metadata)); w.Code != step.status {
			t.Errorf("%s: got %d %s, want %d", step.metadata, w.Code, w.Body, step.status)
		}
	}
}

func TestOriginControlsHoldForEverySpelling(t *testing.T) {
	s := newSite(t)
	s.Control(shelf, identity{"acme", "geometry"}.key(), artifact.Block, artifact.Allow)
	if w := s.put("ACME/GEOMETRY/1.0.0", nil, archivePart(packed(t))); w.Code != http.StatusConflict {
		t.Errorf("got %d %s, want 409", w.Code, w.Body)
	}
}
