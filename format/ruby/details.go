package ruby

import (
	"io"
	"slices"

	"entrepot/artifact"
)

// describe is what the API tells about a version, out of one of its gems. The descriptive text is the description: a gem's readme
// is a file among others.
func describe(s specification) artifact.Details {
	d := artifact.Details{
		DisplayName: s.name,
		Summary:     artifact.MetadataField(s.summary),
		HomePage:    artifact.MetadataField(s.homepage),
		Readme:      artifact.MetadataField(s.description),
	}
	for _, pair := range s.metadata {
		if pair[0] == "source_code_uri" {
			d.SourceCode = artifact.MetadataField(pair[1])
		}
	}
	for _, license := range s.licenses {
		if license = artifact.MetadataField(license); license != "" {
			d.Licenses = append(d.Licenses, artifact.License{Name: license})
		}
	}
	for _, needed := range s.dependencies {
		kind := "runtime"
		if needed.development {
			kind = "development"
		}
		d.Dependencies = append(d.Dependencies,
			artifact.Dependency{Package: needed.name, Type: kind, Requirement: needed.requirement.join(", ")})
	}
	return d
}

// describes reports whether a gem from a registry tells what the API tells of its version: that for every platform does, and
// before there is one the first that comes.
func describes(v artifact.Version, file string) bool {
	for _, a := range v.Assets {
		if facts, err := factsOf(a); err == nil && a.Name == file && facts.Platform == anyPlatform {
			return true
		}
	}
	return !slices.ContainsFunc(v.Assets, func(a artifact.Asset) bool { return !a.Promised })
}

// describeGem reads what the API tells of a version out of one of its gems. One that cannot be read, or is about another
// version, tells nothing and is served all the same: that is between its publisher and those who install it.
func describeGem(v artifact.VersionKey, _ string, content io.ReaderAt, size int64) (artifact.Details, bool) {
	s, err := readSpecification(io.NewSectionReader(content, 0, size))
	if err != nil || s.name != v.Name || s.version != v.Version {
		return artifact.Details{}, false
	}
	return describe(s), true
}
