package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"entrepot/artifact"
	"entrepot/catalog"
)

// What collectors agree on: none begins to remove bytes later than removeWithin after its deletion began, and nobody
// takes a deletion over before staleAfter. In seconds.
const (
	removeWithin = 10
	staleAfter   = 20
)

// upload is a publication under way: it has read a fence, and perhaps stored its bytes.
type upload struct {
	fence   catalog.Fence
	content byte
	stored  bool
}

// collection is a deletion under way: begun then, with contents whose bytes are not removed yet.
type collection struct {
	catalog.Deletion
	begun int
	left  []artifact.Digest
}

// yard is one domain with a byte store beside it, and everybody who works on both, one step at a time.
type yard struct {
	store       catalog.Store
	domain      catalog.DomainID
	id          catalog.RepositoryID
	bytes       map[artifact.Digest]bool
	versions    map[string]byte
	uploads     []upload
	collections []collection
	now, count  int
}

func (y *yard) write(t *rapid.T, fn func(w catalog.Writer) error) {
	if err := y.store.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func newYard(t *rapid.T, store catalog.Store, name string) *yard {
	y := &yard{store: store, bytes: map[artifact.Digest]bool{}, versions: map[string]byte{}, now: 100}
	y.write(t, func(w catalog.Writer) (err error) {
		d := catalog.Domain{DomainKey: artifact.DomainKey{Owner: owner, Name: name}}
		if y.domain, err = w.CreateDomain(d); err != nil {
			return err
		}
		r := catalog.Repository{Domain: y.domain}
		r.Name = "team"
		if y.id, err = w.CreateRepository(r); err != nil {
			return err
		}
		return w.PutPackage(y.id, artifact.Package{PackageKey: npm("lodash"), Controls: allowAll})
	})
	return y
}

func drawContent(t *rapid.T) byte { return rapid.ByteRange(0, 1).Draw(t, "content") }

// take removes a drawn item from a list, or reports that there is none.
func take[T any](t *rapid.T, list *[]T) (item T, ok bool) {
	if len(*list) == 0 {
		return item, false
	}
	i := rapid.IntRange(0, len(*list)-1).Draw(t, "which")
	item = (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return item, true
}

func (y *yard) readFence(t *rapid.T) {
	u := upload{content: drawContent(t)}
	err := y.store.Read(context.Background(), func(r catalog.Reader) (err error) {
		u.fence, _, err = r.BlobFence(y.domain)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	y.uploads = append(y.uploads, u)
}

func (y *yard) storeBytes(t *rapid.T) {
	if u, ok := take(t, &y.uploads); ok { // again is not wrong
		y.bytes[content(u.content)] = true
		u.stored = true
		y.uploads = append(y.uploads, u)
	}
}

// record publishes what an upload has stored. It may be refused; whether rightly so is not asked here.
func (y *yard) record(t *rapid.T) {
	u, ok := take(t, &y.uploads)
	if !ok {
		return
	}
	if !u.stored {
		y.uploads = append(y.uploads, u)
		return
	}
	y.create(t, u.content, func(w catalog.Writer) error { return w.ClaimBlobs(y.domain, u.fence, content(u.content)) })
}

// copyRecord refers to a content without storing it, as retaining and copying do.
func (y *yard) copyRecord(t *rapid.T) {
	y.create(t, drawContent(t), func(catalog.Writer) error { return nil })
}

func (y *yard) create(t *rapid.T, n byte, before func(w catalog.Writer) error) {
	y.count++
	text := fmt.Sprint(y.count)
	inUse := slices.Contains(slices.Collect(maps.Values(y.versions)), n)
	err := y.store.Write(context.Background(), func(w catalog.Writer) error {
		if err := before(w); err != nil {
			return err
		}
		return w.CreateVersion(y.id, one(text, n))
	})
	switch {
	case err == nil:
		y.versions[text] = n
	case !errors.Is(err, catalog.ErrUnclaimed) || inUse:
		t.Fatal(err)
	}
}

func (y *yard) deleteVersion(t *rapid.T) {
	texts := slices.Sorted(maps.Keys(y.versions))
	if text, ok := take(t, &texts); ok {
		y.write(t, func(w catalog.Writer) error { return w.DeleteVersion(y.id, npm("lodash").At(text)) })
		delete(y.versions, text)
	}
}

func (y *yard) begin(t *rapid.T) {
	c := collection{begun: y.now}
	digests := []artifact.Digest{content(drawContent(t))}
	y.write(t, func(w catalog.Writer) (err error) {
		c.Deletion, err = w.BeginDeletion(y.domain, digests, moment(y.now), moment(y.now-staleAfter))
		return err
	})
	c.left = slices.Clone(c.Contents)
	y.collections = append(y.collections, c)
}

// removeBytes removes one content of a deletion, unless that took too long: then its collector gives up.
func (y *yard) removeBytes(t *rapid.T) {
	c, ok := take(t, &y.collections)
	if !ok || y.now-c.begun > removeWithin {
		return
	}
	if d, ok := take(t, &c.left); ok {
		delete(y.bytes, d)
	}
	y.collections = append(y.collections, c)
}

func (y *yard) finish(t *rapid.T) {
	c, ok := take(t, &y.collections)
	if !ok {
		return
	}
	c.Contents = slices.DeleteFunc(c.Contents, func(d artifact.Digest) bool { return slices.Contains(c.left, d) })
	y.write(t, func(w catalog.Writer) error { return w.FinishDeletion(c.Deletion, moment(y.now)) })
}

// die ends a collector wherever it is.
func (y *yard) die(t *rapid.T) { take(t, &y.collections) }

func (y *yard) forget(t *rapid.T) {
	finished := moment(y.now - rapid.IntRange(-1, 30).Draw(t, "age"))
	y.write(t, func(w catalog.Writer) error {
		_, err := w.ForgetDeletions(y.domain, finished, 2)
		return err
	})
}

func (y *yard) pass(t *rapid.T) { y.now += rapid.IntRange(1, staleAfter).Draw(t, "seconds") }

// check wants the bytes of everything that is recorded.
func (y *yard) check(t *rapid.T) {
	for text, n := range y.versions {
		if !y.bytes[content(n)] {
			t.Fatalf("version %s is recorded and its bytes, %d, are gone", text, n)
		}
	}
}

// testBytes has publications, deletions of versions and collections take their steps in any order, in which collectors
// die and clocks move on. Whatever happens, recorded bytes are there; and when the dust has settled, one collection
// makes way for every publication.
func testBytes(t *testing.T, open func(t *testing.T) catalog.Store) {
	store := open(t)
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		cases++
		y := newYard(t, store, fmt.Sprint("case-", cases))
		steps := []func(*rapid.T){
			y.readFence, y.readFence, y.storeBytes, y.storeBytes, y.record, y.record, y.deleteVersion, y.deleteVersion,
			y.begin, y.begin, y.removeBytes, y.removeBytes, y.finish, y.finish, y.copyRecord, y.die, y.forget, y.pass,
		}
		for range 60 {
			rapid.SampledFrom(steps).Draw(t, "step")(t)
			y.check(t)
		}
		y.finishAll(t)
	})
}

// finishAll has a later collection finish what was left behind and then publishes every content at the first attempt.
func (y *yard) finishAll(t *rapid.T) {
	y.now += staleAfter
	stale := moment(y.now - staleAfter)
	var d catalog.Deletion
	y.write(t, func(w catalog.Writer) error {
		left, err := w.UnfinishedDeletions(y.domain, stale, 10)
		if err != nil {
			return err
		}
		d, err = w.BeginDeletion(y.domain, left, moment(y.now), stale)
		return err
	})
	for _, gone := range d.Contents {
		delete(y.bytes, gone)
	}
	y.write(t, func(w catalog.Writer) error { return w.FinishDeletion(d, moment(y.now)) })
	y.check(t)
	for n := range byte(2) {
		before := len(y.versions)
		y.uploads = nil
		y.write(t, func(w catalog.Writer) error {
			fence, deleting, err := w.BlobFence(y.domain, content(n))
			if deleting {
				t.Fatalf("content %d is still being deleted", n)
			}
			y.uploads = append(y.uploads, upload{fence, n, true})
			return err
		})
		y.record(t)
		if len(y.versions) == before {
			t.Fatalf("content %d was refused", n)
		}
	}
}
