package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const accountColumns = "SELECT id, name, email, organization, created_at, closed_at, tags FROM accounts "

func scanAccount(row scanner, a *catalog.Account) error {
	return row.Scan(&a.ID, &a.Name, &a.Email, optional{&a.Organization}, instant{&a.CreatedAt}, instantOrNone{&a.ClosedAt},
		(*tagSet)(&a.Tags))
}

const organizationColumns = "SELECT id, root, management, created_at FROM organizations "

func scanOrganization(row scanner, o *catalog.Organization) error {
	return row.Scan(&o.ID, &o.Root, &o.Management, instant{&o.CreatedAt})
}

const accountRequestColumns = "SELECT id, organization, account_name, account, failure, at FROM account_requests "

func scanAccountRequest(row scanner, r *catalog.AccountRequest) error {
	return row.Scan(&r.ID, &r.Organization, &r.AccountName, &r.Account, &r.Failure, instant{&r.At})
}

// found turns an empty result into NotFound.
func found[T any](item T, there bool, err error, what, name string) (T, error) {
	if err == nil && !there {
		err = artifact.Errorf(artifact.NotFound, "%s %s does not exist.", what, name)
	}
	return item, err
}

// Account implements catalog.AccountReader.
func (s *session) Account(id artifact.AccountID) (catalog.Account, error) {
	a, there, err := one(s, "find an account", scanAccount, accountColumns+"WHERE id = ?", id)
	return found(a, there, err, "Account", string(id))
}

// AccountByEmail implements catalog.AccountReader.
func (s *session) AccountByEmail(email string) (catalog.Account, error) {
	a, there, err := one(s, "find an account", scanAccount, accountColumns+"WHERE email = ?", email)
	return found(a, there, err, "An account of", email)
}

// Accounts implements catalog.AccountReader.
func (s *session) Accounts(organization string, page catalog.Page) (catalog.Listing[catalog.Account], error) {
	return pageOf(s, accountList, "list accounts", scanAccount, accountColumns, organization, page,
		func(a catalog.Account) string { return string(a.ID) })
}

// pageOf lists what an organization has, by ID.
func pageOf[T any](s *session, l list, verb string, scan func(scanner, *T) error, columns, organization string, page catalog.Page,
	id func(T) string) (catalog.Listing[T], error) {
	after := ""
	if page.After != "" {
		parts, err := unmark(l, 1, page.After)
		if err != nil {
			return catalog.Listing[T]{}, err
		}
		after = parts[0]
	}
	limit := clamp(page.Limit)
	items, err := all(s, verb, scan, columns+"WHERE organization = ? AND id > ? ORDER BY id LIMIT ?", organization, after, limit+1)
	return listing(items, limit, func(item T) string { return mark(l, id(item)) }), err
}

// Organization implements catalog.AccountReader.
func (s *session) Organization(id string) (catalog.Organization, error) {
	o, there, err := one(s, "find an organization", scanOrganization, organizationColumns+"WHERE id = ?", id)
	return found(o, there, err, "Organization", id)
}

// AccountRequest implements catalog.AccountReader.
func (s *session) AccountRequest(id string) (catalog.AccountRequest, error) {
	r, there, err := one(s, "find an account request", scanAccountRequest, accountRequestColumns+"WHERE id = ?", id)
	return found(r, there, err, "Account request", id)
}

// AccountRequests implements catalog.AccountReader.
func (s *session) AccountRequests(organization string, page catalog.Page) (catalog.Listing[catalog.AccountRequest], error) {
	return pageOf(s, accountRequestList, "list account requests", scanAccountRequest, accountRequestColumns, organization, page,
		func(r catalog.AccountRequest) string { return r.ID })
}

// touchAccount marks a change of what is known of an account.
func (s *session) touchAccount(id artifact.AccountID) error {
	s.touch(catalog.PrincipalsTopic())
	owned, err := all(s, "find domains", func(row scanner, id *catalog.DomainID) error { return row.Scan(id) },
		"SELECT id FROM domains WHERE owner = ?", id)
	for _, domain := range owned {
		s.touch(catalog.DomainTopic(domain))
	}
	return err
}

// CreateAccount implements catalog.AccountWriter.
func (s *session) CreateAccount(a catalog.Account) error {
	n, err := s.exec("create an account", `INSERT INTO accounts (id, name, email, organization, created_at, closed_at, tags)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, a.ID, a.Name, a.Email, optional{&a.Organization},
		a.CreatedAt.UnixMicro(), orNull(a.ClosedAt), tagSet(a.Tags))
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Account %s, or one of the email %s, already exists.", a.ID, a.Email)
	}
	return s.touchAccount(a.ID)
}

// UpdateAccount implements catalog.AccountWriter.
func (s *session) UpdateAccount(a catalog.Account) error {
	taken, err := s.exists("update an account", "SELECT 1 FROM accounts WHERE email = ? AND id <> ?", a.Email, a.ID)
	if err != nil {
		return err
	}
	if taken {
		return artifact.Errorf(artifact.Conflict, "Another account has the email %s.", a.Email)
	}
	n, err := s.exec("update an account", `UPDATE accounts SET name = ?, email = ?, organization = ?, closed_at = ?, tags = ?
		WHERE id = ?`, a.Name, a.Email, optional{&a.Organization}, orNull(a.ClosedAt), tagSet(a.Tags), a.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.NotFound, "Account %s does not exist.", a.ID)
	}
	return s.touchAccount(a.ID)
}

// CreateOrganization implements catalog.AccountWriter.
func (s *session) CreateOrganization(o catalog.Organization) error {
	n, err := s.exec("create an organization", `INSERT INTO organizations (id, root, management, created_at)
		VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, o.ID, o.Root, o.Management, o.CreatedAt.UnixMicro())
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Account %s already has an organization.", o.Management)
	}
	return s.touchAccount(o.Management)
}

// DeleteOrganization implements catalog.AccountWriter.
func (s *session) DeleteOrganization(id string) error {
	o, err := s.Organization(id)
	if err != nil {
		return err
	}
	used, err := s.exists("delete an organization", "SELECT 1 FROM accounts WHERE organization = ? AND id <> ? LIMIT 1", id, o.Management)
	if err != nil {
		return err
	}
	if used {
		return artifact.Errorf(artifact.Conflict, "Organization %s has accounts.", id)
	}
	if _, err := s.exec("delete an organization", "DELETE FROM organizations WHERE id = ?", id); err != nil {
		return err
	}
	return s.touchAccount(o.Management)
}

// PutAccountRequest implements catalog.AccountWriter.
func (s *session) PutAccountRequest(r catalog.AccountRequest) error {
	n, err := s.exec("record an account request", `INSERT INTO account_requests (id, organization, account_name, account,
		failure, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, r.ID, r.Organization, r.AccountName, r.Account, r.Failure,
		r.At.UnixMicro())
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Account request %s already exists.", r.ID)
	}
	return nil
}
