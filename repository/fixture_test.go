package repository_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

const (
	account   = "123456789012"
	stranger  = "210987654321"
	tarball   = "package.tgz"
	npmjs     = "public:npmjs"
	allowAll  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	allowNone = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:Nothing","Resource":"*"}}`
)

var domainKey = artifact.DomainKey{Owner: account, Name: "house"}

// fixture is a whole set of rules over an embedded catalog, stores in memory and a registry on loopback. Its methods end
// the test on any error that a story does not expect.
type fixture struct {
	t        testing.TB
	rules    *repository.Service
	catalog  catalog.Store
	registry *registry
	far      *faraway
	owner    iam.Caller
	close    func()

	readmes  atomic.Int64 // read out of assets
	toldUpTo int64        // the last event that a test has looked at

	mu  sync.Mutex
	now time.Time

	asideMu sync.Mutex
	aside   []catalog.Event
}

// readme reads the readme out of an asset: what follows its first line.
func (h *fixture) readme(content io.ReaderAt, size int64) (string, error) {
	h.readmes.Add(1)
	text, err := io.ReadAll(io.NewSectionReader(content, 0, size))
	_, readme, _ := strings.Cut(string(text), "\n")
	return readme, err
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	h := openFixture(t, t.TempDir(), repositorytest.NewStores(), newRegistry(t),
		sqlcatalog.Options{Rehearse: true})
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	return h
}

// openFixture opens a fixture in a folder, which may hold one already.
func openFixture(t testing.TB, dir string, v repository.DomainStores, registry *registry, o sqlcatalog.Options) *fixture {
	t.Helper()
	return openFixtureLogging(t, dir, v, registry, o, slog.New(slog.DiscardHandler))
}

// openFixtureLogging is openFixture with rules that log.
func openFixtureLogging(t testing.TB, dir string, v repository.DomainStores, registry *registry, o sqlcatalog.Options,
	log *slog.Logger) *fixture {
	t.Helper()
	h := &fixture{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), registry: registry}
	h.catalog = sqlcatalogtest.Open(t, dir+"/catalog.sqlite", o)
	origin, err := upstream.ParseOrigin("npmjs", h.registry.server.URL+"/")
	h.check(err)
	h.far = newFaraway()
	client, err := upstream.New(upstream.Options{Origins: upstream.NewOrigins(origin), Remotes: h.far.leads, Cache: &upstreamtest.Cache{},
		Logger: slog.New(slog.DiscardHandler), Retries: -1,
		Linger: time.Minute}) // however slow the machine, who looked in the catalog a moment too early joins the fetch
	h.check(err)
	ids := atomic.Int64{}
	h.rules = repository.New(repository.Options{
		Catalog: h.catalog, Stores: v, Keys: keysOf(v), Fetcher: client, Sources: map[string]repository.Source{npmjs: h.registry},
		Remotes: h.far, Sealer: reversing{},
		Formats: map[artifact.Format]repository.Traits{
			artifact.NPM:     {DefaultLabel: "latest", Prefer: strings.Compare, Readme: h.readme},
			artifact.Generic: {Growth: repository.GrowUnfinished, InternalOnly: true, ByAPI: true},
		},
		RecordLater: h.recordLater,
		Region:      "us-east-1", Now: h.clock, NewID: func() string { return fmt.Sprintf("id-%d", ids.Add(1)) },
		Endpoint: func(k artifact.RepositoryKey, f artifact.Format) string {
			return fmt.Sprintf("http://house.test/%s-%s/%s/%s/", k.Domain, k.Owner, f, k.Name)
		},
		Log: log,
	})
	h.close = sync.OnceFunc(func() {
		_ = client.Close()
		_ = h.catalog.Close()
	})
	t.Cleanup(h.close)
	h.owner = h.caller(account, "owner", allowAll)
	return h
}

// keysOf are the keys of stores that have their own.
func keysOf(v repository.DomainStores) repository.DomainKeys {
	if own, ok := v.(repository.DomainKeys); ok {
		return own
	}
	return repositorytest.Keys{}
}

func (h *fixture) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// clock moves on by a second at each look, so that later things are newer.
func (h *fixture) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Second)
	return h.now
}

// caller is a user of an account with one identity policy.
func (h *fixture) caller(account, name, policy string) iam.Caller {
	h.t.Helper()
	return repositorytest.Caller(h.t, artifact.AccountID(account), name, policy)
}

