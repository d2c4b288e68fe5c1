package fsck

import (
	"context"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
)

// maxAssets is how many assets one finding names.
const maxAssets = 100

// readRecords reads every version that is held, and finds out whose bytes are lost.
func (c *check) readRecords(ctx context.Context) error {
	for _, d := range c.domains {
		var repositories []catalog.Repository
		err := c.reading(ctx, "the repositories of domain "+d.Name, func(r catalog.Reader) error {
			repositories = nil
			list := func(page catalog.Page) (catalog.Listing[catalog.Repository], error) {
				return r.Repositories(catalog.RepositoryFilter{Domain: d.ID}, page)
			}
			for repo, err := range catalog.Each(list) {
				if err != nil {
					return err
				}
				repositories = append(repositories, repo)
			}
			deleting, err := r.UnfinishedDeletions(d.ID, c.Now(), catalog.MaxPage)
			c.report.Leftovers.Deletions += len(deleting)
			return err
		})
		if err != nil {
			return err
		}
		c.report.Checked.Repositories += len(repositories)
		ways := waysOf(repositories)
		for _, repo := range repositories {
			err := c.reading(ctx, fmt.Sprintf("repository %s/%s", d.Name, repo.Name), func(r catalog.Reader) error {
				return c.readRepository(ctx, r, repo, ways(repo.ID))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// waysOf returns a function that says what external connections a repository of a domain reaches, its own and those of
// the repositories upstream of it.
func waysOf(repositories []catalog.Repository) func(catalog.RepositoryID) map[string]bool {
	all := make(map[catalog.RepositoryID]catalog.Repository, len(repositories))
	for _, r := range repositories {
		all[r.ID] = r
	}
	return func(from catalog.RepositoryID) map[string]bool {
		reached := map[string]bool{}
		seen := map[catalog.RepositoryID]bool{from: true}
		for next := []catalog.RepositoryID{from}; len(next) > 0; next = next[1:] {
			for _, connection := range all[next[0]].Connections {
				reached[connection] = true
			}
			for _, up := range all[next[0]].Upstreams {
				if !seen[up.ID] {
					seen[up.ID] = true
					next = append(next, up.ID)
				}
			}
		}
		return reached
	}
}

// readRepository reads the versions of a repository that reaches these connections.
func (c *check) readRepository(ctx context.Context, r catalog.Reader, repo catalog.Repository, ways map[string]bool) error {
	in := []catalog.RepositoryID{repo.ID}
	for p, err := range r.EachPackage(in, catalog.PackageFilter{}) {
		if err != nil {
			return err
		}
		c.report.Checked.Packages++
		pulls := p.Controls.Upstream != artifact.Block
		for v, err := range r.EachVersion(in, p.PackageKey) {
			if err != nil {
				return fmt.Errorf("the versions of %s: %w", p.PackageKey, err)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			c.report.Checked.Versions++
			c.readVersion(repo, v.Version, pulls && ways[v.Origin.Connection])
		}
	}
	return nil
}

// readVersion counts the assets of a version and notes those whose bytes are lost. fetchable says that the repository has
// a way to where an external version came from.
func (c *check) readVersion(repo catalog.Repository, v artifact.Version, fetchable bool) {
	turn := false
	for _, a := range v.Assets {
		if a.Promised {
			c.report.Checked.Promises++
			continue
		}
		c.report.Checked.Assets++
		f := c.lost[blobKey{repo.Domain, a.SHA256}]
		if f == nil {
			continue
		}
		if len(f.Assets) == 0 {
			f.Repairable = f.lost()
		}
		if len(f.Assets) < maxAssets {
			f.Assets = append(f.Assets, Asset{Repository: repo.Name, Version: v.VersionKey.String(), Name: a.Name,
				Origin: v.Origin.Connection})
		}
		if !f.lost() {
			continue
		}
		if v.Origin.Fetched() && fetchable {
			turn = true
			continue
		}
		f.Repairable = false
		f.Remedy = "publish the same bytes again, restore the file from a backup, or delete the version"
	}
	if turn {
		c.turned = append(c.turned, versionIn{repo.ID, repo.Domain, v.VersionKey})
	}
}
