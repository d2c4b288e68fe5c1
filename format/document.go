package format

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"entrepot/repository"

	"github.com/klauspost/compress/gzip"
)

// DocumentOptions say how an index document is served. The zero value is what most clients want: asked for again each
// time, an entity tag, gzip for those who take it, no ranges.
type DocumentOptions struct {
	ContentType string
	Freshness   Freshness // default Revalidate
	// Vary names the headers of requests that decide which document is served, with Accept-Encoding unless AsIs is set.
	// Default Accept-Encoding alone.
	Vary string
	Tag  Tag
	// Digests tells the SHA-256 of the document in Repr-Digest and Digest, in answers of a part and in 304 as well.
	Digests bool
	// Checksums tells all four digests of the document in hex, as FileOptions.Checksums does, whatever the coding: clients
	// compare them with what they have after decoding.
	Checksums bool
	// Ranges answers a Range of one part. A part is never coded: clients join it to a document they have decoded.
	Ranges bool
	// IfModifiedSince answers 304 to clients that know no entity tags.
	IfModifiedSince bool
	// AsIs is for a document that is compressed by its own format, such as specs.4.8.gz: it goes as it was rendered, with
	// no Content-Encoding, whatever the client takes.
	AsIs bool
}

// ServeDocument answers a request for an index document: conditions, gzip where the client takes it, ranges where the
// options have them, HEAD. An error is returned only while nothing has been written; one that wraps
// http.ErrAbortHandler says that the answer broke off.
func ServeDocument(w http.ResponseWriter, r *http.Request, d repository.Document, o DocumentOptions) error {
	identity, coded, err := tagsOf(d, o.Tag)
	if err != nil {
		return err
	}
	modified := ""
	if !d.Modified.IsZero() {
		modified = d.Modified.UTC().Format(http.TimeFormat)
	}
	var part span
	var partial bool
	if o.Ranges {
		part, partial = rangeOf(r, d.Size, identity, modified)
	}
	zipped := !o.AsIs && !partial && acceptsGzip(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	o.describe(h, d, modified)
	if o.Checksums {
		sums, err := d.Digests()
		if err != nil {
			forget(h)
			return err
		}
		setChecksums(h, sums)
	}
	h["Etag"] = []string{identity}
	if zipped {
		h["Etag"] = []string{coded}
	}
	// The tags of both codings stand for the same content, so either proves that the client is up to date.
	match := r.Header.Get("If-None-Match")
	if match != "" && (matches(match, identity) || matches(match, coded)) ||
		o.IfModifiedSince && notModifiedSince(r, d.Modified) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	switch {
	case partial && part.length == 0:
		h["Content-Range"] = []string{fmt.Sprintf("bytes */%d", d.Size)}
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return nil
	case partial:
		h["Content-Range"] = []string{fmt.Sprintf("bytes %d-%d/%d", part.start, part.start+part.length-1, d.Size)}
		h["Content-Type"] = []string{o.ContentType}
		return writeIdentity(w, r, d, part, http.StatusPartialContent)
	}
	h["Content-Type"] = []string{o.ContentType}
	if zipped {
		h["Content-Encoding"] = []string{"gzip"}
		if d.Gzip != nil {
			return writeWhole(w, r, http.StatusOK, d.Gzip)
		}
		packed, size := d.OpenGzip()
		return writeStream(w, r, http.StatusOK, packed, size)
	}
	return writeIdentity(w, r, d, span{0, d.Size}, http.StatusOK)
}

// tagsOf returns the entity tags of a document without coding and under gzip. The MD5 is the tag of both, because it is
// compared with what a client has after decoding; under gzip it is weak, so that nobody joins parts of the two.
func tagsOf(d repository.Document, t Tag) (identity, coded string, err error) {
	if t == TagMD5 {
		sums, err := d.Digests()
		identity = quotedHex(sums.MD5[:])
		return identity, "W/" + identity, err
	}
	return d.ETag, strings.TrimSuffix(d.ETag, `"`) + `-gzip"`, nil
}

// describe sets what all answers about a document say, a 304 too.
func (o DocumentOptions) describe(h http.Header, d repository.Document, modified string) {
	h["Cache-Control"] = []string{string(cmp.Or(o.Freshness, Revalidate))}
	if o.Vary != "" {
		h["Vary"] = []string{o.Vary}
	} else if !o.AsIs {
		h["Vary"] = []string{"Accept-Encoding"}
	}
	if modified != "" {
		h["Last-Modified"] = []string{modified}
	}
	if o.Ranges {
		h["Accept-Ranges"] = []string{"bytes"}
	}
	if o.Digests {
		setDigests(h, d.SHA256)
	}
}

// writeIdentity writes a part of a document, or all of it, without coding.
func writeIdentity(w http.ResponseWriter, r *http.Request, d repository.Document, part span, status int) error {
	if d.Identity != nil {
		return writeWhole(w, r, status, d.Identity[part.start:part.start+part.length])
	}
	if r.Method == http.MethodHead {
		return writeStream(w, r, status, nil, part.length)
	}
	plain := unpackers.Get().(*gzip.Reader)
	defer unpackers.Put(plain)
	packed, _ := d.OpenGzip()
	if err := plain.Reset(packed); err != nil {
		forget(w.Header())
		return err
	}
	var from io.Reader = plain
	if part.length < d.Size {
		if _, err := io.CopyN(io.Discard, plain, part.start); err != nil {
			forget(w.Header())
			return err
		}
		from = io.LimitReader(plain, part.length)
	}
	return writeStream(w, r, status, from, part.length)
}

// unpackers keep their tables from one large document to the next.
var unpackers = sync.Pool{New: func() any { return new(gzip.Reader) }}
