package usage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
)

// By is what a report tells apart: a word, or tag:KEY.
type By string

// The ways to tell apart. Without a key, tags are all tags of a resource together.
const (
	ByNothing    By = ""
	ByDomain     By = "domain"
	ByRepository By = "repository"
	ByAccount    By = "account"
	ByFormat     By = "format"
	ByTag        By = "tag"
	ByDay        By = "day"
	ByHour       By = "hour"
)

const byTagKey = "tag:"

// Valid reports whether there is such a way.
func (b By) Valid() bool {
	key, ofTag := strings.CutPrefix(string(b), byTagKey)
	return ofTag && key != "" || slices.Contains([]By{ByNothing, ByDomain, ByRepository, ByAccount, ByFormat, ByTag, ByDay, ByHour}, b)
}

// Step returns how many hours the figures may be added up for: 0 for all of the month.
func (b By) Step() Hour {
	switch b {
	case ByHour:
		return 1
	case ByDay:
		return 24
	}
	return 0
}

// Question is what a report is about.
type Question struct {
	Account artifact.AccountID // who pays
	Domain  string             // of the account's domains; empty: all, and calls about none
	Month   Month
	By      By
}

// Figures are what a report is made of.
type Figures struct {
	// Counted are the requests of the account, and those of others in its domains, in the month, added up in steps.
	Counted []Counted
	// Stored are the hours of its domains' subjects up to now, each subject's in their order.
	Stored []StoredHour
	// Drivers are those of its domains in the month.
	Drivers []Driver
	// Recent are like Counted, in steps of a day, of some days before now: the forecast goes on as they have.
	Recent []Counted
	Since  time.Time // when those days began
}

// Tell reports whether there is any of what was asked about.
func (f Figures) Tell(q Question) bool {
	return slices.ContainsFunc(f.Counted, func(c Counted) bool { return q.within(c.Domain) }) ||
		slices.ContainsFunc(f.Stored, func(s StoredHour) bool { return q.within(s.Domain) })
}

// Report tells what an account used in a month.
type Report struct {
	Account  artifact.AccountID
	Domain   string
	Month    string
	Until    time.Time // the end of the month, or of what there is to tell yet
	Hours    int64     // of the whole month
	Lines    []Line
	Cost     Money
	By       By
	Groups   []Group
	Drivers  Drivers
	Others   []Visitor // requests of other accounts, who pay for them
	Forecast *Forecast
}

// Group is a part of it. Shared is what a repository refers to and others as well; it is paid for once, in the domain's own group.
type Group struct {
	Name     string
	Storage  Amount // bytes times seconds
	Shared   Amount
	Reads    Amount
	Writes   Amount
	Transfer Amount // bytes
	Cost     Money
}

// Visitor is another account that called.
type Visitor struct {
	Account  artifact.AccountID
	Requests Amount
	Transfer Amount
}

// Drivers are what most of it comes from.
type Drivers struct {
	Repositories []Group
	Packages     []Driven
	Principals   []Driven
}

// Driven is a package or a principal.
type Driven struct {
	Name     string
	Requests Amount
	Transfer Amount
}

// Forecast is the bill of the whole month if it goes on like this: what lies now stays, and requests come as in the last days.
type Forecast struct {
	Lines []Line
	Cost  Money
}

// maxTop is how many drivers of a kind a report names.
const maxTop = 10

// row is a quantity in a group.
type row struct {
	group  string
	within bool // the domain that was asked about
	Group       // amounts, without name and cost
	paid   quantities
}

