package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// chapter returns what stands below a page's heading of the second level, up to the next one.
func chapter(page, heading string) string {
	_, text, _ := strings.Cut(page, "\n## "+heading+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

var tried = regexp.MustCompile(`^(aws|npm|sed|for|[A-Z]+=)\S* \S+ `)

// TestTheMoveFromCodeArtifactIsTried wants each command of the page in the session that goes through it.
func TestTheMoveFromCodeArtifactIsTried(t *testing.T) {
	page, err := os.ReadFile("moving-from-codeartifact.md")
	if err != nil {
		t.Fatal(err)
	}
	session, err := os.ReadFile(filepath.Join(root, "e2e/testdata/moving_from_codeartifact.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, code := range codeIn(string(page)) {
		code = strings.Join(strings.Fields(code), " ")
		if !tried.MatchString(code) {
			continue // a command's name in a sentence
		}
		if seen++; !strings.Contains(string(session), code) {
			t.Errorf("the session does not run: %s", code)
		}
	}
	if seen < 20 {
		t.Errorf("found %d commands on the page, want all of the move", seen)
	}
}

// TestHostsInAWSsShapeAreTried wants each command and each line of the hosts file of the section in the session about it.
func TestHostsInAWSsShapeAreTried(t *testing.T) {
	page, err := os.ReadFile("clients.md")
	if err != nil {
		t.Fatal(err)
	}
	session, err := os.ReadFile(filepath.Join(root, "e2e/testdata/a_hosts_file_leads_awss_names_here.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	section := chapter(string(page), "Hosts in AWS's shape")
	seen := 0
	for line := range strings.Lines(section) {
		code, ok := strings.CutPrefix(line, "    ")
		if !ok {
			continue
		}
		if seen++; !strings.Contains(string(session), strings.TrimSpace(code)) {
			t.Errorf("the session does not run: %s", code)
		}
	}
	if seen < 7 {
		t.Errorf("found %d lines to type in the section, want all seven", seen)
	}
}

// TestWhatIsPrefetchedIsTried wants each command of the page in a session that goes the same way.
func TestWhatIsPrefetchedIsTried(t *testing.T) {
	page, err := os.ReadFile("prefetch.md")
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := filepath.Glob(filepath.Join(root, "e2e/testdata/*prefetches*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	run := ""
	for _, path := range sessions {
		session, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		run += string(session)
	}
	run = strings.NewReplacer("$WORK/", "", "mvn-3.9", "mvn").Replace(run)
	seen := 0
	for line := range strings.Lines(string(page)) {
		code, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		if !ok || !strings.HasPrefix(code, "entrepot ") && !strings.HasPrefix(code, "npm ci") && !strings.HasPrefix(code, "mvn ") {
			continue
		}
		if seen++; !strings.Contains(run, "exec "+code+"\n") {
			t.Errorf("no session runs: %s", code)
		}
	}
	if seen < 10 {
		t.Errorf("found %d commands on the page, want ten", seen)
	}
}

var walked = regexp.MustCompile(`^(aws codeartifact|npm install express)\b`)

// TestTheReadmesWalkIsRun wants each command of the README's first lines in the session that goes the same way, in the
// same order.
func TestTheReadmesWalkIsRun(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	session, err := os.ReadFile(filepath.Join(root, "e2e/testdata/the_walk_of_the_guide_ends_with_an_installed_package.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	walk := chapter(string(readme), "The first lines")
	var run []string
	for line := range strings.Lines(string(session)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "exec "); ok {
			run = append(run, command)
		}
	}
	seen := 0
	for _, code := range codeIn(walk) {
		code = strings.Join(strings.Fields(code), " ") // as it is without the backslashes at ends of lines
		if !walked.MatchString(code) || !strings.Contains(code, "express") && !strings.Contains(code, "--domain") {
			continue // a command's name in a sentence
		}
		seen++
		at := slices.Index(run, code)
		if at < 0 {
			t.Errorf("the session does not run, or not in this order: %s", code)
			continue
		}
		run = run[at+1:]
	}
	if seen < 8 {
		t.Errorf("found %d commands in the README's walk, want the eight of the guide", seen)
	}
}

// TestWhatTheReadmeAddsIsRun wants each command of the README's section in the sessions that go the same way: what is typed for
// both in each, what is typed for a client in its own.
func TestWhatTheReadmeAddsIsRun(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	section := chapter(string(readme), "Python and Java beside it")
	for file, own := range map[string]string{"the_readme_adds_python": "pip", "the_readme_adds_java": "mvn"} {
		session, err := os.ReadFile(filepath.Join(root, "e2e/testdata", file+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, code := range codeIn(section) {
			code = strings.Join(strings.Fields(code), " ")
			run := strings.TrimPrefix(code, "./")
			switch {
			case strings.HasPrefix(code, own+" "): // where to, and with which plugin, the session says too
				run = code[strings.LastIndex(code, " "):]
			case !strings.HasPrefix(code, "aws ") && !strings.Contains(code, "login --tool "+own):
				continue
			}
			if seen++; !strings.Contains(string(session), run+"\n") {
				t.Errorf("%s does not run: %s", file, code)
			}
		}
		if seen != 7 {
			t.Errorf("found %d commands for %s, want seven", seen, own)
		}
	}
}

// TestWhatPagesTypeIsRun wants each command of a page's chapter in the session that goes the same way, in the same order.
func TestWhatPagesTypeIsRun(t *testing.T) {
	for page, row := range map[string]struct {
		chapter, session string
		typed            *regexp.Regexp // what is a command, of the lines that are set apart
		commands         int
	}{
		"audit.md":   {"A walk", "an_exported_record_is_what_cloudtrail_tells", regexp.MustCompile(``), 5},
		"cost.md":    {"Asking", "a_month_is_on_the_bill", regexp.MustCompile(``), 5},
		"regions.md": {"Two servers", "two_regions_share_npm_packages", regexp.MustCompile(`^(aws|entrepot) `), 8},
	} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			session, err := os.ReadFile(filepath.Join(root, "e2e/testdata", row.session+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			rest, seen := string(session), 0
			for line := range strings.Lines(chapter(string(text), row.chapter)) {
				code, apart := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
				if !apart || !row.typed.MatchString(code) {
					continue
				}
				seen++
				_, after, found := strings.Cut(rest, "exec "+code+"\n")
				if !found {
					t.Errorf("the session does not run, or not in this order: %s", code)
					continue
				}
				rest = after
			}
			if seen != row.commands {
				t.Errorf("found %d commands in the walk, want %d", seen, row.commands)
			}
		})
	}
}
