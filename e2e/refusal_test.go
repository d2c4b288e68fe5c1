package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/conformance/jsonmatch"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// What the API says of errors (service model).
const (
	invalid  = "ValidationException"
	badField = "FIELD_VALIDATION_FAILED"
	forged   = "InvalidSignatureException"
	unparsed = "CANNOT_PARSE"
)

func sha256Of(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// signed is a call as no client of AWS would make it.
type signed struct {
	method, path, body string
	region             string // us-east-1 if empty
	declared           string // x-amz-content-sha256; none if empty
}

// spoken is what the API says of an error.
type spoken struct {
	status               int
	code, message        string
	reason               string
	resourceID, resource string
}

func (f *fixture) refusalOf(s signed) (r spoken) {
	f.t.Helper()
	id, secret, err := f.key()
	f.must(err)
	req, err := http.NewRequestWithContext(f.t.Context(), s.method, f.url+s.path, strings.NewReader(s.body))
	f.must(err)
	hash := sha256Of(s.body)
	if s.declared != "" {
		req.Header.Set("X-Amz-Content-Sha256", s.declared)
		hash = s.declared
	}
	region := s.region
	if region == "" {
		region = "us-east-1"
	}
	credentials := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	f.must(v4.NewSigner().SignHTTP(f.t.Context(), credentials, req, hash, "codeartifact", region, time.Now()))
	resp, err := client.Do(req)
	f.must(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	f.must(err)
	var said struct{ Message, Reason, ResourceID, ResourceType string }
	if err := json.Unmarshal(answer, &said); err != nil {
		f.t.Fatalf("%s %s: %v in %s", s.method, s.path, err, answer)
	}
	return spoken{resp.StatusCode, resp.Header.Get("X-Amzn-Errortype"), said.Message, said.Reason, said.ResourceID,
		said.ResourceType}
}

func TestARefusalSaysWhichFieldIsWrongAndWhy(t *testing.T) {
	f := newFixture(t)
	const publish = "/v1/package/version/publish?domain=" + domain +
		"&repository=my-repo&format=generic&namespace=n&package=p&version=1&asset=a"
	const invalidName = "/v1/package?domain=" + domain + "&repository=my-repo&format=npm&package="
	for _, row := range []struct {
		name   string
		call   signed
		status int
		code   string
		reason string
		says   string
	}{
		{"a control character in a query", signed{method: "GET", path: invalidName + "a%07b"}, 400, invalid, badField,
			"'package'"},
		{"a NUL in a query", signed{method: "GET", path: invalidName + "a%00"}, 400, invalid, badField, "'package'"},
		{"a query that is not UTF-8", signed{method: "GET", path: invalidName + "a%ff"}, 400, invalid, unparsed, "'package="},
		{"a hash of 63 digits", signed{method: "POST", path: publish, body: "a", declared: sha256Of("a")[1:]}, 400, invalid,
			badField, "'assetSHA256'"},
		{"a hash of 65 digits", signed{method: "POST", path: publish, body: "a", declared: sha256Of("a") + "0"}, 400, invalid,
			badField, "'assetSHA256'"},
		{"a hash in capitals", signed{method: "POST", path: publish, body: "a", declared: strings.ToUpper(sha256Of("a"))}, 400,
			invalid, badField, "'assetSHA256'"},
		{"no hash", signed{method: "POST", path: publish, body: "a"}, 400, invalid, badField, "'assetSHA256'"},
		{"a streaming signature", signed{method: "POST", path: publish, body: "a",
			declared: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, 400, invalid, unparsed, "x-amz-content-sha256"},
		{"another region", signed{method: "GET", path: "/v1/domain?domain=" + domain, region: "eu-west-1"}, 403, forged, "",
			"'us-east-1'"},
	} {
		got := f.refusalOf(row.call)
		if got.status != row.status || got.code != row.code || got.reason != row.reason ||
			!strings.Contains(got.message, row.says) {
			t.Errorf("%s: got %+v, want %d %s with the reason %q, naming %s", row.name, got, row.status, row.code, row.reason,
				row.says)
		}
	}
}

func TestControlsAreKeptUnderTheNameThatAFormatFoldsTo(t *testing.T) {
	f := newFixture(t)
	const at, body = "/v1/package?domain=" + domain + "&repository=my-repo", `{"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}}`
	for _, row := range []struct{ format, written, kept string }{
		{"pypi", "&package=Zope.Interface__Extra", "&package=zope-interface-extra"},
		{"nuget", "&package=Newtonsoft.Json", "&package=newtonsoft.json"},
		{"swift", "&namespace=MyScope&package=MyPkg", "&namespace=myscope&package=mypkg"},
	} {
		format := "&format=" + row.format
		_, err := f.do(t.Context(), "POST", at+format+row.written, body)
		f.must(err)
		answer, err := f.do(t.Context(), "GET", at+format+row.kept, "")
		f.must(err)
		if err := jsonmatch.Text(answer, []byte(`{"package":{"originConfiguration":`+body+`}}`)); err != nil {
			t.Errorf("%s: what blocks %s does not block %s: %v", row.format, row.written, row.kept, err)
		}
	}
}
