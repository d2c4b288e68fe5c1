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
	"entrepot/blob/disk"
	"entrepot/blob/memcache"
	"entrepot/blob/metered"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/jobs"

	"github.com/prometheus/client_golang/prometheus"
)

// vault gives every domain a byte store of its own: what is asked for often is in memory, over metrics, over encryption
// under the domain's key, over a folder of the disk. It also seals small secrets under the master key.
type vault struct {
	disk    *disk.Disk
	keyring *sealed.Keyring
	metrics *metered.Metrics
	opened  sync.Map // catalog.DomainID → blob.Store
	memory  int64    // bytes of small assets kept in memory for each domain; 0 for none
}

func newVault(d *disk.Disk, k *sealed.Keyring, r prometheus.Registerer, memory int64) (*vault, error) {
	metrics, err := metered.NewMetrics(r, "disk", time.Now)
	if err != nil {
		return nil, fmt.Errorf("register metrics of the blob store: %w", err)
	}
	return &vault{disk: d, keyring: k, metrics: metrics, memory: memory}, nil
}

// NewKey makes a key for a new domain, wrapped.
func (v *vault) NewKey() ([]byte, error) { return v.keyring.NewDataKey(), nil }

// Open returns the store of a domain, the same one each time.
func (v *vault) Open(d catalog.Domain) (blob.Store, error) {
	if known, ok := v.opened.Load(d.ID); ok {
		return known.(blob.Store), nil
	}
	key, err := v.keyring.Unwrap(d.DataKey)
	if err != nil {
		return nil, fmt.Errorf("domain %s: %w", d.DomainKey, err)
	}
	folder, err := v.disk.Space(spaceOf(d.ID))
	if err != nil {
		return nil, err
	}
	first, _ := v.opened.LoadOrStore(d.ID, v.stack(folder, key))
	return first.(blob.Store), nil
}

// spaceOf names a domain's folder. Like the ID it is never used for another domain.
func spaceOf(id catalog.DomainID) string { return domainSpace + strconv.FormatInt(int64(id), 10) }

const domainSpace = "domain-"

// abandoned lists the spaces of domains that no longer exist, so that their bytes are collected. No key is needed for
// that.
func (v *vault) abandoned(c catalog.Store) jobs.Spaces {
	return func(ctx context.Context) ([]jobs.Space, error) {
		names, err := v.disk.Spaces()
		if err != nil {
			return nil, err
		}
		var spaces []jobs.Space
		err = c.Read(ctx, func(r catalog.Reader) error {
			spaces = nil
			for _, name := range names {
				number, ours := strings.CutPrefix(name, domainSpace)
				id, err := strconv.ParseInt(number, 10, 64)
				if !ours || err != nil {
					continue
				}
				if _, err := r.DomainByID(catalog.DomainID(id)); !artifact.Is(err, artifact.NotFound) {
					continue
				}
				folder, err := v.disk.Space(name)
				if err != nil {
					return err
				}
				spaces = append(spaces, jobs.Space{Name: name, Store: folder, Referenced: never})
			}
			return nil
		})
		return spaces, err
	}
}

// never says of content that nothing refers to it.
func never(catalog.Reader, artifact.Digest) (bool, error) { return false, nil }

// maxCachedAsset is the largest asset kept in memory, in bytes. Most package assets are smaller; for larger ones opening the
// file costs little beside sending it.
const maxCachedAsset = 256 << 10

// documents returns the installation's own store, where metadata of public registries lies. It can be fetched again, so
// nobody waits for the disk.
func (v *vault) documents() (blob.Store, error) {
	folder, err := v.disk.Cache("documents")
	if err != nil {
		return nil, err
	}
	return v.stack(folder, v.keyring.OwnDataKey()), nil
}

func (v *vault) stack(folder *disk.Space, key sealed.DataKey) blob.Store {
	store := blob.Store(v.metrics.Store(sealed.New(folder, key)))
	if v.memory > 0 {
		store = memcache.New(store, memcache.Options{Largest: maxCachedAsset, Total: v.memory})
	}
	return store
}

// Seal encrypts a secret and binds it to what it is about.
func (v *vault) Seal(plain, about []byte) ([]byte, error) {
	return v.keyring.Seal(plain, string(about))
}

// Unseal is the inverse of Seal.
func (v *vault) Unseal(sealed, about []byte) ([]byte, error) {
	return v.keyring.Unseal(sealed, string(about))
}
