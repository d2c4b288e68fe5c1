package remoteapi

import (
	"context"
	"errors"
	"iter"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/upstream"
)

// Over is a repository of another service as a format reads it, with what its API tells beside: what it holds with a status that
// does not serve it is withheld, and hides what lies behind.
func Over(inner repository.Source, a *API) repository.Source {
	s := source{inner, a}
	if finder, ok := inner.(repository.Finder); ok {
		return found{s, finder}
	}
	return s
}

type source struct {
	repository.Source
	api *API
}

var _ repository.Originator = source{}

// Listing follows repository.Source.
func (s source) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	l, err := s.Source.Listing(ctx, p)
	return s.over(ctx, p, l, err, false)
}

// Refresh follows repository.Source.
func (s source) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	l, err := s.Source.Refresh(ctx, p)
	return s.over(ctx, p, l, err, true)
}

// over puts what the API tells over a listing, and stands in for one that is not there if something is withheld.
func (s source) over(ctx context.Context, p artifact.PackageKey, l repository.Listing, err error, fresh bool) (repository.Listing, error) {
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		return nil, err
	}
	h, apart := s.held(ctx, p, fresh)
	switch {
	case apart != nil:
		return nil, apart
	case h == nil || len(h.withheld()) == 0:
		return l, err
	case err != nil:
		l = nothing{}
	}
	return overlaid{l, p, h}, nil
}

// held is what the API tells of a package; nil if it holds none of it, does not answer and never did, or does not let the remote's key
// ask. What package managers are told there then has to do.
func (s source) held(ctx context.Context, p artifact.PackageKey, fresh bool) (*held, error) {
	h, err := s.api.versions(ctx, p, fresh)
	if artifact.Is(err, artifact.NotFound) || artifact.Is(err, artifact.Unavailable) {
		return nil, nil
	}
	return h, err
}

// Origin follows repository.Originator. A version that is not there although it has just been read is one that came through the
// repository and does not show yet, as AWS has it of what comes from public registries.
func (s source) Origin(ctx context.Context, v artifact.VersionKey) (repository.OriginThere, error) {
	told, err := s.api.describe(ctx, v)
	switch {
	case artifact.Is(err, artifact.NotFound):
		return repository.OriginThere{Type: artifact.OriginExternal}, nil
	case errors.Is(err, upstream.ErrRefused):
		return repository.OriginThere{}, nil
	}
	return repository.OriginThere{Type: told.Origin, Published: told.Published}, err
}

// found is a source whose versions are looked for by their files.
type found struct {
	source
	finder repository.Finder
}

var _ repository.Finder = found{}

// Find follows repository.Finder.
func (s found) Find(ctx context.Context, v artifact.VersionKey, asset string) (artifact.Version, error) {
	h, err := s.held(ctx, v.PackageKey, false)
	if err != nil {
		return artifact.Version{}, err
	}
	if h != nil && h.statuses[v.Version] != "" && !h.statuses[v.Version].Downloadable() {
		return artifact.Version{VersionKey: v, Status: h.statuses[v.Version]}, nil
	}
	return s.finder.Find(ctx, v, asset)
}

// Presume follows repository.Finder.
func (s found) Presume(v artifact.VersionKey, asset string) (artifact.Version, error) {
	return s.finder.Presume(v, asset)
}

// overlaid is a listing with versions that are withheld.
type overlaid struct {
	repository.Listing
	key  artifact.PackageKey
	held *held
}

// withholds is the status of a version that is withheld; empty for others.
func (l overlaid) withholds(version string) artifact.Status {
	if status := l.held.statuses[version]; !status.Downloadable() {
		return status
	}
	return ""
}

// ID follows repository.Listing.
func (l overlaid) ID() string { return l.Listing.ID() + " " + l.held.id }

// Numbers follows repository.Listing.
func (l overlaid) Numbers() iter.Seq[string] {
	return func(yield func(string) bool) {
		for version := range l.Listing.Numbers() {
			if l.withholds(version) == "" && !yield(version) {
				return
			}
		}
		for _, version := range l.held.withheld() {
			if !yield(version) {
				return
			}
		}
	}
}

// Status follows repository.Listing.
func (l overlaid) Status(version string) artifact.Status {
	if status := l.withholds(version); status != "" {
		return status
	}
	return l.Listing.Status(version)
}

// Version follows repository.Listing.
func (l overlaid) Version(ctx context.Context, version string) (artifact.Version, error) {
	if status := l.withholds(version); status != "" {
		return artifact.Version{VersionKey: l.key.At(version), Status: status}, nil
	}
	return l.Listing.Version(ctx, version)
}

// Each follows repository.Listing.
func (l overlaid) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for v, err := range l.Listing.Each(ctx) {
			if err == nil && l.withholds(v.Version) != "" {
				continue
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
		for _, version := range l.held.withheld() {
			if !yield(artifact.Version{VersionKey: l.key.At(version), Status: l.held.statuses[version]}, nil) {
				return
			}
		}
	}
}

// nothing is a listing without versions.
type nothing struct{}

func (nothing) ID() string                    { return "" }
func (nothing) Labels() map[string]string     { return nil }
func (nothing) Numbers() iter.Seq[string]     { return func(func(string) bool) {} }
func (nothing) Manifest() []byte              { return nil }
func (nothing) Status(string) artifact.Status { return "" }

func (nothing) Version(context.Context, string) (artifact.Version, error) {
	return artifact.Version{}, artifact.Errorf(artifact.NotFound, "The registry has no such version.")
}

func (nothing) Each(context.Context) iter.Seq2[artifact.Version, error] {
	return func(func(artifact.Version, error) bool) {}
}
