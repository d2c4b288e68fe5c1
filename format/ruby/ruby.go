// Package ruby is the protocol of RubyGems, as gem and Bundler speak it: the compact index, the indexes and specifications of
// before it in Ruby's Marshal, the dependency API, and pushing and yanking gems.
//
// A package version is a number with a gem for each platform; more may come at any time. What resolvers read of a gem are the
// facts of its asset; all indexes are written of them, whoever says them: the metadata of what was pushed, or the registry
// behind. What else there is to know of a gem stands in the gem.
package ruby

import (
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of Ruby. Names and versions mean what is written (user guide, "Using CodeArtifact with Ruby");
// but a version that Gem::Version takes for another is not published beside it, nor a gem whose name looks like
// that of one of ours. A version from outside has all gems that its registry lists.
func Format() format.Format {
	quick := newSpecifications()
	return format.Format{
		Name: artifact.Ruby,
		Traits: repository.Traits{
			Fold:        fold,
			FoldOwn:     true,
			FoldVersion: foldVersion,
			Late:        repository.LateWhole,
			Growth:      repository.GrowAlways,
			Describes:   describes,
			Describe:    describeGem,
		},
		Rewrite: rewrite,
		Routes: []format.Route{
			{Pattern: "GET /{$}", Handler: getRoot},
			{Pattern: "GET /versions", Handler: getVersions},
			{Pattern: "GET /info/{name}", Handler: getInfo},
			{Pattern: "GET /names", Handler: getNames},
			{Pattern: "GET /gems/{file}", Handler: getGem},
			{Pattern: "GET /quick/Marshal.4.8/{file}", Handler: quick.get},
			{Pattern: "GET /specs.4.8.gz", Handler: getSpecs},
			{Pattern: "GET /latest_specs.4.8.gz", Handler: getLatestSpecs},
			{Pattern: "GET /prerelease_specs.4.8.gz", Handler: getPrereleaseSpecs},
			{Pattern: "GET /api/v1/dependencies", Handler: getDependencies, CountAs: gemsAsked},
			{Pattern: "POST /api/v1/gems", Handler: push},
			{Pattern: "DELETE /api/v1/gems/yank", Handler: yank},
			{Pattern: "PUT /api/v1/gems/unyank", Handler: unyank},
			{Pattern: "GET /api/v1/gems/{name}/owners.yaml", Handler: noOwners},
			{Pattern: "POST /api/v1/gems/{name}/owners", Handler: noOwners},
			{Pattern: "DELETE /api/v1/gems/{name}/owners", Handler: noOwners},
			{Pattern: "GET /api/v1/api_key", Handler: noKeys},
			{Pattern: "POST /api/v1/api_key", Handler: noKeys},
			{Pattern: "GET /api/v1/profile/me.yaml", Handler: noKeys},
		},
		Fail:   fail,
		Source: newSource,
		Detect: detectors,
		Tools:  tools,
	}
}

// rewrite takes one slash where a client has joined a host that ends in one with a path that begins with one, as gem push does.
// A redirect would end its command.
func rewrite(escaped string) string { return "/" + strings.TrimLeft(escaped, "/") }
