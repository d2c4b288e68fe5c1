package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
)

const testIssuer = "https://issuer.example.test/ci"

// issuer publishes keys and signs tokens. It counts how often it is asked.
type issuer struct {
	t         *testing.T
	clock     time.Time
	signing   *rsa.PrivateKey
	documents map[string]string
	down      error

	mu    sync.Mutex
	asked int
}

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		panic(err)
	}
	return key
})

func newIssuer(t *testing.T) *issuer {
	i := &issuer{t: t, clock: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), signing: signingKey(), documents: map[string]string{}}
	i.documents[testIssuer+"/.well-known/openid-configuration"] = `{"issuer":"` + testIssuer + `","jwks_uri":"https://keys.example.test/"}`
	i.publish(jwk("one", &i.signing.PublicKey))
	return i
}

func (i *issuer) publish(keys ...string) {
	i.documents["https://keys.example.test/"] = `{"keys":[` + strings.Join(keys, ",") + `]}`
}

func (i *issuer) fetch(_ context.Context, url string, _ int64) ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	text, ok := i.documents[url]
	if i.down != nil || !ok {
		return nil, errors.Join(i.down, errors.New("no document "+url))
	}
	return []byte(text), nil
}

func (i *issuer) verifier() *Verifier { return New(i.fetch, func() time.Time { return i.clock }) }

