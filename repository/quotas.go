package repository

// Quotas are the limits of the service (user guide, "Quotas"), those that an operator may raise and those that are
// fixed on AWS alike.
type Quotas struct {
	Domains             int   // per account
	Repositories        int   // per domain
	DirectUpstreams     int   // per repository
	SearchedUpstreams   int   // per request, the asked repository not counted
	ExternalConnections int   // per repository
	Tags                int   // per resource
	Assets              int   // per version
	AssetSize           int64 // bytes
}

// DefaultQuotas are the service's own limits. The settings of a server that nobody configured are made of them.
func DefaultQuotas() Quotas {
	return Quotas{
		Domains: 10, Repositories: 1000, DirectUpstreams: 10, SearchedUpstreams: 25, ExternalConnections: 1,
		Tags: 50, Assets: 350, AssetSize: 5 << 30,
	}
}

// withDefaults fills in the service's own limits where q has zero.
func (q Quotas) withDefaults() Quotas {
	standard := DefaultQuotas()
	orDefault(&q.Domains, standard.Domains)
	orDefault(&q.Repositories, standard.Repositories)
	orDefault(&q.DirectUpstreams, standard.DirectUpstreams)
	orDefault(&q.SearchedUpstreams, standard.SearchedUpstreams)
	orDefault(&q.ExternalConnections, standard.ExternalConnections)
	orDefault(&q.Tags, standard.Tags)
	orDefault(&q.Assets, standard.Assets)
	orDefault(&q.AssetSize, standard.AssetSize)
	return q
}
