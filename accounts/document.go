package accounts

import (
	"errors"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// The sizes of policy documents, in characters without white space (IAM user guide, "IAM and AWS STS quotas"). Those
// embedded in one principal count together.
var embeddedSizes = map[catalog.PrincipalKind]int{catalog.UserPrincipal: 2048, catalog.GroupPrincipal: 5120,
	catalog.RolePrincipal: 10240}

const managedPolicySize = 6144

// parse reads a document of an identity-based policy; MalformedPolicy if it is not one that would be honoured, tooLarge if it is
// longer than any may be.
func parse(document string, tooLarge error) (*iam.Policy, error) {
	policy, err := iam.Parse([]byte(document), iam.IdentityPolicy)
	if wrong, ok := errors.AsType[*iam.DocumentError](err); ok {
		if wrong.TooLarge {
			return nil, tooLarge
		}
		return nil, MalformedPolicy.errorf("The policy document is not valid: %s", wrong.Error())
	}
	return policy, err
}

// checkManaged is Quota for a document that is too large for a managed policy.
func checkManaged(document string) error {
	tooLarge := artifact.Errorf(artifact.Quota, "Cannot exceed quota for PolicySize: %d", managedPolicySize)
	policy, err := parse(document, tooLarge)
	if err == nil && policy.Size() > managedPolicySize {
		err = tooLarge
	}
	return err
}

// checkEmbedded is Quota for a document that is too large beside the others embedded in the principal.
func (a *reading) checkEmbedded(p catalog.Principal, in catalog.IdentityPolicy) error {
	most := embeddedSizes[p.Kind]
	tooLarge := artifact.Errorf(artifact.Quota, "Maximum policy size of %d bytes exceeded for %s %s", most, p.Kind, p.Name)
	policy, err := parse(in.Document, tooLarge)
	if err != nil {
		return err
	}
	size := policy.Size()
	others, err := a.IdentityPolicies(p.ID)
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Name == in.Name {
			continue
		}
		policy, err := parse(other.Document, tooLarge)
		if err != nil {
			return err
		}
		size += policy.Size()
	}
	if size > most {
		return tooLarge
	}
	return nil
}
