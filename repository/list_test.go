package repository_test

import (
	"context"
	"io"
	"maps"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/repository"
)

func TestLists(t *testing.T) {
	t.Run("T32 T33 the API sees only the repository itself", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u")
		h.repo("r", "u")
		h.publish("u", "lodash@1.0.0", "bytes")
		_, err := h.rules.Version(t.Context(), key("r"), at("lodash@1.0.0"))
		h.refuses(artifact.NotFound, err)
		l, err := h.rules.Packages(t.Context(), key("r"), catalog.PackageFilter{}, catalog.Page{Limit: 10})
		if err != nil || len(l.Items) != 0 {
			t.Errorf("packages of r: got %v, %v, want none", l.Items, err)
		}
	})
	t.Run("T35 without a filter every status is listed", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		for version, status := range map[string]artifact.Status{
			"1.0.0": artifact.Published, "2.0.0": artifact.Unlisted, "3.0.0": artifact.Archived,
		} {
			h.publish("r", "left@"+version, "bytes of "+version)
			h.setStatus("r", "left@"+version, status)
		}
		h.publish("r", "left@4.0.0", "bytes of 4")
		h.dispose("left@4.0.0")
		h.holds("r", "left", "1.0.0", "2.0.0", "3.0.0", "4.0.0")
		h.shows("r", "left", "1.0.0")
	})
	t.Run("T36 T37 a status decides what package managers see and keeps the revision", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		before := h.publish("r", "left@1.0.0", "bytes").Revision
		h.setStatus("r", "left@1.0.0", artifact.Unlisted)
		h.shows("r", "left")
		h.fetches("r", "left@1.0.0", "bytes")
		h.setStatus("r", "left@1.0.0", artifact.Archived)
		h.fetchFails("r", "left@1.0.0", artifact.NotFound)
		h.setStatus("r", "left@1.0.0", artifact.Published)
		h.fetches("r", "left@1.0.0", "bytes")
		h.shows("r", "left", "1.0.0")
		if after := h.version("r", "left@1.0.0").Revision; after != before {
			t.Errorf("revision went from %s to %s", before, after)
		}
	})
	t.Run("T60 for the same label the upstream's target wins", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u")
		h.repo("r", "u")
		h.publish("u", "left@1.0.1", "one", "latest", "alpha")
		h.publish("r", "left@1.0.2", "two", "latest", "mine")
		h.control("r", "left", artifact.Allow, artifact.Allow)
		want := map[string]string{"latest": "1.0.1", "alpha": "1.0.1", "mine": "1.0.2"}
		if got := h.shows("r", "left", "1.0.1", "1.0.2").Labels; !maps.Equal(got, want) {
			t.Errorf("labels: got %v, want %v", got, want)
		}
		h.control("r", "left", artifact.Allow, artifact.Block)
		want = map[string]string{"latest": "1.0.2", "mine": "1.0.2"}
		if got := h.shows("r", "left", "1.0.2").Labels; !maps.Equal(got, want) {
			t.Errorf("labels with upstream blocked: got %v, want %v", got, want)
		}
	})
	t.Run("T61 where nobody names latest the first publication sets it, and the highest version stands in", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.publish("r", "left@1.0.0", "one")
		h.publish("r", "left@2.0.0", "two")
		h.publish("r", "left@1.5.0", "between")
		shown := func(when, want string) {
			t.Helper()
			view, err := h.shelf("r").View(t.Context(), npm("left"))
			h.check(err)
			if got := h.display("r", "left"); got != want || view.Labels["latest"] != want {
				t.Errorf("%s: the API displays %q, the view has latest at %q, want %s", when, got, view.Labels["latest"], want)
			}
		}
		shown("after three publications", "1.0.0")
		h.setStatus("r", "left@1.0.0", artifact.Archived)
		shown("with 1.0.0 archived", "2.0.0")
		h.publish("r", "left@3.0.0", "three", "latest")
		h.publish("r", "left@4.0.0", "four")
		if got := h.display("r", "left"); got != "3.0.0" {
			t.Errorf("with latest at 3.0.0: got %q", got)
		}
	})
	t.Run("a version found twice belongs to the first repository in search order", func(t *testing.T) {
		h := newFixture(t)
		h.repo("far")
		h.repo("near")
		h.publish("far", "left@1.0.0", "far bytes")
		h.publish("near", "left@1.0.0", "near bytes")
		h.repo("r", "near", "far")
		h.shows("r", "left", "1.0.0")
		h.fetches("r", "left@1.0.0", "near bytes")
		h.setStatus("near", "left@1.0.0", artifact.Archived)
		h.shows("r", "left", "1.0.0") // retained in r, which decides alone
		h.deleteVersion("r", "left@1.0.0")
		h.shows("r", "left")
		h.fetchFails("r", "left@1.0.0", artifact.NotFound)
	})
	t.Run("what is public and what is held come in one list", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("u")
		h.publish("u", "left@0.9.0", "older")
		h.repo("r", "x", "u")
		h.registry.offer("left@1.0.0", "one")
		h.registry.offer("left@1.1.0", "two")
		h.fetches("r", "left@1.0.0", "one")
		view := h.shows("r", "left", "0.9.0", "1.0.0", "1.1.0")
		if len(view.Manifests) != 1 || view.Labels["latest"] != "1.1.0" {
			t.Errorf("got %d manifests and labels %v", len(view.Manifests), view.Labels)
		}
		h.registry.withdraw("left")
		h.shows("r", "left", "0.9.0", "1.0.0")
	})
	t.Run("an unknown package is not found", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		_, err := h.shelf("r").View(t.Context(), npm("nothing"))
		h.refuses(artifact.NotFound, err)
	})
}

