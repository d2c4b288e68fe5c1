// Package maven is the protocol of Maven repositories, as Maven, Gradle, Ivy, sbt and coursier speak it: files under the
// paths of their coordinates, an index document per package, snapshot and group, and checksums of all of them.
//
// Nothing is served as a client sent it but the files themselves. Documents are made of what is on record, checksums are
// computed; what clients PUT of either is compared, and moves versions on.
package maven

import (
	"io"
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

// describePOM reads what a POM from a registry tells. One that cannot be read is served all the same: that is between its
// publisher and those who use it.
func describePOM(_ artifact.VersionKey, _ string, content io.ReaderAt, size int64) (artifact.Details, bool) {
	p, err := readPOM(io.NewSectionReader(content, 0, size))
	return describe(p), err == nil
}
