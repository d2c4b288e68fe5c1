package accounts

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

func TestAUserIsMadeFoundListedMovedAndDeleted(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	made, err := f.CreateUser(ctx, f.root, NewPrincipal{Name: "ann", Path: "/team/", Tags: []Tag{{"Cost", "42"}}})
	f.must(err)
	if made.ARN != "arn:aws:iam::123456789012:user/team/ann" || !strings.HasPrefix(made.ID, "AIDA") || len(made.ID) != 21 ||
		!maps.Equal(made.Tags, map[string]string{"Cost": "42"}) || !made.CreatedAt.Equal(f.clock) {
		t.Errorf("got %+v", made)
	}
	if e, detail := f.last(); e.Action != "iam:CreateUser" || e.Resource != made.ARN || e.Principal != f.root.Principal.ARN ||
		detail["path"] != "/team/" {
		t.Errorf("got %+v %v on record", e, detail)
	}
	found, err := f.GetUser(ctx, f.root, "ann")
	f.must(err)
	if found.ID != made.ID {
		t.Errorf("got %+v", found)
	}
	f.must(f.UpdateUser(ctx, f.root, "ann", "/", "Anna"))
	f.user("bob", "")
	l, err := f.ListUsers(ctx, f.root, "", catalog.Page{Limit: 1})
	f.must(err)
	if len(l.Items) != 1 || l.Items[0].ARN != "arn:aws:iam::123456789012:user/Anna" || l.Items[0].ID != made.ID || l.Next == "" {
		t.Errorf("got %+v", l)
	}
	l, err = f.ListUsers(ctx, f.root, "/team/", catalog.Page{Limit: 10})
	if f.must(err); len(l.Items) != 0 {
		t.Errorf("got %+v below a path that nobody has", l)
	}
	f.must(f.DeleteUser(ctx, f.root, "Anna"))
	_, err = f.GetUser(ctx, f.root, "Anna")
	f.refused(err, artifact.NotFound, "The user with name Anna cannot be found.")
}

func TestNamesAreUniqueWhateverTheirCase(t *testing.T) {
	f := newFixture(t)
	f.user("ann", "")
	f.user("bob", "")
	_, err := f.CreateUser(t.Context(), f.root, NewPrincipal{Name: "ANN"})
	f.refused(err, artifact.Conflict, "User with name ANN already exists.")
	f.refused(f.UpdateUser(t.Context(), f.root, "bob", "", "Ann"), artifact.Conflict, "User with name Ann already exists.")
	f.must(f.UpdateUser(t.Context(), f.root, "bob", "", "Bob"))
}

func TestThereAreAsManyUsersAsTheQuotaAllows(t *testing.T) {
	f := newFixture(t)
	f.Quotas.Users = 1
	f.user("ann", "")
	_, err := f.CreateUser(t.Context(), f.root, NewPrincipal{Name: "bob"})
	f.refused(err, artifact.Quota, "Cannot exceed quota for UsersPerAccount: 1")
}

