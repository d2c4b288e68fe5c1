package repository_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
)

func TestResolve(t *testing.T) {
	t.Run("T01 the first upstream that has the version serves it and later ones are not asked", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u1")
		h.repo("u2")
		h.repo("u3")
		h.connect("u3")
		h.repo("r", "u1", "u2", "u3")
		h.registry.offer("left@1.0.0", "public bytes")
		h.publish("u2", "left@1.0.0", "bytes of u2")
		h.fetches("r", "left@1.0.0", "bytes of u2")
		if n := h.registry.asked("left"); n != 0 {
			t.Errorf("the registry behind u3 was asked %d times, want 0", n)
		}
	})
	t.Run("a registry that several repositories are connected to holds a reader up once", func(t *testing.T) {
		h := newFixture(t)
		for _, name := range []string{"u1", "u2", "u3"} {
			h.repo(name)
			h.connect(name)
		}
		h.repo("r", "u1", "u2", "u3")
		h.registry.offer("left@1.0.0", "public bytes")
		h.registry.goDown()
		h.fetchFails("r", "left@1.0.0", artifact.Unavailable)
		if n := h.registry.asked("left"); n != 1 {
			t.Errorf("it was asked for a version %d times, want once", n)
		}
		_, err := h.shelf("r").View(t.Context(), npm("left"))
		h.refuses(artifact.Unavailable, err)
		if n := h.registry.asked("left"); n != 2 {
			t.Errorf("it was asked for a list %d times, want once", n-1)
		}
	})
	t.Run("T02 T03 the search is depth first", func(t *testing.T) {
		h := newFixture(t)
		h.repo("e")
		h.repo("c")
		h.repo("d", "e")
		h.repo("a", "c", "d")
		h.repo("b")
		h.repo("my", "a", "b")
		h.publish("b", "left@1.0.0", "bytes of b")
		h.publish("e", "left@1.0.0", "bytes of e")
		h.fetches("my", "left@1.0.0", "bytes of e")
		h.fetchFails("my", "left@9.9.9", artifact.NotFound)
	})
	t.Run("T04 a version of an upstream is retained in the asked repository and not between", func(t *testing.T) {
		h := newFixture(t)
		h.repo("c")
		h.repo("b", "c")
		h.repo("a", "b")
		h.publish("c", "left@1.0.0", "bytes")
		h.fetches("a", "left@1.0.0", "bytes")
		h.holds("a", "left", "1.0.0")
		h.holds("b", "left")
		h.holds("c", "left", "1.0.0")
		if a, c := h.version("a", "left@1.0.0"), h.version("c", "left@1.0.0"); a.Revision != c.Revision ||
			a.Origin != c.Origin {
			t.Errorf("the retained copy has revision %s and origin %v, the source %s and %v", a.Revision, a.Origin,
				c.Revision, c.Origin)
		}
	})
	t.Run("T05 T07 a public version is retained where it was asked and where the connection is", func(t *testing.T) {
		h := newFixture(t)
		h.repo("c")
		h.connect("c")
		h.repo("b", "c")
		h.repo("a", "b")
		h.registry.offer("left@1.0.0", big("one"))
		h.registry.offer("left@2.0.0", big("two"))
		h.fetches("a", "left@1.0.0", big("one"))
		h.holds("a", "left", "1.0.0")
		h.holds("b", "left")
		h.holds("c", "left", "1.0.0")
		v := h.version("a", "left@1.0.0")
		if want := (artifact.Origin{Type: artifact.OriginExternal, Connection: npmjs}); v.Origin != want {
			t.Errorf("origin: got %v, want %v", v.Origin, want)
		}
	})
	t.Run("T06 reading a version list retains nothing", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.connect("b")
		h.repo("a", "b")
		h.registry.offer("left@1.0.0", "one")
		h.registry.offer("left@2.0.0", "two")
		h.shows("a", "left", "1.0.0", "2.0.0")
		h.holds("a", "left")
		h.holds("b", "left")
	})
	t.Run("T08 a retained version outlives its source", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.repo("a", "b")
		h.publish("b", "left@1.0.0", "bytes")
		h.fetches("a", "left@1.0.0", "bytes")
		h.deleteVersion("b", "left@1.0.0")
		h.fetches("a", "left@1.0.0", "bytes")
	})
	t.Run("T09 a retained version outlives the upstream relation and the others go at once", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.repo("a", "b")
		h.publish("b", "left@1.0.0", "one")
		h.publish("b", "left@2.0.0", "two")
		h.fetches("a", "left@1.0.0", "one")
		h.update("a")
		h.fetches("a", "left@1.0.0", "one")
		h.fetchFails("a", "left@2.0.0", artifact.NotFound)
		h.shows("a", "left", "1.0.0")
	})
	t.Run("T10 T11 a deleted upstream fails requests until an update, even when its name is back", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.repo("a", "b")
		h.publish("b", "left@1.0.0", "bytes")
		if _, ok, err := h.rules.DeleteRepository(t.Context(), h.owner, key("b")); !ok || err != nil {
			t.Fatalf("delete b: %v, %v", ok, err)
		}
		for range 2 {
			err := h.fetchFails("a", "left@1.0.0", artifact.NotFound)
			if !strings.Contains(err.Error(), "use the UpdateRepository API") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			h.repo2("b")
		}
		h.publish("b", "left@1.0.0", "new bytes")
		if _, err := h.rules.UpdateRepository(t.Context(), h.owner, key("a"),
			repository.RepositoryChange{}); err != nil {
			t.Fatal(err)
		}
		h.fetchFails("a", "left@1.0.0", artifact.NotFound)
		h.update("a", "b")
		h.fetches("a", "left@1.0.0", "new bytes")
	})
	t.Run("T12 T16 cycles, self reference and repetition are refused, a diamond is walked once", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u3")
		h.repo("u1", "u3")
		h.repo("u2", "u3")
		h.repo("r", "u1", "u2")
		h.publish("u3", "left@1.0.0", "bytes")
		h.fetches("r", "left@1.0.0", "bytes")
		for _, bad := range [][]string{{"r"}, {"u1"}, {"u3", "u3"}} {
			_, err := h.rules.UpdateRepository(t.Context(), h.owner, key("u3"),
				repository.RepositoryChange{Upstreams: &bad})
			h.refuses(artifact.Invalid, err)
		}
	})
	t.Run("T13 at most 25 upstream repositories are searched", func(t *testing.T) {
		h := newFixture(t)
		names := make([]string, 30)
		for i := range names {
			names[i] = "n" + strings.Repeat("x", i+1)
			if i == 0 {
				h.repo(names[i])
			} else {
				h.repo(names[i], names[i-1])
			}
		}
		h.publish(names[0], "left@1.0.0", "bytes")
		h.fetchFails(names[26], "left@1.0.0", artifact.NotFound)
		h.fetches(names[25], "left@1.0.0", "bytes")
	})
	t.Run("T14 eleven direct upstreams are refused", func(t *testing.T) {
		h := newFixture(t)
		var ups []string
		for i := range 11 {
			ups = append(ups, "u"+strings.Repeat("x", i+1))
			h.repo(ups[i])
		}
		h.repo("r", ups[:10]...)
		_, err := h.rules.UpdateRepository(t.Context(), h.owner, key("r"), repository.RepositoryChange{Upstreams: &ups})
		h.refuses(artifact.Quota, err)
	})
	t.Run("T15 T16 one external connection, and not beside upstreams", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u")
		h.repo("r")
		h.connect("r")
		_, err := h.rules.AssociateExternalConnection(t.Context(), h.owner, key("r"), "public:pypi")
		h.refuses(artifact.Invalid, err)
		if !strings.Contains(err.Error(), "ExternalConnections for repositories are currently limited to 1") {
			t.Errorf("got %v", err)
		}
		_, err = h.rules.AssociateExternalConnection(t.Context(), h.owner, key("r"), npmjs)
		h.refuses(artifact.Conflict, err)
		_, err = h.rules.AssociateExternalConnection(t.Context(), h.owner, key("r"), "public:nowhere")
		h.refuses(artifact.Invalid, err)
		for _, ups := range [][]string{{}, {"u"}} {
			change := repository.RepositoryChange{Upstreams: &ups}
			_, err = h.rules.UpdateRepository(t.Context(), h.owner, key("r"), change)
			h.refuses(artifact.Invalid, err)
		}
		h.repo("d", "u")
		_, err = h.rules.AssociateExternalConnection(t.Context(), h.owner, key("d"), npmjs)
		h.refuses(artifact.Invalid, err)
		_, err = h.rules.DisassociateExternalConnection(t.Context(), h.owner, key("d"), npmjs)
		h.refuses(artifact.NotFound, err)
	})
	t.Run("T18 a connection serves its own format only", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.connect("b")
		h.repo("a", "b")
		h.registry.offer("left@1.0.0", "bytes")
		v := artifact.VersionKey{PackageKey: artifact.PackageKey{Format: artifact.Maven, Namespace: "org.left",
			Name: "left"}, Version: "1.0.0"}
		_, err := h.shelf("a").Open(t.Context(), v, tarball)
		h.refuses(artifact.NotFound, err)
		if n := h.registry.asked("left"); n != 0 {
			t.Errorf("the npm registry was asked %d times for a maven package", n)
		}
	})
	t.Run("T19 T20 an outage hides nothing that is stored and stores nothing that is not", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.connect("b")
		h.repo("a", "b")
		h.repo("other", "b")
		h.registry.offer("left@1.0.0", "one")
		h.registry.offer("left@2.0.0", "two")
		h.fetches("a", "left@1.0.0", "one")
		h.registry.goDown()
		h.fetches("a", "left@1.0.0", "one")
		h.fetches("other", "left@1.0.0", "one")
		h.fetchFails("a", "left@2.0.0", artifact.Unavailable)
		h.shows("a", "left", "1.0.0")
		h.holds("a", "left", "1.0.0")
	})
	t.Run("T17 a connection is shown as it was associated", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.connect("r")
		repo, err := h.rules.Repository(t.Context(), key("r"))
		h.check(err)
		if f, known := repository.ConnectionFormat(npmjs); len(repo.Connections) != 1 || repo.Connections[0] != npmjs ||
			!known || f != artifact.NPM {
			t.Errorf("connections %v, format %s", repo.Connections, f)
		}
	})
	t.Run("T22 a new public version is seen at the next look and can be fetched before", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.connect("r")
		h.registry.offer("left@1.0.0", "one")
		h.shows("r", "left", "1.0.0")
		h.registry.offer("left@2.0.0", "two")
		h.fetches("r", "left@2.0.0", "two")
		h.shows("r", "left", "1.0.0", "2.0.0")
	})
	t.Run("T30 a withdrawn version upstream hides what lies behind it", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.connect("b")
		h.repo("a", "b")
		h.registry.offer("left@1.0.0", "bytes")
		h.fetches("b", "left@1.0.0", "bytes")
		h.setStatus("b", "left@1.0.0", artifact.Archived)
		h.fetchFails("a", "left@1.0.0", artifact.NotFound)
		h.shows("a", "left")
	})
	t.Run("T31 an unlisted version upstream is served, retained and stays unlisted", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.repo("a", "b")
		h.publish("b", "left@1.0.0", "bytes")
		h.setStatus("b", "left@1.0.0", artifact.Unlisted)
		h.fetches("a", "left@1.0.0", "bytes")
		if got := h.version("a", "left@1.0.0").Status; got != artifact.Unlisted {
			t.Errorf("status of the retained copy: got %s, want Unlisted", got)
		}
	})
	t.Run("T98 a version deleted here comes back from upstream", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u")
		h.repo("r", "u")
		h.publish("u", "left@1.0.0", "bytes")
		h.fetches("r", "left@1.0.0", "bytes")
		h.deleteVersion("r", "left@1.0.0")
		h.holds("r", "left")
		h.fetches("r", "left@1.0.0", "bytes")
		h.holds("r", "left", "1.0.0")
	})
}

