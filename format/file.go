package format

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/repository"
)

// FileOptions say how an asset is served. The zero value is for a file that never changes under its URL, which a client
// may keep for good.
type FileOptions struct {
	ContentType string
	Freshness   Freshness // default Immutable
	Tag         Tag
	// Filename is under which name a browser saves the file; empty: under the last segment of its URL.
	Filename string
	// Digests tells the SHA-256 in Repr-Digest and Digest, Checksums all four digests in hex as X-Checksum-Md5, -Sha1,
	// -Sha256 and -Sha512, which spare Maven and its kin a request for each. Of an asset that is still being fetched nobody
	// knows them yet, nor an entity tag, unless all of it has come and was found right before the first byte goes out, as
	// that of a small one has.
	Digests, Checksums bool
	// IfModifiedSince answers 304 to clients that know no entity tags.
	IfModifiedSince bool
}

// ServeFile answers a request for an asset and closes the file. It is the only way by which asset bytes leave towards
// package managers. Kept assets support HEAD, ranges and conditions; an asset that is still being fetched is streamed
// from its start. An error that wraps http.ErrAbortHandler says that the answer broke off: the connection must be cut,
// so that the client never sees a short success. Any other error comes while nothing has been written.
func ServeFile(w http.ResponseWriter, r *http.Request, f repository.File, o FileOptions) error {
	if f.Content == nil {
		return serveTransfer(w, r, f, o)
	}
	defer f.Content.Close()
	h := o.describe(w.Header())
	etag := o.identify(h, f.Digests)
	if matches(r.Header.Get("If-None-Match"), etag) || o.IfModifiedSince && notModifiedSince(r, f.Modified) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if r.Header.Get("Range") == "bytes=-0" {
		// The last no bytes cannot be had (RFC 9110 §14.1.2); net/http would answer 206 with an impossible range.
		h["Content-Range"] = []string{fmt.Sprintf("bytes */%d", f.Size)}
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return nil
	}
	if r.Header.Get("Range") != "" || r.Header.Get("If-Match") != "" {
		watched := &watchedContent{ReadSeeker: f.Content}
		http.ServeContent(w, r, "", f.Modified, watched)
		if watched.err != nil {
			return broken(watched.err)
		}
		return nil
	}
	h["Accept-Ranges"] = []string{"bytes"}
	h["Content-Length"] = []string{strconv.FormatInt(f.Size, 10)}
	if !f.Modified.IsZero() {
		h["Last-Modified"] = []string{f.Modified.UTC().Format(http.TimeFormat)}
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	n, err := copyBuffered(w, f.Content)
	if err != nil && n == 0 && errors.Is(err, blob.ErrCorrupt) {
		forget(h)
		return err // nothing is out yet, so the client can be told
	}
	if err != nil {
		return broken(err)
	}
	return nil
}

// broken ends an answer that has begun: the connection is cut, and the cause is kept for the log.
func broken(cause error) error { return fmt.Errorf("%w: %w", http.ErrAbortHandler, cause) }

// watchedContent remembers why reading failed; http.ServeContent does not tell.
type watchedContent struct {
	io.ReadSeeker
	err error
}

func (c *watchedContent) Read(p []byte) (int, error) {
	n, err := c.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// serveTransfer serves an asset that is still being fetched. HEAD waits for the first bytes as GET does: what its registry
// promises is worth nothing before some of it may go out, and of a small file that is the whole, found right.
func serveTransfer(w http.ResponseWriter, r *http.Request, f repository.File, o FileOptions) error {
	defer f.Transfer.Close()
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	n, err := f.Transfer.Read(*buffer)
	for n == 0 && err == nil {
		n, err = f.Transfer.Read(*buffer)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	h := o.describe(w.Header())
	if sums, whole := f.Transfer.Digests(); whole {
		o.identify(h, sums)
	}
	if f.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	flush := http.NewResponseController(w)
	for {
		if _, werr := w.Write((*buffer)[:n]); werr != nil {
			return http.ErrAbortHandler
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(err)
		}
		// The client gets what there is now: the rest may take as long as the registry pleases.
		_ = flush.Flush()
		n, err = f.Transfer.Read(*buffer)
	}
}

// describe sets what all answers about an asset say.
func (o FileOptions) describe(h http.Header) http.Header {
	h["Content-Type"] = []string{o.ContentType}
	h["Cache-Control"] = []string{string(cmp.Or(o.Freshness, Immutable))}
	// What packages hold is not ours: a browser must neither guess at it nor run it on this origin.
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Content-Disposition"] = []string{"attachment"}
	if o.Filename != "" {
		h["Content-Disposition"] = []string{mime.FormatMediaType("attachment", map[string]string{"filename": o.Filename})}
	}
	return h
}

// identify sets what is only known of the bytes of an asset that is kept, and returns its entity tag.
func (o FileOptions) identify(h http.Header, d artifact.Digests) (etag string) {
	etag = quotedHex(d.SHA256[:])
	if o.Tag == TagMD5 {
		etag = quotedHex(d.MD5[:])
	}
	h["Etag"] = []string{etag}
	if o.Digests {
		setDigests(h, d.SHA256)
	}
	if o.Checksums {
		setChecksums(h, d)
	}
	return etag
}
