package server

import (
	"bytes"
	"fmt"
)

// statusLine is what the status line of an answer is to say. net/http knows no reason phrase but the standard ones, and many
// package managers show their users nothing else of an error.
type statusLine struct {
	status int
	phrase string
}

// Write sends bytes. A status line that a phrase was set for gets it on its way out: net/http begins every answer with a write
// of its own, since the one before it was flushed.
func (c *wireConn) Write(p []byte) (int, error) {
	line := c.phrase.Load()
	if line == nil {
		return c.Conn.Write(p)
	}
	rephrased, ok := line.in(p)
	if !ok {
		return c.Conn.Write(p) // 100 Continue comes before
	}
	c.phrase.Store(nil)
	if _, err := c.Conn.Write(rephrased); err != nil {
		return 0, err
	}
	return len(p), nil
}

// in returns the bytes of an answer with the phrase in its status line; ok is false if they begin with no status line of this
// status.
func (l *statusLine) in(answer []byte) (rephrased []byte, ok bool) {
	for _, version := range []string{"HTTP/1.1", "HTTP/1.0"} {
		start := fmt.Appendf(nil, "%s %03d ", version, l.status)
		if !bytes.HasPrefix(answer, start) {
			continue
		}
		_, rest, whole := bytes.Cut(answer, []byte("\r\n"))
		if !whole {
			return nil, false
		}
		return append(append(append(start, l.phrase...), "\r\n"...), rest...), true
	}
	return nil, false
}
