package server

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/iam"
)

// visit is one request being answered, and what is to be said of it afterwards.
type visit struct {
	id     string
	client client
	w      *recorder
	body   *pacedBody

	door       string // which door answers: a word of this package
	pattern    string // the route's own text, or empty
	format     artifact.Format
	path       string // fit for the log
	repository string // domain/repository as asked, once somebody known asked
	caller     iam.Caller
	refused    refusal
	err        error // what went wrong, if it is not the client's matter
	panicked   bool

	fail  func(err error) // answers an error in the words of the door
	shelf format.Shelf
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// statusGone is logged for a client that left before it was answered; nobody is sent it.
const statusGone = 499

// status is the status that was sent.
func (v *visit) status() int {
	if v.w.status == 0 {
		return statusGone
	}
	return v.w.status
}

// record writes the one log line of a request. Queries, headers and bodies are never in it: they may hold credentials.
func (s *Server) record(r *http.Request, v *visit, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case v.err != nil || v.panicked:
		level = slog.LevelError
	case v.door == "health" || v.door == "metrics":
		level = slog.LevelDebug
	}
	ctx := context.WithoutCancel(r.Context())
	if !s.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	text("request_id", v.id)
	text("method", r.Method)
	text("path", v.path)
	attrs = append(attrs, slog.Int("status", v.status()), slog.Int64("bytes", v.w.bytes),
		slog.Int64("received_bytes", v.body.bytes), slog.Float64("duration_ms", float64(took.Microseconds())/1000))
	text("door", v.door)
	text("format", string(v.format))
	text("route", v.pattern)
	text("repository", v.repository)
	text("principal", v.caller.Principal.ARN)
	if v.client.addr.IsValid() {
		text("client", v.client.addr.String())
	}
	if v.refused != accepted {
		_, code, _ := v.refused.row()
		text("refused", code)
	}
	if v.w.failed {
		attrs = append(attrs, slog.Bool("cut_short", true))
	}
	if v.err != nil {
		text("error", v.err.Error())
	}
	s.log.LogAttrs(ctx, level, "answered "+r.Method+" "+v.path, attrs...)
}

// maxLoggedPath bounds a path in the log, in bytes.
const maxLoggedPath = 300

// tokenLike finds our own authorization tokens wherever they stand.
var tokenLike = regexp.MustCompile(`(?i)entrepot_[A-Za-z0-9_-]{16,}`)

// loggable returns a path fit for the log: cut to size, and without the segment that follows one called token, which is
// where clients that log out put the credential they want revoked. A path that holds one of our tokens anywhere,
// however it is escaped, is not logged at all.
func loggable(t target) string {
	for _, segment := range t.segments {
		if tokenLike.MatchString(segment) {
			return "(a path with a token in it)"
		}
	}
	raw := strings.Split(t.path, "/")
	for i, segment := range t.segments {
		if strings.EqualFold(segment, "token") && i+1 < len(t.segments) && t.segments[i+1] != "" {
			raw[i+2] = "(secret)" // raw has an empty part before the first slash
		}
	}
	path := strings.Join(raw, "/")
	if len(path) > maxLoggedPath {
		path = path[:maxLoggedPath] + "…"
	}
	return path
}