func encoded(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// jwk is a public key as issuers publish it.
func jwk(id string, public crypto.PublicKey, more ...string) string {
	tail := ""
	if len(more) > 0 {
		tail = "," + strings.Join(more, ",")
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf(`{"kty":"RSA","kid":%q,"n":%q,"e":%q%s}`, id, encoded(public.N.Bytes()),
			encoded(big.NewInt(int64(public.E)).Bytes()), tail)
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		half := len(point) / 2
		return fmt.Sprintf(`{"kty":"EC","crv":%q,"kid":%q,"x":%q,"y":%q%s}`, public.Params().Name, id, encoded(point[1:1+half]),
			encoded(point[1+half:]), tail)
	}
	panic("no such key")
}

// claims are those of a token that is good for an hour, with changes; nil removes one.
func (i *issuer) claims(changes map[string]any) map[string]any {
	all := map[string]any{"iss": testIssuer, "sub": "repo:acme/app", "aud": "sts.amazonaws.com", "iat": i.clock.Unix(),
		"exp": i.clock.Add(time.Hour).Unix()}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

func (i *issuer) unsigned(header, claims map[string]any) string {
	parts := make([]string, 2)
	for n, part := range []map[string]any{header, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			i.t.Fatal(err)
		}
		parts[n] = encoded(text)
	}
	return strings.Join(parts, ".")
}

func (i *issuer) sign(header, claims map[string]any) string {
	text := i.unsigned(header, claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.signing, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Fatal(err)
	}
	return text + "." + encoded(signature)
}

func (i *issuer) token(changes map[string]any) string {
	return i.sign(map[string]any{"alg": "RS256", "kid": "one", "typ": "JWT"}, i.claims(changes))
}

func verify(v *Verifier, text string) error {
	t, err := Parse(text)
	if err != nil {
		return err
	}
	return v.Verify(context.Background(), t, []string{"sts.amazonaws.com", "mine"})
}

func problemOf(err error) string {
	wrong, ok := errors.AsType[*Error](err)
	if !ok {
		return fmt.Sprint(err)
	}
	return [...]string{"invalid", "expired", "unreachable"}[wrong.Problem]
}

func TestATokenOfItsIssuerIsBelieved(t *testing.T) {
	i := newIssuer(t)
	token, err := Parse(i.token(map[string]any{"azp": "mine", "nbf": i.clock.Unix(), "amr": []string{"pwd"}, "exp": float64(i.clock.Unix()) + 60.5}))
	if err != nil {
		t.Fatal(err)
	}
	if err := i.verifier().Verify(t.Context(), token, []string{"mine", "sts.amazonaws.com"}); err != nil {
		t.Error(err)
	}
	if token.Issuer != testIssuer || token.Subject != "repo:acme/app" || token.Party != "mine" || len(token.Audiences) != 1 ||
		!token.Issued.Equal(i.clock) || Texts(token.Claims.Member("amr"))[0] != "pwd" {
		t.Errorf("got %+v", token)
	}
}

func TestTokensThatAreNotToBeBelieved(t *testing.T) {
	i := newIssuer(t)
	good := i.token(nil)
	parts := strings.Split(good, ".")
	public, err := x509.MarshalPKIXPublicKey(&i.signing.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	withSecret := func(alg string, secret []byte) string {
		text := i.unsigned(map[string]any{"alg": alg, "kid": "one"}, i.claims(nil))
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(text))
		return text + "." + encoded(h.Sum(nil))
	}
	mallory, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		t.Fatal(err)
	}
	forged := &issuer{t: t, clock: i.clock, signing: mallory}
	header := func(more map[string]any) map[string]any {
		h := map[string]any{"alg": "RS256", "kid": "one"}
		for k, v := range more {
			h[k] = v
		}
		return h
	}
	at := func(d time.Duration) int64 { return i.clock.Add(d).Unix() }
	rows := []struct{ name, token, problem string }{
		{"as it is", good, "<nil>"},
		{"no algorithm", i.unsigned(map[string]any{"alg": "none"}, i.claims(nil)) + ".", "invalid"},
		{"no algorithm, with a signature", i.unsigned(map[string]any{"alg": "none"}, i.claims(nil)) + "." + parts[2], "invalid"},
		{"none in capitals", i.unsigned(map[string]any{"alg": "NONE"}, i.claims(nil)) + ".", "invalid"},
		{"the public key as a shared secret", withSecret("HS256", public), "invalid"},
		{"the empty secret", withSecret("HS256", nil), "invalid"},
		{"the name of another algorithm", withSecret("RS256", public), "invalid"},
		{"a key in the header", forged.sign(header(map[string]any{"jwk": json.RawMessage(jwk("one", &mallory.PublicKey))}), i.claims(nil)), "invalid"},
		{"a key set in the header", forged.sign(header(map[string]any{"jku": "https://keys.mallory.test/"}), i.claims(nil)), "invalid"},
		{"a key id that is a path", i.sign(header(map[string]any{"kid": "../../one"}), i.claims(nil)), "invalid"},
		{"no key id where there is one key", i.sign(map[string]any{"alg": "RS256"}, i.claims(nil)), "<nil>"},
		{"a key id that is a number", i.sign(header(map[string]any{"kid": 1}), i.claims(nil)), "invalid"},
		{"an extension that must be understood", i.sign(header(map[string]any{"crit": []string{"b64"}, "b64": false}), i.claims(nil)), "invalid"},
		{"a header with a key twice", encoded([]byte(`{"alg":"RS256","alg":"RS256","kid":"one"}`)) + "." + parts[1] + "." + parts[2], "invalid"},
		{"signed by somebody else", forged.token(nil), "invalid"},
		{"other bits at the end", good[:len(good)-1] + string(good[len(good)-1]+1), "invalid"},
		{"a line end in it", parts[0] + "\n." + parts[1] + "." + parts[2], "invalid"},
		{"padding", good + "=", "invalid"},
		{"other claims", parts[0] + "." + encoded([]byte(`{}`)) + "." + parts[2], "invalid"},
		{"no signature", parts[0] + "." + parts[1] + ".", "invalid"},
		{"two parts", parts[0] + "." + parts[1], "invalid"},
		{"four parts", good + ".x", "invalid"},
		{"nothing", "", "invalid"},
		{"too long", good + strings.Repeat("A", maxToken), "invalid"},

		{"over for longer than clocks differ", i.token(map[string]any{"exp": at(-maxSkew)}), "expired"},
		{"over for less than that", i.token(map[string]any{"exp": at(-maxSkew + time.Second)}), "<nil>"},
		{"not yet", i.token(map[string]any{"nbf": at(maxSkew + time.Second)}), "invalid"},
		{"made in the future", i.token(map[string]any{"iat": at(maxSkew + time.Second)}), "invalid"},
		{"for somebody else", i.token(map[string]any{"aud": "others"}), "invalid"},
		{"for several, one of them us", i.token(map[string]any{"aud": []string{"others", "mine"}}), "<nil>"},
		{"asked for by somebody else", i.token(map[string]any{"azp": "others"}), "invalid"},
		{"an audience that is a number", i.token(map[string]any{"aud": 7}), "invalid"},
		{"audiences with a number", i.token(map[string]any{"aud": []any{"mine", 7}}), "invalid"},
		{"an empty subject", i.token(map[string]any{"sub": ""}), "invalid"},
		{"a long subject", i.token(map[string]any{"sub": strings.Repeat("s", maxSubject+1)}), "invalid"},
		{"no audience", i.token(map[string]any{"aud": nil}), "invalid"},
		{"no subject", i.token(map[string]any{"sub": nil}), "invalid"},
		{"no issuer", i.token(map[string]any{"iss": nil}), "invalid"},
		{"no end", i.token(map[string]any{"exp": nil}), "invalid"},
		{"no beginning", i.token(map[string]any{"iat": nil}), "invalid"},
		{"an end that is a text", i.token(map[string]any{"exp": "tomorrow"}), "invalid"},
		{"an end after all time", i.token(map[string]any{"exp": 1e300}), "invalid"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := problemOf(verify(i.verifier(), row.token)); got != row.problem {
				t.Errorf("got %s, want %s", got, row.problem)
			}
		})
	}
}

