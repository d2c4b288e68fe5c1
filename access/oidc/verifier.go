package oidc

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"entrepot/strictjson"
)

const (
	// maxSkew is how far an issuer's clock may be from this one.
	maxSkew = time.Minute
	// keysLast is how long an issuer's keys are believed: one that it takes back is good for so long after.
	keysLast = 15 * time.Minute
	// askEvery is the shortest time between two questions to an issuer. Whoever sends tokens with made-up keys makes it
	// asked no more often.
	askEvery = 10 * time.Second
	// patience is how long an issuer may take for both of its documents.
	patience = 15 * time.Second
	// rememberedIssuers are those whose keys are kept.
	rememberedIssuers = 1024
)

// Fetch reads a document of at most limit bytes.
type Fetch func(ctx context.Context, url string, limit int64) ([]byte, error)

// Verifier proves tokens. Several goroutines may use one.
type Verifier struct {
	fetch   Fetch
	now     func() time.Time
	flights singleflight.Group

	mu      sync.Mutex // guards issuers
	issuers *lru.Cache[string, published]
}

// published is what an issuer was last found to publish: its keys, or why they could not be had.
type published struct {
	keys []key
	err  error
	at   time.Time
}

// New makes a verifier.
func New(fetch Fetch, now func() time.Time) *Verifier {
	issuers, err := lru.New[string, published](rememberedIssuers)
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return &Verifier{fetch: fetch, now: now, issuers: issuers}
}

// Verify proves that the issuer which the token names has made it, for one of the audiences, and that it is good now. Whoever asked for
// the token (azp), where it is named, must be among the audiences as well: a token that another party got must not be used here.
// Whether the issuer is to be believed at all is for the caller to have decided.
func (v *Verifier) Verify(ctx context.Context, t *Token, audiences []string) error {
	if !slices.ContainsFunc(t.Audiences, func(a string) bool { return slices.Contains(audiences, a) }) ||
		t.Party != "" && !slices.Contains(audiences, t.Party) {
		return invalid("Incorrect token audience")
	}
	now := v.now()
	switch {
	case !now.Before(t.Expires.Add(maxSkew)):
		return &Error{Problem: Expired, Message: "Token expired: current date/time " + seconds(now) +
			" must be before the expiration date/time " + seconds(t.Expires)}
	case now.Add(maxSkew).Before(t.Issued), now.Add(maxSkew).Before(t.notUntil):
		return invalid("The token is not good yet.")
	}
	known, err := v.keys(ctx, t.Issuer, keysLast)
	if err != nil {
		return err
	}
	if proven(t, known.keys) {
		return nil
	}
	if !slices.ContainsFunc(known.keys, func(k key) bool { return k.id == t.keyID }) {
		// The issuer may have begun to sign with another key.
		if known, err = v.keys(ctx, t.Issuer, askEvery); err != nil {
			return err
		}
		if proven(t, known.keys) {
			return nil
		}
	}
	return invalid("The token's signature could not be proved with the keys of its issuer.")
}

// proven reports whether one of the keys has signed the token. A token that names a key is signed with that one; of those that
// name none the issuer has one key only.
func proven(t *Token, keys []key) bool {
	if t.keyID == "" {
		return len(keys) == 1 && keys[0].proves(t)
	}
	return slices.ContainsFunc(keys, func(k key) bool { return k.id == t.keyID && k.proves(t) })
}

func seconds(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// keys returns what the issuer publishes, found out no longer ago than age. What cannot be had is not asked for again at once.
func (v *Verifier) keys(ctx context.Context, issuer string, age time.Duration) (published, error) {
	if p, ok := v.recall(issuer, age); ok {
		return p, p.err
	}
	// Whoever waits may leave; the others still want the answer.
	flight := v.flights.DoChan(issuer, func() (any, error) {
		if p, ok := v.recall(issuer, askEvery); ok {
			return p, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		keys, err := v.ask(ctx, issuer)
		p := published{keys: keys, at: v.now()}
		if err != nil {
			p.err = &Error{Problem: Unreachable, Cause: err, Message: "The keys of the identity provider " + issuer +
				" could not be had."}
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.issuers.Add(issuer, p)
		return p, nil
	})
	select {
	case <-ctx.Done():
		return published{}, ctx.Err()
	case r := <-flight:
		p := r.Val.(published)
		return p, p.err
	}
}

func (v *Verifier) recall(issuer string, age time.Duration) (published, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, ok := v.issuers.Get(issuer)
	if ok && p.err != nil {
		age = askEvery
	}
	return p, ok && v.now().Sub(p.at) < age
}

// ask reads the issuer's configuration and then its keys (OpenID Connect Discovery 1.0 §4). The configuration must be of the
// issuer that was asked for.
func (v *Verifier) ask(ctx context.Context, issuer string) ([]key, error) {
	text, err := v.fetch(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", maxDocument)
	if err != nil {
		return nil, err
	}
	configuration, err := strictjson.Parse(text, documentRules)
	if err != nil {
		return nil, err
	}
	if name, _ := textOf(configuration.Member("issuer")); name != issuer {
		return nil, errors.New("the configuration is of another issuer")
	}
	location, ok := textOf(configuration.Member("jwks_uri"))
	if !ok {
		return nil, errors.New("the configuration does not say where the keys are")
	}
	if text, err = v.fetch(ctx, location, maxDocument); err != nil {
		return nil, err
	}
	return parseKeys(text)
}
