package sigv4

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"entrepot/artifact"
)

const (
	timeLayout = "20060102T150405Z"
	dateLayout = "20060102"

	maxSignedHeaders = 64
	maxExpires       = 7 * 24 * time.Hour // of a presigned request; AWS's ceiling
)

// dateHeaderLayouts are the forms of a Date header that count as a signing time: RFC 9110's and RFC 5322's.
var dateHeaderLayouts = []string{http.TimeFormat, time.RFC1123Z}

// Scope is what a signing key is good for, beside its day.
type Scope struct {
	Region, Service string
}

// Claim is what one request says about who signed it, when and for what. Nothing of it is proved before Verify.
type Claim struct {
	request   *http.Request
	keyID     string
	scope     Scope
	signedAt  time.Time
	presigned bool
	session   artifact.Secret
	signature [sha256.Size]byte
	declared  *string // x-amz-content-sha256 as it is written, nil without it
	canonical []byte  // the canonical request up to the payload's hash
}

// AccessKeyID is the access key id the request names: 16 to 128 letters, digits and underscores.
func (c *Claim) AccessKeyID() string { return c.keyID }

// Scope is the region and service the request is signed for: one of the verifier's.
func (c *Claim) Scope() Scope { return c.scope }

// SessionToken is the token of temporary credentials, zero without one. It is covered by the signature; whether it
// belongs to the access key is the caller's to check.
func (c *Claim) SessionToken() artifact.Secret { return c.session }

// Signature returns the SHA-256 of the signature, by which the request can be known again.
func (c *Claim) Signature() artifact.Digest { return sha256.Sum256(c.signature[:]) }

// SignedAt is when the request was signed, by the signer's clock: at most MaxSkew ahead of the verifier's.
func (c *Claim) SignedAt() time.Time { return c.signedAt }

// Format writes the access key id and the scope, for every verb: a printed signature could be replayed.
func (c *Claim) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "claim of %s for %s in %s", c.keyID, c.scope.Service, c.scope.Region)
}

