package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"

	"github.com/prometheus/client_golang/prometheus"
)

// Space is a byte store and what tells which of its contents are in use.
type Space struct {
	Name       string // for the log
	Store      blob.Store
	Referenced func(r catalog.Reader, d artifact.Digest) (bool, error)
}

// Spaces lists what there is to look through.
type Spaces func(ctx context.Context) ([]Space, error)

// Orphans deletes contents that nothing refers to: what is left of uploads that were never published, of crashes, and
// of versions that were deleted.
//
// A content goes only if three things hold. It is older than the grace time: publishing the same bytes again renews the
// age, so an upload on its way is young. No committed catalog refers to it: a deletion that is not durable yet must not
// cost the bytes of a version that may still be there after a crash. And, inside a catalog.Write, both still hold; the
// bytes are deleted there, so a publication's own Write comes either before, and is seen, or after, and must see that
// the bytes are gone.
type Orphans struct {
	catalog catalog.Store
	spaces  Spaces
	grace   time.Duration
	now     func() time.Time
	log     *slog.Logger

	contents prometheus.Counter
	bytes    prometheus.Counter
}

// NewOrphans makes the job and registers its metrics. spaces lists what there is to look through, anew for each run.
func NewOrphans(c catalog.Store, spaces Spaces, grace time.Duration, now func() time.Time, log *slog.Logger,
	metrics prometheus.Registerer) (*Orphans, error) {
	o := &Orphans{catalog: c, spaces: spaces, grace: grace, now: now, log: log}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "entrepot", Subsystem: "jobs", Name: name, Help: help,
		})
	}
	o.contents = counter("orphans_deleted_total", "Contents deleted because nothing referred to them.")
	o.bytes = counter("orphan_bytes_deleted_total", "Bytes of those contents, as readers saw them.")
	for _, m := range []prometheus.Collector{o.contents, o.bytes} {
		if err := metrics.Register(m); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return o, nil
}

// DomainSpaces lists the stores of all domains, and the one of the installation that holds documents of external
// registries.
func DomainSpaces(c catalog.Store, open func(catalog.Domain) (blob.Store, error), documents blob.Store) Spaces {
	return func(ctx context.Context) ([]Space, error) {
		spaces := []Space{{Name: "documents", Store: documents, Referenced: catalog.Reader.DocumentReferenced}}
		var domains []catalog.Domain
		err := c.Read(ctx, func(r catalog.Reader) error {
			domains = nil
			for d, err := range catalog.Each(r.AllDomains) {
				if err != nil {
					return err
				}
				domains = append(domains, d)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list domains: %w", err)
		}
		for _, d := range domains {
			store, err := open(d)
			if err != nil {
				return nil, fmt.Errorf("open the store of domain %s: %w", d.Name, err)
			}
			spaces = append(spaces, Space{Name: "domain " + d.DomainKey.String(), Store: store,
				Referenced: func(r catalog.Reader, digest artifact.Digest) (bool, error) {
					return r.AssetReferenced(d.ID, digest)
				}})
		}
		return spaces, nil
	}
}

// Run looks through all spaces once. An error in one does not keep it from the others; all of them are returned.
func (o *Orphans) Run(ctx context.Context) error {
	spaces, err := o.spaces(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, space := range spaces {
		if err := o.collect(ctx, space); err != nil {
			errs = append(errs, fmt.Errorf("collect orphans of %s: %w", space.Name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// batch is how many contents are looked up in one snapshot.
const batch = 256

func (o *Orphans) collect(ctx context.Context, space Space) error {
	var old []blob.Info
	deleted, bytes := 0, int64(0)
	clear := func() error {
		n, size, err := o.clear(ctx, space, old)
		deleted, bytes, old = deleted+n, bytes+size, old[:0]
		return err
	}
	defer func() {
		if deleted > 0 {
			o.log.InfoContext(ctx, "deleted contents that nothing refers to", "space", space.Name, "contents", deleted,
				"bytes", bytes)
		}
	}()
	for info, err := range space.Store.All(ctx) {
		if err != nil {
			return err
		}
		if !o.old(info) {
			continue
		}
		if old = append(old, info); len(old) == batch {
			if err := clear(); err != nil {
				return err
			}
		}
	}
	return clear()
}

func (o *Orphans) old(info blob.Info) bool { return o.now().Sub(info.ModTime) > o.grace }

// clear deletes those of the contents that are orphans, and returns how many and how many bytes.
func (o *Orphans) clear(ctx context.Context, space Space, old []blob.Info) (contents int, bytes int64, err error) {
	var orphans []blob.Info
	err = o.catalog.Read(ctx, func(r catalog.Reader) error {
		orphans = orphans[:0]
		for _, info := range old {
			referenced, err := space.Referenced(r, info.Digest)
			if err != nil {
				return err
			}
			if !referenced {
				orphans = append(orphans, info)
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	for _, info := range orphans {
		gone, err := o.delete(ctx, space, info.Digest)
		if err != nil {
			return contents, bytes, err
		}
		if gone {
			contents++
			bytes += info.Size
			o.contents.Inc()
			o.bytes.Add(float64(info.Size))
		}
	}
	return contents, bytes, nil
}

// delete deletes one content under the lock that publications take, after a last look. Should the catalog run the
// function again, a content that is gone already is no error.
func (o *Orphans) delete(ctx context.Context, space Space, d artifact.Digest) (gone bool, err error) {
	err = o.catalog.Write(ctx, func(w catalog.Writer) error {
		referenced, err := space.Referenced(w, d)
		if err != nil || referenced {
			return err
		}
		info, err := space.Store.Stat(ctx, d)
		if errors.Is(err, blob.ErrNotFound) {
			return nil
		}
		// A damaged content cannot be described by every store; nothing refers to it, so its age is all it lacks.
		if err != nil && !errors.Is(err, blob.ErrCorrupt) {
			return err
		}
		if err == nil && !o.old(info) {
			return nil
		}
		gone = true
		return space.Store.Delete(ctx, d)
	})
	return gone && err == nil, err
}
