package remoteapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/upstream"
)

// Over is a repository of another service as a format reads it, with what its API tells beside: what it holds with a status that
// does not serve it is withheld, and hides what lies behind. What it lists is there while the API says nothing; of all else it
// cannot be told then whether it is withheld (repository.ErrUntold).
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

// over puts what the API tells over a listing, and stands in for one that is not there if something is withheld, or may be.
func (s source) over(ctx context.Context, p artifact.PackageKey, l repository.Listing, err error, fresh bool) (repository.Listing, error) {
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		return nil, s.silent(err)
	}
	h, untold, failed := s.held(ctx, p, fresh)
	switch {
	case failed != nil:
		return nil, failed
	case err != nil:
		l = nothing{}
	}
	switch {
	case untold != nil:
		return unsure{l, untold}, nil
	case h != nil && slices.ContainsFunc(h.order, func(v string) bool { return !h.statuses[v].Downloadable() || h.hides(l, v) }):
		return overlaid{l, p, h}, nil
	case err != nil:
		return nil, err
	}
	return l, nil
}

// hides reports whether a version is Unlisted and the listing, as package managers read it, does not have it. There they may have it who
// know of it, and nothing in their protocol says so: it cannot be had here, and hides what lies behind all the same.
func (h *held) hides(l repository.Listing, version string) bool {
	return h.statuses[version] == artifact.Unlisted && l.Status(version) == ""
}

// held is what the API tells of a package; nil if it holds none of it. untold is why it does not say: it does not answer and never
// did, or does not let the remote's key ask.
func (s source) held(ctx context.Context, p artifact.PackageKey, fresh bool) (h *held, untold, err error) {
	h, err = s.api.versions(ctx, p, fresh)
	switch {
	case artifact.Is(err, artifact.NotFound), errors.Is(err, upstream.ErrAskedBack): // who asks withholds nothing from himself
		return nil, nil, nil
	case artifact.Is(err, artifact.Unavailable), artifact.Is(err, artifact.Throttled):
		return nil, s.untold(p, err), nil
	}
	return h, nil, err
}

// untold says what it takes for the API to say which versions are withheld.
func (s source) untold(p artifact.PackageKey, err error) error {
	remote, _, _ := strings.Cut(s.api.connection, "@")
	why, wait := "The API there does not answer.", time.Duration(0)
	if told, ok := errors.AsType[*artifact.Error](err); ok {
		why, wait = told.Reason, told.RetryAfter
	}
	if errors.Is(err, upstream.ErrRefused) {
		why = fmt.Sprintf("Grant its key codeartifact:ListPackageVersions on the packages of repository %s there.", s.api.at.Repository)
	}
	return s.silent(&artifact.Error{Kind: artifact.Unavailable, Err: err, RetryAfter: wait, Reason: fmt.Sprintf(
		"Nobody can tell which versions of %s are withheld at %s, so what lies behind it is not asked. %s", p.Qualified(), remote, why)})
}

// silent is the error of a repository that may withhold what it was asked for and cannot say.
func (s source) silent(err error) error {
	e, ok := errors.AsType[*artifact.Error](err)
	if !ok || e.Kind != artifact.Unavailable && e.Kind != artifact.Throttled || errors.Is(err, upstream.ErrAskedBack) {
		return err
	}
	own := *e
	if own.Err = repository.ErrUntold; e.Err != nil {
		own.Err = fmt.Errorf("%w: %w", repository.ErrUntold, e.Err)
	}
	return &own
}

// unsure is a listing of a repository that may withhold what it does not list.
type unsure struct {
	repository.Listing
	why error
}

var _ repository.Unsure = unsure{}

// Untold follows repository.Unsure.
func (l unsure) Untold() error { return l.why }

// ID follows repository.Listing.
func (l unsure) ID() string { return l.Listing.ID() + " ?" }

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
	h, untold, err := s.held(ctx, v.PackageKey, false)
	if err != nil {
		return artifact.Version{}, err
	}
	if h != nil && h.statuses[v.Version] != "" && !h.statuses[v.Version].Downloadable() {
		return artifact.Version{VersionKey: v, Status: h.statuses[v.Version]}, nil
	}
	there, err := s.finder.Find(ctx, v, asset)
	if untold != nil && artifact.Is(err, artifact.NotFound) {
		err = untold
	}
	return there, s.silent(err)
}

// Presume follows repository.Finder.
func (s found) Presume(v artifact.VersionKey, asset string) (artifact.Version, error) {
	return s.finder.Presume(v, asset)
}

// overlaid is a listing with versions that are withheld, or hidden.
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
		for _, version := range l.held.order {
			if (l.withholds(version) != "" || l.held.hides(l.Listing, version)) && !yield(version) {
				return
			}
		}
	}
}

// Status follows repository.Listing.
func (l overlaid) Status(version string) artifact.Status {
	switch status := l.withholds(version); {
	case status != "":
		return status
	case l.held.hides(l.Listing, version):
		return artifact.Unlisted
	}
	return l.Listing.Status(version)
}

// Version follows repository.Listing.
func (l overlaid) Version(ctx context.Context, version string) (artifact.Version, error) {
	if status := l.withholds(version); status != "" {
		return artifact.Version{VersionKey: l.key.At(version), Status: status}, nil
	}
	if l.held.hides(l.Listing, version) {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "Version %s of %s is Unlisted at the other side of the remote, where it is "+
			"not told of any more. Whoever has kept it has it.", version, l.key.Qualified()).
			About(artifact.VersionResource, l.key.At(version).String()).Causing(repository.ErrWithheld)
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
