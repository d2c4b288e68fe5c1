package docs_test

import (
	"fmt"
	"strings"
	"testing"

	"entrepot/conformance/suite"
)

// countsTable is what the conformance suite plans; e2e/conformance_test.go holds what it runs against the same.
func countsTable() string {
	var b strings.Builder
	b.WriteString("| operation | limits | written | paging | throttling | errors provoked | excused | declared |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	counts := suite.Planned().Counts()
	for _, c := range append(counts, suite.Sum(counts)) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d |\n", c.Operation, c.Limits, c.Written, c.Paging, c.Throttled, c.Provoked, c.Excused,
			c.Declared)
	}
	return b.String()
}

func TestTheCountsOfConformanceAreTheSuites(t *testing.T) {
	wantTableOn(t, "conformance.md", "counts", countsTable())
}

func TestTheExcusesOfConformanceAreTheSuites(t *testing.T) {
	var b strings.Builder
	b.WriteString("| operation | error | why no case provokes it |\n| --- | --- | --- |\n")
	for _, e := range suite.Excuses() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", e.Operation, e.Code, e.Why)
	}
	wantTableOn(t, "conformance.md", "excuses", b.String())
}
