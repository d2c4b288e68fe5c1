package suite

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
			says: "is not authorized to perform: " +
				"codeartifact:" + operation + " on resource: arn:aws:codeartifact:${region}:${owner}:" + on})
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
