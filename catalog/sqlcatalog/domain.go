package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const domainColumns = "SELECT id, owner, name, encryption_key, data_key, wrapped_under, created_at FROM domains "

func scanDomain(row scanner, d *catalog.Domain) error {
	return row.Scan(&d.ID, &d.Owner, &d.Name, &d.EncryptionKey, &d.DataKey, &d.WrappedUnder, instant{&d.CreatedAt})
}

func noDomain(name string) error {
	return artifact.Errorf(artifact.NotFound, "Domain %s does not exist.", name).About(artifact.DomainResource, name)
}

func noDomainID(id catalog.DomainID) error { return noDomain("number " + decimal(id)) }

// Domain implements catalog.DomainReader.
func (s *session) Domain(key artifact.DomainKey) (catalog.Domain, error) {
	d, found, err := one(s, "find a domain", scanDomain, domainColumns+"WHERE owner = ? AND name = ?", key.Owner, key.Name)
	if err == nil && !found {
		err = noDomain(key.Name)
	}
	return d, err
}

// DomainByID implements catalog.DomainReader.
func (s *session) DomainByID(id catalog.DomainID) (catalog.Domain, error) {
	d, found, err := one(s, "find a domain", scanDomain, domainColumns+"WHERE id = ?", id)
	if err == nil && !found {
		err = noDomainID(id)
	}
	return d, err
}

// Domains implements catalog.DomainReader.
func (s *session) Domains(owner artifact.AccountID, page catalog.Page) (catalog.Listing[catalog.Domain], error) {
	var where conditions
	where.add("owner = ?", owner)
	if page.After != "" {
		after, err := unmark(domainList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.Domain]{}, err
		}
		where.add("name > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list domains", scanDomain,
		domainColumns+"WHERE "+where.String()+" ORDER BY name LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(d catalog.Domain) string { return mark(domainList, d.Name) }), err
}

// AllDomains implements catalog.DomainReader.
func (s *session) AllDomains(page catalog.Page) (catalog.Listing[catalog.Domain], error) {
	var last int64
	if page.After != "" {
		after, err := unmark(allDomainList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.Domain]{}, err
		}
		if last, err = number(after[0]); err != nil {
			return catalog.Listing[catalog.Domain]{}, err
		}
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list all domains", scanDomain, domainColumns+"WHERE id > ? ORDER BY id LIMIT ?", last, limit+1)
	return listing(items, limit, func(d catalog.Domain) string { return mark(allDomainList, decimal(d.ID)) }), err
}

// Usage implements catalog.DomainReader.
func (s *session) Usage(id catalog.DomainID) (catalog.Usage, error) {
	u, found, err := one(s, "measure a domain", func(row scanner, u *catalog.Usage) error {
		return row.Scan(&u.Repositories, &u.AssetBytes)
	}, "SELECT (SELECT count(*) FROM repositories WHERE domain = domains.id), asset_bytes FROM domains WHERE id = ?", id)
	if err == nil && !found {
		err = noDomainID(id)
	}
	return u, err
}

// CreateDomain implements catalog.DomainWriter.
func (s *session) CreateDomain(d catalog.Domain) (catalog.DomainID, error) {
	id, created, err := one(s, "create a domain", scalar[catalog.DomainID],
		`INSERT INTO domains (owner, name, encryption_key, data_key, wrapped_under, created_at)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		d.Owner, d.Name, d.EncryptionKey, d.DataKey, d.WrappedUnder, d.CreatedAt.UnixMicro())
	if err != nil {
		return 0, err
	}
	if !created {
		return 0, artifact.Errorf(artifact.Conflict, "Domain %s already exists.", d.Name).
			About(artifact.DomainResource, d.Name)
	}
	s.touch(catalog.DomainsTopic(), catalog.DomainTopic(id))
	return id, nil
}

// DeleteDomain implements catalog.DomainWriter.
func (s *session) DeleteDomain(id catalog.DomainID) error {
	d, err := s.DomainByID(id)
	if err != nil {
		return err
	}
	used, err := s.exists("delete a domain", "SELECT 1 FROM repositories WHERE domain = ? LIMIT 1", id)
	if err != nil {
		return err
	}
	if used {
		return artifact.Errorf(artifact.Conflict, "Domain %s has repositories.", d.Name).
			About(artifact.DomainResource, d.Name)
	}
	if _, err := s.exec("delete a domain", "DELETE FROM domains WHERE id = ?", id); err != nil {
		return err
	}
	if _, err := s.exec("delete a domain", "INSERT INTO deleted_domains (id) VALUES (?)", id); err != nil {
		return err
	}
	s.touch(catalog.DomainsTopic(), catalog.DomainTopic(id), catalog.TokensTopic())
	return nil
}

// LastDomainID implements catalog.DomainReader.
func (s *session) LastDomainID() (catalog.DomainID, error) {
	id, _, err := one(s, "find the last domain number", scalar[catalog.DomainID], s.dialect.lastNumber, "domains")
	return id, err
}

// DomainDeleted implements catalog.DomainReader.
func (s *session) DomainDeleted(id catalog.DomainID) (bool, error) {
	return s.exists("find a deleted domain", "SELECT 1 FROM deleted_domains WHERE id = ?", id)
}

// PassOverDomainIDs implements catalog.DomainWriter.
func (s *session) PassOverDomainIDs(through catalog.DomainID) error {
	_, err := s.exec("pass over domain numbers", s.dialect.passOver, through, "domains", through)
	return err
}
