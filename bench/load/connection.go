package load

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http/httputil"
	"sync"
	"time"
)

// connection is one keep-alive connection, or several of which each follows one that the server closed; it carries one request
// at a time.
type connection struct {
	dial func() (net.Conn, error)
	in   *bufio.Reader
	sum  hash.Hash
	over bool // the server closes it, as its caller knew

	net.Conn            // of the one who sends; others only close it
	changing sync.Mutex // while another takes its place
	closed   bool       // there will be no other
}

// connect opens a connection whose reads and writes end at a time, and all that follow it.
func connect(ctx context.Context, address string, by time.Time) (*connection, error) {
	c := &connection{sum: sha256.New(), in: bufio.NewReaderSize(nil, 64<<10)}
	c.dial = func() (net.Conn, error) {
		var d net.Dialer
		opened, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		return opened, opened.SetDeadline(by)
	}
	return c, c.open()
}

// open puts a new connection in the place of the one there is.
func (c *connection) open() error {
	opened, err := c.dial()
	if opened == nil {
		return err
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.Conn != nil {
		_ = c.Conn.Close() // nothing is lost with it
	}
	c.Conn, c.over = opened, false
	c.in.Reset(opened)
	if c.closed {
		return errors.Join(net.ErrClosed, opened.Close())
	}
	return err
}

// Close ends it for good.
func (c *connection) Close() error {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.closed = true
	if c.Conn == nil {
		return nil
	}
	return c.Conn.Close()
}

// timing is when the parts of a response came.
type timing struct {
	sent, firstByte, done time.Time
	bytes                 int64 // of the body
}

// exchange does the calls of one request. Its first byte is that of the first answer.
func (c *connection) exchange(calls []Call, hashed bool) (timing, error) {
	var all timing
	for i, call := range calls {
		t, err := c.do(call, hashed)
		if err != nil && len(calls) > 1 {
			err = fmt.Errorf("call %d of %d: %w", i+1, len(calls), err)
		}
		if err != nil {
			return t, err
		}
		if i == 0 {
			all.sent, all.firstByte = t.sent, t.firstByte
		}
		all.done = t.done
		all.bytes += t.bytes
	}
	return all, nil
}

// do sends the call and reads the whole response. hashed says whether the content is compared too. The first byte is the
// first of the body, or the end of the head where there is none: a head that is sent early helps nobody.
func (c *connection) do(call Call, hashed bool) (timing, error) {
	t := timing{sent: time.Now()}
	if c.over {
		if err := c.open(); err != nil {
			return t, fmt.Errorf("connect: %w", err)
		}
	}
	if _, err := c.Write(call.Wire); err != nil {
		return t, fmt.Errorf("send: %w", err)
	}
	h, err := readHead(c.in)
	if err != nil {
		return t, err
	}
	if h.status != call.Want.Status {
		told, _ := io.ReadAll(io.LimitReader(c.body(h), 300))
		return t, fmt.Errorf("status %d instead of %d: %.300q", h.status, call.Want.Status, told)
	}
	if h.length != 0 {
		if _, err := c.in.Peek(1); err != nil {
			return t, fmt.Errorf("read body: %w", err)
		}
	}
	t.firstByte = time.Now()
	hashed = hashed && call.Want.SHA256 != nil
	if t.bytes, err = c.readBody(h, hashed); err != nil {
		return t, fmt.Errorf("read body: %w", err)
	}
	t.done = time.Now()
	if call.Want.Length >= 0 && t.bytes != call.Want.Length {
		return t, fmt.Errorf("body has %d bytes instead of %d", t.bytes, call.Want.Length)
	}
	if hashed {
		if got := [sha256.Size]byte(c.sum.Sum(nil)); got != *call.Want.SHA256 {
			return t, fmt.Errorf("body has the SHA-256 %x instead of %x", got, *call.Want.SHA256)
		}
	}
	if c.over = h.closing; c.over && !call.Want.MayClose {
		return t, fmt.Errorf("the server closes the connection after a good response")
	}
	return t, nil
}

func (c *connection) body(h head) io.Reader {
	if h.chunked {
		return httputil.NewChunkedReader(c.in)
	}
	return io.LimitReader(c.in, h.length)
}

func (c *connection) readBody(h head, hashed bool) (int64, error) {
	if hashed {
		c.sum.Reset()
	}
	if !h.chunked && !hashed {
		// Without hashing the bytes need not be copied out of the reader's buffer.
		n, err := c.in.Discard(int(h.length))
		return int64(n), err
	}
	to := io.Writer(io.Discard)
	if hashed {
		to = c.sum
	}
	n, err := io.Copy(to, io.LimitReader(c.body(h), maxBody+1))
	switch {
	case err != nil:
		return n, err
	case n > maxBody:
		return n, fmt.Errorf("longer than %d bytes", maxBody)
	case !h.chunked && n < h.length:
		return n, io.ErrUnexpectedEOF
	case h.chunked:
		return n, c.trailer()
	}
	return n, nil
}

// trailer reads what follows the last chunk: an empty line, as nobody here sends trailers.
func (c *connection) trailer() error {
	line, err := readLine(c.in, maxHead)
	if err != nil {
		return err
	}
	if len(line) > 0 {
		return fmt.Errorf("%.80q follows the last chunk", line)
	}
	return nil
}
