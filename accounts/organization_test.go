package accounts

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// organized is a fixture whose account manages an organization.
func organized(t testing.TB) (*fixture, Organization) {
	t.Helper()
	f := sessions(t)
	o, err := f.CreateOrganization(f.Context(), f.root)
	f.must(err)
	return f, o
}

// opened makes an account of the organization.
func (f *fixture) opened(email string) artifact.AccountID {
	f.Helper()
	request, err := f.CreateAccount(f.Context(), f.root, NewAccount{Email: email, Name: "team"})
	f.must(err)
	if request.Account == "" {
		f.Fatalf("got %+v, want an account", request)
	}
	return request.Account
}

// stranger is the root of another account, who may do everything there.
func (f *fixture) stranger(id artifact.AccountID) iam.Caller {
	f.Helper()
	c := f.callerOf(string(id))
	c.Identity = f.root.Identity
	return c
}

func TestAnOrganizationIsMadeDescribedAndDeleted(t *testing.T) {
	f, o := organized(t)
	ids := regexp.MustCompile(`^o-[a-z0-9]{10} r-[0-9a-z]{8}$`)
	if !ids.MatchString(o.ID + " " + o.Root) {
		t.Errorf("got ids %s and %s", o.ID, o.Root)
	}
	arn := "arn:aws:organizations::" + account
	want := Organization{catalog.Organization{ID: o.ID, Root: o.Root, Management: account, CreatedAt: f.clock},
		arn + ":organization/" + o.ID, arn + ":root/" + o.ID + "/" + o.Root,
		Member{catalog.Account{ID: account, Name: "Entrepot", Email: "root@" + account + ".invalid", Organization: o.ID, CreatedAt: f.clock},
			arn + ":account/" + o.ID + "/" + account, o.ID + "/" + o.Root + "/" + account + "/", true, f.clock}}
	got, err := f.DescribeOrganization(f.Context(), f.root)
	f.must(err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if e, _ := f.last(); e.Action != "organizations:CreateOrganization" || e.Resource != o.ARN {
		t.Errorf("recorded %+v", e)
	}
	_, err = f.CreateOrganization(f.Context(), f.root)
	f.problem(err, AlreadyInOrganization)
	f.must(f.DeleteOrganization(f.Context(), f.root))
	_, err = f.DescribeOrganization(f.Context(), f.root)
	f.problem(err, NotInOrganization)
	_, err = f.CreateOrganization(f.Context(), f.root)
	f.must(err)
}

func TestAnAccountBeginsWithItselfAndARoleForItsManager(t *testing.T) {
	f, o := organized(t)
	request, err := f.CreateAccount(f.Context(), f.root, NewAccount{Email: "team@example.test", Name: "team",
		Tags: []Tag{{"cost", "7"}, {"Cost", "8"}}})
	f.must(err)
	id := request.Account
	if !id.Valid() || !regexp.MustCompile(`^car-[a-z0-9]{26}$`).MatchString(request.ID) {
		t.Errorf("got %+v", request)
	}
	if e, detail := f.last(); e.Action != "organizations:CreateAccount" || detail["createAccountRequestId"] != request.ID {
		t.Errorf("recorded %+v", e)
	}
	m, err := f.DescribeAccount(f.Context(), f.root, string(id))
	f.must(err)
	want := Member{catalog.Account{ID: id, Name: "team", Email: "team@example.test", Organization: o.ID, CreatedAt: f.clock,
		Tags: map[string]string{"cost": "7", "Cost": "8"}}, "arn:aws:organizations::" + account + ":account/" + o.ID + "/" + string(id),
		o.Path() + string(id) + "/", false, f.clock}
	if d := cmp.Diff(want, m); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	known, err := f.DescribeCreateAccountStatus(f.Context(), f.root, request.ID)
	f.must(err)
	if d := cmp.Diff(request, known); d != "" {
		t.Errorf("(-answered +known):\n%s", d)
	}

	role := "arn:aws:iam::" + string(id) + ":role/OrganizationAccountAccessRole"
	begun, err := f.AssumeRole(f.Context(), f.callerOf(f.user("ann", mayAssume).ID), AssumeRequest{Role: role, Name: "ann"})
	f.must(err)
	if _, err := f.CreateUser(f.Context(), f.in(begun), NewPrincipal{Name: "there"}); err != nil {
		t.Errorf("the role may not make a user: %v", err)
	}
	f.read(func(r catalog.Reader) error {
		_, err := r.PrincipalByARN("arn:aws:iam::" + string(id) + ":user/there")
		return err
	})
	_, err = f.AssumeRole(f.Context(), f.callerOf(f.user("bob", "").ID), AssumeRequest{Role: role, Name: "bob"})
	if !artifact.Is(err, artifact.Denied) {
		t.Errorf("a user without a policy: got %v", err)
	}
	_, err = f.AssumeRole(f.Context(), f.in(begun), AssumeRequest{Role: "arn:aws:iam::" + account + ":role/none", Name: "x"})
	if !artifact.Is(err, artifact.Denied) {
		t.Errorf("the way back: got %v", err)
	}
	f.must(f.Catalog.Read(f.Context(), func(r catalog.Reader) error {
		_, err := r.PrincipalByARN("arn:aws:iam::" + string(id) + ":root")
		return err
	}))
}

func TestTheRoleOfAnAccountHasTheNameThatWasAskedFor(t *testing.T) {
	f, _ := organized(t)
	request, err := f.CreateAccount(f.Context(), f.root, NewAccount{Email: "a@example.test", Name: "a", Role: "Boss"})
	f.must(err)
	_, err = f.AssumeRole(f.Context(), f.callerOf(f.user("ann", mayAssume).ID),
		AssumeRequest{Role: "arn:aws:iam::" + string(request.Account) + ":role/Boss", Name: "ann"})
	f.must(err)
}

func TestNoAccountIsMadeOfAnEmailThatIsTakenNorAboveTheQuota(t *testing.T) {
	f, _ := organized(t)
	f.Quotas.Accounts = 2
	first := f.opened("a@example.test")
	_, err := f.CreateAccount(f.Context(), f.root, NewAccount{Email: "b@example.test", Name: "b"})
	f.refused(err, artifact.Quota, "You have exceeded the allowed number of AWS accounts: the organization may have 2.")
	f.must(f.CloseAccount(f.Context(), f.root, string(first)))
	request, err := f.CreateAccount(f.Context(), f.root, NewAccount{Email: "a@example.test", Name: "again"})
	f.must(err)
	if request.Account != "" || request.Failure != EmailTaken {
		t.Errorf("got %+v, want a failure", request)
	}
	l, err := f.ListCreateAccountStatus(f.Context(), f.root, catalog.Page{Limit: 10})
	f.must(err)
	if len(l.Items) != 2 {
		t.Errorf("got %+v, want both requests", l.Items)
	}
	f.opened("c@example.test")
}

func TestAccountsAreListedWithTheirParent(t *testing.T) {
	f, o := organized(t)
	for i := range 3 {
		f.opened(fmt.Sprintf("%d@example.test", i))
	}
	type list = func(page catalog.Page) (catalog.Listing[Member], error)
	for name, list := range map[string]list{
		"all": func(p catalog.Page) (catalog.Listing[Member], error) { return f.ListAccounts(f.Context(), f.root, p) },
		"under": func(p catalog.Page) (catalog.Listing[Member], error) {
			return f.AccountsUnder(f.Context(), f.root, o.Root, p)
		},
		"children": func(p catalog.Page) (catalog.Listing[Member], error) {
			return f.Children(f.Context(), f.root, o.Root, p)
		},
	} {
		first, err := list(catalog.Page{Limit: 3})
		f.must(err)
		rest, err := list(catalog.Page{Limit: 3, After: first.Next})
		f.must(err)
		if len(first.Items) != 3 || len(rest.Items) != 1 || rest.Next != "" {
			t.Errorf("%s: got %d and %d, want 3 and 1", name, len(first.Items), len(rest.Items))
		}
	}
	parent, err := f.Parent(f.Context(), f.root, account)
	f.must(err)
	roots, err := f.Roots(f.Context(), f.root)
	f.must(err)
	if parent != o.Root || roots.RootARN != o.RootARN {
		t.Errorf("got parent %s and root %s", parent, roots.RootARN)
	}
	f.must(f.UnitsUnder(f.Context(), f.root, o.Root))
	f.must(f.Services(f.Context(), f.root))
	f.problem(f.UnitsUnder(f.Context(), f.root, "r-none"), NoSuchParent)
	_, err = f.Children(f.Context(), f.root, "ou-none-12345678", catalog.Page{Limit: 1})
	f.problem(err, NoSuchParent)
	_, err = f.Parent(f.Context(), f.root, "999999999999")
	f.problem(err, NoSuchChild)
	_, err = f.DescribeAccount(f.Context(), f.root, "999999999999")
	f.problem(err, NoSuchAccount)
	_, err = f.DescribeCreateAccountStatus(f.Context(), f.root, "car-12345678")
	f.problem(err, NoSuchRequest)
}

// calls are all actions of Organizations.
func (f *fixture) calls(c iam.Caller, on artifact.AccountID, root string) map[string]func() error {
	ctx, page := f.Context(), catalog.Page{Limit: 1}
	return map[string]func() error{
		"CloseAccount":                        func() error { return f.CloseAccount(ctx, c, string(on)) },
		"CreateAccount":                       second(func() (any, error) { return f.CreateAccount(ctx, c, NewAccount{Email: "x@example.test"}) }),
		"CreateOrganization":                  second(func() (any, error) { return f.CreateOrganization(ctx, c) }),
		"DeleteOrganization":                  func() error { return f.DeleteOrganization(ctx, c) },
		"DescribeAccount":                     second(func() (any, error) { return f.DescribeAccount(ctx, c, string(on)) }),
		"DescribeCreateAccountStatus":         second(func() (any, error) { return f.DescribeCreateAccountStatus(ctx, c, "car-1") }),
		"DescribeOrganization":                second(func() (any, error) { return f.DescribeOrganization(ctx, c) }),
		"ListAWSServiceAccessForOrganization": func() error { return f.Services(ctx, c) },
		"ListAccounts":                        second(func() (any, error) { return f.ListAccounts(ctx, c, page) }),
		"ListAccountsForParent":               second(func() (any, error) { return f.AccountsUnder(ctx, c, root, page) }),
		"ListChildren":                        second(func() (any, error) { return f.Children(ctx, c, root, page) }),
		"ListCreateAccountStatus":             second(func() (any, error) { return f.ListCreateAccountStatus(ctx, c, page) }),
		"ListOrganizationalUnitsForParent":    func() error { return f.UnitsUnder(ctx, c, root) },
		"ListParents":                         second(func() (any, error) { return f.Parent(ctx, c, string(on)) }),
		"ListRoots":                           second(func() (any, error) { return f.Roots(ctx, c) }),
		"ListTagsForResource":                 second(func() (any, error) { return f.AccountTags(ctx, c, string(on)) }),
		"RemoveAccountFromOrganization":       func() error { return f.RemoveAccount(ctx, c, string(on)) },
		"TagResource":                         func() error { return f.TagAccount(ctx, c, string(on), []Tag{{"a", "b"}}) },
		"UntagResource":                       func() error { return f.UntagAccount(ctx, c, string(on), []string{"a"}) },
	}
}

func second(fn func() (any, error)) func() error {
	return func() error {
		_, err := fn()
		return err
	}
}

func TestOnlyTheManagingAccountManages(t *testing.T) {
	f, o := organized(t)
	id, victim := f.opened("a@example.test"), f.opened("v@example.test")
	for name, call := range f.calls(f.stranger(id), victim, o.Root) {
		err := call()
		switch name {
		case "DescribeOrganization":
			f.must(err)
		case "CreateOrganization":
			f.problem(err, AlreadyInOrganization)
		default:
			f.refused(err, artifact.Denied, "You don't have permissions to access this resource.")
		}
	}
	f.must(f.RemoveAccount(f.Context(), f.root, string(id)))
	for name, call := range f.calls(f.stranger(id), victim, o.Root) {
		if name != "CreateOrganization" {
			f.problem(call(), NotInOrganization)
		}
	}
	if _, err := f.DescribeAccount(f.Context(), f.root, string(id)); err == nil {
		t.Error("an account that was removed is described")
	}
}

func TestEveryActionOfOrganizationsAsksForItself(t *testing.T) {
	f, o := organized(t)
	id := f.opened("a@example.test")
	ann := f.callerOf(f.user("ann", "").ID)
	for name, call := range f.calls(ann, id, o.Root) {
		refused, ok := errors.AsType[*Refusal](call())
		if !ok || refused.Action != "organizations:"+name {
			t.Errorf("%s without a policy: got %v", name, refused)
		}
	}
	narrow := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"organizations:TagResource","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:ResourceTag/team":"core","aws:RequestTag/a":"b","aws:ResourceAccount":"` + account + `"}}}]}`
	bob := f.callerOf(f.user("bob", narrow).ID)
	err := f.TagAccount(f.Context(), bob, string(id), []Tag{{"a", "b"}})
	if !artifact.Is(err, artifact.Denied) || !strings.Contains(err.Error(), ":account/"+o.ID+"/"+string(id)) {
		t.Errorf("an account without the tag: got %v", err)
	}
	f.must(f.TagAccount(f.Context(), f.root, string(id), []Tag{{"team", "core"}}))
	f.must(f.TagAccount(f.Context(), bob, string(id), []Tag{{"a", "b"}}))
}

func TestAClosedAccountIsClosedForGood(t *testing.T) {
	f, _ := organized(t)
	id := f.opened("a@example.test")
	role := AssumeRequest{Role: "arn:aws:iam::" + string(id) + ":role/OrganizationAccountAccessRole", Name: "ann"}
	ann := f.callerOf(f.user("ann", mayAssume).ID)
	f.problem(f.DeleteOrganization(f.Context(), f.root), OrganizationInUse)
	f.problem(f.CloseAccount(f.Context(), f.root, account), Constraint)
	f.problem(f.RemoveAccount(f.Context(), f.root, account), ManagerStays)
	f.clock = f.clock.Add(time.Hour)
	f.must(f.CloseAccount(f.Context(), f.root, string(id)))
	if e, _ := f.last(); e.Action != "organizations:CloseAccount" || !strings.HasSuffix(e.Resource, "/"+string(id)) {
		t.Errorf("recorded %+v", e)
	}
	m, err := f.DescribeAccount(f.Context(), f.root, string(id))
	f.must(err)
	if !m.ClosedAt.Equal(f.clock) {
		t.Errorf("closed at %v, want %v", m.ClosedAt, f.clock)
	}
	f.problem(f.CloseAccount(f.Context(), f.root, string(id)), AlreadyClosed)
	f.problem(f.RemoveAccount(f.Context(), f.root, string(id)), Constraint)
	if _, err := f.AssumeRole(f.Context(), ann, role); !artifact.Is(err, artifact.Denied) {
		t.Errorf("its role can be played: %v", err)
	}
	f.must(f.DeleteOrganization(f.Context(), f.root))
	f.read(func(r catalog.Reader) error {
		standing, err := catalog.StandingOf(r, id)
		if !standing.Closed || standing.Organization != (catalog.Organization{}) {
			t.Errorf("got %+v, want it closed and in no organization", standing)
		}
		return err
	})
	_, err = f.Roots(f.Context(), f.root)
	f.problem(err, NotInOrganization)
}

func TestAccountsHaveTags(t *testing.T) {
	f, _ := organized(t)
	id := string(f.opened("a@example.test"))
	put := func(tags ...Tag) error { return f.TagAccount(f.Context(), f.root, id, tags) }
	f.must(put(Tag{"a", "1"}, Tag{"A", "2"}))
	f.must(put(Tag{"a", "3"}))
	f.must(f.UntagAccount(f.Context(), f.root, id, []string{"A", "none"}))
	tags, err := f.AccountTags(f.Context(), f.root, id)
	f.must(err)
	if d := cmp.Diff(map[string]string{"a": "3"}, tags); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	f.problem(put(Tag{"AWS:a", ""}), InvalidInput)
	f.problem(put(Tag{"b", ""}, Tag{"b", ""}), InvalidInput)
	f.problem(f.TagAccount(f.Context(), f.root, "r-12345678", []Tag{{"a", "b"}}), NoSuchTarget)
	f.Quotas.Tags = 1
	f.refused(put(Tag{"b", ""}), artifact.Quota, "An account may have 1 tags at most.")
}

func TestTheInstallationsAccountIsPutOnRecordOnce(t *testing.T) {
	f := newFixture(t)
	f.clock = f.clock.Add(time.Hour)
	f.must(f.InstallAccount(context.Background(), account))
	f.read(func(r catalog.Reader) error {
		a, err := r.Account(account)
		if want := f.clock.Add(-time.Hour); !a.CreatedAt.Equal(want) {
			t.Errorf("made at %v, want %v", a.CreatedAt, want)
		}
		return err
	})
	f.must(f.InstallAccount(context.Background(), stranger))
	f.read(func(r catalog.Reader) error {
		if _, err := r.Account(stranger); !artifact.Is(err, artifact.NotFound) {
			t.Errorf("an account in which there is nobody: got %v", err)
		}
		return nil
	})
	if e, _ := f.last(); e.Action != "" {
		t.Errorf("recorded %+v: the first start looks for an empty record", e)
	}
}

func TestWhoMayAssumeRolesOfHisOrganizationIsLetIntoItsAccounts(t *testing.T) {
	f, o := organized(t)
	role := "arn:aws:iam::" + string(f.opened("team@example.test")) + ":role/" + standardRoleName
	for organization, allowed := range map[string]bool{o.ID: true, "o-other00000": false} {
		ann := f.user("ann-"+organization, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*",`+
			`"Condition":{"StringEquals":{"aws:ResourceOrgID":"`+organization+`"}}}]}`)
		_, err := f.AssumeRole(f.Context(), f.callerOf(ann.ID), AssumeRequest{Role: role, Name: "job"})
		if (err == nil) != allowed || err != nil && !artifact.Is(err, artifact.Denied) {
			t.Errorf("on roles of %s: got %v, want allowed %v", organization, err, allowed)
		}
	}
}
