package accounts

import "entrepot/artifact"

// Problem says more exactly than the kind of an error what is wrong, where callers tell such errors apart. It is the cause
// of an *artifact.Error.
type Problem uint8

// The problems.
const (
	AlreadyExists         Problem = iota + 1 // Conflict: the name is taken
	InUse                                    // Conflict: something else hangs on it
	MalformedPolicy                          // Invalid: not a policy document that would be honoured
	InvalidInput                             // Invalid: the members do not go together, or not with what is there
	NotModifiable                            // Invalid: it is AWS's, and nobody's to change
	PolicyTooLarge                           // Invalid: more policies and tags than a session has room for
	BadIdentityToken                         // Invalid: not a token that proves anything here
	IdentityTokenExpired                     // Invalid: a token that is over
	ProviderUnreachable                      // Unavailable: an identity provider's keys could not be had
	NotInOrganization                        // NotFound: the caller's account belongs to no organization
	AlreadyInOrganization                    // Conflict: it belongs to one
	OrganizationInUse                        // Conflict: accounts belong to it beside the one that manages it
	NoSuchAccount                            // NotFound: the organization has no such account
	NoSuchChild                              // NotFound: nothing of the organization is called so
	NoSuchParent                             // NotFound: nothing of the organization that accounts are under
	NoSuchTarget                             // NotFound: nothing of the organization that has tags
	NoSuchRequest                            // NotFound: the organization has not asked for such an account
	AlreadyClosed                            // Conflict: the account is closed
	ManagerStays                             // Invalid: the account manages the organization and cannot leave it
	Constraint                               // Conflict: what is so in an organization stands against it
)

var problemNames = [...]string{AlreadyExists: "already exists", InUse: "in use", MalformedPolicy: "malformed policy",
	InvalidInput: "invalid input", NotModifiable: "not modifiable", PolicyTooLarge: "policy too large",
	BadIdentityToken: "bad identity token", IdentityTokenExpired: "identity token expired",
	ProviderUnreachable: "identity provider unreachable", NotInOrganization: "not in an organization",
	AlreadyInOrganization: "already in an organization", OrganizationInUse: "organization in use", NoSuchAccount: "no such account",
	NoSuchChild: "no such child", NoSuchParent: "no such parent", NoSuchTarget: "no such target", NoSuchRequest: "no such request",
	AlreadyClosed: "already closed", ManagerStays: "the managing account stays", Constraint: "constraint"}

// Error names the problem.
func (p Problem) Error() string { return problemNames[p] }

// problemKinds are the kinds of error that the problems make.
var problemKinds = map[Problem]artifact.Kind{AlreadyExists: artifact.Conflict, InUse: artifact.Conflict,
	MalformedPolicy: artifact.Invalid, InvalidInput: artifact.Invalid, NotModifiable: artifact.Invalid,
	PolicyTooLarge: artifact.Invalid, BadIdentityToken: artifact.Invalid, IdentityTokenExpired: artifact.Invalid,
	ProviderUnreachable: artifact.Unavailable, NotInOrganization: artifact.NotFound, AlreadyInOrganization: artifact.Conflict,
	OrganizationInUse: artifact.Conflict, NoSuchAccount: artifact.NotFound, NoSuchChild: artifact.NotFound,
	NoSuchParent: artifact.NotFound, NoSuchTarget: artifact.NotFound, NoSuchRequest: artifact.NotFound,
	AlreadyClosed: artifact.Conflict, ManagerStays: artifact.Invalid, Constraint: artifact.Conflict}

// errorf makes the error of a problem; format and args give the sentence for the caller.
func (p Problem) errorf(format string, args ...any) error {
	return artifact.Errorf(problemKinds[p], format, args...).Causing(p)
}
