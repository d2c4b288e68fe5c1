package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
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
			return artifact.Errorf(artifact.Invalid, "Asset %q of %s has the impossible size %d", a.Name, v.VersionKey, a.Size).
				About(artifact.AssetResource, v.String()+"/"+a.Name)
		}
		if _, twice := seen[a.Name]; twice {
			return artifact.Errorf(artifact.Invalid, "Asset %q of %s is named twice", a.Name, v.VersionKey).
				About(artifact.AssetResource, v.String()+"/"+a.Name)
		}
		seen[a.Name] = struct{}{}
	}
	return nil
}

// addAssets stores the assets of a version that has none, and counts them.
func (s *session) addAssets(domain catalog.DomainID, version versionID, assets []artifact.Asset) error {
	const verb = "add an asset"
	for i, a := range assets {
		if _, err := s.exec(verb,
			`INSERT INTO assets (version, name, position, size, md5, sha1, sha256, sha512, facts, added_at, promised)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, version, a.Name, i, max(a.Size, 0), a.MD5[:], a.SHA1[:],
			a.SHA256[:], a.SHA512[:], a.Facts, a.AddedAt.UnixMicro(), a.Promised); err != nil {
			return err
		}
		if a.Promised {
			continue // there are no bytes to count
		}
		references, _, err := one(s, verb, scalar[int64],
			`INSERT INTO blobs (domain, sha256, size, assets) VALUES (?, ?, ?, 1)
			ON CONFLICT (domain, sha256) DO UPDATE SET assets = blobs.assets + 1 RETURNING assets`,
			domain, a.SHA256[:], a.Size)
		if err != nil {
			return err
		}
		if references > 1 {
			continue // the domain has it: counted already
		}
		if _, err := s.exec(verb, "UPDATE domains SET asset_bytes = asset_bytes + ? WHERE id = ?", a.Size, domain); err != nil {
			return err
		}
	}
	return nil
}

// The assets with bytes that go with something, by its id.
const (
	assetsOfVersion    = "assets a WHERE NOT a.promised AND a.version = ?"
	assetsOfPackage    = "assets a JOIN versions v ON v.id = a.version WHERE NOT a.promised AND v.package = ?"
	assetsOfRepository = "assets a JOIN versions v ON v.id = a.version JOIN packages p ON p.id = v.package " +
		"WHERE NOT a.promised AND p.repository = ?"
)

// release takes back the count of assets about to be removed. What it subtracts is the size that was added, blobs.size,
// so the sum cannot drift and never falls below zero.
func (s *session) release(domain catalog.DomainID, which string, id int64) error {
	const verb = "release assets"
	n, err := s.exec(verb, `UPDATE blobs SET assets = blobs.assets - gone.n
		FROM (SELECT a.sha256 AS sha256, count(*) AS n FROM `+which+` GROUP BY a.sha256) AS gone
		WHERE blobs.domain = ? AND blobs.sha256 = gone.sha256`, id, domain)
	if err != nil || n == 0 {
		return err
	}
	if _, err := s.exec(verb, `UPDATE domains SET asset_bytes = asset_bytes -
		(SELECT coalesce(sum(size), 0) FROM blobs WHERE domain = ? AND assets = 0) WHERE id = ?`, domain, domain); err != nil {
		return err
	}
	_, err = s.exec(verb, "DELETE FROM blobs WHERE domain = ? AND assets = 0", domain)
	return err
}

// AssetReferenced implements catalog.VersionReader.
func (s *session) AssetReferenced(id catalog.DomainID, d artifact.Digest) (bool, error) {
	return s.exists("find an asset", "SELECT 1 FROM blobs WHERE domain = ? AND sha256 = ?", id, d[:])
}
