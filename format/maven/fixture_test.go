package maven

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/format/formattest"
	"entrepot/iam"
)

// The repository that most tests work in, and the connections of those that have one.
const (
	shelf   = "shelf"
	central = "public:maven-central"
	clojars = "public:maven-clojars"
)

// site is a domain with the format's handlers before the repository of each call.
type site struct {
	*formattest.Domain
	t      testing.TB
	format format.Format
}

// newSite opens a domain with one empty repository.
func newSite(t testing.TB) *site {
	t.Helper()
	f := Format()
	s := &site{formattest.Open(t, formattest.Options{Formats: []format.Format{f}}), t, f}
	s.Repository(shelf)
	return s
}

// newChain is newSite with a chain of repositories before Maven Central.
func newChain(t testing.TB) *site {
	t.Helper()
	s := newSite(t)
	s.Chain(central)
	return s
}

// by is the site as another caller sees it.
func (s *site) by(c iam.Caller) *site { return &site{s.As(c), s.t, s.format} }

func (s *site) do(method, repo, path, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	return formattest.NewRequest(method, path, body, header...).Do(formattest.Handler(s.format, s.Shelf(repo, artifact.Maven)))
}

// gets checks the status of a GET, and returns the answer.
func (s *site) gets(status int, repo, path string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.do("GET", repo, path, "", header...)
	if w.Code != status {
		s.t.Fatalf("GET %s of %s: got %d %.300s, want %d", path, repo, w.Code, w.Body, status)
	}
	return w
}

// puts checks the status of a PUT, and returns the answer.
func (s *site) puts(status int, path, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.do("PUT", shelf, path, body, header...)
	if w.Code != status {
		s.t.Fatalf("PUT %s: got %d %.300s, want %d", path, w.Code, w.Body, status)
	}
	return w
}

// reads checks the body of a GET.
func (s *site) reads(repo, path, want string) {
	s.t.Helper()
	if got := s.gets(http.StatusOK, repo, path).Body.String(); got != want {
		s.t.Fatalf("GET %s of %s: got %.300q, want %.300q", path, repo, got, want)
	}
}

// held is a version as a repository itself holds it; ok is false if it does not.
func (s *site) held(repo string, v artifact.VersionKey) (found artifact.Version, ok bool) {
	s.t.Helper()
	found, err := s.Shelf(repo, artifact.Maven).Held(s.t.Context(), v)
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		s.t.Fatal(err)
	}
	return found, err == nil
}

// mustHold is held for a version that must be there.
func (s *site) mustHold(repo string, v artifact.VersionKey) artifact.Version {
	s.t.Helper()
	found, ok := s.held(repo, v)
	if !ok {
		s.t.Fatalf("%s does not hold %s", repo, v)
	}
	return found
}

// is checks the status of a version; an empty one says that it is not there.
func (s *site) is(v artifact.VersionKey, want artifact.Status) {
	s.t.Helper()
	if found, _ := s.held(shelf, v); found.Status != want {
		s.t.Fatalf("%s: got status %q, want %q", v, found.Status, want)
	}
}

// comesToHold waits until a repository holds a version with these assets.
func (s *site) comesToHold(repo string, v artifact.VersionKey, want ...string) artifact.Version {
	s.t.Helper()
	var got artifact.Version
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if got, _ = s.held(repo, v); slices.Equal(formattest.AssetNames(got), want) {
			return got
		}
	}
	s.t.Fatalf("%s in %s: got %v, want %v", v, repo, formattest.AssetNames(got), want)
	return got
}

// key reads artifact:version of the group com.acme.
func key(coordinate string) artifact.VersionKey {
	name, version, _ := strings.Cut(coordinate, ":")
	return artifact.PackageKey{Format: artifact.Maven, Namespace: "com.acme", Name: name}.At(version)
}

// file is the path of a file of a release of the group com.acme: ARTIFACT-VERSION and what follows.
func file(coordinate, rest string) string {
	v := key(coordinate)
	return "com/acme/" + v.Name + "/" + v.Version + "/" + fileStem(v.Name, v.Version) + rest
}

// buildFile is the path of a file of a snapshot's build.
func buildFile(name, snapshot, build, rest string) string {
	return "com/acme/" + name + "/" + snapshot + "/" + fileStem(name, build) + rest
}

// index is the path of the document of a package or of a snapshot of it.
func index(path string) string { return "com/acme/" + path + "/" + metadataFile }

// pomOf is a small POM; more stands in it before its end.
func pomOf(coordinate string, more ...string) string {
	v := key(coordinate)
	return fmt.Sprintf(`<?xml version="1.0"?><project><modelVersion>4.0.0</modelVersion><groupId>%s</groupId>`+
		`<artifactId>%s</artifactId><version>%s</version>%s</project>`, v.Namespace, v.Name, v.Version,
		strings.Join(more, ""))
}

// listingOf is what a client sends as the document of a package.
func listingOf(name string, versions ...string) string {
	return rendered(metadata{group: "com.acme", artifact: name, versions: versions, updated: "20261122214250"})
}

// rendered is the document of the metadata.
func rendered(m metadata) string {
	var b strings.Builder
	if err := m.write(&b); err != nil {
		panic(err) // a builder takes everything
	}
	return b.String()
}

// snapshotOfBuild is what a client sends as the document of a snapshot, with files such as jar or sources:jar.
func snapshotOfBuild(name, snapshot, build string, files ...string) string {
	m := metadata{group: "com.acme", artifact: name, version: snapshot, snapshot: pointerTo(build, snapshot)}
	m.updated = strings.ReplaceAll(m.snapshot.timestamp, ".", "")
	for _, f := range files {
		classifier, extension, ok := strings.Cut(f, ":")
		if !ok {
			classifier, extension = "", f
		}
		m.files = append(m.files, snapshotFile{classifier, extension, build, m.updated})
	}
	return rendered(m)
}

// release publishes a version with a POM and a jar, as Maven does.
func (s *site) release(coordinate, jar string) {
	s.t.Helper()
	v := key(coordinate)
	s.puts(http.StatusCreated, file(coordinate, ".pom"), pomOf(coordinate))
	s.puts(http.StatusCreated, file(coordinate, ".jar"), jar)
	s.puts(http.StatusCreated, index(v.Name), listingOf(v.Name, v.Version))
}

// build publishes a build of a snapshot with a POM and a jar.
func (s *site) build(name, snapshot, build, jar string) {
	s.t.Helper()
	s.puts(http.StatusCreated, buildFile(name, snapshot, build, ".jar"), jar)
	s.puts(http.StatusCreated, buildFile(name, snapshot, build, ".pom"), pomOf(name+":"+snapshot))
	s.puts(http.StatusCreated, index(name+"/"+snapshot), snapshotOfBuild(name, snapshot, build, "jar", "pom"))
}

// sumOf is the checksum file of some bytes.
func sumOf(c checksum, body string) string {
	sums := artifact.NewDigester()
	_, _ = sums.Write([]byte(body)) // never fails
	all, _ := sums.Sum()
	return c.of(all)
}

// offer has a registry offer a file, without a checksum.
func (s *site) offer(connection, path, body string) {
	s.Registry(connection).Put(path, contentType(path), []byte(body))
}

// display is the version that the API shows of a package when none is named.
func (s *site) display(p artifact.PackageKey) string {
	s.t.Helper()
	listing, err := s.Rules.Versions(s.t.Context(), s.Shelf(shelf, artifact.Maven).Repository(), p,
		catalog.VersionFilter{}, catalog.Page{})
	if err != nil {
		s.t.Fatal(err)
	}
	return listing.DefaultDisplay
}
