package suite

import (
	"fmt"
	"strings"
)

// Quotas that no account has raised (user guide, "Quotas"): tags of a resource, direct upstreams, and how many assets a version
// can have at most, in the regions where it is most.
const (
	mostTags, mostUpstreams, mostAssets = 50, 10, 350
	mostChanges                         = 100 // of allowed repositories, in one call
)

// tagged are more tags than a resource can have.
func tagged() string {
	tags := make([]string, mostTags+1)
	for i := range tags {
		tags[i] = fmt.Sprintf(`{"key":"key%d","value":""}`, i)
	}
	return `"tags":[` + strings.Join(tags, ",") + `]`
}

// above are more upstreams than a repository can have, and the rows that make them.
func above() (upstreams string, make []row) {
	var names []string
	for i := range mostUpstreams + 1 {
		name := fmt.Sprintf("up%d", i)
		names = append(names, `{"repositoryName":"`+name+`"}`)
		make = append(make, makeRepository(name))
	}
	return `"upstreams":[` + strings.Join(names, ",") + `]`, make
}

// changes are more changes than one call can make.
func changes() string {
	one := `{"repositoryName":"app","originRestrictionType":"PUBLISH"}`
	return `"addAllowedRepositories":[` + strings.Repeat(one+",", mostChanges) + one + `]`
}

// full is the version that the suite has filled with as many assets as there can be.
const full = `"format":"generic","namespace":"tools","package":"full","packageVersion":"1.0.0"`

var quotasChapter = func() chapter {
	upstreams, repositories := above()
	return chapter{name: "quotas", setup: append([]row{makeDomain, makeRepository("app")}, repositories...), rows: []row{
		{name: "too many tags", operation: "CreateDomain", input: `{"domain":"${domain}-tagged",` + tagged() + `}`, code: quota,
			about: "domain quotas-any-tagged"},
		{name: "too many tags", operation: "CreateRepository", input: with("tagged", tagged()), code: quota,
			about: "repository quotas-any/tagged"},
		{name: "too many upstreams", operation: "CreateRepository", input: with("over", upstreams), code: quota,
			about: "repository quotas-any/over"},
		{name: "too many upstreams", operation: "UpdateRepository", input: with("app", upstreams), code: quota,
			about: "repository quotas-any/app"},
		{name: "too many tags", operation: "CreatePackageGroup", input: grouped("/npm/tagged/*", tagged()), code: quota,
			about: " quotas-any/npm/tagged/*"},
		{name: "too many tags", operation: "TagResource", input: `{` + arnOf + `domain/${domain}",` + tagged() + `}`, code: quota,
			says: "at most 50 tags", about: "domain quotas-any"},
		{name: "too many changes", operation: "UpdatePackageGroupOriginConfiguration", code: invalid, reason: otherwise,
			input: grouped("/*", `"restrictions":{"PUBLISH":"ALLOW_SPECIFIC_REPOSITORIES"}`, changes())},
		{name: "too many assets", operation: "PublishPackageVersion", code: quota, says: "assets",
			input: `{"domain":"${shared}","repository":"full",` + full + `,"assetName":"more","assetContent":"a","assetSHA256":"` +
				sha256Of("a") + `","unfinished":true}`,
			about: "package-version ${shared}/full/generic/tools/full@1.0.0"},
	}}
}()
