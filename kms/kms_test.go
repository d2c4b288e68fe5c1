package kms_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/kms"
	"entrepot/repository/repositorytest"
)

const day = 24 * time.Hour

func TestAKeyFromItsCreationToItsEnd(t *testing.T) {
	f := begin(t)
	made := f.key(kms.Spec{Description: "for packages", Tags: map[string]string{"team": "core"}})
	if made.State() != kms.Enabled || made.ARN != "arn:aws:kms:us-east-1:111122223333:key/"+made.ID {
		t.Errorf("got %s %s", made.State(), made.ARN)
	}
	for _, asked := range []string{made.ID, made.ARN} {
		got, err := f.Key(t.Context(), f.owner, asked)
		f.check(err)
		if got.Description != "for packages" || got.Tags["team"] != "core" || got.ID != made.ID {
			t.Errorf("by %s: got %+v", asked, got)
		}
	}
	d := f.domain("acme", made.ID)
	f.check(f.opens(d.ID))

	f.check(f.SetEnabled(t.Context(), f.owner, made.ID, false))
	f.state(made.ID, kms.Disabled)
	f.check(f.SetEnabled(t.Context(), f.owner, made.ARN, true))
	f.state(made.ID, kms.Enabled)

	pending, err := f.ScheduleDeletion(t.Context(), f.owner, made.ID, 7)
	f.check(err)
	if !pending.DeletesAt.Equal(f.now.Add(7 * day)) {
		t.Errorf("it is deleted at %v", pending.DeletesAt)
	}
	f.state(made.ID, kms.PendingDeletion)
	f.refused("KMSInvalidStateException", f.SetEnabled(t.Context(), f.owner, made.ID, true))
	_, err = f.ScheduleDeletion(t.Context(), f.owner, made.ID, 7)
	f.refused("KMSInvalidStateException", err)
	f.refused("KMSInvalidStateException", f.EnableRotation(t.Context(), f.owner, made.ID, 0))
	f.refused("KMSInvalidStateException", f.CreateAlias(t.Context(), f.owner, "alias/late", made.ID))

	_, err = f.CancelDeletion(t.Context(), f.owner, made.ID)
	f.check(err)
	f.state(made.ID, kms.Disabled)
	_, err = f.CancelDeletion(t.Context(), f.owner, made.ID)
	f.refused("KMSInvalidStateException", err)

	f.check(f.CreateAlias(t.Context(), f.owner, "alias/acme", made.ID))
	_, err = f.ScheduleDeletion(t.Context(), f.owner, made.ID, 0)
	f.check(err)
	f.now = f.now.Add(30*day - time.Second)
	f.check(f.Tend(t.Context()))
	f.state(made.ID, kms.PendingDeletion)
	f.now = f.now.Add(time.Second)
	f.check(f.Tend(t.Context()))
	for _, asked := range []string{made.ID, "alias/acme"} {
		_, err := f.Key(t.Context(), f.owner, asked)
		f.refused("NotFoundException", err)
	}
	if err := f.opens(d.ID); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("a domain under a key that was destroyed: %v", err)
	}
	want := []string{"kms:CreateKey", "kms:DisableKey", "kms:EnableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
		"kms:CreateAlias", "kms:ScheduleKeyDeletion", "kms:DeleteKey"}
	if got := f.events(); !slices.Equal(got, want) {
		t.Errorf("on record is %v, want %v", got, want)
	}
}

func (f *fixture) state(asked, want string) {
	f.Helper()
	k, err := f.Key(f.Context(), f.owner, asked)
	f.check(err)
	if k.State() != want {
		f.Errorf("the state is %s, want %s", k.State(), want)
	}
}

