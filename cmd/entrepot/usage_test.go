package main

import (
	"strings"
	"testing"
	"time"

	"entrepot/awsapi"
	"entrepot/usage"
)

// novembersUsage is of a month in which a gigabyte lay, and a little went out.
func novembersUsage() awsapi.UsageReport {
	const month = 720 * int64(usage.Gigabyte)
	return awsapi.UsageReport{Account: "123456789012", Month: "2026-11", Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Hours: 720, Cost: 3 * usage.Dollar / 2,
		Lines: []awsapi.UsageLine{{Dimension: usage.Storage, Unit: "byte-hours", Quantity: usage.Of(3 * month), Free: usage.Of(2 * month), Cost: usage.Dollar / 20},
			{Dimension: usage.Requests, Unit: "requests", Quantity: usage.Of(7), Free: usage.Of(7)},
			{Dimension: usage.Transfer, Network: "internet", Unit: "bytes", Quantity: usage.Of(1000), Cost: 90}},
		Groups: []awsapi.UsageGroup{{Name: "=cmd()=web", Storage: usage.Of(month), Shared: usage.Of(5), Reads: usage.Of(6), Writes: usage.Of(1),
			Transfer: usage.Of(1000), Cost: usage.Dollar / 40}, {Name: "my\x1b[31m-domain"}},
		Others:   []awsapi.UsageVisitor{{Account: "444455556666", Requests: usage.Of(12)}},
		Forecast: &awsapi.UsageForecast{Cost: 2 * usage.Dollar},
		Drivers:  awsapi.UsageDrivers{Packages: []awsapi.UsageDriven{{Name: "npm/left-pad", Requests: usage.Of(6), Transfer: usage.Of(900)}}},
	}
}

func TestUsageIsPrintedForPeople(t *testing.T) {
	r := novembersUsage()
	r.By = "tag:team"
	var out strings.Builder
	if err := printUsage(&out, r); err != nil {
		t.Fatal(err)
	}
	squeezed := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"storage 3.0000 GB-months 2.0000 GB-months $0.05", "requests 7 7 $0.00", "transfer to the internet <0.0001 GB 0.0000 GB $<0.01", "total $1.50",
		"if it goes on like this $2.00", "TAG:TEAM STORAGE SHARED READS WRITES TRANSFER COST", "=cmd()=web 1.0000 GB-months <0.0001 GB-months 6 1 <0.0001 GB $0.03",
		"my?[31m-domain", "TOP PACKAGES REQUESTS TRANSFER npm/left-pad 6", "444455556666 12",
	} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestUsageIsWrittenAsCSV(t *testing.T) {
	for by, want := range map[string]string{
		"": "dimension,network,unit,quantity,free,cost\nstorage,,byte-hours,2319282339840,1546188226560,0.05\nrequests,,requests,7,7,0.00\n" +
			"transfer,internet,bytes,1000,0,0.00000009\n",
		"tag:team": "tag:team,storage_byte_hours,shared_byte_hours,reads,writes,transfer_bytes,cost\n'=cmd()=web,773094113280,5,6,1,1000,0.025\n" +
			"my\x1b[31m-domain,0,0,0,0,0,0.00\n",
	} {
		r := novembersUsage()
		r.By = by
		var out strings.Builder
		if err := writeUsageCSV(&out, r); err != nil || out.String() != want {
			t.Errorf("by %q: got %v\n%q, want\n%q", by, err, out.String(), want)
		}
	}
}
