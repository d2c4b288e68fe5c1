package accounts

import (
	"slices"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

const trustRoot = `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"123456789012"}}}`

func TestDetailsOfAnAccountHaveAllThatHangsTogether(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", mayRead)
	f.user("bob", "")
	_, err := f.CreateGroup(ctx, f.root, NewPrincipal{Name: "staff"})
	f.must(err)
	f.must(f.AddUserToGroup(ctx, f.root, "staff", "ann"))
	_, err = f.CreateRole(ctx, f.root, NewRole{NewPrincipal: NewPrincipal{Name: "ci"}, Trust: trustRoot})
	f.must(err)
	own, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "own", Document: mayRead})
	f.must(err)
	_, err = f.CreatePolicyVersion(ctx, f.root, own.ARN, mayList, true)
	f.must(err)
	f.must(f.AttachPolicy(ctx, f.root, Group("staff"), own.ARN))
	f.must(f.AttachPolicy(ctx, f.root, Role("ci"), "arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
	f.must(f.PutBoundary(ctx, f.root, User("bob"), "arn:aws:iam::aws:policy/PowerUserAccess"))

	d, err := f.GetAccountAuthorizationDetails(ctx, f.root, DetailFilter{}, catalog.Page{Limit: 100})
	f.must(err)
	ann, bob, ci := d.Users[0], d.Users[1], d.Roles[0]
	if ann.Groups[0] != "staff" || ann.Embedded[0].Name != "own" || bob.Boundary == "" || d.Groups[0].Attached[0].Name != "own" ||
		ci.Trust != trustRoot || ci.Attached[0].Name != "IAMReadOnlyAccess" || d.Next != "" {
		t.Errorf("got %+v", d)
	}
	if p := d.Policies[0]; p.Name != "own" || p.Attached != 1 || p.Default != 2 || len(p.Versions) != 2 || p.Versions[1].Document != mayRead {
		t.Errorf("got %+v", p)
	}
	var names []string
	for _, p := range d.Policies {
		names = append(names, p.Name)
	}
	if want := []string{"own", "IAMReadOnlyAccess", "PowerUserAccess"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q: of AWS's those that are used", names, want)
	}
}

func TestDetailsArePagedFromOneKindToTheNext(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"ann", "bob", "eve"} {
		f.user(name, "")
	}
	_, err := f.CreateGroup(t.Context(), f.root, NewPrincipal{Name: "staff"})
	f.must(err)
	_, err = f.CreatePolicy(t.Context(), f.root, NewPolicy{Name: "own", Document: mayRead})
	f.must(err)
	for limit := 1; limit <= 6; limit++ {
		var names []string
		page := catalog.Page{Limit: limit}
		for {
			d, err := f.GetAccountAuthorizationDetails(t.Context(), f.root, DetailFilter{}, page)
			f.must(err)
			if n := len(d.Users) + len(d.Groups) + len(d.Roles) + len(d.Policies); n > limit {
				t.Fatalf("a page of %d has %d", limit, n)
			}
			for _, u := range d.Users {
				names = append(names, u.Name)
			}
			for _, g := range d.Groups {
				names = append(names, g.Name)
			}
			for _, p := range d.Policies {
				names = append(names, p.Name)
			}
			if page.After = d.Next; d.Next == "" {
				break
			}
		}
		if want := []string{"ann", "bob", "eve", "staff", "own"}; !slices.Equal(names, want) {
			t.Errorf("pages of %d: got %q, want %q", limit, names, want)
		}
	}
	only, err := f.GetAccountAuthorizationDetails(t.Context(), f.root, DetailFilter{Groups: true}, catalog.Page{Limit: 100})
	f.must(err)
	if len(only.Users)+len(only.Policies) != 0 || len(only.Groups) != 1 {
		t.Errorf("got %+v", only)
	}
	_, err = f.GetAccountAuthorizationDetails(t.Context(), f.root, DetailFilter{Groups: true}, catalog.Page{Limit: 1, After: "u"})
	f.refused(err, artifact.Invalid, "The page marker was not given out by this list.")
	_, err = f.GetAccountAuthorizationDetails(t.Context(), f.callerOf(f.user("zoe", mayRead).ID), DetailFilter{}, catalog.Page{Limit: 1})
	if !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v", err)
	}
}
