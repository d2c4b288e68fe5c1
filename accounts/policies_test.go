package accounts

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

var whole = catalog.Page{Limit: 1000}

// problem wants an error with a problem.
func (f *fixture) problem(err error, want Problem) {
	f.Helper()
	if got, ok := errors.AsType[Problem](err); !ok || got != want {
		f.Fatalf("got %v, want it %v", err, want)
	}
}

func TestEmbeddedPoliciesArePutReadListedAndDeleted(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	_, err := f.CreateGroup(ctx, f.root, NewPrincipal{Name: "crew"})
	f.must(err)
	for _, e := range []Entity{User("ann"), Group("crew")} {
		one := catalog.IdentityPolicy{Name: "one", Document: allow("s3:*", "*", "")}
		f.must(f.PutEntityPolicy(ctx, f.root, e, one))
		f.must(f.PutEntityPolicy(ctx, f.root, e, catalog.IdentityPolicy{Name: "two", Document: allow("s3:*", "*", "")}))
		if event, detail := f.last(); event.Action != e.verb("Put", "Policy") || detail["policyName"] != "two" {
			t.Errorf("got %+v %v on record", event, detail)
		}
		got, err := f.GetEntityPolicy(ctx, f.root, e, "one")
		if f.must(err); got != one {
			t.Errorf("got %+v", got)
		}
		l, err := f.ListEntityPolicies(ctx, f.root, e, catalog.Page{Limit: 1})
		if f.must(err); len(l.Items) != 1 || l.Items[0] != "one" || l.Next == "" {
			t.Errorf("got %+v", l)
		}
		f.must(f.DeleteEntityPolicy(ctx, f.root, e, "one"))
		gone := fmt.Sprintf("The %s policy with name one cannot be found.", e.Kind)
		f.refused(f.DeleteEntityPolicy(ctx, f.root, e, "one"), artifact.NotFound, gone)
		_, err = f.GetEntityPolicy(ctx, f.root, e, "one")
		f.refused(err, artifact.NotFound, gone)
	}
}

func TestADocumentThatWouldNotBeHonouredIsRefused(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	for _, document := range []string{"", "{}", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}]}`,
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}],"statement":[]}`} {
		f.problem(f.PutEntityPolicy(ctx, f.root, User("ann"), catalog.IdentityPolicy{Name: "p", Document: document}), MalformedPolicy)
		_, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "p", Document: document})
		f.problem(err, MalformedPolicy)
	}
}

func TestPoliciesHaveTheSizesOfIAM(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	// sized is a document of so many characters without white space, and much of that.
	sized := func(size int) string {
		document := allow("s3:Get", "*", "")
		return strings.Replace(document, "Get", strings.Repeat("G", size-len(document)+3), 1) + strings.Repeat(" ", 5000)
	}
	put := func(name string, size int) error {
		return f.PutEntityPolicy(ctx, f.root, User("ann"), catalog.IdentityPolicy{Name: name, Document: sized(size)})
	}
	f.must(put("one", 1000))
	f.must(put("two", 1048))
	f.refused(put("two", 1049), artifact.Quota, "Maximum policy size of 2048 bytes exceeded for user ann")
	f.must(put("two", 1048))
	_, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "p", Document: sized(6144)})
	f.must(err)
	_, err = f.CreatePolicy(ctx, f.root, NewPolicy{Name: "q", Document: sized(6145)})
	f.refused(err, artifact.Quota, "Cannot exceed quota for PolicySize: 6144")
}

