package accounts

import (
	"strings"
	"testing"

	"entrepot/artifact"
)

func TestI30ARoleTrustsWhoWasThereAndNobodyWhoTakesTheName(t *testing.T) {
	f := sessions(t)
	ann := f.user("ann", "")
	r := f.roleOf("builder", trustIn(`{"AWS":"`+ann.ARN+`"}`, ""))
	if r.Trust != trustIn(`{"AWS":"`+ann.ARN+`"}`, "") {
		t.Errorf("it is answered as it was put: got %s", r.Trust)
	}
	trusts := func() string {
		t.Helper()
		r, err := f.GetRole(t.Context(), f.root, "builder")
		f.must(err)
		return r.Trust
	}
	assumes := func(id string) error {
		_, err := f.AssumeRole(t.Context(), f.callerOf(id), AssumeRequest{Role: r.ARN, Name: "job"})
		return err
	}
	f.must(assumes(ann.ID))

	// Under another name she is the same, also to who changes something else of the role.
	f.must(f.UpdateUser(t.Context(), f.root, "ann", "", "anna"))
	f.must(assumes(ann.ID))
	description := "for jobs"
	f.must(f.UpdateRole(t.Context(), f.root, "builder", RoleChange{Description: &description}))
	if !strings.Contains(trusts(), ":user/anna") {
		t.Errorf("got %s", trusts())
	}
	f.must(f.UpdateUser(t.Context(), f.root, "anna", "", "ann"))

	f.must(f.DeleteUser(t.Context(), f.root, "ann"))
	again := f.user("ann", "")
	if err := assumes(again.ID); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v, want Denied", err)
	}
	if got := trusts(); !strings.Contains(got, `{"AWS":"`+ann.ID+`"}`) {
		t.Errorf("who is gone is shown by her identifier: got %s", got)
	}
	description = "for other jobs"
	f.must(f.UpdateRole(t.Context(), f.root, "builder", RoleChange{Description: &description}))
	f.refused(f.UpdateTrust(t.Context(), f.root, "builder", trusts()), artifact.Invalid, `Invalid principal in policy: "AWS":"`+ann.ID+`"`)
	f.must(f.UpdateTrust(t.Context(), f.root, "builder", trustIn(`{"AWS":"`+again.ARN+`"}`, "")))
	f.must(assumes(again.ID))
}

func TestARoleOrASessionOfItIsTrustedInTheSameWay(t *testing.T) {
	f := sessions(t)
	first := f.roleOf("first", trustIn(rootOf, ""))
	session := "arn:aws:sts::" + account + ":assumed-role/first/job"
	byRole, bySession := f.roleOf("by-role", trustIn(`{"AWS":"`+first.ARN+`"}`, "")), f.roleOf("by-session", trustIn(`{"AWS":"`+session+`"}`, ""))
	ann := f.user("ann", mayAssume)
	in := func(name string) error {
		t.Helper()
		begun, err := f.AssumeRole(t.Context(), f.callerOf(ann.ID), AssumeRequest{Role: first.ARN, Name: "job"})
		f.must(err)
		_, err = f.AssumeRole(t.Context(), f.in(begun), AssumeRequest{Role: "arn:aws:iam::" + account + ":role/" + name, Name: "next"})
		return err
	}
	f.must(in("by-role"))
	f.must(in("by-session"))
	f.must(f.DeleteRole(t.Context(), f.root, "first"))
	f.roleOf("first", trustIn(rootOf, ""))
	for _, r := range []RoleAbout{byRole, bySession} {
		if err := in(r.Name); !artifact.Is(err, artifact.Denied) {
			t.Errorf("%s: got %v, want Denied", r.Name, err)
		}
	}
	_, err := f.CreateRole(t.Context(), f.root, NewRole{NewPrincipal: NewPrincipal{Name: "late"}, Trust: trustIn(`{"AWS":"`+session+`x"}`, "")})
	f.must(err) // sessions may be to come
	for _, nobody := range []string{"aws:iam::" + account + ":user/none", "aws:iam::" + account + ":role/none",
		"aws-cn:iam::" + account + ":user/ann", "aws-cn:sts::" + account + ":assumed-role/first/job"} {
		_, err = f.CreateRole(t.Context(), f.root, NewRole{NewPrincipal: NewPrincipal{Name: "later"},
			Trust: trustIn(`{"AWS":"arn:`+nobody+`"}`, "")})
		f.refused(err, artifact.Invalid, `Invalid principal in policy: "AWS":"arn:`+nobody+`"`)
	}
	// Of an account that nobody here belongs to nothing is known.
	_, err = f.CreateRole(t.Context(), f.root, NewRole{NewPrincipal: NewPrincipal{Name: "later"},
		Trust: trustIn(`{"AWS":"arn:aws:iam::999999999999:user/far"}`, "")})
	f.must(err)
}
