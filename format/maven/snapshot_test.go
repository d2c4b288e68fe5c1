package maven

import (
	"net/http"
	"slices"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

// The builds that the tests publish.
const (
	snap   = "1.0-SNAPSHOT"
	first  = "1.0-20260301.120000-1"
	second = "1.0-20260301.130000-2"
)

func TestSnapshots(t *testing.T) {
	created, bad, missing := http.StatusCreated, http.StatusBadRequest, http.StatusNotFound
	for _, test := range []struct {
		name string
		tell func(s *site)
	}{
		{"T55 the files of a build make a version of its own, unfinished", func(s *site) {
			s.puts(created, buildFile("lib", snap, first, ".jar"), jarBytes)
			s.puts(created, buildFile("lib", snap, first, ".jar.sha1"), sumOf(sha1Sum, jarBytes))
			s.puts(created, buildFile("lib", snap, first, ".pom"), pomOf("lib:"+snap))
			s.is(key("lib:"+first), artifact.Unfinished)
			s.is(key("lib:"+snap), "")
			if got := s.display(key("lib").PackageKey); got != "" {
				s.t.Errorf("the API shows %q", got)
			}
			s.gets(missing, shelf, index("lib/"+snap))
			s.gets(missing, shelf, buildFile("lib", snap, first, ".jar"))
		}},
		{"T56 the document makes the snapshot a version with the build's files, and unlists the build", func(s *site) {
			s.puts(created, buildFile("lib", snap, first, ".jar"), jarBytes)
			s.puts(created, buildFile("lib", snap, first, ".pom"), pomOf("lib:"+snap, "<name>A lib</name>"))
			before := s.mustHold(shelf, key("lib:"+first)).Revision
			sent := snapshotOfBuild("lib", snap, first, "jar", "pom")
			s.puts(created, index("lib/"+snap), sent)
			s.puts(created, index("lib/"+snap)+".sha1", sumOf(sha1Sum, sent))
			build, whole := s.mustHold(shelf, key("lib:"+first)), s.mustHold(shelf, key("lib:"+snap))
			if build.Status != artifact.Unlisted || build.Revision != before {
				s.t.Errorf("the build: got %s, %s, want Unlisted and %s", build.Status, build.Revision, before)
			}
			got, want := formattest.AssetNames(whole), formattest.AssetNames(build)
			if whole.Status != artifact.Published || whole.Revision == before || !slices.Equal(got, want) ||
				whole.Details.DisplayName != "A lib" {
				s.t.Errorf("the snapshot: got %s, %s, %v", whole.Status, whole.Revision, got)
			}
			s.puts(created, index("lib"), listingOf("lib", snap))
			s.lists(shelf, "lib", snap)
			s.is(key("lib:"+first), artifact.Unlisted)
			if got := s.display(key("lib").PackageKey); got != snap {
				s.t.Errorf("the API shows %q", got)
			}
		}},
		{"T57 after a second build the snapshot has the files of that", func(s *site) {
			s.puts(created, buildFile("lib", snap, first, "-sources.jar"), "sources")
			s.build("lib", snap, first, "one")
			s.build("lib", snap, second, "two")
			want := []string{"lib-" + second + ".jar", "lib-" + second + ".pom"}
			if got := formattest.AssetNames(s.mustHold(shelf, key("lib:"+snap))); !slices.Equal(got, want) {
				s.t.Errorf("got %v, want %v", got, want)
			}
			s.is(key("lib:"+first), artifact.Unlisted)
			s.is(key("lib:"+second), artifact.Unlisted)
			s.reads(shelf, buildFile("lib", snap, first, ".jar"), "one")
			s.reads(shelf, buildFile("lib", snap, second, ".jar"), "two")
			s.reads(shelf, file("lib:"+snap, ".jar"), "two")
			s.reads(shelf, file("lib:"+snap, ".jar.sha1"), sumOf(sha1Sum, "two"))
			s.reads(shelf, "com/acme/lib/"+first+"/lib-"+first+".jar", "one")
			s.gets(missing, shelf, file("lib:"+snap, "-sources.jar"))
		}},
		{"the document that is served names the newest build and its files", func(s *site) {
			s.puts(created, buildFile("lib", snap, first, "-sources.jar"), "sources")
			s.build("lib", snap, first, "one")
			w := s.gets(http.StatusOK, shelf, index("lib/"+snap))
			body := w.Body.String()
			m, err := readMetadata(w.Body)
			if err != nil {
				s.t.Fatal(err)
			}
			want := []snapshotFile{
				{extension: "jar", value: first, updated: "20260301120000"},
				{classifier: "sources", extension: "jar", value: first, updated: "20260301120000"},
				{extension: "pom", value: first, updated: "20260301120000"},
			}
			for _, f := range want {
				if !slices.Contains(m.files, f) {
					s.t.Errorf("got %v, which lacks %v", m.files, f)
				}
			}
			if m.snapshot != (snapshotPointer{timestamp: "20260301.120000", buildNumber: "1"}) || m.version != snap ||
				len(m.files) != 3 {
				s.t.Errorf("got %+v", m)
			}
			s.reads(shelf, index("lib/"+snap)+".sha1", sumOf(sha1Sum, body))
		}},
		{"T59 a document without a build that was published is refused, and there is no snapshot", func(s *site) {
			s.puts(created, buildFile("lib", snap, first, ".jar"), jarBytes)
			pointing := func(timestamp, number string, files ...snapshotFile) string {
				return rendered(metadata{group: "com.acme", artifact: "lib", version: snap,
					snapshot: snapshotPointer{timestamp: timestamp, buildNumber: number}, files: files})
			}
			jar := snapshotFile{extension: "jar", value: first}
			for name, body := range map[string]string{
				"no timestamp":             pointing("", "1", jar),
				"no number":                pointing("20260301.120000", "", jar),
				"a timestamp of no file":   pointing("20260301.120001", "1", jar),
				"a number of no file":      pointing("20260301.120000", "2", jar),
				"something like a time":    pointing("yesterday", "1", jar),
				"no files":                 pointing("20260301.120000", "1"),
				"files that are not there": pointing("20260301.120000", "1", snapshotFile{extension: "pom", value: first}),
				"files of another build":   pointing("20260301.120000", "1", snapshotFile{extension: "jar", value: second}),
				"another snapshot":         snapshotOfBuild("lib", "2.0-SNAPSHOT", "2.0-20260301.120000-1", "jar"),
				"another artifact":         snapshotOfBuild("other", snap, first, "jar"),
			} {
				if w := s.do("PUT", shelf, index("lib/"+snap), body); w.Code != bad {
					s.t.Errorf("%s: got %d %s", name, w.Code, w.Body)
				}
			}
			s.is(key("lib:"+snap), "")
			s.is(key("lib:"+first), artifact.Unfinished)
		}},
		{"T50 a build with a wrong checksum becomes no snapshot", func(s *site) {
			s.puts(created, buildFile("lib", snap, first, ".jar"), jarBytes)
			s.puts(bad, buildFile("lib", snap, first, ".jar.sha1"), sumOf(sha1Sum, "other"))
			s.puts(bad, index("lib/"+snap), snapshotOfBuild("lib", snap, first, "jar"))
			s.is(key("lib:"+snap), "")
			s.puts(created, buildFile("lib", snap, first, ".jar.sha1"), sumOf(sha1Sum, jarBytes))
			s.puts(created, index("lib/"+snap), snapshotOfBuild("lib", snap, first, "jar"))
			s.is(key("lib:"+snap), artifact.Published)
		}},
		{"a build whose document never came can be unlisted, and is then served", func(s *site) {
			s.puts(created, buildFile("lib", snap, first, ".jar"), jarBytes)
			s.SetStatus(shelf, key("lib:"+first), artifact.Unlisted)
			s.reads(shelf, buildFile("lib", snap, first, ".jar"), jarBytes)
			s.gets(missing, shelf, index("lib"))
		}},
		{"old builds can be deleted, and the snapshot stays", func(s *site) {
			s.build("lib", snap, first, "one")
			s.build("lib", snap, second, "two")
			s.Delete(shelf, key("lib:"+first))
			s.gets(missing, shelf, buildFile("lib", snap, first, ".jar"))
			s.reads(shelf, file("lib:"+snap, ".jar"), "two")
		}},
		{"a snapshot without a timestamp is refused", func(s *site) {
			s.puts(bad, file("lib:"+snap, ".jar"), jarBytes)
			s.puts(bad, "com/acme/lib/"+first+"/lib-"+first+".jar", jarBytes)
			s.is(key("lib:"+snap), "")
			s.is(key("lib:"+first), "")
		}},
		{"the same build again changes nothing", func(s *site) {
			s.build("lib", snap, first, "one")
			changes := s.Changes()
			s.build("lib", snap, first, "one")
			if n := s.Changes() - changes; n != 0 {
				s.t.Errorf("%d changes are on record", n)
			}
		}},
		{"a snapshot's document is asked for again each time, its builds never", func(s *site) {
			s.build("lib", snap, first, "one")
			for path, want := range map[string]string{
				buildFile("lib", snap, first, ".jar"): "private, max-age=31536000, immutable",
				file("lib:"+snap, ".jar"):             "private, no-cache",
				file("lib:"+snap, ".jar.sha1"):        "private, no-cache",
				index("lib/" + snap):                  "private, no-cache",
			} {
				if got := s.gets(http.StatusOK, shelf, path).Header().Get("Cache-Control"); got != want {
					s.t.Errorf("%s: got %q, want %q", path, got, want)
				}
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.tell(newSite(t))
		})
	}
}

func TestSnapshotsOfAnUpstream(t *testing.T) {
	s := newSite(t)
	s.Repository("below", shelf)
	s.build("lib", snap, first, "upstream's")
	s.reads("below", file("lib:"+snap, ".jar"), "upstream's")
	if v := s.mustHold("below", key("lib:"+first)); v.Status != artifact.Unlisted {
		t.Errorf("the build was retained as %s", v.Status)
	}
	s.Control("below", key("lib").PackageKey, artifact.Allow, artifact.Allow)
	for path, body := range map[string]string{
		buildFile("lib", snap, second, ".jar"): "own",
	} {
		if w := s.do("PUT", "below", path, body); w.Code != http.StatusCreated {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	if w := s.do("PUT", "below", index("lib/"+snap), snapshotOfBuild("lib", snap, second, "jar")); w.Code != http.StatusCreated {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	t.Run("T58 the upstream's build is shown, even if the repository has a newer one", func(t *testing.T) {
		m, err := readMetadata(s.gets(http.StatusOK, "below", index("lib/"+snap)).Body)
		if err != nil {
			t.Fatal(err)
		}
		if m.snapshot.buildNumber != "1" {
			t.Errorf("got %+v, want the upstream's", m.snapshot)
		}
		s.reads("below", file("lib:"+snap, ".jar"), "upstream's")
		s.reads("below", buildFile("lib", snap, second, ".jar"), "own")
	})
	t.Run("once upstream is blocked the repository's own is shown", func(t *testing.T) {
		s.Control("below", key("lib").PackageKey, artifact.Allow, artifact.Block)
		s.reads("below", file("lib:"+snap, ".jar"), "own")
	})
}
