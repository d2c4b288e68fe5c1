package formattest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/disk"
	"entrepot/format"
)

// Scenario is what RunScenario needs to know of a format: how its own clients do what the clients of every format do.
// Versions are 1.0.0, 1.0.1 and so on.
type Scenario struct {
	Format format.Format
	// Connection is an external connection that the format can read.
	Connection string
	// Name is the n-th name of a package as its clients write it; Key is the version under which the format keeps it.
	Name func(n int) string
	Key  func(name, version string) artifact.VersionKey
	// Spellings, if set, are other ways of writing a name.
	Spellings func(name string) []string
	// Make makes the files of a version. The payload is to lie in one of them, not compressed.
	Make func(t testing.TB, name, version string, payload []byte) Release
	// Publish is what a client sends to publish them, in order.
	Publish func(t testing.TB, r Release) []Request
	// Index asks for the document that lists the versions of a package, and Listed reads them from it, in any order.
	Index  func(name string) Request
	Listed func(t testing.TB, index []byte) []string
	// Path is where clients of a repository find a file, escaped, below its base.
	Path func(name, version, asset string) string
	// Offer is what a registry at an address serves of a package that has the versions.
	Offer func(t testing.TB, address string, releases []Release) []Offered
	// SignIn are the words that tell who has no good token what to do.
	SignIn string
	// Deprecate, if set, is what a client sends to advise against a version that stays installable, and Deprecated whether
	// an index says so of it.
	Deprecate  func(name, version string) Request
	Deprecated func(t testing.TB, index []byte, version string) bool
}

// Release is a version with its files.
type Release struct {
	Name, Version string
	Files         []ReleaseFile // the payload is in the first
}

// ReleaseFile is a file by the name that the format gives its asset.
type ReleaseFile struct {
	Asset   string
	Content []byte
}

// Offered is an answer of a registry.
type Offered struct {
	Path        string // escaped, below the registry's address
	ContentType string
	Body        []byte
	Asset       string // of which file it is the content; empty for a document
}

// RunScenario has people publish, install and withdraw packages of the format, over HTTP, on the real rules.
func RunScenario(t *testing.T, s Scenario) {
	// What is allocated is counted for the whole process, so this one runs alone.
	t.Run("an asset of any size goes in and out in little memory", func(t *testing.T) { openPlay(t, s, true).large() })
	for _, scene := range []struct {
		name string
		play func(*play)
	}{
		{"what is published can be listed and installed, version after version", (*play).publishing},
		{"other bytes under a version that is there are a conflict", (*play).conflicting},
		{"an unlisted version is for those who name it, an archived one for nobody", (*play).withdrawing},
		{"a deprecated version says so and can be installed", (*play).deprecating},
		{"who has no good token is told what to do", (*play).strangers},
		{"a package is the same by all its spellings", (*play).spellings},
		{"the name of a package that was published here is not asked outside", (*play).internal},
		{"a cold install through two upstreams is kept at both ends", (*play).cold},
		{"reading an index keeps nothing", (*play).looking},
		{"ten cold clients at once cause one request", (*play).crowd},
		{"what was installed outlives its registry", (*play).outage},
		{"a registry that lies gives nobody a file, and nothing is kept", (*play).lies},
		{"a kept file has ranges, and what has not changed is not sent again", (*play).conditions},
		{"a package may have thousands of versions", (*play).manyVersions},
		{"a repository may have thousands of packages", (*play).manyPackages},
	} {
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			scene.play(openPlay(t, s, false))
		})
	}
}

// The repositories of a play: team has the upstream shared, shared has gateway, and gateway has the connection. other has
// the upstream shared as well.
const (
	team    = "team"
	shared  = "shared"
	gateway = "gateway"
	other   = "other"
)

// play is a scenario on a domain of its own, with a server on loopback.
type play struct {
	*Domain
	Scenario
	t        *testing.T
	address  string // of the server; repositories lie below
	client   *http.Client
	handlers map[string]http.Handler // by repository
	registry *Registry
}

