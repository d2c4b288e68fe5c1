package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheWalkOfCostsIsRun wants each command of the page in the session about a bill, in the same order.
func TestTheWalkOfCostsIsRun(t *testing.T) {
	page, err := os.ReadFile("cost.md")
	if err != nil {
		t.Fatal(err)
	}
	session, err := os.ReadFile(filepath.Join(root, "e2e/testdata/a_month_is_on_the_bill.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	rest, seen := string(session), 0
	for line := range strings.Lines(chapter(string(page), "Asking")) {
		code, typed := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		if !typed {
			continue
		}
		seen++
		_, after, found := strings.Cut(rest, "exec "+code+"\n")
		if !found {
			t.Errorf("the session does not run, or not in this order: %s", code)
			continue
		}
		rest = after
	}
	if seen != 5 {
		t.Errorf("found %d commands in the walk, want five", seen)
	}
}
