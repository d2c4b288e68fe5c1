package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/awsclient"
	"entrepot/catalog"
	"entrepot/config"
	"entrepot/jobs"
	"entrepot/repository"
	"entrepot/upstream"
)

// mintery gives out tokens that are numbered, and counts who has asked.
type mintery struct {
	mu     sync.Mutex
	minted int
	life   time.Duration
	fails  error
	slow   time.Duration
}

func (d *mintery) mint(ctx context.Context) (awsclient.Token, error) {
	if d.slow > 0 {
		select {
		case <-time.After(d.slow):
		case <-ctx.Done():
			return awsclient.Token{}, ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.minted++
	return awsclient.Token{Value: artifact.NewSecret(fmt.Sprint("t", d.minted)), Expires: time.Now().Add(d.life)}, d.fails
}

// carried is what a request to the other side carries.
func (s *signIn) carried(t *testing.T) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://us.example.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Authorize(t.Context(), r)
	return r.Header.Get("Authorization"), err
}

func (s *signIn) carries(t *testing.T, want string) {
	t.Helper()
	if got, err := s.carried(t); got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestATokenIsRenewedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &mintery{life: 12 * time.Hour}
		s := &signIn{name: "remote:central", now: time.Now, mint: d.mint}
		s.carries(t, "Bearer t1")
		time.Sleep(11*time.Hour + 49*time.Minute)
		s.carries(t, "Bearer t1")
		time.Sleep(2 * time.Minute)
		s.carries(t, "Bearer t2")
		// While the old one is good, that no new one is to be had is nobody's concern.
		d.fails = errors.New("no route")
		time.Sleep(11*time.Hour + 55*time.Minute)
		s.carries(t, "Bearer t2")
		time.Sleep(5 * time.Minute)
		if got, err := s.carried(t); !artifact.Is(err, artifact.Unavailable) || got != "" {
			t.Errorf("got %q, %v with a token that has ended", got, err)
		}
		d.fails = nil
		time.Sleep(signInPause)
		s.carries(t, fmt.Sprint("Bearer t", d.minted+1))
	})
}

func TestATokenIsGotOnceForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &mintery{life: time.Hour, slow: time.Second}
		s := &signIn{name: "remote:central", now: time.Now, mint: d.mint}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { s.carries(t, "Bearer t1") })
		}
		// Who leaves takes nobody along.
		left, leave := context.WithCancel(t.Context())
		all.Go(func() {
			if _, err := s.renew(left); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		if d.minted != 1 {
			t.Errorf("%d tokens were got for all", d.minted)
		}
	})
}

func TestAServerThatRefusesTheKeyIsLeftAloneForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &mintery{life: time.Hour, fails: errors.New("The security token is invalid (AccessDeniedException)")}
		s := &signIn{name: "remote:central", now: time.Now, mint: d.mint}
		for range 10 {
			if _, err := s.carried(t); !artifact.Is(err, artifact.Unavailable) {
				t.Errorf("got %v", err)
			}
		}
		if d.minted != 1 {
			t.Errorf("it was asked %d times", d.minted)
		}
		d.fails = nil
		time.Sleep(signInPause)
		s.carries(t, "Bearer t2")
	})
}

// Everybody who reads the repository is told that it fails; what the other side said, and where that is, is for who put the remote.
func TestWhyNobodyCanSignInIsToldToWhoPutTheRemote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &mintery{fails: errors.New("dial tcp 10.1.2.3:443: connection refused")}
		s := &signIn{name: "remote:central", now: time.Now, mint: d.mint}
		for range 2 { // the second is told what the first has met
			_, err := s.carried(t)
			told, ok := errors.AsType[*artifact.Error](err)
			if !ok || told.Kind != artifact.Unavailable || told.Reason != "The server cannot sign in to remote:central." ||
				!errors.Is(err, d.fails) {
				t.Errorf("got %v", err)
			}
		}
		_, err := s.try(t.Context())
		if told, ok := errors.AsType[*artifact.Error](err); !ok ||
			told.Reason != "The server cannot sign in to remote:central: dial tcp 10.1.2.3:443: connection refused." {
			t.Errorf("got %v", err)
		}
	})
}

