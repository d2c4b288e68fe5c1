package accounts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

// made numbers the credentials of sessions.
type made struct{ n *int }

func (m made) Begin(s catalog.Session) (record catalog.Session, secret, token artifact.Secret, err error) {
	*m.n++
	s.ID = fmt.Sprintf("ASIA%016d", *m.n)
	return s, artifact.NewSecret("secret"), artifact.NewSecret("token"), nil
}

// sessions is a fixture with credentials for sessions.
func sessions(t testing.TB) *fixture {
	t.Helper()
	f := newFixture(t)
	f.SessionKeys = made{new(int)}
	return f
}

func trustIn(principal, condition string) string {
	if condition != "" {
		condition = `,"Condition":{` + condition + `}`
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal +
		`,"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]` + condition + `}]}`
}

const mayAssume = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}`

// roleOf makes a role that is trusted so.
func (f *fixture) roleOf(name, trust string) RoleAbout {
	f.Helper()
	r, err := f.CreateRole(f.Context(), f.root, NewRole{NewPrincipal: NewPrincipal{Name: name}, Trust: trust,
		MaxSession: 2 * time.Hour})
	f.must(err)
	return r
}

// in is the caller in a session that has begun.
func (f *fixture) in(b Begun) iam.Caller {
	f.Helper()
	var s catalog.Session
	f.read(func(r catalog.Reader) (err error) {
		s, err = r.Session(b.KeyID)
		return err
	})
	c := f.callerOf(s.Principal)
	c.Principal.ARN, c.Principal.ID, c.Principal.Role, c.Principal.Name = b.ARN, b.ID, c.Principal.ARN, ""
	c.Principal.Tags = s.Tags
	c.Temporary = iam.Temporary{ID: s.ID, Principal: s.Principal, Role: s.Kind == catalog.RoleSession, ExpiresAt: s.ExpiresAt,
		Transitive: s.Transitive, SourceIdentity: s.SourceIdentity}
	return c
}

const (
	rootOf   = `{"AWS":"arn:aws:iam::` + account + `:root"}`
	annsARN  = "arn:aws:iam::" + account + ":user/ann"
	stranger = "210987654321"
)

func TestWhoMayAssumeARole(t *testing.T) {
	foreign := iam.Principal{Account: stranger, ARN: "arn:aws:iam::" + stranger + ":user/eve", ID: "AIDAEVE", Name: "eve"}
	rows := []struct {
		name, trust, identity string
		foreign               bool
		in                    AssumeRequest
		allowed               bool
	}{
		{name: "whom the trust policy names", trust: trustIn(`{"AWS":"`+annsARN+`"}`, ""), allowed: true},
		{name: "whose account it names, if he may", trust: trustIn(rootOf, ""), identity: mayAssume, allowed: true},
		{name: "whose account it names, if he may not", trust: trustIn(rootOf, "")},
		{name: "whom it does not name, though he may", trust: trustIn(`{"AWS":"`+stranger+`"}`, ""), identity: mayAssume},
		{name: "a stranger whose account it names, if he may", trust: trustIn(`{"AWS":"`+stranger+`"}`, ""), identity: mayAssume,
			foreign: true, allowed: true},
		{name: "a stranger whose account it names, if he may not", trust: trustIn(`{"AWS":"`+stranger+`"}`, ""), foreign: true},
		{name: "a stranger whom it names, if he may not", trust: trustIn(`{"AWS":"`+foreign.ARN+`"}`, ""), foreign: true},
		{name: "a stranger where it names everybody", trust: trustIn(`"*"`, ""), foreign: true},
		{name: "a stranger who may, where it does not name him", trust: trustIn(rootOf, ""), identity: mayAssume, foreign: true},
		{name: "with the external id that it asks for", trust: trustIn(rootOf, `"StringEquals":{"sts:ExternalId":"one"}`),
			identity: mayAssume, in: AssumeRequest{ExternalID: "one"}, allowed: true},
		{name: "with another external id", trust: trustIn(rootOf, `"StringEquals":{"sts:ExternalId":"one"}`), identity: mayAssume,
			in: AssumeRequest{ExternalID: "two"}},
		{name: "without the external id that it asks for", trust: trustIn(rootOf, `"StringEquals":{"sts:ExternalId":"one"}`),
			identity: mayAssume},
		{name: "with a session name that it asks for", trust: trustIn(rootOf, `"StringLike":{"sts:RoleSessionName":"job-*"}`),
			identity: mayAssume, allowed: true},
		{name: "with a tag that it asks for", trust: trustIn(rootOf, `"StringEquals":{"aws:RequestTag/team":"core"}`),
			identity: mayAssume, in: AssumeRequest{Narrowing: Narrowing{Tags: []Tag{{"team", "core"}}}}, allowed: true},
		{name: "with another tag", trust: trustIn(rootOf, `"StringEquals":{"aws:RequestTag/team":"core"}`), identity: mayAssume,
			in: AssumeRequest{Narrowing: Narrowing{Tags: []Tag{{"team", "web"}}}}},
		{name: "with tags, if he may not tag", trust: trustIn(rootOf, ""),
			identity: `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`,
			in:       AssumeRequest{Narrowing: Narrowing{Tags: []Tag{{"team", "web"}}}}},
		{name: "with a source identity, if it may not be set",
			trust:    `{"Statement":[{"Effect":"Allow","Principal":` + rootOf + `,"Action":"sts:AssumeRole"}]}`,
			identity: mayAssume, in: AssumeRequest{SourceIdentity: "ann"}},
		{name: "whom the trust policy denies", identity: mayAssume, trust: `{"Statement":[{"Effect":"Allow","Principal":` + rootOf +
			`,"Action":"sts:*"},{"Effect":"Deny","Principal":{"AWS":"` + annsARN + `"},"Action":"sts:AssumeRole"}]}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := sessions(t)
			c := f.callerOf(f.user("ann", row.identity).ID)
			role := f.roleOf("builder", row.trust)
			if row.foreign {
				c.Principal = foreign
			}
			in := row.in
			in.Role, in.Name = role.ARN, "job-7"
			begun, err := f.AssumeRole(f.Context(), c, in)
			if row.allowed {
				f.must(err)
				if begun.ARN != "arn:aws:sts::"+account+":assumed-role/builder/job-7" || begun.ID != role.ID+":job-7" ||
					!begun.ExpiresAt.Equal(f.clock.Add(time.Hour)) {
					t.Errorf("got %+v", begun)
				}
				event, detail := f.last()
				if event.Action != "sts:AssumeRole" || event.Resource != role.ARN || detail["accessKeyId"] != begun.KeyID {
					t.Errorf("recorded %+v", event)
				}
				return
			}
			if !artifact.Is(err, artifact.Denied) {
				t.Fatalf("got %v, want Denied", err)
			}
			if event, _ := f.last(); f.call(event).Error != audit.AccessDenied || event.Principal != c.Principal.ARN {
				t.Errorf("recorded %+v", event)
			}
		})
	}
}

