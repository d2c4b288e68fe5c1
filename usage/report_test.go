package usage_test

import (
	"reflect"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/usage"
)

const (
	us   = artifact.AccountID("111122223333")
	them = artifact.AccountID("444455556666")
	gb   = int64(usage.Gigabyte)
)

var (
	november = usage.Month{Year: 2026, Month: time.November}
	shop     = artifact.DomainKey{Owner: us, Name: "shop"}
	lab      = artifact.DomainKey{Owner: us, Name: "lab"}
	theirs   = artifact.DomainKey{Owner: them, Name: "shop"} // which is called as one of ours is
	web      = usage.Subject{Domain: shop, Repository: "web", Format: artifact.NPM, Tags: usage.TagsOf(map[string]string{"team": "web", "stage": "live"})}
	jobs     = usage.Subject{Domain: lab, Repository: "jobs", Format: artifact.PyPI, Tags: usage.TagsOf(map[string]string{"team": "data"})}
	together = usage.Subject{Domain: shop, Format: artifact.NPM}
)

// day is noon of a day of November.
func day(n int) time.Time { return time.Date(2026, time.November, n, 12, 0, 0, 0, time.UTC) }

// figures are of a month in which six gigabytes lay in web for the second half and two that are shared all along, and three in jobs.
func figures() usage.Figures {
	begins := november.Begins()
	counted := func(at time.Time, s usage.Subject, account artifact.AccountID, network string, reads, writes, sent int64) usage.Counted {
		return usage.Counted{Hour: usage.HourOf(at), Subject: s, Account: account, Network: network, Counters: usage.Counters{Reads: reads, Writes: writes, Sent: sent}}
	}
	half := begins.Add(360 * time.Hour)
	f := usage.Figures{
		Counted: []usage.Counted{
			counted(day(2), web, us, usage.Internet, 90_000, 0, 200*gb),
			counted(day(3), web, us, "us-east-1", 20_000, 10_000, 50*gb),
			counted(day(4), jobs, us, "eu-west-1", 40_000, 0, 10*gb),
			counted(day(4), usage.Subject{}, us, "us-east-1", 40_000, 0, 0),
			counted(day(4), usage.Subject{Domain: theirs, Repository: "web", Tags: usage.TagsOf(map[string]string{"stage": "secret"})}, us, "us-east-1", 100_000, 0, 0),
			counted(day(5), web, them, usage.Internet, 7_000_000, 0, 900*gb),
		},
		Stored: []usage.StoredHour{
			usage.First(usage.Stored{Subject: web, Level: usage.Level{Shared: 2 * gb}}, begins),
			usage.First(usage.Stored{Subject: web, Level: usage.Level{Shared: 2 * gb}}, begins).Change(usage.Level{Own: 6 * gb, Shared: 2 * gb}, half),
			usage.First(usage.Stored{Subject: together, Level: usage.Level{Own: 2 * gb}}, begins),
			usage.First(usage.Stored{Subject: jobs, Level: usage.Level{Own: 3 * gb}}, begins),
		},
		Drivers: []usage.Driver{
			{Domain: shop, Kind: usage.OfPackage, Name: "npm//left-pad", Counters: usage.Counters{Reads: 10, Sent: 5}},
			{Domain: shop, Kind: usage.OfPackage, Name: "npm//left-pad", Counters: usage.Counters{Reads: 1}},
			{Domain: lab, Kind: usage.OfPackage, Name: "pypi//numpy", Counters: usage.Counters{Reads: 4}},
			{Domain: shop, Kind: usage.OfPackage, Name: usage.Rest, Counters: usage.Counters{Reads: 1000}},
			{Domain: shop, Kind: usage.OfPrincipal, Name: "arn:aws:iam::111122223333:user/ci", Counters: usage.Counters{Reads: 3}},
		},
	}
	return f
}

