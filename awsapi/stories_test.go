package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"

	"entrepot/artifact"
	"entrepot/repository"
)

// The stories call the real SDK and send raw requests to the API over real rules.

const acmeJSON = `"name":"acme","owner":"111122223333","arn":"arn:aws:codeartifact:us-east-1:111122223333:domain/acme"`

func TestADomainFromCreationToDeletion(t *testing.T) {
	s := begin(t, Options{})
	const encryption = `"encryptionKey":"arn:aws:kms:us-east-1:111122223333:key/` + storiesKey + `"`
	const described = `{"domain":{` + acmeJSON + `,"status":"Active","createdTime":1602535878.039,` + encryption +
		`,"repositoryCount":0,"assetSizeBytes":0,"s3BucketArn":"arn:aws:s3:::assets-999900001111-us-east-1"}}`
	const creation = `{"encryptionKey":"` + storiesKey + `","tags":[{"key":"cost","value":"7"}]}`
	s.asks("POST /v1/domain?domain=acme", creation, "CreateDomain", "domain/acme")
	s.sends("POST /v1/domain?domain=acme", creation, described)
	s.asks("GET /v1/domain?domain=acme&domain-owner=", "", "DescribeDomain", "domain/acme")
	s.sends("GET /v1/domain?domain=acme&domain-owner=", "", described)
	s.asksIn("POST /v1/domains", `{}`, "ListDomains", "*")
	s.sends("POST /v1/domains", `{}`, `{"domains":[{`+acmeJSON+`,"status":"Active","createdTime":1602535878.039,`+
		encryption+`}]}`)
	out := must[*codeartifact.DeleteDomainOutput](t)(s.client.DeleteDomain(t.Context(),
		&codeartifact.DeleteDomainInput{Domain: aws.String("acme")}))
	s.same("status", types.DomainStatusDeleted, out.Domain.Status)
	s.sends("DELETE /v1/domain?domain=acme", "", `{}`)
	s.sends("POST /v1/domains", ``, `{"domains":[]}`)
}

func TestADomainOwnerIsTheCallersAccountUnlessNamed(t *testing.T) {
	s := begin(t, Options{})
	for request, want := range map[string]string{"domain=acme": owner, "domain=acme&domain-owner=": owner,
		"domain=acme&domain-owner=" + partner: partner} {
		s.asksIn("GET /v1/domain?"+request, "", "DescribeDomain", "arn:aws:codeartifact:us-east-1:"+want+":domain/acme")
	}
}

