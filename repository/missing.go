package repository

import "entrepot/artifact"

// idIn names something in a repository, as errors of the API do: by the domain, the repository, and what follows.
func idIn(key artifact.RepositoryKey, rest string) string {
	return key.Domain + "/" + key.Name + "/" + rest
}

// The sentences about things that are not there are the service's own where they are known.

func noDomain(key artifact.DomainKey) error {
	return artifact.Errorf(artifact.NotFound,
		"Domain not found. Domain '%s' owned by account '%s' does not exist", key.Name, key.Owner).
		About(artifact.DomainResource, key.Name)
}

func noRepository(key artifact.RepositoryKey) error {
	return artifact.Errorf(artifact.NotFound,
		"Repository not found. Repository '%s' in domain '%s' owned by account '%s' does not exist",
		key.Name, key.Domain, key.Owner).About(artifact.RepositoryResource, key.Domain+"/"+key.Name)
}

func noPackage(key artifact.RepositoryKey, p artifact.PackageKey) *artifact.Error {
	return artifact.Errorf(artifact.NotFound,
		"The %s package '%s' does not exist in repository '%s'.", p.Format, p.Qualified(), key.Name).
		About(artifact.PackageResource, idIn(key, p.String()))
}

// noVersion has the service's text, down to its last comma, but for the repository's name where the service shows an
// internal id.
func noVersion(key artifact.RepositoryKey, v artifact.VersionKey) error {
	return artifact.Errorf(artifact.NotFound,
		"Package not found in repository. RepoId: %s, Package = PackageCoordinate{packageType=%s, packageName=%s},",
		key.Name, v.Format, v.Qualified()).About(artifact.VersionResource, idIn(key, v.String()))
}

func noAsset(key artifact.RepositoryKey, v artifact.VersionKey, asset string) error {
	return artifact.Errorf(artifact.NotFound,
		"Version '%s' of the %s package '%s' in repository '%s' has no asset '%s'.",
		v.Version, v.Format, v.Qualified(), key.Name, asset).
		About(artifact.AssetResource, idIn(key, v.String()+"/"+asset))
}
