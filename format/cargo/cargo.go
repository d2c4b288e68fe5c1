// Package cargo is the protocol of Cargo registries with a sparse index (Cargo's book, "Registries").
//
// A crate is its index file, a line for each version, and one archive a version. Names, versions and lines from clients and
// from registries are parsed here; permission, storage and the walk through upstreams are the Shelf's.
package cargo

import (
	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of Cargo.
func Format() format.Format {
	return format.Format{
		Name: artifact.Cargo,
		Traits: repository.Traits{
			Canonical: canonical, CanonicalAPI: true, Fold: fold, FoldVersion: foldVersion,
			FollowStatus: true, Describes: describes, Describe: describeCrate,
		},
		Routes: routes,
		Fail:   fail,
		Source: newSource,
		Detect: detectors,
		Tools:  tools,
	}
}

// Paths of the calls that have more than one row.
const (
	crateAt  = "/api/v1/crates/{crate}/{version}/"
	ownersOf = "/api/v1/crates/{crate}/owners"
)

var routes = []format.Route{
	{Pattern: "GET /config.json", Handler: getConfig},
	{Pattern: "GET /{first}/{crate}", Handler: getIndex},
	{Pattern: "GET /{first}/{second}/{crate}", Handler: getIndex},

	{Pattern: "GET " + crateAt + "download", Handler: getCrate},
	{Pattern: "PUT /api/v1/crates/new", Handler: publish},
	{Pattern: "DELETE " + crateAt + "yank", Handler: setStatus(artifact.Unlisted)},
	{Pattern: "PUT " + crateAt + "unyank", Handler: setStatus(artifact.Published)},
	{Pattern: "GET /api/v1/crates", Handler: search},
	{Pattern: "GET /me", Handler: me},

	{Pattern: "GET " + ownersOf, Handler: owners},
	{Pattern: "PUT " + ownersOf, Handler: owners},
	{Pattern: "DELETE " + ownersOf, Handler: owners},
}