func TestPermissionIsAskedWithTheTagsOfTheRequest(t *testing.T) {
	s := begin(t, Options{})
	base := s.as(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:RequestTag/cost":"7"},"ForAllValues:StringEquals":{"aws:TagKeys":"cost"}}}}`)
	for _, row := range []struct {
		name, body string
		status     int
	}{
		{"without tags", ``, http.StatusForbidden},
		{"another value", `{"tags":[{"key":"cost","value":"8"}]}`, http.StatusForbidden},
		{"another tag as well", `{"tags":[{"key":"cost","value":"7"},{"key":"team","value":""}]}`, http.StatusForbidden},
		{"the tag", `{"tags":[{"key":"cost","value":"7"}]}`, http.StatusOK},
	} {
		if status, _, body := raw(t, base, "POST /v1/domain?domain=acme", row.body); status != row.status {
			t.Errorf("%s: got %d %s, want %d", row.name, status, body, row.status)
		}
	}
	const arn = "arn:aws:codeartifact:us-east-1:111122223333:domain/acme"
	if status, _, body := raw(t, s.as(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",`+
		`"Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"cost"}}}}`), "POST /v1/untag?resourceArn="+arn,
		`{"tagKeys":["cost"]}`); status != http.StatusOK {
		t.Errorf("the keys of tags that are removed: got %d %s", status, body)
	}
}

func TestARepositoryFromCreationToDeletion(t *testing.T) {
	s := beginIn(t, Options{}, "a1", "b2")
	const summary = `"name":"team","administratorAccount":"111122223333","domainName":"acme",` +
		`"domainOwner":"111122223333",` +
		`"arn":"arn:aws:codeartifact:us-east-1:111122223333:repository/acme/team"`
	const made = `,"createdTime":1602535878.039`
	const creation = `{"description":"d","upstreams":[{"repositoryName":"b2"},{"repositoryName":"a1"}],` +
		`"tags":[{"key":"k","value":""}]}`
	s.asks("POST /v1/repository?"+inRepo, creation, "CreateRepository", "domain/acme")
	s.sends("POST /v1/repository?"+inRepo, "", `{"repository":{`+summary+made+`,"upstreams":[],"externalConnections":[]}}`)
	s.answers("DELETE /v1/repository?"+inRepo, "", http.StatusOK)
	s.sends("POST /v1/repository?"+inRepo, creation,
		`{"repository":{`+summary+`,"description":"d"`+made+`,"upstreams":[{"repositoryName":"b2"},`+
			`{"repositoryName":"a1"}],"externalConnections":[]}}`)

	s.sends("PUT /v1/repository?"+inRepo, `{"description":""}`,
		`{"repository":{`+summary+made+`,"upstreams":[{"repositoryName":"b2"},{"repositoryName":"a1"}],`+
			`"externalConnections":[]}}`)
	s.sends("PUT /v1/repository?"+inRepo, `{"upstreams":[]}`,
		`{"repository":{`+summary+made+`,"upstreams":[],"externalConnections":[]}}`)
	s.sends("PUT /v1/repository?"+inRepo, `{"description":"again"}`,
		`{"repository":{`+summary+`,"description":"again"`+made+`,"upstreams":[],"externalConnections":[]}}`)

	const connection = "POST /v1/repository/external-connection?" + inRepo + "&external-connection=public%3Anpmjs"
	s.asks(connection, "", "AssociateExternalConnection", "repository/acme/team")
	s.sends(connection, "",
		`{"repository":{`+summary+`,"description":"again"`+made+`,"upstreams":[],"externalConnections":[`+
			`{"externalConnectionName":"public:npmjs","packageFormat":"npm","status":"AVAILABLE"}]}}`)
	s.sends("DELETE /v1/repository/external-connection?"+inRepo+"&external-connection=public:npmjs", "",
		`{"repository":{`+summary+`,"description":"again"`+made+`,"upstreams":[],"externalConnections":[]}}`)
	s.sends("POST /v1/domain/repositories?domain=acme&repository-prefix=te", "",
		`{"repositories":[{`+summary+`,"description":"again"`+made+`}]}`)
	s.sends("POST /v1/domain/repositories?domain=acme&administrator-account="+partner, "", `{"repositories":[]}`)
	s.asksIn("POST /v1/repositories", "", "ListRepositories", "*")
	s.sends("POST /v1/repositories?repository-prefix=te", "",
		`{"repositories":[{`+summary+`,"description":"again"`+made+`}]}`)
	s.sends("GET /v1/repository/endpoint?"+inRepo+"&format=generic", "",
		`{"repositoryEndpoint":"http://entrepot.example.test/acme-111122223333/generic/team/"}`)
	out := must[*codeartifact.DeleteRepositoryOutput](t)(s.client.DeleteRepository(t.Context(),
		&codeartifact.DeleteRepositoryInput{Domain: aws.String("acme"), Repository: aws.String("team")}))
	s.same("deleted", "team", *out.Repository.Name)
	s.sends("DELETE /v1/repository?"+inRepo, "", `{}`)
}

func TestAnUpstreamThatIsGoneIsLeftOut(t *testing.T) {
	s := beginIn(t, Options{}, "gone", "kept")
	s.rules.Repository(repositoryKey("team"), "gone", "kept")
	s.answers("DELETE /v1/repository?domain=acme&repository=gone", "", http.StatusOK)
	out := must[*codeartifact.DescribeRepositoryOutput](t)(s.client.DescribeRepository(t.Context(),
		&codeartifact.DescribeRepositoryInput{Domain: aws.String("acme"), Repository: aws.String("team")}))
	if len(out.Repository.Upstreams) != 1 || *out.Repository.Upstreams[0].RepositoryName != "kept" {
		t.Errorf("got %v", out.Repository.Upstreams)
	}
}

func TestPoliciesAreGivenBackAsTheyWerePut(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	for _, row := range []struct {
		name, put, body, get, remove, arn, action string
	}{
		{"of a domain", "PUT /v1/domain/permissions/policy", `{"domain":"acme","policyDocument":` + policyText,
			"GET /v1/domain/permissions/policy?domain=acme", "DELETE /v1/domain/permissions/policy?domain=acme",
			"domain/acme", "PutDomainPermissionsPolicy"},
		{"of a repository", "PUT /v1/repository/permissions/policy?" + inRepo, `{"policyDocument":` + policyText,
			"GET /v1/repository/permissions/policy?" + inRepo, "DELETE /v1/repository/permissions/policies?" + inRepo,
			"repository/acme/team", "PutRepositoryPermissionsPolicy"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &story{t, s.rules, s.tokens, s.client, s.base, s.nobody}
			s.asks(row.put, row.body+`}`, row.action, row.arn)
			_, _, answer := raw(t, s.base, row.put, row.body+`}`)
			var put struct {
				Policy struct{ Revision string }
			}
			if err := json.Unmarshal(answer, &put); err != nil || put.Policy.Revision == "" {
				t.Fatalf("got %s, %v", answer, err)
			}
			want := `{"policy":{"resourceArn":"arn:aws:codeartifact:us-east-1:111122223333:` + row.arn + `",` +
				`"revision":"` + put.Policy.Revision + `","document":` + policyText + `}}`
			s.same("put", want, string(answer))
			s.sends(row.get, "", want)
			s.answers(row.put, row.body+`,"policyRevision":"old"}`, http.StatusConflict)
			s.answers(row.remove+"&policy-revision=old", "", http.StatusConflict)
			s.sends(row.remove+"&policy-revision="+url.QueryEscape(put.Policy.Revision), "", want)
			s.answers(row.get, "", http.StatusNotFound)
		})
	}
}

func TestTagsOfADomainAndOfARepository(t *testing.T) {
	const arn = "arn:aws:codeartifact:us-east-1:111122223333:"
	for text, resource := range map[string]string{
		"arn%3Aaws%3Acodeartifact%3Aus-east-1%3A111122223333%3Adomain%2Facme": "domain/acme",
		arn + "repository/acme/team":                                          "repository/acme/team",
	} {
		t.Run(text, func(t *testing.T) {
			s := beginIn(t, Options{}, "team")
			s.asks("POST /v1/tags?resourceArn="+text, "", "ListTagsForResource", resource)
			s.sends("POST /v1/tags?resourceArn="+text, "", `{"tags":[]}`)
			s.asks("POST /v1/tag?resourceArn="+text, `{"tags":[{"key":"a","value":""}]}`, "TagResource", resource)
			s.sends("POST /v1/tag?resourceArn="+text, `{"tags":[{"key":"b","value":"2"},{"key":"a","value":""}]}`, `{}`)
			s.sends("POST /v1/tags?resourceArn="+text, "", `{"tags":[{"key":"a","value":""},{"key":"b","value":"2"}]}`)
			s.asks("POST /v1/untag?resourceArn="+text, `{"tagKeys":["a"]}`, "UntagResource", resource)
			s.sends("POST /v1/untag?resourceArn="+text, `{"tagKeys":["a","none"]}`, `{}`)
			s.sends("POST /v1/tags?resourceArn="+text, "", `{"tags":[{"key":"b","value":"2"}]}`)
		})
	}
}

