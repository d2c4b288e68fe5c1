package e2e

import (
	"fmt"
	"strings"

	"entrepot/e2e/fakenpm"
)

// row is one call, and what it must be answered by every client. In its input ${domain} is the client's own domain, other
// names are what earlier rows kept.
type row struct {
	name, operation string
	input           string // members as in the service model
	as              string // who signs, when not the administrator
	brief           bool   // without the aws command line, which takes long to start and has shown the like before
	want            string // pattern of the answer, as for matches; names end in -any where clients have their own
	keep            string // "NAME POINTER": the value in the answer is ${NAME} from here on

	// Of an error: its code, what its message says, its typed members. about is the resource's type and id.
	code, says, reason, about string
}

// chapter is a domain of each client's own with what the rows need, and the rows, in order.
type chapter struct {
	name  string
	setup []row
	rows  []row
}

const (
	invalid   = "ValidationException"
	notFound  = "ResourceNotFoundException"
	conflict  = "ConflictException"
	quota     = "ServiceQuotaExceededException"
	denied    = "AccessDeniedException"
	forged    = "InvalidSignatureException"
	away      = "InternalServerException"
	badField  = "FIELD_VALIDATION_FAILED"
	otherwise = "OTHER"
	unparsed  = "CANNOT_PARSE"
)

// outside is what the public registry has. Of it my-repo of my-domain has kept both versions of @acme/hello; published is
// what was published there.
var (
	outside = []fakenpm.Package{
		{Name: "left", Version: "1.0.0"}, {Name: "left", Version: "1.1.0"}, {Name: "right", Version: "1.0.0"},
		{Name: "@acme/hello", Version: "1.0.0", Files: map[string][]byte{
			"package.json": []byte(`{"name":"@acme/hello","version":"1.0.0","description":"says hello","license":"MIT",
				"homepage":"https://hello.example.test/","repository":"https://code.example.test/hello.git",
				"dependencies":{"left":"^1.0.0","@acme/base":"2"},"devDependencies":{"up":"1"}}`),
		}},
		{Name: "@acme/hello", Version: "1.1.0"},
	}
	published = fakenpm.Package{Name: "plain", Version: "2.0.0",
		Files: map[string][]byte{"README.md": []byte("# plainly\n")}}
)

const (
	allowRead = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::123456789012:root"},` +
		`"Action":"codeartifact:DescribeRepository","Resource":"*"}]}`
	allowList = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::123456789012:root"},` +
		`"Action":"codeartifact:ListRepositoriesInDomain","Resource":"*"}]}`
	denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":` +
		`{"AWS":"arn:aws:iam::123456789012:user/administrator"},"Action":"codeartifact:*","Resource":"*"}]}`
	allowWorld = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",` +
		`"Action":"codeartifact:*","Resource":"*"}]}`
)

// with is the input of a domain's operations, in a repository if one is named, and more members.
func with(repository string, more ...string) string {
	members := []string{`"domain":"${domain}"`}
	if repository != "" {
		members = append(members, `"repository":"`+repository+`"`)
	}
	return "{" + strings.Join(append(members, more...), ",") + "}"
}

// called names a package: "name" or "@scope/name".
func called(qualified string) string {
	scope, name, scoped := strings.Cut(strings.TrimPrefix(qualified, "@"), "/")
	if !scoped {
		return fmt.Sprintf(`"format":"npm","package":%q`, qualified)
	}
	return fmt.Sprintf(`"format":"npm","namespace":%q,"package":%q`, scope, name)
}

func policy(document string) string { return fmt.Sprintf(`"policyDocument":%q`, document) }

// shared is with over the domain that all clients read, called its packages.
func shared(more ...string) string {
	return strings.ReplaceAll(with("my-repo", more...), "${domain}", domain)
}

const arnOf = `"resourceArn":"arn:aws:codeartifact:us-east-1:123456789012:`

var makeDomain = row{operation: "CreateDomain", input: with("")}

func makeRepository(name string, upstreams ...string) row {
	list := make([]string, len(upstreams))
	for i, u := range upstreams {
		list[i] = fmt.Sprintf(`{"repositoryName":%q}`, u)
	}
	return row{operation: "CreateRepository", input: with(name, `"upstreams":[`+strings.Join(list, ",")+`]`)}
}

// chapters are told at the same time, account when they are done: with one domain allowed and the registry away.
var chapters = []chapter{
	domainsChapter, repositoriesChapter, policiesChapter, tagsChapter, readingChapter, versionsChapter,
	genericChapter, deniedChapter(), groupsChapter,
}

var domainsChapter = chapter{name: "domains", rows: []row{
	{name: "makes one", operation: "CreateDomain",
		input: with("", `"tags":[{"key":"team","value":"a"}]`, `"encryptionKey":"alias/aws/codeartifact"`),
		want: `{"domain":{"name":"domains-any","owner":"123456789012","status":"Active",` +
			`"repositoryCount":0,"assetSizeBytes":0}}`},
	{name: "makes none twice", operation: "CreateDomain", input: with(""), code: conflict, says: "already exists",
		about: "domain domains-any"},
	{name: "wants letters", operation: "CreateDomain", input: `{"domain":"my_domain"}`, code: invalid, reason: badField,
		says: "Value 'my_domain' at 'domain'"},
	{name: "wants a key", operation: "CreateDomain", input: `{"domain":"keyless","encryptionKey":"no-key"}`,
		code:   invalid,
		reason: "ENCRYPTION_KEY_ERROR", says: "KMS key not found"},
	{name: "wants few tags", operation: "CreateDomain", input: `{"domain":"tagged","tags":[{"key":"a","value":""},` +
		`{"key":"b","value":""},{"key":"c","value":""},{"key":"d","value":""}]}`, code: quota, about: "domain tagged"},
	{name: "shows it", operation: "DescribeDomain", input: with("", `"domainOwner":"123456789012"`),
		want: `{"domain":{"name":"domains-any","encryptionKey":"*","s3BucketArn":"*"}}`},
	{name: "shows another", operation: "DescribeDomain", input: `{"domain":"my-domain"}`,
		want: `{"domain":{"name":"my-domain","repositoryCount":3}}`},
	{name: "shows none", operation: "DescribeDomain", input: `{"domain":"nowhere"}`, code: notFound,
		about: "domain nowhere",
		says:  "Domain not found. Domain 'nowhere' owned by account '123456789012' does not exist"},
	{name: "not an account", operation: "DescribeDomain", input: with("", `"domainOwner":"12345678901x"`),
		code:   invalid,
		reason: badField, says: "'domainOwner'"},
	{name: "makes a token", operation: "GetAuthorizationToken", input: with("", `"durationSeconds":900`),
		want: `{"authorizationToken":"*","expiration":"*"}`},
	{name: "makes one for twelve hours", operation: "GetAuthorizationToken", input: with("", `"durationSeconds":0`),
		want: `{"expiration":"hours after the start"}`},
	{name: "for too short", operation: "GetAuthorizationToken", input: with("", `"durationSeconds":899`), code: invalid,
		reason: badField, says: "durationSeconds"},
	{name: "for too long", operation: "GetAuthorizationToken", input: with("", `"durationSeconds":43201`),
		code:   invalid,
		reason: badField, says: "durationSeconds"},
	{name: "for nowhere", operation: "GetAuthorizationToken", input: `{"domain":"nowhere"}`, code: notFound,
		about: "domain nowhere"},
	{name: "one to fill", operation: "CreateRepository", input: with("app"),
		want: `{"repository":{"name":"app","domainName":"domains-any","upstreams":[],` +
			`"externalConnections":[],"description":null}}`},
	{name: "that is not empty", operation: "DeleteDomain", input: with(""), code: conflict,
		says: "Domain must contain 0 repositories before deletion", about: "domain domains-any"},
	{name: "one to empty", operation: "DeleteRepository", input: with("app"), want: `{"repository":{"name":"app"}}`},
	{name: "that is empty", operation: "DeleteDomain", input: with(""), want: `{"domain":{"status":"Deleted"}}`},
	{name: "that is not there", operation: "DeleteDomain", input: with(""), want: `{"domain":null}`},
}}

