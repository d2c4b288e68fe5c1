package catalogtest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/usage"
)

// view is everything that can be read of some domains, in the order it is read.
type view struct {
	Domains      []catalog.Domain
	Usage        map[catalog.DomainID]catalog.Usage
	Repositories []catalog.Repository
	Packages     map[catalog.RepositoryID][]artifact.Package
	Labels       map[heldPackage]map[string]string
	PackageUsage map[heldPackage]catalog.PackageUsage
	Versions     map[catalog.RepositoryID][]artifact.Version
	Each         map[artifact.PackageKey][]catalog.HeldVersion
	Newest       map[heldPackage][]catalog.VersionSummary
	Found        map[string][]artifact.PackageKey
	Referenced   map[catalog.DomainID][]bool
	Policies     map[catalog.Holder]catalog.Policy
	Tags         map[catalog.Holder]map[string]string
	Groups       map[catalog.DomainID][]catalog.PackageGroup
	InDomain     map[catalog.DomainID][]artifact.PackageKey // those of listedFormat
	Stored       []usage.Stored
	Documents    []catalog.Document
	Connections  []string // of documents
}

// listedFormat is the format whose packages are listed by domain.
const listedFormat = artifact.NPM

func newView() view {
	return view{Usage: map[catalog.DomainID]catalog.Usage{}, Packages: map[catalog.RepositoryID][]artifact.Package{},
		Labels: map[heldPackage]map[string]string{}, PackageUsage: map[heldPackage]catalog.PackageUsage{},
		Versions: map[catalog.RepositoryID][]artifact.Version{}, Each: map[artifact.PackageKey][]catalog.HeldVersion{},
		Newest: map[heldPackage][]catalog.VersionSummary{}, Found: map[string][]artifact.PackageKey{},
		Referenced: map[catalog.DomainID][]bool{}, Policies: map[catalog.Holder]catalog.Policy{},
		Tags: map[catalog.Holder]map[string]string{}, Groups: map[catalog.DomainID][]catalog.PackageGroup{},
		InDomain: map[catalog.DomainID][]artifact.PackageKey{}}
}

