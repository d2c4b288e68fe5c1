package upstream

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"

	"entrepot/artifact"
)

// take turns a response into a kept document: bounded, decoded, regenerated, saved.
func (c *Client) take(ctx context.Context, to target, req DocumentRequest, k Key, old memory,
	resp *http.Response) (memory, error) {
	if err := checkType(resp, req.Accept); err != nil {
		return memory{}, c.unusable(to, req, err)
	}
	body, err := plain(resp)
	if err != nil {
		return memory{}, c.unusable(to, req, err)
	}
	most := c.opts.MaxDocument
	if req.Max > 0 {
		most = min(most, req.Max)
	}
	src := &ceiling{r: body, max: most}
	spool, err := c.opts.Cache.Create(ctx)
	if err != nil {
		return memory{}, fmt.Errorf("create room for a document: %w", err)
	}
	defer func() {
		if err := spool.Discard(); err != nil {
			c.opts.Logger.Error("could not discard a spool", "error", err)
		}
	}()
	dst := &sink{w: spool, max: most, hash: sha256.New()}
	err = req.regenerate(dst, src, resp.Header)
	if err == nil {
		// A parser may be content before the body ends. Only the end tells that it is whole and within its ceiling.
		_, err = io.Copy(io.Discard, src)
	}
	if err != nil {
		return memory{}, c.unusable(to, req, errors.Join(src.failure(), dst.err, err))
	}
	now := c.opts.Now()
	e := Entry{Key: k, ETag: validator(resp, "ETag"), LastModified: validator(resp, "Last-Modified"), FetchedAt: now,
		CheckedAt: now, Digest: artifact.Digest(dst.hash.Sum(nil)), Size: dst.size,
		RegenerateVersion: req.RegenerateVersion}
	return memory{Entry: e}, c.save(ctx, e, old.Entry, spool)
}

// save keeps the document. If it says what the old one said, only the entry is renewed.
func (c *Client) save(ctx context.Context, e, old Entry, spool Spool) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.KeepTimeout)
	defer cancel()
	if old.Key == e.Key && old.Digest == e.Digest {
		if err := c.opts.Cache.Touch(ctx, e); !errors.Is(err, ErrNoEntry) {
			return wrap("renew kept document", err)
		}
	}
	return wrap("save document", c.opts.Cache.Save(ctx, e, spool))
}

// unusable words a 200 that did not become a document or an asset. The cause may hold the upstream's own bytes, so it
// is logged and not told.
func (c *Client) unusable(to target, req DocumentRequest, err error) error {
	switch {
	case errors.Is(err, errClosed) || c.ctx.Err() != nil:
		return shuttingDown()
	case errors.Is(err, errOurs):
		return fmt.Errorf("keep what upstream %s sent: %w", to.origin.Name, err)
	case errors.Is(err, errBroken):
		return to.origin.unavailable("broke off in the middle of its answer").
			Causing(err)
	}
	c.metrics.request(to.connection, badContent)
	return to.origin.unavailable("sent a %s that cannot be used", cmp.Or(req.Essential, "document")).Causing(err)
}

// errOurs marks failures of our own disk or cache, which are nobody else's fault.
var errOurs = errors.New("our own storage failed")

// A sink hashes, counts and bounds what goes into a spool, and remembers why it failed.
type sink struct {
	w    io.Writer
	hash hash.Hash
	size int64
	max  int64
	err  error
}

func (s *sink) Write(p []byte) (int, error) {
	switch {
	case s.err != nil:
	case int64(len(p)) > s.max-s.size:
		s.err = fmt.Errorf("%w: its regenerated form is larger than %d bytes", errContent, s.max)
	default:
		if _, err := s.w.Write(p); err != nil {
			s.err = fmt.Errorf("%w: %w", errOurs, err)
		}
	}
	if s.err != nil {
		return 0, s.err
	}
	s.size += int64(len(p))
	_, _ = s.hash.Write(p) // never fails
	return len(p), nil
}

// failure is what went wrong with the source, if anything did.
func (l *ceiling) failure() error {
	if l.err == io.EOF {
		return nil
	}
	return l.err
}