func TestAManagedPolicyGoesThroughItsLife(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	ann := f.user("ann", "")
	first, second := allow("iam:GetUser", "*", ""), allow("iam:ListUsers", "*", "")
	p, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "reader", Path: "/team/", Description: "May read.", Document: first,
		Tags: []Tag{{"a", "b"}}})
	f.must(err)
	if p.ARN != "arn:aws:iam::123456789012:policy/team/reader" || !strings.HasPrefix(p.ID, "ANPA") || p.Default != 1 {
		t.Errorf("got %+v", p)
	}
	_, err = f.CreatePolicy(ctx, f.root, NewPolicy{Name: "READER", Document: first})
	f.refused(err, artifact.Conflict, "A policy called READER already exists. Duplicate names are not allowed.")

	f.must(f.AttachPolicy(ctx, f.root, User("ann"), p.ARN))
	f.must(f.AttachPolicy(ctx, f.root, User("ann"), p.ARN))
	_, err = f.GetUser(ctx, f.callerOf(ann.ID), "ann")
	f.must(err)
	got, err := f.GetPolicy(ctx, f.root, p.ARN)
	if f.must(err); got.Attached != 1 || got.Bounding != 0 || got.Description != "May read." || got.Tags["a"] != "b" {
		t.Errorf("got %+v", got)
	}
	attached, err := f.ListAttachedPolicies(ctx, f.root, User("ann"), "/team/", whole)
	if f.must(err); len(attached.Items) != 1 || attached.Items[0].ARN != p.ARN {
		t.Errorf("got %+v", attached)
	}
	attached, err = f.ListAttachedPolicies(ctx, f.root, User("ann"), "/other/", whole)
	if f.must(err); len(attached.Items) != 0 {
		t.Errorf("got %+v below another path", attached)
	}

	v, err := f.CreatePolicyVersion(ctx, f.root, p.ARN, second, true)
	if f.must(err); v.Number != 2 {
		t.Errorf("got %+v", v)
	}
	if _, err = f.GetUser(ctx, f.callerOf(ann.ID), "ann"); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v under the second version", err)
	}
	f.refused(f.DeletePolicyVersion(ctx, f.root, p.ARN, 2), artifact.Conflict, "Cannot delete the default version of a policy.")
	f.refused(f.DeletePolicy(ctx, f.root, p.ARN), artifact.Conflict, "This policy has more than one version. Before you delete "+
		"a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	f.must(f.SetDefaultPolicyVersion(ctx, f.root, p.ARN, 1))
	text, inForce, err := f.GetPolicyVersion(ctx, f.root, p.ARN, 2)
	if f.must(err); inForce || text.Document != second {
		t.Errorf("got %+v %v", text, inForce)
	}
	f.must(f.DeletePolicyVersion(ctx, f.root, p.ARN, 2))
	f.refused(f.SetDefaultPolicyVersion(ctx, f.root, p.ARN, 2), artifact.NotFound, "Policy "+p.ARN+" version v2 does not exist.")
	versions, inForceNow, err := f.ListPolicyVersions(ctx, f.root, p.ARN)
	if f.must(err); len(versions) != 1 || inForceNow != 1 {
		t.Errorf("got %+v %d", versions, inForceNow)
	}

	f.refused(f.DeletePolicy(ctx, f.root, p.ARN), artifact.Conflict, "Cannot delete a policy attached to entities.")
	users, err := f.ListEntitiesForPolicy(ctx, f.root, p.ARN, catalog.PolicyUserFilter{}, whole)
	if f.must(err); len(users.Items) != 1 || users.Items[0].ID != ann.ID {
		t.Errorf("got %+v", users)
	}
	f.must(f.DetachPolicy(ctx, f.root, User("ann"), p.ARN))
	f.refused(f.DetachPolicy(ctx, f.root, User("ann"), p.ARN), artifact.NotFound, "Policy "+p.ARN+" was not found.")
	f.must(f.DeletePolicy(ctx, f.root, p.ARN))
	_, err = f.GetPolicy(ctx, f.root, p.ARN)
	f.refused(err, artifact.NotFound, "Policy "+p.ARN+" was not found.")
}

