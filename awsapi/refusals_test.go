package awsapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
)

// refusal rows: a request that is right but for one thing, and what is said about it.
const (
	onePattern = "1 validation error detected: Value %s at '%s' failed to satisfy constraint: %s"
	domainOnly = "domain=acme"
	inRepo     = "domain=acme&repository=team"
	inPackage  = inRepo + "&format=npm&package=lodash"
	inVersion  = inPackage + "&version=1.0.0"
)

func one(value, member, constraint string) string {
	return strings.NewReplacer("%s at", value+" at", "'%s'", "'"+member+"'", ": %s", ": "+constraint).Replace(onePattern)
}

const (
	tooShort       = "Member must have length greater than or equal to "
	tooLong        = "Member must have length less than or equal to "
	noMatch        = "Member must satisfy regular expression pattern: "
	notOneOf       = "Member must satisfy enum value set: "
	notNull        = "Member must not be null"
	repositoryName = `[A-Za-z0-9][A-Za-z0-9._\-]{1,99}`
)

func long(n int) string { return strings.Repeat("a", n) }

// shown is how a long value appears in a message.
func shown(n int) string { return "'" + strings.Repeat("a", min(n, 100)) + "…'" }

// TestRefusedRequests holds the words of every kind of refusal; every member is tried in limits_test.go.
func TestRefusedRequests(t *testing.T) {
	const formats = "[npm, pypi, maven, nuget, generic, ruby, swift, cargo]"
	rows := []struct {
		name, request, body string
		reason              Reason
		message             string
	}{
		{"domain absent", "GET /v1/domain", "", FieldValidationFailed, one("null", "domain", notNull)},
		{"domain with an underscore", "POST /v1/domain?domain=my_domain", "", FieldValidationFailed,
			one("'my_domain'", "domain", noMatch+`[a-z][a-z0-9\-]{0,48}[a-z0-9]`)},
		{"domain of one letter", "GET /v1/domain?domain=a", "", FieldValidationFailed, one("'a'", "domain", tooShort+"2")},
		{"domain of 51 letters", "GET /v1/domain?domain=" + long(51), "", FieldValidationFailed,
			one("'"+long(51)+"'", "domain", tooLong+"50")},
		{"domain that begins right and goes on wrong", "GET /v1/domain?domain=acme%0A", "", FieldValidationFailed,
			one("'acme\n'", "domain", noMatch+`[a-z][a-z0-9\-]{0,48}[a-z0-9]`)},
		{"two things wrong", "GET /v1/repository?domain=a&repository=b", "", FieldValidationFailed,
			"2 validation errors detected: Value 'a' at 'domain' failed to satisfy constraint: " + tooShort +
				"2; Value 'b' at 'repository' failed to satisfy constraint: " + tooShort + "2"},
		{"description too long", "POST /v1/repository?" + inRepo, `{"description":"` + long(1001) + `"}`,
			FieldValidationFailed,
			one(shown(1001), "description", tooLong+"1000")},
		{"description with a control character", "PUT /v1/repository?" + inRepo, `{"description":"a\u0007"}`,
			FieldValidationFailed,
			one("'a\a'", "description", noMatch+`\P{C}*`)},
		{"upstream without a name", "POST /v1/repository?" + inRepo, `{"upstreams":[{}]}`, FieldValidationFailed,
			one("null", "upstreams.1.member.repositoryName", notNull)},
		{"upstream that is null", "POST /v1/repository?" + inRepo, `{"upstreams":[null]}`, FieldValidationFailed,
			one("null", "upstreams.1.member", notNull)},
		{"upstream with a bad name", "PUT /v1/repository?" + inRepo,
			`{"upstreams":[{"repositoryName":"ok"},{"repositoryName":"-"}]}`,
			FieldValidationFailed, one("'-'", "upstreams.2.member.repositoryName", tooShort+"2")},
		{"too many upstreams", "PUT /v1/repository?" + inRepo,
			`{"upstreams":[` + strings.Repeat(`{"repositoryName":"ok"},`, 1000) +
				`{"repositoryName":"ok"}]}`, FieldValidationFailed, one("of 1001 entries", "upstreams", tooLong+"1000")},
		{"the endpoint of a format that is not served", "GET /v1/repository/endpoint?" + inRepo + "&format=pypi", "",
			FieldValidationFailed, "A repository has no endpoint for the format pypi: this version of Entrepot does not serve " +
				"it yet. It serves npm, generic."},
		{"unknown format", "GET /v1/package?" + inRepo + "&format=python&package=x", "", FieldValidationFailed,
			one("'python'", "format", notOneOf+formats)},
		{"package that is two dots", "GET /v1/package?" + inRepo + "&format=npm&package=..", "", FieldValidationFailed,
			one("'..'", "package", "Member must not be a dot segment nor hold control characters")},
		{"namespace missing", "GET /v1/package?" + inRepo + "&format=maven&package=x", "", FieldValidationFailed,
			"Packages of the format maven have a namespace; the request names none."},
		{"namespace where there is none", "GET /v1/package?" + inRepo + "&format=pypi&namespace=n&package=x", "",
			FieldValidationFailed,
			"Packages of the format pypi have no namespace; the request names 'n'."},
		{"T34 a list by namespace without format", "POST /v1/packages?" + inRepo + "&namespace=n", "", FieldValidationFailed,
			"A namespace can only be given together with a format."},
		{"page of none", "POST /v1/packages?" + inRepo + "&max-results=0", "", FieldValidationFailed,
			one("'0'", "maxResults", "Member must have value greater than or equal to 1")},
		{"page of 1001", "POST /v1/packages?" + inRepo + "&max-results=1001", "", FieldValidationFailed,
			one("'1001'", "maxResults", "Member must have value less than or equal to 1000")},
		{"page in words", "POST /v1/packages?" + inRepo + "&max-results=ten", "", CannotParse,
			"Value 'ten' at 'maxResults' is not an integer of 32 bits."},
		{"page beyond 32 bits", "POST /v1/packages?" + inRepo + "&max-results=4294967297", "", CannotParse,
			"Value '4294967297' at 'maxResults' is not an integer of 32 bits."},
		{"page in the body in words", "POST /v1/domains", `{"maxResults":"10"}`, CannotParse,
			"The value at 'maxResults' is not a number."},
		{"page in the body as a fraction", "POST /v1/domains", `{"maxResults":1.0}`, CannotParse,
			"Value '1.0' at 'maxResults' is not an integer of 32 bits."},
		{"token that is no token", "POST /v1/packages?" + inRepo + "&next-token=eyJ9", "", FieldValidationFailed,
			"The nextToken is not one that this service gave out."},
		{"token of 899 seconds", "POST /v1/authorization-token?" + domainOnly + "&duration=899", "", FieldValidationFailed,
			"durationSeconds must be 0 or between 900 and 43200"},
		{"policy as an object", "PUT /v1/repository/permissions/policy?" + inRepo, `{"policyDocument":{}}`, CannotParse,
			"The value at 'policyDocument' is not a string."},
		{"half of the controls", "POST /v1/package?" + inPackage, `{"restrictions":{"publish":"ALLOW"}}`,
			FieldValidationFailed,
			one("null", "restrictions.upstream", notNull)},
		{"controls as a list", "POST /v1/package?" + inPackage, `{"restrictions":[]}`, CannotParse,
			"The value at 'restrictions' is not an object."},
		{"tag value absent", "POST /v1/domain?domain=acme", `{"tags":[{"key":"k"}]}`, FieldValidationFailed,
			one("null", "tags.1.member.value", notNull)},
		{"too many tags", "POST /v1/domain?domain=acme",
			`{"tags":[` + strings.Repeat(`{"key":"k","value":"v"},`, 200) + `{"key":"k","value":"v"}]}`,
			FieldValidationFailed, one("of 201 entries", "tags", tooLong+"200")},
		{"reserved tag key", "POST /v1/repository?" + inRepo, `{"tags":[{"key":"AWS:x","value":"v"}]}`, FieldValidationFailed,
			"The tag key 'AWS:x' begins with aws:, which is reserved."},
		{"tag key given twice", "POST /v1/tag?resourceArn=arn:aws:codeartifact:us-east-1:111122223333:domain/acme",
			`{"tags":[{"key":"k","value":"v"},{"key":"k","value":"w"}]}`, FieldValidationFailed,
			"The tag key 'k' is given twice."},
		{"ARN of another service", "POST /v1/tags?resourceArn=arn:aws:s3:us-east-1:111122223333:domain/acme", "",
			FieldValidationFailed,
			"The resourceArn 'arn:aws:s3:us-east-1:111122223333:domain/acme' does not begin with " +
				"arn:aws:codeartifact:us-east-1:."},
		{"ARN of another region", "POST /v1/tags?resourceArn=arn:aws:codeartifact:eu-west-1:111122223333:domain/acme", "",
			FieldValidationFailed,
			"The resourceArn 'arn:aws:codeartifact:eu-west-1:111122223333:domain/acme' does not begin with " +
				"arn:aws:codeartifact:us-east-1:."},
		{"ARN of a package",
			"POST /v1/tags?resourceArn=arn:aws:codeartifact:us-east-1:111122223333:package/acme/team/npm//x", "",
			FieldValidationFailed,
			"The resourceArn 'arn:aws:codeartifact:us-east-1:111122223333:package/acme/team/npm//x' is not the ARN of a " +
				"domain, a repository or a package group."},
		{"ARN of a domain with more behind it",
			"POST /v1/tags?resourceArn=arn:aws:codeartifact:us-east-1:111122223333:domain/acme/x", "", FieldValidationFailed,
			"The resourceArn 'arn:aws:codeartifact:us-east-1:111122223333:domain/acme/x' is not the ARN of a domain, a " +
				"repository or a package group."},
		{"no versions to delete", "POST /v1/package/versions/delete?" + inPackage, `{"versions":[]}`, FieldValidationFailed,
			"versions names no version."},
		{"101 versions", "POST /v1/package/versions/delete?" + inPackage,
			`{"versions":[` + strings.Repeat(`"1",`, 100) + `"1"]}`, FieldValidationFailed,
			one("of 101 entries", "versions", tooLong+"100")},
		{"a version with a slash", "POST /v1/package/versions/delete?" + inPackage, `{"versions":["1","a/b"]}`,
			FieldValidationFailed,
			one("'a/b'", "versions.2.member", noMatch+`[^#/\s]+`)},
		{"a version that is a number", "POST /v1/package/versions/delete?" + inPackage, `{"versions":[1]}`, CannotParse,
			"The value at 'versions.1.member' is not a string."},
		{"status Disposed as target", "POST /v1/package/versions/update_status?" + inPackage,
			`{"versions":["1"],"targetStatus":"Disposed"}`,
			FieldValidationFailed, "targetStatus must be one of Published, Unlisted and Archived, not Disposed."},
		{"status Unfinished as target", "POST /v1/package/versions/update_status?" + inPackage,
			`{"versions":["1"],"targetStatus":"Unfinished"}`,
			FieldValidationFailed, "targetStatus must be one of Published, Unlisted and Archived, not Unfinished."},
		{"revisions of other versions", "POST /v1/package/versions/update_status?" + inPackage,
			`{"versions":["1"],"versionRevisions":{"2":"r"},"targetStatus":"Archived"}`, FieldValidationFailed,
			"versions and versionRevisions must name the same versions."},
		{"revision with a space", "POST /v1/package/versions/dispose?" + inPackage,
			`{"versions":["1"],"versionRevisions":{"1":"a b"}}`,
			FieldValidationFailed, one("'a b'", "versionRevisions.value", noMatch+`\S+`)},
		{"revision that is no text", "POST /v1/package/versions/dispose?" + inPackage,
			`{"versions":["1"],"versionRevisions":{"1":1}}`,
			CannotParse, "The value of '1' at 'versionRevisions' is not a string."},
		{"copy of nothing",
			"POST /v1/package/versions/copy?domain=acme&source-repository=aa&destination-repository=bb&format=npm&package=x",
			`{}`,
			FieldValidationFailed, "Exactly one of versions and versionRevisions must name versions."},
		{"copy by both",
			"POST /v1/package/versions/copy?domain=acme&source-repository=aa&destination-repository=bb&format=npm&package=x",
			`{"versions":["1"],"versionRevisions":{"1":"r"}}`, FieldValidationFailed,
			"Exactly one of versions and versionRevisions must name versions."},
		{"copy onto itself",
			"POST /v1/package/versions/copy?domain=acme&source-repository=aa&destination-repository=aa&format=npm&package=x",
			`{"versions":["1"]}`, FieldValidationFailed, "The source and the destination repository must be different."},
		{"overwrite in words",
			"POST /v1/package/versions/copy?domain=acme&source-repository=aa&destination-repository=bb&format=npm&package=x",
			`{"versions":["1"],"allowOverwrite":"true"}`, CannotParse, "The value at 'allowOverwrite' is not true or false."},
		{"preview in words", "GET /v1/list-associated-packages?domain=acme&package-group=%2F%2A&preview=yes", "", CannotParse,
			"Value 'yes' at 'preview' is neither true nor false."},
		{"body that is no JSON", "POST /v1/domains", `{"maxResults":`, CannotParse,
			"The request body is not JSON near byte 14."},
		{"body that is a list", "POST /v1/domains", `[]`, CannotParse, "The request body is not a JSON object."},
		{"body with a second document", "POST /v1/domains", `{}{}`, CannotParse, "The request body goes on after its end."},
		{"body with a key twice", "POST /v1/domains", `{"maxResults":1,"maxResults":2}`, CannotParse,
			"The request body has the key 'maxResults' twice."},
		{"body with a key twice where nobody looks", "POST /v1/domains", `{"x":{"y":1,"y":2}}`, CannotParse,
			"The request body has the key 'y' twice."},
		{"body with a key in another case", "POST /v1/domains", `{"MaxResults":1}`, CannotParse,
			"The member 'MaxResults' must be written 'maxResults'."},
		{"body with an inner key in another case", "POST /v1/repository?" + inRepo,
			`{"upstreams":[{"RepositoryName":"team"}]}`, CannotParse,
			"The member 'RepositoryName' must be written 'repositoryName'."},
		{"body that nests too deep", "POST /v1/domains", `{"x":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`,
			CannotParse,
			"The request body nests deeper than 16 levels."},
		{"body that is not UTF-8", "POST /v1/domains", "{\"x\":\"\xff\"}", CannotParse, "The request body is not UTF-8."},
		{"body too large", "POST /v1/domains", `{"x":"` + long(maxBody) + `"}`, CannotParse,
			"The request body is larger than 1048576 bytes."},
		{"query parameter twice", "GET /v1/domain?domain=acme&domain=acme", "", CannotParse,
			"The query parameter 'domain' is given twice."},
		{"query badly encoded", "GET /v1/domain?domain=%zz", "", CannotParse,
			"The query parameter 'domain=%zz' is not percent-encoded UTF-8."},
		{"query that is not UTF-8", "GET /v1/domain?domain=%ff", "", CannotParse,
			"The query parameter 'domain=%ff' is not percent-encoded UTF-8."},
		{"query of too many parameters", "GET /v1/domain?" + manyParameters(65), "", CannotParse,
			"The query has more than 64 parameters."},
		{"query too long", "GET /v1/domain?x=" + long(maxQuery), "", CannotParse, "The query is longer than 32768 bytes."},
		{"a plus, which is no space", "GET /v1/package?" + inRepo + "&format=npm&package=a+b/", "", FieldValidationFailed,
			one("'a+b/'", "package", noMatch+`[^#/\s]+`)},
		{"unknown path", "GET /v1/domian?domain=acme", "", UnknownOperation, "There is no operation GET /v1/domian."},
		{"trailing slash", "GET /v1/domain/?domain=acme", "", UnknownOperation, "There is no operation GET /v1/domain/."},
		{"encoded path", "GET /v1/%64omain?domain=acme", "", UnknownOperation, "There is no operation GET /v1/%64omain."},
		{"unknown method", "PATCH /v1/domain?domain=acme", "", UnknownOperation, "There is no operation PATCH /v1/domain."},
		{"policy deleted at its singular path", "DELETE /v1/repository/permissions/policy?" + inRepo, "", UnknownOperation,
			"There is no operation DELETE /v1/repository/permissions/policy."},
	}
	base := begin(t, Options{Served: []artifact.Format{artifact.NPM, artifact.Generic}}).nobody
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			status, header, body := raw(t, base, row.request, row.body)
			if status != http.StatusBadRequest || header.Get("X-Amzn-Errortype") != "ValidationException" {
				t.Fatalf("got %d %s: %s", status, header.Get("X-Amzn-Errortype"), body)
			}
			var got struct {
				Message string
				Reason  Reason
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if got.Reason != row.reason {
				t.Errorf("reason %s, want %s", got.Reason, row.reason)
			}
			if got.Message != row.message {
				t.Errorf("got  %s\nwant %s", got.Message, row.message)
			}
		})
	}
}

