package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"entrepot/lockfile"
	"entrepot/prefetch"
)

// prefetchProgress tells how far a run is: on a terminal in a line that is written over, elsewhere in one every ten seconds.
type prefetchProgress struct {
	line  *progress
	plain io.Writer
	all   int
	bad   int
	bytes int64
	told  time.Time
}

// tellEvery is how often something is said that stays.
const tellEvery = 10 * time.Second

func newPrefetchProgress(line *progress, to io.Writer) *prefetchProgress {
	return &prefetchProgress{line: line, plain: plain{to}, told: time.Now()}
}

// each is told of every entry that is done.
func (p *prefetchProgress) each(r prefetch.Result, done, all int) {
	p.all = all
	p.bytes += r.Bytes
	if !r.Outcome.Good() {
		p.bad++
	}
	taken := time.Since(p.line.started)
	p.line.write(func() string { return p.bar(done) + p.text(done) + left(taken, int64(done), int64(p.all)) })
	if p.line.to == nil && time.Since(p.told) >= tellEvery {
		p.told = time.Now()
		fmt.Fprintln(p.plain, p.text(done))
	}
}

func (p *prefetchProgress) text(done int) string {
	text := fmt.Sprintf("%d of %d versions, %s", done, p.all, size(p.bytes))
	if p.bad > 0 {
		text += fmt.Sprintf(", %d not kept", p.bad)
	}
	return text
}

// barWidth is how many letters the bar has.
const barWidth = 24

func (p *prefetchProgress) bar(done int) string {
	full := barWidth
	if p.all > 0 {
		full = barWidth * done / p.all
	}
	return fmt.Sprintf("[%-*s] ", barWidth, "########################"[:full])
}

func (p *prefetchProgress) end() { p.line.end() }

// prefetchSummary is what --json prints.
type prefetchSummary struct {
	Counts   map[string]int    `json:"counts"` // by outcome
	Files    int               `json:"files"`
	Bytes    int64             `json:"bytes"`
	Versions []prefetchVersion `json:"versions"`
	Skipped  []skipped         `json:"skipped"`
}

type prefetchVersion struct {
	Version string           `json:"version"`
	Outcome prefetch.Outcome `json:"outcome"`
	Why     string           `json:"why,omitempty"`
	From    string           `json:"from"`
}

// print prints what became of everything: how much of what, what is amiss with what is not kept, and what was skipped.
func (c prefetchCommand) print(to io.Writer, s prefetch.Summary, skippedEntries []skipped) error {
	if c.JSON {
		return printJSON(to, summaryOf(s, skippedEntries))
	}
	out := tabwriter.NewWriter(plain{to}, 0, 0, 2, ' ', 0)
	for _, o := range prefetch.Outcomes() {
		n := s.Count(o)
		if n == 0 && (o != prefetch.Retained || c.DryRun) {
			continue
		}
		fmt.Fprintf(out, "%s\t%d\t%s\n", o, n, onlyIf(o == prefetch.Retained || o == prefetch.Wanting, fmt.Sprintf("%d files, %s", s.Files, size(s.Bytes))))
	}
	if len(skippedEntries) > 0 {
		fmt.Fprintf(out, "skipped\t%d\t\n", len(skippedEntries))
	}
	for _, r := range s.Results {
		if !r.Outcome.Good() && r.Outcome != prefetch.Untried {
			fmt.Fprintf(out, "\n%s: %s (%s)\n  %s\n", r.Outcome, lockfile.Notation(r.Entry.VersionKey), r.Entry.From, r.Why)
		}
	}
	for i, one := range skippedEntries {
		fmt.Fprintf(out, "%sskipped: %s (%s): %s\n", onlyIf(i == 0, "\n"), one.What, one.From, one.Why)
	}
	return out.Flush()
}

func summaryOf(s prefetch.Summary, skippedEntries []skipped) prefetchSummary {
	told := prefetchSummary{Counts: map[string]int{}, Files: s.Files, Bytes: s.Bytes, Versions: []prefetchVersion{},
		Skipped: append([]skipped{}, skippedEntries...)}
	for _, r := range s.Results {
		told.Counts[string(r.Outcome)]++
		told.Versions = append(told.Versions, prefetchVersion{lockfile.Notation(r.Entry.VersionKey), r.Outcome, r.Why, r.Entry.From})
	}
	return told
}
