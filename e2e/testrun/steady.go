package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// tally counts how often packages and tests ended how.
type tally struct {
	packages map[string]*[2]int // passed, failed
	tests    map[string]map[string]int
}

// steady runs the tests so many times and prints a table at the end. The code is 1 if any pass failed.
func steady(passes, load int, arguments []string) (code int, err error) {
	stop := burn(load)
	defer stop()
	all := tally{packages: map[string]*[2]int{}, tests: map[string]map[string]int{}}
	for pass := 1; pass <= passes; pass++ {
		began, got := time.Now(), newOutcome()
		failures := newPrinter(os.Stdout, got)
		failures.failuresOnly = true
		exit, err := runTests(arguments, failures.take)
		if err != nil {
			return exit, err
		}
		all.add(got)
		code = max(code, min(exit, 1))
		fmt.Printf("pass %d of %d, %d tests passed, failed: %s (%v)\n", pass, passes, len(got.Passed),
			told(got.Failed), time.Since(began).Round(time.Second))
	}
	all.print(os.Stdout)
	return code, nil
}

func told(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// burn keeps processors busy until stop is called.
func burn(goroutines int) (stop func()) {
	done := make(chan struct{})
	if goroutines > 0 {
		runtime.GOMAXPROCS(max(goroutines, runtime.GOMAXPROCS(0)) + 1) // one more, to read what the tests say
	}
	for range goroutines {
		go func() {
			for n := 0; ; n++ {
				if n%(1<<20) != 0 {
					continue
				}
				select {
				case <-done:
					return
				default:
				}
			}
		}()
	}
	return func() { close(done) }
}

func (t *tally) add(got *outcome) {
	for name, end := range got.ended {
		room, test, isTest := strings.Cut(name, " ")
		if isTest {
			if end == "fail" {
				if t.tests[room] == nil {
					t.tests[room] = map[string]int{}
				}
				t.tests[room][test]++
			}
			continue
		}
		if end == "skip" { // it has no tests
			continue
		}
		if t.packages[room] == nil {
			t.packages[room] = new([2]int)
		}
		if end == "pass" {
			t.packages[room][0]++
		} else {
			t.packages[room][1]++
		}
	}
}

func (t *tally) print(w io.Writer) {
	fmt.Fprintf(w, "%8s%8s  %s\n", "passed", "failed", "package")
	for _, room := range slices.Sorted(maps.Keys(t.packages)) {
		fmt.Fprintf(w, "%8d%8d  %s\n", t.packages[room][0], t.packages[room][1], room)
		for _, test := range slices.Sorted(maps.Keys(t.tests[room])) {
			fmt.Fprintf(w, "%8s%8d    %s\n", "", t.tests[room][test], test)
		}
	}
}
