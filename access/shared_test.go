package access

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
)

// nodes are two guards over one database, each with a store of its own. The other has ann's key and token in memory.
type nodes struct {
	one, other *fixture
	clock      time.Time
	domain     catalog.Domain
	token      string
}

const bound = 2 * time.Second

// newNodes makes the nodes; hears says whether the other is told of commits.
func newNodes(t *testing.T, hears bool) *nodes {
	n := &nodes{clock: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	path := filepath.Join(t.TempDir(), "catalog.sqlite")
	peers := &sqlcatalog.InProcess{}
	open := func(hears bool) (*fixture, catalog.Store) {
		sharing := &sqlcatalog.Sharing{Bound: bound, Now: n.now}
		if hears {
			sharing.Peers = peers
		}
		store := sqlcatalogtest.Open(t, path, sqlcatalog.Options{Sharing: sharing})
		t.Cleanup(func() { _ = store.Close() })
		sealer, err := NewSealer(sealingKey)
		if err != nil {
			t.Fatal(err)
		}
		guard, err := New(Config{Catalog: store, Sealer: sealer, Now: n.now, Region: "eu-west-1"})
		if err != nil {
			t.Fatal(err)
		}
		return &fixture{T: t, Guard: guard, clock: n.clock}, store
	}
	one, store := open(true)
	other, _ := open(hears)
	n.one, n.other = one, other
	key := newAccessKey()
	sealed, err := one.seal(key, id("ann"))
	if err != nil {
		t.Fatal(err)
	}
	n.domain = domain()
	err = store.Write(t.Context(), func(w catalog.Writer) error {
		id, err := w.CreateDomain(n.domain)
		if err != nil {
			return err
		}
		n.domain.ID = id
		if err := w.CreateAccount(catalog.Account{ID: testAccount, Email: "a@example.test"}); err != nil {
			return err
		}
		if err := addUser(w, "ann", allowAll); err != nil {
			return err
		}
		return w.CreateAccessKey(sealed)
	})
	if err != nil {
		t.Fatal(err)
	}
	one.key, other.key = key, key
	c, err := one.call(key)
	if err != nil {
		t.Fatal(err)
	}
	if n.token, _, err = one.Issue(t.Context(), c, n.domain, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first call hears of the database, the second is remembered
		if _, err := other.fetch(n.token, n.domain.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := other.call(key); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func (n *nodes) now() time.Time { return n.clock }

// TestWhatOneNodeTakesAwayIsGoneOnTheOther takes credentials away through one node and uses them through the other: at
// once where that hears, within the bound where it does not.
func TestWhatOneNodeTakesAwayIsGoneOnTheOther(t *testing.T) {
	write := func(n *nodes, fn func(catalog.Writer) error) error {
		return n.one.Guard.store.Write(context.Background(), fn)
	}
	closeAccount := func(n *nodes) error {
		return write(n, func(w catalog.Writer) error {
			return w.UpdateAccount(catalog.Account{ID: testAccount, Email: "a@example.test", ClosedAt: n.clock})
		})
	}
	fetch := func(n *nodes) error { _, err := n.other.fetch(n.token, n.domain.ID); return err }
	call := func(n *nodes) error { _, err := n.other.call(n.other.key); return err }
	for name, row := range map[string]struct {
		take func(n *nodes) error
		use  func(n *nodes) error
	}{
		"a token is revoked": {func(n *nodes) error {
			return write(n, func(w catalog.Writer) error { return w.DeleteToken(tokenHash(artifact.NewSecret(n.token))) })
		}, fetch},
		"a token goes with its principal": {func(n *nodes) error {
			return write(n, func(w catalog.Writer) error { return w.DeletePrincipal(id("ann")) })
		}, fetch},
		"a token goes with its domain": {func(n *nodes) error {
			return write(n, func(w catalog.Writer) error { return w.DeleteDomain(n.domain.ID) })
		}, fetch},
		"a key is switched off": {func(n *nodes) error {
			return write(n, func(w catalog.Writer) error { return w.SetAccessKeyActive(n.one.key.ID, false) })
		}, call},
		"a key is deleted": {func(n *nodes) error {
			return write(n, func(w catalog.Writer) error { return w.DeleteAccessKey(n.one.key.ID) })
		}, call},
		"a token's account is closed": {closeAccount, fetch},
		"a key's account is closed":   {closeAccount, call},
		"a key goes with its principal": {func(n *nodes) error {
			return write(n, func(w catalog.Writer) error { return w.DeletePrincipal(id("ann")) })
		}, call},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("and the other hears of it", func(t *testing.T) {
				n := newNodes(t, true)
				if err := row.take(n); err != nil {
					t.Fatal(err)
				}
				if err := row.use(n); err == nil {
					t.Error("it is of use at once")
				}
			})
			t.Run("and the other does not hear of it", func(t *testing.T) {
				n := newNodes(t, false)
				if err := row.take(n); err != nil {
					t.Fatal(err)
				}
				if err := row.use(n); err != nil {
					t.Errorf("got %v within the bound: the test does not keep the other from hearing", err)
				}
				n.clock = n.clock.Add(bound + 1)
				if err := row.use(n); err == nil {
					t.Error("it is of use after the bound")
				}
			})
		})
	}
}

func TestANodeSeesAPolicyThatAnotherPut(t *testing.T) {
	n := newNodes(t, true)
	err := n.one.Guard.store.Write(t.Context(), func(w catalog.Writer) error {
		return w.DeleteIdentityPolicy(id("ann"), "own")
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.other.fetch(n.token, n.domain.ID)
	if err != nil || len(c.Identity) != 0 {
		t.Errorf("got %d policies, %v, want none", len(c.Identity), err)
	}
}
