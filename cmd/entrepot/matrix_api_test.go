package main

import "entrepot/awsapi"

// matrixOperation is a request of an operation. It is judged on the action of its own name, and on what it needs besides.
type matrixOperation struct {
	query, body string
	needs       string
}

const (
	onD1     = "?domain=d1&domain-owner=" + homeAccount
	onR1     = onD1 + "&repository=r1"
	onLib    = onR1 + "&format=generic&namespace=acme&package=lib"
	onLib1   = onLib + "&version=1.0.0"
	copies   = onD1 + "&source-repository=r1&destination-repository=r2&format=generic&namespace=acme&package=lib"
	onGroup  = onD1 + "&package-group=%2Fnpm%2F%2A"
	onARN    = "?resourceArn=arn%3Aaws%3Acodeartifact%3Aus-east-1%3A" + homeAccount + "%3Arepository%2Fd1%2Fr1"
	versions = `{"versions":["1.0.0"]}`
	aGroup   = `{"packageGroup":"/npm/*"}`
	// nobodyElse is a policy that changes nothing for the callers of the matrix.
	nobodyElse = `"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":\"` +
		`000000000000\"},\"Action\":\"*\",\"Resource\":\"*\"}]}"`
	domainPolicy = `{"domain":"d1","domainOwner":"` + homeAccount + `","policyDocument":` + nobodyElse + `}`
)

// matrixOperations has a row for each operation of the API.
var matrixOperations = map[string]matrixOperation{
	"AssociateExternalConnection":           {query: onR1 + "&external-connection=public%3Anpmjs"},
	"CopyPackageVersions":                   {query: copies, body: versions, needs: "ReadFromRepository"},
	"CreateDomain":                          {query: "?domain=created", body: "{}"},
	"CreatePackageGroup":                    {query: onD1, body: aGroup},
	"CreateRepository":                      {query: onD1 + "&repository=created", body: "{}"},
	"DeleteDomain":                          {query: onD1},
	"DeleteDomainPermissionsPolicy":         {query: onD1},
	"DeletePackage":                         {query: onLib},
	"DeletePackageGroup":                    {query: onGroup},
	"DeletePackageVersions":                 {query: onLib, body: versions},
	"DeleteRepository":                      {query: onD1 + "&repository=spare"},
	"DeleteRepositoryPermissionsPolicy":     {query: onR1},
	"DescribeDomain":                        {query: onD1},
	"DescribePackage":                       {query: onLib},
	"DescribePackageGroup":                  {query: onGroup},
	"DescribePackageVersion":                {query: onLib1},
	"DescribeRepository":                    {query: onR1},
	"DisassociateExternalConnection":        {query: onR1 + "&external-connection=public%3Anpmjs"},
	"DisposePackageVersions":                {query: onLib, body: versions},
	"GetAssociatedPackageGroup":             {query: onD1 + "&format=npm&package=lib"},
	"GetAuthorizationToken":                 {query: onD1},
	"GetDomainPermissionsPolicy":            {query: onD1},
	"GetPackageVersionAsset":                {query: onLib1 + "&asset=a"},
	"GetPackageVersionReadme":               {query: onLib1},
	"GetRepositoryEndpoint":                 {query: onR1 + "&format=npm"},
	"GetRepositoryPermissionsPolicy":        {query: onR1},
	"ListAllowedRepositoriesForGroup":       {query: onGroup + "&originRestrictionType=PUBLISH"},
	"ListAssociatedPackages":                {query: onGroup},
	"ListDomains":                           {body: "{}"},
	"ListPackageGroups":                     {query: onD1},
	"ListPackageVersionAssets":              {query: onLib1},
	"ListPackageVersionDependencies":        {query: onLib1},
	"ListPackageVersions":                   {query: onLib},
	"ListPackages":                          {query: onR1},
	"ListRepositories":                      {},
	"ListRepositoriesInDomain":              {query: onD1},
	"ListSubPackageGroups":                  {query: onGroup},
	"ListTagsForResource":                   {query: onARN},
	"PublishPackageVersion":                 {query: onLib1 + "&asset=a", body: "bytes"},
	"PutDomainPermissionsPolicy":            {body: domainPolicy},
	"PutPackageOriginConfiguration":         {query: onLib, body: `{"restrictions":{"publish":"ALLOW","upstream":"ALLOW"}}`},
	"PutRepositoryPermissionsPolicy":        {query: onR1, body: `{"policyDocument":` + nobodyElse + `}`},
	"TagResource":                           {query: onARN, body: `{"tags":[{"key":"k","value":"v"}]}`},
	"UntagResource":                         {query: onARN, body: `{"tagKeys":["k"]}`},
	"UpdatePackageGroup":                    {query: onD1, body: aGroup},
	"UpdatePackageGroupOriginConfiguration": {query: onGroup, body: "{}"},
	"UpdatePackageVersionsStatus":           {query: onLib, body: `{"versions":["1.0.0"],"targetStatus":"Archived"}`},
	"UpdateRepository":                      {query: onR1, body: "{}"},
}

const nobodysARN = "?principal=arn%3Aaws%3Aiam%3A%3A" + homeAccount + "%3Auser%2Fnobody"

// matrixOwn has rows for each operation of our own, with the actions besides CodeArtifact's that it is judged on. What a caller may
// not do is in an explanation, and is no refusal of it.
var matrixOwn = []struct{ name, path, query, needs string }{
	{"explain one's own request", awsapi.ExplainPath, onLib1, ""},
	{"explain another's request", awsapi.ExplainPath, onLib1 + "&" + nobodysARN[1:], "SimulatePrincipalPolicy"},
	{"list what one may see", awsapi.ListTokensPath, "", ""},
	{"list another's tokens", awsapi.ListTokensPath, nobodysARN, "ListTokens"},
	{"tell what was used", awsapi.UsagePath, "", "GetUsage"},
	{"tell what was used of a domain", awsapi.UsagePath, "?domain=d1&by=repository", "GetUsage"},
	{"revoke another's tokens", awsapi.RevokeTokensPath, nobodysARN, "RevokeTokens"},
	{"look at a version ahead of time", awsapi.PrefetchPath, onLib1, "ReadFromRepository"},
	{"bring an asset in ahead of time", awsapi.PrefetchPath, onLib1 + "&asset=a", "ReadFromRepository"},
	{"put a remote", awsapi.PutRemotePath, onD1 + "&name=far", "PutRemote"},
	{"list remotes", awsapi.ListRemotesPath, onD1, "ListRemotes"},
	{"check a remote", awsapi.CheckRemotePath, onD1 + "&name=far", "PutRemote"},
	{"delete a remote", awsapi.DeleteRemotePath, onD1 + "&name=far", "DeleteRemote"},
	{"list events", awsapi.ListEventsPath, "?after=0", "ListEvents"},
	{"list event targets", awsapi.EventTargetsPath, "", "ListEventTargets"},
	{"list dead letters", awsapi.DeadLettersPath, "?target=ci", "ListDeadLetters"},
	{"replay dead letters", awsapi.ReplayEventsPath, "?target=ci", "ReplayEvents"},
	{"enable an event target", awsapi.EnableEventTargetPath, "?target=ci", "EnableEventTarget"},
	{"revoke a token that there is not", awsapi.RevokeTokensPath, "?id=ASIANONE", "RevokeTokens"},
}
