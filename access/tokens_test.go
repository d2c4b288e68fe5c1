package access

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
)

func TestATokenLivesAsLongAsItMay(t *testing.T) {
	seconds := func(n int) *int { return &n }
	rows := []struct {
		name string
		asks *int
		life time.Duration // zero: refused
	}{
		{"nothing asked", nil, 12 * time.Hour},
		{"the session's end, for a key that has none", seconds(0), 12 * time.Hour},
		{"one second", seconds(1), 0},
		{"just too short", seconds(899), 0},
		{"shortest", seconds(900), 15 * time.Minute},
		{"longest", seconds(43200), 12 * time.Hour},
		{"just too long", seconds(43201), 0},
		{"negative", seconds(-900), 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			c, err := f.call(f.key)
			if err != nil {
				t.Fatal(err)
			}
			token, expires, err := f.Issue(t.Context(), c, domain(), row.asks)
			if row.life == 0 {
				const want = "durationSeconds must be 0 or between 900 and 43200"
				if !artifact.Is(err, artifact.Invalid) || !strings.HasSuffix(err.Error(), want) || token != "" {
					t.Errorf("got %v, want %q", err, want)
				}
				return
			}
			if err != nil || !expires.Equal(f.clock.Add(row.life)) {
				t.Errorf("got a token until %v, %v, want %v of life", expires, err, row.life)
			}
		})
	}
}

func TestATokenIsMadeOfSafeCharactersAndKeptHashed(t *testing.T) {
	f := newFixture(t)
	one := f.issue(900)
	f.clock = f.clock.Add(time.Second)
	two := f.issue(900)
	for _, token := range []string{one, two} {
		if !regexp.MustCompile(`^entrepot_[A-Za-z0-9_-]{43}$`).MatchString(token) {
			t.Errorf("got %q", token)
		}
	}
	if one == two {
		t.Error("two tokens are the same")
	}
	if _, kept := f.store.held.tokens[tokenHash(artifact.NewSecret(one))]; !kept || len(f.store.held.tokens) != 2 {
		t.Error("the hashes are not in the catalog")
	}
}

func TestATokenIsRefused(t *testing.T) {
	rows := []struct {
		name string
		do   func(f *fixture, token string) (use string, on catalog.DomainID)
	}{
		{"on another domain", func(_ *fixture, token string) (string, catalog.DomainID) { return token, testDomain + 1 }},
		{"on a domain that does not exist", func(_ *fixture, token string) (string, catalog.DomainID) { return token, 0 }},
		{"when it is revoked", func(f *fixture, token string) (string, catalog.DomainID) {
			f.revoke(token)
			return token, testDomain
		}},
		{"when its user is deleted", func(f *fixture, token string) (string, catalog.DomainID) {
			f.write(func(w catalog.Writer) error { return w.DeletePrincipal("AIDAANN") })
			return token, testDomain
		}},
		{"in another case", func(_ *fixture, token string) (string, catalog.DomainID) {
			return strings.ToUpper(token), testDomain
		}},
		{"cut short", func(_ *fixture, token string) (string, catalog.DomainID) { return token[:len(token)-1], testDomain }},
		{"with more at its end", func(_ *fixture, token string) (string, catalog.DomainID) { return token + "A", testDomain }},
		{"that nobody issued", func(_ *fixture, token string) (string, catalog.DomainID) {
			return newToken().Reveal(), testDomain
		}},
		{"when it is an access key's secret", func(f *fixture, _ string) (string, catalog.DomainID) {
			return f.key.Secret.Reveal(), testDomain
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			token := f.issue(900)
			if _, err := f.fetch(token, testDomain); err != nil {
				t.Fatal(err)
			}
			use, on := row.do(f, token)
			_, err := f.fetch(use, on)
			f.wantNoToken(err)
		})
	}
}