var repositoriesChapter = chapter{
	name:  "repositories",
	setup: []row{makeDomain, makeRepository("store"), makeRepository("spare")},
	rows: []row{
		{name: "with all members", operation: "CreateRepository",
			input: with("${domain}", `"description":"d","upstreams":[{"repositoryName":"store"}],`+
				`"tags":[{"key":"k","value":"v"}]`),
			want: `{"repository":{"name":"repositories-any","upstreams":[{"repositoryName":"store"}],` +
				`"description":"d"}}`},
		{name: "twice", operation: "CreateRepository", input: with("store"), code: conflict,
			about: "repository repositories-any/store"},
		{name: "in no domain", operation: "CreateRepository", input: `{"domain":"nowhere","repository":"app"}`,
			code:  notFound,
			about: "domain nowhere"},
		{name: "over nothing", operation: "CreateRepository",
			input: with("app", `"upstreams":[{"repositoryName":"none"}]`),
			code:  notFound, about: "repository repositories-any/none"},
		{name: "over too many", operation: "CreateRepository", code: quota, about: "repository repositories-any/app",
			input: with("app", `"upstreams":[{"repositoryName":"store"},{"repositoryName":"spare"},`+
				`{"repositoryName":"${domain}"}]`)},
		{name: "over one twice", operation: "CreateRepository", code: invalid, reason: otherwise,
			says:  "more than once",
			input: with("app", `"upstreams":[{"repositoryName":"store"},{"repositoryName":"store"}]`)},
		{name: "the fourth", operation: "CreateRepository", input: with("fourth"),
			want: `{"repository":{"name":"fourth"}}`},
		{name: "the fifth", operation: "CreateRepository", input: with("fifth"),
			want: `{"repository":{"name":"fifth"}}`},
		{name: "the sixth", operation: "CreateRepository", input: with("sixth"), code: quota,
			says:  "limit of 5 repositories",
			about: "domain repositories-any"},
		{name: "one", operation: "DescribeRepository", input: with("${domain}"),
			want: `{"repository":{"administratorAccount":"123456789012","domainOwner":"123456789012",` +
				`"arn":"*","createdTime":"*"}}`},
		{name: "none", operation: "DescribeRepository", input: with("none"), code: notFound,
			about: "repository repositories-any/none",
			says: "Repository not found. Repository 'none' in domain 'repositories-any' " +
				"owned by account '123456789012' does not exist"},
		{name: "in no domain", operation: "DescribeRepository", input: `{"domain":"nowhere","repository":"app"}`,
			code:  notFound,
			about: "domain nowhere"},
		{name: "no name", operation: "DescribeRepository", input: with("-a"), code: invalid, reason: badField},
		{name: "clears a description", operation: "UpdateRepository", input: with("${domain}", `"description":""`),
			want: `{"repository":{"description":null,"upstreams":[{"repositoryName":"store"}]}}`},
		{name: "clears upstreams", operation: "UpdateRepository", input: with("${domain}", `"upstreams":[]`),
			want: `{"repository":{"upstreams":[]}}`},
		{name: "sets them in order", operation: "UpdateRepository",
			input: with("${domain}", `"upstreams":[{"repositoryName":"spare"},{"repositoryName":"store"}]`),
			want:  `{"repository":{"upstreams":[{"repositoryName":"spare"},{"repositoryName":"store"}]}}`},
		{name: "in a circle", operation: "UpdateRepository",
			input: with("store", `"upstreams":[{"repositoryName":"${domain}"}]`),
			code:  invalid, reason: otherwise, says: "among its own upstreams"},
		{name: "of none", operation: "UpdateRepository", input: with("none", `"description":"d"`), code: notFound,
			about: "repository repositories-any/none"},
		{name: "with too much to say", operation: "UpdateRepository",
			input: with("store", `"description":"`+strings.Repeat("d", 1001)+`"`),
			code:  invalid, reason: badField, says: "length less than or equal to 1000"},
		{name: "to a registry", operation: "AssociateExternalConnection",
			input: with("store", `"externalConnection":"public:npmjs"`),
			want: `{"repository":{"externalConnections":[{"externalConnectionName":"public:npmjs",` +
				`"packageFormat":"npm","status":"AVAILABLE"}]}}`},
		{name: "to it again", operation: "AssociateExternalConnection",
			input: with("store", `"externalConnection":"public:npmjs"`),
			code:  conflict, about: "repository repositories-any/store"},
		{name: "to a second", operation: "AssociateExternalConnection",
			input: with("store", `"externalConnection":"public:pypi"`),
			code:  invalid, reason: otherwise, says: "ExternalConnections for repositories are currently limited to 1"},
		{name: "to an unknown one", operation: "AssociateExternalConnection",
			input: with("fourth", `"externalConnection":"public:none"`),
			code:  invalid, reason: otherwise, says: "is not an external connection"},
		{name: "over upstreams", operation: "AssociateExternalConnection",
			input: with("${domain}", `"externalConnection":"public:npmjs"`),
			code:  invalid, reason: otherwise, says: "has upstream repositories"},
		{name: "of none", operation: "AssociateExternalConnection",
			input: with("none", `"externalConnection":"public:npmjs"`),
			code:  notFound, about: "repository repositories-any/none"},
		{name: "from the registry", operation: "DisassociateExternalConnection",
			input: with("store", `"externalConnection":"public:npmjs"`),
			want:  `{"repository":{"externalConnections":[]}}`},
		{name: "from it again", operation: "DisassociateExternalConnection",
			input: with("store", `"externalConnection":"public:npmjs"`), code: notFound,
			about: "repository repositories-any/store"},
		{name: "for npm", operation: "GetRepositoryEndpoint", input: with("store", `"format":"npm"`),
			want: `{"repositoryEndpoint":"*"}`},
		{name: "for generic packages", operation: "GetRepositoryEndpoint",
			input: with("store", `"format":"generic","endpointType":"dualstack"`),
			want:  `{"repositoryEndpoint":"*"}`},
		{name: "of none", operation: "GetRepositoryEndpoint", input: with("none", `"format":"npm"`), code: notFound,
			about: "repository repositories-any/none"},
		{name: "for no format", operation: "GetRepositoryEndpoint", input: with("store", `"format":"tar"`),
			code:   invalid,
			reason: badField, says: "[npm, pypi, maven, nuget, generic, ruby, swift, cargo]"},
		{name: "by prefix", operation: "ListRepositories", input: `{"repositoryPrefix":"${domain}"}`,
			want: `{"repositories":[{"name":"repositories-any","description":null}],"nextToken":null}`},
		{name: "by no prefix", operation: "ListRepositories", input: `{"repositoryPrefix":"/no"}`, code: invalid,
			reason: badField},
		{name: "first page", operation: "ListRepositoriesInDomain", input: with("", `"maxResults":3`),
			keep: "page /nextToken",
			want: `{"repositories":[{"name":"fifth"},{"name":"fourth"},{"name":"repositories-any"}]}`},
		{name: "second page", operation: "ListRepositoriesInDomain",
			input: with("", `"maxResults":3,"nextToken":"${page}"`),
			want:  `{"repositories":[{"name":"spare"},{"name":"store"}],"nextToken":null}`},
		{name: "another list's page", operation: "ListRepositoriesInDomain",
			input: with("", `"repositoryPrefix":"st","nextToken":"${page}"`), code: invalid, reason: badField,
			says: "belongs to another operation or to other parameters"},
		{name: "of a stranger", operation: "ListRepositoriesInDomain",
			input: with("", `"administratorAccount":"210987654321"`),
			want:  `{"repositories":[]}`},
		{name: "page of too many", operation: "ListRepositoriesInDomain", input: with("", `"maxResults":1001`),
			code:   invalid,
			reason: badField, says: "less than or equal to 1000"},
		{name: "nowhere", operation: "ListRepositoriesInDomain", input: `{"domain":"nowhere"}`, code: notFound,
			about: "domain nowhere"},
		{name: "one", operation: "DeleteRepository", input: with("spare"), want: `{"repository":{"name":"spare"}}`},
		{name: "it again", operation: "DeleteRepository", input: with("spare"), want: `{"repository":null}`},
		{name: "nowhere", operation: "DeleteRepository", input: `{"domain":"nowhere","repository":"app"}`,
			code:  notFound,
			about: "domain nowhere"},
		{name: "over a deleted one", operation: "DescribeRepository", input: with("${domain}"),
			want: `{"repository":{"upstreams":[{"repositoryName":"store"}]}}`},
	},
}