func TestThereAreAsManyVersionsAndAttachmentsAsTheQuotasAllow(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.Quotas.PolicyVersions, f.Quotas.AttachedPolicies, f.Quotas.Policies = 2, 1, 2
	f.user("ann", "")
	document := allow("s3:*", "*", "")
	p, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "p", Document: document})
	f.must(err)
	q, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "q", Document: document})
	f.must(err)
	_, err = f.CreatePolicy(ctx, f.root, NewPolicy{Name: "r", Document: document})
	f.refused(err, artifact.Quota, "Cannot exceed quota for PoliciesPerAccount: 2")
	_, err = f.CreatePolicyVersion(ctx, f.root, p.ARN, document, false)
	f.must(err)
	_, err = f.CreatePolicyVersion(ctx, f.root, p.ARN, document, false)
	f.refused(err, artifact.Quota, "A managed policy can have up to 2 versions. Before you create a new version, you must delete "+
		"an existing version.")
	f.must(f.AttachPolicy(ctx, f.root, User("ann"), p.ARN))
	f.refused(f.AttachPolicy(ctx, f.root, User("ann"), q.ARN), artifact.Quota, "Cannot exceed quota for PoliciesPerUser: 1")
}

func TestPoliciesOfAWSAreThereAndNobodysToChange(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	const arn = "arn:aws:iam::aws:policy/AdministratorAccess"
	ann := f.user("ann", "")
	f.must(f.AttachPolicy(ctx, f.root, User("ann"), arn))
	_, err := f.CreateUser(ctx, f.callerOf(ann.ID), NewPrincipal{Name: "bob"})
	f.must(err)
	f.problem(f.DeletePolicy(ctx, f.root, arn), NotModifiable)
	_, err = f.CreatePolicyVersion(ctx, f.root, arn, allow("s3:*", "*", ""), true)
	f.problem(err, NotModifiable)
	f.problem(f.TagPolicy(ctx, f.root, arn, []Tag{{"a", "b"}}), NotModifiable)
	for _, p := range awsPolicies {
		if _, err := iam.Parse([]byte(p.document), iam.IdentityPolicy); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}

func TestAPolicyOfAWSThatChangedIsPutInForceAtTheNextStart(t *testing.T) {
	f := newFixture(t)
	arn := f.awsARN(awsPolicies[0].name)
	for i := range 7 {
		f.write(func(w catalog.Writer) error { return f.install(w, awsPolicies[0].name, "", fmt.Sprint(i)) })
	}
	f.must(f.InstallPolicies(t.Context()))
	f.must(f.InstallPolicies(t.Context()))
	f.read(func(r catalog.Reader) error {
		versions, err := r.ManagedVersions(arn)
		if len(versions) != 5 || versions[0].Number != 9 || versions[0].Document != awsPolicies[0].document {
			t.Errorf("got %+v", versions)
		}
		return err
	})
}

func TestPoliciesAreListedOwnOnesFirst(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	document := allow("s3:*", "*", "")
	for _, name := range []string{"b", "a"} {
		_, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: name, Document: document})
		f.must(err)
	}
	f.must(f.AttachPolicy(ctx, f.root, User("ann"), "arn:aws:iam::aws:policy/IAMFullAccess"))
	f.must(f.PutBoundary(ctx, f.root, User("ann"), "arn:aws:iam::123456789012:policy/b"))
	var all []string
	for _, p := range awsPolicies {
		all = append(all, p.name)
	}
	rows := []struct {
		name   string
		filter PolicyFilter
		want   int
		first  string
	}{
		{"all", PolicyFilter{Own: true, AWS: true}, 2 + len(all), "a"},
		{"own", PolicyFilter{Own: true}, 2, "a"},
		{"of AWS", PolicyFilter{AWS: true}, len(all), "AWSCloudTrail_ReadOnlyAccess"},
		{"attached", PolicyFilter{Own: true, AWS: true, Used: true, Use: catalog.AttachedPolicy}, 1, "IAMFullAccess"},
		{"bounding", PolicyFilter{Own: true, AWS: true, Used: true, Use: catalog.BoundaryPolicy}, 1, "b"},
	}
	for _, row := range rows {
		for limit := 1; limit <= row.want+1; limit++ {
			var names []string
			page := catalog.Page{Limit: limit}
			for {
				l, err := f.ListPolicies(ctx, f.root, row.filter, page)
				f.must(err)
				for _, p := range l.Items {
					names = append(names, p.Name)
				}
				if page.After = l.Next; l.Next == "" {
					break
				}
			}
			if len(names) != row.want || names[0] != row.first {
				t.Errorf("%s, pages of %d: got %q, want %d beginning with %s", row.name, limit, names, row.want, row.first)
			}
		}
	}
	_, err := f.ListPolicies(ctx, f.root, PolicyFilter{Own: true}, catalog.Page{After: "x"})
	f.refused(err, artifact.Invalid, "The page marker was not given out by this list.")
}

