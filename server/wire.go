package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// wireRefusalHeader carries the wire's refusal to the gate in the head that takes a refused one's place, so that the
// answer is written, numbered and logged like any other and in its turn. A client that sends it gets a refusal too.
const wireRefusalHeader = "X-Wire-Refusal"

// maxChunkLine bounds a chunk's size line with its extensions.
const maxChunkLine = 256

// wireConn is an HTTP/1 connection that hands on a request head only when it is whole and judged, and follows the
// framing of bodies, so that what net/http reads as the next request is what everybody reads as the next request. After
// a head that is refused the connection reads as ended.
//
// One goroutine reads at a time, as net/http does; deadlines may be set by any.
type wireConn struct {
	net.Conn
	limits   headLimits
	headTime time.Duration // for a head, from its first byte to its last

	raw    []byte // read from Conn, not judged yet
	buffer [4 << 10]byte
	head   []byte // the part of a head that has arrived
	ready  []byte // judged, not handed on yet
	spare  []byte // memory for the next head
	blank  bool   // an empty line came before the head
	state  wireState
	remain int64       // of the body or chunk, in bytes
	over   atomic.Bool // nothing more is handed on
	// misframed says that it ended in the middle of a body, at something that is no chunk.
	misframed atomic.Bool

	phrase atomic.Pointer[statusLine] // of the next answer; nil for the standard one

	deadlines sync.Mutex
	outer     time.Time // set by net/http and the pace of the body
	headBy    time.Time // written by the reader only; zero while no head is on its way
}

type wireState uint8

const (
	inHead wireState = iota
	inBody
	inChunkLine
	inChunk
	inChunkEnd
	inTrailer
)

func newWireConn(c net.Conn, limits headLimits, headTime time.Duration) *wireConn {
	return &wireConn{Conn: c, limits: limits, headTime: headTime}
}

// Read hands on judged bytes. What it has taken from the connection survives a deadline.
func (c *wireConn) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if len(c.ready) > 0 {
			n := copy(p, c.ready)
			c.ready = c.ready[n:]
			return n, nil
		}
		if c.over.Load() {
			return 0, io.EOF
		}
		if c.state == inBody || c.state == inChunk {
			return c.readBody(p)
		}
		if len(c.raw) == 0 {
			if c.state == inHead && len(c.head) > 0 && c.headBy.IsZero() {
				c.setHeadBy(time.Now().Add(c.headTime))
			}
			n, err := c.Conn.Read(c.buffer[:])
			c.raw = c.buffer[:n]
			if n == 0 && err != nil {
				return 0, err
			}
		}
		c.gather()
	}
	return 0, nil
}

// readBody hands on bytes of a body or chunk.
func (c *wireConn) readBody(p []byte) (n int, err error) {
	if int64(len(p)) > c.remain {
		p = p[:c.remain]
	}
	if len(c.raw) > 0 {
		n = copy(p, c.raw)
		c.raw = c.raw[n:]
	} else {
		n, err = c.Conn.Read(p)
	}
	c.remain -= int64(n)
	if c.remain == 0 {
		if c.state == inChunk {
			c.state = inChunkEnd
		} else {
			c.state = inHead
		}
	}
	return n, err
}

// gather adds one line, or what there is of it, to the head or chunk line being read.
func (c *wireConn) gather() {
	line := c.raw
	end := bytes.IndexByte(line, '\n')
	if end >= 0 {
		line = line[:end+1]
	}
	started := len(c.head) > 0
	c.head = append(c.head, line...)
	c.raw = c.raw[len(line):]
	switch {
	case c.state != inHead && len(c.head) > maxChunkLine:
		c.breakBody()
	case c.state == inHead && len(c.head) > c.limits.bytes:
		c.refuse(headTooLarge)
	case c.state == inHead && !started && c.head[0] != '\r' && !isToken(string(c.head[:1])):
		// Another protocol altogether, such as TLS on a plain port: it may never send the end of a line.
		c.refuse(badRequestLine)
	case end < 0:
	case !bytes.HasSuffix(c.head, []byte("\r\n")):
		c.refuseLine()
	case c.state == inHead:
		c.endHeadLine()
	default:
		c.endChunkLine()
	}
}

func (c *wireConn) refuseLine() {
	if c.state == inHead {
		c.refuse(bareLineFeed)
		return
	}
	c.breakBody()
}

