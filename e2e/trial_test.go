package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// trial is what became of a real package: for each check that it went through, what was wrong. An empty text is good.
type trial struct {
	of     string
	checks map[string]string
}

func newTrial(of string) trial { return trial{of: of, checks: map[string]string{}} }

// tell prints how many packages passed each check, then every package that failed one, and fails the test for those.
func tell(t *testing.T, trials []trial) {
	t.Helper()
	passed, tried := map[string]int{}, map[string]int{}
	for _, trial := range trials {
		for check, wrong := range trial.checks {
			tried[check]++
			if wrong == "" {
				passed[check]++
			}
		}
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "of %d packages\n", len(trials))
	for _, check := range slices.Sorted(maps.Keys(tried)) {
		fmt.Fprintf(table, "%s\t%d of %d\n", check, passed[check], tried[check])
	}
	for _, trial := range trials {
		for _, check := range slices.Sorted(maps.Keys(trial.checks)) {
			if wrong := trial.checks[check]; wrong != "" {
				fmt.Fprintf(table, "%s\t%s\t%s\n", trial.of, check, wrong)
				t.Fail()
			}
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text.String())
}

// halve tries all at once, and in halves where that fails, until what is to blame stands alone. The error of one is noted under
// the check; of those that went through, what absent says of them.
func halve[T any](all []T, check string, of func(T) *trial, try func([]T) (absent map[string]string, err error)) {
	absent, err := try(all)
	switch {
	case err == nil:
		for _, one := range all {
			of(one).checks[check] = absent[of(one).of]
		}
	case len(all) == 1:
		of(all[0]).checks[check] = err.Error()
	default:
		halve(all[:len(all)/2], check, of, try)
		halve(all[len(all)/2:], check, of, try)
	}
}
