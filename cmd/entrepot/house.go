package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"entrepot/access"
	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/awsapi"
	"entrepot/blob"
	"entrepot/blob/disk"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/config"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/jobs"
	"entrepot/repository"
	"entrepot/server"
	"entrepot/upstream"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// house is a whole Entrepot: every part, put together. Only this file and vault.go know which store is
// behind a contract.
type house struct {
	config  config.Config
	log     *slog.Logger
	metrics *prometheus.Registry

	addresses *server.Addresses
	catalog   catalog.Store
	vault     *vault
	upstream  *upstream.Client
	rules     *repository.Service
	guard     *access.Guard
	server    *server.Server

	documents blob.Store     // of the installation's own
	closers   []func() error // in the order of opening
}

// open puts the parts together, from the floor up. On an empty data folder it makes a new installation. What was opened
// is closed by Close, also after an error.
func open(ctx context.Context, c config.Config, log *slog.Logger) (_ *house, err error) {
	h := &house{config: c, log: log, metrics: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if h.addresses, err = server.NewAddresses(c.PublicURL, c.HostSuffix, c.Listen, c.Hosts); err != nil {
		return nil, err
	}
	process := collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	h.metrics.MustRegister(collectors.NewGoCollector(), process)
	steps := []func(context.Context) error{
		h.openStores, h.openUpstreams, h.openRules, h.openAccess, h.openServer, h.startJobs,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Close ends all parts, last opened first.
func (h *house) Close() error {
	var failures []error
	for len(h.closers) > 0 {
		last := len(h.closers) - 1
		failures = append(failures, h.closers[last]())
		h.closers = h.closers[:last]
	}
	return errors.Join(failures...)
}

func (h *house) closing(f func() error) { h.closers = append(h.closers, f) }

// openStores opens the data folder: keys, bytes, catalog.
func (h *house) openStores(ctx context.Context) error {
	if err := os.MkdirAll(h.config.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	keyring, err := sealed.OpenKeyring(h.config.Data)
	if err != nil {
		return err
	}
	content, err := disk.Open(filepath.Join(h.config.Data, "blobs"), disk.Options{})
	if err != nil {
		return err
	}
	h.closing(content.Close)
	if h.vault, err = newVault(content, keyring, h.metrics, int64(h.config.Cache.Assets)); err != nil {
		return err
	}
	store, err := sqlcatalog.OpenSQLite(ctx, filepath.Join(h.config.Data, "catalog.sqlite"), sqlcatalog.Options{})
	if err != nil {
		return err
	}
	h.closing(store.Close)
	h.catalog = store
	return nil
}

// openUpstreams opens the way to the external registries.
func (h *house) openUpstreams(ctx context.Context) error {
	origins, err := origins(ctx, h.config, h.log)
	if err != nil {
		return err
	}
	if h.documents, err = h.vault.documents(); err != nil {
		return err
	}
	remembered := repository.NewRemembered(h.catalog, h.documents, h.log)
	h.closing(remembered.Close) // after the upstreams, which use it
	f := h.config.Fetch
	h.upstream, err = upstream.New(upstream.Options{
		Origins: origins, Cache: remembered, Logger: h.log,
		Freshness: f.Freshness, StaleWhileRevalidate: f.StaleWhileRevalidate, NegativeTTL: f.NegativeTTL,
		MaxDocument: int64(f.MaxDocument), MaxAsset: int64(h.config.Limits.MaxAsset), UserAgent: "entrepot/" + version,
	})
	if err != nil {
		return err
	}
	h.closing(h.upstream.Close)
	return h.metrics.Register(h.upstream)
}

func (h *house) openRules(context.Context) error {
	q := h.config.Quotas
	h.rules = repository.New(repository.Options{
		Catalog: h.catalog, Vault: h.vault, Fetcher: h.upstream, Sources: sources(h.upstream),
		Region: h.config.Region, Endpoint: h.addresses.Endpoint, Now: time.Now, NewID: rand.Text, Log: h.log,
		Quotas: repository.Quotas{
			Domains: q.Domains, Repositories: q.Repositories, DirectUpstreams: q.DirectUpstreams,
			SearchedUpstreams: q.SearchedUpstreams, Tags: q.Tags, Assets: q.Assets,
			AssetSize: int64(h.config.Limits.MaxAsset),
		},
		AllowPublic: h.config.AllowPublic, DocumentCache: int64(h.config.Cache.Documents),
	})
	return nil
}

// openAccess opens the way in, and makes the administrator of a new installation.
func (h *house) openAccess(ctx context.Context) error {
	var err error
	h.guard, err = access.New(access.Config{
		Catalog: h.catalog, Sealer: h.vault, Now: time.Now, Region: h.config.Region,
	})
	if err != nil {
		return err
	}
	created, err := h.guard.Bootstrap(ctx, access.Installation{
		Dir: h.config.Data, Account: artifact.AccountID(h.config.Account), PublicURL: h.config.PublicURL,
	})
	if err != nil {
		return err
	}
	if created {
		h.log.InfoContext(ctx, "made a new installation",
			"account", h.config.Account, "credentials", filepath.Join(h.config.Data, "aws"))
	}
	return access.Readdress(h.config.Data, h.config.PublicURL)
}

func (h *house) openServer(context.Context) error {
	trusted, err := config.Prefixes(h.config.TrustedProxies)
	if err != nil {
		return err
	}
	scrapers, err := config.Prefixes(h.config.MetricsFrom)
	if err != nil {
		return err
	}
	l := h.config.Limits
	h.server, err = server.New(server.Options{
		Addresses:     h.addresses,
		Authenticator: doorkeeper{h.guard, h.rules},
		API: awsapi.New(h.rules, h.guard, awsapi.Options{
			Region: h.config.Region, Account: artifact.AccountID(h.config.Account), Logger: h.log,
			Normalize: func(v artifact.VersionKey) artifact.VersionKey {
				return v.PackageKey.Canonical().At(v.Version)
			},
			Rates: awsapi.Rates(h.config.Rates),
		}),
		Services: map[string]server.API{"sts": sts{}},
		Formats:  formats(),
		Shelves: func(c iam.Caller, key artifact.RepositoryKey, f artifact.Format) format.Shelf {
			return h.rules.Shelf(c, key, h.addresses.Endpoint(key, f))
		},
		Checks:         []server.Check{{Name: "catalog", Run: h.readable}, server.FolderWritable(h.config.Data)},
		TrustedProxies: trusted, MetricsFrom: scrapers,
		Limits: server.Limits{
			Body: int64(l.MaxBody), Request: l.RequestTime, IdleTime: l.IdleTime, Connections: l.Connections,
			FailedLogins: unlimited(l.FailedLogins), Pace: server.Pace{Patience: l.Patience, Rate: int64(l.MinRate)},
		},
		Log: h.log, Metrics: h.metrics, Gatherer: h.metrics, Now: time.Now, NewID: uuid.NewString,
	})
	return err
}

// startJobs starts the background work. It ends before anything it works on is closed.
func (h *house) startJobs(context.Context) error {
	living, abandoned := jobs.DomainSpaces(h.catalog, h.vault.Open, h.documents), h.vault.abandoned(h.catalog)
	spaces := func(ctx context.Context) ([]jobs.Space, error) {
		all, err := living(ctx)
		if err != nil {
			return nil, err
		}
		more, err := abandoned(ctx)
		return append(all, more...), err
	}
	orphans, err := jobs.NewOrphans(h.catalog, spaces, h.config.Jobs.OrphanGrace, time.Now, h.log, h.metrics)
	if err != nil {
		return err
	}
	runner, err := jobs.NewRunner(h.log, h.metrics, nil,
		jobs.Job{Name: "orphans", Every: h.config.Jobs.OrphanEvery, Run: orphans.Run},
		jobs.Job{Name: "tokens", Every: h.config.Jobs.TokenEvery, Run: jobs.ExpiredTokens(h.catalog, time.Now)},
	)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		runner.Run(ctx)
	}()
	h.closing(func() error {
		stop()
		<-done
		return nil
	})
	return nil
}

// unlimited turns the configuration's zero, which means no limit, into the server's negative number for that.
func unlimited(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// readable checks that the catalog answers.
func (h *house) readable(ctx context.Context) error {
	return h.catalog.Read(ctx, func(r catalog.Reader) error {
		_, err := r.AllDomains(catalog.Page{Limit: 1})
		return err
	})
}

// doorkeeper is the guard in the shape in which the server asks it who calls.
type doorkeeper struct {
	guard *access.Guard
	rules *repository.Service
}

// jsonBody is the most that the body of a signed API call may take, in bytes; policies and lists of a hundred versions
// fit many times.
const jsonBody = 1 << 20

func (d doorkeeper) Signed(r *http.Request, service string) (iam.Caller, error) {
	caller, _, err := d.guard.API(r, "", sigv4.Payload{HeaderHash: awsapi.HeaderHash(r), Limit: jsonBody}, service)
	return caller.Caller, err
}

func (d doorkeeper) Bearer(r *http.Request, key artifact.DomainKey) (iam.Caller, error) {
	// The ID of a domain that is not there is zero, and a token for it is refused like any wrong one.
	id, err := d.rules.DomainID(r.Context(), key)
	if err != nil {
		return iam.Caller{}, err
	}
	caller, err := d.guard.Package(r, "", id)
	return caller.Caller, err
}

// sts answers the operations of STS that there are.
type sts struct{}

func (sts) Serve(w http.ResponseWriter, r *http.Request, caller iam.Caller) {
	_ = access.STS(r, access.Caller{Caller: caller}).Send(w)
}

func (sts) Fail(w http.ResponseWriter, r *http.Request, err error) {
	_ = access.STSError(err, w.Header().Get(awsapi.RequestIDHeader)).Send(w)
}
