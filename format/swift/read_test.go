package swift

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

const base = formattest.Base + "swift/shelf/"

func TestTheListOfReleases(t *testing.T) {
	s := newSite(t)
	for _, version := range []string{"1.9.0", "1.10.0", "2.0.0-beta.1", "1.0.0"} {
		s.publish(version, metadataPart(`{"repositoryURLs":["https://code.example.test/a,b;c?d=e","ssh://git@code.example.test/acme/geometry","git@code.example.test:x",
			"javascript:alert(1)","https://a.example.test/<x>"," https://b.example.test"]}`))
	}
	s.SetStatus(shelf, identity{"acme", "geometry"}.key().At("1.9.0"), artifact.Unlisted)
	for _, path := range []string{"acme/Geometry", "ACME/GEOMETRY", "acme/geometry.json"} {
		w := s.want(http.StatusOK, path)
		want := `{"releases":{"2.0.0-beta.1":{"url":"` + base + `acme/geometry/2.0.0-beta.1"},"1.10.0":{"url":"` + base +
			`acme/geometry/1.10.0"},"1.0.0":{"url":"` + base + `acme/geometry/1.0.0"}}}`
		if got := w.Body.String(); got != want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %s %s, want %s", path, w.Header().Get("Content-Type"), got, want)
		}
		got := fmt.Sprint(entries(t, w))
		if want := fmt.Sprint([]map[string]string{
			{"url": base + "acme/geometry/1.10.0", "rel": "latest-version", "fields": "2"},
			{"url": "https://code.example.test/a%2Cb%3Bc?d=e", "rel": "canonical", "fields": "2"},
			{"url": "ssh://git@code.example.test/acme/geometry", "rel": "alternate", "fields": "2"},
		}); got != want {
			t.Errorf("%s: got the links %s, want %s", path, got, want)
		}
	}
	s.want(http.StatusNotFound, "acme/Other")
}

func TestEveryAnswerSaysItsVersion(t *testing.T) {
	s := newSite(t)
	s.publish("1.0.0")
	for _, path := range []string{"acme/Geometry", "acme/Geometry/1.0.0", "acme/Geometry/1.0.0.zip", "acme/Geometry/2.0.0.zip",
		"acme/Geometry/1.0.0/Package.swift?swift-version=9", "no/such/path/at/all", "identifiers", "login"} {
		if got := s.Do("GET", path, "").Header().Get("Content-Version"); got != "1" {
			t.Errorf("%s: got Content-Version %q, want 1", path, got)
		}
	}
	tag := s.want(http.StatusOK, "acme/Geometry").Header().Get("Etag")
	if w := s.want(http.StatusNotModified, "acme/Geometry", "If-None-Match", tag); w.Header().Get("Content-Version") != "1" {
		t.Error("304 has no Content-Version")
	}
}

func TestWhatIsSaidOfARelease(t *testing.T) {
	s := newSite(t)
	s.publish("1.0.0")
	s.publish("1.2.0")
	s.Clock.Pass(1500 * time.Millisecond)
	archive := packed(t)
	if w := s.put("ACME/geometry/1.1.0", []string{signatureHeader, signatureFormat}, archivePart(archive),
		sentPart{"source-archive-signature", "\xff\xfesignature", "binary"}, metadataPart(` {"mine": {"b": 1, "a": [ ]}} `),
		sentPart{"metadata-signature", "m", "binary"}); w.Code != http.StatusCreated {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	signature := base64.StdEncoding.EncodeToString([]byte("\xff\xfesignature"))
	want := `{"id":"ACME.geometry","version":"1.1.0","resources":[{"name":"source-archive","type":"application/zip","checksum":"` +
		sha256Of(archive) + `","signing":{"signatureFormat":"cms-1.0.0","signatureBase64Encoded":"` + signature + `"}}],` +
		`"metadata":{"mine":{"b":1,"a":[]}},"publishedAt":"2026-03-01T12:00:01Z"}`
	for _, path := range []string{"acme/Geometry/1.1.0", "acme/geometry/1.1.0.json"} {
		w := s.want(http.StatusOK, path)
		if got := w.Body.String(); got != want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("got %s, want %s", got, want)
		}
		links := fmt.Sprint(entries(t, w))
		if want := fmt.Sprint([]map[string]string{
			{"url": base + "acme/geometry/1.2.0", "rel": "latest-version", "fields": "2"},
			{"url": base + "acme/geometry/1.0.0", "rel": "predecessor-version", "fields": "2"},
			{"url": base + "acme/geometry/1.2.0", "rel": "successor-version", "fields": "2"},
		}); links != want {
			t.Errorf("got the links %s, want %s", links, want)
		}
	}
	if got := s.json("acme/Geometry/1.0.0"); dig(got, "resources", 0, "signing") != nil || len(dig(got, "metadata").(object)) != 0 ||
		dig(got, "id") != "acme.Geometry" {
		t.Errorf("an unsigned release without metadata: got %v", got)
	}
	s.want(http.StatusNotFound, "acme/Geometry/3.0.0")
}

