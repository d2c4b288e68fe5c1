package accounts

// Quotas are how many of a thing there may be (IAM user guide, "IAM and AWS STS quotas"; Organizations user guide, "Quotas").
type Quotas struct {
	Users, Groups, Roles, Policies int // of an account
	GroupsOfUser                   int
	AccessKeys                     int // of a user
	AttachedPolicies               int // of a user, a group or a role
	PolicyVersions                 int // of a managed policy
	Tags                           int // of a user, a role or a policy
	IdentityProviders              int // of an account
	ClientIDs                      int // of an identity provider
	Accounts                       int // of an organization, closed ones aside
}

// DefaultQuotas are the service's.
var DefaultQuotas = Quotas{Users: 5000, Groups: 300, Roles: 1000, Policies: 1500, GroupsOfUser: 10, AccessKeys: 2,
	AttachedPolicies: 10, PolicyVersions: 5, Tags: 50, IdentityProviders: 100, ClientIDs: 100, Accounts: 10}

func (q Quotas) withDefaults() Quotas {
	standard := DefaultQuotas
	for _, row := range []struct{ value, standard *int }{
		{&q.Users, &standard.Users}, {&q.Groups, &standard.Groups}, {&q.Roles, &standard.Roles},
		{&q.Policies, &standard.Policies}, {&q.GroupsOfUser, &standard.GroupsOfUser},
		{&q.AccessKeys, &standard.AccessKeys}, {&q.AttachedPolicies, &standard.AttachedPolicies},
		{&q.PolicyVersions, &standard.PolicyVersions}, {&q.Tags, &standard.Tags},
		{&q.IdentityProviders, &standard.IdentityProviders}, {&q.ClientIDs, &standard.ClientIDs},
		{&q.Accounts, &standard.Accounts},
	} {
		if *row.value == 0 {
			*row.value = *row.standard
		}
	}
	return q
}
