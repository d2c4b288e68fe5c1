package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"entrepot/access"
	"entrepot/access/oidc"
	"entrepot/access/sigv4"
	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/awsapi"
	"entrepot/blob"
	"entrepot/blob/disk"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/config"
	"entrepot/delivery"
	"entrepot/format"
	"entrepot/freespace"
	"entrepot/iam"
	"entrepot/jobs"
	"entrepot/kms"
	"entrepot/localca"
	"entrepot/metering"
	"entrepot/queryapi"
	"entrepot/repository"
	"entrepot/server"
	"entrepot/trail"
	"entrepot/upstream"
	"entrepot/upstream/doccache"
	"entrepot/usage"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// app is a whole Entrepot: every part, put together. Only this file and stores.go know which store is behind
// a contract.
type app struct {
	config  config.Config
	log     *slog.Logger
	metrics *prometheus.Registry

	addresses *server.Addresses
	catalog   catalog.Store
	stores    *domainStores
	upstream  *upstream.Client
	remotes   *remotes
	keys      *kms.Service
	rules     *repository.Service
	guard     *access.Guard
	accounts  *accounts.Service
	trail     *trail.Service
	behind    *trail.Behind
	meter     *metering.Meter
	delivery  *delivery.Service
	server    *server.Server
	issuer    *localca.Issuer // of certificates; nil without an authority of our own

	fresh     bool // the data folder is new
	free      func(folder string) (freespace.Reading, error)
	room      *room
	documents blob.Store     // of the installation's own
	closers   []func() error // in the order of opening
}

// open puts the parts together, from the floor up. On an empty data folder it makes a new installation. What was opened
// is closed by Close, also after an error.
func open(ctx context.Context, c config.Config, log *slog.Logger) (*app, error) {
	return assemble(ctx, &app{config: c, log: log, metrics: prometheus.NewRegistry()})
}