func TestAnArchiveComesWithItsDigestAndItsSignature(t *testing.T) {
	s := newSite(t)
	plain := s.publish("1.0.0")
	archive := packed(t, archived{"signed", "1"})
	s.put("acme/Geometry/1.1.0", []string{signatureHeader, signatureFormat}, archivePart(archive),
		sentPart{"source-archive-signature", "signature", "binary"})
	for version, want := range map[string]struct{ archive, format, signature string }{
		"1.0.0": {plain, "", ""},
		"1.1.0": {archive, signatureFormat, base64.StdEncoding.EncodeToString([]byte("signature"))},
	} {
		w := s.want(http.StatusOK, "acme/Geometry/"+version+".zip")
		sum, _ := hex.DecodeString(sha256Of(want.archive))
		for name, value := range map[string]string{
			"Content-Type": "application/zip", "Digest": "sha-256=" + base64.StdEncoding.EncodeToString(sum),
			"Content-Disposition": `attachment; filename=geometry-` + version + `.zip`, "Accept-Ranges": "bytes",
			"Cache-Control": "private, max-age=31536000, immutable", signatureHeader: want.format,
			"X-Swift-Package-Signature": want.signature,
		} {
			if got := w.Header().Get(name); got != value {
				t.Errorf("%s: got %s %q, want %q", version, name, got, value)
			}
		}
		if w.Body.String() != want.archive {
			t.Errorf("%s: got other bytes", version)
		}
	}
}