var policiesChapter = chapter{
	name:  "policies",
	setup: []row{makeDomain, makeRepository("app")},
	rows: append(policyRows("Domain", "", "domain policies-any", allowList),
		briefly(policyRows("Repository", "app", "repository policies-any/app", allowRead))...),
}

func briefly(rows []row) []row {
	for i := range rows {
		rows[i].brief = true
	}
	return rows
}

func policyRows(noun, repository, about, document string) []row {
	put, get, del := "Put"+noun+"PermissionsPolicy", "Get"+noun+"PermissionsPolicy", "Delete"+noun+"PermissionsPolicy"
	return []row{
		{name: "none yet", operation: get, input: with(repository), code: notFound, about: about,
			says: "There is no permissions policy"},
		{name: "none to delete", operation: del, input: with(repository), code: notFound, about: about},
		{name: "expecting one", operation: put, input: with(repository, policy(document), `"policyRevision":"stale"`),
			code: conflict, about: about},
		{name: "one", operation: put, input: with(repository, policy(document)), keep: "revision /policy/revision",
			want: fmt.Sprintf(`{"policy":{"document":%q,"resourceArn":"*"}}`, document)},
		{name: "it", operation: get, input: with(repository),
			want: fmt.Sprintf(`{"policy":{"document":%q,"revision":"*"}}`, document)},
		{name: "by its revision", operation: put,
			input: with(repository, policy(document), `"policyRevision":"${revision}"`)},
		{name: "by the one before", operation: put,
			input: with(repository, policy(document), `"policyRevision":"${revision}"`),
			code:  conflict, about: about, says: "The policy revision does not match the current revision"},
		{name: "no JSON", operation: put, input: with(repository, policy(`{"Statement":`)), code: invalid,
			reason: otherwise,
			says:   "The policy document is not valid"},
		{name: "for everybody", operation: put, input: with(repository, policy(allowWorld)),
			want: fmt.Sprintf(`{"policy":{"document":%q}}`, allowWorld)},
		{name: "too long", operation: put,
			input: with(repository, `"policyDocument":"`+strings.Repeat("p", 7169)+`"`), code: invalid,
			reason: badField, says: "length less than or equal to 7168"},
		{name: "by an old revision", operation: del, input: with(repository, `"policyRevision":"${revision}"`),
			code: conflict, about: about},
		{name: "it", operation: del, input: with(repository),
			want: fmt.Sprintf(`{"policy":{"document":%q}}`, allowWorld)},
	}
}

