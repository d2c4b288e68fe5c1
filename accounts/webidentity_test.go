package accounts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"entrepot/access/oidc"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// believer takes every token for the audiences that it names, but for what it is told to say.
type believer struct{ err error }

func (b believer) Verify(_ context.Context, t *oidc.Token, audiences []string) error {
	if b.err == nil && !slices.Contains(audiences, t.Audiences[0]) {
		return &oidc.Error{Problem: oidc.Invalid, Message: "Incorrect token audience"}
	}
	return b.err
}

const (
	issuer    = "https://issuer.example.test/ci"
	jobsToken = "repo:acme/app:ref:main"
)

// tokenWith is a token for the audience sts with more claims.
func tokenWith(t testing.TB, more map[string]any) artifact.Secret {
	t.Helper()
	claims := map[string]any{"iss": issuer, "sub": jobsToken, "aud": "sts", "iat": 1, "exp": 2}
	maps.Copy(claims, more)
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	part := base64.RawURLEncoding.EncodeToString
	return artifact.NewSecret(part([]byte(`{"alg":"RS256"}`)) + "." + part(text) + ".AAAA")
}

// vouched is a fixture whose account has an identity provider.
func vouched(t testing.TB) (*fixture, catalog.IdentityProvider) {
	t.Helper()
	f := sessions(t)
	f.IdentityTokens = believer{}
	p, err := f.CreateIdentityProvider(f.Context(), f.root, NewIdentityProvider{URL: issuer, ClientIDs: []string{"sts"}})
	f.must(err)
	return f, p
}

func trustFor(provider, condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + provider +
		`"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"],"Condition":{` + condition + `}}]}`
}

// anybody is who sends a request that is not signed.
func anybody() iam.Caller {
	return iam.Caller{Circumstances: iam.Circumstances{RequestID: "request-2"}, Context: map[string][]string{"aws:sourceip": {"192.0.2.7"}}}
}

func TestAProviderVouchesForASession(t *testing.T) {
	const name = "issuer.example.test/ci"
	rows := []struct {
		name, condition string
		claims          map[string]any
		allowed         bool
	}{
		{"for a subject", `"StringEquals":{"` + name + `:sub":"` + jobsToken + `"}`, nil, true},
		{"for another subject", `"StringEquals":{"` + name + `:sub":"repo:eve/app"}`, nil, false},
		{"for an audience", `"StringEquals":{"` + name + `:aud":"sts"}`, nil, true},
		{"for who asked for the token", `"StringEquals":{"` + name + `:aud":"me","` + name + `:oaud":"sts"}`, map[string]any{"azp": "me"}, true},
		{"for one of several methods", `"ForAnyValue:StringEquals":{"` + name + `:amr":"mfa"}`, map[string]any{"amr": []string{"pwd", "mfa"}}, true},
		{"for a claim of its own", `"StringLike":{"` + name + `:environment":"prod*"}`, map[string]any{"Environment": "production"}, true},
		{"for a claim that is a number", `"NumericEquals":{"` + name + `:run":"7"}`, map[string]any{"run": 7}, true},
		{"for a claim that is an object", `"StringLike":{"` + name + `:run":"*"}`, map[string]any{"run": map[string]any{"id": "7"}}, false},
		{"from an address", `"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`, nil, true},
		{"from another address", `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`, nil, false},
		{"by itself", `"StringLike":{"aws:FederatedProvider":"*oidc-provider/` + name + `"}`, nil, true},
		{"a claim that poses as another key", `"StringEquals":{"aws:PrincipalAccount":"1"}`, map[string]any{"aws:PrincipalAccount": "1"}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f, p := vouched(t)
			role := f.roleOf("ci", trustFor(p.ARN, row.condition))
			b, who, err := f.AssumeRoleWithWebIdentity(f.Context(), anybody(), WebIdentityRequest{Role: role.ARN, Name: "job-7",
				Token: tokenWith(t, row.claims)})
			if !row.allowed {
				f.refused(err, artifact.Denied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
				if event, _ := f.last(); event.Principal != p.ARN || event.Account != account {
					t.Errorf("recorded %+v", event)
				}
				return
			}
			f.must(err)
			if who.Subject != jobsToken || who.Provider != p.ARN || who.Audience == "" || b.ID != role.ID+":job-7" {
				t.Errorf("got %+v, %+v", b, who)
			}
			f.read(func(r catalog.Reader) error {
				s, err := r.Session(b.KeyID)
				if s.Provider != p.ARN || s.Principal != role.ID {
					t.Errorf("got %+v", s)
				}
				return err
			})
		})
	}
}