func TestARoleThatIsNotThereIsRefusedLikeOneThatMayNotBeAssumed(t *testing.T) {
	f := sessions(t)
	ann := f.callerOf(f.user("ann", "").ID)
	f.roleOf("there", trustIn(rootOf, ""))
	for _, name := range []string{"there", "gone"} {
		arn := "arn:aws:iam::" + account + ":role/" + name
		_, err := f.AssumeRole(f.Context(), ann, AssumeRequest{Role: arn, Name: "job"})
		f.refused(err, artifact.Denied, "User: "+annsARN+" is not authorized to perform: sts:AssumeRole on resource: "+arn)
	}
	for _, wrong := range []AssumeRequest{{Transitive: []string{"team"}}, {SourceIdentity: "aws:ann"}, {Narrowing: Narrowing{Tags: []Tag{{"aws:a", "1"}}}}} {
		told := map[string]bool{}
		for _, name := range []string{"there", "gone"} {
			wrong.Role, wrong.Name = "arn:aws:iam::"+account+":role/"+name, "job"
			_, err := f.AssumeRole(f.Context(), ann, wrong)
			told[err.Error()] = true
		}
		if len(told) != 1 {
			t.Errorf("%+v: whether there is such a role is told: %v", wrong, told)
		}
	}
	_, err := f.AssumeRole(f.Context(), ann, AssumeRequest{Role: annsARN, Name: "job"})
	f.refused(err, artifact.Denied, "User: "+annsARN+" is not authorized to perform: sts:AssumeRole on resource: "+annsARN)
}

