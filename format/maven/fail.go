package maven

import (
	"encoding/json"
	"net/http"
	"path"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// realm is what every repository calls itself when it asks for credentials: sbt and coursier find theirs by it.
const realm = "Entrepot"

// challenge offers Basic alone. Clients send credentials only to who asks for them in this way, and some take the first
// scheme of several for the only one.
const challenge = `Basic realm="` + realm + `"`

// problemType is the only kind of error whose text Maven shows (RFC 9457). Maven 4 asks for it.
const problemType = "application/problem+json"

// signIn is added to every 401: no login command of the service knows Maven.
const signIn = " Get a token with `aws codeartifact get-authorization-token` and send it as the password of this repository."

// fail answers an error with problem details, and in the reason phrase, which is what Maven 3.8, Gradle and Ivy show. Maven 3.9
// reads problem details without having asked, but no longer sees then that a file is merely absent: 404 is told so only to who
// asks, and of a file that is not merely absent.
func fail(w http.ResponseWriter, r *http.Request, err error, _ string) {
	f := format.FailureOf(err)
	f.Phrased = true
	if f.Kind == artifact.Unauthenticated {
		w.Header().Set("WWW-Authenticate", challenge)
		f.Text += signIn
	}
	if f.Status == http.StatusNotFound && !asksForProblem(r) && !(f.Withheld && wantsFile(r)) {
		body, _ := json.Marshal(map[string]string{"message": f.Text})
		f.Write(w, r, "application/json", body)
		return
	}
	body, _ := json.Marshal(problem{"about:blank", http.StatusText(f.Status), f.Status, f.Text})
	f.Write(w, r, problemType, body)
}

// problem is an error by RFC 9457. Maven's reader wants type to be a URI.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// wantsFile reports whether a request is for a file of an artifact. Documents and checksums are looked for in many places where
// there are none, also by who deploys: their absence must look like one.
func wantsFile(r *http.Request) bool {
	name, sum := cutChecksum(path.Base(r.URL.Path))
	return r.Method == http.MethodGet && sum == noChecksum && name != metadataFile
}

func asksForProblem(r *http.Request) bool {
	for accepted, weight := range format.Weights(strings.Join(r.Header["Accept"], ",")) {
		if strings.EqualFold(accepted, problemType) && weight > 0 {
			return true
		}
	}
	return false
}
