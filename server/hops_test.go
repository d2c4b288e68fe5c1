package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

// What a registry of one format was told comes back from there in the form in which it was told.
func TestARequestThatHasComeThroughHereUnderNoNameIsRefused(t *testing.T) {
	var told string
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told = r.Header.Get(upstream.HopsHeader)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer registry.Close()
	base, err := url.Parse(registry.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := upstream.New(upstream.Options{Cache: &upstreamtest.Cache{}, Logger: slog.New(slog.DiscardHandler),
		Remotes: func(string) (upstream.Origin, bool) {
			return upstream.Origin{Name: "remote:r", Base: base, Remote: true, Opaque: true}, true
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	key := artifact.DomainKey{Owner: "123456789012", Name: "house"}.Repository("edge")
	s := &Server{limits: Limits{Hops: 2}, hop: func(at artifact.RepositoryKey) string { return "eu/" + at.Domain + "/" + at.Name }}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	x := &exchange{w: &recorder{ResponseWriter: httptest.NewRecorder()}}
	here := func() artifact.RepositoryKey { return key }
	if err = s.comesThrough(x, r, here); err != nil {
		t.Fatal(err)
	}
	_, _, err = client.Exists(exchangeContext{r.Context(), x}, upstream.ExistsRequest{Connection: "remote:r@1/npm", Path: "left"})
	if err != nil || told == "" || strings.Contains(told, "edge") {
		t.Fatalf("told %q, %v", told, err)
	}
	r.Header.Set(upstream.HopsHeader, told)
	err = s.comesThrough(x, r, here)
	if got := x.w.Header().Get(upstream.LoopHeader); format.FailureOf(err).Status != http.StatusLoopDetected || got != told {
		t.Errorf("got %v and %q", err, got)
	}
}

func TestARequestThatHasComeThroughHereIsRefused(t *testing.T) {
	key := artifact.DomainKey{Owner: "123456789012", Name: "house"}.Repository("edge")
	s := &Server{limits: Limits{Hops: 2}, hop: func(at artifact.RepositoryKey) string { return "eu/" + at.Domain + "/" + at.Name }}
	for name, test := range map[string]struct {
		hops   []string
		status int // 0: it is served
		words  string
	}{
		"from a client":           {nil, 0, ""},
		"from another server":     {[]string{"us/house/central"}, 0, ""},
		"from two":                {[]string{"us/house/central, ap/house/edge"}, 0, ""},
		"from another of ours":    {[]string{"eu/house/other"}, 0, ""},
		"through too many":        {[]string{"us/house/central, ap/house/edge, sa/house/edge"}, http.StatusLoopDetected, "through 3 servers"},
		"in a circle":             {[]string{"eu/house/edge, us/house/central"}, http.StatusLoopDetected, "eu/house/edge, us/house/central asks in a circle"},
		"with a header that lies": {[]string{"a", "b"}, http.StatusBadRequest, "comes twice"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.Header[http.CanonicalHeaderKey(upstream.HopsHeader)] = test.hops
			x := &exchange{w: &recorder{ResponseWriter: httptest.NewRecorder()}}
			err := s.comesThrough(x, r, func() artifact.RepositoryKey { return key })
			if circle := strings.Contains(test.words, "circle"); circle != (x.w.Header().Get(upstream.LoopHeader) == "eu/house/edge") {
				t.Errorf("got the header %v", x.w.Header())
			}
			if test.status == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := format.FailureOf(err); f.Status != test.status || !strings.Contains(f.Text, test.words) {
				t.Errorf("got %d %s, want %d and %q", f.Status, f.Text, test.status, test.words)
			}
		})
	}
}
