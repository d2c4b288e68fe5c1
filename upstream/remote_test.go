package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/upstream"
)

const central = "remote:central@7/npm"

// badge is an authorizer whose tokens are numbered.
type badge struct {
	mu      sync.Mutex
	number  int
	renewed int
	most    int // renewals there are
	err     error
}

func (b *badge) Authorize(_ context.Context, r *http.Request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.Header.Set("Authorization", fmt.Sprint("Bearer ", b.number))
	return b.err
}

func (b *badge) Refused(*http.Request, int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.renewed == b.most {
		return false
	}
	b.renewed++
	b.number++
	return true
}

// withRemote gives a rig's client the remote central at the rig's registry.
func withRemote(change func(*upstream.Origin)) func(*upstream.Options, *upstream.Origin) {
	return func(o *upstream.Options, at *upstream.Origin) {
		origin := upstream.Origin{Name: "remote:central", Base: at.Base, Remote: true}
		change(&origin)
		o.Retries = 2
		o.Remotes = func(connection string) (upstream.Origin, bool) { return origin, connection == central }
	}
}

func ofRemote(path string) upstream.DocumentRequest {
	r := document(path)
	r.Connection = central
	return r
}

func TestARemoteThatNobodyKnowsIsUnavailable(t *testing.T) {
	for name, change := range map[string]func(*upstream.Options, *upstream.Origin){
		"no remotes":     func(*upstream.Options, *upstream.Origin) {},
		"another remote": withRemote(func(*upstream.Origin) {}),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, say("left"), change)
			request := ofRemote("left")
			request.Connection = "remote:other@8/npm"
			_, err := r.Document(t.Context(), request)
			wantKind(t, err, artifact.Unavailable)
			if !strings.Contains(err.Error(), "remote:other ") {
				t.Errorf("got %v, want its name without its number", err)
			}
		})
	}
}

func TestATokenThatIsRefusedIsRenewedOnceAndGoesToTheOriginAlone(t *testing.T) {
	elsewhere := newCanary(t)
	var seen []string
	for _, test := range []struct {
		name       string
		good, most int
		fails      bool
		asked      []string
	}{
		{"the next is good", 1, 5, false, []string{"Bearer 0", "Bearer 1"}},
		{"none is", 9, 2, true, []string{"Bearer 0", "Bearer 1", "Bearer 2"}},
		{"there is no next", 9, 0, true, []string{"Bearer 0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen = nil
			b := &badge{most: test.most}
			r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
				seen = append(seen, req.Header.Get("Authorization"))
				if seen[len(seen)-1] != fmt.Sprint("Bearer ", test.good) {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				say("left")(w, req)
			}, withRemote(func(o *upstream.Origin) { o.Authorizer = b }))
			_, err := r.Document(t.Context(), ofRemote("left"))
			if (err != nil) != test.fails || test.fails && (!artifact.Is(err, artifact.Unavailable) || !errors.Is(err, upstream.ErrRefused)) {
				t.Errorf("got %v, want an error %v", err, test.fails)
			}
			if !slices.Equal(seen, test.asked) {
				t.Errorf("got %v, want %v", seen, test.asked)
			}
		})
	}
	t.Run("a redirect carries neither token nor hops", func(t *testing.T) {
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, elsewhere.url()+"/left", http.StatusFound)
		}, withRemote(func(o *upstream.Origin) { o.Authorizer = &badge{} }))
		_, err := r.Document(t.Context(), ofRemote("left"))
		wantKind(t, err, artifact.Unavailable) // the canary is no public address, and was not touched
	})
}

// A storm of retries would be one of a host that fails. Nothing is wrong with one that wants another token.
func TestAnyNumberOfRequestsIsMadeAgainWithAnotherToken(t *testing.T) {
	b := &badge{most: 100}
	asked := 0
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if asked++; asked%2 == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		say("left")(w, req)
	}, withRemote(func(o *upstream.Origin) { o.Authorizer = b }), func(o *upstream.Options, _ *upstream.Origin) { o.Retries = -1 })
	for i := range 50 {
		if _, err := r.Document(t.Context(), ofRemote(fmt.Sprint("left", i))); err != nil {
			t.Fatalf("the %dth: %v", i+1, err)
		}
	}
	r.wantRequests(t, 100)
}