func key(name string) artifact.RepositoryKey { return domainKey.Repository(name) }

// repo makes a repository over the given upstreams.
func (h *fixture) repo(name string, upstreams ...string) {
	h.t.Helper()
	_, err := h.rules.CreateRepository(h.t.Context(), h.owner,
		repository.RepositorySpec{RepositoryKey: key(name), Upstreams: upstreams})
	h.check(err)
}

// connect gives a repository the external connection.
func (h *fixture) connect(name string) {
	h.t.Helper()
	_, err := h.rules.AssociateExternalConnection(h.t.Context(), h.owner, key(name), npmjs)
	h.check(err)
}

func (h *fixture) shelf(repo string) *repository.Shelf {
	return h.rules.Shelf(h.owner, key(repo), "http://house.test/"+repo+"/")
}

func npm(name string) artifact.PackageKey {
	return artifact.PackageKey{Format: artifact.NPM, Name: name}
}

// at reads "name@version".
func at(coordinate string) artifact.VersionKey {
	name, version, _ := strings.Cut(coordinate, "@")
	return npm(name).At(version)
}

// tryPublish publishes a version with one asset.
func (h *fixture) tryPublish(repo, coordinate, body string, labels ...string) (artifact.Version, error) {
	h.t.Helper()
	shelf := h.shelf(repo)
	upload, err := shelf.Stage(h.t.Context())
	if err != nil {
		return artifact.Version{}, err
	}
	defer upload.Discard()
	if _, err = io.WriteString(upload, body); err != nil {
		return artifact.Version{}, err
	}
	p := repository.Publication{VersionKey: at(coordinate), Manifest: []byte(`{"manifest":"` + coordinate + `"}`),
		Assets: []repository.StagedAsset{{Name: tarball, Upload: upload}}, Labels: labels}
	return shelf.Publish(h.t.Context(), p)
}

func (h *fixture) publish(repo, coordinate, body string, labels ...string) artifact.Version {
	h.t.Helper()
	v, err := h.tryPublish(repo, coordinate, body, labels...)
	h.check(err)
	return v
}

// tryFetch downloads an asset as a package manager does.
func (h *fixture) tryFetch(repo, coordinate string) (string, error) {
	return fetch(h.t.Context(), h.shelf(repo), coordinate)
}

func fetch(ctx context.Context, shelf *repository.Shelf, coordinate string) (string, error) {
	f, err := shelf.Open(ctx, at(coordinate), tarball)
	if err != nil {
		return "", err
	}
	var body io.ReadCloser = f.Content
	if f.Content == nil {
		body = f.Transfer
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), err
}

func (h *fixture) fetches(repo, coordinate, want string) {
	h.t.Helper()
	got, err := h.tryFetch(repo, coordinate)
	h.check(err)
	if got != want {
		h.t.Fatalf("%s through %s: got %.40q, want %.40q", coordinate, repo, got, want)
	}
}

func (h *fixture) refuses(kind artifact.Kind, err error) {
	h.t.Helper()
	if !artifact.Is(err, kind) {
		h.t.Fatalf("got error %v, want one of kind %v", err, kind)
	}
}

func (h *fixture) fetchFails(repo, coordinate string, kind artifact.Kind) error {
	h.t.Helper()
	_, err := h.tryFetch(repo, coordinate)
	h.refuses(kind, err)
	return err
}

// holds checks which versions of a package the API lists in a repository.
func (h *fixture) holds(repo, name string, want ...string) {
	h.t.Helper()
	got := []string{}
	list, err := h.rules.Versions(h.t.Context(), key(repo), npm(name), catalog.VersionFilter{},
		catalog.Page{Limit: 1000})
	if !artifact.Is(err, artifact.NotFound) {
		h.check(err)
	}
	for _, v := range list.Items {
		got = append(got, v.Version)
	}
	if slices.Sort(want); !slices.Equal(got, want) && len(got)+len(want) > 0 {
		h.t.Fatalf("versions of %s held by %s: got %v, want %v", name, repo, got, want)
	}
}

// shows checks which versions of a package a package manager sees through a repository.
func (h *fixture) shows(repo, name string, want ...string) repository.View {
	h.t.Helper()
	got := []string{}
	view, err := h.shelf(repo).View(h.t.Context(), npm(name))
	if !artifact.Is(err, artifact.NotFound) {
		h.check(err)
		for v, err := range view.Listed() {
			h.check(err)
			got = append(got, v.VersionKey.Version)
		}
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) && len(got)+len(want) > 0 {
		h.t.Fatalf("versions of %s seen through %s: got %v, want %v", name, repo, got, want)
	}
	return view
}