func TestAPackageGroupFromCreationToDeletion(t *testing.T) {
	s := beginIn(t, Options{}, "team", "b2")
	const of, named = "domain=acme&package-group=%2Fnpm%2Fspace%2F%2A", `"packageGroup":"/npm/space/*"`
	const arns = `arn:aws:codeartifact:us-east-1:111122223333:package-group/acme`
	const root = `{"arn":"` + arns + `/%2a","pattern":"/*"}`
	inherits := func(mode string) string {
		return `{"mode":"INHERIT","effectiveMode":"` + mode + `","inheritedFrom":` + root + `}`
	}
	described := func(description, publish string) string {
		return `{"arn":"` + arns + `/npm/space/%2a","pattern":"/npm/space/*","domainName":"acme","domainOwner":"111122223333",` +
			`"createdTime":1602535878.039,"contactInfo":"us"` + description + `,"originConfiguration":{"restrictions":{` +
			`"EXTERNAL_UPSTREAM":` + inherits("ALLOW") + `,"INTERNAL_UPSTREAM":` + inherits("ALLOW") + `,"PUBLISH":` + publish + `}},` +
			`"parent":` + root + `}`
	}
	const creation = `{` + named + `,"contactInfo":"us","tags":[{"key":"k","value":"v"}]}`
	s.asks("POST /v1/package-group?domain=acme", creation, "CreatePackageGroup", "package-group/acme/npm/space/%2a")
	s.sends("POST /v1/package-group?domain=acme", creation, `{"packageGroup":`+described("", inherits("ALLOW"))+`}`)
	s.answers("POST /v1/package-group?domain=acme", creation, http.StatusConflict)
	s.sends("PUT /v1/package-group?domain=acme", `{`+named+`,"description":"d"}`,
		`{"packageGroup":`+described(`,"description":"d"`, inherits("ALLOW"))+`}`)
	const list = `{"mode":"ALLOW_SPECIFIC_REPOSITORIES","effectiveMode":"ALLOW_SPECIFIC_REPOSITORIES","repositoriesCount":1}`
	const change = `{"restrictions":{"PUBLISH":"ALLOW_SPECIFIC_REPOSITORIES"},"addAllowedRepositories":` +
		`[{"repositoryName":"team","originRestrictionType":"PUBLISH"}]}`
	s.asks("PUT /v1/package-group-origin-configuration?"+of, change, "UpdatePackageGroupOriginConfiguration",
		"package-group/acme/npm/space/%2a")
	group := described(`,"description":"d"`, list)
	s.sends("PUT /v1/package-group-origin-configuration?"+of, change,
		`{"packageGroup":`+group+`,"allowedRepositoryUpdates":{"PUBLISH":{"ADDED":["team"]}}}`)
	s.sends("GET /v1/package-group-allowed-repositories?"+of+"&originRestrictionType=PUBLISH", "",
		`{"allowedRepositories":["team"]}`)
	s.sends("GET /v1/package-group-allowed-repositories?"+of+"&originRestrictionType=EXTERNAL_UPSTREAM", "",
		`{"allowedRepositories":[]}`)
	s.sends("GET /v1/package-group?"+of, "", `{"packageGroup":`+group+`}`)
	s.sends("POST /v1/package-groups?domain=acme&prefix=%2Fnpm", "", `{"packageGroups":[`+group+`]}`)
	s.sends("POST /v1/package-groups/sub-groups?domain=acme&package-group=%2F%2A", "", `{"packageGroups":[`+group+`]}`)
	s.asks("POST /v1/package-groups?domain=acme", "", "ListPackageGroups", "domain/acme")

	const resource = "resourceArn=arn:aws:codeartifact:us-east-1:111122223333:package-group/acme/npm/space/%252a"
	s.asks("POST /v1/tags?"+resource, "", "ListTagsForResource", "package-group/acme/npm/space/%2a")
	s.sends("POST /v1/tag?"+resource, `{"tags":[{"key":"a","value":"b"}]}`, `{}`)
	s.sends("POST /v1/untag?"+resource, `{"tagKeys":["k"]}`, `{}`)
	s.sends("POST /v1/tags?"+resource, "", `{"tags":[{"key":"a","value":"b"}]}`)

	ui := artifact.PackageKey{Format: artifact.NPM, Namespace: "space", Name: "ui"}
	s.hold("team", artifact.Version{VersionKey: ui.At("1.0.0"), Revision: "r", Status: artifact.Published})
	const packages = `{"packages":[{"format":"npm","namespace":"space","package":"ui","associationType":"STRONG"}]}`
	s.sends("GET /v1/list-associated-packages?"+of, "", packages)
	s.sends("GET /v1/list-associated-packages?domain=acme&package-group=%2Fnpm%2FSPACE%2F%2A&preview=true", "", `{"packages":[]}`)
	const called = "GET /v1/get-associated-package-group?domain=acme&format=npm&namespace=Space&package=ui"
	s.asks(called, "", "GetAssociatedPackageGroup", "package-group/acme/npm/space/%2a")
	s.sends(called, "", `{"packageGroup":`+group+`,"associationType":"WEAK"}`)

	s.asks("DELETE /v1/package-group?"+of, "", "DeletePackageGroup", "package-group/acme/npm/space/%2a")
	s.sends("DELETE /v1/package-group?"+of, "", `{"packageGroup":`+group+`}`)
	s.answers("GET /v1/package-group?"+of, "", http.StatusNotFound)
	s.answers("DELETE /v1/package-group?domain=acme&package-group=%2F%2A", "", http.StatusBadRequest)
	s.answers("POST /v1/tags?"+resource, "", http.StatusNotFound)
}

