package queryapi

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entrepot/artifact"
)

// Form is a call's parameters. Each is there once at most.
type Form struct{ values url.Values }

// Get returns a parameter, empty if it is absent.
func (f Form) Get(name string) string { return f.values.Get(name) }

// lookup returns a parameter and whether it is there.
func (f Form) lookup(name string) (string, bool) {
	values, present := f.values[name]
	if !present {
		return "", false
	}
	return values[0], true
}

// members returns the numbers of a list's members, in their order: N of every parameter prefixN or prefixN.MORE.
func (f Form) members(prefix string) (numbers []int) {
	for name := range f.values {
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && strconv.Itoa(n) == digits {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// maxForm bounds a form, in bytes: several policy documents fit into it, escaped.
const maxForm = 1 << 20

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
