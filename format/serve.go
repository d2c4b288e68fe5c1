package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"entrepot/blob"
	"entrepot/repository"

	"github.com/klauspost/compress/gzip"
)

// Assets never change under their URL, documents do: a client may keep the first for good and must ask again for the
// second, which costs it a 304.
const (
	assetCaching    = "private, max-age=31536000, immutable"
	documentCaching = "private, no-cache"
)

// ServeFile answers a request for an asset and closes the file. It is the only way by which asset bytes leave towards
// package managers. Kept assets support HEAD, ranges and conditions; an asset that is still being fetched is streamed
// from its start. An error that wraps http.ErrAbortHandler says that the answer broke off: the connection must be cut, so
// that the client never sees a short success. Any other error comes while nothing has been written.
func ServeFile(w http.ResponseWriter, r *http.Request, f repository.File, contentType string) error {
	if f.Content == nil {
		return serveTransfer(w, r, f, contentType)
	}
	defer f.Content.Close()
	etag := `"` + f.SHA256.String() + `"`
	h := assetHeader(w, contentType)
	h["Etag"] = []string{etag}
	if matches(r.Header.Get("If-None-Match"), etag) {
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
		clear(h)
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

func serveTransfer(w http.ResponseWriter, r *http.Request, f repository.File, contentType string) error {
	defer f.Transfer.Close()
	if r.Method == http.MethodHead {
		h := assetHeader(w, contentType)
		if f.Size >= 0 {
			h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
		}
		w.WriteHeader(http.StatusOK)
		return nil
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	n, err := f.Transfer.Read(*buffer)
	for n == 0 && err == nil {
		n, err = f.Transfer.Read(*buffer)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	h := assetHeader(w, contentType)
	if f.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
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

func assetHeader(w http.ResponseWriter, contentType string) http.Header {
	h := w.Header()
	h["Content-Type"] = []string{contentType}
	h["Cache-Control"] = []string{assetCaching}
	// What packages hold is not ours: a browser must neither guess at it nor run it on this origin.
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Content-Disposition"] = []string{"attachment"}
	return h
}

// ServeDocument answers a request for an index document: conditions by entity tag, gzip where the client takes it,
// HEAD. An error is returned only while nothing has been written.
func ServeDocument(w http.ResponseWriter, r *http.Request, d repository.Document, contentType string) error {
	zipped := acceptsGzip(r.Header.Get("Accept-Encoding"))
	etag := d.ETag
	if zipped {
		etag = strings.TrimSuffix(etag, `"`) + `-gzip"`
	}
	h := w.Header()
	h["Etag"] = []string{etag}
	h["Cache-Control"] = []string{documentCaching}
	h["Vary"] = []string{"Accept, Accept-Encoding"}
	if !d.Modified.IsZero() {
		h["Last-Modified"] = []string{d.Modified.UTC().Format(http.TimeFormat)}
	}
	// The tags of both encodings stand for the same content, so either proves that the client is up to date.
	if match := r.Header.Get("If-None-Match"); match != "" {
		if matches(match, d.ETag) || matches(match, strings.TrimSuffix(d.ETag, `"`)+`-gzip"`) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h["Content-Type"] = []string{contentType}
	if zipped {
		h["Content-Encoding"] = []string{"gzip"}
		return writeWhole(w, r, d.Gzip)
	}
	if d.Identity != nil {
		return writeWhole(w, r, d.Identity)
	}
	h["Content-Length"] = []string{strconv.FormatInt(d.Size, 10)}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	plain := unpackers.Get().(*gzip.Reader)
	defer unpackers.Put(plain)
	if err := plain.Reset(bytes.NewReader(d.Gzip)); err != nil {
		return err
	}
	if _, err := copyBuffered(w, plain); err != nil {
		return http.ErrAbortHandler
	}
	return nil
}

func writeWhole(w http.ResponseWriter, r *http.Request, body []byte) error {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return http.ErrAbortHandler
	}
	return nil
}

// matches reports whether an If-None-Match list holds the tag, by weak comparison (RFC 9110 §13.1.2).
func matches(list, etag string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}

// acceptsGzip reports whether an Accept-Encoding value takes gzip: named, or covered by *, and not with q=0.
func acceptsGzip(value string) bool {
	accepted := false
	for item := range strings.SplitSeq(value, ",") {
		coding, params, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "*" && coding != "x-gzip" {
			continue
		}
		refused := false
		if name, q, found := strings.Cut(params, "="); found && strings.EqualFold(strings.TrimSpace(name), "q") {
			weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			refused = err != nil || weight == 0
		}
		if coding == "gzip" {
			return !refused
		}
		accepted = accepted || !refused
	}
	return accepted
}

// unpackers keep their tables from one large document to the next.
var unpackers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// buffers are as large as an encryption chunk, so that one read gives one chunk.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

func copyBuffered(w io.Writer, r io.Reader) (int64, error) {
	if whole, ok := r.(io.WriterTo); ok {
		return whole.WriteTo(w)
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, *buffer)
}
