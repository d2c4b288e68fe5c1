package sigv4

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"entrepot/artifact"
)

// MaxSkew is how far a signing time may be from the clock, before or after; the AWS-wide value.
const MaxSkew = 5 * time.Minute

// cachedKeys is how many signing keys are remembered. A key is good for one day, so this is the number of access keys
// in use at a time, times the services each calls.
const cachedKeys = 4096

// Verifier checks signatures made for its scopes. Several goroutines may use one.
type Verifier struct {
	scopes  []Scope
	now     func() time.Time
	maxSkew time.Duration
	dummy   artifact.Secret
	keys    *lru.Cache[keyName, signingKey]
}

// New makes a verifier that accepts signatures for any of scopes, of which there must be at least one. A service that
// AWS runs globally, such as iam, is signed for us-east-1 wherever the client is: give it a scope of its own.
func New(now func() time.Time, scopes ...Scope) *Verifier {
	if len(scopes) == 0 {
		panic("sigv4: a verifier needs a scope")
	}
	keys, err := lru.New[keyName, signingKey](cachedKeys)
	if err != nil {
		panic(err) // only a size of zero or less is refused
	}
	return &Verifier{scopes: scopes, now: now, maxSkew: MaxSkew, dummy: artifact.NewSecret(rand.Text()), keys: keys}
}

// Format writes the scopes, for every verb: the verifier holds a secret and the keys made of others.
func (v *Verifier) Format(w fmt.State, _ rune) { _, _ = fmt.Fprintf(w, "verifier of %v", v.scopes) }

// Verify proves a claim with the secret access key that belongs to its AccessKeyID. A zero secret stands for a key id
// nobody has: the work is done against a secret nobody knows and the answer is that of a wrong signature, so neither
// words nor time tell which ids exist.
//
// It refuses with *Error: Mismatch where the signature or a declared payload hash is wrong, TooLarge where the body
// exceeds the limit. A body that breaks off is of kind Invalid. After nil,
// a body that was read can be read again from the request.
func (v *Verifier) Verify(c *Claim, secret artifact.Secret, p Payload) error {
	known := 1
	if secret.IsZero() {
		known, secret = 0, v.dummy
	}
	payload, err := c.payloadHash(p)
	if err != nil {
		return err
	}
	key := v.signingKey(secret, c.signedAt.Format(dateLayout), c.scope)
	want := mac(key[:], stringToSign(c, payload))
	if subtle.ConstantTimeCompare(want[:], c.signature[:])&known != 1 {
		return Refuse(Mismatch)
	}
	return nil
}

func stringToSign(c *Claim, payload string) []byte {
	request := append(c.canonical[:len(c.canonical):len(c.canonical)], payload...)
	sum := sha256.Sum256(request)
	text := make([]byte, 0, 256)
	text = append(text, algorithm+"\n"...)
	text = c.signedAt.AppendFormat(text, timeLayout+"\n"+dateLayout)
	text = append(text, "/"+c.scope.Region+"/"+c.scope.Service+"/"+terminator+"\n"...)
	return hex.AppendEncode(text, sum[:])
}

type signingKey [sha256.Size]byte

// keyName names a signing key in the cache. The secret stands there hashed, so that the cache holds nothing that is
// good for longer than a day.
type keyName struct {
	secret artifact.Digest
	date   string
	scope  Scope
}

func (v *Verifier) signingKey(secret artifact.Secret, date string, scope Scope) signingKey {
	name := keyName{sha256.Sum256([]byte(secret.Reveal())), date, scope}
	if key, ok := v.keys.Get(name); ok {
		return key
	}
	key := deriveKey(secret, date, scope)
	v.keys.Add(name, key)
	return key
}

// deriveKey makes the key of one secret, day and scope (IAM user guide, "Derive a signing key for SigV4").
func deriveKey(secret artifact.Secret, date string, scope Scope) signingKey {
	key := mac([]byte("AWS4"+secret.Reveal()), []byte(date))
	for _, part := range []string{scope.Region, scope.Service, terminator} {
		key = mac(key[:], []byte(part))
	}
	return key
}

func mac(key, text []byte) (sum signingKey) {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	h.Sum(sum[:0])
	return sum
}
