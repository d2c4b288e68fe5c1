package suite

var account = chapter{name: "account", setup: []row{makeDomain, makeRepository("app")}, rows: []row{
	{name: "of the account", operation: "ListDomains", input: `{}`,
		want: `{"domains":[{"name":"account-any"},{"name":"${shared}"}]}`},
	{name: "first page", operation: "ListDomains", input: `{"maxResults":1}`, want: `{"nextToken":"*"}`,
		keep: "page /nextToken"},
	{name: "second page", operation: "ListDomains", input: `{"maxResults":1,"nextToken":"${page}"}`,
		want: `{"domains":["*"]}`},
	{name: "no page", operation: "ListDomains", input: `{"nextToken":"never-given"}`, code: invalid, reason: badField},
	{name: "with a wrong secret", operation: "ListDomains", input: `{}`, as: forger, code: forged},
	{name: "of everything", operation: "ListRepositories", input: `{"maxResults":1000}`,
		want: `{"repositories":[{"name":"my-repo","domainName":"${shared}"}]}`},
}}
