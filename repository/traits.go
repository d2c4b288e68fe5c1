package repository

import (
	"io"

	"entrepot/artifact"
)

// Late says what may still come to a version that a repository has taken from an external registry (user guide,
// "Requesting packages from external connections"). The two can be combined.
type Late uint8

// What may come later. The zero value is nothing: what came first is all there is.
const (
	// LateOnRequest brings in an asset when somebody asks for it, one whose name nobody promised too: registries of the
	// format cannot list what they have (Maven).
	LateOnRequest Late = 1 << iota
	// LateWhole keeps the whole set of assets, with their facts, as the registry has it (PyPI). What has been fetched
	// stays whatever the registry does.
	LateWhole
)

// Growth says when publishers may add assets to a version that is there already (user guide, "Package version
// immutability").
type Growth uint8

// When a version may grow.
const (
	GrowNever      Growth = iota // a version is published in one moment
	GrowUnfinished               // until it is finished (generic)
	GrowAlways                   // unless it is withdrawn (PyPI, Maven)
)

// Traits are what the rules need to know of a format. They read neither manifests nor facts, so this is all that
// formats differ in for them. The zero value is a format with one asset a version, published in one moment, whose names
// and versions mean what is written.
type Traits struct {
	// Canonical returns the key under which a package version is kept, from one as anybody may write it; the version may
	// be empty. Doors, policies, origin controls and requests to registries all use what it returns. nil changes nothing.
	Canonical func(artifact.VersionKey) artifact.VersionKey
	// CanonicalAPI says that calls of the API may write keys in any form as well; else only the kept form finds anything
	// (user guide, the pages on name normalization).
	CanonicalAPI bool
	// Fold returns what may be there only once among a repository's packages of the format, if that is less than the
	// canonical name. nil: the name.
	Fold func(artifact.PackageKey) string
	// FoldOwn has Fold count for packages that begin with a publication or with origin controls, and not for those that come from
	// elsewhere, for registries that let names be beside each other that fold to the same: those may be fetched, one and the
	// other, but none that folds as one of ours does.
	FoldOwn bool
	// FoldVersion returns what may be there only once among a package's versions, if that is less than the text of one:
	// assets that are published under another spelling of a version come to the one that is there, and a version that can be
	// read from upstream in any spelling is not published. nil: the text.
	FoldVersion func(version string) string

	Late   Late
	Growth Growth
	// FollowStatus has retained versions follow their registry when it yanks or relists them.
	FollowStatus bool
	// InternalOnly keeps packages in the repository that they were published or copied to: nothing is searched upstream
	// (generic).
	InternalOnly bool
	// ByAPI has versions published through the API, an asset a call, and not by a package manager (generic).
	ByAPI bool
	// Check refuses a version and a name of an asset that nobody may publish, with an Invalid error. nil: what the grammar
	// of the API takes.
	Check func(v artifact.VersionKey, asset string) error
	// Replaceable reports whether publishing a version again replaces its assets (Maven: snapshots). nil: never.
	Replaceable func(version string) bool
	// Readme reads a version's readme out of its asset of size bytes; empty if there is none in it, or if it cannot be taken
	// apart. It is for formats whose registries describe packages and not versions (npm). Errors are those of content. nil:
	// what Details has is the version's own.
	Readme func(content io.ReaderAt, size int64) (string, error)
	// Describes reports whether an asset tells what Details holds of its version, for formats whose registries tell nothing
	// of a version but its files (Maven: the POM; PyPI: a distribution). The version is as it is before the asset comes: what
	// of it is not kept is a promise. Describe reads the asset, as it comes from a registry, out of its size bytes; ok is
	// false if it cannot be taken apart. It is called once for all who fetch, and they wait for it. Both or neither are set.
	Describes func(v artifact.Version, asset string) bool
	Describe  func(v artifact.VersionKey, asset string, content io.ReaderAt, size int64) (details artifact.Details, ok bool)
	// Needs lists what clients read with a version besides its dependencies, as the asset for which Describes is true says: of it, of
	// size bytes (Maven: parents and imported POMs). It is asked for what is kept before anybody asks. nil: nothing.
	Needs func(v artifact.VersionKey, content io.ReaderAt, size int64) []artifact.VersionKey
	// DefaultLabel points at the version that is shown and installed where none is named (npm: latest). The first
	// publication sets it; later ones move it only where they name it. Empty: the API shows what was published last.
	DefaultLabel string
	// Prefer is set with DefaultLabel. It is positive if a rather than b stands in for the label where that points at no
	// listed version, negative if b does, and 0 for equal texts only.
	Prefer func(a, b string) int
}

// traits are those of a format; the zero value for one that is not served.
func (s *Service) traits(f artifact.Format) Traits { return s.Formats[f] }

// Canonical returns the key under which a version is kept, from one as a package manager may write it.
func (s *Service) Canonical(k artifact.VersionKey) artifact.VersionKey {
	if canonical := s.traits(k.Format).Canonical; canonical != nil {
		return canonical(k)
	}
	return k
}

// CanonicalPackage is Canonical for a package.
func (s *Service) CanonicalPackage(p artifact.PackageKey) artifact.PackageKey {
	return s.Canonical(p.At("")).PackageKey
}

// CanonicalAPI is Canonical for a key that a call of the API gives: some formats must be written there as they are kept.
func (s *Service) CanonicalAPI(k artifact.VersionKey) artifact.VersionKey {
	if s.traits(k.Format).CanonicalAPI {
		return s.Canonical(k)
	}
	return k
}

// folded is what may be there only once beside the package; see artifact.Package.
func (s *Service) folded(p artifact.PackageKey) string {
	if fold := s.traits(p.Format).Fold; fold != nil {
		return fold(p)
	}
	return ""
}

// foldedFrom is folded for a package that comes from elsewhere.
func (s *Service) foldedFrom(p artifact.PackageKey) string {
	if s.traits(p.Format).FoldOwn {
		return ""
	}
	return s.folded(p)
}

// follows reports whether retained versions take over anything from their registry later.
func (t Traits) follows() bool { return t.Late&LateWhole != 0 || t.FollowStatus }

// replaceable reports whether publishing the version again replaces its assets.
func (t Traits) replaceable(version string) bool {
	return t.Replaceable != nil && t.Replaceable(version)
}