func TestManifestsAndTheirVariants(t *testing.T) {
	s := newSite(t)
	archive := packed(t, archived{"Package@swift-5.9.swift", simple("5.7")}, archived{"Package@swift-6.swift", simple("6.0")},
		archived{"Package@swift-6.0.1.swift", simple("6.0.1")}, archived{"Package@swift-4.swift", "import PackageDescription\n"},
		archived{"Package@swift-x.swift", "x"}, archived{"Sources/Package@swift-7.swift", "x"})
	if w := s.put("acme/Geometry/1.0.0", nil, archivePart(archive)); w.Code != http.StatusCreated {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	const path = "acme/Geometry/1.0.0/Package.swift"
	w := s.want(http.StatusOK, path)
	if w.Body.String() != simple("5.5") || w.Header().Get("Content-Type") != "text/x-swift" ||
		w.Header().Get("Content-Disposition") != "attachment; filename=Package.swift" {
		t.Errorf("got %v %s", w.Header(), w.Body)
	}
	var want []map[string]string
	for _, v := range []string{"5.9", "6.0", "6.0.1"} {
		want = append(want, map[string]string{"url": base + path + "?swift-version=" + v, "rel": "alternate", "fields": "4",
			"filename": "Package@swift-" + v + ".swift", "swift-tools-version": v})
	}
	if got := fmt.Sprint(entries(t, w)); got != fmt.Sprint(want) {
		t.Errorf("got the links %s, want %v", got, want)
	}
	for asked, want := range map[string]string{
		"5.9": simple("5.7"), "5.9.0": simple("5.7"), "6": simple("6.0"), "6.0": simple("6.0"), "6.0.0": simple("6.0"),
		"6.0.1": simple("6.0.1"),
	} {
		w := s.want(http.StatusOK, path+"?swift-version="+asked)
		if w.Body.String() != want || w.Header().Get("Content-Type") != "text/x-swift" {
			t.Errorf("for %s: got %s %s, want %s", asked, w.Header().Get("Content-Type"), w.Body, want)
		}
	}
	for _, asked := range []string{"5.8", "4", "9.9.9", "x", "..", "5.9.0.0"} {
		w := s.want(http.StatusSeeOther, path+"?swift-version="+asked)
		if got := w.Header().Get("Location"); got != base+path {
			t.Errorf("for %s: led to %q, want %s", asked, got, base+path)
		}
	}
	s.want(http.StatusNotFound, "acme/Geometry/2.0.0/Package.swift")
	s.want(http.StatusNotFound, "acme/Geometry/2.0.0/Package.swift?swift-version=6")
}

func TestAProblemIsToldAsSwiftPMReadsIt(t *testing.T) {
	s := newSite(t)
	refuse := func(err error) http.Handler {
		return formattest.Handler(Format(), formattest.Refusing{Shelf: s.Shelf(shelf, artifact.Swift), Err: err})
	}
	unknown := artifact.Errorf(artifact.Unauthenticated, "The token has expired.")
	for _, q := range []formattest.Request{{Method: "GET", Path: "acme/Geometry"}, {Method: "POST", Path: "login"}} {
		w := q.Do(refuse(unknown))
		if got := w.Header()["Www-Authenticate"]; w.Code != 401 || len(got) != 1 || got[0] != `Bearer realm="team/shelf"` {
			t.Errorf("%s: got %d and %q, want one challenge, for Bearer", q.Path, w.Code, got)
		}
		if closes := w.Header().Get("Connection") == "close"; closes != (q.Method == "POST") {
			t.Errorf("%s: the connection closes: %v", q.Path, closes)
		}
		if got := detail(w); !strings.HasPrefix(got, "The token has expired. Sign in with") {
			t.Errorf("%s: got the detail %q", q.Path, got)
		}
	}
	w := s.Do("POST", "login", "")
	if w.Code != http.StatusOK || w.Header().Get("Connection") != "close" {
		t.Errorf("a login: got %d and Connection %q, want 200 and close", w.Code, w.Header().Get("Connection"))
	}
}

func TestTheMetadataOfAReleaseIsOfTheRepositoryThatItsArchiveComesFrom(t *testing.T) {
	s := newSite(t)
	s.Repository("other")
	s.Repository("team", shelf, "other")
	first := s.publish("1.0.0")
	s.serve("other")
	s.publishAs("acme/Geometry/1.1.0", metadataPart("{}"))
	if w := s.put("acme/Geometry/1.0.0", nil, archivePart(packed(t))); w.Code != http.StatusCreated {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	s.serve("team")
	for range 2 { // seen, then kept
		if got := dig(s.json("acme/Geometry/1.0.0"), "resources", 0, "checksum"); got != sha256Of(first) {
			t.Errorf("got the checksum %v, want %s", got, sha256Of(first))
		}
		if got := s.want(http.StatusOK, "acme/Geometry/1.0.0.zip").Body.String(); got != first {
			t.Error("got the archive of another repository")
		}
	}
	if got := len(s.json("acme/Geometry")["releases"].(object)); got != 2 {
		t.Errorf("got %d releases, want 2", got)
	}
}

func TestAReleaseThatIsHeldOutlivesAnUpstreamRepository(t *testing.T) {
	s := newSite(t)
	s.Repository("team", shelf)
	s.publish("1.0.0")
	s.publish("1.1.0")
	s.serve("team")
	archive := s.want(http.StatusOK, "acme/Geometry/1.0.0.zip").Body.String()
	said := s.want(http.StatusOK, "acme/Geometry/1.0.0").Body.String()
	gone := s.Shelf(shelf, artifact.Swift).Repository()
	if _, _, err := s.Rules.DeleteRepository(t.Context(), formattest.Caller("ada", "*"), gone); err != nil {
		t.Fatal(err)
	}
	if got := s.want(http.StatusOK, "acme/Geometry/1.0.0").Body.String(); got != said {
		t.Errorf("got %s, want %s", got, said)
	}
	if got := s.want(http.StatusOK, "acme/Geometry/1.0.0.zip").Body.String(); got != archive {
		t.Error("got another archive")
	}
	for _, path := range []string{"acme/Geometry", "acme/Geometry/1.1.0", "acme/Geometry/1.1.0.zip"} {
		if w := s.Do("GET", path, ""); w.Code/100 == 2 || !strings.Contains(detail(w), "UpdateRepository") {
			t.Errorf("%s: got %d %s, want it to say what to do", path, w.Code, w.Body)
		}
	}
}
