package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

// The shape and the life of authorization tokens. Clients put them into files, headers and URLs, so they are made of
// characters that need no escape anywhere; the prefix is for those who search for leaked ones.
const (
	tokenPrefix = "entrepot_"
	tokenBytes  = 32
	tokenLength = len(tokenPrefix) + (tokenBytes*8+5)/6

	minTokenSeconds = 900
	maxTokenSeconds = 43200
)

// Issue makes a token that lets the caller's principal use the repositories of a domain, with the rights it has at the
// time of use; one that is issued in a session has no more than that session has, for its whole life, and ends with it only if
// that is revoked. seconds is its life: 900 to 43200; absent is 43200; 0 is until the caller's session ends, or 43200 for an
// access key, which has no end (user guide, "CodeArtifact authentication and tokens").
//
// A request that is sent again gets the token it got, with the end it had; it is not recorded again
// (docs/decisions/0052-one-request-one-token.md).
//
// Invalid for other lives; Denied for the account itself, and where the identity policies do not allow
// sts:GetServiceBearerToken. Issue and refusal are recorded. The token is kept nowhere, only its hash.
func (g *Guard) Issue(ctx context.Context, c iam.Caller, domain catalog.Domain, seconds *int) (
	text string, expires time.Time, err error) {
	asked := maxTokenSeconds
	if seconds != nil {
		asked = *seconds
	}
	if asked != 0 && (asked < minTokenSeconds || asked > maxTokenSeconds) {
		return "", time.Time{}, artifact.Errorf(artifact.Invalid, "durationSeconds must be 0 or between %d and %d",
			minTokenSeconds, maxTokenSeconds)
	}
	if d, err := mayBear(c, asked); err != nil {
		return "", time.Time{}, g.recordRefusal(ctx, c, domain, d, err)
	}
	now := g.now().UTC().Truncate(time.Second)
	token := catalog.Token{Domain: domain.ID, Principal: cmp.Or(c.Temporary.Principal, c.Principal.ID), Session: c.Temporary.ID, AccessKey: c.AccessKey, IssuedAt: now,
		ExpiresAt: now.Add(time.Duration(cmp.Or(asked, maxTokenSeconds)) * time.Second)}
	if asked == 0 && c.Temporary.ID != "" {
		token.ExpiresAt = c.Temporary.ExpiresAt
	}
	secret := g.secretOf(token, c.Proof)
	token.Hash = tokenHash(secret)
	event, err := g.event(c, getToken, g.arnOf(c, domain), audit.Done(c, getToken),
		map[string]any{"durationSeconds": asked, "expiration": token.ExpiresAt.Unix()})
	if err != nil {
		return "", time.Time{}, err
	}
	err = g.store.Write(ctx, func(w catalog.Writer) error {
		known, err := w.Token(token.Hash)
		if err == nil {
			expires = known.ExpiresAt
			return nil
		}
		if !artifact.Is(err, artifact.NotFound) {
			return err
		}
		if err := w.CreateToken(token); err != nil {
			return err
		}
		expires = token.ExpiresAt
		return w.Record(event)
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("keep token: %w", err)
	}
	return secret.Reveal(), expires, nil
}

// secretOf makes the text of a token: at random for a caller who signed nothing, else from the signature, so that the
// same request means the same token on every node and after every restart.
//
// A presigned request may be good for longer than the token it got. Then it gets another one: the lives since it was
// signed count too. They are counted from the earliest moment at which it can have been sent, so no token is over while
// its count lasts, and none that is over comes back.
func (g *Guard) secretOf(t catalog.Token, p iam.Proof) artifact.Secret {
	if p == (iam.Proof{}) {
		return newToken()
	}
	lives := (t.IssuedAt.Sub(p.At) + sigv4.MaxSkew) / t.ExpiresAt.Sub(t.IssuedAt)
	about := fmt.Appendf(nil, "authorization token %x %d %d %s %s", p.Digest, lives, t.Domain, t.Principal, t.Session)
	return tokenOf(g.sealer.Derive(about))
}

// bearAction is asked of the caller's own policies only, on no resource in particular (user guide, "Tokens and
// authentication").
const bearAction = "sts:GetServiceBearerToken"

// mayBear returns what was decided, with an error that is Denied unless it is that the caller may have a token.
func mayBear(c iam.Caller, asked int) (iam.Decision, error) {
	if strings.HasSuffix(c.Principal.ARN, ":root") {
		return iam.Decision{Reason: iam.NoIdentityAllow}, artifact.Errorf(artifact.Denied, "User: %s is not authorized to perform: codeartifact:GetAuthorizationToken: "+
			"the account itself cannot have tokens, a user can", c.Principal.ARN)
	}
	keys := map[string][]string{
		"sts:awsservicename":  {"codeartifact.amazonaws.com"},
		"sts:durationseconds": {strconv.Itoa(asked)},
	}
	for key, values := range c.Context {
		if _, ours := keys[key]; !ours {
			keys[key] = values
		}
	}
	question := iam.Request{Principal: c.Principal, Action: bearAction, Resources: []string{"*"}, Context: keys}
	answer := iam.Evaluate(question, iam.Policies{Identity: c.Identity, Boundary: c.Boundary, Session: c.Session}, true)
	if !answer.Allowed() {
		return answer, artifact.Errorf(artifact.Denied, "%s", answer.Message(question))
	}
	return answer, nil
}

// recordRefusal writes the refusal down with the statement that decided, also when the caller leaves, and returns it, or what went wrong
// with that.
func (g *Guard) recordRefusal(ctx context.Context, c iam.Caller, domain catalog.Domain, d iam.Decision, refusal error) error {
	told, _ := errors.AsType[*artifact.Error](refusal)
	call := audit.Refused(c, d, told.Reason)
	call.Decision.Action = bearAction
	event, err := g.event(c, getToken, g.arnOf(c, domain), call, map[string]any{})
	if err != nil {
		return err
	}
	err = g.store.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error { return w.Record(event) })
	if err != nil {
		return fmt.Errorf("record refusal: %w", err)
	}
	return refusal
}

