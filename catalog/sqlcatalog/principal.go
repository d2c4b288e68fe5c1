package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const principalColumns = `SELECT p.id, p.account, p.kind, p.path, p.name, p.arn, p.created_at, p.tags, p.boundary
	FROM principals p `

func scanPrincipal(row scanner, p *catalog.Principal) error {
	return row.Scan(&p.ID, &p.Account, &p.Kind, &p.Path, &p.Name, &p.ARN, instant{&p.CreatedAt}, (*tagSet)(&p.Tags),
		optional{&p.Boundary})
}

func noPrincipal(id string) error {
	return artifact.Errorf(artifact.NotFound, "Principal %s does not exist.", id)
}

// Principal implements catalog.PrincipalReader.
func (s *session) Principal(id string) (catalog.Principal, error) {
	p, found, err := one(s, "find a principal", scanPrincipal, principalColumns+"WHERE p.id = ?", id)
	if err == nil && !found {
		err = noPrincipal(id)
	}
	return p, err
}

// PrincipalByARN implements catalog.PrincipalReader.
func (s *session) PrincipalByARN(arn string) (catalog.Principal, error) {
	p, found, err := one(s, "find a principal", scanPrincipal, principalColumns+"WHERE p.arn = ?", arn)
	if err == nil && !found {
		err = noPrincipal(arn)
	}
	return p, err
}

// PrincipalByName implements catalog.PrincipalReader.
func (s *session) PrincipalByName(account artifact.AccountID, kind catalog.PrincipalKind, name string) (
	catalog.Principal, error) {
	p, found, err := one(s, "find a principal", scanPrincipal,
		principalColumns+"WHERE p.account = ? AND p.kind = ? AND lower(p.name) = lower(?) AND p.name = ?", account, kind, name, name)
	if err == nil && !found {
		err = noPrincipal(name)
	}
	return p, err
}

// Principals implements catalog.PrincipalReader.
func (s *session) Principals(f catalog.PrincipalFilter, page catalog.Page) (catalog.Listing[catalog.Principal], error) {
	return s.principals(principalList, "", conditions{}, f, page)
}

