package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

// holderIs takes a holder's domain and repository, 0 for the domain itself; the unique indexes are on the same terms.
const holderIs = "domain = ? AND coalesce(repository, 0) = ?"

// nullable returns the repository of a holder as it is kept.
func nullable(id catalog.RepositoryID) any {
	if id == 0 {
		return nil
	}
	return id
}

// holds fails with NotFound if the holder does not exist.
func (s *session) holds(h catalog.Holder) error {
	if h.Group != 0 {
		found, err := s.exists("find a package group", "SELECT 1 FROM package_groups WHERE id = ? AND domain = ?",
			h.Group, h.Domain)
		if err == nil && !found {
			err = noPackageGroup("number " + decimal(h.Group))
		}
		return err
	}
	if h.Repository == 0 {
		_, err := s.DomainByID(h.Domain)
		return err
	}
	found, err := s.exists("find a repository", "SELECT 1 FROM repositories WHERE id = ? AND domain = ?",
		h.Repository, h.Domain)
	if err == nil && !found {
		err = noRepositoryID(h.Repository)
	}
	return err
}

// Policy implements catalog.PolicyReader.
func (s *session) Policy(h catalog.Holder) (catalog.Policy, error) {
	p, found, err := one(s, "find a policy", func(row scanner, p *catalog.Policy) error {
		return row.Scan(&p.Document, &p.Revision, instant{&p.PutAt})
	}, "SELECT document, revision, put_at FROM policies WHERE "+holderIs, h.Domain, h.Repository)
	if err == nil && !found {
		err = s.noPolicy(h)
	}
	return p, err
}

// noPolicy tells that the holder has no policy, or does not exist.
func (s *session) noPolicy(h catalog.Holder) error {
	if err := s.holds(h); err != nil {
		return err
	}
	if h.Repository == 0 {
		return artifact.Errorf(artifact.NotFound, "The domain has no permissions policy.").
			About(artifact.DomainResource, decimal(h.Domain))
	}
	return artifact.Errorf(artifact.NotFound, "The repository has no permissions policy.").
		About(artifact.RepositoryResource, decimal(h.Repository))
}

// PutPolicy implements catalog.PolicyWriter.
func (s *session) PutPolicy(h catalog.Holder, p catalog.Policy) error {
	if err := s.holds(h); err != nil {
		return err
	}
	s.touch(catalog.DomainTopic(h.Domain))
	_, err := s.exec("put a policy", `INSERT INTO policies (domain, repository, document, revision, put_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT (domain, coalesce(repository, 0)) DO UPDATE
		SET document = excluded.document, revision = excluded.revision, put_at = excluded.put_at`,
		h.Domain, nullable(h.Repository), p.Document, p.Revision, p.PutAt.UnixMicro())
	return err
}

// DeletePolicy implements catalog.PolicyWriter.
func (s *session) DeletePolicy(h catalog.Holder) error {
	n, err := s.exec("delete a policy", "DELETE FROM policies WHERE "+holderIs, h.Domain, h.Repository)
	if err != nil {
		return err
	}
	if n == 0 {
		return s.noPolicy(h)
	}
	s.touch(catalog.DomainTopic(h.Domain))
	return nil
}

// Tags implements catalog.TagReader.
func (s *session) Tags(h catalog.Holder) (map[string]string, error) {
	type tag struct{ key, value string }
	scan := func(row scanner, t *tag) error { return row.Scan(&t.key, &t.value) }
	var rows []tag
	var err error
	if h.Group != 0 {
		rows, err = all(s, "find tags", scan, `SELECT t.key, t.value FROM package_group_tags t
			JOIN package_groups g ON g.id = t.package_group WHERE g.id = ? AND g.domain = ?`, h.Group, h.Domain)
	} else {
		rows, err = all(s, "find tags", scan, "SELECT key, value FROM tags WHERE "+holderIs, h.Domain, h.Repository)
	}
	tags := make(map[string]string, len(rows))
	for _, t := range rows {
		tags[t.key] = t.value
	}
	return tags, err
}

// PutTags implements catalog.TagWriter.
func (s *session) PutTags(h catalog.Holder, tags map[string]string) error {
	if err := s.holds(h); err != nil {
		return err
	}
	s.touch(catalog.DomainTopic(h.Domain))
	for key, value := range tags {
		if err := s.putTag(h, key, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) putTag(h catalog.Holder, key, value string) (err error) {
	if h.Group != 0 {
		_, err = s.exec("put a tag", `INSERT INTO package_group_tags (package_group, key, value) VALUES (?, ?, ?)
			ON CONFLICT (package_group, key) DO UPDATE SET value = excluded.value`, h.Group, key, value)
		return err
	}
	_, err = s.exec("put a tag", `INSERT INTO tags (domain, repository, key, value) VALUES (?, ?, ?, ?)
		ON CONFLICT (domain, coalesce(repository, 0), key) DO UPDATE SET value = excluded.value`,
		h.Domain, nullable(h.Repository), key, value)
	return err
}

// DeleteTags implements catalog.TagWriter.
func (s *session) DeleteTags(h catalog.Holder, keys []string) error {
	if err := s.holds(h); err != nil {
		return err
	}
	s.touch(catalog.DomainTopic(h.Domain))
	for _, key := range keys {
		if err := s.deleteTag(h, key); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) deleteTag(h catalog.Holder, key string) (err error) {
	if h.Group != 0 {
		_, err = s.exec("delete a tag", "DELETE FROM package_group_tags WHERE package_group = ? AND key = ?", h.Group, key)
		return err
	}
	_, err = s.exec("delete a tag", "DELETE FROM tags WHERE "+holderIs+" AND key = ?", h.Domain, h.Repository, key)
	return err
}
