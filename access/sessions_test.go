package access

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

const roleARN = "arn:aws:iam::" + testAccount + ":role/ci/builder"

// stay is a session of the role builder, with its credentials.
type stay struct {
	AccessKey
	token string
}

// role adds the role builder, which may do everything.
func (f *fixture) role() {
	f.Helper()
	f.write(func(w catalog.Writer) error {
		if err := w.CreatePrincipal(catalog.Principal{ID: "AROABUILDER", Account: testAccount, Kind: catalog.RolePrincipal, Path: "/ci/",
			Name: "builder", ARN: roleARN, Tags: map[string]string{"Team": "core", "stage": "test"}}); err != nil {
			return err
		}
		return w.PutIdentityPolicy("AROABUILDER", catalog.IdentityPolicy{Name: "own", Document: allowAll})
	})
}

// begin begins a session of an hour.
func (f *fixture) begin(s catalog.Session) stay {
	f.Helper()
	s.IssuedAt, s.ExpiresAt = f.clock, f.clock.Add(time.Hour)
	record, secret, token, err := f.Begin(s)
	if err != nil {
		f.Fatal(err)
	}
	f.write(func(w catalog.Writer) error { return w.CreateSession(record) })
	return stay{AccessKey{record.ID, secret}, token.Reveal()}
}

func builderSession(name string, d catalog.SessionDetails) catalog.Session {
	d.Name = name
	return catalog.Session{Principal: "AROABUILDER", Kind: catalog.RoleSession, SessionDetails: d}
}

// callWith makes an API call with a key and a session token.
func (f *fixture) callWith(key AccessKey, token string) (iam.Caller, error) {
	f.Helper()
	return f.API(f.signed(key, "codeartifact", "{}", token), f.from("request-1"), sigv4.Payload{Limit: 1 << 20}, "codeartifact")
}

func TestASessionCallsAsItsRoleWithWhatItWasGiven(t *testing.T) {
	f := newFixture(t)
	f.role()
	const reads = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codeartifact:Read*","Resource":"*"}]}`
	s := f.begin(builderSession("job-7", catalog.SessionDetails{Policies: []string{reads}, SourceIdentity: "ann",
		Tags: map[string]string{"team": "web"}, Transitive: []string{"team"}, Provider: "arn:aws:iam::1:oidc-provider/x"}))
	c, err := f.callWith(s.AccessKey, s.token)
	if err != nil {
		t.Fatal(err)
	}
	want := iam.Principal{Account: testAccount, ARN: "arn:aws:sts::" + testAccount + ":assumed-role/builder/job-7", Role: roleARN,
		ID: "AROABUILDER:job-7", Tags: map[string]string{"team": "web", "stage": "test"}}
	if !maps.Equal(c.Principal.Tags, want.Tags) {
		t.Errorf("got tags %v, want %v", c.Principal.Tags, want.Tags)
	}
	c.Principal.Tags = want.Tags
	if c.Principal.ARN != want.ARN || c.Principal.Role != want.Role || c.Principal.ID != want.ID || c.Principal.Name != "" {
		t.Errorf("got %+v, want %+v", c.Principal, want)
	}
	if c.Temporary.ID != s.ID || c.Temporary.Principal != "AROABUILDER" || !c.Temporary.Role || c.Temporary.SourceIdentity != "ann" ||
		!slices.Equal(c.Temporary.Transitive, []string{"team"}) || !c.Temporary.ExpiresAt.Equal(f.clock.Add(time.Hour)) {
		t.Errorf("got %+v", c.Temporary)
	}
	for key, value := range map[string]string{"aws:tokenissuetime": "2026-11-20T12:00:00Z", "aws:multifactorauthpresent": "false",
		"aws:sourceidentity": "ann", "aws:federatedprovider": "arn:aws:iam::1:oidc-provider/x"} {
		if !slices.Equal(c.Context[key], []string{value}) {
			t.Errorf("%s: got %q, want %q", key, c.Context[key], value)
		}
	}
	for action, want := range map[string]iam.Reason{"codeartifact:ReadFromRepository": iam.AllowedByIdentity,
		"codeartifact:DeleteRepository": iam.DeniedBySession} {
		got := iam.Evaluate(iam.Request{Principal: c.Principal, Action: action, Context: c.Context},
			iam.Policies{Identity: c.Identity, Session: c.Session}, true)
		if got.Reason != want {
			t.Errorf("%s: got %v, want %v", action, got, want)
		}
	}
}

func TestSessionsOfUsersCallAsThem(t *testing.T) {
	f := newFixture(t)
	for kind, want := range map[catalog.SessionKind][2]string{
		catalog.UserSession:      {"arn:aws:iam::" + testAccount + ":user/ann", "AIDAANN"},
		catalog.FederatedSession: {"arn:aws:sts::" + testAccount + ":federated-user/bob", testAccount + ":bob"},
	} {
		s := f.begin(catalog.Session{Principal: "AIDAANN", Kind: kind, SessionDetails: catalog.SessionDetails{Name: "bob"}})
		c, err := f.callWith(s.AccessKey, s.token)
		if err != nil || c.Principal.ARN != want[0] || c.Principal.ID != want[1] || c.Temporary.Role {
			t.Errorf("%s: got %+v, %v, want %v", kind, c.Principal, err, want)
		}
	}
	s := f.begin(catalog.Session{Principal: "AIDAANN", Kind: "made up"})
	if _, err := f.callWith(s.AccessKey, s.token); err == nil {
		t.Error("a session of an unknown kind calls")
	}
}

