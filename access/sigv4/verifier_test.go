package sigv4

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
)

const accepted = Code(255)

// The rows take one valid request and change one thing, before or after it is signed.
var mutations = []struct {
	name    string
	from    func() signing // nil: example
	before  func(*signing)
	after   func(wire string) string
	payload Payload // zero: testPayload
	want    Code
}{
	{name: "unchanged", want: accepted},
	{name: "presigned, unchanged", from: presignedExample, want: accepted},

	{name: "S01 signed 5 min 1 s ahead of the clock", before: at(5*time.Minute + time.Second), want: Mismatch},
	{name: "S01 signed 5 min 1 s behind the clock", before: at(-5*time.Minute - time.Second), want: Mismatch},
	{name: "S01 signed 4 min 59 s ahead, on the next day", before: at(4*time.Minute + 59*time.Second), want: accepted},
	{name: "S01 signed 4 min 59 s behind", before: at(-4*time.Minute - 59*time.Second), want: accepted},
	{name: "S01 time with a fraction", after: replace("T235800Z", "T235800.5Z"), want: Incomplete},
	{name: "S01 no date at all", after: replace("X-Amz-Date:", "X-Unrelated:"), want: Incomplete},
	{name: "S02 credential of another day", after: replace("/20261120/", "/20261121/"), want: Mismatch},
	{name: "S03 another region", before: scoped("eu-west-1", "codeartifact"), want: Mismatch},
	{name: "S04 another service", before: scoped("us-east-1", "s3"), want: Mismatch},
	{name: "S05 algorithm in lower case", after: replace("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "), want: Incomplete},
	{name: "S05 asymmetric algorithm", after: replace("AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 "), want: Incomplete},
	{name: "S06 host not signed", after: replace(";host;", ";"), want: Incomplete},
	{name: "S07 x-amz- header added", after: addHeader("X-Amz-Target: CodeArtifact.DeleteDomain"), want: Incomplete},
	{name: "S07 x-amz- header added to a presigned request", from: presignedExample,
		after: addHeader("X-Amz-Target: CodeArtifact.DeleteDomain"), want: Incomplete},
	{name: "S07 x-amzn- header added, as proxies do", after: addHeader("X-Amzn-Trace-Id: Root=1"), want: accepted},
	{name: "S08 signed headers unsorted", after: replace("content-type;host;", "host;content-type;"), want: Incomplete},
	{name: "S08 signed headers in upper case", after: replace(";host;", ";Host;"), want: Incomplete},
	{name: "S08 a signed header listed twice", after: replace(";host;", ";host;host;"), want: Incomplete},
	{name: "S09 signed header removed", after: replace("Amz-Sdk-Request: attempt=1; max=3\r\n", ""), want: Mismatch},
	{name: "S09 signed header changed", after: replace("attempt=1; max=3", "attempt=2; max=3"), want: Mismatch},
	{name: "S09 empty signed header removed", before: header("X-Empty", ""), after: replace("X-Empty: \r\n", ""),
		want: Mismatch},
	{name: "S09 signed header sent again with another value", after: addHeader("Amz-Sdk-Request: attempt=9"),
		want: Mismatch},
	{name: "S09 date sent again with another value", after: addHeader("X-Amz-Date: 20261120T235700Z"), want: Incomplete},
	{name: "S09 content type sent again", after: addHeader("Content-Type: text/plain"), want: Incomplete},
	{name: "S10 parameter added", after: replace("?domain=", "?domain-owner=111122223333&domain="), want: Mismatch},
	{name: "S10 parameter removed", after: replace("&repository=the%20team", ""), want: Mismatch},
	{name: "S10 parameters reordered", want: accepted,
		after: replace("domain=example&repository=the%20team", "repository=the%20team&domain=example")},
	{name: "S10 space sent as plus", after: replace("the%20team", "the+team"), want: Malformed},
	{name: "S10 plus signed, space sent", before: target("?a=x%2By"), after: replace("x%2By", "x%20y"), want: Mismatch},
	{name: "S10 semicolon sent bare", before: target("?a=x%3By"), after: replace("x%3By", "x;y"), want: Malformed},
	{name: "S10 escape cut short", after: replace("the%20team", "the%2"), want: Malformed},
	{name: "S10 parameter twice, signed", before: target("?repository=a&repository=b"), want: Malformed},
	{name: "S10 same parameter twice with the same value, signed", before: target("?a=b&a=b"), want: Malformed},
	{name: "S10 same parameter twice, once escaped", before: target("?a=b"), after: replace("a=b", "a=b&%61=c"),
		want: Malformed},
	{name: "S10 empty parameter", after: replace("&repository", "&&repository"), want: Malformed},
	{name: "S10 value empty, equals sign left out", before: target("?domain-owner="),
		after: replace("domain-owner=", "domain-owner"), want: accepted},
	{name: "S10 query of 33 kB", after: replace("?domain", "?a="+strings.Repeat("a", 33<<10)+"&domain"), want: Malformed},
	{name: "S10 query of 201 parameters", after: replace("?domain", "?"+strings.Repeat("a=1&", 200)+"domain"),
		want: Malformed},
	{name: "S11 slash doubled", after: replace("/v1/repository", "/v1//repository"), want: Mismatch},
	{name: "S11 dot segment", after: replace("/v1/repository", "/v1/./repository"), want: Mismatch},
	{name: "S11 slash escaped", after: replace("/v1/repository", "/v1%2Frepository"), want: Mismatch},
	{name: "S11 letter escaped", after: replace("/v1/repository", "/v1/%72epository"), want: Mismatch},
	{name: "S11 slash escaped and signed so", before: target("/v1/tags/a%2Fb%20c"), want: accepted},
	{name: "S11 case of an escape changed", before: target("/v1/tags/a%2Fb"), after: replace("a%2Fb", "a%2fb"),
		want: Mismatch},
	{name: "S11 no path", before: target(""), want: accepted},
	{name: "S12 body changed", after: replace("of the team", "of THE team"), want: Mismatch},
	{name: "S12 body changed, declared hash kept", before: declared, after: replace("of the team", "of THE team"),
		want: Mismatch},
	{name: "S12 declared hash right", before: declared, want: accepted},
	{name: "S12 declared hash in upper case", before: declares(strings.Repeat("A", 64)), want: Mismatch},
	{name: "S12 declared hash empty", before: declares(""), want: Mismatch},
	{name: "S12 declared text that is no hash", before: declares("abc"), want: Mismatch},
	{name: "S12 declared text that is no hash, where the header counts", before: declares("abc"),
		payload: Payload{HeaderHash: true}, want: accepted},
	{name: "S12 no declared hash, where the header counts", payload: Payload{HeaderHash: true, Limit: 1 << 20},
		want: accepted},
	{name: "S12 no declared hash, where the header counts, and another body", after: replace("of the team", "of THE team"),
		payload: Payload{HeaderHash: true, Limit: 1 << 20}, want: Mismatch},
	{name: "S13 unsigned payload", before: declares("UNSIGNED-PAYLOAD"), want: Mismatch},
	{name: "S13 unsigned payload where the header counts", before: declares("UNSIGNED-PAYLOAD"),
		payload: Payload{HeaderHash: true}, want: Mismatch},
	{name: "S14 streaming payload", before: declares("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), want: Malformed},
	{name: "S14 streaming payload with a trailer", before: declares("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
		payload: Payload{HeaderHash: true}, want: Malformed},
	{name: "S14 chunked encoding", before: header("Content-Encoding", "gzip,AWS-chunked"), want: Malformed},
	{name: "S15 both in header and in query", after: replace("?domain", "?X-Amz-Signature=00&domain"), want: Incomplete},
	{name: "S15 session token in the query of a signed header", after: replace("?domain", "?X-Amz-Security-Token=t&domain"),
		want: Incomplete},
	{name: "S15 a bearer token beside", after: addHeader("Authorization: Bearer token"), want: Incomplete},
	{name: "S15 a bearer token beside a presigned query", from: presignedExample,
		after: addHeader("Authorization: Bearer token"), want: Incomplete},
	{name: "S15 a second date beside a presigned query", from: presignedExample,
		after: addHeader("X-Amz-Date: 20261120T235800Z"), want: Incomplete},
	{name: "S16 signature in upper case", after: upperSignature, want: Mismatch},
	{name: "S16 signature truncated", after: onSignature(func(s string) string { return s[:62] }), want: Mismatch},
	{name: "S16 signature padded", after: onSignature(func(s string) string { return s + "00" }), want: Mismatch},
	{name: "S16 signature empty", after: onSignature(func(string) string { return "" }), want: Incomplete},
	{name: "S16 signature of zeroes", want: Mismatch,
		after: onSignature(func(string) string { return strings.Repeat("0", 64) })},
	{name: "S17 session token", before: session("IQoJ/+=="), want: accepted},
	{name: "S17 session token removed from the request", before: session("IQoJ/+=="),
		after: replace("X-Amz-Security-Token: IQoJ/+==\r\n", ""), want: Mismatch},
	{name: "S17 session token removed from request and list", before: session("IQoJ/+=="),
		after: chain(replace("X-Amz-Security-Token: IQoJ/+==\r\n", ""), replace(";x-amz-security-token", "")), want: Mismatch},
	{name: "S17 session token exchanged", before: session("IQoJ/+=="), after: replace("IQoJ/+==", "OTHER"), want: Mismatch},
	{name: "S17 session token added, not signed", after: addHeader("X-Amz-Security-Token: IQoJ"), want: Incomplete},
	{name: "S17 session token in a presigned query", from: presignedExample, before: session("IQoJ/+=="), want: accepted},
	{name: "S17 session token removed from a presigned query", from: presignedExample, before: session("IQoJ"),
		after: replace("&X-Amz-Security-Token=IQoJ", ""), want: Mismatch},
	{name: "S19 presigned for 604800 s", from: presignedExample, before: expires("604800"), want: accepted},
	{name: "S19 presigned for 604801 s", from: presignedExample, before: expires("604801"), want: Incomplete},
	{name: "S19 presigned for a negative time", from: presignedExample, before: expires("-1"), want: Incomplete},
	{name: "S19 presigned for no time", from: presignedExample, before: expires("0"), want: Incomplete},
	{name: "S19 presigned for more than a machine word", from: presignedExample, before: expires("99999999999999999999"),
		want: Incomplete},
	{name: "S19 presigned for ever", from: presignedExample, before: expires(""), want: Incomplete},
	{name: "S19 presigned, time prolonged", from: presignedExample, after: replace("=900", "=901"), want: Mismatch},
	{name: "S19 presigned, in its last second", from: presignedExample, before: at(-900 * time.Second), want: accepted},
	{name: "S19 presigned, over", from: presignedExample, before: at(-901 * time.Second), want: Mismatch},
	{name: "S19 presigned, 5 min 1 s ahead of the clock", from: presignedExample,
		before: at(5*time.Minute + time.Second), want: Mismatch},
	{name: "S19 presigned for GET, used for PUT", from: presignedExample, after: replace("GET ", "PUT "), want: Mismatch},
	{name: "S19 presigned for GET, used for HEAD", from: presignedExample, after: replace("GET ", "HEAD "), want: Mismatch},
	{name: "S19 presigned with another algorithm", from: presignedExample, want: Incomplete,
		after: replace("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-HMAC-SHA1")},
	{name: "S19 presigned with a body nobody signed", from: presignedExample, want: Mismatch,
		after: func(wire string) string {
			return replace("Host:", "Content-Length: 4\r\nHost:")(wire) + "body"
		}},
	{name: "S21 another secret", before: func(s *signing) { s.secret = artifact.NewSecret("wrong") }, want: Mismatch},
	{name: "S21 empty secret", before: func(s *signing) { s.secret = artifact.Secret{} }, want: Mismatch},
	{name: "S23 spaces around and within a value", before: header("X-Spaced", "  a   b  "),
		after: replace("a   b", "a  b"), want: accepted},
	{name: "S23 spaces within a value removed", before: header("X-Spaced", "a   b"), after: replace("a   b", "ab"),
		want: Mismatch},
	{name: "S23 value outside ASCII", before: header("X-Name", "Gödel \xff"), want: accepted},
	{name: "S24 chunked body, length signed", after: chunked, want: Mismatch},

	{name: "no authorization", after: func(wire string) string { return cut(wire, "Authorization: ", "\r\n") }, want: Missing},
	{name: "authorization of another scheme", want: Incomplete,
		after: func(string) string { return "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer token\r\n\r\n" }},
	{name: "credential of four parts", after: replace("/aws4_request", ""), want: Incomplete},
	{name: "credential of six parts", after: replace("/aws4_request", "/aws4_request/x"), want: Incomplete},
	{name: "another terminator", after: replace("/aws4_request", "/aws4_rEquest"), want: Mismatch},
	{name: "key id with a control character", after: replace(testKeyID, "AKIDEXAMPLE\tOFATEST0"), want: Incomplete},
	{name: "key id too short", after: replace(testKeyID, "AKID"), want: Incomplete},
	{name: "credential twice", after: replace("Signature=", "Credential=a/b/c/d/e, Signature="), want: Incomplete},
	{name: "unknown part", after: replace("Signature=", "Extra=1, Signature="), want: Incomplete},
	{name: "authorization of 9 kB", after: replace("Signature=", "Signature="+strings.Repeat("0", 9<<10)), want: Incomplete},
	{name: "65 signed headers", after: replace(";host;", strings.Repeat(";a", 65)+";host;"), want: Incomplete},
	{name: "another host", after: replace("Host: codeartifact.", "Host: other."), want: Mismatch},
	{name: "another method", after: replace("POST ", "PATCH "), want: Mismatch},
	{name: "body over the limit", payload: Payload{Limit: 28}, want: TooLarge},
	{name: "body at the limit", payload: Payload{Limit: 29}, want: accepted},
}

func TestVerify(t *testing.T) {
	for _, row := range mutations {
		t.Run(row.name, func(t *testing.T) {
			s := example()
			if row.from != nil {
				s = row.from()
			}
			if row.before != nil {
				row.before(&s)
			}
			wire := s.wire(t)
			if row.after != nil {
				wire = row.after(wire)
			}
			if row.payload == (Payload{}) {
				row.payload = testPayload
			}
			err := check(t, verifierAt(testTime), wire, testSecret, row.payload)
			if row.want == accepted {
				if err != nil {
					t.Fatalf("got %v, want it accepted; on the wire:\n%s", err, wire)
				}
				return
			}
			wantRefusal(t, err, row.want)
		})
	}
}

func at(d time.Duration) func(*signing) { return func(s *signing) { s.at = testTime.Add(d) } }
func scoped(r, service string) func(*signing) {
	return func(s *signing) { s.scope = Scope{r, service} }
}
func session(token string) func(*signing)   { return func(s *signing) { s.session = token } }
func expires(seconds string) func(*signing) { return func(s *signing) { s.expires = seconds } }
func header(name, value string) func(*signing) {
	return func(s *signing) { s.header[name] = []string{value} }
}

// declares sends and signs a value of x-amz-content-sha256, as a client would that means it.
func declares(value string) func(*signing) {
	return func(s *signing) { s.header.Set("X-Amz-Content-Sha256", value); s.payloadHash = value }
}

func declared(s *signing) { declares(sha256Hex(s.body))(s) }

func target(rest string) func(*signing) {
	return func(s *signing) { s.url = "http://codeartifact.example.test:8090" + rest }
}

func chain(steps ...func(string) string) func(string) string {
	return func(wire string) string {
		for _, step := range steps {
			wire = step(wire)
		}
		return wire
	}
}

func onSignature(change func(string) string) func(string) string {
	return func(wire string) string {
		before, rest, _ := strings.Cut(wire, "Signature=")
		return before + "Signature=" + change(rest[:64]) + rest[64:]
	}
}

var upperSignature = onSignature(strings.ToUpper)

func cut(wire, from, to string) string {
	before, rest, _ := strings.Cut(wire, from)
	_, after, _ := strings.Cut(rest, to)
	return before + after
}

// chunked sends the body in one chunk instead of with a length.
func chunked(wire string) string {
	head, body, _ := strings.Cut(cut(wire, "Content-Length: ", "\r\n"), "\r\n\r\n")
	return head + "\r\nTransfer-Encoding: chunked\r\n\r\n1d\r\n" + body + "\r\n0\r\n\r\n"
}

func TestAnUnknownKeyIsAnsweredLikeAWrongSecret(t *testing.T) {
	v := verifierAt(testTime)
	wire := example().wire(t)
	unknown := check(t, v, wire, artifact.Secret{}, testPayload)
	wrong := check(t, v, wire, artifact.NewSecret("another secret"), testPayload)
	wantRefusal(t, unknown, Mismatch)
	if unknown.Error() != wrong.Error() {
		t.Errorf("unknown key: %v, wrong secret: %v; want the same", unknown, wrong)
	}
	if cached := v.keys.Len(); cached != 2 {
		t.Errorf("%d signing keys were made, want 2: the unknown key's work must be done too", cached)
	}
}

func TestEvenTheDummySecretProvesNothing(t *testing.T) {
	v := verifierAt(testTime)
	s := example()
	s.secret = v.dummy
	wantRefusal(t, check(t, v, s.wire(t), artifact.Secret{}, testPayload), Mismatch)
}

// S25: AWS allows a replay within the window; that it is harmless is the operations' to see to.
func TestAReplayVerifiesAgain(t *testing.T) {
	v, wire := verifierAt(testTime), example().wire(t)
	for range 2 {
		if err := check(t, v, wire, testSecret, testPayload); err != nil {
			t.Fatal(err)
		}
	}
	if cached := v.keys.Len(); cached != 1 {
		t.Errorf("got %d signing keys in the cache, want 1", cached)
	}
}

func TestTheDateHeaderCountsWhereItIsSigned(t *testing.T) {
	rows := []struct {
		name, date, signed string
		want               Code
	}{
		{"S22 RFC 9110 form", "Fri, 20 Nov 2026 23:58:00 GMT", "date;host", accepted},
		{"S22 RFC 5322 form, as botocore writes it", "Fri, 20 Nov 2026 23:58:00 -0000", "date;host", accepted},
		{"S22 ISO form", "20261120T235800Z", "date;host", Incomplete},
		{"S22 not signed", "Fri, 20 Nov 2026 23:58:00 GMT", "host", Incomplete},
		{"S22 too old", "Fri, 20 Nov 2026 23:52:59 GMT", "date;host", Mismatch},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			canonical := "GET\n/v1/domain\ndomain=example\n"
			if row.signed == "date;host" {
				canonical += "date:" + row.date + "\n"
			}
			canonical += "host:api.example.test\n\n" + row.signed + "\n" + sha256Hex("")
			wire := "GET /v1/domain?domain=example HTTP/1.1\r\nHost: api.example.test\r\nDate: " + row.date +
				"\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" + testKeyID + "/20261120/us-east-1/codeartifact/aws4_request," +
				"SignedHeaders=" + row.signed + ",Signature=" + handSigned(canonical, testTime, testScope) + "\r\n\r\n"
			err := check(t, verifierAt(testTime), wire, testSecret, testPayload)
			if row.want == accepted {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantRefusal(t, err, row.want)
		})
	}
}

// chunkedExample is sent in chunks and signs no length, as botocore does for a body it cannot measure.
func chunkedExample() string {
	canonical := "POST\n/v1/domain\n\nhost:api.example.test\nx-amz-date:20261120T235800Z\n\nhost;x-amz-date\n" +
		sha256Hex("in two chunks")
	return "POST /v1/domain HTTP/1.1\r\nHost: api.example.test\r\nX-Amz-Date: 20261120T235800Z\r\n" +
		"Transfer-Encoding: chunked\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" + testKeyID +
		"/20261120/us-east-1/codeartifact/aws4_request, SignedHeaders=host;x-amz-date, Signature=" +
		handSigned(canonical, testTime, testScope) + "\r\n\r\n7\r\nin two \r\n6\r\nchunks\r\n0\r\n\r\n"
}

func TestTheBodyCanBeReadAfterVerification(t *testing.T) {
	for _, row := range []struct{ name, wire, body string }{
		{"with a length", example().wire(t), example().body},
		{"in chunks", chunkedExample(), "in two chunks"},
		{"without a body", presignedExample().wire(t), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := received(row.wire)
			if err != nil {
				t.Fatal(err)
			}
			v := verifierAt(testTime)
			c, err := v.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Verify(c, testSecret, testPayload); err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != row.body {
				t.Errorf("got %q, %v, want %q", body, err, row.body)
			}
			if err := r.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestABodyInChunksHasALimitToo(t *testing.T) {
	v, size := verifierAt(testTime), int64(len("in two chunks"))
	if err := check(t, v, chunkedExample(), testSecret, Payload{Limit: size}); err != nil {
		t.Error(err)
	}
	wantRefusal(t, check(t, v, chunkedExample(), testSecret, Payload{Limit: size - 1}), TooLarge)
}

func TestABodyThatBreaksOffIsTheCallersFault(t *testing.T) {
	wire := strings.TrimSuffix(example().wire(t), "team\"}")
	err := check(t, verifierAt(testTime), wire, testSecret, testPayload)
	if !artifact.Is(err, artifact.Invalid) {
		t.Errorf("got %v, want an error of kind invalid", err)
	}
}

func TestHeaderHashLeavesTheBodyAlone(t *testing.T) {
	s := example()
	declared(&s)
	r, err := received(replace("of the team", "of no team!")(s.wire(t)))
	if err != nil {
		t.Fatal(err)
	}
	v := verifierAt(testTime)
	c, err := v.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	body := r.Body
	if err := v.Verify(c, testSecret, Payload{HeaderHash: true}); err != nil {
		t.Fatal(err)
	}
	if r.Body != body {
		t.Error("the body was replaced")
	}
	if c.declared == nil || *c.declared != sha256Hex(s.body) {
		t.Error("the payload's hash is not the header's")
	}
}

func TestARefusalOfAnotherRegionNamesTheServersOwn(t *testing.T) {
	elsewhere := example()
	elsewhere.scope.Region = "eu-west-1"
	err := check(t, verifierAt(testTime), elsewhere.wire(t), testSecret, testPayload)
	wantRefusal(t, err, Mismatch)
	const want = "Credential should be scoped to a valid region: calls of 'codeartifact' are signed for 'us-east-1' here, " +
		"not for 'eu-west-1'."
	if e, ok := errors.AsType[*Error](err); !ok || e.Message != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAClaimTellsWhatTheRequestSays(t *testing.T) {
	s := presignedExample()
	s.session = "IQoJ"
	r, err := received(s.wire(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := verifierAt(testTime).Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if c.AccessKeyID() != testKeyID || c.Scope() != testScope || !c.signedAt.Equal(testTime) || !c.presigned ||
		c.SessionToken().Reveal() != "IQoJ" {
		t.Errorf("got %s %v %v %v %q", c.AccessKeyID(), c.Scope(), c.signedAt, c.presigned, c.SessionToken().Reveal())
	}
}

// The vector "get-vanilla" of the test suite AWS publishes for the signature process.
func TestThePublishedVectorVerifies(t *testing.T) {
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	v := New(func() time.Time { return now }, Scope{"us-east-1", "service"})
	r, err := received("GET / HTTP/1.1\r\nHost: example.amazonaws.com\r\nX-Amz-Date: 20150830T123600Z\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE00000/20150830/us-east-1/service/aws4_request, "+
		"SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	c, err := v.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	secret := artifact.NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	if err := v.Verify(c, secret, Payload{}); err != nil {
		t.Error(err)
	}
}

func TestEveryCodeIsWordedWithoutAPlaceholder(t *testing.T) {
	for code := range codes {
		e := Refuse(Code(code))
		if e.Name() == "" || e.QueryName() == "" || e.Message == "" || e.Status() < 400 ||
			artifact.KindOf(e) == artifact.Internal {
			t.Errorf("code %d is incomplete: %+v", code, codes[code])
		}
	}
	if Refuse(Malformed).Status() != http.StatusBadRequest || Refuse(Mismatch).Status() != http.StatusForbidden {
		t.Error("a malformed request is 400, a wrong signature 403")
	}
}