func TestAnotherAccountsPoliciesAreNotThere(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	const arn = "arn:aws:iam::999999999999:policy/theirs"
	f.write(func(w catalog.Writer) error {
		return w.CreateManagedPolicy(catalog.ManagedPolicy{ID: "x", ARN: arn, Account: "999999999999", Name: "theirs"}, allow("*", "*", ""))
	})
	f.refused(f.AttachPolicy(ctx, f.root, User("ann"), arn), artifact.NotFound, "Policy "+arn+" does not exist or is not attachable.")
	f.refused(f.PutBoundary(ctx, f.root, User("ann"), arn), artifact.NotFound, "Policy "+arn+" does not exist or is not attachable.")
	for _, err := range []error{f.DeletePolicy(ctx, f.root, arn), f.SetDefaultPolicyVersion(ctx, f.root, arn, 1),
		f.TagPolicy(ctx, f.root, arn, []Tag{{"a", ""}}), f.UntagPolicy(ctx, f.root, arn, []string{"a"})} {
		f.refused(err, artifact.NotFound, "Policy "+arn+" was not found.")
	}
	_, err := f.GetPolicy(ctx, f.root, "policy")
	f.problem(err, InvalidInput)
}

// Who may only make users within a boundary gets no further by any detour.
func TestADelegateStaysWithinTheBoundary(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	bound, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "bound", Document: allow("codeartifact:*", "*", "")})
	f.must(err)
	const admin = "arn:aws:iam::aws:policy/AdministratorAccess"
	delegate := f.callerOf(f.user("delegate", `{"Version":"2012-10-17","Statement":[`+
		`{"Effect":"Allow","Action":["iam:CreateUser","iam:PutUserPermissionsBoundary","iam:AttachUserPolicy","iam:PutUserPolicy"],`+
		`"Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"`+bound.ARN+`"}}},`+
		`{"Effect":"Deny","Action":["iam:DeleteUserPermissionsBoundary","iam:CreatePolicyVersion","iam:SetDefaultPolicyVersion"],"Resource":"*"}]}`).ID)
	f.user("free", "")
	_, err = f.CreateUser(ctx, delegate, NewPrincipal{Name: "within", Boundary: bound.ARN})
	f.must(err)
	f.must(f.AttachPolicy(ctx, delegate, User("within"), admin))
	_, wider := f.CreateUser(ctx, delegate, NewPrincipal{Name: "wide", Boundary: admin})
	_, none := f.CreateUser(ctx, delegate, NewPrincipal{Name: "none"})
	_, version := f.CreatePolicyVersion(ctx, delegate, bound.ARN, allow("*", "*", ""), true)
	for what, err := range map[string]error{
		"a wider boundary":             wider,
		"no boundary":                  none,
		"another boundary later":       f.PutBoundary(ctx, delegate, User("within"), admin),
		"the boundary taken away":      f.DeleteBoundary(ctx, delegate, User("within")),
		"a user without one, attached": f.AttachPolicy(ctx, delegate, User("free"), admin),
		"a user without one, embedded": f.PutEntityPolicy(ctx, delegate, User("free"), catalog.IdentityPolicy{Name: "p", Document: allow("*", "*", "")}),
		"himself":                      f.AttachPolicy(ctx, delegate, User("delegate"), admin),
		"another text of the boundary": version,
	} {
		if !artifact.Is(err, artifact.Denied) {
			t.Errorf("%s: got %v, want it denied", what, err)
		}
	}
	f.must(f.DeleteBoundary(ctx, f.root, User("within")))
	f.must(f.PutBoundary(ctx, f.root, User("within"), bound.ARN))
	within, err := f.GetUser(ctx, f.root, "within")
	if f.must(err); within.Boundary != bound.ARN {
		t.Errorf("got %+v", within)
	}
}

