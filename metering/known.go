package metering

import (
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/usage"
)

// known is which domains and repositories there were when requests were last written down, with their tags. Requests of one that
// was deleted in the meantime are still its own.
type known struct {
	domains      map[artifact.DomainKey]usage.Tags
	repositories map[artifact.RepositoryKey]usage.Tags
}

// maxKnown bounds them.
const maxKnown = 1 << 16

func newKnown() *known {
	return &known{map[artifact.DomainKey]usage.Tags{}, map[artifact.RepositoryKey]usage.Tags{}}
}

func (k *known) hasDomain(d artifact.DomainKey) bool {
	_, there := k.domains[d]
	return there
}

// subject returns what a cell is told of: the repository if there is one or was one just now, else the domain, else nothing. A
// nil reader asks nobody.
func (k *known) subject(r catalog.Reader, c cell) (usage.Subject, error) {
	none := usage.Subject{}
	if c.domain.Name == "" {
		return none, nil
	}
	if r != nil {
		if err := k.look(r, c); err != nil {
			return none, err
		}
	}
	tags, there := k.domains[c.domain]
	if !there {
		return none, nil
	}
	s := usage.Subject{Domain: c.domain, Format: c.format, Tags: tags}
	if tags, there := k.repositories[c.domain.Repository(c.repository)]; there && c.repository != "" {
		s.Repository, s.Tags = c.repository, tags
	}
	return s, nil
}

// look finds out what there is of a cell's domain and repository now.
func (k *known) look(r catalog.Reader, c cell) error {
	d, err := r.Domain(c.domain)
	if artifact.Is(err, artifact.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	tags, err := r.Tags(catalog.Holder{Domain: d.ID})
	if err != nil {
		return err
	}
	put(k.domains, c.domain, usage.TagsOf(tags))
	if c.repository == "" {
		return nil
	}
	key := c.domain.Repository(c.repository)
	repository, err := r.Repository(key)
	if artifact.Is(err, artifact.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if tags, err = r.Tags(catalog.Holder{Domain: d.ID, Repository: repository.ID}); err != nil {
		return err
	}
	put(k.repositories, key, usage.TagsOf(tags))
	return nil
}

// put keeps an entry; when there are too many, those that are needed come back by themselves.
func put[K comparable](all map[K]usage.Tags, key K, tags usage.Tags) {
	if _, there := all[key]; !there && len(all) >= maxKnown {
		clear(all)
	}
	all[key] = tags
}