// endHeadLine looks whether the line just read was the head's last, and judges the head.
func (c *wireConn) endHeadLine() {
	switch {
	case len(c.head) == 2 && !c.blank:
		// RFC 9112 §2.2: a server should ignore an empty line before the request line.
		c.head, c.blank = c.head[:0], true
		return
	case len(c.head) == 2:
		c.refuse(badRequestLine)
		return
	case !bytes.HasSuffix(c.head, []byte("\r\n\r\n")):
		return
	}
	body, refused := checkHead(c.head, c.limits)
	if refused != accepted {
		c.refuse(refused)
		return
	}
	c.release()
	c.blank = false
	switch {
	case body.chunked:
		c.state = inChunkLine
	case body.length > 0:
		c.state, c.remain = inBody, body.length
	}
}

// endChunkLine judges a line of the chunked coding: a size, the end of a chunk, or the end of the body. Trailers carry
// nothing that any door reads and are refused.
func (c *wireConn) endChunkLine() {
	text := c.head[:len(c.head)-2]
	if c.state != inChunkLine {
		if len(text) > 0 {
			c.breakBody()
			return
		}
		c.release()
		if c.state == inTrailer {
			c.state = inHead
		} else {
			c.state = inChunkLine
		}
		return
	}
	digits, extension, _ := bytes.Cut(text, []byte(";"))
	size, ok := parseLength(string(digits), 16)
	if !ok || bytes.ContainsFunc(extension, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }) {
		c.breakBody()
		return
	}
	c.release()
	c.state, c.remain = inChunk, size
	if size == 0 {
		c.state = inTrailer
	}
}

// release hands on what was gathered. It is called only when all that was released before has been handed on, so the
// two buffers can change places.
func (c *wireConn) release() {
	c.ready, c.head, c.spare = c.head, c.spare[:0], c.head
	if !c.headBy.IsZero() {
		c.setHeadBy(time.Time{})
	}
}

// refuse puts a head in the place of the one refused, which the gate answers.
func (c *wireConn) refuse(f refusal) {
	c.ready = fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: refused\r\n%s: %d\r\nConnection: close\r\n\r\n",
		wireRefusalHeader, f)
	c.setHeadBy(time.Time{})
	c.end()
}

// breakBody ends the connection in the middle of a body that is not framed as it should be.
func (c *wireConn) breakBody() {
	c.misframed.Store(true)
	c.end()
}

// end has the connection read as ended once what is ready has been handed on.
func (c *wireConn) end() {
	c.head, c.raw = nil, nil
	c.over.Store(true)
}

// wireKey finds the wire of a request's connection in its context; HTTP/2 has none.
type wireKey struct{}

// onWire is http.Server's ConnContext.
func onWire(ctx context.Context, c net.Conn) context.Context {
	switch c := c.(type) {
	case *wireConn:
		return context.WithValue(ctx, wireKey{}, c)
	case *tlsWireConn:
		return context.WithValue(ctx, wireKey{}, c.wireConn)
	}
	return ctx
}

// misframed reports whether a request's body, which could not be read to its end, is one that nobody could have: it is no
// chunked coding or, in HTTP/2, has another length than its head says. Otherwise its sender went away.
func misframed(r *http.Request) bool {
	if c, ok := r.Context().Value(wireKey{}).(*wireConn); ok {
		return c.misframed.Load()
	}
	return r.Context().Err() == nil
}

// SetReadDeadline bounds reads. While a head is on its way its own time counts if that is over earlier: net/http waits
// for the first bytes of a next request under its idle time, and here those come with the last.
func (c *wireConn) SetReadDeadline(t time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.outer = t
	return c.applyDeadline()
}

// SetDeadline bounds reads and writes.
func (c *wireConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *wireConn) setHeadBy(t time.Time) {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.headBy = t
	_ = c.applyDeadline() // a connection that takes no deadline is closed and says so at the next read
}

func (c *wireConn) applyDeadline() error {
	effective := c.outer
	if !c.headBy.IsZero() && (effective.IsZero() || c.headBy.Before(effective)) {
		effective = c.headBy
	}
	return c.Conn.SetReadDeadline(effective)
}

// ReadFrom lets net/http hand files to the kernel.
func (c *wireConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

// tlsWireConn is a wireConn inside TLS, whose handshake is done.
type tlsWireConn struct {
	*wireConn
	state tls.ConnectionState
}

// ConnectionState tells net/http about TLS.
func (c *tlsWireConn) ConnectionState() tls.ConnectionState { return c.state }

// Close lingers after a refusal: bytes of the refused request that nobody read would make the kernel answer with a
// reset, which may overtake the refusal.
func (c *wireConn) Close() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.over.Load() {
		if half.CloseWrite() == nil {
			_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
	}
	return c.Conn.Close()
}

const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 256 << 10
)
