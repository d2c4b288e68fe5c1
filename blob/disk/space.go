package disk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
)

// Space is the store of one domain. Equal content in two spaces is kept twice: deduplication ends where permission does.
//
// What a space has was durable when its Commit returned, unless it was opened by Disk.Cache.
type Space struct {
	disk  *Disk
	name  string
	cache bool // commits are not synced; see Disk.Cache
	// durable says of each fan-out folder that it is there and synced into the space. Folders are made under making.
	durable [256]atomic.Bool
	making  sync.Mutex
}

var _ blob.Store = (*Space)(nil)

// Create opens a draft in the space's own file system, so that Commit can rename it.
func (s *Space) Create(ctx context.Context) (blob.Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, by its documentation
	path := s.draftPath(hex.EncodeToString(id[:]))
	file, err := s.disk.root.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, filePerm)
	if err != nil {
		return nil, fmt.Errorf("create draft: %w", told(err))
	}
	return &draft{space: s, path: path, file: file}, nil
}

// Open returns the content kept under d. It is ErrCorrupt when something else than a plain file with one link lies in
// its place: a link to a secret must not be served, and a pipe would never answer.
func (s *Space) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := retryReplaced(func() (*content, error) { return s.openOnce(d) })
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d, told(missing(err)))
	}
	return c, nil
}

// errReplaced says that the file in a place changed while it was looked at.
var errReplaced = errors.New("file was replaced")

// retryReplaced looks again while once says errReplaced. Each time a commit or a deletion must have come between, so it
// ends; the bound is there for a file system that is wrong about it.
func retryReplaced[T any](once func() (T, error)) (T, error) {
	for range 100 {
		if found, err := once(); !errors.Is(err, errReplaced) {
			return found, err
		}
	}
	return once()
}

// openOnce looks before it opens, because opening a device or a pipe has effects of its own and os.Root follows links
// that stay inside it; then it makes sure that it opened what it had looked at.
func (s *Space) openOnce(d artifact.Digest) (*content, error) {
	path := s.path(d)
	seen, err := s.look(path)
	if err != nil {
		return nil, err
	}
	file, err := s.disk.root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	opened, err := file.Stat()
	if err == nil && !os.SameFile(seen, opened) {
		err = errReplaced
	}
	if err == nil {
		err = plain(opened)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &content{file, describe(d, opened)}, nil
}

// look describes the plain file at path.
func (s *Space) look(path string) (fs.FileInfo, error) {
	info, err := s.disk.root.Lstat(path)
	if err != nil {
		return nil, err
	}
	return info, plain(info)
}

// plain says what keeps info from being that of a regular file with one link. With no link it has just been replaced or
// deleted.
func plain(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is a %s, not a plain file: %w", info.Mode().Type(), blob.ErrCorrupt)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("the file system does not count links")
	}
	switch {
	case stat.Nlink == 0:
		return errReplaced
	case stat.Nlink > 1:
		return fmt.Errorf("it has %d links: %w", stat.Nlink, blob.ErrCorrupt)
	}
	return nil
}

// missing words the absence of a file as the contract does.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return blob.ErrNotFound
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: %w", blob.ErrCorrupt, err)
	}
	return err
}

func describe(d artifact.Digest, info fs.FileInfo) blob.Info {
	return blob.Info{Digest: d, Size: info.Size(), ModTime: info.ModTime().UTC()}
}

// Stat describes the content kept under d.
func (s *Space) Stat(ctx context.Context, d artifact.Digest) (blob.Info, error) {
	if err := ctx.Err(); err != nil {
		return blob.Info{}, err
	}
	info, err := retryReplaced(func() (fs.FileInfo, error) { return s.look(s.path(d)) })
	if err != nil {
		return blob.Info{}, fmt.Errorf("stat %s: %w", d, told(missing(err)))
	}
	return describe(d, info), nil
}

// Delete removes what lies in the place of d, damaged or not. The removal is not synced: content that comes back with a
// power cut is an orphan, which is collected again.
func (s *Space) Delete(ctx context.Context, d artifact.Digest) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.disk.root.Remove(s.path(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete %s: %w", d, missing(err))
	}
	return nil
}

