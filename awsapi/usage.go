package awsapi

import (
	"context"
	"time"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/usage"
)

type usageInput struct {
	ofAccount
	Account artifact.AccountID `query:"account" is:"AccountId"`
	Domain  string             `query:"domain" is:"DomainName"`
	Month   string             `query:"month" is:"OwnMonth"`
	By      string             `query:"by" is:"OwnUsageBy"`
}

// UsageReport is what GetUsage answers. Amounts of storage are bytes times hours, rounded down; those of transfer are bytes. Money is
// dollars, as text.
type UsageReport struct {
	Account  artifact.AccountID `json:"account"`
	Domain   string             `json:"domain,omitempty"`
	Month    string             `json:"month"`
	Until    time.Time          `json:"until"` // the end of the month, or of what there is to tell yet
	Hours    int64              `json:"hoursOfMonth"`
	Lines    []UsageLine        `json:"lines"`
	Cost     usage.Money        `json:"cost"`
	By       string             `json:"by,omitempty"`
	Groups   []UsageGroup       `json:"groups,omitempty"`
	Drivers  UsageDrivers       `json:"drivers"`
	Others   []UsageVisitor     `json:"otherAccounts,omitempty"`
	Forecast *UsageForecast     `json:"forecast,omitempty"`
}

// UsageLine is a line of the bill.
type UsageLine struct {
	Dimension usage.Dimension `json:"dimension"`
	Network   string          `json:"network,omitempty"`
	Unit      string          `json:"unit"`
	Quantity  usage.Amount    `json:"quantity"`
	Free      usage.Amount    `json:"free"`
	Cost      usage.Money     `json:"cost"`
}

// UsageGroup is a part of it.
type UsageGroup struct {
	Name     string       `json:"name"`
	Storage  usage.Amount `json:"storageByteHours"`
	Shared   usage.Amount `json:"sharedByteHours"`
	Reads    usage.Amount `json:"reads"`
	Writes   usage.Amount `json:"writes"`
	Transfer usage.Amount `json:"transferBytes"`
	Cost     usage.Money  `json:"cost"`
}

// UsageDrivers are what most of it comes from.
type UsageDrivers struct {
	Repositories []UsageGroup  `json:"repositories"`
	Packages     []UsageDriven `json:"packages"`
	Principals   []UsageDriven `json:"principals"`
}

// UsageDriven is a package or a principal.
type UsageDriven struct {
	Name     string       `json:"name"`
	Requests usage.Amount `json:"requests"`
	Transfer usage.Amount `json:"transferBytes"`
}

// UsageVisitor is another account that called, and pays for it.
type UsageVisitor struct {
	Account  artifact.AccountID `json:"account"`
	Requests usage.Amount       `json:"requests"`
	Transfer usage.Amount       `json:"transferBytes"`
}

// UsageForecast is the bill of the whole month if it goes on like this.
type UsageForecast struct {
	Lines []UsageLine `json:"lines"`
	Cost  usage.Money `json:"cost"`
}

// getUsage tells what an account used in a month.
func (a *API) getUsage(ctx context.Context, c iam.Caller, in *usageInput) (*UsageReport, error) {
	q := usage.Question{Account: in.Account, Domain: in.Domain, By: usage.By(in.By)}
	if in.Month != "" {
		var err error
		if q.Month, err = usage.ParseMonth(in.Month); err != nil {
			return nil, refuse(FieldValidationFailed, "The month must be written like 2026-11.")
		}
	}
	r, err := a.Usage.Report(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &UsageReport{Account: r.Account, Domain: r.Domain, Month: r.Month, Until: r.Until, Hours: r.Hours, Lines: usageLines(r.Lines), Cost: r.Cost,
		By: string(r.By), Groups: usageGroups(r.Groups), Drivers: UsageDrivers{Repositories: usageGroups(r.Drivers.Repositories),
			Packages: []UsageDriven{}, Principals: []UsageDriven{}}}
	for _, d := range r.Drivers.Packages {
		out.Drivers.Packages = append(out.Drivers.Packages, UsageDriven(d))
	}
	for _, d := range r.Drivers.Principals {
		out.Drivers.Principals = append(out.Drivers.Principals, UsageDriven(d))
	}
	for _, v := range r.Others {
		out.Others = append(out.Others, UsageVisitor(v))
	}
	if r.Forecast != nil {
		out.Forecast = &UsageForecast{usageLines(r.Forecast.Lines), r.Forecast.Cost}
	}
	return out, nil
}

const secondsOfHour = 3600

// unitsOf are the units of amounts on the wire.
var unitsOf = map[usage.Dimension]string{usage.Storage: "byte-hours", usage.Requests: "requests", usage.Transfer: "bytes"}

func usageLines(lines []usage.Line) []UsageLine {
	out := []UsageLine{}
	for _, l := range lines {
		if l.Dimension == usage.Storage {
			l.Quantity, l.Free = l.Quantity.Over(secondsOfHour), l.Free.Over(secondsOfHour)
		}
		out = append(out, UsageLine{l.Dimension, l.Network, unitsOf[l.Dimension], l.Quantity, l.Free, l.Cost})
	}
	return out
}

func usageGroups(groups []usage.Group) []UsageGroup {
	out := []UsageGroup{}
	for _, g := range groups {
		g.Storage, g.Shared = g.Storage.Over(secondsOfHour), g.Shared.Over(secondsOfHour)
		out = append(out, UsageGroup(g))
	}
	return out
}
