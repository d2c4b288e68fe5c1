package accounts

import (
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

const (
	repo      = "arn:aws:codeartifact:us-east-1:123456789012:repository/d/r"
	foreign   = "arn:aws:codeartifact:us-east-1:210987654321:repository/d/r"
	mayRead   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"codeartifact:Read*","Resource":"*"}}`
	mayList   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"codeartifact:List*","Resource":"*"}}`
	mayNotGet = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"codeartifact:Get*","Resource":"*"}}`
)

// simulate simulates a principal.
func (f *fixture) simulate(arn string, in Simulation) []Simulated {
	f.Helper()
	l, err := f.SimulatePrincipalPolicy(f.Context(), f.root, arn, in, catalog.Page{Limit: 100})
	f.must(err)
	return l.Items
}

func (f *fixture) embed(e Entity, name, document string) {
	f.Helper()
	f.must(f.PutEntityPolicy(f.Context(), f.root, e, catalog.IdentityPolicy{Name: name, Document: document}))
}

func decisions(results []Simulated) (words []string) {
	for _, r := range results {
		words = append(words, string(r.Decision))
	}
	return words
}

func TestAUserIsSimulatedWithItsGroupsAndItsBoundary(t *testing.T) {
	f := newFixture(t)
	bob := f.user("bob", "")
	f.embed(User("bob"), "reading", mayRead)
	_, err := f.CreateGroup(t.Context(), f.root, NewPrincipal{Name: "staff"})
	f.must(err)
	f.embed(Group("staff"), "no-get", mayNotGet)
	lists, err := f.CreatePolicy(t.Context(), f.root, NewPolicy{Name: "lists", Document: mayList})
	f.must(err)
	f.must(f.AttachPolicy(t.Context(), f.root, Group("staff"), lists.ARN))
	f.must(f.AddUserToGroup(t.Context(), f.root, "staff", "bob"))

	in := Simulation{Actions: []string{"codeartifact:ReadFromRepository", "codeartifact:ListPackages", "codeartifact:GetPackageVersionAsset",
		"codeartifact:DeletePackage"}}
	results := f.simulate(bob.ARN, in)
	if got := decisions(results); !slices.Equal(got, []string{"allowed", "allowed", "explicitDeny", "implicitDeny"}) {
		t.Fatalf("got %q", got)
	}
	var sources []string
	for _, r := range results {
		for _, m := range r.Matched {
			sources = append(sources, m.SourceID+" "+m.SourceType)
		}
		if r.Resource != "*" || r.Details != nil || r.Bounded != nil || len(r.Resources) != 0 {
			t.Errorf("got %+v", r)
		}
	}
	if want := []string{"user_bob_reading IAM Policy", "lists IAM Policy", "group_staff_no-get IAM Policy"}; !slices.Equal(sources, want) {
		t.Errorf("got %q, want %q", sources, want)
	}
	if m := results[0].Matched[0]; m.Begin != (Position{1, 38}) || m.End != (Position{1, 100}) {
		t.Errorf("got %+v", m)
	}

	f.must(f.PutBoundary(t.Context(), f.root, User("bob"), lists.ARN))
	for _, r := range f.simulate(bob.ARN, in)[:2] {
		if allows := r.Action == "codeartifact:ListPackages"; *r.Bounded != allows || (r.Decision == Allowed) != allows {
			t.Errorf("%s in a boundary: got %s, %v", r.Action, r.Decision, *r.Bounded)
		}
	}
	in.Boundary = []string{mayRead}
	if got := decisions(f.simulate(bob.ARN, in)); got[0] != "allowed" || got[1] != "implicitDeny" {
		t.Errorf("a boundary that is handed in stands in for the user's: got %q", got)
	}
	// A group is simulated by itself.
	if got := decisions(f.simulate("arn:aws:iam::123456789012:group/staff", Simulation{Actions: in.Actions})); got[0] != "implicitDeny" || got[1] != "allowed" {
		t.Errorf("the group: got %q", got)
	}
	keys, err := f.ContextKeysForPrincipalPolicy(t.Context(), f.root, bob.ARN, []string{strings.Replace(mayRead, `"Resource":"*"`,
		`"Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":"v","AWS:username":"${aws:UserName}"}}`, 1)})
	f.must(err)
	if !slices.Equal(keys, []string{"aws:SourceVpc", "AWS:username"}) {
		t.Errorf("got %q", keys)
	}
}

func TestWhatIsSimulatedIsWhatTheDoorsDecide(t *testing.T) {
	f := newFixture(t)
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::123456789012:user/${aws:username}",
		"Condition":{"StringEquals":{"aws:PrincipalTag/team":"core"}}}}`
	ann := f.user("ann", policy)
	ask := func() Verdict {
		return f.simulate(ann.ARN, Simulation{Actions: []string{"iam:GetUser"}, Resources: []string{ann.ARN}})[0].Decision
	}
	for _, tagged := range []bool{false, true} {
		if tagged {
			f.must(f.Tag(t.Context(), f.root, User("ann"), []Tag{{"team", "core"}}))
		}
		_, err := f.GetUser(t.Context(), f.callerOf(ann.ID), "ann")
		if got := ask(); (err == nil) != tagged || (got == Allowed) != tagged {
			t.Errorf("tagged %v: the door says %v, the simulation %s", tagged, err, got)
		}
	}
}

