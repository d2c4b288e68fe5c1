package maven

import "entrepot/artifact"

// describe extracts what the API tells about a version out of its own POM, and nothing of a parent's (user guide, "View
// package version details and dependencies"). Maven has no readmes.
func describe(p pom) artifact.Details {
	d := artifact.Details{
		DisplayName: artifact.MetadataField(p.name),
		Summary:     artifact.MetadataField(p.description),
		HomePage:    artifact.MetadataField(p.url),
		SourceCode:  artifact.MetadataField(p.scm),
	}
	for _, l := range p.licenses {
		license := artifact.License{Name: artifact.MetadataField(l.name), URL: artifact.MetadataField(l.url)}
		if license != (artifact.License{}) {
			d.Licenses = append(d.Licenses, license)
		}
	}
	if p.parent != (coordinates{}) {
		d.Dependencies = append(d.Dependencies, dependency(p.parent, "parent"))
	}
	for _, needed := range p.dependencies {
		kind := needed.scope
		if needed.optional {
			kind = "optional"
		}
		d.Dependencies = append(d.Dependencies, dependency(needed.coordinates, kind))
	}
	return d
}

// dependency is an entry of ListPackageVersionDependencies; kind is parent, optional or the scope.
func dependency(c coordinates, kind string) artifact.Dependency {
	return artifact.Dependency{Namespace: c.group, Package: c.artifact, Type: kind, Requirement: c.version}
}