func TestABillIsWhatItsRowsCost(t *testing.T) {
	after := november.Ends().AddDate(0, 0, 3)
	r := usage.Make(usage.Question{Account: us, Month: november, By: usage.ByRepository}, figures(), usage.DefaultPrices(), "us-east-1", after)
	type line struct{ what, network, cost string }
	var lines []line
	for _, l := range r.Lines {
		lines = append(lines, line{string(l.Dimension), l.Network, l.Cost.String()})
	}
	// Eight gigabytes on average, of which two are free; 300,000 requests, of which 100,000 are; 200 GB out, of which 100 are.
	want := []line{{"storage", "", "0.30"}, {"requests", "", "1.00"}, {"transfer", "eu-west-1", "0.20"}, {"transfer", "internet", "9.00"},
		{"transfer", "us-east-1", "0.00"}}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("got lines\n%v, want\n%v", lines, want)
	}
	if r.Cost.String() != "10.50" || r.Forecast != nil || !r.Until.Equal(november.Ends()) || r.Hours != 720 {
		t.Errorf("got %s until %s of %d hours, forecast %v", r.Cost, r.Until, r.Hours, r.Forecast)
	}
	groups := map[string]string{}
	var sum usage.Money
	for _, g := range r.Groups {
		groups[g.Name] = g.Cost.String()
		sum += g.Cost
	}
	// Of 0.30 for storage each pays by what lay: 3, 2 and 3 of 8; of a dollar for requests, 120, 40, 40 and 100 of 300.
	wantGroups := map[string]string{"shop/web": "9.5125", "shop (shared)": "0.075", "lab/jobs": "0.445833333", "(no domain)": "0.133333334",
		"444455556666:shop/web": "0.333333333"}
	if !reflect.DeepEqual(groups, wantGroups) || sum != r.Cost {
		t.Errorf("got groups %v of %s, want %v of %s", groups, sum, wantGroups, r.Cost)
	}
	if r.Groups[0].Name != "shop/web" || r.Groups[0].Shared.Cmp(usage.Of(2*gb).Times(720*3600)) != 0 {
		t.Errorf("got %+v first", r.Groups[0])
	}
	if len(r.Others) != 1 || r.Others[0].Account != them || r.Others[0].Requests.String() != "7000000" {
		t.Errorf("got others %v, want the one who pays for himself", r.Others)
	}
	if r.Drivers.Packages[0].Name != "npm//left-pad" || r.Drivers.Packages[0].Requests.String() != "11" || r.Drivers.Packages[2].Name != usage.Rest {
		t.Errorf("got packages %v", r.Drivers.Packages)
	}
}

func TestADomainHasItsPartOfTheAccountsBill(t *testing.T) {
	after := november.Ends()
	of := func(domain string, by usage.By) usage.Report {
		return usage.Make(usage.Question{Account: us, Month: november, Domain: domain, By: by}, figures(), usage.DefaultPrices(), "us-east-1", after)
	}
	web, jobs := of("shop", usage.ByDomain), of("lab", usage.ByDomain)
	if web.Cost.String() != "9.5875" || jobs.Cost.String() != "0.445833333" {
		t.Errorf("got %s and %s", web.Cost, jobs.Cost)
	}
	if len(web.Groups) != 1 || web.Groups[0].Cost != web.Cost {
		t.Errorf("got groups %v", web.Groups)
	}
	if len(jobs.Others) != 0 || len(jobs.Drivers.Packages) != 1 || len(jobs.Drivers.Principals) != 0 {
		t.Errorf("what is of another domain is told: %+v", jobs)
	}
	if none := of("444455556666:shop", usage.ByDomain); none.Cost != 0 || len(none.Groups) != 0 {
		t.Errorf("another account's domain is told: %+v", none)
	}
}

