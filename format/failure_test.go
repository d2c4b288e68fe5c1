package format_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
	"entrepot/upstream"
)

func TestTextsOfErrorsControlNoTerminalAndEnd(t *testing.T) {
	for _, test := range []struct{ reason, want string }{
		{"red \x1b[31m and \u0085 a bell\a, two\nlines", "red ?[31m and ? a bell?, two\nlines"},
		{"broken \xff text", "broken ? text"},
		{strings.Repeat("é", 4000), strings.Repeat("é", 2048) + "…"},
	} {
		if got := format.FailureOf(artifact.Errorf(artifact.NotFound, "%s", test.reason)).Text; got != test.want {
			t.Errorf("got %.200q, want %.200q", got, test.want)
		}
	}
	withheld := artifact.Errorf(artifact.NotFound, "Archived.").Causing(repository.ErrWithheld)
	if !format.FailureOf(withheld).Withheld || format.FailureOf(artifact.Errorf(artifact.NotFound, "Absent.")).Withheld {
		t.Error("what is withheld is not told from what is absent")
	}
}

func TestFailureOf(t *testing.T) {
	const conflict = "The version exists already, or may not be published here."
	missing := fmt.Errorf("get: %w", artifact.Errorf(artifact.NotFound, "No such gem."))
	method := fmt.Errorf("x: %w", format.WithStatus(405, artifact.Errorf(artifact.Invalid, "No.")))
	big := artifact.Errorf(artifact.Quota, "Big.").Causing(repository.ErrTooLarge)
	busy := artifact.Errorf(artifact.Unavailable, "The registry is down.").Causing(errors.New("canary"))
	busy.RetryAfter = 1500 * time.Millisecond
	other := artifact.Errorf(artifact.Unavailable, "Other bytes.").Causing(fmt.Errorf("%w: sha1", upstream.ErrMismatch))
	for name, c := range map[string]struct {
		err        error
		status     int
		text       string
		retryAfter string
	}{
		"reason":              {missing, 404, "No such gem.", ""},
		"no reason":           {&artifact.Error{Kind: artifact.Conflict}, 409, conflict, ""},
		"internal":            {artifact.Errorf(artifact.Internal, "canary"), 500, "The server failed. Its log says why.", ""},
		"no kind":             {errors.New("canary"), 500, "The server failed. Its log says why.", ""},
		"throttled":           {artifact.Errorf(artifact.Throttled, "Slower."), 429, "Slower.", "5"},
		"unavailable":         {busy, 503, "The registry is down.", "2"},
		"not as promised":     {other, 502, "Other bytes.", ""},
		"quota":               {artifact.Errorf(artifact.Quota, "Enough."), 429, "Enough.", "5"},
		"an asset too large":  {big, 413, "Big.", ""},
		"a status of its own": {method, 405, "No.", ""},
	} {
		f := format.FailureOf(c.err)
		w := httptest.NewRecorder()
		w.Header().Set("Etag", `"x"`)
		w.Header().Set("Content-Version", "1")
		f.Write(w, request("GET"), "text/plain", []byte(f.Text))
		if w.Code != c.status || w.Body.String() != c.text || w.Header().Get("Retry-After") != c.retryAfter {
			t.Errorf("%s: got %d %q, Retry-After %q, want %d %q, %q", name, w.Code, w.Body, w.Header().Get("Retry-After"),
				c.status, c.text, c.retryAfter)
		}
		if h := w.Header(); h.Get("Etag") != "" || h.Get("Content-Version") != "1" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got header %v", name, h)
		}
	}
}
