package pypi

import (
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// Media types of the simple API (PEP 691). text/html is what it was before there was another.
const (
	jsonType   = "application/vnd.pypi.simple.v1+json"
	htmlType   = "application/vnd.pypi.simple.v1+html"
	legacyType = "text/html"
)

// form is how a page is written and which type it is said to have.
type form struct {
	variant     string // of the document: pages of two types can be the same bytes
	contentType string
}

var (
	jsonForm   = form{"json", jsonType}
	htmlForm   = form{"html", htmlType}
	legacyForm = form{"html", legacyType + "; charset=utf-8"}
)

// offered are the types that may be asked for, and what is answered: where a client weighs several alike the first of
// them. Whoever takes anything gets what clients of before PEP 691 expect, as on the service (user guide, "Python
// compatibility").
var offered = []struct {
	mediaType string
	form      form
}{
	{jsonType, jsonForm},
	{"application/vnd.pypi.simple.latest+json", jsonForm},
	{htmlType, htmlForm},
	{"application/vnd.pypi.simple.latest+html", htmlForm},
	{legacyType, legacyForm},
	{"text/*", legacyForm},
	{"*/*", legacyForm},
}

// negotiate chooses the form of a page: by the query's format, else by Accept (PEP 691, "Version + Format Selection"). The
// error is answered with 406 and names what there is.
func negotiate(r *http.Request) (form, error) {
	if asked := r.URL.Query().Get("format"); asked != "" {
		if f, ok := best(asked); ok {
			return f, nil
		}
		return form{}, notAcceptable("The format %.200q", asked)
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return legacyForm, nil
	}
	if f, ok := best(accept); ok {
		return f, nil
	}
	return form{}, notAcceptable("None of what Accept names (%.200q)", accept)
}

// best returns the form of the type that an Accept value gives the highest weight.
func best(accept string) (f form, ok bool) {
	top := 0.0
	for _, offer := range offered {
		if weight := weightOf(accept, offer.mediaType); weight > top {
			f, ok, top = offer.form, true, weight
		}
	}
	return f, ok
}

// weightOf returns the highest weight that an Accept value gives a type by name; 0 if it does not name it.
func weightOf(accept, mediaType string) float64 {
	top := 0.0
	for named, weight := range format.Weights(accept) {
		if strings.EqualFold(named, mediaType) {
			top = max(top, weight)
		}
	}
	return top
}

func notAcceptable(text string, args ...any) error {
	var names []string
	for _, offer := range offered {
		if !strings.HasSuffix(offer.mediaType, "*") {
			names = append(names, offer.mediaType)
		}
	}
	return format.WithStatus(http.StatusNotAcceptable,
		artifact.Errorf(artifact.Invalid, text+" is not offered here. Ask for "+strings.Join(names, ", ")+".", args...))
}