func TestWhatMayBeAttachedCanBeNarrowed(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	only := f.callerOf(f.user("boss", allow("iam:*tachUserPolicy", "*",
		`{"ArnLike":{"iam:PolicyARN":"arn:aws:iam::aws:policy/AWSCodeArtifact*"}}`)).ID)
	f.must(f.AttachPolicy(ctx, only, User("ann"), "arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess"))
	f.must(f.DetachPolicy(ctx, only, User("ann"), "arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess"))
	if err := f.AttachPolicy(ctx, only, User("ann"), "arn:aws:iam::aws:policy/AdministratorAccess"); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v", err)
	}
}

func TestMembersMayWhatTheirGroupMay(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	ann := f.user("ann", "")
	group, err := f.CreateGroup(ctx, f.root, NewPrincipal{Name: "crew", Path: "/team/"})
	f.must(err)
	if group.ARN != "arn:aws:iam::123456789012:group/team/crew" || !strings.HasPrefix(group.ID, "AGPA") {
		t.Errorf("got %+v", group)
	}
	f.must(f.AttachPolicy(ctx, f.root, Group("crew"), "arn:aws:iam::aws:policy/IAMFullAccess"))
	may := func() bool {
		_, err := f.GetUser(ctx, f.callerOf(ann.ID), "ann")
		return err == nil
	}
	if may() {
		t.Error("a user has what a group is granted that it is not in")
	}
	f.must(f.AddUserToGroup(ctx, f.root, "crew", "ann"))
	f.must(f.AddUserToGroup(ctx, f.root, "crew", "ann"))
	if !may() {
		t.Error("a member lacks what its group is granted")
	}
	_, users, err := f.GetGroup(ctx, f.root, "crew", whole)
	if f.must(err); len(users.Items) != 1 || users.Items[0].ID != ann.ID {
		t.Errorf("got %+v", users)
	}
	groups, err := f.ListGroupsForUser(ctx, f.root, "ann", whole)
	if f.must(err); len(groups.Items) != 1 || groups.Items[0].ID != group.ID {
		t.Errorf("got %+v", groups)
	}
	f.refused(f.DeleteGroup(ctx, f.root, "crew"), artifact.Conflict, "Cannot delete entity, must remove users from group first.")
	f.must(f.RemoveUserFromGroup(ctx, f.root, "crew", "ann"))
	f.must(f.RemoveUserFromGroup(ctx, f.root, "crew", "ann"))
	if may() {
		t.Error("who has left a group still has what it is granted")
	}
	f.refused(f.DeleteGroup(ctx, f.root, "crew"), artifact.Conflict, "Cannot delete entity, must detach all policies first.")
	f.must(f.UpdateGroup(ctx, f.root, "crew", "", "deck"))
	f.must(f.DetachPolicy(ctx, f.root, Group("deck"), "arn:aws:iam::aws:policy/IAMFullAccess"))
	l, err := f.ListGroups(ctx, f.root, "/team/", whole)
	if f.must(err); len(l.Items) != 1 || l.Items[0].Name != "deck" {
		t.Errorf("got %+v", l)
	}
	f.must(f.DeleteGroup(ctx, f.root, "deck"))
	f.refused(f.AddUserToGroup(ctx, f.root, "deck", "ann"), artifact.NotFound, "The group with name deck cannot be found.")
	_, err = f.CreateGroup(ctx, f.root, NewPrincipal{Name: "crew"})
	f.must(err)
	f.refused(f.AddUserToGroup(ctx, f.root, "crew", "bob"), artifact.NotFound, "The user with name bob cannot be found.")
	f.Quotas.GroupsOfUser = 1
	f.must(f.AddUserToGroup(ctx, f.root, "crew", "ann"))
	_, err = f.CreateGroup(ctx, f.root, NewPrincipal{Name: "more"})
	f.must(err)
	f.refused(f.AddUserToGroup(ctx, f.root, "more", "ann"), artifact.Quota, "Cannot exceed quota for GroupsPerUser: 1")
}

