package oidc

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"entrepot/strictjson"
)

// The bounds of a token. AWS takes tokens of 4 to 20,000 characters (STS API reference, AssumeRoleWithWebIdentity).
const (
	maxToken   = 20000
	maxClaims  = 200 // members of one object
	maxNesting = 8
	maxSubject = 255
)

// Token is what a token says. Nothing of it is proved before Verify.
type Token struct {
	Issuer    string
	Subject   string
	Audiences []string
	// Party is who asked for the token (azp), empty where the token does not say.
	Party    string
	Claims   *strictjson.Value // all of them, an object
	Issued   time.Time
	Expires  time.Time
	notUntil time.Time // zero without one

	algorithm string
	keyID     string // empty where the header names none
	signed    string // header and payload as they were signed
	signature []byte
}

// Parse takes a token apart: three parts in base64, two of them JSON in which no key stands twice. It must name its issuer, subject,
// audience, when it was issued and when it ends, and an algorithm of the list; extensions that must be understood (crit) are
// refused.
func Parse(text string) (*Token, error) {
	parts := strings.SplitN(text, ".", 4)
	if len(text) > maxToken || len(parts) != 3 {
		return nil, invalid("The token is no JSON Web Token of at most %d characters.", maxToken)
	}
	var decoded [3][]byte
	for i, part := range parts {
		var ok bool
		if decoded[i], ok = decode(part); !ok {
			return nil, invalid("A part of the token is not base64.")
		}
	}
	t := &Token{signed: text[:len(parts[0])+1+len(parts[1])], signature: decoded[2]}
	if err := t.readHeader(decoded[0]); err != nil {
		return nil, err
	}
	if err := t.readClaims(decoded[1]); err != nil {
		return nil, err
	}
	return t, nil
}

// decode reads base64 for URLs without padding, in the one way in which its bytes are written. encoding/base64 skips line ends.
func decode(part string) ([]byte, bool) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, false
	}
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(part)
	return bytes, err == nil
}

func readObject(text []byte, what string) (*strictjson.Value, error) {
	v, err := strictjson.Parse(text, strictjson.Rules{Size: maxToken, Depth: maxNesting, Keys: maxClaims, Fold: true, Unicode: true})
	if err != nil || v.Kind != strictjson.Object {
		return nil, invalid("The token's %s is not a JSON object that can be read in one way only.", what)
	}
	return v, nil
}

func (t *Token) readHeader(text []byte) error {
	header, err := readObject(text, "header")
	if err != nil {
		return err
	}
	if header.Member("crit") != nil {
		return invalid("The token asks for extensions that are not known here.")
	}
	t.algorithm, _ = textOf(header.Member("alg"))
	if _, listed := algorithms[t.algorithm]; !listed {
		return invalid("The token is signed by an algorithm that is not accepted: RS256, RS384, RS512, ES256, ES384 and ES512 are.")
	}
	if id := header.Member("kid"); id != nil {
		var ok bool
		if t.keyID, ok = textOf(id); !ok || t.keyID == "" {
			return invalid("The token's key id is not a text.")
		}
	}
	return nil
}

func (t *Token) readClaims(text []byte) (err error) {
	if t.Claims, err = readObject(text, "payload"); err != nil {
		return err
	}
	for _, claim := range []struct {
		name string
		into *string
		most int
	}{{"iss", &t.Issuer, maxSubject}, {"sub", &t.Subject, maxSubject}} {
		var ok bool
		if *claim.into, ok = textOf(t.Claims.Member(claim.name)); !ok || *claim.into == "" || len(*claim.into) > claim.most {
			return invalid("The token's claim %s must be a text of 1 to %d bytes.", claim.name, claim.most)
		}
	}
	if t.Audiences = Texts(t.Claims.Member("aud")); len(t.Audiences) == 0 {
		return invalid("The token names no audience.")
	}
	if party := t.Claims.Member("azp"); party != nil {
		var ok bool
		if t.Party, ok = textOf(party); !ok || t.Party == "" {
			return invalid("The token's claim azp must be a text.")
		}
	}
	for _, claim := range []struct {
		name   string
		into   *time.Time
		needed bool
	}{{"iat", &t.Issued, true}, {"exp", &t.Expires, true}, {"nbf", &t.notUntil, false}} {
		if *claim.into, err = timeOf(t.Claims.Member(claim.name), claim.name, claim.needed); err != nil {
			return err
		}
	}
	return nil
}

func textOf(v *strictjson.Value) (string, bool) {
	if v == nil || v.Kind != strictjson.Text {
		return "", false
	}
	return v.Text, true
}

// Texts returns a text, or the texts of a list that holds nothing else; nil for anything else and for an empty text.
func Texts(v *strictjson.Value) []string {
	if v == nil {
		return nil
	}
	items := []*strictjson.Value{v}
	if v.Kind == strictjson.List {
		items = v.Members
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := textOf(item)
		if !ok || text == "" {
			return nil
		}
		texts = append(texts, text)
	}
	return texts
}

// latestTime is the year 9999, in seconds since 1970: whatever is said to end later is no time.
const latestTime = 253402300799

// timeOf reads a NumericDate (RFC 7519 §2), which may have a fraction.
func timeOf(v *strictjson.Value, name string, needed bool) (time.Time, error) {
	if v == nil && !needed {
		return time.Time{}, nil
	}
	if v == nil || v.Kind != strictjson.Number {
		return time.Time{}, invalid("The token's claim %s must be a number of seconds since 1970.", name)
	}
	seconds, err := strconv.ParseFloat(v.Text, 64)
	if err != nil || seconds < 0 || seconds > latestTime {
		return time.Time{}, invalid("The token's claim %s is no time.", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
}
