package swift

import (
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// mediaType begins the types by which clients name a version of the interface and a form of the answer (registry
// specification, 3.5): application/vnd.swift.registry.v1+json.
const mediaType = "application/vnd.swift.registry"

// forms may follow a plus. Each path has one form, so which of them is named changes nothing.
var forms = map[string]bool{"": true, "json": true, "swift": true, "zip": true}

// negotiated refuses those who ask for another version of the interface than there is. Whoever may not come in is told that
// first.
func negotiated(h format.Handler) format.Handler {
	return func(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
		if err := negotiate(strings.Join(r.Header["Accept"], ",")); err != nil {
			return format.OrDenied(r.Context(), s, err)
		}
		return h(w, r, s)
	}
}

// negotiate judges an Accept value by the registry's own types in it. Others, and none at all, get what there is. Invalid,
// answered with 400: a version that is none; with 415: one that is not spoken here, or a form that there is not.
func negotiate(accept string) error {
	var refused error
	for name, weight := range format.Weights(accept) {
		rest, ours := strings.CutPrefix(strings.ToLower(name), mediaType)
		if !ours || weight == 0 {
			continue
		}
		err := judge(name, rest)
		if err == nil {
			return nil
		}
		refused = err
	}
	return refused
}

// judge says what is wrong with what follows the beginning of a type.
func judge(name, rest string) error {
	version, form, _ := strings.Cut(rest, "+")
	number, versioned := strings.CutPrefix(version, ".v")
	switch {
	case versioned && number == "1" || version == "":
		if forms[form] {
			return nil
		}
	case !versioned || number == "" || strings.Trim(number, "0123456789") != "":
		return invalid("invalid API version in %.100q: the one that is known is %s.v1.", name, mediaType)
	}
	return format.WithStatus(http.StatusUnsupportedMediaType, artifact.Errorf(artifact.Invalid,
		"%.100q is not served here: ask for %s.v1+json, +swift or +zip.", name, mediaType))
}
