package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/ratelimit"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server answers requests. It is an http.Handler; Serve puts it on a listener.
type Server struct {
	addresses     *Addresses
	authenticator Authenticator
	api           API
	services      map[string]API
	unsigned      API // nil where no service takes calls without a signature
	queryError    func(w http.ResponseWriter, status int, code, message string)
	mounts        map[artifact.Format]*mount
	shelves       func(iam.Caller, artifact.RepositoryKey, string) format.Shelf
	hop           func(artifact.RepositoryKey) string
	trusted       []netip.Prefix
	metricsFrom   []netip.Prefix
	limits        Limits
	log           *slog.Logger
	now           func() time.Time
	newID         func() string

	logins *logins
	// strangers counts requests without a token by address.
	strangers *ratelimit.Limiter[netip.Addr]
	health    *health
	notes     []func() string
	metrics   *metrics
	scrape    http.Handler
	meter     Meter
	draining  atomic.Bool
	active    atomic.Int64
	ended     atomic.Int64 // requests answered so far
}

// New builds a server. It fails for a route pattern that cannot be registered, a format given twice, or metrics that
// the registry has already.
func New(o Options) (*Server, error) {
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s := &Server{
		addresses: o.Addresses, authenticator: o.Authenticator, api: o.API, services: o.Services, unsigned: o.Services[o.Unsigned],
		queryError: o.QueryError, shelves: o.Shelves, hop: o.Hop,
		trusted: o.TrustedProxies, metricsFrom: o.MetricsFrom, limits: o.Limits.withDefaults(), log: o.Log, now: o.Now,
		newID: o.NewID, meter: o.Meter, metrics: m, health: &health{checks: o.Checks, now: o.Now}, notes: o.Notes,
		scrape: promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{}),
		mounts: make(map[artifact.Format]*mount, len(o.Formats)),
	}
	s.logins = newLogins(s.limits.FailedLogins)
	s.strangers = ratelimit.New[netip.Addr](s.limits.Strangers, s.now)
	for _, f := range o.Formats {
		if !f.Served() {
			continue
		}
		if _, twice := s.mounts[f.Name]; twice {
			return nil, fmt.Errorf("format %s is registered twice", f.Name)
		}
		if s.mounts[f.Name], err = newMount(f); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// ServeHTTP answers one request: numbered, bounded, logged and counted whatever becomes of it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	s.active.Add(1)
	defer func() { s.ended.Add(1); s.active.Add(-1) }()
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()

	ctx, cancel := context.WithTimeout(r.Context(), s.limits.Request)
	defer cancel()
	x := s.begin(w, r)
	r = r.WithContext(exchangeContext{ctx, x})
	r.Body = x.body

	whole := s.answer(x, r)
	x.gone = x.body.brokeOff() || errors.Is(r.Context().Err(), context.Canceled)
	if x.w.status == 0 {
		whole = false // net/http would say 200; whoever has closed one half of the connection only would believe it
	}
	if whole {
		s.drainBody(x, r)
	}
	took := time.Since(start)
	s.metrics.account(x, took)
	s.count(r, x, start.Add(took))
	s.record(r, x, took)
	if !whole {
		panic(http.ErrAbortHandler)
	}
}

// begin sets up the record of a request and the deadlines of its connection.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) *exchange {
	control := http.NewResponseController(w)
	x := &exchange{id: s.newID(), client: clientOf(r, s.trusted), door: "gate"}
	x.w = &recorder{ResponseWriter: w, control: control, slowness: slowness{pace: s.limits.Pace}}
	x.w.wire, _ = r.Context().Value(wireKey{}).(*wireConn)
	x.body = &pacedBody{
		ReadCloser: http.MaxBytesReader(w, r.Body, s.limits.Body), control: control,
		slowness: slowness{pace: s.limits.Pace}, misframed: func() bool { return misframed(r) },
	}
	x.fail = func(error) {
		writeProblem(x.w, http.StatusInternalServerError, "An internal error occurred. The request id is "+x.id+".")
	}
	h := w.Header()
	h["X-Amzn-Requestid"] = []string{x.id}
	if s.draining.Load() {
		h["Connection"] = []string{"close"}
	}
	// net/http gave the request the time of a short exchange; from here on the pace of reads and writes counts, and
	// until there is something to write the request's own deadline. In HTTP/2 a deadline that has passed cannot be
	// mended.
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Now().Add(s.limits.Request + s.limits.Pace.Patience))
	return x
}

// answer lets the gate and then a door answer. It returns false when the connection must be broken because the answer
// is not whole.
func (s *Server) answer(x *exchange, r *http.Request) (whole bool) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == http.ErrAbortHandler:
			whole = false
		default:
			whole = s.panicked(x, p)
		}
	}()
	d, refused := s.gate(r)
	if d.mount != nil {
		d.mount.Header(x.w.Header(), r)
	}
	if refused != accepted {
		s.refuse(x, r, d, refused)
		return true
	}
	x.path, x.onHost = loggable(d.target), d.onHost
	s.route(x, r, d)
	return true
}

