package awsapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"

	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/google/go-cmp/cmp"
)

// alice's account is the owner, and partner another one.
const (
	owner   = "111122223333"
	partner = "444455556666"
)

// moment is when everything happens.
var moment = time.UnixMilli(1602535878039).UTC()

// story is the API over rules of its own, with two callers: alice, who may do everything, by the SDK and by raw
// requests, and nobody of her account, who may do nothing.
type story struct {
	*testing.T
	rules  *repositorytest.Rules
	tokens *tokens
	client *codeartifact.Client
	base   string // where alice calls
	nobody string // where nobody calls
}

// tokens issues tokens that can be told apart, and remembers for how long they were wanted.
type tokens struct{ seconds *int }

func (i *tokens) Issue(_ context.Context, _ iam.Caller, d catalog.Domain, seconds *int) (string, time.Time, error) {
	i.seconds = seconds
	return "token-for-" + d.Name, moment.Add(time.Hour), nil
}

// storiesKey is the encryption key that there is.
const storiesKey = "1234abcd-12ab-34cd-56ef-1234567890ab"

func begin(t *testing.T, o Options) *story {
	o.Region, o.Account = "us-east-1", "999900001111"
	rules := repositorytest.Open(t, repository.Options{Now: func() time.Time { return moment }, Formats: traits, Remotes: far{}, Sealer: plainly{},
		Keys: repositorytest.Keys{storiesKey: {EncryptionKey: "arn:aws:kms:us-east-1:111122223333:key/" + storiesKey}}})
	s := &story{T: t, rules: rules, tokens: &tokens{}}
	a := New(rules.Service, s.tokens, o)
	s.client, s.base = serve(t, a, callerOf(owner))
	_, s.nobody = serve(t, a, repositorytest.Caller(t, owner, "nobody"))
	return s
}

// beginIn begins with repositories in the domain acme.
func beginIn(t *testing.T, o Options, repositories ...string) *story {
	s := begin(t, o)
	for _, name := range repositories {
		s.rules.Repository(repositoryKey(name))
	}
	return s
}

// same fails unless got equals want.
func (s *story) same(what string, want, got any) {
	s.Helper()
	if d := cmp.Diff(want, got); d != "" {
		s.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// sends posts raw and compares the whole answer.
func (s *story) sends(request, body, want string) {
	s.Helper()
	status, header, answer := raw(s.T, s.base, request, body)
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
		s.Errorf("%s: %d %s", request, status, header.Get("Content-Type"))
	}
	s.same(request, want, string(answer))
}

// asks checks for which action, on which resource, a request asks for permission: it is what nobody is refused.
// resource is the part of the ARN that follows region and account.
func (s *story) asks(request, body, action, resource string) {
	s.Helper()
	s.asksIn(request, body, action, "arn:aws:codeartifact:us-east-1:"+owner+":"+resource)
}

func (s *story) asksIn(request, body, action, resource string) {
	s.Helper()
	status, _, answer := raw(s.T, s.nobody, request, body)
	var refusal struct{ Message string }
	if err := json.Unmarshal(answer, &refusal); err != nil {
		s.Fatal(err)
	}
	want := "is not authorized to perform: codeartifact:" + action + " on resource: " + resource + " because"
	if status != http.StatusForbidden || !strings.Contains(refusal.Message, want) {
		s.Errorf("%s: got %d %s, want that nobody %s", request, status, refusal.Message, want)
	}
}

// answers sends raw and checks the status.
func (s *story) answers(request, body string, want int) {
	s.Helper()
	if status, _, answer := raw(s.T, s.base, request, body); status != want {
		s.Errorf("%s: got %d %s, want %d", request, status, answer, want)
	}
}

// as is where somebody calls whose one policy is this.
func (s *story) as(policy string) (base string) {
	s.Helper()
	_, base = serve(s.T, New(s.rules.Service, s.tokens, Options{Region: "us-east-1"}),
		repositorytest.Caller(s.T, owner, "somebody", policy))
	return base
}

func (s *story) hold(repo string, v artifact.Version) {
	s.Helper()
	s.rules.Hold(repositoryKey(repo), v, nil)
}

func repositoryKey(name string) artifact.RepositoryKey {
	return artifact.RepositoryKey{Owner: owner, Domain: "acme", Name: name}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// memory is content in memory that breaks off after breaksAt bytes when that is before its end.
type memory struct {
	*bytes.Reader
	breaksAt int
	closed   bool
}

var _ blob.Content = (*memory)(nil)

func (m *memory) Read(p []byte) (int, error) {
	left := m.breaksAt - int(m.Size()) + m.Len()
	if left <= 0 && m.Len() > 0 {
		return 0, blob.ErrCorrupt
	}
	return m.Reader.Read(p[:min(len(p), max(left, 0))])
}

func (m *memory) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{m}) }
func (m *memory) Close() error                       { m.closed = true; return nil }
func (m *memory) Info() blob.Info                    { return blob.Info{Size: m.Size()} }
