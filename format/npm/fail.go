package npm

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// refuse says that a call is not supported.
func refuse(status int, reason string) error {
	kind := artifact.Invalid
	if status == http.StatusNotFound {
		kind = artifact.NotFound
	}
	return format.WithStatus(status, artifact.Errorf(kind, "%s", reason))
}

// tooLarge is Quota with the status for a body over a limit.
func tooLarge(text string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Quota, text, args...).Causing(errTooBig)
}

// answers says what a client is told by kind: the status, and the words where the error has none fit to be shown.
var answers = map[artifact.Kind]struct {
	status int
	words  string
}{
	artifact.Internal:        {http.StatusInternalServerError, "The server failed. Its log says why."},
	artifact.Invalid:         {http.StatusBadRequest, "The request is not valid."},
	artifact.Unauthenticated: {http.StatusUnauthorized, "A valid token is required."},
	artifact.Denied:          {http.StatusForbidden, "You do not have permission for this."},
	artifact.NotFound:        {http.StatusNotFound, "Not found."},
	artifact.Conflict:        {http.StatusConflict, "The version exists already, or may not be published here."},
	artifact.Quota:           {http.StatusTooManyRequests, "A limit is reached."},
	artifact.Throttled:       {http.StatusTooManyRequests, "Too many requests."},
	artifact.Unavailable:     {http.StatusServiceUnavailable, "The registry behind this repository does not answer."},
}

// signIn is added to every 401: npm shows the text.
const signIn = " Sign in with `aws codeartifact login --tool npm`."

// defaultWait is what a client is asked to wait where nobody knows better.
const defaultWait = 5 * time.Second

// fail answers an error as npm shows it: one text under error, which npm 6 and yarn 1 print, and under message, which
// newer ones print. Of an internal error nothing is told.
func fail(w http.ResponseWriter, r *http.Request, err error, challenge string) {
	kind := artifact.KindOf(err)
	answer, ok := answers[kind]
	if !ok {
		answer = answers[artifact.Internal]
	}
	text := answer.words
	e, known := errors.AsType[*artifact.Error](err)
	if known && e.Reason != "" && kind != artifact.Internal {
		text = e.Reason
	}
	switch kind {
	case artifact.Unauthenticated:
		text += signIn
		// npm throws the text away when it sees a challenge and prints a guess of its own instead.
		if challenge != "" && !isNPM(r) {
			w.Header().Set("WWW-Authenticate", challenge)
		}
	case artifact.Throttled, artifact.Unavailable:
		w.Header().Set("Retry-After", retryAfter(e))
	case artifact.Quota:
		if errors.Is(err, errTooBig) || errors.Is(err, repository.ErrTooLarge) {
			answer.status = http.StatusRequestEntityTooLarge
		} else {
			w.Header().Set("Retry-After", retryAfter(e))
		}
	}
	if status, ok := format.StatusOf(err); ok {
		answer.status = status
	}
	body, _ := json.Marshal(map[string]string{"error": text, "message": text})
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	for _, stale := range []string{"Etag", "Last-Modified", "Content-Encoding", "Content-Disposition"} {
		h.Del(stale)
	}
	w.WriteHeader(answer.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // nobody is left to be told
	}
}

func isNPM(r *http.Request) bool {
	return strings.HasPrefix(r.UserAgent(), "npm/") || r.Header.Get("Npm-Command") != ""
}

func retryAfter(e *artifact.Error) string {
	wait := defaultWait
	if e != nil && e.RetryAfter > 0 {
		wait = e.RetryAfter
	}
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
}

// writeJSON answers with a small document.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeBody(w, r, status, body)
}

func writeBody(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return http.ErrAbortHandler
	}
	return nil
}
