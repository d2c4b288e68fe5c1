package suite

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryOperationIsTriedInEveryWay(t *testing.T) {
	for _, gap := range Planned().Gaps() {
		t.Error(gap)
	}
	for about := range excuses {
		operation, code, _ := strings.Cut(about, " ")
		if !slices.Contains(model.Operations[operation].Errors, code) {
			t.Errorf("%s has no error %s to be excused", operation, code)
		}
	}
}

func TestAGapIsSeen(t *testing.T) {
	r := Planned()
	delete(r.errors["DescribeDomain"], notFound)
	r.provoked("DeletePackage", conflict)
	delete(r.cases, [2]string{"ListDomains", paging})
	delete(r.cases, [2]string{"TagResource", written})
	for key, names := range r.cases {
		for name := range names {
			if key[0] == "ListPackages" && strings.HasPrefix(name, "publish ") {
				delete(names, name)
			}
		}
	}
	got := strings.Join(r.Gaps(), "\n")
	for _, want := range []string{"DescribeDomain ResourceNotFoundException is not provoked", "DeletePackage ConflictException is provoked, and excused",
		"ListDomains is not read in pages", "TagResource has no written case", "ListPackages has no limits of publish"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among the gaps:\n%s", want, got)
		}
	}
}

// TestEveryOperationIsAnswered wants a row with an answer of each operation: an error is not all that it can do.
func TestEveryOperationIsAnswered(t *testing.T) {
	answered := map[string]bool{}
	for _, told := range append([]chapter{account}, chapters...) {
		for _, r := range told.rows {
			answered[r.operation] = answered[r.operation] || r.code == ""
		}
	}
	for _, operation := range model.Names() {
		if !answered[operation] {
			t.Errorf("no row has an answer of %s", operation)
		}
	}
}

func TestNamesOfCasesAreTheirOwn(t *testing.T) {
	for _, told := range append([]chapter{account}, chapters...) {
		seen := map[string]bool{}
		for _, r := range told.rows {
			if seen[r.operation+r.name] {
				t.Errorf("%s has two rows %q of %s", told.name, r.name, r.operation)
			}
			seen[r.operation+r.name] = true
		}
	}
	for _, operation := range model.Names() {
		seen := map[string]bool{}
		for _, l := range Limits(operation) {
			if seen[l.Kind+l.What] {
				t.Errorf("%s has two limits %q of %s", operation, l.What, l.Kind)
			}
			seen[l.Kind+l.What] = true
		}
	}
}