func TestAReportTellsApartWhatItIsAsked(t *testing.T) {
	for by, want := range map[usage.By][]string{
		usage.ByAccount:           {"111122223333"},
		usage.ByFormat:            {"npm", "(no format)", "pypi"},
		usage.ByTag:               {"stage=live,team=web", "(untagged)", "team=data"},
		usage.By("tag:stage"):     {"stage=live", "(untagged)"},
		usage.By("tag:nowhere"):   {"(untagged)"},
		usage.ByDomain:            {"shop", "lab", "444455556666:shop", "(no domain)"},
		usage.ByNothing:           nil,
		usage.By("tag:something"): {"(untagged)"},
	} {
		r := usage.Make(usage.Question{Account: us, Month: november, By: by}, figures(), usage.DefaultPrices(), "us-east-1", november.Ends())
		var got []string
		var sum usage.Money
		for _, g := range r.Groups {
			got = append(got, g.Name)
			sum += g.Cost
		}
		if !reflect.DeepEqual(got, want) || by != usage.ByNothing && sum != r.Cost {
			t.Errorf("by %s: got %v of %s, want %v of %s", by, got, sum, want, r.Cost)
		}
	}
	days := usage.Make(usage.Question{Account: us, Month: november, By: usage.ByDay}, figures(), usage.DefaultPrices(), "us-east-1", november.Ends())
	if len(days.Groups) != 30 || days.Groups[1].Name != "2026-11-02" || days.Groups[1].Reads.String() != "90000" ||
		days.Groups[29].Storage.Cmp(usage.Of(11*gb).Times(24*3600)) != 0 {
		t.Errorf("got days %v", days.Groups)
	}
	if usage.By("month").Valid() || usage.By("tag:").Valid() || !usage.By("tag:a").Valid() || !usage.ByNothing.Valid() {
		t.Error("ways to tell apart are not told apart")
	}
}

func TestAForecastGoesOnAsTheLastDaysHave(t *testing.T) {
	now := time.Date(2026, time.November, 11, 0, 0, 0, 0, time.UTC) // a third of the month has passed
	f := figures()
	f.Stored = f.Stored[2:] // 2 GB shared and 3 in jobs, all along
	f.Counted = []usage.Counted{{Hour: usage.HourOf(day(2)), Subject: web, Account: us, Network: usage.Internet,
		Counters: usage.Counters{Reads: 100_000, Sent: 50 * gb}}}
	f.Recent, f.Since = f.Counted, now.AddDate(0, 0, -7)
	f.Recent = []usage.Counted{{Hour: usage.HourOf(now) - 24*7, Account: us, Subject: web, Network: usage.Internet, Counters: usage.Counters{Reads: 70_000, Sent: 35 * gb}},
		{Hour: usage.HourOf(now) - 24, Account: them, Subject: web, Network: usage.Internet, Counters: usage.Counters{Reads: 1 << 40}}}
	q := usage.Question{Account: us, Month: november}
	r := usage.Make(q, f, usage.DefaultPrices(), "us-east-1", now)
	if r.Forecast == nil {
		t.Fatal("no forecast")
	}
	// 5 GB to the end, less 2; 100,000 requests and 20 days of 10,000, less 100,000; 50 GB and 20 days of 5, less 100.
	if got := []string{r.Forecast.Lines[0].Cost.String(), r.Forecast.Lines[1].Cost.String(), r.Forecast.Lines[2].Cost.String(), r.Forecast.Cost.String()}; !reflect.DeepEqual(got,
		[]string{"0.15", "1.00", "4.50", "5.65"}) {
		t.Errorf("got %v", got)
	}
	f.Recent[0].Hour = usage.HourOf(now) - 24 // it has been counted for one day only: ten times 70,000 and 35 GB more each
	r = usage.Make(q, f, usage.DefaultPrices(), "us-east-1", now)
	if got := r.Forecast.Lines[1].Quantity.String(); got != "1500000" {
		t.Errorf("got %s requests, want 100,000 and twenty days of 70,000", got)
	}
}

func TestMonthsAreReadAndCounted(t *testing.T) {
	m, err := usage.ParseMonth("2028-02")
	if err != nil || m.Hours() != 29*24 || m.String() != "2028-02" || m.Before(2).String() != "2027-12" {
		t.Errorf("got %v of %d hours, %v", m, m.Hours(), err)
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-1", "26-01", "2026-01-01", "1969-12", "2026-00", "-001-01"} {
		if m, err := usage.ParseMonth(text); err == nil {
			t.Errorf("%q is read as %s", text, m)
		}
	}
	if got := usage.KeptSince(day(29)).Begins(); !got.Equal(time.Date(2025, time.October, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("figures are kept since %s", got)
	}
	if got := usage.HourOf(time.Unix(-1, 0)); got != -1 {
		t.Errorf("the hour before 1970 is %d", got)
	}
}