// principals is a page of the principals that the filter, and conditions on tables joined to them, let through.
func (s *session) principals(l list, join string, where conditions, f catalog.PrincipalFilter, page catalog.Page) (
	none catalog.Listing[catalog.Principal], _ error) {
	where.add("p.account = ?", f.Account)
	if f.Kind != "" {
		where.add("p.kind = ?", f.Kind)
	}
	where.prefix(s.dialect, "p.path", f.PathPrefix)
	if page.After != "" {
		after, err := unmark(l, 2, page.After)
		if err != nil {
			return none, err
		}
		where.add("(p.name, p.id) > (?, ?)", after[0], after[1])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list principals", scanPrincipal,
		principalColumns+join+"WHERE "+where.String()+" ORDER BY p.name, p.id LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(p catalog.Principal) string { return mark(l, p.Name, p.ID) }), err
}

// GroupsOf implements catalog.PrincipalReader.
func (s *session) GroupsOf(user string) ([]catalog.Principal, error) {
	return all(s, "find groups", scanPrincipal,
		principalColumns+"JOIN group_members m ON m.in_group = p.id WHERE m.member = ? ORDER BY p.name, p.id", user)
}

// Members implements catalog.PrincipalReader.
func (s *session) Members(group string, page catalog.Page) (none catalog.Listing[catalog.Principal], _ error) {
	of, err := s.Principal(group)
	if artifact.Is(err, artifact.NotFound) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	var where conditions
	where.add("m.in_group = ?", group)
	return s.principals(memberList, "JOIN group_members m ON m.member = p.id ", where,
		catalog.PrincipalFilter{Account: of.Account}, page)
}

// IdentityPolicies implements catalog.PrincipalReader.
func (s *session) IdentityPolicies(principal string) ([]catalog.IdentityPolicy, error) {
	return all(s, "find identity policies", func(row scanner, p *catalog.IdentityPolicy) error {
		return row.Scan(&p.Name, &p.Document)
	}, "SELECT name, document FROM identity_policies WHERE principal = ? ORDER BY name", principal)
}

// heldPolicies are the embedded and the attached policies of one holder and of the groups it is in.
const heldPolicies = `WITH holders (id) AS (SELECT ? UNION ALL SELECT in_group FROM group_members WHERE member = ?)
	SELECT i.principal AS holder, i.name AS name, '' AS arn, i.document, 0 AS attached FROM holders h
	JOIN identity_policies i ON i.principal = h.id
	UNION ALL
	SELECT a.principal, m.name, m.arn, v.document, 1 FROM holders h
	JOIN policy_attachments a ON a.principal = h.id
	JOIN managed_policies m ON m.arn = a.policy
	JOIN managed_versions v ON v.policy = m.arn AND v.number = m.default_version
	ORDER BY attached, holder, name, arn`

// PoliciesInForce implements catalog.PrincipalReader.
func (s *session) PoliciesInForce(principal string) ([]catalog.PolicyInForce, error) {
	return all(s, "find policies in force", func(row scanner, p *catalog.PolicyInForce) error {
		var attached bool
		return row.Scan(&p.Holder, &p.Name, &p.ARN, &p.Document, &attached)
	}, heldPolicies, principal, principal)
}

// CreatePrincipal implements catalog.PrincipalWriter.
func (s *session) CreatePrincipal(p catalog.Principal) error {
	if err := s.boundaryExists(p); err != nil {
		return err
	}
	n, err := s.exec("create a principal", `INSERT INTO principals
		(id, account, kind, path, name, arn, root, created_at, tags, boundary)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		p.ID, p.Account, p.Kind, p.Path, p.Name, p.ARN, p.Kind == catalog.RootPrincipal, p.CreatedAt.UnixMicro(),
		tagSet(p.Tags), optional{&p.Boundary})
	if err != nil {
		return err
	}
	if n == 0 {
		return taken(p)
	}
	s.touch(catalog.PrincipalTopic(p.ID))
	return nil
}

func taken(p catalog.Principal) error {
	return artifact.Errorf(artifact.Conflict, "Principal %s already exists.", p.ARN)
}

// boundaryExists fails with NotFound if the principal's boundary does not.
func (s *session) boundaryExists(p catalog.Principal) error {
	if p.Boundary == "" {
		return nil
	}
	_, err := s.ManagedPolicy(p.Boundary)
	return err
}

// UpdatePrincipal implements catalog.PrincipalWriter.
func (s *session) UpdatePrincipal(p catalog.Principal) error {
	old, err := s.Principal(p.ID)
	if err != nil {
		return err
	}
	if err := s.boundaryExists(p); err != nil {
		return err
	}
	clash, err := s.exists("find a principal", `SELECT 1 FROM principals WHERE id <> ? AND
		(arn = ? OR account = ? AND kind = ? AND lower(name) = lower(?))`, p.ID, p.ARN, old.Account, old.Kind, p.Name)
	if err != nil {
		return err
	}
	if clash {
		return taken(p)
	}
	s.touch(catalog.PrincipalTopic(p.ID))
	_, err = s.exec("update a principal",
		"UPDATE principals SET path = ?, name = ?, arn = ?, tags = ?, boundary = ? WHERE id = ?",
		p.Path, p.Name, p.ARN, tagSet(p.Tags), optional{&p.Boundary}, p.ID)
	return err
}

// DeletePrincipal implements catalog.PrincipalWriter.
func (s *session) DeletePrincipal(id string) error {
	n, err := s.exec("delete a principal", "DELETE FROM principals WHERE id = ?", id)
	if err != nil {
		return err
	}
	if n == 0 {
		return noPrincipal(id)
	}
	s.touch(catalog.PrincipalTopic(id), catalog.PrincipalsTopic(), catalog.TokensTopic())
	return nil
}

// PutIdentityPolicy implements catalog.PrincipalWriter.
func (s *session) PutIdentityPolicy(principal string, p catalog.IdentityPolicy) error {
	holder, err := s.Principal(principal)
	if err != nil {
		return err
	}
	s.touchPolicies(holder)
	_, err = s.exec("put an identity policy", `INSERT INTO identity_policies (principal, name, document)
		VALUES (?, ?, ?) ON CONFLICT (principal, name) DO UPDATE SET document = excluded.document`,
		principal, p.Name, p.Document)
	return err
}

// DeleteIdentityPolicy implements catalog.PrincipalWriter.
func (s *session) DeleteIdentityPolicy(principal, name string) error {
	holder, err := s.Principal(principal)
	if err != nil {
		return err
	}
	n, err := s.exec("delete an identity policy",
		"DELETE FROM identity_policies WHERE principal = ? AND name = ?", principal, name)
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.NotFound, "Principal %s has no policy %s.", principal, name)
	}
	s.touchPolicies(holder)
	return nil
}

// touchPolicies marks a change of what is granted to a principal, which to a group is granted to all in it.
func (s *session) touchPolicies(p catalog.Principal) {
	s.touch(catalog.PrincipalTopic(p.ID))
	if p.Kind == catalog.GroupPrincipal {
		s.touch(catalog.PrincipalsTopic())
	}
}

// AddMember implements catalog.PrincipalWriter.
func (s *session) AddMember(group, user string) error {
	for _, id := range []string{group, user} {
		if _, err := s.Principal(id); err != nil {
			return err
		}
	}
	s.touch(catalog.PrincipalTopic(user))
	_, err := s.exec("add a member", "INSERT INTO group_members (member, in_group) VALUES (?, ?) ON CONFLICT DO NOTHING",
		user, group)
	return err
}

// RemoveMember implements catalog.PrincipalWriter.
func (s *session) RemoveMember(group, user string) error {
	n, err := s.exec("remove a member", "DELETE FROM group_members WHERE member = ? AND in_group = ?", user, group)
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.NotFound, "User %s is not in group %s.", user, group)
	}
	s.touch(catalog.PrincipalTopic(user))
	return nil
}
