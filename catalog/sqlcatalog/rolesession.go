package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

const sessionColumns = "SELECT s.id, s.principal, s.kind, s.secret, s.token, s.issued_at, s.expires_at, s.details FROM sessions s "

func scanSession(row scanner, s *catalog.Session) error {
	return row.Scan(&s.ID, &s.Principal, &s.Kind, &s.Secret, fixed(s.Token[:]), instant{&s.IssuedAt}, instant{&s.ExpiresAt},
		document{&s.SessionDetails})
}

func noSession(id string) error {
	return artifact.Errorf(artifact.NotFound, "Session %s does not exist.", id)
}

// Session implements catalog.SessionReader.
func (s *session) Session(id string) (catalog.Session, error) {
	found, ok, err := one(s, "find a session", scanSession, sessionColumns+"WHERE s.id = ?", id)
	if err == nil && !ok {
		err = noSession(id)
	}
	return found, err
}

// Sessions implements catalog.SessionReader.
func (s *session) Sessions(account artifact.AccountID, page catalog.Page) (catalog.Listing[catalog.Session], error) {
	var where conditions
	where.add("p.account = ?", account)
	if page.After != "" {
		after, err := unmark(sessionList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.Session]{}, err
		}
		where.add("s.id > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list sessions", scanSession, sessionColumns+"JOIN principals p ON p.id = s.principal WHERE "+
		where.String()+" ORDER BY s.id LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(s catalog.Session) string { return mark(sessionList, s.ID) }), err
}

// CreateSession implements catalog.SessionWriter.
func (s *session) CreateSession(n catalog.Session) error {
	if _, err := s.Principal(n.Principal); err != nil {
		return err
	}
	made, err := s.exec("create a session", `INSERT INTO sessions
		(id, principal, kind, secret, token, issued_at, expires_at, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		n.ID, n.Principal, n.Kind, n.Secret, n.Token[:], n.IssuedAt.UnixMicro(), n.ExpiresAt.UnixMicro(), written(n.SessionDetails))
	if err != nil {
		return err
	}
	if made == 0 {
		return artifact.Errorf(artifact.Conflict, "Session %s already exists.", n.ID)
	}
	s.touch(catalog.SessionTopic(n.ID))
	return nil
}

// DeleteSession implements catalog.SessionWriter.
func (s *session) DeleteSession(id string) error {
	n, err := s.exec("delete a session", "DELETE FROM sessions WHERE id = ?", id)
	if err != nil {
		return err
	}
	if n == 0 {
		return noSession(id)
	}
	s.touch(catalog.SessionTopic(id), catalog.TokensTopic())
	return nil
}

// DeleteSessionsExpired implements catalog.SessionWriter.
func (s *session) DeleteSessionsExpired(t time.Time, limit int) (int, error) {
	gone, err := all(s, "delete expired sessions", scalar[string], `DELETE FROM sessions WHERE id IN
		(SELECT id FROM sessions WHERE expires_at < ? AND NOT EXISTS (SELECT 1 FROM tokens WHERE session = sessions.id)
		ORDER BY expires_at LIMIT ?) RETURNING id`, t.UnixMicro(), clamp(limit))
	for _, id := range gone {
		s.touch(catalog.SessionTopic(id))
	}
	return len(gone), err
}