func (h *fixture) version(repo, coordinate string) artifact.Version {
	h.t.Helper()
	v, err := h.rules.Version(h.t.Context(), key(repo), at(coordinate))
	h.check(err)
	return v
}

func (h *fixture) setStatus(repo, coordinate string, status artifact.Status) {
	h.t.Helper()
	v := at(coordinate)
	out, err := h.rules.SetStatus(h.t.Context(), h.owner, key(repo), v.PackageKey,
		repository.Selection{Versions: []string{v.Version}}, status)
	h.check(err)
	if len(out.Failed) > 0 {
		h.t.Fatalf("set %s to %s: %v", coordinate, status, out.Failed)
	}
}

func (h *fixture) deleteVersion(repo, coordinate string) {
	h.t.Helper()
	v := at(coordinate)
	out, err := h.rules.DeleteVersions(h.t.Context(), h.owner, key(repo), v.PackageKey,
		repository.Selection{Versions: []string{v.Version}})
	h.check(err)
	if out.Successful[v.Version].Status != artifact.Deleted {
		h.t.Fatalf("delete %s: %v", coordinate, out)
	}
}

func (h *fixture) controls(repo, name string) artifact.Controls {
	h.t.Helper()
	p, err := h.rules.Package(h.t.Context(), key(repo), npm(name))
	h.check(err)
	return p.Controls
}

func (h *fixture) control(repo, name string, publish, upstream artifact.Control) {
	h.t.Helper()
	_, err := h.rules.PutControls(h.t.Context(), h.owner, key(repo), npm(name),
		artifact.Controls{Publish: publish, Upstream: upstream})
	h.check(err)
}

func (h *fixture) update(repo string, upstreams ...string) {
	h.t.Helper()
	if upstreams == nil {
		upstreams = []string{}
	}
	_, err := h.rules.UpdateRepository(h.t.Context(), h.owner, key(repo),
		repository.RepositoryChange{Upstreams: &upstreams})
	h.check(err)
}

// assetBytes is what the domain's assets take.
func (h *fixture) assetBytes() int64 {
	h.t.Helper()
	d, err := h.rules.Domain(h.t.Context(), domainKey)
	h.check(err)
	return d.AssetBytes
}

// registry is a public registry as the rules see one: what it offers can be changed, and it counts what it is asked.
type registry struct {
	server *httptest.Server

	mu          sync.Mutex
	offers      map[string]map[string]string // package → version → bytes
	labels      map[string]map[string]string
	lies        map[string]string // name@version → bytes it sends instead of those it promises
	down        bool
	mute        map[string]bool   // name@version → it is listed, and nothing is told of it
	hidden      map[string]bool   // name@version → it is there for nobody who has not kept it
	listings    map[string]int    // package → how often it was asked for
	attached    map[string]string // "name@version attachment" → text
	attachments map[string]int    // package → how often one was asked for
	requests    atomic.Int64      // for assets
	stall       chan struct{}     // if set, assets wait for it after their first half
}

func newRegistry(t testing.TB) *registry {
	r := &registry{offers: map[string]map[string]string{}, labels: map[string]map[string]string{},
		lies: map[string]string{}, listings: map[string]int{},
		attached: map[string]string{}, attachments: map[string]int{}}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *registry) offer(coordinate, body string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := at(coordinate)
	if r.offers[v.Name] == nil {
		r.offers[v.Name] = map[string]string{}
		r.labels[v.Name] = map[string]string{}
	}
	r.offers[v.Name][v.Version] = body
	r.labels[v.Name]["latest"] = v.Version
}

func (r *registry) withdraw(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.offers, name)
}

func (r *registry) goDown() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = true
	r.server.CloseClientConnections()
}

func (r *registry) asked(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.listings[name]
}

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.requests.Add(1)
	coordinate := strings.TrimPrefix(req.URL.Path, "/")
	r.mu.Lock()
	body, down, stall := r.offers[at(coordinate).Name][at(coordinate).Version], r.down, r.stall
	if lie, ok := r.lies[coordinate]; ok {
		body = lie
	}
	r.mu.Unlock()
	if down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	_, _ = io.WriteString(w, body[:len(body)/2])
	if stall != nil {
		w.(http.Flusher).Flush()
		<-stall
	}
	_, _ = io.WriteString(w, body[len(body)/2:])
}