// view computes what should be read.
func (m *model) view() view {
	o := newView()
	for _, id := range slices.Sorted(maps.Keys(m.domains)) {
		o.Domains = append(o.Domains, m.domains[id])
		o.Usage[id] = catalog.Usage{}
		o.Referenced[id] = make([]bool, 4)
	}
	inOrder := func(a, b catalog.Document) int {
		return cmp.Or(strings.Compare(a.Connection, b.Connection), strings.Compare(a.Path, b.Path))
	}
	o.Documents = slices.SortedFunc(maps.Values(m.documents), inOrder)
	for _, d := range o.Documents {
		o.Connections = append(o.Connections, d.Connection)
	}
	o.Connections = slices.Compact(o.Connections)
	counted := map[catalog.DomainID]map[artifact.Digest]bool{}
	for _, id := range slices.Sorted(maps.Keys(m.repositories)) {
		r := m.repositories[id]
		r.Upstreams = slices.Clone(r.Upstreams)
		for i, u := range r.Upstreams {
			r.Upstreams[i].Name = m.repositories[u.ID].Name
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
	for p, pkg := range m.packages {
		o.Packages[p.in] = append(o.Packages[p.in], pkg)
		o.PackageUsage[p] = catalog.PackageUsage{Labels: len(m.labels[p])}
		if len(m.labels[p]) > 0 {
			o.Labels[p] = m.labels[p]
		}
	}
	for _, packages := range o.Packages {
		slices.SortFunc(packages, func(a, b artifact.Package) int { return order(a.PackageKey, b.PackageKey) })
	}
	for held, v := range m.versions {
		o.Versions[held.in] = append(o.Versions[held.in], v)
		usage := o.PackageUsage[held.of()]
		usage.Versions++
		usage.IndexBytes += v.IndexBytes()
		o.PackageUsage[held.of()] = usage
		bare := v
		bare.Details = artifact.Details{}
		o.Each[v.PackageKey] = append(o.Each[v.PackageKey], catalog.HeldVersion{Repository: held.in, Version: bare})
		domain := m.repositories[held.in].Domain
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
	for p := range m.packages {
		var versions []artifact.Version
		for held, v := range m.versions {
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
		o.Found[term] = m.search(slices.Collect(maps.Keys(m.repositories)), artifact.NPM, []string{term})
	}
	m.viewGroups(&o)
	o.Stored = m.stored()
	maps.Copy(o.Policies, m.policies)
	maps.Copy(o.Tags, m.tags)
	return o
}

// viewGroups computes what should be read of package groups, and of the packages that they are about.
func (m *model) viewGroups(o *view) {
	for _, g := range m.groups {
		g.Restrictions = maps.Clone(g.Restrictions)
		for t, r := range g.Restrictions {
			r.Repositories = slices.DeleteFunc(slices.Clone(r.Repositories), func(listed catalog.AllowedRepository) bool {
				_, there := m.repositories[listed.ID]
				return !there
			})
			slices.SortFunc(r.Repositories, func(a, b catalog.AllowedRepository) int { return strings.Compare(a.Name, b.Name) })
			g.Restrictions[t] = r
		}
		o.Groups[g.Domain] = append(o.Groups[g.Domain], g)
	}
	for _, groups := range o.Groups {
		slices.SortFunc(groups, func(a, b catalog.PackageGroup) int { return strings.Compare(a.Pattern, b.Pattern) })
	}
	for p := range m.packages {
		domain := m.repositories[p.in].Domain
		if p.Format == listedFormat && !slices.Contains(o.InDomain[domain], p.PackageKey) {
			o.InDomain[domain] = append(o.InDomain[domain], p.PackageKey)
		}
	}
	for _, keys := range o.InDomain {
		slices.SortFunc(keys, func(a, b artifact.PackageKey) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Namespace, b.Namespace))
		})
	}
}

// look reads what a catalog has of one owner's domains through every verb there is for it.
func (o *view) lookAtDocuments(r catalog.Reader, account artifact.AccountID) error {
	mine := "remote:" + string(account) + "@"
	for last := mine; ; {
		next, err := r.DocumentConnection(last)
		if err != nil || !strings.HasPrefix(next, mine) {
			return err
		}
		o.Connections, last = append(o.Connections, next), next
		for _, path := range modelPaths {
			d, err := r.Document(catalog.DocumentKey{Connection: next, Path: path})
			if artifact.Is(err, artifact.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			o.Documents = append(o.Documents, d)
		}
	}
}

func look(r catalog.Reader, account artifact.AccountID) (view, error) {
	o := newView()
	if err := o.lookAtDocuments(r, account); err != nil {
		return o, err
	}
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
		if err := o.lookAtGroups(r, d.ID); err != nil {
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
	stored, err := r.MeasureStored()
	o.Stored = slices.DeleteFunc(stored, func(s usage.Stored) bool { return s.Domain.Owner != account })
	return o, err
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

func (o *view) lookAtGroups(r catalog.Reader, id catalog.DomainID) error {
	groups, err := r.PackageGroups(id)
	if err != nil {
		return err
	}
	for _, g := range groups {
		again, err := r.PackageGroup(id, g.Pattern)
		if err != nil {
			return err
		}
		o.Groups[id] = append(o.Groups[id], again)
		tags, err := r.Tags(catalog.Holder{Domain: id, Group: g.ID})
		if err != nil {
			return err
		}
		if len(tags) > 0 {
			o.Tags[catalog.Holder{Domain: id, Group: g.ID}] = tags
		}
	}
	for key, err := range r.DomainPackages(id, listedFormat, artifact.PackageKey{}) {
		if err != nil {
			return err
		}
		o.InDomain[id] = append(o.InDomain[id], key)
	}
	return nil
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
		if err := o.lookAtLabels(r, heldPackage{id, p.PackageKey}); err != nil {
			return err
		}
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

func (o *view) lookAtLabels(r catalog.Reader, p heldPackage) error {
	labels, err := r.LabelsIn([]catalog.RepositoryID{p.in}, p.PackageKey)
	if err != nil {
		return err
	}
	if found, ok := labels[p.in]; ok {
		o.Labels[p] = found
	}
	o.PackageUsage[p], err = r.PackageUsage(p.in, p.PackageKey)
	return err
}