func TestRotationGivesNewMaterialUnderWhichDomainsStillOpen(t *testing.T) {
	f := begin(t)
	k := f.key(kms.Spec{})
	d := f.domain("acme", k.ID)
	f.check(f.EnableRotation(t.Context(), f.owner, k.ID, 90))
	f.now = f.now.Add(day)
	f.check(f.EnableRotation(t.Context(), f.owner, k.ID, 90)) // again: the day stays as it was
	status, err := f.Rotation(t.Context(), f.owner, k.ID)
	f.check(err)
	if status.Rotation != 90 || !status.RotatesAt.Equal(f.now.Add(89*day)) {
		t.Errorf("it rotates every %d days, next on %v", status.Rotation, status.RotatesAt)
	}
	f.now = f.now.Add(89 * day)
	f.check(f.Tend(t.Context()))
	after, err := f.Key(t.Context(), f.owner, k.ID)
	f.check(err)
	if string(after.Material) == string(k.Material) || !after.RotatesAt.Equal(f.now.Add(90*day)) {
		t.Errorf("the material is what it was, or it never rotates again: %v", after.RotatesAt)
	}
	f.check(f.opens(d.ID))
	old, err := f.ring.OpenEncryptionKey(k.ID, k.Material)
	f.check(err)
	f.check(f.Catalog.Read(t.Context(), func(r catalog.Reader) error {
		now, err := r.DomainByID(d.ID)
		if _, err := old.Unwrap(now.DataKey); !errors.Is(err, sealed.ErrNotOurs) {
			t.Errorf("the old material still opens the domain: %v", err)
		}
		return err
	}))
	f.check(f.Tend(t.Context())) // nothing is due
	if again, _ := f.Key(t.Context(), f.owner, k.ID); string(again.Material) != string(after.Material) {
		t.Error("it was rotated again")
	}
	f.check(f.DisableRotation(t.Context(), f.owner, k.ID))
	status, err = f.Rotation(t.Context(), f.owner, k.ID)
	f.check(err)
	if status.Rotation != 0 || !status.RotatesAt.IsZero() {
		t.Errorf("it still rotates: %+v", status)
	}
	f.check(f.SetEnabled(t.Context(), f.owner, k.ID, false))
	f.refused("DisabledException", f.EnableRotation(t.Context(), f.owner, k.ID, 0))
	f.refused("ValidationException", f.EnableRotation(t.Context(), f.owner, k.ID, 89))
}

func TestAliasesNameKeysOfTheirAccount(t *testing.T) {
	f := begin(t)
	first, second := f.key(kms.Spec{}), f.key(kms.Spec{})
	f.check(f.CreateAlias(t.Context(), f.owner, "alias/a", first.ID))
	f.check(f.CreateAlias(t.Context(), f.owner, "alias/b/c", first.ARN))
	f.refused("AlreadyExistsException", f.CreateAlias(t.Context(), f.owner, "alias/a", second.ID))
	f.refused("LimitExceededException", f.CreateAlias(t.Context(), f.owner, "alias/d", first.ID))
	for _, asked := range []string{"alias/a", "arn:aws:kms:us-east-1:111122223333:alias/a"} {
		k, err := f.Key(t.Context(), f.owner, asked)
		f.check(err)
		if k.ID != first.ID {
			t.Errorf("%s names %s", asked, k.ID)
		}
	}
	f.check(f.UpdateAlias(t.Context(), f.owner, "alias/a", second.ID))
	if k, _ := f.Key(t.Context(), f.owner, "alias/a"); k.ID != second.ID {
		t.Errorf("the alias still names %s", k.ID)
	}
	if got := f.aliases(""); got != "alias/aws/codeartifact alias/a alias/b/c" {
		t.Errorf("the account has %s", got)
	}
	if got := f.aliases(second.ID); got != "alias/a" {
		t.Errorf("the key has %s", got)
	}
	f.check(f.DeleteAlias(t.Context(), f.owner, "alias/a"))
	f.refused("NotFoundException", f.DeleteAlias(t.Context(), f.owner, "alias/a"))
	f.refused("NotFoundException", f.UpdateAlias(t.Context(), f.owner, "alias/a", first.ID))
	for _, name := range []string{"a", "alias/", "alias/aws/mine", "alias/aws/codeartifact", "alias/a b", "alias/a:b"} {
		f.refused("InvalidAliasNameException", f.CreateAlias(t.Context(), f.owner, name, first.ID))
		f.refused("InvalidAliasNameException", f.DeleteAlias(t.Context(), f.owner, name))
	}
	f.refused("NotFoundException", f.CreateAlias(t.Context(), f.owner, "alias/x", "alias/b/c"))
	f.refused("NotFoundException", f.SetEnabled(t.Context(), f.owner, "alias/b/c", false))
}

// aliases lists them page by page.
func (f *fixture) aliases(key string) string {
	f.Helper()
	var names []string
	for _, limit := range []int{1, 2, 50} {
		names = nil
		page := catalog.Page{Limit: limit}
		for {
			l, err := f.Aliases(f.Context(), f.owner, key, page)
			f.check(err)
			if len(l.Items) > limit {
				f.Errorf("%d items on a page of %d", len(l.Items), limit)
			}
			for _, a := range l.Items {
				names = append(names, a.Name)
			}
			if page.After = l.Next; l.Next == "" {
				break
			}
		}
	}
	return strings.Join(names, " ")
}

