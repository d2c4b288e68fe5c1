package nuget

import (
	"encoding/json"
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
)

// challenge offers Basic alone: clients take the first scheme that they know and never another.
const challenge = `Basic realm="Entrepot"`

// signIn is added to every 401.
const signIn = " Get a new one with `aws codeartifact login --tool dotnet` or `entrepot login --tool dotnet`."

// maxWarning is how long a warning may be, in bytes.
const maxWarning = 500

// fail answers an error. Clients show no body: a header and the reason phrase are all that users see of it. The header they see at
// every answer that has it, so it is left out where nothing is wrong: a package may be at another source, and who is asked to sign
// in does so next.
func fail(w http.ResponseWriter, r *http.Request, err error, _ string) {
	f := format.FailureOf(err)
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	told := !(f.Kind == artifact.NotFound && reading && !f.Withheld)
	f.Phrased = true
	if f.Kind == artifact.Unauthenticated {
		w.Header().Set("WWW-Authenticate", challenge)
		f.Text += signIn
		told = signedIn(r)
	}
	if told {
		w.Header().Set("X-NuGet-Warning", format.Line(f.Text, maxWarning))
	}
	body, _ := json.Marshal(map[string]string{"message": f.Text}) // a text always can be written
	f.Write(w, r, "application/json", body)
}

// signedIn reports whether a request was sent with what its client has to sign in with. A key comes along before that. .NET that
// has nothing to sign in with answers a challenge with no user and no password.
func signedIn(r *http.Request) bool {
	user, password, basic := r.BasicAuth()
	nobody := basic && user == "" && password == ""
	return r.Header.Get("Authorization") != "" && (!nobody || r.Header.Get("X-NuGet-ApiKey") != "")
}
