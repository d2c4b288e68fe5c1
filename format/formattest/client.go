package formattest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Client asks the handlers of a format, for tests of the format's own. Where an answer is not as it must be, the test ends.
type Client struct {
	T       testing.TB
	Handler http.Handler
}

// Do sends a request whose header has the names and values that follow, in turn. The path is below the repository's base.
func (c Client) Do(method, path, body string, header ...string) *httptest.ResponseRecorder {
	c.T.Helper()
	return NewRequest(method, path, body, header...).Do(c.Handler)
}

// Must returns an answer that has the status.
func (c Client) Must(status int, w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	c.T.Helper()
	if w.Code != status {
		c.T.Fatalf("got %d %.500s, want %d", w.Code, w.Body, status)
	}
	return w
}

// Get returns the body of a GET, which is answered with 200.
func (c Client) Get(path string, header ...string) string {
	c.T.Helper()
	return c.Must(http.StatusOK, c.Do(http.MethodGet, path, "", header...)).Body.String()
}
