package repository

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"

	"github.com/prometheus/client_golang/prometheus"
)

// contentKey names a content of a domain's byte store.
type contentKey struct {
	domain catalog.DomainID
	digest artifact.Digest
}

// place is a content, and an asset by which it was asked for.
type place struct {
	contentKey
	repository artifact.RepositoryKey
	version    artifact.VersionKey
	asset      string
}

// damages are the kept contents that readers found damaged or missing. They are for this process alone and may be
// forgotten at any time: whoever meets the damage again notes it again. The bytes themselves are left where they are, for
// a node that removed them could not know that another has not just replaced them.
type damages struct {
	log     *slog.Logger
	damaged prometheus.Counter
	mended  prometheus.Counter

	count atomic.Int64 // of known, so that nobody waits for the lock as long as nothing is damaged
	mu    sync.Mutex
	known map[contentKey]damage
	last  int64 // number that was given out
}

// damage is where a read first failed, in bytes from the start, and the number of this damage among all: whoever heals
// it joins others who heal the same, and nobody who fetched it before.
type damage struct {
	place
	at, number int64
}

// maxDamages bounds what is known; of more, any one is forgotten.
const maxDamages = 4096

func newDamages(log *slog.Logger) *damages {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "entrepot", Subsystem: "assets", Name: name, Help: help})
	}
	return &damages{log: log, known: map[contentKey]damage{},
		damaged: counter("damaged_total", "Kept contents found damaged or missing."),
		mended:  counter("healed_total", "Damaged or missing contents whose bytes were stored again.")}
}

// note remembers a damage met at an offset, and says so once.
func (d *damages) note(ctx context.Context, in place, at int64, cause error) {
	d.mu.Lock()
	_, seen := d.known[in.contentKey] // where it was first met stays, for Open may fail as if at the start
	if !seen {
		if len(d.known) == maxDamages {
			for any := range d.known {
				delete(d.known, any)
				break
			}
		}
		d.last++
		d.known[in.contentKey] = damage{in, at, d.last}
	}
	d.count.Store(int64(len(d.known)))
	d.mu.Unlock()
	if seen {
		return
	}
	d.damaged.Inc()
	d.log.ErrorContext(ctx, "kept bytes are damaged or missing", append(in.logged(), "offset", at, "error", cause)...)
}

// logged is what the log tells of a place.
func (p place) logged() []any {
	return []any{"domain", p.repository.Domain, "repository", p.repository.Name, "version", p.version.String(),
		"asset", p.asset, "sha256", p.digest.String()}
}

// knows reports whether a damage of the content is known.
func (d *damages) knows(key contentKey) bool {
	_, known := d.find(key)
	return known
}

// number returns that of a damage, or zero if none is known any more.
func (d *damages) number(key contentKey) int64 {
	found, _ := d.find(key)
	return found.number
}

func (d *damages) find(key contentKey) (damage, bool) {
	if d.count.Load() == 0 {
		return damage{}, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	found, known := d.known[key]
	return found, known
}

// stillIn reads where a damage of the content was met. What proves right there now was replaced, here or by another node,
// and its damage is forgotten.
func (d *damages) stillIn(key contentKey, c blob.Content) error {
	found, known := d.find(key)
	if !known {
		return nil
	}
	if _, err := c.ReadAt(make([]byte, 1), found.at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	_, _ = d.forget(key)
	return nil
}

// mend says that the content was stored again.
func (d *damages) mend(ctx context.Context, key contentKey) {
	found, known := d.forget(key)
	if !known {
		return
	}
	d.mended.Inc()
	d.log.InfoContext(ctx, "damaged or missing bytes were stored again", found.logged()...)
}

// forget returns the damage that is forgotten, and whether there was one.
func (d *damages) forget(key contentKey) (damage, bool) {
	found, known := d.find(key)
	if known {
		d.mu.Lock()
		defer d.mu.Unlock()
		found, known = d.known[key] // another may have been faster
		delete(d.known, key)
		d.count.Store(int64(len(d.known)))
	}
	return found, known
}

// Describe and Collect make the figures of the rules a prometheus.Collector:
//
//	entrepot_assets_damaged_total, entrepot_assets_healed_total
func (s *Service) Describe(into chan<- *prometheus.Desc) {
	s.damages.damaged.Describe(into)
	s.damages.mended.Describe(into)
}

// Collect implements prometheus.Collector.
func (s *Service) Collect(into chan<- prometheus.Metric) {
	s.damages.damaged.Collect(into)
	s.damages.mended.Collect(into)
}

// watched is content whose damage is noted when a read meets it. The read fails all the same: what has gone out cannot be
// taken back.
type watched struct {
	blob.Content
	damages *damages
	where   place
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Content.Read(p)
	w.watch(err)
	return n, err
}

// WriteTo lets the content write as it does best.
func (w *watched) WriteTo(to io.Writer) (int64, error) {
	n, err := io.Copy(to, w.Content)
	w.watch(err)
	return n, err
}

// watch notes an error of the sequential reader, which stays where it failed.
func (w *watched) watch(err error) {
	if !errors.Is(err, blob.ErrCorrupt) {
		return
	}
	at, seeking := w.Seek(0, io.SeekCurrent)
	if seeking == nil {
		w.damages.note(context.Background(), w.where, at, err)
	}
}

// ReadAt implements io.ReaderAt.
func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.Content.ReadAt(p, off)
	if errors.Is(err, blob.ErrCorrupt) {
		w.damages.note(context.Background(), w.where, off+int64(n), err)
	}
	return n, err
}
