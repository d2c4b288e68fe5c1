package accounts

import (
	"maps"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
)

// Entity names a user, a group or a role of the caller's account. A user without a name is the caller itself.
type Entity struct {
	Kind catalog.PrincipalKind
	Name string
}

// User, Group and Role name one.
func User(name string) Entity  { return Entity{catalog.UserPrincipal, name} }
func Group(name string) Entity { return Entity{catalog.GroupPrincipal, name} }
func Role(name string) Entity  { return Entity{catalog.RolePrincipal, name} }

// words are what the names of actions, and errors, call the kinds.
var words = map[catalog.PrincipalKind]string{catalog.UserPrincipal: "User", catalog.GroupPrincipal: "Group",
	catalog.RolePrincipal: "Role", catalog.RootPrincipal: "User"}

// verb is the name of the action that does something to entities of this kind, such as iam:Put…Policy.
func (e Entity) verb(before, after string) string { return "iam:" + before + words[e.Kind] + after }

// entity finds an entity and asks whether the action may be done to it. with is what the action brings along. Whoever may
// not do it to what would have this name learns no more: Denied, whether or not it is there. Else NotFound if it is not.
func (a *reading) entity(e Entity, with Subject) (catalog.Principal, error) {
	p, err := a.find(e)
	if e.Name != "" {
		with.Named = a.arnOf(a.account(), string(e.Kind), rootPath, e.Name) // its path would tell that it is there
	}
	if artifact.Is(err, artifact.NotFound) {
		with.ARN = with.Named
		if err := a.may(with); err != nil {
			return p, err
		}
		return p, noEntity(e)
	}
	if err != nil {
		return p, err
	}
	return p, a.may(about(p, with))
}

func noEntity(e Entity) error {
	return artifact.Errorf(artifact.NotFound, "The %s with name %s cannot be found.", e.Kind, e.Name)
}

func (a *reading) find(e Entity) (catalog.Principal, error) {
	if e.Name != "" {
		return a.PrincipalByName(a.account(), e.Kind, e.Name)
	}
	p, err := a.Principal(a.caller.Principal.ID)
	if artifact.Is(err, artifact.NotFound) || err == nil && words[p.Kind] != words[e.Kind] {
		err = artifact.Errorf(artifact.Invalid, "Must specify userName when calling with non-User credentials")
	}
	return p, err
}

// about adds to a subject what follows from the principal that it is.
func about(p catalog.Principal, on Subject) Subject {
	on.ARN, on.Owner, on.Tags = p.ARN, p.Account, p.Tags
	keys := maps.Clone(on.Keys)
	if keys == nil {
		keys = map[string][]string{}
	}
	for key, value := range p.Tags {
		keys["iam:resourcetag/"+strings.ToLower(key)] = []string{value}
	}
	if _, given := keys[boundaryKey]; !given && p.Boundary != "" {
		keys[boundaryKey] = []string{p.Boundary}
	}
	on.Keys = keys
	return on
}

// boundaryKey is the condition key of the boundary that a principal has or is to have: who may only make principals
// within a boundary may not change what those may do, or the boundary itself, in any other way (IAM user guide,
// "Delegating responsibility to others using permissions boundaries").
const boundaryKey = "iam:permissionsboundary"

// bounded is the condition key of a boundary to be; none for no boundary.
func bounded(arn string) map[string][]string {
	if arn == "" {
		return nil
	}
	return map[string][]string{boundaryKey: {arn}}
}

// NewPrincipal is what a user, a group or a role is made of.
type NewPrincipal struct {
	Name     string
	Path     string // empty means /
	Boundary string // ARN of a managed policy; empty means none
	Tags     []Tag
}