func TestSessionsLastAsLongAsTheyMay(t *testing.T) {
	f := sessions(t)
	ann := f.callerOf(f.user("ann", mayAssume).ID)
	role := f.roleOf("builder", trustIn(rootOf, ""))
	assume := func(c iam.Caller, seconds int) (Begun, error) {
		return f.AssumeRole(f.Context(), c, AssumeRequest{Role: role.ARN, Name: "job", Narrowing: Narrowing{Seconds: seconds}})
	}
	for seconds, want := range map[int]time.Duration{0: time.Hour, 900: 15 * time.Minute, 7200: 2 * time.Hour} {
		b, err := assume(ann, seconds)
		f.must(err)
		if !b.ExpiresAt.Equal(f.clock.Add(want)) {
			t.Errorf("%d: got %v, want %v of life", seconds, b.ExpiresAt, want)
		}
	}
	_, err := assume(ann, 7201)
	f.refused(err, artifact.Invalid, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	_, err = assume(ann, 899)
	f.refused(err, artifact.Invalid, "DurationSeconds must be between 900 and 7200.")
	first, err := assume(ann, 0)
	f.must(err)
	f.write(func(w catalog.Writer) error {
		return w.PutIdentityPolicy(role.ID, catalog.IdentityPolicy{Name: "own", Document: mayAssume})
	})
	_, err = assume(f.in(first), 3601)
	f.refused(err, artifact.Invalid,
		"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	b, err := assume(f.in(first), 0)
	f.must(err)
	if !b.ExpiresAt.Equal(f.clock.Add(time.Hour)) {
		t.Errorf("got %v, want an hour", b.ExpiresAt)
	}
	if again, err := f.GetRole(f.Context(), f.root, "builder"); err != nil || !again.LastUsed.Equal(f.clock) {
		t.Errorf("the role was last used %v, %v", again.LastUsed, err)
	}
}

func TestAChainOfRolesKeepsItsSourceAndItsTransitiveTags(t *testing.T) {
	f := sessions(t)
	ann := f.callerOf(f.user("ann", mayAssume).ID)
	role := f.roleOf("builder", trustIn(rootOf, ""))
	f.write(func(w catalog.Writer) error {
		return w.PutIdentityPolicy(role.ID, catalog.IdentityPolicy{Name: "own", Document: mayAssume})
	})
	ask := AssumeRequest{Role: role.ARN, Name: "one", SourceIdentity: "ann", Transitive: []string{"Team"},
		Narrowing: Narrowing{Tags: []Tag{{"Team", "core"}, {"stage", "test"}}}}
	first, err := f.AssumeRole(f.Context(), ann, ask)
	f.must(err)
	if first.SourceIdentity != "ann" {
		t.Errorf("got %+v", first)
	}
	second, err := f.AssumeRole(f.Context(), f.in(first), AssumeRequest{Role: role.ARN, Name: "two"})
	f.must(err)
	c := f.in(second)
	if c.Temporary.SourceIdentity != "ann" || len(c.Principal.Tags) != 1 || c.Principal.Tags["Team"] != "core" ||
		!slices.Equal(c.Temporary.Transitive, []string{"Team"}) {
		t.Errorf("got %+v with tags %v", c.Temporary, c.Principal.Tags)
	}
	_, err = f.AssumeRole(f.Context(), c, AssumeRequest{Role: role.ARN, Name: "three", SourceIdentity: "eve"})
	f.refused(err, artifact.Denied, "The source identity of a session cannot be changed.")
	_, err = f.AssumeRole(f.Context(), c, AssumeRequest{Role: role.ARN, Name: "three", Narrowing: Narrowing{Tags: []Tag{{"TEAM", "x"}}}})
	f.refused(err, artifact.Invalid,
		`The tag "Team" is transitive in the session that the role is assumed with, and cannot be given again.`)
	_, err = f.AssumeRole(f.Context(), ann, AssumeRequest{Role: role.ARN, Name: "x", Transitive: []string{"team"}})
	f.refused(err, artifact.Invalid, `The transitive tag "team" is not among the tags of the session.`)
	_, err = f.AssumeRole(f.Context(), ann, AssumeRequest{Role: role.ARN, Name: "x", SourceIdentity: "AWS:x"})
	f.refused(err, artifact.Invalid, "A source identity may not begin with aws:.")
}

func TestWhatNarrowsASession(t *testing.T) {
	f := sessions(t)
	ann := f.callerOf(f.user("ann", mayAssume).ID)
	role := f.roleOf("builder", trustIn(rootOf, ""))
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codeartifact:Read*","Resource":"*"}]}`
	managed := catalog.ManagedPolicy{ID: "ANPA1", Account: account, Path: "/", Name: "reads", ARN: "arn:aws:iam::" + account + ":policy/reads"}
	others := catalog.ManagedPolicy{ID: "ANPA2", Account: stranger, Path: "/", Name: "reads", ARN: "arn:aws:iam::" + stranger + ":policy/reads"}
	f.write(func(w catalog.Writer) error {
		if err := w.CreateManagedPolicy(others, document); err != nil {
			return err
		}
		return w.CreateManagedPolicy(managed, document)
	})
	assume := func(n Narrowing) (Begun, error) {
		return f.AssumeRole(f.Context(), ann, AssumeRequest{Role: role.ARN, Name: "job", Narrowing: n})
	}
	b, err := assume(Narrowing{Policy: document, PolicyARNs: []string{managed.ARN}})
	f.must(err)
	f.read(func(r catalog.Reader) error {
		s, err := r.Session(b.KeyID)
		if !slices.Equal(s.Policies, []string{document, document}) || b.PackedSize != 2 {
			t.Errorf("got %q, %d%%", s.Policies, b.PackedSize)
		}
		return err
	})
	for name, row := range map[string]struct {
		n       Narrowing
		problem Problem
	}{
		"no policy":                 {Narrowing{Policy: "{}"}, MalformedPolicy},
		"a policy with a principal": {Narrowing{Policy: trustIn(`"*"`, "")}, MalformedPolicy},
		"another account's":         {Narrowing{PolicyARNs: []string{others.ARN}}, MalformedPolicy},
		"one nobody has":            {Narrowing{PolicyARNs: []string{managed.ARN + "2"}}, MalformedPolicy},
		"tags of AWS's":             {Narrowing{Tags: []Tag{{"aws:x", "y"}}}, InvalidInput},
		"a tag twice":               {Narrowing{Tags: []Tag{{"x", "y"}, {"X", "z"}}}, InvalidInput},
	} {
		if _, err := assume(row.n); !isProblem(err, row.problem) {
			t.Errorf("%s: got %v, want %v", name, err, row.problem)
		}
	}
	if _, err := assume(Narrowing{PolicyARNs: slices.Repeat([]string{managed.ARN}, maxSessionPolicies+1)}); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("eleven managed policies: got %v", err)
	}
}

func isProblem(err error, want Problem) bool {
	told, ok := err.(*artifact.Error)
	return ok && told.Err == error(want)
}

func TestTheAccountItselfAssumesNoRole(t *testing.T) {
	f := sessions(t)
	role := f.roleOf("builder", trustIn(rootOf, ""))
	_, err := f.AssumeRole(f.Context(), f.root, AssumeRequest{Role: role.ARN, Name: "job"})
	f.refused(err, artifact.Denied, "Roles may not be assumed by root accounts.")
	e, _ := f.last()
	if call := f.call(e); e.Action != "sts:AssumeRole" || call.Error != audit.AccessDenied || call.Decision != nil {
		t.Errorf("got %s %+v on record, want what no policy has decided", e.Action, call)
	}
}

func TestSessionsOfUsers(t *testing.T) {
	f := sessions(t)
	ann := f.callerOf(f.user("ann", mayAssume).ID)
	b, err := f.SessionToken(f.Context(), ann, 0)
	f.must(err)
	if !b.ExpiresAt.Equal(f.clock.Add(12*time.Hour)) || b.ARN != "" {
		t.Errorf("got %+v", b)
	}
	c := ann
	c.Temporary = iam.Temporary{ID: b.KeyID, Principal: ann.Principal.ID}
	_, err = f.SessionToken(f.Context(), c, 0)
	f.refused(err, artifact.Denied, "Cannot call GetSessionToken with session credentials")
	_, err = f.FederationToken(f.Context(), c, "bob", Narrowing{})
	f.refused(err, artifact.Denied, "Cannot call GetFederationToken with session credentials")
	_, err = f.CreateUser(f.Context(), f.temporary(f.root), NewPrincipal{Name: "eve"})
	f.refused(err, artifact.Denied, "Cannot call iam:CreateUser with the session credentials of a user")
	if b, err = f.SessionToken(f.Context(), f.root, 0); err != nil || !b.ExpiresAt.Equal(f.clock.Add(time.Hour)) {
		t.Errorf("the account itself: got %v, %v, want an hour", b.ExpiresAt, err)
	}

	b, err = f.FederationToken(f.Context(), ann, "bob", Narrowing{})
	f.must(err)
	if b.ARN != "arn:aws:sts::"+account+":federated-user/bob" || b.ID != account+":bob" {
		t.Errorf("got %+v", b)
	}
	f.read(func(r catalog.Reader) error {
		s, err := r.Session(b.KeyID)
		if err != nil {
			return err
		}
		nothing := f.policy(s.Policies[0])
		got := iam.Evaluate(iam.Request{Principal: ann.Principal, Action: "sts:GetCallerIdentity"},
			iam.Policies{Identity: ann.Identity, Session: []*iam.Policy{nothing}}, true)
		if got.Allowed() {
			t.Error("a federated user without policies may do something")
		}
		return nil
	})
	in := ann
	in.Principal.ARN = b.ARN
	_, err = f.AssumeRole(f.Context(), in, AssumeRequest{Role: annsARN, Name: "job"})
	f.refused(err, artifact.Denied, "Cannot call AssumeRole with the credentials of a federated user.")
	plain := f.callerOf(f.user("plain", "").ID)
	if _, err = f.FederationToken(f.Context(), plain, "bob", Narrowing{}); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v, want Denied", err)
	}
	if got, err := f.KeyAccount(f.Context(), ann, b.KeyID); err != nil || got != account {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := f.KeyAccount(f.Context(), ann, "AKIAAAAAAAAAAAAAAAAA"); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("got %v, want Invalid", err)
	}
}

// temporary is a caller in a session of its user.
func (f *fixture) temporary(c iam.Caller) iam.Caller {
	c.Temporary = iam.Temporary{ID: "ASIA7", Principal: c.Principal.ID}
	return c
}
