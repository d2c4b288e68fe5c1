package repository

import (
	"context"
	"errors"

	"entrepot/artifact"
	"entrepot/catalog"
)

// An absence is that an asset is not to be had through a repository. Most of what package managers ask for is not there,
// and asked for again by the next one.
type absence struct {
	why   artifact.Error
	asked []registry // that said so, all of them of registries that list no files; it lasts as long as they remember
}

// absent returns why an asset is not to be had, or nil if that is not known.
func (s *Service) absent(key heldKey) error {
	known, ok := s.absences.Recall(key)
	if !ok {
		return nil
	}
	for _, registry := range known.asked {
		if _, err := registry.Source.(Finder).Presume(key.version, key.asset); !artifact.Is(err, artifact.NotFound) {
			return nil
		}
	}
	why := known.why
	return &why
}

// A lookup is a search for an asset, which may end in its absence.
type lookup struct {
	service *Service
	at      *configuration
	key     heldKey
	on      *catalog.Basis
}

// lookup is called before anything is read.
func (s *Service) lookup(at *configuration, key heldKey) lookup {
	on := s.absences.Basis()
	on.Topics(catalog.DomainsTopic())
	on.Topics(s.planTopics(at.domain.ID, key.version.PackageKey)...)
	return lookup{s, at, key, on}
}

// failed remembers the error of the search if it is that the asset is not there, by the records of the plan and by what the
// registries said that were asked. It returns the error.
func (l lookup) failed(ctx context.Context, err error, asked ...registry) error {
	why, ok := errors.AsType[*artifact.Error](err)
	if !ok || why.Kind != artifact.NotFound {
		return err
	}
	for _, registry := range asked {
		if _, finds := registry.Source.(Finder); !finds {
			return err
		}
	}
	// The graph that was searched may be older than the basis says.
	if now, err := l.service.existing(ctx, l.at.repository.RepositoryKey); err == nil && now == l.at {
		l.service.absences.Keep(l.key, absence{*why, asked}, l.on)
	}
	return err
}
