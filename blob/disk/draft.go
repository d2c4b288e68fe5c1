package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"

	"entrepot/artifact"
	"entrepot/blob"
)

// draft is a file in the drafts folder until Commit renames it. The descriptor stays open until Discard.
type draft struct {
	space *Space
	path  string
	file  File
	size  atomic.Int64 // bytes that Write has accepted; ReadAt goes no further

	failed    error // the first failure; nothing is tried again after it
	committed bool
	closed    atomic.Bool
}

func (d *draft) Write(p []byte) (int, error) {
	if err := d.usable(); err != nil {
		return 0, err
	}
	n, err := d.file.Write(p)
	d.size.Add(int64(n))
	if err != nil {
		d.failed = fmt.Errorf("write draft: %w", told(err))
	}
	return n, d.failed
}

func (d *draft) ReadAt(p []byte, off int64) (int, error) {
	if d.closed.Load() {
		return 0, fs.ErrClosed
	}
	// The file may hold the beginning of a write that is not accepted yet, or never will be.
	accepted := d.size.Load() - off
	if int64(len(p)) <= accepted || off < 0 {
		return d.file.ReadAt(p, off)
	}
	n, err := d.file.ReadAt(p[:max(accepted, 0)], off)
	if err == nil {
		err = io.EOF
	}
	return n, err
}

// Commit always renames, also over equal content: the new file is known to be whole, the old one may have been damaged,
// and a commit that relied on an old name would have to wait for whoever has not synced it yet. Once a sync has failed
// the kernel may have dropped the pages and would call a second one a success, so the draft is lost.
func (d *draft) Commit(ctx context.Context, digest artifact.Digest) (blob.Info, error) {
	if err := d.usable(); err != nil {
		return blob.Info{}, err
	}
	if err := ctx.Err(); err != nil {
		d.failed = err
		return blob.Info{}, err
	}
	info, err := d.commit(digest)
	if err != nil {
		d.failed = fmt.Errorf("commit %s: %w", digest, told(err))
	}
	return info, d.failed
}

func (d *draft) commit(digest artifact.Digest) (blob.Info, error) {
	s, root, path := d.space, d.space.disk.root, d.space.path(digest)
	now := s.stamp()
	if err := root.Chtimes(d.path, now, now); err != nil {
		return blob.Info{}, err
	}
	if !s.cache {
		if err := d.file.Sync(); err != nil {
			return blob.Info{}, err
		}
	}
	if err := s.ensureFanOut(digest); err != nil {
		return blob.Info{}, err
	}
	if err := root.Rename(d.path, path); err != nil {
		if s.isTaken(path) {
			err = fmt.Errorf("a folder lies in its place: %w: %w", blob.ErrCorrupt, err)
		}
		return blob.Info{}, err
	}
	d.committed = true
	if s.cache {
		return blob.Info{Digest: digest, Size: d.size.Load(), ModTime: now}, nil
	}
	if err := s.disk.syncFolder(s.fanOutPath(digest.String()[:2])); err != nil {
		return blob.Info{}, err
	}
	return blob.Info{Digest: digest, Size: d.size.Load(), ModTime: now}, nil
}

func (d *draft) usable() error {
	if d.closed.Load() || d.committed && d.failed == nil {
		return fs.ErrClosed
	}
	return d.failed
}

func (d *draft) Discard() error {
	if d.closed.Swap(true) {
		return nil
	}
	err := d.file.Close()
	if !d.committed {
		err = errors.Join(err, d.space.disk.root.Remove(d.path))
	}
	if err != nil {
		return fmt.Errorf("discard draft: %w", err)
	}
	return nil
}
