package queryapi

import (
	"io"
	"net/http"
	"net/url"

	"entrepot/artifact"
)

// Form is a call's parameters. Each is there once at most.
type Form struct{ values url.Values }

// Get returns a parameter, empty if it is absent.
func (f Form) Get(name string) string { return f.values.Get(name) }

// maxForm bounds a form, in bytes.
const maxForm = 64 << 10

// readForm reads the parameters of a request. Invalid for a form that is too large, malformed or has a parameter twice:
// which of the two counts would be anybody's guess.
func readForm(r *http.Request) (Form, error) {
	text := r.URL.RawQuery
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
		if err != nil {
			return Form{}, artifact.Errorf(artifact.Invalid, "The form could not be read.").Causing(err)
		}
		if len(body) > maxForm {
			return Form{}, artifact.Errorf(artifact.Invalid, "The form may have %d bytes at most.", maxForm)
		}
		text = string(body)
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return Form{}, artifact.Errorf(artifact.Invalid, "The form is malformed.").Causing(err)
	}
	for _, given := range values {
		if len(given) > 1 {
			return Form{}, artifact.Errorf(artifact.Invalid, "The form has a parameter more than once.")
		}
	}
	return Form{values}, nil
}
