package sigv4

import (
	"net/url"
	"slices"
	"strings"
)

// Ceilings of a query. The longest an SDK sends is a presigned one with a session token of a few kilobytes.
const (
	maxQueryBytes      = 32 << 10
	maxQueryParameters = 200
)

// parameter is one name and value of a query, decoded and as the canonical form writes them.
type parameter struct {
	name, value               string
	escapedName, escapedValue string
}

// query is a request's parameters in canonical order. Each name occurs once.
type query []parameter

// parseQuery reads a raw query. A percent sign is the only escape: "+" and ";" are refused rather than read, because
// the standard library decodes the first to a space and drops parameters that hold the second, so what was signed and
// what a handler sees could differ. The same holds for a name given twice.
func parseQuery(raw string) (query, error) {
	if raw == "" {
		return nil, nil
	}
	if len(raw) > maxQueryBytes {
		return nil, refusef(Malformed, "The query string is longer than %d bytes.", maxQueryBytes)
	}
	if i := strings.IndexAny(raw, "+;"); i >= 0 {
		return nil, refusef(Malformed, "The query string must send '%c' as '%s'.", raw[i], escape(raw[i:i+1]))
	}
	if strings.Count(raw, "&") >= maxQueryParameters {
		return nil, refusef(Malformed, "The query string has more than %d parameters.", maxQueryParameters)
	}
	var q query
	for pair := range strings.SplitSeq(raw, "&") {
		p, err := parseParameter(pair)
		if err != nil {
			return nil, err
		}
		q = append(q, p)
	}
	slices.SortFunc(q, func(a, b parameter) int { return strings.Compare(a.escapedName, b.escapedName) })
	for i := 1; i < len(q); i++ {
		if q[i].name == q[i-1].name {
			return nil, refusef(Malformed, "The query parameter '%.80s' occurs more than once.", q[i].escapedName)
		}
	}
	return q, nil
}

func parseParameter(pair string) (parameter, error) {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	if rawName == "" {
		return parameter{}, refusef(Malformed, "The query string has a parameter without a name.")
	}
	name, nameErr := url.PathUnescape(rawName)
	value, valueErr := url.PathUnescape(rawValue)
	if nameErr != nil || valueErr != nil {
		return parameter{}, refusef(Malformed, "The query string has an invalid percent escape.")
	}
	return parameter{name, value, escape(name), escape(value)}, nil
}

// get returns the value under name and whether it is there.
func (q query) get(name string) (string, bool) {
	for i := range q {
		if q[i].name == name {
			return q[i].value, true
		}
	}
	return "", false
}

// without returns the query less one parameter.
func (q query) without(name string) query {
	return slices.DeleteFunc(slices.Clone(q), func(p parameter) bool { return p.name == name })
}

func (q query) appendCanonical(to []byte) []byte {
	for i, p := range q {
		if i > 0 {
			to = append(to, '&')
		}
		to = append(to, p.escapedName...)
		to = append(to, '=')
		to = append(to, p.escapedValue...)
	}
	return to
}
