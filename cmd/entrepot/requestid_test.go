package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"entrepot/catalog"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// answer is what a client received.
type answer struct {
	status int
	id     string // of the request
	body   []byte
}

// send hands a request to the app's server over a connection.
func (a *app) send(t *testing.T, r *http.Request) answer {
	t.Helper()
	listener := httptest.NewServer(a.server)
	defer listener.Close()
	r.URL.Scheme, r.URL.Host = "http", listener.Listener.Addr().String()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("X-Amzn-Requestid"), body}
}

func request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8090"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "127.0.0.1:8090"
	r.Header.Set("Content-Type", "application/json")
	return r
}

// signed sends a request as the first administrator.
func (a *app) signed(t *testing.T, method, target, body string) answer {
	t.Helper()
	return a.send(t, a.sign(t, method, target, body))
}

// sign makes a request that the first administrator has signed.
func (a *app) sign(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(a.config.Data, "aws", "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`= (\S+)`).FindAllStringSubmatch(string(text), -1)
	r := request(t, method, target, body)
	sum := sha256.Sum256([]byte(body))
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:])) // PublishPackageVersion wants it
	key := aws.Credentials{AccessKeyID: found[0][1], SecretAccessKey: found[1][1]}
	if err := signer.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(sum[:]), "codeartifact",
		a.config.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

// lastEvent is what was recorded last.
func (a *app) lastEvent(t *testing.T) (last catalog.Event) {
	t.Helper()
	err := a.catalog.Read(t.Context(), func(r catalog.Reader) error {
		events, err := r.Events(0, 1000)
		last = events[len(events)-1]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// What the client is told as the id of its request is what the audit row knows it by.
func TestAuditRowsHaveTheIDOfTheirRequest(t *testing.T) {
	a := started(t, filepath.Join(t.TempDir(), "data"))
	defer a.stop(t)
	recorded := func(w answer, status int, action string) {
		t.Helper()
		e := a.lastEvent(t)
		if w.status != status || e.Action != action || w.id == "" || e.RequestID != w.id {
			t.Fatalf("got %d %s; request %q is recorded as %s of %q", w.status, w.body, w.id, e.Action, e.RequestID)
		}
	}
	const team = "/v1/repository?domain=acme&repository=team"
	recorded(a.signed(t, "POST", "/v1/domain?domain=acme", ""), http.StatusOK, "codeartifact:CreateDomain")
	recorded(a.signed(t, "POST", team, ""), http.StatusOK, "codeartifact:CreateRepository")
	const nobodyPublishes = `{"policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",` +
		`\"Principal\":\"*\",\"Action\":\"codeartifact:PublishPackageVersion\",\"Resource\":\"*\"}}"}`
	policy := strings.Replace(team, "repository?", "repository/permissions/policy?", 1)
	recorded(a.signed(t, "PUT", policy, nobodyPublishes), http.StatusOK, "codeartifact:PutRepositoryPermissionsPolicy")

	w := a.signed(t, "POST", "/v1/authorization-token?domain=acme", "")
	recorded(w, http.StatusOK, "codeartifact:GetAuthorizationToken")
	var issued struct{ AuthorizationToken string }
	if err := json.Unmarshal(w.body, &issued); err != nil {
		t.Fatal(err)
	}
	const left = `{"_id":"left","name":"left","versions":{"1.0.0":{"name":"left","version":"1.0.0","dist":{}}},` +
		`"dist-tags":{"latest":"1.0.0"},"_attachments":{"left-1.0.0.tgz":{"data":"aGk="}}}`
	r := request(t, "PUT", "/acme-"+a.config.Account+"/npm/team/left", left)
	r.Header.Set("Authorization", "Bearer "+issued.AuthorizationToken)
	recorded(a.send(t, r), http.StatusForbidden, "codeartifact:PublishPackageVersion")
}
