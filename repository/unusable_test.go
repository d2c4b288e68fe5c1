package repository_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// keyed are stores whose domains are made under an encryption key.
type keyed struct{ *repositorytest.Stores }

func (keyed) DomainKey(catalog.Reader, iam.Caller, string) (catalog.WrappedKey, error) {
	return catalog.WrappedKey{EncryptionKey: "arn:aws:kms:us-east-1:" + account + ":key/k", DataKey: []byte("wrapped"),
		WrappedUnder: "k"}, nil
}

func TestWhatADomainHoldsIsOutOfReachWhileItsKeyCannotBeUsed(t *testing.T) {
	h := openFixture(t, t.TempDir(), keyed{repositorytest.NewStores()}, newRegistry(t), sqlcatalog.Options{Rehearse: true})
	made := catalog.EncryptionKey{ID: "k", Account: account, Enabled: true}
	h.check(h.catalog.Write(t.Context(), func(w catalog.Writer) error { return w.CreateEncryptionKey(made) }))
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	h.repo("r")
	h.publish("r", "left@1.0.0", "bytes")
	h.fetches("r", "left@1.0.0", "bytes")
	update := func(change func(k *catalog.EncryptionKey)) {
		t.Helper()
		k := made
		change(&k)
		h.check(h.catalog.Write(t.Context(), func(w catalog.Writer) error { return w.UpdateEncryptionKey(k) }))
	}
	for _, step := range []struct {
		name, says string
		make       func()
	}{
		{"disabled", "is disabled", func() { update(func(k *catalog.EncryptionKey) { k.Enabled = false }) }},
		{"about to be deleted", "is pending deletion", func() {
			update(func(k *catalog.EncryptionKey) { k.DeletesAt = time.Now() })
		}},
		{"deleted", "was deleted", func() {
			h.check(h.catalog.Write(t.Context(), func(w catalog.Writer) error { return w.DeleteEncryptionKey("k") }))
		}},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.make()
			says := func(err error) {
				t.Helper()
				if !artifact.Is(err, artifact.Denied) || !errors.Is(err, repository.ErrKeyUnusable) || !strings.Contains(err.Error(), step.says) {
					t.Errorf("got %v, want one that says the key %s", err, step.says)
				}
			}
			h.recordedLater()
			says(h.fetchFails("r", "left@1.0.0", artifact.Denied))
			h.deniedByNoPolicy(step.says)
			_, err := h.tryPublish("r", "left@2.0.0", "more")
			says(err)
			says(h.rules.Authorize(t.Context(), h.owner, "ListPackages", repository.OnRepository(key("r")), nil))
			all := repository.OnGroup(repository.GroupKey{DomainKey: domainKey, Pattern: "/*"})
			says(h.rules.Authorize(t.Context(), h.owner, "ListAssociatedPackages", all, nil))
			h.check(h.rules.Authorize(t.Context(), h.owner, "DescribePackageGroup", all, nil))
			h.check(h.rules.Authorize(t.Context(), h.owner, "UpdateRepository", repository.OnRepository(key("r")), nil))
			stranger := h.rules.Authorize(t.Context(), h.caller(account, "bob", allowNone), "ReadFromRepository",
				repository.OnRepository(key("r")), nil)
			if errors.Is(stranger, repository.ErrKeyUnusable) {
				t.Error("who may not read is told of the key")
			}
			if step.name == "deleted" {
				return
			}
			update(func(*catalog.EncryptionKey) {})
			h.fetches("r", "left@1.0.0", "bytes")
		})
	}
}

// deniedByNoPolicy checks that one refused read was put on record, with the sentence that says why and no statement.
func (h *fixture) deniedByNoPolicy(says string) {
	h.t.Helper()
	recorded := h.recordedLater()
	if len(recorded) != 1 {
		h.t.Fatalf("got %d events, want one", len(recorded))
	}
	call, err := audit.Parse(recorded[0].Call)
	h.check(err)
	if call.Error != audit.AccessDenied || !strings.Contains(call.Message, says) || call.Decision != nil || !call.Reads {
		h.t.Errorf("got %+v on record, want a denied read: %s", call, says)
	}
}