// Make makes the report. region is our own; the month must have begun by now.
func Make(q Question, f Figures, p Prices, region string, now time.Time) Report {
	until := earlier(q.Month.Ends(), now.Truncate(time.Second).UTC())
	r := Report{Account: q.Account, Domain: q.Domain, Month: q.Month.String(), Until: until, Hours: q.Month.Hours(), By: q.By}
	subjects := bySubject(f.Stored)
	rows := rowsOf(q, q.By, f.Counted, subjects, until)
	r.Lines = linesOf(rows, p, q.Month, region)
	for _, l := range r.Lines {
		r.Cost += l.Cost
	}
	if q.By != ByNothing {
		r.Groups = groupsOf(rows, r.Lines)
		sortGroups(r.Groups, q.By)
	}
	top := groupsOf(rowsOf(q, ByRepository, f.Counted, subjects, until), r.Lines)
	sortGroups(top, ByRepository)
	r.Drivers = Drivers{Repositories: top[:min(len(top), maxTop)], Packages: driven(q, f.Drivers, OfPackage), Principals: driven(q, f.Drivers, OfPrincipal)}
	r.Others = visitors(q, f.Counted)
	if until.Before(q.Month.Ends()) {
		r.Forecast = forecast(q, f, p, region, rows, subjects, until)
	}
	return r
}

// bySubject parts hours by what they are told of.
func bySubject(hours []StoredHour) map[Subject][]StoredHour {
	parts := map[Subject][]StoredHour{}
	for _, h := range hours {
		parts[h.Subject] = append(parts[h.Subject], h)
	}
	return parts
}

// within reports whether a subject is of what was asked about.
func (q Question) within(d artifact.DomainKey) bool {
	return q.Domain == "" || d.Owner == q.Account && d.Name == q.Domain
}

// rows are quantities added up, one row for each group and what is within or not: a month of thousands of repositories by the hour
// is millions of figures.
type rows struct {
	index map[rowKey]int
	list  []row
}

type rowKey struct {
	group  string
	within bool
}

// of returns the row of a group.
func (r *rows) of(group string, within bool) *row {
	key := rowKey{group, within}
	i, there := r.index[key]
	if !there {
		i = len(r.list)
		r.index[key] = i
		r.list = append(r.list, row{group: group, within: within, paid: quantities{}})
	}
	return &r.list[i]
}

// lie adds what lay somewhere.
func (r *row) lie(l Lay) {
	r.Storage, r.Shared = r.Storage.Plus(l.Own), r.Shared.Plus(l.Shared)
	r.paid.add(dimension{Storage, ""}, l.Own)
}

// rowsOf turns figures into what the account pays for.
func rowsOf(q Question, by By, counted []Counted, stored map[Subject][]StoredHour, until time.Time) []row {
	all := &rows{index: map[rowKey]int{}}
	for _, c := range counted {
		if c.Account != q.Account {
			continue
		}
		r := all.of(by.ofCounted(c), q.within(c.Domain))
		reads, writes, sent := Of(c.Reads), Of(c.Writes), Of(c.Sent)
		r.Reads, r.Writes, r.Transfer = r.Reads.Plus(reads), r.Writes.Plus(writes), r.Transfer.Plus(sent)
		r.paid.add(dimension{Requests, ""}, reads.Plus(writes))
		r.paid.add(dimension{Transfer, c.Network}, sent)
	}
	begins := q.Month.Begins()
	byTime := map[bool]*hourly{true: newHourly(begins, until), false: newHourly(begins, until)}
	for subject, hours := range stored {
		switch {
		case by.Step() != 0:
			byTime[q.within(subject.Domain)].add(hours)
		default:
			if lay := Between(hours, begins, until); !lay.IsZero() {
				all.of(by.ofStored(subject, HourOf(begins)), q.within(subject.Domain)).lie(lay)
			}
		}
	}
	if by.Step() != 0 {
		for within, sums := range byTime {
			for h, lay := range sums.each() {
				all.of(by.ofStored(Subject{}, h), within).lie(lay)
			}
		}
	}
	return all.list
}

