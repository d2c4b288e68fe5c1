package repository_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// limit gives the rules other quotas.
func (h *fixture) limit(change func(*repository.Quotas)) {
	o := h.rules.Options
	o.Catalog = h.catalog
	change(&o.Quotas)
	h.rules = repository.New(o)
}

// usage is what a repository holds of a package.
func (h *fixture) usage(repo, name string) (u catalog.PackageUsage) {
	h.t.Helper()
	h.check(h.catalog.Read(h.t.Context(), func(r catalog.Reader) error {
		at, err := r.Repository(key(repo))
		if err != nil {
			return err
		}
		u, err = r.PackageUsage(at.ID, npm(name))
		return err
	}))
	return u
}

// annotate sets the manifests of versions.
func (h *fixture) annotate(repo, name, manifest string, versions ...string) error {
	return h.shelf(repo).Annotate(h.t.Context(), npm(name), versions,
		func(artifact.Version) ([]byte, error) { return []byte(manifest), nil })
}

// TestAPackageHasItsLimitsAtEveryDoor fills a package called left in the repository r and then comes in by another way.
func TestAPackageHasItsLimitsAtEveryDoor(t *testing.T) {
	type door struct {
		name string
		open func(h *fixture) error
	}
	published := door{"publish", func(h *fixture) error {
		_, err := h.tryPublish("r", "left@9.0.0", "bytes")
		return err
	}}
	copied := door{"copy", func(h *fixture) error {
		h.publish("other", "left@9.0.0", "bytes")
		_, err := h.rules.Copy(h.t.Context(), h.owner, repository.CopySpec{From: key("other"), To: key("r"),
			PackageKey: npm("left"), Selection: repository.Selection{Versions: []string{"9.0.0"}}})
		return err
	}}
	retained := door{"retention from an upstream", func(h *fixture) error {
		h.publish("up", "left@9.0.0", "bytes")
		h.control("r", "left", artifact.Allow, artifact.Allow)
		_, err := h.tryFetch("r", "left@9.0.0")
		return err
	}}
	ingested := door{"a fetch from a registry", func(h *fixture) error {
		h.registry.offer("left@9.0.0", "bytes")
		h.control("r", "left", artifact.Allow, artifact.Allow)
		_, err := h.tryFetch("r", "left@9.0.0")
		return err
	}}
	for _, limit := range []struct {
		what  string
		set   func(*repository.Quotas)
		fill  func(h *fixture)
		doors []door
	}{
		{"versions", func(q *repository.Quotas) { q.PackageVersions = 2 }, func(h *fixture) {
			h.publish("r", "left@1.0.0", "bytes")
			h.publish("r", "left@2.0.0", "bytes")
		}, []door{published, copied, retained, ingested}},
		{"bytes of index", func(q *repository.Quotas) { q.PackageIndex = 90 }, func(h *fixture) {
			h.publish("r", "left@1.0.0", "bytes")
			h.publish("r", "left@2.0.0", "bytes")
		}, []door{published, copied, retained, ingested, {"an annotation", func(h *fixture) error {
			return h.annotate("r", "left", strings.Repeat("long ", 10), "1.0.0")
		}}}},
		{"bytes of one version's index", func(q *repository.Quotas) { q.VersionIndex = 50 }, func(h *fixture) {
			h.publish("r", "left@1.0.0", "bytes")
		}, []door{{"publish", func(h *fixture) error {
			_, err := h.tryPublish("r", "left@1.0.0-"+strings.Repeat("long.", 10)+"1", "bytes")
			return err
		}}, {"an annotation", func(h *fixture) error {
			return h.annotate("r", "left", strings.Repeat("long ", 10), "1.0.0")
		}}}},
		{"labels", func(q *repository.Quotas) { q.PackageLabels = 2 }, func(h *fixture) {
			h.publish("r", "left@1.0.0", "bytes", "latest", "stable")
		}, []door{{"publish", func(h *fixture) error {
			_, err := h.tryPublish("r", "left@9.0.0", "bytes", "latest", "another")
			return err
		}}, {"a label", func(h *fixture) error {
			return h.shelf("r").SetLabel(h.t.Context(), npm("left"), "another", "1.0.0")
		}}, {"copy", func(h *fixture) error {
			h.publish("other", "left@9.0.0", "bytes", "another")
			_, err := h.rules.Copy(h.t.Context(), h.owner, repository.CopySpec{From: key("other"), To: key("r"),
				PackageKey: npm("left"), Selection: repository.Selection{Versions: []string{"9.0.0"}}})
			return err
		}}}},
	} {
		for _, door := range limit.doors {
			t.Run(limit.what+"/"+door.name, func(t *testing.T) {
				h := newFixture(t)
				h.repo("up")
				h.repo("other")
				h.repo("r", "up")
				h.connect("up")
				limit.fill(h)
				before := h.usage("r", "left")
				h.limit(limit.set)
				h.refuses(artifact.Quota, door.open(h))
				if got := h.usage("r", "left"); got != before {
					t.Errorf("a refused change made %+v of %+v", got, before)
				}
			})
		}
	}
}