// getToken is the action for which tokens are on record.
const getToken = "codeartifact:GetAuthorizationToken"

// arnOf is the ARN of a domain, in the partition of the caller.
func (g *Guard) arnOf(c iam.Caller, domain catalog.Domain) string {
	return iam.Place{Partition: partitionOf(c.Principal.ARN), Region: g.region, Account: string(domain.Owner)}.DomainARN(domain.Name).String()
}

func (g *Guard) event(c iam.Caller, action, resource string, call audit.Call, detail map[string]any) (catalog.Event, error) {
	return catalog.Audited(g.now(), c, action, resource, call, detail)
}

// partitionOf returns the second part of an ARN; resources are in the partition of those who use them.
func partitionOf(arn string) string {
	_, rest, _ := strings.Cut(arn, ":")
	partition, _, _ := strings.Cut(rest, ":")
	return partition
}

func newToken() artifact.Secret {
	var raw [tokenBytes]byte
	rand.Read(raw[:])
	return tokenOf(raw)
}

func tokenOf(raw [tokenBytes]byte) artifact.Secret {
	return artifact.NewSecret(tokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:]))
}

func tokenHash(token artifact.Secret) catalog.TokenHash { return sha256.Sum256([]byte(token.Reveal())) }

// token returns the live token behind a secret, or Unauthenticated. It is looked up by its hash, so neither the
// catalog's index nor the time of a comparison tells anything about its text.
func (g *Guard) token(ctx context.Context, secret artifact.Secret) (catalog.Token, error) {
	if len(secret.Reveal()) != tokenLength || !strings.HasPrefix(secret.Reveal(), tokenPrefix) {
		return catalog.Token{}, refused()
	}
	hash := tokenHash(secret)
	token, err := g.tokens.Get(ctx, hash, func(ctx context.Context, on *catalog.Basis) (token catalog.Token, err error) {
		on.Topics(catalog.TokenTopic(hash), catalog.TokensTopic())
		err = g.store.Read(ctx, func(r catalog.Reader) (err error) {
			token, err = r.Token(hash)
			return err
		})
		return token, err
	})
	if artifact.Is(err, artifact.NotFound) {
		return catalog.Token{}, refused()
	}
	if err != nil {
		return catalog.Token{}, fmt.Errorf("read token: %w", err)
	}
	if !g.now().Before(token.ExpiresAt) {
		return catalog.Token{}, refused()
	}
	return token, nil
}
