package sigv4

import (
	"net/http"
	"strconv"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// unreserved are the bytes that stand for themselves in a URI (RFC 3986 section 2.3).
func unreserved(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

// appendEscaped writes s with every byte escaped that is neither unreserved nor keep.
func appendEscaped(to []byte, s string, keep byte) []byte {
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || c == keep {
			to = append(to, c)
			continue
		}
		to = append(to, '%', upperHex[c>>4], upperHex[c&15])
	}
	return to
}

func escape(s string) string { return string(appendEscaped(nil, s, '-')) }

// canonicalRequest writes all of the canonical request that comes before the payload's hash.
//
// The path is escaped a second time, on top of the escapes it was sent with, and is not normalised: a path that reads
// differently is a different request. A signed header the request does not carry is a mismatch; taking it as empty
// would let anyone strip headers that were signed empty.
func canonicalRequest(r *http.Request, q query, signedHeaders []string) ([]byte, error) {
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	text := make([]byte, 0, 512)
	text = append(text, r.Method...)
	text = append(text, '\n')
	text = appendEscaped(text, path, '/')
	text = append(text, '\n')
	text = q.appendCanonical(text)
	text = append(text, '\n')
	for _, name := range signedHeaders {
		values := headerValues(r, name)
		if len(values) == 0 {
			return nil, Refuse(Mismatch)
		}
		text = append(text, name...)
		for i, value := range values {
			text = append(text, ":,"[min(i, 1)])
			text = append(text, trim(value)...)
		}
		text = append(text, '\n')
	}
	text = append(text, '\n')
	text = append(text, strings.Join(signedHeaders, ";")...)
	return append(text, '\n'), nil
}

// headerValues returns what the request carries under a lower-case header name. The server moves three headers out of
// the map, wholly or in some cases, so those are read from where it put them.
func headerValues(r *http.Request, name string) []string {
	switch name {
	case "host":
		return []string{r.Host}
	case "transfer-encoding":
		return r.TransferEncoding
	}
	values := r.Header[http.CanonicalHeaderKey(name)]
	if name == "content-length" && len(values) == 0 && r.ContentLength >= 0 {
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	return values
}

// trim removes spaces around a value and makes one of several within, as the signers of the SDKs do.
func trim(value string) string {
	if strings.Contains(value, "  ") {
		value = collapse(value)
	}
	return strings.TrimSpace(value)
}

func collapse(value string) string {
	kept := make([]byte, 0, len(value))
	for i := range len(value) {
		if value[i] != ' ' || i == 0 || value[i-1] != ' ' {
			kept = append(kept, value[i])
		}
	}
	return string(kept)
}