func TestWhatWasOverALimitBeforeMayBecomeLess(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	for _, version := range []string{"1.0.0", "2.0.0", "3.0.0"} {
		h.publish("r", "left@"+version, "bytes", "label-"+version)
	}
	h.limit(func(q *repository.Quotas) { q.PackageVersions, q.PackageLabels, q.PackageIndex = 1, 1, 1 })
	h.check(h.annotate("r", "left", "less", "1.0.0"))
	h.refuses(artifact.Quota, h.annotate("r", "left", "lesser", "1.0.0"))
	h.check(h.shelf("r").SetLabel(t.Context(), npm("left"), "label-1.0.0", "2.0.0"))
	h.check(h.shelf("r").DeleteLabel(t.Context(), npm("left"), "label-2.0.0"))
	h.setStatus("r", "left@1.0.0", artifact.Archived)
	h.deleteVersion("r", "left@3.0.0")
	if got := h.usage("r", "left"); got.Versions != 2 || got.Labels != 2 { // latest is one of them
		t.Errorf("got %+v, want two versions and two labels", got)
	}
	if v, err := h.tryPublish("r", "left@2.0.0", "bytes"); err != nil || v.Status != artifact.Published {
		t.Errorf("the same bytes again: %v", err)
	}
}

func TestAPublicationSetsAFewLabels(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	var labels []string
	for n := range 90_000 {
		labels = append(labels, fmt.Sprint("label-", n))
	}
	for _, many := range []int{101, len(labels)} {
		_, err := h.tryPublish("r", "left@1.0.0", "bytes", labels[:many]...)
		h.refuses(artifact.Quota, err)
	}
	h.publish("r", "left@1.0.0", "bytes", labels[:100]...)
	if got := h.usage("r", "left").Labels; got != 101 { // and latest
		t.Errorf("got %d labels, want 101", got)
	}
}

// TestAWriteCostsTheSameInALargePackage compares what the catalog is asked, statement by statement with the rows that
// each returned or changed, in a package of one version and label and in one of many. Whoever writes has the catalog to
// himself: nothing in his turn may grow with what others have put there.
func TestAWriteCostsTheSameInALargePackage(t *testing.T) {
	type statement struct {
		verb string
		rows int
	}
	var ran []statement
	h := openFixture(t, t.TempDir(), repositorytest.NewStores(), newRegistry(t),
		sqlcatalog.Options{Ran: func(verb string, rows int) { ran = append(ran, statement{verb, rows}) }})
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	h.repo("up")
	h.repo("r", "up")
	const many = 300
	for _, name := range []string{"small", "large"} {
		h.publish("r", name+"@1.0.0", "bytes", "latest")
		h.publish("up", name+"@7.0.0", "seven")
		h.control("r", name, artifact.Allow, artifact.Allow)
	}
	for n := range many {
		h.publish("r", fmt.Sprintf("large@2.%d.0", n), "bytes", "latest", fmt.Sprint("label-", n))
	}
	for n := range many {
		h.check(h.shelf("r").SetLabel(t.Context(), npm("large"), fmt.Sprint("more-", n), "1.0.0"))
	}
	for _, write := range []struct {
		name string
		do   func(name string) error
	}{
		{"publish", func(name string) error { _, err := h.tryPublish("r", name+"@3.0.0", "bytes", "latest"); return err }},
		{"set a label", func(name string) error { return h.shelf("r").SetLabel(t.Context(), npm(name), "stable", "3.0.0") }},
		{"annotate", func(name string) error { return h.annotate("r", name, "noted", "3.0.0") }},
		{"copy", func(name string) error {
			h.publish("up", name+"@8.0.0", "eight", "next")
			ran = nil
			_, err := h.rules.Copy(t.Context(), h.owner, repository.CopySpec{From: key("up"), To: key("r"),
				PackageKey: npm(name), Selection: repository.Selection{Versions: []string{"8.0.0"}}})
			return err
		}},
		{"retain", func(name string) error { _, err := h.tryFetch("r", name+"@7.0.0"); return err }},
		{"remove a label", func(name string) error { return h.shelf("r").DeleteLabel(t.Context(), npm(name), "stable") }},
		{"delete a version", func(name string) error { h.deleteVersion("r", name+"@3.0.0"); return nil }},
	} {
		var cost [2][]statement
		for i, name := range []string{"small", "large"} {
			ran = nil
			h.check(write.do(name))
			cost[i] = ran
		}
		if len(cost[0]) == 0 || !slices.Equal(cost[0], cost[1]) {
			t.Errorf("%s: in a small package %v,\nin a large one %v", write.name, cost[0], cost[1])
		}
	}
}

