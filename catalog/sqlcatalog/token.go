package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

func noToken() error { return artifact.Errorf(artifact.NotFound, "The token does not exist.") }

// Token implements catalog.TokenReader.
func (s *session) Token(h catalog.TokenHash) (catalog.Token, error) {
	t, found, err := one(s, "find a token", func(row scanner, t *catalog.Token) error {
		t.Hash = h
		return row.Scan(&t.Domain, &t.Principal, instant{&t.IssuedAt}, instant{&t.ExpiresAt})
	}, "SELECT domain, principal, issued_at, expires_at FROM tokens WHERE hash = ?", h[:])
	if err == nil && !found {
		err = noToken()
	}
	return t, err
}

// CreateToken implements catalog.TokenWriter.
func (s *session) CreateToken(t catalog.Token) error {
	if _, err := s.DomainByID(t.Domain); err != nil {
		return err
	}
	if _, err := s.Principal(t.Principal); err != nil {
		return err
	}
	n, err := s.exec("create a token", `INSERT INTO tokens (hash, domain, principal, issued_at, expires_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		t.Hash[:], t.Domain, t.Principal, t.IssuedAt.UnixMicro(), t.ExpiresAt.UnixMicro())
	if err == nil && n == 0 {
		err = artifact.Errorf(artifact.Conflict, "The token already exists.")
	}
	return err
}

// DeleteToken implements catalog.TokenWriter.
func (s *session) DeleteToken(h catalog.TokenHash) error {
	n, err := s.exec("delete a token", "DELETE FROM tokens WHERE hash = ?", h[:])
	if err != nil {
		return err
	}
	if n == 0 {
		return noToken()
	}
	s.touch(catalog.TokenTopic(h))
	return nil
}

// DeleteTokensExpired implements catalog.TokenWriter.
func (s *session) DeleteTokensExpired(t time.Time, limit int) (int, error) {
	gone, err := all(s, "delete expired tokens", func(row scanner, h *catalog.TokenHash) error {
		return row.Scan(fixed(h[:]))
	}, `DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)
		RETURNING hash`, t.UnixMicro(), clamp(limit))
	for _, h := range gone {
		s.touch(catalog.TokenTopic(h))
	}
	return len(gone), err
}
