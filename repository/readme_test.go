package repository_test

import (
	"context"
	"testing"

	"entrepot/artifact"
	"entrepot/repository"
)

func (h *fixture) readmeOf(repo, coordinate string) string {
	h.t.Helper()
	v, err := h.rules.Described(h.t.Context(), h.owner, domainKey.Repository(repo), at(coordinate))
	h.check(err)
	return v.Details.Readme
}

// What the record of the version holds is the readme that its registry has for the package as a whole.
func TestAVersionFromOutsideHasItsOwnReadme(t *testing.T) {
	h := chain(t)
	h.registry.offer("left@1.0.0", "first\n# one")
	h.registry.offer("left@2.0.0", "second\n# two")
	h.registry.offer("left@3.0.0", "third, without")
	for coordinate, body := range map[string]string{"left@1.0.0": "first\n# one", "left@2.0.0": "second\n# two",
		"left@3.0.0": "third, without"} {
		h.fetches("r", coordinate, body)
	}
	for range 2 {
		for coordinate, want := range map[string]string{"left@1.0.0": "# one", "left@2.0.0": "# two", "left@3.0.0": ""} {
			if got := h.readmeOf("r", coordinate); got != want {
				t.Errorf("%s: got %q, want %q", coordinate, got, want)
			}
		}
	}
	if got := h.readmeOf("gateway", "left@1.0.0"); got != "# one" {
		t.Errorf("in another repository: got %q", got)
	}
	if n := h.readmes.Load(); n != 3 {
		t.Errorf("three assets were read %d times", n)
	}
}

func TestAVersionWithoutItsAssetsHasNoReadme(t *testing.T) {
	h := chain(t)
	h.registry.offer("left@1.0.0", "first\n# one")
	h.fetches("r", "left@1.0.0", "first\n# one")
	h.setStatus("r", "left@1.0.0", artifact.Archived)
	if got := h.readmeOf("r", "left@1.0.0"); got != "# one" {
		t.Errorf("archived: got %q", got)
	}
	_, err := h.rules.Dispose(t.Context(), h.owner, domainKey.Repository("r"), npm("left"),
		repository.Selection{Versions: []string{"1.0.0"}})
	h.check(err)
	if got := h.readmeOf("r", "left@1.0.0"); got != "" {
		t.Errorf("disposed: got %q", got)
	}
}

func TestAVersionPublishedHereKeepsTheReadmeItCameWith(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	h.publish("r", "own@1.0.0", "body\n# inside")
	if got := h.readmeOf("r", "own@1.0.0"); got != "" || h.readmes.Load() != 0 {
		t.Errorf("got %q after %d readings, want what it was published with", got, h.readmes.Load())
	}
	_, err := h.rules.Described(context.Background(), h.owner, domainKey.Repository("r"), at("own@2.0.0"))
	h.refuses(artifact.NotFound, err)
}
