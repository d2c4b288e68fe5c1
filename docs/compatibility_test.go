package docs_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrepot/awsapi"
	"entrepot/format"
	"entrepot/format/cargo"
	"entrepot/format/npm"
	"entrepot/format/nuget"
	"entrepot/format/pypi"
	"entrepot/format/ruby"
	"entrepot/format/swift"
	"entrepot/queryapi"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is derived into compatibility.md, conformance.md and behaviour.md")

// section returns what stands between a page's markers, and where.
func section(t *testing.T, text, name string) (start, end int) {
	t.Helper()
	begin, stop := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->"
	start, end = strings.Index(text, begin)+len(begin), strings.Index(text, stop)
	if start < len(begin) || end < start {
		t.Fatalf("the page has no section %s", name)
	}
	return start, end
}

func readCompatibility(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func operationsTable() string {
	var b strings.Builder
	b.WriteString("| operation | request | permission is asked on | resource policies that count |\n" +
		"| --- | --- | --- | --- |\n")
	for _, o := range awsapi.Operations() {
		fmt.Fprintf(&b, "| %s | `%s %s` | %s | %s |\n", o.Name, o.Method, o.Path, o.JudgedOn(), o.ResourcePolicies())
	}
	return b.String()
}

// services are those that a signed POST / reaches, as the table names them.
var services = []struct {
	name  string
	table map[string]queryapi.Action
}{{"IAM", queryapi.IAM(nil).Actions}, {"STS", queryapi.STS(nil).Actions}}

func servicesTable() string {
	var b strings.Builder
	b.WriteString("| service | actions |\n| --- | --- |\n")
	for _, s := range services {
		fmt.Fprintf(&b, "| %s | %s |\n", s.name, strings.Join(slices.Sorted(maps.Keys(s.table)), ", "))
	}
	return b.String()
}

func TestTheTableOfServicesIsTheCode(t *testing.T) { wantTable(t, "services", servicesTable()) }

// wantTable compares what stands between the markers of compatibility.md with the table, or writes it there.
func wantTable(t *testing.T, name, table string) {
	t.Helper()
	wantTableOn(t, "compatibility.md", name, table)
}

func wantTableOn(t *testing.T, page, name, table string) {
	t.Helper()
	read, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(read)
	start, end := section(t, text, name)
	if *update {
		if err := os.WriteFile(page, []byte(text[:start]+table+text[end:]), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table, text[start:end]); diff != "" {
		t.Errorf("run go test ./docs -update; the table of %s differs (-want +got):\n%s", name, diff)
	}
}

func TestTheTableOfOperationsIsTheServers(t *testing.T) {
	wantTable(t, "operations", operationsTable())
}

func TestTheListsOfJSONOperationsAreTheServers(t *testing.T) {
	for name, service := range map[string]*queryapi.JSONService{"kms": queryapi.KMS(nil), "organizations": queryapi.Organizations(nil),
		"cloudtrail": queryapi.CloudTrail(nil), "events": queryapi.EventBridge(nil)} {
		t.Run(name, func(t *testing.T) {
			wantTable(t, name, "`"+strings.Join(service.OperationNames(), "`, `")+"`\n")
		})
	}
}

var route = regexp.MustCompile("`((?:GET|PUT|POST|DELETE|PATCH) /[^`]*)`")

func TestTheTablesOfCallsHaveEveryRoute(t *testing.T) {
	text := readCompatibility(t)
	for _, f := range []format.Format{
		cargo.Format(), npm.Format(), nuget.Format(), pypi.Format(), ruby.Format(), swift.Format(),
	} {
		t.Run(string(f.Name), func(t *testing.T) {
			start, end := section(t, text, string(f.Name))
			var told, served []string
			for _, found := range route.FindAllStringSubmatch(text[start:end], -1) {
				told = append(told, found[1])
			}
			for _, r := range f.Routes {
				served = append(served, r.Pattern)
			}
			slices.Sort(told)
			slices.Sort(served)
			if diff := cmp.Diff(served, told); diff != "" {
				t.Errorf("the table of calls differs from the routes (-served +told):\n%s", diff)
			}
		})
	}
}
