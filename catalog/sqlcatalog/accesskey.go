package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

const keyColumns = `SELECT id, principal, secret, active, created_at, used_at, used_service, used_region
	FROM access_keys `

func scanKey(row scanner, k *catalog.AccessKey) error {
	var used *int64
	err := row.Scan(&k.ID, &k.Principal, &k.Secret, &k.Active, instant{&k.CreatedAt}, &used, &k.LastUse.Service,
		&k.LastUse.Region)
	if used != nil {
		k.LastUse.At = time.UnixMicro(*used).UTC()
	}
	return err
}

func noKey(id string) error {
	return artifact.Errorf(artifact.NotFound, "Access key %s does not exist.", id)
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

// SetAccessKeyUse implements catalog.PrincipalWriter.
func (s *session) SetAccessKeyUse(id string, last catalog.KeyUse) error {
	at := last.At.UnixMicro()
	_, err := s.exec("note the use of an access key", `UPDATE access_keys SET used_at = ?, used_service = ?, used_region = ?
		WHERE id = ? AND coalesce(used_at, ?) <= ?`, at, last.Service, last.Region, id, at, at)
	return err
}