// assemble is open for an app that has its settings; tests set how it reads the free room of the disk.
func assemble(ctx context.Context, a *app) (_ *app, err error) {
	c := a.config
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	suffix, hosts := c.Names()
	if a.addresses, err = server.NewAddresses(c.PublicURL, suffix, c.ListenURL(), hosts); err != nil {
		return nil, err
	}
	process := collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	a.metrics.MustRegister(collectors.NewGoCollector(), process)
	steps := []func(context.Context) error{
		a.openStores, a.openAuthority, a.openUpstreams, a.openRules, a.openAccess, a.openEvents, a.openMeter, a.openServer, a.startJobs, a.startTrimming,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Close ends all parts, last opened first.
func (a *app) Close() error {
	var failures []error
	for len(a.closers) > 0 {
		last := len(a.closers) - 1
		failures = append(failures, a.closers[last]())
		a.closers = a.closers[:last]
	}
	return errors.Join(failures...)
}

func (a *app) closing(f func() error) { a.closers = append(a.closers, f) }

// openStores opens the data folder: keys, bytes, catalog.
func (a *app) openStores(ctx context.Context) error {
	var err error
	if a.fresh, err = prepare(a.config.Data); err != nil {
		return err
	}
	if a.room, err = openRoom(a.config.Data, a.config.Limits, a.free, a.log, a.metrics); err != nil {
		return err
	}
	keyring, err := sealed.OpenKeyring(a.config.Data)
	if err != nil {
		return err
	}
	content, err := disk.Open(filepath.Join(a.config.Data, "blobs"), disk.Options{})
	if err != nil {
		return err
	}
	a.closing(content.Close)
	store, err := sqlcatalog.OpenSQLite(ctx, filepath.Join(a.config.Data, "catalog.sqlite"),
		sqlcatalog.Options{Existing: !a.fresh, Full: a.makeRoom, Scarce: a.room.isLow})
	if err != nil {
		return err
	}
	a.closing(store.Close)
	a.catalog = store
	if a.stores, err = newDomainStores(content, "disk", keyring, store,
		admission{a.room.admit, a.room.admitDocument}, a.metrics, int64(a.config.Cache.Assets)); err != nil {
		return err
	}
	if a.fresh {
		return nil
	}
	return a.stores.match(ctx, store, a.log)
}

// makeRoom gives the reserve up.
func (a *app) makeRoom() {
	if err := a.room.MakeRoom(); err != nil {
		a.log.Error("no room could be made on a full disk", "error", err.Error())
	}
}

// openUpstreams opens the way to the external registries.
func (a *app) openUpstreams(ctx context.Context) error {
	origins, err := origins(ctx, a.config, a.log)
	if err != nil {
		return err
	}
	if a.documents, err = a.stores.documents(); err != nil {
		return err
	}
	cache := doccache.New(a.catalog, a.documents, a.log)
	a.closing(cache.Close) // after the upstreams, which use it
	f := a.config.Fetch
	public := upstream.NewPublicTransport(upstream.Options{})
	a.closing(public.Close)
	a.remotes = newRemotes(a.stores, artifact.AccountID(a.config.Account), public)
	a.upstream, err = upstream.New(upstream.Options{
		Origins: origins, Remotes: a.remotes.origin, Cache: cache, Logger: a.log,
		Freshness: f.Freshness, StaleWhileRevalidate: f.StaleWhileRevalidate, NegativeTTL: f.NegativeTTL,
		Patience: f.Patience, MaxDocument: int64(f.MaxDocument), MaxAsset: int64(a.config.Limits.MaxAsset), UserAgent: "entrepot/" + version,
	})
	if err != nil {
		return err
	}
	a.closing(a.upstream.Close)
	a.remotes.client = a.upstream
	return a.metrics.Register(a.upstream)
}

func (a *app) openRules(ctx context.Context) error {
	var err error
	if a.behind, err = trail.NewBehind(a.catalog, a.log, a.metrics, time.Now); err != nil {
		return err
	}
	a.background(a.behind.Run) // until the rules, which give it events, are closed
	if a.config.AnonymousReads {
		a.log.Warn("readers without credentials are let in wherever a policy allows everybody", "setting", "anonymous_reads")
	}
	a.keys = kms.New(kms.Options{Catalog: a.catalog, Keyring: a.stores, Region: a.config.Region, Now: time.Now, NewID: uuid.NewString,
		RecordLater: a.behind.Record})
	a.trail = trail.New(trail.Options{Catalog: a.catalog, Region: a.config.Region, Now: time.Now, RecordLater: a.behind.Record})
	q := a.config.Quotas
	a.rules = repository.New(repository.Options{
		Catalog: a.catalog, Stores: a.stores, Keys: a.keys, Fetcher: a.upstream, Sources: sources(a.upstream),
		RecordLater: a.behind.Record,
		Remotes:     a.remotes, Sealer: a.stores, Formats: traits(),
		Region: a.config.Region, Endpoint: a.addresses.Endpoint, Now: time.Now, NewID: rand.Text, Log: a.log,
		Quotas: repository.Quotas{
			Domains: q.Domains, Repositories: q.Repositories, PackageGroups: q.PackageGroups,
			DirectUpstreams: q.DirectUpstreams, SearchedUpstreams: q.SearchedUpstreams, Tags: q.Tags, Assets: q.Assets,
			AssetSize:       int64(a.config.Limits.MaxAsset),
			PackageVersions: q.PackageVersions, PackageLabels: q.PackageLabels,
			PackageIndex: int64(q.PackageIndex), VersionIndex: int64(q.VersionIndex),
		},
		AnonymousReads: a.config.AnonymousReads, DocumentCache: int64(a.config.Cache.Documents),
		DocumentSpool: int64(a.config.Cache.LargeDocuments),
	})
	a.closing(a.rules.Close)
	remotes, err := configuredRemotes(a.config, time.Now, a.log)
	if err != nil {
		return err
	}
	if err := a.rules.Configure(ctx, remotes); err != nil {
		return err
	}
	return a.metrics.Register(a.rules)
}

// openAccess opens the way in, and makes the administrator of a new installation.
func (a *app) openAccess(ctx context.Context) error {
	var err error
	a.guard, err = access.New(access.Config{
		Catalog: a.catalog, Sealer: a.stores, Now: time.Now, Region: a.config.Region,
		AnonymousReads: a.config.AnonymousReads, TokenRate: a.config.Rates.PerToken,
	})
	if err != nil {
		return err
	}
	issuers, err := a.openIssuers()
	if err != nil {
		return err
	}
	a.background(a.recordUses)
	a.accounts = accounts.New(accounts.Options{Catalog: a.catalog, Region: a.config.Region, Now: time.Now, Keys: a.guard, SessionKeys: a.guard,
		RecordLater:    a.behind.Record,
		IdentityTokens: oidc.New(issuers.Get, time.Now), PrivateIssuer: issuers.IsPrivate,
		Quotas: accounts.Quotas{Accounts: a.config.Quotas.Accounts}})
	if err := a.accounts.InstallPolicies(ctx); err != nil {
		return err
	}
	if a.fresh {
		if err := a.install(ctx); err != nil {
			return err
		}
	}
	if err := a.accounts.InstallAccount(ctx, artifact.AccountID(a.config.Account)); err != nil {
		return err
	}
	return access.Readdress(a.config.Data, a.config.PublicURL)
}

// openIssuers opens the way to the keys of identity providers.
func (a *app) openIssuers() (*upstream.Getter, error) {
	var private []*url.URL
	for _, text := range a.config.IdentityProviders {
		u, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		private = append(private, u)
	}
	issuers := upstream.NewGetter(upstream.Options{Patience: a.config.Fetch.Patience, UserAgent: "entrepot/" + version}, private)
	a.closing(issuers.Close)
	return issuers, nil
}

// useEvery is how often it is written down when access keys were last used.
const useEvery = time.Minute

// recordUses writes that down until the server ends, and once more then.
func (a *app) recordUses(ctx context.Context) {
	tick := time.NewTicker(useEvery)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		if err := a.guard.RecordUses(context.WithoutCancel(ctx)); err != nil {
			a.log.WarnContext(ctx, "the last uses of access keys could not be recorded", "error", err.Error())
		}
	}
}

// install makes the administrator, with which the first start comes to its end.
func (a *app) install(ctx context.Context) error {
	created, err := a.guard.Bootstrap(ctx, access.Installation{
		Dir: a.config.Data, Account: artifact.AccountID(a.config.Account), PublicURL: a.config.PublicURL,
	})
	if err != nil {
		return err
	}
	if created {
		a.log.InfoContext(ctx, "made a new installation",
			"account", a.config.Account, "credentials", filepath.Join(a.config.Data, "aws"))
	}
	return conclude(a.config.Data)
}

// openMeter begins to count what is used.
func (a *app) openMeter(context.Context) error {
	networks, err := usage.ParseNetworks(a.config.Region, a.config.Usage.Networks)
	if err != nil {
		return err
	}
	prices, err := a.config.Usage.Prices.Table()
	if err != nil {
		return err
	}
	a.meter = metering.New(metering.Options{Catalog: a.catalog, Networks: networks, Prices: prices, Account: artifact.AccountID(a.config.Account),
		Region: a.config.Region, Now: time.Now, NewID: rand.Text, Log: a.log, RecordLater: a.behind.Record})
	a.background(a.meter.Run)
	return a.metrics.Register(a.meter)
}

func (a *app) openServer(context.Context) error {
	trusted, err := config.Prefixes(a.config.TrustedProxies)
	if err != nil {
		return err
	}
	scrapers, err := config.Prefixes(a.config.MetricsFrom)
	if err != nil {
		return err
	}
	l, rates := a.config.Limits, a.config.Rates
	a.server, err = server.New(server.Options{
		Addresses:     a.addresses,
		Authenticator: authenticator{a.guard, a.rules},
		API: awsapi.New(a.rules, a.guard, awsapi.Options{
			Region: a.config.Region, Account: artifact.AccountID(a.config.Account), Logger: a.log,
			Served: served(), Rates: awsapi.Rates{Copies: rates.Copies, Tokens: rates.Tokens, Assets: rates.Assets,
				Publishes: rates.Publishes, Lists: rates.Lists, Reads: rates.Reads, Writes: rates.Writes},
			Principals: a.accounts, Credentials: a.accounts, Usage: a.meter, Delivery: a.delivery,
		}),
		Services: map[string]server.API{"iam": queryapi.IAM(a.accounts), "kms": queryapi.KMS(a.keys),
			"organizations": queryapi.Organizations(a.accounts), "sts": queryapi.STS(a.accounts),
			"cloudtrail": queryapi.CloudTrail(a.trail), "events": queryapi.EventBridge(a.delivery)},
		Unsigned: "sts", QueryError: queryapi.WriteError,
		Formats: formats(),
		Shelves: func(c iam.Caller, key artifact.RepositoryKey, base string) format.Shelf {
			return a.rules.Shelf(c, key, base)
		},
		Hop:            hopsOf(a.config.Region),
		Meter:          a.meter,
		Checks:         []server.Check{{Name: "catalog", Run: a.readable}, server.FolderWritable(a.config.Data)},
		Notes:          []func() string{a.room.note},
		TrustedProxies: trusted, MetricsFrom: scrapers,
		Limits: server.Limits{
			Body: int64(l.MaxBody), Request: l.RequestTime, IdleTime: l.IdleTime, Connections: l.Connections,
			FailedLogins: unlimited(l.FailedLogins), Strangers: rates.PerAddress, Hops: a.config.Fetch.Hops, Pace: server.Pace{Patience: l.Patience, Rate: int64(l.MinRate)},
		},
		Log: a.log, Metrics: a.metrics, Gatherer: a.metrics, Now: time.Now, NewID: uuid.NewString,
	})
	return err
}

// startJobs starts the background work. It ends before anything it works on is closed.
func (a *app) startJobs(context.Context) error {
	orphans, err := jobs.NewOrphans(a.catalog, a.stores.spaces(a.catalog, a.documents), a.config.Jobs.OrphanGrace, time.Now, a.log, a.metrics)
	if err != nil {
		return err
	}
	orphans.Pressed = a.room.isLow
	kept := a.config.Retention
	holder, err := leaseHolder(a.config.Data)
	if err != nil {
		return err
	}
	exporter := a.exporter()
	all := append(a.exports(exporter),
		jobs.Job{Name: "orphans", Every: a.config.Jobs.OrphanEvery, Run: orphans.Run, Wake: a.room.collect},
		jobs.Job{Name: "tokens", Every: a.config.Jobs.TokenEvery, Run: jobs.ExpiredTokens(a.catalog, kept.Tokens, time.Now)},
		jobs.Job{Name: "sessions", Every: a.config.Jobs.TokenEvery, Run: jobs.ExpiredSessions(a.catalog, kept.Tokens, time.Now)},
		jobs.Job{Name: "documents", Every: a.config.Jobs.OrphanEvery, Run: jobs.ForgottenDocuments(a.catalog, remotesThere(a.rules))},
		jobs.Job{Name: "keys", Every: a.config.Jobs.KeyEvery, Run: a.keys.Tend},
		jobs.Job{Name: "usage", Every: a.config.Jobs.RecordEvery, Run: a.meter.Forget},
		jobs.Job{Name: "record", Every: a.config.Jobs.RecordEvery, Run: a.removeOld(exporter)},
		jobs.Job{Name: "events", Every: time.Hour, Run: a.delivery.Run, Wake: a.delivery.Wake()},
		jobs.Job{Name: "dead_letters", Every: a.config.Jobs.RecordEvery, Run: a.delivery.Bury},
	)
	runner, err := jobs.NewRunner(
		jobs.Options{Catalog: a.catalog, Holder: holder, Now: time.Now, Log: a.log, Metrics: a.metrics}, all...)
	if err != nil {
		return err
	}
	a.background(runner.Run)
	a.background(a.room.watch)
	return nil
}

// leaseHolder is under which name a process over this data folder takes leases. No two have one folder at the same time, so
// one that was killed is succeeded at once by the next: a name drawn anew would have it wait for the lease's end.
func leaseHolder(data string) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("find the name of this machine: %w", err)
	}
	path, err := filepath.Abs(data)
	if err != nil {
		return "", err
	}
	return artifact.Digest(sha256.Sum256([]byte(host + "\x00" + path))).String(), nil
}

