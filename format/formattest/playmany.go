package formattest

import (
	"slices"
	"sync"
	"testing"

	"entrepot/catalog"
)

// sized is a number that a test with -short makes smaller.
func sized(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}

// crowded is how many publish at once where there is much to publish: writes that come together share a commit.
const crowded = 128

// together does something n times, many at once.
func together(n int, do func(int)) {
	next := make(chan int)
	var wait sync.WaitGroup
	for range crowded {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

// manyVersions: a registry has them in one document; here, where there are fewer, they are published one by one.
func (p *play) manyVersions() {
	ours := p.releases(p.Name(1), sized(1000, 50))
	together(len(ours), func(n int) { p.tryPublished(ours[n]) })
	packages := [][]Release{ours}
	if p.Connection != "" {
		outside := p.releases(p.Name(0), sized(5000, 50))
		p.offer(outside...)
		packages = append(packages, outside)
	}
	for _, all := range packages {
		want := make([]string, len(all))
		for n, r := range all {
			want[n] = r.Version
		}
		p.lists(team, all[0].Name, want...)
		p.installs(team, all[len(all)/2])
	}
}

// releases makes the first versions of a package.
func (p *play) releases(name string, count int) []Release {
	all := make([]Release, count)
	for n := range all {
		all[n] = p.release(name, n)
	}
	return all
}

// tryPublished publishes from a goroutine of a test.
func (p *play) tryPublished(r Release) {
	if got := p.tryPublish(team, r); got.err != nil || got.status/100 != 2 {
		p.t.Errorf("publishing %s %s: got %d %.500s, %v", r.Name, r.Version, got.status, got.body, got.err)
	}
}

// manyPackages: the last thousand are published into a repository that is full of records of others. Ten thousand publications
// would prove the same and take most of a minute.
func (p *play) manyPackages() {
	count, published := sized(10000, 100), sized(1000, 50)
	names := make([]string, count)
	for n := range names {
		names[n] = p.Name(n)
	}
	sample, stocked := p.release(names[0], 0), count-published
	p.publish(team, sample)
	p.stock(team, sample, names[1:stocked])
	together(published, func(n int) { p.tryPublished(p.release(names[stocked+n], 0)) })
	if n := p.Published(); n != 1+published {
		p.t.Errorf("%d versions came into being, want %d", n, 1+published)
	}
	for _, n := range []int{0, stocked, count - published/2, count - 1} {
		p.lists(team, names[n], versionOf(0))
		p.installs(team, p.release(names[n], 0))
	}
	if p.Packages != nil {
		p.names(team, names...)
	}
}

// stock puts the record of a release that a repository holds on record there under other names as well, as often as a page has
// lines in each transaction.
func (p *play) stock(repo string, sample Release, names []string) {
	p.t.Helper()
	key := p.Key(sample.Name, sample.Version)
	for some := range slices.Chunk(names, catalog.MaxPage) {
		p.check(p.Rules.Catalog.Write(p.t.Context(), func(w catalog.Writer) error {
			at, err := w.Repository(domainKey.Repository(repo))
			if err != nil {
				return err
			}
			pkg, err := w.Package(at.ID, key.PackageKey)
			if err != nil {
				return err
			}
			v, err := w.Version(at.ID, key)
			if err != nil {
				return err
			}
			for _, name := range some {
				v.VersionKey = p.Key(name, sample.Version)
				if pkg.PackageKey = v.PackageKey; p.Format.Traits.Fold != nil {
					pkg.Folded = p.Format.Traits.Fold(pkg.PackageKey)
				}
				if err := w.PutPackage(at.ID, pkg); err != nil {
					return err
				}
				if err := w.CreateVersion(at.ID, v); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
