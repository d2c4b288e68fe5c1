package iam

import "testing"

func TestAKeysPolicyHasTheFirstWord(t *testing.T) {
	const key = "arn:aws:kms:us-east-1:111122223333:key/1"
	const (
		account  = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}}`
		everyone = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}`
		ann      = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"kms:*","Resource":"*"}}`
		nobody   = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"}}`
		denial   = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"},
			{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`
		allow = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
		deny  = `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`
	)
	user := Principal{Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/ann", Name: "ann"}
	root := Principal{Account: "111122223333", ARN: "arn:aws:iam::111122223333:root"}
	stranger := Principal{Account: "444455556666", ARN: "arn:aws:iam::444455556666:user/eve", Name: "eve"}
	for _, row := range []struct {
		name               string
		caller             Principal
		identity, resource string
		want               Reason
	}{
		{"an identity policy counts where the account is named", user, allow, account, AllowedByIdentity},
		{"it does not where the account is not", user, allow, nobody, NoResourceAllow},
		{"it does not without a key policy", user, allow, "", NoResourceAllow},
		{"the account's name alone allows nobody", user, "", account, NoIdentityAllow},
		{"naming a user allows alone", user, "", ann, AllowedByResource},
		{"so does naming everyone in its own account", user, "", everyone, AllowedByResource},
		{"and the account's name for the account itself", root, allow, account, AllowedByIdentity},
		{"an identity policy still denies who is named", user, deny, ann, DeniedByIdentity},
		{"a key policy still denies", user, allow, denial, DeniedByResource},
		{"another account needs both: everyone is not enough", stranger, "", everyone, NoIdentityAllow},
		{"another account needs both: both", stranger, allow, nobody, AllowedByIdentity},
		{"another account needs both: its own is not enough", stranger, allow, account, NoResourceAllow},
	} {
		t.Run(row.name, func(t *testing.T) {
			var p Policies
			if row.identity != "" {
				p.Identity = []*Policy{mustParse(t, IdentityPolicy, row.identity)}
			}
			if row.resource != "" {
				p.Resource = []*Policy{mustParse(t, ResourcePolicy, row.resource)}
			}
			req := Request{Principal: row.caller, Action: "kms:DescribeKey", Resources: []string{key}}
			got := EvaluateDelegated(req, p, row.caller.Account == "111122223333")
			if got.Reason != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}