func TestEllipticCurves(t *testing.T) {
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		t.Run(alg, func(t *testing.T) {
			i := newIssuer(t)
			private, err := ecdsa.GenerateKey(curve, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			i.publish(jwk("one", &private.PublicKey))
			text := i.unsigned(map[string]any{"alg": alg, "kid": "one"}, i.claims(nil))
			h := algorithms[alg].hash.New()
			h.Write([]byte(text))
			r, s, err := ecdsa.Sign(rand.Reader, private, h.Sum(nil))
			if err != nil {
				t.Fatal(err)
			}
			size := coordinateSize(curve)
			signature := append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
			if err := verify(i.verifier(), text+"."+encoded(signature)); err != nil {
				t.Error(err)
			}
			for name, other := range map[string][]byte{"longer": append(signature, 0), "zero": make([]byte, 2*size),
				"ASN.1": {0x30, 0x06, 2, 1, 1, 2, 1, 1}} {
				if got := problemOf(verify(i.verifier(), text+"."+encoded(other))); got != "invalid" {
					t.Errorf("%s: got %s", name, got)
				}
			}
			// A key of one kind proves nothing that another has signed.
			if got := problemOf(verify(i.verifier(), i.token(nil))); got != "invalid" {
				t.Errorf("RS256 with this key: got %s", got)
			}
		})
	}
}

func TestKeysThatAreNotTakenArePassedOver(t *testing.T) {
	i := newIssuer(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := jwk("one", &i.signing.PublicKey)
	e := encoded(big.NewInt(int64(i.signing.E)).Bytes())
	rows := []struct {
		name, set, problem string
	}{
		{"as it is", `{"keys":[` + good + `]}`, "<nil>"},
		{"beside keys of other kinds", `{"keys":[{"kty":"OKP","crv":"Ed25519"},{"kty":"oct","k":"AA"},7,` + good + `]}`, "<nil>"},
		{"for signatures", `{"keys":[` + jwk("one", &i.signing.PublicKey, `"use":"sig"`, `"alg":"RS256"`) + `]}`, "<nil>"},
		{"for encryption", `{"keys":[` + jwk("one", &i.signing.PublicKey, `"use":"enc"`) + `]}`, "unreachable"},
		{"for another algorithm", `{"keys":[` + jwk("one", &i.signing.PublicKey, `"alg":"RS512"`) + `]}`, "invalid"},
		{"two of one id, the second is right", `{"keys":[` + jwk("one", &i.signing.PublicKey, `"alg":"RS512"`) + `,` + good + `]}`, "<nil>"},
		{"of 1024 bits", `{"keys":[` + jwk("one", &weak.PublicKey) + `]}`, "unreachable"},
		{"with the exponent 1", `{"keys":[` + strings.Replace(good, `"e":"`+e+`"`, `"e":"AQ"`, 1) + `]}`, "unreachable"},
		{"a point off the curve", `{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"` + encoded(make([]byte, 32)) + `","y":"` +
			encoded(make([]byte, 32)) + `"}]}`, "unreachable"},
		{"101 keys", `{"keys":[` + good + strings.Repeat(`,{}`, maxKeys) + `]}`, "unreachable"},
		{"no keys", `{"keys":[]}`, "unreachable"},
		{"no set", `{}`, "unreachable"},
		{"no JSON", `<html>`, "unreachable"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			i.documents["https://keys.example.test/"] = row.set
			if got := problemOf(verify(i.verifier(), i.token(nil))); got != row.problem {
				t.Errorf("got %s, want %s", got, row.problem)
			}
		})
	}
}

