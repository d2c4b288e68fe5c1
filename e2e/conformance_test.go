package e2e

import (
	"testing"

	"entrepot/conformance/suite"
	"entrepot/e2e/fakenpm"

	"github.com/google/go-cmp/cmp"
)

// TestConformance runs the whole suite against a server: all clients, and then what a server does that admits one request a second.
// Nothing of it may be left untried.
func TestConformance(t *testing.T) {
	for _, program := range []string{"aws", "python3", "boto3"} {
		if err := missing(program); err != nil {
			if everything() {
				t.Fatalf("needs %s: %v", program, err)
			}
			t.Skipf("needs %s: %v", program, err)
		}
	}
	f := newFixture(t)
	f.must(f.registry.Add(fakenpm.Package{Name: "left", Version: "1.0.0"}))
	report := f.conformance(suite.Options{Clients: []string{"own", "sdk", "bot", "cli"}, Strict: true, Public: "left@1.0.0", Domains: 25},
		"quotas-domains=30")
	report.Add(f.conformance(suite.Options{Clients: []string{"own", "sdk", "bot"}, Throttling: true}, "rates-reads=1", "rates-writes=1"))
	for _, failure := range report.Failures {
		t.Error(failure)
	}
	for _, gap := range report.Gaps() {
		t.Error(gap)
	}
	if d := cmp.Diff(suite.Planned().Counts(), report.Counts()); d != "" {
		t.Errorf("what docs/conformance.md counts, and what was tried (-counted +tried):\n%s", d)
	}
	if err := report.Print(t.Output()); err != nil {
		t.Error(err)
	}
}

// conformance runs the suite against the server with other settings.
func (f *fixture) conformance(o suite.Options, settings ...string) *suite.Report {
	f.t.Helper()
	f.must(f.signal())
	f.must(f.wait())
	f.flags = nil
	for _, s := range settings {
		f.flags = append(f.flags, "--set", s)
	}
	f.must(f.open())
	id, secret, err := f.key()
	f.must(err)
	o.URL, o.Region, o.Key, o.Python = f.url, "us-east-1", suite.Key{ID: id, Secret: secret}, "python3"
	report, err := suite.Run(f.t.Context(), o)
	f.must(err)
	return report
}
