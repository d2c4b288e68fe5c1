package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// source is the project's Go code, as far as looking up names needs it.
type source struct {
	files   map[string]string // by path relative to the checkout
	folders map[string]bool   // of the top
	words   map[string]bool
	// functions are those of each file, methods too.
	functions map[string]map[string]bool
	// members are, by the name of a type, its methods, fields and what it embeds, and by that of a package's folder what it
	// declares and its types have. Types of one name are one.
	members map[string]map[string]bool
	embeds  map[string]map[string]bool // the types that each type embeds
}

var identifier = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// readCode reads all of it, once for all tests.
func readCode(t *testing.T) source {
	t.Helper()
	s, err := readSource()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newSource() source {
	return source{
		files: map[string]string{}, folders: map[string]bool{}, words: map[string]bool{},
		functions: map[string]map[string]bool{}, members: map[string]map[string]bool{}, embeds: map[string]map[string]bool{},
	}
}

var readSource = sync.OnceValues(func() (source, error) {
	s := newSource()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		top, _, _ := strings.Cut(relative, string(filepath.Separator))
		switch {
		case d.IsDir() && (relative == ".git" || relative == "build" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case d.IsDir():
			s.folders[top] = true
		case filepath.Ext(name) == ".go":
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return s.add(filepath.ToSlash(relative), string(text))
		}
		return nil
	})
	return s, err
})

// add takes a file in.
func (s source) add(name, text string) error {
	s.files[name] = text
	for _, w := range identifier.FindAllString(text, -1) {
		s.words[w] = true
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	folder := path.Base(path.Dir(name))
	for _, declaration := range parsed.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			mark(s.functions, name, d.Name.Name)
			mark(s.members, folder, d.Name.Name)
			if d.Recv != nil {
				mark(s.members, typeName(d.Recv.List[0].Type), d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				s.declare(folder, spec)
			}
		}
	}
	return nil
}

func (s source) declare(folder string, spec ast.Spec) {
	switch d := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range d.Names {
			mark(s.members, folder, name.Name)
		}
	case *ast.TypeSpec:
		mark(s.members, folder, d.Name.Name)
		var parts *ast.FieldList
		switch t := d.Type.(type) {
		case *ast.StructType:
			parts = t.Fields
		case *ast.InterfaceType:
			parts = t.Methods
		default:
			return
		}
		mark(s.members, d.Name.Name, "")
		for _, part := range parts.List {
			for _, name := range part.Names {
				mark(s.members, folder, name.Name)
				mark(s.members, d.Name.Name, name.Name)
			}
			if embedded := typeName(part.Type); len(part.Names) == 0 {
				mark(s.members, d.Name.Name, embedded)
				mark(s.embeds, d.Name.Name, embedded)
			}
		}
	}
}

func mark(in map[string]map[string]bool, owner, name string) {
	if in[owner] == nil {
		in[owner] = map[string]bool{}
	}
	in[owner][name] = true
}

// typeName is the last part of a type's name, behind stars and packages and without its parameters, or "".
func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return typeName(t.X)
	case *ast.SelectorExpr:
		return t.Sel.Name
	case *ast.IndexExpr:
		return typeName(t.X)
	case *ast.IndexListExpr:
		return typeName(t.X)
	}
	return ""
}

// hasMember reports whether some type of the name has the method or field, or some package of the name declares it.
// What is no type and no package of ours is not ours to judge.
func (s source) hasMember(owner, name string) bool {
	members, ours := s.members[owner]
	if !ours || members[name] {
		return true
	}
	for embedded := range s.embeds[owner] {
		if s.members[embedded][name] {
			return true
		}
	}
	return false
}

func TestMembersAreFound(t *testing.T) {
	s := newSource()
	err := s.add("shop/till.go", `package shop
		const Open, closed = 1, 2
		type Till struct { drawer; coins, notes int; *other.Lamp }
		type drawer struct { key string }
		type Clerk interface { Count() int; Person }
		type Price int
		func New() *Till { return nil }
		func (t *Till) Ring() {}
		func (l *List[T]) Len() int { return 0 }`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"shop.Open": true, "shop.closed": true, "shop.Till": true, "shop.New": true, "shop.Ring": true, "shop.notes": true, "shop.Lamp": false,
		"Till.coins": true, "Till.Ring": true, "Till.Lamp": true, "Till.key": true, "Till.Count": false, "Till.New": false,
		"Clerk.Count": true, "Clerk.Person": true, "Clerk.Ring": false, "List.Len": true, "List.Cap": false,
		"fmt.Println": true, "Price.String": true,
	} {
		owner, member, _ := strings.Cut(name, ".")
		if got := s.hasMember(owner, member); got != want {
			t.Errorf("hasMember(%s): got %t, want %t", name, got, want)
		}
	}
	if !s.functions["shop/till.go"]["Ring"] || s.functions["shop/till.go"]["Till"] {
		t.Errorf("got the functions %v", s.functions)
	}
}