// create makes a principal that the caller may create, with its tags and its boundary, and records it.
func (a *changing) create(e Entity, prefix string, n NewPrincipal) (catalog.Principal, error) {
	p := catalog.Principal{ID: newID(prefix), Account: a.account(), Kind: e.Kind, Path: n.Path, Name: n.Name,
		CreatedAt: a.Now().UTC(), Boundary: n.Boundary}
	if p.Path == "" {
		p.Path = rootPath
	}
	p.ARN = a.principalARN(p)
	given := tagMap(n.Tags)
	on := Subject{ARN: p.ARN, Given: given, Keys: bounded(n.Boundary)}
	if err := a.may(on); err != nil {
		return p, err
	}
	if len(given) > 0 {
		if err := Authorize(a.caller, e.verb("Tag", ""), on); err != nil {
			return p, err
		}
	}
	if err := a.room(p.Kind); err != nil {
		return p, err
	}
	var err error
	if p.Tags, err = a.tagged(nil, n.Tags); err != nil {
		return p, err
	}
	if p.Boundary != "" {
		if _, err := a.attachable(p.Boundary); err != nil {
			return p, err
		}
	}
	if err := a.write.CreatePrincipal(p); err != nil {
		return p, exists(err, p)
	}
	return p, a.record(p.ARN, map[string]any{"path": p.Path, "permissionsBoundary": p.Boundary})
}

// exists words the Conflict of a name that is taken.
func exists(err error, p catalog.Principal) error {
	if !artifact.Is(err, artifact.Conflict) {
		return err
	}
	return AlreadyExists.errorf("%s with name %s already exists.", words[p.Kind], p.Name)
}

// room is Quota when the account has as many of a kind as it may have.
func (a *reading) room(kind catalog.PrincipalKind) error {
	u, err := a.AccountUsage(a.account())
	if err != nil {
		return err
	}
	of := map[catalog.PrincipalKind]struct{ have, most int }{
		catalog.UserPrincipal:  {u.Users, a.Quotas.Users},
		catalog.GroupPrincipal: {u.Groups, a.Quotas.Groups},
		catalog.RolePrincipal:  {u.Roles, a.Quotas.Roles},
	}[kind]
	if of.have >= of.most {
		return artifact.Errorf(artifact.Quota, "Cannot exceed quota for %ssPerAccount: %d", words[kind], of.most)
	}
	return nil
}

// update renames or moves a principal. Empty names and paths stay as they are.
func (a *changing) update(e Entity, path, name string) error {
	p, err := a.entity(e, Subject{})
	if err != nil {
		return err
	}
	old := p
	if path != "" {
		p.Path = path
	}
	if name != "" {
		p.Name = name
	}
	p.ARN = a.principalARN(p)
	// Whoever may change it under its old name only could take it out of his own reach, or into another's.
	if p.ARN != old.ARN {
		if err := a.may(about(p, Subject{})); err != nil {
			return err
		}
	}
	if err := a.write.UpdatePrincipal(p); err != nil {
		return exists(err, p)
	}
	return a.record(old.ARN, map[string]any{"newArn": p.ARN})
}

// free is a Conflict while policies are embedded in the principal or attached to it.
func (a *reading) free(p catalog.Principal) error {
	attached, err := a.Reader.AttachedPolicies(p.ID)
	if err != nil {
		return err
	}
	if len(attached) > 0 {
		return InUse.errorf("Cannot delete entity, must detach all policies first.")
	}
	embedded, err := a.IdentityPolicies(p.ID)
	if err != nil {
		return err
	}
	if len(embedded) > 0 {
		return InUse.errorf("Cannot delete entity, must delete policies first.")
	}
	return nil
}

// attachable finds a managed policy that the account may attach: one of its own or one of AWS's.
func (a *reading) attachable(arn string) (catalog.ManagedPolicy, error) {
	p, err := a.ManagedPolicy(arn)
	if err == nil && p.Account != a.account() && p.Account != catalog.AWSAccount || artifact.Is(err, artifact.NotFound) {
		return p, artifact.Errorf(artifact.NotFound, "Policy %s does not exist or is not attachable.", arn)
	}
	return p, err
}
