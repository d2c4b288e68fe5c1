package suite

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// The kinds of cases besides limits.
const (
	written    = "written cases"
	paging     = "paging"
	throttling = "throttling"
)

// Report is what came of a run.
type Report struct {
	mu       sync.Mutex
	cases    map[[2]string]map[string]bool // names, by operation and kind
	requests map[string]int                // cases that a client has made
	errors   map[string]map[string]bool    // provoked, by operation
	Failures []string
}

func newReport() *Report {
	return &Report{cases: map[[2]string]map[string]bool{}, requests: map[string]int{}, errors: map[string]map[string]bool{}}
}

func (r *Report) took(client, operation, kind, what, objection string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]string{operation, kind}
	if r.cases[key] == nil {
		r.cases[key] = map[string]bool{}
	}
	r.cases[key][what] = true
	r.requests[client]++
	if objection != "" {
		r.Failures = append(r.Failures, fmt.Sprintf("%s: %s: %s: %s: %s", operation, kind, what, client, objection))
	}
}

func (r *Report) provoked(operation, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.errors[operation] == nil {
		r.errors[operation] = map[string]bool{}
	}
	r.errors[operation][code] = true
}

// Add takes in the report of another run, against an endpoint that is set in another way.
func (r *Report) Add(other *Report) {
	for key, names := range other.cases {
		if r.cases[key] == nil {
			r.cases[key] = map[string]bool{}
		}
		maps.Copy(r.cases[key], names)
	}
	for client, n := range other.requests {
		r.requests[client] += n
	}
	for operation, codes := range other.errors {
		for code := range codes {
			r.provoked(operation, code)
		}
	}
	r.Failures = append(r.Failures, other.Failures...)
}

// Counts are the cases of an operation: those of each kind, and the errors that were provoked of those that it declares.
type Counts struct {
	Operation                          string
	Limits, Written, Paging, Throttled int
	Provoked, Excused, Declared        int
}

// Counts has a row for each operation.
func (r *Report) Counts() []Counts {
	var rows []Counts
	for _, operation := range model.Names() {
		row := Counts{Operation: operation}
		for key, names := range r.cases {
			if key[0] != operation {
				continue
			}
			switch key[1] {
			case written:
				row.Written += len(names)
			case paging:
				row.Paging += len(names)
			case throttling:
				row.Throttled += len(names)
			default:
				row.Limits += len(names)
			}
		}
		for _, code := range model.Operations[operation].Errors {
			row.Declared++
			if r.errors[operation][code] {
				row.Provoked++
			} else if Excuse(operation, code) != "" {
				row.Excused++
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Print writes the table, the sums and what failed.
func (r *Report) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "operation\tlimits\twritten\tpaging\tthrottling\terrors provoked\texcused\tdeclared\t")
	counts := r.Counts()
	for _, row := range append(counts, Sum(counts)) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", row.Operation, row.Limits, row.Written, row.Paging, row.Throttled, row.Provoked,
			row.Excused, row.Declared)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, client := range slices.Sorted(maps.Keys(r.requests)) {
		fmt.Fprintf(w, "%d cases by %s\n", r.requests[client], client)
	}
	slices.Sort(r.Failures)
	_, err := fmt.Fprintf(w, "%d failed\n%s", len(r.Failures), strings.Join(append(r.Failures, ""), "\n"))
	return err
}

// Sum adds rows up.
func Sum(rows []Counts) Counts {
	sum := Counts{Operation: "all"}
	for _, row := range rows {
		sum.Limits += row.Limits
		sum.Written += row.Written
		sum.Paging += row.Paging
		sum.Throttled += row.Throttled
		sum.Provoked += row.Provoked
		sum.Excused += row.Excused
		sum.Declared += row.Declared
	}
	return sum
}