func TestResourcesAreDecidedOneByOneAndTogether(t *testing.T) {
	f := newFixture(t)
	policy := `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"codeartifact:*","Resource":"` + repo + `*"},
  {"Effect":"Deny","Action":"codeartifact:*","Resource":"` + repo + `2","Condition":{"StringEquals":{"aws:SourceVpc":"v"}}}]}`
	simulate := func(in Simulation) Simulated {
		t.Helper()
		in.Policies, in.Actions = []string{policy}, []string{"codeartifact:ReadFromRepository"}
		l, err := f.SimulateCustomPolicy(t.Context(), f.root, in, catalog.Page{Limit: 100})
		f.must(err)
		return l.Items[0]
	}
	r := simulate(Simulation{Resources: []string{repo}})
	if r.Resource != repo || r.Decision != Allowed || len(r.Resources) != 1 || r.Details == nil || len(r.Details) != 0 ||
		r.Matched[0] != (MatchedStatement{"PolicyInputList.1", "IAM Policy", Position{1, 38}, Position{2, len(repo) + 62}}) {
		t.Errorf("one: got %+v", r)
	}
	both := Simulation{Resources: []string{repo + "2", repo, foreign}}
	r = simulate(both)
	if r.Resource != "" || r.Decision != ImplicitDeny || len(r.Matched) != 0 || !slices.Equal(r.Missing, []string{"aws:SourceVpc"}) ||
		!slices.Equal(r.Resources[0].Missing, []string{"aws:SourceVpc"}) || r.Resources[1].Missing != nil ||
		r.Resources[1].Decision != Allowed || r.Resources[2].Decision != ImplicitDeny {
		t.Errorf("three: got %+v", r)
	}
	both.Context = []ContextEntry{{"AWS:SourceVpc", "string", []string{"v"}}}
	if r = simulate(both); r.Decision != ExplicitDeny || len(r.Matched) != 1 || r.Matched[0].Begin.Line != 2 || r.Resources[1].Decision != Allowed {
		t.Errorf("with a deny: got %+v", r)
	}
}

