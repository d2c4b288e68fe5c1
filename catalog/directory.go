package catalog

import (
	"strings"

	"entrepot/artifact"
)

// Directory finds principals by what policies call them, see iam.Directory.
type Directory struct{ PrincipalReader }

// IDOf returns the unique identifier of the user, the role or the session of a role that has an ARN. It is empty, and known, for
// other ARNs and for those of accounts that nobody here belongs to.
func (d Directory) IDOf(arn string) (id string, known bool, err error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return "", true, nil
	}
	account := artifact.AccountID(parts[4])
	var p Principal
	var session string
	switch kind, rest, _ := strings.Cut(parts[5], "/"); kind {
	case "user", "role":
		p, err = d.PrincipalByARN(arn)
	case "assumed-role":
		role, name, _ := strings.Cut(rest, "/")
		session = ":" + name
		p, err = d.PrincipalByName(account, RolePrincipal, role)
		if err == nil && sessionARN(p, name) != arn {
			return "", false, nil // of another partition
		}
	default:
		return "", true, nil
	}
	if err == nil {
		return p.ID + session, true, nil
	}
	if !artifact.Is(err, artifact.NotFound) {
		return "", false, err
	}
	some, err := d.Principals(PrincipalFilter{Account: account}, Page{Limit: 1})
	return "", len(some.Items) == 0, err
}

// ARNOf returns the ARN of whoever has a unique identifier; empty if nobody has it.
func (d Directory) ARNOf(id string) (arn string, err error) {
	id, session, inSession := strings.Cut(id, ":")
	p, err := d.Principal(id)
	if artifact.Is(err, artifact.NotFound) {
		return "", nil
	}
	if err != nil || !inSession {
		return p.ARN, err
	}
	return sessionARN(p, session), nil
}

// sessionARN is the ARN of a session of a role, in which the role's path does not stand.
func sessionARN(role Principal, session string) string {
	return strings.SplitN(role.ARN, ":iam:", 2)[0] + ":sts::" + string(role.Account) + ":assumed-role/" + role.Name + "/" + session
}