func TestManyVersionsAreAnnotatedInSeveralTurns(t *testing.T) {
	commits := atomic.Int64{}
	h := openFixture(t, t.TempDir(), repositorytest.NewStores(), newRegistry(t),
		sqlcatalog.Options{AfterCommit: func() { commits.Add(1) }})
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	h.repo("r")
	var versions []string
	for n := range 300 {
		versions = append(versions, fmt.Sprintf("1.%d.0", n))
		h.publish("r", "left@"+versions[n], "bytes")
	}
	before := commits.Load()
	h.check(h.annotate("r", "left", "noted", versions...))
	if turns := commits.Load() - before; turns < 3 {
		t.Errorf("%d versions were changed in %d transactions, want others to come in between", len(versions), turns)
	}
	for _, version := range versions {
		if v := h.version("r", "left@"+version); string(v.Manifest) != "noted" {
			t.Fatalf("%s has the manifest %q", version, v.Manifest)
		}
	}
}

func TestALargePackageIsDeletedInSeveralTurns(t *testing.T) {
	commits := atomic.Int64{}
	h := openFixture(t, t.TempDir(), repositorytest.NewStores(), newRegistry(t),
		sqlcatalog.Options{AfterCommit: func() { commits.Add(1) }})
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	h.repo("r")
	for name, versions := range map[string]int{"small": 3, "large": 300} {
		for n := range versions {
			h.publish("r", fmt.Sprintf("%s@1.%d.0", name, n), "bytes")
		}
		before, told := commits.Load(), len(h.events())
		_, err := h.rules.DeletePackage(t.Context(), h.owner, key("r"), npm(name))
		h.check(err)
		if turns := commits.Load() - before; (turns > 1) != (versions > 256) {
			t.Errorf("%s: %d versions went in %d transactions", name, versions, turns)
		}
		_, err = h.rules.Package(t.Context(), key("r"), npm(name))
		h.refuses(artifact.NotFound, err)
		deleted := 0
		for _, e := range h.events()[told:] {
			if e.Kind == catalog.VersionEvent && e.Action == "Deleted" {
				deleted++
			}
		}
		if deleted != versions {
			t.Errorf("%s: %d deletions are told, want %d", name, deleted, versions)
		}
	}
	if got := h.assetBytes(); got != 0 {
		t.Errorf("%d bytes are left", got)
	}
}

// revising is the registry after it has had second thoughts: every version has another manifest and status.
type revising struct {
	*registry
	manifest string
	status   artifact.Status
}

func (r *revising) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	found, err := r.registry.Listing(ctx, p)
	if err != nil {
		return nil, err
	}
	return revised{found.(listing), r.manifest, r.status}, nil
}

type revised struct {
	listing
	manifest string
	status   artifact.Status
}

func (l revised) ID() string { return l.listing.ID() + l.manifest + string(l.status) }

func (l revised) Status(version string) artifact.Status {
	if l.listing.Status(version) == "" {
		return ""
	}
	return l.status
}

func (l revised) Version(ctx context.Context, version string) (artifact.Version, error) {
	v, err := l.listing.Version(ctx, version)
	v.Manifest, v.Status = []byte(l.manifest), l.status
	return v, err
}

func TestWhatFollowsItsRegistryStaysWithinTheLimitsAndIsYankedAllTheSame(t *testing.T) {
	h := newFixture(t)
	source := &revising{h.registry, "short", artifact.Published}
	o := h.rules.Options
	o.Catalog, o.Sources = h.catalog, map[string]repository.Source{npmjs: source}
	o.Formats = map[artifact.Format]repository.Traits{artifact.NPM: {Late: repository.LateWhole, FollowStatus: true}}
	o.Quotas.PackageIndex = 100
	h.rules = repository.New(o)
	h.repo("r")
	h.connect("r")
	h.registry.offer("left@1.0.0", "bytes")
	h.fetches("r", "left@1.0.0", "bytes")
	for _, step := range []struct {
		manifest string
		status   artifact.Status
		want     string
	}{
		{"short", artifact.Published, "short"},
		{strings.Repeat("long", 10), artifact.Published, strings.Repeat("long", 10)},
		{strings.Repeat("longer", 50), artifact.Published, strings.Repeat("long", 10)},
		{strings.Repeat("longer", 50), artifact.Unlisted, strings.Repeat("long", 10)},
		{"short", artifact.Unlisted, "short"},
	} {
		source.manifest, source.status = step.manifest, step.status
		if _, err := h.document("r", "left"); err != nil {
			t.Fatal(err)
		}
		if v := h.version("r", "left@1.0.0"); string(v.Manifest) != step.want || v.Status != step.status {
			t.Errorf("after %q, %s: got %q, %s", step.manifest, step.status, v.Manifest, v.Status)
		}
	}
}
