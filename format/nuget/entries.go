package nuget

import (
	"fmt"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
)

// entry is a version of a view, with what is said about it.
type entry struct {
	artifact.Version
	number version
	manifest
}

// filter says which versions a client gets to see.
type filter struct {
	prerelease bool // those of before a release
	semVer2    bool // those that clients of before SemVer 2 could not read
	unlisted   bool // those that are for clients who name them
	low, high  *version
}

// entries returns the versions of a view that a filter lets through, lowest first.
func (f filter) entries(view repository.View) ([]entry, error) {
	var found []entry
	for v, err := range view.Versions {
		if err != nil {
			return nil, err
		}
		number, ok := parseVersion(v.VersionKey.Version)
		if !ok || !f.takes(number) || !f.unlisted && !v.Status.Listed() {
			continue
		}
		m, err := readManifest(v.Manifest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.VersionKey, err)
		}
		if f.semVer2 || !m.SemVer2 {
			found = append(found, entry{v, number, m})
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return a.number.compare(b.number) })
	return found, nil
}

func (f filter) takes(v version) bool {
	return (f.prerelease || !v.prerelease()) && (f.low == nil || f.low.compare(v) <= 0) &&
		(f.high == nil || f.high.compare(v) >= 0)
}

// key is the version's own.
func (e entry) key() artifact.VersionKey { return e.VersionKey }

// listed reports whether clients show the version to those who do not name it.
func (e entry) listed() bool { return e.Status.Listed() }

// hiddenSince is the time of publication of versions that are not listed. Clients from before the member listed go by it, as the
// public registry has it.
var hiddenSince = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// published is when the version came out: where it is from outside, there.
func (e entry) published() time.Time {
	switch {
	case !e.listed():
		return hiddenSince
	case !e.UpstreamTime.IsZero():
		return e.UpstreamTime.UTC()
	}
	return e.PublishedAt.UTC()
}

// content is the one asset of the version; false where nothing is known of it but its name.
func (e entry) content() (artifact.Asset, bool) {
	a, ok := e.Asset(assetOf(e.VersionKey))
	return a, ok && a.SHA512 != [64]byte{}
}