func TestATokensDurationIsHandedOnAsItWasAsked(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	zero, hour := 0, 3600
	for query, want := range map[string]*int{"": nil, "&duration=0": &zero, "&duration=3600": &hour} {
		s.sends("POST /v1/authorization-token?domain=acme"+query, "",
			`{"authorizationToken":"token-for-acme","expiration":1602539478.039}`)
		s.same("seconds", want, s.tokens.seconds)
	}
}

var lodash = artifact.PackageKey{Format: artifact.NPM, Name: "lodash"}

func TestPackagesAndTheirControls(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	const controls = `"originConfiguration":{"restrictions":{"publish":"BLOCK","upstream":"ALLOW"}}`
	s.asks("POST /v1/package?"+inPackage, `{"restrictions":{"publish":"BLOCK","upstream":"ALLOW"}}`,
		"PutPackageOriginConfiguration", "package/acme/team/npm//lodash")
	s.sends("POST /v1/package?"+inPackage, `{"restrictions":{"publish":"BLOCK","upstream":"ALLOW"}}`, `{`+controls+`}`)
	s.sends("POST /v1/package?"+inRepo+"&format=npm&namespace=acme&package=ui",
		`{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}`,
		`{"originConfiguration":{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}}`)
	s.sends("GET /v1/package?"+inPackage, "", `{"package":{"format":"npm","name":"lodash",`+controls+`}}`)
	s.asks("POST /v1/packages?"+inRepo, "", "ListPackages", "repository/acme/team")
	s.sends("POST /v1/packages?"+inRepo+"&publish=BLOCK", "",
		`{"packages":[{"format":"npm","package":"lodash",`+controls+`}]}`)
	s.sends("POST /v1/packages?"+inRepo+"&format=npm&namespace=ac&package-prefix=u&upstream=BLOCK", "",
		`{"packages":[{"format":"npm","namespace":"acme","package":"ui",`+
			`"originConfiguration":{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}}]}`)
	s.same("packages that are not fed from upstream", 1,
		bytes.Count(bodyOf(raw(t, s.base, "POST /v1/packages?"+inRepo+"&upstream=BLOCK", "")), []byte(`"package"`)))
	s.sends("DELETE /v1/package?"+inPackage, "", `{"deletedPackage":{"format":"npm","package":"lodash",`+controls+`}}`)
	s.answers("GET /v1/package?"+inPackage, "", http.StatusNotFound)
}

// bodyOf picks the body of an answer.
func bodyOf(_ int, _ http.Header, body []byte) []byte { return body }

func lodashVersion(version string) artifact.Version {
	return artifact.Version{VersionKey: lodash.At(version), Revision: "rev-" + version, Status: artifact.Published,
		PublishedAt: moment,
		Origin:      artifact.Origin{Type: artifact.OriginExternal, Connection: "public:npmjs"},
		Details: artifact.Details{DisplayName: "lodash", Summary: "utilities", HomePage: "https://lodash.example.test",
			SourceCode: "https://git.example.test/lodash", Licenses: []artifact.License{{Name: "MIT"}}, Readme: "# lodash",
			Dependencies: []artifact.Dependency{{Namespace: "acme", Package: "ui", Type: "peer", Requirement: "^1"},
				{Package: "x"}}}}
}

