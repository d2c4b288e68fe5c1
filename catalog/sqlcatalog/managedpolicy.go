package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

const managedColumns = `SELECT m.id, m.account, m.path, m.name, m.arn, m.description, m.default_version, m.created_at,
	m.updated_at, m.tags FROM managed_policies m `

func scanManaged(row scanner, m *catalog.ManagedPolicy) error {
	return row.Scan(&m.ID, &m.Account, &m.Path, &m.Name, &m.ARN, &m.Description, &m.Default, instant{&m.CreatedAt},
		instant{&m.UpdatedAt}, (*tagSet)(&m.Tags))
}

func noManagedPolicy(arn string) error {
	return artifact.Errorf(artifact.NotFound, "Policy %s does not exist.", arn)
}

func noManagedVersion(arn string, number int) error {
	return artifact.Errorf(artifact.NotFound, "Policy %s has no version %d.", arn, number)
}

// ManagedPolicy implements catalog.ManagedPolicyReader.
func (s *session) ManagedPolicy(arn string) (catalog.ManagedPolicy, error) {
	m, found, err := one(s, "find a managed policy", scanManaged, managedColumns+"WHERE m.arn = ?", arn)
	if err == nil && !found {
		err = noManagedPolicy(arn)
	}
	return m, err
}

const (
	attachedTo = "EXISTS (SELECT 1 FROM policy_attachments a WHERE a.principal = p.id AND a.policy = m.arn)"
	boundBy    = "p.boundary = m.arn"
)

// uses say of a principal p, by the use, that it uses the policy m.
var uses = map[catalog.PolicyUse]string{catalog.AttachedPolicy: attachedTo, catalog.BoundaryPolicy: boundBy,
	catalog.EitherUse: "(" + attachedTo + " OR " + boundBy + ")"}

