package swift

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// problem is an error as clients read it (RFC 7807). SwiftPM shows the detail.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// signIn is added to every 401.
const signIn = " Sign in with `aws codeartifact login --tool swift`."

// fail answers an error as problem details, the only kind of which SwiftPM shows anything. It waits for ever where Basic is
// offered, so Bearer is all that it is challenged with.
func fail(w http.ResponseWriter, r *http.Request, err error, challenge string) {
	f := format.FailureOf(err)
	if f.Kind == artifact.Unauthenticated {
		f.Text += signIn
		if bearer, _, _ := strings.Cut(challenge, ", Basic "); bearer != "" {
			w.Header().Set("WWW-Authenticate", bearer)
		}
	}
	body, _ := json.Marshal(problem{http.StatusText(f.Status), f.Status, f.Text}) // texts always can be written
	w.Header().Set("Content-Language", "en")
	f.Write(w, r, "application/problem+json", body)
}

// unusable is an error about what came with a request that is well formed itself: what is Invalid is answered with 422.
func unusable(err error) error {
	if e, known := errors.AsType[*artifact.Error](err); known && e.Kind == artifact.Invalid {
		return format.WithStatus(http.StatusUnprocessableEntity, e)
	}
	return err
}
