package pypi

import (
	"context"

	"entrepot/artifact"
	"entrepot/format/keptpage"
	"entrepot/repository"
	"entrepot/upstream"
)

// source is a registry behind an external connection.
type source struct {
	*keptpage.Registry
	client     *upstream.Client
	connection string
}

var _ repository.Source = (*source)(nil)

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{keptpage.NewRegistry(c, connection, &pages), c, connection}
}

// pageOf is where a registry has the page about a project, below its address.
func pageOf(p artifact.PackageKey) string { return segment(p.Name) + "/" }

// Asset follows repository.Source.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	promise, ok := v.Asset(name)
	if !ok {
		return upstream.AssetRequest{}, noFile(v, name)
	}
	facts, err := factsOf(promise)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	wanted, ok := facts.wanted()
	if !ok {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.Unavailable,
			"The registry gives no hash of %s that is known here, so its bytes could not be checked.", name)
	}
	address, err := s.address(v, facts)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	if promise.Promised {
		wanted.Size = promise.Size
	}
	// The registry lists it. That its download host lacked it a moment ago, just after it was published, is not believed.
	return upstream.AssetRequest{Connection: s.connection, URL: address, Want: wanted, Refresh: true}, nil
}

func noFile(v artifact.Version, name string) error {
	return notFound("The registry has no file %.255q of %s %s.", name, v.Name, v.Version).
		About(artifact.AssetResource, v.VersionKey.String()+"/"+name)
}

// address is where the registry has a file.
func (s *source) address(v artifact.Version, facts fileFacts) (string, error) {
	if facts.URL == "" {
		return "", artifact.Errorf(artifact.Unavailable, "Nobody knows where the registry has this file of %s %s.",
			v.Name, v.VersionKey.Version)
	}
	return s.client.Resolve(s.connection, pageOf(v.PackageKey), facts.URL)
}