// Parse reads the claim out of a request as the server received it. It does not read the body.
//
// It refuses (always with *Error): no signature (Missing); parts that are malformed, contradictory or not signed
// (Incomplete); another region, service or day than the verifier's, or a time out of its window (Mismatch); payload
// forms and queries that are not taken at all (Malformed).
func (v *Verifier) Parse(r *http.Request) (*Claim, error) {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	f, err := readForm(r, q)
	if err != nil {
		return nil, err
	}
	signedHeaders, err := parseSignedHeaders(f.signedHeaders)
	if err != nil {
		return nil, err
	}
	if err := checkHeaders(r.Header, signedHeaders); err != nil {
		return nil, err
	}
	c := &Claim{request: r, presigned: f.presigned, session: artifact.NewSecret(f.session)}
	if c.signedAt, err = signingTime(f, r.Header, signedHeaders); err != nil {
		return nil, err
	}
	if c.keyID, c.scope, err = v.parseCredential(f.credential, c.signedAt); err != nil {
		return nil, err
	}
	if err := v.checkWindow(f, c.signedAt); err != nil {
		return nil, err
	}
	if c.declared, err = declaredHash(r.Header); err != nil {
		return nil, err
	}
	if c.signature, err = parseSignature(f.signature); err != nil {
		return nil, err
	}
	c.canonical, err = canonicalRequest(r, q.without(signatureParameter), signedHeaders)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// parseSignedHeaders wants what every signer writes: lower-case names in ascending order, host among them.
func parseSignedHeaders(list string) ([]string, error) {
	names := strings.SplitN(list, ";", maxSignedHeaders+1)
	if len(names) > maxSignedHeaders {
		return nil, refusef(Incomplete, "'SignedHeaders' names more than %d headers.", maxSignedHeaders)
	}
	for i, name := range names {
		if name == "" || strings.ContainsFunc(name, notInHeaderName) || i > 0 && names[i-1] >= name {
			return nil, refusef(Incomplete, "'SignedHeaders' must be a sorted, "+
				"semicolon-separated list of lower-case header names.")
		}
	}
	if !slices.Contains(names, "host") {
		return nil, refusef(Incomplete, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return names, nil
}

func notInHeaderName(c rune) bool {
	return c >= 0x80 || c != '!' && c != '#' && c != '$' && c != '&' && c != '\'' && c != '*' && c != '^' && c != '`' &&
		c != '|' && c != '%' && c != '+' && (!unreserved(byte(c)) || 'A' <= c && c <= 'Z')
}

// onceHeaders are headers of which handlers read the first value only, beside all that begin with x-amz-.
var onceHeaders = []string{"Date", "Content-Type", "Content-Encoding"}

// checkHeaders refuses what the signature would not bind: x-amz- headers that are not signed, and headers given more
// than once where one is meant.
func checkHeaders(h http.Header, signed []string) error {
	for key, values := range h {
		name := strings.ToLower(key)
		amz := strings.HasPrefix(name, "x-amz-")
		if amz && !slices.Contains(signed, name) {
			return refusef(Incomplete, "The header '%.80s' is present in the request and must be a 'SignedHeader'.", name)
		}
		if len(values) > 1 && (amz || slices.Contains(onceHeaders, key)) {
			return refusef(Incomplete, "The header '%.80s' occurs more than once.", name)
		}
	}
	return nil
}

func signingTime(f form, h http.Header, signed []string) (time.Time, error) {
	if f.date != "" {
		t, err := time.Parse(timeLayout, f.date)
		// Parse takes fractions of a second that the layout does not have; the signature covers none.
		if err != nil || t.Format(timeLayout) != f.date {
			return time.Time{}, refusef(Incomplete, "Date must be in ISO-8601 'basic format' such as '20060102T150405Z'.")
		}
		return t, nil
	}
	if !slices.Contains(signed, "date") {
		return time.Time{}, refusef(Incomplete, "'Date' must be a 'SignedHeader' where there is no 'X-Amz-Date' header.")
	}
	for _, layout := range dateHeaderLayouts {
		if t, err := time.Parse(layout, h.Get("Date")); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, refusef(Incomplete, "The 'Date' header must be in the form 'Mon, 02 Jan 2006 15:04:05 GMT'.")
}

// parseCredential splits KEYID/YYYYMMDD/REGION/SERVICE/aws4_request and holds it against the signing time and the
// verifier's scopes.
func (v *Verifier) parseCredential(credential string, signedAt time.Time) (string, Scope, error) {
	parts := strings.SplitN(credential, "/", 6)
	if len(parts) != 5 {
		return "", Scope{}, refusef(Incomplete, "Credential must have exactly 5 slash-delimited elements, "+
			"e.g. keyid/date/region/service/term.")
	}
	keyID, date, scope, term := parts[0], parts[1], Scope{Region: parts[2], Service: parts[3]}, parts[4]
	switch {
	case len(keyID) < 16 || len(keyID) > 128 || strings.ContainsFunc(keyID, notInKeyID):
		return "", Scope{}, refusef(Incomplete, "The access key ID must be 16 to 128 letters, digits and underscores.")
	case term != terminator:
		return "", Scope{}, refusef(Mismatch, "Credential should be scoped with a valid terminator: '%s'.", terminator)
	case date != signedAt.Format(dateLayout):
		return "", Scope{}, refusef(Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "+
			"date from HTTP: %.12q != '%s'.", date, signedAt.Format(dateLayout))
	case slices.Contains(v.scopes, scope):
		return keyID, scope, nil
	case slices.ContainsFunc(v.scopes, func(s Scope) bool { return s.Service == scope.Service }):
		return "", Scope{}, refusef(Mismatch, "Credential should be scoped to a valid region: calls of '%.40s' are signed for "+
			"'%s' here, not for '%.40s'.", scope.Service, v.region(scope.Service), scope.Region)
	}
	return "", Scope{}, refusef(Mismatch, "Credential should be scoped to correct service: '%s'.", v.scopes[0].Service)
}

// region is the one that calls of a service are signed for, the first if there are several.
func (v *Verifier) region(service string) string {
	i := slices.IndexFunc(v.scopes, func(s Scope) bool { return s.Service == service })
	return v.scopes[i].Region
}

func notInKeyID(c rune) bool {
	return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// checkWindow holds the signing time against the clock: a header is good for MaxSkew either way, a presigned query
// from MaxSkew before its time until it expires.
func (v *Verifier) checkWindow(f form, signedAt time.Time) error {
	window, minus := v.maxSkew, fmt.Sprintf("%g min.", v.maxSkew.Minutes())
	if f.presigned {
		seconds, err := strconv.ParseUint(f.expires, 10, 32)
		if window = time.Duration(seconds) * time.Second; err != nil || window <= 0 || window > maxExpires {
			return refusef(Incomplete, "'%s' must be a whole number of seconds from 1 to %d.",
				expiresParameter, int(maxExpires.Seconds()))
		}
		minus = fmt.Sprintf("%d s", seconds)
	}
	now := v.now().UTC()
	if now.Sub(signedAt) > window {
		return refusef(Mismatch, "Signature expired: %s is now earlier than %s (%s - %s)", signedAt.Format(timeLayout),
			now.Add(-window).Format(timeLayout), now.Format(timeLayout), minus)
	}
	if signedAt.Sub(now) > v.maxSkew {
		return refusef(Mismatch, "Signature not yet current: %s is still later than %s (%s + %g min.)",
			signedAt.Format(timeLayout), now.Add(v.maxSkew).Format(timeLayout), now.Format(timeLayout), v.maxSkew.Minutes())
	}
	return nil
}

// parseSignature reads 64 lower-case hex digits. Anything else cannot be right, whatever the key.
func parseSignature(text string) (signature [sha256.Size]byte, err error) {
	digest, err := artifact.ParseDigest(text)
	if err != nil {
		return signature, Refuse(Mismatch)
	}
	return digest, nil
}

// declaredHash reads x-amz-content-sha256, nil if there is none. The chunked forms of S3 and payloads left out of the
// signature are refused by name, so that no part of a body is ever taken unsigned. Whether the text is a hash at all is
// not judged here: a signature can be made with any.
func declaredHash(h http.Header) (*string, error) {
	if strings.Contains(strings.ToLower(h.Get("Content-Encoding")), "aws-chunked") {
		return nil, refusef(Malformed, "The content encoding 'aws-chunked' is not supported: send the body as it is.")
	}
	if _, there := h["X-Amz-Content-Sha256"]; !there {
		return nil, nil
	}
	value := h.Get("X-Amz-Content-Sha256")
	if strings.HasPrefix(strings.ToUpper(value), "STREAMING-") {
		return nil, refusef(Malformed, "The header 'x-amz-content-sha256' asks for a streaming signature, "+
			"which is not supported: send the body as it is and its SHA-256 here.")
	}
	if value == "UNSIGNED-PAYLOAD" {
		return nil, refusef(Mismatch, "The payload must be signed: 'UNSIGNED-PAYLOAD' is not accepted.")
	}
	return &value, nil
}

var _ fmt.Formatter = (*Claim)(nil)
