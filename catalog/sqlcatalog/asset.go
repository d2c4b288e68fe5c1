package sqlcatalog

import (
	"time"

	"entrepot/artifact"
)

const assetColumns = "a.name, a.size, a.md5, a.sha1, a.sha256, a.sha512, a.facts, a.added_at, a.promised"

// assetRow scans assetColumns; the whole row is NULL where a version has no assets.
type assetRow struct {
	name                      *string
	size                      *int64
	md5, sha1, sha256, sha512 []byte
	facts                     []byte
	addedAt                   *int64
	promised                  *bool
}

func (a *assetRow) columns() []any {
	return []any{&a.name, &a.size, &a.md5, &a.sha1, &a.sha256, &a.sha512, &a.facts, &a.addedAt, &a.promised}
}

// asset returns what was scanned and whether there was anything.
func (a *assetRow) asset() (artifact.Asset, bool, error) {
	if a.name == nil {
		return artifact.Asset{}, false, nil
	}
	asset := artifact.Asset{Name: *a.name, Size: *a.size, Facts: a.facts, AddedAt: time.UnixMicro(*a.addedAt).UTC(),
		Promised: *a.promised}
	if asset.Promised && asset.Size == 0 {
		asset.Size = unknownSize
	}
	for _, d := range []struct {
		into fixed
		raw  []byte
	}{
		{asset.MD5[:], a.md5}, {asset.SHA1[:], a.sha1}, {asset.SHA256[:], a.sha256}, {asset.SHA512[:], a.sha512},
	} {
		if err := d.into.Scan(d.raw); err != nil {
			return artifact.Asset{}, false, err
		}
	}
	return asset, true, nil
}

// unknownSize is that of a promised asset whose registry does not say; it is kept as 0, which no asset of a registry has.
const unknownSize = -1

// maxAssetSize is a pebibyte: the sum of what a domain holds stays far from the end of 64 bits.
const maxAssetSize = 1 << 50

// checkAssets refuses what cannot be stored, before anything is.
func checkAssets(v artifact.Version) error {
	seen := make(map[string]struct{}, len(v.Assets))
	for _, a := range v.Assets {
		unknown := a.Promised && a.Size == unknownSize
		if a.Size < 0 && !unknown || a.Size > maxAssetSize {
			return artifact.Errorf(artifact.Invalid, "Asset %q of %s %s has the impossible size %d.", a.Name,
				v.Qualified(), v.VersionKey.Version, a.Size).About(artifact.AssetResource, v.String()+"/"+a.Name)
		}
		if _, twice := seen[a.Name]; twice {
			return artifact.Errorf(artifact.Invalid, "Asset %q of %s %s is named twice.", a.Name, v.Qualified(),
				v.VersionKey.Version).About(artifact.AssetResource, v.String()+"/"+a.Name)
		}
		seen[a.Name] = struct{}{}
	}
	return nil
}

// addAssets stores the assets of a version that has none. Their contents are referred to by refer.
func (s *session) addAssets(version versionID, assets []artifact.Asset) error {
	for i, a := range assets {
		if _, err := s.exec("add an asset",
			`INSERT INTO assets (version, name, position, size, md5, sha1, sha256, sha512, facts, added_at, promised)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, version, a.Name, i, max(a.Size, 0), a.MD5[:], a.SHA1[:],
			a.SHA256[:], a.SHA512[:], a.Facts, a.AddedAt.UnixMicro(), a.Promised); err != nil {
			return err
		}
	}
	return nil
}