func manyParameters(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&p" + strings.Repeat("x", i) + "=1")
	}
	return b.String()[1:]
}

func TestRefusalComesBeforePermissionAndPermissionBeforeExistence(t *testing.T) {
	s := begin(t, Options{})
	if status, _, _ := raw(t, s.nobody, "GET /v1/domain?domain=A", ""); status != http.StatusBadRequest {
		t.Errorf("a bad name: got %d, want 400 although nobody may ask", status)
	}
	if status, header, _ := raw(t, s.nobody, "GET /v1/domain?domain=nowhere", ""); status != http.StatusForbidden {
		t.Errorf("a domain that is not there: got %d %s, want 403", status, header.Get("X-Amzn-Errortype"))
	}
	if status, _, _ := raw(t, s.base, "GET /v1/domain?domain=nowhere", ""); status != http.StatusNotFound {
		t.Errorf("a domain that is not there, allowed: got %d, want 404", status)
	}
}

func TestARequestIsToldItsOwnFaultFirst(t *testing.T) {
	s := begin(t, Options{})
	if status, _, body := raw(t, s.nobody,
		"POST /v1/package/version/publish?"+inRepo+"&format=npm&package=x&version=1&asset=a", ""); status != 400 {
		t.Errorf("got %d %s, want the request's own fault first", status, body)
	}
}

