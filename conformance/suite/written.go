package suite

import (
	"fmt"
	"strings"
)

// row is one call, and what it must be answered by every client. In its texts ${domain} is the client's own domain, ${shared} one
// that all clients read, ${nowhere} one that there is not, ${client} the client's name; other names are what earlier rows kept.
type row struct {
	name, operation string
	input           string // members as in the service model
	as              string // who signs, when not the administrator
	want            string // pattern of the answer, as for matches; names end in -any where clients have their own
	keep            string // "NAME POINTER": the value in the answer is ${NAME} from here on

	// Of an error: its code, what its message says, its typed members. about is the resource's type and id.
	code, says, reason, about string
}

// chapter is a domain of each client's own with what the rows need, and the rows, in order.
type chapter struct {
	name     string
	setup    []row
	packages []npmPackage // published after the setup
	public   bool         // needs a public package of npm
	rows     []row
}

const (
	forged    = "InvalidSignatureException" // AWS's, in no service's model
	badField  = string(FieldValidationFailed)
	otherwise = "OTHER"
)

const (
	allowRead = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::${owner}:root"},` +
		`"Action":"codeartifact:DescribeRepository","Resource":"*"}]}`
	allowList = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::${owner}:root"},` +
		`"Action":"codeartifact:ListRepositoriesInDomain","Resource":"*"}]}`
	denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",` +
		`"Action":"codeartifact:*","Resource":"*"}]}`
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

// shared is with over the domain that all clients read.
func shared(more ...string) string {
	return strings.ReplaceAll(with("my-repo", more...), "${domain}", "${shared}")
}

const arnOf = `"resourceArn":"arn:aws:codeartifact:${region}:${owner}:`

var makeDomain = row{operation: "CreateDomain", input: with("")}

func makeRepository(name string, upstreams ...string) row {
	list := make([]string, len(upstreams))
	for i, u := range upstreams {
		list[i] = fmt.Sprintf(`{"repositoryName":%q}`, u)
	}
	return row{operation: "CreateRepository", input: with(name, `"upstreams":[`+strings.Join(list, ",")+`]`)}
}

// chapters can be told at the same time; account counts what they make, and is told when they are done.
var chapters = []chapter{
	domainsChapter, repositoriesChapter, policiesChapter, tagsChapter, readingChapter, versionsChapter,
	genericChapter, deniedChapter(), groupsChapter, quotasChapter, connectionsChapter,
}

// firsts are the first answer of each operation and the first of each error. The aws command line is run for these: each call is a
// process that takes long to start, and it makes its calls as boto3 does. Another client makes the others in its place.
var firsts = func() map[string]bool {
	first, seen := map[string]bool{}, map[string]bool{}
	for _, told := range append([]chapter{account}, chapters...) {
		for _, r := range told.rows {
			kind := r.code
			if kind == "" {
				kind = r.operation
			}
			if !seen[kind] {
				seen[kind], first[told.name+r.operation+r.name] = true, true
			}
		}
	}
	return first
}()
