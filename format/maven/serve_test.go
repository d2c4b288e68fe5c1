package maven

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"entrepot/artifact"
)

func TestAFileIsServed(t *testing.T) {
	s := newSite(t)
	s.release("lib:1.0", jarBytes)
	jar := file("lib:1.0", ".jar")
	whole := s.gets(http.StatusOK, shelf, jar)
	tag, modified := whole.Header().Get("Etag"), whole.Header().Get("Last-Modified")
	const before = "Sat, 28 Feb 2026 12:00:00 GMT"
	for _, test := range []struct {
		name   string
		header []string
		status int
		body   string
	}{
		{"whole", nil, 200, jarBytes},
		{"whatever its client accepts", []string{"Accept", "text/html", "Accept-Encoding", "gzip,deflate"}, 200, jarBytes},
		{"although its client wants no cache", []string{"Cache-Control", "no-cache", "Pragma", "no-cache"}, 200, jarBytes},
		{"from where it broke off", []string{"Range", "bytes=4-"}, 206, jarBytes[4:]},
		{"from there, unless it has changed", []string{"Range", "bytes=4-", "If-Unmodified-Since", modified}, 206, jarBytes[4:]},
		{"not if it has", []string{"Range", "bytes=4-", "If-Unmodified-Since", before}, 412, ""},
		{"not to who has it", []string{"If-None-Match", tag}, 304, ""},
		{"not to who has it of this time", []string{"If-Modified-Since", modified}, 304, ""},
		{"to who has an older one", []string{"If-Modified-Since", before}, 200, jarBytes},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := s.do("GET", shelf, jar, "", test.header...)
			if w.Code != test.status || test.body != "" && w.Body.String() != test.body {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, test.status, test.body)
			}
			for _, c := range sumOrder {
				name := "X-Checksum-" + checksums[c].suffix[1:]
				if got := w.Header().Get(name); test.status == 200 && got != sumOf(c, jarBytes) {
					t.Errorf("got %s %s, want %s", name, got, sumOf(c, jarBytes))
				}
			}
		})
	}
	if got := whole.Header().Get("Content-Type"); got != "application/java-archive" {
		t.Errorf("got type %s", got)
	}
}

func TestAFileFromOutsideHasTheTimeOfItsRegistry(t *testing.T) {
	const at = "Tue, 03 Mar 2020 10:11:12 GMT"
	s := newChain(t)
	header := http.Header{"Last-Modified": {at}, "X-Checksum-Sha1": {sumOf(sha1Sum, jarBytes)}}
	s.Registry(central).PutWith(file("lib:1.0", ".jar"), header, []byte(jarBytes))
	for _, how := range []string{"on its way", "kept"} {
		w := s.gets(http.StatusOK, "team", file("lib:1.0", ".jar"))
		if got := w.Header().Get("Last-Modified"); got != at {
			t.Errorf("%s: got %q, want %q", how, got, at)
		}
		if got := w.Header().Get("X-Checksum-Sha1"); got != sumOf(sha1Sum, jarBytes) {
			t.Errorf("%s: got the checksum %q", how, got)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	s := newSite(t)
	s.release("lib:1.0", jarBytes)
	for _, path := range []string{
		"", "com/", "com/acme/lib/", "com/acme/lib/1.0/", ".meta/prefixes.txt", metadataFile, "archetype-catalog.xml",
		file("lib:2.0", ".pom"), file("lib:1.0", "-sources.jar"), file("lib:1.0", ".pom.asc"), "com/acme/lib/1.0/other.jar",
		index("other"), index("lib/1.0-SNAPSHOT"), "com/acme/" + metadataFile, "com/" + metadataFile + ".sha1",
		file("lib:1.0-SNAPSHOT", ".jar"),
	} {
		s.gets(http.StatusNotFound, shelf, path)
	}
}

// What is absent is told to Maven 3.9 in another way: of problem details it shows the text, and does not look at the status.
func TestFailuresAreToldAsTheClientReadsThem(t *testing.T) {
	s := newSite(t)
	if got := s.gets(http.StatusBadRequest, shelf, "com/acme/lib/1:0/lib").Header().Get("Content-Type"); got != problemType {
		t.Errorf("unasked: got %s, want %s", got, problemType)
	}
	for accept, want := range map[string]string{
		"":                              "application/json",
		"text/html, */*":                "application/json",
		"application/problem+json,*/*":  problemType,
		"*/*, Application/Problem+JSON": problemType,
		"application/problem+json;q=0":  "application/json",
		"application/problem+xml, */*":  "application/json",
	} {
		w := s.gets(http.StatusNotFound, shelf, file("lib:1.0", ".jar"), "Accept", accept)
		if got := w.Header().Get("Content-Type"); got != want {
			t.Errorf("%q: got %s, want %s", accept, got, want)
		}
		var body struct {
			Message, Type, Title, Detail string
			Status                       int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("%v in %s", err, w.Body)
		}
		if want == problemType {
			if _, err := url.Parse(body.Type); err != nil || body.Type == "" || body.Title != "Not Found" ||
				body.Status != http.StatusNotFound || body.Detail == "" {
				t.Errorf("got %s", w.Body)
			}
		} else if body.Message == "" {
			t.Errorf("got %s", w.Body)
		}
	}
}

// A file that is withheld is not merely absent, and Maven 3.9 shows why. Whoever deploys looks for documents, which must then look
// absent.
func TestAFileThatIsWithheldIsToldSoToWhoDidNotAsk(t *testing.T) {
	s := newSite(t)
	s.release("lib:1.0", jarBytes)
	s.SetStatus(shelf, key("lib:1.0"), artifact.Archived)
	for path, want := range map[string]string{
		file("lib:1.0", ".jar"):      problemType,
		file("lib:1.0", ".jar.sha1"): "application/json",
		index("lib"):                 "application/json",
		file("other:1.0", ".jar"):    "application/json",
	} {
		w := s.gets(http.StatusNotFound, shelf, path)
		if got := w.Header().Get("Content-Type"); got != want {
			t.Errorf("%s: got %s, want %s: %s", path, got, want, w.Body)
		}
	}
}

// Maven sends credentials only to who asks for them; sbt and coursier look them up under the realm.
func TestWhoIsNotKnownIsAskedForCredentials(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/"+file("lib:1.0", ".jar"), nil)
	Format().Fail(w, r, artifact.Errorf(artifact.Unauthenticated, "who?"), `Bearer realm="x", Basic realm="x"`)
	if got := w.Header().Values("WWW-Authenticate"); w.Code != 401 || len(got) != 1 || got[0] != `Basic realm="Entrepot"` {
		t.Errorf("got %d and %q", w.Code, got)
	}
}
