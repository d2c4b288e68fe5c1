package main

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"entrepot/bench/gauge"
	"entrepot/bench/servers"
	"entrepot/bench/table"
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

// The measures that are compared between servers.
func perSecond(s sample) float64 { return s.perSecond }
func perCore(s sample) float64   { return s.perCore }

// columns are what stands in each cell of a row.
func (r *report) columns() []table.Column[*row] {
	return []table.Column[*row]{
		table.Titled("case", func(row *row) string { return row.name }),
		table.Titled("server", func(row *row) string { return row.server }),
		table.Titled("req/s", middle(perSecond)),
		table.Titled("p50 ms", middle(func(s sample) float64 { return s.p50 })),
		table.Titled("p99 ms", middle(func(s sample) float64 { return s.p99 })),
		table.Titled("CPU µs/req", middle(func(s sample) float64 { return s.cpuMicros })),
		table.Titled("req/core-s", middle(perCore)),
		table.Titled("min–max", func(row *row) string { return table.Range(row.over(perCore)) }),
		table.Titled("MB/s", middle(func(s sample) float64 { return s.bytesPerSecond / 1e6 })),
		table.Titled("peak MiB", middle(func(s sample) float64 { return s.peak })),
		table.Titled("req/s ÷ bare", r.ratio(perSecond, bare, direct)),
		table.Titled("req/core-s ÷ bare", r.ratio(perCore, bare)),
		table.Titled("req/core-s ÷ nginx", r.ratio(perCore, nginx)),
		table.Titled("req/core-s ÷ pypiserver", r.ratio(perCore, pypiserver)),
		table.Titled("upstream/item", middle(func(s sample) float64 { return s.upstream })),
		table.Titled("others' cores", middle(func(s sample) float64 { return s.foreign })),
	}
}

func middle(measure func(sample) float64) func(*row) string {
	return func(row *row) string { return table.Number(table.Median(row.over(measure))) }
}

// ratio compares with the first of the servers that has the same case.
func (r *report) ratio(measure func(sample) float64, with ...string) func(*row) string {
	return func(row *row) string {
		for _, server := range with {
			base := r.find(row.name, server)
			if base == nil || server == row.server {
				continue
			}
			return fmt.Sprintf("%.2f", table.Median(row.over(measure))/table.Median(base.over(measure)))
		}
		return table.None
	}
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
	if err := table.Write(w, r.columns(), r.rows); err != nil {
		return err
	}
	return w.Flush()
}

// noise says how much of the table was measured in company.
func (r *report) noise() []string {
	disturbed := 0
	for _, row := range r.rows {
		if table.Median(row.over(func(s sample) float64 { return s.foreign })) > noisy {
			disturbed++
		}
	}
	if disturbed == 0 {
		return nil
	}
	return []string{fmt.Sprintf("In %d of %d rows other work took more than %.1f cores: their req/s and times say little.",
		disturbed, len(r.rows), noisy)}
}