func TestTheDomainThatDoesNotExistHasNoTokensEvenIfTheCatalogSaysSo(t *testing.T) {
	f := newFixture(t)
	c, err := f.call(f.key)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := f.Issue(t.Context(), c, catalog.Domain{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.fetch(token, 0)
	f.wantNoToken(err)
}

func TestIssuingAsksForTheServiceBearerToken(t *testing.T) {
	limit := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"codeartifact:*","Resource":"*"},
			{"Effect":"Allow","Action":"sts:GetServiceBearerToken","Resource":"*","Condition":{` + condition + `}}]}`
	}
	rows := []struct {
		name, policy string
		seconds      int
		allowed      bool
	}{
		{"not allowed", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"codeartifact:*","Resource":"*"}}`,
			900, false},
		{"for the service", limit(`"StringEquals":{"sts:AWSServiceName":"codeartifact.amazonaws.com"}`), 900, true},
		{"for another service", limit(`"StringEquals":{"sts:AWSServiceName":"other.amazonaws.com"}`), 900, false},
		{"up to an hour, asking an hour", limit(`"NumericLessThanEquals":{"sts:DurationSeconds":"3600"}`), 3600, true},
		{"up to an hour, asking more", limit(`"NumericLessThanEquals":{"sts:DurationSeconds":"3600"}`), 3601, false},
		{"up to an hour, asking 0", limit(`"NumericLessThanEquals":{"sts:DurationSeconds":"3600"}`), 0, true},
		{"exactly 12 h, asking 0", limit(`"NumericEquals":{"sts:DurationSeconds":"43200"}`), 0, false},
		{"exactly 12 h, asking an hour", limit(`"NumericEquals":{"sts:DurationSeconds":"43200"}`), 3600, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			f.user("bob", row.policy)
			c, err := f.call(f.keyOf("bob"))
			if err != nil {
				t.Fatal(err)
			}
			token, _, err := f.Issue(t.Context(), c, domain(), &row.seconds)
			if row.allowed != (err == nil) {
				t.Fatalf("got %v, want allowed=%v", err, row.allowed)
			}
			event := f.store.held.events[len(f.store.held.events)-1]
			if row.allowed {
				if event.Action != "codeartifact:GetAuthorizationToken" || strings.Contains(string(event.Detail), token) ||
					event.Resource != "arn:aws:codeartifact:eu-west-1:123456789012:domain/example" || !json.Valid(event.Detail) {
					t.Errorf("recorded %+v", event)
				}
				return
			}
			const want = "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: sts:GetServiceBearerToken"
			if !artifact.Is(err, artifact.Denied) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			if event.Action != getToken || event.Principal != c.Principal.ARN || event.RequestID != "request-1" {
				t.Errorf("recorded %+v", event)
			}
			call, err := audit.Parse(event.Call)
			if err != nil || call.Error != audit.AccessDenied || !strings.Contains(call.Message, want) ||
				call.Decision.Action != bearAction || call.Decision.Reason != "no identity-based policy allows" {
				t.Errorf("recorded %s, %v", event.Call, err)
			}
		})
	}
}

