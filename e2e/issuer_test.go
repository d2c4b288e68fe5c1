package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// vouching is an identity provider that is served, as a CI system has one, with its only key.
type vouching struct {
	server *httptest.Server
	key    *rsa.PrivateKey
}

const keyName = "the-only-one"

var unpadded = base64.RawURLEncoding

func openIssuer(ts *testscript.TestScript, neg bool, _ []string) {
	s := of(ts, neg)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	v := &vouching{key: key}
	mux := http.NewServeMux()
	v.server = httptest.NewServer(mux)
	s.issuer = v
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, v.server.URL, v.server.URL+"/keys")
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":%q}]}`, keyName,
			unpadded.EncodeToString(key.N.Bytes()), unpadded.EncodeToString(big.NewInt(int64(key.E)).Bytes()))
	})
	ts.Setenv("ISSUER", v.server.URL)
	ts.Setenv("ISSUER_NAME", v.server.Listener.Addr().String())
}

func vouch(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if s.issuer == nil || len(args) != 3 {
		ts.Fatalf("usage, after issuer: vouch FILE SUBJECT AUDIENCE")
	}
	now := time.Now()
	payload, err := json.Marshal(map[string]any{"iss": s.issuer.server.URL, "sub": args[1], "aud": args[2], "iat": now.Unix(),
		"exp": now.Add(time.Hour).Unix()})
	ts.Check(err)
	text := unpadded.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT","kid":"`+keyName+`"}`)) + "." + unpadded.EncodeToString(payload)
	sum := sha256.New()
	_, _ = io.WriteString(sum, text)
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.issuer.key, crypto.SHA256, sum.Sum(nil))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text+"."+unpadded.EncodeToString(signature)), 0o600))
}
