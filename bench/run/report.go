package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"entrepot/bench/gauge"
	"entrepot/bench/servers"
)

// report is the table in the making.
type report struct {
	machine string
	method  string
	notes   []string
	rounds  int
	rows    []*row // in the order of the first round
}

// row is one case on one server.
type row struct {
	name, server string
	samples      []sample // one a round
}

func newReport(l *lab) *report {
	placing := fmt.Sprintf("servers on core %d, driver and registry on core %d", servers.ServerCore, servers.LoadCore)
	if !servers.CanPin() {
		placing = "nothing pinned to a core: the driver takes from what it measures"
	}
	return &report{
		machine: gauge.Machine(),
		method:  fmt.Sprintf("%d connections, %s a warm case, %s", connections, l.duration, placing),
	}
}

func (r *report) add(name, server string, s sample) {
	if known := r.find(name, server); known != nil {
		known.samples = append(known.samples, s)
		return
	}
	r.rows = append(r.rows, &row{name, server, []sample{s}})
}

func (r *report) find(name, server string) *row {
	for _, known := range r.rows {
		if known.name == name && known.server == server {
			return known
		}
	}
	return nil
}

// over returns all samples of one measure.
func (r *row) over(measure func(sample) float64) []float64 {
	all := make([]float64, len(r.samples))
	for i, s := range r.samples {
		all[i] = measure(s)
	}
	return all
}

// median returns the middle of the values, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// The measures that are compared between servers.
func perSecond(s sample) float64 { return s.perSecond }
func perCore(s sample) float64   { return s.perCore }

// columns are the table: what stands in each cell of a row.
var columns = []struct {
	title string
	cell  func(r *report, row *row) string
}{
	{"case", func(_ *report, row *row) string { return row.name }},
	{"server", func(_ *report, row *row) string { return row.server }},
	{"req/s", middle(perSecond)},
	{"p50 ms", middle(func(s sample) float64 { return s.p50 })},
	{"p99 ms", middle(func(s sample) float64 { return s.p99 })},
	{"CPU µs/req", middle(func(s sample) float64 { return s.cpuMicros })},
	{"req/core-s", middle(perCore)},
	{"min–max", func(_ *report, row *row) string {
		all := row.over(perCore)
		return number(slices.Min(all)) + "–" + number(slices.Max(all))
	}},
	{"MB/s", middle(func(s sample) float64 { return s.bytesPerSecond / 1e6 })},
	{"peak MiB", middle(func(s sample) float64 { return s.peak })},
	{"req/s ÷ bare", ratio(perSecond, bare, direct)},
	{"req/core-s ÷ bare", ratio(perCore, bare)},
	{"req/core-s ÷ nginx", ratio(perCore, nginx)},
	{"req/core-s ÷ pypiserver", ratio(perCore, pypiserver)},
	{"upstream/item", middle(func(s sample) float64 { return s.upstream })},
	{"others' cores", middle(func(s sample) float64 { return s.foreign })},
}

func middle(measure func(sample) float64) func(*report, *row) string {
	return func(_ *report, row *row) string { return number(median(row.over(measure))) }
}

// ratio compares with the first of the servers that has the same case.
func ratio(measure func(sample) float64, with ...string) func(*report, *row) string {
	return func(r *report, row *row) string {
		for _, server := range with {
			base := r.find(row.name, server)
			if base == nil || server == row.server {
				continue
			}
			return fmt.Sprintf("%.2f", median(row.over(measure))/median(base.over(measure)))
		}
		return "–"
	}
}

// number writes three digits or so; negative stands for "there is none".
func number(x float64) string {
	switch {
	case x < 0:
		return "–"
	case x >= 10_000:
		return fmt.Sprintf("%.1fk", x/1000)
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// noisy is how many cores others may use before a reader should be told.
const noisy = 0.3

// print writes what was measured, on what, and the table, in Markdown.
func (r *report) print(to io.Writer) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "%s\n\nMedians; rounds: %d; %s; %s.\n", r.machine, r.rounds, r.method,
		time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	for _, note := range append(r.notes, r.noise()...) {
		fmt.Fprintf(w, "%s\n", note)
	}
	fmt.Fprintln(w)
	var titles, lines []string
	for _, c := range columns {
		titles, lines = append(titles, c.title), append(lines, "---")
	}
	printRow(w, titles)
	printRow(w, lines)
	for _, row := range r.rows {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(r, row))
		}
		printRow(w, cells)
	}
	return w.Flush()
}

func printRow(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

// noise says how much of the table was measured in company.
func (r *report) noise() []string {
	disturbed := 0
	for _, row := range r.rows {
		if median(row.over(func(s sample) float64 { return s.foreign })) > noisy {
			disturbed++
		}
	}
	if disturbed == 0 {
		return nil
	}
	return []string{fmt.Sprintf("In %d of %d rows other work took more than %.1f cores: their req/s and times say little.",
		disturbed, len(r.rows), noisy)}
}
