package metering

import (
	"context"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/usage"
)

const getUsage = "entrepot:GetUsage"

// recentDays is how many days a forecast goes by.
const recentDays = 7

// Report tells what an account used in a month and what it costs. An empty account is the caller's own, a zero month the one that
// runs. Denied if the caller may not see it; Invalid for a month that has not begun, or whose figures are not kept any more, and
// for what cannot be told apart; NotFound for a domain that is not there, and of which nothing was used.
//
// Of another account than one's own only those may ask who are of the installation's account, or of the account that manages the
// other one's organization.
func (m *Meter) Report(ctx context.Context, c iam.Caller, q usage.Question) (report usage.Report, err error) {
	now := m.Now()
	if q.Account == "" {
		q.Account = artifact.AccountID(c.Principal.Account)
	}
	if q.Month == (usage.Month{}) {
		q.Month = usage.MonthOf(now)
	}
	err = m.Catalog.Read(ctx, func(r catalog.Reader) error { return m.may(r, c, q) })
	ledger := accounts.Ledger{Catalog: m.Catalog, Now: m.Now, Later: m.RecordLater}
	if err := ledger.Looked(c, getUsage, err); err != nil {
		return report, err
	}
	if err := m.valid(q, now); err != nil {
		return report, err
	}
	// What was counted until now is part of the answer. If it cannot be written down, what is written is.
	m.warn(ctx, m.Flush(ctx))
	err = m.Catalog.Read(ctx, func(r catalog.Reader) error {
		f, err := m.figures(r, q, now)
		if err != nil {
			return err
		}
		if q.Domain != "" && !f.Tell(q) {
			if err := m.exists(r, q); err != nil {
				return err
			}
		}
		report = usage.Make(q, f, m.Prices, m.Region, now)
		return nil
	})
	return report, err
}

// exists wants the domain of a question, of which there are no figures: a name that is misspelt must not look like one that costs
// nothing.
func (m *Meter) exists(r catalog.Reader, q usage.Question) error {
	_, err := r.Domain(artifact.DomainKey{Owner: q.Account, Name: q.Domain})
	if artifact.Is(err, artifact.NotFound) {
		return artifact.Errorf(artifact.NotFound, "Account '%s' has no domain '%s', and nothing of one is on the bill of %s.", q.Account, q.Domain,
			q.Month).About(artifact.DomainResource, q.Domain)
	}
	return err
}

// may asks for permission.
func (m *Meter) may(r catalog.Reader, c iam.Caller, q usage.Question) error {
	on := accounts.Subject{ARN: "arn:aws:codeartifact:" + m.Region + ":" + string(q.Account) + ":domain/*"}
	if q.Domain != "" {
		on.ARN = "arn:aws:codeartifact:" + m.Region + ":" + string(q.Account) + ":domain/" + q.Domain
	}
	if err := accounts.Authorize(c, getUsage, on); err != nil {
		return err
	}
	own := artifact.AccountID(c.Principal.Account)
	if own == q.Account || own == m.Account {
		return nil
	}
	standing, err := catalog.StandingOf(r, q.Account)
	if err != nil {
		return err
	}
	if standing.Organization.Management == own {
		return nil
	}
	return artifact.Errorf(artifact.Denied, "User: %s may not see the usage of account %s", c.Principal.ARN, q.Account)
}

// valid refuses what nothing can be told of.
func (m *Meter) valid(q usage.Question, now time.Time) error {
	switch {
	case !q.By.Valid():
		return artifact.Errorf(artifact.Invalid, "Usage is told apart by domain, repository, account, format, tag, tag:KEY, day or hour.")
	case q.Month.Begins().After(now):
		return artifact.Errorf(artifact.Invalid, "The month %s has not begun.", q.Month)
	case usage.HourOf(q.Month.Begins()) < usage.KeptSince(now):
		return artifact.Errorf(artifact.Invalid, "Figures are kept for %d months; those of %s are not kept any more.", usage.KeptMonths, q.Month)
	}
	return nil
}

// figures reads what a report is made of.
func (m *Meter) figures(r catalog.Reader, q usage.Question, now time.Time) (f usage.Figures, err error) {
	from, until := usage.HourOf(q.Month.Begins()), usage.HourOf(q.Month.Ends())
	if f.Counted, err = r.CountedRequests(q.Account, from, until, q.By.Step()); err != nil {
		return f, err
	}
	if f.Stored, err = r.StoredHours(q.Account, from, until); err != nil {
		return f, err
	}
	if f.Drivers, err = r.UsageDrivers(q.Account, from, until); err != nil {
		return f, err
	}
	since := usage.DayOf(usage.HourOf(now.AddDate(0, 0, -recentDays)))
	f.Since = since.Begins()
	f.Recent, err = r.CountedRequests(q.Account, since, usage.HourOf(now)+1, 24)
	return f, err
}
