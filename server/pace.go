package server

import (
	"errors"
	"io"
	"net/http"
	"time"

	"entrepot/artifact"
)

// Pace says how long a client may keep the server waiting. Waiting is only the time spent in reads and writes: what the
// server itself takes is not held against the client.
type Pace struct {
	Patience time.Duration // at one read or write, and in all beyond what Rate grants
	Rate     int64         // bytes per second that each direction must reach on average, after Patience
}

// slowness is the account of one direction of one request.
type slowness struct {
	pace   Pace
	bytes  int64
	waited time.Duration
	bound  time.Time // the deadline that is set
}

// deadline says until when an operation on n bytes that starts now may last. ok is false when the client has used up
// what it had.
func (s *slowness) deadline(now time.Time, n int) (by time.Time, ok bool) {
	earned := time.Duration(float64(s.bytes+int64(n)) / float64(s.pace.Rate) * float64(time.Second))
	allowed := min(s.pace.Patience, s.pace.Patience+earned-s.waited)
	return now.Add(allowed), allowed > 0
}

// stale reports whether the deadline that is set is so far from the wanted one that setting it anew is worth its cost.
func (s *slowness) stale(wanted time.Time) bool {
	return wanted.Sub(s.bound).Abs() > s.pace.Patience/16
}

// pacedBody is a request body whose sender must keep up.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	slowness
	misframed func() bool // whose fault it is that the body cannot be read
	end       error       // io.EOF or what went wrong, once there is nothing more to read
}

// Read reads under a deadline. What is wrong with a body is its sender's doing, so every error but io.EOF and
// *http.MaxBytesError is Invalid: it came too slowly, is not framed as HTTP asks, or broke off. After the end no deadline
// is set: by then net/http watches the connection for the client's leaving, and a slow handler must not look like that.
func (b *pacedBody) Read(p []byte) (int, error) {
	if b.end != nil {
		return 0, b.end
	}
	start := time.Now()
	by, ok := b.deadline(start, 0)
	if !ok {
		return 0, errSlowBody
	}
	if b.stale(by) {
		if err := b.control.SetReadDeadline(by); err != nil {
			return 0, err
		}
		b.bound = by
	}
	n, err := b.ReadCloser.Read(p)
	end := time.Now()
	b.bytes += int64(n)
	b.waited += end.Sub(start)
	if b.end = err; err != nil && err != io.EOF {
		b.end = b.blame(err, end)
	}
	return n, b.end
}

// blame words the error of a read that ended at a time. The connection's own error is not passed on: what a decoder on
// top reports of its text must not be taken for it.
func (b *pacedBody) blame(err error, at time.Time) error {
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case !at.Before(b.bound):
		return errSlowBody
	case tooLarge:
		return err
	case b.misframed():
		return errMisframed
	}
	return errBrokenOff
}

// brokeOff reports whether the client went away in the middle of the body.
func (b *pacedBody) brokeOff() bool { return b.end == errBrokenOff }

// The errors are values to compare with; nobody adds to them.
var (
	errSlowBody  error = artifact.Errorf(artifact.Invalid, "The request body came too slowly.")
	errMisframed error = artifact.Errorf(artifact.Invalid, "The request body is not framed as its head says.")
	errBrokenOff error = artifact.Errorf(artifact.Invalid, "The request body broke off before its end.")
)

// recorder is a response on its way: it keeps what the log and the metrics want to know, and gives up on a client that
// does not take what it asked for.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	slowness
	status int // 0 until the answer has begun
	failed bool
	wire   *wireConn // nil where there is no status line: HTTP/2
	phrase string    // of the status line; empty means the standard one
}

// SetReasonPhrase implements format.Phraser.
func (w *recorder) SetReasonPhrase(phrase string) { w.phrase = phrase }

// Unwrap lets http.ResponseController find what is below.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader begins the answer.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
		if w.wire != nil && w.phrase != "" {
			w.wire.phrase.Store(&statusLine{status, w.phrase})
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes in steps small enough for each to show whether the client is still reading.
func (w *recorder) Write(p []byte) (n int, err error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	for {
		step := p[n:min(n+writeStep, len(p))]
		m, err := w.timed(len(step), func() (int, error) { return w.ResponseWriter.Write(step) })
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

const writeStep = 64 << 10

// FlushError sends what is buffered.
func (w *recorder) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_, err := w.timed(0, func() (int, error) { return 0, http.NewResponseController(w.ResponseWriter).Flush() })
	return err
}

func (w *recorder) timed(n int, write func() (int, error)) (int, error) {
	start := time.Now()
	by, ok := w.deadline(start, n)
	if !ok {
		w.failed = true
		return 0, errSlowReader
	}
	if w.stale(by) {
		if err := w.control.SetWriteDeadline(by); err != nil {
			return 0, err
		}
		w.bound = by
	}
	n, err := write()
	w.bytes += int64(n)
	w.waited += time.Since(start)
	w.failed = w.failed || err != nil
	return n, err
}

var errSlowReader = artifact.Errorf(artifact.Invalid, "The answer was read too slowly.")