func TestTheVersionsOfAPackage(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	s.hold("team", lodashVersion("1.0.0"))
	own := lodashVersion("1.1.0")
	own.Origin = artifact.Origin{Type: artifact.OriginInternal, Repository: "team"}
	own.Status, own.Details, own.PublishedAt = artifact.Disposed, artifact.Details{}, moment.Add(time.Second)
	s.hold("team", own)
	const named = `"format":"npm","package":"lodash","version":"1.0.0","versionRevision":"rev-1.0.0"`
	const first = `{"version":"1.0.0","revision":"rev-1.0.0","status":"Published",` +
		`"origin":{"domainEntryPoint":{"externalConnectionName":"public:npmjs"},"originType":"EXTERNAL"}}`
	const second = `{"version":"1.1.0","revision":"rev-1.1.0","status":"Disposed",` +
		`"origin":{"domainEntryPoint":{"repositoryName":"team"},"originType":"INTERNAL"}}`
	s.sends("POST /v1/package/versions?"+inPackage, "",
		`{"defaultDisplayVersion":"1.0.0","format":"npm","package":"lodash","versions":[`+first+`,`+second+`]}`)
	s.sends("POST /v1/package/versions?"+inPackage+"&sortBy=PUBLISHED_TIME", "",
		`{"defaultDisplayVersion":"1.0.0","format":"npm","package":"lodash","versions":[`+second+`,`+first+`]}`)
	s.sends("POST /v1/package/versions?"+inPackage+"&status=Disposed&originType=INTERNAL", "",
		`{"defaultDisplayVersion":"1.0.0","format":"npm","package":"lodash","versions":[`+second+`]}`)
	s.sends("GET /v1/package/version?"+inVersion, "",
		`{"packageVersion":{"format":"npm","packageName":"lodash","displayName":"lodash",`+
			`"version":"1.0.0","summary":"utilities","homePage":"https://lodash.example.test",`+
			`"sourceCodeRepository":"https://git.example.test/lodash",`+
			`"publishedTime":1602535878.039,"licenses":[{"name":"MIT"}],"revision":"rev-1.0.0","status":"Published",`+
			`"origin":{"domainEntryPoint":{"externalConnectionName":"public:npmjs"},"originType":"EXTERNAL"}}}`)
	s.asks("GET /v1/package/version?"+inVersion, "", "DescribePackageVersion", "package/acme/team/npm//lodash")
	s.sends("GET /v1/package/version/readme?"+inVersion, "", `{`+named+`,"readme":"# lodash"}`)
	s.answers("GET /v1/package/version/readme?"+inPackage+"&version=1.1.0", "", http.StatusNotFound)
	s.sends("POST /v1/package/version/dependencies?"+inVersion, "", `{`+named+`,"dependencies":[`+
		`{"namespace":"acme","package":"ui","dependencyType":"peer","versionRequirement":"^1"},{"package":"x"}]}`)
	s.sends("POST /v1/package/version/assets?"+inVersion, "", `{`+named+`,"assets":[]}`)
}

// What is on record of a version from outside is the readme of the package.
func TestTheReadmeOfAVersionFromOutsideIsOutOfItsAsset(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	gem := artifact.PackageKey{Format: artifact.Ruby, Name: "rack"}
	for number, content := range map[string]string{"1.0.0": "# one", "2.0.0": ""} {
		v := artifact.Version{VersionKey: gem.At(number), Status: artifact.Published, Revision: "r",
			Origin:  artifact.Origin{Type: artifact.OriginExternal, Connection: "public:ruby-gems-org"},
			Details: artifact.Details{Readme: "# newest"}}
		s.rules.Hold(repositoryKey("team"), v, map[string]string{"rack.gem": content})
	}
	const inGem = inRepo + "&format=ruby&package=rack&version="
	s.sends("GET /v1/package/version/readme?"+inGem+"1.0.0", "",
		`{"format":"ruby","package":"rack","version":"1.0.0","versionRevision":"r","readme":"# one"}`)
	s.answers("GET /v1/package/version/readme?"+inGem+"2.0.0", "", http.StatusNotFound)
}

func TestAVersionOfUnknownOriginSaysSoAndNamesNoEntryPoint(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	s.hold("team", artifact.Version{VersionKey: lodash.At("1.0.0"), Status: artifact.Unlisted})
	s.sends("GET /v1/package/version?"+inVersion, "",
		`{"packageVersion":{"format":"npm","packageName":"lodash","version":"1.0.0","status":"Unlisted",`+
			`"origin":{"originType":"UNKNOWN"}}}`)
}

func asset(name string, size int64) artifact.Asset {
	d := artifact.NewDigester()
	fmt.Fprint(d, name)
	sums, _ := d.Sum()
	return artifact.Asset{Name: name, Size: size, Digests: sums}
}

func TestAssetsAreListedByNameWithFourHashesPageByPage(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	v := lodashVersion("1.0.0")
	v.Assets = []artifact.Asset{asset("c", 3), asset("a", 1<<40), asset("b", 0)}
	s.hold("team", v)
	in := &codeartifact.ListPackageVersionAssetsInput{Domain: aws.String("acme"), Repository: aws.String("team"),
		Format: types.PackageFormatNpm, Package: aws.String("lodash"), PackageVersion: aws.String("1.0.0"),
		MaxResults: aws.Int32(2)}
	first := must[*codeartifact.ListPackageVersionAssetsOutput](t)(s.client.ListPackageVersionAssets(t.Context(), in))
	s.same("first page", []string{"a 1099511627776", "b 0"}, assetLines(first.Assets))
	s.same("hashes of b", map[string]string{
		"MD5":     "92eb5ffee6ae2fec3ad71c777531578f",
		"SHA-1":   "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98",
		"SHA-256": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
		"SHA-512": "5267768822ee624d48fce15ec5ca79cbd602cb7f4c2" +
			"157a516556991f22ef8c7b5ef7b18d1ff41c59370efb0858651d44a936c11b7b144c48fe04df3c6a3e8da",
	}, first.Assets[1].Hashes)
	v.Assets = append(v.Assets, asset("aa", 9)) // arrives between the pages, before their border
	s.hold("team", v)
	in.NextToken = first.NextToken
	second := must[*codeartifact.ListPackageVersionAssetsOutput](t)(s.client.ListPackageVersionAssets(t.Context(), in))
	s.same("second page", []string{"c 3"}, assetLines(second.Assets))
	s.same("second token", (*string)(nil), second.NextToken)
	v.Status = artifact.Disposed
	s.hold("team", v)
	in.NextToken = nil
	s.same("assets of a disposed version", 0,
		len(must[*codeartifact.ListPackageVersionAssetsOutput](t)(s.client.ListPackageVersionAssets(t.Context(), in)).Assets))
}