func TestAConfigurationOfAnotherIssuerIsNotTaken(t *testing.T) {
	for name, text := range map[string]string{
		"another name":     `{"issuer":"https://issuer.example.test","jwks_uri":"https://keys.example.test/"}`,
		"a name twice":     `{"issuer":"` + testIssuer + `","issuer":"` + testIssuer + `","jwks_uri":"https://keys.example.test/"}`,
		"no place of keys": `{"issuer":"` + testIssuer + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.documents[testIssuer+"/.well-known/openid-configuration"] = text
			if got := problemOf(verify(i.verifier(), i.token(nil))); got != "unreachable" {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestKeysAreKeptFoundAnewAndForgotten(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier()
	step := func(what, token string, asks int, problem string) {
		t.Helper()
		before := i.asked
		if got := problemOf(verify(v, token)); got != problem || i.asked-before != asks {
			t.Errorf("%s: got %s after %d questions, want %s after %d", what, got, i.asked-before, problem, asks)
		}
	}
	step("the first", i.token(nil), 2, "<nil>")
	step("the second", i.token(nil), 0, "<nil>")
	second := i.sign(map[string]any{"alg": "RS256", "kid": "two"}, i.claims(nil))
	step("an unknown key at once", second, 0, "invalid")
	i.publish(jwk("one", &i.signing.PublicKey), jwk("two", &i.signing.PublicKey))
	i.clock = i.clock.Add(askEvery)
	step("an unknown key after a while", second, 2, "<nil>")
	step("a signature that is wrong", second[:len(second)-8]+"AAAAAAAA", 0, "invalid")
	i.publish(jwk("two", &i.signing.PublicKey))
	step("a key that was taken back, still kept", i.token(nil), 0, "<nil>")
	i.clock = i.clock.Add(keysLast)
	step("a key that was taken back", i.token(nil), 2, "invalid")
	i.down = errors.New("no network")
	i.clock = i.clock.Add(keysLast)
	step("an issuer that is down", second, 1, "unreachable")
	step("an issuer that was down a moment ago", second, 0, "unreachable")
	i.down = nil
	i.clock = i.clock.Add(askEvery)
	step("an issuer that is up again", second, 2, "<nil>")
}

func TestErrorsAreOfTheKindThatDoorsKnow(t *testing.T) {
	i := newIssuer(t)
	i.down = errors.New("no network")
	err := verify(i.verifier(), i.token(nil))
	if !artifact.Is(err, artifact.Unavailable) || !errors.Is(err, i.down) {
		t.Errorf("got %v, want Unavailable for this reason", err)
	}
	if err := verify(i.verifier(), "x"); !artifact.Is(err, artifact.Unauthenticated) {
		t.Errorf("got %v, want Unauthenticated", err)
	}
}

func FuzzParse(f *testing.F) {
	header, claims := encoded([]byte(`{"alg":"RS256","kid":"one"}`)), encoded([]byte(`{"iss":"i","sub":"s","aud":["a"],"iat":1,"exp":2.5}`))
	f.Add(header + "." + claims + ".AAAA")
	f.Add("a.b.c")
	f.Add(header + "." + header + ".")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := Parse(text)
		if (token == nil) == (err == nil) {
			t.Fatalf("got %v and %v", token, err)
		}
		if err == nil && (token.Issuer == "" || token.Subject == "" || len(token.Audiences) == 0 || algorithms[token.algorithm].verify == nil) {
			t.Fatalf("got %+v", token)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[` + jwk("one", &signingKey().PublicKey) + `]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`))
	f.Add([]byte(`{"keys":[]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		keys, err := parseKeys(document)
		if err == nil && (len(keys) == 0 || len(keys) > maxKeys) {
			t.Fatalf("got %d keys", len(keys))
		}
		for _, k := range keys {
			if k.public == nil {
				t.Fatal("a key without a key")
			}
		}
	})
}