// errStopped ends a walk whose consumer has seen enough.
var errStopped = errors.New("enough seen")

// All yields the content of every fan-out folder. Names this package does not make are passed over.
func (s *Space) All(ctx context.Context) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		err := s.disk.walk(s.name, func(folder fs.DirEntry) error {
			if !folder.IsDir() || !fanOutPattern.MatchString(folder.Name()) {
				return nil
			}
			return s.disk.walk(s.fanOutPath(folder.Name()), func(file fs.DirEntry) error {
				return s.yieldFile(ctx, folder.Name()+file.Name(), yield)
			})
		})
		if s.disk.inspect && errors.Is(err, fs.ErrNotExist) {
			return // nobody has made the space
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(blob.Info{}, fmt.Errorf("list %s: %w", s.name, told(err)))
		}
	}
}

func (s *Space) yieldFile(ctx context.Context, name string, yield func(blob.Info, error) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d, err := artifact.ParseDigest(name)
	if err != nil {
		return nil
	}
	info, err := s.Stat(ctx, d)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil // deleted since the folder was read
	case errors.Is(err, blob.ErrCorrupt):
		info = blob.Info{Digest: d}
	case err != nil:
		return err
	}
	if !yield(info, err) {
		return errStopped
	}
	return nil
}

// content is a file and what was known of it when it was opened.
type content struct {
	openFile
	info blob.Info
}

type openFile interface {
	io.ReadSeekCloser
	io.ReaderAt
}

func (c *content) Info() blob.Info { return c.info }

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	n, err := c.openFile.Read(p)
	return n, unreadable(err)
}

// ReadAt implements io.ReaderAt.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.openFile.ReadAt(p, off)
	return n, unreadable(err)
}

// unreadable says of what the disk cannot give back that it is damaged: other bytes in its place are all that helps.
func unreadable(err error) error {
	if errors.Is(err, syscall.EIO) {
		return fmt.Errorf("%w: %w", blob.ErrCorrupt, err)
	}
	return err
}

// syncFolders makes the space and syncs it with the fan-out folders there are: an earlier process may not have got to it.
func (s *Space) syncFolders() error {
	if err := s.disk.ensureFolder(s.name); err != nil {
		return err
	}
	if err := s.disk.ensureFolder(s.name + "/" + drafts); err != nil {
		return err
	}
	var there []byte
	err := s.disk.walk(s.name, func(folder fs.DirEntry) error {
		if b, err := hex.DecodeString(folder.Name()); err == nil && folder.IsDir() && fanOutPattern.MatchString(folder.Name()) {
			there = append(there, b...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.disk.syncFolder(s.name); err != nil {
		return err
	}
	for _, b := range there {
		s.durable[b].Store(true)
	}
	return s.disk.syncFolder(".")
}

// litter is how many fan-out folders are made at a time. They share one sync of the space, so that the first commits of a
// space do not wait for one each.
const litter = 16

// ensureFanOut makes the folder of d and those next to it, should the space lack it, and syncs them into the space.
func (s *Space) ensureFanOut(d artifact.Digest) error {
	if s.durable[d[0]].Load() {
		return nil
	}
	s.making.Lock()
	defer s.making.Unlock()
	if s.durable[d[0]].Load() {
		return nil // made while this waited
	}
	var made []byte
	first := d[0] - d[0]%litter
	for i := range byte(litter) {
		b := first + i
		err := s.disk.ensureFolder(s.fanOutPath(hex.EncodeToString([]byte{b})))
		switch {
		case err == nil:
			made = append(made, b)
		case b == d[0] || !errors.Is(err, blob.ErrCorrupt): // what lies in another's place is the matter of its own commits
			return err
		}
	}
	if err := s.disk.syncFolder(s.name); err != nil {
		return err
	}
	for _, b := range made {
		s.durable[b].Store(true)
	}
	return nil
}

// stamp is the time of a commit as every file system in use can keep it.
func (s *Space) stamp() time.Time { return s.disk.now().UTC().Truncate(time.Millisecond) }

// isTaken reports whether something that a rename cannot replace, a folder, lies at path.
func (s *Space) isTaken(path string) bool {
	info, err := s.disk.root.Lstat(path)
	return err == nil && info.IsDir()
}
