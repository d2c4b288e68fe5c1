package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// aboutThings are the kinds of error whose answers name a resource (service model: ResourceNotFoundException,
// ConflictException, ServiceQuotaExceededException).
var aboutThings = []string{"NotFound", "Conflict", "Quota"}

// TestWhatTheRulesRefuseAboutAThingNamesTheThing looks at every error of those kinds that the rules make: somewhere in
// the chain of its calls stands About.
func TestWhatTheRulesRefuseAboutAThingNamesTheThing(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "repository", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		named := map[ast.Node]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if about, receiver := called(call); about == "About" {
				for link := receiver; link != nil; {
					named[link] = true
					next, isCall := link.(*ast.CallExpr)
					if !isCall {
						break
					}
					_, link = called(next)
				}
			}
			if !aboutThing(call) {
				return true
			}
			made++
			if !named[call] {
				t.Errorf("%s: an error about a thing does not name it; add .About(type, id)", set.Position(call.Pos()))
			}
			return true
		})
	}
	if made < 20 {
		t.Errorf("only %d errors were looked at", made)
	}
}

// called returns the name of a method or function that is called through a selector, and what it is selected from.
func called(call *ast.CallExpr) (name string, receiver ast.Node) {
	if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
		return selector.Sel.Name, selector.X
	}
	return "", nil
}

// aboutThing reports whether a call is artifact.Errorf of one of the kinds.
func aboutThing(call *ast.CallExpr) bool {
	if name, _ := called(call); name != "Errorf" || len(call.Args) == 0 {
		return false
	}
	kind, ok := call.Args[0].(*ast.SelectorExpr)
	return ok && slices.Contains(aboutThings, kind.Sel.Name)
}