// linesOf makes a bill of the rows: all of them are priced together, and those that were asked about have their part of it.
func linesOf(rows []row, p Prices, m Month, region string) []Line {
	all, within := quantities{}, quantities{}
	for _, r := range rows {
		for d, a := range r.paid {
			all.add(d, a)
			if r.within {
				within.add(d, a)
			}
		}
	}
	all[dimension{Storage, ""}] = all[dimension{Storage, ""}].Plus(Amount{})
	all[dimension{Requests, ""}] = all[dimension{Requests, ""}].Plus(Amount{})
	order := []Dimension{Storage, Requests, Transfer}
	lines := []Line{}
	for _, d := range slices.SortedFunc(maps.Keys(all), func(a, b dimension) int {
		return cmp.Or(slices.Index(order, a.Dimension)-slices.Index(order, b.Dimension), strings.Compare(a.network, b.network))
	}) {
		l := p.line(d, all[d], m, region)
		part, whole := within[d], l.Quantity
		l.Cost = split(l.Cost, []Amount{part, whole.Minus(part)})[0]
		l.Free = l.Free.share(part, whole)
		l.Quantity = part
		if d.Dimension != Transfer || !part.IsZero() {
			lines = append(lines, l)
		}
	}
	return lines
}

// groupsOf adds rows up by their groups and divides what the lines cost.
func groupsOf(rows []row, lines []Line) []Group {
	index := map[string]int{}
	groups := []Group{}
	var paid []quantities
	for _, r := range rows {
		if !r.within {
			continue
		}
		i, there := index[r.group]
		if !there {
			i = len(groups)
			index[r.group] = i
			groups, paid = append(groups, Group{Name: r.group}), append(paid, quantities{})
		}
		g := &groups[i]
		g.Storage, g.Shared = g.Storage.Plus(r.Storage), g.Shared.Plus(r.Shared)
		g.Reads, g.Writes, g.Transfer = g.Reads.Plus(r.Reads), g.Writes.Plus(r.Writes), g.Transfer.Plus(r.Transfer)
		for d, a := range r.paid {
			paid[i].add(d, a)
		}
	}
	// What is left over by rounding goes to the first of equals, so they stand in an order.
	order := slices.Collect(maps.Values(index))
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(groups[a].Name, groups[b].Name) })
	for _, l := range lines {
		parts := make([]Amount, len(order))
		for n, i := range order {
			parts[n] = paid[i][dimension{l.Dimension, l.Network}]
		}
		for n, share := range split(l.Cost, parts) {
			groups[order[n]].Cost += share
		}
	}
	return groups
}

// sortGroups puts times into their order, and of all else what costs most first.
func sortGroups(groups []Group, by By) {
	slices.SortFunc(groups, func(a, b Group) int {
		if by.Step() != 0 {
			return strings.Compare(a.Name, b.Name)
		}
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), b.Storage.Cmp(a.Storage), b.Reads.Plus(b.Writes).Cmp(a.Reads.Plus(a.Writes)),
			b.Transfer.Cmp(a.Transfer), strings.Compare(a.Name, b.Name))
	})
}

// Names of what has none. No domain or repository can be called so.
const (
	noDomain = "(no domain)"
	noFormat = "(no format)"
	noTag    = "(untagged)"
	inShared = " (shared)"
)

// ofCounted names the group of requests.
func (b By) ofCounted(c Counted) string {
	if c.Domain.Name != "" && c.Domain.Owner != c.Account {
		c.Tags = ""                                                  // they are the other account's own matter
		c.Domain.Name = string(c.Domain.Owner) + ":" + c.Domain.Name // there may be one of our own that is called so
	}
	switch b {
	case ByAccount:
		return string(c.Account)
	case ByRepository:
		if c.Repository != "" {
			return c.Domain.Name + "/" + c.Repository
		}
		return cmp.Or(c.Domain.Name, noDomain)
	}
	return b.of(c.Subject, c.Hour)
}

// ofStored names the group of what lies somewhere.
func (b By) ofStored(s Subject, h Hour) string {
	switch b {
	case ByAccount:
		return string(s.Domain.Owner)
	case ByRepository:
		if s.Repository == "" {
			return s.Domain.Name + inShared
		}
		return s.Domain.Name + "/" + s.Repository
	}
	return b.of(s, h)
}

