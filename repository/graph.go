package repository

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

// graph is the order in which a request searches: depth first, each repository before its upstreams, its upstreams in
// the configured order, every repository once (user guide, "Upstream repository priority order").
type graph struct {
	nodes []node // nodes[0] is the repository asked
	// dangling tells that a repository in the graph refers to an upstream that no longer exists.
	dangling bool
	// remotes are those of the domain, by the connections to them.
	remotes map[string]Remote
}

type node struct {
	repository catalog.Repository
	children   []int // indexes of upstreams that are searched from here; one met before is not met again
}

// walk reads the graph of a repository. At most limit upstreams are searched; those beyond are as if they were not
// there.
func walk(r catalog.RepositoryReader, asked catalog.Repository, limit int) (graph, error) {
	g := graph{}
	seen := map[catalog.RepositoryID]bool{}
	var visit func(catalog.Repository) (int, error)
	visit = func(repo catalog.Repository) (int, error) {
		at := len(g.nodes)
		g.nodes = append(g.nodes, node{repository: repo})
		seen[repo.ID] = true
		for _, up := range repo.Upstreams {
			if up.Name == "" {
				g.dangling = true
				continue
			}
			if seen[up.ID] || len(g.nodes) > limit {
				continue
			}
			next, err := r.RepositoryByID(up.ID)
			if err != nil {
				return 0, err
			}
			child, err := visit(next)
			if err != nil {
				return 0, err
			}
			g.nodes[at].children = append(g.nodes[at].children, child)
		}
		return at, nil
	}
	_, err := visit(asked)
	return g, err
}

// ids are the repositories of the graph in search order.
func (g graph) ids() []catalog.RepositoryID {
	ids := make([]catalog.RepositoryID, len(g.nodes))
	for i, n := range g.nodes {
		ids[i] = n.repository.ID
	}
	return ids
}

// errDangling is what is said of the asked repository when its graph has a hole; the service's own text.
func (at *configuration) errDangling() error {
	key := at.repository.RepositoryKey
	return artifact.Errorf(artifact.NotFound, "A repository referenced in your upstream graph no longer exists. "+
		"To fix this issue, use the UpdateRepository API with your new desired upstream configuration. "+
		"Note that if an upstream repository was deleted and recreated using the same name, UpdateRepository must "+
		"still be called to reference the new repository. This issue may be present in any repository in the upstream "+
		"graph.").About(artifact.RepositoryResource, key.Domain+"/"+key.Name)
}
