package server

import (
	"cmp"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/iam"
)

// API answers the requests of one AWS service in that service's own words.
type API interface {
	// Serve answers a request whose signature is good. It answers errors by itself.
	Serve(w http.ResponseWriter, r *http.Request, caller iam.Caller)
	// Fail answers a request that was turned away before: Unauthenticated, Throttled, Invalid or Internal.
	Fail(w http.ResponseWriter, r *http.Request, err error)
}

// codeArtifact is the service's name in credential scopes.
const codeArtifact = "codeartifact"

// serveAPI authenticates a request to one of the services and hands it over.
func (s *Server) serveAPI(x *exchange, r *http.Request, api API, service string) {
	x.fail = func(err error) {
		x.note(err)
		api.Fail(x.w, r, err)
	}
	caller, err := s.authenticate(x, r, func(in iam.Circumstances) (iam.Caller, error) {
		return s.authenticator.Signed(r, in, service)
	})
	if err != nil {
		x.fail(err)
		return
	}
	if service == codeArtifact {
		x.metered()
	}
	if err := s.comesThrough(x, r, func() artifact.RepositoryKey { return namedRepository(r, caller) }); err != nil {
		x.note(err)
		f := format.FailureOf(err)
		writeProblem(x.w, f.Status, f.Text)
		return
	}
	api.Serve(x.w, r, caller)
}

// namedRepository is the repository that a call is about, if its query names one.
func namedRepository(r *http.Request, c iam.Caller) artifact.RepositoryKey {
	if !strings.Contains(r.URL.RawQuery, "repository=") {
		return artifact.RepositoryKey{}
	}
	q := r.URL.Query()
	owner := cmp.Or(q.Get("domain-owner"), c.Principal.Account)
	return artifact.DomainKey{Owner: artifact.AccountID(owner), Name: q.Get("domain")}.Repository(q.Get("repository"))
}

// serveQuery answers POST /, which the services share that have no paths of their own. Which one is meant stands in the
// credential scope; the signature is then only good for that service.
func (s *Server) serveQuery(x *exchange, r *http.Request) {
	service := scopedService(r)
	if service == "" && s.unsigned != nil && isForm(r) && !s.authenticator.Attempts(r) {
		x.pattern = "POST / (unsigned)"
		x.fail = func(err error) { s.unsigned.Fail(x.w, r, err) }
		s.unsigned.Serve(x.w, r, s.authenticator.Nobody(s.circumstances(x, r)))
		return
	}
	api, offered := s.services[service]
	if !offered {
		x.pattern = "POST / (other service)"
		s.refuseService(x, r, service)
		return
	}
	x.pattern = "POST / (" + service + ")"
	s.serveAPI(x, r, api, service)
}

// scopedService returns the service named in the credential scope of a signed request: the fourth part of
// Credential=key/date/region/service/aws4_request. Nothing is verified here.
func scopedService(r *http.Request) string {
	_, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		return ""
	}
	credential, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) != 5 {
		return ""
	}
	return parts[3]
}

// forAnotherService reports whether a request is signed for a service that is not CodeArtifact's. Some have paths of their
// own, and none of them is served here.
func forAnotherService(r *http.Request) bool {
	service := scopedService(r)
	return service != "" && service != codeArtifact
}

// authenticate says who calls, under the circumstances of this request, and slows down those who fail too often.
func (s *Server) authenticate(x *exchange, r *http.Request,
	verify func(iam.Circumstances) (iam.Caller, error)) (iam.Caller, error) {
	caller, err := verify(s.circumstances(x, r))
	if artifact.Is(err, artifact.Unauthenticated) && s.authenticator.Attempts(r) {
		// Only those who fail wait: behind one address there may be many, and no stranger shall lock them out. A
		// credential is too long to be guessed at any pace; what the limit saves is the work of answering.
		now := s.now()
		if throttled := s.logins.check(x.client.addr, now); throttled != nil {
			s.metrics.throttle.Inc()
			return iam.Caller{}, throttled
		}
		s.logins.failed(x.client.addr, now)
	}
	if err != nil {
		return iam.Caller{}, err
	}
	x.caller = caller
	return caller, nil
}
