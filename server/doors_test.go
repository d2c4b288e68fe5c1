package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/repository"

	"github.com/prometheus/client_golang/prometheus"
)

const signed = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/%s/aws4_request, " +
	"SignedHeaders=host, Signature=%s"

func signature(service, is string) string { return fmt.Sprintf(signed, service, is) }

func TestRoutesByMethod(t *testing.T) {
	f := newFixture(t, nil)
	token := "Bearer " + goodToken
	for name, test := range map[string]struct {
		method, target, authorization string
		status                        int
		body                          string
	}{
		"package":                    {"GET", base + "/pkg", token, 200, `read package="pkg"`},
		"package, HEAD":              {"HEAD", base + "/pkg", token, 200, ``},
		"package, POST":              {"POST", base + "/pkg", token, 405, `not served at this path`},
		"package, BREW":              {"BREW", base + "/pkg", token, 405, `not served at this path`},
		"package, OPTIONS":           {"OPTIONS", base + "/pkg", token, 405, `not served at this path`},
		"file":                       {"GET", base + "/pkg/-/pkg-1.tgz", token, 200, `file="pkg-1.tgz"`},
		"file, DELETE":               {"DELETE", base + "/pkg/-/pkg-1.tgz", token, 405, `not served`},
		"path without a route":       {"GET", base + "/a/b/c", token, 404, `npm failed: not found`},
		"folder without its slash":   {"GET", base + "/-/folder", token, 404, `npm failed: not found`},
		"folder":                     {"GET", base + "/-/folder/", token, 200, `folder`},
		"no token":                   {"GET", base + "/pkg", "", 401, `npm failed: unauthenticated`},
		"no token, no route":         {"GET", base + "/a/b/c", "", 401, `npm failed: unauthenticated`},
		"bad token":                  {"GET", base + "/pkg", "Bearer bad", 401, `npm failed: unauthenticated`},
		"token of another domain":    {"GET", "/other-" + owner + "/npm/shared/pkg", token, 401, `npm failed: unauthenticated`},
		"signature on a repository":  {"GET", base + "/pkg", signature("codeartifact", "right"), 401, `npm failed`},
		"unknown format":             {"GET", "/team-" + owner + "/conda/shared/pkg", token, 404, `No format called`},
		"format in upper case":       {"GET", "/team-" + owner + "/NPM/shared/pkg", token, 404, `No format called`},
		"impossible repository":      {"GET", "/team-" + owner + "/npm/a%20b/pkg", token, 404, `npm failed: not found`},
		"impossible, no token":       {"GET", "/team-" + owner + "/npm/a%20b/pkg", "", 401, `npm failed: unauthenticated`},
		"label without repository":   {"GET", "/team-" + owner + "/npm/", token, 404, `Nothing is served`},
		"account of eleven digits":   {"GET", "/team-12345678901/npm/shared/pkg", token, 404, `Nothing is served`},
		"account of thirteen digits": {"GET", "/team1234567890123/npm/shared/pkg", token, 404, `Nothing is served`},
		"API": {"GET", "/v1/domain", signature("codeartifact", "right"), 200,
			`codeartifact GET /v1/domain by alice`},
		"API, unknown path":        {"PATCH", "/v1/nothing", signature("codeartifact", "right"), 200, `PATCH /v1/nothing`},
		"API, unsigned":            {"GET", "/v1/domain", "", 403, `codeartifact failed: unauthenticated`},
		"API, wrong":               {"GET", "/v1/domain", signature("codeartifact", "wrong"), 403, `codeartifact failed`},
		"API, for another service": {"GET", "/v1/domain", signature("sts", "right"), 403, `codeartifact failed`},
		"API with a token":         {"GET", "/v1/domain", token, 403, `codeartifact failed`},
		"API by a longer name":     {"GET", "/v1x/domain", signature("codeartifact", "right"), 404, `Nothing is served`},
		"STS":                      {"POST", "/", signature("sts", "right"), 200, `sts POST / by alice`},
		"STS, wrong":               {"POST", "/", signature("sts", "wrong"), 403, `sts failed`},
		"other service":            {"POST", "/", signature("lambda", "right"), 400, `The service \"lambda\" is not offered here.`},
		"query, unsigned":          {"POST", "/", "", 403, `not signed for any service`},
		"root":                     {"GET", "/", "", 404, `Nothing is served`},
		"health":                   {"GET", "/healthz", "", 200, "ok\n"},
		"health, POST":             {"POST", "/healthz", "", 405, `not served`},
		"readiness":                {"GET", "/readyz", "", 200, "ok\n"},
		"metrics for a stranger":   {"GET", "/metrics", "", 404, `Nothing is served`},
	} {
		t.Run(name, func(t *testing.T) {
			var header []string
			if test.authorization != "" {
				header = []string{"Authorization", test.authorization}
			}
			w := f.do(test.method, test.target, header...)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, test.status, test.body)
			}
			if w.Code == 405 && w.Header().Get("Allow") == "" {
				t.Error("405 without Allow")
			}
			if w.Code >= 300 && w.Code < 400 {
				t.Error("redirected")
			}
			if w.Header().Get("X-Amzn-Requestid") == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestOneServiceTakesFormsWithoutASignature(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Unsigned = "sts" })
	form := []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}
	for name, test := range map[string]struct {
		header []string
		status int
		body   string
	}{
		"a form":              {form, 200, `sts POST / by  from`},
		"no form":             {[]string{"Content-Type", "application/json"}, 403, `not signed for any service`},
		"a form with a token": {append(form, "Authorization", "Bearer "+goodToken), 403, `not signed for any service`},
		"a form that is signed for another service": {append(form, "Authorization", signature("ec2", "right")), 400, `is not offered here`},
		"a form that is signed":                     {append(form, "Authorization", signature("sts", "right")), 200, `sts POST / by alice`},
	} {
		t.Run(name, func(t *testing.T) {
			if w := f.do("POST", "/", test.header...); w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, test.status, test.body)
			}
		})
	}
}

