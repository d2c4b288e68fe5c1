package catalog

import "time"

// Role is what a principal of kind RolePrincipal is beyond the others.
type Role struct {
	Trust       string // document of the policy that says who may assume it
	Description string
	MaxSession  time.Duration // of a session of it at most
	LastUsed    time.Time     // when a session of it last began; zero until then
}

// RoleReader finds roles.
type RoleReader interface {
	// Role returns what a principal is as a role; NotFound for one that is none.
	Role(principal string) (Role, error)
}

// RoleWriter changes roles. Touches PrincipalTopic, but for what its verbs say otherwise. A role goes with its principal.
type RoleWriter interface {
	// PutRole makes the principal this role, or changes it. LastUsed is not looked at.
	PutRole(principal string, r Role) error
	// SetRoleUse notes when a session of a role began. Touches no topic: nobody is judged by it.
	SetRoleUse(principal string, at time.Time) error
}
