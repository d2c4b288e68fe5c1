package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestSettingsOutsideTheirBoundsAreRefused(t *testing.T) {
	if _, err := parse([]string{"-python", "wheels", "-maven", "m2"}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{}, {"-python", "wheels", "extra"}, {"-python", "wheels", "-rounds", "0"}, {"-python", "wheels", "-packages", "0"},
		{"-maven", "m2", "-artifacts", "1001"}, {"-crates", "1001"}, {"-crates", "-1"}, {"-maven", "m2", "-limit", "3h"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v: got no error", args)
		}
	}
}

func TestOneWheelForEveryPython3OfEachProjectIsChosen(t *testing.T) {
	folder := fstest.MapFS{}
	for _, name := range []string{
		"both/both-1.0-py3-none-any.whl", "both/both-2.0-py2.py3-none-any.whl", "both/both-2.0.tar.gz",
		"native/native-1.0-cp311-cp311-linux_x86_64.whl", "old/old-1.0-py2-none-any.whl", "zoo/zoo-1.0-py3-none-any.whl",
	} {
		folder[name] = &fstest.MapFile{}
	}
	got, err := chooseWheels(folder, 10)
	want := []string{"both/both-2.0-py2.py3-none-any.whl", "zoo/zoo-1.0-py3-none-any.whl"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := chooseWheels(folder, 1); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v, want one", got, err)
	}
	if _, err := chooseWheels(fstest.MapFS{}, 1); err == nil {
		t.Error("got no error for an empty folder")
	}
}

func TestArtifactsWithAJarAndAPOMAreChosenInOneVersion(t *testing.T) {
	local := fstest.MapFS{}
	for _, name := range []string{
		"a/b/one/1.0/one-1.0.jar", "a/b/one/1.0/one-1.0.pom", "a/b/one/2.0/one-2.0.jar", "a/b/one/2.0/one-2.0.pom",
		"a/b/bare/1.0/bare-1.0.jar", "a/b/only/1.0/only-1.0.pom", "a/b/more/1.0/more-1.0-sources.jar", "a/b/more/1.0/more-1.0.pom",
		"c/two/3.0/two-3.0.jar", "c/two/3.0/two-3.0.pom",
	} {
		local[name] = &fstest.MapFile{}
	}
	got, err := chooseArtifacts(local, 10)
	if want := []coordinates{{"a.b", "one", "1.0"}, {"c", "two", "3.0"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := chooseArtifacts(local, 1); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v, want one", got, err)
	}
	if _, err := chooseArtifacts(fstest.MapFS{}, 1); err == nil {
		t.Error("got no error for an empty folder")
	}
}

func TestTheProjectDependsOnNothingOfItsDependencies(t *testing.T) {
	var got struct {
		Dependencies []dependency `xml:"dependencies>dependency"`
	}
	if err := xml.Unmarshal([]byte(projectOf([]coordinates{{"a.b", "one", "1.0"}, {"c", "two", "2.0"}})), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Dependencies) != 2 || got.Dependencies[1].Name != "two" || got.Dependencies[1].Exclusion.Group != "*" {
		t.Errorf("got %+v", got)
	}
}

func TestTheDigestTellsEveryFileThatCounts(t *testing.T) {
	tree := func(name, content string) fstest.MapFS {
		return fstest.MapFS{"in/a.jar": {Data: []byte("a")}, name: {Data: []byte(content)}}
	}
	of := func(tree fstest.MapFS) [sha256.Size]byte {
		sum, err := digest(tree, readable)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	same := of(tree("in/b.pom", "b"))
	rows := []struct {
		name string
		tree fstest.MapFS
		same bool
	}{
		{"the same", tree("in/b.pom", "b"), true},
		{"another content", tree("in/b.pom", "c"), false},
		{"another name", tree("in/c.pom", "b"), false},
		{"one less", tree("in/b.txt", "b"), false},
	}
	for _, row := range rows {
		if got := of(row.tree) == same; got != row.same {
			t.Errorf("%s: same is %v, want %v", row.name, got, row.same)
		}
	}
	if _, err := digest(fstest.MapFS{"a.txt": {}}, readable); err == nil {
		t.Error("got no error where nothing was installed")
	}
}

func TestInstallationsAreComparedWithTheSameFromOtherServers(t *testing.T) {
	l := &lab{settings: settings{rounds: 3}, notes: []string{"A note."}, rows: []*row{
		{name: "some", server: ours, first: 9, seconds: []float64{4, 3, 8}, cpu: []float64{1, 2, 3}},
		{name: "some", server: nginx, first: 8, seconds: []float64{2}, cpu: []float64{0.5}},
		{name: "some", server: direct, first: 7, seconds: []float64{1}},
		{name: "others", server: ours, first: 6, seconds: []float64{5}, cpu: []float64{1}},
	}}
	var out bytes.Buffer
	if err := l.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| some | entrepot | 9.00 | 4.00 | 3.00–8.00 | 2.00 | 2.00 | 4.00 | 4.00 |\n",
		"| some | nginx | 8.00 | 2.00 | 2.00–2.00 | 0.50 | – | 2.00 | – |\n",
		"| some | direct | 7.00 | 1.00 | 1.00–1.00 | – | 0.50 | – | – |\n",
		"| others | entrepot | 6.00 | 5.00 | 5.00–5.00 | 1.00 | – | – | – |\n",
		"A note.\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the table:\n%s", want, out.String())
		}
	}
}