// ManagedPolicies implements catalog.ManagedPolicyReader.
func (s *session) ManagedPolicies(f catalog.ManagedPolicyFilter, page catalog.Page) (
	none catalog.Listing[catalog.ManagedPolicy], _ error) {
	var where conditions
	where.add("m.account = ?", f.Account)
	where.prefix(s.dialect, "m.path", f.PathPrefix)
	if f.UsedBy != "" {
		where.add("EXISTS (SELECT 1 FROM principals p WHERE p.account = ? AND "+uses[f.Use]+")", f.UsedBy)
	}
	if page.After != "" {
		after, err := unmark(managedPolicyList, 1, page.After)
		if err != nil {
			return none, err
		}
		where.add("m.name > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list managed policies", scanManaged,
		managedColumns+"WHERE "+where.String()+" ORDER BY m.name LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(m catalog.ManagedPolicy) string { return mark(managedPolicyList, m.Name) }), err
}

const versionOfManaged = "SELECT number, document, created_at FROM managed_versions WHERE policy = ? "

func scanManagedVersion(row scanner, v *catalog.ManagedVersion) error {
	return row.Scan(&v.Number, &v.Document, instant{&v.CreatedAt})
}

// ManagedVersions implements catalog.ManagedPolicyReader.
func (s *session) ManagedVersions(arn string) ([]catalog.ManagedVersion, error) {
	return all(s, "find versions of a managed policy", scanManagedVersion, versionOfManaged+"ORDER BY number DESC", arn)
}

// ManagedVersion implements catalog.ManagedPolicyReader.
func (s *session) ManagedVersion(arn string, number int) (catalog.ManagedVersion, error) {
	v, found, err := one(s, "find a version of a managed policy", scanManagedVersion,
		versionOfManaged+"AND number = ?", arn, number)
	if err == nil && !found {
		err = noManagedVersion(arn, number)
	}
	return v, err
}

// ManagedDocument implements catalog.ManagedPolicyReader.
func (s *session) ManagedDocument(arn string) (string, error) {
	m, err := s.ManagedPolicy(arn)
	if err != nil {
		return "", err
	}
	v, err := s.ManagedVersion(arn, m.Default)
	return v.Document, err
}

// AttachedPolicies implements catalog.ManagedPolicyReader.
func (s *session) AttachedPolicies(principal string) ([]catalog.ManagedPolicy, error) {
	return all(s, "find attached policies", scanManaged,
		managedColumns+"JOIN policy_attachments a ON a.policy = m.arn WHERE a.principal = ? ORDER BY m.name, m.arn", principal)
}

// PolicyUsers implements catalog.ManagedPolicyReader.
func (s *session) PolicyUsers(arn string, f catalog.PolicyUserFilter, page catalog.Page) (
	catalog.Listing[catalog.Principal], error) {
	var where conditions
	where.add("m.arn = ?", arn)
	return s.principals(policyUserList, "JOIN managed_policies m ON "+uses[f.Use]+" ", where, f.PrincipalFilter, page)
}

// CountPolicyUsers implements catalog.ManagedPolicyReader.
func (s *session) CountPolicyUsers(arn string, account artifact.AccountID, use catalog.PolicyUse) (int, error) {
	n, _, err := one(s, "count the users of a policy", scalar[int],
		"SELECT count(*) FROM managed_policies m JOIN principals p ON "+uses[use]+" WHERE m.arn = ? AND p.account = ?",
		arn, account)
	return n, err
}

// AccountUsage implements catalog.ManagedPolicyReader.
func (s *session) AccountUsage(account artifact.AccountID) (catalog.AccountUsage, error) {
	u, _, err := one(s, "count what an account has", func(row scanner, u *catalog.AccountUsage) error {
		return row.Scan(&u.Users, &u.Groups, &u.Roles, &u.Policies, &u.PolicyVersions)
	}, `SELECT (SELECT count(*) FROM principals WHERE account = ? AND kind = ?),
		(SELECT count(*) FROM principals WHERE account = ? AND kind = ?),
		(SELECT count(*) FROM principals WHERE account = ? AND kind = ?),
		(SELECT count(*) FROM managed_policies WHERE account = ?),
		(SELECT count(*) FROM managed_policies m JOIN managed_versions v ON v.policy = m.arn WHERE m.account = ?)`,
		account, catalog.UserPrincipal, account, catalog.GroupPrincipal, account, catalog.RolePrincipal, account, account)
	return u, err
}

// AccountAlias implements catalog.ManagedPolicyReader.
func (s *session) AccountAlias(account artifact.AccountID) (string, error) {
	alias, _, err := one(s, "find an account's alias", scalar[string],
		"SELECT alias FROM account_aliases WHERE account = ?", account)
	return alias, err
}

// CreateManagedPolicy implements catalog.ManagedPolicyWriter.
func (s *session) CreateManagedPolicy(p catalog.ManagedPolicy, document string) error {
	n, err := s.exec("create a managed policy", `INSERT INTO managed_policies
		(arn, id, account, path, name, description, default_version, last_version, created_at, updated_at, tags)
		VALUES (?, ?, ?, ?, ?, ?, 1, 0, ?, ?, ?) ON CONFLICT DO NOTHING`, p.ARN, p.ID, p.Account, p.Path, p.Name,
		p.Description, p.CreatedAt.UnixMicro(), p.UpdatedAt.UnixMicro(), tagSet(p.Tags))
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Policy %s already exists.", p.ARN)
	}
	_, err = s.addVersion(p.ARN, document, p.CreatedAt)
	return err
}

// addVersion adds a version under the next number of its policy; NotFound without that.
func (s *session) addVersion(arn, document string, at time.Time) (int, error) {
	number, found, err := one(s, "number a version of a managed policy", scalar[int],
		"UPDATE managed_policies SET last_version = last_version + 1 WHERE arn = ? RETURNING last_version", arn)
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, noManagedPolicy(arn)
	}
	_, err = s.exec("create a version of a managed policy",
		"INSERT INTO managed_versions (policy, number, document, created_at) VALUES (?, ?, ?, ?)",
		arn, number, document, at.UnixMicro())
	return number, err
}

// SetPolicyTags implements catalog.ManagedPolicyWriter.
func (s *session) SetPolicyTags(arn string, tags map[string]string) error {
	n, err := s.exec("tag a managed policy", "UPDATE managed_policies SET tags = ? WHERE arn = ?", tagSet(tags), arn)
	if err == nil && n == 0 {
		err = noManagedPolicy(arn)
	}
	return err
}

// CreateManagedVersion implements catalog.ManagedPolicyWriter.
func (s *session) CreateManagedVersion(arn, document string, at time.Time, inForce bool) (int, error) {
	number, err := s.addVersion(arn, document, at)
	if err != nil || !inForce {
		return number, err
	}
	return number, s.SetDefaultVersion(arn, number, at)
}

