package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// What a server may send at most.
const (
	maxHead = 32 << 10 // bytes of the status line and all headers together
	maxBody = 1 << 30  // bytes
)

// head is what matters of a response's head.
type head struct {
	status  int
	length  int64 // -1 if chunked
	chunked bool
	closing bool // the server wants to close the connection
}

var errFraming = errors.New("response does not say where its body ends")

// readHead reads a status line and headers. It reads far less than net/http's client does, so that the driver is not what
// is measured; a response that needs more than this to be understood is an error.
func readHead(r *bufio.Reader) (head, error) {
	line, err := readLine(r, maxHead)
	if err != nil {
		return head{}, fmt.Errorf("read status line: %w", err)
	}
	h := head{length: -1}
	if h.status, err = parseStatusLine(line); err != nil {
		return head{}, err
	}
	for left := maxHead - len(line); ; {
		if line, err = readLine(r, left); err != nil {
			return head{}, fmt.Errorf("read header: %w", err)
		}
		left -= len(line) + 1
		if len(line) == 0 {
			return h, h.settle()
		}
		if err := h.header(line); err != nil {
			return head{}, err
		}
	}
}

// parseStatusLine reads a line such as "HTTP/1.1 200 OK".
func parseStatusLine(line []byte) (int, error) {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' {
		return 0, fmt.Errorf("%.80q is no HTTP/1.1 status line", line)
	}
	status := 0
	for _, c := range rest[:3] {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%.80q is no HTTP/1.1 status line", line)
		}
		status = status*10 + int(c-'0')
	}
	if status < 200 {
		return 0, fmt.Errorf("status %d: interim responses were not asked for", status)
	}
	return status, nil
}

func (h *head) header(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || !isToken(name) {
		return fmt.Errorf("%.80q is no header", line)
	}
	value = bytes.Trim(value, " \t")
	switch {
	case equalFold(name, "content-length"):
		if h.length >= 0 {
			return errors.New("response has two lengths")
		}
		for _, c := range value {
			if c < '0' || c > '9' {
				return fmt.Errorf("Content-Length %.40q is no number", value)
			}
		}
		length, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || length > maxBody {
			return fmt.Errorf("Content-Length %.40q is no number up to %d", value, maxBody)
		}
		h.length = length
	case equalFold(name, "transfer-encoding"):
		if h.chunked || !equalFold(value, "chunked") {
			return fmt.Errorf("Transfer-Encoding %.40q is not chunked, or comes twice", value)
		}
		h.chunked = true
	case equalFold(name, "connection"):
		h.closing = h.closing || equalFold(value, "close")
	}
	return nil
}

// settle decides how long the body is (RFC 9112 §6.3).
func (h *head) settle() error {
	switch {
	case h.chunked && h.length >= 0:
		return errFraming
	case h.status == 204 || h.status == 304:
		// A 304 may tell the length that a 200 would have.
		h.length, h.chunked = 0, false
	case !h.chunked && h.length < 0:
		return errFraming
	}
	return nil
}

// isToken reports whether b may name a header (RFC 9110 §5.6.2).
func isToken(b []byte) bool {
	for _, c := range b {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) < 0 {
			return false
		}
	}
	return len(b) > 0
}

// equalFold compares with an ASCII text in lower case, without allocating.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// readLine returns a line without its end, which stays good until the next read.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == io.EOF && len(line) > 0 {
		err = io.ErrUnexpectedEOF
	}
	if errors.Is(err, bufio.ErrBufferFull) || err == nil && len(line) > limit {
		return nil, fmt.Errorf("head is longer than %d bytes", maxHead)
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}
