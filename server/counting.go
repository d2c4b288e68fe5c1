package server

import (
	"net/http"
	"slices"
	"time"

	"entrepot/artifact"
)

// metered begins the note of a request that is paid for: one to the API or below a repository, once it is known who makes it or
// that it comes without credentials.
func (x *exchange) metered() {
	x.meter.Count = 1
	x.meter.Account, x.meter.Principal = artifact.AccountID(x.caller.Principal.Account), x.caller.Principal.ARN
	x.meter.Client = x.client.addr
}

// free are the answers that nobody pays for, besides those that failed here: no answer, one too many, and one to a stranger who is
// turned away. What was refused to somebody who is known counts.
var free = []int{0, http.StatusUnauthorized, http.StatusTooManyRequests}

// count tells the meter of a request. Its bytes are those that really went out.
func (s *Server) count(r *http.Request, x *exchange, at time.Time) {
	status := x.w.status
	if s.meter == nil || x.meter.Count == 0 || status >= http.StatusInternalServerError || slices.Contains(free, status) {
		return
	}
	x.meter.At, x.meter.Sent = at, x.w.bytes
	if r.Method == http.MethodHead {
		x.meter.Sent = 0 // net/http drops what handlers write
	}
	if status >= http.StatusBadRequest {
		x.meter.Package = artifact.PackageKey{Format: x.meter.Package.Format} // it may be a name that was made up
	}
	x.meter.Forget()
	s.meter.Count(&x.meter)
}