var tagsChapter = chapter{
	name:  "tags",
	setup: []row{makeDomain, makeRepository("app")},
	rows: []row{
		{name: "of a domain", operation: "TagResource", want: `{}`,
			input: `{` + arnOf + `domain/${domain}","tags":[{"key":"team","value":"a"},{"key":"env","value":""}]}`},
		{name: "again", operation: "TagResource",
			input: `{` + arnOf + `domain/${domain}","tags":[{"key":"team","value":"b"}]}`},
		{name: "of a domain", operation: "ListTagsForResource", input: `{` + arnOf + `domain/${domain}"}`,
			want: `{"tags":[{"key":"env","value":""},{"key":"team","value":"b"}]}`},
		{name: "too many", operation: "TagResource", code: quota, about: "domain tags-any", says: "at most 3 tags",
			input: `{` + arnOf + `domain/${domain}","tags":[{"key":"c","value":""},{"key":"d","value":""}]}`},
		{name: "in other case", operation: "TagResource", code: invalid, reason: otherwise, says: "differ in case only",
			input: `{` + arnOf + `domain/${domain}","tags":[{"key":"Team","value":""}]}`},
		{name: "reserved", operation: "TagResource", code: invalid, reason: badField, says: "begins with aws:",
			input: `{` + arnOf + `domain/${domain}","tags":[{"key":"aws:k","value":""}]}`},
		{name: "of no ARN", operation: "TagResource", code: invalid, reason: badField,
			input: `{"resourceArn":"no-arn","tags":[{"key":"k","value":""}]}`},
		{name: "of nothing", operation: "TagResource", code: notFound, about: "repository tags-any/none",
			input: `{` + arnOf + `repository/${domain}/none","tags":[{"key":"k","value":""}]}`},
		{name: "of a repository", operation: "ListTagsForResource", input: `{` + arnOf + `repository/${domain}/app"}`,
			want: `{"tags":[]}`},
		{name: "of nothing", operation: "ListTagsForResource", input: `{` + arnOf + `domain/nowhere"}`,
			code: notFound, about: "domain nowhere"},
		{name: "one that is there", operation: "UntagResource",
			input: `{` + arnOf + `domain/${domain}","tagKeys":["env","absent"]}`, want: `{}`},
		{name: "of nothing", operation: "UntagResource", input: `{` + arnOf + `domain/nowhere","tagKeys":["k"]}`,
			code:  notFound,
			about: "domain nowhere"},
		{name: "what is left", operation: "ListTagsForResource", input: `{` + arnOf + `domain/${domain}"}`,
			want: `{"tags":[{"key":"team","value":"b"}]}`},
		{name: "of no package group", operation: "ListTagsForResource", code: notFound, about: " tags-any/npm/*",
			input: `{` + arnOf + `package-group/${domain}/npm/%2a"}`},
	},
}

// readingChapter is about one repository for all, so that even times and revisions must be the same.
var readingChapter = chapter{name: "reading", rows: []row{
	{name: "of a repository", operation: "ListPackages", input: shared(),
		want: `{"packages":[{"format":"npm","namespace":null,"package":"plain"},{"namespace":"acme",` +
			`"package":"hello"}]}`},
	{name: "first page", operation: "ListPackages", input: shared(`"maxResults":1`), keep: "page /nextToken",
		want: `{"packages":[{"package":"plain","originConfiguration":{"restrictions":{"publish":"ALLOW",` +
			`"upstream":"BLOCK"}}}]}`},
	{name: "second page", operation: "ListPackages", input: shared(`"maxResults":1,"nextToken":"${page}"`),
		want: `{"packages":[{"package":"hello"}]}`},
	{name: "no page", operation: "ListPackages", input: shared(`"nextToken":"never-given"`), code: invalid,
		reason: badField,
		says:   "The nextToken is not one that this service gave out."},
	{name: "by prefix and controls", operation: "ListPackages",
		input: shared(`"format":"npm","packagePrefix":"pl","publish":"ALLOW"`),
		want:  `{"packages":[{"package":"plain"}]}`},
	{name: "by scope alone", operation: "ListPackages", input: shared(`"namespace":"acme"`), code: invalid,
		reason: badField,
		says:   "A namespace can only be given together with a format."},
	{name: "nowhere", operation: "ListPackages", input: `{"domain":"my-domain","repository":"none"}`, code: notFound,
		about: "repository my-domain/none"},
	{name: "one", operation: "DescribePackage", input: shared(called("@acme/hello")),
		want: `{"package":{"namespace":"acme","name":"hello"}}`},
	{name: "none", operation: "DescribePackage", input: shared(called("nothing")), code: notFound,
		about: "package my-domain/my-repo/npm//nothing"},
	{name: "no format", operation: "DescribePackage", input: shared(`"format":"python","package":"x"`), code: invalid,
		reason: badField},
	{name: "of a package", operation: "ListPackageVersions", input: shared(called("@acme/hello")),
		want: `{"defaultDisplayVersion":"1.1.0","versions":[{"version":"1.0.0","status":"Published",` +
			`"revision":"*"},{"version":"1.1.0"}]}`},
	{name: "the newest", operation: "ListPackageVersions",
		input: shared(called("@acme/hello"), `"sortBy":"PUBLISHED_TIME","maxResults":1`),
		want:  `{"versions":[{"version":"1.1.0","origin":{"originType":"EXTERNAL"}}],"nextToken":"*"}`},
	{name: "of a status", operation: "ListPackageVersions",
		input: shared(called("@acme/hello"), `"status":"Unlisted","originType":"EXTERNAL"`),
		want:  `{"versions":[]}`},
	{name: "of no package", operation: "ListPackageVersions", input: shared(called("nothing")), code: notFound,
		about: "package my-domain/my-repo/npm//nothing"},
	{name: "of no status", operation: "ListPackageVersions", input: shared(called("plain"), `"status":"published"`),
		code: invalid, reason: badField},
	{name: "one", operation: "DescribePackageVersion", input: shared(called("@acme/hello"), `"packageVersion":"1.0.0"`),
		want: `{"packageVersion":{"displayName":"@acme/hello","summary":"says hello",` +
			`"licenses":[{"name":"MIT"}],"publishedTime":"*",` +
			`"homePage":"https://hello.example.test/","sourceCodeRepository":"*",` +
			`"origin":{"domainEntryPoint":{"externalConnectionName":"public:npmjs"}}}}`},
	{name: "one that says little", operation: "DescribePackageVersion",
		input: shared(called("plain"), `"packageVersion":"2.0.0"`),
		want: `{"packageVersion":{"summary":null,"namespace":null,` +
			`"origin":{"domainEntryPoint":{"repositoryName":"my-repo"}}}}`},
	{name: "none", operation: "DescribePackageVersion", input: shared(called("plain"), `"packageVersion":"9.9.9"`),
		code:  notFound,
		about: "package-version my-domain/my-repo/npm//plain@9.9.9"},
	{name: "of a version", operation: "ListPackageVersionAssets",
		input: shared(called("@acme/hello"), `"packageVersion":"1.0.0"`),
		want: `{"version":"1.0.0","versionRevision":"*","assets":[{"name":"package.tgz",` +
			`"hashes":{"MD5":"*","SHA-1":"*","SHA-256":"*","SHA-512":"*"}}]}`},
	{name: "of no version", operation: "ListPackageVersionAssets",
		input: shared(called("@acme/hello"), `"packageVersion":"9.9.9"`), code: notFound,
		about: "package-version my-domain/my-repo/npm/acme/hello@9.9.9"},
	{name: "one", operation: "GetPackageVersionAsset",
		input: shared(called("@acme/hello"), `"packageVersion":"1.0.0","asset":"package.tgz"`),
		want:  `{"asset":"*","assetName":"package.tgz","packageVersion":"1.0.0","packageVersionRevision":"*"}`},
	{name: "none", operation: "GetPackageVersionAsset",
		input: shared(called("@acme/hello"), `"packageVersion":"1.0.0","asset":"other.tgz"`),
		code:  notFound, about: "asset my-domain/my-repo/npm/acme/hello@1.0.0/other.tgz"},
	{name: "of another revision", operation: "GetPackageVersionAsset", code: notFound, says: "has no revision 'stale'",
		input: shared(called("plain"), `"packageVersion":"2.0.0","asset":"package.tgz",`+
			`"packageVersionRevision":"stale"`),
		about: "package-version my-domain/my-repo/npm//plain@2.0.0"},
	{name: "one", operation: "GetPackageVersionReadme", input: shared(called("plain"), `"packageVersion":"2.0.0"`),
		want: `{"readme":"# plainly\n","versionRevision":"*"}`},
	{name: "none", operation: "GetPackageVersionReadme",
		input: shared(called("@acme/hello"), `"packageVersion":"1.0.0"`),
		code:  notFound, says: "has no readme", about: "package-version my-domain/my-repo/npm/acme/hello@1.0.0"},
	{name: "of a version", operation: "ListPackageVersionDependencies",
		input: shared(called("@acme/hello"), `"packageVersion":"1.0.0"`),
		want: `{"dependencies":[{"namespace":"acme","package":"base","dependencyType":"regular",` +
			`"versionRequirement":"2"},` +
			`{"namespace":null,"package":"left"},{"package":"up","dependencyType":"dev"}]}`},
	{name: "of one that has none", operation: "ListPackageVersionDependencies",
		input: shared(called("plain"), `"packageVersion":"2.0.0"`),
		want:  `{"dependencies":[],"nextToken":null}`},
	{name: "of no version", operation: "ListPackageVersionDependencies",
		input: shared(called("plain"), `"packageVersion":"9.9.9"`), code: notFound,
		about: "package-version my-domain/my-repo/npm//plain@9.9.9"},
}}

