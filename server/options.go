package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/usage"

	"github.com/prometheus/client_golang/prometheus"
)

// Authenticator says who calls.
type Authenticator interface {
	// Signed verifies the AWS signature of a request to a service, as credential scopes name it: codeartifact, sts,
	// iam. A request that is not signed, or not for that service, is Unauthenticated. The caller takes over the
	// request's circumstances.
	Signed(r *http.Request, in iam.Circumstances, service string) (iam.Caller, error)
	// Nobody is the caller of a request that carries no credential, to a service that takes such.
	Nobody(in iam.Circumstances) iam.Caller
	// Bearer says whose authorization token a package manager's request carries. No token, one that is not good, or one
	// of another domain is Unauthenticated, and the same whether or not the domain exists.
	Bearer(r *http.Request, in iam.Circumstances, domain artifact.DomainKey) (iam.Caller, error)
	// Attempts reports whether a request tries to sign in, with whatever success: those that fail at it are counted.
	Attempts(r *http.Request) bool
}

// Meter counts requests that have been answered. Count must not keep the note.
type Meter interface{ Count(n *usage.Note) }

// Options are the parts of a server. Members without a note are needed.
type Options struct {
	Addresses     *Addresses
	Authenticator Authenticator
	API           API            // CodeArtifact, under /v1/
	Services      map[string]API // POST /, by name in the credential scope: sts, iam …; may be empty
	// Unsigned is the one of them that gets what is signed for none and has the form of its protocol; empty means none does. It
	// answers what it must not be asked without a signature by itself.
	Unsigned string
	// QueryError answers a call to another service in the AWS query protocol.
	QueryError func(w http.ResponseWriter, status int, code, message string)
	Formats    []format.Format
	// Shelves opens a repository for a caller who reaches it at the URL base, which ends in a slash.
	Shelves func(caller iam.Caller, key artifact.RepositoryKey, base string) format.Shelf

	// Hop names one of this server's repositories among those of all servers. Nil: the server has no remotes.
	Hop func(artifact.RepositoryKey) string
	// Meter counts the requests that are paid for; nil: nobody does.
	Meter Meter

	Checks         []Check         // of /readyz
	Notes          []func() string // of /readyz: what there is to know although it is ready, a line, or nothing
	TrustedProxies []netip.Prefix  // whose X-Forwarded-For and -Proto count; empty: nobody's
	MetricsFrom    []netip.Prefix  // clients that may read /metrics; empty: nobody

	Limits   Limits // zero members take the defaults
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	Gatherer prometheus.Gatherer // what /metrics shows
	Now      func() time.Time
	NewID    func() string // request ids: UUIDs
}

// Limits bound what clients may ask of the server.
type Limits struct {
	Head         int           // bytes of request line and headers; default 32 KiB
	HeaderLines  int           // default 100
	Target       int           // bytes of the URL; default 24 KiB, the API's longest query with all names outside ASCII
	Body         int64         // bytes; default 8 GiB, which an asset of 5 GiB fits into as base64
	HeadTime     time.Duration // for the head to arrive; default 10 s
	IdleTime     time.Duration // between requests of a connection; default 2 min
	Request      time.Duration // for one request altogether; default 1 h
	Pace         Pace          // default 20 s of patience, 4 KiB/s
	Connections  int           // at once; default 8192
	FailedLogins int           // per minute and address; default 60, negative for no limit
	Hops         int           // servers that a request may come through; default 4
	Strangers    int           // requests of package managers without a token, per second and address; zero for no limit
}

func (l Limits) withDefaults() Limits {
	orDefault(&l.Head, 32<<10)
	orDefault(&l.HeaderLines, 100)
	orDefault(&l.Target, 24<<10)
	orDefault(&l.Body, 8<<30)
	orDefault(&l.HeadTime, 10*time.Second)
	orDefault(&l.IdleTime, 2*time.Minute)
	orDefault(&l.Request, time.Hour)
	orDefault(&l.Pace.Patience, 20*time.Second)
	orDefault(&l.Pace.Rate, 4<<10)
	orDefault(&l.Connections, 8192)
	orDefault(&l.FailedLogins, 60)
	orDefault(&l.Hops, 4)
	return l
}

func orDefault[T int | int64 | time.Duration](value *T, standard T) {
	if *value == 0 {
		*value = standard
	}
}