func TestAUserFromWhomSomethingHangsIsNotDeleted(t *testing.T) {
	f := newFixture(t)
	rows := []struct {
		name, words string
		hang        func(w catalog.Writer, user string) error
		unhang      func(w catalog.Writer, user string) error
	}{
		{"a policy", "Cannot delete entity, must delete policies first.",
			func(w catalog.Writer, user string) error {
				return w.PutIdentityPolicy(user, catalog.IdentityPolicy{Name: "p", Document: "{}"})
			},
			func(w catalog.Writer, user string) error { return w.DeleteIdentityPolicy(user, "p") }},
		{"an attached policy", "Cannot delete entity, must detach all policies first.",
			func(w catalog.Writer, user string) error {
				return errors.Join(w.CreateManagedPolicy(catalog.ManagedPolicy{ID: "m", ARN: "arn:m", Account: account}, "{}"),
					w.AttachPolicy(user, "arn:m"))
			},
			func(w catalog.Writer, user string) error { return w.DetachPolicy(user, "arn:m") }},
		{"an access key", "Cannot delete entity, must delete access keys first.",
			func(w catalog.Writer, user string) error {
				return w.CreateAccessKey(catalog.AccessKey{ID: "AKIA1", Principal: user})
			},
			func(w catalog.Writer, user string) error { return w.DeleteAccessKey("AKIA1") }},
		{"a group", "Cannot delete entity, must remove users from group first.",
			func(w catalog.Writer, user string) error {
				return errors.Join(w.CreatePrincipal(catalog.Principal{ID: "g", ARN: "arn:g", Name: "g", Kind: catalog.GroupPrincipal}),
					w.AddMember("g", user))
			},
			func(w catalog.Writer, user string) error { return w.RemoveMember("g", user) }},
	}
	for _, row := range rows {
		name := strings.ReplaceAll(row.name, " ", "-")
		user := f.user(name, "")
		f.write(func(w catalog.Writer) error { return row.hang(w, user.ID) })
		err := f.DeleteUser(t.Context(), f.root, name)
		f.refused(err, artifact.Conflict, row.words)
		if problem, ok := errors.AsType[Problem](err); !ok || problem != InUse {
			t.Errorf("%s: got %v, want it in use", row.name, problem)
		}
		f.write(func(w catalog.Writer) error { return row.unhang(w, user.ID) })
		f.must(f.DeleteUser(t.Context(), f.root, name))
	}
}

func TestTagsKeepOneSpellingOfEachKey(t *testing.T) {
	f := newFixture(t)
	ctx, ann := t.Context(), User("ann")
	f.user("ann", "")
	f.must(f.Tag(ctx, f.root, ann, []Tag{{"Team", "core"}, {"cost", "1"}}))
	f.must(f.Tag(ctx, f.root, ann, []Tag{{"TEAM", "edge"}}))
	l, err := f.Tags(ctx, f.root, ann, catalog.Page{Limit: 1})
	f.must(err)
	rest, err := f.Tags(ctx, f.root, ann, catalog.Page{Limit: 5, After: l.Next})
	f.must(err)
	if l.Items[0] != (Tag{"Team", "edge"}) || len(rest.Items) != 1 || rest.Items[0] != (Tag{"cost", "1"}) || rest.Next != "" {
		t.Errorf("got %+v and %+v", l, rest)
	}
	f.must(f.Untag(ctx, f.root, ann, []string{"team", "never"}))
	l, err = f.Tags(ctx, f.root, ann, catalog.Page{Limit: 5})
	if f.must(err); len(l.Items) != 1 {
		t.Errorf("got %+v", l)
	}
	f.refused(f.Tag(ctx, f.root, ann, []Tag{{"a", ""}, {"A", ""}}), artifact.Invalid,
		"Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	f.refused(f.Tag(ctx, f.root, ann, []Tag{{"AWS:x", ""}}), artifact.Invalid,
		"Tag keys may not begin with aws:, which is AWS's own.")
	f.Quotas.Tags = 1
	f.refused(f.Tag(ctx, f.root, ann, []Tag{{"more", ""}}), artifact.Quota,
		"The number of tags has reached the maximum limit of 1.")
	_, err = f.Tags(ctx, f.root, ann, catalog.Page{After: "%"})
	f.refused(err, artifact.Invalid, "The page marker was not given out by this list.")
}

