package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// doorway is a listener whose connections are ready to be read from: over TLS the handshake is done, and HTTP/1 goes
// through the wire's judgement. No more than a fixed number of connections is open at once; further ones wait in the
// kernel's queue.
type doorway struct {
	net.Listener
	limits headLimits
	wait   time.Duration // for a handshake, and for a head
	tls    *tls.Config   // nil for plain HTTP

	slots   chan struct{}
	ready   chan net.Conn
	life    context.Context // ends when no more connections are taken; handshakes under way end with it
	end     context.CancelFunc
	working sync.WaitGroup // those that hand connections over
	done    chan struct{}  // closed when they are done
	gone    chan struct{}  // closed when nobody calls Accept any more
	leave   func()         // closes gone
	open    atomic.Int64
}

func newDoorway(l net.Listener, t *tls.Config, limits Limits) *doorway {
	d := &doorway{
		Listener: l, tls: t, wait: limits.HeadTime,
		limits: headLimits{bytes: limits.Head, target: limits.Target, lines: limits.HeaderLines},
		slots:  make(chan struct{}, limits.Connections), ready: make(chan net.Conn),
		done: make(chan struct{}), gone: make(chan struct{}),
	}
	d.life, d.end = context.WithCancel(context.Background())
	d.leave = sync.OnceFunc(func() { close(d.gone) })
	d.working.Go(d.accept)
	go func() {
		d.working.Wait()
		close(d.done)
	}()
	return d
}

// Accept returns the next connection that is ready, or net.ErrClosed when there will be none.
func (d *doorway) Accept() (net.Conn, error) {
	select {
	case c := <-d.ready:
		return c, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

// stop takes no more connections. One that was taken before still goes to Accept, which must be called until it fails:
// its client may have sent a request already. Connections in use are not touched; those whose handshake is under way are
// closed.
func (d *doorway) stop() error {
	d.end()
	err := d.Listener.Close()
	<-d.done
	return err
}

// Close is stop when nobody calls Accept any more.
func (d *doorway) Close() error {
	d.leave()
	return d.stop()
}

func (d *doorway) accept() {
	defer d.end()
	backoff := time.Duration(0)
	for {
		select {
		case d.slots <- struct{}{}:
		case <-d.life.Done():
			return
		}
		c, err := d.Listener.Accept()
		if err != nil {
			<-d.slots
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Most likely out of file descriptors: those who hold some will let go.
			backoff = min(max(2*backoff, 5*time.Millisecond), time.Second)
			select {
			case <-time.After(backoff):
				continue
			case <-d.life.Done():
				return
			}
		}
		backoff = 0
		d.open.Add(1)
		counted := &countedConn{Conn: c, release: func() { d.open.Add(-1); <-d.slots }}
		if d.tls == nil {
			d.hand(newWireConn(counted, d.limits, d.wait))
			continue
		}
		d.working.Go(func() { d.shake(counted) })
	}
}

// hand gives a connection to Accept.
func (d *doorway) hand(c net.Conn) {
	select {
	case d.ready <- c:
	case <-d.gone:
		_ = c.Close()
	}
}

// shake does the TLS handshake. HTTP/2 frames its messages unambiguously by itself; HTTP/1 inside TLS is judged like
// any.
func (d *doorway) shake(c net.Conn) {
	secure := tls.Server(c, d.tls)
	ctx, cancel := context.WithTimeout(d.life, d.wait)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return
	}
	state := secure.ConnectionState()
	if state.NegotiatedProtocol == "h2" {
		d.hand(secure)
		return
	}
	d.hand(&tlsWireConn{newWireConn(secure, d.limits, d.wait), state})
}

// countedConn gives its slot back when it is closed.
type countedConn struct {
	net.Conn
	release func()
	once    sync.Once
}

// Close closes the connection.
func (c *countedConn) Close() error {
	defer c.once.Do(c.release)
	return c.Conn.Close()
}

// CloseWrite ends the sending half, where there is one.
func (c *countedConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}