func TestAccessKeysAreMadeSwitchedAndDeleted(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	ann := f.user("ann", allow("iam:*AccessKey*", "arn:aws:iam::123456789012:user/${aws:username}", ""))
	self := f.callerOf(ann.ID)
	user, key, secret, err := f.CreateAccessKey(ctx, self, "")
	f.must(err)
	if user.ID != ann.ID || !key.Active || secret.Reveal() != key.ID {
		t.Errorf("got %+v %+v", user, key)
	}
	if e, detail := f.last(); e.Action != "iam:CreateAccessKey" || detail["accessKeyId"] != key.ID {
		t.Errorf("got %+v %v on record", e, detail)
	}
	_, _, _, err = f.CreateAccessKey(ctx, f.root, "ann")
	f.must(err)
	_, _, _, err = f.CreateAccessKey(ctx, f.root, "ann")
	f.refused(err, artifact.Quota, "Cannot exceed quota for AccessKeysPerUser: 2")
	f.must(f.UpdateAccessKey(ctx, self, "ann", key.ID, false))
	_, l, err := f.ListAccessKeys(ctx, self, "", whole)
	if f.must(err); len(l.Items) != 2 {
		t.Errorf("got %+v", l)
	}
	used := catalog.KeyUse{At: f.clock.Add(time.Second), Service: "iam", Region: "us-east-1"}
	f.write(func(w catalog.Writer) error { return w.SetAccessKeyUse(key.ID, used) })
	user, last, err := f.GetAccessKeyLastUsed(ctx, self, key.ID)
	if f.must(err); user.Name != "ann" || last != used {
		t.Errorf("got %+v %+v", user, last)
	}
	f.must(f.DeleteAccessKey(ctx, self, "", key.ID))
	gone := "The Access Key with id " + key.ID + " cannot be found."
	f.refused(f.DeleteAccessKey(ctx, self, "", key.ID), artifact.NotFound, gone)
	_, _, err = f.GetAccessKeyLastUsed(ctx, f.root, key.ID)
	f.refused(err, artifact.NotFound, gone)

	// A key is reached through its own user only, and never from another account.
	f.user("bob", "")
	_, bobs, _, err := f.CreateAccessKey(ctx, f.root, "bob")
	f.must(err)
	f.refused(f.UpdateAccessKey(ctx, self, "ann", bobs.ID, true), artifact.NotFound,
		"The Access Key with id "+bobs.ID+" cannot be found.")
	stranger := f.root
	stranger.Principal.Account = "999999999999"
	_, _, err = f.GetAccessKeyLastUsed(ctx, stranger, bobs.ID)
	f.refused(err, artifact.NotFound, "The Access Key with id "+bobs.ID+" cannot be found.")
	if err := f.DeleteAccessKey(ctx, self, "bob", bobs.ID); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v", err)
	}
}

func TestAnAccountHasAnAliasAndASummary(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.must(f.CreateAccountAlias(ctx, f.root, "first"))
	f.must(f.CreateAccountAlias(ctx, f.root, "second"))
	alias, err := f.AccountAlias(ctx, f.root)
	if f.must(err); alias != "second" {
		t.Errorf("got %s", alias)
	}
	f.write(func(w catalog.Writer) error { return w.SetAccountAlias("999999999999", "taken") })
	f.refused(f.CreateAccountAlias(ctx, f.root, "taken"), artifact.Conflict, "The account alias taken already exists.")
	f.refused(f.DeleteAccountAlias(ctx, f.root, "first"), artifact.NotFound, "The account alias first cannot be found.")
	f.must(f.DeleteAccountAlias(ctx, f.root, "second"))
	f.user("ann", "")
	sum, err := f.GetAccountSummary(ctx, f.root)
	if f.must(err); sum.Users != 1 || sum.Policies != 0 || sum.RootKeys != 0 || sum.Quotas.Users != 5000 || sum.Sizes.User != 2048 {
		t.Errorf("got %+v", sum)
	}
}
