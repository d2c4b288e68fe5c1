package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/limited"
	"entrepot/blob/memcache"
	"entrepot/blob/metered"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/jobs"

	"github.com/prometheus/client_golang/prometheus"
)

// place is where bytes lie: stores that share nothing, by names of 1 to 64 lower-case letters, digits and dashes. A
// *disk.Disk is one.
type place interface {
	// Space opens the store of that name, making it if it is missing.
	Space(name string) (blob.Store, error)
	// Cache opens one for content that can be had again. Its Commit may keep less than the contract promises, as long as
	// package sealed can tell.
	Cache(name string) (blob.Store, error)
	// Spaces lists the names there are.
	Spaces() ([]string, error)
}

// domainStores gives every domain a byte store of its own: what is asked for often is in memory, over the watch for room,
// over metrics, over encryption under the domain's key, over a space of the place. Domains' keys are wrapped under the master
// key, or under encryption keys of accounts, which the catalog keeps. It also seals small secrets under the master key.
type domainStores struct {
	place   place
	keyring *sealed.Keyring
	keys    *catalog.Memo[string, struct{}] // those that can be used
	catalog catalog.Store
	metrics *metered.Metrics
	opened  sync.Map // catalog.DomainID → blob.Store
	admits  admission
	memory  int64 // bytes of small assets kept in memory for each domain; 0 for none
}

// admission is asked before new content is taken, of packages and of documents. An error refuses it.
type admission struct{ content, document func() error }

// admitAll takes everything.
var admitAll = admission{func() error { return nil }, func() error { return nil }}

// rememberedKeys is of how many encryption keys it is remembered that they can be used.
const rememberedKeys = 1024

// newDomainStores keeps bytes in a place; kind is what metrics call it.
func newDomainStores(p place, kind string, k *sealed.Keyring, c catalog.Store, a admission, r prometheus.Registerer,
	memory int64) (*domainStores, error) {
	metrics, err := metered.NewMetrics(r, kind, time.Now)
	if err != nil {
		return nil, fmt.Errorf("register metrics of the blob store: %w", err)
	}
	keys := catalog.NewMemo[string, struct{}](c, rememberedKeys)
	return &domainStores{place: p, keyring: k, keys: keys, catalog: c, metrics: metrics, admits: a, memory: memory}, nil
}

// Open returns the store of a domain, the same one each time for as long as the domain's encryption key can be used.
func (s *domainStores) Open(d catalog.Domain) (blob.Store, error) {
	if d.WrappedUnder != "" {
		if err := s.usable(d); err != nil {
			s.opened.Delete(d.ID) // what is in memory opens no more either
			return nil, err
		}
	}
	if known, ok := s.opened.Load(d.ID); ok {
		return known.(blob.Store), nil
	}
	key, err := s.dataKey(d)
	if err != nil {
		return nil, fmt.Errorf("domain %s: %w", d.DomainKey, err)
	}
	space, err := s.place.Space(spaceOf(d.ID))
	if err != nil {
		return nil, err
	}
	first, _ := s.opened.LoadOrStore(d.ID, s.stack(space, key, s.admits.content))
	return first.(blob.Store), nil
}

// spaceOf names a domain's space. Like the ID it is never used for another domain.
func spaceOf(id catalog.DomainID) string { return domainSpace + strconv.FormatInt(int64(id), 10) }

const domainSpace = "domain-"

// domainOf is the inverse of spaceOf.
func domainOf(space string) (catalog.DomainID, bool) {
	number, ours := strings.CutPrefix(space, domainSpace)
	id, err := strconv.ParseInt(number, 10, 64)
	return catalog.DomainID(id), ours && err == nil && id > 0
}

// standing is what a catalog knows of the domain that has a space.
type standing uint8

const (
	unknown standing = iota // it never had a domain of that number: the space is another catalog's, and left alone
	living
	deleted
)

func standingOf(r catalog.Reader, id catalog.DomainID) (standing, error) {
	_, err := r.DomainByID(id)
	if err == nil || !artifact.Is(err, artifact.NotFound) {
		return living, err
	}
	gone, err := r.DomainDeleted(id)
	if gone {
		return deleted, err
	}
	return unknown, err
}

// spaces lists all there is to look through for contents that nothing refers to.
func (s *domainStores) spaces(c catalog.Store, documents blob.Store) jobs.Spaces {
	living, abandoned := jobs.DomainSpaces(c, s.openToCollect, documents), s.abandoned(c)
	return func(ctx context.Context) ([]jobs.Space, error) {
		all, err := living(ctx)
		if err != nil {
			return nil, err
		}
		more, err := abandoned(ctx)
		return append(all, more...), err
	}
}

// standing lists the spaces whose domains stand so with the catalog.
func (s *domainStores) standing(ctx context.Context, c catalog.Store, wanted standing) (found []string, err error) {
	names, err := s.place.Spaces()
	if err != nil {
		return nil, err
	}
	err = c.Read(ctx, func(r catalog.Reader) error {
		found = nil
		for _, name := range names {
			id, ours := domainOf(name)
			if !ours {
				continue
			}
			at, err := standingOf(r, id)
			if err != nil {
				return err
			}
			if at == wanted {
				found = append(found, name)
			}
		}
		return nil
	})
	return found, err
}

// abandoned lists the spaces of domains that the catalog has deleted, so that their bytes are collected. No key is needed
// for that.
func (s *domainStores) abandoned(c catalog.Store) jobs.Spaces {
	return func(ctx context.Context) ([]jobs.Space, error) {
		gone, err := s.standing(ctx, c, deleted)
		if err != nil {
			return nil, err
		}
		var spaces []jobs.Space
		for _, name := range gone {
			space, err := s.place.Space(name)
			if err != nil {
				return nil, err
			}
			spaces = append(spaces, jobs.Space{Name: name, Store: space, Referenced: never})
		}
		return spaces, nil
	}
}

// never says of content that nothing refers to it.
func never(catalog.Reader, artifact.Digest) (bool, error) { return false, nil }

// maxCachedAsset is the largest asset kept in memory, in bytes. Most package assets are smaller; for larger ones opening
// the file costs little beside sending it.
const maxCachedAsset = 256 << 10

// documents returns the installation's own store, where metadata of public registries lies. It can be fetched again, so
// nobody waits for the disk.
func (s *domainStores) documents() (blob.Store, error) {
	space, err := s.place.Cache("documents")
	if err != nil {
		return nil, err
	}
	return s.stack(space, s.keyring.OwnDataKey(), s.admits.document), nil
}

func (s *domainStores) stack(space blob.Store, key sealed.DataKey, admit func() error) blob.Store {
	store := blob.Store(limited.New(s.metrics.Store(sealed.New(space, key)), admit))
	if s.memory > 0 {
		store = memcache.New(store, memcache.Options{Largest: maxCachedAsset, Total: s.memory})
	}
	return store
}

// Seal encrypts a secret and binds it to what it is about.
func (s *domainStores) Seal(plain, about []byte) ([]byte, error) {
	return s.keyring.Seal(plain, string(about))
}

// Unseal is the inverse of Seal.
func (s *domainStores) Unseal(sealed, about []byte) ([]byte, error) {
	return s.keyring.Unseal(sealed, string(about))
}

// Derive returns bytes that follow from the master key and about.
func (s *domainStores) Derive(about []byte) [32]byte { return s.keyring.Derive(about) }
