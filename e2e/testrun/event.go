package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is a line of go test -json (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of what is built
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// name is how a test is told from those of other packages; a package's own events have its name alone.
func (e event) name() string { return strings.TrimSpace(e.Package + " " + e.Test) }

// readEvents gives each event of the stream to take.
func readEvents(stream io.Reader, take func(event)) error {
	lines := bufio.NewReader(stream)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if wrong := json.Unmarshal([]byte(line), &e); wrong != nil {
				return fmt.Errorf("go test -json printed %.200q: %w", line, wrong)
			}
			take(e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// framed are the lines that tell of a test's progress and that only go test -v shows.
func framed(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), "=== ") }

// printer prints what go test prints without -json and -v: a line for each package, and of one that fails what its failed
// tests said. What becomes of each test is noted in got.
type printer struct {
	w            io.Writer
	got          *outcome
	failuresOnly bool
	said         map[string][]event // by package that has not ended, in order
}

func newPrinter(w io.Writer, got *outcome) *printer {
	return &printer{w: w, got: got, said: map[string][]event{}}
}

func (p *printer) take(e event) {
	p.got.note(e)
	switch {
	case e.Action == "build-output":
		fmt.Fprint(p.w, e.Output)
	case e.Action == "output" && concludes(e):
		if !p.failuresOnly {
			fmt.Fprint(p.w, e.Output)
		}
	case e.Action == "output":
		p.said[e.Package] = append(p.said[e.Package], e)
	case e.Test == "" && ends(e):
		if e.Action == "fail" {
			p.printFailed(p.said[e.Package])
		}
		delete(p.said, e.Package)
	}
}

// concludes reports whether an event is the line that go test prints about a package that did not fail.
func concludes(e event) bool {
	return e.Test == "" && (strings.HasPrefix(e.Output, "ok  \t") || strings.HasPrefix(e.Output, "?   \t"))
}

func ends(e event) bool { return e.Action == "pass" || e.Action == "fail" || e.Action == "skip" }

func (p *printer) printFailed(said []event) {
	for _, e := range said {
		if !framed(e.Output) && !p.got.fine(e) {
			fmt.Fprint(p.w, e.Output)
		}
	}
}
