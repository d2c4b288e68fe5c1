package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/awsapi"
	"entrepot/catalog"
	"entrepot/config"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/repository"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// outcome is what becomes of a request as far as permission goes.
type outcome string

const (
	may      outcome = "may"      // the route goes on, to whatever end
	unproven outcome = "unproven" // 401, or an API call whose signature is refused
	denied   outcome = "denied"   // 403
)

// matrixCaller is a caller: with a token for the domain and an access key, unless it is a stranger.
type matrixCaller struct {
	name     string
	account  string
	policy   string   // statements of the identity policy; empty means none
	stranger bool     // the credentials are missing or no good
	of       string   // domain of the token; empty means that of the matrix
	does     []string // actions that it may do; everything if it may do all but what except lists
	all      bool
	except   []string

	id, token string
	key       aws.Credentials
}

const (
	homeAccount = "123456789012"
	otherSide   = "999900001111"
	// closedAccount is closed when its principals have their credentials.
	closedAccount = "888800001111"
	matrixARN     = "arn:aws:codeartifact:us-east-1:" + homeAccount + ":"
)

func matrixAllow(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q}`, action, resource)
}

// matrixCallers are the principals. What each may do by the table of actions stands beside its policy.
func matrixCallers() []*matrixCaller {
	everything := matrixAllow("*", "*")
	ofRemotes := []string{"PutRemote", "ListRemotes", "DeleteRemote", "ListDeadLetters", "ReplayEvents", "EnableEventTarget"} // no resource policy counts for these either
	ofAccounts := []string{"SimulatePrincipalPolicy", "ListTokens", "RevokeTokens", "GetUsage", "ListEvents", "ListEventTargets"}
	inOwnAccount := append([]string{"CreateDomain", "ListDomains", "ListRepositories"}, ofAccounts...) // no resource policy counts for these
	return []*matrixCaller{
		{name: "no credential", stranger: true},
		{name: "a wrong token or secret", stranger: true},
		{name: "a token of another domain", account: homeAccount, policy: everything, stranger: true, of: "d2"},
		{name: "of a closed account", account: closedAccount, policy: everything, stranger: true},
		{name: "without any policy", account: homeAccount},
		{name: "may only read", account: homeAccount, does: []string{"ReadFromRepository"},
			policy: matrixAllow("codeartifact:ReadFromRepository", matrixARN+"repository/d1/r1")},
		{name: "may only publish one package", account: homeAccount, does: []string{"PublishPackageVersion"},
			policy: matrixAllow("codeartifact:PublishPackageVersion", matrixARN+"package/d1/r1/*lib")},
		{name: "may only publish another package", account: homeAccount,
			policy: matrixAllow("codeartifact:PublishPackageVersion", matrixARN+"package/d1/r1/*other")},
		{name: "may only put metadata", account: homeAccount, does: []string{"PutPackageMetadata"},
			policy: matrixAllow("codeartifact:PutPackageMetadata", matrixARN+"package/d1/r1/*lib")},
		{name: "allowed and denied", account: homeAccount, does: slices.Concat(ofAccounts, ofRemotes),
			policy: everything + `,{"Effect":"Deny","Action":"codeartifact:*","Resource":"*"}`},
		{name: "administrator", account: homeAccount, policy: everything, all: true},
		{name: "of another account without the resource policy", account: otherSide, policy: everything, does: inOwnAccount},
		{name: "of another account with the resource policy", account: otherSide, policy: everything, all: true,
			except: append([]string{"PutDomainPermissionsPolicy"}, ofRemotes...)},
	}
}

const befriended = "of another account with the resource policy"

// expected is the outcome of a request that needs the actions.
func (c *matrixCaller) expected(actions ...string) outcome {
	if c.stranger {
		return unproven
	}
	for _, action := range actions {
		if c.all == slices.Contains(c.except, action) && !slices.Contains(c.does, action) {
			return denied
		}
	}
	return may
}

// matrix is a server with a domain and the callers.
type matrix struct {
	*app
	listener *httptest.Server
	client   *http.Client
	callers  []*matrixCaller
}

func openMatrix(t *testing.T) *matrix {
	t.Helper()
	c := settings(filepath.Join(t.TempDir(), "data"))
	c.Rates, c.Limits.FailedLogins = config.Rates{}, -1 // any number
	m := &matrix{app: startedWith(t, &smallDisk{}, c), callers: matrixCallers(), client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	m.listener = httptest.NewServer(m.server)
	t.Cleanup(m.listener.Close)
	own, other := m.fill(t, "d1"), m.fill(t, "d2")
	for _, name := range []string{"r2", "spare"} {
		spec := repository.RepositorySpec{RepositoryKey: domainKey("d1").Repository(name)}
		if _, err := m.rules.CreateRepository(t.Context(), owner(t), spec); err != nil {
			t.Fatal(err)
		}
	}
	for n, caller := range m.callers {
		if caller.account == "" {
			continue
		}
		domain := own.Domain
		if caller.of == other.Name {
			domain = other.Domain
		}
		m.admit(t, caller, n, domain)
	}
	err := m.catalog.Write(t.Context(), func(w catalog.Writer) error {
		return w.CreateAccount(catalog.Account{ID: closedAccount, ClosedAt: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	m.stock(t)
	m.callers[1].token = "not-a-token"
	m.callers[1].key = aws.Credentials{AccessKeyID: m.callers[3].key.AccessKeyID, SecretAccessKey: "wrong"}
	return m
}

// stock publishes as the administrator what some routes look for before they ask for the right to change it.
func (m *matrix) stock(t *testing.T) {
	t.Helper()
	administrator := slices.IndexFunc(m.callers, func(c *matrixCaller) bool { return c.name == "administrator" })
	for _, there := range []struct {
		format  artifact.Format
		method  string
		request matrixRequest
	}{
		{artifact.NPM, http.MethodPut, npmPublication(t, "there")},
		{artifact.Ruby, http.MethodPost, matrixRequest{path: "/api/v1/gems", body: gem(t)}},
	} {
		r := m.below(t, m.callers[administrator], there.format, "r1", there.method, matrixRoute{matrixRequest: there.request})
		if got, said := m.do(t, r); got != may || !strings.HasPrefix(said, "20") {
			t.Fatalf("publish %s: got %s (%s), want success", there.format, got, said)
		}
	}
}

// admit makes the principal with its policy, an access key, and a token for the domain.
func (m *matrix) admit(t *testing.T, c *matrixCaller, n int, domain catalog.Domain) {
	t.Helper()
	c.id = fmt.Sprintf("AIDAMATRIX%02d", n)
	c.key = aws.Credentials{AccessKeyID: fmt.Sprintf("AKIAMATRIX%010d", n), SecretAccessKey: fmt.Sprintf("%040d", n)}
	secret, err := m.stores.Seal([]byte(c.key.SecretAccessKey), []byte(c.key.AccessKeyID))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("caller%d", n)
	arn := "arn:aws:iam::" + c.account + ":user/" + name
	err = m.catalog.Write(t.Context(), func(w catalog.Writer) error {
		user := catalog.Principal{ID: c.id, Account: artifact.AccountID(c.account), Kind: catalog.UserPrincipal, Path: "/",
			Name: name, ARN: arn, CreatedAt: time.Now()}
		key := catalog.AccessKey{ID: c.key.AccessKeyID, Principal: c.id, Secret: secret, Active: true, CreatedAt: time.Now()}
		if err := errors.Join(w.CreatePrincipal(user), w.CreateAccessKey(key)); err != nil || c.policy == "" {
			return err
		}
		document := `{"Version":"2012-10-17","Statement":[` + c.policy + `]}`
		return w.PutIdentityPolicy(c.id, catalog.IdentityPolicy{Name: "matrix", Document: document})
	})
	if err != nil {
		t.Fatal(err)
	}
	// A token is made for whoever may have one; what its bearer may do with it is what the matrix asks.
	bearer := owner(t)
	bearer.Principal = iam.Principal{Account: c.account, ARN: arn, ID: c.id, Name: name}
	if c.token, _, err = m.guard.Issue(t.Context(), bearer, domain, nil); err != nil {
		t.Fatal(err)
	}
}

// friendly is the policy that lets the other account do everything.
const friendly = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + otherSide +
	`"},"Action":"codeartifact:*","Resource":"*"}]}`