// copying is the input of CopyPackageVersions.
func copying(from, to, qualified, more string) string {
	return with("", fmt.Sprintf(`"sourceRepository":%q,"destinationRepository":%q`, from, to), called(qualified), more)
}

var versionsChapter = chapter{
	name: "versions",
	setup: []row{
		makeDomain, makeRepository("store"), makeRepository("app", "store"),
		makeRepository("release"), makeRepository("attic"),
		{operation: "AssociateExternalConnection", input: with("store", `"externalConnection":"public:npmjs"`)},
	},
	rows: []row{
		{name: "what is not kept", operation: "CopyPackageVersions",
			input: copying("app", "release", "left", `"versions":["1.0.0"]`),
			want:  `{"failedVersions":{"1.0.0":{"errorCode":"NOT_FOUND","errorMessage":"*"}},"successfulVersions":{}}`},
		{name: "from outside", operation: "CopyPackageVersions",
			input: copying("app", "release", "left", `"versions":["1.0.0","1.1.0"],"includeFromUpstream":true`),
			want: `{"successfulVersions":{"1.0.0":{"status":"Published","revision":"*"},` +
				`"1.1.0":{"status":"Published"}},"failedVersions":{}}`},
		{name: "again", operation: "CopyPackageVersions",
			input: copying("app", "release", "left", `"versions":["1.0.0"]`),
			want:  `{"successfulVersions":{},"failedVersions":{}}`},
		{name: "one of two", operation: "CopyPackageVersions",
			input: copying("release", "attic", "left", `"versions":["1.0.0","5.6.7"]`),
			want:  `{"failedVersions":{"1.0.0":{"errorCode":"SKIPPED"},"5.6.7":{"errorCode":"NOT_FOUND"}}}`},
		{name: "by revision", operation: "CopyPackageVersions",
			input: copying("release", "attic", "left", `"versionRevisions":{"1.1.0":"stale"}`),
			want:  `{"failedVersions":{"1.1.0":{"errorCode":"MISMATCHED_REVISION"}}}`},
		{name: "both", operation: "CopyPackageVersions",
			input: copying("release", "attic", "left", `"versions":["1.0.0","1.1.0"]`),
			want:  `{"successfulVersions":{"1.0.0":"*","1.1.0":"*"}}`},
		{name: "nothing", operation: "CopyPackageVersions", input: copying("app", "release", "left", `"versions":[]`),
			code:   invalid,
			reason: badField, says: "ersions"},
		{name: "to itself", operation: "CopyPackageVersions",
			input: copying("app", "app", "left", `"versions":["1.0.0"]`), code: invalid,
			reason: badField, says: "must be different"},
		{name: "to nowhere", operation: "CopyPackageVersions",
			input: copying("app", "none", "left", `"versions":["1.0.0"]`), code: notFound,
			about: "repository versions-any/none"},
		{name: "of what came in", operation: "ListPackageVersions", input: with("release", called("left")),
			want: `{"versions":[{"version":"1.0.0","origin":{"originType":"EXTERNAL",` +
				`"domainEntryPoint":{"externalConnectionName":"public:npmjs"}}},` +
				`{"version":"1.1.0"}],"defaultDisplayVersion":"1.1.0"}`},
		{name: "of one", operation: "UpdatePackageVersionsStatus",
			input: with("release", called("left"), `"versions":["1.0.0"],"targetStatus":"Archived"`),
			want:  `{"successfulVersions":{"1.0.0":{"status":"Archived"}}}`},
		{name: "of another status", operation: "UpdatePackageVersionsStatus",
			input: with("release", called("left"), `"versions":["1.0.0","1.1.0"],`+
				`"expectedStatus":"Archived","targetStatus":"Unlisted"`),
			want: `{"failedVersions":{"1.1.0":{"errorCode":"MISMATCHED_STATUS"},"1.0.0":{"errorCode":"SKIPPED"}}}`},
		{name: "to what cannot be", operation: "UpdatePackageVersionsStatus", code: invalid, reason: badField,
			input: with("release", called("left"), `"versions":["1.0.0"],"targetStatus":"Deleted"`),
			says:  "targetStatus"},
		{name: "to what is no status", operation: "UpdatePackageVersionsStatus", code: invalid, reason: badField,
			input: with("release", called("left"), `"versions":["1.0.0"],"targetStatus":"Gone"`)},
		{name: "of no package", operation: "UpdatePackageVersionsStatus", code: notFound,
			about: "package versions-any/release/npm//nothing",
			input: with("release", called("nothing"), `"versions":["1.0.0"],"targetStatus":"Unlisted"`)},
		{name: "of an archived version", operation: "GetPackageVersionAsset", code: conflict,
			says:  "its status is Archived",
			input: with("release", called("left"), `"packageVersion":"1.0.0","asset":"package.tgz"`),
			about: "package-version versions-any/release/npm//left@1.0.0"},
		{name: "of the other", operation: "GetPackageVersionAsset", want: `{"asset":"*"}`,
			input: with("release", called("left"), `"packageVersion":"1.1.0","asset":"package.tgz"`)},
		{name: "one", operation: "DisposePackageVersions", input: with("attic", called("left"), `"versions":["1.0.0"]`),
			want: `{"successfulVersions":{"1.0.0":{"status":"Disposed"}}}`},
		{name: "it again", operation: "DisposePackageVersions",
			input: with("attic", called("left"), `"versions":["1.0.0"]`),
			want:  `{"failedVersions":{"1.0.0":{"errorCode":"NOT_ALLOWED"}}}`},
		{name: "by revisions of others", operation: "DisposePackageVersions", code: invalid, reason: badField,
			says:  "versionRevisions",
			input: with("attic", called("left"), `"versions":["1.1.0"],"versionRevisions":{"1.0.0":"r"}`)},
		{name: "of a disposed version", operation: "ListPackageVersionAssets",
			input: with("attic", called("left"), `"packageVersion":"1.0.0"`),
			want:  `{"assets":[]}`},
		{name: "one", operation: "DeletePackageVersions", input: with("attic", called("left"), `"versions":["1.0.0"]`),
			want: `{"successfulVersions":{"1.0.0":{"status":"Deleted"}}}`},
		{name: "it again", operation: "DeletePackageVersions",
			input: with("attic", called("left"), `"versions":["1.0.0"]`),
			want:  `{"failedVersions":{"1.0.0":{"errorCode":"NOT_FOUND"}}}`},
		{name: "none", operation: "DeletePackageVersions", input: with("attic", called("left"), `"versions":[]`),
			code: invalid, reason: badField,
			says: "versions names no version."},
		{name: "of one that is there", operation: "PutPackageOriginConfiguration",
			input: with("release", called("left"), `"restrictions":{"publish":"BLOCK","upstream":"BLOCK"}`),
			want:  `{"originConfiguration":{"restrictions":{"publish":"BLOCK","upstream":"BLOCK"}}}`},
		{name: "of one to come", operation: "PutPackageOriginConfiguration",
			input: with("release", called("@acme/planned"), `"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}`),
			want:  `{"originConfiguration":{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}}`},
		{name: "of another kind", operation: "PutPackageOriginConfiguration", code: invalid, reason: badField,
			says:  "[ALLOW, BLOCK]",
			input: with("release", called("left"), `"restrictions":{"publish":"ALLOW","upstream":"INHERIT"}`)},
		{name: "nowhere", operation: "PutPackageOriginConfiguration", code: notFound,
			about: "repository versions-any/none",
			input: with("none", called("left"), `"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}`)},
		{name: "with its versions", operation: "DeletePackage", input: with("release", called("left")),
			want: `{"deletedPackage":{"format":"npm","package":"left","namespace":null}}`},
		{name: "it again", operation: "DeletePackage", input: with("release", called("left")), code: notFound,
			about: "package versions-any/release/npm//left"},
		{name: "after all this", operation: "DescribeDomain", input: with(""),
			want: `{"domain":{"repositoryCount":4}}`},
	},
}

