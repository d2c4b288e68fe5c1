package sigv4

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
)

// maxSigned is the longest body that is signed, in bytes.
const maxSigned = 1 << 20

// Signer is who signs a request: an access key, with a session token if it is a temporary one.
type Signer struct {
	KeyID           string
	Secret, Session artifact.Secret
}

// Sign signs a request, of whose body there is a mebibyte at most, for a scope, at a time, in the Authorization header. What Verify refuses in a query it
// refuses as well, with *Error. The body's type and all headers that begin with x-amz- are signed.
func (s Signer) Sign(r *http.Request, scope Scope, at time.Time) error {
	at = at.UTC()
	r.Header.Set("X-Amz-Date", at.Format(timeLayout))
	if !s.Session.IsZero() {
		r.Header.Set("X-Amz-Security-Token", s.Session.Reveal())
	}
	signed := []string{"host"}
	for name := range r.Header {
		if name = strings.ToLower(name); name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			signed = append(signed, name)
		}
	}
	slices.Sort(signed)
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	c := &Claim{request: r, keyID: s.KeyID, scope: scope, signedAt: at}
	if c.canonical, err = canonicalRequest(r, q, signed); err != nil {
		return err
	}
	payload, err := c.payloadHash(Payload{Limit: maxSigned})
	if err != nil {
		return err
	}
	key := deriveKey(s.Secret, at.Format(dateLayout), scope)
	signature := mac(key[:], stringToSign(c, payload))
	r.Header.Set("Authorization", algorithm+" Credential="+
		strings.Join([]string{s.KeyID, at.Format(dateLayout), scope.Region, scope.Service, terminator}, "/")+
		", SignedHeaders="+strings.Join(signed, ";")+", Signature="+hex.EncodeToString(signature[:]))
	return nil
}
