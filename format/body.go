package format

import (
	"io"
	"net/http"
	"strconv"
	"sync"
)

func writeWhole(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return http.ErrAbortHandler
	}
	return nil
}

// writeStream answers with a body of size bytes, in constant memory.
func writeStream(w http.ResponseWriter, r *http.Request, status int, body io.Reader, size int64) error {
	w.Header()["Content-Length"] = []string{strconv.FormatInt(size, 10)}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := copyBuffered(w, body); err != nil {
		return http.ErrAbortHandler
	}
	return nil
}

// buffers are as large as an encryption chunk, so that one read gives one chunk.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

func copyBuffered(w io.Writer, r io.Reader) (int64, error) {
	if whole, ok := r.(io.WriterTo); ok {
		return whole.WriteTo(w)
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, *buffer)
}