func TestChallengeNamesDomainAndRepository(t *testing.T) {
	f := newFixture(t, nil)
	w := f.do("GET", base+"/pkg")
	want := `Bearer realm="team/shared", Basic realm="team/shared"`
	if got := w.Header().Get("WWW-Authenticate"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	w = f.do("GET", "/team-"+owner+"/npm/x%22,Negotiate/pkg")
	if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="team", Basic realm="team"`; got != want {
		t.Errorf("for an impossible name: got %s, want %s", got, want)
	}
}

func TestHostsOfDomainsServeRepositoriesOnly(t *testing.T) {
	f := newFixture(t, nil)
	host := "a-b-team-" + owner + ".d.art.example.test:8090"
	for name, test := range map[string]struct {
		host, target string
		status       int
		body         string
	}{
		"domain with dashes": {host, "/npm/shared/pkg", 401, "npm failed"}, // the token is for team
		"repository": {"team-" + owner + ".d.art.example.test", "/npm/shared/@a%2fb", 200,
			`package="@a/b" file="" in 123456789012/team/shared`},
		"path style below a host": {"team-" + owner + ".d.art.example.test", base + "/pkg", 404, "No format called"},
		"API":                     {"team-" + owner + ".d.art.example.test", "/v1/domain", 404, "No format called"},
		"root":                    {"team-" + owner + ".d.art.example.test", "/", 404, "A repository's URL"},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.do("GET", test.target, "Host", test.host, "Authorization", "Bearer "+goodToken)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, test.status, test.body)
			}
		})
	}
}

func TestEndpointsLeadBack(t *testing.T) {
	key := artifact.RepositoryKey{Owner: owner, Domain: "my-team-123456789012", Name: "shared.repo_1"}
	for name, test := range map[string]struct{ public, suffix, want string }{
		"path style": {"https://packages.example.test/", "",
			"https://packages.example.test/my-team-123456789012-123456789012/npm/shared.repo_1/"},
		"port": {"http://127.0.0.1:8090", "", "http://127.0.0.1:8090/my-team-123456789012-123456789012/npm/shared.repo_1/"},
		"host style": {"https://packages.example.test", "art.example.test",
			"https://my-team-123456789012-123456789012.d.art.example.test/npm/shared.repo_1/"},
		"host style, the public port": {"http://packages.example.test:8090", "art.example.test",
			"http://my-team-123456789012-123456789012.d.art.example.test:8090/npm/shared.repo_1/"},
		"host style, own port": {"http://packages.example.test:8090", "art.example.test:81",
			"http://my-team-123456789012-123456789012.d.art.example.test:81/npm/shared.repo_1/"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := NewAddresses(test.public, test.suffix, "http://192.0.2.1:80", nil)
			if err != nil {
				t.Fatal(err)
			}
			address := a.Endpoint(key, artifact.NPM)
			if address != test.want {
				t.Fatalf("got %s, want %s", address, test.want)
			}
			r := httptest.NewRequest("GET", address+"@a%2fb?x=y", nil)
			parsed, refused := parseTarget(r.URL.RequestURI())
			if refused != accepted || !a.answersFor(r.Host, nil) {
				t.Fatalf("the endpoint is not served: refusal %d", refused)
			}
			p, _, ok := a.locate(r.Host, parsed)
			want := endpoint{RepositoryKey: key, format: artifact.NPM, base: test.want, rest: "/@a%2fb"}
			if !ok || p != want {
				t.Errorf("got %+v, want %+v", p, want)
			}
		})
	}
}

func TestAddressesRefuseWhatIsNoAddress(t *testing.T) {
	for name, test := range map[string]struct{ public, suffix, name string }{
		"no scheme": {"packages.example.test", "", ""}, "other scheme": {"ftp://packages.example.test", "", ""},
		"a path": {"https://packages.example.test/entrepot", "", ""}, "a query": {"https://packages.example.test?x", "", ""},
		"a user": {"https://me@packages.example.test", "", ""}, "no host": {"https://", "", ""},
		"suffix with a scheme": {"https://a.test", "https://b.test", ""}, "suffix with a star": {"https://a.test", "*.b.test", ""},
		"name with a path": {"https://a.test", "", "b.test/x"}, "empty label": {"https://a.test", "b..test", ""},
	} {
		names := []string{test.name}[:min(1, len(test.name))]
		_, err := NewAddresses(test.public, test.suffix, "http://127.0.0.1:1", names)
		if !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v, want an Invalid error", name, err)
		}
	}
}

func TestCallersKnowTheirCircumstances(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.TrustedProxies = prefixes("192.0.2.0/24", "10.0.0.0/8") })
	for name, test := range map[string]struct {
		forwarded []string
		want      string
	}{
		"no proxy said anything": {nil, "from [192.0.2.1] secure [false]"},
		"one proxy":              {[]string{"X-Forwarded-For", "203.0.113.9"}, "from [203.0.113.9] secure [false]"},
		"the client's own tale":  {[]string{"X-Forwarded-For", "127.0.0.1, 198.51.100.7, 203.0.113.9, 10.1.1.1"}, "from [203.0.113.9]"},
		"in several lines": {[]string{"X-Forwarded-For", "127.0.0.1", "X-Forwarded-For", "203.0.113.9",
			"X-Forwarded-For", "10.1.1.1"}, "from [203.0.113.9]"},
		"only trusted ones":          {[]string{"X-Forwarded-For", "10.2.2.2, 10.1.1.1"}, "from [10.2.2.2]"},
		"rubbish behind a proxy":     {[]string{"X-Forwarded-For", "203.0.113.9, unknown, 10.1.1.1"}, "from [10.1.1.1]"},
		"rubbish":                    {[]string{"X-Forwarded-For", "unknown"}, "from [192.0.2.1]"},
		"port":                       {[]string{"X-Forwarded-For", "203.0.113.9:1234"}, "from [203.0.113.9]"},
		"IPv6":                       {[]string{"X-Forwarded-For", "[2001:db8::7]:1234"}, "from [2001:db8::7]"},
		"IPv4 in IPv6":               {[]string{"X-Forwarded-For", "::ffff:203.0.113.9"}, "from [203.0.113.9]"},
		"TLS ends at the proxy":      {[]string{"X-Forwarded-Proto", "https"}, "secure [true]"},
		"the nearest proxy knows it": {[]string{"X-Forwarded-Proto", "https, http"}, "secure [false]"},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.do("GET", "/v1/x", append(test.forwarded, "Authorization", signature("codeartifact", "right"))...)
			if !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("got %s, want %s", w.Body, test.want)
			}
		})
	}
	distrustful := newFixture(t, nil)
	w := distrustful.do("GET", "/v1/x", "Authorization", signature("codeartifact", "right"),
		"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https")
	if want := "from [192.0.2.1] secure [false]"; !strings.Contains(w.Body.String(), want) {
		t.Errorf("from a peer nobody trusts: got %s, want %s", w.Body, want)
	}
}

func TestCircumstancesComeFromTheServer(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("east", 3600))
	f := newFixture(t, func(o *Options) { o.Now = func() time.Time { return now } })
	source := netip.MustParseAddr("192.0.2.7")
	call := request("POST", "/v1/domain", "User-Agent", "aws-cli/2.1")
	x := &exchange{id: "id-1", client: client{addr: source, secure: true}}
	want := iam.Circumstances{RequestID: "id-1", Source: source, Secure: true, At: now, UserAgent: "aws-cli/2.1"}
	if got := f.circumstances(x, call); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	x.format, x.path = "npm", "/team-123456789012/npm/shared/pkg"
	want.Method, want.Path = "PUT", "/npm/pkg"
	want.UserAgent = strings.Repeat("n", maxUserAgent)
	if got := f.circumstances(x, request("PUT", x.path, "User-Agent", want.UserAgent+"ew")); got != want {
		t.Errorf("of a package manager: got %+v, want %+v", got, want)
	}
	secret := "entrepot_" + strings.Repeat("s", 43)
	if got := f.circumstances(x, request("PUT", x.path, "User-Agent", secret)); strings.Contains(got.UserAgent, secret) {
		t.Errorf("a token is kept: %s", got.UserAgent)
	}
}

func TestAPathOnRecordHasNoRepository(t *testing.T) {
	for _, row := range []struct {
		path   string
		onHost bool
		want   string
	}{
		{"/team-123456789012/npm/shared/@acme%2fpkg/-/pkg-1.0.0.tgz", false, "/npm/@acme%2fpkg/-/pkg-1.0.0.tgz"},
		{"/npm/shared/pkg", true, "/npm/pkg"},
		{"/team-123456789012/pypi/shared/simple/", false, "/pypi/simple/"},
		{"/team-123456789012/npm/shared", false, "/npm"},
		{"/npm/shared", true, "/npm"},
		{"/team-123456789012/npm/shared/", false, "/npm/"},
		{"/team-123456789012/npm", false, "/npm"},
		{"(a path with a token in it)", false, "(a path with a token in it)"},
	} {
		if got := belowRepository(row.path, row.onHost); got != row.want {
			t.Errorf("%s: got %s, want %s", row.path, got, row.want)
		}
	}
}

func TestWhoHasNoTokenMayAskSoManyTimesASecond(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := newFixture(t, func(o *Options) { o.Limits.Strangers, o.Now = 2, func() time.Time { return now } })
	ask := func(address string, header ...string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), request("GET", base+"/pkg", header...)
		r.RemoteAddr = address
		f.ServeHTTP(timeless{w}, r)
		return w
	}
	for _, c := range []struct {
		name    string
		pause   time.Duration
		address string
		header  []string
		status  int
	}{
		{"the first", 0, "192.0.2.7:1", nil, 401},
		{"the second", 0, "192.0.2.7:2", nil, 401},
		{"the third", 0, "192.0.2.7:3", nil, 429},
		{"another address", 0, "192.0.2.8:1", nil, 401},
		{"with a token", 0, "192.0.2.7:4", []string{"Authorization", "Bearer " + goodToken}, 200},
		{"a second later", time.Second, "192.0.2.7:5", nil, 401},
	} {
		now = now.Add(c.pause)
		w := ask(c.address, c.header...)
		if w.Code != c.status {
			t.Errorf("%s: got %d %s, want %d", c.name, w.Code, w.Body, c.status)
		}
	}
}

func TestJobsThatSignInWithoutASecretAreNotSlowedDownByWhoGuesses(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Limits.FailedLogins, o.Unsigned = 1, "sts" })
	f.do("GET", base+"/pkg", "Authorization", "Bearer guess")
	if got := f.do("GET", base+"/pkg", "Authorization", "Bearer guess").Code; got != 429 {
		t.Fatalf("got %d, want 429", got)
	}
	for range 20 {
		got := f.do("POST", "/", "Content-Type", "application/x-www-form-urlencoded")
		if got.Code != 200 || !strings.Contains(got.Body.String(), "sts POST / by ") {
			t.Fatalf("a call that brings its own proof: got %d %s", got.Code, got.Body)
		}
	}
}

func TestFailedLoginsSlowDownOneAddressOnly(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := newFixture(t, func(o *Options) {
		o.Limits.FailedLogins = 5
		o.Now = func() time.Time { return now }
		o.TrustedProxies = prefixes("192.0.2.1/32")
	})
	try := func(from, token string) int {
		header := []string{"X-Forwarded-For", from}
		if token != "" {
			header = append(header, "Authorization", "Bearer "+token)
		}
		return f.do("GET", base+"/pkg", header...).Code
	}
	for range 20 {
		if got := try("203.0.113.1", ""); got != 401 {
			t.Fatalf("asking for a challenge: got %d, want 401 every time", got)
		}
	}
	for range 5 {
		if got := try("203.0.113.1", "guess"); got != 401 {
			t.Fatalf("a first guess: got %d, want 401", got)
		}
	}
	if got := try("203.0.113.1", "guess"); got != 429 {
		t.Errorf("after too many guesses another one: got %d, want 429", got)
	}
	if got := try("203.0.113.1", goodToken); got != 200 {
		t.Errorf("somebody else behind the same address: got %d, want 200", got)
	}
	if got := try("203.0.113.2", goodToken); got != 200 {
		t.Errorf("another address: got %d, want 200", got)
	}
	now = now.Add(13 * time.Second)
	if got := try("203.0.113.1", "guess"); got != 401 {
		t.Errorf("a minute's fifth later: got %d, want 401", got)
	}
	for range 6 {
		try("2001:db8::1", "guess")
	}
	if got := try("2001:db8::ffff", "guess"); got != 429 {
		t.Errorf("the same IPv6 network: got %d, want 429", got)
	}
	// A guesser who claims another address each time, to a server that trusts no proxy, stays one guesser.
	distrustful := newFixture(t, func(o *Options) { o.Limits.FailedLogins = 5 })
	for i := range 10 {
		distrustful.do("GET", base+"/pkg",
			"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i), "Authorization", "Bearer guess")
	}
	if got := distrustful.do("GET", base+"/pkg", "Authorization", "Bearer guess").Code; got != 429 {
		t.Errorf("rotating X-Forwarded-For: got %d, want 429", got)
	}
}

func TestBadRoutesAreNoServer(t *testing.T) {
	fail := testFormat().Fail
	for name, formats := range map[string][]format.Format{
		"bad pattern": {{Name: "npm", Fail: fail, Routes: []format.Route{{Pattern: "GET no-slash"}}}},
		"conflicting routes": {{Name: "npm", Fail: fail,
			Routes: []format.Route{{Pattern: "GET /{a}/x"}, {Pattern: "GET /y/{b}"}}}},
		"a format twice":      {{Name: "npm", Traits: repository.Traits{ByAPI: true}}, {Name: "npm", Traits: repository.Traits{ByAPI: true}}},
		"nobody words errors": {{Name: "npm", Routes: []format.Route{{Pattern: "GET /a"}}}},
	} {
		addresses, err := NewAddresses("http://a.test", "", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		registry := prometheus.NewRegistry()
		_, err = New(Options{Addresses: addresses, Formats: formats, Metrics: registry, Gatherer: registry,
			Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), "npm") {
			t.Errorf("%s: got %v, want an error that names the format", name, err)
		}
	}
}

func TestRewriteComesBeforeRoutes(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		npm := testFormat()
		npm.Rewrite = func(escaped string) string { return strings.Replace(escaped, "/@acme/", "/@acme%2f", 1) }
		o.Formats = []format.Format{npm}
	})
	w := f.do("GET", base+"/@acme/widget/-/widget-1.tgz", "Authorization", "Bearer "+goodToken)
	if want := `package="@acme/widget" file="widget-1.tgz"`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("got %d %s, want %s", w.Code, w.Body, want)
	}
}

func TestXMLForClientsThatSpeakIt(t *testing.T) {
	f := newFixture(t, nil)
	w := f.do("POST", "/", "Authorization", signature("ec2", "right"),
		"Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	want := "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code>" +
		"<Message>The service &#34;ec2&#34; is not offered here.</Message></Error>" +
		"<RequestId>" + w.Header().Get("X-Amzn-Requestid") + "</RequestId></ErrorResponse>\n"
	if w.Body.String() != want || w.Code != 400 {
		t.Errorf("got %d %s, want 400 %s", w.Code, w.Body, want)
	}
}

func TestAServiceThatIsNotOfferedSaysSoWhereItsClientsLookForTheCode(t *testing.T) {
	f := newFixture(t, nil)
	const said = "is not offered here."
	for _, row := range []struct {
		service, method, target string
		header                  []string
		code, place             string // place is what stands around the code in the body
	}{
		{"kms", "POST", "/", []string{"Content-Type", "application/x-amz-json-1.1"}, "UnknownOperationException", `"__type":"%s"`},
		{"dynamodb", "POST", "/", []string{"Content-Type", "application/x-amz-json-1.0"}, "UnknownOperationException",
			`"__type":"%s"`},
		{"lambda", "GET", "/2015-03-31/functions/", nil, "UnknownOperationException", `"__type":"%s"`},
		{"eks", "POST", "/clusters", []string{"Content-Type", "application/json"}, "UnknownOperationException", `"__type":"%s"`},
		{"monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics",
			[]string{"Smithy-Protocol", "rpc-v2-cbor"}, "UnknownOperationException", "\x79\x00\x06__type\x79\x00\x19%s"},
		{"ec2", "POST", "/", []string{"Content-Type", "application/x-www-form-urlencoded"}, "InvalidAction", "<Code>%s</Code>"},
		{"s3", "GET", "/", nil, "InvalidAction", "<Code>%s</Code>"},
		{"s3", "PUT", "/bucket/key", nil, "InvalidAction", "<Code>%s</Code>"},
		{"route53", "GET", "/2013-04-01/hostedzone", nil, "InvalidAction", "<Code>%s</Code>"},
	} {
		w := f.do(row.method, row.target, append(row.header, "Authorization", signature(row.service, "right"))...)
		body, want := w.Body.String(), fmt.Sprintf(row.place, row.code)
		if w.Code != http.StatusBadRequest || !strings.Contains(body, want) || !strings.Contains(body, said) {
			t.Errorf("%s: got %d %q, want 400 with %q", row.service, w.Code, body, want)
		}
		if inHeader := w.Header().Get("X-Amzn-Errortype"); strings.HasPrefix(body, "{") && inHeader != row.code {
			t.Errorf("%s: got %q in the header, want %s", row.service, inHeader, row.code)
		}
	}
	if f.api.calls.Load()+f.sts.calls.Load()+f.people.asked.Load() > 0 {
		t.Error("somebody was asked who calls")
	}
}

func TestStrangersSeeNoDifferenceBetweenRepositories(t *testing.T) {
	f := newFixture(t, func(o *Options) {
		o.Formats[0].Routes = []format.Route{{Pattern: "GET /{package}",
			Handler: func(http.ResponseWriter, *http.Request, format.Shelf) error {
				return artifact.Errorf(artifact.Denied, "no")
			}}}
		o.Shelves = func(c iam.Caller, key artifact.RepositoryKey, _ string) format.Shelf {
			return bare{key: key, caller: c}
		}
	})
	answer := func(repository string) string {
		w := f.do("GET", "/team-"+owner+"/npm/"+repository+"/pkg", "Authorization", "Bearer "+goodToken)
		w.Header().Del("X-Amzn-Requestid")
		return fmt.Sprint(w.Code, w.Header(), w.Body)
	}
	if here, gone := answer("private"), answer("nothing"); here != gone {
		t.Errorf("got %s for one and %s for the other", here, gone)
	}
}
