package catalogtest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"entrepot/artifact"
	"entrepot/catalog"
)

// world is what a catalog should hold: plain maps, whose values are never changed in place.
type world struct {
	domains      map[catalog.DomainID]catalog.Domain
	repositories map[catalog.RepositoryID]catalog.Repository
	packages     map[heldPackage]artifact.Package
	texts        map[heldPackage]string
	versions     map[heldVersion]artifact.Version
	policies     map[catalog.Holder]catalog.Policy
	tags         map[catalog.Holder]map[string]string
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

func newWorld() *world {
	return &world{map[catalog.DomainID]catalog.Domain{}, map[catalog.RepositoryID]catalog.Repository{},
		map[heldPackage]artifact.Package{}, map[heldPackage]string{}, map[heldVersion]artifact.Version{},
		map[catalog.Holder]catalog.Policy{}, map[catalog.Holder]map[string]string{}}
}

func (w *world) clone() *world {
	return &world{maps.Clone(w.domains), maps.Clone(w.repositories), maps.Clone(w.packages), maps.Clone(w.texts),
		maps.Clone(w.versions), maps.Clone(w.policies), maps.Clone(w.tags)}
}

// folded reports whether the repository holds another package of the format that folds to the same.
func (w *world) folded(p heldPackage, folded string) bool {
	if folded == "" {
		return false // no fold of the model is anybody's whole name
	}
	for other, pkg := range w.packages {
		if other != p && other.in == p.in && other.Format == p.Format && pkg.Folded == folded {
			return true
		}
	}
	return false
}

// deletePackage removes the package with all that belongs to it.
func (w *world) deletePackage(p heldPackage) {
	delete(w.packages, p)
	delete(w.texts, p)
	maps.DeleteFunc(w.versions, func(v heldVersion, _ artifact.Version) bool { return v.of() == p })
}

func (w *world) deleteHolder(h catalog.Holder) {
	delete(w.policies, h)
	delete(w.tags, h)
}

// search is SearchPackages by looking at everything.
func (w *world) search(ids []catalog.RepositoryID, format artifact.Format, terms []string) []artifact.PackageKey {
	found := map[artifact.PackageKey]bool{}
	for p := range w.packages {
		if !slices.Contains(ids, p.in) || p.Format != format {
			continue
		}
		every := true
		for _, term := range terms {
			some := false
			for _, text := range []string{p.Namespace, p.Name, w.texts[p]} {
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

// view is everything that can be read of some domains, in the order it is read.
type view struct {
	Domains      []catalog.Domain
	Usage        map[catalog.DomainID]catalog.Usage
	Repositories []catalog.Repository
	Packages     map[catalog.RepositoryID][]artifact.Package
	Versions     map[catalog.RepositoryID][]artifact.Version
	Each         map[artifact.PackageKey][]catalog.HeldVersion
	Newest       map[heldPackage][]catalog.VersionSummary
	Found        map[string][]artifact.PackageKey
	Referenced   map[catalog.DomainID][]bool
	Policies     map[catalog.Holder]catalog.Policy
	Tags         map[catalog.Holder]map[string]string
}

// The small universe in which operations meet each other.
var (
	modelKeys = []artifact.PackageKey{
		npm("a"), npm("A_"), scoped("a", "b%"), {Format: artifact.Maven, Namespace: "org\\", Name: "a'"},
	}
	modelVersions = []string{"1", "1.0", "2\x00"}
	modelTexts    = []string{"", "plain words", "50% 'off'", "ÄB"}
	modelTerms    = []string{"a", "_", "b%", "words", "äb", "plain w"}
	modelTimes    = []int{0, 1, 1, 2}
	modelStatuses = []artifact.Status{artifact.Published, artifact.Archived}
)

func newView() view {
	return view{Usage: map[catalog.DomainID]catalog.Usage{}, Packages: map[catalog.RepositoryID][]artifact.Package{},
		Versions: map[catalog.RepositoryID][]artifact.Version{}, Each: map[artifact.PackageKey][]catalog.HeldVersion{},
		Newest: map[heldPackage][]catalog.VersionSummary{}, Found: map[string][]artifact.PackageKey{},
		Referenced: map[catalog.DomainID][]bool{}, Policies: map[catalog.Holder]catalog.Policy{},
		Tags: map[catalog.Holder]map[string]string{}}
}

// view computes what should be read.
func (w *world) view() view {
	o := newView()
	for _, id := range slices.Sorted(maps.Keys(w.domains)) {
		o.Domains = append(o.Domains, w.domains[id])
		o.Usage[id] = catalog.Usage{}
		o.Referenced[id] = make([]bool, 4)
	}
	counted := map[catalog.DomainID]map[artifact.Digest]bool{}
	for _, id := range slices.Sorted(maps.Keys(w.repositories)) {
		r := w.repositories[id]
		r.Upstreams = slices.Clone(r.Upstreams)
		for i, u := range r.Upstreams {
			r.Upstreams[i].Name = w.repositories[u.ID].Name
		}
		o.Repositories = append(o.Repositories, r)
		u := o.Usage[r.Domain]
		u.Repositories++
		o.Usage[r.Domain] = u
	}
	byName := func(a, b catalog.Repository) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Domain, b.Domain))
	}
	slices.SortFunc(o.Repositories, byName)
	order := func(a, b artifact.PackageKey) int {
		return cmp.Or(cmp.Compare(a.Format, b.Format), strings.Compare(a.Namespace, b.Namespace),
			strings.Compare(a.Name, b.Name))
	}
	for p, pkg := range w.packages {
		o.Packages[p.in] = append(o.Packages[p.in], pkg)
	}
	for _, packages := range o.Packages {
		slices.SortFunc(packages, func(a, b artifact.Package) int { return order(a.PackageKey, b.PackageKey) })
	}
	for held, v := range w.versions {
		o.Versions[held.in] = append(o.Versions[held.in], v)
		bare := v
		bare.Details = artifact.Details{}
		o.Each[v.PackageKey] = append(o.Each[v.PackageKey], catalog.HeldVersion{Repository: held.in, Version: bare})
		domain := w.repositories[held.in].Domain
		if counted[domain] == nil {
			counted[domain] = map[artifact.Digest]bool{}
		}
		for _, a := range v.Assets {
			if a.Promised {
				continue
			}
			if !counted[domain][a.SHA256] {
				counted[domain][a.SHA256] = true
				u := o.Usage[domain]
				u.AssetBytes += a.Size
				o.Usage[domain] = u
			}
			o.Referenced[domain][a.SHA256[0]] = true
		}
	}
	for _, versions := range o.Versions {
		slices.SortFunc(versions, func(a, b artifact.Version) int {
			return cmp.Or(order(a.PackageKey, b.PackageKey), strings.Compare(a.VersionKey.Version, b.VersionKey.Version))
		})
	}
	for _, held := range o.Each {
		slices.SortFunc(held, func(a, b catalog.HeldVersion) int {
			return cmp.Or(strings.Compare(a.VersionKey.Version, b.VersionKey.Version), cmp.Compare(a.Repository, b.Repository))
		})
	}
	for p := range w.packages {
		var versions []artifact.Version
		for held, v := range w.versions {
			if held.of() == p {
				versions = append(versions, v)
			}
		}
		slices.SortFunc(versions, func(a, b artifact.Version) int {
			return cmp.Or(b.PublishedAt.Compare(a.PublishedAt), strings.Compare(a.VersionKey.Version, b.VersionKey.Version))
		})
		for _, v := range versions {
			o.Newest[p] = append(o.Newest[p], summary(v))
		}
	}
	for _, term := range modelTerms {
		o.Found[term] = w.search(slices.Collect(maps.Keys(w.repositories)), artifact.NPM, []string{term})
	}
	maps.Copy(o.Policies, w.policies)
	maps.Copy(o.Tags, w.tags)
	return o
}

// look reads what a catalog has of one owner's domains through every verb there is for it.
func look(r catalog.Reader, account artifact.AccountID) (view, error) {
	o := newView()
	ids := []catalog.RepositoryID{}
	for d, err := range catalog.Each(func(p catalog.Page) (catalog.Listing[catalog.Domain], error) {
		return r.Domains(account, p)
	}) {
		if err != nil {
			return o, err
		}
		o.Domains = append(o.Domains, d)
	}
	slices.SortFunc(o.Domains, func(a, b catalog.Domain) int { return cmp.Compare(a.ID, b.ID) })
	for _, d := range o.Domains {
		u, err := r.Usage(d.ID)
		if err != nil {
			return o, err
		}
		o.Usage[d.ID] = u
		for content := range byte(4) {
			yes, err := r.BlobInUse(d.ID, asset("", content, 0).SHA256)
			if err != nil {
				return o, err
			}
			o.Referenced[d.ID] = append(o.Referenced[d.ID], yes)
		}
		if err := o.lookAtHolder(r, catalog.Holder{Domain: d.ID}); err != nil {
			return o, err
		}
	}
	for repository, err := range catalog.Each(func(p catalog.Page) (catalog.Listing[catalog.Repository], error) {
		return r.Repositories(catalog.RepositoryFilter{Administrator: account}, p)
	}) {
		if err != nil {
			return o, err
		}
		o.Repositories = append(o.Repositories, repository)
		ids = append(ids, repository.ID)
		if err := o.lookAtHolder(r, catalog.Holder{Domain: repository.Domain, Repository: repository.ID}); err != nil {
			return o, err
		}
		if err := o.lookAtPackages(r, repository.ID); err != nil {
			return o, err
		}
	}
	slices.Sort(ids)
	for _, key := range modelKeys {
		for v, err := range r.EachVersion(ids, key) {
			if err != nil {
				return o, err
			}
			o.Each[key] = append(o.Each[key], v)
		}
	}
	for _, term := range modelTerms {
		l, err := r.SearchPackages(ids, artifact.NPM, []string{term}, catalog.Page{Limit: 100})
		if err != nil {
			return o, err
		}
		o.Found[term] = l.Items
	}
	return o, nil
}

func (o *view) lookAtHolder(r catalog.Reader, h catalog.Holder) error {
	p, err := r.Policy(h)
	switch {
	case err == nil:
		o.Policies[h] = p
	case !artifact.Is(err, artifact.NotFound):
		return err
	}
	tags, err := r.Tags(h)
	if len(tags) > 0 {
		o.Tags[h] = tags
	}
	return err
}

func (o *view) lookAtPackages(r catalog.Reader, id catalog.RepositoryID) error {
	for listed, err := range catalog.Each(func(p catalog.Page) (catalog.Listing[artifact.Package], error) {
		return r.Packages(id, catalog.PackageFilter{}, catalog.Page{Limit: 2, After: p.After})
	}) {
		if err != nil {
			return err
		}
		p, err := r.Package(id, listed.PackageKey)
		if err != nil {
			return err
		}
		o.Packages[id] = append(o.Packages[id], p)
		for v, err := range catalog.Each(func(page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
			return r.Versions(id, p.PackageKey, catalog.VersionFilter{}, catalog.Page{Limit: 1, After: page.After})
		}) {
			if err != nil {
				return err
			}
			whole, err := r.Version(id, p.At(v.Version))
			if err != nil {
				return err
			}
			o.Versions[id] = append(o.Versions[id], whole)
		}
		newest, err := r.Versions(id, p.PackageKey, catalog.VersionFilter{NewestFirst: true}, catalog.Page{Limit: 100})
		if err != nil {
			return err
		}
		if len(newest.Items) > 0 {
			o.Newest[heldPackage{id, p.PackageKey}] = newest.Items
		}
	}
	return nil
}

// testModel runs random transactions against a store and against a world and compares every answer and everything
// there is to read after each of them.
func testModel(t *testing.T, open func(t *testing.T) catalog.Store) {
	store := open(t)
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		// An account of its own keeps each case apart from those before it in the same store.
		cases++
		account := artifact.AccountID("case " + string(rune('0'+cases%10)) + strings.Repeat("x", cases/10))
		now := newWorld()
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

func compare(t *rapid.T, when string, r catalog.Reader, account artifact.AccountID, w *world) {
	got, err := look(r, account)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if diff := gocmp.Diff(w.view(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s: -model +catalog\n%s", when, diff)
	}
}
