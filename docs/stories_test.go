package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stories are what is tried with the clients of every format, but of those that have no such thing.
var stories = []struct {
	name    string
	unknown []string // formats
}{
	{"publish and install", nil},
	{"a second version", nil},
	{"published twice, a conflict", nil},
	{"another spelling", []string{"maven", "ruby"}},
	{"advised against, and installed", []string{"maven", "ruby", "swift"}},
	{"unlisted, for those who name it", nil},
	{"archived, for nobody", nil},
	{"a wrong token, told what to do", nil},
	{"an internal name, never asked outside", nil},
	{"cold through two upstreams", nil},
	{"ten cold clients at once", nil},
	{"cut off", nil},
	{"a lying registry", []string{"swift"}},
}

var tells = regexp.MustCompile(`(?m)^# tells (\S+): (.+)$`)

// told is a story of a format.
type told struct{ format, story string }

// sessionsOf are the sessions that tell each.
func sessionsOf(t *testing.T) map[told][]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "e2e/testdata/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	sessions := map[told][]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		session := strings.TrimSuffix(filepath.Base(name), ".txtar")
		for _, found := range tells.FindAllStringSubmatch(string(text), -1) {
			if !claimed.Match(text) {
				t.Errorf("%s tells stories, and does not say what client runs in it", session)
			}
			for story := range strings.SplitSeq(found[2], "; ") {
				at := told{found[1], story}
				sessions[at] = append(sessions[at], "`"+session+"`")
			}
		}
	}
	return sessions
}

// playedFormats are those that pass the scenario of formattest.
func playedFormats(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "format/*/scenario_test.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no format passes a scenario: %v", err)
	}
	for i, name := range names {
		names[i] = filepath.Base(filepath.Dir(name))
	}
	return names
}

func TestEachFormatHasEachStoryWithARealClient(t *testing.T) {
	formats, sessions := playedFormats(t), sessionsOf(t)
	var b strings.Builder
	b.WriteString("| story | " + strings.Join(formats, " | ") + " |\n|" + strings.Repeat(" --- |", len(formats)+1) + "\n")
	for _, s := range stories {
		fmt.Fprintf(&b, "| %s |", s.name)
		for _, format := range formats {
			at := told{format, s.name}
			if known := !slices.Contains(s.unknown, format); known != (len(sessions[at]) > 0) {
				t.Errorf("%s: %q is told by %v, and is to be told: %t", format, s.name, sessions[at], known)
			}
			fmt.Fprintf(&b, " %s |", strings.Join(sessions[at], ", "))
			delete(sessions, at)
		}
		b.WriteString("\n")
	}
	for at := range sessions {
		t.Errorf("no such story: %v", at)
	}
	wantTable(t, "stories", b.String())
}
