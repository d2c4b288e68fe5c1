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

// other is a repository of a play beside its chain, and has the upstream shared as well.
const other = "other"

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

// openPlay keeps contents in the byte store; nil means memory.
func openPlay(t *testing.T, s Scenario, store blob.Store) *play {
	t.Helper()
	d := Open(t, Options{Formats: []format.Format{s.Format}, Bytes: store})
	d.Chain(s.Connection)
	d.Repository(other, shared)
	p := &play{Domain: d, Scenario: s, t: t, registry: d.Registry(s.Connection), handlers: map[string]http.Handler{}}
	if s.Empty != nil {
		for _, o := range s.Empty(p.registry.URL) {
			p.registry.Put(o.Path, o.ContentType, o.Body)
		}
	}
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

// conflicts checks that a release cannot be published.
func (p *play) conflicts(repo string, r Release) {
	p.t.Helper()
	if got := p.tryPublish(repo, r); got.status != http.StatusConflict {
		p.t.Errorf("publishing other bytes as %s %s: got %d %.500s, %v, want 409", r.Name, r.Version, got.status, got.body, got.err)
	}
}

// request asks for a file of a release.
func (p *play) request(r Release, f ReleaseFile) Request {
	return Request{Method: http.MethodGet, Path: p.Path(r.Name, r.Version, f.Asset)}
}

func (p *play) file(repo string, r Release, f ReleaseFile) answer {
	return p.ask(repo, p.request(r, f))
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
	if !sameTexts(got, want) {
		p.t.Fatalf("%s through %s: got the versions %.500v, want %.500v", name, repo, got, want)
	}
}

// names checks which packages the document about all of a repository has.
func (p *play) names(repo string, want ...string) {
	p.t.Helper()
	answer := p.ask(repo, p.Packages())
	if answer.err != nil || answer.status != http.StatusOK {
		p.t.Fatalf("the packages of %s: got %d %.500s, %v", repo, answer.status, answer.body, answer.err)
	}
	if got := p.Named(p.t, answer.body); !sameTexts(got, want) {
		p.t.Fatalf("got the packages %.500v, want %.500v", got, want)
	}
}

// sameTexts sorts and compares.
func sameTexts(a, b []string) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// advisesAgainst checks that the index of a package advises against one of its versions and against no other. Of some
// formats that version is not among those that a client may choose.
func (p *play) advisesAgainst(repo, name, want string) {
	p.t.Helper()
	index := p.index(repo, name)
	for _, version := range append(p.Listed(p.t, index), want) {
		if got := p.Discouraged(p.t, index, version); got != (version == want) {
			p.t.Errorf("%s through %s: the index advises against %s: %t", name, repo, version, got)
		}
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
