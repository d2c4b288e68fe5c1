package archtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
)

const module = "entrepot/"

// room is a package as the go command lists it.
type room struct {
	Dir, ImportPath, Doc string
	GoFiles, Imports     []string
}

func (r room) name() string { return strings.TrimPrefix(r.ImportPath, module) }

// root is the module's folder.
func root(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func rooms(t *testing.T) []room {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=Dir,ImportPath,Doc,GoFiles,Imports", "./...")
	list.Dir = root(t)
	var complaints bytes.Buffer
	list.Stderr = &complaints
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, complaints.String())
	}
	var all []room
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var r room
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) < 10 {
		t.Fatalf("go list shows %d rooms only", len(all))
	}
	return all
}

func TestImportsGoDown(t *testing.T) {
	for _, r := range rooms(t) {
		may, known := ruleFor(r.name())
		if !known {
			t.Errorf("%s stands on no floor: give it a rule in floors_test.go", r.name())
			continue
		}
		for _, path := range r.Imports {
			other, ours := strings.CutPrefix(path, module)
			if ours && !mayImport(r.name(), other, may) {
				t.Errorf("%s imports %s, which it may not; it may import %s", r.name(), other, strings.Join(may, ", "))
			}
		}
	}
}

func TestWordsNeedTheStandardLibraryOnly(t *testing.T) {
	for _, r := range rooms(t) {
		if !slices.Contains(words, r.name()) {
			continue
		}
		for _, path := range r.Imports {
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s", r.name(), path)
			}
		}
	}
}

func TestOnlyWiringImportsAFormat(t *testing.T) {
	for _, r := range rooms(t) {
		for _, path := range r.Imports {
			f := artifact.Format(strings.TrimPrefix(path, module+"format/"))
			if f.Valid() && path != string(f) && r.name() != "cmd/entrepot" && !strings.HasPrefix(r.name(), "format/"+string(f)) {
				t.Errorf("%s imports %s", r.name(), path)
			}
		}
	}
}

func TestSuitesAreImportedByTestsOnly(t *testing.T) {
	isSuite := func(room string) bool { return strings.HasSuffix(room, "test") && room != "archtest" }
	for _, r := range rooms(t) {
		for _, path := range r.Imports {
			if strings.HasPrefix(path, module) && isSuite(path) && !isSuite(r.name()) {
				t.Errorf("%s imports %s outside its tests", r.name(), path)
			}
		}
	}
}

func TestTheRulesBite(t *testing.T) {
	for _, wrong := range [][2]string{{"artifact", "iam"}, {"catalog", "blob"}, {"repository", "access"}, {"repository", "catalog/sqlcatalog"},
		{"format/npm", "format/pypi"}, {"format/npm", "server"}, {"awsapi", "server"}, {"awsapi", "format"}, {"server", "awsapi"},
		{"server", "format/npm"}, {"blob", "blob/disk"}, {"upstream", "blob"}, {"upstream", "upstream/detect"},
		{"repository", "upstream/doccache"}, {"format/npm", "upstream/doccache"}, {"format/npm", "catalog/sqlcatalog"},
		{"config", "server"}} {
		may, known := ruleFor(wrong[0])
		if !known || mayImport(wrong[0], wrong[1], may) {
			t.Errorf("%s may import %s", wrong[0], wrong[1])
		}
	}
	if _, known := ruleFor("util"); known {
		t.Error("a room nobody thought of has a rule")
	}
}

func TestEveryRoomSaysWhatItIsFor(t *testing.T) {
	meaningless := []string{"util", "utils", "common", "helper", "helpers", "types", "models", "misc"}
	for _, r := range rooms(t) {
		if r.Doc == "" && len(r.GoFiles) > 0 {
			t.Errorf("%s has no package comment", r.name())
		}
		if slices.Contains(meaningless, filepath.Base(r.Dir)) {
			t.Errorf("%s: the name says nothing", r.name())
		}
	}
}

// TestNobodySwitchesOnAFormat keeps a ninth format one folder and one line: a switch or a comparison elsewhere would have
// to grow with it. Tables keyed by format are data and may be anywhere.
func TestNobodySwitchesOnAFormat(t *testing.T) {
	for _, r := range rooms(t) {
		if strings.HasPrefix(r.name(), "format/") || r.name() == "artifact" {
			continue
		}
		for _, name := range r.GoFiles {
			files := token.NewFileSet()
			parsed, err := parser.ParseFile(files, filepath.Join(r.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range formatSwitches(parsed) {
				t.Errorf("%s switches on a format", files.Position(at))
			}
		}
	}
}

func TestFormatSwitchesAreFound(t *testing.T) {
	source := `package x
	func f(a artifact.Format) { switch a { case artifact.NPM: }; switch { case a == artifact.PyPI: }; switch string(a) { case "npm", "pypi": } }
	func g(a artifact.Format) bool { return a != artifact.Generic || string(a) == "maven" }
	func h(s string) { switch s { case "npm publish": } ; switch { case s == "other": } }
	var table = map[artifact.Format]bool{artifact.Cargo: artifact.Kind(1) == artifact.Invalid}`
	parsed, err := parser.ParseFile(token.NewFileSet(), "x.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(formatSwitches(parsed)); n != 5 {
		t.Errorf("found %d switches on formats, want 5", n)
	}
}

// formatSwitches returns where a case or a comparison names a format: by its constant, which is spelled as its name but
// for capitals, or as a text.
func formatSwitches(file *ast.File) (at []token.Pos) {
	namesFormat := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.SelectorExpr:
			of, ok := e.X.(*ast.Ident)
			return ok && of.Name == "artifact" && artifact.Format(strings.ToLower(e.Sel.Name)).Valid()
		case *ast.BasicLit:
			return e.Kind == token.STRING && artifact.Format(strings.Trim(e.Value, "\"`")).Valid()
		}
		return false
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CaseClause:
			if slices.ContainsFunc(n.List, namesFormat) {
				at = append(at, n.Pos())
			}
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && (namesFormat(n.X) || namesFormat(n.Y)) {
				at = append(at, n.Pos())
			}
		}
		return true
	})
	return at
}