// repo2 makes a repository unless it is there.
func (h *fixture) repo2(name string) {
	h.t.Helper()
	_, err := h.rules.CreateRepository(h.t.Context(), h.owner, repository.RepositorySpec{RepositoryKey: key(name)})
	if !artifact.Is(err, artifact.Conflict) {
		h.check(err)
	}
}

func TestFetch(t *testing.T) {
	t.Run("200 clients make one request and all get the right bytes", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.connect("b")
		h.repo("a", "b")
		h.repo("c", "b")
		body := big("many")
		h.registry.offer("left@1.0.0", body)
		h.registry.stall = make(chan struct{})
		var wait sync.WaitGroup
		failures := make(chan string, 200)
		for i := range 200 {
			repo := []string{"a", "c"}[i%2]
			wait.Go(func() {
				if got, err := h.tryFetch(repo, "left@1.0.0"); err != nil || got != body {
					failures <- repo
				}
			})
		}
		for h.registry.requests.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		close(h.registry.stall)
		wait.Wait()
		if close(failures); len(failures) > 0 {
			t.Errorf("%d of 200 clients failed", len(failures))
		}
		if n := h.registry.requests.Load(); n != 1 {
			t.Errorf("upstream requests: got %d, want 1", n)
		}
		h.holds("a", "left", "1.0.0")
		h.holds("b", "left", "1.0.0")
		h.holds("c", "left", "1.0.0")
		if got := h.assetBytes(); got != int64(len(body)) {
			t.Errorf("bytes in the domain: got %d, want %d", got, len(body))
		}
	})
	t.Run("an upstream that lies gives nobody a complete body and leaves nothing", func(t *testing.T) {
		h := newFixture(t)
		h.repo("b")
		h.connect("b")
		h.repo("a", "b")
		body := big("true")
		h.registry.offer("left@1.0.0", body)
		for name, lie := range map[string]string{
			"other bytes of the same length": strings.Replace(body, "true\n", "fake\n", 1),
			"other bytes at the end":         body[:len(body)-1] + "!",
			"too short":                      body[:len(body)-1],
			"too long":                       body + "!",
			"empty":                          "",
		} {
			h.registry.lies["left@1.0.0"] = lie
			if got, err := h.tryFetch("a", "left@1.0.0"); err == nil || len(got) >= len(body) {
				t.Errorf("%s: a client got %d bytes and error %v", name, len(got), err)
			}
			h.holds("a", "left")
			h.holds("b", "left")
		}
		delete(h.registry.lies, "left@1.0.0")
		h.fetches("a", "left@1.0.0", body)
	})
	t.Run("the same version in 50 repositories takes its bytes once", func(t *testing.T) {
		h := newFixture(t)
		h.repo("source")
		h.publish("source", "left@1.0.0", big("once"))
		before := h.assetBytes()
		for i := range 50 {
			name := "r" + strings.Repeat("x", i+1)
			h.repo(name, "source")
			h.fetches(name, "left@1.0.0", big("once"))
		}
		if after := h.assetBytes(); after != before {
			t.Errorf("bytes grew from %d to %d", before, after)
		}
	})
}
