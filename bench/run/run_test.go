package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/bench/fixture"
	"entrepot/bench/servers"
)

func TestFlagsOverrideTheSizeOfTheRun(t *testing.T) {
	rows := []struct {
		name     string
		args     []string
		rounds   int
		duration time.Duration
		limit    time.Duration
	}{
		{"usual", nil, 3, 1200 * time.Millisecond, 12 * time.Minute},
		{"short", []string{"-short"}, 1, 400 * time.Millisecond, 3 * time.Minute},
		{"short with more rounds", []string{"-short", "-rounds", "2"}, 2, 400 * time.Millisecond, 3 * time.Minute},
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
		"| get | entrepot | 200 | 0.00 | 0.00 | 0.00 | 200 | 100–900 | 0.00 | 0.00 | 0.50 | 0.25 | – | – | – | 0.00 |\n",
		"| get | bare | 400 | 0.00 | 0.00 | 0.00 | 800 | 400–3600 | 0.00 | 0.00 | – | – | – | – | – | 1.00 |\n",
		"| cold | entrepot | 50.0 | 0.00 | 0.00 | 0.00 | 1.00 | 1.00–1.00 | 0.00 | 0.00 | 0.50 | – | – | – | 1.00 | 0.00 |\n",
		"A note.\n", "In 1 of 4 rows other work took more than 0.3 cores",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the table:\n%s", want, out.String())
		}
	}
}

func TestCheckPackumentComparesEveryVersion(t *testing.T) {
	releases := packument{"checked", 3}.releases()
	swapped := slices.Clone(releases)
	swapped[1].Tarball = releases[2].Tarball
	rows := []struct {
		name  string
		body  []byte
		fails bool
	}{
		{"right", fixture.Packument("http://registry.example.test/", releases), false},
		{"a version is missing", fixture.Packument("http://registry.example.test/", releases[:2]), true},
		{"a version has another's hash", fixture.Packument("http://registry.example.test/", swapped), true},
		{"no JSON", []byte("hello"), true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := checkPackument(row.body, releases); (err != nil) != row.fails {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckPageComparesEveryFileInEveryForm(t *testing.T) {
	wheels := simplePage{"checked", 2}.wheels()
	swapped := slices.Clone(wheels)
	swapped[1].Content = wheels[0].Content
	html := func(wheels ...fixture.Wheel) []byte {
		var b bytes.Buffer
		for _, w := range wheels {
			fmt.Fprintf(&b, "<a href=\"../%s/%s#sha256=%s\" data-requires-python=\"&gt;=3.9\">%[2]s</a>\n",
				w.Version, w.File(), w.SHA256())
		}
		return b.Bytes()
	}
	json := func(wheels ...fixture.Wheel) []byte { return fixture.SimplePage("../", wheels) }
	rows := []struct {
		name  string
		read  func([]byte) (map[string]string, error)
		page  []byte
		fails bool
	}{
		{"HTML", readHTML, html(wheels...), false},
		{"JSON", readJSON, json(wheels...), false},
		{"HTML without a file", readHTML, html(wheels[0]), true},
		{"JSON without a file", readJSON, json(wheels[1]), true},
		{"HTML with another's hash", readHTML, html(swapped...), true},
		{"JSON with another's hash", readJSON, json(swapped...), true},
		{"no JSON", readJSON, []byte("hello"), true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			listed, err := row.read(row.page)
			if err == nil {
				err = checkPage(listed, wheels)
			}
			if (err != nil) != row.fails {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckMetadataComparesEveryVersion(t *testing.T) {
	versions := metadata{"checked", 3}.numbers()
	rows := []struct {
		name  string
		body  []byte
		fails bool
	}{
		{"right", fixture.Metadata("checked", versions), false},
		{"a version is missing", fixture.Metadata("checked", versions[:2]), true},
		{"out of order", fixture.Metadata("checked", []string{versions[1], versions[0], versions[2]}), true},
		{"no XML", []byte("<metadata>"), true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := checkMetadata(row.body, versions); (err != nil) != row.fails {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckReleasesComparesEveryVersion(t *testing.T) {
	packages := releaseList{"checked", 2}.packages()
	rows := []struct {
		name  string
		body  string
		fails bool
	}{
		{"right", `{"releases":{"` + packages[1].Version + `":{},"` + packages[0].Version + `":{}}}`, false},
		{"a version is missing", `{"releases":{"` + packages[0].Version + `":{}}}`, true},
		{"another version", `{"releases":{"` + packages[0].Version + `":{},"9.9.9":{}}}`, true},
		{"no JSON", "x", true},
	}
	for _, row := range rows {
		if err := checkReleases([]byte(row.body), packages); (err != nil) != row.fails {
			t.Errorf("%s: got %v", row.name, err)
		}
	}
	for body, fails := range map[string]bool{
		`{"resources":[{"checksum":"` + packages[0].SHA256() + `"}]}`: false, `{"resources":[{"checksum":"x"}]}`: true, `{}`: true, `x`: true,
	} {
		if err := checkRelease([]byte(body), packages[0]); (err != nil) != fails {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func TestOnlyTheFormatsOfTheWantedCasesAreSetUp(t *testing.T) {
	rows := []struct {
		only string
		want []string
	}{
		{"", []string{"npm", "pypi", "maven", "cargo", "ruby", "nuget", "swift"}},
		{"^pypi", []string{"pypi"}},
		{"jar|tarball", []string{"npm", "maven"}},
		{"no such case", nil},
	}
	for _, row := range rows {
		l := &lab{settings: short}
		l.only = regexp.MustCompile(row.only)
		var got []string
		for _, s := range l.sectionsWanted() {
			got = append(got, s.name)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("-only %q: got %v, want %v", row.only, got, row.want)
		}
	}
}

// Rows are found by the names of their cases, and files by theirs.
func TestNoTwoCasesAndNoTwoItemsHaveOneName(t *testing.T) {
	cases, files := map[string]bool{}, map[string]bool{}
	l := &lab{settings: usual}
	l.only = regexp.MustCompile("")
	for _, s := range l.sectionsWanted() {
		for _, c := range s.wanted() {
			if cases[c.name] {
				t.Errorf("two cases are called %s", c.name)
			}
			cases[c.name] = true
		}
		if len(s.items) != len(s.served(s)) {
			t.Errorf("two items of %s have one file", s.name)
		}
		for file := range s.items {
			if files[file] {
				t.Errorf("two items have the file %s", file)
			}
			files[file] = true
		}
	}
}

func TestADeployIsWhatMavenSends(t *testing.T) {
	c := &contender{address: "registry.example.test:80"}
	s := &section{lab: &lab{entrepot: &servers.Entrepot{}}, protocol: &maven}
	p := s.publication(s, c, "/base/", release{"app", "1.0.0", 0})
	const folder = "/base/com/example/bench/app/"
	var want []string
	for _, line := range []string{
		"PUT 1.0.0/app-1.0.0.jar*", "PUT 1.0.0/app-1.0.0.pom*", "GET maven-metadata.xml", "PUT maven-metadata.xml*",
	} {
		method, file, _ := strings.Cut(line, " ")
		name, all := strings.CutSuffix(file, "*")
		want = append(want, method+" "+folder+name)
		if all {
			want = append(want, method+" "+folder+name+".sha1", method+" "+folder+name+".md5")
		}
	}
	var got []string
	for _, call := range p.calls {
		line, _, _ := strings.Cut(string(call.Wire), " HTTP/1.1\r\n")
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