// SetDefaultVersion implements catalog.ManagedPolicyWriter.
func (s *session) SetDefaultVersion(arn string, number int, at time.Time) error {
	n, err := s.exec("set the default version of a managed policy", `UPDATE managed_policies
		SET default_version = ?, updated_at = ? WHERE arn = ?
		AND EXISTS (SELECT 1 FROM managed_versions v WHERE v.policy = arn AND v.number = ?)`,
		number, at.UnixMicro(), arn, number)
	if err != nil {
		return err
	}
	if n == 0 {
		return noManagedVersion(arn, number)
	}
	s.touch(catalog.PrincipalsTopic())
	return nil
}

// DeleteManagedVersion implements catalog.ManagedPolicyWriter.
func (s *session) DeleteManagedVersion(arn string, number int) error {
	m, err := s.ManagedPolicy(arn)
	if err != nil {
		return err
	}
	if m.Default == number {
		return artifact.Errorf(artifact.Conflict, "Version %d of policy %s is the default version.", number, arn)
	}
	n, err := s.exec("delete a version of a managed policy",
		"DELETE FROM managed_versions WHERE policy = ? AND number = ?", arn, number)
	if err == nil && n == 0 {
		err = noManagedVersion(arn, number)
	}
	return err
}

// DeleteManagedPolicy implements catalog.ManagedPolicyWriter.
func (s *session) DeleteManagedPolicy(arn string) error {
	used, err := s.exists("find users of a policy", `SELECT 1 FROM policy_attachments WHERE policy = ?
		UNION ALL SELECT 1 FROM principals WHERE boundary = ? LIMIT 1`, arn, arn)
	if err != nil {
		return err
	}
	if used {
		return artifact.Errorf(artifact.Conflict, "Policy %s is in use.", arn)
	}
	n, err := s.exec("delete a managed policy", "DELETE FROM managed_policies WHERE arn = ?", arn)
	if err == nil && n == 0 {
		err = noManagedPolicy(arn)
	}
	return err
}

// AttachPolicy implements catalog.ManagedPolicyWriter.
func (s *session) AttachPolicy(principal, arn string) error {
	holder, err := s.Principal(principal)
	if err != nil {
		return err
	}
	if _, err := s.ManagedPolicy(arn); err != nil {
		return err
	}
	s.touchPolicies(holder)
	_, err = s.exec("attach a policy",
		"INSERT INTO policy_attachments (principal, policy) VALUES (?, ?) ON CONFLICT DO NOTHING", principal, arn)
	return err
}

// DetachPolicy implements catalog.ManagedPolicyWriter.
func (s *session) DetachPolicy(principal, arn string) error {
	holder, err := s.Principal(principal)
	if err != nil {
		return err
	}
	n, err := s.exec("detach a policy",
		"DELETE FROM policy_attachments WHERE principal = ? AND policy = ?", principal, arn)
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.NotFound, "Policy %s is not attached to %s.", arn, holder.ARN)
	}
	s.touchPolicies(holder)
	return nil
}

// SetAccountAlias implements catalog.ManagedPolicyWriter.
func (s *session) SetAccountAlias(account artifact.AccountID, alias string) error {
	clash, err := s.exists("find an account's alias",
		"SELECT 1 FROM account_aliases WHERE alias = ? AND account <> ?", alias, account)
	if err != nil {
		return err
	}
	if clash {
		return artifact.Errorf(artifact.Conflict, "The account alias %s already exists.", alias)
	}
	_, err = s.exec("set an account's alias", `INSERT INTO account_aliases (account, alias) VALUES (?, ?)
		ON CONFLICT (account) DO UPDATE SET alias = excluded.alias`, account, alias)
	return err
}

// DeleteAccountAlias implements catalog.ManagedPolicyWriter.
func (s *session) DeleteAccountAlias(account artifact.AccountID, alias string) error {
	n, err := s.exec("delete an account's alias",
		"DELETE FROM account_aliases WHERE account = ? AND alias = ?", account, alias)
	if err == nil && n == 0 {
		err = artifact.Errorf(artifact.NotFound, "The account has no alias %s.", alias)
	}
	return err
}
