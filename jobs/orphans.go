package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"

	"github.com/prometheus/client_golang/prometheus"
)

// Space is a byte store and what tells which of its contents are in use.
type Space struct {
	Name  string // for the log
	Store blob.Store
	// Domain is the one whose publications go into the store: deletions are agreed on with them in the catalog. Zero for
	// contents that can be had again, and for those of a domain that is gone.
	Domain     catalog.DomainID
	Referenced func(r catalog.Reader, d artifact.Digest) (bool, error)
}

// Spaces lists what there is to look through.
type Spaces func(ctx context.Context) ([]Space, error)

// Orphans deletes contents that nothing refers to: what is left of uploads that were never published, of crashes, and
// of versions that were deleted.
//
// A content goes only if it is older than the grace time (publishing the same bytes again renews the age, so an upload on
// its way is young) and if the catalog lets its deletion begin, which it does not while a version refers to it. The
// bytes are removed after that was committed, outside of any transaction, and then the deletion is finished; what this
// means for publications stands with catalog.Fence. A deletion that was not finished, because the bytes could not be
// removed or the process died, is taken up by a later run on any node.
//
// The contents of a Space without a Domain are deleted without further ado.
type Orphans struct {
	catalog catalog.Store
	spaces  Spaces
	grace   time.Duration
	now     func() time.Time
	log     *slog.Logger

	// Pressed, if it is set, tells that room is needed: then a content is old enough after a minute. Publications lose
	// nothing by it, for the catalog decides what may go; one that takes longer may have to store its bytes once more.
	Pressed func() bool

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
			spaces = append(spaces, Space{Name: "domain " + d.DomainKey.String(), Store: store, Domain: d.ID,
				Referenced: func(r catalog.Reader, digest artifact.Digest) (bool, error) {
					return r.BlobInUse(d.ID, digest)
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

// collect takes up the deletions of a space that were left unfinished, deletes its orphans and forgets deletions that no
// publication can have overlapped with any more.
func (o *Orphans) collect(ctx context.Context, space Space) error {
	var sum tally
	defer func() { o.report(ctx, space, sum) }()
	if err := o.resume(ctx, space, &sum); err != nil {
		return err
	}
	var old []blob.Info
	for info, err := range space.Store.All(ctx) {
		// A damaged content cannot be described by every store; nothing tells its age, so it counts as old.
		if err != nil && !errors.Is(err, blob.ErrCorrupt) {
			return err
		}
		if !o.old(info) {
			continue
		}
		if old = append(old, info); len(old) == batch {
			if err := o.clear(ctx, space, old, &sum); err != nil {
				return err
			}
			old = old[:0]
		}
	}
	if err := o.clear(ctx, space, old, &sum); err != nil {
		return err
	}
	return o.forget(ctx, space)
}

// pressedGrace is the grace time when room is needed.
const pressedGrace = time.Minute

func (o *Orphans) old(info blob.Info) bool {
	grace := o.grace
	if o.Pressed != nil && o.Pressed() {
		grace = min(grace, pressedGrace)
	}
	return o.now().Sub(info.ModTime) > grace
}

// tally is what a run has deleted.
type tally struct {
	contents int
	bytes    int64 // as readers saw them; nothing of contents whose size was not known
}

func (o *Orphans) report(ctx context.Context, space Space, sum tally) {
	if sum.contents == 0 {
		return
	}
	o.contents.Add(float64(sum.contents))
	o.bytes.Add(float64(sum.bytes))
	o.log.InfoContext(ctx, "deleted contents that nothing refers to", "space", space.Name, "contents", sum.contents,
		"bytes", sum.bytes)
}

// clear deletes those of the contents that are orphans. What no committed catalog refers to is looked up first, so that
// contents in use cost no transaction.
func (o *Orphans) clear(ctx context.Context, space Space, old []blob.Info, sum *tally) error {
	var unused []blob.Info
	err := o.catalog.Read(ctx, func(r catalog.Reader) error {
		unused = nil
		for _, info := range old {
			referenced, err := space.Referenced(r, info.Digest)
			if err != nil {
				return err
			}
			if !referenced {
				unused = append(unused, info)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(unused, portion) {
		orphans, err := o.stillOld(ctx, space, some)
		if err != nil {
			return err
		}
		if err := o.delete(ctx, space, orphans, sum); err != nil {
			return err
		}
	}
	return nil
}

// stillOld returns those of the contents that were not stored again since they were listed. The listing of a large store
// takes long; who has stored a content meanwhile is about to publish it and would have to store it once more.
func (o *Orphans) stillOld(ctx context.Context, space Space, contents []blob.Info) ([]blob.Info, error) {
	var old []blob.Info
	for _, listed := range contents {
		info, err := space.Store.Stat(ctx, listed.Digest)
		switch {
		case errors.Is(err, blob.ErrNotFound):
			continue
		case errors.Is(err, blob.ErrCorrupt):
			info = listed
		case err != nil:
			return nil, err
		}
		if o.old(info) {
			old = append(old, info)
		}
	}
	return old, nil
}
