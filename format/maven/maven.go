// Package maven is the protocol of Maven repositories, as Maven, Gradle, Ivy, sbt and coursier speak it: files under the
// paths of their coordinates, an index document per package, snapshot and group, and checksums of all of them.
//
// Nothing is served as a client sent it but the files themselves. Documents are made of what is on record, checksums are
// computed; what clients PUT of either is compared, and moves versions on.
package maven

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of Maven.
func Format() format.Format {
	uploads := newUploads()
	return format.Format{
		Name: artifact.Maven,
		Traits: repository.Traits{
			Late:        repository.LateOnRequest,
			Growth:      repository.GrowAlways,
			Replaceable: isSnapshot,
			Describes:   describes,
			Describe:    describePOM,
			Needs:       needsOf,
		},
		Rewrite: rewrite,
		Routes: []format.Route{
			{Pattern: "GET /{path...}", Handler: get},
			{Pattern: "PUT /{path...}", Handler: uploads.put},
		},
		Fail:   fail,
		Source: newSource,
		Detect: detectors,
		Tools:  tools,
	}
}

// rewrite lets a base that ends in a slash be joined with a path that begins with one. Elsewhere an empty segment might
// stand for one that was forgotten, so there it stays, and is refused.
func rewrite(escaped string) string { return "/" + strings.TrimLeft(escaped, "/") }

// pomSuffix ends the name of a version's POM.
const pomSuffix = ".pom"

// describes reports whether the asset is the POM of the version.
func describes(v artifact.Version, asset string) bool {
	return asset == fileStem(v.Name, v.VersionKey.Version)+pomSuffix
}

// needsOf are the POMs that a POM refers to: its parent, those that it imports, and where it has been moved to.
func needsOf(v artifact.VersionKey, content io.ReaderAt, size int64) []artifact.VersionKey {
	p, err := readPOM(io.NewSectionReader(content, 0, size))
	if err != nil {
		return nil
	}
	refers := append([]coordinates{p.parent}, p.imports...)
	if moved := p.relocation.coordinates; moved != (coordinates{}) {
		refers = append(refers, coordinates{cmp.Or(moved.group, v.Namespace), cmp.Or(moved.artifact, v.Name), cmp.Or(moved.version, v.Version)})
	}
	expressions := strings.NewReplacer("${project.groupId}", v.Namespace, "${project.version}", v.Version, "${pom.version}", v.Version,
		"${project.parent.groupId}", p.parent.group, "${project.parent.version}", p.parent.version)
	var keys []artifact.VersionKey
	for _, c := range refers {
		key := artifact.PackageKey{Format: artifact.Maven, Namespace: expressions.Replace(c.group), Name: expressions.Replace(c.artifact)}.
			At(expressions.Replace(c.version))
		// Other expressions are of properties that may be anywhere above.
		if key != v && artifact.ValidCoordinate(key.Namespace) && artifact.ValidCoordinate(key.Name) && artifact.ValidCoordinate(key.Version) &&
			!strings.ContainsAny(key.String(), "${}[](),") && !isSnapshot(key.Version) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// describePOM reads what a POM from a registry tells. One that cannot be read is served all the same: that is between its
// publisher and those who use it.
func describePOM(_ artifact.VersionKey, _ string, content io.ReaderAt, size int64) (artifact.Details, bool) {
	p, err := readPOM(io.NewSectionReader(content, 0, size))
	return describe(p), err == nil
}