func (b By) of(s Subject, h Hour) string {
	switch b {
	case ByDomain:
		return cmp.Or(s.Domain.Name, noDomain)
	case ByFormat:
		return cmp.Or(string(s.Format), noFormat)
	case ByTag:
		var all []string
		for key, value := range s.Tags.Map() {
			all = append(all, key+"="+value)
		}
		slices.Sort(all)
		return cmp.Or(strings.Join(all, ","), noTag)
	case ByDay:
		return h.Begins().Format(time.DateOnly)
	case ByHour:
		return h.Begins().Format("2006-01-02T15")
	}
	if key, ofTag := strings.CutPrefix(string(b), byTagKey); ofTag {
		value, tagged := s.Tags.Map()[key]
		if !tagged {
			return noTag
		}
		return fmt.Sprintf("%s=%s", key, value)
	}
	return ""
}

// driven adds drivers of a kind up and returns those with the most requests, what they were not told apart of last.
func driven(q Question, drivers []Driver, kind Kind) []Driven {
	sums := map[string]Counters{}
	for _, d := range drivers {
		if d.Kind == kind && q.within(d.Domain) {
			sums[d.Name] = sums[d.Name].Plus(d.Counters)
		}
	}
	all := []Driven{}
	for name, c := range sums {
		all = append(all, Driven{name, Of(c.Reads + c.Writes), Of(c.Sent)})
	}
	slices.SortFunc(all, func(a, b Driven) int {
		if last := compareBool(a.Name == Rest, b.Name == Rest); last != 0 {
			return last
		}
		return cmp.Or(b.Requests.Cmp(a.Requests), b.Transfer.Cmp(a.Transfer), strings.Compare(a.Name, b.Name))
	})
	return all[:min(len(all), maxTop)]
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// visitors are the other accounts that called the account's domains.
func visitors(q Question, counted []Counted) []Visitor {
	sums := map[artifact.AccountID]Counters{}
	for _, c := range counted {
		if c.Account != q.Account && c.Domain.Owner == q.Account && q.within(c.Domain) {
			sums[c.Account] = sums[c.Account].Plus(c.Counters)
		}
	}
	var all []Visitor
	for _, account := range slices.Sorted(maps.Keys(sums)) {
		c := sums[account]
		all = append(all, Visitor{account, Of(c.Reads + c.Writes), Of(c.Sent)})
	}
	return all
}

// forecast adds to what was used what the rest of the month brings.
func forecast(q Question, f Figures, p Prices, region string, rows []row, stored map[Subject][]StoredHour, until time.Time) *Forecast {
	rest := seconds(until, q.Month.Ends())
	rows = slices.Clone(rows)
	for subject, hours := range stored {
		r := row{within: q.within(subject.Domain), paid: quantities{}}
		r.paid.add(dimension{Storage, ""}, Of(hours[len(hours)-1].Own).Times(rest))
		rows = append(rows, r)
	}
	since := f.Since
	if first, some := earliest(q, f.Recent); some && first.Begins().After(since) {
		since = first.Begins()
	}
	passed := max(seconds(since, until), secondsOfHour)
	for _, c := range f.Recent {
		if c.Account != q.Account {
			continue
		}
		r := row{within: q.within(c.Domain), paid: quantities{}}
		r.paid.add(dimension{Requests, ""}, Of(c.Reads+c.Writes).Scaled(rest, passed))
		r.paid.add(dimension{Transfer, c.Network}, Of(c.Sent).Scaled(rest, passed))
		rows = append(rows, r)
	}
	whole := &Forecast{Lines: linesOf(rows, p, q.Month, region)}
	for _, l := range whole.Lines {
		whole.Cost += l.Cost
	}
	return whole
}

// earliest returns the first hour in which the account called.
func earliest(q Question, counted []Counted) (first Hour, some bool) {
	for _, c := range counted {
		if c.Account == q.Account && (!some || c.Hour < first) {
			first, some = c.Hour, true
		}
	}
	return first, some
}