func TestGroupsAreRefusedOnceTheyArePermitted(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	for _, row := range []struct{ request, body, message string }{
		{"PUT /v1/package-group-origin-configuration?domain=acme&package-group=%2F%2A",
			`{"addAllowedRepositories":[{"repositoryName":"team"}]}`,
			"An allowed repository has both a repositoryName and an originRestrictionType."},
		{"PUT /v1/package-group-origin-configuration?domain=acme&package-group=%2F%2A",
			`{"removeAllowedRepositories":[{"originRestrictionType":"PUBLISH"}]}`,
			"An allowed repository has both a repositoryName and an originRestrictionType."},
		{"POST /v1/package-group?domain=acme", `{"packageGroup":"/npm/foo*"}`, "'/npm/foo*' is not the pattern of a package group: " +
			"* stands behind a character that is neither letter nor digit; behind a letter or a digit write ~."},
	} {
		status, _, body := raw(t, s.base, row.request, row.body)
		if status != http.StatusBadRequest || !strings.Contains(string(body), row.message) {
			t.Errorf("%s: got %d %s", row.request, status, body)
		}
	}
}

func TestAnEmptyMapOfRevisionsIsAsGoodAsNoneInEveryOperation(t *testing.T) {
	s := beginIn(t, Options{}, "team", "production")
	s.hold("team", lodashVersion("1.0.0"))
	const copied = "domain=acme&source-repository=team&destination-repository=production&format=npm&package=lodash"
	rows := []struct{ request, body string }{
		{"POST /v1/package/versions/update_status?" + inPackage, `"targetStatus":"Archived"`},
		{"POST /v1/package/versions/dispose?" + inPackage, `"expectedStatus":"Published"`},
		{"POST /v1/package/versions/copy?" + copied, `"allowOverwrite":false`},
		{"POST /v1/package/versions/delete?" + inPackage, `"expectedStatus":"Published"`},
	}
	for _, row := range rows {
		s.answers(row.request, `{"versions":["1.0.0"],"versionRevisions":{},`+row.body+`}`, http.StatusOK)
		s.answers(row.request, `{"versions":["1.0.0"],"versionRevisions":null,`+row.body+`}`, http.StatusOK)
	}
	const byRevision = `{"versions":[],"versionRevisions":{"1.0.0":"rev"}}`
	s.answers("POST /v1/package/versions/copy?"+copied, byRevision, http.StatusOK)
	s.answers("POST /v1/package/versions/copy?"+copied, `{"versions":[],"versionRevisions":{}}`, http.StatusBadRequest)
}

