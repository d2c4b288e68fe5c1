package access

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/ratelimit"
)

func TestASignedCallTellsWhoCalls(t *testing.T) {
	f := newFixture(t)
	r := f.signed(f.key, "codeartifact", `{"a":1}`, "")
	c, err := f.API(r, f.from("request-9"), sigv4.Payload{Limit: 100}, "codeartifact")
	if err != nil {
		t.Fatal(err)
	}
	if c.Principal.ARN != "arn:aws:iam::123456789012:user/ann" || c.Principal.ID != "AIDAANN" || c.Principal.Name != "ann" ||
		c.Principal.Account != testAccount || len(c.Identity) != 1 || c.Identity[0].Name != "own" {
		t.Errorf("got %+v", c.Principal)
	}
	if want := f.from("request-9"); c.Circumstances != want {
		t.Errorf("got the circumstances %+v, want %+v", c.Circumstances, want)
	}
	if c.AccessKey != f.key.ID {
		t.Errorf("got the access key %q, want %q", c.AccessKey, f.key.ID)
	}
	for key, want := range map[string]string{"aws:sourceip": "192.0.2.7", "aws:securetransport": "false",
		"aws:currenttime": "2026-11-20T12:00:00Z", "aws:epochtime": "1795176000", "aws:requestedregion": "eu-west-1"} {
		if got := c.Context[key]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if body := readAll(t, r.Body); body != `{"a":1}` {
		t.Errorf("the handler reads %q", body)
	}
}

// Who looks for what was done with a key finds what was done with the tokens that it has asked for.
func TestACallWithATokenTellsWhichKeyAskedForIt(t *testing.T) {
	f := newFixture(t)
	c, err := f.fetch(f.issue(900), domain().ID)
	if err != nil || c.AccessKey != f.key.ID {
		t.Errorf("got the access key %q, %v, want %q", c.AccessKey, err, f.key.ID)
	}
}

func TestAKeyIsRefusedFromTheMomentItIsNoGood(t *testing.T) {
	rows := []struct {
		name string
		do   func(catalog.Writer, AccessKey) error
		want sigv4.Code
	}{
		{"S20 switched off", func(w catalog.Writer, key AccessKey) error { return w.SetAccessKeyActive(key.ID, false) }, sigv4.Unrecognized},
		{"S20 deleted", func(w catalog.Writer, key AccessKey) error { return w.DeleteAccessKey(key.ID) }, sigv4.Mismatch},
		{"user deleted", func(w catalog.Writer, _ AccessKey) error { return w.DeletePrincipal("AIDAANN") }, sigv4.Mismatch},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			for range 2 { // the second call finds everything remembered
				if _, err := f.call(f.key); err != nil {
					t.Fatal(err)
				}
			}
			f.write(func(w catalog.Writer) error { return row.do(w, f.key) })
			_, err := f.call(f.key)
			f.wantRefusal(err, row.want)
		})
	}
}

func TestASwitchedOffKeyTellsSoOnlyToItsHolder(t *testing.T) {
	f := newFixture(t)
	f.write(func(w catalog.Writer) error { return w.SetAccessKeyActive(f.key.ID, false) })
	_, err := f.call(AccessKey{f.key.ID, newKeySecret()})
	f.wantRefusal(err, sigv4.Mismatch)
	f.write(func(w catalog.Writer) error { return w.SetAccessKeyActive(f.key.ID, true) })
	if _, err := f.call(f.key); err != nil {
		t.Error(err)
	}
}

func TestASessionTokenBesideALongTermKeyIsRefused(t *testing.T) {
	f := newFixture(t)
	r := f.signed(f.key, "codeartifact", "{}", "IQoJ-of-another-session")
	_, err := f.API(r, f.from(""), sigv4.Payload{Limit: 100}, "codeartifact")
	f.wantRefusal(err, sigv4.Unrecognized)
}

