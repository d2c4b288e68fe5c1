package repository

import (
	"context"
	"io"
	"slices"

	"entrepot/artifact"
	"entrepot/catalog"
)

// Attachment returns what the external registry that a version comes from says about it beside its assets, under the
// format's own name for that (npm: attestations). The receiver closes it; nothing is retained.
//
// It passes the gates that Open passes: Denied without ReadFromRepository; NotFound for a version that cannot be read
// through this repository or is withdrawn. NotFound as well if the registry has no such document, and always, without
// asking anybody, for a version that was published here. Unavailable if the registry does not answer and nothing is
// remembered.
func (s *Shelf) Attachment(ctx context.Context, v artifact.VersionKey, name string) (io.ReadCloser, error) {
	at, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	return s.service.attachment(ctx, at, v, name)
}

func (s *Service) attachment(ctx context.Context, at *site, key artifact.VersionKey,
	name string) (io.ReadCloser, error) {
	found, err := s.locate(ctx, at, key)
	if err != nil {
		return nil, err
	}
	if found.listed != nil {
		return found.listed.source.Attachment(ctx, found.listed.version, name)
	}
	holder := at.repository.ID
	if found.kept != nil {
		holder = found.kept.repository.ID
	}
	// What locate finds has no manifest, and only the manifest says where the document is.
	var v artifact.Version
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		v, err = r.Version(holder, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := mayBeServed(at, v); err != nil {
		return nil, err
	}
	// A copy keeps its origin, and so does a version whose connection has ended since: the registry is asked only where
	// it still may be asked for the package.
	made, err := s.plan(ctx, at, key.PackageKey)
	if err != nil {
		return nil, err
	}
	connected := slices.ContainsFunc(made.sources, func(p planSource) bool {
		return p.connection != "" && p.connection == v.Origin.Connection
	})
	source := s.Sources[v.Origin.Connection]
	if v.Origin.Type != artifact.OriginExternal || source == nil || !connected {
		return nil, artifact.Errorf(artifact.NotFound,
			"Version %s of %s comes from no registry that could have its %s.", key.Version, key.Qualified(), name).
			About(artifact.VersionResource, key.String())
	}
	return source.Attachment(ctx, v, name)
}
