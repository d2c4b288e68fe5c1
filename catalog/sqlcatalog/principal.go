package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const principalColumns = "SELECT id, account, arn, name, root, created_at FROM principals "

func scanPrincipal(row scanner, p *catalog.Principal) error {
	return row.Scan(&p.ID, &p.Account, &p.ARN, &p.Name, &p.Root, instant{&p.CreatedAt})
}

const keyColumns = "SELECT id, principal, secret, active, created_at FROM access_keys "

func scanKey(row scanner, k *catalog.AccessKey) error {
	return row.Scan(&k.ID, &k.Principal, &k.Secret, &k.Active, instant{&k.CreatedAt})
}

func noPrincipal(id string) error {
	return artifact.Errorf(artifact.NotFound, "Principal %s does not exist.", id)
}

func noKey(id string) error {
	return artifact.Errorf(artifact.NotFound, "Access key %s does not exist.", id)
}

// Principal implements catalog.PrincipalReader.
func (s *session) Principal(id string) (catalog.Principal, error) {
	p, found, err := one(s, "find a principal", scanPrincipal, principalColumns+"WHERE id = ?", id)
	if err == nil && !found {
		err = noPrincipal(id)
	}
	return p, err
}

// PrincipalByARN implements catalog.PrincipalReader.
func (s *session) PrincipalByARN(arn string) (catalog.Principal, error) {
	p, found, err := one(s, "find a principal", scanPrincipal, principalColumns+"WHERE arn = ?", arn)
	if err == nil && !found {
		err = noPrincipal(arn)
	}
	return p, err
}

// IdentityPolicies implements catalog.PrincipalReader.
func (s *session) IdentityPolicies(principal string) ([]catalog.IdentityPolicy, error) {
	return all(s, "find identity policies", func(row scanner, p *catalog.IdentityPolicy) error {
		return row.Scan(&p.Name, &p.Document)
	}, "SELECT name, document FROM identity_policies WHERE principal = ? ORDER BY name", principal)
}

// AccessKey implements catalog.PrincipalReader.
func (s *session) AccessKey(id string) (catalog.AccessKey, error) {
	k, found, err := one(s, "find an access key", scanKey, keyColumns+"WHERE id = ?", id)
	if err == nil && !found {
		err = noKey(id)
	}
	return k, err
}

// AccessKeys implements catalog.PrincipalReader.
func (s *session) AccessKeys(principal string) ([]catalog.AccessKey, error) {
	return all(s, "find access keys", scanKey, keyColumns+"WHERE principal = ? ORDER BY created_at, id", principal)
}

// CreatePrincipal implements catalog.PrincipalWriter.
func (s *session) CreatePrincipal(p catalog.Principal) error {
	n, err := s.exec("create a principal", `INSERT INTO principals (id, account, arn, name, root, created_at)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		p.ID, p.Account, p.ARN, p.Name, p.Root, p.CreatedAt.UnixMicro())
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Principal %s already exists.", p.ARN)
	}
	s.touch(catalog.PrincipalTopic(p.ID))
	return nil
}

// DeletePrincipal implements catalog.PrincipalWriter.
func (s *session) DeletePrincipal(id string) error {
	n, err := s.exec("delete a principal", "DELETE FROM principals WHERE id = ?", id)
	if err != nil {
		return err
	}
	if n == 0 {
		return noPrincipal(id)
	}
	s.touch(catalog.PrincipalTopic(id), catalog.PrincipalsTopic(), catalog.TokensTopic())
	return nil
}

// PutIdentityPolicy implements catalog.PrincipalWriter.
func (s *session) PutIdentityPolicy(principal string, p catalog.IdentityPolicy) error {
	if _, err := s.Principal(principal); err != nil {
		return err
	}
	s.touch(catalog.PrincipalTopic(principal))
	_, err := s.exec("put an identity policy", `INSERT INTO identity_policies (principal, name, document)
		VALUES (?, ?, ?) ON CONFLICT (principal, name) DO UPDATE SET document = excluded.document`,
		principal, p.Name, p.Document)
	return err
}

// DeleteIdentityPolicy implements catalog.PrincipalWriter.
func (s *session) DeleteIdentityPolicy(principal, name string) error {
	n, err := s.exec("delete an identity policy",
		"DELETE FROM identity_policies WHERE principal = ? AND name = ?", principal, name)
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.NotFound, "Principal %s has no policy %s.", principal, name)
	}
	s.touch(catalog.PrincipalTopic(principal))
	return nil
}

// CreateAccessKey implements catalog.PrincipalWriter.
func (s *session) CreateAccessKey(k catalog.AccessKey) error {
	if _, err := s.Principal(k.Principal); err != nil {
		return err
	}
	n, err := s.exec("create an access key", `INSERT INTO access_keys (id, principal, secret, active, created_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, k.ID, k.Principal, k.Secret, k.Active, k.CreatedAt.UnixMicro())
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Access key %s already exists.", k.ID)
	}
	s.touch(catalog.AccessKeyTopic(k.ID), catalog.PrincipalTopic(k.Principal))
	return nil
}

// SetAccessKeyActive implements catalog.PrincipalWriter.
func (s *session) SetAccessKeyActive(id string, active bool) error {
	return s.changeKey("set an access key", "UPDATE access_keys SET active = ? WHERE id = ? RETURNING principal", id, active, id)
}

// DeleteAccessKey implements catalog.PrincipalWriter.
func (s *session) DeleteAccessKey(id string) error {
	return s.changeKey("delete an access key", "DELETE FROM access_keys WHERE id = ? RETURNING principal", id, id)
}

// changeKey runs a statement that changes one access key and returns whose it is; NotFound if it changed none.
func (s *session) changeKey(verb, query, id string, args ...any) error {
	principal, found, err := one(s, verb, scalar[string], query, args...)
	if err != nil {
		return err
	}
	if !found {
		return noKey(id)
	}
	s.touch(catalog.AccessKeyTopic(id), catalog.PrincipalTopic(principal))
	return nil
}
