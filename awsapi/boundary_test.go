package awsapi

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository/repositorytest"
	"entrepot/server"

	"github.com/prometheus/client_golang/prometheus"
)

// A boundary is a request that is good but for one place, at the edge of what the service model allows or just beyond.
type boundary struct {
	kind, what string // what is bent, and how: "query text", "domain of 51 characters"
	request    trial
	want       Reason // empty: the request is good
	names      string // what a refusal must name: the member, or the query parameter
}

// trial is a request in parts.
type trial struct {
	method, path string
	query        map[string]string // by name; values as they stand on the wire
	more         string            // further query text
	header       map[string]string
	body         map[string]string // JSON by member; nil where the operation reads none
	text         string            // in place of body, if it is set
}

// with returns the trial with a member in its place; value is JSON in the body, text on the wire elsewhere.
func (t trial) with(b binding, value string) trial {
	t.query, t.header, t.body = maps.Clone(t.query), maps.Clone(t.header), maps.Clone(t.body)
	switch b.place {
	case inQuery:
		t.query[b.wire] = value
	case inHeader:
		t.header[b.wire] = value
	case inBody:
		t.body[b.wire] = value
	}
	return t
}

// without returns the trial less a member.
func (t trial) without(wire string) trial {
	t.query, t.header, t.body = maps.Clone(t.query), maps.Clone(t.header), maps.Clone(t.body)
	delete(t.query, wire)
	delete(t.header, wire)
	delete(t.body, wire)
	return t
}

func (t trial) request() *http.Request {
	var query []string
	for _, name := range sortedKeys(t.query) {
		query = append(query, name+"="+t.query[name])
	}
	if t.more != "" {
		query = append(query, t.more)
	}
	body := t.text
	if body == "" && t.body != nil {
		var members []string
		for _, name := range sortedKeys(t.body) {
			members = append(members, asJSON(name)+":"+t.body[name])
		}
		body = "{" + strings.Join(members, ",") + "}"
	}
	target := t.path + "?" + strings.Join(query, "&")
	path, rawQuery, _ := strings.Cut(target, "?")
	r := httptest.NewRequest(t.method, "/", strings.NewReader(body))
	r.RequestURI, r.URL, r.Host = target, &url.URL{Path: path, RawQuery: rawQuery}, "entrepot.example.test"
	for name, value := range t.header {
		r.Header.Set(name, value)
	}
	return r
}

// face is the API behind the server's gate, called by somebody who may do nothing: a request that is good is denied.
type face struct{ *server.Server }

// nobody is every caller's name.
type nobody struct{ iam.Caller }

func (n nobody) Signed(*http.Request, iam.Circumstances, string) (iam.Caller, error) {
	return n.Caller, nil
}

func (n nobody) Nobody(iam.Circumstances) iam.Caller { return n.Caller }

func (n nobody) Bearer(*http.Request, iam.Circumstances, artifact.DomainKey) (iam.Caller, error) {
	return n.Caller, nil
}

func (n nobody) Attempts(*http.Request) bool { return false }

func openFace(t *testing.T) face {
	t.Helper()
	s := begin(t, Options{})
	addresses, err := server.NewAddresses("http://entrepot.example.test", "", "127.0.0.1:80", nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Region: "us-east-1", Account: "999900001111", Logger: slog.New(slog.DiscardHandler)}
	metrics := prometheus.NewRegistry()
	built, err := server.New(server.Options{
		Addresses: addresses, Authenticator: nobody{repositorytest.Caller(t, owner, "nobody")},
		API: New(s.rules.Service, s.tokens, o), Log: o.Logger, Metrics: metrics, Gatherer: metrics, Now: time.Now,
		NewID: func() string { return "5f2c8f0a-3c63-4f6e-9d0a-2f4f0d1c9b11" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return face{built}
}

// timeless is a recorder that takes deadlines, as the writers of net/http do.
type timeless struct{ *httptest.ResponseRecorder }

func (timeless) SetReadDeadline(time.Time) error  { return nil }
func (timeless) SetWriteDeadline(time.Time) error { return nil }

// objection says what is wrong with the answer to a boundary; empty if nothing is.
func (f face) objection(b boundary) string {
	w := httptest.NewRecorder()
	f.ServeHTTP(timeless{w}, b.request.request())
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		return err.Error()
	}
	var said struct {
		Message string
		Reason  Reason
	}
	code := w.Header().Get("X-Amzn-Errortype")
	switch err := json.Unmarshal(answer, &said); {
	case err != nil:
		return "the answer is not JSON: " + string(answer)
	case b.want == "" && code == "AccessDeniedException" && w.Code == http.StatusForbidden:
		return ""
	case b.want == "":
		return "it is good, and was answered " + code + " " + string(answer)
	case w.Code != http.StatusBadRequest || code != "ValidationException":
		return "want a ValidationException, got " + http.StatusText(w.Code) + " " + code + " " + string(answer)
	case said.Reason != b.want:
		return "want the reason " + string(b.want) + ", got " + string(answer)
	case !strings.Contains(said.Message, b.names):
		return "the message does not name " + b.names + ": " + string(answer)
	}
	return ""
}

func TestEveryMemberOfEveryOperationIsJudgedAtItsBoundaries(t *testing.T) {
	f, m := openFace(t), loadModel(t)
	tried, wrong := map[string]int{}, map[string]int{}
	for _, op := range operations {
		t.Run(op.Name, func(t *testing.T) {
			for _, b := range boundariesOf(m, op) {
				tried[b.kind]++
				if objection := f.objection(b); objection != "" {
					wrong[b.kind]++
					t.Errorf("%s: %s: %s", b.kind, b.what, objection)
				}
			}
		})
	}
	total, failed := 0, 0
	for _, kind := range slices.Sorted(maps.Keys(tried)) {
		t.Logf("%5d cases of %s, %d wrong", tried[kind], kind, wrong[kind])
		total, failed = total+tried[kind], failed+wrong[kind]
	}
	t.Logf("%5d cases in all, %d wrong", total, failed)
	if total < 3000 {
		t.Errorf("only %d cases were made of the table", total)
	}
}

// asJSON writes a text, control characters and all.
func asJSON(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // texts always encode
	}
	return string(encoded)
}
