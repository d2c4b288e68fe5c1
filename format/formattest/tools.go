package formattest

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
	"entrepot/clientconfig"
	"entrepot/format"
)

// ToolCase is a tool that is signed in to http://127.0.0.1:8090/d-1/FORMAT/r/ with the token entrepot_token, in a home that is
// written HOME in all texts.
type ToolCase struct {
	Tool      string
	Renew     bool   // the tool asks for tokens, by the commands "ENTREPOT token" and "ENTREPOT keyring"
	Namespace string // without @
	Project   bool   // the project is the folder project of the home
	Endpoint  string // in place of the above
	Variables map[string]string
	// Before are the home's files that there are, Want those that are there afterwards, by their paths. What has not changed need
	// not be told.
	Before, Want map[string]string
	// Err is part of the refusal that is wanted in place of files.
	Err string
	// Notes are parts of what the user is told, in any order.
	Notes []string
}

// setVariable finds the variable that an advice names.
var setVariable = regexp.MustCompile(`\bset ([A-Z]\w+)`)

// RunTools plays the cases, and wants each to be undone to the last byte. Every tool of the format must have a case.
func RunTools(t *testing.T, f format.Format, cases map[string]ToolCase) {
	t.Helper()
	played := map[string]bool{}
	for name, c := range cases {
		played[c.Tool] = true
		t.Run(name, func(t *testing.T) { c.run(t, f) })
	}
	for _, tool := range f.Tools {
		if !played[tool.Name] {
			t.Errorf("no case is about %s", tool.Name)
		}
		if !tool.Renews && tool.Renewal == "" {
			t.Errorf("%s: it is not said what to do where tokens cannot be renewed", tool.Name)
		}
		// Whoever has followed the advice is warned by the next login, whose token that variable hides.
		if set := setVariable.FindStringSubmatch(tool.Renewal); set != nil && !slices.Contains(tool.Variables, set[1]) {
			t.Errorf("%s: %s is advised and not among the variables that win over files", tool.Name, set[1])
		}
	}
}

func (c ToolCase) run(t *testing.T, f format.Format) {
	home := t.TempDir()
	here := func(text string) string { return strings.ReplaceAll(text, "HOME", home) }
	endpoint := c.Endpoint
	if endpoint == "" {
		endpoint = "http://127.0.0.1:8090/d-1/" + string(f.Name) + "/r/"
	}
	address, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	l := format.Login{
		Endpoint: address, Namespace: c.Namespace,
		User:         clientconfig.User{Home: home, Getenv: func(name string) string { return here(c.Variables[name]) }},
		TokenCommand: []string{"ENTREPOT", "token"}, KeyringCommand: []string{"ENTREPOT", "keyring"},
		Scripts: filepath.Join(home, "scripts"), Programs: filepath.Join(home, "bin"),
	}
	if !c.Renew {
		l.Token = artifact.NewSecret("entrepot_token")
	}
	if c.Project {
		l.Project = filepath.Join(home, "project")
	}
	for path, text := range c.Before {
		if err := write(filepath.Join(home, path), here(text)); err != nil {
			t.Fatal(err)
		}
	}
	before := files(t, home)
	tool := toolOf(t, f, c.Tool)
	settings, err := tool.Settings(l)
	if c.Err != "" {
		if err == nil || !strings.Contains(err.Error(), c.Err) {
			t.Errorf("got %v, want %q in it", err, c.Err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	apply(t, state, settings...)
	want := map[string]string{}
	for _, texts := range []map[string]string{c.Before, c.Want} {
		for path, text := range texts {
			want[path] = here(text)
		}
	}
	if diff := cmp.Diff(want, files(t, home)); diff != "" {
		t.Errorf("the files differ (-want +got):\n%s", diff)
	}
	told := ""
	if tool.Notes != nil {
		told = strings.Join(tool.Notes(l), "\n")
	}
	for _, note := range c.Notes {
		if !strings.Contains(told, here(note)) {
			t.Errorf("got notes %q, want %q in them", told, here(note))
		}
	}
	apply(t, state)
	if diff := cmp.Diff(before, files(t, home)); diff != "" {
		t.Errorf("undone, the files differ (-want +got):\n%s", diff)
	}
}

func toolOf(t *testing.T, f format.Format, name string) format.Tool {
	t.Helper()
	for _, tool := range f.Tools {
		if tool.Name == name {
			return tool
		}
	}
	t.Fatalf("%s has no tool called %s", f.Name, name)
	return format.Tool{}
}

// apply makes the settings, or takes them back if there are none.
func apply(t *testing.T, state string, settings ...clientconfig.Setting) {
	t.Helper()
	journal, err := clientconfig.OpenJournal(state)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := journal.Plan("test", settings...)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(); err != nil {
		t.Fatal(err)
	}
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// files are the texts below a folder by their paths, but for copies that were made before a change.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".entrepot-backup") {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
