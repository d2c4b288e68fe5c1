package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

// assumedRole has a session of a role of the other side of a remote, and begins another one before it ends.
type assumedRole struct {
	name   string // of the remote
	now    func() time.Time
	assume func(ctx context.Context) (sigv4.Signer, time.Time, error)
	key    givenKey      // that assume signs with
	turn   chan struct{} // holds one: whose turn it is to look, and to assume

	signer   sigv4.Signer
	begun    time.Time
	ends     time.Time
	doubted  bool         // it was refused
	by       sigv4.Signer // the key that it was assumed with
	failed   error        // why the latest attempt brought none; nil if it did
	failedAt time.Time
	failedBy sigv4.Signer
}

func newAssumedRole(name string, now func() time.Time, key givenKey,
	assume func(ctx context.Context) (sigv4.Signer, time.Time, error)) *assumedRole {
	return &assumedRole{name: name, now: now, assume: assume, key: key, turn: make(chan struct{}, 1)}
}

// current returns the key of a session that is good for a while, begun with the key that is given now. While one can be used a failure to
// begin another is nobody's concern. Unavailable: the other side does not answer, or refuses.
func (a *assumedRole) current(ctx context.Context) (sigv4.Signer, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return sigv4.Signer{}, ctx.Err()
	}
	now, key := a.now(), a.key.now()
	recently := a.failed != nil && sameKey(key, a.failedBy) && now.Sub(a.failedAt) < signInPause
	switch {
	case sameKey(key, a.by) && !a.doubted && now.Before(a.ends.Add(-renewAhead)), recently && now.Before(a.ends):
		return a.signer, nil
	case recently:
		return sigv4.Signer{}, retold(a.failed)
	}
	// Who asks first asks for all who wait: that he leaves ends nothing.
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), signInPatience)
	defer cancel()
	signer, ends, err := a.assume(asking)
	if err == nil {
		a.signer, a.begun, a.ends, a.by, a.doubted, a.failed = signer, a.now(), ends, key, false, nil
		return signer, nil
	}
	a.failed = artifact.Errorf(artifact.Unavailable, "The server cannot assume its role at %s.", a.name).Causing(err)
	a.failedAt, a.failedBy = a.now(), key
	if now.Before(a.ends) {
		return a.signer, nil
	}
	return sigv4.Signer{}, retold(a.failed)
}

// sessionTrust is how long a session that was refused after it had begun is believed to be good, and its role to lack a permission.
const sessionTrust = time.Minute

// refused is told that a session was refused, known by the ID of its key, and reports whether another one may be answered better. Sessions
// are revoked; but who lacks a permission is refused as well, and does not get it by beginning again and again.
func (a *assumedRole) refused(ctx context.Context, id string) (again bool) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return false
	}
	if a.signer.KeyID != id {
		return true // another one has begun
	}
	a.doubted = a.doubted || a.now().Sub(a.begun) >= sessionTrust
	return a.doubted
}

// apiSigner signs the calls of a remote's API.
type apiSigner struct {
	key    func(ctx context.Context) (sigv4.Signer, error)
	role   *assumedRole // whose session signs; nil if there is none
	region string
	now    func() time.Time
}

// Authorize follows upstream.Authorizer.
func (s apiSigner) Authorize(ctx context.Context, r *http.Request) error {
	key, err := s.key(ctx)
	if err != nil {
		return err
	}
	return key.Sign(r, sigv4.Scope{Region: s.region, Service: "codeartifact"}, s.now())
}

// Refused follows upstream.Authorizer: with the same key another signature would be as good.
func (s apiSigner) Refused(r *http.Request, _ int) bool {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	id, _, _ := strings.Cut(credential, "/")
	return s.role != nil && s.role.refused(r.Context(), id)
}