func TestTheKeyThatIsKeptForAnAccountCannotBeChanged(t *testing.T) {
	f := begin(t)
	kept, err := f.Key(t.Context(), f.owner, "alias/aws/codeartifact")
	f.check(err)
	d, err := f.domainKey(f.owner, "")
	f.check(err)
	if !kept.Managed || d.EncryptionKey != kept.ARN || d.WrappedUnder != "" {
		t.Errorf("a domain is made under %+v, want %s", d, kept.ARN)
	}
	if named, err := f.domainKey(f.owner, kept.ID); err != nil || named.EncryptionKey != kept.ARN || named.WrappedUnder != "" {
		t.Errorf("by its id: got %+v, %v", named, err)
	}
	_, scheduling := f.ScheduleDeletion(t.Context(), f.owner, kept.ID, 7)
	for _, err := range []error{f.SetEnabled(t.Context(), f.owner, kept.ID, false), scheduling,
		f.PutKeyPolicy(t.Context(), f.owner, kept.ID, "", kept.Policy, true), f.Tag(t.Context(), f.owner, kept.ID, map[string]string{"a": "b"})} {
		f.refused("AccessDeniedException", err)
	}
	f.refused("AccessDeniedException", f.CreateAlias(t.Context(), f.owner, "alias/mine", kept.ID))
	k := f.key(kms.Spec{})
	l, err := f.Keys(t.Context(), f.owner, catalog.Page{Limit: 9})
	f.check(err)
	if len(l.Items) != 2 || l.Items[0].ID != kept.ID || l.Items[1].ID != k.ID {
		t.Errorf("the account has %v", l.Items)
	}
	if got := f.aliases(kept.ID); got != "alias/aws/codeartifact" {
		t.Errorf("its aliases are %q", got)
	}
}

const (
	named = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"kms:*","Resource":"*"}}`
	open  = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":"*","Action":["kms:DescribeKey","kms:CreateGrant"],"Resource":"*"}]}`
)

func TestAKeysPolicyAndItsAccountsDecide(t *testing.T) {
	f := begin(t)
	k := f.key(kms.Spec{})
	bob := repositorytest.Caller(t, account, "bob")
	eve := repositorytest.Caller(t, partner, "eve", repositorytest.AllowAll)
	_, err := f.Key(t.Context(), bob, k.ID)
	f.refused("AccessDeniedException", err)
	_, err = f.Key(t.Context(), eve, k.ARN)
	f.refused("AccessDeniedException", err)
	known := err.Error()
	// A stranger is told the same of a key that does not exist.
	absent := strings.Replace(k.ARN, k.ID, "11111111-1111-4111-8111-111111111111", 1)
	_, err = f.Key(t.Context(), eve, absent)
	f.refused("AccessDeniedException", err)
	if got := strings.ReplaceAll(err.Error(), absent, k.ARN); got != known {
		t.Errorf("a stranger can tell what exists: %q and %q", got, known)
	}
	_, err = f.Key(t.Context(), f.owner, absent)
	f.refused("NotFoundException", err)

	f.refused("MalformedPolicyDocumentException", f.PutKeyPolicy(t.Context(), f.owner, k.ID, "default", "{}", false))
	f.refused("MalformedPolicyDocumentException", f.PutKeyPolicy(t.Context(), f.owner, k.ID, "default", named, false))
	f.refused("NotFoundException", f.PutKeyPolicy(t.Context(), f.owner, k.ID, "other", open, false))
	f.check(f.PutKeyPolicy(t.Context(), f.owner, k.ID, "default", open, false))
	if _, err = f.Key(t.Context(), bob, k.ID); err != nil {
		t.Errorf("everybody may, of the key's own account: %v", err)
	}
	if _, err = f.Key(t.Context(), eve, k.ARN); err != nil {
		t.Errorf("everybody may, with an account that allows it: %v", err)
	}
	_, err = f.Key(t.Context(), repositorytest.Caller(t, partner, "mallory"), k.ARN)
	f.refused("AccessDeniedException", err)
	f.refused("AccessDeniedException", f.SetEnabled(t.Context(), eve, k.ARN, false))
	d, err := f.domainKey(eve, k.ARN)
	if err != nil || d.WrappedUnder != k.ID {
		t.Errorf("got %+v, %v", d, err)
	}

	f.check(f.PutKeyPolicy(t.Context(), f.owner, k.ID, "default", named, true))
	_, err = f.Key(t.Context(), f.owner, k.ID)
	f.refused("AccessDeniedException", err)
	document, err := f.KeyPolicy(t.Context(), bob, k.ID, "")
	if err != nil || document != named {
		t.Errorf("got %q, %v", document, err)
	}
	want := "kms:DisableKey"
	if got := f.events(); !slices.Contains(got, want) {
		t.Errorf("that somebody was not allowed to is not on record: %v", got)
	}
}