// startTrimming has memory given back when a peak is over.
func (a *app) startTrimming(context.Context) error {
	a.background((&trimmer{read: readHeap, free: freeMemory}).run)
	return nil
}

// background runs something until the app is closed.
func (a *app) background(run func(context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	a.closing(func() error {
		stop()
		<-done
		return nil
	})
}

// unlimited turns the configuration's zero, which means no limit, into the server's negative number for that.
func unlimited(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// readable checks that the catalog answers.
func (a *app) readable(ctx context.Context) error {
	return a.catalog.Read(ctx, func(r catalog.Reader) error {
		_, err := r.AllDomains(catalog.Page{Limit: 1})
		return err
	})
}

// authenticator is the guard in the shape in which the server asks it who calls.
type authenticator struct {
	guard *access.Guard
	rules *repository.Service
}

// jsonBody is the most that the body of a signed API call may take, in bytes; policies and lists of a hundred versions
// fit many times.
const jsonBody = 1 << 20

func (a authenticator) Signed(r *http.Request, in iam.Circumstances, service string) (iam.Caller, error) {
	return a.guard.API(r, in, sigv4.Payload{HeaderHash: awsapi.HeaderHash(r), Limit: jsonBody}, service)
}

func (a authenticator) Nobody(in iam.Circumstances) iam.Caller { return a.guard.Nobody(in) }

func (a authenticator) Bearer(r *http.Request, in iam.Circumstances, key artifact.DomainKey) (iam.Caller, error) {
	// The ID of a domain that is not there is zero, and a token for it is refused like any wrong one.
	id, err := a.rules.DomainID(r.Context(), key)
	if err != nil {
		return iam.Caller{}, err
	}
	return a.guard.Package(r, in, id)
}

func (a authenticator) Attempts(r *http.Request) bool { return access.Attempts(r) }
