package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// outcome is what became of the tests of one run, by name.
type outcome struct {
	Passed  []string          `json:"passed"`
	Failed  []string          `json:"failed"`
	Skipped map[string]string `json:"skipped"` // with the reason
	// Seconds are those that slow tests took.
	Seconds map[string]float64 `json:"seconds"`

	ended map[string]string // test → pass, fail or skip
	why   map[string]string // what a test that has not ended said first
}

func newOutcome() *outcome {
	return &outcome{Skipped: map[string]string{}, Seconds: map[string]float64{}, ended: map[string]string{}, why: map[string]string{}}
}

// spoken is a line that a test logged: "    file_test.go:12: text".
var spoken = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)

// note takes an event in. A test that is skipped gives its reason before anything else that is logged about it.
func (o *outcome) note(e event) {
	name := e.name()
	switch {
	case e.Action == "output":
		if found := spoken.FindStringSubmatch(e.Output); found != nil && o.why[name] == "" {
			o.why[name] = strings.TrimSpace(found[1])
		}
		return
	case e.Action == "pass" && e.Test != "":
		o.Passed = append(o.Passed, name)
	case e.Action == "skip" && e.Test != "":
		o.Skipped[name] = o.why[name]
	case e.Action == "fail" && (e.Test != "" || !o.blamed(e.Package)):
		o.Failed = append(o.Failed, name)
	}
	if e.Test != "" && e.Elapsed >= slowTest {
		o.Seconds[name] = e.Elapsed
	}
	if ends(e) {
		o.ended[name] = e.Action
		delete(o.why, name)
	}
}

// blamed reports whether a test of the package has failed, so that the package's own failure says nothing more.
func (o *outcome) blamed(pkg string) bool {
	return slices.ContainsFunc(o.Failed, func(name string) bool { return strings.HasPrefix(name, pkg+" ") })
}

// fine reports whether an event is of a test that passed or was skipped. What a package says belongs to no test.
func (o *outcome) fine(e event) bool {
	end := o.ended[e.name()]
	return e.Test != "" && (end == "pass" || end == "skip")
}

// leave writes the outcome into a new file of the folder.
func (o *outcome) leave(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, "*.json")
	if err != nil {
		return err
	}
	if err := json.NewEncoder(file).Encode(o); err != nil {
		_ = file.Close() // it is of no use
		return err
	}
	return file.Close()
}

// sumUp prints what all outcomes below a folder come to. A test that one run skipped and another passed counts as passed. The
// code is 1 when a test was skipped and all were wanted.
func sumUp(folder string, w io.Writer, all bool) (code int, err error) {
	passed, failed, skipped := map[string]bool{}, map[string]bool{}, map[string]string{}
	outcomes, err := outcomesBelow(folder)
	if err != nil {
		return 0, err
	}
	for _, o := range outcomes {
		for _, name := range o.Passed {
			passed[name] = true
		}
		for _, name := range o.Failed {
			failed[name] = true
		}
		for name, why := range o.Skipped {
			skipped[name] = why
		}
	}
	var rows []string
	for name, why := range skipped {
		if !passed[name] && !failed[name] {
			rows = append(rows, fmt.Sprintf("  %s: %s", name, why))
		}
	}
	if slices.Sort(rows); len(rows) > 0 {
		fmt.Fprintf(w, "skipped (make tools installs most clients; ENTREPOT_TEST_ALL=1 makes a skip a failure):\n%s\n",
			strings.Join(rows, "\n"))
	} else {
		fmt.Fprintln(w, "nothing was skipped")
	}
	printSlowest(w, outcomes)
	fmt.Fprintf(w, "tests: %d passed, %d failed, %d skipped\n", len(passed), len(failed), len(rows))
	if all && len(rows) > 0 {
		code = 1
	}
	return code, nil
}

// outcomesBelow reads what runs have left in a folder and those below it. A folder that is not there holds none.
func outcomesBelow(folder string) (all []outcome, err error) {
	err = filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if file == folder && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var o outcome
		if err := json.Unmarshal(text, &o); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, o)
		return nil
	})
	return all, err
}