// policyText is a policy document as a JSON string.
const policyText = `"{ \"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", ` +
	`\"Principal\": {\"AWS\": \"444455556666\"}, \"Action\": \"codeartifact:ReadFromRepository\", \"Resource\": \"*\"}}"`

// What a client may send without being refused for it.
func TestToleratedRequests(t *testing.T) {
	rows := []struct{ name, request, body string }{
		{"unknown query parameter", "POST /v1/domains?future=1", "{}"},
		{"unknown body member", "POST /v1/domains", `{"future":{"a":[1,null]}}`},
		{"null member", "POST /v1/domains", `{"maxResults":null}`},
		{"no body", "POST /v1/domains", ""},
		{"a body where none is read", "POST /v1/repositories", "not JSON"},
		{"empty domain owner", "PUT /v1/domain/permissions/policy",
			`{"domain":"acme","domainOwner":"","policyDocument":` + policyText + `}`},
		{"versions that differ in case alone", "POST /v1/package/versions/dispose?" + inPackage,
			`{"versions":["1-RC","1-rc"],"versionRevisions":{"1-RC":"a","1-rc":"b"}}`},
		{"policy with line breaks and tabs", "PUT /v1/repository/permissions/policy?" + inRepo,
			`{"policyDocument":"\n\t` + policyText[1:] + `}`},
	}
	s := beginIn(t, Options{}, "team")
	s.hold("team", lodashVersion("1.0.0"))
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if status, _, body := raw(t, s.base, row.request, row.body); status != http.StatusOK {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}

// raw sends "METHOD /path?query" with a body and returns the answer.
func raw(t *testing.T, base, request, body string) (status int, header http.Header, answer []byte) {
	t.Helper()
	method, target, _ := strings.Cut(request, " ")
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(target, "?")
	u.RawQuery = query
	u.Path, err = url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	u.RawPath = path
	r := &http.Request{Method: method, URL: u, Host: u.Host, Body: readCloser(body), ContentLength: int64(len(body))}
	res, err := http.DefaultClient.Do(r.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header, readAll(t, res.Body)
}