// deniedChapter has a repository and a domain with policies that deny the administrator everything.
func deniedChapter() chapter {
	left := called("left")
	version := left + `,"packageVersion":"1.0.0"`
	versions := left + `,"versions":["1.0.0"]`
	c := chapter{name: "denied", setup: []row{
		makeDomain, makeRepository("shut"), makeRepository("open"),
		{operation: "PutRepositoryPermissionsPolicy", input: with("shut", policy(denyAll))},
	}}
	no := func(operation, input, on string) {
		c.rows = append(c.rows, row{name: "denied", operation: operation, input: input, code: denied,
			brief: len(c.rows)%6 > 0,
			says: "User: arn:aws:iam::123456789012:user/administrator is not authorized to perform: " +
				"codeartifact:" + operation + " on resource: arn:aws:codeartifact:us-east-1:123456789012:" + on})
	}
	const repository = "repository/denied-any/shut with an explicit deny"
	const pkg = "package/denied-any/shut/npm//left with an explicit deny"
	no("DescribeRepository", with("shut"), repository)
	no("UpdateRepository", with("shut", `"description":"d"`), repository)
	no("DeleteRepository", with("shut"), repository)
	no("AssociateExternalConnection", with("shut", `"externalConnection":"public:npmjs"`), repository)
	no("DisassociateExternalConnection", with("shut", `"externalConnection":"public:npmjs"`), repository)
	no("GetRepositoryEndpoint", with("shut", `"format":"npm"`), repository)
	no("GetRepositoryPermissionsPolicy", with("shut"), repository)
	no("DeleteRepositoryPermissionsPolicy", with("shut"), repository)
	no("ListPackages", with("shut"), repository)
	no("ListTagsForResource", `{`+arnOf+`repository/${domain}/shut"}`, repository)
	no("TagResource", `{`+arnOf+`repository/${domain}/shut","tags":[{"key":"k","value":""}]}`, repository)
	no("UntagResource", `{`+arnOf+`repository/${domain}/shut","tagKeys":["k"]}`, repository)
	no("DescribePackage", with("shut", left), pkg)
	no("DeletePackage", with("shut", left), pkg)
	no("ListPackageVersions", with("shut", left), pkg)
	no("DescribePackageVersion", with("shut", version), pkg)
	no("ListPackageVersionAssets", with("shut", version), pkg)
	no("ListPackageVersionDependencies", with("shut", version), pkg)
	no("GetPackageVersionAsset", with("shut", version, `"asset":"package.tgz"`), pkg)
	no("GetPackageVersionReadme", with("shut", version), pkg)
	no("PutPackageOriginConfiguration", with("shut", left, `"restrictions":{"publish":"ALLOW",`+
		`"upstream":"BLOCK"}`), pkg)
	no("UpdatePackageVersionsStatus", with("shut", versions, `"targetStatus":"Unlisted"`), pkg)
	no("DisposePackageVersions", with("shut", versions), pkg)
	no("DeletePackageVersions", with("shut", versions), pkg)
	c.rows = append(c.rows,
		row{name: "into it", operation: "CopyPackageVersions",
			input: copying("open", "shut", "left", `"versions":["1.0.0"]`), code: denied,
			says: "codeartifact:CopyPackageVersions"},
		row{name: "out of it", operation: "CopyPackageVersions",
			input: copying("shut", "open", "left", `"versions":["1.0.0"]`), code: denied,
			says: "codeartifact:ReadFromRepository"},
		row{name: "over it", operation: "CreateRepository", input: makeRepository("new", "shut").input, code: denied,
			says: "codeartifact:AssociateWithDownstreamRepository"},
		row{name: "beside it", operation: "DescribeRepository", input: with("open"),
			want: `{"repository":{"name":"open"}}`},
		row{name: "never locks out", operation: "PutRepositoryPermissionsPolicy",
			input: with("shut", policy(allowRead))},
		row{name: "opens it", operation: "DescribeRepository", input: with("shut"),
			want: `{"repository":{"name":"shut"}}`},
		row{name: "all of it", operation: "PutDomainPermissionsPolicy", input: with("", policy(denyAll))},
	)
	const domain = "domain/denied-any with an explicit deny"
	no("DescribeDomain", with(""), domain)
	no("DeleteDomain", with(""), domain)
	no("GetDomainPermissionsPolicy", with(""), domain)
	no("DeleteDomainPermissionsPolicy", with(""), domain)
	no("GetAuthorizationToken", with(""), domain)
	no("ListRepositoriesInDomain", with(""), domain)
	no("CreateRepository", with("new"), "")
	no("PutRepositoryPermissionsPolicy", with("open", policy(allowRead)),
		"repository/denied-any/open with an explicit deny")
	c.rows = append(c.rows, row{name: "never locks out", operation: "PutDomainPermissionsPolicy",
		input: with("", policy(allowList))})
	return c
}