func TestACallSignedForAnotherServiceIsRefused(t *testing.T) {
	f := newFixture(t)
	_, err := f.API(f.signed(f.key, "sts", "{}", ""), f.from(""), sigv4.Payload{Limit: 100}, "codeartifact")
	if err == nil || !strings.Contains(err.Error(), "correct service: 'codeartifact'") {
		t.Errorf("got %v, want it refused for its service", err)
	}
}

// Refusals must cost the same whether or not the key exists and whether or not it is remembered: one reading of the
// catalog each, and the same words.
func TestARefusalDoesNotTellWhetherTheKeyExists(t *testing.T) {
	f := newFixture(t)
	other := f.keyOf("ann")
	if _, err := f.call(f.key); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, id string }{
		{"key in use", f.key.ID},
		{"key at rest", other.ID},
		{"key nobody has", "AKIAAAAAAAAAAAAAAAAA"},
		{"the guard's own stand-in", f.unknownKey.ID},
	} {
		t.Run(row.name, func(t *testing.T) {
			for range 2 {
				before := f.store.reads.Load()
				_, err := f.call(AccessKey{row.id, newKeySecret()})
				f.wantRefusal(err, sigv4.Mismatch)
				if reads := f.store.reads.Load() - before; reads != 1 {
					t.Errorf("%d readings of the catalog, want 1", reads)
				}
			}
		})
	}
}

func TestARememberedCallReadsNothing(t *testing.T) {
	f := newFixture(t)
	token := f.issue(900)
	if _, err := f.fetch(token, testDomain); err != nil {
		t.Fatal(err)
	}
	before := f.store.reads.Load()
	_, callErr := f.call(f.key)
	_, fetchErr := f.fetch(token, testDomain)
	if reads := f.store.reads.Load() - before; reads != 0 || callErr != nil || fetchErr != nil {
		t.Errorf("%d readings, %v, %v; want none", reads, callErr, fetchErr)
	}
}

func TestPoliciesAreThoseOfTheMoment(t *testing.T) {
	f := newFixture(t)
	token := f.issue(900)
	f.write(func(w catalog.Writer) error {
		return w.PutIdentityPolicy("AIDAANN", catalog.IdentityPolicy{Name: "no more",
			Document: `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`})
	})
	c, err := f.fetch(token, testDomain)
	if err != nil || len(c.Identity) != 2 {
		t.Errorf("got %d policies, %v, want the new one too", len(c.Identity), err)
	}
}

func TestAPolicyThatDoesNotParseLocksItsHolderOut(t *testing.T) {
	f := newFixture(t)
	token := f.issue(900)
	f.write(func(w catalog.Writer) error {
		return w.PutIdentityPolicy("AIDAANN", catalog.IdentityPolicy{Name: "broken", Document: `{"Statement":`})
	})
	if _, err := f.fetch(token, testDomain); !artifact.Is(err, artifact.Internal) {
		t.Errorf("token: got %v, want an internal error", err)
	}
	if _, err := f.call(f.key); !artifact.Is(err, artifact.Internal) {
		t.Errorf("signature: got %v, want an internal error", err)
	}
}

func TestTheAccountItselfMayDoEverythingButHaveTokens(t *testing.T) {
	f := newFixture(t)
	f.write(func(w catalog.Writer) error {
		return w.CreatePrincipal(catalog.Principal{ID: testAccount, Account: testAccount, Kind: catalog.RootPrincipal,
			ARN: "arn:aws:iam::" + testAccount + ":root"})
	})
	c, err := f.call(f.keyFor(testAccount))
	if err != nil || len(c.Identity) != 1 {
		t.Fatalf("got %d policies, %v, want the one that allows all", len(c.Identity), err)
	}
	if _, _, err := f.Issue(t.Context(), c, domain(), nil); !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v, want a token denied", err)
	}
}

