// Package npm is the protocol of the npm registry, as npm, yarn, pnpm and bun speak it.
//
// A package is its packument, an index document in two forms, and one tarball a version. Names, versions and documents
// from clients and from registries are parsed here; permission, storage and the walk through upstreams are the Shelf's.
package npm

import (
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/semver"
	"entrepot/repository"
)

// Format returns the registration of npm.
func Format() format.Format {
	return format.Format{
		Name:    artifact.NPM,
		Traits:  repository.Traits{Canonical: canonical, DefaultLabel: latestTag, Prefer: semver.Prefer, Readme: readmeOf},
		Rewrite: Rewrite,
		Routes:  routes(),
		Fail:    fail,
		Source:  newSource,
		Detect:  detectors,
		Tools:   tools,
	}
}

// latestTag is the tag that clients install from when they are told nothing else.
const latestTag = "latest"

// Paths of the calls that have more than one row.
const (
	login       = "/-/v1/login"
	user        = "/-/user/{user}"
	userAt      = "/-/user/{user}/-rev/{rev}"
	revision    = "/{package}/-rev/{rev}"
	tags        = "/-/package/{package}/dist-tags"
	tag         = "/-/package/{package}/dist-tags/{tag}"
	removal     = "/{package}/-/{file}/-rev/{rev}"
	tokens      = "/-/npm/v1/tokens"
	profile     = "/-/npm/v1/user"
	hooks       = "/-/npm/v1/hooks"
	stage       = "/-/stage/{rest...}"
	org         = "/-/org/{rest...}"
	team        = "/-/team/{rest...}"
	access      = "/-/package/{package}/access"
	trust       = "/-/package/{package}/trust"
	collaborate = "/-/package/{package}/collaborators"
)

func routes() []format.Route {
	served := []format.Route{
		{Pattern: "GET /{package}", Handler: getPackage},
		{Pattern: "GET /{package}/{selector}", Handler: getVersion},
		{Pattern: "GET /{package}/-/{file}", Handler: getTarball},
		{Pattern: "PUT /{package}", Handler: putPackage},

		{Pattern: "GET " + tags, Handler: getTags},
		{Pattern: "PUT " + tag, Handler: putTag},
		{Pattern: "POST " + tag, Handler: putTag},
		{Pattern: "DELETE " + tag, Handler: deleteTag},

		{Pattern: "GET /{$}", Handler: ping},
		{Pattern: "GET /-/ping", Handler: ping},
		{Pattern: "GET /-/whoami", Handler: whoami},
		{Pattern: "GET /-/v1/search", Handler: search},
		{Pattern: "GET /" + attestationsBase + "{spec}", Handler: getAttestations},
		{Pattern: "GET /-/package/{package}/visibility", Handler: visibility},
	}
	for _, row := range refusals {
		for _, method := range row.methods {
			served = append(served, format.Route{Pattern: method + " " + row.path, Handler: row.handler()})
		}
	}
	return served
}

// refusal is a call of npm's that this repository does not have, and what to do instead. CodeArtifact does not support
// them either (user guide, "npm command support") and does not document its statuses.
type refusal struct {
	methods []string
	path    string
	status  int
	reason  string
}

// What a refused client is told.
const (
	useDelete = "npm unpublish is not supported here. Delete versions with `aws codeartifact delete-package-versions`, " +
		"or hide them with `aws codeartifact update-package-versions-status`."
	useLogin = "npm login is not supported here. Sign in with `aws codeartifact login --tool npm`."
	noLogout = "npm logout is not supported here. Tokens of `aws codeartifact login --tool npm` end by themselves; " +
		"`npm config delete` forgets one earlier."
	usePolicies = "Owners, teams, organisations and access are not managed through npm here. " +
		"Use `aws codeartifact put-repository-permissions-policy`."
	noTokens = "Tokens and profiles are not managed through npm here. Use `aws codeartifact get-authorization-token`."
	noHooks  = "npm hooks are not supported here."
	noStages = "Staged publishing and trusted publishers are not supported here. Use npm publish with a token of " +
		"`aws codeartifact login --tool npm`."
	noKeys = "This repository has no signing keys of its own."
	// An empty answer would tell the user that no vulnerabilities were found; a server error would be tried again and
	// slow every install down. npm install passes over a 404, npm audit shows it.
	noAdvisories = "npm audit is not supported here: this server has no source of advisories."
	noListing    = "Listing all packages is not supported here. Use npm search or `aws codeartifact list-packages`."
)

var readWrite = []string{"GET", "PUT", "POST", "DELETE"}

// refusals: 405 where the path means something here or to the user, 404 where the client takes that for "not this
// registry" and goes on.
var refusals = []refusal{
	{[]string{"PUT", "DELETE"}, revision, 405, useDelete},
	{[]string{"DELETE"}, removal, 405, useDelete},
	{[]string{"DELETE"}, "/{package}/-/{file}", 405, useDelete},
	// npm 6 writes the repository's own path twice.
	{[]string{"DELETE"}, "/npm/{repository}" + removal, 405, useDelete},
	{[]string{"DELETE"}, "/{domain}/npm/{repository}" + removal, 405, useDelete},
	{[]string{"DELETE"}, "/{package}", 405, useDelete},

	{[]string{"POST"}, login, 404, useLogin},
	{[]string{"GET", "PUT"}, user, 405, useLogin},
	{[]string{"PUT"}, userAt, 405, useLogin},
	{[]string{"DELETE"}, "/-/user/token/{token}", 405, noLogout},

	{[]string{"POST"}, "/-/npm/v1/security/advisories/bulk", 404, noAdvisories},
	{[]string{"POST"}, "/-/npm/v1/security/audits/quick", 404, noAdvisories},
	{[]string{"POST"}, "/-/npm/v1/security/audits", 404, noAdvisories},
	// npm audit signatures reads 404 as "no keys"; an empty list would make every signature of a public package bad.
	{[]string{"GET"}, "/-/npm/v1/keys", 404, noKeys},

	{readWrite, tokens, 404, noTokens},
	{[]string{"DELETE"}, tokens + "/token/{token}", 404, noTokens},
	{readWrite, profile, 404, noTokens},
	{[]string{"GET", "POST"}, hooks, 404, noHooks},
	{readWrite, hooks + "/hook/{hook}", 404, noHooks},
	{readWrite, org, 404, usePolicies},
	{readWrite, team, 404, usePolicies},
	{readWrite, access, 404, usePolicies},
	{readWrite, collaborate, 404, usePolicies},
	{readWrite, trust, 404, noStages},
	{readWrite, stage, 404, noStages},
	{[]string{"POST"}, "/-/npm/v1/oidc/token/exchange/package/{package}", 404, noStages},
	{[]string{"PUT", "POST"}, tags, 405, "Set one tag at a time with npm dist-tag add."},
	{[]string{"GET"}, "/-/all", 404, noListing},
	{[]string{"GET"}, "/-/by-user/{user}", 404, noListing},
	{[]string{"GET"}, "/-/_view/{view}", 404, noListing},
}

// handler refuses those who may come in; everybody else is turned away as from any other route.
func (row refusal) handler() format.Handler {
	return func(_ http.ResponseWriter, r *http.Request, s format.Shelf) error {
		return format.OrDenied(r.Context(), s, refuse(row.status, row.reason))
	}
}
