package docs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// claim is a line of a session: what a client did in it, or was refused on purpose.
type claim struct {
	session, program, version string
	refused                   bool
	commands                  []string
}

var claimed = regexp.MustCompile(`(?m)^# (proves|refuses): (\S+) (\S+): (.+)$`)

// claimsOf reads a session's lines; versions are words of tools.sh or stand there themselves.
func claimsOf(session, text string, versions map[string]string) []claim {
	var all []claim
	for _, found := range claimed.FindAllStringSubmatch(text, -1) {
		c := claim{
			session: session, program: found[2], version: found[3], refused: found[1] == "refuses",
			commands: strings.Split(found[4], ", "),
		}
		if pinned, ok := versions[c.version]; ok {
			c.version = pinned
		}
		all = append(all, c)
	}
	return all
}

// runs reports whether a session runs a command of a program, and is refused where that is what it wants. Each word of the
// command must be an argument, in this order.
func runs(text, program, command string, refused bool) bool {
	script, _, _ := strings.Cut(text, "\n-- ") // what follows are files
	for line := range strings.Lines(script) {
		line, negated := strings.CutPrefix(strings.TrimSpace(line), "! ")
		fields := strings.Fields(line)
		if negated != refused || len(fields) < 2 || !slices.Contains([]string{"exec", "together", "retry"}, fields[0]) {
			continue
		}
		if at := slices.Index(fields, program); at >= 0 && inOrder(fields[at+1:], strings.Fields(command)) {
			return true
		}
	}
	return false
}

// inOrder reports whether the words are among the arguments one after the other.
func inOrder(arguments, words []string) bool {
	for _, word := range words {
		at := slices.Index(arguments, word)
		if at < 0 {
			return false
		}
		arguments = arguments[at+1:]
	}
	return true
}

var pin = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]*)=([0-9][^\s#]*)`)

// pins are the versions that tools.sh installs, by its variables.
func pins(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "e2e/tools.sh"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, found := range pin.FindAllStringSubmatch(string(text), -1) {
		all[found[1]] = found[2]
	}
	return all
}

// TestTheTableOfClientsIsWhatSessionsProve wants each claim of a session in its commands, and all of them in the table.
func TestTheTableOfClientsIsWhatSessionsProve(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(root, "e2e/testdata/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	type client struct{ program, version string }
	passed, refused, sessions := map[client][]string{}, map[client][]string{}, map[client][]string{}
	add := func(to map[client][]string, c client, words ...string) {
		for _, word := range words {
			if !slices.Contains(to[c], word) {
				to[c] = append(to[c], word)
			}
		}
	}
	versions := pins(t)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		session := strings.TrimSuffix(filepath.Base(name), ".txtar")
		for _, c := range claimsOf(session, string(text), versions) {
			if !strings.ContainsAny(c.version[:1], "0123456789") {
				t.Errorf("%s: tools.sh has no version %s", session, c.version)
			}
			for _, command := range c.commands {
				if !runs(string(text), c.program, command, c.refused) {
					t.Errorf("%s does not run %s %s (refused: %t)", session, c.program, command, c.refused)
				}
			}
			key, to := client{c.program, c.version}, passed
			if c.refused {
				to = refused
			}
			add(to, key, c.commands...)
			add(sessions, key, "`"+session+"`")
		}
	}
	var b strings.Builder
	b.WriteString("| client | version | passes | refused on purpose | sessions |\n| --- | --- | --- | --- | --- |\n")
	order := func(x, y client) int { return strings.Compare(x.program, y.program) }
	for _, c := range slices.SortedFunc(maps.Keys(sessions), order) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", c.program, c.version, strings.Join(passed[c], ", "),
			strings.Join(refused[c], ", "), strings.Join(sessions[c], ", "))
	}
	wantTable(t, "clients", b.String())
}

// TestWhatJavasClientsAreGivenIsWhatSessionsGiveThem wants every file of these sections in a session, but for its indentation.
// Sessions put their own address in the place of URL and HOST.
func TestWhatJavasClientsAreGivenIsWhatSessionsGiveThem(t *testing.T) {
	sessions := ""
	names, err := filepath.Glob(filepath.Join(root, "e2e/testdata/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sessions += unindented(string(text))
	}
	text, err := os.ReadFile("clients.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## Maven\n")
	java, _, ok := strings.Cut(rest, "\n## curl\n")
	blocks := regexp.MustCompile(`(?m)(^    .+\n)+`).FindAllString(java, -1)
	if !ok || len(blocks) < 6 {
		t.Fatalf("got %d blocks, want those of Maven, Gradle, sbt, coursier and Ivy", len(blocks))
	}
	for _, block := range blocks {
		if command := strings.HasPrefix(block, "    aws "); !command && !strings.Contains(sessions, strings.TrimSpace(unindented(block))) {
			t.Errorf("no session has\n%s", block)
		}
	}
}

func unindented(text string) string { return regexp.MustCompile(`(?m)^ +`).ReplaceAllString(text, "") }

func TestACommandIsRunWhereItStandsInTheScript(t *testing.T) {
	const session = "exec pip install --target a b\n! exec npm audit\ntogether 10 uv pip install x\nexec sh -c 'pip hash'\n\n-- pip.txt --\nexec pip download\n"
	for name, row := range map[string]struct {
		program, command string
		refused, want    bool
	}{
		"run":                  {"pip", "install", false, true},
		"of two words":         {"uv", "pip install", false, true},
		"words in wrong order": {"uv", "install pip", false, false},
		"refused":              {"npm", "audit", true, true},
		"refused, not passed":  {"npm", "audit", false, false},
		"passed, not refused":  {"pip", "install", true, false},
		"in a file only":       {"pip", "download", false, false},
		"of another program":   {"npm", "install", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := runs(session, row.program, row.command, row.refused); got != row.want {
				t.Errorf("got %t, want %t", got, row.want)
			}
		})
	}
}
