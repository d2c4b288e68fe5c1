package repository_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"entrepot/artifact"
)

const attestations = "attestations"

// attach puts a document beside a version in the registry.
func (r *registry) attach(coordinate, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attached[coordinate+" "+attestations] = text
}

// askedAttachments is how often the registry was asked for a document about a version of the package.
func (r *registry) askedAttachments(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attachments[name]
}

func (h *fixture) tryAttachment(repo, coordinate string) (string, error) {
	h.t.Helper()
	body, err := h.shelf(repo).Attachment(h.t.Context(), at(coordinate), attestations)
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), err
}

func (h *fixture) attaches(repo, coordinate, want string) {
	h.t.Helper()
	got, err := h.tryAttachment(repo, coordinate)
	h.check(err)
	if got != want {
		h.t.Fatalf("attachment of %s through %s: got %q, want %q", coordinate, repo, got, want)
	}
}

func (h *fixture) attachmentFails(repo, coordinate string, kind artifact.Kind) {
	h.t.Helper()
	_, err := h.tryAttachment(repo, coordinate)
	h.refuses(kind, err)
}

// chain is a fixture with r over mid over gateway, which has the connection, and left@1.0.0 with a document outside.
func chain(t *testing.T) *fixture {
	t.Helper()
	h := newFixture(t)
	h.repo("gateway")
	h.connect("gateway")
	h.repo("mid", "gateway")
	h.repo("r", "mid")
	h.registry.offer("left@1.0.0", "bytes")
	h.registry.attach("left@1.0.0", "attested")
	return h
}

func TestAttachment(t *testing.T) {
	t.Run("of a version that is only listed comes from the registry and nothing is retained", func(t *testing.T) {
		h := chain(t)
		h.attaches("r", "left@1.0.0", "attested")
		h.holds("r", "left")
		h.holds("gateway", "left")
	})
	t.Run("of a retained version comes from the registry it came from", func(t *testing.T) {
		h := chain(t)
		h.fetches("r", "left@1.0.0", "bytes")
		h.attaches("r", "left@1.0.0", "attested")
		h.control("r", "left", artifact.Block, artifact.Block)
		h.attachmentFails("r", "left@1.0.0", artifact.NotFound)
		h.control("r", "left", artifact.Block, artifact.Allow)
		h.update("r")
		h.attachmentFails("r", "left@1.0.0", artifact.NotFound)
	})
	t.Run("of a version that an upstream retained is found without retaining it", func(t *testing.T) {
		h := chain(t)
		h.fetches("mid", "left@1.0.0", "bytes")
		h.attaches("r", "left@1.0.0", "attested")
		h.holds("r", "left")
	})
	t.Run("of a version published here is not there and nobody is asked", func(t *testing.T) {
		h := chain(t)
		h.registry.attach("own@1.0.0", "of somebody else's package")
		h.publish("mid", "own@1.0.0", "ours")
		h.attachmentFails("mid", "own@1.0.0", artifact.NotFound)
		h.attachmentFails("r", "own@1.0.0", artifact.NotFound)
		if n := h.registry.askedAttachments("own"); n != 0 {
			t.Errorf("the registry was asked %d times for a document about our own package", n)
		}
	})
	t.Run("that the registry does not have is not there", func(t *testing.T) {
		h := chain(t)
		h.registry.offer("right@1.0.0", "bytes")
		h.attachmentFails("r", "right@1.0.0", artifact.NotFound)
		h.attachmentFails("r", "left@9.9.9", artifact.NotFound)
		h.attachmentFails("r", "nothing@1.0.0", artifact.NotFound)
	})
	t.Run("of a withdrawn version is not there, of an unlisted one it is", func(t *testing.T) {
		h := chain(t)
		h.fetches("r", "left@1.0.0", "bytes")
		h.setStatus("r", "left@1.0.0", artifact.Unlisted)
		h.attaches("r", "left@1.0.0", "attested")
		h.setStatus("r", "left@1.0.0", artifact.Archived)
		asked := h.registry.askedAttachments("left")
		h.attachmentFails("r", "left@1.0.0", artifact.NotFound)
		if n := h.registry.askedAttachments("left"); n != asked {
			t.Errorf("the registry was asked about a withdrawn version")
		}
	})
	t.Run("of a version that an upstream withdrew is not there", func(t *testing.T) {
		h := chain(t)
		h.fetches("mid", "left@1.0.0", "bytes")
		h.setStatus("mid", "left@1.0.0", artifact.Archived)
		h.attachmentFails("r", "left@1.0.0", artifact.NotFound)
	})
	t.Run("does not come past origin controls", func(t *testing.T) {
		h := chain(t)
		h.control("r", "left", artifact.Allow, artifact.Block)
		h.attachmentFails("r", "left@1.0.0", artifact.NotFound)
		h.attaches("mid", "left@1.0.0", "attested")
	})
	t.Run("of a registry that is down is unavailable", func(t *testing.T) {
		h := chain(t)
		h.fetches("r", "left@1.0.0", "bytes")
		h.registry.goDown()
		h.attachmentFails("r", "left@1.0.0", artifact.Unavailable)
	})
	t.Run("is denied before it is not found", func(t *testing.T) {
		h := chain(t)
		shelf := h.rules.Shelf(h.caller(account, "nobody", allowNone), key("r"), "http://house.test/r/")
		for _, coordinate := range []string{"left@1.0.0", "nothing@1.0.0"} {
			_, err := shelf.Attachment(t.Context(), at(coordinate), attestations)
			h.refuses(artifact.Denied, err)
		}
		if n := h.registry.askedAttachments("left"); n != 0 {
			t.Errorf("the registry was asked %d times for somebody who may not read", n)
		}
	})
}

