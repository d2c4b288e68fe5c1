// Testrun runs go test and tells at the end what was skipped, which go test keeps to itself unless it is asked for every
// line of every test.
//
//	testrun [-into FOLDER] [-passes N] [-load N] -- ARGUMENT…
//	testrun -summary FOLDER
//
// The first prints what go test with the arguments prints, and exits as it exits. With -into it leaves what became of each
// test in a new file of the folder, for the second. With -passes it runs again and again, while -load goroutines keep the
// processors busy, and prints a table of how often each package failed and in which tests.
//
// The second prints how many tests of all runs in the folder and below passed, failed and were skipped, of each that was skipped
// in one run and passed in none, why, and which ten took longest. With ENTREPOT_TEST_ALL=1 such a skip makes it exit with 1.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	into := flag.String("into", "", "folder to leave the outcome in")
	summary := flag.String("summary", "", "folder whose outcomes are summed up")
	passes := flag.Int("passes", 1, "how often to run")
	load := flag.Int("load", 0, "goroutines that keep the processors busy meanwhile")
	flag.Parse()
	var code int
	var err error
	switch {
	case *summary != "":
		code, err = sumUp(*summary, os.Stdout, os.Getenv("ENTREPOT_TEST_ALL") == "1")
	case *passes > 1:
		code, err = steady(*passes, *load, flag.Args())
	default:
		code, err = once(*into, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// once runs the tests and returns go test's exit code.
func once(into string, arguments []string) (code int, err error) {
	fmt.Println("go test", strings.Join(arguments, " "))
	got := newOutcome()
	code, err = runTests(arguments, newPrinter(os.Stdout, got).take)
	if err == nil && into != "" {
		err = got.leave(into)
	}
	return code, err
}

// runTests gives each event of go test to take, and returns its exit code.
func runTests(arguments []string, take func(event)) (code int, err error) {
	command := exec.Command("go", append([]string{"test", "-json"}, arguments...)...)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := command.Start(); err != nil {
		return 0, err
	}
	err = readEvents(out, take)
	ended := command.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](ended); ok {
		return max(exit.ExitCode(), 1), err
	}
	return 0, errors.Join(err, ended)
}
