package access

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"crypto/sha256"
	"encoding/hex"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

const (
	testAccount = "123456789012"
	testDomain  = catalog.DomainID(7)
	noToken     = "The authorization token is not valid or has expired."
)

// fixture is an installation with one user, ann, who holds a key and may do everything.
type fixture struct {
	*testing.T
	*Guard
	store *records
	clock time.Time
	key   AccessKey
}

var sealingKey = bytes.Repeat([]byte{7}, 32)

func newFixture(t *testing.T) *fixture {
	t.Helper()
	sealer, err := NewSealer(sealingKey)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, store: newRecords(), clock: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	f.Guard, err = New(Config{Catalog: f.store, Sealer: sealer, Now: func() time.Time { return f.clock }, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	f.user("ann", allowAll)
	f.key = f.keyOf("ann")
	return f
}

// user adds a user whose ID is its name in capitals.
func (f *fixture) user(name, policy string) {
	f.Helper()
	f.write(func(w catalog.Writer) error { return addUser(w, name, policy) })
}

func addUser(w catalog.Writer, name, policy string) error {
	if err := w.CreatePrincipal(catalog.Principal{ID: id(name), Account: testAccount, Name: name,
		ARN: "arn:aws:iam::" + testAccount + ":user/" + name}); err != nil {
		return err
	}
	return w.PutIdentityPolicy(id(name), catalog.IdentityPolicy{Name: "own", Document: policy})
}

func id(name string) string { return "AIDA" + strings.ToUpper(name) }

func (f *fixture) keyOf(name string) AccessKey {
	f.Helper()
	return f.keyFor(id(name))
}

// keyFor makes a key of a principal, by its ID.
func (f *fixture) keyFor(principal string) AccessKey {
	f.Helper()
	key := newAccessKey()
	record, err := f.seal(key, principal)
	if err != nil {
		f.Fatal(err)
	}
	f.write(func(w catalog.Writer) error { return w.CreateAccessKey(record) })
	return key
}

func (f *fixture) revoke(token string) {
	f.Helper()
	f.write(func(w catalog.Writer) error { return w.DeleteToken(tokenHash(artifact.NewSecret(token))) })
}

func (f *fixture) write(fn func(catalog.Writer) error) {
	f.Helper()
	if err := f.store.Write(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

// signed is a request to a service as the server receives it, signed by the SDK.
func (f *fixture) signed(key AccessKey, service, body, session string) *http.Request {
	f.Helper()
	r := httptest.NewRequest("POST", "http://127.0.0.1:8090/", strings.NewReader(body))
	sum := sha256.Sum256([]byte(body))
	err := signer.NewSigner().SignHTTP(f.Context(), aws.Credentials{AccessKeyID: key.ID,
		SecretAccessKey: key.Secret.Reveal(), SessionToken: session}, r, hex.EncodeToString(sum[:]), service, "eu-west-1", f.clock)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

// presigned is a request with its signature in the query, good for that long.
func (f *fixture) presigned(key AccessKey, good time.Duration) *http.Request {
	f.Helper()
	sum := sha256.Sum256(nil)
	r := httptest.NewRequest("POST", fmt.Sprintf("http://127.0.0.1:8090/?X-Amz-Expires=%d", int(good.Seconds())), nil)
	address, _, err := signer.NewSigner().PresignHTTP(f.Context(), aws.Credentials{AccessKeyID: key.ID,
		SecretAccessKey: key.Secret.Reveal()}, r, hex.EncodeToString(sum[:]), "codeartifact", "eu-west-1", f.clock)
	if err != nil {
		f.Fatal(err)
	}
	return httptest.NewRequest("POST", address, nil)
}

// from are the circumstances of a request.
func (f *fixture) from(requestID string) iam.Circumstances {
	return iam.Circumstances{RequestID: requestID, Source: netip.MustParseAddr("192.0.2.7"), At: f.clock}
}

// call makes an API call with a key.
func (f *fixture) call(key AccessKey) (iam.Caller, error) {
	f.Helper()
	return f.API(f.signed(key, "codeartifact", "{}", ""), f.from("request-1"), sigv4.Payload{Limit: 1 << 20}, "codeartifact")
}

// issue gets a token for the test's domain.
func (f *fixture) issue(seconds int) string {
	f.Helper()
	c, err := f.call(f.key)
	if err != nil {
		f.Fatal(err)
	}
	token, _, err := f.Issue(f.Context(), c, domain(), &seconds)
	if err != nil {
		f.Fatal(err)
	}
	return token
}

func domain() catalog.Domain {
	return catalog.Domain{ID: testDomain, DomainKey: artifact.DomainKey{Owner: testAccount, Name: "example"}}
}

// fetch makes a package manager's call on a domain.
func (f *fixture) fetch(token string, on catalog.DomainID) (iam.Caller, error) {
	r := httptest.NewRequest("GET", "http://127.0.0.1:8090/example/npm/team/lodash", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return f.Package(r, f.from("request-2"), on)
}

func (f *fixture) wantRefusal(err error, want sigv4.Code) {
	f.Helper()
	if err == nil || err.Error() != sigv4.Refuse(want).Error() {
		f.Errorf("got %v, want %v", err, sigv4.Refuse(want))
	}
}

func (f *fixture) wantNoToken(err error) {
	f.Helper()
	if !artifact.Is(err, artifact.Unauthenticated) || !strings.HasSuffix(err.Error(), noToken) {
		f.Errorf("got %v, want it refused as any bad token", err)
	}
}

func (f *fixture) Context() context.Context { return f.T.Context() }

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