func TestASecretThatWasMovedToAnotherKeyIsWorthless(t *testing.T) {
	f := newFixture(t)
	f.user("bob", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	bobs := f.keyOf("bob")
	f.write(func(w catalog.Writer) error {
		record, err := w.AccessKey(f.key.ID)
		if err != nil {
			return err
		}
		stolen, err := w.AccessKey(bobs.ID)
		if err != nil {
			return err
		}
		record.Secret = stolen.Secret
		return w.CreateAccessKey(record)
	})
	if c, err := f.call(AccessKey{f.key.ID, bobs.Secret}); err == nil {
		t.Errorf("bob calls as %v", c)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	f := newFixture(t)
	token := f.issue(900)
	c, err := f.fetch(token, testDomain)
	if err != nil {
		t.Fatal(err)
	}
	stored := fmt.Sprintf("%+v%s", f.store.held, f.store.held.events[len(f.store.held.events)-1].Detail)
	_, refusal := f.fetch(strings.Replace(token, "_", "-", 1), testDomain)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		printed := fmt.Sprintf(strings.Repeat(verb+" ", 5), f.key, &f.key, c, refusal, f.Guard) + stored
		for name, hidden := range map[string]string{"secret": f.key.Secret.Reveal(), "token": token, "its text": token[9:]} {
			if strings.Contains(printed, hidden) {
				t.Errorf("%s prints the %s", verb, name)
			}
		}
	}
}

func TestATokenEndsOnTime(t *testing.T) {
	f := newFixture(t)
	token := f.issue(900)
	if c, err := f.fetch(token, testDomain); err != nil || c.Principal.Name != "ann" {
		t.Fatalf("got %v, %v", c, err)
	}
	f.clock = f.clock.Add(15*time.Minute - time.Second)
	if _, err := f.fetch(token, testDomain); err != nil {
		t.Error(err)
	}
	f.clock = f.clock.Add(time.Second)
	_, err := f.fetch(token, testDomain)
	f.wantNoToken(err)
}

func TestOneTokenIsGoodForSoManyRequestsASecond(t *testing.T) {
	f := newFixture(t)
	one := f.issue(900)
	f.clock = f.clock.Add(time.Second) // the same request would get the same token
	other := f.issue(900)
	f.paces = ratelimit.New[catalog.TokenHash](2, func() time.Time { return f.clock })
	for range 2 {
		if _, err := f.fetch(one, testDomain); err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.fetch(one, testDomain)
	if refusal, ok := errors.AsType[*artifact.Error](err); !ok || refusal.Kind != artifact.Throttled || refusal.RetryAfter != time.Second {
		t.Errorf("the third of two: got %v, want Throttled with a second to wait", err)
	}
	if _, err := f.fetch(other, testDomain); err != nil {
		t.Errorf("another token of the same user: got %v", err)
	}
	f.clock = f.clock.Add(time.Second)
	if _, err := f.fetch(one, testDomain); err != nil {
		t.Errorf("a second later: got %v", err)
	}
}

func TestAReadWithoutACredentialIsNobodysWhereSuchReadsAreLetIn(t *testing.T) {
	f := newFixture(t)
	ask := func(method, header string) (iam.Caller, error) {
		r := httptest.NewRequest(method, "/", nil)
		name, value, valued := strings.Cut(header, ": ")
		if !valued {
			value = "of nothing"
		}
		if header != "" {
			r.Header.Set(name, value)
		}
		return f.Package(r, iam.Circumstances{RequestID: "request-7"}, testDomain)
	}
	if _, err := ask("GET", ""); !artifact.Is(err, artifact.Unauthenticated) {
		t.Errorf("without the setting: got %v", err)
	}
	f.anonymousReads = true
	for _, right := range [][2]string{{"GET", ""}, {"HEAD", ""}, {"GET", "Authorization: " + nobody}} {
		c, err := ask(right[0], right[1])
		if err != nil || !c.Principal.Anonymous() || len(c.Identity) > 0 || c.RequestID != "request-7" {
			t.Errorf("%s: got %v, %v", right, c, err)
		}
	}
	for _, wrong := range [][2]string{{"PUT", ""}, {"POST", ""}, {"DELETE", ""}, {"GET", "Authorization"},
		{"GET", "X-Nuget-Apikey"}} {
		if _, err := ask(wrong[0], wrong[1]); !artifact.Is(err, artifact.Unauthenticated) {
			t.Errorf("%v: got %v, want no caller", wrong, err)
		}
	}
}
