package repository_test

import (
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

// organize puts the domain's account and another on record, in one organization.
func (h *fixture) organize() (owner catalog.Account) {
	h.t.Helper()
	owner = catalog.Account{ID: account, Email: "owner@example.test", Organization: "o-1"}
	h.check(h.catalog.Write(h.t.Context(), func(w catalog.Writer) error {
		if err := w.CreateOrganization(catalog.Organization{ID: "o-1", Root: "r-1", Management: account}); err != nil {
			return err
		}
		return w.CreateAccount(owner)
	}))
	return owner
}

func TestADomainOfAClosedAccountIsNobodysToUse(t *testing.T) {
	h := newFixture(t)
	owner := h.organize()
	h.repo("r")
	h.domainPolicy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)
	friend, eve := h.caller(stranger, "ann", allowAll), h.caller(stranger, "eve", allowNone)
	reads := func() error {
		return h.rules.Authorize(t.Context(), friend, "ReadFromRepository", repository.OnRepository(key("r")), nil)
	}
	h.check(reads())
	owner.ClosedAt = time.Now()
	h.check(h.catalog.Write(t.Context(), func(w catalog.Writer) error { return w.UpdateAccount(owner) }))
	if err := reads(); !artifact.Is(err, artifact.Denied) || !strings.Contains(err.Error(), "Account "+account+", which owns the domain") {
		t.Errorf("got %v, want it refused for the account", err)
	}
	h.deniedByNoPolicy("is closed")
	err := h.rules.Authorize(t.Context(), iam.Caller{}, "ReadFromRepository", repository.OnRepository(key("r")), nil)
	h.refuses(artifact.Denied, err)
	if recorded := h.recordedLater(); len(recorded) > 0 {
		t.Errorf("got %+v on record of a call that nobody has made", recorded)
	}
	err = h.rules.Authorize(t.Context(), eve, "ReadFromRepository", repository.OnRepository(key("r")), nil)
	if !artifact.Is(err, artifact.Denied) || strings.Contains(err.Error(), "closed") {
		t.Errorf("who may not read: got %v, want no word of the account", err)
	}
	told, err := h.rules.Explain(t.Context(), friend, friend, repository.Question{Repository: key("r")})
	h.check(err)
	if told.Verdict.Ending != repository.Refused || !strings.Contains(told.Verdict.Why, "is closed") {
		t.Errorf("explained as %+v, want it refused for the account", told.Verdict)
	}
	for _, domain := range []artifact.DomainKey{domainKey, {Owner: account, Name: "none"}} {
		own := repository.Question{Repository: domain.Repository("r"), Action: "CreateDomain"}
		told, err := h.rules.Explain(t.Context(), eve, h.caller(stranger, "bob", allowAll), own)
		h.check(err)
		if told.Permission.Allowed || strings.Contains(told.Verdict.Why, "closed") {
			t.Errorf("making the domain %s, which would be another account's: explained as %+v", domain, told)
		}
	}
	owner.ClosedAt = time.Time{}
	h.check(h.catalog.Write(t.Context(), func(w catalog.Writer) error { return w.UpdateAccount(owner) }))
	h.check(reads())
}

func TestWhoseAResourceIsCanBeAskedFor(t *testing.T) {
	h := newFixture(t)
	h.organize()
	h.repo("r")
	for _, row := range []struct {
		condition string
		want      bool
	}{
		{`"StringEquals":{"aws:ResourceAccount":"` + account + `"}`, true},
		{`"StringEquals":{"aws:ResourceAccount":"` + stranger + `"}`, false},
		{`"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}`, true},
		{`"StringEquals":{"aws:ResourceOrgID":"o-1"}`, true},
		{`"StringEquals":{"aws:ResourceOrgID":"o-2"}`, false},
		{`"ForAnyValue:StringLike":{"aws:ResourceOrgPaths":"o-1/r-1/*"}`, true},
	} {
		c := h.caller(account, "ann", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+
			row.condition+`}}]}`)
		err := h.rules.Authorize(t.Context(), c, "ReadFromRepository", repository.OnRepository(key("r")), nil)
		if (err == nil) != row.want {
			t.Errorf("%s: got %v, want allowed %v", row.condition, err, row.want)
		}
	}
	nowhere := artifact.RepositoryKey{Owner: stranger, Domain: "none", Name: "r"}
	c := h.caller(stranger, "ann", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+
		`"StringEquals":{"aws:ResourceAccount":"`+stranger+`"}}}]}`)
	h.check(h.rules.Authorize(t.Context(), c, "ReadFromRepository", repository.OnRepository(nowhere), nil))
	h.check(h.rules.Authorize(t.Context(), c, "CreateDomain", repository.OnDomain(nowhere.DomainKey()), nil))
}

func TestTwoAccountsMayHaveADomainOfOneName(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	other := h.caller(stranger, "ann", allowAll)
	made, err := h.rules.CreateDomain(t.Context(), other, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	if made.Owner != stranger || made.ID == 0 {
		t.Errorf("got %+v, want it %s's", made.Domain, stranger)
	}
	spec := repository.RepositorySpec{RepositoryKey: made.DomainKey.Repository("r")}
	if _, err := h.rules.CreateRepository(t.Context(), other, spec); err != nil {
		t.Fatal(err)
	}
	for _, owner := range []artifact.AccountID{account, stranger} {
		l, err := h.rules.Domains(t.Context(), owner, catalog.Page{Limit: 10})
		h.check(err)
		if len(l.Items) != 1 || l.Items[0].Owner != owner {
			t.Errorf("domains of %s: got %v", owner, l.Items)
		}
	}
	for c, allowed := range map[string]bool{account: false, stranger: true} {
		err := h.rules.Authorize(t.Context(), h.caller(c, "bob", allowAll), "ReadFromRepository",
			repository.OnRepository(spec.RepositoryKey), nil)
		if (err == nil) != allowed {
			t.Errorf("%s reads the other's: got %v", c, err)
		}
	}
}
