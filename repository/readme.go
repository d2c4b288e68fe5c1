package repository

import (
	"context"
	"fmt"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/iam"
)

// readmesRoom bounds the memory for readmes that were read out of assets, in bytes.
const readmesRoom = 16 << 20

func newReadmes() *bytecache.Cache[contentKey, string] {
	return bytecache.New[contentKey](readmesRoom, func(text string) int64 { return int64(len(text)) + 256 })
}

// Described is Version with the version's own readme in its details; empty if it has none. Registries of some formats
// have one readme for all versions of a package, so that of a version from outside is read out of its asset when it is
// first asked for, and remembered by the asset's digest.
func (s *Service) Described(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
	v artifact.VersionKey) (artifact.Version, error) {
	found, err := s.Version(ctx, key, v)
	if err != nil || s.traits(v.Format).Readme == nil || !found.Origin.Fetched() {
		return found, err
	}
	at, err := s.existing(ctx, key)
	if err != nil {
		return artifact.Version{}, err
	}
	found.Details.Readme = ""
	for _, a := range found.Assets {
		if a.Promised {
			continue
		}
		if found.Details.Readme, err = s.readmeIn(ctx, c, at, found, a); err != nil {
			return artifact.Version{}, fmt.Errorf("read the readme of %s: %w", found.VersionKey, err)
		}
		break
	}
	return found, nil
}

// readmeIn reads the readme out of a kept asset, once for all who ask at the same time.
func (s *Service) readmeIn(ctx context.Context, c iam.Caller, at *configuration, v artifact.Version,
	a artifact.Asset) (string, error) {
	kept := contentKey{at.domain.ID, a.SHA256}
	if text, known := s.readmes.Get(kept); known {
		return text, nil
	}
	text, err, _ := s.retaining.Do(flight("readme", at.domain.ID, v.VersionKey, a.SHA256.String()), func() (any, error) {
		f, err := s.wholeFile(context.WithoutCancel(ctx), c, at, v, a)
		if err != nil {
			return "", err
		}
		defer f.Content.Close()
		text, err := s.traits(v.Format).Readme(f.Content, a.Size)
		if err == nil {
			s.readmes.Put(kept, text)
		}
		return text, err
	})
	if err != nil {
		return "", err
	}
	return text.(string), nil
}
