package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"entrepot/bench/gauge"
	"entrepot/bench/servers"
	"entrepot/bench/table"
)

// row is an installation from one server.
type row struct {
	name, server string
	first        float64 // seconds of the installation that made the server warm
	seconds      []float64
	cpu          []float64 // seconds of the server; none of the registry
	sum          [sha256.Size]byte
}

// measureRound has each client install from each server once, each time from another one first. The first round makes the
// servers warm.
func (l *lab) measureRound(ctx context.Context, round int) error {
	for _, p := range l.parts {
		for i := range p.sources {
			from := p.sources[(round+i)%len(p.sources)]
			r := l.rowOf(p.name, from.name)
			if err := l.measure(ctx, p, from, r, round == 0); err != nil {
				return fmt.Errorf("from %s: %w; its log ends: %s", from.name, err, from.tell())
			}
			fmt.Fprintf(os.Stderr, "round %d: %s from %s\n", round, p.name, from.name)
		}
	}
	return nil
}

func (l *lab) rowOf(name, server string) *row {
	for _, known := range l.rows {
		if known.name == name && known.server == server {
			return known
		}
	}
	r := &row{name: name, server: server}
	l.rows = append(l.rows, r)
	return r
}

// measure has a client install once. What it installed must be the same as from the first server. It stays until the end:
// after many files were removed, some file systems take long to make others.
func (l *lab) measure(ctx context.Context, p *part, from source, r *row, first bool) error {
	into := filepath.Join(p.folder, fmt.Sprintf("from-%s-%d", from.name, len(r.seconds)))
	if first {
		into += "-first"
	}
	before, err := cpuOf(from)
	if err != nil {
		return err
	}
	start := time.Now()
	sum, err := p.install(ctx, p.folder, from.base, l.entrepot.Token, into)
	took := time.Since(start)
	if err != nil {
		return err
	}
	after, err := cpuOf(from)
	if err != nil {
		return err
	}
	if same := l.rowOf(p.name, p.sources[0].name); first && same == r {
		r.sum = sum
	} else if sum != same.sum {
		return fmt.Errorf("other files were installed than from %s at first", same.server)
	}
	if first {
		r.first = took.Seconds()
		return nil
	}
	r.seconds = append(r.seconds, took.Seconds())
	if from.pid != 0 {
		r.cpu = append(r.cpu, (after - before).Seconds())
	}
	return nil
}

func cpuOf(from source) (time.Duration, error) {
	if from.pid == 0 {
		return 0, nil
	}
	return gauge.CPU(from.pid)
}

func warm(r *row) float64 { return table.Median(r.seconds) }

// busy is the processor time of the server; negative where that is unknown.
func busy(r *row) float64 {
	if len(r.cpu) == 0 {
		return -1
	}
	return table.Median(r.cpu)
}

// columns are what stands in each cell of a row.
func (l *lab) columns() []table.Column[*row] {
	in := func(of func(*row) float64) func(*row) string {
		return func(r *row) string { return table.Number(of(r)) }
	}
	return []table.Column[*row]{
		table.Titled("installation", func(r *row) string { return r.name }),
		table.Titled("server", func(r *row) string { return r.server }),
		table.Titled("first s", in(func(r *row) float64 { return r.first })),
		table.Titled("warm s", in(warm)),
		table.Titled("min–max", func(r *row) string { return table.Range(r.seconds) }),
		table.Titled("server CPU s", in(busy)),
		table.Titled("warm ÷ nginx", l.ratio(warm, nginx)),
		table.Titled("warm ÷ direct", l.ratio(warm, direct)),
		table.Titled("server CPU ÷ nginx", l.ratio(busy, nginx)),
	}
}

// ratio compares with another server that has the same installation.
func (l *lab) ratio(measure func(*row) float64, with string) func(*row) string {
	return func(r *row) string {
		for _, other := range l.rows {
			if other.name == r.name && other.server == with && r.server != with && measure(r) >= 0 && measure(other) > 0 {
				return fmt.Sprintf("%.2f", measure(r)/measure(other))
			}
		}
		return table.None
	}
}

// print writes what was measured, on what, and the table, in Markdown.
func (l *lab) print(to io.Writer) error {
	w := bufio.NewWriter(to)
	placing := fmt.Sprintf("servers on core %d, clients and registries on core %d", servers.ServerCore, servers.LoadCore)
	if !servers.CanPin() {
		placing = "nothing pinned to a core"
	}
	fmt.Fprintf(w, "%s\n\nMedians; rounds: %d, after one; %s; %s.\n", gauge.Machine(), l.rounds, placing,
		time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	for _, note := range l.notes {
		fmt.Fprintf(w, "%s\n", note)
	}
	fmt.Fprintln(w)
	if err := table.Write(w, l.columns(), l.rows); err != nil {
		return err
	}
	return w.Flush()
}
