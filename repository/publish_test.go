package repository_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/repository"
)

func TestPublish(t *testing.T) {
	t.Run("T38 a withdrawn version cannot be published again", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.publish("r", "left@1.0.0", "bytes")
		h.setStatus("r", "left@1.0.0", artifact.Archived)
		_, err := h.tryPublish("r", "left@1.0.0", "bytes")
		h.refuses(artifact.Conflict, err)
	})
	t.Run("T40 T41 a disposed version can only be deleted, and then its number is free", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.publish("r", "left@1.0.0", "bytes")
		h.dispose("left@1.0.0")
		out, err := h.rules.SetStatus(t.Context(), h.owner, key("r"), npm("left"),
			repository.Selection{Versions: []string{"1.0.0"}}, artifact.Published)
		h.check(err)
		if got := out.Failed["1.0.0"].Code; got != repository.NotAllowed {
			t.Errorf("got %v, want NOT_ALLOWED", out)
		}
		v := h.version("r", "left@1.0.0")
		if v.Status != artifact.Disposed || len(v.Assets) != 0 || len(v.Manifest) == 0 {
			t.Errorf("got status %s, %d assets and a manifest of %d bytes", v.Status, len(v.Assets), len(v.Manifest))
		}
		_, err = h.tryPublish("r", "left@1.0.0", "bytes")
		h.refuses(artifact.Conflict, err)
		h.deleteVersion("r", "left@1.0.0")
		h.publish("r", "left@1.0.0", "new bytes")
		h.fetches("r", "left@1.0.0", "new bytes")
	})
	t.Run("T44 T45 the same bytes again change nothing and others are refused", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		first := h.publish("r", "left@1.0.0", "bytes", "latest")
		again := h.publish("r", "left@1.0.0", "bytes", "other")
		if again.Revision != first.Revision || !again.PublishedAt.Equal(first.PublishedAt) {
			t.Errorf("publishing again changed %v to %v", first, again)
		}
		_, err := h.tryPublish("r", "left@1.0.0", "other bytes")
		h.refuses(artifact.Conflict, err)
		h.fetches("r", "left@1.0.0", "bytes")
	})
	t.Run("T72 T73 what is reachable upstream cannot be published, but copied", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("r", "x")
		h.repo("isolated")
		h.registry.offer("mydep@1.1.0", "public bytes")
		_, err := h.tryPublish("r", "mydep@1.1.0", "patched")
		h.refuses(artifact.Conflict, err)
		h.control("r", "mydep", artifact.Allow, artifact.Allow)
		_, err = h.tryPublish("r", "mydep@1.1.0", "patched")
		h.refuses(artifact.Conflict, err)
		h.publish("r", "mydep@1.2.0", "ours")
		h.publish("isolated", "mydep@1.1.0", "patched")
		out := h.copy("isolated", "r", "mydep", false, "1.1.0")
		if out.Successful["1.1.0"].Status != artifact.Published {
			t.Fatalf("copy: got %v", out)
		}
		h.fetches("r", "mydep@1.1.0", "patched")
	})
	t.Run("T74 T75 the first publish closes the package to upstream", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("r", "x")
		h.publish("r", "mine@1.0.0", "ours")
		want := artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Block}
		if got := h.controls("r", "mine"); got != want {
			t.Errorf("controls: got %v, want %v", got, want)
		}
		asked := h.registry.asked("mine")
		h.registry.offer("mine@3.0.0", "confusion")
		h.fetchFails("r", "mine@3.0.0", artifact.NotFound)
		h.shows("r", "mine", "1.0.0")
		if n := h.registry.asked("mine") - asked; n != 0 {
			t.Errorf("the registry was asked for the internal name %d times", n)
		}
	})
	t.Run("T76 T77 the first fetch closes the package to publishing in both repositories", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("a", "x")
		h.registry.offer("left@1.0.0", "bytes")
		h.fetches("a", "left@1.0.0", "bytes")
		want := artifact.Controls{Publish: artifact.Block, Upstream: artifact.Allow}
		for _, repo := range []string{"a", "x"} {
			if got := h.controls(repo, "left"); got != want {
				t.Errorf("controls in %s: got %v, want %v", repo, got, want)
			}
			_, err := h.tryPublish(repo, "left@9.0.0", "ours")
			h.refuses(artifact.Conflict, err)
		}
	})
	t.Run("T79 T80 T81 a package lives without versions, with its controls, until it is deleted", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.control("r", "left", artifact.Block, artifact.Allow)
		l, err := h.rules.Packages(t.Context(), key("r"), catalog.PackageFilter{}, catalog.Page{Limit: 10})
		if err != nil || len(l.Items) != 1 || l.Items[0].Name != "left" {
			t.Fatalf("packages: got %v, %v", l.Items, err)
		}
		h.control("r", "left", artifact.Allow, artifact.Allow)
		h.publish("r", "left@1.0.0", "bytes")
		h.deleteVersion("r", "left@1.0.0")
		want := artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Allow}
		if got := h.controls("r", "left"); got != want {
			t.Errorf("controls after the last version went: got %v, want %v", got, want)
		}
		gone, err := h.rules.DeletePackage(t.Context(), h.owner, key("r"), npm("left"))
		if err != nil || gone.Controls != want {
			t.Errorf("deleted package: got %v, %v", gone, err)
		}
		_, err = h.rules.Package(t.Context(), key("r"), npm("left"))
		h.refuses(artifact.NotFound, err)
	})
	t.Run("T96 names that differ in case are different packages", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.publish("r", "JSONStream@1.0.0", "upper")
		h.publish("r", "jsonstream@1.0.0", "lower")
		h.fetches("r", "JSONStream@1.0.0", "upper")
		h.fetches("r", "jsonstream@1.0.0", "lower")
	})
	t.Run("T97 disposing in one repository leaves the other its bytes", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u")
		h.repo("r", "u")
		h.publish("u", "left@1.0.0", "bytes")
		h.fetches("r", "left@1.0.0", "bytes")
		h.dispose("left@1.0.0")
		h.fetches("u", "left@1.0.0", "bytes")
		if got := h.assetBytes(); got != int64(len("bytes")) {
			t.Errorf("bytes in the domain: got %d", got)
		}
		h.deleteVersion("u", "left@1.0.0")
		if got := h.assetBytes(); got != 0 {
			t.Errorf("bytes after the last reference went: got %d, want 0", got)
		}
	})
	t.Run("64 writers of one version have one winner", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		var won, lost atomic.Int64
		var wait sync.WaitGroup
		for i := range 64 {
			wait.Go(func() {
				_, err := h.tryPublish("r", "left@1.0.0", fmt.Sprintf("bytes %d", i))
				if err == nil {
					won.Add(1)
				} else if artifact.Is(err, artifact.Conflict) {
					lost.Add(1)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 || lost.Load() != 63 {
			t.Errorf("%d won and %d were told of the conflict, want 1 and 63", won.Load(), lost.Load())
		}
	})
	t.Run("64 writers of different versions all win", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		var wait sync.WaitGroup
		var want []string
		for i := range 64 {
			version := fmt.Sprintf("1.0.%d", i)
			want = append(want, version)
			wait.Go(func() {
				if _, err := h.tryPublish("r", "left@"+version, "bytes "+version); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		h.holds("r", "left", want...)
		h.shows("r", "left", want...)
	})
	t.Run("a label set by hand needs a version that can be read", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.publish("r", "left@1.0.0", "bytes")
		h.check(h.shelf("r").SetLabel(t.Context(), npm("left"), "stable", "1.0.0"))
		h.refuses(artifact.NotFound, h.shelf("r").SetLabel(t.Context(), npm("left"), "stable", "2.0.0"))
		h.check(h.shelf("r").DeleteLabel(t.Context(), npm("left"), "stable"))
		h.refuses(artifact.NotFound, h.shelf("r").DeleteLabel(t.Context(), npm("left"), "stable"))
	})
	t.Run("an annotation makes a new revision and is all or nothing", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		before := h.publish("r", "left@1.0.0", "bytes").Revision
		deprecate := func(artifact.Version) ([]byte, error) { return []byte(`{"deprecated":"old"}`), nil }
		err := h.shelf("r").Annotate(t.Context(), npm("left"), []string{"1.0.0", "9.9.9"}, deprecate)
		h.refuses(artifact.NotFound, err)
		if h.version("r", "left@1.0.0").Revision != before {
			t.Error("a failed annotation changed a version")
		}
		h.check(h.shelf("r").Annotate(t.Context(), npm("left"), []string{"1.0.0"}, deprecate))
		if v := h.version("r", "left@1.0.0"); v.Revision == before || string(v.Manifest) != `{"deprecated":"old"}` {
			t.Errorf("got revision %s and manifest %s", v.Revision, v.Manifest)
		}
	})
}

func (h *fixture) copy(from, to, name string, overwrite bool, versions ...string) repository.Outcome {
	h.t.Helper()
	out, err := h.rules.Copy(h.t.Context(), h.owner,
		repository.CopySpec{From: key(from), To: key(to), PackageKey: npm(name),
			Selection: repository.Selection{Versions: versions}, AllowOverwrite: overwrite})
	h.check(err)
	return out
}
