package catalogtest

import (
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"entrepot/artifact"
	"entrepot/catalog"
)

// done is the wanted outcome of an operation that succeeds; no catalog answers with this kind.
const done artifact.Kind = 255

// operation draws its arguments, does the same to the model and to the catalog, and returns its name, what the catalog
// should have answered and what it did answer.
type operation func(t *rapid.T, account artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error)

var operations = []operation{
	opCreateDomain, opDeleteDomain, opCreateRepository, opCreateRepository, opUpdateRepository, opDeleteRepository,
	opPutPackage, opPutPackage, opPutPackage, opDescribePackage, opDeletePackage, opSetLabels, opSetLabels, opDeleteLabel,
	opCreateVersion, opCreateVersion, opCreateVersion, opCreateVersion, opUpdateVersion, opSetStatus, opDeleteVersion,
	opPutPolicy, opDeletePolicy, opPutTags, opDeleteTags, opCreateGroup, opCreateGroup, opUpdateGroup, opDeleteGroup,
	opPutDocument, opPutDocument, opDeleteDocuments,
}

// modelConnections are those of an account of which documents are remembered, in the order of their bytes, with names that are nearly
// the same.
func modelConnections(account artifact.AccountID) []string {
	remote := "remote:" + string(account) + "@"
	return []string{remote + "1/n%m", remote + "1/npm", remote + "10/npm"}
}

func opPutDocument(t *rapid.T, account artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	key := catalog.DocumentKey{Connection: rapid.SampledFrom(modelConnections(account)).Draw(t, "connection"),
		Path: rapid.SampledFrom(modelPaths).Draw(t, "path")}
	d := catalog.Document{DocumentKey: key, ETag: rapid.SampledFrom(modelTexts).Draw(t, "validator"), FetchedAt: moment(1),
		CheckedAt: moment(2), Digest: artifact.Digest{77}}
	m.documents[key] = d
	return "PutDocument", done, c.PutDocument(d)
}

func opDeleteDocuments(t *rapid.T, account artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	connection := rapid.SampledFrom(modelConnections(account)).Draw(t, "connection")
	limit := rapid.IntRange(1, len(modelPaths)).Draw(t, "limit")
	wanted := 0
	for _, path := range modelPaths {
		key := catalog.DocumentKey{Connection: connection, Path: path}
		if _, there := m.documents[key]; there && wanted < limit {
			delete(m.documents, key)
			wanted++
		}
	}
	n, err := c.DeleteDocuments(connection, limit)
	if err == nil && n != wanted {
		err = fmt.Errorf("%d documents were deleted, not %d", n, wanted)
	}
	return "DeleteDocuments", done, err
}

// pick draws an id that is there, or now and then one that is not.
func pick[ID ~int64, V any](t *rapid.T, label string, from map[ID]V) (ID, bool) {
	ids := slices.Sorted(maps.Keys(from))
	if len(ids) == 0 || rapid.IntRange(0, 15).Draw(t, label+" missing") == 0 {
		return 1 << 40, false
	}
	return ids[rapid.IntRange(0, len(ids)-1).Draw(t, label)], true
}

func kindIf(bad bool, kind artifact.Kind) artifact.Kind {
	if bad {
		return kind
	}
	return done
}

func opCreateDomain(t *rapid.T, account artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	name := rapid.SampledFrom([]string{"d", "e"}).Draw(t, "domain")
	d := catalog.Domain{DomainKey: artifact.DomainKey{Owner: account, Name: name}}
	taken := false
	for _, have := range m.domains {
		taken = taken || have.DomainKey == d.DomainKey
	}
	id, err := c.CreateDomain(d)
	if err == nil {
		d.ID = id
		m.domains[id] = d
	}
	return "CreateDomain", kindIf(taken, artifact.Conflict), err
}

func opDeleteDomain(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	id, there := pick(t, "domain", m.domains)
	wanted := kindIf(!there, artifact.NotFound)
	for _, r := range m.repositories {
		if r.Domain == id {
			wanted = artifact.Conflict
		}
	}
	if wanted == done {
		delete(m.domains, id)
		m.deleteHolder(catalog.Holder{Domain: id})
		for _, g := range maps.Clone(m.groups) {
			if g.Domain == id {
				m.deleteGroup(g)
			}
		}
	}
	return "DeleteDomain", wanted, c.DeleteDomain(id)
}

