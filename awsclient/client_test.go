package awsclient

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

var (
	signed   = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	ofScope  = sigv4.Scope{Region: "us-east-1", Service: "codeartifact"}
	ofSigner = sigv4.Signer{KeyID: "AKIATESTTESTTEST", Secret: artifact.NewSecret("a secret")}
)

// calls makes a client of a server that verifies every signature and then answers as told.
func calls(t *testing.T, now func() time.Time, path string, answer http.HandlerFunc) *Client {
	t.Helper()
	verifier := sigv4.New(now, ofScope)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claim, err := verifier.Parse(r)
		if err == nil {
			err = verifier.Verify(claim, ofSigner.Secret, sigv4.Payload{Limit: 1})
		}
		if err != nil || r.UserAgent() != "entrepot/test" {
			t.Errorf("%s %s of %s: %v", r.Method, r.URL, r.UserAgent(), err)
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := New(Profile{Signer: ofSigner, Region: "us-east-1", Endpoint: server.URL + path}, "entrepot/test", now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func always() time.Time { return signed }

// says answers with a body.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

func TestTheTwoCallsAreMade(t *testing.T) {
	var asked []string
	c := calls(t, always, "/below/", func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.String())
		if strings.HasSuffix(r.URL.Path, "/endpoint") {
			fmt.Fprint(w, `{"repositoryEndpoint":"http://127.0.0.1:8090/d-123456789012/npm/r/"}`)
			return
		}
		fmt.Fprint(w, `{"authorizationToken":"entrepot_abc","expiration":1795953600.5}`)
	})
	u, err := c.Endpoint(t.Context(), Domain{"d", "123456789012"}, "r", artifact.NPM)
	if err != nil || u.String() != "http://127.0.0.1:8090/d-123456789012/npm/r/" {
		t.Errorf("got %v, %v", u, err)
	}
	token, err := c.Token(t.Context(), Domain{Name: "d"}, 900)
	if err != nil || token.Value.Reveal() != "entrepot_abc" || !token.Expires.Equal(time.UnixMilli(1795953600500)) {
		t.Errorf("got %v until %v, %v", token.Value.Reveal(), token.Expires, err)
	}
	if _, err := c.Token(t.Context(), Domain{Name: "d"}, 0); err != nil {
		t.Error(err)
	}
	want := []string{
		"GET /below/v1/repository/endpoint?domain=d&domain-owner=123456789012&format=npm&repository=r",
		"POST /below/v1/authorization-token?domain=d&duration=900",
		"POST /below/v1/authorization-token?domain=d",
	}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", asked, want)
	}
}

func TestAnswersThatClientsMustNotBeGivenAreRefused(t *testing.T) {
	token := func(c *Client) error { _, err := c.Token(t.Context(), Domain{Name: "d"}, 0); return err }
	endpoint := func(c *Client) error {
		_, err := c.Endpoint(t.Context(), Domain{Name: "d"}, "r", artifact.NPM)
		return err
	}
	refusing := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if kind != "" {
				w.Header().Set("X-Amzn-Errortype", kind)
			}
			w.Header().Set("Location", "http://other.example.test/")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for name, row := range map[string]struct {
		call   func(*Client) error
		answer http.HandlerFunc
		want   string
	}{
		"a refusal":                    {token, refusing(403, "AccessDeniedException:http://x", `{"message":"You may not."}`), "GetAuthorizationToken: You may not. (AccessDeniedException)"},
		"a page of another server":     {token, refusing(404, "", "<html>"), "404 Not Found, which is not the API's way"},
		"a redirect":                   {token, refusing(302, "", ""), "302 Found"},
		"no JSON":                      {token, says("hello"), "is not the API's"},
		"no token":                     {token, says(`{}`), "no token"},
		"a token with a quote in it":   {token, says(`{"authorizationToken":"a'b"}`), "no token"},
		"a token with a line end":      {token, says(`{"authorizationToken":"a\nb"}`), "no token"},
		"more than an answer has":      {token, says(strings.Repeat(" ", maxAnswer+1)), "longer than"},
		"an address without a slash":   {endpoint, says(`{"repositoryEndpoint":"http://h/r"}`), "no address"},
		"an address of another scheme": {endpoint, says(`{"repositoryEndpoint":"file:///r/"}`), "no address"},
		"an address with a password":   {endpoint, says(`{"repositoryEndpoint":"http://a:b@h/r/"}`), "no address"},
		"an address with a query":      {endpoint, says(`{"repositoryEndpoint":"http://h/r/?a=b/"}`), "no address"},
		"an address with a command":    {endpoint, says(`{"repositoryEndpoint":"http://h/$(x)/"}`), "no address"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := row.call(calls(t, always, "", row.answer)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q in it", err, row.want)
			}
		})
	}
}

func TestAServerThatIsNotThereIsNamed(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:1":  "the server at http://127.0.0.1:1 does not answer",
		"ftp://127.0.0.1":     "no address of a server",
		"127.0.0.1:8090":      "no address of a server",
		"http://[::1]:namely": "no address of a server",
	} {
		c, err := New(Profile{Signer: ofSigner, Region: "us-east-1", Endpoint: endpoint}, "test", time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Token(t.Context(), Domain{Name: "d"}, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", endpoint, err, want)
		}
	}
}