func openPlay(t *testing.T, s Scenario, onDisk bool) *play {
	t.Helper()
	options := Options{Formats: []format.Format{s.Format}}
	if onDisk {
		options.Bytes = openDisk(t)
	}
	d := Open(t, options)
	d.Repository(gateway)
	d.Connect(gateway, s.Connection)
	d.Repository(shared, gateway)
	d.Repository(team, shared)
	d.Repository(other, shared)
	p := &play{Domain: d, Scenario: s, t: t, registry: d.Registry(s.Connection), handlers: map[string]http.Handler{}}
	for _, repo := range []string{gateway, shared, team, other} {
		p.handlers[repo] = Handler(s.Format, p.Shelf(repo, s.Format.Name))
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.address, p.client = server.URL+"/", server.Client()
	transport := p.client.Transport.(*http.Transport)
	transport.DisableCompression, transport.MaxIdleConnsPerHost = true, crowded
	return p
}

func openDisk(t *testing.T) blob.Store {
	t.Helper()
	k, err := disk.Open(t.TempDir(), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	space, err := k.Space("domain")
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// ServeHTTP serves /REPOSITORY/ with the path below.
func (p *play) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repo, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	below := r.Clone(r.Context())
	below.URL.RawPath = "/" + rest
	below.URL.Path, _ = url.PathUnescape(below.URL.RawPath) // it is one, for it has been read
	p.handlers[repo].ServeHTTP(w, below)
}

// answer is what a client got; err says that it is not all.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// ask sends a request to a repository.
func (p *play) ask(repo string, q Request) answer {
	response, err := p.send(repo, q)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body, err}
}

func (p *play) send(repo string, q Request) (*http.Response, error) {
	r, err := http.NewRequestWithContext(p.t.Context(), q.Method, p.address+repo+"/"+q.Path, strings.NewReader(q.Body))
	if err != nil {
		return nil, err
	}
	for key, value := range q.Header {
		r.Header.Set(key, value)
	}
	return p.client.Do(r)
}

// release makes the n-th version of a package; the payload tells it from all others.
func (p *play) release(name string, n int) Release {
	p.t.Helper()
	version := versionOf(n)
	return p.Make(p.t, name, version, []byte("payload of "+name+" "+version))
}

func versionOf(n int) string { return fmt.Sprintf("1.0.%d", n) }

// publish publishes a release, or ends the test.
func (p *play) publish(repo string, r Release) {
	p.t.Helper()
	if got := p.tryPublish(repo, r); got.err != nil || got.status/100 != 2 {
		p.t.Fatalf("publishing %s %s: got %d %.500s, %v", r.Name, r.Version, got.status, got.body, got.err)
	}
}

// tryPublish sends the requests of a publication up to the first that is refused, and returns the last answer.
func (p *play) tryPublish(repo string, r Release) answer {
	var got answer
	for _, q := range p.Publish(p.t, r) {
		if got = p.ask(repo, q); got.err != nil || got.status/100 != 2 {
			break
		}
	}
	return got
}

// file asks for a file of a release.
func (p *play) file(repo string, r Release, f ReleaseFile) answer {
	return p.ask(repo, Request{Method: http.MethodGet, Path: p.Path(r.Name, r.Version, f.Asset)})
}

// installs checks that the files of a release can be had as they are.
func (p *play) installs(repo string, r Release) {
	p.t.Helper()
	for _, f := range r.Files {
		got := p.file(repo, r, f)
		if got.err != nil || got.status != http.StatusOK || !bytes.Equal(got.body, f.Content) {
			p.t.Fatalf("%s of %s %s through %s: got %d, %d bytes that begin %.100q, %v, want 200 and %d bytes", f.Asset,
				r.Name, r.Version, repo, got.status, len(got.body), got.body, got.err, len(f.Content))
		}
	}
}

// misses checks that none of the files of a release is there.
func (p *play) misses(repo string, r Release) {
	p.t.Helper()
	for _, f := range r.Files {
		if got := p.file(repo, r, f); got.status != http.StatusNotFound {
			p.t.Fatalf("%s of %s %s through %s: got %d %.500s, %v, want 404", f.Asset, r.Name, r.Version, repo, got.status,
				got.body, got.err)
		}
	}
}

// index returns the index of a package; nothing if there is none.
func (p *play) index(repo, name string) []byte {
	p.t.Helper()
	got := p.ask(repo, p.Index(name))
	if got.err != nil || got.status != http.StatusOK && got.status != http.StatusNotFound {
		p.t.Fatalf("the index of %s through %s: got %d %.500s, %v", name, repo, got.status, got.body, got.err)
	}
	if got.status == http.StatusNotFound {
		return nil
	}
	return got.body
}

// lists checks which versions the index of a package has.
func (p *play) lists(repo, name string, want ...string) {
	p.t.Helper()
	var got []string
	if index := p.index(repo, name); index != nil {
		got = p.Listed(p.t, index)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		p.t.Fatalf("%s through %s: got the versions %.500v, want %.500v", name, repo, got, want)
	}
}

// holds checks whether a repository itself keeps the files of a release.
func (p *play) holds(repo string, r Release, want bool) {
	p.t.Helper()
	held, err := p.Shelf(repo, p.Format.Name).Held(p.t.Context(), p.Key(r.Name, r.Version))
	if !want {
		if !artifact.Is(err, artifact.NotFound) {
			p.t.Fatalf("%s %s in %s: got %v, %v, want it not to be there", r.Name, r.Version, repo, held, err)
		}
		return
	}
	if err != nil {
		p.t.Fatalf("%s %s in %s: %v", r.Name, r.Version, repo, err)
	}
	for _, f := range r.Files {
		if a, ok := held.Asset(f.Asset); !ok || a.Promised || a.Size != int64(len(f.Content)) {
			p.t.Fatalf("%s of %s %s in %s: got %v, %v", f.Asset, r.Name, r.Version, repo, a, ok)
		}
	}
}

// offer has the registry serve a package that has the releases, and returns the paths of their files by asset.
func (p *play) offer(releases ...Release) map[string]string {
	p.t.Helper()
	paths := map[string]string{}
	for _, o := range p.Offer(p.t, p.registry.URL, releases) {
		p.registry.Put(o.Path, o.ContentType, o.Body)
		if o.Asset != "" {
			paths[o.Asset] = o.Path
		}
	}
	return paths
}

// noise is a payload that cannot be compressed.
func noise(size int) []byte {
	var seed [32]byte
	source := rand.NewChaCha8(seed)
	text := make([]byte, size)
	_, _ = source.Read(text) // it never fails
	return text
}
