// Package nettest is a network in memory, for tests in a time of their own (testing/synctest): there time passes only while
// everybody waits for something inside, which a socket of the machine is not.
package nettest

import (
	"context"
	"net"
	"sync"
)

// Host is a listener that is dialled without an address. Several goroutines may use one.
type Host struct {
	address net.Addr
	conns   chan net.Conn
	close   func()
	done    chan struct{}
}

var _ net.Listener = (*Host)(nil)

// NewHost returns a host that says it is at the address; so do both ends of its connections.
func NewHost(address net.Addr) *Host {
	h := &Host{address: address, conns: make(chan net.Conn), done: make(chan struct{})}
	h.close = sync.OnceFunc(func() { close(h.done) })
	return h
}

// Accept implements net.Listener.
func (h *Host) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections that were accepted stay open.
func (h *Host) Close() error {
	h.close()
	return nil
}

// Addr implements net.Listener.
func (h *Host) Addr() net.Addr { return h.address }

// Dial waits until the connection is accepted. The error is net.ErrClosed when nobody listens any more, or that of ctx.
func (h *Host) Dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case h.conns <- end{there, h.address}:
		return end{here, h.address}, nil
	case <-h.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// end is one of a connection.
type end struct {
	net.Conn
	address net.Addr
}

func (e end) LocalAddr() net.Addr  { return e.address }
func (e end) RemoteAddr() net.Addr { return e.address }
