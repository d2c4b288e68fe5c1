package npm

import (
	"encoding/json"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// refuse says that a call is not supported.
func refuse(status int, reason string) error {
	kind := artifact.Invalid
	if status == http.StatusNotFound {
		kind = artifact.NotFound
	}
	return format.WithStatus(status, artifact.Errorf(kind, "%s", reason))
}

// tooLarge says that a body or a part of it is over a limit.
func tooLarge(text string, args ...any) error {
	return format.WithStatus(http.StatusRequestEntityTooLarge, artifact.Errorf(artifact.Quota, text, args...))
}

// signIn is added to every 401: npm shows the text.
const signIn = " Sign in with `aws codeartifact login --tool npm`."

// fail answers an error as npm shows it: one text under error, which npm 6 and yarn 1 print, and under message, which
// newer ones print.
func fail(w http.ResponseWriter, r *http.Request, err error, challenge string) {
	f := format.FailureOf(err)
	if f.Kind == artifact.Unauthenticated {
		f.Text += signIn
		// npm throws the text away when it sees a challenge and prints a guess of its own instead.
		if challenge != "" && !isNPM(r) {
			w.Header().Set("WWW-Authenticate", challenge)
		}
	}
	body, _ := json.Marshal(map[string]string{"error": f.Text, "message": f.Text})
	f.Write(w, r, mediaType, body)
}

// mediaType is what all answers are but tarballs and abbreviated documents.
const mediaType = "application/json"

func isNPM(r *http.Request) bool {
	return strings.HasPrefix(r.UserAgent(), "npm/") || r.Header.Get("Npm-Command") != ""
}