// befriend puts the resource policy, or takes it away.
func (m *matrix) befriend(t *testing.T, yes bool) {
	t.Helper()
	document := friendly
	if !yes {
		document = strings.ReplaceAll(friendly, otherSide, homeAccount)
	}
	on := repository.Target{DomainKey: domainKey("d1")}
	if _, err := m.rules.PutPolicy(t.Context(), owner(t), on, document, ""); err != nil {
		t.Fatal(err)
	}
}

// do sends a request and says what became of it.
func (m *matrix) do(t *testing.T, r *http.Request) (outcome, string) {
	t.Helper()
	r.URL.Scheme, r.URL.Host = "http", m.listener.Listener.Addr().String()
	res, err := m.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprintf("%d %.200s", res.StatusCode, body)
	code := res.Header.Get("X-Amzn-Errortype")
	switch {
	case res.StatusCode == http.StatusUnauthorized, slices.Contains(unprovenCodes, code):
		return unproven, said
	case res.StatusCode == http.StatusForbidden, code == "AccessDeniedException":
		return denied, said
	}
	return may, said
}

// unprovenCodes are the errors of calls whose signature is refused.
var unprovenCodes = []string{"MissingAuthenticationTokenException", "InvalidSignatureException",
	"UnrecognizedClientException"}

// below makes a request below a repository's address with the caller's token.
func (m *matrix) below(t *testing.T, c *matrixCaller, f artifact.Format, repo, method string, row matrixRoute) *http.Request {
	t.Helper()
	r := request(t, method, "/d1-"+homeAccount+"/"+string(f)+"/"+repo+row.path, string(row.body))
	r.Header.Del("Content-Type")
	if row.contentType != "" {
		r.Header.Set("Content-Type", row.contentType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("aws:"+c.token)))
	}
	return r
}

