package suite

import (
	"encoding/json"
	"fmt"
)

// tool is the coordinate of a generic package.
const tool = `"format":"generic","namespace":"tools","package":"cli"`

// uploading is the input that publishes an asset of a version of tool. Its hash is the true one: with another one the Go
// SDK signs what nobody can verify, and the others do not.
func uploading(repository, version, asset, content string, more ...string) string {
	name, err := json.Marshal(asset)
	if err != nil {
		panic(err) // a text has a JSON form
	}
	members := append([]string{tool, fmt.Sprintf(`"packageVersion":%q,"assetName":%s,"assetContent":%q,"assetSHA256":%q`,
		version, name, content, sha256Of(content))}, more...)
	return with(repository, members...)
}

const unfinished = `"unfinished":true`

// genericChapter has what is published through the API.
var genericChapter = chapter{name: "generic", setup: []row{
	makeDomain, makeRepository("app"), makeRepository("below", "app"), makeRepository("other"),
}, rows: []row{
	{name: "the first of several", operation: "PublishPackageVersion",
		input: uploading("app", "1.0.0", "a b.bin", "hello", unfinished),
		want: `{"format":"generic","namespace":"tools","package":"cli","version":"1.0.0","status":"Unfinished",` +
			`"versionRevision":"*","asset":{"name":"a b.bin","size":5,"hashes":{` +
			`"MD5":"5d41402abc4b2a76b9719d911017c592","SHA-1":"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",` +
			`"SHA-256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","SHA-512":"*"}}}`},
	{name: "it again", operation: "PublishPackageVersion",
		input: uploading("app", "1.0.0", "a b.bin", "hello", unfinished), want: `{"status":"Unfinished"}`},
	{name: "is listed", operation: "ListPackageVersions", input: with("app", tool),
		want: `{"versions":[{"version":"1.0.0","status":"Unfinished","origin":{"originType":"INTERNAL",` +
			`"domainEntryPoint":{"repositoryName":"app"}}}]}`},
	{name: "is not served", operation: "GetPackageVersionAsset", code: conflict, says: "its status is Unfinished",
		input: with("app", tool, `"packageVersion":"1.0.0","asset":"a b.bin"`),
		about: "package-version generic-any/app/generic/tools/cli@1.0.0"},
	{name: "other content", operation: "PublishPackageVersion", code: conflict, says: "already exists",
		input: uploading("app", "1.0.0", "a b.bin", "other", unfinished),
		about: "package-version generic-any/app/generic/tools/cli@1.0.0"},
	{name: "one without content", operation: "PublishPackageVersion",
		input: uploading("app", "1.0.0", "nothing", "", unfinished), want: `{"asset":{"name":"nothing","size":0}}`},
	{name: "the last one", operation: "PublishPackageVersion", input: uploading("app", "1.0.0", "été.txt", "summer"),
		want: `{"status":"Published","asset":{"name":"été.txt","size":6}}`},
	{name: "the last one again", operation: "PublishPackageVersion",
		input: uploading("app", "1.0.0", "été.txt", "summer"), want: `{"status":"Published"}`},
	{name: "all of them", operation: "ListPackageVersionAssets", input: with("app", tool, `"packageVersion":"1.0.0"`),
		want: `{"assets":[{"name":"a b.bin","size":5},{"name":"nothing","size":0},{"name":"été.txt","size":6}]}`},
	{name: "with a space", operation: "GetPackageVersionAsset",
		input: with("app", tool, `"packageVersion":"1.0.0","asset":"a b.bin"`),
		want: `{"asset":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","assetName":"a b.bin",` +
			`"packageVersion":"1.0.0","packageVersionRevision":"*"}`},
	{name: "that no header can hold", operation: "GetPackageVersionAsset",
		input: with("app", tool, `"packageVersion":"1.0.0","asset":"été.txt"`),
		want:  `{"asset":"` + sha256Of("summer") + `","assetName":"%C3%A9t%C3%A9.txt"}`},
	{name: "one more", operation: "PublishPackageVersion", code: conflict, says: "takes no more assets",
		input: uploading("app", "1.0.0", "late.bin", "late", unfinished),
		about: "package-version generic-any/app/generic/tools/cli@1.0.0"},
	{name: "a package of npm", operation: "PublishPackageVersion", code: invalid, reason: badField,
		says: "published with their package manager",
		input: with("app", called("left"), `"packageVersion":"1.0.0","assetName":"a","assetContent":"a","assetSHA256":"`+
			sha256Of("a")+`"`)},
	{name: "nowhere", operation: "PublishPackageVersion", code: notFound, about: "repository generic-any/none",
		input: uploading("none", "1.0.0", "a", "a")},
	{name: "without a namespace", operation: "PublishPackageVersion", code: invalid, reason: badField, says: "namespace",
		input: with("app", `"format":"generic","package":"cli","packageVersion":"1","assetName":"a","assetContent":"a",`+
			`"assetSHA256":"`+sha256Of("a")+`"`)},
	wrongName("."), wrongName(".."), wrongName("a/b"), wrongName(" a"), wrongName("a  b"), wrongName("a#b"), wrongName("a=b"),
	{name: "by its status", operation: "PublishPackageVersion", input: uploading("app", "3.0.0", "a", "a", unfinished),
		want: `{"status":"Unfinished"}`},
	{name: "finishes it", operation: "UpdatePackageVersionsStatus",
		input: with("app", tool, `"versions":["3.0.0"],"targetStatus":"Published"`),
		want:  `{"successfulVersions":{"3.0.0":{"status":"Published"}}}`},
	{name: "never from upstream", operation: "GetPackageVersionAsset", code: notFound,
		input: with("below", tool, `"packageVersion":"3.0.0","asset":"a"`),
		about: "package-version generic-any/below/generic/tools/cli@3.0.0"},
	{name: "into another", operation: "CopyPackageVersions",
		input: `{"domain":"${domain}","sourceRepository":"app","destinationRepository":"other",` + tool +
			`,"versions":["1.0.0"]}`,
		want: `{"successfulVersions":{"1.0.0":{"status":"Published"}}}`},
	{name: "from the other", operation: "GetPackageVersionAsset", want: `{"assetName":"nothing"}`,
		input: with("other", tool, `"packageVersion":"1.0.0","asset":"nothing"`)},
	{name: "declares nothing", operation: "ListPackageVersionDependencies",
		input: with("app", tool, `"packageVersion":"1.0.0"`), want: `{"dependencies":[]}`},
	{name: "has no readme", operation: "GetPackageVersionReadme", code: notFound, says: "has no readme",
		input: with("app", tool, `"packageVersion":"1.0.0"`),
		about: "package-version generic-any/app/generic/tools/cli@1.0.0"},
	{name: "the package", operation: "DescribePackage", input: with("app", tool),
		want: `{"package":{"name":"cli","namespace":"tools","originConfiguration":{"restrictions":{"publish":"ALLOW"}}}}`},
	{name: "is closed", operation: "PutPackageOriginConfiguration",
		input: with("app", tool, `"restrictions":{"publish":"BLOCK","upstream":"ALLOW"}`),
		want:  `{"originConfiguration":{"restrictions":{"publish":"BLOCK"}}}`},
	{name: "into a closed package", operation: "PublishPackageVersion", code: conflict, says: "publish=BLOCK",
		input: uploading("app", "4.0.0", "a", "a"), about: "package-version generic-any/app/generic/tools/cli@4.0.0"},
	{name: "one", operation: "DisposePackageVersions", input: with("app", tool, `"versions":["3.0.0"]`),
		want: `{"successfulVersions":{"3.0.0":{"status":"Disposed"}}}`},
	{name: "it", operation: "DeletePackageVersions", input: with("app", tool, `"versions":["3.0.0"]`),
		want: `{"successfulVersions":{"3.0.0":{"status":"Deleted"}}}`},
}}

// wrongName publishes under a name that no asset can have.
func wrongName(asset string) row {
	return row{name: fmt.Sprintf("called %q", asset), operation: "PublishPackageVersion", code: invalid, reason: badField,
		input: uploading("app", "5.0.0", asset, "a")}
}
