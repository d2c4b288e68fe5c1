package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

func noToken() error { return artifact.Errorf(artifact.NotFound, "The token does not exist.") }

const tokenColumns = "SELECT t.hash, t.domain, t.principal, coalesce(t.session, ''), t.access_key, t.issued_at, t.expires_at FROM tokens t "

func scanToken(row scanner, t *catalog.Token) error {
	return row.Scan(fixed(t.Hash[:]), &t.Domain, &t.Principal, &t.Session, &t.AccessKey, instant{&t.IssuedAt}, instant{&t.ExpiresAt})
}

// Token implements catalog.TokenReader.
func (s *session) Token(h catalog.TokenHash) (catalog.Token, error) {
	t, found, err := one(s, "find a token", scanToken, tokenColumns+"WHERE t.hash = ?", h[:])
	if err == nil && !found {
		err = noToken()
	}
	return t, err
}

// Tokens implements catalog.TokenReader.
func (s *session) Tokens(account artifact.AccountID, page catalog.Page) (catalog.Listing[catalog.Token], error) {
	var where conditions
	where.add("p.account = ?", account)
	if page.After != "" {
		after, err := unmark(tokenList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.Token]{}, err
		}
		where.add("t.hash > ?", []byte(after[0]))
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list tokens", scanToken, tokenColumns+"JOIN principals p ON p.id = t.principal WHERE "+
		where.String()+" ORDER BY t.hash LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(t catalog.Token) string { return mark(tokenList, string(t.Hash[:])) }), err
}

// CreateToken implements catalog.TokenWriter.
func (s *session) CreateToken(t catalog.Token) error {
	if _, err := s.DomainByID(t.Domain); err != nil {
		return err
	}
	if _, err := s.Principal(t.Principal); err != nil {
		return err
	}
	var session any
	if t.Session != "" {
		if _, err := s.Session(t.Session); err != nil {
			return err
		}
		session = t.Session
	}
	n, err := s.exec("create a token", `INSERT INTO tokens (hash, domain, principal, session, access_key, issued_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		t.Hash[:], t.Domain, t.Principal, session, t.AccessKey, t.IssuedAt.UnixMicro(), t.ExpiresAt.UnixMicro())
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
