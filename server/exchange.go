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
	"entrepot/upstream"
	"entrepot/usage"
)

// exchange is one request being answered, and what is to be said of it afterwards.
type exchange struct {
	id     string
	client client
	w      *recorder
	body   *pacedBody

	door       string // which door answers: a word of this package
	pattern    string // the route's own text, or empty
	format     artifact.Format
	path       string // fit for the log
	onHost     bool   // the path begins with a format: the domain is in the host's name
	repository string // domain/repository as asked, once somebody known asked
	caller     iam.Caller
	refused    refusal
	err        error // what went wrong, if it is not the client's matter
	panicked   bool
	gone       bool // the client left before the answer was there

	fail  func(err error) // answers an error in the words of the door
	shelf format.Shelf
	meter usage.Note
	hops  func() upstream.Hops // that the request has come through, see comesThrough
}

type exchangeKey struct{}

// exchangeContext is the context of an exchange's request, in which its parts are found.
type exchangeContext struct {
	context.Context
	x *exchange
}

// Value returns the exchange, what is noted for the meter and the hops by their keys.
func (c exchangeContext) Value(key any) any {
	switch key.(type) {
	case exchangeKey:
		return c.x
	case usage.NoteKey:
		return &c.x.meter
	case upstream.HopsKey:
		return c.x.hops
	}
	return c.Context.Value(key)
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// statusGone is logged for a client that left before it was answered; nobody is sent it.
const statusGone = 499

// status is the status that was sent, or that nobody was there to be sent one: the client left in the middle of its
// request, or what it wanted failed for no other reason than that.
func (x *exchange) status() int {
	failed := x.w.status >= http.StatusInternalServerError && x.err == nil
	if x.w.status == 0 || x.body.brokeOff() || x.gone && failed {
		return statusGone
	}
	return x.w.status
}

// record writes the one log line of a request. Queries, headers and bodies are never in it: they may hold credentials.
func (s *Server) record(r *http.Request, x *exchange, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case x.err != nil || x.panicked:
		level = slog.LevelError
	case x.door == "health" || x.door == "metrics":
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
	text("request_id", x.id)
	text("method", r.Method)
	text("path", x.path)
	attrs = append(attrs, slog.Int("status", x.status()), slog.Int64("bytes", x.w.bytes),
		slog.Int64("received_bytes", x.body.bytes), slog.Float64("duration_ms", float64(took.Microseconds())/1000))
	text("door", x.door)
	text("format", string(x.format))
	text("route", x.pattern)
	text("repository", x.repository)
	text("principal", x.caller.Principal.ARN)
	if x.client.addr.IsValid() {
		text("client", x.client.addr.String())
	}
	if x.refused != accepted {
		_, code, _ := x.refused.row()
		text("refused", code)
	}
	if x.w.failed {
		attrs = append(attrs, slog.Bool("cut_short", true))
	}
	if x.err != nil {
		text("error", x.err.Error())
	}
	s.log.LogAttrs(ctx, level, "answered "+r.Method+" "+x.path, attrs...)
}

// maxLoggedPath bounds a path in the log, in bytes.
const maxLoggedPath = 300

// tokenLike finds our own authorization tokens wherever they stand.
var tokenLike = regexp.MustCompile(`(?i)entrepot_[A-Za-z0-9_-]{16,}`)

// holdsToken reports whether one stands in a text. Few texts have an underscore, and only those are searched.
func holdsToken(text string) bool {
	return strings.IndexByte(text, '_') >= 0 && tokenLike.MatchString(text)
}

// loggable returns a path fit for the log: cut to size, and without the segment that follows one called token, which is
// where clients that log out put the credential they want revoked. A path that holds one of our tokens anywhere,
// however it is escaped, is not logged at all.
func loggable(t target) string {
	for _, segment := range t.segments {
		if holdsToken(segment) {
			return "(a path with a token in it)"
		}
	}
	raw := strings.Split(t.path, "/")
	for i, segment := range t.segments {
		next := i + 1
		for next < len(t.segments) && t.segments[next] == "" {
			next++
		}
		if strings.EqualFold(segment, "token") && next < len(t.segments) {
			raw[next+1] = "(secret)" // raw has an empty part before the first slash
		}
	}
	path := strings.Join(raw, "/")
	if len(path) > maxLoggedPath {
		path = path[:maxLoggedPath] + "…"
	}
	return path
}

// belowRepository returns a path that is fit for the log as it is on record: with the format, without domain and repository.
func belowRepository(path string, onHost bool) string {
	if !strings.HasPrefix(path, "/") {
		return path // it had a token in it
	}
	rest := path[1:]
	if !onHost {
		_, rest, _ = strings.Cut(rest, "/")
	}
	name, rest, _ := strings.Cut(rest, "/")
	_, rest, below := strings.Cut(rest, "/")
	if !below {
		return "/" + name
	}
	return "/" + name + "/" + rest
}

// maxUserAgent bounds what is kept of how a client calls itself, in bytes.
const maxUserAgent = 256

// userAgent is how the client calls itself, cut to size. What holds one of our tokens is not kept.
func userAgent(r *http.Request) string {
	agent := r.Header.Get("User-Agent")
	if holdsToken(agent) {
		return "(a name with a token in it)"
	}
	return strings.ToValidUTF8(agent[:min(len(agent), maxUserAgent)], "")
}
