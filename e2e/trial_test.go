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

func newTrial(of string) *trial { return &trial{of: of, checks: map[string]string{}} }

func (t *trial) became() *trial { return t }

// tried is a package with its trial.
type tried interface{ became() *trial }

// published reports whether the package was sent, and taken.
func (t *trial) published() bool {
	wrong, sent := t.checks["published"]
	return sent && wrong == ""
}

// tell prints how many packages passed each check, then every package that failed one, and fails the test for those.
func tell[T tried](t *testing.T, all []T) {
	t.Helper()
	passed, gone := map[string]int{}, map[string]int{}
	for _, one := range all {
		for check, wrong := range one.became().checks {
			gone[check]++
			if wrong == "" {
				passed[check]++
			}
		}
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "of %d packages\n", len(all))
	for _, check := range slices.Sorted(maps.Keys(gone)) {
		fmt.Fprintf(table, "%s\t%d of %d\n", check, passed[check], gone[check])
	}
	for _, one := range all {
		trial := one.became()
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
func halve[T tried](all []T, check string, try func([]T) (absent map[string]string, err error)) {
	absent, err := try(all)
	switch {
	case err == nil:
		for _, one := range all {
			one.became().checks[check] = absent[one.became().of]
		}
	case len(all) == 1:
		all[0].became().checks[check] = err.Error()
	default:
		halve(all[:len(all)/2], check, try)
		halve(all[len(all)/2:], check, try)
	}
}

// own makes the repository own, which has no upstream, beside those of the walk.
func (f *connected) own() {
	f.t.Helper()
	_, err := f.do(f.t.Context(), "POST", "/v1/repository?repository=own&domain="+domain, "{}")
	f.must(err)
}

// withEach runs what each of the programs that are here does with what was published, and with what came from the registry.
func (f *connected) withEach(programs []string, run func(program, repository string)) {
	f.t.Helper()
	for _, program := range programs {
		if err := missing(program); err != nil {
			f.t.Logf("%s is not here: %v", program, err)
			continue
		}
		for _, repository := range []string{"own", "my-repo"} {
			run(program, repository)
		}
	}
}
