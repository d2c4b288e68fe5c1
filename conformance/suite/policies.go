package suite

import (
	"fmt"
	"strings"
)

var policiesChapter = chapter{
	name:  "policies",
	setup: []row{makeDomain, makeRepository("app")},
	rows: append(policyRows("Domain", "", "domain policies-any", allowList),
		policyRows("Repository", "app", "repository policies-any/app", allowRead)...),
}

func policyRows(noun, repository, about, document string) []row {
	put, get, del := "Put"+noun+"PermissionsPolicy", "Get"+noun+"PermissionsPolicy", "Delete"+noun+"PermissionsPolicy"
	elsewhere := strings.ReplaceAll(with(repository, policy(document)), "${domain}", "${nowhere}")
	return []row{
		{name: "nowhere", operation: put, input: elsewhere, code: notFound, about: "domain ${nowhere}"},
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