func TestAnAuthorizerThatCannotIsTheAnswer(t *testing.T) {
	b := &badge{err: artifact.Errorf(artifact.Unavailable, "The server cannot sign in.")}
	r := newRig(t, say("left"), withRemote(func(o *upstream.Origin) { o.Authorizer = b }))
	_, err := r.Document(t.Context(), ofRemote("left"))
	wantKind(t, err, artifact.Unavailable)
	r.wantRequests(t, 0)
}

func TestWhatARemoteSaysIsAsFreshAsItIsToBe(t *testing.T) {
	r := newRig(t, say("left"), withRemote(func(o *upstream.Origin) { o.Freshness = 30 * time.Second }))
	ask := func() {
		t.Helper()
		if _, err := r.Document(t.Context(), ofRemote("left")); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	r.clock.pass(29 * time.Second)
	ask()
	r.wantRequests(t, 1)
	// Older than that it is not answered while it is asked anew, as what public registries say would be.
	r.clock.pass(2 * time.Second)
	r.act(say("right"))
	d, err := r.Document(t.Context(), ofRemote("left"))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, d); got != "right" {
		t.Errorf("got %q, want what it says now", got)
	}
	// When it does not answer, the old is as good as it gets.
	r.act(status(http.StatusServiceUnavailable))
	r.clock.pass(time.Hour)
	if d, err = r.Document(t.Context(), ofRemote("left")); err != nil || !d.Stale {
		t.Errorf("got %v, stale %v", err, d.Stale)
	}
}

func TestARemoteIsToldThroughWhichRepositoriesARequestHasCome(t *testing.T) {
	var mu sync.Mutex
	var told []string
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		told = append(told, req.Header.Get(upstream.HopsHeader))
		mu.Unlock()
		say("left")(w, req)
	}, withRemote(func(*upstream.Origin) {}))
	ctx := upstream.WithHops(t.Context(), upstream.Hops{"us/1/d/a@1"}.And("eu/1/d/b@2"))
	if _, err := r.Document(ctx, ofRemote("left")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Exists(ctx, upstream.ExistsRequest{Connection: central, Path: "file"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Document(ctx, document("left")); err != nil { // a public registry
		t.Fatal(err)
	}
	const both = "us/1/d/a@1, eu/1/d/b@2"
	if want := []string{both, both, ""}; !slices.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
}

func TestARegistryOfOneFormatIsToldNothingThatItDoesNotKnow(t *testing.T) {
	var mu sync.Mutex
	told := ""
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		told = req.Header.Get(upstream.HopsHeader)
		w.Header().Set(upstream.LoopHeader, strings.Split(told, ", ")[0])
		w.WriteHeader(http.StatusLoopDetected)
	}, withRemote(func(o *upstream.Origin) { o.Opaque = true }))
	asked := upstream.Hops{"us/1/d/a@1"}.And("eu/1/d/b@2")
	_, err := r.Document(upstream.WithHops(t.Context(), asked), ofRemote("left"))
	if !errors.Is(err, upstream.ErrAskedBack) {
		t.Errorf("who was asked back by its own form has something for himself: %v", err)
	}
	mu.Lock()
	got, err := upstream.ParseHops([]string{told})
	mu.Unlock()
	if err != nil || len(got) != 2 || strings.Contains(got.String(), "/") || strings.Contains(got.String(), "@") {
		t.Fatalf("told %q, %v", told, err)
	}
	for i, hop := range asked {
		if as, ok := got.Find(hop); !ok || as != got[i] {
			t.Errorf("%s does not recognize itself in %q: %q, %v", hop, got, as, ok)
		}
	}
	if _, ok := got.Find("us/1/d/a@2"); ok {
		t.Error("another one recognizes itself")
	}
	// It could send what it was told to another server. There it stands for nobody who has asked.
	_, err = r.Document(upstream.WithHops(t.Context(), got[:1].And("ap/1/d/c@3")), ofRemote("right"))
	if !errors.Is(err, upstream.ErrLoop) || errors.Is(err, upstream.ErrAskedBack) {
		t.Errorf("got %v", err)
	}
}

