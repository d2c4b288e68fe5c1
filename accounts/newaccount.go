package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// NewAccount is what an account of an organization is made of.
type NewAccount struct {
	Email string // no two accounts have the same
	Name  string
	Role  string // name of the role that the managing account's principals may play in it; empty means the service's
	Tags  []Tag
}

// standardRoleName is the role of accounts that were made without naming one (Organizations user guide, "Accessing member
// accounts").
const standardRoleName = "OrganizationAccountAccessRole"

// EmailTaken is why no account was made of an email that another one has (service model, CreateAccountFailureReason).
const EmailTaken = "EMAIL_ALREADY_EXISTS"

// CreateAccount makes an account in the organization that the caller's account manages, with what every account has, and the role
// that the managing account's principals may play in it. It is made before the answer, which tells how it went: no account is
// made of an email that is taken, and that is no error here. Quota when the organization has as many as it may have.
func (s *Service) CreateAccount(ctx context.Context, c iam.Caller, n NewAccount) (request catalog.AccountRequest, err error) {
	err = s.change(ctx, c, "organizations:CreateAccount", func(a *changing) error {
		on := Subject{Given: tagMap(n.Tags)}
		o, err := a.managing("", "", on)
		if err != nil {
			return err
		}
		if len(n.Tags) > 0 {
			if err := Authorize(c, "organizations:TagResource", on); err != nil {
				return err
			}
		}
		if err := a.roomForAccount(o); err != nil {
			return err
		}
		tags, err := s.labelled(nil, n.Tags)
		if err != nil {
			return err
		}
		made := catalog.Account{ID: newAccountID(), Name: n.Name, Email: n.Email, Organization: o.ID, CreatedAt: s.Now().UTC(), Tags: tags}
		request = catalog.AccountRequest{ID: newLowerID("car-", accountRequestRandom), Organization: o.ID, AccountName: n.Name,
			Account: made.ID, At: made.CreatedAt}
		_, err = a.AccountByEmail(n.Email)
		switch {
		case err == nil:
			request.Account, request.Failure = "", EmailTaken
		case !artifact.Is(err, artifact.NotFound):
			return err
		default:
			if err := s.openAccount(a.write, made); err != nil {
				return err
			}
			if err := a.admitManager(made, o, n.Role); err != nil {
				return err
			}
		}
		if err := a.write.PutAccountRequest(request); err != nil {
			return err
		}
		return a.record(s.organizationARN(o, "account", string(request.Account)),
			map[string]any{"createAccountRequestId": request.ID, "accountName": n.Name, "failureReason": request.Failure})
	})
	return request, err
}

// accountRequestRandom is the length of what is random in the ids of requests (service model, CreateAccountRequestId).
const accountRequestRandom = 26

// roomForAccount is Quota when the organization has as many open accounts as it may have.
func (a *reading) roomForAccount(o catalog.Organization) error {
	members, err := a.members(o)
	if err != nil {
		return err
	}
	open := 0
	for _, m := range members {
		if m.ClosedAt.IsZero() {
			open++
		}
	}
	if open >= a.Quotas.Accounts {
		return artifact.Errorf(artifact.Quota, "You have exceeded the allowed number of AWS accounts: the organization may have %d.",
			a.Quotas.Accounts)
	}
	return nil
}

// newAccountID draws twelve digits. Ten organizations of the largest size leave one in ten million taken.
func newAccountID() artifact.AccountID {
	const least, most = 100_000_000_000, 999_999_999_999
	n, err := rand.Int(rand.Reader, big.NewInt(most-least+1))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return artifact.AccountID(fmt.Sprint(least + n.Int64()))
}

// openAccount puts an account on record, with itself as a principal.
func (s *Service) openAccount(w catalog.Writer, account catalog.Account) error {
	root := catalog.Principal{ID: string(account.ID), Account: account.ID, Kind: catalog.RootPrincipal, Path: rootPath, Name: "root",
		ARN: s.rootARN(account.ID), CreatedAt: account.CreatedAt}
	if err := w.CreateAccount(account); err != nil {
		return err
	}
	if _, err := w.Principal(root.ID); !artifact.Is(err, artifact.NotFound) {
		return err
	}
	return w.CreatePrincipal(root)
}

// admitManager makes the role that principals of the managing account may play in a new account.
func (a *changing) admitManager(account catalog.Account, o catalog.Organization, name string) error {
	if name == "" {
		name = standardRoleName
	}
	role := catalog.Principal{ID: newID(rolePrefix), Account: account.ID, Kind: catalog.RolePrincipal, Path: rootPath, Name: name,
		CreatedAt: account.CreatedAt}
	role.ARN = a.principalARN(role)
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}`,
		a.rootARN(o.Management))
	return errors.Join(
		a.write.CreatePrincipal(role),
		a.write.PutRole(role.ID, catalog.Role{Trust: trust, MaxSession: standardMaxSession}),
		a.write.AttachPolicy(role.ID, a.awsARN("AdministratorAccess")),
	)
}

// DescribeCreateAccountStatus returns what has become of a request for an account of the caller's organization.
func (s *Service) DescribeCreateAccountStatus(ctx context.Context, c iam.Caller, id string) (request catalog.AccountRequest, err error) {
	err = s.look(ctx, c, "organizations:DescribeCreateAccountStatus", func(a *reading) error {
		o, err := a.managing("", "", Subject{})
		if err != nil {
			return err
		}
		request, err = a.AccountRequest(id)
		if artifact.Is(err, artifact.NotFound) || err == nil && request.Organization != o.ID {
			return NoSuchRequest.errorf("The organization has no request %.64s for an account.", id)
		}
		return err
	})
	return request, err
}

// ListCreateAccountStatus lists the requests for accounts of the caller's organization.
func (s *Service) ListCreateAccountStatus(ctx context.Context, c iam.Caller, page catalog.Page) (
	l catalog.Listing[catalog.AccountRequest], err error) {
	err = s.look(ctx, c, "organizations:ListCreateAccountStatus", func(a *reading) error {
		o, err := a.managing("", "", Subject{})
		if err != nil {
			return err
		}
		l, err = a.AccountRequests(o.ID, page)
		return err
	})
	return l, err
}

// InstallAccount sees to it that the installation's own account, which has its first user, is on record. It writes nothing if it
// is, nor for an account in which there is nobody: a number that was changed after the first start is none of an account.
func (s *Service) InstallAccount(ctx context.Context, id artifact.AccountID) error {
	missing := func(r catalog.Reader) (bool, error) {
		_, err := r.Account(id)
		if !artifact.Is(err, artifact.NotFound) {
			return false, err
		}
		some, err := r.Principals(catalog.PrincipalFilter{Account: id}, catalog.Page{Limit: 1})
		return len(some.Items) > 0, err
	}
	absent := false
	err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		absent, err = missing(r)
		return err
	})
	if err != nil || !absent {
		return err
	}
	return s.Catalog.Write(ctx, func(w catalog.Writer) error {
		absent, err := missing(w)
		if err != nil || !absent {
			return err
		}
		// Nobody reads the mail of an installation: a name of the domain that is nobody's.
		return s.openAccount(w, catalog.Account{ID: id, Name: "Entrepot", Email: "root@" + string(id) + ".invalid", CreatedAt: s.Now().UTC()})
	})
}
