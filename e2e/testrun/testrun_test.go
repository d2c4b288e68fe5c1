package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// module makes a module of the test's own with one test file, and returns what go test needs to run it.
func module(t *testing.T, test string) (arguments []string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module sample\n", "sample_test.go": "package sample\n" + test} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "off")
	t.Chdir(folder)
	return []string{"-count=1", "."}
}

// run runs the arguments and returns what was printed.
func run(t *testing.T, arguments []string) (printed string, code int, got *outcome) {
	t.Helper()
	var out bytes.Buffer
	got = newOutcome()
	code, err := runTests(arguments, newPrinter(&out, got).take)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), code, got
}

// sum leaves the outcomes in a folder and returns what is said of them together.
func sum(t *testing.T, all bool, outcomes ...*outcome) (said string, code int) {
	t.Helper()
	folder := t.TempDir()
	for _, o := range outcomes {
		if err := o.leave(folder); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	code, err := sumUp(folder, &out, all)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), code
}

const mixed = `
import "testing"

func TestGood(t *testing.T) { t.Log("nobody wants to know") }
func TestPart(t *testing.T) {
	t.Run("here", func(t *testing.T) { t.Skip("there is no tool") })
	t.Run("there", func(t *testing.T) {})
}
func TestBad(t *testing.T) { t.Error("it is broken") }
`

func TestSkipsAreToldWithTheirReasonWhateverElseHappened(t *testing.T) {
	printed, code, got := run(t, module(t, mixed))
	if code != 1 {
		t.Errorf("got exit code %d, want go test's 1", code)
	}
	for _, want := range []string{"--- FAIL: TestBad", "it is broken", "FAIL\tsample"} {
		if !strings.Contains(printed, want) {
			t.Errorf("got %q, want %q in it", printed, want)
		}
	}
	if unwanted := regexp.MustCompile(`nobody wants|=== RUN|TestGood|TestPart`).FindString(printed); unwanted != "" {
		t.Errorf("got %q, want nothing of what went well: %s", unwanted, printed)
	}
	said, code := sum(t, false, got)
	for _, want := range []string{"  sample TestPart/here: there is no tool\n", "tests: 3 passed, 1 failed, 1 skipped\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("got %q, want %q in it", said, want)
		}
	}
	if code != 0 {
		t.Errorf("got code %d for the summary, want 0", code)
	}
	if _, code := sum(t, true, got); code != 1 {
		t.Errorf("got code %d where all tests are wanted, want 1", code)
	}
}

func TestAPackageThatPassesIsOneLine(t *testing.T) {
	printed, code, got := run(t, module(t, "import \"testing\"\n\nfunc TestGood(t *testing.T) { t.Log(\"quiet\") }\n"))
	if code != 0 || !regexp.MustCompile(`^ok  \tsample\t[0-9.]+s\n$`).MatchString(printed) {
		t.Errorf("got %q and exit code %d, want go test's line", printed, code)
	}
	if said, _ := sum(t, true, got); said != "nothing was skipped\ntests: 1 passed, 0 failed, 0 skipped\n" {
		t.Errorf("got %q", said)
	}
}

func TestWhatDoesNotCompileIsShown(t *testing.T) {
	printed, code, _ := run(t, module(t, "func broken() { undefined() }\n"))
	if code == 0 || !strings.Contains(printed, "undefined: undefined") || !strings.Contains(printed, "[build failed]") {
		t.Errorf("got %q and exit code %d, want the compiler's words", printed, code)
	}
}

func TestATestThatDiesIsShown(t *testing.T) {
	printed, code, _ := run(t, module(t, "import \"testing\"\n\nfunc TestDies(t *testing.T) { panic(\"on purpose\") }\n"))
	if code == 0 || !strings.Contains(printed, "panic: on purpose") {
		t.Errorf("got %q and exit code %d, want the panic", printed, code)
	}
}

func TestWhatOneRunSkippedAndAnotherPassedIsNotSkipped(t *testing.T) {
	short, long := newOutcome(), newOutcome()
	for _, e := range []event{{Action: "output", Package: "p", Test: "TestX", Output: "    x_test.go:9: it takes long\n"},
		{Action: "skip", Package: "p", Test: "TestX"}} {
		short.note(e)
	}
	long.note(event{Action: "pass", Package: "p", Test: "TestX"})
	if said, code := sum(t, true, short, long); code != 0 || !strings.HasPrefix(said, "nothing was skipped\n") {
		t.Errorf("got %q and code %d", said, code)
	}
	if said, code := sum(t, true, short); code != 1 || !strings.Contains(said, "  p TestX: it takes long\n") {
		t.Errorf("got %q and code %d of the short run alone", said, code)
	}
}

func TestATableSaysHowOftenWhatFailed(t *testing.T) {
	all := tally{packages: map[string]*[2]int{}, tests: map[string]map[string]int{}}
	for _, end := range []string{"pass", "fail", "fail"} {
		o := newOutcome()
		o.note(event{Action: end, Package: "p", Test: "TestX"})
		o.note(event{Action: end, Package: "p"})
		o.note(event{Action: "skip", Package: "without/tests"})
		all.add(o)
	}
	var out bytes.Buffer
	all.print(&out)
	want := "  passed  failed  package\n       1       2  p\n               2    TestX\n"
	if out.String() != want {
		t.Errorf("got\n%s, want\n%s", out.String(), want)
	}
}

func TestTheSlowestTestsAreNamed(t *testing.T) {
	took := func(seconds map[string]float64) *outcome {
		o := newOutcome()
		for name, s := range seconds {
			pkg, test, _ := strings.Cut(name, " ")
			o.note(event{Action: "pass", Package: pkg, Test: test, Elapsed: s})
		}
		return o
	}
	first := map[string]float64{"a/b TestQuick": 0.9, "a/b TestWhole": 30, "a/b TestWhole/part": 29, "a/b TestWhole/part/one": 28, "a/b": 60}
	for i := range slowTests {
		first[fmt.Sprint("a/c TestMany/", i)] = 10 + float64(i)
	}
	said, _ := sum(t, false, took(first), took(map[string]float64{"a/b TestWhole/part/one": 2, "a/c TestMany/9": 40.25}))
	want := "nothing was skipped\nslowest:\n    40.2 s a/c TestMany/9\n    28.0 s a/b TestWhole/part/one\n    18.0 s a/c TestMany/8\n"
	if !strings.HasPrefix(said, want) || strings.Count(said, " s a/") != slowTests {
		t.Errorf("got %s\nwant it to begin with\n%s", said, want)
	}
}
