package repository

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"

	"entrepot/artifact"
)

// revisionOf returns an opaque name for the texts: base64 of a SHA-256, 44 characters, as the service's samples have.
// Each text is hashed with its length, so that no two lists of texts run into each other.
func revisionOf(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		hashText(h, t)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func hashText(h hash.Hash, text string) { fmt.Fprintf(h, "%d:%s", len(text), text) }

// versionRevision names an exact set of assets and metadata: the coordinates, the names, digests and facts of the assets and
// the manifest. The status is no part of it (user guide: a status change keeps the revision).
func versionRevision(v artifact.Version) (string, error) {
	details, err := json.Marshal(v.Details)
	if err != nil {
		return "", fmt.Errorf("revision of %s: %w", v.VersionKey, err)
	}
	texts := []string{v.VersionKey.String(), string(v.Manifest), string(details)}
	assets := slices.Clone(v.Assets)
	slices.SortFunc(assets, func(a, b artifact.Asset) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range assets {
		texts = append(texts, a.Name, a.SHA256.String(), string(a.Facts))
	}
	return revisionOf(texts...), nil
}

// sameContent reports whether two versions hold the same assets and metadata.
func sameContent(a, b artifact.Version) (bool, error) {
	ra, err := versionRevision(a)
	if err != nil {
		return false, err
	}
	rb, err := versionRevision(b)
	return ra == rb, err
}