// drawConnections fills in what an update may change.
func drawConnections(t *rapid.T, m *model, r *catalog.Repository) {
	r.Description = rapid.SampledFrom(modelTexts).Draw(t, "description")
	for range rapid.IntRange(0, 2).Draw(t, "upstreams") {
		id, _ := pick(t, "upstream", m.repositories)
		r.Upstreams = append(r.Upstreams, catalog.Upstream{ID: id})
	}
	if rapid.Bool().Draw(t, "connected") {
		r.Connections = []string{"public:npmjs"}
	}
}

func opCreateRepository(t *rapid.T, account artifact.AccountID, m *model, c catalog.Writer) (
	string, artifact.Kind, error) {
	domain, there := pick(t, "domain", m.domains)
	r := catalog.Repository{Domain: domain, Administrator: account}
	r.RepositoryKey = m.domains[domain].Repository(rapid.SampledFrom([]string{"r", "s_"}).Draw(t, "repository"))
	drawConnections(t, m, &r)
	wanted := kindIf(!there, artifact.NotFound)
	for _, have := range m.repositories {
		if there && have.RepositoryKey == r.RepositoryKey {
			wanted = artifact.Conflict
		}
	}
	id, err := c.CreateRepository(r)
	if err == nil {
		r.ID = id
		m.repositories[id] = r
	}
	return "CreateRepository", wanted, err
}

func opUpdateRepository(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	id, there := pick(t, "repository", m.repositories)
	r := m.repositories[id]
	r.ID, r.Upstreams, r.Connections = id, nil, nil
	drawConnections(t, m, &r)
	if there {
		m.repositories[id] = r
	}
	return "UpdateRepository", kindIf(!there, artifact.NotFound), c.UpdateRepository(r)
}

func opDeleteRepository(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	id, there := pick(t, "repository", m.repositories)
	m.deleteHolder(catalog.Holder{Domain: m.repositories[id].Domain, Repository: id})
	delete(m.repositories, id)
	for p := range maps.Clone(m.packages) {
		if p.in == id {
			m.deletePackage(p)
		}
	}
	return "DeleteRepository", kindIf(!there, artifact.NotFound), c.DeleteRepository(id)
}

// drawPackage draws a package that may be there, and whether its repository is.
func drawPackage(t *rapid.T, m *model) (heldPackage, bool) {
	id, there := pick(t, "repository", m.repositories)
	return heldPackage{id, rapid.SampledFrom(modelKeys).Draw(t, "package")}, there
}

func opPutPackage(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, there := drawPackage(t, m)
	p := artifact.Package{PackageKey: held.PackageKey, Controls: allowAll}
	if rapid.Bool().Draw(t, "blocked") {
		p.Controls.Publish = artifact.Block
	}
	p.Folded = rapid.SampledFrom([]string{"", "same"}).Draw(t, "folded")
	known, isKnown := m.packages[held]
	wanted := kindIf(!there, artifact.NotFound)
	if there && !isKnown && m.folded(held, p.Folded) {
		wanted = artifact.Conflict
	}
	asked := p
	if isKnown {
		p.Folded = known.Folded // it is the package's for good
	}
	if wanted == done {
		m.packages[held] = p
	}
	return "PutPackage", wanted, c.PutPackage(held.in, asked)
}

func opDescribePackage(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, _ := drawPackage(t, m)
	text := rapid.SampledFrom(modelTexts).Draw(t, "text")
	_, there := m.packages[held]
	if there {
		m.texts[held] = text
	}
	return "DescribePackage", kindIf(!there, artifact.NotFound), c.DescribePackage(held.in, held.PackageKey, text)
}

func opDeletePackage(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, _ := drawPackage(t, m)
	_, there := m.packages[held]
	m.deletePackage(held)
	return "DeletePackage", kindIf(!there, artifact.NotFound), c.DeletePackage(held.in, held.PackageKey)
}

var modelLabels = []string{"latest", "next", "ÄB"}

