package formattest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/repository"
)

// MayPublish follows format.Shelf.
func (s *Shelf) MayPublish(context.Context, artifact.PackageKey) error {
	err := cmp.Or(s.Refuse, s.RefusePublish)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refused++
	}
	return err
}

// Stage follows format.Shelf: it needs no permission.
func (s *Shelf) Stage(context.Context) (*repository.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged++
	s.drafts++
	return repository.NewUpload(&draft{shelf: s}, s.AssetLimit), nil
}

// draft is an upload's room. Its end is counted, so that a forgotten one shows.
type draft struct {
	shelf *Shelf
	mu    sync.Mutex
	bytes []byte
	once  sync.Once
}

var _ blob.Draft = (*draft)(nil)

func (d *draft) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bytes = append(d.bytes, p...)
	return len(p), nil
}

func (d *draft) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	if off >= int64(len(d.bytes)) {
		return 0, io.EOF
	}
	n := copy(p, d.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Commit is never called: a Shelf copies the bytes out through the upload.
func (d *draft) Commit(context.Context, artifact.Digest) (blob.Info, error) {
	return blob.Info{}, errors.New("drafts of a Shelf in memory are not committed")
}

func (d *draft) Discard() error {
	d.once.Do(func() {
		d.shelf.mu.Lock()
		defer d.shelf.mu.Unlock()
		d.shelf.drafts--
	})
	return nil
}

// Publish follows format.Shelf. A version that is there conflicts unless every asset has the bytes it has already; new
// assets are added, whatever the format's rule is.
func (s *Shelf) Publish(ctx context.Context, p repository.Publication) (artifact.Version, error) {
	if err := s.MayPublish(ctx, p.PackageKey); err != nil {
		return artifact.Version{}, err
	}
	assets, content, err := read(p.Assets)
	if err != nil {
		return artifact.Version{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.packageFor(p.PackageKey)
	held, again := on.versions[p.Version]
	if again && !held.own {
		return artifact.Version{}, artifact.Errorf(artifact.Conflict, "%s is reachable upstream.", p.VersionKey)
	}
	if !again {
		held = &versionOnShelf{own: true, content: make(map[string][]byte)}
		held.Version = artifact.Version{
			VersionKey:  p.VersionKey,
			Status:      artifact.Published,
			Origin:      artifact.Origin{Type: artifact.OriginInternal, Repository: s.Repository().Name},
			PublishedAt: s.Clock(),
		}
	}
	fresh := !again
	for _, a := range assets {
		old, there := held.Asset(a.Name)
		if there && old.Digests != a.Digests {
			return artifact.Version{}, artifact.Errorf(artifact.Conflict, "%s exists with other bytes.", p.VersionKey)
		}
		if !there {
			held.Assets, fresh = append(slices.Clone(held.Assets), a), true
		}
	}
	if !fresh {
		return held.Version, nil
	}
	maps.Copy(held.content, content)
	held.Manifest, held.Details = p.Manifest, p.Details
	on.versions[p.Version] = held
	for _, label := range p.Labels {
		on.labels[label] = p.Version
	}
	s.published++
	return held.Version, nil
}

// read takes the bytes out of the uploads.
func read(staged []repository.StagedAsset) ([]artifact.Asset, map[string][]byte, error) {
	var assets []artifact.Asset
	content := make(map[string][]byte)
	for _, a := range staged {
		digests, size := a.Upload.Sum()
		p, err := io.ReadAll(io.NewSectionReader(a.Upload, 0, size))
		if err != nil {
			return nil, nil, err
		}
		content[a.Name] = p
		assets = append(assets, artifact.Asset{Name: a.Name, Size: size, Digests: digests})
	}
	return assets, content, nil
}