func TestACertificateThatIsNotBelievedIsNoAffairOfTheTerminal(t *testing.T) {
	there := httptest.NewTLSServer(http.NotFoundHandler())
	defer there.Close()
	there.Config.ErrorLog = log.New(io.Discard, "", 0)
	calls, err := awsclient.New(awsclient.Profile{Region: "us-east-1", Endpoint: there.URL,
		Signer: sigv4.Signer{KeyID: "AKIA1", Secret: artifact.NewSecret("hush")}}, "entrepot", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s := &signIn{name: "remote:central", now: time.Now, mint: func(ctx context.Context) (awsclient.Token, error) {
		return calls.Token(ctx, awsclient.Domain{Name: "house", Owner: "123456789012"}, 0)
	}}
	inRole := &signIn{name: "remote:central", now: time.Now, mint: func(ctx context.Context) (awsclient.Token, error) {
		_, _, err := calls.AssumeRole(ctx, "arn:aws:iam::123456789012:role/reader", "entrepot", "")
		return awsclient.Token{}, err
	}}
	for _, s := range []*signIn{s, inRole} {
		_, err = s.try(t.Context())
		if told, ok := errors.AsType[*artifact.Error](err); !ok || !strings.Contains(told.Reason, there.URL) ||
			!strings.Contains(told.Reason, " is of an authority") || !strings.Contains(told.Reason, "SSL_CERT_FILE") ||
			strings.Contains(told.Reason, "--data") {
			t.Errorf("got %v", err)
		}
	}
}

func TestATokenThatWasRevokedIsNotUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &signIn{name: "remote:central", now: time.Now, mint: (&mintery{life: time.Hour}).mint}
		refused := func(token string) bool {
			return s.Refused(&http.Request{Header: http.Header{"Authorization": {"Bearer " + token}}}, http.StatusUnauthorized)
		}
		s.carries(t, "Bearer t1")
		time.Sleep(time.Minute)
		if s.Refused(&http.Request{Header: http.Header{"Authorization": {"Bearer t1"}}}, http.StatusForbidden) {
			t.Error("another token is to be tried where a permission is missing")
		}
		s.carries(t, "Bearer t1")
		if !refused("t1") {
			t.Error("no other token was tried")
		}
		s.carries(t, "Bearer t2")
		if refused("t2") {
			t.Error("a token that has just come was refused, and another one is to be tried")
		}
		s.carries(t, "Bearer t3")
		if !refused("t1") { // somebody who began before
			t.Error("who has an old token is to try the new one")
		}
		s.carries(t, "Bearer t3")
	})
}

func TestAnotherKeyCountsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &mintery{life: 12 * time.Hour}
		key := sigv4.Signer{KeyID: "AKIA1", Secret: artifact.NewSecret("one")}
		s := &signIn{name: "remote:central", now: time.Now, mint: d.mint, key: func() sigv4.Signer { return key }}
		s.carries(t, "Bearer t1")
		key.Secret = artifact.NewSecret("one") // the same one, read once more
		s.carries(t, "Bearer t1")
		key.Secret = artifact.NewSecret("two")
		s.carries(t, "Bearer t2")
		s.carries(t, "Bearer t2")
		// One that is refused takes nothing away, and is tried now and then.
		key.KeyID, d.fails = "AKIA2", errors.New("no such key")
		s.carries(t, "Bearer t2")
		s.carries(t, "Bearer t2")
		if d.minted != 3 {
			t.Errorf("%d tokens were asked for, want 3", d.minted)
		}
		time.Sleep(signInPause)
		s.carries(t, "Bearer t2")
		if d.minted != 4 {
			t.Errorf("%d tokens were asked for, want 4", d.minted)
		}
		// The right one does not wait because of it.
		key.KeyID, d.fails = "AKIA3", nil
		s.carries(t, "Bearer t5")
	})
}

