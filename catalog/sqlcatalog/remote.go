package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const remoteColumns = `SELECT id, domain, name, kind, url, format, region, api, internal, freshness, download_hosts, certificates,
	credential, created_at, updated_at FROM remotes `

func scanRemote(row scanner, r *catalog.Remote) error {
	return row.Scan(&r.ID, &r.Domain, &r.Name, &r.Kind, &r.URL, &r.Format, &r.Region, &r.API, &r.Internal, span{&r.Freshness},
		document{&r.DownloadHosts}, &r.Certificates, &r.Credential, instant{&r.CreatedAt}, instant{&r.UpdatedAt})
}

func noRemote(name string) error {
	return artifact.Errorf(artifact.NotFound, "Remote %s does not exist.", name)
}

// Remote implements catalog.RemoteReader.
func (s *session) Remote(id catalog.DomainID, name string) (catalog.Remote, error) {
	r, found, err := one(s, "find a remote", scanRemote, remoteColumns+"WHERE domain = ? AND name = ?", id, name)
	if err == nil && !found {
		err = noRemote(name)
	}
	return r, err
}

// Remotes implements catalog.RemoteReader.
func (s *session) Remotes(id catalog.DomainID) ([]catalog.Remote, error) {
	return all(s, "list remotes", scanRemote, remoteColumns+"WHERE domain = ? ORDER BY name", id)
}

// CreateRemote implements catalog.RemoteWriter.
func (s *session) CreateRemote(r catalog.Remote) (catalog.RemoteID, error) {
	if _, err := s.DomainByID(r.Domain); err != nil {
		return 0, err
	}
	id, created, err := one(s, "create a remote", scalar[catalog.RemoteID],
		`INSERT INTO remotes (domain, name, kind, url, format, region, api, internal, freshness, download_hosts, certificates,
		credential, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		r.Domain, r.Name, r.Kind, r.URL, r.Format, r.Region, r.API, r.Internal, r.Freshness.Microseconds(),
		written(r.DownloadHosts), r.Certificates, r.Credential, r.CreatedAt.UnixMicro(), r.UpdatedAt.UnixMicro())
	if err != nil {
		return 0, err
	}
	if !created {
		return 0, artifact.Errorf(artifact.Conflict, "Remote %s already exists.", r.Name)
	}
	s.touch(catalog.DomainTopic(r.Domain))
	return id, nil
}

// UpdateRemote implements catalog.RemoteWriter.
func (s *session) UpdateRemote(r catalog.Remote) error {
	domain, found, err := one(s, "update a remote", scalar[catalog.DomainID],
		`UPDATE remotes SET kind = ?, url = ?, format = ?, region = ?, api = ?, internal = ?, freshness = ?, download_hosts = ?,
		certificates = ?, credential = ?, updated_at = ? WHERE id = ? RETURNING domain`, r.Kind, r.URL, r.Format, r.Region, r.API, r.Internal,
		r.Freshness.Microseconds(), written(r.DownloadHosts), r.Certificates, r.Credential, r.UpdatedAt.UnixMicro(), r.ID)
	return s.remoteChanged(r.ID, domain, found, err)
}

// DeleteRemote implements catalog.RemoteWriter.
func (s *session) DeleteRemote(id catalog.RemoteID) error {
	domain, found, err := one(s, "delete a remote", scalar[catalog.DomainID],
		"DELETE FROM remotes WHERE id = ? RETURNING domain", id)
	return s.remoteChanged(id, domain, found, err)
}

// remoteChanged tells those who made something of the domain's remotes; NotFound if there was none of this ID.
func (s *session) remoteChanged(id catalog.RemoteID, domain catalog.DomainID, found bool, err error) error {
	if err == nil && !found {
		err = noRemote("number " + decimal(id))
	}
	if err == nil {
		s.touch(catalog.DomainTopic(domain))
	}
	return err
}