// Two servers that ask each other at once must not wait for each other: what has come another way begins anew.
func TestRequestsThatHaveComeByDifferentWaysDoNotWaitForEachOther(t *testing.T) {
	inside, back := make(chan struct{}), make(chan struct{})
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get(upstream.HopsHeader) == "a@1" {
			close(inside)
			<-back // until the other one is answered
		}
		say("left")(w, req)
	}, withRemote(func(*upstream.Origin) {}))
	done := make(chan error, 1)
	go func() {
		_, err := r.Document(upstream.WithHops(t.Context(), upstream.Hops{"a@1"}), ofRemote("left"))
		done <- err
	}()
	<-inside
	if _, err := r.Document(upstream.WithHops(t.Context(), upstream.Hops{"b@2", "a@1"}), ofRemote("left")); err != nil {
		t.Error(err)
	}
	close(back)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRemotesThatComeAndGoTakeABoundedAmountOfMemory(t *testing.T) {
	r := newRig(t, say("left"), func(o *upstream.Options, _ *upstream.Origin) { o.RefreshRate = 1 })
	for i := range 10_000 {
		if _, connections := r.AllowRefresh(fmt.Sprintf("remote:central@%d/npm", i)); connections > 4096 {
			t.Fatalf("rates of %d connections are kept", connections)
		}
	}
	allowed := 0
	for range 100 {
		if ok, _ := r.AllowRefresh("remote:central@1/npm"); ok {
			allowed++
		}
	}
	if allowed != 2 {
		t.Errorf("%d refreshes were allowed at once, want 2", allowed)
	}
}

func TestALoopIsToldAndDoesNotCountAgainstTheHost(t *testing.T) {
	r := newRig(t, status(http.StatusLoopDetected), withRemote(func(*upstream.Origin) {}))
	for i := range 20 {
		_, err := r.Document(t.Context(), ofRemote(fmt.Sprint("left", i)))
		wantKind(t, err, artifact.Unavailable)
		if !strings.Contains(err.Error(), "leads back") {
			t.Fatalf("got %v", err)
		}
	}
	r.wantRequests(t, 20)
}

// What the asker is asked back for him it does not have for him; for others it may.
func TestWhoIsAskedBackSaysNothingToOthers(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.Header.Get(upstream.HopsHeader), "us/") {
			w.Header().Set(upstream.LoopHeader, "us/central")
			w.WriteHeader(http.StatusLoopDetected)
			return
		}
		say("left")(w, req)
	}, withRemote(func(*upstream.Origin) {}))
	for hops, back := range map[string]bool{"us/central, eu/edge": true, "us/central, ap/edge, eu/edge": false, "us/central": false} {
		way, err := upstream.ParseHops([]string{hops})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Document(upstream.WithHops(t.Context(), way), ofRemote("left"))
		wantKind(t, err, artifact.Unavailable)
		if errors.Is(err, upstream.ErrAskedBack) != back || !errors.Is(err, upstream.ErrLoop) {
			t.Errorf("%s: got %v", hops, err)
		}
	}
	d, err := r.Document(upstream.WithHops(t.Context(), upstream.Hops{"eu/edge"}), ofRemote("left"))
	if err != nil || d.Stale {
		t.Errorf("another one got %v, stale %v", err, d.Stale)
	}
}

