package pypi

import (
	"io"
	"slices"

	"entrepot/artifact"
)

// maxDescribing bounds the source distributions from registries that are unpacked for their metadata, in bytes: it is at their
// end as often as not, and who fetches one waits.
const maxDescribing = 8 << 20

// describes reports whether a file from a registry tells what the API tells of its version, by the rule of what is published
// here (merge): the first wheel does, and before there is one the first source distribution.
func describes(v artifact.Version, file string) bool {
	named, err := parseFilename(file, v.Name)
	switch {
	case err != nil || keeps(v, wheelKind):
		return false
	case named.kind == wheelKind:
		return true
	}
	return named.kind == sdistKind && !keeps(v, sdistKind)
}

// keeps reports whether a file of the kind is there, and more than promised.
func keeps(v artifact.Version, kind distributionKind) bool {
	return slices.ContainsFunc(v.Assets, func(a artifact.Asset) bool {
		named, err := parseFilename(a.Name, v.Name)
		return err == nil && named.kind == kind && !a.Promised
	})
}

// describeFile reads what the API tells of a version out of one of its files. One that cannot be read, or is about another
// version, tells nothing and is served all the same: that is between its publisher and those who install it.
func describeFile(v artifact.VersionKey, file string, content io.ReaderAt, size int64) (artifact.Details, bool) {
	named, err := parseFilename(file, v.Name)
	if err != nil {
		return artifact.Details{}, false
	}
	m, err := metadataIn(named, content, size)
	if err != nil || named.agree(m) != nil {
		return artifact.Details{}, false
	}
	return describe(m), true
}

// metadataIn reads the metadata out of a distribution as a registry has it, which may be of kinds that cannot be published
// here.
func metadataIn(named distribution, content io.ReaderAt, size int64) (metadata, error) {
	if named.kind == wheelKind {
		core, err := readCore(content, size)
		if err != nil {
			return metadata{}, err
		}
		return parseMetadata(core)
	}
	if size > maxDescribing {
		return metadata{}, invalid("%s is too large to be looked into.", named.name)
	}
	found, err := inspectSdist(content, size, named)
	return found.metadata, err
}
