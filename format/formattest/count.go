package formattest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/upstream"
)

// Staged counts drafts of the byte store that were begun, whatever became of them.
func (d *Domain) Staged() int { return int(d.bytes.staged.Load()) }

// Drafts counts drafts of the byte store that were begun and not ended.
func (d *Domain) Drafts() int { return int(d.bytes.open.Load()) }

// Changes counts what happened to versions: the events of their creation, change and deletion.
func (d *Domain) Changes() int { return len(d.events(catalog.VersionEvent)) }

// Published counts versions that came into being, in each repository.
func (d *Domain) Published() int {
	n := 0
	for _, e := range d.events(catalog.VersionEvent) {
		if e.Action == "Created" {
			n++
		}
	}
	return n
}

// Joined counts callers who joined the fetch of an asset that another had begun.
func (d *Domain) Joined() int {
	n := 0.0
	for _, sample := range d.client.Samples() {
		if sample.Name == "entrepot_upstream_coalesced_total" &&
			slices.Contains(sample.Labels, upstream.Label{Name: "kind", Value: "asset"}) {
			n += sample.Value
		}
	}
	return int(n)
}

// Refusals counts the calls on record that were to change something and were refused for want of permission.
func (d *Domain) Refusals() int {
	n := 0
	for _, e := range d.events(catalog.AuditEvent) {
		call, err := audit.Parse(e.Call)
		d.check(err)
		if call.Error == audit.AccessDenied {
			n++
		}
	}
	return n
}

// events are those of one kind, oldest first.
func (d *Domain) events(kind catalog.EventKind) []catalog.Event {
	d.t.Helper()
	var found []catalog.Event
	d.check(d.Rules.Catalog.Read(d.t.Context(), func(r catalog.Reader) error {
		found = nil
		for after, more := int64(0), true; more; {
			page, err := r.Events(after, catalog.MaxPage)
			if err != nil {
				return err
			}
			for _, e := range page {
				if after = e.Sequence; e.Kind == kind {
					found = append(found, e)
				}
			}
			more = len(page) > 0
		}
		return nil
	}))
	return found
}

// domainStores opens one byte store, for there is one domain.
type domainStores struct{ store blob.Store }

// Open follows repository.DomainStores.
func (v domainStores) Open(catalog.Domain) (blob.Store, error) { return v.store, nil }

// countingStore counts the drafts of a byte store.
type countingStore struct {
	blob.Store
	staged, open atomic.Int64
}

// Create follows blob.Store.
func (s *countingStore) Create(ctx context.Context) (blob.Draft, error) {
	draft, err := s.Store.Create(ctx)
	if err != nil {
		return nil, err
	}
	s.staged.Add(1)
	s.open.Add(1)
	return &countedDraft{Draft: draft, ended: sync.OnceFunc(func() { s.open.Add(-1) })}, nil
}

type countedDraft struct {
	blob.Draft
	ended func()
}

// Discard follows blob.Draft: it ends a committed draft too.
func (d *countedDraft) Discard() error {
	d.ended()
	return d.Draft.Discard()
}

// AssetNames are the names of a version's assets, sorted; a question mark follows one that is only promised.
func AssetNames(v artifact.Version) []string {
	var names []string
	for _, a := range v.Assets {
		if a.Promised {
			a.Name += "?"
		}
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return names
}
