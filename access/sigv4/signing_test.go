package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"entrepot/artifact"
)

const testKeyID = "AKIDEXAMPLEOFATEST00"

var (
	testSecret  = artifact.NewSecret("not-a-secret/but+an-example-of-forty-chars")
	testScope   = Scope{"us-east-1", "codeartifact"}
	testTime    = time.Date(2026, 11, 20, 23, 58, 0, 0, time.UTC)
	testPayload = Payload{Limit: 1 << 20}
)

// signing is a request to be, with all that the SDK's signer can be told about it.
type signing struct {
	method, url string
	header      http.Header
	body        string
	payloadHash string // empty: that of body
	secret      artifact.Secret
	session     string
	scope       Scope
	at          time.Time
	presigned   bool
	expires     string
}

func example() signing {
	return signing{
		method: "POST",
		url:    "http://codeartifact.example.test:8090/v1/repository?domain=example&repository=the%20team",
		header: http.Header{"Content-Type": {"application/json"}, "Amz-Sdk-Request": {"attempt=1; max=3"}},
		body:   `{"description":"of the team"}`,
		secret: testSecret,
		scope:  testScope,
		at:     testTime,
	}
}

func presignedExample() signing {
	s := example()
	s.method, s.body, s.header = "GET", "", http.Header{}
	s.presigned, s.expires = true, "900"
	return s
}

// wire signs the request with the SDK's signer and returns the bytes a server would read.
func (s signing) wire(t testing.TB) string {
	t.Helper()
	r, err := http.NewRequest(s.method, s.url, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	if s.header != nil {
		r.Header = s.header.Clone()
	}
	r.Header.Set("User-Agent", "")
	if s.payloadHash == "" {
		s.payloadHash = sha256Hex(s.body)
	}
	keys := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: s.secret.Reveal(), SessionToken: s.session}
	if s.presigned {
		if s.expires != "" {
			r.URL.RawQuery += "&X-Amz-Expires=" + s.expires
		}
		signed, _, err := signer.NewSigner().PresignHTTP(context.Background(), keys, r, s.payloadHash,
			s.scope.Service, s.scope.Region, s.at)
		if err != nil {
			t.Fatal(err)
		}
		if r.URL, err = url.Parse(signed); err != nil {
			t.Fatal(err)
		}
	} else if err := signer.NewSigner().SignHTTP(context.Background(), keys, r, s.payloadHash,
		s.scope.Service, s.scope.Region, s.at); err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	return wire.String()
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// received reads what was on the wire as the server does.
func received(wire string) (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
}

func verifierAt(now time.Time) *Verifier { return New(func() time.Time { return now }, testScope) }

// check parses and verifies what was on the wire.
func check(t testing.TB, v *Verifier, wire string, secret artifact.Secret, p Payload) error {
	t.Helper()
	r, err := received(wire)
	if err != nil {
		t.Fatalf("the server refuses to read:\n%s\n%v", wire, err)
	}
	c, err := v.Parse(r)
	if err != nil {
		return err
	}
	return v.Verify(c, secret, p)
}

// wantRefusal fails the test unless err is a refusal of this code that keeps what it must not tell.
func wantRefusal(t testing.TB, err error, want Code) {
	t.Helper()
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v, want a refusal named %s", err, codes[want].name)
	}
	if refusal.Code != want {
		t.Errorf("got %v, want %s", refusal, codes[want].name)
	}
	for _, hidden := range []string{testSecret.Reveal(), "\n", "host:", "Bearer"} {
		if strings.Contains(refusal.Error(), hidden) {
			t.Errorf("refusal %q tells %q", refusal, hidden)
		}
	}
}

// handSigned computes a signature the long way, from a canonical request written out by the test.
func handSigned(canonical string, at time.Time, scope Scope) string {
	key := deriveKey(testSecret, at.Format("20060102"), scope)
	sum := mac(key[:], []byte("AWS4-HMAC-SHA256\n"+at.Format("20060102T150405Z")+"\n"+
		at.Format("20060102")+"/"+scope.Region+"/"+scope.Service+"/aws4_request\n"+sha256Hex(canonical)))
	return hex.EncodeToString(sum[:])
}

func replace(old, new string) func(string) string {
	return func(wire string) string {
		if !strings.Contains(wire, old) {
			panic(strconv.Quote(old) + " is not on the wire:\n" + wire)
		}
		return strings.Replace(wire, old, new, 1)
	}
}

// addHeader puts a header line before the others.
func addHeader(line string) func(string) string { return replace("\r\nHost:", "\r\n"+line+"\r\nHost:") }