func TestMayPublishAsksWhatPublishAsks(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	publisher := `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` +
		`"Action":"codeartifact:PublishPackageVersion",` +
		`"Resource":"arn:aws:codeartifact:us-east-1:` + account + `:package/house/r/npm//left"}}`
	shelf := h.rules.Shelf(h.caller(account, "bob", publisher), key("r"), "http://house.test/r/")
	h.check(shelf.MayPublish(t.Context(), npm("left")))
	err := shelf.MayPublish(t.Context(), npm("right"))
	h.refuses(artifact.Denied, err)
	if !strings.Contains(err.Error(), "codeartifact:PublishPackageVersion") ||
		!strings.Contains(err.Error(), "npm//right") {
		t.Errorf("got %v, want the action and the package named", err)
	}
	gone := h.rules.Shelf(h.owner, key("gone"), "http://house.test/gone/")
	h.refuses(artifact.NotFound, gone.MayPublish(t.Context(), npm("left")))

	// What nobody may publish is refused in the words in which its publication would be.
	h.publish("r", "blocked@1.0.0", "bytes")
	h.control("r", "blocked", artifact.Block, artifact.Allow)
	h.group("/npm//left$")
	h.origin("/npm//left$", "PUBLISH=BLOCK")
	for _, coordinate := range []string{"blocked@2.0.0", "left@1.0.0"} {
		_, later := h.tryPublish("r", coordinate, "bytes")
		h.refuses(artifact.Conflict, later)
		before := h.shelf("r").MayPublish(t.Context(), at(coordinate).PackageKey)
		h.refuses(artifact.Conflict, before)
		told, _ := errors.AsType[*artifact.Error](before)
		if would, _ := errors.AsType[*artifact.Error](later); told.Reason != would.Reason {
			t.Errorf("got %q, want %q", told.Reason, would.Reason)
		}
	}
	h.check(h.shelf("r").MayPublish(t.Context(), npm("right")))
	if _, err := h.shelf("r").HeldForPublisher(t.Context(), at("blocked@1.0.0")); err != nil {
		t.Errorf("what is held is told to a publisher all the same: %v", err)
	}
}
