package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/config"
)

// offers publishes packages of npm and generic ones in r1 of d1.
func (a *app) offers(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if got := a.npm(t, http.MethodPut, name, string(npmPublication(t, name).body)); got.status >= 300 {
			t.Fatalf("%s: got %d %s", name, got.status, got.body)
		}
		got := a.signed(t, http.MethodPost, "/v1/package/version/publish?domain=d1&repository=r1&format=generic&namespace=n&version=1&asset=a&package="+
			name, "bytes")
		if got.status != http.StatusOK {
			t.Fatalf("%s: got %d %s", name, got.status, got.body)
		}
	}
}

// npm sends a request of npm's to r1 of d1.
func (a *app) npm(t *testing.T, method, target, body string) answer {
	t.Helper()
	return a.send(t, a.npmRequest(t, method, target, body))
}

func (a *app) npmRequest(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r := request(t, method, "/d1-"+a.config.Account+"/npm/r1/"+target, body)
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("aws:"+a.token(t))))
	return r
}

// age has everything that was got at the other sides be older.
func (s *remotes) age(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.known {
		m.signIn.mu.Lock()
		m.signIn.minted = m.signIn.minted.Add(-by)
		m.signIn.mu.Unlock()
		if m.role != nil {
			m.role.turn <- struct{}{}
			m.role.begun = m.role.begun.Add(-by)
			<-m.role.turn
		}
	}
}

// together is a handler that has the next requests for a path come in before it answers the first of them.
type together struct {
	handler http.Handler
	path    string // in that of the requests

	mu      sync.Mutex
	missing int
	all     chan struct{} // closed when none is missing any more
}

func (h *together) expect(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.missing, h.all = n, make(chan struct{})
}

func (h *together) come() (all <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.missing == 0 {
		return nil
	}
	if h.missing--; h.missing == 0 {
		close(h.all)
	}
	return h.all
}

func (h *together) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, h.path) {
		if all := h.come(); all != nil {
			select {
			case <-all:
			case <-r.Context().Done():
			}
		}
	}
	h.handler.ServeHTTP(w, r)
}

// Whoever revokes what a server has got there shuts it out for no longer than it takes to sign in again: no client is told.
func TestWhatIsRevokedAtTheOtherSideIsReplacedBeforeAnybodySeesIt(t *testing.T) {
	c := settings(filepath.Join(t.TempDir(), "other"))
	c.Limits.FailedLogins = -1 // all servers of the test have one address
	other, err := open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.stop(t) })
	for _, target := range []string{"domain?domain=d1", "repository?domain=d1&repository=r1"} {
		if got := other.signed(t, http.MethodPost, "/v1/"+target, "{}"); got.status != http.StatusOK {
			t.Fatalf("%s: got %d %s", target, got.status, got.body)
		}
	}
	other.offers(t, "one", "two", "three")
	var many []string // more than a host that fails would be asked for again
	for i := range 30 {
		many = append(many, fmt.Sprint("many", i))
	}
	other.offers(t, many...)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + other.config.Account + `"},"Action":"sts:AssumeRole"}]}`
	role, err := other.accounts.CreateRole(t.Context(), owner(t), accounts.NewRole{NewPrincipal: accounts.NewPrincipal{Name: "reader"}, Trust: trust})
	if err != nil {
		t.Fatal(err)
	}
	reads := catalog.IdentityPolicy{Name: "reads", Document: `{"Version":"2012-10-17","Statement":[` + matrixAllow("*", "*") + `]}`}
	if err := other.accounts.PutEntityPolicy(t.Context(), owner(t), accounts.Role("reader"), reads); err != nil {
		t.Fatal(err)
	}
	crowd := &together{handler: other.server, path: "/npm/r1/many"}
	there := httptest.NewServer(crowd)
	defer there.Close()
	for name, arn := range map[string]string{"a key's": "", "a role's": role.ARN} {
		t.Run(name, func(t *testing.T) {
			a := isAsked(t, map[string]config.Remote{"central": {Domain: "d1", URL: there.URL + "/d1-" + other.config.Account + "/npm/r1/",
				Region: other.config.Region, KeyFile: filepath.Join(other.config.Data, "aws", "credentials"), Role: arn}})
			npm := func(name string) {
				t.Helper()
				if got := a.npm(t, http.MethodGet, name, ""); got.status != http.StatusOK {
					t.Errorf("npm, %s: got %d %s", name, got.status, got.body)
				}
			}
			generic := func(name string) {
				t.Helper()
				got := a.signed(t, http.MethodGet, "/v1/package/version/asset?domain=d1&repository=r1&format=generic&namespace=n&version=1&asset=a&package="+
					name, "")
				if got.status != http.StatusOK || string(got.body) != "bytes" {
					t.Errorf("generic, %s: got %d %s", name, got.status, got.body)
				}
			}
			revoked := func() {
				t.Helper()
				done, err := other.accounts.RevokeAll(t.Context(), owner(t), "")
				if err != nil || done.Tokens == 0 && done.Sessions == 0 {
					t.Fatalf("got %+v, %v", done, err)
				}
				a.remotes.age(time.Hour / 2)
				for second := time.Now().Unix(); second == time.Now().Unix(); { // in one second a key is given one token
					time.Sleep(10 * time.Millisecond)
				}
			}
			npm("one")
			generic("one")
			revoked()
			npm("two")
			generic("two")
			revoked()
			generic("three")
			npm("three")
			revoked()
			here := httptest.NewServer(a.server)
			defer here.Close()
			crowd.expect(len(many))
			var all sync.WaitGroup
			for _, name := range many {
				r := a.npmRequest(t, http.MethodGet, name, "")
				r.URL.Host = here.Listener.Addr().String()
				all.Go(func() {
					res, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					defer res.Body.Close()
					if body, err := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || err != nil {
						t.Errorf("npm, %s among many: got %d %s, %v", name, res.StatusCode, body, err)
					}
				})
			}
			all.Wait()
		})
	}
}
