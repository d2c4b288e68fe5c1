package iam

// EvaluateDelegated is Evaluate for a resource whose own policy has the first word in its own account as well, as that of
// a KMS key has (KMS developer guide, "Default key policy"): an identity policy counts as far as the resource's policy
// leaves the decision to the account, by naming it. A resource policy of the same account that names the caller allows
// alone.
func EvaluateDelegated(req Request, p Policies, sameAccount bool) Decision {
	both := Evaluate(req, p, false)
	if both.Allowed() || both.Statement > 0 || !sameAccount {
		return both
	}
	// No deny applies, so nothing is lost with the identity's policies: none of them can allow by itself.
	p.Identity = nil
	if named := Evaluate(req, p, true); named.Allowed() {
		return named
	}
	return both
}
