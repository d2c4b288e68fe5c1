package accounts

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// The actions on what was given out for a while. AWS has none: its tokens cannot be listed, and are revoked with their
// principal alone. They are judged on the principal whose credentials they are.
const (
	listTokens   = "entrepot:ListTokens"
	revokeTokens = "entrepot:RevokeTokens"
)

// Credential is what was given out for a while and opens doors until it ends: an authorization token, or a session.
type Credential struct {
	ID        string // of a token the SHA-256 of its text, in hexadecimal; of a session that of its access key. No secret
	Principal string // ARN of the user or role whose permissions it has at most
	Domain    string // that a token is for; empty for a session
	Session   string // ID of the session that a token was issued in; empty if there was none
	Name      string // of a session, if it has one
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// IsSession reports whether it is a session.
func (c Credential) IsSession() bool { return c.Domain == "" }

// Credentials lists the tokens and then the sessions of the caller's account that are not over, or those of one principal:
// all whose listing the caller is allowed, and his own. A page may be short while others follow. Denied, whether or not there is
// such a principal, for one whose credentials the caller may not list; NotFound if there is none.
func (s *Service) Credentials(ctx context.Context, c iam.Caller, principal string, page catalog.Page) (
	l catalog.Listing[Credential], err error) {
	err = s.look(ctx, c, listTokens, func(a *reading) error {
		if err := a.mayTouchAll(principal); err != nil && (principal != "" || !artifact.Is(err, artifact.Denied)) {
			return err
		}
		h := holders{reading: a, known: map[string]catalog.Principal{}}
		list, prefix := h.tokens, "t"
		if marker, ok := strings.CutPrefix(page.After, "s"); ok {
			list, prefix, page.After = h.sessions, "s", marker
		}
		page.After = strings.TrimPrefix(page.After, "t")
		l, err = list(page, func(p catalog.Principal, in Credential) bool {
			return (principal == "" || p.ARN == principal) && in.ExpiresAt.After(a.Now()) && a.mayTouch(p, in) == nil
		})
		switch {
		case l.Next != "":
			l.Next = prefix + l.Next
		case prefix == "t":
			l.Next = "s"
		}
		return err
	})
	return l, err
}

// Revoke ends a credential; a session ends with the tokens that were issued in it. It is refused from the next request on. Denied
// whether or not there is one of this ID to whom it would be none of his business; else NotFound if there is none.
func (s *Service) Revoke(ctx context.Context, c iam.Caller, id string) (done Revoked, err error) {
	err = s.change(ctx, c, revokeTokens, func(a *changing) error {
		found, p, err := a.credential(id)
		if err == nil {
			err = a.mayTouch(p, found)
		}
		if err != nil {
			if err := a.may(Subject{}); err != nil {
				return err
			}
			return err
		}
		if err := a.end(found); err != nil {
			return err
		}
		if done = (Revoked{Tokens: 1}); found.IsSession() {
			done = Revoked{Sessions: 1}
		}
		return a.record(p.ARN, map[string]any{"id": id})
	})
	return done, err
}

// Revoked is how many credentials were revoked. Tokens that went with their session are not counted.
type Revoked struct{ Tokens, Sessions int }

// RevokeAll ends the credentials of a principal, or without one all of the account but those of principals to whom a statement denies it:
// those that there are when they are come to, a thousand in a transaction. Denied and NotFound as for Credentials.
func (s *Service) RevokeAll(ctx context.Context, c iam.Caller, principal string) (done Revoked, err error) {
	// A session that is gone issues no more tokens.
	if done.Sessions, err = s.revokeEach(ctx, c, principal, holders.sessions); err != nil {
		return done, err
	}
	done.Tokens, err = s.revokeEach(ctx, c, principal, holders.tokens)
	return done, err
}

// revokeEach is RevokeAll for one kind.
func (s *Service) revokeEach(ctx context.Context, c iam.Caller, principal string,
	list func(holders, catalog.Page, func(catalog.Principal, Credential) bool) (catalog.Listing[Credential], error)) (done int, err error) {
	for page := (catalog.Page{Limit: catalog.MaxPage}); ; {
		var some catalog.Listing[Credential]
		err := s.change(ctx, c, revokeTokens, func(a *changing) error {
			if err := a.mayTouchAll(principal); err != nil {
				return err
			}
			h := holders{reading: &a.reading, known: map[string]catalog.Principal{}}
			some, err = list(h, page, func(p catalog.Principal, in Credential) bool {
				return p.ARN == principal || principal == "" && a.mayTouch(p, in) == nil
			})
			if err != nil || len(some.Items) == 0 {
				return err
			}
			for _, found := range some.Items {
				if err := a.end(found); err != nil {
					return err
				}
			}
			return a.record(cmp.Or(principal, a.rootARN(a.account())), map[string]any{"revoked": len(some.Items)})
		})
		if err != nil {
			return done, err
		}
		if done += len(some.Items); some.Next == "" {
			return done, nil
		}
		page.After = some.Next
	}
}

// own reports whether a credential of a principal is the caller's own. In a session that is the session and what was issued
// in it: others of the same role have theirs.
func (a *reading) own(p catalog.Principal, in Credential) bool {
	if session := a.caller.Temporary.ID; session != "" {
		return in.ID == session || in.Session == session
	}
	return p.ID == a.caller.Principal.ID
}

// mayTouch asks whether the action may be done to a credential of a principal. To his own everybody may, unless a statement
// denies it.
func (a *reading) mayTouch(p catalog.Principal, in Credential) error {
	err := a.may(about(p, Subject{}))
	if r, ok := errors.AsType[*Refusal](err); ok && r.Decision.Statement == 0 && a.own(p, in) {
		return nil
	}
	return err
}

// mayTouchAll asks whether the action may be done to all credentials of a principal; without one, to all of the account.
func (a *reading) mayTouchAll(principal string) error {
	if principal == "" {
		return a.may(Subject{})
	}
	p, err := a.PrincipalByARN(principal)
	if artifact.Is(err, artifact.NotFound) || err == nil && p.Account != a.account() {
		if err := a.may(Subject{ARN: principal}); err != nil {
			return err
		}
		return artifact.Errorf(artifact.NotFound, "There is no user or role %.300s in the account.", principal)
	}
	if err != nil {
		return err
	}
	return a.mayTouch(p, Credential{})
}

// credential finds a token or a session of the caller's account by its ID, and whose it is.
func (a *reading) credential(id string) (found Credential, p catalog.Principal, err error) {
	h := holders{reading: a, known: map[string]catalog.Principal{}}
	none := artifact.Errorf(artifact.NotFound, "There is no token and no session with the ID %.100s.", id)
	if hash, wrong := hex.DecodeString(id); wrong == nil && len(hash) == len(catalog.TokenHash{}) {
		var t catalog.Token
		if t, err = a.Token(catalog.TokenHash(hash)); err == nil {
			found, p, err = h.ofToken(t)
		}
	} else {
		var in catalog.Session
		if in, err = a.Session(id); err == nil {
			found, p, err = h.ofSession(in)
		}
	}
	if artifact.Is(err, artifact.NotFound) || err == nil && p.Account != a.account() {
		return found, p, none
	}
	return found, p, err
}

// end removes a credential.
func (a *changing) end(in Credential) error {
	if in.IsSession() {
		return a.write.DeleteSession(in.ID)
	}
	hash, err := hex.DecodeString(in.ID)
	if err != nil {
		return err
	}
	return a.write.DeleteToken(catalog.TokenHash(hash))
}

// holders tells credentials with whose they are. It remembers principals, of whom there are fewer.
type holders struct {
	*reading
	known map[string]catalog.Principal // by ID
}

func (h holders) of(id string) (catalog.Principal, error) {
	p, known := h.known[id]
	if known {
		return p, nil
	}
	p, err := h.Principal(id)
	if err == nil {
		h.known[id] = p
	}
	return p, err
}

func (h holders) ofToken(t catalog.Token) (Credential, catalog.Principal, error) {
	p, err := h.of(t.Principal)
	if err != nil {
		return Credential{}, p, err
	}
	domain, err := h.DomainByID(t.Domain)
	return Credential{ID: hex.EncodeToString(t.Hash[:]), Principal: p.ARN, Domain: domain.Name, Session: t.Session, IssuedAt: t.IssuedAt,
		ExpiresAt: t.ExpiresAt}, p, err
}

func (h holders) ofSession(s catalog.Session) (Credential, catalog.Principal, error) {
	p, err := h.of(s.Principal)
	return Credential{ID: s.ID, Principal: p.ARN, Name: s.Name, IssuedAt: s.IssuedAt, ExpiresAt: s.ExpiresAt}, p, err
}

// tokens lists the account's tokens that match.
func (h holders) tokens(page catalog.Page, match func(catalog.Principal, Credential) bool) (l catalog.Listing[Credential], err error) {
	found, err := h.Tokens(h.account(), page)
	if err != nil {
		return l, err
	}
	return matching(found, h.ofToken, match)
}

// sessions lists the account's sessions that match.
func (h holders) sessions(page catalog.Page, match func(catalog.Principal, Credential) bool) (l catalog.Listing[Credential], err error) {
	found, err := h.Sessions(h.account(), page)
	if err != nil {
		return l, err
	}
	return matching(found, h.ofSession, match)
}

// matching tells those of a page that match.
func matching[T any](found catalog.Listing[T], tell func(T) (Credential, catalog.Principal, error),
	match func(catalog.Principal, Credential) bool) (l catalog.Listing[Credential], err error) {
	l.Next = found.Next
	for _, item := range found.Items {
		told, p, err := tell(item)
		if err != nil {
			return l, err
		}
		if match(p, told) {
			l.Items = append(l.Items, told)
		}
	}
	return l, nil
}
