package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

func noRole(principal string) error {
	return artifact.Errorf(artifact.NotFound, "Principal %s is no role.", principal)
}

// Role implements catalog.RoleReader.
func (s *session) Role(principal string) (catalog.Role, error) {
	r, found, err := one(s, "find a role", func(row scanner, r *catalog.Role) error {
		return row.Scan(&r.Trust, &r.Description, span{&r.MaxSession}, sometime{&r.LastUsed})
	}, "SELECT trust, description, max_session, last_used FROM roles WHERE principal = ?", principal)
	if err == nil && !found {
		err = noRole(principal)
	}
	return r, err
}

// PutRole implements catalog.RoleWriter.
func (s *session) PutRole(principal string, r catalog.Role) error {
	if _, err := s.Principal(principal); err != nil {
		return err
	}
	s.touch(catalog.PrincipalTopic(principal))
	_, err := s.exec("put a role", `INSERT INTO roles (principal, trust, description, max_session) VALUES (?, ?, ?, ?)
		ON CONFLICT (principal) DO UPDATE SET trust = excluded.trust, description = excluded.description,
		max_session = excluded.max_session`, principal, r.Trust, r.Description, r.MaxSession.Microseconds())
	return err
}

// SetRoleUse implements catalog.RoleWriter.
func (s *session) SetRoleUse(principal string, at time.Time) error {
	n, err := s.exec("note the use of a role", "UPDATE roles SET last_used = ? WHERE principal = ?", at.UnixMicro(), principal)
	if err == nil && n == 0 {
		err = noRole(principal)
	}
	return err
}
