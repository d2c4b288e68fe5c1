package maven

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

const jarBytes = "the bytes of a jar"

func TestPublish(t *testing.T) {
	created, bad, missing, conflict := http.StatusCreated, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict
	for _, test := range []struct {
		name string
		tell func(s *site)
	}{
		{"T48 files alone make an unfinished version, which nobody is served or told of", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(created, file("lib:1.0", ".pom"), pomOf("lib:1.0"))
			s.is(key("lib:1.0"), artifact.Unfinished)
			s.gets(missing, shelf, file("lib:1.0", ".jar"))
			s.gets(missing, shelf, file("lib:1.0", ".jar.sha1"))
			s.gets(missing, shelf, index("lib"))
			if got := s.display(key("lib").PackageKey); got != "" {
				s.t.Errorf("the API shows %q of a package without a published version", got)
			}
		}},
		{"T49 the document that lists a version publishes it", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(created, file("lib:1.1", ".jar"), "not listed")
			s.puts(created, index("lib"), listingOf("lib", "0.9", "1.0"))
			s.is(key("lib:1.0"), artifact.Published)
			s.is(key("lib:1.1"), artifact.Unfinished)
			s.is(key("lib:0.9"), "")
			s.reads(shelf, file("lib:1.0", ".jar"), jarBytes)
			s.lists(shelf, "lib", "1.0") // what was sent is no list of versions
			if got := s.display(key("lib").PackageKey); got != "1.0" {
				s.t.Errorf("the API shows %q", got)
			}
		}},
		{"T50 after a wrong checksum the version is not published until a right one came", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(bad, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, "other"))
			s.puts(created, file("lib:1.0", ".jar.md5"), sumOf(md5Sum, jarBytes))
			s.puts(created, file("lib:1.1", ".jar"), jarBytes)
			s.puts(bad, index("lib"), listingOf("lib", "1.0", "1.1"))
			s.is(key("lib:1.0"), artifact.Unfinished)
			s.is(key("lib:1.1"), artifact.Unfinished)
			s.gets(missing, shelf, file("lib:1.0", ".jar"))
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(bad, index("lib"), listingOf("lib", "1.0"))
			s.puts(created, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
			s.puts(created, index("lib"), listingOf("lib", "1.0", "1.1"))
			s.is(key("lib:1.0"), artifact.Published)
			s.is(key("lib:1.1"), artifact.Published)
		}},
		{"T50 a file that a checksum says did not arrive as it was sent may be sent again", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), "broken on the way")
			s.puts(created, file("lib:1.0", "-sources.jar"), "sources")
			s.puts(conflict, file("lib:1.0", ".jar"), jarBytes)
			s.puts(bad, file("lib:1.0", ".jar.sha256"), sumOf(sha256Sum, jarBytes))
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(created, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
			s.puts(conflict, file("lib:1.0", ".jar"), "something else")
			s.puts(created, index("lib"), listingOf("lib", "1.0"))
			s.reads(shelf, file("lib:1.0", ".jar"), jarBytes)
			want := []string{"lib-1.0-sources.jar", "lib-1.0.jar", metadataFile}
			if got := formattest.AssetNames(s.mustHold(shelf, key("lib:1.0"))); !slices.Equal(got, want) {
				s.t.Errorf("got %v, want %v", got, want)
			}
		}},
		{"T50 a version with a wrong checksum can be deleted and begun again", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), "broken on the way")
			s.puts(bad, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
			s.Delete(shelf, key("lib:1.0"))
			s.release("lib:1.0", jarBytes)
			s.reads(shelf, file("lib:1.0", ".jar"), jarBytes)
		}},
		{"T51 a checksum of a file that is not there is refused, and so is one of a document", func(s *site) {
			s.puts(missing, file("lib:1.0", ".jar.md5"), sumOf(md5Sum, jarBytes))
			s.puts(missing, index("lib")+".sha1", sumOf(sha1Sum, jarBytes))
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(missing, file("lib:1.0", ".pom.md5"), sumOf(md5Sum, jarBytes))
		}},
		{"T52 a checksum in capitals is not the one in small letters", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(bad, file("lib:1.0", ".jar.md5"), strings.ToUpper(sumOf(md5Sum, jarBytes)))
			s.puts(created, file("lib:1.0", ".jar.md5"), " "+sumOf(md5Sum, jarBytes)+" *lib-1.0.jar\r\n")
		}},
		{"T53 files may come after the version is published, and a wrong checksum of one changes nothing", func(s *site) {
			s.release("lib:1.0", jarBytes)
			before := s.mustHold(shelf, key("lib:1.0")).Revision
			s.puts(created, file("lib:1.0", "-extra.jar"), "more")
			after := s.mustHold(shelf, key("lib:1.0"))
			if after.Revision == before || after.Status != artifact.Published {
				s.t.Errorf("got revision %s and status %s", after.Revision, after.Status)
			}
			changes := s.Changes()
			s.puts(bad, file("lib:1.0", "-extra.jar.sha1"), sumOf(sha1Sum, "other"))
			s.reads(shelf, file("lib:1.0", "-extra.jar"), "more")
			s.reads(shelf, file("lib:1.0", "-extra.jar.sha1"), sumOf(sha1Sum, "more"))
			if n := s.Changes() - changes; n != 0 {
				s.t.Errorf("%d changes are on record", n)
			}
		}},
		{"T54 checksums are no assets, and every asset has four digests", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(created, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
			s.puts(created, file("lib:1.0", ".jar.asc"), "signed")
			s.puts(created, file("lib:1.0", ".jar.asc.sha1"), sumOf(sha1Sum, "signed"))
			s.puts(created, index("lib"), listingOf("lib", "1.0"))
			v := s.mustHold(shelf, key("lib:1.0"))
			if got, want := formattest.AssetNames(v), []string{"lib-1.0.jar", "lib-1.0.jar.asc", metadataFile}; !slices.Equal(got, want) {
				s.t.Errorf("got %v, want %v", got, want)
			}
			for _, c := range []checksum{md5Sum, sha1Sum, sha256Sum, sha512Sum} {
				s.reads(shelf, file("lib:1.0", ".jar"+checksums[c].suffix), sumOf(c, jarBytes))
			}
		}},
		{"T44 the same bytes again are a success that changes nothing", func(s *site) {
			s.release("lib:1.0", jarBytes)
			changes := s.Changes()
			s.release("lib:1.0", jarBytes)
			if n := s.Changes() - changes; n != 0 {
				s.t.Errorf("%d changes are on record", n)
			}
		}},
		{"T47 other bytes under the name of a file are a conflict, before the version is finished and after", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(conflict, file("lib:1.0", ".jar"), "other")
			s.puts(created, index("lib"), listingOf("lib", "1.0"))
			s.puts(conflict, file("lib:1.0", ".jar"), "other")
			s.reads(shelf, file("lib:1.0", ".jar"), jarBytes)
		}},
		{"T38 a version that is withdrawn takes no files, and its files no checksums", func(s *site) {
			s.release("lib:1.0", jarBytes)
			s.SetStatus(shelf, key("lib:1.0"), artifact.Archived)
			s.puts(conflict, file("lib:1.0", ".jar"), jarBytes)
			s.puts(missing, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
			s.gets(missing, shelf, file("lib:1.0", ".jar"))
			s.gets(missing, shelf, index("lib"))
		}},
		{"T36 an unlisted version leaves the document, and its files are served", func(s *site) {
			s.release("lib:1.0", jarBytes)
			s.release("lib:1.1", jarBytes)
			s.SetStatus(shelf, key("lib:1.1"), artifact.Unlisted)
			s.lists(shelf, "lib", "1.0")
			s.reads(shelf, file("lib:1.1", ".jar"), jarBytes)
		}},
		{"a version whose document never comes is published through the API, as those of sbt are", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.SetStatus(shelf, key("lib:1.0"), artifact.Published)
			s.reads(shelf, file("lib:1.0", ".jar"), jarBytes)
			s.lists(shelf, "lib", "1.0")
		}},
		{"T77 a package that came from outside is not published to", func(s *site) {
			s.offer(central, file("lib:1.0", ".pom"), pomOf("lib:1.0"))
			s.gets(http.StatusOK, "gateway", file("lib:1.0", ".pom"))
			if w := s.do("PUT", "gateway", file("lib:1.1", ".jar"), jarBytes); w.Code != conflict {
				s.t.Errorf("got %d %s", w.Code, w.Body)
			}
		}},
		{"a body that ends before its length leaves nothing", func(s *site) {
			r := httptest.NewRequest("PUT", "/"+file("lib:1.0", ".jar"), io.MultiReader(strings.NewReader("half of it"),
				iotest.ErrReader(io.ErrUnexpectedEOF)))
			w := httptest.NewRecorder()
			formattest.Handler(s.format, s.Shelf(shelf, artifact.Maven)).ServeHTTP(w, r)
			if w.Code != bad || s.Drafts() != 0 {
				s.t.Errorf("got %d %s, and %d drafts are open", w.Code, w.Body, s.Drafts())
			}
			s.is(key("lib:1.0"), "")
		}},
		{"signatures of all kinds are assets, and have checksums", func(s *site) {
			s.release("lib:1.0", jarBytes)
			for _, rest := range []string{".jar.asc", ".pom.asc", ".jar.sigstore.json", ".jar.sigstore"} {
				s.puts(created, file("lib:1.0", rest), "signed")
				s.puts(created, file("lib:1.0", rest+".sha256"), sumOf(sha256Sum, "signed"))
				s.reads(shelf, file("lib:1.0", rest), "signed")
				s.reads(shelf, file("lib:1.0", rest+".sha1"), sumOf(sha1Sum, "signed"))
			}
		}},
		{"what Gradle publishes is a version, with its module file", func(s *site) {
			const module = `{"formatVersion":"1.1","component":{"group":"com.acme","module":"lib","version":"1.0"}}`
			pom := pomOf("lib:1.0", "<!-- do_not_remove: published-with-gradle-metadata -->")
			for rest, body := range map[string]string{".jar": jarBytes, ".module": module, ".pom": pom} {
				s.puts(created, file("lib:1.0", rest), body)
				for _, c := range sumOrder {
					s.puts(created, file("lib:1.0", rest+checksums[c].suffix), sumOf(c, body))
				}
			}
			s.puts(created, index("lib"), listingOf("lib", "1.0"))
			for _, c := range sumOrder {
				s.puts(created, index("lib")+checksums[c].suffix, sumOf(c, listingOf("lib", "1.0")))
			}
			w := s.gets(http.StatusOK, shelf, file("lib:1.0", ".module"))
			if got := w.Header().Get("Content-Type"); w.Body.String() != module || got != "application/json" {
				s.t.Errorf("got %s of type %s", w.Body, got)
			}
			s.reads(shelf, file("lib:1.0", ".pom"), pom) // the marker is in it, and nothing is rewritten
		}},
		{"a document that is not of its path is refused", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			for name, body := range map[string]string{
				"another artifact": listingOf("other", "1.0"),
				"nothing in it":    "<metadata/>",
				"no XML":           "no XML",
				"a document type":  `<!DOCTYPE metadata [<!ENTITY a "b">]>` + listingOf("lib", "1.0"),
			} {
				if w := s.do("PUT", shelf, index("lib"), body); w.Code != bad {
					s.t.Errorf("%s: got %d %s", name, w.Code, w.Body)
				}
			}
			s.is(key("lib:1.0"), artifact.Unfinished)
		}},
		{"a checksum of a document is that of what was sent last", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			first, second := listingOf("lib", "1.0"), listingOf("lib", "1.0", "9.9")
			s.puts(created, index("lib"), first)
			s.puts(created, index("lib"), second)
			s.puts(created, index("lib")+".sha1", sumOf(sha1Sum, second))
			s.puts(bad, index("lib")+".sha1", sumOf(sha1Sum, first))
			s.puts(bad, index("lib")+".sha256", sumOf(sha1Sum, second))
			s.lists(shelf, "lib", "1.0")
		}},
		{"the document is the same for whoever asks, and its checksums are its own", func(s *site) {
			s.release("lib:1.0", jarBytes)
			w := s.gets(http.StatusOK, shelf, index("lib"))
			body := w.Body.String()
			for _, c := range []checksum{md5Sum, sha1Sum, sha256Sum, sha512Sum} {
				s.reads(shelf, index("lib")+checksums[c].suffix, sumOf(c, body))
				header := "X-Checksum-" + strings.TrimPrefix(checksums[c].suffix, ".")
				if got := w.Header().Get(header); got != sumOf(c, body) {
					s.t.Errorf("%s: got %s, want %s", header, got, sumOf(c, body))
				}
			}
			want := `<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <groupId>com.acme</groupId>
  <artifactId>lib</artifactId>
  <versioning>
    <latest>1.0</latest>
    <release>1.0</release>
    <versions>
      <version>1.0</version>
    </versions>
    <lastUpdated>20260301120000</lastUpdated>
  </versioning>
</metadata>
`
			if body != want {
				s.t.Errorf("got %s, want %s", body, want)
			}
		}},
		{"a POM has to be that of its path", func(s *site) {
			for name, row := range map[string]struct {
				pom    string
				status int
			}{
				"another version":     {pomOf("lib:2.0"), bad},
				"another artifact":    {pomOf("other:1.0"), bad},
				"no version":          {"<project><groupId>com.acme</groupId><artifactId>lib</artifactId></project>", bad},
				"no XML":              {"no XML", bad},
				"an entity":           {`<!DOCTYPE project [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + pomOf("lib:1.0"), bad},
				"the parent's":        {"<project><parent><groupId>com.acme</groupId><version>1.0</version></parent><artifactId>lib</artifactId></project>", created},
				"an expression in it": {"<project><groupId>com.acme</groupId><artifactId>lib</artifactId><version>${revision}</version></project>", created},
			} {
				if w := s.do("PUT", shelf, file("lib:1.0", ".pom"), row.pom); w.Code != row.status {
					s.t.Errorf("%s: got %d %s, want %d", name, w.Code, w.Body, row.status)
				}
				if _, ok := s.held(shelf, key("lib:1.0")); ok {
					s.Delete(shelf, key("lib:1.0"))
				}
			}
		}},
		{"T72 a version that can be had from upstream is not published", func(s *site) {
			s.Repository("open", "gateway")
			s.Control("open", key("lib").PackageKey, artifact.Allow, artifact.Allow)
			s.offer(central, file("lib:1.0", ".pom"), pomOf("lib:1.0"))
			if w := s.do("PUT", "open", file("lib:1.0", ".jar"), jarBytes); w.Code != conflict {
				s.t.Errorf("got %d %s", w.Code, w.Body)
			}
			if w := s.do("PUT", "open", file("lib:1.1", ".jar"), jarBytes); w.Code != created {
				s.t.Errorf("got %d %s", w.Code, w.Body)
			}
		}},
		{"Maven's five threads publish what one would", func(s *site) {
			s.puts(created, file("lib:1.0", ".pom"), pomOf("lib:1.0"))
			var all sync.WaitGroup
			for _, rest := range []string{".jar", "-sources.jar", "-javadoc.jar", ".module", ".jar.asc"} {
				all.Go(func() {
					for path, body := range map[string]string{"": jarBytes + rest} {
						if w := s.do("PUT", shelf, file("lib:1.0", rest)+path, body); w.Code != created {
							s.t.Errorf("%s: got %d %s", rest, w.Code, w.Body)
						}
					}
					if w := s.do("PUT", shelf, file("lib:1.0", rest+".sha1"), sumOf(sha1Sum, jarBytes+rest)); w.Code != created {
						s.t.Errorf("the checksum of %s: got %d %s", rest, w.Code, w.Body)
					}
				})
			}
			all.Wait()
			s.puts(created, index("lib"), listingOf("lib", "1.0"))
			if got := len(s.mustHold(shelf, key("lib:1.0")).Assets); got != 7 {
				s.t.Errorf("got %d assets, want six files and the document", got)
			}
		}},
		{"T99 what the API tells of a version is what its own POM says", func(s *site) {
			s.puts(created, file("lib:1.0", ".jar"), jarBytes)
			s.puts(created, file("lib:1.0", ".pom"), pomOf("lib:1.0", "<name>A lib</name><description>d</description>",
				"<parent><groupId>com.acme</groupId><artifactId>parent</artifactId><version>7</version></parent>",
				"<dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version>",
				"<scope>test</scope></dependency></dependencies>"))
			d := s.mustHold(shelf, key("lib:1.0")).Details
			want := []artifact.Dependency{{Namespace: "com.acme", Package: "parent", Type: "parent", Requirement: "7"},
				{Namespace: "g", Package: "a", Type: "test", Requirement: "1"}}
			if d.DisplayName != "A lib" || d.Summary != "d" || len(d.Licenses) != 0 || !slices.Equal(d.Dependencies, want) {
				s.t.Errorf("got %+v", d)
			}
			if d.Readme != "" {
				s.t.Errorf("T100: got the readme %q", d.Readme)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.Repository("gateway")
			s.Connect("gateway", central)
			test.tell(s)
		})
	}
}

func TestPublishingNeedsPermission(t *testing.T) {
	s := newSite(t)
	publisher := s.by(formattest.Caller("publisher", "PublishPackageVersion"))
	w := publisher.puts
	w(http.StatusCreated, file("lib:1.0", ".jar"), jarBytes)
	w(http.StatusCreated, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
	w(http.StatusBadRequest, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, "other")) // and it is not his to change metadata
	w(http.StatusForbidden, index("lib"), listingOf("lib", "1.0"))
	s.by(formattest.Caller("annotator", "PutPackageMetadata")).puts(http.StatusForbidden, index("lib"), listingOf("lib", "1.0"))
	s.is(key("lib:1.0"), artifact.Unfinished)
	both := s.by(formattest.Caller("both", "PutPackageMetadata", "PublishPackageVersion"))
	both.puts(http.StatusCreated, index("lib"), listingOf("lib", "1.0"))
	both.puts(http.StatusCreated, index("lib")+".sha1", sumOf(sha1Sum, listingOf("lib", "1.0")))
	s.is(key("lib:1.0"), artifact.Published)
	reader := s.by(formattest.Caller("reader", "ReadFromRepository"))
	reader.puts(http.StatusForbidden, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
	reader.puts(http.StatusForbidden, index("lib")+".sha1", sumOf(sha1Sum, jarBytes))
}

// unread is a body that must not be asked for.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, http.ErrBodyReadAfterClose
}

func TestNoBodyIsAskedForBeforePermissionAndLimits(t *testing.T) {
	s := newSite(t)
	send := func(s *site, path string, length int64) int {
		r, err := http.NewRequestWithContext(t.Context(), "PUT", "http://packages.example.test/"+path, unread{t})
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		w := httptest.NewRecorder()
		formattest.Handler(s.format, s.Shelf(shelf, artifact.Maven)).ServeHTTP(w, r)
		return w.Code
	}
	eve := s.by(formattest.Caller("eve"))
	for _, path := range []string{file("lib:1.0", ".jar"), file("lib:1.0", ".jar.sha1"), index("lib"), index("lib") + ".sha1"} {
		if got := send(eve, path, 10); got != http.StatusForbidden {
			t.Errorf("%s: got %d", path, got)
		}
	}
	if got := send(s, index("lib"), maxMetadata+1); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a document that is too large: got %d", got)
	}
	if got := send(s, file("lib:1.0", ".jar.sha1"), 10); got != http.StatusNotFound {
		t.Errorf("a checksum of nothing: got %d", got)
	}
}

func TestATooLargeDocumentIsRefusedHoweverItComes(t *testing.T) {
	s := newSite(t)
	r, err := http.NewRequestWithContext(t.Context(), "PUT", "http://packages.example.test/"+index("lib"),
		strings.NewReader(strings.Repeat(" ", maxMetadata+1)))
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = -1
	w := httptest.NewRecorder()
	formattest.Handler(s.format, s.Shelf(shelf, artifact.Maven)).ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	s.puts(http.StatusCreated, file("lib:1.0", ".jar"), jarBytes)
	s.puts(http.StatusBadRequest, file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes)+strings.Repeat(" ", maxSum))
	s.puts(http.StatusBadRequest, file("lib:1.0", ".jar.sha1"), "")
}