// route sends a request that passed the gate to its door.
func (s *Server) route(x *exchange, r *http.Request, d destination) {
	switch {
	case d.inRepository:
		s.serveFormat(x, r, d.mount, d.endpoint)
	case d.onHost:
		writeProblem(x.w, http.StatusNotFound, "A repository's URL is https://HOST/FORMAT/REPOSITORY/.")
	case isHealth(d.path):
		s.serveHealth(x, r, d.path)
	case d.path == "/metrics":
		s.serveMetrics(x, r)
	case d.isAPI():
		x.door = "api"
		s.serveAPI(x, r, s.api, codeArtifact)
	case d.path == "/" && r.Method == http.MethodPost:
		x.door = "query"
		s.serveQuery(x, r)
	case forAnotherService(r):
		x.door, x.pattern = "query", "(other service)"
		s.refuseService(x, r, scopedService(r))
	default:
		writeProblem(x.w, http.StatusNotFound, "Nothing is served at this path.")
	}
}

// refuse answers what the gate does not let in, and ends the connection: whoever framed such a request may have framed
// another inside it.
func (s *Server) refuse(x *exchange, r *http.Request, d destination, f refusal) {
	x.refused = f
	status, _, message := f.row()
	x.w.Header().Set("Connection", "close")
	if status == http.StatusMethodNotAllowed {
		x.w.Header().Set("Allow", "GET, HEAD, POST, PUT, DELETE, PATCH")
	}
	// SDKs look for the code of an error here.
	x.w.Header().Set("X-Amzn-Errortype", "ValidationException")
	if d.mount != nil {
		d.mount.Fail(x.w, r, f.err(), challengeFor(d.RepositoryKey))
		return
	}
	writeProblemJSON(x.w, status, problemJSON{Error: message, Message: message, Reason: "CANNOT_PARSE"}.encode())
}

// panicked logs a panic once and answers it if that is still possible.
func (s *Server) panicked(x *exchange, p any) (whole bool) {
	s.metrics.panics.Inc()
	x.panicked = true
	x.err = fmt.Errorf("panic: %v", p)
	s.log.Error("a handler panicked", "request_id", x.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if x.w.status != 0 {
		return false
	}
	defer func() {
		if recover() != nil {
			whole = false // the door cannot even say that it failed
		}
	}()
	x.fail(x.err)
	return true
}

// serveMetrics shows the metrics to those who may see them. To everybody else there is nothing here.
func (s *Server) serveMetrics(x *exchange, r *http.Request) {
	// Behind a proxy nobody trusts, everybody has the proxy's address.
	forwarded := r.Header.Get("X-Forwarded-For") != "" && !x.client.trusted || r.Header.Get("Forwarded") != ""
	if !covers(s.metricsFrom, x.client.addr) || forwarded {
		writeProblem(x.w, http.StatusNotFound, "Nothing is served at this path.")
		return
	}
	x.door, x.pattern = "metrics", "/metrics"
	s.scrape.ServeHTTP(x.w, r)
}

// circumstances are what is known of this request, behind the proxies that are believed.
func (s *Server) circumstances(x *exchange, r *http.Request) iam.Circumstances {
	in := iam.Circumstances{RequestID: x.id, Source: x.client.addr, Secure: x.client.secure, At: s.now(), UserAgent: userAgent(r)}
	if x.format != "" {
		in.Method, in.Path = r.Method, belowRepository(x.path, x.onHost)
	}
	return in
}

// maxUnreadBody is how much of a body that nobody wanted is read after an error was answered, in bytes. NuGet sends a whole package
// before it is asked to sign in, and sees no answer where the connection ends before.
// It is read in steps.
const (
	maxUnreadBody = 512 << 20
	unreadStep    = 64 << 10
)

// drainBody reads on after an error, for clients that look for an answer only when they have sent all. One that asked
// whether to go on will send nothing more.
func (s *Server) drainBody(x *exchange, r *http.Request) {
	if x.w.status < 400 || x.refused != accepted || x.body.end != nil || r.ContentLength == 0 ||
		r.Header.Get("Expect") != "" {
		return
	}
	if x.w.FlushError() != nil {
		return
	}
	// A pace that a body may have would let one of this size come for days: the time of a whole request ends it.
	for left := int64(maxUnreadBody); left > 0 && r.Context().Err() == nil; left -= unreadStep {
		if _, err := io.CopyN(io.Discard, x.body, min(left, unreadStep)); err != nil {
			return
		}
	}
}