func TestPermissionForADomainIsOnBehalfOfTheService(t *testing.T) {
	f := begin(t)
	k := f.key(kms.Spec{})
	const viaService = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:DescribeKey","kms:CreateGrant"],"Resource":"*",
		"Condition":{"StringEquals":{"kms:ViaService":"codeartifact.us-east-1.amazonaws.com","kms:CallerAccount":"111122223333"}}}}`
	c := repositorytest.Caller(t, account, "carol", viaService)
	if _, err := f.domainKey(c, k.ID); err != nil {
		t.Error(err)
	}
	_, err := f.Key(t.Context(), c, k.ID)
	f.refused("AccessDeniedException", err)
	describes := repositorytest.Caller(t, account, "dan", `{"Statement":{"Effect":"Allow","Action":"kms:DescribeKey","Resource":"*"}}`)
	if _, err := f.domainKey(describes, k.ID); !artifact.Is(err, artifact.Denied) {
		t.Errorf("without kms:CreateGrant: got %v", err)
	}
}

func TestAKeyThatCannotBeUsedMakesNoDomain(t *testing.T) {
	f := begin(t)
	k := f.key(kms.Spec{})
	f.check(f.SetEnabled(t.Context(), f.owner, k.ID, false))
	for _, asked := range []string{"x", "alias/absent", "alias/a b", "11111111-1111-4111-8111-111111111111",
		"arn:aws:kms:eu-west-1:111122223333:key/" + k.ID, "arn:aws:s3:::bucket", "arn:aws:kms:us-east-1:111122223333:other/x", k.ID} {
		_, err := f.domainKey(f.owner, asked)
		if !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v, want Invalid", asked, err)
		}
		if asked != k.ID && !strings.Contains(err.Error(), "KMS key not found") {
			t.Errorf("%s: got %v", asked, err)
		}
	}
}

func TestQuotasAndTags(t *testing.T) {
	f := begin(t)
	k := f.key(kms.Spec{Tags: map[string]string{"a": "1", "b": "2"}})
	f.refused("LimitExceededException", f.Tag(t.Context(), f.owner, k.ID, map[string]string{"c": "3"}))
	f.refused("TagException", f.Tag(t.Context(), f.owner, k.ID, map[string]string{"AWS:x": ""}))
	f.check(f.Untag(t.Context(), f.owner, k.ID, []string{"a", "absent"}))
	f.check(f.Tag(t.Context(), f.owner, k.ID, map[string]string{"b": "4"}))
	tags, err := f.Tags(t.Context(), f.owner, k.ID)
	f.check(err)
	if len(tags) != 1 || tags["b"] != "4" {
		t.Errorf("got %v", tags)
	}
	tagged := repositorytest.Caller(t, account, "erin", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
		"Condition":{"StringEquals":{"aws:ResourceTag/b":"4"}}}}`)
	f.check(f.SetEnabled(t.Context(), tagged, k.ID, false))
	f.refused("AccessDeniedException", f.SetEnabled(t.Context(), tagged, f.key(kms.Spec{}).ID, false))
	f.key(kms.Spec{})
	f.key(kms.Spec{})
	_, err = f.CreateKey(t.Context(), f.owner, kms.Spec{})
	f.refused("LimitExceededException", err)
	untagging := repositorytest.Caller(t, partner, "frank", `{"Statement":{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"}}`)
	_, err = f.CreateKey(t.Context(), untagging, kms.Spec{Tags: map[string]string{"a": "1"}})
	f.refused("AccessDeniedException", err)
	_, err = f.CreateKey(t.Context(), untagging, kms.Spec{})
	f.check(err)
	_, err = f.ScheduleDeletion(t.Context(), f.owner, k.ID, 6)
	f.refused("ValidationException", err)
	_, err = f.ScheduleDeletion(t.Context(), f.owner, k.ID, 31)
	f.refused("ValidationException", err)
}
