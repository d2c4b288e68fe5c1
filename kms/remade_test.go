package kms_test

import (
	"strings"
	"testing"

	"entrepot/catalog"
	"entrepot/kms"
)

func TestI30AKeysPolicyNamesWhoWasThereAndNobodyWhoTakesTheName(t *testing.T) {
	f := begin(t)
	const arn = "arn:aws:iam::" + account + ":user/ann"
	ann := catalog.Principal{ID: "AIDAAAAAAAAAAAAAAAAAA", Account: account, Kind: catalog.UserPrincipal, Path: "/", Name: "ann", ARN: arn}
	write := func(fn func(w catalog.Writer) error) { f.check(f.Catalog.Write(t.Context(), fn)) }
	write(func(w catalog.Writer) error { return w.CreatePrincipal(ann) })
	policy := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"AWS":"` + arn + `"},"Action":"kms:DescribeKey","Resource":"*"}]}`
	k := f.key(kms.Spec{Policy: policy})
	caller := f.owner
	caller.Identity = nil
	caller.Principal.ARN, caller.Principal.ID, caller.Principal.Name = arn, ann.ID, "ann"
	describes := func() error {
		_, err := f.Key(t.Context(), caller, k.ID)
		return err
	}
	shown := func() string {
		t.Helper()
		document, err := f.KeyPolicy(t.Context(), f.owner, k.ID, "")
		f.check(err)
		return document
	}
	f.check(describes())
	if shown() != policy {
		t.Errorf("got %s", shown())
	}
	write(func(w catalog.Writer) error { return w.DeletePrincipal(ann.ID) })
	caller.Principal.ID = "AIDABBBBBBBBBBBBBBBBB"
	write(func(w catalog.Writer) error {
		again := ann
		again.ID = caller.Principal.ID
		return w.CreatePrincipal(again)
	})
	f.refused("AccessDeniedException", describes())
	if !strings.Contains(shown(), `"AWS":"`+ann.ID+`"`) {
		t.Errorf("got %s", shown())
	}
	f.refused("MalformedPolicyDocumentException", f.PutKeyPolicy(t.Context(), f.owner, k.ID, "", shown(), false))
	f.check(f.PutKeyPolicy(t.Context(), f.owner, k.ID, "", policy, false))
	f.check(describes())
}
