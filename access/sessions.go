package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// The shape of temporary credentials (IAM user guide, "Unique identifiers"). A session token has the same entropy as an
// authorization token, and a prefix that no access key and no authorization token has.
const (
	sessionIDPrefix     = "ASIA"
	sessionTokenPrefix  = "entrepot-session/"
	sessionTokenBytes   = 32
	maxSessionTokenText = 4096 // of what clients send; AWS's are longer than ours
)

// Begin makes the credentials of a session that is described but for them: its record, with an ID, and its secret and its token,
// which are told once. The record is for the caller to keep. It fails if the sealer does.
func (g *Guard) Begin(s catalog.Session) (record catalog.Session, secret, token artifact.Secret, err error) {
	var raw [sessionTokenBytes]byte
	rand.Read(raw[:])
	s.ID, secret = sessionIDPrefix+rand.Text()[:keyIDRandom], newKeySecret()
	token = artifact.NewSecret(sessionTokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:]))
	if s.Secret, err = g.sealer.Seal([]byte(secret.Reveal()), []byte(s.ID)); err != nil {
		return catalog.Session{}, secret, token, fmt.Errorf("seal session %s: %w", s.ID, err)
	}
	s.Token = sha256.Sum256([]byte(token.Reveal()))
	return s, secret, token, nil
}

// ofSession reports whether an access key ID is a session's.
func ofSession(keyID string) bool { return strings.HasPrefix(keyID, sessionIDPrefix) }

// holds reports whether a request's session token is the one that belongs to the key: none for a key that has none.
func (k keyInUse) holds(token artifact.Secret) bool {
	if k.session == nil {
		return token.IsZero()
	}
	text := token.Reveal()
	if text == "" || len(text) > maxSessionTokenText {
		return false
	}
	sum := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(sum[:], k.session.token[:]) == 1
}

// sessionInUse is what proves a session, beside its secret.
type sessionInUse struct {
	token     catalog.TokenHash
	expiresAt time.Time
}

// inSession returns the principal of a session as it is in it, with its policies of the moment, or NotFound.
func (g *Guard) inSession(ctx context.Context, id string) (member, error) {
	return g.sessions.Get(ctx, id, func(ctx context.Context, on *catalog.Basis) (member, error) {
		on.Topics(catalog.SessionTopic(id), catalog.PrincipalsTopic())
		var s catalog.Session
		err := g.store.Read(ctx, func(r catalog.Reader) (err error) {
			s, err = r.Session(id)
			return err
		})
		if err != nil {
			return member{}, fmt.Errorf("read session %s: %w", id, err)
		}
		on.Topics(catalog.PrincipalTopic(s.Principal))
		m, err := g.readMember(ctx, s.Principal)
		if err != nil {
			return member{}, err
		}
		return narrowed(m, s)
	})
}

// narrowed is a principal in a session of it.
func narrowed(m member, s catalog.Session) (member, error) {
	kind, ok := sessionKinds[s.Kind]
	if !ok {
		return member{}, fmt.Errorf("session %s is of the unknown kind %q", s.ID, s.Kind)
	}
	m.principal = kind(m.principal, s)
	m.principal.Tags = overlaid(m.principal.Tags, s.Tags)
	m.session = make([]*iam.Policy, 0, len(s.Policies))
	for i, document := range s.Policies {
		// They may be managed ones, which are larger than what can be passed.
		policy, err := iam.Parse([]byte(document), iam.IdentityPolicy)
		if err != nil {
			return member{}, fmt.Errorf("parse policy %d of session %s: %w", i+1, s.ID, err)
		}
		policy.Name = fmt.Sprintf("session policy %d", i+1)
		m.session = append(m.session, policy)
	}
	m.temporary = iam.Temporary{ID: s.ID, Principal: s.Principal, Role: s.Kind == catalog.RoleSession, ExpiresAt: s.ExpiresAt, Transitive: s.Transitive,
		SourceIdentity: s.SourceIdentity}
	m.keys = map[string][]string{
		"aws:tokenissuetime":         {s.IssuedAt.UTC().Format(time.RFC3339)},
		"aws:multifactorauthpresent": {"false"},
		"aws:sourceidentity":         nonEmpty(s.SourceIdentity),
		"aws:federatedprovider":      nonEmpty(s.Provider),
	}
	return m, nil
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// sessionKinds say who calls in a session of a principal (STS API reference, "AssumedRoleUser", "FederatedUser").
var sessionKinds = map[catalog.SessionKind]func(iam.Principal, catalog.Session) iam.Principal{
	catalog.RoleSession: func(role iam.Principal, s catalog.Session) iam.Principal {
		in := role
		in.Role, in.Name, in.ID = role.ARN, "", role.ID+":"+s.Name
		in.ARN = sessionARN(role, s.Name)
		return in
	},
	catalog.UserSession: func(user iam.Principal, _ catalog.Session) iam.Principal { return user },
	catalog.FederatedSession: func(user iam.Principal, s catalog.Session) iam.Principal {
		in := user
		in.Name, in.ID = "", user.Account+":"+s.Name
		in.ARN = "arn:" + partitionOf(user.ARN) + ":sts::" + user.Account + ":federated-user/" + s.Name
		return in
	},
}

// sessionARN is the ARN of a session of a role, in which the role's path does not stand.
func sessionARN(role iam.Principal, session string) string {
	return "arn:" + partitionOf(role.ARN) + ":sts::" + role.Account + ":assumed-role/" + role.Name + "/" + session
}

// overlaid are the tags of a principal under those of its session: keys that differ in case only are the same.
func overlaid(own, session map[string]string) map[string]string {
	if len(session) == 0 {
		return own
	}
	all := make(map[string]string, len(own)+len(session))
	for key, value := range own {
		if !hasKey(session, key) {
			all[key] = value
		}
	}
	for key, value := range session {
		all[key] = value
	}
	return all
}

func hasKey(tags map[string]string, key string) bool {
	for other := range tags {
		if strings.EqualFold(other, key) {
			return true
		}
	}
	return false
}