func TestOneMayDoWhatOnesPoliciesAllowAndARefusalIsRecorded(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	boss := f.callerOf(f.user("boss", allow("iam:*User*", "arn:aws:iam::123456789012:user/team/*", "")).ID)
	_, err := f.CreateUser(ctx, boss, NewPrincipal{Name: "cat", Path: "/team/"})
	f.must(err)
	_, err = f.CreateUser(ctx, boss, NewPrincipal{Name: "cat"})
	denied := "User: arn:aws:iam::123456789012:user/boss is not authorized to perform: iam:CreateUser on resource: " +
		"arn:aws:iam::123456789012:user/cat because no identity-based policy allows the iam:CreateUser action"
	f.refused(err, artifact.Denied, denied)
	e, _ := f.last()
	if call := f.call(e); e.Action != "iam:CreateUser" || e.Principal != boss.Principal.ARN || call.Error != audit.AccessDenied ||
		call.Message != denied || call.Reads {
		t.Errorf("got %+v %+v on record", e, call)
	}
	// A stranger does not learn who is there.
	for _, name := range []string{"ann", "nobody"} {
		_, err = f.GetUser(ctx, boss, name)
		f.refused(err, artifact.Denied, strings.NewReplacer("CreateUser", "GetUser", "user/cat", "user/"+name).Replace(denied))
	}
	// Nobody moves a user out of reach, or into it.
	f.refused(f.UpdateUser(ctx, boss, "cat", "/", ""), artifact.Denied,
		strings.ReplaceAll(denied, "CreateUser", "UpdateUser"))
	// Tags take the permission to tag.
	tagless := f.callerOf(f.user("tagless", allow("iam:CreateUser", "*", "")).ID)
	_, err = f.CreateUser(ctx, tagless, NewPrincipal{Name: "dog", Tags: []Tag{{"a", "b"}}})
	f.refused(err, artifact.Denied, strings.NewReplacer("CreateUser", "TagUser", "user/cat", "user/dog", "boss", "tagless").Replace(denied))
}

func TestACallerWithoutANameIsMeantItself(t *testing.T) {
	f := newFixture(t)
	ann := f.user("ann", allow("iam:GetUser", "arn:aws:iam::123456789012:user/${aws:username}", ""))
	for id, arn := range map[string]string{ann.ID: ann.ARN, account: f.root.Principal.ARN} {
		c := f.callerOf(id)
		if id == account {
			c = f.root
		}
		got, err := f.GetUser(t.Context(), c, "")
		if f.must(err); got.ARN != arn {
			t.Errorf("got %s, want %s", got.ARN, arn)
		}
	}
	session := f.root
	session.Principal = iam.Principal{Account: account, ARN: "arn:aws:sts::123456789012:assumed-role/r/s", ID: "AROAX:s"}
	_, err := f.GetUser(t.Context(), session, "")
	f.refused(err, artifact.Invalid, "Must specify userName when calling with non-User credentials")
}

func TestABoundaryMustBeThereAndMayBeAskedFor(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	const bound = "arn:aws:iam::123456789012:policy/bound"
	f.write(func(w catalog.Writer) error {
		return errors.Join(w.CreateManagedPolicy(catalog.ManagedPolicy{ID: "m", ARN: bound, Account: account, Name: "bound"},
			allow("iam:GetUser", "*", "")),
			w.CreateManagedPolicy(catalog.ManagedPolicy{ID: "n", ARN: "arn:n", Account: "999999999999"}, "{}"))
	})
	delegate := f.callerOf(f.user("delegate", allow("iam:CreateUser", "*",
		`{"StringEquals":{"iam:PermissionsBoundary":"`+bound+`"}}`)).ID)
	ann, err := f.CreateUser(ctx, delegate, NewPrincipal{Name: "ann", Boundary: bound})
	f.must(err)
	_, err = f.CreateUser(ctx, delegate, NewPrincipal{Name: "bob"})
	if !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v for a user without a boundary", err)
	}
	for _, arn := range []string{"arn:none", "arn:n"} {
		_, err = f.CreateUser(ctx, f.root, NewPrincipal{Name: "bob", Boundary: arn})
		f.refused(err, artifact.NotFound, "Policy "+arn+" does not exist or is not attachable.")
	}
	f.write(func(w catalog.Writer) error {
		return w.PutIdentityPolicy(ann.ID, catalog.IdentityPolicy{Name: "all", Document: allow("*", "*", "")})
	})
	_, err = f.CreateUser(ctx, f.callerOf(ann.ID), NewPrincipal{Name: "cat"})
	if !artifact.Is(err, artifact.Denied) || !strings.Contains(err.Error(), "no permissions boundary allows") {
		t.Errorf("got %v beyond the boundary", err)
	}
	_, err = f.GetUser(ctx, f.callerOf(ann.ID), "ann")
	f.must(err)
}
