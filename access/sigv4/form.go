package sigv4

import (
	"net/http"
	"strings"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"

	maxAuthorizationBytes = 8 << 10
)

// The query parameters of a presigned request. Any of them makes a request a presigned one.
const (
	algorithmParameter     = "X-Amz-Algorithm"
	credentialParameter    = "X-Amz-Credential"
	dateParameter          = "X-Amz-Date"
	expiresParameter       = "X-Amz-Expires"
	signedHeadersParameter = "X-Amz-SignedHeaders"
	signatureParameter     = "X-Amz-Signature"
	sessionParameter       = "X-Amz-Security-Token"
)

var formParameters = []string{algorithmParameter, credentialParameter, dateParameter, expiresParameter,
	signedHeadersParameter, signatureParameter, sessionParameter}

// form is what a request says about its signature, as text, wherever it said it.
type form struct {
	presigned                            bool
	credential, signedHeaders, signature string
	date                                 string // yyyymmddThhmmssZ; empty where the Date header counts
	expires                              string // presigned only
	session                              string
}

// readForm finds the signature, which must be in one place only.
func readForm(r *http.Request, q query) (form, error) {
	inQuery := false
	for _, name := range formParameters {
		if _, there := q.get(name); there {
			inQuery = true
		}
	}
	authorization := r.Header["Authorization"]
	switch {
	case len(authorization) > 1, len(authorization) == 1 && inQuery:
		return form{}, refusef(Incomplete, "Only one authentication mechanism is allowed: "+
			"one Authorization header, or the X-Amz- query parameters.")
	case inQuery:
		return readQueryForm(r.Header, q)
	case len(authorization) == 1:
		return readHeaderForm(r.Header, authorization[0])
	}
	return form{}, Refuse(Missing)
}

func readHeaderForm(h http.Header, authorization string) (form, error) {
	if len(authorization) > maxAuthorizationBytes {
		return form{}, refusef(Incomplete, "The Authorization header is longer than %d bytes.", maxAuthorizationBytes)
	}
	// The header is not echoed: on the wrong door it may hold a token.
	fields, ok := strings.CutPrefix(authorization, algorithm+" ")
	if !ok {
		return form{}, refusef(Incomplete, "Authorization header requires the algorithm '%s'.", algorithm)
	}
	f := form{date: h.Get("X-Amz-Date"), session: h.Get("X-Amz-Security-Token")}
	parts := []struct {
		name string
		text *string
	}{{"Credential", &f.credential}, {"Signature", &f.signature}, {"SignedHeaders", &f.signedHeaders}}
fields:
	for field := range strings.SplitSeq(fields, ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(field), "=")
		for _, part := range parts {
			if part.name == name && *part.text == "" {
				*part.text = text
				continue fields
			}
		}
		return form{}, refusef(Incomplete, "Authorization header must consist of "+
			"one 'Credential', one 'SignedHeaders' and one 'Signature' parameter.")
	}
	var lacks []string
	for _, part := range parts {
		if *part.text == "" {
			lacks = append(lacks, "Authorization header requires '"+part.name+"' parameter.")
		}
	}
	if f.date == "" && h.Get("Date") == "" {
		lacks = append(lacks, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if lacks != nil {
		return form{}, refusef(Incomplete, "%s", strings.Join(lacks, " "))
	}
	return f, nil
}

func readQueryForm(h http.Header, q query) (form, error) {
	f := form{presigned: true}
	var named string
	parts := []struct {
		name string
		text *string
	}{
		{algorithmParameter, &named},
		{credentialParameter, &f.credential},
		{dateParameter, &f.date},
		{expiresParameter, &f.expires},
		{signedHeadersParameter, &f.signedHeaders},
		{signatureParameter, &f.signature},
	}
	var lacks []string
	for _, part := range parts {
		if *part.text, _ = q.get(part.name); *part.text == "" {
			lacks = append(lacks, "AWS query-string parameters must include '"+part.name+"'.")
		}
	}
	if lacks != nil {
		return form{}, refusef(Incomplete, "%s", strings.Join(lacks, " "))
	}
	if named != algorithm {
		return form{}, refusef(Incomplete, "'%s' must be '%s'.", algorithmParameter, algorithm)
	}
	// Each of these is read from the query; a second one in the headers would leave open which counts.
	for _, name := range []string{dateParameter, sessionParameter} {
		if _, there := h[name]; there {
			return form{}, refusef(Incomplete, "A presigned request may not carry the header '%s'.", name)
		}
	}
	f.session, _ = q.get(sessionParameter)
	return f, nil
}
