// Package fsck checks a whole installation that nobody else is using: what the catalog promises of itself, that the bytes
// of every kept asset are there and right, and what was left over. It repairs what has a source to be repaired from.
//
// The files: fsck.go runs the checks, content.go reads bytes, record.go reads what is recorded of packages, repair.go
// changes things, report.go is what is told.
package fsck

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
)

// Options are an installation and what to do with it. All members are needed unless they say otherwise.
type Options struct {
	Catalog catalog.Inspector
	// Open returns the byte store of a domain; an error says that its key does not open, a Denied one that it was destroyed.
	Open func(catalog.Domain) (blob.Store, error)
	// Documents keeps what was fetched of registries' documents, a cache.
	Documents blob.Store
	// Found is what is wrong by the knowledge of the caller alone, who knows where things lie.
	Found []Finding
	Now   func() time.Time
	// Grace is the age up to which a content without a name may be one that is about to be published.
	Grace time.Duration
	// Repair changes what has a source to be repaired from. Otherwise nothing is written.
	Repair bool
	// Progress is told how far the reading of contents is, by one goroutine at a time; nil: nobody is.
	Progress func(Progress)
}

// Progress is how many contents and bytes were read, of how many.
type Progress struct {
	Contents, AllContents int
	Bytes, AllBytes       int64
}

// Run checks the installation. Whatever is wrong with it is in the report; an error says that it could not be checked,
// because ctx has ended or something could not be repaired.
func Run(ctx context.Context, o Options) (Report, error) {
	c := &check{Options: o, report: Report{Findings: slices.Clone(o.Found)}, lost: map[blobKey]*Finding{}}
	for _, step := range []func(context.Context) error{
		c.checkCatalog, c.listDomains, c.readContents, c.readRecords, c.readDocuments, c.findLeftovers, c.repairContents,
	} {
		if err := step(ctx); err != nil {
			return Report{}, err
		}
	}
	c.report.sort()
	return c.report, nil
}

// check is one run.
type check struct {
	Options
	report  Report
	domains []domain
	lost    map[blobKey]*Finding // contents in use that something is wrong with
	turned  []versionIn          // versions that have such contents from a registry
}

// domain is a domain whose bytes can be read.
type domain struct {
	catalog.Domain
	store blob.Store
	blobs []catalog.Blob // in use
}

type blobKey struct {
	domain catalog.DomainID
	digest artifact.Digest
}

// versionIn is a version that a repository holds.
type versionIn struct {
	repository catalog.RepositoryID
	domain     catalog.DomainID
	key        artifact.VersionKey
}

// checkCatalog asks the catalog what is wrong with it. What follows from other rows can be made right before anything
// else is looked at, if those are right: a count of what a damaged page has lost would hide the loss.
func (c *check) checkCatalog(ctx context.Context) error {
	found, err := c.faults(ctx)
	if err != nil {
		return err
	}
	sound := !slices.ContainsFunc(found, func(f catalog.Fault) bool { return !f.Derived }) &&
		!slices.ContainsFunc(c.Found, func(f Finding) bool { return f.Kind == Kind(catalog.FaultyPages) && !f.Repaired })
	repaired := c.Repair && sound && len(found) > 0
	if repaired {
		if err := c.Catalog.Recompute(ctx); err != nil {
			return fmt.Errorf("recompute the catalog: %w", err)
		}
	}
	for _, f := range found {
		told := Finding{Kind: Kind(f.Kind), Text: f.Text, Repairable: sound, Repaired: repaired}
		if f.Derived && !sound {
			told.Remedy = "have what else is wrong with the catalog put right first; this follows from it"
		}
		c.report.add(told)
	}
	if !repaired {
		return nil
	}
	left, err := c.faults(ctx)
	for _, f := range left {
		if f.Derived {
			c.report.add(Finding{Kind: Kind(f.Kind), Text: f.Text + ", also after it was recomputed"})
		}
	}
	return err
}

// faults are the catalog's, that it cannot be read among them.
func (c *check) faults(ctx context.Context) ([]catalog.Fault, error) {
	found, err := c.Catalog.Faults(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		found = append(found, catalog.Fault{Kind: catalog.FaultyPages, Text: fmt.Sprintf("the catalog cannot be read: %v", err)})
	}
	return found, nil
}

// listDomains opens the stores of all domains and lists what is in use in them.
func (c *check) listDomains(ctx context.Context) error {
	return c.reading(ctx, "the domains", func(r catalog.Reader) error {
		c.domains = nil
		for d, err := range catalog.Each(r.AllDomains) {
			if err != nil {
				return err
			}
			c.report.Checked.Domains++
			store, err := c.Open(d)
			if err != nil {
				c.report.add(Finding{Kind: DomainKey, Domain: d.Name, Text: fmt.Sprintf("the key of domain %s does not open: %v",
					d.Name, err), Remedy: remedyOfKey(err)})
				continue
			}
			next := domain{Domain: d, store: store}
			list := func(page catalog.Page) (catalog.Listing[catalog.Blob], error) { return r.BlobsInUse(d.ID, page) }
			for b, err := range catalog.Each(list) {
				if err != nil {
					return err
				}
				next.blobs = append(next.blobs, b)
			}
			c.domains = append(c.domains, next)
		}
		return nil
	})
}

// remedyOfKey is what is left to do about a domain whose key does not open. One that was destroyed comes back with nothing.
func remedyOfKey(err error) string {
	if artifact.Is(err, artifact.Denied) {
		return "delete the domain's repositories and the domain"
	}
	return "put back the keys/master or the catalog.sqlite that belongs to the other"
}

// reading reads the catalog. What cannot be read is a finding, and the check goes on with what can.
func (c *check) reading(ctx context.Context, what string, fn func(catalog.Reader) error) error {
	err := c.Catalog.Read(ctx, fn)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		c.report.add(Finding{Kind: Kind(catalog.FaultyRows), Text: fmt.Sprintf("%s cannot be read: %v", what, err)})
	}
	return nil
}