func (r *registry) Listing(_ context.Context, p artifact.PackageKey) (repository.Listing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listings[p.Name]++
	if r.down {
		return nil, artifact.Errorf(artifact.Unavailable, "The registry does not answer.")
	}
	if r.offers[p.Name] == nil {
		return nil, artifact.Errorf(artifact.NotFound, "The registry has no package %s.", p.Name)
	}
	return listing{p, maps.Clone(r.offers[p.Name]), maps.Clone(r.labels[p.Name]), maps.Clone(r.mute), maps.Clone(r.hidden)}, nil
}

func (r *registry) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return r.Listing(ctx, p)
}

func (r *registry) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	a, _ := v.Asset(name)
	want := upstream.Want{Size: a.Size, SHA256: a.SHA256[:]}
	return upstream.AssetRequest{Path: v.Name + "@" + v.VersionKey.Version, Want: want}, nil
}

// Attachment gives the text attached to a version; the manifest must be the listing's own.
func (r *registry) Attachment(_ context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attachments[v.Name]++
	text, ok := r.attached[v.Name+"@"+v.VersionKey.Version+" "+name]
	switch {
	case string(v.Manifest) != manifestOf(v.VersionKey):
		return nil, fmt.Errorf("asked with the manifest %q", v.Manifest)
	case r.down:
		return nil, artifact.Errorf(artifact.Unavailable, "The registry does not answer.")
	case !ok:
		return nil, artifact.Errorf(artifact.NotFound, "The registry has no %s of %s.", name, v.VersionKey)
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func manifestOf(v artifact.VersionKey) string { return `{"manifest":"` + v.String() + `"}` }

type listing struct {
	pkg    artifact.PackageKey
	offers map[string]string
	labels map[string]string
	mute   map[string]bool
	hidden map[string]bool
}

func (l listing) ID() string                { return fmt.Sprint(l.offers, l.labels) }
func (l listing) Labels() map[string]string { return l.labels }
func (l listing) Numbers() iter.Seq[string] { return maps.Keys(l.offers) }
func (l listing) Manifest() []byte          { return []byte(`{"package":"` + l.pkg.Name + `"}`) }

func (l listing) Status(version string) artifact.Status {
	_, ok := l.offers[version]
	switch {
	case l.hidden[l.pkg.Name+"@"+version]:
		return artifact.Unlisted
	case ok:
		return artifact.Published
	}
	return ""
}

func (l listing) Version(_ context.Context, version string) (artifact.Version, error) {
	body, ok := l.offers[version]
	if !ok {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "The registry has no version %s.", version)
	}
	v := l.pkg.At(version)
	if l.hidden[l.pkg.Name+"@"+version] {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "The registry hides version %s.", version).Causing(repository.ErrWithheld)
	}
	if l.mute[l.pkg.Name+"@"+version] {
		return artifact.Version{}, artifact.Errorf(artifact.Unavailable, "The registry does not tell of version %s.", version)
	}
	return artifact.Version{VersionKey: v, Status: artifact.Published, Manifest: []byte(manifestOf(v)),
		Details: artifact.Details{Readme: "the package's"},
		Assets: []artifact.Asset{{Name: tarball, Size: int64(len(body)),
			Digests: artifact.Digests{SHA256: sha256.Sum256([]byte(body))}}}}, nil
}

func (l listing) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, version := range slices.Sorted(maps.Keys(l.offers)) {
			if l.hidden[l.pkg.Name+"@"+version] {
				continue
			}
			if v, err := l.Version(ctx, version); !yield(v, err) {
				return
			}
		}
	}
}

// big is a body of several chunks that differs with its name.
func big(name string) string { return name + strings.Repeat(name+"\n", 300_000/(len(name)+1)) }

// recordLater notes what is to be recorded while nobody waits.
func (h *fixture) recordLater(e catalog.Event) {
	h.asideMu.Lock()
	defer h.asideMu.Unlock()
	h.aside = append(h.aside, e)
}

// recordedLater is what was, since it was last asked.
func (h *fixture) recordedLater() []catalog.Event {
	h.asideMu.Lock()
	defer h.asideMu.Unlock()
	events := h.aside
	h.aside = nil
	return events
}
