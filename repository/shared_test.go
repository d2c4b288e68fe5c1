package repository_test

import (
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog/sqlcatalog"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// TestWhatOneServerWithdrawsIsGoneOnTheOther makes a change through one set of rules and fetches through another over the
// same database: at once where that is told, within its bound where it is not.
func TestWhatOneServerWithdrawsIsGoneOnTheOther(t *testing.T) {
	const bound = 2 * time.Second
	for name, withdraw := range map[string]func(h *fixture){
		"a version is archived": func(h *fixture) { h.setStatus("r", "left@1.0.0", artifact.Archived) },
		"a version is deleted":  func(h *fixture) { h.deleteVersion("r", "left@1.0.0") },
		"a policy denies the repository": func(h *fixture) {
			h.repositoryPolicy("r", policy("Deny", "*", "codeartifact:ReadFromRepository", "*"))
		},
		"a policy denies the whole domain": func(h *fixture) { h.domainPolicy(policy("Deny", "*", "codeartifact:*", "*")) },
	} {
		for how, told := range map[string]bool{"and the other is told": true, "and the other is not told": false} {
			t.Run(name+", "+how, func(t *testing.T) {
				var moment atomic.Int64
				clock := func() time.Time { return time.Unix(0, moment.Load()) }
				sharing := sqlcatalog.Sharing{Peers: &sqlcatalog.InProcess{}, Bound: bound, Now: clock}
				folder, registry := t.TempDir(), newRegistry(t)
				stores := repositorytest.NewStores()
				one := openFixture(t, folder, stores, registry, sqlcatalog.Options{Sharing: &sharing})
				deaf := sharing
				if !told {
					deaf.Peers = nil
				}
				other := openFixture(t, folder, stores, registry, sqlcatalog.Options{Sharing: &deaf})
				_, err := one.rules.CreateDomain(t.Context(), one.owner, repository.DomainSpec{Name: domainKey.Name})
				one.check(err)
				one.repo("r")
				one.publish("r", "left@1.0.0", "bytes")
				for range 2 { // the first hears of the database, the second is remembered
					other.fetches("r", "left@1.0.0", "bytes")
					_, err := other.shelf("r").View(t.Context(), npm("left"))
					other.check(err)
				}
				withdraw(one)
				if !told {
					other.fetches("r", "left@1.0.0", "bytes") // else the test does not keep the other from hearing
					moment.Add(int64(bound) + 1)
				}
				if _, err := other.tryFetch("r", "left@1.0.0"); err == nil {
					t.Error("it is still served")
				}
			})
		}
	}
}