func TestAServersOwnAuthorityIsBelieved(t *testing.T) {
	server := httptest.NewTLSServer(says(`{"authorizationToken":"entrepot_abc","expiration":1795953600}`))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	write(t, bundle, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	empty := filepath.Join(t.TempDir(), "none.pem")
	write(t, empty, "no certificate\n")
	ask := func(bundle string) error {
		c, err := New(Profile{Signer: ofSigner, Region: "us-east-1", Endpoint: server.URL, Bundle: bundle}, "test", time.Now)
		if err != nil {
			return err
		}
		_, err = c.Token(t.Context(), Domain{Name: "d"}, 0)
		return err
	}
	if err := ask(bundle); err != nil {
		t.Errorf("got %v, want the authority believed", err)
	}
	for path, want := range map[string]string{"": "set AWS_CA_BUNDLE", empty: "no certificate in it", empty + "-not-there": "read the certificates"} {
		if err := ask(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("bundle %q: got %v, want %q in it", path, err, want)
		}
	}
}

func TestARefusalTellsWhenToAskAgain(t *testing.T) {
	for name, row := range map[string]struct {
		status      int
		kind, after string
		want        Refusal
	}{
		"throttled":         {429, "ThrottlingException", "7", Refusal{"Prefetch", "Slower.", "ThrottlingException", 429, 7 * time.Second}},
		"without a wish":    {503, "InternalServerException:http://x", "", Refusal{"Prefetch", "Slower.", "InternalServerException", 503, 0}},
		"a wish of a day":   {503, "InternalServerException", "86400", Refusal{"Prefetch", "Slower.", "InternalServerException", 503, 0}},
		"a wish that is no": {429, "ThrottlingException", "soon", Refusal{"Prefetch", "Slower.", "ThrottlingException", 429, 0}},
	} {
		c := calls(t, always, "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", row.kind)
			w.Header().Set("Retry-After", row.after)
			w.WriteHeader(row.status)
			fmt.Fprint(w, `{"message":"Slower."}`)
		})
		err := c.Waiting(time.Minute).Post(t.Context(), "Prefetch", "/v1/x", nil, nil)
		if got, ok := errors.AsType[*Refusal](err); !ok || *got != row.want {
			t.Errorf("%s: got %#v, want %#v", name, err, row.want)
		}
	}
}

func TestAServerThatBreaksOffIsSilent(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"before its answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"within it": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "{")
		},
	} {
		err := calls(t, always, "", answer).Post(t.Context(), "Prefetch", "/v1/x", nil, nil)
		if _, ok := errors.AsType[*Silence](err); !ok {
			t.Errorf("%s: got %v, want a silence", name, err)
		}
	}
}

func TestAnOperationOfAnotherServiceIsInvoked(t *testing.T) {
	verifier := sigv4.New(always, sigv4.Scope{Region: "us-east-1", Service: "cloudtrail"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claim, err := verifier.Parse(r)
		if err == nil {
			err = verifier.Verify(claim, ofSigner.Secret, sigv4.Payload{Limit: 100})
		}
		body, _ := io.ReadAll(r.Body)
		if got := r.Method + " " + r.URL.Path + " " + r.Header.Get("X-Amz-Target") + " " + r.Header.Get("Content-Type") + " " + string(body); err != nil ||
			got != `POST / Trail_1.LookupEvents application/x-amz-json-1.1 {"MaxResults":1}` {
			t.Errorf("got %s, %v", got, err)
		}
		fmt.Fprint(w, `{"Events":[1,2]}`)
	}))
	t.Cleanup(server.Close)
	c, err := New(Profile{Signer: ofSigner, Region: "us-east-1", Endpoint: server.URL}, "entrepot/test", always)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Events []int }
	if err := c.Invoke(t.Context(), "cloudtrail", "Trail_1", "LookupEvents", map[string]int{"MaxResults": 1}, &answer); err != nil || len(answer.Events) != 2 {
		t.Errorf("got %v, %v", answer, err)
	}
}

func TestWordsWithoutEndArePassedOnToAnEnd(t *testing.T) {
	long := strings.Repeat("no ", 200_000)
	for name, answer := range map[string]http.HandlerFunc{
		"a message": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"message":%q}`, long)
		},
		"a kind": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", long)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"message":"No."}`)
		},
	} {
		err := calls(t, always, "", answer).Post(t.Context(), "ListRemotes", "/v1/x", nil, nil)
		if _, ok := errors.AsType[*Refusal](err); !ok || len(err.Error()) > 5000 {
			t.Errorf("%s: got %d bytes of error", name, len(fmt.Sprint(err)))
		}
	}
	_, _, err := readSession(http.StatusForbidden, []byte("<ErrorResponse><Error><Code>AccessDenied</Code><Message>"+long+"</Message></Error></ErrorResponse>"))
	if err == nil || !strings.Contains(err.Error(), "AccessDenied") || len(err.Error()) > 5000 {
		t.Errorf("got %d bytes of error", len(fmt.Sprint(err)))
	}
}
