package format

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/upstream"
)

// Failure is what a client is told of an error. A format's Fail adds what its package manager needs and puts it in that
// one's shape.
type Failure struct {
	Kind       artifact.Kind
	Status     int           // HTTP
	Text       string        // sentences for whoever reads the package manager's output
	RetryAfter time.Duration // when to come back; zero says nothing about it
	// Withheld says that what is NotFound is not merely absent: it is there, or could be, and something keeps it away.
	Withheld bool
	// Phrased has the text in the status line as well, for clients that show nothing else of an error.
	Phrased bool
}

// Phraser is what a ResponseWriter can do that writes status lines, as HTTP/1.1 has them.
type Phraser interface {
	// SetReasonPhrase sets what follows the status code in the status line of the answer: visible ASCII and spaces (RFC 9112
	// section 4). It is called before WriteHeader.
	SetReasonPhrase(phrase string)
}

// Bounds of the texts of errors, in bytes.
const (
	maxText   = 4 << 10
	maxPhrase = 1 << 10
)

// Line is a text as one line of visible ASCII, of at most so many bytes: what fits into a header.
func Line(text string, most int) string {
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, text)
	return text[:min(len(text), most)]
}

// shown is a text as terminals may show it: without the characters that control them, and not without end.
func shown(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// failures are the answers by kind: the status, and the words where an error has none fit to be shown.
var failures = map[artifact.Kind]Failure{
	artifact.Internal:        {Status: http.StatusInternalServerError, Text: "The server failed. Its log says why."},
	artifact.Invalid:         {Status: http.StatusBadRequest, Text: "The request is not valid."},
	artifact.Unauthenticated: {Status: http.StatusUnauthorized, Text: "A valid token is required."},
	artifact.Denied:          {Status: http.StatusForbidden, Text: "You do not have permission for this."},
	artifact.NotFound:        {Status: http.StatusNotFound, Text: "Not found."},
	artifact.Conflict: {Status: http.StatusConflict,
		Text: "The version exists already, or may not be published here."},
	artifact.Quota:     {Status: http.StatusTooManyRequests, Text: "A limit is reached."},
	artifact.Throttled: {Status: http.StatusTooManyRequests, Text: "Too many requests."},
	artifact.Unavailable: {Status: http.StatusServiceUnavailable,
		Text: "The registry behind this repository does not answer."},
}

// defaultWait is what a client is asked to wait where nobody knows better.
const defaultWait = 5 * time.Second

// FailureOf reads an error: its kind's status unless StatusOf has another, 413 for an asset over the size limit, 502 for
// one that a registry sent and that is not what it promised, and the reason that it gives to the caller,
// without characters that control terminals. Of an internal error nothing is told. Clients are asked to come back after
// 429 and 503.
func FailureOf(err error) Failure {
	kind := artifact.KindOf(err)
	f := failures[kind]
	f.Kind = kind
	e, known := errors.AsType[*artifact.Error](err)
	if known && e.Reason != "" && kind != artifact.Internal {
		f.Text = shown(e.Reason)
	}
	f.Withheld = errors.Is(err, repository.ErrWithheld)
	if errors.Is(err, repository.ErrTooLarge) {
		f.Status = http.StatusRequestEntityTooLarge
	}
	if errors.Is(err, upstream.ErrMismatch) {
		f.Status = http.StatusBadGateway // without Retry-After: some clients would come back for minutes
	}
	if errors.Is(err, upstream.ErrLoop) {
		f.Status = http.StatusLoopDetected // so that whoever asks on behalf of others knows that to ask again is in vain
	}
	if status, ok := StatusOf(err); ok {
		f.Status = status
	}
	if f.Status == http.StatusTooManyRequests || f.Status == http.StatusServiceUnavailable {
		f.RetryAfter = defaultWait
		if known {
			f.RetryAfter = cmp.Or(e.RetryAfter, defaultWait)
		}
	}
	return f
}

// Write answers with the failure in the body that the format made of it. What was said in the header about a content
// that did not come is taken back.
func (f Failure) Write(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	h := w.Header()
	forget(h)
	h["Content-Type"] = []string{contentType}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if p, ok := w.(Phraser); ok && f.Phrased {
		p.SetReasonPhrase(Line(http.StatusText(f.Status)+". "+f.Text, maxPhrase))
	}
	if f.RetryAfter > 0 {
		h["Retry-After"] = []string{artifact.WholeSeconds(f.RetryAfter)}
	}
	_ = writeWhole(w, r, f.Status, body) // nobody is left to be told
}