func (h *fixture) dispose(coordinate string) {
	h.t.Helper()
	v := at(coordinate)
	out, err := h.rules.Dispose(h.t.Context(), h.owner, key("r"), v.PackageKey,
		repository.Selection{Versions: []string{v.Version}})
	h.check(err)
	if out.Successful[v.Version].Status != artifact.Disposed {
		h.t.Fatalf("dispose %s: %v", coordinate, out)
	}
}

func (h *fixture) display(repo, name string) string {
	h.t.Helper()
	l, err := h.rules.Versions(h.t.Context(), key(repo), npm(name), catalog.VersionFilter{}, catalog.Page{Limit: 1})
	h.check(err)
	return l.DefaultDisplay
}

// render writes the versions of a view, one a line.
func render(count *int) func(io.Writer, repository.View) error {
	return func(w io.Writer, v repository.View) error {
		*count++
		for version, err := range v.Versions {
			if err != nil {
				return err
			}
			if _, err := io.WriteString(w, version.VersionKey.Version+"\n"); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestDocument(t *testing.T) {
	h := newFixture(t)
	h.repo("x")
	h.connect("x")
	h.repo("r", "x")
	h.registry.offer("left@1.0.0", "one")
	renderings := 0
	get := func() repository.Document {
		t.Helper()
		d, err := h.shelf("r").Document(t.Context(), npm("left"), "plain", render(&renderings))
		h.check(err)
		return d
	}
	first := get()
	if string(first.Identity) != "1.0.0\n" || renderings != 1 {
		t.Fatalf("got %q after %d renderings", first.Identity, renderings)
	}
	steps := []struct {
		name   string
		do     func()
		want   string
		render bool
	}{
		{"nothing happens", func() {}, "1.0.0\n", false},
		{"another package is published", func() { h.publish("r", "right@1.0.0", "bytes") }, "1.0.0\n", false},
		{"a version appears in the registry", func() { h.registry.offer("left@2.0.0", "two") }, "1.0.0\n2.0.0\n", true},
		{"a version is retained", func() { h.fetches("r", "left@1.0.0", "one") }, "2.0.0\n1.0.0\n", true},
		{"a retained version is archived", func() { h.setStatus("r", "left@1.0.0", artifact.Archived) }, "2.0.0\n", true},
		{"upstream is blocked", func() { h.control("r", "left", artifact.Allow, artifact.Block) }, "", true},
	}
	for _, step := range steps {
		step.do()
		before := renderings
		d, err := h.shelf("r").Document(t.Context(), npm("left"), "plain", render(&renderings))
		if step.want == "" {
			h.refuses(artifact.NotFound, err)
			continue
		}
		h.check(err)
		if string(d.Identity) != step.want {
			t.Errorf("after %s: got %q, want %q", step.name, d.Identity, step.want)
		}
		if rendered := renderings > before; rendered != step.render {
			t.Errorf("after %s: rendered anew: %v, want %v", step.name, rendered, step.render)
		}
	}
	t.Run("a large document is kept compressed only", func(t *testing.T) {
		d, err := h.shelf("r").Document(t.Context(), npm("right"), "large", func(w io.Writer, _ repository.View) error {
			_, err := io.WriteString(w, strings.Repeat("large ", 1<<21))
			return err
		})
		h.check(err)
		if d.Identity != nil || d.Size != 6<<21 || len(d.Gzip) == 0 || len(d.Gzip) > 1<<20 {
			t.Errorf("got %d bytes of identity, size %d, %d compressed", len(d.Identity), d.Size, len(d.Gzip))
		}
	})
}

// interrupted is a catalog that does something else first when it is used for the n-th time.
type interrupted struct {
	catalog.Store
	n     int
	first func()
}

func (c *interrupted) count() {
	if c.n--; c.n == 0 {
		c.first()
	}
}

func (c *interrupted) Stamp(topics ...catalog.Topic) (catalog.Stamp, bool) {
	c.count()
	return c.Store.Stamp(topics...)
}

func (c *interrupted) Read(ctx context.Context, fn func(catalog.Reader) error) error {
	c.count()
	return c.Store.Read(ctx, fn)
}

// TestNothingOldIsRememberedAsNew makes a change at every moment of a read and checks that later reads see it.
func TestNothingOldIsRememberedAsNew(t *testing.T) {
	reads := map[string]func(h *fixture){
		"view":     func(h *fixture) { _, _ = h.shelf("r").View(h.t.Context(), npm("left")) },
		"document": func(h *fixture) { _, _ = h.document("r", "left") },
		"fetch":    func(h *fixture) { _, _ = h.tryFetch("r", "left@1.0.0") },
	}
	changes := map[string]struct {
		do           func(h *fixture)
		shown, fails bool // whether the version is listed and cannot be fetched afterwards
	}{
		"the upstream is removed":           {func(h *fixture) { h.update("r") }, false, true},
		"the version upstream is deleted":   {func(h *fixture) { h.deleteVersion("u", "left@1.0.0") }, false, true},
		"the version upstream is archived":  {func(h *fixture) { h.setStatus("u", "left@1.0.0", artifact.Archived) }, false, true},
		"the package is closed to upstream": {func(h *fixture) { h.control("r", "left", artifact.Allow, artifact.Block) }, false, true},
		"a new version is published":        {func(h *fixture) { h.publish("u", "left@2.0.0", "more") }, true, false},
	}
	for readName, read := range reads {
		for changeName, change := range changes {
			t.Run(readName+", meanwhile "+changeName, func(t *testing.T) {
				for n := 1; ; n++ {
					h := newFixture(t)
					h.repo("u")
					h.repo("r", "u")
					h.publish("u", "left@1.0.0", "bytes")
					store := &interrupted{Store: h.catalog, n: n, first: func() { change.do(h) }}
					h.rules.Catalog = store
					read(h)
					if store.n > 0 {
						if n < 3 {
							t.Fatalf("the read used the catalog only %d times", n-1)
						}
						return // it did not come to the n-th time any more
					}
					h.later(t, n, change.shown, change.fails)
				}
			})
		}
	}
}

func (h *fixture) document(repo, name string) (string, error) {
	n := 0
	d, err := h.shelf(repo).Document(h.t.Context(), npm(name), "plain", render(&n))
	return string(d.Identity), err
}

// later checks what is seen after a change that was made at the n-th use of the catalog. What was retained before the
// change stays, as it should.
func (h *fixture) later(t *testing.T, n int, shown, fails bool) {
	t.Helper()
	if _, err := h.rules.Version(t.Context(), key("r"), at("left@1.0.0")); err == nil {
		return
	}
	for range 2 {
		view, err := h.shelf("r").View(t.Context(), npm("left"))
		if got := err == nil && view.Labels != nil; got != shown {
			t.Fatalf("change at use %d: later the package is listed: %v (%v), want %v", n, got, err, shown)
		}
		text, err := h.document("r", "left")
		if got := strings.Contains(text, "1.0.0"); got != shown {
			t.Fatalf("change at use %d: the later document says %q (%v)", n, text, err)
		}
		if shown && !strings.Contains(text, "2.0.0") {
			t.Fatalf("change at use %d: the later document lacks what was published: %q", n, text)
		}
	}
	if _, err := h.tryFetch("r", "left@1.0.0"); (err != nil) != fails {
		t.Fatalf("change at use %d: a later fetch gives %v", n, err)
	}
}

// TestWhatCameSinceItWasLookedForIsNotFetchedAgain has somebody else bring a promised asset at every moment of a read.
func TestWhatCameSinceItWasLookedForIsNotFetchedAgain(t *testing.T) {
	for n := 1; ; n++ {
		h := newFixture(t)
		h.repo("r")
		h.connect("r")
		h.registry.offer("left@1.0.0", "bytes")
		h.fetches("r", "left@1.0.0", "bytes")
		h.promiseAgain("r", "left@1.0.0")
		before := h.registry.requests.Load()
		store := &interrupted{Store: h.catalog, n: n, first: func() { h.fetches("r", "left@1.0.0", "bytes") }}
		h.rules.Catalog = store
		h.fetches("r", "left@1.0.0", "bytes")
		if h.registry.requests.Load() != before { // the fetch before it still takes callers in
			t.Errorf("brought by somebody else at moment %d, it was asked for again", n)
		}
		if store.n > 0 {
			if n < 3 {
				t.Fatalf("the read used the catalog only %d times", n-1)
			}
			return
		}
	}
}

// promiseAgain makes the record of a version one whose tarball was never fetched.
func (h *fixture) promiseAgain(repo, coordinate string) {
	h.t.Helper()
	h.check(h.catalog.Write(h.t.Context(), func(w catalog.Writer) error {
		r, err := w.Repository(key(repo))
		if err != nil {
			return err
		}
		v, err := w.Version(r.ID, at(coordinate))
		if err != nil {
			return err
		}
		a := &v.Assets[0]
		a.Promised, a.Digests = true, artifact.Digests{SHA256: a.SHA256}
		return w.UpdateVersion(r.ID, v)
	}))
}
