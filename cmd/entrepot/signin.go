package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/awsclient"
)

// signIn has the authorization token of the other side of a remote, and renews it before it ends.
type signIn struct {
	name string // of the remote
	now  func() time.Time
	mint func(ctx context.Context) (awsclient.Token, error)
	key  givenKey // that mint begins with

	mu       sync.Mutex
	token    awsclient.Token
	minted   time.Time    // when the token came
	by       sigv4.Signer // the key that it was got with
	failed   error        // why the latest attempt brought none; nil if it did
	failedAt time.Time
	failedBy sigv4.Signer
	under    *minting // the attempt that is under way, for all who wait
}

// givenKey is the access key that the server is given for a remote at this moment; nil if that never changes.
type givenKey func() sigv4.Signer

func (k givenKey) now() (key sigv4.Signer) {
	if k != nil {
		key = k()
	}
	return key
}

// sameKey reports whether two access keys are one.
func sameKey(a, b sigv4.Signer) bool {
	return a.KeyID == b.KeyID && a.Secret.Equal(b.Secret) && a.Session.Equal(b.Session)
}

// minting is one attempt to get a token.
type minting struct {
	done  chan struct{}
	token awsclient.Token // set before done is closed
	err   error
}

const (
	// renewAhead is how long before its end a token is renewed, or half of the time that it is good for if that is less.
	renewAhead = 10 * time.Minute
	// signInPause is how long nobody tries again after an attempt that failed.
	signInPause = 5 * time.Second
	// signInPatience is how long an attempt may take.
	signInPatience = 30 * time.Second
)

// Authorize follows upstream.Authorizer.
func (s *signIn) Authorize(ctx context.Context, r *http.Request) error {
	token, err := s.current(ctx)
	if err == nil {
		r.Header.Set("Authorization", bearerOf(token))
	}
	return err
}

func bearerOf(t awsclient.Token) string { return "Bearer " + t.Value.Reveal() }

// Refused follows upstream.Authorizer: a token that has been revoked is not used again. One that came a moment ago is as good
// as the next would be, and with 403 it is known who asks.
func (s *signIn) Refused(r *http.Request, status int) (again bool) {
	if status != http.StatusUnauthorized {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.Value.IsZero() || r.Header.Get("Authorization") != bearerOf(s.token) {
		return true
	}
	s.token = awsclient.Token{}
	return s.now().Sub(s.minted) > time.Second
}

// current returns a token that is good for a while, got with the key that is given now. While one can be used a failure to renew it is
// nobody's concern.
func (s *signIn) current(ctx context.Context) (awsclient.Token, error) {
	key := s.key.now()
	s.mu.Lock()
	now, held := s.now(), s.token
	good := !held.Value.IsZero() && now.Before(held.Expires)
	due := !good || !sameKey(key, s.by) || now.After(held.Expires.Add(-min(renewAhead, held.Expires.Sub(s.minted)/2)))
	recently := s.failed != nil && sameKey(key, s.failedBy) && now.Sub(s.failedAt) < signInPause
	failed := s.failed
	s.mu.Unlock()
	switch {
	case good && (!due || recently):
		return held, nil
	case recently:
		return awsclient.Token{}, retold(failed)
	}
	token, err := s.renew(ctx)
	if err != nil && good && ctx.Err() == nil {
		return held, nil
	}
	return token, err
}

// retold gives each of several callers an error of his own.
func retold(err error) error {
	if e, ok := err.(*artifact.Error); ok {
		own := *e
		return &own
	}
	return err
}

// renew gets a new token, once for all who want one at the same time. Unavailable: the other side does not answer, or refuses.
func (s *signIn) renew(ctx context.Context) (awsclient.Token, error) {
	s.mu.Lock()
	m := s.under
	if m == nil {
		m = &minting{done: make(chan struct{})}
		s.under = m
		go s.attempt(context.WithoutCancel(ctx), m)
	}
	s.mu.Unlock()
	select {
	case <-m.done:
		return m.token, retold(m.err)
	case <-ctx.Done():
		return awsclient.Token{}, ctx.Err()
	}
}

// try is renew for who may know why it fails.
func (s *signIn) try(ctx context.Context) (awsclient.Token, error) {
	token, err := s.renew(ctx)
	if cause := errors.Unwrap(err); cause != nil && artifact.Is(err, artifact.Unavailable) {
		if u, ok := errors.AsType[*awsclient.Unbelieved](cause); ok { // what its own words advise is for somebody at a terminal
			cause = unknownAuthority(u.Endpoint)
		}
		err = artifact.Errorf(artifact.Unavailable, "The server cannot sign in to %s: %s.", s.name, cause).Causing(cause)
	}
	return token, err
}

func (s *signIn) attempt(ctx context.Context, m *minting) {
	ctx, cancel := context.WithTimeout(ctx, signInPatience)
	defer cancel()
	key := s.key.now()
	token, err := s.mint(ctx)
	if err != nil {
		// Where the other side is and what it says is not for everybody who reads packages; see try.
		err = artifact.Errorf(artifact.Unavailable, "The server cannot sign in to %s.", s.name).Causing(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under, s.failed = nil, err
	if err == nil {
		s.token, s.minted, s.by = token, s.now(), key
	} else {
		s.failedAt, s.failedBy = s.now(), key
	}
	m.token, m.err = token, err
	close(m.done)
}

// unusable is the authorizer of a remote that cannot be used.
type unusable struct{ why error }

// Authorize follows upstream.Authorizer.
func (u unusable) Authorize(context.Context, *http.Request) error {
	return artifact.Errorf(artifact.Unavailable, "The remote cannot be used; the log says why.").Causing(u.why)
}

// Refused follows upstream.Authorizer.
func (unusable) Refused(*http.Request, int) bool { return false }
