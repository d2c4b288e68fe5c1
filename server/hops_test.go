package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/upstream"
)

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
			h := http.Header{}
			_, err := s.comesFrom(h, r, key)
			if circle := strings.Contains(test.words, "circle"); circle != (h.Get(upstream.LoopHeader) == "eu/house/edge") {
				t.Errorf("got the header %v", h)
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
