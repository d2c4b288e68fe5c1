// Package formattest has three suites and the ground they stand on. Run holds what the handlers of every format must do,
// RunScenario what people get to do with it, RunShelf what a format.Shelf must do. The ground is a Domain: the real rules over
// a catalog in SQLite, a byte store in memory, and external registries on loopback that a test fills. Only tests import this
// package.
package formattest

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

// Base is the address below which the repositories of a Domain stand.
const Base = "https://packages.example.test/team-123456789012/"

// Now is when the clock of every Domain begins.
var Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var domainKey = artifact.DomainKey{Owner: "123456789012", Name: "team"}

// Options say what a Domain is made of.
type Options struct {
	Formats []format.Format   // those that it serves
	Quotas  repository.Quotas // zero members are the service's own
	// Catalog is where records are kept; nil means SQLite in a folder of the test.
	Catalog catalog.Store
	// Bytes is where contents are kept; nil means memory.
	Bytes blob.Store
}

// Domain is a domain under the real rules, as one caller sees it; the caller that it is opened with may do anything.
// Methods without an error end the test where something is refused that the test takes for granted.
type Domain struct {
	Rules *repository.Service
	Clock *Clock

	t          testing.TB
	caller     iam.Caller
	bytes      *countingStore
	client     *upstream.Client
	registries map[string]*Registry // by external connection
}

// Open makes a domain without repositories. At the end of the test it checks that no draft of the byte store is left.
func Open(t testing.TB, o Options) *Domain {
	t.Helper()
	d := &Domain{t: t, Clock: &Clock{now: Now}, caller: Caller("ada", "*"), registries: map[string]*Registry{}}
	if o.Bytes == nil {
		o.Bytes = mem.New(d.Clock.Now)
	}
	d.bytes = &countingStore{Store: o.Bytes}
	far := &remotes{formats: o.Formats, base: d.openRemote(o.Formats)}
	client, err := upstream.New(upstream.Options{
		Remotes: far.origin,
		Origins: upstream.NewOrigins(d.openRegistries(o.Formats)...), Cache: &upstreamtest.Cache{}, Now: d.Clock.Now,
		Logger: slog.New(slog.DiscardHandler), Retries: -1,
		// Whoever asks again after a change wants to see it, not what another caller was just given.
		Linger: -1,
	})
	d.check(err)
	d.client, far.client = client, client
	traits, sources := map[artifact.Format]repository.Traits{}, map[string]repository.Source{}
	for _, f := range o.Formats {
		traits[f.Name] = f.Traits
		for _, connection := range connectionsOf(f) {
			sources[connection.Name] = f.Source(client, connection.Name)
		}
	}
	d.Rules = repositorytest.Open(t, repository.Options{
		Catalog: o.Catalog, Stores: domainStores{d.bytes}, Fetcher: client, Sources: sources, Remotes: far, Formats: traits,
		Quotas: o.Quotas, Endpoint: endpoint, Now: d.Clock.Now,
	}).Service
	t.Cleanup(func() {
		_ = d.Rules.Close() // what nobody waits for has drafts as well
		_ = client.Close()
		if n := d.Drafts(); n != 0 {
			t.Errorf("%d drafts are left", n)
		}
	})
	_, err = d.Rules.CreateDomain(t.Context(), d.caller, repository.DomainSpec{Name: domainKey.Name})
	d.check(err)
	d.putRemote(o.Formats)
	return d
}

// openRegistries starts an empty registry for every external connection that the formats can read.
func (d *Domain) openRegistries(formats []format.Format) []upstream.Origin {
	var origins []upstream.Origin
	for _, f := range formats {
		for _, connection := range connectionsOf(f) {
			registry := newRegistry(d.t, d.Clock)
			origin, err := upstream.ParseOrigin(connection.Setting(), registry.URL)
			d.check(err)
			d.registries[connection.Name] = registry
			origins = append(origins, origin)
		}
	}
	return origins
}

// connectionsOf are the external connections that a format can read.
func connectionsOf(f format.Format) []upstream.Connection {
	return slices.DeleteFunc(upstream.Connections(), func(c upstream.Connection) bool {
		return f.Source == nil || c.Format != f.Name
	})
}

func endpoint(key artifact.RepositoryKey, f artifact.Format) string {
	return Base + string(f) + "/" + key.Name + "/"
}

func (d *Domain) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// As is the domain as another caller sees it.
func (d *Domain) As(c iam.Caller) *Domain {
	other := *d
	other.caller = c
	return &other
}

// In is the domain in a subtest, which ends where something is refused.
func (d *Domain) In(t testing.TB) *Domain {
	other := *d
	other.t = t
	return &other
}

// Caller is a user of the domain's account whose one policy allows the actions, named as in the table of actions; "*" is
// all of them.
func Caller(name string, actions ...string) iam.Caller {
	return iam.Caller{
		Principal: iam.Principal{Account: string(domainKey.Owner), Name: name, ID: "AIDA" + name,
			ARN: "arn:aws:iam::" + string(domainKey.Owner) + ":user/" + name},
		Identity:      []*iam.Policy{allowing(actions)},
		Circumstances: iam.Circumstances{RequestID: "test"},
	}
}

// allowing is a policy that allows the actions on everything. It panics if one is misspelt: the test is wrong.
func allowing(actions []string) *iam.Policy {
	statements := ""
	for _, action := range append([]string{"sts:GetCallerIdentity"}, actions...) {
		if _, known := repository.ActionNamed(action); known {
			action = "codeartifact:" + action
		}
		statements += fmt.Sprintf(`,{"Effect":"Allow","Action":%q,"Resource":"*"}`, action)
	}
	policy, err := iam.Parse([]byte(`{"Version":"2012-10-17","Statement":[`+statements[1:]+`]}`), iam.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	return policy
}

// Shelf is a repository as the caller sees it when working with a format.
func (d *Domain) Shelf(name string, f artifact.Format) *repository.Shelf {
	key := domainKey.Repository(name)
	return d.Rules.Shelf(d.caller, key, endpoint(key, f))
}

// Registry is the external registry that a connection leads to.
func (d *Domain) Registry(connection string) *Registry { return d.registries[connection] }

// Clock is the time of a Domain: of its records, and of the age of what registries said. It stands still unless it is
// moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass moves the clock on.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
