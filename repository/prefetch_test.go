package repository_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/usage"
)

// prospect is how a look at a version ends, with each of its assets and a question mark behind those that are not here.
func (h *fixture) prospect(repo, coordinate string) string {
	h.t.Helper()
	got, err := h.shelf(repo).Prospect(h.t.Context(), at(coordinate))
	h.check(err)
	return summary(got)
}

func (h *fixture) prefetch(repo, coordinate string) string {
	h.t.Helper()
	got, err := h.shelf(repo).Prefetch(h.t.Context(), at(coordinate), tarball, time.Minute)
	h.check(err)
	return summary(got)
}

func summary(p repository.Prefetched) string {
	words := []string{string(p.Ending)}
	for _, a := range p.Assets {
		if a.Promised {
			a.Name += "?"
		}
		words = append(words, a.Name)
	}
	return strings.Join(words, " ")
}

func TestAVersionIsKeptBeforeAnybodyAsksForIt(t *testing.T) {
	start := func(t *testing.T) *fixture {
		h := newFixture(t)
		h.repo("gateway")
		h.connect("gateway")
		h.repo("shared", "gateway")
		h.repo("team", "shared")
		return h
	}
	const here, coming = "served " + tarball, "served " + tarball + "?"
	expect := func(t *testing.T, what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	t.Run("from a registry, into the repositories that a package manager's request would have it kept in", func(t *testing.T) {
		h := start(t)
		h.registry.offer("left@1.0.0", big("left"))
		expect(t, "a look", h.prospect("team", "left@1.0.0"), coming)
		h.holds("team", "left")
		if n := h.registry.requests.Load(); n != 0 {
			t.Errorf("a look has fetched %d files", n)
		}
		expect(t, "prefetched", h.prefetch("team", "left@1.0.0"), here)
		expect(t, "a look again", h.prospect("team", "left@1.0.0"), here)
		h.holds("team", "left", "1.0.0")
		h.holds("shared", "left")
		h.holds("gateway", "left", "1.0.0")
		h.registry.goDown()
		h.fetches("team", "left@1.0.0", big("left"))
		expect(t, "without a registry", h.prospect("team", "left@1.0.0"), here)
	})
	t.Run("from a repository upstream, without a registry", func(t *testing.T) {
		h := start(t)
		h.publish("shared", "left@1.0.0", "bytes")
		h.registry.goDown()
		expect(t, "a look", h.prospect("team", "left@1.0.0"), coming)
		expect(t, "prefetched", h.prefetch("team", "left@1.0.0"), here)
		h.holds("team", "left", "1.0.0")
	})
	t.Run("what is nowhere says where it was looked for", func(t *testing.T) {
		h := start(t)
		got, err := h.shelf("team").Prospect(t.Context(), at("left@1.0.0"))
		h.check(err)
		if got.Ending != repository.Absent || !strings.Contains(got.Why, "Searched: team (not there), shared (not there)") {
			t.Errorf("got %+v", got)
		}
		expect(t, "prefetched", h.prefetch("team", "left@1.0.0"), "not-found")
	})
	t.Run("what origin controls or a status keep away is withheld", func(t *testing.T) {
		h := start(t)
		h.registry.offer("left@1.0.0", "bytes")
		h.control("team", "left", artifact.Allow, artifact.Block)
		got, err := h.shelf("team").Prospect(t.Context(), at("left@1.0.0"))
		h.check(err)
		if got.Ending != repository.Withheld || !strings.Contains(got.Why, "upstream=BLOCK") {
			t.Errorf("got %+v", got)
		}
		expect(t, "prefetched", h.prefetch("team", "left@1.0.0"), "withheld")
		h.publish("team", "right@1.0.0", "bytes")
		h.setStatus("team", "right@1.0.0", artifact.Archived)
		expect(t, "archived", h.prospect("team", "right@1.0.0"), "withheld")
		expect(t, "archived", h.prefetch("team", "right@1.0.0"), "withheld")
	})
	t.Run("a registry that does not answer is no answer", func(t *testing.T) {
		h := start(t)
		h.registry.goDown()
		_, err := h.shelf("team").Prospect(t.Context(), at("left@1.0.0"))
		h.refuses(artifact.Unavailable, err)
		_, err = h.shelf("team").Prefetch(t.Context(), at("left@1.0.0"), tarball, time.Minute)
		h.refuses(artifact.Unavailable, err)
	})
	t.Run("who may not read is told nothing and brings nothing in", func(t *testing.T) {
		h := start(t)
		h.registry.offer("left@1.0.0", "bytes")
		shelf := h.as(h.only(mayDescribe, "team"), "team")
		_, err := shelf.Prospect(t.Context(), at("left@1.0.0"))
		h.refuses(artifact.Denied, err)
		_, err = shelf.Prefetch(t.Context(), at("left@1.0.0"), tarball, time.Minute)
		h.refuses(artifact.Denied, err)
		h.holds("gateway", "left")
	})
	t.Run("what takes longer than one waits comes all the same, and is asked for again", func(t *testing.T) {
		h := start(t)
		stall := make(chan struct{})
		h.registry.mu.Lock()
		h.registry.stall = stall
		h.registry.mu.Unlock()
		h.registry.offer("left@1.0.0", big("left"))
		got, err := h.shelf("team").Prefetch(t.Context(), at("left@1.0.0"), tarball, time.Millisecond)
		h.check(err)
		expect(t, "the first time", summary(got), coming)
		close(stall)
		expect(t, "again", h.prefetch("team", "left@1.0.0"), here)
		h.holds("team", "left", "1.0.0")
	})
	t.Run("a registry's lie is an error, and nothing is kept", func(t *testing.T) {
		h := start(t)
		h.registry.offer("left@1.0.0", big("left"))
		h.registry.lies["left@1.0.0"] = big("liar")
		_, err := h.shelf("team").Prefetch(t.Context(), at("left@1.0.0"), tarball, time.Minute)
		h.refuses(artifact.Unavailable, err)
		h.holds("team", "left")
	})
	t.Run("whoever gives up is not answered as if it came on", func(t *testing.T) {
		h := start(t)
		stall := make(chan struct{})
		defer close(stall)
		h.registry.mu.Lock()
		h.registry.stall = stall
		h.registry.mu.Unlock()
		h.registry.offer("left@1.0.0", big("left"))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for h.registry.requests.Load() == 0 && t.Context().Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		if _, err := h.shelf("team").Prefetch(ctx, at("left@1.0.0"), tarball, time.Minute); err == nil || errors.Is(err, repository.ErrWithheld) {
			t.Errorf("got %v, want an error", err)
		}
	})
}

func TestWhatIsPrefetchedIsMeteredAsOfItsPackage(t *testing.T) {
	h := newFixture(t)
	h.repo("team")
	for name, ask := range map[string]func(ctx context.Context) error{
		"a look": func(ctx context.Context) error { _, err := h.shelf("team").Prospect(ctx, at("left@1.0.0")); return err },
		"an asset": func(ctx context.Context) error {
			_, err := h.shelf("team").Prefetch(ctx, at("left@1.0.0"), tarball, time.Minute)
			return err
		},
	} {
		note := &usage.Note{}
		h.check(ask(context.WithValue(t.Context(), usage.NoteKey{}, note)))
		if note.Package != npm("left") {
			t.Errorf("%s: metered as of %v", name, note.Package)
		}
	}
}

func TestBytesThatAreLostAreNotSaidToBeHere(t *testing.T) {
	w := newWorn(t, nil)
	body := big("left")
	w.registry.offer("left@1.0.0", body)
	w.fetches("r", "left@1.0.0", body)
	w.check(os.Remove(w.path(body)))
	if got, want := w.prospect("r", "left@1.0.0"), "served "+tarball+"?"; got != want {
		t.Errorf("a look: got %q, want %q", got, want)
	}
	if got, want := w.prefetch("r", "left@1.0.0"), "served "+tarball; got != want {
		t.Errorf("prefetched: got %q, want %q", got, want)
	}
	w.registry.goDown()
	w.fetches("r", "left@1.0.0", body)
}
