package catalogtest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// model is what a catalog should hold: plain maps, whose values are never changed in place.
type model struct {
	domains      map[catalog.DomainID]catalog.Domain
	repositories map[catalog.RepositoryID]catalog.Repository
	packages     map[heldPackage]artifact.Package
	texts        map[heldPackage]string
	labels       map[heldPackage]map[string]string
	versions     map[heldVersion]artifact.Version
	policies     map[catalog.Holder]catalog.Policy
	tags         map[catalog.Holder]map[string]string
	groups       map[catalog.PackageGroupID]catalog.PackageGroup
	documents    map[catalog.DocumentKey]catalog.Document
}

type heldPackage struct {
	in catalog.RepositoryID
	artifact.PackageKey
}

type heldVersion struct {
	in catalog.RepositoryID
	artifact.VersionKey
}

func (v heldVersion) of() heldPackage { return heldPackage{v.in, v.PackageKey} }

func newModel() *model {
	return &model{map[catalog.DomainID]catalog.Domain{}, map[catalog.RepositoryID]catalog.Repository{},
		map[heldPackage]artifact.Package{}, map[heldPackage]string{}, map[heldPackage]map[string]string{}, map[heldVersion]artifact.Version{},
		map[catalog.Holder]catalog.Policy{}, map[catalog.Holder]map[string]string{}, map[catalog.PackageGroupID]catalog.PackageGroup{},
		map[catalog.DocumentKey]catalog.Document{}}
}

func (m *model) clone() *model {
	return &model{maps.Clone(m.domains), maps.Clone(m.repositories), maps.Clone(m.packages), maps.Clone(m.texts),
		maps.Clone(m.labels), maps.Clone(m.versions), maps.Clone(m.policies), maps.Clone(m.tags), maps.Clone(m.groups),
		maps.Clone(m.documents)}
}

// folded reports whether the repository holds another package of the format that folds to the same.
func (m *model) folded(p heldPackage, folded string) bool {
	if folded == "" {
		return false // no fold of the model is anybody's whole name
	}
	for other, pkg := range m.packages {
		if other != p && other.in == p.in && other.Format == p.Format && pkg.Folded == folded {
			return true
		}
	}
	return false
}

// deletePackage removes the package with all that belongs to it.
func (m *model) deletePackage(p heldPackage) {
	delete(m.packages, p)
	delete(m.texts, p)
	delete(m.labels, p)
	maps.DeleteFunc(m.versions, func(v heldVersion, _ artifact.Version) bool { return v.of() == p })
}

func (m *model) deleteHolder(h catalog.Holder) {
	delete(m.policies, h)
	delete(m.tags, h)
}

// deleteGroup removes a package group with what it holds.
func (m *model) deleteGroup(g catalog.PackageGroup) {
	delete(m.groups, g.ID)
	m.deleteHolder(catalog.Holder{Domain: g.Domain, Group: g.ID})
}

// search is SearchPackages by looking at everything.
func (m *model) search(ids []catalog.RepositoryID, format artifact.Format, terms []string) []artifact.PackageKey {
	found := map[artifact.PackageKey]bool{}
	for p := range m.packages {
		if !slices.Contains(ids, p.in) || p.Format != format {
			continue
		}
		every := true
		for _, term := range terms {
			some := false
			for _, text := range []string{p.Namespace, p.Name, m.texts[p]} {
				some = some || strings.Contains(strings.ToLower(text), strings.ToLower(term))
			}
			every = every && some
		}
		if every {
			found[p.PackageKey] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b artifact.PackageKey) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Namespace, b.Namespace))
	})
}

// The small universe in which operations meet each other.
var (
	modelKeys = []artifact.PackageKey{
		npm("a"), npm("A_"), scoped("a", "b%"), {Format: artifact.Maven, Namespace: "org\\", Name: "a'"},
	}
	modelVersions = []string{"1", "1.0", "2\x00"}
	modelTexts    = []string{"", "plain words", "50% 'off'", "ÄB"}
	modelPatterns = []string{"/*", "/npm/a~", "%_"}
	modelPaths    = []string{"%", "@a%2fb", "a"} // in the order of their bytes
	modelTerms    = []string{"a", "_", "b%", "words", "äb", "plain w"}
	modelTimes    = []int{0, 1, 1, 2}
	modelStatuses = []artifact.Status{artifact.Published, artifact.Archived}
)

// testModel runs random transactions against a store and against a model and compares every answer and everything
// there is to read after each of them.
func testModel(t *testing.T, open func(t *testing.T) catalog.Store) {
	store := open(t)
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		// An account of its own keeps each case apart from those before it in the same store.
		cases++
		account := artifact.AccountID("case " + string(rune('0'+cases%10)) + strings.Repeat("x", cases/10))
		now := newModel()
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			next := now.clone()
			steps := rapid.IntRange(1, 10).Draw(t, "steps")
			fail := rapid.IntRange(0, 4).Draw(t, "fail") == 0
			err := store.Write(context.Background(), func(w catalog.Writer) error {
				for range steps {
					op := rapid.SampledFrom(operations).Draw(t, "operation")
					name, wanted, got := op(t, account, next, w)
					if wanted == done && got != nil || wanted != done && (got == nil || artifact.KindOf(got) != wanted) {
						t.Fatalf("%s: got %v, want %v", name, got, wanted)
					}
				}
				compare(t, "inside the transaction", w, account, next)
				if fail {
					return errOnPurpose
				}
				return nil
			})
			if (err != nil) != fail {
				t.Fatalf("Write: got %v, want failure %v", err, fail)
			}
			if !fail {
				now = next
			}
			if err := store.Read(context.Background(), func(r catalog.Reader) error {
				compare(t, "after the transaction", r, account, now)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func compare(t *rapid.T, when string, r catalog.Reader, account artifact.AccountID, m *model) {
	got, err := look(r, account)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if diff := gocmp.Diff(m.view(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s: -model +catalog\n%s", when, diff)
	}
}
