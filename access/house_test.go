package access

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
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
)

const (
	testAccount = "123456789012"
	testDomain  = catalog.DomainID(7)
	noToken     = "The authorization token is not valid or has expired."
)

// house is an installation with one user, ann, who holds a key and may do everything.
type house struct {
	*testing.T
	*Guard
	store *records
	clock time.Time
	key   AccessKey
}

var sealingKey = bytes.Repeat([]byte{7}, 32)

func newHouse(t *testing.T) *house {
	t.Helper()
	sealer, err := NewSealer(sealingKey)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, store: newRecords(), clock: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	h.Guard, err = New(Config{Catalog: h.store, Sealer: sealer, Now: func() time.Time { return h.clock }, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	h.user("ann", allowAll)
	h.key = h.keyOf("ann")
	return h
}

// user adds a user whose ID is its name in capitals.
func (h *house) user(name, policy string) {
	h.Helper()
	h.write(func(w catalog.Writer) error {
		if err := w.CreatePrincipal(catalog.Principal{ID: id(name), Account: testAccount, Name: name,
			ARN: "arn:aws:iam::" + testAccount + ":user/" + name}); err != nil {
			return err
		}
		return w.PutIdentityPolicy(id(name), catalog.IdentityPolicy{Name: "own", Document: policy})
	})
}

func id(name string) string { return "AIDA" + strings.ToUpper(name) }

func (h *house) keyOf(name string) AccessKey {
	h.Helper()
	key, err := h.CreateKey(h.Context(), id(name))
	if err != nil {
		h.Fatal(err)
	}
	return key
}

func (h *house) write(fn func(catalog.Writer) error) {
	h.Helper()
	if err := h.store.Write(h.Context(), fn); err != nil {
		h.Fatal(err)
	}
}

// signed is a request to a service as the server receives it, signed by the SDK.
func (h *house) signed(key AccessKey, service, body, session string) *http.Request {
	h.Helper()
	r := httptest.NewRequest("POST", "http://127.0.0.1:8090/", strings.NewReader(body))
	sum := sha256.Sum256([]byte(body))
	err := signer.NewSigner().SignHTTP(h.Context(), aws.Credentials{AccessKeyID: key.ID,
		SecretAccessKey: key.Secret.Reveal(), SessionToken: session}, r, hex.EncodeToString(sum[:]), service, "eu-west-1", h.clock)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

// call makes an API call with a key.
func (h *house) call(key AccessKey) (Caller, error) {
	h.Helper()
	c, _, err := h.API(h.signed(key, "codeartifact", "{}", ""), "request-1", sigv4.Payload{Limit: 1 << 20}, "codeartifact")
	return c, err
}

// issue gets a token for the test's domain.
func (h *house) issue(seconds int) string {
	h.Helper()
	c, err := h.call(h.key)
	if err != nil {
		h.Fatal(err)
	}
	token, _, err := h.Issue(h.Context(), c.Caller, domain(), &seconds)
	if err != nil {
		h.Fatal(err)
	}
	return token
}

func domain() catalog.Domain {
	return catalog.Domain{ID: testDomain, DomainKey: artifact.DomainKey{Owner: testAccount, Name: "example"}}
}

// fetch makes a package manager's call on a domain.
func (h *house) fetch(token string, on catalog.DomainID) (Caller, error) {
	r := httptest.NewRequest("GET", "http://127.0.0.1:8090/example/npm/team/lodash", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return h.Package(r, "request-2", on)
}

func (h *house) wantRefusal(err error, want sigv4.Code) {
	h.Helper()
	if err == nil || err.Error() != sigv4.Refuse(want).Error() {
		h.Errorf("got %v, want %v", err, sigv4.Refuse(want))
	}
}

func (h *house) wantNoToken(err error) {
	h.Helper()
	if !artifact.Is(err, artifact.Unauthenticated) || !strings.HasSuffix(err.Error(), noToken) {
		h.Errorf("got %v, want it refused as any bad token", err)
	}
}

func (h *house) Context() context.Context { return h.T.Context() }

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
