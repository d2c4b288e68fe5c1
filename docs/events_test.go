package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheWalkOfEventsIsRun wants the files of the page in the session that goes through it, as they are, and each command.
func TestTheWalkOfEventsIsRun(t *testing.T) {
	page, err := os.ReadFile("events.md")
	if err != nil {
		t.Fatal(err)
	}
	session, err := os.ReadFile(filepath.Join(root, "e2e/testdata/events_reach_a_webhook_and_a_file.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	walk := chapter(string(page), "A walk")
	files := regexp.MustCompile("(?s)```(?:python|yaml)\n(.*?)```").FindAllStringSubmatch(walk, -1)
	for _, file := range files {
		if !strings.Contains(string(session), "--\n"+file[1]) {
			t.Errorf("the session does not have the file\n%s", file[1])
		}
	}
	commands := regexp.MustCompile(`(?m)^    ((?:npm|aws|cat) .*)$`).FindAllStringSubmatch(walk, -1)
	for _, command := range commands {
		if !strings.Contains(string(session), "exec "+command[1]+"\n") {
			t.Errorf("the session does not run: %s", command[1])
		}
	}
	after := regexp.MustCompile(`(?m)^    (entrepot .*)$`).FindAllStringSubmatch(chapter(string(page), "Looking after it"), -1)
	for _, command := range after {
		if !strings.Contains(string(session), "exec "+command[1]+"\n") && !strings.Contains(string(session), "exec "+command[1]+" >") {
			t.Errorf("the session does not run: %s", command[1])
		}
	}
	if len(files) != 2 || len(commands) != 4 || len(after) != 7 {
		t.Errorf("found %d files, %d and %d commands, want two, four and seven", len(files), len(commands), len(after))
	}
}

// TestTheRulesOfEventsAreRun wants the files and each command of the section about rules in the session that goes through it.
func TestTheRulesOfEventsAreRun(t *testing.T) {
	page, err := os.ReadFile("events.md")
	if err != nil {
		t.Fatal(err)
	}
	session, err := os.ReadFile(filepath.Join(root, "e2e/testdata/rules_send_events_where_the_operator_lets_them.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	section := chapter(string(page), "Rules")
	for _, language := range []string{"yaml", "json"} {
		_, file, _ := strings.Cut(section, "```"+language+"\n")
		file, _, found := strings.Cut(file, "```")
		if !found || !strings.Contains(string(session), "--\n"+file) {
			t.Errorf("the session does not have the file\n%s", file)
		}
	}
	seen := 0
	for line := range strings.Lines(section) {
		command, ok := strings.CutPrefix(line, "    aws events ")
		if !ok {
			continue
		}
		if seen++; !strings.Contains(string(session), "\nexec aws events "+command) {
			t.Errorf("the session does not run: aws events %s", command)
		}
	}
	if seen != 9 {
		t.Errorf("found %d commands in the section, want nine", seen)
	}
}
