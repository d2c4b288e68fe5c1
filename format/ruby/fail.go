package ruby

import (
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
)

// signIn is added to every 401: no login command of the service knows Ruby.
const signIn = " Get a token with `aws codeartifact get-authorization-token` or `entrepot login --tool gem`."

// challenge offers Basic, which is what gem and Bundler send.
const challenge = `Basic realm="run aws codeartifact get-authorization-token"`

// plainText is what gem shows: the body as it is. Bundler and gem install show the reason phrase.
const plainText = "text/plain; charset=utf-8"

// fail answers an error in plain text.
func fail(w http.ResponseWriter, r *http.Request, err error, _ string) {
	f := format.FailureOf(err)
	f.Phrased = true
	if f.Kind == artifact.Unauthenticated {
		w.Header().Set("WWW-Authenticate", challenge)
		f.Text += signIn
	}
	f.Write(w, r, plainText, []byte(f.Text+"\n"))
}

// say answers with a line.
func say(w http.ResponseWriter, r *http.Request, text string) error {
	return format.ServeAnswer(w, r, format.Answer{ContentType: plainText, Body: []byte(text + "\n")})
}

// getRoot is what gem up to 3.5.18 looks at to see whether there is a compact index.
func getRoot(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	return say(w, r, "A repository of gems.")
}

// noOwners answers gem owner.
func noOwners(_ http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return format.OrDenied(r.Context(), s, notFound("Gems have no owners here: policies say who may push them."))
}

// noKeys answers gem signin, and gem push where it has no key. Whatever came with 200 would be kept as a key.
func noKeys(_ http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return format.OrDenied(r.Context(), s, notFound("There are no keys here but tokens. Run `entrepot login --tool gem`, or put what "+
		"`aws codeartifact get-authorization-token` prints into GEM_HOST_API_KEY."))
}
