package upstream

import (
	"context"
	"net"
	"net/http"
	"time"
)

// transports are the two ways out. Connections are pooled per transport, so one that was opened without the guard is
// never used for a URL that needs it.
type transports struct {
	trusted *http.Transport // to what the operator configured, wherever that is
	guarded *http.Transport // to what metadata and redirects point to: public addresses only
}

// maxResponseHeader bounds the headers of an answer, in bytes.
const maxResponseHeader = 128 * kib

func newTransports(o *Options) transports {
	return transports{
		trusted: newTransport(o, dialer(o, false), o.Proxy),
		guarded: newTransport(o, dialer(o, true), nil),
	}
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

func dialer(o *Options, guard bool) DialFunc {
	d := &net.Dialer{Timeout: o.ConnectTimeout}
	if guard {
		d.Control = guardControl
	}
	dial := d.DialContext
	if o.Dial != nil {
		dial = o.Dial
	}
	if !guard {
		return dial
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		// Where Options.Dial opened the connection no Control has seen the address.
		if err := guardAddress(conn.RemoteAddr().String()); err != nil {
			_ = conn.Close() // nothing was sent
			return nil, err
		}
		return conn, nil
	}
}

func (t transports) close() {
	t.trusted.CloseIdleConnections()
	t.guarded.CloseIdleConnections()
}
