package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/format"
	"entrepot/iam"
)

// serveFormat answers a request below a repository's base.
func (s *Server) serveFormat(x *exchange, r *http.Request, m *mount, at endpoint) {
	x.door = "format"
	if m == nil {
		writeProblem(x.w, http.StatusNotFound, fmt.Sprintf("No format called %.40q is served here.", at.format))
		return
	}
	x.format = m.Name
	x.fail = func(err error) { s.failFormat(x, r, m, err, at.RepositoryKey) }
	if !s.authenticator.Attempts(r) && !s.strangers.Admit(network(x.client.addr)) {
		err := artifact.Errorf(artifact.Throttled, "Rate exceeded: %d requests a second may be made from one address without a token.",
			s.strangers.PerSecond())
		err.RetryAfter = time.Second
		x.fail(err)
		return
	}
	caller, err := s.authenticate(x, r, func(in iam.Circumstances) (iam.Caller, error) {
		return s.authenticator.Bearer(r, in, at.DomainKey())
	})
	if err != nil {
		x.fail(err)
		return
	}
	x.metered()
	x.meter.Domain, x.meter.Package.Format, x.meter.Write = at.DomainKey(), m.Name, r.Method != http.MethodGet && r.Method != http.MethodHead
	x.repository = at.Domain + "/" + at.Name
	if !artifact.ValidRepositoryName(at.Name) {
		x.repository = ""
		x.fail(artifact.Errorf(artifact.NotFound, "No repository can have this name.").
			About(artifact.RepositoryResource, ""))
		return
	}
	x.meter.Repository = at.Name
	if err := s.comesThrough(x, r, func() artifact.RepositoryKey { return at.RepositoryKey }); err != nil {
		x.fail(err)
		return
	}
	x.shelf = s.shelves(caller, at.RepositoryKey, at.base)
	below, err := rebase(r, at.rest)
	if err != nil {
		x.fail(artifact.Errorf(artifact.Invalid, "The path cannot be read.").Causing(err))
		return
	}
	other := &aside{header: http.Header{}}
	m.routes.ServeHTTP(other, below)
	switch {
	case other.status == 0: // a route answered
	case other.header.Get("Allow") != "":
		x.w.Header().Set("Allow", other.header.Get("Allow"))
		x.fail(format.WithStatus(http.StatusMethodNotAllowed,
			artifact.Errorf(artifact.Invalid, "This method is not served at this path.")))
	default:
		x.fail(m.nothingHere())
	}
}

// challengeFor is the WWW-Authenticate value of a repository: Bearer for tools that send the token as it is, and Basic,
// with any user name, for those that only know passwords. The realm is domain and repository. A name that no repository
// can have is left out, so that the quotes hold whatever was asked for.
func challengeFor(key artifact.RepositoryKey) string {
	realm := key.Domain
	if artifact.ValidRepositoryName(key.Name) {
		realm += "/" + key.Name
	}
	quoted := strconv.Quote(realm)
	return "Bearer realm=" + quoted + ", Basic realm=" + quoted
}

// failFormat answers err in the words of the package manager, once: after the answer has begun, all that is left is to
// break the connection, so that nobody takes half an answer for a whole one.
func (s *Server) failFormat(x *exchange, r *http.Request, m *mount, err error, at artifact.RepositoryKey) {
	if errors.Is(err, http.ErrAbortHandler) || x.w.status != 0 {
		x.noteBroken(err)
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		err = bodyTooLarge.err()
	}
	x.note(err)
	m.Fail(x.w, r, err, challengeFor(at))
}

// noteBroken keeps why an answer broke off for the log, if bytes of ours are damaged or a registry failed: a client
// that went away is no error.
func (x *exchange) noteBroken(err error) {
	if errors.Is(err, blob.ErrCorrupt) || artifact.KindOf(err) == artifact.Unavailable {
		x.err = err
		return
	}
	x.note(err)
}

// note keeps an error for the log if it is ours or that of somebody we depend on.
func (x *exchange) note(err error) {
	if errors.Is(err, http.ErrAbortHandler) || errors.Is(err, context.Canceled) {
		return
	}
	if k := artifact.KindOf(err); k == artifact.Internal || k == artifact.Unavailable {
		x.err = err
	}
}
