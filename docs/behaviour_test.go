package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// numbered matches the numbers of cases where a test's name or its comment begins, or where a comment says which case
	// it is.
	numbered = regexp.MustCompile(`(?:"|// |\bcase |\bis |func Test)((?:[CIPST][0-9]{2}(?:: | |[A-Z]))+)`)
	number   = regexp.MustCompile(`[CIPST][0-9]{2}`)
	caseRow  = regexp.MustCompile(`(?m)^\| ([CIPST][0-9]{2}) \| ([^|]+) \|([^|\n]*)\|$`)
)

// numbersIn returns the numbers of the cases that a file of tests or of a suite proves.
func numbersIn(text string) []string {
	var all []string
	for _, found := range numbered.FindAllStringSubmatch(text, -1) {
		all = append(all, number.FindAllString(found[1], -1)...)
	}
	return all
}

func TestNumbersOfCasesAreFound(t *testing.T) {
	got := numbersIn(`{name: "C37 I18 two"}
	{"T22 one"}
	// S25: a comment
	// TestX is case I22 of the table. TestY is P59 of the catalogue.
	func TestP49Every(t *testing.T) {
	times := "T10:00:00" + "2026-11-20T23:58:00Z" + "SHA256 S3 T4"`)
	if want := []string{"C37", "I18", "T22", "S25", "I22", "P59", "P49"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestCasesAndTestsAgree wants a row in behaviour.md for every number that a test names, and for every row the files of
// its tests.
func TestCasesAndTestsAgree(t *testing.T) {
	told := map[string][]string{}
	for name, text := range readCode(t).files {
		if folder, _, _ := strings.Cut(name, "/"); folder == "docs" {
			continue
		}
		for _, n := range numbersIn(text) {
			if !slices.Contains(told[n], name) {
				told[n] = append(told[n], name)
			}
		}
	}
	page, err := os.ReadFile("behaviour.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	want := caseRow.ReplaceAllStringFunc(string(page), func(row string) string {
		cells := caseRow.FindStringSubmatch(row)
		n := cells[1]
		if listed[n] {
			t.Errorf("behaviour.md has %s twice", n)
		}
		listed[n] = true
		if len(told[n]) == 0 {
			t.Errorf("behaviour.md has %s, which no test names", n)
		}
		slices.Sort(told[n])
		return "| " + n + " | " + cells[2] + " | `" + strings.Join(told[n], "`, `") + "` |"
	})
	for n, names := range told {
		if !listed[n] {
			t.Errorf("behaviour.md has no row %s; %s names it", n, strings.Join(names, ", "))
		}
	}
	if want == string(page) {
		return
	}
	if *update {
		if err := os.WriteFile("behaviour.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("behaviour.md tells other files than those with the tests: run go test ./docs -update")
}
