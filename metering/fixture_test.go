package metering_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/metering"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
	"entrepot/usage"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	us   = artifact.AccountID("111122223333")
	them = artifact.AccountID("444455556666")
	home = artifact.AccountID("123456789012") // the installation's own
	gb   = int64(usage.Gigabyte)
)

var shop = artifact.DomainKey{Owner: us, Name: "shop"}

// clock is a clock that is set.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	real bool // it is the one of time.Now
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real {
		return time.Now()
	}
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) wait(d time.Duration) { c.set(c.Now().Add(d)) }

// unsure is a catalog whose writes fail before or after they are done, when a test says so.
type unsure struct {
	catalog.Store
	before, after bool
	writes        int
}

var errUnsure = errors.New("nobody knows what became of the write")

func (u *unsure) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	u.writes++
	if u.before {
		return errUnsure
	}
	if err := u.Store.Write(ctx, fn); err != nil || !u.after {
		return err
	}
	return errUnsure
}

// fixture is an installation with a meter, at noon of the 10th of November.
type fixture struct {
	*testing.T
	rules *repositorytest.Rules
	clock *clock
	store *unsure
	*metering.Meter
	meters   int
	recorded []catalog.Event
	prices   usage.Prices
}

func open(t *testing.T) *fixture {
	f := &fixture{T: t, prices: usage.DefaultPrices(), clock: &clock{now: time.Date(2026, time.November, 10, 12, 0, 0, 0, time.UTC)}}
	f.rules = repositorytest.Open(t, repository.Options{Now: f.clock.Now})
	f.store = &unsure{Store: f.rules.Catalog}
	f.restart()
	return f
}

// restart has another process count on; what the one before has not written down is lost.
func (f *fixture) restart() {
	networks, err := usage.ParseNetworks("us-east-1", []string{"10.0.0.0/8", "10.9.0.0/16=eu-west-1"})
	if err != nil {
		f.Fatal(err)
	}
	f.meters++
	f.Meter = metering.New(metering.Options{Catalog: f.store, Networks: networks, Prices: f.prices, Account: home, Region: "us-east-1",
		Now: f.clock.Now, NewID: func() string { return fmt.Sprintf("meter-%d", f.meters) }, Log: slog.New(slog.DiscardHandler),
		RecordLater: func(e catalog.Event) { f.recorded = append(f.recorded, e) }})
}

// call counts requests of a user of ours about a repository, from an address.
func (f *fixture) call(repository, from string, count int, sent int64, more ...func(*usage.Note)) {
	n := usage.Note{At: f.clock.Now(), Account: us, Principal: "arn:aws:iam::" + string(us) + ":user/ci", Client: netip.MustParseAddr(from),
		Domain: shop, Repository: repository, Package: artifact.PackageKey{Format: artifact.NPM, Name: "left-pad"}, Count: count, Sent: sent}
	for _, change := range more {
		change(&n)
	}
	f.Count(&n)
}

func writing(n *usage.Note) { n.Write = true }

func (f *fixture) flush() {
	f.Helper()
	if err := f.Flush(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) measure() {
	f.Helper()
	if err := f.Measure(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) read(fn func(r catalog.Reader) error) {
	f.Helper()
	if err := f.rules.Catalog.Read(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

// counted are all requests of an account.
func (f *fixture) counted(account artifact.AccountID) []usage.Counted {
	f.Helper()
	var all []usage.Counted
	f.read(func(r catalog.Reader) (err error) {
		all, err = r.CountedRequests(account, 0, 1<<40, 1)
		return err
	})
	return all
}

// sum adds all up.
func sum(all []usage.Counted) (total usage.Counters) {
	for _, c := range all {
		total = total.Plus(c.Counters)
	}
	return total
}

// hold puts a version of one file of a size into a repository, and on record.
func (f *fixture) hold(repository, pkg string, content byte, size int64) {
	f.Helper()
	a := artifact.Asset{Name: pkg + ".tgz", Size: size}
	a.SHA256[0], a.SHA512[0], a.SHA1[0], a.MD5[0] = content, content, content, content
	key := artifact.PackageKey{Format: artifact.NPM, Name: pkg}
	f.rules.Hold(shop.Repository(repository), artifact.Version{VersionKey: key.At("1.0.0"), Revision: "r", Status: artifact.Published, Assets: []artifact.Asset{a},
		Origin: artifact.Origin{Type: artifact.OriginInternal, Repository: repository}, PublishedAt: f.clock.Now()}, nil)
	f.record()
}

// record puts something on record.
func (f *fixture) record() {
	f.Helper()
	err := f.rules.Catalog.Write(f.Context(), func(w catalog.Writer) error {
		return w.Record(catalog.Event{Kind: catalog.VersionEvent, Time: f.clock.Now()})
	})
	if err != nil {
		f.Fatal(err)
	}
}

// tag puts a tag on a repository.
func (f *fixture) tag(repository, key, value string) {
	f.Helper()
	err := f.rules.Catalog.Write(f.Context(), func(w catalog.Writer) error {
		r, err := w.Repository(shop.Repository(repository))
		if err != nil {
			return err
		}
		return w.PutTags(catalog.Holder{Domain: r.Domain, Repository: r.ID}, map[string]string{key: value})
	})
	if err != nil {
		f.Fatal(err)
	}
	f.record()
}

// report asks as a caller.
func (f *fixture) report(c iam.Caller, q usage.Question) usage.Report {
	f.Helper()
	r, err := f.Report(f.Context(), c, q)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

func (f *fixture) administrator(of artifact.AccountID) iam.Caller {
	return repositorytest.Caller(f.T, of, "admin", repositorytest.AllowAll)
}
