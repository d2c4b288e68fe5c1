// Package nuget is the protocol of NuGet feeds, as nuget.exe and dotnet speak it: version 3, which is JSON behind a service
// index, and as much of version 2, which is OData, as older clients need to find, install and push packages.
//
// A version is one file, its package, and what the nuspec in it says. Ids and versions come in any spelling and are kept in one.
package nuget

import (
	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of NuGet. The API takes keys in any spelling (user guide, "NuGet package name, version, and
// asset name normalization"). What a registry unlists after it was kept is unlisted here as well.
func Format() format.Format {
	return format.Format{
		Name: artifact.NuGet,
		Traits: repository.Traits{
			Canonical:    canonical,
			CanonicalAPI: true,
			FollowStatus: true,
			Readme:       storedReadme,
		},
		Routes: routes(),
		Fail:   fail,
		Source: newSource,
		Entry:  "v3/index.json",
		Detect: detectors,
		Tools:  tools,
	}
}

func routes() []format.Route {
	inside := newPeeks()
	all := []format.Route{
		{Pattern: "GET /v3/index.json", Handler: getServiceIndex},

		{Pattern: "GET /v3/flatcontainer/{id}/index.json", Handler: getVersions},
		{Pattern: "GET /v3/flatcontainer/{id}/{version}/{file}", Handler: inside.getContent},
		{Pattern: "GET /v3/readme/{id}/{version}", Handler: inside.getReadme},
		{Pattern: "GET /v3/catalog/{id}/{file}", Handler: getCatalogEntry},

		{Pattern: "GET /v3/query", Handler: search},
		{Pattern: "GET /v3/autocomplete", Handler: autocomplete},

		{Pattern: "GET /v2", Handler: getGallery},
		{Pattern: "GET /v2/{$}", Handler: getGallery},
		{Pattern: "GET /v2/{call}", Handler: getCall},
		{Pattern: "GET /v2/{call}/$count", Handler: getCount},
		{Pattern: "GET /v2/package/{id}/{version}", Handler: getContentByID},
	}
	for _, h := range []hive{plainHive, semVer2Hive} {
		all = append(all,
			format.Route{Pattern: "GET /" + h.path + "{id}/index.json", Handler: h.getIndex},
			format.Route{Pattern: "GET /" + h.path + "{id}/page/{lower}/{upper}", Handler: h.getPage},
			format.Route{Pattern: "GET /" + h.path + "{id}/{file}", Handler: h.getLeaf})
	}
	// Clients write a slash behind the address that they have from the service index, or do not; those of version 2 have several
	// places for it.
	for _, pattern := range []string{"PUT /v3/package", "PUT /v3/package/{$}", "PUT /v2", "PUT /v2/{$}", "PUT /v2/package",
		"PUT /v2/package/{$}"} {
		all = append(all, format.Route{Pattern: pattern, Handler: push})
	}
	for _, at := range []string{"/v3/package/{id}/{version}", "/v2/package/{id}/{version}", "/v2/{id}/{version}"} {
		all = append(all, format.Route{Pattern: "DELETE " + at, Handler: unlist}, format.Route{Pattern: "POST " + at, Handler: relist})
	}
	for _, pattern := range []string{"PUT /v3/symbolpackage", "PUT /v3/symbolpackage/{$}"} {
		all = append(all, format.Route{Pattern: pattern, Handler: refuseSymbols})
	}
	for _, pattern := range misdirected {
		all = append(all, format.Route{Pattern: pattern, Handler: redirect})
	}
	return all
}
