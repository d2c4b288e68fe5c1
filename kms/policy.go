package kms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// PolicyName is the one name that a key's policy can have.
const PolicyName = "default"

// managedSince is when the keys were made that are kept for accounts: nobody has seen them made.
var managedSince = time.Date(2018, 9, 22, 0, 0, 0, 0, time.UTC)

// defaultPolicy leaves a key to the identity policies of its account (KMS developer guide, "Default key policy").
func defaultPolicy(partition string, account artifact.AccountID) string {
	return policyFor(partition, account, `"kms:*"`)
}

// managedPolicy lets the account see the key that is kept for it, and have domains made under it.
func managedPolicy(partition string, account artifact.AccountID) string {
	return policyFor(partition, account, `["kms:Describe*","kms:Get*","kms:List*","kms:CreateGrant"]`)
}

func policyFor(partition string, account artifact.AccountID, actions string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",`+
		`"Effect":"Allow","Principal":{"AWS":"arn:%s:iam::%s:root"},"Action":%s,"Resource":"*"}]}`, partition, account, actions)
}

// KeyPolicy returns a key's policy, which is called PolicyName.
func (s *Service) KeyPolicy(ctx context.Context, c iam.Caller, asked, name string) (document string, err error) {
	err = s.read(ctx, c, ask{action: "GetKeyPolicy", key: asked}, byKey, func(r catalog.Reader, k Key) error {
		if err := called(name); err != nil {
			return err
		}
		document, err = iam.Unbind(k.Policy, catalog.Directory{PrincipalReader: r})
		return err
	})
	return document, err
}

// called refuses another name than the one that policies have.
func called(name string) error {
	if name != "" && name != PolicyName {
		return fail(notFound, "No such policy exists: a key's policy is called %s.", PolicyName)
	}
	return nil
}

// PolicyNames lists the names of a key's policies: there is one.
func (s *Service) PolicyNames(ctx context.Context, c iam.Caller, asked string) (names []string, err error) {
	err = s.read(ctx, c, ask{action: "ListKeyPolicies", key: asked}, byKey, func(catalog.Reader, Key) error {
		names = []string{PolicyName}
		return nil
	})
	return names, err
}

// PutKeyPolicy replaces a key's policy. MalformedPolicyDocument for one that cannot be a key policy and, unless unsafe, for
// one by which the caller could not change it any more.
func (s *Service) PutKeyPolicy(ctx context.Context, c iam.Caller, asked, name, document string, unsafe bool) error {
	a := ask{action: "PutKeyPolicy", key: asked, unsafe: unsafe}
	return s.change(ctx, c, a, func(w catalog.Writer, k *Key) error {
		if err := called(name); err != nil {
			return err
		}
		if err := k.notPending(); err != nil {
			return err
		}
		k.Policy = document
		return s.keepPolicy(w, c, k, unsafe)
	})
}

// keepPolicy has a key keep its policy in a form that names principals by what nobody else will ever be, see iam.Bind. It refuses
// one that does not parse or names somebody who is not there, and one that would lock the caller out.
func (s *Service) keepPolicy(r catalog.Reader, c iam.Caller, k *Key, unsafe bool) (err error) {
	if _, err := iam.Parse([]byte(k.Policy), iam.KeyPolicy); err != nil {
		return fail(malformedPolicy, "The key policy is malformed: %v.", err)
	}
	k.Policy, err = iam.Bind(k.Policy, catalog.Directory{PrincipalReader: r})
	if wrong, ok := errors.AsType[*iam.DocumentError](err); ok {
		return fail(malformedPolicy, "Policy contains a statement with one or more invalid principals. %v.", wrong)
	}
	if err != nil {
		return err
	}
	if unsafe {
		return nil
	}
	err = s.allow(c, ask{action: "PutKeyPolicy"}, k, k.ARN)
	if artifact.Is(err, artifact.Denied) {
		return fail(malformedPolicy, "The new key policy will not allow you to update the key policy in the future.")
	}
	return err
}

// Grants asks for permission to list the grants of a key. There are none.
func (s *Service) Grants(ctx context.Context, c iam.Caller, asked string) error {
	return s.read(ctx, c, ask{action: "ListGrants", key: asked}, byKey, func(catalog.Reader, Key) error { return nil })
}
