package server

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/usage"
)

// ledger is a meter that writes down what it is told, a line a request.
type ledger struct {
	mu    sync.Mutex
	lines []string
}

func (l *ledger) Count(n *usage.Note) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%s %s %s %s/%s %s %s count %d write %v sent %d", n.Account, n.Client, n.Domain.Owner, n.Domain.Name, n.Repository,
		n.Package.Format, n.Package.Name, n.Count, n.Write, n.Sent))
}

// last returns what was told since it was last asked.
func (l *ledger) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.lines = nil }()
	return strings.Join(l.lines, "\n")
}

// noting is an API that fills in what a request is about, as the one of CodeArtifact does.
type noting struct{ own bool }

func (a noting) Serve(w http.ResponseWriter, r *http.Request, _ iam.Caller) {
	n := usage.NoteOf(r.Context())
	if n.Domain, n.Repository, n.Write = (artifact.DomainKey{Owner: owner, Name: "team"}), "shared", true; a.own {
		n.Count = 0
	}
	_, _ = io.WriteString(w, "done")
}

func (noting) Fail(w http.ResponseWriter, _ *http.Request, err error) { w.WriteHeader(403) }

func TestRequestsThatArePaidForAreCounted(t *testing.T) {
	l := &ledger{}
	f := newFixture(t, func(o *Options) {
		o.Meter, o.API = l, noting{}
		o.Formats[0].Routes = append(o.Formats[0].Routes,
			format.Route{Pattern: "GET /-/many", CountAs: func(*http.Request) int { return 7 }, Handler: func(w http.ResponseWriter, r *http.Request, _ format.Shelf) error {
				usage.About(r.Context(), artifact.PackageKey{Format: artifact.NPM, Name: "first"})
				usage.About(r.Context(), artifact.PackageKey{Format: artifact.NPM, Name: "second"})
				_, err := io.WriteString(w, "seven")
				return err
			}},
			format.Route{Pattern: "GET /-/missing", Handler: func(w http.ResponseWriter, r *http.Request, _ format.Shelf) error {
				usage.About(r.Context(), artifact.PackageKey{Format: artifact.NPM, Name: "made-up"})
				w.WriteHeader(404)
				return nil
			}},
			format.Route{Pattern: "GET /-/open", Handler: func(w http.ResponseWriter, _ *http.Request, _ format.Shelf) error {
				return artifact.Errorf(artifact.Unauthenticated, "this is for those who are known")
			}},
			format.Route{Pattern: "GET /-/often", Handler: func(w http.ResponseWriter, _ *http.Request, _ format.Shelf) error {
				w.WriteHeader(429)
				return nil
			}})
	})
	const token = "Bearer " + goodToken
	const signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260314/us-east-1/%s/aws4_request, Signature=right"
	const here = owner + " 192.0.2.1 " + owner + " team/shared npm "
	for _, c := range []struct {
		name, method, path, authorization string
		want                              string
	}{
		{"a read", "GET", base + "/pkg", token, here + ` count 1 write false sent `},
		{"a probe", "HEAD", base + "/pkg", token, here + ` count 1 write false sent `},
		{"a publication", "PUT", base + "/pkg", token, here + ` count 1 write true sent `},
		{"one that counts for seven, and its first package", "GET", base + "/-/many", token, here + `first count 7 write false sent `},
		{"one refused", "GET", base + "/-/fail/denied", token, here + ` count 1 write false sent `},
		{"one of what there is not", "GET", base + "/a/b/c", token, here + ` count 1 write false sent `},
		{"a name that was made up", "GET", base + "/-/missing", token, here + ` count 1 write false sent `},
		{"a name that no repository can have", "GET", "/team-" + owner + "/npm/_/x", token, owner + " 192.0.2.1 " + owner + " team/ npm  count 1 write false sent "},
		{"one that failed here", "GET", base + "/-/fail/internal", token, ""},
		{"a panic", "GET", base + "/-/panic", token, ""},
		{"one too many", "GET", base + "/-/often", token, ""},
		{"a stranger who is turned away late", "GET", base + "/-/open", token, ""},
		{"a stranger", "GET", base + "/pkg", "", ""},
		{"a wrong token", "GET", base + "/pkg", "Bearer bad", ""},
		{"the API", "POST", "/v1/domain", fmt.Sprintf(signed, "codeartifact"), owner + " 192.0.2.1 " + owner + " team/shared   count 1 write true sent "},
		{"the API with a wrong signature", "POST", "/v1/domain", strings.Replace(fmt.Sprintf(signed, "codeartifact"), "right", "wrong", 1), ""},
		{"another service", "POST", "/", fmt.Sprintf(signed, "sts"), ""},
		{"health", "GET", "/readyz", "", ""},
		{"nothing", "GET", "/", "", ""},
	} {
		header := []string{}
		if c.authorization != "" {
			header = []string{"Authorization", c.authorization}
		}
		w := f.do(c.method, c.path, header...)
		if c.want != "" && c.method == "HEAD" {
			c.want += "0"
		} else if c.want != "" {
			c.want += strconv.Itoa(w.Body.Len())
		}
		if got := l.last(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestABrokenAnswerCountsWithTheBytesThatWentOut(t *testing.T) {
	l := &ledger{}
	f := newFixture(t, func(o *Options) { o.Meter = l })
	func() {
		defer func() { _ = recover() }()
		f.do("GET", base+"/-/half", "Authorization", "Bearer "+goodToken)
	}()
	if got := l.last(); !strings.HasSuffix(got, "count 1 write false sent 10") {
		t.Errorf("got %q, want ten bytes", got)
	}
}

func TestAnOperationOfOurOwnIsFree(t *testing.T) {
	l := &ledger{}
	f := newFixture(t, func(o *Options) { o.Meter, o.API = l, noting{own: true} })
	if w := f.do("POST", "/v1/entrepot/usage", "Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20260314/us-east-1/codeartifact/aws4_request, Signature=right"); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	if got := l.last(); got != "" {
		t.Errorf("got %q", got)
	}
}