func assetLines(assets []types.AssetSummary) []string {
	return each(assets, func(a types.AssetSummary) string { return fmt.Sprintf("%s %d", *a.Name, *a.Size) })
}

func TestDependenciesBeyondAPageBelongToTheRevisionTheyWereCountedIn(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	v := lodashVersion("1.0.0")
	v.Details.Dependencies = slices.Repeat([]artifact.Dependency{{Package: "x"}}, dependenciesPage+1)
	s.hold("team", v)
	in := &codeartifact.ListPackageVersionDependenciesInput{Domain: aws.String("acme"), Repository: aws.String("team"),
		Format: types.PackageFormatNpm, Package: aws.String("lodash"), PackageVersion: aws.String("1.0.0")}
	first := must[*codeartifact.ListPackageVersionDependenciesOutput](t)(
		s.client.ListPackageVersionDependencies(t.Context(), in))
	in.NextToken = first.NextToken
	second := must[*codeartifact.ListPackageVersionDependenciesOutput](t)(
		s.client.ListPackageVersionDependencies(t.Context(), in))
	s.same("sizes", []int{dependenciesPage, 1}, []int{len(first.Dependencies), len(second.Dependencies)})
	v.Revision = "another"
	s.hold("team", v)
	if _, err := s.client.ListPackageVersionDependencies(t.Context(), in); err == nil ||
		!strings.Contains(err.Error(), "another revision") {
		t.Errorf("got %v", err)
	}
}

func TestAPageTokenIsGoodForItsOwnListOnly(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	for i := range 120 {
		key := artifact.PackageKey{Format: artifact.NPM, Name: fmt.Sprintf("p%03d", i)}
		must[artifact.Package](t)(s.rules.PutControls(t.Context(), callerOf(owner), repositoryKey("team"), key,
			artifact.Controls{Publish: "ALLOW", Upstream: "ALLOW"}))
	}
	in := &codeartifact.ListPackagesInput{Domain: aws.String("acme"), Repository: aws.String("team"),
		PackagePrefix: aws.String("p0")}
	pages := codeartifact.NewListPackagesPaginator(s.client, in)
	var sizes []int
	for pages.HasMorePages() {
		sizes = append(sizes, len(must[*codeartifact.ListPackagesOutput](t)(pages.NextPage(t.Context())).Packages))
	}
	s.same("page sizes of one hundred packages", []int{100}, sizes)
	in.PackagePrefix = aws.String("p")
	first := must[*codeartifact.ListPackagesOutput](t)(s.client.ListPackages(t.Context(), in))
	s.same("default page", 100, len(first.Packages))
	in.NextToken, in.MaxResults = first.NextToken, aws.Int32(15)
	second := must[*codeartifact.ListPackagesOutput](t)(s.client.ListPackages(t.Context(), in))
	s.same("another size on the way", "p100 p114", *second.Packages[0].Package+" "+*second.Packages[14].Package)
	in.PackagePrefix = aws.String("p1")
	if _, err := s.client.ListPackages(t.Context(), in); err == nil || !strings.Contains(err.Error(), "other parameters") {
		t.Errorf("other parameters: got %v", err)
	}
	s.answers("POST /v1/domain/repositories?domain=acme&next-token="+*first.NextToken, "", http.StatusBadRequest)
	other := New(s.rules.Service, s.tokens, Options{Region: "us-east-1"})
	client, _ := serve(t, other, callerOf(partner))
	in.PackagePrefix, in.DomainOwner = aws.String("p"), aws.String(owner)
	if _, err := client.ListPackages(t.Context(), in); err == nil {
		t.Error("another account's token was taken")
	}
}

func TestManyVersionsAtOnce(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	for _, version := range []string{"1", "2", "3", "4"} {
		v := lodashVersion(version)
		v.Status = artifact.Unlisted
		s.hold("team", v)
	}
	for _, row := range []struct{ action, path, body, want string }{
		{"UpdatePackageVersionsStatus", "update_status", `{"versions":["1","2"],` +
			`"versionRevisions":{"1":"rev-1","2":"rev-2"},"expectedStatus":"Unlisted","targetStatus":"Archived"}`,
			`{"successfulVersions":{"1":{"revision":"rev-1","status":"Archived"},` +
				`"2":{"revision":"rev-2","status":"Archived"}},"failedVersions":{}}`},
		{"UpdatePackageVersionsStatus", "update_status", `{"versions":["3"],"versionRevisions":{"3":"old"},` +
			`"targetStatus":"Archived"}`, `{"successfulVersions":{},"failedVersions":{"3":{"errorCode":` +
			`"MISMATCHED_REVISION","errorMessage":"current revision: rev-3, expected revision: old"}}}`},
		{"DisposePackageVersions", "dispose", `{"versions":["3","3"]}`,
			`{"successfulVersions":{"3":{"revision":"rev-3","status":"Disposed"}},"failedVersions":{}}`},
		{"DeletePackageVersions", "delete", `{"versions":["4"],"expectedStatus":"Published"}`,
			`{"successfulVersions":{},"failedVersions":{"4":{"errorCode":"MISMATCHED_STATUS",` +
				`"errorMessage":"current status: Unlisted, expected status: Published"}}}`},
		{"DeletePackageVersions", "delete", `{"versions":["4","9"]}`,
			`{"successfulVersions":{},"failedVersions":{"4":{"errorCode":"SKIPPED",` +
				`"errorMessage":"version 4 is skipped"},"9":{"errorCode":"NOT_FOUND",` +
				`"errorMessage":"Could not find version 9"}}}`},
	} {
		request := "POST /v1/package/versions/" + row.path + "?" + inPackage
		s.asks(request, row.body, row.action, "package/acme/team/npm//lodash")
		s.sends(request, row.body, row.want)
	}
}

