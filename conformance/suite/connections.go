package suite

// connectionsChapter is about a version of a public package of npm, for endpoints whose public:npmjs has it.
var connectionsChapter = chapter{
	name: "connections", public: true,
	setup: []row{makeDomain, makeRepository("store"), makeRepository("app", "store"), makeRepository("release"),
		{operation: "AssociateExternalConnection", input: with("store", `"externalConnection":"public:npmjs"`)}},
	rows: []row{
		{name: "what is not kept", operation: "CopyPackageVersions",
			input: copying("app", "release", "${public}", `"versions":["${version}"]`),
			want:  `{"failedVersions":{"${version}":{"errorCode":"NOT_FOUND","errorMessage":"*"}},"successfulVersions":{}}`},
		{name: "from outside", operation: "CopyPackageVersions",
			input: copying("app", "release", "${public}", `"versions":["${version}"],"includeFromUpstream":true`),
			want:  `{"successfulVersions":{"${version}":{"status":"Published","revision":"*"}},"failedVersions":{}}`},
		{name: "of what came in", operation: "ListPackageVersions",
			input: with("release", called("${public}"), `"originType":"EXTERNAL"`),
			want: `{"versions":[{"version":"${version}","origin":{"originType":"EXTERNAL",` +
				`"domainEntryPoint":{"externalConnectionName":"public:npmjs"}}}]}`},
		{name: "of what came in", operation: "DescribePackageVersion",
			input: with("release", called("${public}"), `"packageVersion":"${version}"`),
			want:  `{"packageVersion":{"origin":{"domainEntryPoint":{"externalConnectionName":"public:npmjs"}}}}`},
		{name: "of what came in", operation: "DescribePackage", input: with("release", called("${public}")),
			want: `{"package":{"originConfiguration":{"restrictions":{"publish":"BLOCK","upstream":"ALLOW"}}}}`},
	},
}