func TestARemoteOfSomebodyElsesIsAtAPublicAddressOrNowhere(t *testing.T) {
	_, certificate := behindTLS(t)
	var r *rig
	for _, believed := range []string{certificate, ""} {
		r = newRig(t, say("left"), withRemote(func(o *upstream.Origin) { o.Guarded, o.Certificates = true, believed }))
		_, err := r.Document(t.Context(), ofRemote("left"))
		wantKind(t, err, artifact.Unavailable)
		r.wantRequests(t, 0)
	}
	public := upstream.NewPublicTransport(upstream.Options{})
	defer func() { _ = public.Close() }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := public.RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
		t.Error("a transport to public addresses reached this machine")
	} else if strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("got %v, which tells what a name stands for", err)
	}
	r.wantRequests(t, 0)
}

func TestParseHops(t *testing.T) {
	for name, test := range map[string]struct {
		values []string
		want   upstream.Hops
		ok     bool
	}{
		"none":             {nil, nil, true},
		"two":              {[]string{"us/1/d/a@1,  eu/1/d/b@2"}, upstream.Hops{"us/1/d/a@1", "eu/1/d/b@2"}, true},
		"an empty one":     {[]string{"a,,b"}, nil, false},
		"twice":            {[]string{"a", "b"}, nil, false},
		"a space within":   {[]string{"a b"}, nil, false},
		"not text":         {[]string{"a\x00"}, nil, false},
		"too many":         {[]string{strings.Repeat("a,", 64) + "a"}, nil, false},
		"one that is long": {[]string{strings.Repeat("a", 513)}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := upstream.ParseHops(test.values)
			if !slices.Equal(got, test.want) || (err == nil) != test.ok || err != nil && !artifact.Is(err, artifact.Invalid) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func FuzzParseHops(f *testing.F) {
	f.Add("us-east-1/123456789012/d/r@01020304, eu/1/d/b@2")
	f.Add(" , ")
	f.Fuzz(func(t *testing.T, value string) {
		hops, err := upstream.ParseHops([]string{value})
		if err != nil {
			return
		}
		again, err := upstream.ParseHops([]string{hops.String()})
		if err != nil || !slices.Equal(hops, again) {
			t.Errorf("%q was read as %q, and that as %q, %v", value, hops, again, err)
		}
	})
}

func TestParseEndpoint(t *testing.T) {
	for _, test := range []struct{ name, text, domain, repository, server, pypi string }{
		{"below a path", "http://us.example.test:8090/my-domain-123456789012/npm/central/", "123456789012/my-domain", "central",
			"http://us.example.test:8090", "http://us.example.test:8090/my-domain-123456789012/pypi/central/"},
		{"below a longer path, without the last slash", "https://h.example.test/a/b/my-domain-123456789012/maven/r", "123456789012/my-domain", "r",
			"https://h.example.test", "https://h.example.test/a/b/my-domain-123456789012/pypi/r/"},
		{"of a host", "https://my-domain-123456789012.d.codeartifact.us-east-1.amazonaws.com/npm/central/", "123456789012/my-domain", "central",
			"https://codeartifact.us-east-1.amazonaws.com",
			"https://my-domain-123456789012.d.codeartifact.us-east-1.amazonaws.com/pypi/central/"},
		{"of a host of one's own", "https://my-domain-123456789012.example.test/generic/central/", "123456789012/my-domain", "central",
			"https://my-domain-123456789012.example.test", "https://my-domain-123456789012.example.test/pypi/central/"},
		{name: "no format", text: "https://h.example.test/my-domain-123456789012/central/"},
		{name: "no domain", text: "https://h.example.test/npm/central/"},
		{name: "an account that is none", text: "https://h.example.test/my-domain-12345678901x/npm/central/"},
		{name: "no name before the account", text: "https://h.example.test/-123456789012/npm/central/"},
		{name: "an empty segment", text: "https://h.example.test/my-domain-123456789012//npm/central/"},
		{name: "an escape", text: "https://h.example.test/my-domain-123456789012/npm/cen%2ftral/"},
		{name: "a registry", text: "https://registry.example.test/"},
		{name: "no URL", text: "::"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := upstream.ParseEndpoint(test.text)
			if test.repository == "" {
				wantKind(t, err, artifact.Invalid)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Domain.String(); got != test.domain {
				t.Errorf("got domain %s, want %s", got, test.domain)
			}
			if e.Repository != test.repository || e.Server() != test.server || e.For(artifact.PyPI).String() != test.pypi {
				t.Errorf("got %s, %s, %s", e.Repository, e.Server(), e.For(artifact.PyPI))
			}
		})
	}
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add("https://my-domain-123456789012.d.codeartifact.us-east-1.amazonaws.com/npm/central/")
	f.Add("http://us.example.test:8090/my-domain-123456789012/npm/central/")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := upstream.ParseEndpoint(text)
		if err != nil {
			return
		}
		given, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if at := e.For(artifact.Cargo); at.Host != given.Host || at.Scheme != given.Scheme || !strings.HasSuffix(at.Path, "/cargo/"+e.Repository+"/") {
			t.Errorf("%q leads to %s", text, at)
		}
	})
}

func TestARefusedCircleOfOneCallerKeepsNobodyElseFromNews(t *testing.T) {
	news := "old"
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(req.Header.Get(upstream.HopsHeader), "nowhere") {
			w.WriteHeader(http.StatusLoopDetected)
			return
		}
		say(news)(w, req)
	}, withRemote(func(o *upstream.Origin) { o.Freshness = 5 * time.Second }))
	says := func(want string) {
		t.Helper()
		d, err := r.Document(t.Context(), ofRemote("left"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.ReadAll(t.Context()); string(got) != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	says("old")
	news = "new"
	r.clock.pass(6 * time.Second)
	// Anybody may say through whom he comes.
	if d, err := r.Document(upstream.WithHops(t.Context(), upstream.Hops{"nowhere"}), ofRemote("left")); err != nil || !d.Stale {
		t.Errorf("got %+v, %v, want what was kept for who asks in a circle", d, err)
	}
	says("new")
}

func TestRemotesOfOneNameDoNotBreakEachOther(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/theirs/") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		say("left")(w, req)
	}, withRemote(func(*upstream.Origin) {}), func(o *upstream.Options, at *upstream.Origin) {
		ours, theirs := o.Remotes, *at.Base
		theirs.Path = "/theirs/"
		o.Remotes = func(connection string) (upstream.Origin, bool) {
			if origin, ok := ours(connection); ok {
				return origin, true
			}
			return upstream.Origin{Name: "remote:central", Base: &theirs, Remote: true}, true
		}
	})
	for i := range 10 {
		request := ofRemote(fmt.Sprint("left", i))
		request.Connection = "remote:central@8/npm" // of another domain
		_, err := r.Document(t.Context(), request)
		wantKind(t, err, artifact.Unavailable)
	}
	if _, err := r.Document(t.Context(), ofRemote("left")); err != nil {
		t.Errorf("got %v because of somebody else's remote", err)
	}
}

func TestRemotesOfAnyNumberOfNamesHaveABoundedNumberOfFigures(t *testing.T) {
	r := newRig(t, say("left"), func(o *upstream.Options, at *upstream.Origin) {
		o.Remotes = func(string) (upstream.Origin, bool) {
			return upstream.Origin{Name: "remote", Base: at.Base, Remote: true}, true
		}
	})
	for i := range 400 {
		request := ofRemote("left")
		request.Connection = fmt.Sprintf("remote:name%d@%d/npm", i, i)
		if _, err := r.Document(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	connections, requests := map[string]bool{}, 0.0
	for _, sample := range r.Samples() {
		connections[sample.Labels[0].Value] = true
		if sample.Name == "entrepot_upstream_requests_total" {
			requests += sample.Value
		}
	}
	if n := len(connections); n > 300 {
		t.Errorf("there are figures of %d connections", n)
	}
	if !connections["remote:name0"] || requests != 400 {
		t.Errorf("got %v requests of %v", requests, connections)
	}
}
