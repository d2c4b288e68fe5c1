package catalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/usage"
)

// MeterReader reads what was metered. It outlives the domains and repositories that it tells of, and goes by names.
type MeterReader interface {
	// MeasureStored measures what lies in the domains at this moment: a level for each repository and format with bytes, and
	// one for each domain and format with what is shared there, each content once. The own bytes of both add up to
	// Usage.AssetBytes. A content is of the first repository and format that has it, where several could be meant. It reads
	// all assets there are. Ordered by owner, domain, repository and format.
	MeasureStored() ([]usage.Stored, error)
	// StoredHours returns the hours of the subjects of an owner's domains that begin before until, each subject's in their
	// order; of those before from only the last of each.
	StoredHours(owner artifact.AccountID, from, until usage.Hour) ([]usage.StoredHour, error)
	// CountedRequests returns the requests of an account and those of others in its domains, in the hours from from on and
	// before until. They are added up in steps of so many hours; Hour is then the first of the step. 0 is all in one.
	CountedRequests(account artifact.AccountID, from, until, step usage.Hour) ([]usage.Counted, error)
	// UsageDrivers returns the drivers of an owner's domains of the days that begin in these hours, added up; Hour is from.
	UsageDrivers(owner artifact.AccountID, from, until usage.Hour) ([]usage.Driver, error)
}

// MeterWriter writes down what was metered. It touches no topic.
type MeterWriter interface {
	// CountRequests adds what was counted in an interval. One whose number is not above the last of its meter has been
	// added already, and nothing is done. A driver for whose name a domain has no room on the day (usage.MaxDrivers of a kind)
	// is added to usage.Rest.
	CountRequests(i usage.Interval, now time.Time) error
	// SetStored says what lies where since a time: everything that MeasureStored has found. Where nothing is said of a
	// subject, nothing lies any more. What is as it was costs no write.
	SetStored(all []usage.Stored, at time.Time) error
	// ForgetUsage removes up to limit (clamped as in Page) rows of figures of hours before that one, and returns how many it
	// removed. What lies since then is not forgotten.
	ForgetUsage(before usage.Hour, limit int) (int, error)
}
