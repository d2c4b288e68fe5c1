package repository

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/bytecache"
	"entrepot/catalog"
	"entrepot/iam"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/singleflight"
)

const (
	// identityLimit is up to which size a document is also kept uncompressed: unpacking it for each client that takes
	// no gzip costs far more than sending it. The few larger ones would push out too much else.
	identityLimit = 8 << 20
	// compression is fast enough to render 5 MB within tens of milliseconds; slower levels save a tenth of the bytes.
	compression = 4
	// renderTime bounds one rendering. It does not end with the request that began it: others wait for it.
	renderTime = 2 * time.Minute
)

// documents keeps rendered index documents: in memory, and very large ones in the byte stores of their domains.
type documents struct {
	rendering singleflight.Group
	kept      *bytecache.Cache[documentKey, keptDocument]
	spooled   *bytecache.Cache[documentKey, keptDocument]
}

type documentKey struct {
	repository catalog.RepositoryID
	pkg        artifact.PackageKey // without a name for an index above the package
	variant    string
}

// basis is what a document was rendered from: while it is the same, the document is true.
type basis struct {
	stamp catalog.Stamp
	known bool   // the catalog vouches for the stamp; a document is only kept if it does
	from  string // what registries said, or which repositories an index is of
}

type keptDocument struct {
	basis
	Document
}

// newDocuments makes room for so many bytes of documents in memory and in byte stores.
func newDocuments(memory, stores int64) *documents {
	return &documents{
		kept:    bytecache.New[documentKey](memory, keptDocument.cost),
		spooled: bytecache.New[documentKey](stores, func(k keptDocument) int64 { return k.Document.spooled.size }),
	}
}

// cost is what a document takes, with something for its bookkeeping.
func (k keptDocument) cost() int64 { return int64(len(k.Gzip)+len(k.Identity)) + 512 }

// get returns the document kept under the key, and whether it is true on the given basis.
func (d *documents) get(key documentKey, on basis) (Document, bool) {
	kept, ok := d.kept.Get(key)
	if !ok {
		kept, ok = d.spooled.Get(key)
	}
	return kept.Document, ok && kept.basis == on
}

func (d *documents) put(key documentKey, on basis, doc Document) {
	in, other := d.kept, d.spooled
	if doc.spooled != nil {
		in, other = other, in
	}
	in.Put(key, keptDocument{on, doc})
	other.Remove(key)
}

// document returns an index document of the package, rendered anew only when what it rests on has changed. Before that
// its retained versions follow their registries, if their format wants it.
func (s *Service) document(ctx context.Context, c iam.Caller, at *configuration, p artifact.PackageKey, variant string,
	render func(io.Writer, View) error) (Document, error) {
	key := documentKey{at.repository.ID, p, variant}
	for followed := false; ; followed = true {
		// The stamp comes first: what is read after it may be newer than the stamp says, never older.
		stamp, vouched := s.Catalog.Stamp(s.planTopics(at.domain.ID, p)...)
		at, made, err := s.planned(ctx, at.repository.RepositoryKey, p)
		if err != nil {
			return Document{}, err
		}
		from, err := s.listings(ctx, made, p)
		if err != nil {
			return Document{}, err
		}
		on := basis{stamp, vouched, from.id}
		known, current := s.documents.get(key, on)
		if current {
			return known, nil
		}
		if !followed && s.catchUpAll(ctx, c, p, made, from) {
			continue // on what is true now
		}
		return s.rendered(ctx, at, key, on, known, func(ctx context.Context, w io.Writer) error {
			view, err := s.merge(ctx, at, p, made, from)
			if err != nil {
				return err
			}
			return render(w, view)
		})
	}
}