func TestATokenGivesASessionItsTagsAndItsSource(t *testing.T) {
	f, p := vouched(t)
	role := f.roleOf("ci", trustFor(p.ARN, `"StringEquals":{"aws:RequestTag/team":"core","sts:SourceIdentity":"ann"}`))
	ask := func(tags, source any) (Begun, error) {
		b, _, err := f.AssumeRoleWithWebIdentity(f.Context(), anybody(), WebIdentityRequest{Role: role.ARN, Name: "job",
			Token: tokenWith(t, map[string]any{tagsClaim: tags, sourceIdentityClaim: source})})
		return b, err
	}
	good := map[string]any{"principal_tags": map[string]any{"team": []string{"core"}}, "transitive_tag_keys": []string{"team"}}
	b, err := ask(good, "ann")
	f.must(err)
	f.read(func(r catalog.Reader) error {
		s, err := r.Session(b.KeyID)
		if s.Tags["team"] != "core" || !slices.Equal(s.Transitive, []string{"team"}) || s.SourceIdentity != "ann" {
			t.Errorf("got %+v", s.SessionDetails)
		}
		return err
	})
	for name, tags := range map[string]any{
		"no tags":                     map[string]any{},
		"two values":                  map[string]any{"principal_tags": map[string]any{"team": []string{"a", "b"}}},
		"a bad key":                   map[string]any{"principal_tags": map[string]any{"te\u0007am": []string{"a"}}},
		"a transitive tag of nothing": map[string]any{"principal_tags": map[string]any{"team": "core"}, "transitive_tag_keys": []string{"x"}},
		"a text":                      "team",
	} {
		if _, err := ask(tags, "ann"); !isProblem(err, BadIdentityToken) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := ask(good, "a b"); !isProblem(err, BadIdentityToken) {
		t.Errorf("a source identity with a space: got %v", err)
	}
}

func TestTokensThatVouchForNobody(t *testing.T) {
	f, p := vouched(t)
	role := f.roleOf("ci", trustFor(p.ARN, `"Bool":{"aws:SecureTransport":"false"}`))
	ask := func(arn string, token artifact.Secret) error {
		_, _, err := f.AssumeRoleWithWebIdentity(f.Context(), anybody(), WebIdentityRequest{Role: arn, Name: "job", Token: token})
		return err
	}
	if err := ask(role.ARN, artifact.NewSecret("x.y.z")); !isProblem(err, BadIdentityToken) {
		t.Errorf("no token: got %v", err)
	}
	err := ask(role.ARN, tokenWith(t, map[string]any{"iss": "https://eve.example.test"}))
	if f.refused(err, artifact.Invalid, "No OpenIDConnect provider found in your account for https://eve.example.test"); !isProblem(err, BadIdentityToken) {
		t.Errorf("got %v", err)
	}
	if err := ask(role.ARN, tokenWith(t, map[string]any{"iss": "http://issuer.example.test/ci"})); !isProblem(err, BadIdentityToken) {
		t.Errorf("the same without TLS: got %v", err)
	}
	f.refused(ask(role.ARN, tokenWith(t, map[string]any{"aud": "others"})), artifact.Invalid, "Incorrect token audience")
	f.refused(ask("arn:aws:iam::"+stranger+":role/ci", tokenWith(t, nil)), artifact.Invalid,
		"No OpenIDConnect provider found in your account for "+issuer)
	f.refused(ask("arn:aws:iam::"+account+":role/gone", tokenWith(t, nil)), artifact.Denied,
		"Not authorized to perform sts:AssumeRoleWithWebIdentity")
	f.refused(ask("ci", tokenWith(t, nil)), artifact.Invalid, `RoleArn: "ci" is not the ARN of a role.`)
	for problem, want := range map[oidc.Problem]Problem{oidc.Expired: IdentityTokenExpired, oidc.Unreachable: ProviderUnreachable} {
		f.IdentityTokens = believer{&oidc.Error{Problem: problem, Message: "No."}}
		if err := ask(role.ARN, tokenWith(t, nil)); !isProblem(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	ours := errors.New("the context is over")
	f.IdentityTokens = believer{ours}
	if err := ask(role.ARN, tokenWith(t, nil)); !errors.Is(err, ours) {
		t.Errorf("got %v, want it as it is", err)
	}
}

func TestATrustPolicyForUsersTrustsNoProvider(t *testing.T) {
	f, _ := vouched(t)
	role := f.roleOf("ci", `{"Statement":[{"Effect":"Allow","Principal":`+rootOf+`,"Action":"sts:*"}]}`)
	_, _, err := f.AssumeRoleWithWebIdentity(f.Context(), anybody(), WebIdentityRequest{Role: role.ARN, Name: "job", Token: tokenWith(t, nil)})
	f.refused(err, artifact.Denied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

func TestIdentityProviders(t *testing.T) {
	f, p := vouched(t)
	ctx := f.Context()
	if p.ARN != "arn:aws:iam::"+account+":oidc-provider/issuer.example.test/ci" {
		t.Errorf("got %s", p.ARN)
	}
	_, err := f.CreateIdentityProvider(ctx, f.root, NewIdentityProvider{URL: issuer})
	if f.refused(err, artifact.Conflict, "Provider with url "+issuer+" already exists."); !isProblem(err, AlreadyExists) {
		t.Errorf("got %v", err)
	}
	f.must(f.AddClientID(ctx, f.root, p.ARN, "more"))
	f.must(f.AddClientID(ctx, f.root, p.ARN, "more"))
	f.must(f.RemoveClientID(ctx, f.root, p.ARN, "sts"))
	f.must(f.RemoveClientID(ctx, f.root, p.ARN, "none"))
	f.must(f.SetThumbprints(ctx, f.root, p.ARN, []string{"00"}))
	f.must(f.TagIdentityProvider(ctx, f.root, p.ARN, []Tag{{"a", "b"}, {"c", "d"}}))
	f.must(f.UntagIdentityProvider(ctx, f.root, p.ARN, []string{"A"}))
	got, err := f.GetIdentityProvider(ctx, f.root, p.ARN)
	if err != nil || !slices.Equal(got.ClientIDs, []string{"more"}) || !slices.Equal(got.Thumbprints, []string{"00"}) ||
		!maps.Equal(got.Tags, map[string]string{"c": "d"}) || got.URL != issuer {
		t.Errorf("got %+v, %v", got, err)
	}
	tags, err := f.IdentityProviderTags(ctx, f.root, p.ARN, catalog.Page{Limit: 9})
	if err != nil || !slices.Equal(tags.Items, []Tag{{"c", "d"}}) {
		t.Errorf("got %+v, %v", tags, err)
	}
	if list, err := f.ListIdentityProviders(ctx, f.root); err != nil || len(list) != 1 {
		t.Errorf("got %+v, %v", list, err)
	}
	event, detail := f.last()
	if event.Action != "iam:UntagOpenIDConnectProvider" || detail["tagKeys"] == nil {
		t.Errorf("recorded %+v", event)
	}
	f.must(f.DeleteIdentityProvider(ctx, f.root, p.ARN))
	f.refused(f.DeleteIdentityProvider(ctx, f.root, p.ARN), artifact.NotFound, "OpenIDConnect Provider not found for arn "+p.ARN)
	nobody := f.callerOf(f.user("nobody", "").ID)
	if _, err := f.GetIdentityProvider(ctx, nobody, p.ARN); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v, want Denied", err)
	}
	f.PrivateIssuer = func(u *url.URL) bool { return u.Host == "127.0.0.1:8080" }
	for text, good := range map[string]bool{"https://a.test": true, "https://a.test/": true, "http://127.0.0.1:8080": true,
		"http://a.test": false, "https://a.test?x": false, "https://a.test/#x": false, "https://u@a.test": false, "a.test": false,
		"https://a.test/*": false, "HTTPS://a.test": false, "https://": false, "http://127.0.0.1:8081": false, "https://a.test/a b": false} {
		_, err := f.CreateIdentityProvider(ctx, f.root, NewIdentityProvider{URL: text})
		if good != (err == nil) || !good && !isProblem(err, InvalidInput) {
			t.Errorf("%s: got %v, want it taken: %v", text, err, good)
		}
	}
	for name, n := range map[string]NewIdentityProvider{"an audience twice": {URL: "https://b.test", ClientIDs: []string{"a", "a"}},
		"six thumbprints": {URL: "https://b.test", Thumbprints: []string{"1", "2", "3", "4", "5", "6"}}} {
		if _, err := f.CreateIdentityProvider(ctx, f.root, n); !isProblem(err, InvalidInput) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	f.Quotas.IdentityProviders = 3
	if _, err := f.CreateIdentityProvider(ctx, f.root, NewIdentityProvider{URL: "https://c.test"}); !artifact.Is(err, artifact.Quota) {
		t.Errorf("got %v, want Quota", err)
	}
}

func TestRoles(t *testing.T) {
	f := sessions(t)
	ctx := f.Context()
	trust := trustIn(rootOf, "")
	made, err := f.CreateRole(ctx, f.root, NewRole{NewPrincipal: NewPrincipal{Name: "ci", Path: "/jobs/", Tags: []Tag{{"a", "b"}}},
		Trust: trust, Description: "of jobs"})
	if err != nil || made.ARN != "arn:aws:iam::"+account+":role/jobs/ci" || made.MaxSession != time.Hour || made.ID[:4] != "AROA" {
		t.Fatalf("got %+v, %v", made, err)
	}
	got, err := f.GetRole(ctx, f.root, "ci")
	if err != nil || got.Trust != trust || got.Description != "of jobs" || got.Tags["a"] != "b" {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, document := range map[string]string{"no policy": "{}", "a policy with resources": `{"Statement":[{"Effect":"Allow",
		"Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`} {
		_, err := f.CreateRole(ctx, f.root, NewRole{NewPrincipal: NewPrincipal{Name: "x"}, Trust: document})
		if !isProblem(err, MalformedPolicy) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := f.UpdateTrust(ctx, f.root, "ci", document); !isProblem(err, MalformedPolicy) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := f.GetRole(ctx, f.root, "x"); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("a role that was refused is there: %v", err)
	}
	long := 2 * time.Hour
	f.must(f.UpdateRole(ctx, f.root, "ci", RoleChange{MaxSession: &long}))
	f.must(f.UpdateTrust(ctx, f.root, "ci", trustIn(`"*"`, "")))
	after, err := f.UpdateRoleDescription(ctx, f.root, "ci", "")
	if err != nil || after.Description != "" || after.MaxSession != long || after.Trust != trustIn(`"*"`, "") {
		t.Errorf("got %+v, %v", after, err)
	}
	if event, _ := f.last(); event.Action != "iam:UpdateRoleDescription" || event.Resource != made.ARN {
		t.Errorf("recorded %+v", event)
	}
	f.roleOf("zz", trust)
	for prefix, want := range map[string][]string{"": {"ci", "zz"}, "/jobs/": {"ci"}} {
		l, err := f.ListRoles(ctx, f.root, prefix, catalog.Page{Limit: 9})
		var names []string
		for _, r := range l.Items {
			names = append(names, r.Name)
		}
		if err != nil || !slices.Equal(names, want) || l.Items[0].Trust == "" {
			t.Errorf("%q: got %v, %v", prefix, names, err)
		}
	}
	f.must(f.InstanceProfiles(ctx, f.root, "ci"))
	f.write(func(w catalog.Writer) error {
		return w.PutIdentityPolicy(made.ID, catalog.IdentityPolicy{Name: "own", Document: mayAssume})
	})
	if err := f.DeleteRole(ctx, f.root, "ci"); !isProblem(err, InUse) {
		t.Errorf("got %v, want it in use", err)
	}
	f.write(func(w catalog.Writer) error { return w.DeleteIdentityPolicy(made.ID, "own") })
	f.must(f.DeleteRole(ctx, f.root, "ci"))
	f.refused(f.DeleteRole(ctx, f.root, "ci"), artifact.NotFound, "The role with name ci cannot be found.")
	nobody := f.callerOf(f.user("nobody", "").ID)
	for _, err := range []error{f.DeleteRole(ctx, nobody, "zz"), f.DeleteRole(ctx, nobody, "none"), f.UpdateTrust(ctx, nobody, "zz", trust)} {
		if !artifact.Is(err, artifact.Denied) {
			t.Errorf("got %v, want Denied", err)
		}
	}
}