func TestServersThatAreConfiguredAlikeAreToldApart(t *testing.T) {
	at := artifact.DomainKey{Owner: "123456789012", Name: "house"}.Repository("shared")
	one, other := hopsOf("us-east-1"), hopsOf("us-east-1")
	if again := one(at); again != one(at) || again == other(at) || one(at) == one(at.DomainKey().Repository("other")) {
		t.Errorf("got %s and %s, then %s", one(at), one(at), other(at))
	}
	hops, err := upstream.ParseHops([]string{upstream.Hops{one(at), other(at)}.String()})
	if err != nil {
		t.Fatal(err)
	}
	for _, hop := range []string{one(at), other(at)} {
		if as, ok := hops.Find(hop); !ok || as != hop {
			t.Errorf("got %q, %v in %v", as, ok, hops)
		}
	}
	// Whoever is told of one repository cannot name another.
	_, letters, _ := strings.Cut(one(at), "@")
	if strings.HasSuffix(one(at.DomainKey().Repository("other")), letters) {
		t.Errorf("all repositories have the letters %s", letters)
	}
}

func TestDocumentsAreForgottenWithTheirRemotes(t *testing.T) {
	c := settings(t.TempDir())
	c.Remotes["set"] = config.Remote{Domain: "house", URL: "http://127.0.0.1:1/npm/", Format: "npm"}
	a, err := open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	var domain catalog.DomainID
	var set, kept, gone string
	err = a.catalog.Write(t.Context(), func(w catalog.Writer) error {
		if domain, err = w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: artifact.AccountID(a.config.Account), Name: "house"}}); err != nil {
			return err
		}
		r := catalog.Remote{Domain: domain, Name: "central", Kind: catalog.RegistryRemote, URL: "http://127.0.0.1:1/npm/", Format: artifact.NPM}
		if r.ID, err = w.CreateRemote(r); err != nil {
			return err
		}
		kept = connectionOf(repository.Remote{Remote: r}, artifact.NPM)
		r.ID += 7 // one that had the name before
		gone = connectionOf(repository.Remote{Remote: r}, artifact.NPM)
		house, err := w.Domain(artifact.DomainKey{Owner: artifact.AccountID(a.config.Account), Name: "house"})
		if err != nil {
			return err
		}
		all, err := a.rules.RemotesIn(w, house)
		if err != nil {
			return err
		}
		for _, one := range all {
			if one.Configured != nil {
				set = connectionOf(one, artifact.NPM)
			}
		}
		for _, connection := range []string{set, kept, gone, "public:npmjs"} {
			if err := w.PutDocument(catalog.Document{DocumentKey: catalog.DocumentKey{Connection: connection, Path: "left"}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	left := func() (connections []string) {
		t.Helper()
		err := jobs.ForgottenDocuments(a.catalog, remotesThere(a.rules))(t.Context())
		if err == nil {
			err = a.catalog.Read(t.Context(), func(r catalog.Reader) error {
				for _, connection := range []string{set, kept, gone, "public:npmjs"} {
					_, err := r.Document(catalog.DocumentKey{Connection: connection, Path: "left"})
					if err == nil {
						connections = append(connections, connection)
					}
				}
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		return connections
	}
	if got := left(); !slices.Equal(got, []string{set, kept, "public:npmjs"}) {
		t.Errorf("got documents of %v", got)
	}
	if err := a.catalog.Write(t.Context(), func(w catalog.Writer) error { return w.DeleteDomain(domain) }); err != nil {
		t.Fatal(err)
	}
	if got := left(); !slices.Equal(got, []string{"public:npmjs"}) {
		t.Errorf("got documents of %v when the domain is gone", got)
	}
}

func TestWhereARemoteLeads(t *testing.T) {
	a, err := open(t.Context(), settings(t.TempDir()), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	owner := artifact.AccountID(a.config.Account)
	s := newRemotes(a.stores, owner, upstream.NewPublicTransport(upstream.Options{}))
	s.client = a.upstream
	registry := repository.Remote{Owner: owner, Remote: catalog.Remote{ID: 7, Domain: 1, Name: "central", Kind: catalog.RegistryRemote,
		URL: "http://127.0.0.1:1/npm/", Format: artifact.NPM, Freshness: time.Minute, DownloadHosts: []string{"files.example.test"}}}
	if source, _ := s.Source(registry, artifact.PyPI); source != nil {
		t.Error("a registry of npm has packages of pypi")
	}
	if source, _ := s.Source(registry, artifact.Swift); source != nil {
		t.Error("a registry of npm has packages of swift")
	}
	_, connection := s.Source(registry, artifact.NPM)
	if connection != "remote:central@7/npm" {
		t.Errorf("got connection %s", connection)
	}
	origin, ok := s.origin(connection)
	if !ok || origin.Base.String() != registry.URL || origin.Guarded || !origin.Remote || !origin.Opaque || origin.Freshness != time.Minute ||
		len(origin.DownloadHosts) != 1 || !origin.Credential.IsZero() || origin.Authorizer != nil {
		t.Errorf("got %+v", origin)
	}
	for _, unknown := range []string{"remote:central@8/npm", "remote:central", "remote:central@x/npm"} {
		if _, ok := s.origin(unknown); ok {
			t.Errorf("%s leads somewhere", unknown)
		}
	}
	// One that an account's administrator has put who is not the operator goes to public addresses only.
	apart := registry
	apart.ID, apart.Owner = 8, "999999999999"
	_, connection = s.Source(apart, artifact.NPM)
	if origin, _ := s.origin(connection); !origin.Guarded {
		t.Error("another account decides where in the operator's network the server connects to")
	}
	// Each format's address is below the endpoint, and what is relative to it too.
	there := repository.Remote{Owner: owner, Remote: catalog.Remote{ID: 9, Domain: 1, Name: "there", Kind: catalog.CodeArtifactRemote,
		Region: "us-east-1", URL: "http://127.0.0.1:1/house-123456789012/npm/central/", API: "http://127.0.0.1:1"}}
	for f, want := range map[artifact.Format]string{artifact.NPM: "npm/central/x", artifact.Ruby: "ruby/central/x",
		artifact.Cargo: "cargo/central/x", artifact.Maven: "maven/central/x", artifact.PyPI: "pypi/central/simple/x",
		artifact.NuGet: "nuget/central/v3/x"} {
		_, connection := s.Source(there, f)
		if origin, ok := s.origin(connection); !ok || origin.Opaque ||
			origin.Base.ResolveReference(&url.URL{Path: "x"}).String() != "http://127.0.0.1:1/house-123456789012/"+want {
			t.Errorf("%s: got %s, want what is relative at %s", f, origin.Base, want)
		}
	}
	// A new credential counts at once.
	sealed := func(about string, token string) []byte {
		text, err := a.stores.Seal([]byte(`{"token":"`+token+`"}`), []byte(about))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	registry.Credential, registry.UpdatedAt = sealed("remote 1/central", "hush"), time.Now()
	before, connection := s.Source(registry, artifact.NPM)
	if origin, _ := s.origin(connection); origin.Credential.Token.Reveal() != "hush" {
		t.Errorf("got %+v", origin.Credential)
	}
	// A credential of another remote is none.
	registry.Credential, registry.UpdatedAt = sealed("remote 1/other", "hush"), time.Now().Add(time.Second)
	after, connection := s.Source(registry, artifact.NPM)
	if before != after {
		t.Error("what was remembered of the registry is lost with a new credential")
	}
	origin, _ = s.origin(connection)
	if origin.Authorizer == nil || !artifact.Is(origin.Authorizer.Authorize(t.Context(), &http.Request{URL: &url.URL{}}), artifact.Unavailable) {
		t.Errorf("got %+v", origin)
	}
	s.Forget(there.ID)
	if _, ok := s.origin(connectionOf(there, artifact.NPM)); ok {
		t.Error("a remote that was deleted leads somewhere")
	}
	if _, err := s.Check(t.Context(), registry); err == nil {
		t.Error("a remote whose credential cannot be opened was checked")
	}
	var _ repository.Remotes = s
}

func TestARegistryOfAnyFormatIsAskedWhenItIsChecked(t *testing.T) {
	a, err := open(t.Context(), settings(t.TempDir()), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	for n, f := range formats() {
		if f.Source == nil {
			continue
		}
		t.Run(string(f.Name), func(t *testing.T) {
			var asked atomic.Int64
			far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(http.StatusForbidden)
			}))
			defer far.Close()
			registry := repository.Remote{Owner: a.remotes.operator, Remote: catalog.Remote{ID: catalog.RemoteID(100 + n), Domain: 1, Name: "far",
				Kind: catalog.RegistryRemote, Format: f.Name, URL: far.URL + "/"}}
			if says, err := a.remotes.Check(t.Context(), registry); err == nil || asked.Load() == 0 {
				t.Errorf("got %q, %v after %d requests, want it asked, and what it says", says, err, asked.Load())
			}
		})
	}
}