func TestACopyIsJudgedOnThePackageInItsDestination(t *testing.T) {
	s := beginIn(t, Options{}, "store", "production")
	s.rules.Repository(repositoryKey("team"), "store")
	s.rules.Hold(repositoryKey("team"), lodashVersion("1"), map[string]string{"package.tgz": "one"})
	s.rules.Hold(repositoryKey("store"), lodashVersion("2"), map[string]string{"package.tgz": "two"})
	s.rules.Hold(repositoryKey("production"), lodashVersion("1"), map[string]string{"package.tgz": "another"})
	const request = "POST /v1/package/versions/copy?domain=acme&source-repository=team" +
		"&destination-repository=production&format=npm&package=lodash"
	s.asks(request, `{"versions":["1"]}`, "CopyPackageVersions", "repository/acme/production")
	inDestination := s.as(`{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Action":"codeartifact:CopyPackageVersions",` +
		`"Resource":"arn:aws:codeartifact:us-east-1:111122223333:package/acme/production/npm//lodash"},` +
		`{"Effect":"Allow","Action":"codeartifact:ReadFromRepository","Resource":"*"}]}`)
	for _, row := range []struct{ name, body, want string }{
		{"what is there", `{"versions":["1"]}`, `{"successfulVersions":{},"failedVersions":{"1":{"errorCode":` +
			`"ALREADY_EXISTS","errorMessage":"Version 1 already exists"}}}`},
		{"another revision", `{"versionRevisions":{"1":"old"},"allowOverwrite":true}`, `{"successfulVersions":{},` +
			`"failedVersions":{"1":{"errorCode":"MISMATCHED_REVISION",` +
			`"errorMessage":"current revision: rev-1, expected revision: old"}}}`},
		{"over what is there", `{"versionRevisions":{"1":"rev-1"},"allowOverwrite":true}`,
			`{"successfulVersions":{"1":{"revision":"rev-1","status":"Published"}},"failedVersions":{}}`},
		{"what only the upstream has", `{"versions":["2"]}`, `{"successfulVersions":{},"failedVersions":{"2":{` +
			`"errorCode":"NOT_FOUND","errorMessage":"Could not find version 2"}}}`},
		{"from upstream", `{"versions":["2"],"includeFromUpstream":true}`,
			`{"successfulVersions":{"2":{"revision":"rev-2","status":"Published"}},"failedVersions":{}}`},
	} {
		status, _, answer := raw(t, inDestination, request, row.body)
		s.same(row.name, fmt.Sprintf("%d %s", http.StatusOK, row.want), fmt.Sprintf("%d %s", status, answer))
	}
}

// traits stand in for those of the formats: NuGet's calls take any spelling, PyPI's the kept one.
func TestACopyThroughABrokenGraphSaysWhichRepositoryHasIt(t *testing.T) {
	s := beginIn(t, Options{}, "hole", "production")
	s.rules.Repository(repositoryKey("team"), "hole")
	s.answers("DELETE /v1/repository?domain=acme&repository=hole", "", http.StatusOK)
	status, header, body := raw(t, s.base, "POST /v1/package/versions/copy?domain=acme&source-repository=team&"+
		"destination-repository=production&format=npm&package=lodash", `{"versions":["1"],"includeFromUpstream":true}`)
	var said struct{ Message, ResourceID, ResourceType string }
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatal(err)
	}
	if status != http.StatusNotFound || header.Get("X-Amzn-Errortype") != "ResourceNotFoundException" ||
		said.ResourceID != "acme/team" || said.ResourceType != "repository" ||
		!strings.Contains(said.Message, "upstream graph no longer exists") {
		t.Errorf("got %d %s", status, body)
	}
}

var traits = map[artifact.Format]repository.Traits{
	artifact.NPM:     {DefaultLabel: "latest", Prefer: strings.Compare},
	artifact.NuGet:   {Canonical: lowering, CanonicalAPI: true},
	artifact.PyPI:    {Canonical: lowering},
	artifact.Ruby:    {Readme: readAsReadme},
	artifact.Generic: {Growth: repository.GrowUnfinished, InternalOnly: true, ByAPI: true},
}

// readAsReadme takes the whole asset for the readme.
func readAsReadme(content io.ReaderAt, size int64) (string, error) {
	text, err := io.ReadAll(io.NewSectionReader(content, 0, size))
	return string(text), err
}

func lowering(v artifact.VersionKey) artifact.VersionKey {
	v.Namespace, v.Name = strings.ToLower(v.Namespace), strings.ToLower(v.Name)
	v.Version = strings.TrimSuffix(v.Version, ".0")
	return v
}