// planned returns a repository that must exist, with all around it, and the plan of a package in it.
func (s *Service) planned(ctx context.Context, key artifact.RepositoryKey, p artifact.PackageKey) (*configuration, *plan, error) {
	at, err := s.existing(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	if at.graph.dangling {
		return nil, nil, at.errDangling()
	}
	made, err := s.plan(ctx, at, p)
	return at, made, err
}

// catchUpAll is follow for somebody who reads: what cannot be written down is no reason not to answer. However many read
// at once, it is done once.
func (s *Service) catchUpAll(ctx context.Context, c iam.Caller, p artifact.PackageKey, made *plan, from listings) bool {
	if !s.traits(p.Format).follows() || len(from.at) == 0 {
		return false
	}
	changed, err, _ := s.retaining.Do(flight("follow", made.asked().ID, p.At(""), from.id), func() (any, error) {
		return s.follow(context.WithoutCancel(ctx), c, p, made, from)
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "retained versions could not follow their registry", "package", p.String(), "error", err)
	}
	return changed.(bool)
}

// rendered renders a document, once for all who ask for it on the same basis, and keeps it. known is what was kept on an
// older one.
func (s *Service) rendered(ctx context.Context, at *configuration, key documentKey, on basis, known Document,
	render func(context.Context, io.Writer) error) (Document, error) {
	anew := func(ctx context.Context) (Document, error) {
		// Opened before, for that may read the catalog: within the reading of what is rendered it could wait for ever.
		store, err := s.store(*at.domain)
		if err != nil {
			return Document{}, err
		}
		packed := &spool{open: func() (blob.Draft, error) { return store.Create(ctx) }}
		doc, err := s.press(packed, func(w io.Writer) error { return render(ctx, w) })
		if err == nil {
			doc.Modified = changed(doc, known)
		}
		return doc, err
	}
	if !on.known {
		return anew(ctx) // what another caller began to render may be older
	}
	once := flight("render", key.repository, key.pkg.At(""), key.variant, fmt.Sprint(on.stamp), on.from)
	pressed := s.documents.rendering.DoChan(once, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renderTime)
		defer cancel()
		doc, err := anew(ctx)
		if err == nil {
			s.documents.put(key, on, doc)
		}
		return doc, err
	})
	select {
	case <-ctx.Done():
		return Document{}, ctx.Err()
	case result := <-pressed:
		if result.Err != nil {
			return Document{}, result.Err
		}
		return result.Val.(Document), nil
	}
}

// changed is when a document became what it is. Clients that ask by time see whole seconds, so two renderings that
// differ are never of the same one.
func changed(doc, before Document) time.Time {
	next := before.Modified.Truncate(time.Second).Add(time.Second)
	switch {
	case doc.ETag == before.ETag:
		return before.Modified
	case !before.Modified.IsZero() && doc.Modified.Before(next):
		return next
	}
	return doc.Modified
}

// packers keep their tables, which are larger than most documents, from one rendering to the next.
var packers = sync.Pool{New: func() any {
	packer, err := gzip.NewWriterLevel(io.Discard, compression)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return packer
}}

// press renders a document and compresses it on the way.
func (s *Service) press(packed *spool, render func(io.Writer) error) (Document, error) {
	packer := packers.Get().(*gzip.Writer)
	defer packers.Put(packer)
	packer.Reset(packed)
	out := &tee{hash: sha256.New(), packer: packer}
	err := render(out)
	if err == nil {
		err = packer.Close()
	}
	if err != nil {
		packed.discard()
		return Document{}, err
	}
	doc := Document{Modified: s.Now(), Size: out.size}
	doc.Gzip, doc.spooled = packed.packed()
	out.hash.Sum(doc.SHA256[:0])
	doc.ETag = `"` + hex.EncodeToString(doc.SHA256[:16]) + `"`
	if out.size <= identityLimit {
		doc.Identity = bytes.Clone(out.identity.Bytes())
	}
	body := doc
	doc.Digests = sync.OnceValues(func() (artifact.Digests, error) { return digestsOfDocument(body) })
	return doc, nil
}

// digestsOfDocument hashes a document, unpacking it if it is not at hand.
func digestsOfDocument(d Document) (artifact.Digests, error) {
	sums := artifact.NewDigester()
	var err error
	if d.Identity != nil {
		_, err = sums.Write(d.Identity)
	} else {
		packed, _ := d.OpenGzip()
		var plain *gzip.Reader
		if plain, err = gzip.NewReader(packed); err == nil {
			_, err = plain.WriteTo(sums)
		}
	}
	if err != nil {
		return artifact.Digests{}, fmt.Errorf("hash a document: %w", err)
	}
	all, _ := sums.Sum()
	return all, nil
}

// tee hashes and compresses what is written, and keeps it as long as it is small.
type tee struct {
	hash     hash.Hash
	packer   io.Writer
	identity bytes.Buffer
	size     int64
}

func (t *tee) Write(p []byte) (int, error) {
	t.hash.Write(p)
	t.size += int64(len(p))
	if t.size <= identityLimit {
		t.identity.Write(p)
	} else {
		t.identity = bytes.Buffer{}
	}
	return t.packer.Write(p)
}
