package npm

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

const connection = "public:npmjs"

// seekable is the cache in memory with bodies that can seek, as those of a byte store can.
type seekable struct{ upstreamtest.Cache }

func (c *seekable) Open(ctx context.Context, e upstream.Entry) (io.ReadCloser, error) {
	body, err := c.Cache.Open(ctx, e)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	all, err := io.ReadAll(body)
	return seekableBody{bytes.NewReader(all)}, err
}

type seekableBody struct{ *bytes.Reader }

func (seekableBody) Close() error { return nil }

// outside is a registry on loopback and the source before it.
type outside struct {
	repository.Source
	client   *upstream.Client
	address  string
	requests atomic.Int64
	document atomic.Pointer[string] // answered for every package; nil: 404
	path     atomic.Pointer[string] // of the last request, escaped
	content  []byte                 // of every tarball

	attestations atomic.Pointer[string] // answered for every path with attest in it; empty or nil: 404
	attested     atomic.Int64           // requests for them
	unchanged    atomic.Int64           // of those, answered that nothing changed
	status       atomic.Int64           // if set, the answer to those
	later        atomic.Int64           // by how much the client's clock is ahead
	looks        atomic.Int64           // at that clock, which stands still but for a microsecond at each
	log          journal                // what the client logged
}

// journal is a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func newOutside(t *testing.T, cache upstream.Cache) *outside {
	t.Helper()
	o := &outside{content: []byte("1.0.0")}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.requests.Add(1)
		path := r.URL.EscapedPath()
		o.path.Store(&path)
		if bytes.HasSuffix([]byte(path), []byte(".tgz")) && o.content != nil {
			_, _ = w.Write(o.content)
			return
		}
		if bytes.Contains([]byte(path), []byte("attest")) || path == "/shared" {
			o.answerAttestations(w, r)
			return
		}
		document := o.document.Load()
		if document == nil || r.Header.Get("Accept") != "application/json" {
			http.Error(w, `{"error":"not found"}`, http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, *document)
	}))
	t.Cleanup(server.Close)
	origin, err := upstream.ParseOrigin("npmjs", server.URL+"/registry")
	if err != nil {
		t.Fatal(err)
	}
	o.address = server.URL
	o.client, err = upstream.New(upstream.Options{Origins: upstream.NewOrigins(origin), Cache: cache, Retries: -1,
		RefreshEvery: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(&o.log, nil)),
		Now: func() time.Time {
			return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(
				time.Duration(o.later.Load()) + time.Duration(o.looks.Add(1))*time.Microsecond)
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.client.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Source = newSource(o.client, connection)
	return o
}

func (o *outside) answerAttestations(w http.ResponseWriter, r *http.Request) {
	o.attested.Add(1)
	document := o.attestations.Load()
	switch status := int(o.status.Load()); {
	case status != 0:
		w.WriteHeader(status)
	case document == nil || *document == "":
		w.WriteHeader(http.StatusNotFound)
	case r.Header.Get("If-None-Match") == `"v1"`:
		o.unchanged.Add(1)
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Etag", `"v1"`)
		_, _ = io.WriteString(w, *document)
	}
}

func (o *outside) attest(document string) { o.attestations.Store(&document) }

func (o *outside) serve(t *testing.T, doc object) {
	t.Helper()
	body := text(t, doc)
	o.document.Store(&body)
}

func TestWhatIsOddInADocumentIsLoggedOnce(t *testing.T) {
	o := newOutside(t, &upstreamtest.Cache{})
	doc := registry("bar", "1.0.0", "1.1.0")
	doc["versions"].(object)["1.1.0"] = nil
	o.serve(t, doc)
	for range 3 {
		l, err := o.Listing(t.Context(), key("bar"))
		if err != nil {
			t.Fatal(err)
		}
		if l.Status("1.0.0") != artifact.Published || l.Status("1.1.0") != "" {
			t.Errorf("got %q and %q", l.Status("1.0.0"), l.Status("1.1.0"))
		}
	}
	if got := o.log.String(); strings.Count(got, "left out parts") != 1 || !strings.Contains(got, "version 1.1.0: ") &&
		!strings.Contains(got, `version \"1.1.0\"`) {
		t.Errorf("got %s", got)
	}
}

func TestAListingIsWhatTheRegistrySays(t *testing.T) {
	for name, cache := range map[string]upstream.Cache{"seeking": &seekable{}, "streaming": &upstreamtest.Cache{}} {
		t.Run(name, func(t *testing.T) {
			o, p := newOutside(t, cache), key("@acme/bar")
			o.serve(t, registry("@acme/bar", "1.0.0", "1.1.0", "2.0.0-rc.1"))
			l, err := o.Listing(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if got := *o.path.Load(); got != "/registry/@acme%2fbar" {
				t.Errorf("asked for %s", got)
			}
			if l.ID() == "" || !maps.Equal(l.Labels(), map[string]string{"latest": "2.0.0-rc.1"}) {
				t.Errorf("got ID %q, labels %v", l.ID(), l.Labels())
			}
			n := 0
			for v, err := range l.Each(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				one, err := l.Version(t.Context(), v.Version)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(one.Manifest, v.Manifest) || one.Details.DisplayName != "@acme/bar" ||
					one.Details.Readme != "" { // that is the package's
					t.Errorf("%s: got %+v", v.Version, one.Details)
				}
				a, ok := v.Asset(asset)
				if !ok || a.Size != -1 || a.SHA512 == [64]byte{} || v.UpstreamTime.IsZero() || v.Origin.Connection != connection {
					t.Errorf("%s: got %+v", v.Version, v)
				}
			}
			if n != 3 {
				t.Errorf("got %d versions, want 3", n)
			}
			if _, err := l.Version(t.Context(), "9.9.9"); !artifact.Is(err, artifact.NotFound) {
				t.Errorf("got %v, want not found", err)
			}
			for range l.Each(t.Context()) {
				break // a reader may leave early
			}
			if got := o.requests.Load(); got != 1 {
				t.Errorf("got %d requests, want 1", got)
			}
		})
	}
}

func TestAPackageOrADocumentThatIsNotThere(t *testing.T) {
	o := newOutside(t, &seekable{})
	if _, err := o.Listing(t.Context(), key("unknown")); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("got %v, want not found", err)
	}
	asked := o.requests.Load()
	odd := artifact.PackageKey{Format: artifact.NPM, Namespace: "@acme", Name: "bar"}
	if _, err := o.Listing(t.Context(), odd); !artifact.Is(err, artifact.NotFound) || o.requests.Load() != asked {
		t.Errorf("got %v, and the registry was asked about a name it cannot have", err)
	}
	o.serve(t, registry("right", "1.0.0"))
	if _, err := o.Listing(t.Context(), key("left")); !artifact.Is(err, artifact.Unavailable) {
		t.Errorf("got %v, want unavailable for a document about another package", err)
	}
}

func TestRefreshAsksTheRegistryAgain(t *testing.T) {
	o, p := newOutside(t, &seekable{}), key("bar")
	o.serve(t, registry("bar", "1.0.0"))
	before, err := o.Listing(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	o.serve(t, registry("bar", "1.0.0", "1.1.0"))
	after, err := o.Refresh(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Version(t.Context(), "1.1.0"); err != nil || after.ID() == before.ID() {
		t.Errorf("got %v, ID %q before and %q after", err, before.ID(), after.ID())
	}
}

func TestAssetSaysWhereAndWhat(t *testing.T) {
	o := newOutside(t, &seekable{})
	for _, row := range []struct {
		name string
		dist object
		kind artifact.Kind // Internal: no error
		size [4]int        // of the wanted digests: MD5, SHA-1, SHA-256, SHA-512
	}{
		{"integrity before shasum", object{"tarball": "https://f.example.test/a.tgz", "integrity": sri(nil),
			"shasum": shasum([]byte("x"))}, 0, [4]int{0, 0, 0, 64}},
		{"shasum of an old package", object{"tarball": "https://f.example.test/a.tgz", "shasum": shasum(nil)}, 0,
			[4]int{0, 20, 0, 0}},
		{"no digest", object{"tarball": "https://f.example.test/a.tgz"}, artifact.Unavailable, [4]int{}},
		{"no address", object{"tarball": "a.tgz", "shasum": shasum(nil)}, artifact.Unavailable, [4]int{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			doc := registry("bar", "1.0.0")
			dig(doc, "versions", "1.0.0").(object)["dist"] = row.dist
			kept, h := keep(t, "bar", text(t, doc))
			m, err := cutManifest(kept[:h.Index[0].Length])
			if err != nil {
				t.Fatal(err)
			}
			digests, err := digestsOf(m)
			if err != nil {
				t.Fatal(err)
			}
			v := artifact.Version{VersionKey: key("bar").At("1.0.0"), Manifest: m.appendLines(nil),
				Assets: []artifact.Asset{{Name: asset, Size: -1, Digests: digests}}}
			req, err := o.Asset(t.Context(), v, asset)
			if row.kind != artifact.Internal {
				if !artifact.Is(err, row.kind) {
					t.Errorf("got %v, want %s", err, row.kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w := req.Want
			if got := [4]int{len(w.MD5), len(w.SHA1), len(w.SHA256), len(w.SHA512)}; got != row.size ||
				req.URL != "https://f.example.test/a.tgz" || req.Connection != connection {
				t.Errorf("got %+v", req)
			}
			if _, err := o.Asset(t.Context(), v, "other.tgz"); !artifact.Is(err, artifact.NotFound) {
				t.Errorf("got %v for another asset", err)
			}
		})
	}
}

// fetch asks for the tarball of a version of bar as the rules do.
func (o *outside) fetch(t *testing.T, number string) (string, error) {
	t.Helper()
	l, err := o.Listing(t.Context(), key("bar"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := l.Version(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	req, err := o.Asset(t.Context(), v, asset)
	if err != nil {
		return "", err
	}
	req.Flight, req.Open = "one", new(seekable).Create
	req.Keep = func(context.Context, upstream.Spool, artifact.Digests, int64) error { return nil }
	transfer, err := o.client.Asset(t.Context(), req)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(transfer)
	if cerr := transfer.Close(); cerr != nil {
		t.Error(cerr)
	}
	return string(content), err
}

func TestAnAssetIsFetchedOnlyIfItIsWhatWasPromised(t *testing.T) {
	for name, content := range map[string]string{"right": "1.0.0", "wrong": "1.0.1"} {
		t.Run(name, func(t *testing.T) {
			o := newOutside(t, &seekable{})
			o.content = []byte(content)
			doc := registry("bar", "1.0.0")
			dig(doc, "versions", "1.0.0", "dist").(object)["tarball"] = o.address + "/registry/bar/-/bar-1.0.0.tgz"
			o.serve(t, doc)
			got, err := o.fetch(t, "1.0.0")
			if err == nil && got != content {
				t.Errorf("got %q", got)
			}
			if (err == nil) != (name == "right") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAListedTarballThatWasMissingIsAskedForAgain(t *testing.T) {
	cache := &seekable{}
	o := newOutside(t, cache)
	o.content = nil
	doc := registry("bar", "1.0.0")
	dig(doc, "versions", "1.0.0", "dist").(object)["tarball"] = o.address + "/registry/bar/-/bar-1.0.0.tgz"
	o.serve(t, doc)
	l, err := o.Listing(t.Context(), key("bar"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := l.Version(t.Context(), "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	req, err := o.Asset(t.Context(), v, asset)
	if err != nil {
		t.Fatal(err)
	}
	req.Flight, req.Open = "one", cache.Create
	req.Keep = func(context.Context, upstream.Spool, artifact.Digests, int64) error { return nil }
	if _, err := o.client.Asset(t.Context(), req); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("got %v from a registry that does not have it", err)
	}
	o.content = []byte("1.0.0")
	transfer, err := o.client.Asset(t.Context(), req)
	if err != nil {
		t.Fatalf("got %v although it is there by now", err)
	}
	if _, err := io.Copy(io.Discard, transfer); err != nil {
		t.Error(err)
	}
	if err := transfer.Close(); err != nil {
		t.Error(err)
	}
}