func TestNamesAreNormalisedBeforePermissionIsAsked(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	const nuget = inRepo + "&format=nuget&package=Newtonsoft.Json"
	kept := artifact.PackageKey{Format: artifact.NuGet, Name: "newtonsoft.json"}
	s.hold("team", artifact.Version{VersionKey: kept.At("12.0.3"), Status: artifact.Published})
	s.asks("GET /v1/package/version?"+nuget+"&version=12.0.3.0", "", "DescribePackageVersion",
		"package/acme/team/nuget//newtonsoft.json")
	s.answers("GET /v1/package/version?"+nuget+"&version=12.0.3.0", "", http.StatusOK)
	s.sends("POST /v1/packages?"+inRepo+"&format=nuget&package-prefix=Newton", "",
		`{"packages":[{"format":"nuget","package":"newtonsoft.json","originConfiguration":{"restrictions":`+
			`{"publish":"ALLOW","upstream":"ALLOW"}}}]}`)
	s.sends("POST /v1/package/versions/dispose?"+nuget, `{"versions":["12.0.3.0","12.0.3"]}`,
		`{"successfulVersions":{"12.0.3":{"status":"Disposed"}},"failedVersions":{}}`)
	status, _, body := raw(t, s.base,
		"POST /v1/package/versions/copy?domain=acme&source-repository=aa&destination-repository=bb&format=nuget&package=X",
		`{"versionRevisions":{"1":"a","1.0":"b"}}`)
	if status != http.StatusBadRequest || !strings.Contains(string(body), "names the version '1' twice") {
		t.Errorf("two spellings: got %d %s", status, body)
	}
}

// TestControlsAreKeptUnderTheNormalisedName also asks for permission under it: a policy cannot be passed by with another
// spelling.
func TestControlsAreKeptUnderTheNormalisedName(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	put := "POST /v1/package?" + inRepo + "&format=pypi&package=Requests"
	body := `{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}`
	s.asks(put, body, "PutPackageOriginConfiguration", "package/acme/team/pypi//requests")
	s.sends(put, body, `{"originConfiguration":{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}}`)
	s.answers("GET /v1/package?"+inRepo+"&format=pypi&package=requests", "", http.StatusOK)
	s.answers("GET /v1/package?"+inRepo+"&format=pypi&package=Requests", "", http.StatusNotFound)
}

func TestAnAssetIsStreamedWithItsHeaders(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	for _, size := range []int{0, 1, firstBytes, firstBytes + 1, 5 * firstBytes} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			text := strings.Repeat("x", size)
			s.rules.Hold(repositoryKey("team"), lodashVersion("1.0.0"), map[string]string{"package.tgz": text})
			status, header, body := raw(t, s.base,
				"GET /v1/package/version/asset?"+inVersion+"&asset=package.tgz&revision=rev-1.0.0", "")
			s.same("answer", []any{http.StatusOK, text, "package.tgz", "1.0.0", "rev-1.0.0", fmt.Sprint(size)},
				[]any{status, string(body),
					header.Get("X-AssetName"), header.Get("X-PackageVersion"), header.Get("X-PackageVersionRevision"),
					header.Get("Content-Length")})
		})
	}
}

func TestAnAssetOfAnotherRevisionIsNotThere(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	s.rules.Hold(repositoryKey("team"), lodashVersion("1.0.0"), map[string]string{"package.tgz": ""})
	s.answers("GET /v1/package/version/asset?"+inVersion+"&asset=package.tgz&revision=old", "", http.StatusNotFound)
}

// breaking is a download whose content breaks off.
func breaking(size, breaksAt int) *download {
	text := bytes.Repeat([]byte("x"), size)
	return &download{Asset: &memory{Reader: bytes.NewReader(text), breaksAt: breaksAt}, size: int64(size)}
}

func TestADamagedAssetIsAnErrorAtItsStartAndABrokenConnectionLater(t *testing.T) {
	a := New(&repository.Service{}, nil, Options{Logger: slog.New(slog.DiscardHandler)})
	for _, row := range []struct {
		name           string
		size, breaksAt int
		status         int
		broken         bool
	}{
		{"whole", 3 * firstBytes, 3 * firstBytes, http.StatusOK, false},
		{"damaged at once", 3 * firstBytes, 10, http.StatusInternalServerError, false},
		{"damaged later", 3 * firstBytes, 2 * firstBytes, http.StatusOK, true},
		{"shorter than its record", 3 * firstBytes, 3*firstBytes - 1, http.StatusOK, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := breaking(row.size, row.breaksAt)
			done := make(chan struct{})
			server := serveHandler(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				a.send(w, r, d)
			})
			res, err := http.Get(server)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			_, err = io.Copy(io.Discard, res.Body)
			if res.StatusCode != row.status || (err != nil) != row.broken {
				t.Errorf("got %d, %v; want %d, broken %t", res.StatusCode, err, row.status, row.broken)
			}
			<-done
			if !d.Asset.(*memory).closed {
				t.Error("the content was left open")
			}
		})
	}
}

func TestOnlyPublishingCarriesItsHashInAHeader(t *testing.T) {
	for _, op := range Operations() {
		r, err := http.NewRequest(op.Method, op.Path+"?domain=acme", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := HeaderHash(r), op.Name == "PublishPackageVersion"; got != want {
			t.Errorf("%s: got %t, want %t", op.Name, got, want)
		}
	}
}

func TestTheRequestIDComesFromTheCallerUnlessTheServerSetIt(t *testing.T) {
	s := begin(t, Options{})
	_, header, _ := raw(t, s.base, "POST /v1/domains", "")
	s.same("from the caller", callerOf("").RequestID, header.Get("x-amzn-RequestId"))
	a := New(s.rules.Service, nil, Options{})
	base := serveHandler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-amzn-RequestId", "from-the-server")
		a.Serve(w, r, callerOf(owner))
	})
	_, header, _ = raw(t, base, "POST /v1/domains", "")
	s.same("from the server", "from-the-server", header.Get("x-amzn-RequestId"))
}