// grouped is the input of the operations on a package group.
func grouped(pattern string, more ...string) string {
	return with("", append([]string{`"packageGroup":"` + pattern + `"`}, more...)...)
}

var groupsChapter = chapter{name: "groups", setup: []row{makeDomain, makeRepository("app"), makeRepository("lib"),
	{operation: "PutPackageOriginConfiguration",
		input: with("app", called("@space/ui"), `"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}`)}},
	rows: []row{
		{name: "of a new domain", operation: "ListPackageGroups", input: with(""),
			want: `{"packageGroups":[{"pattern":"/*","parent":null,"originConfiguration":{"restrictions":{"PUBLISH":{"mode":"ALLOW",` +
				`"effectiveMode":"ALLOW","inheritedFrom":null},"EXTERNAL_UPSTREAM":{},"INTERNAL_UPSTREAM":{}}}}],"nextToken":null}`},
		{name: "one", operation: "CreatePackageGroup",
			input: grouped("/npm/space/*", `"contactInfo":"us"`, `"description":"ours"`, `"tags":[{"key":"team","value":"a"}]`),
			want: `{"packageGroup":{"arn":"*","pattern":"/npm/space/*","domainName":"groups-any","createdTime":"*","contactInfo":"us",` +
				`"description":"ours","parent":{"pattern":"/*"},"originConfiguration":{"restrictions":{"PUBLISH":{"mode":"INHERIT",` +
				`"effectiveMode":"ALLOW","inheritedFrom":{"pattern":"/*","arn":"*"},"repositoriesCount":null}}}}}`},
		{name: "it again", operation: "CreatePackageGroup", input: grouped("/npm/space/*"), code: conflict, says: "already exists",
			about: " groups-any/npm/space/*"},
		{name: "of all packages", operation: "CreatePackageGroup", input: grouped("/*"), code: conflict,
			about: " groups-any/*"},
		{name: "of no pattern", operation: "CreatePackageGroup", input: grouped("/npm/foo*"), code: invalid, reason: otherwise,
			says: "write ~"},
		{name: "of a pattern with a space", operation: "CreatePackageGroup", input: grouped("/npm/ *"), code: invalid, reason: badField},
		{name: "in the spelling that is not kept", operation: "CreatePackageGroup", input: grouped("/nuget//Acme~"), code: invalid,
			reason: otherwise, says: "Write '/nuget//acme~'"},
		{name: "that is one too many", operation: "CreatePackageGroup", input: grouped("/pypi/*"), code: quota,
			says: "limit of 2 package groups", about: "domain groups-any"},
		{name: "its description", operation: "UpdatePackageGroup", input: grouped("/npm/space/*", `"description":""`),
			want: `{"packageGroup":{"contactInfo":"us","description":null}}`},
		{name: "none", operation: "UpdatePackageGroup", input: grouped("/pypi/*"), code: notFound, says: "Package group not found",
			about: " groups-any/pypi/*"},
		{name: "a list", operation: "UpdatePackageGroupOriginConfiguration",
			input: grouped("/npm/space/*", `"restrictions":{"PUBLISH":"ALLOW_SPECIFIC_REPOSITORIES","EXTERNAL_UPSTREAM":"BLOCK"}`,
				`"addAllowedRepositories":[{"repositoryName":"lib","originRestrictionType":"PUBLISH"},`+
					`{"repositoryName":"app","originRestrictionType":"PUBLISH"}]`),
			want: `{"allowedRepositoryUpdates":{"PUBLISH":{"ADDED":["app","lib"]}},"packageGroup":{"originConfiguration":{"restrictions":{` +
				`"PUBLISH":{"mode":"ALLOW_SPECIFIC_REPOSITORIES","repositoriesCount":2},"EXTERNAL_UPSTREAM":{"mode":"BLOCK"}}}}}`},
		{name: "less of it", operation: "UpdatePackageGroupOriginConfiguration",
			input: grouped("/npm/space/*", `"removeAllowedRepositories":[{"repositoryName":"lib","originRestrictionType":"PUBLISH"}]`),
			want:  `{"allowedRepositoryUpdates":{"PUBLISH":{"REMOVED":["lib"]}}}`},
		{name: "a list of another mode", operation: "UpdatePackageGroupOriginConfiguration", code: invalid, reason: otherwise,
			input: grouped("/*", `"addAllowedRepositories":[{"repositoryName":"lib","originRestrictionType":"PUBLISH"}]`)},
		{name: "a list of no repository", operation: "UpdatePackageGroupOriginConfiguration", code: notFound,
			about: "repository groups-any/none",
			input: grouped("/npm/space/*", `"addAllowedRepositories":[{"repositoryName":"none","originRestrictionType":"PUBLISH"}]`)},
		{name: "no parent", operation: "UpdatePackageGroupOriginConfiguration", code: invalid, reason: otherwise,
			input: grouped("/*", `"restrictions":{"PUBLISH":"INHERIT"}`)},
		{name: "no mode", operation: "UpdatePackageGroupOriginConfiguration", code: invalid, reason: badField,
			input: grouped("/*", `"restrictions":{"PUBLISH":"DENY"}`)},
		{name: "of one", operation: "ListAllowedRepositoriesForGroup",
			input: grouped("/npm/space/*", `"originRestrictionType":"PUBLISH"`), want: `{"allowedRepositories":["app"]}`},
		{name: "of none", operation: "ListAllowedRepositoriesForGroup", code: notFound, about: " groups-any/pypi/*",
			input: grouped("/pypi/*", `"originRestrictionType":"PUBLISH"`)},
		{name: "first page", operation: "ListPackageGroups", input: with("", `"maxResults":1`), keep: "groups /nextToken",
			want: `{"packageGroups":[{"pattern":"/*"}]}`},
		{name: "second page", operation: "ListPackageGroups", input: with("", `"maxResults":1,"nextToken":"${groups}"`),
			want: `{"packageGroups":[{"pattern":"/npm/space/*"}],"nextToken":null}`},
		{name: "by a prefix", operation: "ListPackageGroups", input: with("", `"prefix":"/pypi"`), want: `{"packageGroups":[]}`},
		{name: "nowhere", operation: "ListPackageGroups", input: `{"domain":"nowhere"}`, code: notFound, about: "domain nowhere"},
		{name: "of all", operation: "ListSubPackageGroups", input: grouped("/*"),
			want: `{"packageGroups":[{"pattern":"/npm/space/*"}]}`},
		{name: "of none", operation: "ListSubPackageGroups", input: grouped("/pypi/*"), code: notFound, about: " groups-any/pypi/*"},
		{name: "of one", operation: "ListAssociatedPackages", input: grouped("/npm/space/*"),
			want: `{"packages":[{"format":"npm","namespace":"space","package":"ui","associationType":"STRONG"}]}`},
		{name: "of one to be", operation: "ListAssociatedPackages", input: grouped("/npm/space/UI$", `"preview":true`),
			want: `{"packages":[{"package":"ui","associationType":"WEAK"}]}`},
		{name: "of none", operation: "ListAssociatedPackages", input: grouped("/npm/space/UI$"), code: notFound,
			about: " groups-any/npm/space/UI$"},
		{name: "of a package", operation: "GetAssociatedPackageGroup", input: with("", called("@space/other")),
			want: `{"packageGroup":{"pattern":"/npm/space/*"},"associationType":"STRONG"}`},
		{name: "of another", operation: "GetAssociatedPackageGroup", input: with("", called("left")),
			want: `{"packageGroup":{"pattern":"/*"},"associationType":"STRONG"}`},
		{name: "nowhere", operation: "GetAssociatedPackageGroup", input: `{"domain":"nowhere",` + called("left") + `}`,
			code: notFound, about: "domain nowhere"},
		{name: "of a group", operation: "ListTagsForResource", input: `{` + arnOf + `package-group/${domain}/npm/space/%2a"}`,
			want: `{"tags":[{"key":"team","value":"a"}]}`},
		{name: "one", operation: "DescribePackageGroup", input: grouped("/npm/space/*"),
			want: `{"packageGroup":{"pattern":"/npm/space/*","parent":{"pattern":"/*"}}}`},
		{name: "one", operation: "DeletePackageGroup", input: grouped("/npm/space/*"), want: `{"packageGroup":{"pattern":"/npm/space/*"}}`},
		{name: "it again", operation: "DeletePackageGroup", input: grouped("/npm/space/*"), code: notFound,
			about: " groups-any/npm/space/*"},
		{name: "of all packages", operation: "DeletePackageGroup", input: grouped("/*"), code: invalid, reason: otherwise},
		{name: "one that is gone", operation: "DescribePackageGroup", input: grouped("/npm/space/*"), code: notFound,
			about: " groups-any/npm/space/*"},
	}}

