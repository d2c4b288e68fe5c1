package cargo

import (
	"encoding/json"
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
)

// signIn is added to every 401: cargo shows the text.
const signIn = " Sign in with `entrepot login --tool cargo`, or have cargo run `aws codeartifact get-authorization-token`."

// problem is the body of an error (Cargo's book, "Web API"). A body without errors is a success to cargo, whatever its status.
type problem struct {
	Errors []detail `json:"errors"`
}

type detail struct {
	Detail string `json:"detail"`
}

// fail answers an error as cargo shows it. It shows the sentence of answers of the web API and the whole body of others.
func fail(w http.ResponseWriter, r *http.Request, err error, challenge string) {
	f := format.FailureOf(err)
	if f.Kind == artifact.Unauthenticated {
		f.Text += signIn
		if challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
	}
	body, _ := json.Marshal(problem{[]detail{{f.Text}}}) // texts can always be written
	f.Write(w, r, jsonType, body)
}

// jsonType is what all answers are but crates, index files and the page for people.
const jsonType = "application/json"

// tooLarge says that a part of a request is over a limit.
func tooLarge(text string, args ...any) error {
	return format.WithStatus(http.StatusRequestEntityTooLarge, artifact.Errorf(artifact.Quota, text, args...))
}
