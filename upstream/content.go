package upstream

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// errContent marks an answer that cannot be what was asked for, whatever its status says.
var errContent = errors.New("the answer is not what was asked for")

// htmlTypes are what portals and error pages come as.
var htmlTypes = []string{"text/html", "application/xhtml+xml"}

// checkType refuses a page where none was asked for. The type that stands in Accept is welcome, so a simple index or an
// HTML asset is asked for by name.
func checkType(resp *http.Response, accept string) error {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return nil // absent or odd types say nothing
	}
	for _, html := range htmlTypes {
		if kind == html && !strings.Contains(strings.ToLower(accept), html) {
			return fmt.Errorf("%w: its type is %s", errContent, kind)
		}
	}
	return nil
}

// A ceiling passes up to max bytes on and then fails; an empty source fails too. It remembers why, so that the reason
// survives a parser that words errors its own way.
type ceiling struct {
	r    io.Reader
	max  int64
	read int64
	err  error
}

func (l *ceiling) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	// One byte more than allowed is asked for: it tells "full" from "too much".
	if left := l.max - l.read + 1; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := l.r.Read(p)
	l.read += int64(n)
	switch {
	case l.read > l.max:
		n -= int(l.read - l.max)
		l.err = fmt.Errorf("%w: it is larger than %d bytes", errContent, l.max)
		return n, l.err
	case err == io.EOF && l.read == 0:
		l.err = fmt.Errorf("%w: it is empty", errContent)
	default:
		l.err = err
	}
	return n, l.err
}

// plain undoes the one transfer coding that was offered. Bytes are bounded before it by nothing and after it by the
// caller's ceiling; gzip itself needs no more than its window.
func plain(resp *http.Response) (io.Reader, error) {
	switch coding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
		return resp.Body, nil
	case "gzip", "x-gzip":
		// An empty body has no gzip header; peeking keeps that apart from a broken one.
		buffered := bufio.NewReaderSize(resp.Body, 64*kib)
		if _, err := buffered.Peek(1); err != nil {
			return buffered, nil
		}
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("%w: it is no gzip: %w", errContent, err)
		}
		return gzipBody{z}, nil
	default:
		return nil, fmt.Errorf("%w: it is coded as %.40q, which nobody offered", errContent, coding)
	}
}

// gzipBody says of damaged bytes that they are bad content, while a broken connection stays one.
type gzipBody struct{ z *gzip.Reader }

func (g gzipBody) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err == nil || err == io.EOF || errors.Is(err, errBroken) {
		return n, err
	}
	return n, fmt.Errorf("%w: %w", errContent, err)
}