func TestASessionIsRefused(t *testing.T) {
	rows := []struct {
		name string
		want sigv4.Code
		do   func(f *fixture, s stay) (AccessKey, string)
	}{
		{"S17 without its token", sigv4.Unrecognized, func(_ *fixture, s stay) (AccessKey, string) { return s.AccessKey, "" }},
		{"S17 with another session's token", sigv4.Unrecognized, func(f *fixture, s stay) (AccessKey, string) {
			return s.AccessKey, f.begin(builderSession("other", catalog.SessionDetails{})).token
		}},
		{"S17 with its token cut short", sigv4.Unrecognized, func(_ *fixture, s stay) (AccessKey, string) {
			return s.AccessKey, s.token[:len(s.token)-1]
		}},
		{"with an endless token", sigv4.Unrecognized, func(_ *fixture, s stay) (AccessKey, string) {
			return s.AccessKey, s.token + strings.Repeat("x", maxSessionTokenText)
		}},
		{"a user's key with its token", sigv4.Unrecognized, func(f *fixture, s stay) (AccessKey, string) { return f.key, s.token }},
		{"S18 when it is over", sigv4.Expired, func(f *fixture, s stay) (AccessKey, string) {
			f.clock = f.clock.Add(time.Hour)
			return s.AccessKey, s.token
		}},
		{"with a wrong secret", sigv4.Mismatch, func(_ *fixture, s stay) (AccessKey, string) {
			return AccessKey{s.ID, newKeySecret()}, s.token
		}},
		{"S20 when it is revoked", sigv4.Mismatch, func(f *fixture, s stay) (AccessKey, string) {
			f.write(func(w catalog.Writer) error { return w.DeleteSession(s.ID) })
			return s.AccessKey, s.token
		}},
		{"when its role is deleted", sigv4.Mismatch, func(f *fixture, s stay) (AccessKey, string) {
			f.write(func(w catalog.Writer) error { return w.DeletePrincipal("AROABUILDER") })
			return s.AccessKey, s.token
		}},
		{"one nobody has begun", sigv4.Mismatch, func(_ *fixture, s stay) (AccessKey, string) {
			return AccessKey{"ASIAAAAAAAAAAAAAAAAA", s.Secret}, s.token
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			f.role()
			s := f.begin(builderSession("job", catalog.SessionDetails{}))
			if _, err := f.callWith(s.AccessKey, s.token); err != nil {
				t.Fatal(err) // and what is remembered does not count
			}
			_, err := f.callWith(row.do(f, s))
			(&fixture{T: t}).wantRefusal(err, row.want)
		})
	}
}

func TestATokenOfASessionOutlivesItAndHasNoMoreThanIt(t *testing.T) {
	f := newFixture(t)
	f.role()
	const narrow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:GetServiceBearerToken","codeartifact:Read*"],"Resource":"*"}]}`
	s := f.begin(builderSession("job-7", catalog.SessionDetails{Policies: []string{narrow}, Tags: map[string]string{"team": "web"}}))
	c, err := f.callWith(s.AccessKey, s.token)
	if err != nil {
		t.Fatal(err)
	}
	long, ends := 43200, 0
	token, expires, err := f.Issue(t.Context(), c, domain(), &long)
	if err != nil || !expires.Equal(f.clock.Add(12*time.Hour)) {
		t.Fatalf("got %v, %v, want twelve hours", expires, err)
	}
	c.Proof = iam.Proof{}
	short, expires, err := f.Issue(t.Context(), c, domain(), &ends)
	if err != nil || !expires.Equal(f.clock.Add(time.Hour)) {
		t.Fatalf("got %v, %v, want the session's end", expires, err)
	}
	f.clock = f.clock.Add(2 * time.Hour)
	_, err = f.fetch(short, testDomain)
	f.wantNoToken(err)
	bearer, err := f.fetch(token, testDomain)
	if err != nil || bearer.Principal.ID != "AROABUILDER:job-7" || bearer.Principal.Tags["team"] != "web" || len(bearer.Session) != 1 ||
		bearer.Context["aws:tokenissuetime"] == nil {
		t.Fatalf("got %+v, %v, want the session", bearer, err)
	}
	f.write(func(w catalog.Writer) error { return w.DeleteSession(s.ID) })
	_, err = f.fetch(token, testDomain)
	f.wantNoToken(err)
}

func TestASessionPolicyMayForbidTokens(t *testing.T) {
	f := newFixture(t)
	f.role()
	const reads = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codeartifact:*","Resource":"*"}]}`
	s := f.begin(builderSession("job", catalog.SessionDetails{Policies: []string{reads}}))
	c, err := f.callWith(s.AccessKey, s.token)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Issue(t.Context(), c, domain(), nil); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v, want Denied", err)
	}
}

func TestNobodyIsNobodyUnderTheCircumstancesOfTheRequest(t *testing.T) {
	f := newFixture(t)
	c := f.Nobody(f.from("request-9"))
	if !c.Principal.Anonymous() || c.RequestID != "request-9" || c.Context["aws:sourceip"][0] != "192.0.2.7" {
		t.Errorf("got %+v", c)
	}
}
