package repository

import (
	"context"
	"io"

	"entrepot/artifact"
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
	content, err := s.service.attachment(ctx, at, s.service.Canonical(v), name)
	return content, s.explained(ctx, err)
}

func (s *Service) attachment(ctx context.Context, at *configuration, key artifact.VersionKey,
	name string) (io.ReadCloser, error) {
	made, found, err := s.locate(ctx, at, key, s.byQuestion(key, ""))
	if err != nil {
		return nil, err
	}
	if found.listed() {
		return found.source.registry.Attachment(ctx, found.version, name)
	}
	// What locate finds has no manifest, and only the manifest says where the document is.
	v, err := s.wholeVersion(ctx, found.source.repository.ID, key)
	if err != nil {
		return nil, err
	}
	if err := mayBeServed(*at.repository, v); err != nil {
		return nil, err
	}
	// A copy keeps its origin, and so does a version whose connection has ended since: the registry is asked only where
	// it still may be asked for the package.
	source, connected := made.from(v.Origin.Connection)
	if !v.Origin.Fetched() || !connected {
		return nil, artifact.Errorf(artifact.NotFound,
			"Version %s of %s comes from no registry that could have its %s.", key.Version, key.Qualified(), name).
			About(artifact.VersionResource, key.String())
	}
	return source.registry.Attachment(ctx, v, name)
}
