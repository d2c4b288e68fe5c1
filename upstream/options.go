package upstream

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"entrepot/artifact"
)

// Options say how a Client works. Origins and Cache are needed; every other zero value means the default named at the
// field. Durations and counts beyond a ceiling are cut to it.
type Options struct {
	Origins Origins
	Remotes Remotes // beside Origins; none
	Cache   Cache   // where documents are kept; only Document and Refresh use it

	Now        func() time.Time // wall clock for ages; time.Now
	Logger     *slog.Logger     // slog.Default()
	OnMismatch func(Mismatch)   // told of every asset that was not what it should be; may be nil

	Freshness            time.Duration // a document or a file's existence this young is answered without asking; 5 s
	StaleWhileRevalidate time.Duration // for so long after, the old one is answered and a new one asked for; 60 s
	StaleWait            time.Duration // later still, callers wait at most this long for the new one; 5 s
	NegativeTTL          time.Duration // how long it is believed that a document or file is not there; 60 s, at most
	RefreshEvery         time.Duration // Refresh asks at most so often per document; 1 s
	RefreshRate          float64       // … and so often a second per connection; 20
	Linger               time.Duration // how long a finished flight still takes callers in; 2 s, none if negative

	MaxDocument int64 // bytes, after decompression; 256 MiB
	MaxAsset    int64 // bytes; 5 GiB
	MaxEntries  int   // documents known without asking the Cache, as many absences, as many files; 65536

	ConnectTimeout time.Duration // name resolution and TCP; 5 s
	TLSTimeout     time.Duration // 5 s
	HeaderTimeout  time.Duration // from the request sent to the last header; 15 s
	StallTimeout   time.Duration // longest silence within a body; 15 s
	// Patience is how long a request may take, its attempts, pauses and body together, and as much longer as the bytes
	// that have come take at MinRate: so long at most a registry that hangs, wherever it does, holds who waits for it; 20 s.
	Patience    time.Duration
	MinRate     int64         // bytes a second; 16 KiB
	KeepTimeout time.Duration // for AssetRequest.Open and Keep together, and for the Cache; 2 min

	Retries       int           // further attempts after a failed one; 2, none if negative
	RetryBase     time.Duration // the first pause is random below this, doubling; 100 ms
	RetryMax      time.Duration // longest pause, also where Retry-After asks for one; 5 s
	BreakAfter    int           // failures in a row that open a host's breaker; 5, at most 32
	BreakFor      time.Duration // how long it stays open at first, doubling up to a minute; 5 s
	ConnsPerHost  int           // connections to one host; 64
	UserAgent     string        // entrepot
	Dial          DialFunc      // opens connections in place of a net.Dialer; the address guard holds for it too
	Lookup        LookupFunc    // finds the origin's addresses for the address guard; the system's resolver
	TLS           *tls.Config   // roots for upstreams under a private authority; the system's
	Proxy         ProxyFunc     // the operator's way out; none
	randomFloat64 func() float64
}

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// LookupFunc returns the addresses of a host, a name or an address.
type LookupFunc = func(ctx context.Context, host string) ([]netip.Addr, error)

func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// ProxyFunc chooses a proxy, as http.Transport.Proxy does. Through a proxy the connected address cannot be judged, so
// what metadata points to is then fetched from the origin and its download hosts only.
type ProxyFunc = func(*http.Request) (*url.URL, error)

// Mismatch is an asset whose bytes were not what was promised. Nothing of it was kept.
type Mismatch struct {
	Connection string
	Flight     string // the request's coalescing key
	What       string // md5, sha1, sha256, sha512 or size
	Want, Got  string // hex digests or decimal bytes; Got is "more" where reading stopped at what was wanted
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

func (o *Options) fill() {
	fallback(&o.Now, o.Now == nil, time.Now)
	fallback(&o.Logger, o.Logger == nil, slog.Default())
	fallback(&o.OnMismatch, o.OnMismatch == nil, func(Mismatch) {})
	fallback(&o.UserAgent, o.UserAgent == "", "entrepot")
	fallback(&o.Lookup, o.Lookup == nil, lookup)

	within(&o.Freshness, 5*time.Second, time.Hour)
	within(&o.StaleWhileRevalidate, time.Minute, 24*time.Hour)
	within(&o.StaleWait, 5*time.Second, time.Minute)
	within(&o.NegativeTTL, time.Minute, time.Minute)
	within(&o.RefreshEvery, time.Second, time.Minute)
	within(&o.RefreshRate, 20, 1000)
	if o.Linger >= 0 {
		within(&o.Linger, 2*time.Second, 10*time.Second)
	}
	within(&o.MaxDocument, 256*mib, 2*gib)
	within(&o.MaxAsset, 5*gib, 1024*gib)
	within(&o.MaxEntries, 64*kib, 16*mib)

	within(&o.ConnectTimeout, 5*time.Second, time.Minute)
	within(&o.TLSTimeout, 5*time.Second, time.Minute)
	within(&o.HeaderTimeout, 15*time.Second, 10*time.Minute)
	within(&o.StallTimeout, 15*time.Second, 10*time.Minute)
	within(&o.Patience, 20*time.Second, time.Hour)
	within(&o.MinRate, 16*kib, gib)
	within(&o.KeepTimeout, 2*time.Minute, time.Hour)

	if o.Retries >= 0 {
		within(&o.Retries, 2, 10)
	}
	within(&o.RetryBase, 100*time.Millisecond, time.Minute)
	within(&o.RetryMax, 5*time.Second, time.Minute)
	within(&o.BreakAfter, 5, 32)
	within(&o.BreakFor, 5*time.Second, maxBreak)
	within(&o.ConnsPerHost, 64, 4096)
}

func fallback[T any](field *T, missing bool, value T) {
	if missing {
		*field = value
	}
}

// within replaces a value that is not positive by the default and one above the ceiling by the ceiling.
func within[T ~int | ~int64 | ~float64](field *T, otherwise, ceiling T) {
	fallback(field, *field <= 0, otherwise)
	*field = min(*field, ceiling)
}

// check refuses options a client cannot work with.
func (o *Options) check() error {
	if o.Cache == nil {
		return artifact.Errorf(artifact.Invalid, "Options.Cache is missing.")
	}
	return nil
}
