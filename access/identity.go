package access

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// API authenticates a call that is signed for service, named as in a credential's scope. payload says how its body enters
// the signature; a body that was read can be read again.
//
// Refusals are *sigv4.Error: those of Verifier.Parse and Verifier.Verify, Mismatch for another service, Unrecognized for a
// key that is switched off or came without the session token that belongs to it, and Expired for a session that is over.
// The last two are told only to those who signed with the right secret; to anybody else an id that does not exist and a
// wrong secret look the same and take the same: a catalog read, an unsealing and a verification each.
func (g *Guard) API(r *http.Request, in iam.Circumstances, payload sigv4.Payload, service string) (
	iam.Caller, error) {
	claim, err := g.verifier.Parse(r)
	if err != nil {
		return iam.Caller{}, err
	}
	if claim.Scope().Service != service {
		return iam.Caller{}, &sigv4.Error{Code: sigv4.Mismatch,
			Message: "Credential should be scoped to correct service: '" + service + "'."}
	}
	key, err := g.verify(r.Context(), claim, payload)
	if err != nil {
		return iam.Caller{}, err
	}
	if !key.active || !key.holds(claim.SessionToken()) {
		return iam.Caller{}, sigv4.Refuse(sigv4.Unrecognized)
	}
	session := ""
	if key.session != nil {
		if !g.now().Before(key.session.expiresAt) {
			return iam.Caller{}, sigv4.Refuse(sigv4.Expired)
		}
		session = claim.AccessKeyID()
	}
	m, err := g.of(r.Context(), key.principal, session)
	if artifact.Is(err, artifact.NotFound) {
		return iam.Caller{}, sigv4.Refuse(sigv4.Unrecognized) // deleted since the key was read
	}
	if err != nil {
		return iam.Caller{}, err
	}
	g.used(claim)
	caller := g.caller(m, in)
	caller.AccessKey = claim.AccessKeyID()
	caller.Proof = iam.Proof{Digest: claim.Signature(), At: claim.SignedAt()}
	return caller, nil
}

// verify proves the claim with the key it names. A remembered key only makes success cheap: before a refusal its
// reading is made up for, else the time of a refusal would tell which keys are in use.
func (g *Guard) verify(ctx context.Context, claim *sigv4.Claim, payload sigv4.Payload) (keyInUse, error) {
	id := claim.AccessKeyID()
	proven := false
	key, err := g.keys.Get(ctx, id, func(ctx context.Context, on *catalog.Basis) (keyInUse, error) {
		on.Topics(credentialTopic(id), catalog.PrincipalsTopic())
		key, err := g.readKey(ctx, id)
		if err != nil {
			return keyInUse{}, err
		}
		// Proven in here, so that a key which proves nothing, or is nobody's, is not remembered.
		proven = true
		return key, g.verifier.Verify(claim, key.secret, payload)
	})
	if err != nil || proven {
		return key, err
	}
	if refusal := g.verifier.Verify(claim, key.secret, payload); refusal != nil {
		if _, err := g.readKey(ctx, id); err != nil {
			return keyInUse{}, err
		}
		return keyInUse{}, refusal
	}
	return key, nil
}

// Package authenticates a package manager's call on a domain by the token it carries. Unauthenticated if there is none,
// if it is unknown, revoked or over, and if it belongs to another domain; all but the first in the same words. The zero
// domain has no tokens: pass it for a domain that does not exist, so that strangers cannot tell.
//
// Throttled if more requests are made with the token than Config.TokenRate says.
//
// Where anonymous reads are let in, a GET or HEAD without any credential is nobody's: the caller has no principal.
func (g *Guard) Package(r *http.Request, in iam.Circumstances, domain catalog.DomainID) (iam.Caller, error) {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if g.anonymousReads && reads && offersNone(r.Header) {
		return g.caller(member{}, in), nil
	}
	secret, err := Credential(r.Header)
	if err != nil {
		return iam.Caller{}, err
	}
	token, err := g.token(r.Context(), secret)
	if err != nil {
		return iam.Caller{}, err
	}
	if token.Domain != domain || domain == 0 {
		return iam.Caller{}, refused()
	}
	m, err := g.of(r.Context(), token.Principal, token.Session)
	if artifact.Is(err, artifact.NotFound) {
		return iam.Caller{}, refused()
	}
	if err != nil {
		return iam.Caller{}, err
	}
	if !g.paces.Admit(token.Hash) {
		err := artifact.Errorf(artifact.Throttled, "Rate exceeded: %d requests a second may be made with one token.", g.paces.PerSecond())
		err.RetryAfter = time.Second
		return iam.Caller{}, err
	}
	caller := g.caller(m, in)
	caller.AccessKey = cmp.Or(token.AccessKey, caller.AccessKey)
	return caller, nil
}

// Nobody is who calls with no credential at all.
func (g *Guard) Nobody(in iam.Circumstances) iam.Caller { return g.caller(member{}, in) }

// of returns a principal, in a session of it if there is one.
func (g *Guard) of(ctx context.Context, principal, session string) (member, error) {
	if session != "" {
		return g.inSession(ctx, session)
	}
	return g.member(ctx, principal)
}

// credentialTopic changes with what an access key ID stands for: a key or a session.
func credentialTopic(id string) catalog.Topic {
	if ofSession(id) {
		return catalog.SessionTopic(id)
	}
	return catalog.AccessKeyTopic(id)
}

// caller adds the circumstances of a request to a member, as condition keys.
func (g *Guard) caller(m member, in iam.Circumstances) iam.Caller {
	keys := in.Keys()
	maps.Copy(keys, m.keys)
	keys["aws:requestedregion"] = []string{g.region}
	keys["aws:viaawsservice"] = []string{"false"}
	return iam.Caller{Principal: m.principal, Identity: m.identity, Boundary: m.boundary, Session: m.session,
		Temporary: m.temporary, AccessKey: m.temporary.ID, Context: keys, Rulings: &iam.Rulings{}, Circumstances: in}
}