// Every route of every format and the table of routes have each other.
func TestTheTableOfRoutesIsWhole(t *testing.T) {
	for _, f := range formats() {
		listed := map[string]bool{}
		for _, row := range matrixRoutes(t, f) {
			listed[row.pattern] = true
			if !slices.ContainsFunc(f.Routes, func(r format.Route) bool { return r.Pattern == row.pattern }) {
				t.Errorf("%s has no route %s, but the table has a row", f.Name, row.name)
			}
		}
		for _, route := range f.Routes {
			if !listed[route.Pattern] {
				t.Errorf("the table has no row for %s %s", f.Name, route.Pattern)
			}
		}
		for name := range matrixRequests(t)[f.Name] {
			if pattern, _, _ := strings.Cut(name, " # "); !listed[pattern] {
				t.Errorf("there is a request for %s %s, but no row", f.Name, name)
			}
		}
	}
}

// Every route of every format, with each of its methods, lets on whoever may, and nobody else.
func TestEveryRouteAsksForItsAction(t *testing.T) {
	m := openMatrix(t)
	tried := 0
	for _, f := range formats() {
		rows := matrixRoutes(t, f)
		for _, c := range m.callers {
			m.befriend(t, c.name == befriended)
			for _, row := range rows {
				for _, method := range row.methods() {
					tried++
					got, said := m.do(t, m.below(t, c, f.Name, "r1", method, row))
					if want := c.expected(row.needs...); got != want {
						t.Errorf("%s: %s by %s, %s: got %s (%s), want %s", f.Name, row.name, method, c.name, got, said, want)
					}
				}
			}
		}
	}
	t.Logf("%d requests", tried)
}

// Whether a repository is there is told only to those who may do what they ask for: to others it is refused like one that is.
func TestARepositoryThatIsNotThereIsNotTold(t *testing.T) {
	m := openMatrix(t)
	m.befriend(t, false)
	for _, f := range formats() {
		for _, row := range matrixRoutes(t, f) {
			for _, c := range m.callers {
				want := c.expected(row.needs...)
				if want == may && !c.all || c.name == befriended {
					want = denied // policies name the other repository
				}
				got, said := m.do(t, m.below(t, c, f.Name, "nowhere", row.methods()[0], row))
				if got != want || got == may && !strings.HasPrefix(said, "4") {
					t.Errorf("%s %s, %s: got %s (%s), want %s", f.Name, row.name, c.name, got, said, want)
				}
			}
		}
	}
}

// TestEveryOperationAsksForItsAction tries every operation of the API as every caller.
func TestEveryOperationAsksForItsAction(t *testing.T) {
	m := openMatrix(t)
	known := map[string]bool{}
	for _, op := range awsapi.Operations() {
		known[op.Name] = true
		row, has := matrixOperations[op.Name]
		if !has {
			t.Errorf("the table has no row for %s", op.Name)
			continue
		}
		for _, c := range m.callers {
			if c.of != "" {
				continue // tokens are not for the API
			}
			m.befriend(t, c.name == befriended)
			want := c.expected(append(strings.Fields(row.needs), op.Name)...)
			r := request(t, op.Method, op.Path+row.query, row.body)
			m.signAs(t, r, c, row.body)
			if got, said := m.do(t, r); got != want {
				t.Errorf("%s, %s: got %s (%s), want %s", op.Name, c.name, got, said, want)
			}
		}
	}
	for name := range matrixOperations {
		if !known[name] {
			t.Errorf("there is no operation %s, but the table has a row", name)
		}
	}
}

// TestEveryOperationOfOurOwnAsksForItsAction tries those as every caller.
func TestEveryOperationOfOurOwnAsksForItsAction(t *testing.T) {
	m := openMatrix(t)
	tried := map[string]bool{}
	for _, row := range matrixOwn {
		tried[row.path] = true
		for _, c := range m.callers {
			if c.stranger && c.account != "" {
				continue // tokens are not for the API
			}
			m.befriend(t, c.name == befriended)
			r := request(t, http.MethodPost, row.path+row.query, "")
			m.signAs(t, r, c, "")
			if got, said := m.do(t, r); got != c.expected(strings.Fields(row.needs)...) {
				t.Errorf("%s, %s: got %s (%s), want %s", row.name, c.name, got, said, c.expected(strings.Fields(row.needs)...))
			}
		}
	}
	for _, op := range awsapi.OwnOperations() {
		if !tried[op.Path] {
			t.Errorf("the table has no row for %s", op.Name)
		}
	}
}

// signAs signs a request with the caller's access key, if it has one.
func (m *matrix) signAs(t *testing.T, r *http.Request, c *matrixCaller, body string) {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	if c.key.AccessKeyID == "" {
		return
	}
	if err := signer.NewSigner().SignHTTP(t.Context(), c.key, r, hex.EncodeToString(sum[:]), "codeartifact", m.config.Region,
		time.Now()); err != nil {
		t.Fatal(err)
	}
}