func TestAPolicyOfTheResourceCountsAsItDoesAtTheDoors(t *testing.T) {
	f := newFixture(t)
	bob := f.user("bob", mayRead)
	names := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"codeartifact:*","Resource":"*","Principal":{"AWS":"` + principal + `"}}}`
	}
	for name, c := range map[string]struct {
		action string
		in     Simulation
		want   Verdict
		detail map[string]Verdict
	}{
		"his own account's, by name": {"codeartifact:ListPackages", Simulation{ResourcePolicy: names(bob.ARN)}, Allowed, map[string]Verdict{}},
		"his own account's, by the account": {"codeartifact:ListPackages", Simulation{ResourcePolicy: names("123456789012")}, ImplicitDeny,
			map[string]Verdict{}},
		"another account's": {"codeartifact:ReadFromRepository", Simulation{Resources: []string{foreign}, ResourcePolicy: names("123456789012")},
			Allowed, map[string]Verdict{"IAM Policy": "allowed", "Resource Policy": "allowed"}},
		"another account's, which his own does not let him use": {"codeartifact:ListPackages",
			Simulation{Resources: []string{foreign}, ResourcePolicy: names(bob.ARN)}, ImplicitDeny,
			map[string]Verdict{"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}},
		"another account's by what is said of its owner": {"codeartifact:ListPackages", Simulation{Resources: []string{"arn:aws:s3:::bucket"},
			ResourcePolicy: names(bob.ARN), ResourceOwner: "arn:aws:iam::210987654321:root"}, ImplicitDeny,
			map[string]Verdict{"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}},
		"another user's, as whom he would call": {"codeartifact:ListPackages", Simulation{ResourcePolicy: names(bob.ARN),
			CallerARN: "arn:aws:iam::123456789012:user/eve"}, ImplicitDeny, map[string]Verdict{}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in.Resources == nil {
				c.in.Resources = []string{repo}
			}
			c.in.Actions = []string{c.action}
			r := f.simulate(bob.ARN, c.in)[0]
			if r.Decision != c.want || len(r.Details) != len(c.detail) {
				t.Fatalf("got %+v, want %s, %v", r, c.want, c.detail)
			}
			for kind, want := range c.detail {
				if r.Details[kind] != want {
					t.Errorf("%s: got %s, want %s", kind, r.Details[kind], want)
				}
			}
		})
	}
	// A key's policy has the first word.
	key := Simulation{Actions: []string{"kms:Decrypt"}, Resources: []string{"arn:aws:kms:us-east-1:123456789012:key/k"},
		Policies: []string{`{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`}, ResourcePolicy: names("arn:aws:iam::123456789012:user/eve")}
	if r := f.simulate(bob.ARN, key)[0]; r.Decision != ImplicitDeny {
		t.Errorf("a key that leaves nothing to the account: got %s", r.Decision)
	}
}

func TestSimulationsThatCannotBeAreRefused(t *testing.T) {
	f := newFixture(t)
	bob := f.user("bob", mayRead)
	read := []string{"codeartifact:ReadFromRepository"}
	resource := `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}`
	for _, c := range []struct {
		in    Simulation
		words string
	}{
		{Simulation{Actions: []string{"codeartifact:*"}}, "Invalid Input Action: codeartifact:*; want service:Operation, without wildcards."},
		{Simulation{Actions: read, ResourceHandling: "EC2-VPC-EBS"}, "Invalid Input ResourceHandlingOption: EC2-VPC-EBS is about instances " +
			"of EC2, which there are none of. Leave it out."},
		{Simulation{Actions: read, Resources: []string{"r"}}, `Invalid Input ResourceArns: ARN "r": want ` +
			"arn:partition:service:region:account:resource."},
		{Simulation{Actions: read, Policies: []string{"{}"}}, "Invalid Input PolicyInputList.1: policy document: there is no Statement (near byte 1)"},
		{Simulation{Actions: read, Boundary: []string{mayRead, mayRead}}, "Invalid Input PermissionsBoundaryPolicyInputList: there can be one " +
			"permissions boundary."},
		{Simulation{Actions: read, ResourcePolicy: resource}, "CallerArn must be given with ResourcePolicy: whom that names can only be told of a user."},
		{Simulation{Actions: read, CallerARN: "arn:aws:iam::123456789012:role/r"}, "Invalid Input CallerArn: arn:aws:iam::123456789012:role/r is " +
			"not the ARN of an IAM user."},
		{Simulation{Actions: read, ResourceOwner: "me"}, "Invalid Input ResourceOwner: me is neither the number of an account nor the ARN of its root."},
		{Simulation{Actions: read, Context: []ContextEntry{{"aws:MultiFactorAuthAge", "numericList", []string{"1", "old"}}}},
			`Invalid Input ContextEntries: aws:MultiFactorAuthAge: "old" is not a number.`},
		{Simulation{Actions: read, Context: []ContextEntry{{"aws:SourceVpc", "string", nil}, {"AWS:sourcevpc", "string", nil}}},
			"Invalid Input ContextEntries: AWS:sourcevpc stands there twice."},
		{Simulation{Actions: read, Context: []ContextEntry{{"aws:SourceVpc", "string", []string{strings.Repeat("x", maxContextValue+1)}}}},
			"Invalid Input ContextEntries: aws:SourceVpc has a value of more than 8192 bytes."},
	} {
		_, err := f.SimulateCustomPolicy(t.Context(), f.root, c.in, catalog.Page{Limit: 1})
		f.refused(err, artifact.Invalid, c.words)
	}
	simulate := func(arn string) error {
		_, err := f.SimulatePrincipalPolicy(t.Context(), f.root, arn, Simulation{Actions: read}, catalog.Page{Limit: 1})
		return err
	}
	f.refused(simulate("arn:aws:iam::123456789012:root"), artifact.Invalid,
		"Invalid Entity Arn: arn:aws:iam::123456789012:root does not clearly define entity type and name.")
	f.refused(simulate("arn:aws:sts::123456789012:assumed-role/r/s"), artifact.Invalid,
		"Invalid Entity Arn: arn:aws:sts::123456789012:assumed-role/r/s does not clearly define entity type and name.")
	f.refused(simulate("arn:aws:iam::123456789012:role/ci/r"), artifact.NotFound, "The role with name r cannot be found.")
	_, err := f.SimulatePrincipalPolicy(t.Context(), f.callerOf(bob.ID), f.root.Principal.ARN, Simulation{Actions: read}, catalog.Page{Limit: 1})
	if !artifact.Is(err, artifact.Invalid) {
		t.Errorf("got %v", err)
	}
	_, err = f.SimulatePrincipalPolicy(t.Context(), f.callerOf(bob.ID), bob.ARN, Simulation{Actions: read}, catalog.Page{Limit: 1})
	f.refused(err, artifact.Denied, "User: "+bob.ARN+" is not authorized to perform: iam:SimulatePrincipalPolicy on resource: "+bob.ARN+
		" because no identity-based policy allows the iam:SimulatePrincipalPolicy action")
}

func TestSimulationsArePaged(t *testing.T) {
	f := newFixture(t)
	in := Simulation{Policies: []string{mayRead}, Actions: []string{"a:A", "a:B", "a:C"}}
	var got []string
	page := catalog.Page{Limit: 2}
	for {
		l, err := f.SimulateCustomPolicy(t.Context(), f.root, in, page)
		f.must(err)
		for _, s := range l.Items {
			got = append(got, s.Action)
		}
		if page.After = l.Next; l.Next == "" {
			break
		}
	}
	if !slices.Equal(got, in.Actions) {
		t.Errorf("got %q", got)
	}
	for _, marker := range []string{"?", "MA", "Mw", "eA"} { // 0, 3 and x
		_, err := f.SimulateCustomPolicy(t.Context(), f.root, in, catalog.Page{Limit: 2, After: marker})
		f.refused(err, artifact.Invalid, "The page marker was not given out by this list.")
	}
	// However many resources there are, a page has an action, and the evaluations of it are bounded.
	in.Resources = slices.Repeat([]string{repo}, maxEvaluations)
	l, err := f.SimulateCustomPolicy(t.Context(), f.root, in, catalog.Page{Limit: 2})
	f.must(err)
	if len(l.Items) != 1 || l.Next == "" {
		t.Errorf("got %d items, then %q", len(l.Items), l.Next)
	}
}

func TestASimulationLooksAtABoundedNumberOfTerms(t *testing.T) {
	f := newFixture(t)
	deny := `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:SourceVpc":"true"},"StringLike":{"aws:PrincipalType":["*","U*"]}}},`
	large := `{"Statement":[` + strings.Repeat(deny, 49) + strings.TrimSuffix(deny, ",") + `]}`
	in := Simulation{Policies: slices.Repeat([]string{large}, 20), Actions: []string{"a:A", "a:B"}}
	in.CallerARN, in.Resources = f.user("bob", "").ARN, slices.Repeat([]string{repo}, maxTerms/5000)
	l, err := f.SimulateCustomPolicy(t.Context(), f.root, in, catalog.Page{Limit: 2})
	f.must(err)
	if len(l.Items) != 1 || l.Next == "" || len(l.Items[0].Matched) != 20*50 {
		t.Errorf("got %d items, then %q", len(l.Items), l.Next)
	}
	in.Resources = append(in.Resources, repo)
	_, err = f.SimulateCustomPolicy(t.Context(), f.root, in, catalog.Page{Limit: 2})
	f.refused(err, artifact.Invalid, "Invalid Input: the policies have 5000 actions, resources and values of conditions, which is too much "+
		"for 101 resources at once: at most 500000 are looked at for an action. Name fewer resources, or fewer policies.")
}
