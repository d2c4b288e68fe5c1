package awsapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/usage"
)

// told is what the meter answers here, and what it was asked.
type told struct{ asked []usage.Question }

func (m *told) Report(_ context.Context, _ iam.Caller, q usage.Question) (usage.Report, error) {
	if m.asked = append(m.asked, q); q.Domain == "secret" {
		return usage.Report{}, artifact.Errorf(artifact.Denied, "None of your business.")
	}
	const hour = 3600
	group := usage.Group{Name: "acme/team", Storage: usage.Of(7*hour + 1), Shared: usage.Of(2 * hour), Reads: usage.Of(3), Writes: usage.Of(1),
		Transfer: usage.Of(9), Cost: usage.Dollar / 4}
	lines := []usage.Line{{Dimension: usage.Storage, Quantity: usage.Of(7*hour + 1), Free: usage.Of(hour), Cost: usage.Dollar},
		{Dimension: usage.Requests, Quantity: usage.Of(4), Free: usage.Of(4)}, {Dimension: usage.Transfer, Network: "internet", Quantity: usage.Of(9)}}
	return usage.Report{Account: owner, Month: "2026-11", Until: moment, Hours: 720, Lines: lines, Cost: usage.Dollar, By: q.By, Groups: []usage.Group{group},
		Drivers: usage.Drivers{Repositories: []usage.Group{group}, Packages: []usage.Driven{{Name: "npm/a", Requests: usage.Of(4), Transfer: usage.Of(9)}}},
		Others:  []usage.Visitor{{Account: "444455556666", Requests: usage.Of(5)}}, Forecast: &usage.Forecast{Lines: lines[:1], Cost: 2 * usage.Dollar}}, nil
}

func TestUsageIsToldInHours(t *testing.T) {
	meter := &told{}
	s := begin(t, Options{Usage: meter})
	const group = `{"name":"acme/team","storageByteHours":7,"sharedByteHours":2,"reads":3,"writes":1,"transferBytes":9,"cost":"0.25"}`
	const storage = `{"dimension":"storage","unit":"byte-hours","quantity":7,"free":1,"cost":"1.00"}`
	s.sends("POST "+UsagePath+"?month=2026-11&by=tag:team&account=444455556666", "", `{"account":"`+owner+`","month":"2026-11","until":"`+
		moment.Format(time.RFC3339Nano)+`","hoursOfMonth":720,"lines":[`+storage+`,{"dimension":"requests","unit":"requests","quantity":4,"free":4,"cost":"0.00"},`+
		`{"dimension":"transfer","network":"internet","unit":"bytes","quantity":9,"free":0,"cost":"0.00"}],"cost":"1.00","by":"tag:team","groups":[`+group+`],`+
		`"drivers":{"repositories":[`+group+`],"packages":[{"name":"npm/a","requests":4,"transferBytes":9}],"principals":[]},`+
		`"otherAccounts":[{"account":"444455556666","requests":5,"transferBytes":0}],"forecast":{"lines":[`+storage+`],"cost":"2.00"}}`)
	s.answers("POST "+UsagePath+"?domain=acme", "", http.StatusOK)
	s.answers("POST "+UsagePath+"?domain=secret", "", http.StatusForbidden)
	s.same("what was asked", []usage.Question{{Account: "444455556666", Month: usage.Month{Year: 2026, Month: time.November}, By: "tag:team"},
		{Domain: "acme"}, {Domain: "secret"}}, meter.asked)
	for _, query := range []string{"month=2026-13", "month=202611", "month=1969-12", "account=1", "domain=No", "by=", "by=a%0Ab", "group=repository", "By=tag"} {
		s.answers("POST "+UsagePath+"?"+query, "", http.StatusBadRequest)
	}
	if len(meter.asked) != 3 {
		t.Errorf("the meter was asked %v", meter.asked)
	}
}

func TestWhatARequestIsAboutIsNoted(t *testing.T) {
	s := beginIn(t, Options{}, "team", "other")
	api := New(s.rules.Service, s.tokens, Options{Region: "us-east-1", Usage: &told{}})
	for _, c := range []struct {
		request, body string
		want          *usage.Note
	}{
		{"GET /v1/package?" + inPackage, "", &usage.Note{Count: 1, Domain: artifact.DomainKey{Owner: owner, Name: "acme"}, Repository: "team",
			Package: artifact.PackageKey{Format: artifact.NPM, Name: "lodash"}}},
		{"POST /v1/package/versions/copy?domain=acme&source-repository=team&destination-repository=other&format=npm&package=lodash", `{"versions":["1.0.0"]}`,
			&usage.Note{Count: 1, Write: true, Domain: artifact.DomainKey{Owner: owner, Name: "acme"}, Repository: "other",
				Package: artifact.PackageKey{Format: artifact.NPM, Name: "lodash"}}},
		{"POST /v1/domains", "{}", &usage.Note{Count: 1}},
		{"POST " + UsagePath, "", &usage.Note{}},
	} {
		note := &usage.Note{Count: 1}
		method, target, _ := strings.Cut(c.request, " ")
		r := httptest.NewRequest(method, target, strings.NewReader(c.body))
		api.Serve(httptest.NewRecorder(), r.WithContext(context.WithValue(t.Context(), usage.NoteKey{}, note)), callerOf(owner))
		if note.Count != c.want.Count || note.Write != c.want.Write || note.Domain != c.want.Domain || note.Repository != c.want.Repository ||
			note.Package != c.want.Package {
			t.Errorf("%s: got %d, write %v, %v/%s, %v", c.request, note.Count, note.Write, note.Domain, note.Repository, note.Package)
		}
	}
}