// TestListsOfFilesAreWhole wants every file of a room whose package comment lists them in the order of reading.
func TestListsOfFilesAreWhole(t *testing.T) {
	lists := 0
	for _, r := range rooms(t) {
		doc, err := os.ReadFile(filepath.Join(r.Dir, "doc.go"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		list, ok := listOfFiles(string(doc))
		if !ok {
			continue
		}
		lists++
		for _, file := range r.GoFiles {
			if file != "doc.go" && !slices.Contains(list, file) {
				t.Errorf("%s/doc.go does not say what %s is for", r.name(), file)
			}
		}
		for _, file := range list {
			if !slices.Contains(r.GoFiles, file) {
				t.Errorf("%s/doc.go lists %s, which is not there", r.name(), file)
			}
		}
	}
	if lists < 2 {
		t.Errorf("%d rooms list their files in the order of reading, want those of upstream and repository at least", lists)
	}
}

var fileName = regexp.MustCompile(`\b[a-z]+\.go\b`)

// listOfFiles returns the files that a package comment lists in the order of reading, if it does.
func listOfFiles(doc string) (files []string, ok bool) {
	_, list, ok := strings.Cut(doc, "// The files, in the order of reading:\n")
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "//\t") {
			files = append(files, fileName.FindAllString(line, -1)...)
		}
	}
	return files, ok
}

func TestListsOfFilesAreFound(t *testing.T) {
	files, ok := listOfFiles("// Package x is x.\n//\n// The files, in the order of reading:\n//\n//\ta.go, b.go,  both\n//\tc.go\n" +
		"//\n// Beside them:\n//\n//\td.go  more\npackage x\n")
	if want := []string{"a.go", "b.go", "c.go", "d.go"}; !ok || !slices.Equal(files, want) {
		t.Errorf("got %v, want %v", files, want)
	}
}

// TestNoFileNamesAPublicRegistry asks the package managers of this machine which registries they are configured to use and
// looks for those hosts in every file. The addresses are the operator's to say: nothing here may know them.
func TestNoFileNamesAPublicRegistry(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	hosts := map[string]string{} // → who said so
	for line := range strings.Lines(detected(ctx, t)) {
		columns := strings.Fields(line) // connection, address, how
		if len(columns) < 2 {
			continue
		}
		u, err := url.Parse(columns[1])
		if err != nil {
			continue
		}
		host := u.Hostname()
		if _, err := netip.ParseAddr(host); err != nil && strings.Count(host, ".") > 0 {
			hosts[strings.ToLower(host)] = columns[0]
		}
	}
	if len(hosts) == 0 {
		t.Skip("no package manager on this machine says which registry it uses")
	}
	for host, connection := range hosts {
		t.Logf("looking for the host of %s (%d letters)", connection, len(host))
	}
	for name, text := range tracked(t) {
		lower := bytes.ToLower(text)
		for host, connection := range hosts {
			if bytes.Contains(lower, []byte(host)) {
				t.Errorf("%s names the host of %s", name, connection)
			}
		}
	}
}

// detected is what the program itself finds, by the detectors of all formats: no test here may import a format either.
func detected(ctx context.Context, t *testing.T) string {
	t.Helper()
	program := exec.CommandContext(ctx, "go", "run", "./cmd/entrepot", "upstreams", "detect")
	program.Dir = root(t)
	var complaints bytes.Buffer
	program.Stderr = &complaints
	out, err := program.Output()
	if err != nil {
		t.Fatalf("entrepot upstreams detect: %v: %s", err, complaints.String())
	}
	if !strings.HasPrefix(string(out), "CONNECTION") {
		t.Fatalf("got %s, want a table", out)
	}
	return string(out)
}

func TestNoFileNamesAPathOfThisMachine(t *testing.T) {
	folder := root(t)
	if strings.Count(folder, "/") < 2 {
		t.Skipf("the module's folder %s may stand in a file by chance", folder)
	}
	for name, text := range tracked(t) {
		if bytes.Contains(text, []byte(folder)) {
			t.Errorf("%s names %s", name, folder)
		}
	}
}

// tracked returns the text of every file git knows.
func tracked(t *testing.T) map[string][]byte {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z")
	list.Dir = root(t)
	out, err := list.Output()
	if err != nil {
		t.Skip("this is no git checkout: ", err)
	}
	files := make(map[string][]byte)
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not committed yet
		}
		if err != nil {
			t.Fatal(fmt.Errorf("read %s: %w", name, err))
		}
		files[name] = text
	}
	return files
}
