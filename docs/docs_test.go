// Package docs_test holds the pages against the code: whatever a page names must be there.
package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/awsapi"
	"entrepot/config"
	"entrepot/upstream"
)

// root is the checkout, seen from this folder.
const root = ".."

// page is one document and what in it is code: indented lines, joined where a backslash ends them, and `spans`.
type page struct {
	name string // relative to the checkout
	text string
	code []string
}

var span = regexp.MustCompile("`([^`\n]+)`")

// pages reads every page of the project that is not another room's own.
func pages(t *testing.T) []page {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) < 20 {
		t.Fatalf("found %d pages only", len(names))
	}
	var all []page
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page{relative, string(text), codeIn(string(text))})
	}
	return all
}

func codeIn(text string) []string {
	var code []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		if indented, ok := strings.CutPrefix(line, "    "); ok {
			code = append(code, strings.TrimSpace(indented))
			continue
		}
		for _, found := range span.FindAllStringSubmatch(line, -1) {
			code = append(code, found[1])
		}
	}
	return code
}

func TestCodeIsFound(t *testing.T) {
	got := codeIn("Say `make it` or\n\n    first \\\n      second\n\nand `go`.")
	if want := []string{"make it", "first       second", "go"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// build builds the server.
func build(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "entrepot")
	out, err := exec.Command("go", "build", "-o", name, "entrepot/cmd/entrepot").CombinedOutput()
	if err != nil {
		t.Fatalf("build the server: %v: %s", err, out)
	}
	return name
}

var (
	invocation = regexp.MustCompile(`(?:^|[\s"'(/])entrepot((?: +[^\s"')]+)+)`)
	word       = regexp.MustCompile(`^[a-z]+$`)
	flagName   = regexp.MustCompile(`^--[a-z][a-z-]*`)
)

// TestCommandsAndFlagsExist asks the built binary for the help of every command that a page writes down.
func TestCommandsAndFlagsExist(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the server")
	}
	server := build(t)
	helps := map[string]string{}
	seen := 0
	for _, p := range pages(t) {
		for _, code := range p.code {
			code, _, _ = strings.Cut(code, " #") // what follows is a shell's comment
			for _, call := range invocation.FindAllStringSubmatch(code, -1) {
				words, flags, settings := parseCall(call[1])
				if words == "" {
					continue // the name alone, or what the server prints
				}
				seen++
				help, known := helps[words]
				if !known {
					out, err := exec.Command(server, append(strings.Fields(words), "--help")...).CombinedOutput()
					if err != nil {
						t.Errorf("%s: there is no command entrepot %s: %s", p.name, words, out)
						continue
					}
					help = string(out)
					helps[words] = help
				}
				for _, f := range flags {
					if !regexp.MustCompile(regexp.QuoteMeta(f) + `\b`).MatchString(help) {
						t.Errorf("%s: entrepot %s has no flag %s", p.name, words, f)
					}
				}
				for _, s := range settings {
					if !slices.ContainsFunc(keys(), func(k config.Key) bool { return k.Flag == s }) {
						t.Errorf("%s: there is no setting %s", p.name, s)
					}
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("the pages show %d commands only; are they still found?", seen)
	}
}

// parseCall takes a command line apart: the command's words, its flags, and the names of settings given with --set.
func parseCall(text string) (command string, flags, settings []string) {
	var words []string
	fields := strings.Fields(text)
	for i, f := range fields {
		name := flagName.FindString(f)
		switch {
		case name != "":
			flags = append(flags, name)
			if name == "--set" && i+1 < len(fields) {
				setting, _, _ := strings.Cut(fields[i+1], "=")
				settings = append(settings, setting)
			}
		case len(flags) == 0 && len(words) == i && word.MatchString(f):
			words = append(words, f)
		}
	}
	return strings.Join(words, " "), flags, settings
}

// keys are all settings, those of upstreams too.
func keys() []config.Key {
	var names []string
	for _, c := range upstream.Connections() {
		names = append(names, c.Setting())
	}
	return config.Keys(names)
}

var (
	setFlag   = regexp.MustCompile(`^--set ([a-z][a-z-]*)=`)
	dotted    = regexp.MustCompile(`^([a-z]+\.[a-z_]+)(:.*)?$`)
	variables = regexp.MustCompile(`\bENTREPOT_[A-Z_]*[A-Z]\b`)
)

// TestSettingsExist looks up `limits.max_asset`, `--set key=…` and ENTREPOT_… names. Only a decision that was replaced may
// name what is gone.
func TestSettingsExist(t *testing.T) {
	paths, flags, envs, groups := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, k := range keys() {
		paths[k.Path], flags[k.Flag], envs[k.Env] = true, true, true
		group, _, nested := strings.Cut(k.Path, ".")
		groups[group] = groups[group] || nested && group != "upstreams" // whose next part is a name
	}
	for _, p := range pages(t) {
		if title := decisionTitle.FindStringSubmatch(p.text); title != nil && title[3] != "accepted" {
			continue
		}
		for _, code := range p.code {
			if found := setFlag.FindStringSubmatch(code); found != nil && !flags[found[1]] {
				t.Errorf("%s: there is no setting %s", p.name, found[1])
			}
			found := dotted.FindStringSubmatch(code)
			if found == nil {
				continue
			}
			if group, _, _ := strings.Cut(found[1], "."); groups[group] && !paths[found[1]] {
				t.Errorf("%s: there is no setting %s", p.name, found[1])
			}
		}
		for _, name := range variables.FindAllString(p.text, -1) {
			if !envs[name] && !strings.Contains(testSources(t), name) {
				t.Errorf("%s: nothing reads the variable %s", p.name, name)
			}
		}
	}
}

// testSources are the files that read variables of the tests.
func testSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"Makefile", "e2e/tools_test.go", "e2e/tools.sh", "iam/independent_test.go"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

var (
	makeCall = regexp.MustCompile(`^make ([a-z0-9]+)\b`)
	awsCall  = regexp.MustCompile(`\baws codeartifact ([a-z-]+)`)
	capital  = regexp.MustCompile(`[A-Z]`)
)

func TestTargetsAndOperationsExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	available := map[string]bool{"login": true} // the aws command line's own
	for _, o := range awsapi.Operations() {
		name := capital.ReplaceAllStringFunc(o.Name, func(c string) string { return "-" + strings.ToLower(c) })
		available[strings.TrimPrefix(name, "-")] = true
	}
	for _, p := range pages(t) {
		for _, code := range p.code {
			call := makeCall.FindStringSubmatch(code)
			if call != nil && !strings.Contains(string(makefile), "\n"+call[1]+":") {
				t.Errorf("%s: the Makefile has no target %s", p.name, call[1])
			}
			for _, found := range awsCall.FindAllStringSubmatch(code, -1) {
				if !available[found[1]] {
					t.Errorf("%s: aws codeartifact %s does not work here", p.name, found[1])
				}
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)\s]*)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(p.text, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(p.name), found[1])); err != nil {
				t.Errorf("%s: the link %s leads nowhere", p.name, found[1])
			}
		}
	}
}

