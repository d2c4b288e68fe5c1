package pypi

import (
	"encoding/json"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

func notFound(text string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.NotFound, text, args...)
}

// signIn is added to every 401.
const signIn = " Sign in with `aws codeartifact login --tool pip` or `--tool twine`."

// fail answers an error in plain text, or in JSON to those who ask for that: twine, uv and poetry show the body, pip and twine
// the reason phrase. Of a challenge their clients know Basic only, and those that read headers by hand the first.
func fail(w http.ResponseWriter, r *http.Request, err error, challenge string) {
	f := format.FailureOf(err)
	f.Phrased = true
	if f.Kind == artifact.Unauthenticated {
		f.Text += signIn
		if at := strings.Index(challenge, "Basic "); at >= 0 {
			w.Header().Set("WWW-Authenticate", challenge[at:])
		}
	}
	if weightOf(r.Header.Get("Accept"), "application/json") > 0 || weightOf(r.Header.Get("Accept"), jsonType) > 0 {
		body, _ := json.Marshal(map[string]string{"message": f.Text}) // a text always can be written
		f.Write(w, r, "application/json", body)
		return
	}
	f.Write(w, r, "text/plain; charset=utf-8", []byte(f.Text+"\n"))
}

// header is on every answer: what projects and registries say is shown in pages, which no browser must take for ours, nor
// guess that something else is a page.
func header(h http.Header, _ *http.Request) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
}
