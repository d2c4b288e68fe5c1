package upstream

import (
	"context"
	"net"
	"net/http"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// transports are the ways out. Connections are pooled per transport, so one that was opened without the guard, or under
// another origin's, is never used for a URL that needs it.
type transports struct {
	trusted *http.Transport            // to what the operator configured, wherever that is
	guarded map[string]*http.Transport // to what metadata and redirects of the origin of this name point to
	remotes *lru.Cache[remoteWay, *http.Transport]
}

// remoteWay is what the ways to where remotes point have in common.
type remoteWay struct {
	host         string // of the remote
	trusted      bool   // to the remote itself, wherever that is
	alone        bool   // nothing but public addresses, the remote's own too
	certificates string // that are believed
}

// maxRemoteWays bounds the remotes to whose ways connections are kept open.
const maxRemoteWays = 256

// maxResponseHeader bounds the headers of an answer, in bytes.
const maxResponseHeader = 128 * kib

func newTransports(o *Options) transports {
	t := transports{trusted: newTransport(o, dialer(o), o.Proxy), guarded: map[string]*http.Transport{}}
	t.remotes, _ = lru.NewWithEvict(maxRemoteWays, func(_ remoteWay, old *http.Transport) { old.CloseIdleConnections() })
	for name, origin := range o.Origins.bySetting {
		t.guarded[name] = newTransport(o, guardedDialer(o, guard{origin.Base, o.Lookup}), nil)
	}
	return t
}

// to is the way there on behalf of an origin: guarded, if it is judged by its address.
func (t transports) to(o *Options, origin Origin, guarded bool) *http.Transport {
	if guarded = guarded || origin.Guarded; !guarded && (origin.Certificates == "" || !origin.Remote) {
		return t.trusted
	}
	if !origin.Remote {
		return t.guarded[origin.Name]
	}
	way := remoteWay{origin.Base.Scheme + "://" + hostPort(origin.Base), !guarded, origin.Guarded, origin.Certificates}
	if kept, ok := t.remotes.Get(way); ok {
		return kept
	}
	made := o.wayTo(origin, guarded)
	if kept, ok, _ := t.remotes.PeekOrAdd(way, made); ok {
		return kept
	}
	return made
}

// wayTo makes the way to a remote, or to where it points.
func (o *Options) wayTo(origin Origin, guarded bool) *http.Transport {
	dial, proxy := dialer(o), o.Proxy
	if guarded {
		judge := guard{origin.Base, o.Lookup}
		if origin.Guarded {
			judge.base = nil
		}
		dial, proxy = guardedDialer(o, judge), nil
	}
	made := newTransport(o, dial, proxy)
	if origin.Certificates != "" {
		if believing, err := Believing(o.TLS, origin.Certificates); err == nil { // else none is believed that was not before
			made.TLSClientConfig = believing
		}
	}
	return made
}

func newTransport(o *Options, dial DialFunc, proxy ProxyFunc) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		Proxy:                  proxy,
		TLSClientConfig:        o.TLS.Clone(),
		TLSHandshakeTimeout:    o.TLSTimeout,
		ResponseHeaderTimeout:  o.HeaderTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
		MaxConnsPerHost:        o.ConnsPerHost,
		MaxIdleConnsPerHost:    o.ConnsPerHost,
		MaxIdleConns:           4 * o.ConnsPerHost,
		IdleConnTimeout:        time.Minute,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // decoded here, under our own ceiling
	}
}

func dialer(o *Options) DialFunc {
	if o.Dial != nil {
		return o.Dial
	}
	return (&net.Dialer{Timeout: o.ConnectTimeout}).DialContext
}

func guardedDialer(o *Options, g guard) DialFunc {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: o.ConnectTimeout, ControlContext: g.control}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		// Where Options.Dial opened the connection no control has seen the address.
		if err := g.allow(ctx, conn.RemoteAddr().String()); err != nil {
			_ = conn.Close() // nothing was sent
			return nil, err
		}
		return conn, nil
	}
}

func (t transports) close() {
	t.trusted.CloseIdleConnections()
	for _, guarded := range t.guarded {
		guarded.CloseIdleConnections()
	}
	t.remotes.Purge()
}
