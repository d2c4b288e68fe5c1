package repository

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/bytecache"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/upstream"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// Service has the rules. All its methods may be used at once from any number of goroutines.
type Service struct {
	Options
	configured     map[artifact.DomainKey][]configuredRemote
	configurations *catalog.Memo[configurationKey, *configuration]
	held           *catalog.Memo[heldKey, heldAsset]
	absences       *catalog.Memo[heldKey, absence]
	plans          *catalog.Memo[planKey, *plan]
	groupings      *lru.Cache[catalog.DomainID, *groups]
	documents      *documents
	damages        *damages
	readmes        *bytecache.Cache[contentKey, string]
	retaining      singleflight.Group
	background     *background
}

// Options are what the rules work with. All members are needed unless they say otherwise.
type Options struct {
	Catalog   catalog.Store
	Stores    DomainStores
	Keys      DomainKeys
	Fetcher   Fetcher
	Sources   map[string]Source // by external connection; a connection without one cannot be associated
	Remotes   Remotes           // what lies behind the remotes of domains; nil if there are none
	Sealer    Sealer            // of what remotes want to see; needed where there are remotes
	Formats   map[artifact.Format]Traits
	Partition string // of ARNs; empty means aws
	Region    string
	Endpoint  func(key artifact.RepositoryKey, f artifact.Format) string // base URL ending in a slash
	Now       func() time.Time
	NewID     func() string // unguessable, at most 36 URL-safe characters
	Log       *slog.Logger
	// RecordLater puts an event on record without anybody waiting for it: that a read was refused. nil means that none is.
	RecordLater func(e catalog.Event)
	Quotas      Quotas // zero members take the service's defaults
	// AnonymousReads says that callers without credentials come in to read; that a policy lets them is then worth a warning.
	AnonymousReads bool
	// DocumentCache bounds the memory for rendered index documents, in bytes; 0 means 64 MiB. DocumentSpool bounds the
	// bytes of very large ones, which lie in the byte stores of their domains until they are forgotten; 0 means 1 GiB.
	DocumentCache, DocumentSpool int64
}

// DomainStores gives each domain a byte store of its own, encrypted under the domain's key.
type DomainStores interface {
	// Open returns the store of a domain, at no cost once it is open. While the domain's encryption key cannot be used the
	// error is KeyUnusable's.
	Open(d catalog.Domain) (blob.Store, error)
}

// DomainKeys makes the data keys of new domains.
type DomainKeys interface {
	// DomainKey makes a data key, wrapped under the encryption key that the caller names: by its id, an alias, or the ARN of
	// either; empty for the one of his account. Invalid for one that is not there or cannot be used, Denied for one that is
	// not his to use. r is the transaction that records the domain: until then the key could get other material.
	DomainKey(r catalog.Reader, c iam.Caller, asked string) (catalog.WrappedKey, error)
}

// Fetcher fetches assets of external registries; *upstream.Client is one.
type Fetcher interface {
	Asset(ctx context.Context, r upstream.AssetRequest) (*upstream.Transfer, error)
}

func orDefault[T comparable](value *T, standard T) {
	if *value == *new(T) {
		*value = standard
	}
}

// New returns the rules over the given parts. Close ends them.
func New(o Options) *Service {
	o.Quotas = o.Quotas.withDefaults()
	o.Catalog = bounded{o.Catalog, o.Quotas}
	orDefault(&o.DocumentCache, 64<<20)
	orDefault(&o.DocumentSpool, 1<<30)
	orDefault(&o.Partition, "aws")
	s := &Service{Options: o, documents: newDocuments(o.DocumentCache, o.DocumentSpool), damages: newDamages(o.Log),
		readmes: newReadmes(), background: newBackground()}
	s.configurations = catalog.NewMemo[configurationKey, *configuration](o.Catalog, 4096)
	s.plans = catalog.NewMemo[planKey, *plan](o.Catalog, 16384)
	s.groupings = groupingsOf(256)
	s.held = catalog.NewMemo[heldKey, heldAsset](o.Catalog, 65536)
	s.absences = catalog.NewMemo[heldKey, absence](o.Catalog, 16384)
	return s
}

// flight names work on a version, or a package, that is done once for all who want it at the same time. Names are for
// strangers to choose: quoted, no list of texts runs into another.
func flight[ID ~int64](work string, in ID, v artifact.VersionKey, more ...string) string {
	texts := append([]string{string(v.Format), v.Namespace, v.Name, v.Version}, more...)
	return fmt.Sprintf("%s/%d/%q", work, in, texts)
}

// store returns the byte store of a domain.
func (s *Service) store(d catalog.Domain) (blob.Store, error) {
	opened, err := s.Stores.Open(d)
	if err != nil {
		return nil, fmt.Errorf("open the store of domain %s: %w", d.Name, err)
	}
	return opened, nil
}
