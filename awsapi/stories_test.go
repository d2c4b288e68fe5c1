package awsapi

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"
	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/repository"
)

// The stories call the real SDK against the world of world_test.go. alice's account is 111122223333.

const (
	owner   = "111122223333"
	partner = "444455556666"
)

type story struct {
	*testing.T
	*world
	client *codeartifact.Client
	base   string
}

func begin(t *testing.T, o Options) *story {
	o.Region, o.Account = "us-east-1", "999900001111"
	w := newWorld()
	client, base := serve(t, New(w, w, o), callerOf(owner))
	return &story{t, w, client, base}
}

// same fails unless got equals want.
func (s *story) same(what string, want, got any) {
	s.Helper()
	if d := cmp.Diff(want, got); d != "" {
		s.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// sends posts raw and compares the whole answer.
func (s *story) sends(request, body, want string) {
	s.Helper()
	status, header, answer := raw(s.T, s.base, request, body)
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
		s.Errorf("%s: %d %s", request, status, header.Get("Content-Type"))
	}
	s.same(request, want, string(answer))
}

// lastAsked is the permission that the last request asked for.
func (s *story) lastAsked() question { return s.asked[len(s.asked)-1] }

func repositoryKey(name string) artifact.RepositoryKey {
	return artifact.RepositoryKey{Owner: owner, Domain: "acme", Name: name}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

const acmeJSON = `"name":"acme","owner":"111122223333","arn":"arn:aws:codeartifact:us-east-1:111122223333:domain/acme"`

func TestADomainFromCreationToDeletion(t *testing.T) {
	s := begin(t, Options{})
	key := artifact.DomainKey{Owner: owner, Name: "acme"}
	s.sends("POST /v1/domain?domain=acme", `{"encryptionKey":"k1","tags":[{"key":"cost","value":"7"}]}`,
		`{"domain":{`+acmeJSON+`,"status":"Active","createdTime":1602535878.039,`+
			`"encryptionKey":"arn:aws:kms:us-east-1:111122223333:key/k1",`+
			`"repositoryCount":0,"assetSizeBytes":0,"s3BucketArn":"arn:aws:s3:::assets-999900001111-us-east-1"}}`)
	s.same("permission", question{"CreateDomain", repository.OnDomain(key), map[string]string{"cost": "7"}}, s.lastAsked())
	s.sends("GET /v1/domain?domain=acme&domain-owner=", "",
		`{"domain":{`+acmeJSON+`,"status":"Active","createdTime":1602535878.039,`+
			`"encryptionKey":"arn:aws:kms:us-east-1:111122223333:key/k1",`+
			`"repositoryCount":0,"assetSizeBytes":8589934592,"s3BucketArn":"arn:aws:s3:::assets-999900001111-us-east-1"}}`)
	s.same("permission", question{"DescribeDomain", repository.OnDomain(key), nil}, s.lastAsked())
	s.sends("POST /v1/domains", `{}`, `{"domains":[{`+acmeJSON+
		`,"status":"Active","createdTime":1602535878.039,"encryptionKey":"arn:aws:kms:us-east-1:111122223333:key/k1"}]}`)
	s.same("permission", question{"ListDomains", Subject{}, nil}, s.lastAsked())
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
		raw(t, s.base, "GET /v1/domain?"+request, "")
		s.same(request, artifact.AccountID(want), s.lastAsked().On.Domain.Owner)
	}
}

func TestARepositoryFromCreationToDeletion(t *testing.T) {
	s := begin(t, Options{})
	const summary = `"name":"team","administratorAccount":"111122223333","domainName":"acme",` +
		`"domainOwner":"111122223333",` +
		`"arn":"arn:aws:codeartifact:us-east-1:111122223333:repository/acme/team"`
	const made = `,"createdTime":1602535878.039`
	s.sends("POST /v1/repository?"+inRepo, "", `{"repository":{`+summary+made+`,"upstreams":[],"externalConnections":[]}}`)
	s.sends("POST /v1/repository?"+inRepo,
		`{"description":"d","upstreams":[{"repositoryName":"b2"},{"repositoryName":"a1"}],"tags":[{"key":"k","value":""}]}`,
		`{"repository":{`+summary+`,"description":"d"`+made+`,"upstreams":[{"repositoryName":"b2"},`+
			`{"repositoryName":"a1"}],"externalConnections":[]}}`)
	s.same("permission", question{"CreateRepository", repository.OnRepository(repositoryKey("team")),
		map[string]string{"k": ""}}, s.lastAsked())

	s.sends("PUT /v1/repository?"+inRepo, `{"description":""}`,
		`{"repository":{`+summary+made+`,"upstreams":[{"repositoryName":"b2"},{"repositoryName":"a1"}],`+
			`"externalConnections":[]}}`)
	s.sends("PUT /v1/repository?"+inRepo, `{"upstreams":[]}`,
		`{"repository":{`+summary+made+`,"upstreams":[],"externalConnections":[]}}`)
	s.sends("PUT /v1/repository?"+inRepo, `{"description":"again"}`,
		`{"repository":{`+summary+`,"description":"again"`+made+`,"upstreams":[],"externalConnections":[]}}`)

	s.sends("POST /v1/repository/external-connection?"+inRepo+"&external-connection=public%3Anpmjs", "",
		`{"repository":{`+summary+`,"description":"again"`+made+`,"upstreams":[],"externalConnections":[`+
			`{"externalConnectionName":"public:npmjs","packageFormat":"npm","status":"AVAILABLE"}]}}`)
	s.same("permission", question{"AssociateExternalConnection", repository.OnRepository(repositoryKey("team")), nil},
		s.lastAsked())
	s.sends("DELETE /v1/repository/external-connection?"+inRepo+"&external-connection=public:npmjs", "",
		`{"repository":{`+summary+`,"description":"again"`+made+`,"upstreams":[],"externalConnections":[]}}`)
	s.sends("POST /v1/domain/repositories?domain=acme&repository-prefix=te", "",
		`{"repositories":[{`+summary+`,"description":"again"`+made+`}]}`)
	s.sends("POST /v1/domain/repositories?domain=acme&administrator-account="+partner, "", `{"repositories":[]}`)
	s.sends("POST /v1/repositories", "", `{"repositories":[{`+summary+`,"description":"again"`+made+`}]}`)
	s.same("permission", question{"ListRepositories", Subject{}, nil}, s.lastAsked())
	s.sends("GET /v1/repository/endpoint?"+inRepo+"&format=pypi", "",
		`{"repositoryEndpoint":"http://127.0.0.1:8090/acme-111122223333/pypi/team/"}`)
	out := must[*codeartifact.DeleteRepositoryOutput](t)(s.client.DeleteRepository(t.Context(),
		&codeartifact.DeleteRepositoryInput{Domain: aws.String("acme"), Repository: aws.String("team")}))
	s.same("deleted", "team", *out.Repository.Name)
	s.sends("DELETE /v1/repository?"+inRepo, "", `{}`)
}

func TestAnUpstreamThatIsGoneIsLeftOut(t *testing.T) {
	s := begin(t, Options{})
	raw(t, s.base, "POST /v1/repository?"+inRepo, `{"upstreams":[{"repositoryName":"kept"}]}`)
	r := s.repositories[repositoryKey("team")]
	r.Upstreams = append(r.Upstreams, r.Upstreams[0])
	r.Upstreams[0].Name = ""
	s.repositories[repositoryKey("team")] = r
	out := must[*codeartifact.DescribeRepositoryOutput](t)(s.client.DescribeRepository(t.Context(),
		&codeartifact.DescribeRepositoryInput{Domain: aws.String("acme"), Repository: aws.String("team")}))
	if len(out.Repository.Upstreams) != 1 || *out.Repository.Upstreams[0].RepositoryName != "kept" {
		t.Errorf("got %v", out.Repository.Upstreams)
	}
}

func TestPoliciesAreGivenBackAsTheyWerePut(t *testing.T) {
	s := begin(t, Options{})
	const domainPolicy = `{"policy":{"resourceArn":"arn:aws:codeartifact:us-east-1:111122223333:domain/acme",` +
		`"revision":"rev1","document":"{ \"Statement\": []}"}}`
	s.sends("PUT /v1/domain/permissions/policy", `{"domain":"acme","policyDocument":"{ \"Statement\": []}"}`, domainPolicy)
	s.same("permission", question{"PutDomainPermissionsPolicy",
		repository.OnDomain(artifact.DomainKey{Owner: owner, Name: "acme"}), nil}, s.lastAsked())
	s.sends("GET /v1/domain/permissions/policy?domain=acme", "", domainPolicy)
	if status, _, _ := raw(t, s.base, "PUT /v1/domain/permissions/policy",
		`{"domain":"acme","policyDocument":"{}","policyRevision":"old"}`); status != http.StatusConflict {
		t.Errorf("a stale revision: got %d, want 409", status)
	}
	if status, _, _ := raw(t, s.base, "DELETE /v1/domain/permissions/policy?domain=acme&policy-revision=old",
		""); status != http.StatusConflict {
		t.Errorf("a stale revision on deletion: got %d, want 409", status)
	}
	s.sends("DELETE /v1/domain/permissions/policy?domain=acme&policy-revision=rev1", "",
		`{"policy":{"resourceArn":"arn:aws:codeartifact:us-east-1:111122223333:domain/acme","revision":"rev1",`+
			`"document":"{ \"Statement\": []}"}}`)
	if status, _, _ := raw(t, s.base, "GET /v1/domain/permissions/policy?domain=acme", ""); status != http.StatusNotFound {
		t.Errorf("no policy: got %d, want 404", status)
	}

	const repositoryPolicy = `{"policy":{` +
		`"resourceArn":"arn:aws:codeartifact:us-east-1:111122223333:repository/acme/team",` +
		`"revision":"rev1","document":"{}"}}`
	s.sends("PUT /v1/repository/permissions/policy?"+inRepo, `{"policyDocument":"{}"}`, repositoryPolicy)
	s.same("permission", question{"PutRepositoryPermissionsPolicy", repository.OnRepository(repositoryKey("team")), nil},
		s.lastAsked())
	s.sends("GET /v1/repository/permissions/policy?"+inRepo, "", repositoryPolicy)
	s.sends("DELETE /v1/repository/permissions/policies?"+inRepo, "", repositoryPolicy)
}

func TestTagsOfADomainAndOfARepository(t *testing.T) {
	for _, arn := range []struct {
		text   string
		target repository.Target
	}{
		{"arn%3Aaws%3Acodeartifact%3Aus-east-1%3A111122223333%3Adomain%2Facme",
			repository.Target{DomainKey: artifact.DomainKey{Owner: owner, Name: "acme"}}},
		{"arn:aws:codeartifact:us-east-1:111122223333:repository/acme/team",
			repository.Target{DomainKey: artifact.DomainKey{Owner: owner, Name: "acme"}, Repository: "team"}},
	} {
		t.Run(arn.text, func(t *testing.T) {
			s := begin(t, Options{})
			subject := Subject{Domain: arn.target.DomainKey, Repository: arn.target.Repository}
			s.sends("POST /v1/tags?resourceArn="+arn.text, "", `{"tags":[]}`)
			s.same("permission", question{"ListTagsForResource", subject, nil}, s.lastAsked())
			s.sends("POST /v1/tag?resourceArn="+arn.text, `{"tags":[{"key":"b","value":"2"},{"key":"a","value":""}]}`, `{}`)
			s.same("permission", question{"TagResource", subject, map[string]string{"a": "", "b": "2"}}, s.lastAsked())
			s.sends("POST /v1/tags?resourceArn="+arn.text, "", `{"tags":[{"key":"a","value":""},{"key":"b","value":"2"}]}`)
			s.sends("POST /v1/untag?resourceArn="+arn.text, `{"tagKeys":["a","none"]}`, `{}`)
			s.same("permission", question{"UntagResource", subject, map[string]string{"a": "", "none": ""}}, s.lastAsked())
			s.same("tags", map[string]string{"b": "2"}, s.tags[arn.target])
		})
	}
}

func TestATokensDurationIsHandedOnAsItWasAsked(t *testing.T) {
	s := begin(t, Options{})
	raw(t, s.base, "POST /v1/domain?domain=acme", "")
	zero, hour := 0, 3600
	for query, want := range map[string]*int{"": nil, "&duration=0": &zero, "&duration=3600": &hour} {
		s.sends("POST /v1/authorization-token?domain=acme"+query, "",
			`{"authorizationToken":"token-for-acme","expiration":1602539478.039}`)
		s.same("seconds", want, s.seconds)
	}
}

var lodash = artifact.PackageKey{Format: artifact.NPM, Name: "lodash"}

func TestPackagesAndTheirControls(t *testing.T) {
	s := begin(t, Options{})
	const controls = `"originConfiguration":{"restrictions":{"publish":"BLOCK","upstream":"ALLOW"}}`
	s.sends("POST /v1/package?"+inPackage, `{"restrictions":{"publish":"BLOCK","upstream":"ALLOW"}}`, `{`+controls+`}`)
	s.same("permission", question{"PutPackageOriginConfiguration", repository.OnPackage(repositoryKey("team"), lodash),
		nil}, s.lastAsked())
	s.sends("POST /v1/package?"+inRepo+"&format=npm&namespace=acme&package=ui",
		`{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}`,
		`{"originConfiguration":{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}}`)
	s.sends("GET /v1/package?"+inPackage, "", `{"package":{"format":"npm","name":"lodash",`+controls+`}}`)
	s.sends("POST /v1/packages?"+inRepo+"&publish=BLOCK", "",
		`{"packages":[{"format":"npm","package":"lodash",`+controls+`}]}`)
	s.same("permission", question{"ListPackages", repository.OnRepository(repositoryKey("team")), nil}, s.lastAsked())
	s.sends("POST /v1/packages?"+inRepo+"&format=npm&namespace=ac&package-prefix=u&upstream=BLOCK", "",
		`{"packages":[{"format":"npm","namespace":"acme","package":"ui",`+
			`"originConfiguration":{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}}]}`)
	s.same("packages that are not fed from upstream", 1,
		bytes.Count(bodyOf(raw(t, s.base, "POST /v1/packages?"+inRepo+"&upstream=BLOCK", "")), []byte(`"package"`)))
	s.sends("DELETE /v1/package?"+inPackage, "", `{"deletedPackage":{"format":"npm","package":"lodash",`+controls+`}}`)
	if status, _, _ := raw(t, s.base, "GET /v1/package?"+inPackage, ""); status != http.StatusNotFound {
		t.Errorf("after deletion: got %d, want 404", status)
	}
}

// bodyOf picks the body of an answer.
func bodyOf(_ int, _ http.Header, body []byte) []byte { return body }

func lodashVersion(version string) artifact.Version {
	return artifact.Version{VersionKey: lodash.At(version), Revision: "rev-" + version, Status: artifact.Published,
		PublishedAt: worldTime,
		Origin:      artifact.Origin{Type: artifact.OriginExternal, Connection: "public:npmjs"},
		Details: artifact.Details{DisplayName: "lodash", Summary: "utilities", HomePage: "https://lodash.example.test",
			SourceCode: "https://git.example.test/lodash", Licenses: []artifact.License{{Name: "MIT"}}, Readme: "# lodash",
			Dependencies: []artifact.Dependency{{Namespace: "acme", Package: "ui", Type: "peer", Requirement: "^1"},
				{Package: "x"}}}}
}

func TestTheVersionsOfAPackage(t *testing.T) {
	s := begin(t, Options{})
	s.hold(repositoryKey("team"), lodashVersion("1.0.0"))
	own := lodashVersion("1.1.0")
	own.Origin = artifact.Origin{Type: artifact.OriginInternal, Repository: "team"}
	own.Status, own.Details = artifact.Disposed, artifact.Details{}
	s.hold(repositoryKey("team"), own)
	const named = `"format":"npm","package":"lodash","version":"1.0.0","versionRevision":"rev-1.0.0"`
	const first = `{"version":"1.0.0","revision":"rev-1.0.0","status":"Published",` +
		`"origin":{"domainEntryPoint":{"externalConnectionName":"public:npmjs"},"originType":"EXTERNAL"}}`
	const second = `{"version":"1.1.0","revision":"rev-1.1.0","status":"Disposed",` +
		`"origin":{"domainEntryPoint":{"repositoryName":"team"},"originType":"INTERNAL"}}`
	s.sends("POST /v1/package/versions?"+inPackage, "",
		`{"defaultDisplayVersion":"1.1.0","format":"npm","package":"lodash","versions":[`+first+`,`+second+`]}`)
	s.sends("POST /v1/package/versions?"+inPackage+"&sortBy=PUBLISHED_TIME", "",
		`{"defaultDisplayVersion":"1.1.0","format":"npm","package":"lodash","versions":[`+second+`,`+first+`]}`)
	s.sends("POST /v1/package/versions?"+inPackage+"&status=Disposed&originType=INTERNAL", "",
		`{"defaultDisplayVersion":"1.1.0","format":"npm","package":"lodash","versions":[`+second+`]}`)
	s.sends("GET /v1/package/version?"+inVersion, "",
		`{"packageVersion":{"format":"npm","packageName":"lodash","displayName":"lodash",`+
			`"version":"1.0.0","summary":"utilities","homePage":"https://lodash.example.test",`+
			`"sourceCodeRepository":"https://git.example.test/lodash",`+
			`"publishedTime":1602535878.039,"licenses":[{"name":"MIT"}],"revision":"rev-1.0.0","status":"Published",`+
			`"origin":{"domainEntryPoint":{"externalConnectionName":"public:npmjs"},"originType":"EXTERNAL"}}}`)
	s.same("permission", question{"DescribePackageVersion", repository.OnPackage(repositoryKey("team"), lodash), nil},
		s.lastAsked())
	s.sends("GET /v1/package/version/readme?"+inVersion, "", `{`+named+`,"readme":"# lodash"}`)
	if status, _, _ := raw(t, s.base, "GET /v1/package/version/readme?"+inPackage+"&version=1.1.0",
		""); status != http.StatusNotFound {
		t.Errorf("no readme: got %d, want 404", status)
	}
	s.sends("POST /v1/package/version/dependencies?"+inVersion, "", `{`+named+`,"dependencies":[`+
		`{"namespace":"acme","package":"ui","dependencyType":"peer","versionRequirement":"^1"},{"package":"x"}]}`)
	s.sends("POST /v1/package/version/assets?"+inVersion, "", `{`+named+`,"assets":[]}`)
}

func TestAVersionOfUnknownOriginSaysSoAndNamesNoEntryPoint(t *testing.T) {
	s := begin(t, Options{})
	s.hold(repositoryKey("team"), artifact.Version{VersionKey: lodash.At("1.0.0"), Status: artifact.Unlisted})
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
	s := begin(t, Options{})
	v := lodashVersion("1.0.0")
	v.Assets = []artifact.Asset{asset("c", 3), asset("a", 1<<40), asset("b", 0)}
	s.hold(repositoryKey("team"), v)
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
	s.hold(repositoryKey("team"), v)
	in.NextToken = first.NextToken
	second := must[*codeartifact.ListPackageVersionAssetsOutput](t)(s.client.ListPackageVersionAssets(t.Context(), in))
	s.same("second page", []string{"c 3"}, assetLines(second.Assets))
	s.same("second token", (*string)(nil), second.NextToken)
	v.Status = artifact.Disposed
	s.hold(repositoryKey("team"), v)
	in.NextToken = nil
	s.same("assets of a disposed version", 0,
		len(must[*codeartifact.ListPackageVersionAssetsOutput](t)(s.client.ListPackageVersionAssets(t.Context(), in)).Assets))
}

func assetLines(assets []types.AssetSummary) []string {
	return each(assets, func(a types.AssetSummary) string { return fmt.Sprintf("%s %d", *a.Name, *a.Size) })
}

func TestDependenciesBeyondAPageBelongToTheRevisionTheyWereCountedIn(t *testing.T) {
	s := begin(t, Options{})
	v := lodashVersion("1.0.0")
	v.Details.Dependencies = slices.Repeat([]artifact.Dependency{{Package: "x"}}, dependenciesPage+1)
	s.hold(repositoryKey("team"), v)
	in := &codeartifact.ListPackageVersionDependenciesInput{Domain: aws.String("acme"), Repository: aws.String("team"),
		Format: types.PackageFormatNpm, Package: aws.String("lodash"), PackageVersion: aws.String("1.0.0")}
	first := must[*codeartifact.ListPackageVersionDependenciesOutput](t)(
		s.client.ListPackageVersionDependencies(t.Context(), in))
	in.NextToken = first.NextToken
	second := must[*codeartifact.ListPackageVersionDependenciesOutput](t)(
		s.client.ListPackageVersionDependencies(t.Context(), in))
	s.same("sizes", []int{dependenciesPage, 1}, []int{len(first.Dependencies), len(second.Dependencies)})
	v.Revision = "another"
	s.hold(repositoryKey("team"), v)
	if _, err := s.client.ListPackageVersionDependencies(t.Context(), in); err == nil ||
		!strings.Contains(err.Error(), "another revision") {
		t.Errorf("got %v", err)
	}
}

func TestAPageTokenIsGoodForItsOwnListOnly(t *testing.T) {
	s := begin(t, Options{})
	for i := range 120 {
		key := artifact.PackageKey{Format: artifact.NPM, Name: fmt.Sprintf("p%03d", i)}
		must[artifact.Package](t)(s.PutControls(t.Context(), callerOf(owner), repositoryKey("team"), key,
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
	if status, _, _ := raw(t, s.base, "POST /v1/domain/repositories?domain=acme&next-token="+*first.NextToken,
		""); status != http.StatusBadRequest {
		t.Errorf("another operation: got %d, want 400", status)
	}
	other := New(s.world, s.world, Options{Region: "us-east-1"})
	client, _ := serve(t, other, callerOf(partner))
	in.PackagePrefix, in.DomainOwner = aws.String("p"), aws.String(owner)
	if _, err := client.ListPackages(t.Context(), in); err == nil {
		t.Error("another account's token was taken")
	}
}

func TestManyVersionsAtOnce(t *testing.T) {
	s := begin(t, Options{})
	on := repository.OnPackage(repositoryKey("team"), lodash)
	rows := []struct {
		name, path, body, want string
		selection              repository.Selection
	}{
		{"UpdatePackageVersionsStatus", "update_status",
			`{"versions":["1","2"],"versionRevisions":{"1":"a","2":"b"},"expectedStatus":"Unlisted","targetStatus":"Archived"}`,
			`{"successfulVersions":{"1":{"revision":"r-1","status":"Archived"},"2":{"revision":"r-2","status":"Archived"}},` +
				`"failedVersions":{}}`,
			repository.Selection{Versions: []string{"1", "2"}, Revisions: map[string]string{"1": "a", "2": "b"},
				Expected: artifact.Unlisted}},
		{"DisposePackageVersions", "dispose", `{"versions":["1","1"]}`,
			`{"successfulVersions":{"1":{"revision":"r-1","status":"Disposed"}},"failedVersions":{}}`,
			repository.Selection{Versions: []string{"1"}}},
		{"DeletePackageVersions", "delete", `{"versions":["9"],"expectedStatus":"Published"}`,
			`{"successfulVersions":{},"failedVersions":{"9":{"errorCode":"NOT_FOUND",` +
				`"errorMessage":"Could not find version 9"}}}`,
			repository.Selection{Versions: []string{"9"}, Expected: artifact.Published}},
	}
	for _, row := range rows {
		s.sends("POST /v1/package/versions/"+row.path+"?"+inPackage, row.body, row.want)
		s.same(row.name+": permission", question{row.name, on, nil}, s.lastAsked())
		s.same(row.name+": selection", row.selection, s.selection)
	}
}

func TestACopyIsJudgedOnThePackageInItsDestination(t *testing.T) {
	s := begin(t, Options{})
	const from = "domain=acme&source-repository=team&destination-repository=production&format=npm&package=lodash"
	s.sends("POST /v1/package/versions/copy?"+from,
		`{"versionRevisions":{"1":"a"},"allowOverwrite":true,"includeFromUpstream":true}`,
		`{"successfulVersions":{},"failedVersions":{}}`)
	s.same("permission", question{"CopyPackageVersions", repository.OnPackage(repositoryKey("production"), lodash), nil},
		s.lastAsked())
	s.same("copy", repository.CopySpec{From: repositoryKey("team"), To: repositoryKey("production"), PackageKey: lodash,
		AllowOverwrite: true, IncludeUpstream: true,
		Selection: repository.Selection{Versions: []string{}, Revisions: map[string]string{"1": "a"}}}, s.copied)
}

// lowering stands in for a format's own normalisation.
func lowering(v artifact.VersionKey) artifact.VersionKey {
	v.Namespace, v.Name = strings.ToLower(v.Namespace), strings.ToLower(v.Name)
	v.Version = strings.TrimSuffix(v.Version, ".0")
	return v
}

func TestNamesAreNormalisedBeforePermissionIsAsked(t *testing.T) {
	s := begin(t, Options{Normalize: lowering})
	const nuget = inRepo + "&format=nuget&package=Newtonsoft.Json"
	kept := artifact.PackageKey{Format: artifact.NuGet, Name: "newtonsoft.json"}
	s.hold(repositoryKey("team"), artifact.Version{VersionKey: kept.At("12.0.3")})
	raw(t, s.base, "GET /v1/package/version?"+nuget+"&version=12.0.3.0", "")
	s.same("permission", question{"DescribePackageVersion", repository.OnPackage(repositoryKey("team"), kept), nil},
		s.lastAsked())
	raw(t, s.base, "POST /v1/package/versions/dispose?"+nuget, `{"versions":["1.0","1","2"]}`)
	s.same("versions", []string{"1", "2"}, s.selection.Versions)
	status, _, body := raw(t, s.base,
		"POST /v1/package/versions/copy?domain=acme&source-repository=aa&destination-repository=bb&format=nuget&package=X",
		`{"versionRevisions":{"1":"a","1.0":"b"}}`)
	if status != http.StatusBadRequest || !strings.Contains(string(body), "names the version '1' twice") {
		t.Errorf("two spellings: got %d %s", status, body)
	}
}

func TestAnAssetIsStreamedWithItsHeaders(t *testing.T) {
	for _, size := range []int{0, 1, firstBytes, firstBytes + 1, 5 * firstBytes} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := begin(t, Options{})
			text := strings.Repeat("x", size)
			v := lodashVersion("1.0.0")
			v.Assets = []artifact.Asset{asset("package.tgz", int64(size))}
			s.hold(repositoryKey("team"), v)
			s.content["package.tgz"] = text
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
	s := begin(t, Options{})
	v := lodashVersion("1.0.0")
	v.Assets = []artifact.Asset{asset("package.tgz", 0)}
	s.hold(repositoryKey("team"), v)
	if status, _, _ := raw(t, s.base, "GET /v1/package/version/asset?"+inVersion+"&asset=package.tgz&revision=old",
		""); status != http.StatusNotFound {
		t.Errorf("got %d, want 404", status)
	}
}

// breaking is a download whose content breaks off.
func breaking(size, breaksAt int) *download {
	text := bytes.Repeat([]byte("x"), size)
	return &download{Asset: &memory{Reader: bytes.NewReader(text), breaksAt: breaksAt}, size: int64(size)}
}

func TestADamagedAssetIsAnErrorAtItsStartAndABrokenConnectionLater(t *testing.T) {
	a := New(newWorld(), nil, Options{Logger: slog.New(slog.DiscardHandler)})
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

var _ blob.Content = (*memory)(nil)

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
	a := New(newWorld(), nil, Options{})
	base := serveHandler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-amzn-RequestId", "from-the-server")
		a.Serve(w, r, callerOf(owner))
	})
	_, header, _ = raw(t, base, "POST /v1/domains", "")
	s.same("from the server", "from-the-server", header.Get("x-amzn-RequestId"))
}