func opSetLabels(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, _ := drawPackage(t, m)
	names := rapid.SliceOfN(rapid.SampledFrom(modelLabels), 0, 3).Draw(t, "labels")
	target := rapid.SampledFrom(modelVersions).Draw(t, "target")
	_, there := m.packages[held]
	if there {
		all := map[string]string{}
		maps.Copy(all, m.labels[held])
		for _, name := range names {
			all[name] = target
		}
		m.labels[held] = all
	}
	return "SetLabels", kindIf(!there, artifact.NotFound), c.SetLabels(held.in, held.At(target), names...)
}

func opDeleteLabel(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, _ := drawPackage(t, m)
	name := rapid.SampledFrom(modelLabels).Draw(t, "label")
	_, there := m.labels[held][name]
	if there {
		left := maps.Clone(m.labels[held])
		delete(left, name)
		m.labels[held] = left
	}
	return "DeleteLabel", kindIf(!there, artifact.NotFound), c.DeleteLabel(held.in, held.PackageKey, name)
}

func drawVersion(t *rapid.T, m *model) (heldVersion, artifact.Version) {
	held, _ := drawPackage(t, m)
	v := version(held.PackageKey, rapid.SampledFrom(modelVersions).Draw(t, "version"))
	v.PublishedAt = moment(rapid.SampledFrom(modelTimes).Draw(t, "published"))
	v.Status = rapid.SampledFrom(modelStatuses).Draw(t, "status")
	v.Manifest = []byte(rapid.SampledFrom(modelTexts).Draw(t, "manifest"))
	v.Folded = rapid.SampledFrom([]string{"", "same"}).Draw(t, "folded")
	v.Details.Summary = rapid.SampledFrom(modelTexts).Draw(t, "summary")
	for _, name := range []string{"z", "a"} {
		if content := rapid.IntRange(0, 4).Draw(t, "content"); content < 4 {
			a := asset(name, byte(content), int64(content)*10)
			a.Facts = []byte(rapid.SampledFrom(modelTexts).Draw(t, "facts"))
			if rapid.Bool().Draw(t, "promised") {
				a.Promised, a.Size = true, -1
			}
			v.Assets = append(v.Assets, a)
		}
	}
	return heldVersion{held.in, v.VersionKey}, v
}

func opCreateVersion(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, v := drawVersion(t, m)
	_, packaged := m.packages[held.of()]
	_, there := m.versions[held]
	wanted := kindIf(!packaged, artifact.NotFound)
	if there {
		wanted = artifact.Conflict
	}
	if wanted == done {
		m.versions[held] = v
	}
	return "CreateVersion", wanted, create(c, held.in, v)
}

func opUpdateVersion(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, v := drawVersion(t, m)
	known, there := m.versions[held]
	if there {
		v.Folded = known.Folded // it is the version's for good
		m.versions[held] = v
	}
	return "UpdateVersion", kindIf(!there, artifact.NotFound), update(c, held.in, v)
}

func opSetStatus(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, v := drawVersion(t, m)
	now, there := m.versions[held]
	if there {
		now.Status = v.Status
		m.versions[held] = now
	}
	return "SetStatus", kindIf(!there, artifact.NotFound), c.SetStatus(held.in, held.VersionKey, v.Status)
}

func opDeleteVersion(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	held, _ := drawVersion(t, m)
	_, there := m.versions[held]
	if there {
		delete(m.versions, held)
		left := maps.Clone(m.labels[held.of()])
		maps.DeleteFunc(left, func(_, version string) bool { return version == held.Version })
		m.labels[held.of()] = left
	}
	return "DeleteVersion", kindIf(!there, artifact.NotFound), c.DeleteVersion(held.in, held.VersionKey)
}

// drawTagged is drawHolder for tags, which groups hold as well.
func drawTagged(t *rapid.T, m *model) (catalog.Holder, bool) {
	if rapid.IntRange(0, 2).Draw(t, "group's") > 0 {
		return drawHolder(t, m)
	}
	id, there := pick(t, "group", m.groups)
	return catalog.Holder{Domain: m.groups[id].Domain, Group: id}, there
}

// drawHolder draws a domain or one of its repositories, and whether it is there.
func drawHolder(t *rapid.T, m *model) (catalog.Holder, bool) {
	if rapid.Bool().Draw(t, "domain's") {
		id, there := pick(t, "domain", m.domains)
		return catalog.Holder{Domain: id}, there
	}
	id, there := pick(t, "repository", m.repositories)
	h := catalog.Holder{Domain: m.repositories[id].Domain, Repository: id}
	return h, there
}