var account = chapter{name: "account", rows: []row{
	{name: "of the account", operation: "ListDomains", input: `{}`,
		want: `{"domains":[{"name":"denied-any"},{"name":"my-domain"},{"name":"tags-any"}]}`},
	{name: "first page", operation: "ListDomains", input: `{"maxResults":2}`, want: `{"nextToken":"*"}`,
		keep: "page /nextToken"},
	{name: "second page", operation: "ListDomains", input: `{"maxResults":1,"nextToken":"${page}"}`,
		want: `{"domains":["*"]}`},
	{name: "no page", operation: "ListDomains", input: `{"nextToken":"never-given"}`, code: invalid, reason: badField},
	{name: "with a wrong secret", operation: "ListDomains", input: `{}`, as: "a forger", code: forged},
	{name: "with an unknown key", operation: "ListDomains", input: `{}`, as: "a stranger", code: forged},
	{name: "of everything", operation: "ListRepositories", input: `{"maxResults":1000}`,
		want: `{"repositories":[{"name":"npm-store","domainName":"my-domain"}]}`},
	{name: "one too many", operation: "CreateDomain", input: with(""), code: quota, says: "limit of 1 domains",
		about: "domain account-any"},
	{name: "from a registry that is away", operation: "CopyPackageVersions", code: away,
		input: `{"domain":"my-domain","sourceRepository":"my-repo","destinationRepository":"npm-store",` +
			`"includeFromUpstream":true,` +
			called("right") + `,"versions":["1.0.0"]}`},
}}