func TestARefusedTokenIsRecordedWithTheStatementThatDecided(t *testing.T) {
	f := newFixture(t)
	f.user("bob", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Sid":"NoTokens","Effect":"Deny","Action":"sts:*","Resource":"*"}]}`)
	c, err := f.call(f.keyOf("bob"))
	if err != nil {
		t.Fatal(err)
	}
	leaves, gone := context.WithCancel(t.Context())
	gone() // who does not wait for the answer is on record all the same
	if _, _, err := f.Issue(leaves, c, domain(), nil); !artifact.Is(err, artifact.Denied) {
		t.Fatalf("got %v, want a token denied", err)
	}
	call, err := audit.Parse(f.store.held.events[len(f.store.held.events)-1].Call)
	want := audit.Decision{Reason: "explicit deny in identity-based policy", Policy: "own", Statement: "NoTokens", Action: bearAction,
		Resource: "*"}
	if err != nil || *call.Decision != want || call.AccessKey != c.AccessKey || call.Source != "192.0.2.7" {
		t.Errorf("recorded %+v %+v, %v, want %+v", call, call.Decision, err, want)
	}
}

// S25: another request gets another token, and leaves the first as it was.
func TestAnotherRequestForATokenDoesNotProlongAnOlderOne(t *testing.T) {
	f := newFixture(t)
	old := f.issue(900)
	f.clock = f.clock.Add(4 * time.Minute)
	f.issue(900)
	f.clock = f.clock.Add(11 * time.Minute)
	_, err := f.fetch(old, testDomain)
	f.wantNoToken(err)
}

// again sends a request once more and returns the token it gets, and until when.
func (f *fixture) again(r *http.Request, on catalog.Domain, seconds int) (string, time.Time) {
	f.Helper()
	c, err := f.API(r, f.from("again"), sigv4.Payload{Limit: 1 << 20}, "codeartifact")
	if err != nil {
		f.Fatal(err)
	}
	token, expires, err := f.Issue(f.Context(), c, on, &seconds)
	if err != nil {
		f.Fatal(err)
	}
	return token, expires
}

// S25: whoever replays a signed request gets what it got.
func TestARequestThatIsSentAgainGetsTheTokenItGot(t *testing.T) {
	f := newFixture(t)
	r := f.signed(f.key, "codeartifact", "{}", "")
	token, expires := f.again(r, domain(), 900)
	for minute := range 5 {
		f.clock = f.clock.Add(time.Minute)
		if got, until := f.again(r, domain(), 900); got != token || !until.Equal(expires) {
			t.Errorf("after %d minutes: got another token, until %v, want the first one, until %v", minute+1, until, expires)
		}
	}
	if tokens, events := len(f.store.held.tokens), len(f.store.held.events); tokens != 1 || events != 1 {
		t.Errorf("six times the same request made %d tokens and %d events, want one of each", tokens, events)
	}
	if _, err := f.fetch(token, testDomain); err != nil {
		t.Error(err)
	}
	other := domain()
	other.ID++ // a domain of that name that was made since
	if got, _ := f.again(r, other, 900); got == token {
		t.Error("the token of another domain is the same")
	}
}

func TestARequestMeansTheSameTokenOnEveryNode(t *testing.T) {
	f := newFixture(t)
	r := f.signed(f.key, "codeartifact", "{}", "")
	token, _ := f.again(r, domain(), 900)
	sealer, err := NewSealer(sealingKey)
	if err != nil {
		t.Fatal(err)
	}
	node, err := New(Config{Catalog: f.store, Sealer: sealer, Now: f.now, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	f.Guard = node
	if got, _ := f.again(r, domain(), 900); got != token {
		t.Error("another node, or the same after a restart, gives another token")
	}
}

// A presigned request may be good for a week, far longer than the token it gets.
func TestAPresignedRequestBringsNoTokenBackThatIsOver(t *testing.T) {
	for _, ahead := range []time.Duration{0, sigv4.MaxSkew, -sigv4.MaxSkew} {
		t.Run(ahead.String(), func(t *testing.T) {
			f := newFixture(t)
			start := f.clock
			f.clock = f.clock.Add(ahead) // the signer's
			r := f.presigned(f.key, 24*time.Hour)
			f.clock = start
			ends := map[string]time.Time{}
			for f.clock.Before(start.Add(3 * time.Hour)) {
				token, expires := f.again(r, domain(), 900)
				if known, ok := ends[token]; ok && !known.Equal(expires) {
					t.Fatalf("a token until %v is given again until %v", known, expires)
				}
				if !f.clock.Before(expires) {
					t.Fatalf("at %v: got a token that was over at %v", f.clock, expires)
				}
				ends[token] = expires
				f.write(func(w catalog.Writer) error { _, err := w.DeleteTokensExpired(f.clock, 100); return err })
				f.clock = f.clock.Add(20 * time.Second)
			}
			if len(ends) > 14 { // three hours are twelve lives
				t.Errorf("got %d tokens in twelve lives", len(ends))
			}
		})
	}
}

// P37: one token, one decision, however it is carried; in the query it is not carried at all.
func TestEverySchemeMeetsTheSameDecision(t *testing.T) {
	rows := []struct {
		name          string
		header, value func(token string) string
		accepted      bool
	}{
		{"Bearer", authorization, func(token string) string { return "Bearer " + token }, true},
		{"Basic aws", authorization, func(token string) string { return basic("aws", token) }, true},
		{"bare", authorization, func(token string) string { return token }, true},
		{"NuGet key", func(string) string { return "X-NuGet-ApiKey" }, func(token string) string { return token }, true},
		{"cookie", func(string) string { return "Cookie" }, func(token string) string { return "token=" + token }, false},
		{"query", func(string) string { return "X-None" }, func(token string) string { return token }, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			token := f.issue(900)
			r := httptest.NewRequest("GET", "http://127.0.0.1/example/npm/team/x?token="+token+"&access_token="+token, nil)
			r.Header.Set(row.header(token), row.value(token))
			c, err := f.Package(r, f.from(""), testDomain)
			if row.accepted != (err == nil) || row.accepted && c.Principal.Name != "ann" {
				t.Errorf("got %v, %v", c, err)
			}
			f.revoke(token)
			if _, err := f.Package(r, f.from(""), testDomain); !artifact.Is(err, artifact.Unauthenticated) {
				t.Errorf("after revocation: got %v", err)
			}
		})
	}
}

func authorization(string) string { return "Authorization" }