func opPutPolicy(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	h, there := drawHolder(t, m)
	p := catalog.Policy{Document: rapid.SampledFrom(modelTexts).Draw(t, "document"), PutAt: moment(1)}
	if there {
		m.policies[h] = p
	}
	return "PutPolicy", kindIf(!there, artifact.NotFound), c.PutPolicy(h, p)
}

func opDeletePolicy(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	h, _ := drawHolder(t, m)
	_, there := m.policies[h]
	delete(m.policies, h)
	return "DeletePolicy", kindIf(!there, artifact.NotFound), c.DeletePolicy(h)
}

func opPutTags(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	h, there := drawTagged(t, m)
	tags := map[string]string{rapid.SampledFrom(modelTexts).Draw(t, "key"): rapid.SampledFrom(modelTexts).Draw(t, "value")}
	if there {
		all := maps.Clone(tags)
		for key, value := range m.tags[h] {
			if _, put := tags[key]; !put {
				all[key] = value
			}
		}
		m.tags[h] = all
	}
	return "PutTags", kindIf(!there, artifact.NotFound), c.PutTags(h, tags)
}

func opDeleteTags(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	h, there := drawTagged(t, m)
	keys := rapid.SliceOfN(rapid.SampledFrom(modelTexts), 0, 2).Draw(t, "keys")
	left := maps.Clone(m.tags[h])
	maps.DeleteFunc(left, func(key, _ string) bool { return slices.Contains(keys, key) })
	if len(left) == 0 {
		delete(m.tags, h)
	} else {
		m.tags[h] = left
	}
	return "DeleteTags", kindIf(!there, artifact.NotFound), c.DeleteTags(h, keys)
}

// drawGroup fills in what an update may change, and reports whether all repositories in its lists are of its domain.
func drawGroup(t *rapid.T, m *model, g *catalog.PackageGroup) (sound bool) {
	sound = true
	g.ContactInfo = rapid.SampledFrom(modelTexts).Draw(t, "contact")
	g.Description = rapid.SampledFrom(modelTexts).Draw(t, "description")
	g.Restrictions = map[artifact.RestrictionType]catalog.Restriction{}
	for _, restriction := range artifact.RestrictionTypes() {
		drawn := catalog.Restriction{Mode: rapid.SampledFrom(artifact.RestrictionModes()).Draw(t, "mode")}
		for range rapid.IntRange(0, 2).Draw(t, "listed") {
			id, _ := pick(t, "listed", m.repositories)
			r, there := m.repositories[id]
			sound = sound && there && r.Domain == g.Domain
			listed := catalog.AllowedRepository{ID: id, Name: r.Name}
			if !slices.Contains(drawn.Repositories, listed) {
				drawn.Repositories = append(drawn.Repositories, listed)
			}
		}
		g.Restrictions[restriction] = drawn
	}
	return sound
}

func opCreateGroup(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	domain, there := pick(t, "domain", m.domains)
	g := catalog.PackageGroup{Domain: domain, Pattern: rapid.SampledFrom(modelPatterns).Draw(t, "pattern"), CreatedAt: moment(1)}
	wanted := kindIf(!drawGroup(t, m, &g) || !there, artifact.NotFound)
	for _, have := range m.groups {
		if wanted == done && have.Domain == g.Domain && have.Pattern == g.Pattern {
			wanted = artifact.Conflict
		}
	}
	id, err := c.CreatePackageGroup(g)
	if err == nil {
		g.ID = id
		m.groups[id] = g
	}
	return "CreatePackageGroup", wanted, err
}

func opUpdateGroup(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	id, there := pick(t, "group", m.groups)
	g := m.groups[id]
	g.ID = id
	wanted := kindIf(!drawGroup(t, m, &g) || !there, artifact.NotFound)
	if wanted == done {
		m.groups[id] = g
	}
	return "UpdatePackageGroup", wanted, c.UpdatePackageGroup(g)
}

func opDeleteGroup(t *rapid.T, _ artifact.AccountID, m *model, c catalog.Writer) (string, artifact.Kind, error) {
	id, there := pick(t, "group", m.groups)
	m.deleteGroup(m.groups[id])
	return "DeletePackageGroup", kindIf(!there, artifact.NotFound), c.DeletePackageGroup(id)
}