var (
	file      = regexp.MustCompile(`^[a-z0-9]+/[A-Za-z0-9_./*-]*(\.(go|sql|md|yaml|txtar)|/)$`)
	functions = regexp.MustCompile("`([a-z0-9/_]+\\.go)` \\(((?:`[A-Za-z]+`(?:, )?)+)")
	member    = regexp.MustCompile(`^(?:[a-z0-9]+\.)?([A-Za-z]+)\.([A-Za-z]+)$`)
	goFile    = regexp.MustCompile(`\b[a-z0-9]+(?:/[a-z0-9_]+)+\.(?:go|sql)\b`)
	camel     = regexp.MustCompile(`^[a-z]+[A-Z][A-Za-z]*$`)
)

// isSuffix tells the end of a file's name from a member.
func isSuffix(name string) bool {
	return slices.Contains([]string{"go", "sqlite", "xml", "swift", "resolved", "toml"}, name)
}

// TestFilesAndNamesExist looks up what pages say about the code: files and folders, functions named behind their file,
// members such as `Service.fetch`, and names such as `getTarball`.
func TestFilesAndNamesExist(t *testing.T) {
	code := readCode(t)
	for _, p := range pages(t) {
		for _, found := range functions.FindAllStringSubmatch(p.text, -1) {
			declared, ok := code.functions[found[1]]
			for _, name := range span.FindAllStringSubmatch(found[2], -1) {
				if ok && !declared[name[1]] {
					t.Errorf("%s: %s has no function %s", p.name, found[1], name[1])
				}
			}
		}
		for _, line := range p.code {
			for _, name := range goFile.FindAllString(line, -1) {
				if _, err := os.Stat(filepath.Join(root, name)); err != nil {
					t.Errorf("%s: there is no %s", p.name, name)
				}
			}
		}
		for _, found := range span.FindAllStringSubmatch(p.text, -1) {
			text := found[1]
			if file.MatchString(text) && code.folders[text[:strings.IndexByte(text, '/')]] {
				if matches, _ := filepath.Glob(filepath.Join(root, text)); len(matches) == 0 {
					t.Errorf("%s: there is no %s", p.name, text)
				}
			}
			if m := member.FindStringSubmatch(text); m != nil && !isSuffix(m[2]) && !code.hasMember(m[1], m[2]) {
				t.Errorf("%s: there is no %s", p.name, text)
			}
			// The user guide names members of other programs' files as well.
			guide := strings.HasPrefix(p.name, "docs/") && !strings.HasPrefix(p.name, "docs/decisions/")
			if !guide && camel.MatchString(text) && !code.words[text] {
				t.Errorf("%s: no code knows %s", p.name, text)
			}
		}
	}
}

