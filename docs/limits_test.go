package docs_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrepot/config"

	"github.com/goccy/go-yaml"
)

// limitRow is a row of the tables of quotas and rates in compatibility.md that names a setting, or none, and begins with what it is
// about and a number.
var limitRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| ([0-9][0-9,]*)(GiB|MiB)?[^|]*\\| `((?:quotas|rates|limits)\\.[a-z_]+)` \\|")

// TestQuotasAreAsDocumented holds the numbers of compatibility.md against the defaults: quotas are AWS's, and rates are not set.
func TestQuotasAreAsDocumented(t *testing.T) {
	var settings map[string]any
	if err := yaml.Unmarshal([]byte(config.Example), &settings); err != nil {
		t.Fatal(err)
	}
	section := func(name string) map[string]any {
		values, _ := settings[name].(map[string]any)
		return values
	}
	var documented []string
	for _, row := range limitRow.FindAllStringSubmatch(readCompatibility(t), -1) {
		name, key, _ := strings.Cut(row[4], ".")
		value, known := section(name)[key]
		documented = append(documented, row[4])
		switch got := strings.TrimSpace(strings.ReplaceAll(row[2], ",", "") + row[3]); {
		case !known:
			t.Errorf("%s: there is no setting %s", row[1], row[4])
		case name == "rates" && fmt.Sprint(value) != "0":
			t.Errorf("%s: the default of %s is %v, and the page says that no rate is set", row[1], row[4], value)
		case name != "rates" && got != fmt.Sprint(value):
			t.Errorf("%s: the page says %s, and the default of %s is %v", row[1], got, row[4], value)
		}
	}
	for _, name := range []string{"quotas", "rates"} {
		for key := range section(name) {
			if !slices.Contains(documented, name+"."+key) {
				t.Errorf("compatibility.md has no row for %s.%s", name, key)
			}
		}
	}
}
