package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/bench/fixture"
)

func TestFlagsOverrideTheSizeOfTheRun(t *testing.T) {
	rows := []struct {
		name     string
		args     []string
		rounds   int
		duration time.Duration
		limit    time.Duration
	}{
		{"usual", nil, 3, 1200 * time.Millisecond, 4 * time.Minute},
		{"short", []string{"-short"}, 1, 400 * time.Millisecond, time.Minute},
		{"short with more rounds", []string{"-short", "-rounds", "2"}, 2, 400 * time.Millisecond, time.Minute},
		{"own times", []string{"-duration", "5s", "-limit", "1h"}, 3, 5 * time.Second, time.Hour},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s, err := parse(row.args)
			if err != nil {
				t.Fatal(err)
			}
			if s.rounds != row.rounds || s.duration != row.duration || s.limit != row.limit {
				t.Errorf("got %d rounds of %s within %s", s.rounds, s.duration, s.limit)
			}
		})
	}
}

func TestSettingsOutsideTheirBoundsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-rounds", "101"}, {"-rounds", "-1"}, {"-duration", "1ms"}, {"-duration", "1h"}, {"-limit", "3h"}, {"-only", "("}, {"extra"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v: got no error", args)
		}
	}
}

func TestMedianIsTheMiddle(t *testing.T) {
	rows := []struct {
		name   string
		values []float64
		want   float64
	}{
		{"one", []float64{3}, 3},
		{"three out of order", []float64{9, 1, 4}, 4},
		{"four", []float64{4, 1, 3, 2}, 2.5},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			before := slices.Clone(row.values)
			if got := median(row.values); got != row.want || !slices.Equal(before, row.values) {
				t.Errorf("got %v, want %v; values are now %v", got, row.want, row.values)
			}
		})
	}
}

func TestTheTableComparesMediansOfTheSameCase(t *testing.T) {
	r := &report{machine: "a machine", method: "a method", rounds: 3, notes: []string{"A note."}}
	for _, rate := range []float64{900, 100, 200} {
		r.add("get", ours, sample{perSecond: rate, perCore: rate, upstream: -1})
		r.add("get", bare, sample{perSecond: 2 * rate, perCore: 4 * rate, upstream: -1, foreign: 1})
	}
	r.add("cold", ours, sample{perSecond: 50, perCore: 1, upstream: 1})
	r.add("cold", direct, sample{perSecond: 100, perCore: 1, upstream: 200})
	var out bytes.Buffer
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| get | entrepot | 200 | 0.00 | 0.00 | 0.00 | 200 | 100–900 | 0.00 | 0.00 | 0.50 | 0.25 | – | – | 0.00 |\n",
		"| get | bare | 400 | 0.00 | 0.00 | 0.00 | 800 | 400–3600 | 0.00 | 0.00 | – | – | – | – | 1.00 |\n",
		"| cold | entrepot | 50.0 | 0.00 | 0.00 | 0.00 | 1.00 | 1.00–1.00 | 0.00 | 0.00 | 0.50 | – | – | 1.00 | 0.00 |\n",
		"A note.\n", "In 1 of 4 rows other work took more than 0.3 cores",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the table:\n%s", want, out.String())
		}
	}
}

func TestNumbersKeepAboutThreeDigits(t *testing.T) {
	for x, want := range map[float64]string{-1: "–", 0: "0.00", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234.5: "1234", 20_640: "20.6k"} {
		if got := number(x); got != want {
			t.Errorf("%v: got %s, want %s", x, got, want)
		}
	}
}

func TestCredentialsAreReadFromTheDefaultProfile(t *testing.T) {
	id, secret, err := parseCredentials("[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = a+b/c=\n")
	if err != nil || id != "AKIAEXAMPLE" || secret != "a+b/c=" {
		t.Errorf("got %q, %q, %v", id, secret, err)
	}
	if _, _, err := parseCredentials("[default]\naws_access_key_id = AKIAEXAMPLE\n"); err == nil {
		t.Error("got no error without a secret")
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add("[default]\naws_access_key_id = A\naws_secret_access_key = b\n")
	f.Add("aws_access_key_id\n=")
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, err := parseCredentials(text)
		if (err == nil) != (id != "" && secret != "") {
			t.Errorf("got %q, %q, %v", id, secret, err)
		}
	})
}

func TestCheckPackumentComparesEveryVersion(t *testing.T) {
	releases := document{"checked", 3}.releases()
	good := fixture.Packument("http://registry.example.test/", releases)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(good); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	swapped := slices.Clone(releases)
	swapped[1].Tarball = releases[2].Tarball
	rows := []struct {
		name  string
		body  []byte
		zip   bool
		fails bool
	}{
		{"right", good, false, false},
		{"right, compressed", zipped.Bytes(), true, false},
		{"a version is missing", fixture.Packument("http://registry.example.test/", releases[:2]), false, true},
		{"a version has another's hash", fixture.Packument("http://registry.example.test/", swapped), false, true},
		{"not compressed", good, true, true},
		{"no JSON", []byte("hello"), false, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := checkPackument(row.body, row.zip, releases); (err != nil) != row.fails {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAProgramThatEndsBeforeItIsReadyIsReportedWithItsLog(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	l, err := newLab(settings{work: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.start("broken", serverCore, []string{"WHY=no room"}, "sh", "-c", "echo $WHY; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.announced(t.Context()); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v, want an error with what the program said", err)
	}
	if err := l.close(false); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(l.dir); err == nil {
		t.Errorf("%s is still there", filepath.Base(l.dir))
	}
}

func TestARunningProgramIsStopped(t *testing.T) {
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip("no sleep here")
	}
	l, err := newLab(settings{work: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.start("sleeper", serverCore, nil, "sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.close(false); err != nil {
		t.Error(err)
	}
	select {
	case <-p.ended:
	default:
		t.Error("it still runs")
	}
}