// TestEveryRoomIsOnTheMap wants a line in ARCHITECTURE.md for every folder with code. The formats share one, so that
// another is a folder and nothing else.
func TestEveryRoomIsOnTheMap(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	rooms := map[string]bool{}
	for name := range readCode(t).files {
		rooms[path.Dir(name)] = true
	}
	for room := range rooms {
		// The parts of these two are told in their own pages.
		if top, _, _ := strings.Cut(room, "/"); top == "bench" || top == "e2e" {
			room = top
		}
		if folder, name := path.Split(room); folder == "format/" && artifact.Format(name).Valid() {
			room = "format/*"
		}
		own := func(line string) bool { return strings.HasPrefix(line, "| `"+room+"/` |") }
		inside := func(line string) bool {
			return strings.HasPrefix(line, "| `"+filepath.Dir(room)+"/` |") &&
				strings.Contains(line, "`"+filepath.Base(room)+"/`")
		}
		if !slices.ContainsFunc(lines, own) && !slices.ContainsFunc(lines, inside) {
			t.Errorf("ARCHITECTURE.md has no line for %s", room)
		}
	}
}

var decisionTitle = regexp.MustCompile(
	`^# ([0-9]+)\. (.+)\n\nDate: [0-9]{4}-[0-9]{2}-[0-9]{2} · Status: (accepted|replaced by [0-9]+)\n`)

// TestDecisionsAreWhole wants every page numbered, dated, listed, and with its three parts. A number is a page's for good;
// one may be left out.
func TestDecisionsAreWhole(t *testing.T) {
	index, err := os.ReadFile("decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("decisions/[0-9]*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no decisions: %v", err)
	}
	slices.Sort(names)
	pageOf := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		title := decisionTitle.FindStringSubmatch(string(text))
		base := filepath.Base(name)
		if title == nil || !strings.HasPrefix(base, strings.Repeat("0", max(0, 4-len(title[1])))+title[1]+"-") {
			t.Errorf("%s: want a title with the number of the file, and below it date and status", base)
			continue
		}
		if other := pageOf[title[1]]; other != "" {
			t.Errorf("%s and %s have the same number", other, base)
		}
		pageOf[title[1]] = base
		if want := fmt.Sprintf("\n%s. [%s](%s)\n", title[1], title[2], base); !strings.Contains(string(index), want) {
			t.Errorf("decisions/README.md lacks %q", want)
		}
		at := 0
		for _, part := range []string{"\n## Context\n", "\n## Choice\n", "\n## What we gave up\n"} {
			next := strings.Index(string(text)[at:], part)
			if next < 0 {
				t.Errorf("%s: has no %q in its place", base, strings.TrimSpace(part))
				break
			}
			at += next
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^\t(\S+?)(/v[0-9]+)? v\S+$`)

// TestDependenciesAreDecided wants every module that the program is built of named on a decision's page, or the last part
// of its name in the page's title. What only tests, suites, the benchmark and the judge of conformance import is theirs to choose, and what other
// modules bring along is marked in go.mod.
func TestDependenciesAreDecided(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var texts, titles, code strings.Builder
	for _, p := range pages(t) {
		if title := decisionTitle.FindStringSubmatch(p.text); title != nil {
			titles.WriteString(title[2] + "\n")
			texts.WriteString(p.text)
		}
	}
	for name, text := range readCode(t).files {
		suite := strings.HasSuffix(path.Dir(name), "test")
		if !suite && !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "bench/") && !strings.HasPrefix(name, "conformance/") {
			code.WriteString(text)
		}
	}
	built := 0
	for _, found := range requirement.FindAllStringSubmatch(string(mod), -1) {
		module := found[1]
		if !regexp.MustCompile(`"` + regexp.QuoteMeta(module) + `["/]`).MatchString(code.String()) {
			continue
		}
		built++
		inTitle := regexp.MustCompile(`\b` + regexp.QuoteMeta(path.Base(module)) + `\b`)
		if !strings.Contains(texts.String(), module) && !inTitle.MatchString(titles.String()) {
			t.Errorf("no decision names %s", module)
		}
	}
	if built < 10 {
		t.Errorf("found %d modules that the program is built of; are they still found?", built)
	}
}
