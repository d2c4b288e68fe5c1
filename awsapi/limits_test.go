package awsapi

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/conformance/suite"
	"entrepot/iam"
	"entrepot/repository/repositorytest"
	"entrepot/server"

	"github.com/prometheus/client_golang/prometheus"
)

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

// objection says what is wrong with the answer to a limit; empty if nothing is.
func (f face) objection(l suite.Limit) string {
	r, err := l.Request.HTTP("http://entrepot.example.test")
	if err != nil {
		return err.Error()
	}
	r.RequestURI, r.URL.Scheme, r.URL.Host = r.URL.RequestURI(), "", "" // as a server gets it
	w := httptest.NewRecorder()
	f.ServeHTTP(timeless{w}, r)
	body, err := io.ReadAll(w.Body)
	if err != nil {
		return err.Error()
	}
	answer, err := suite.Read(l.Request.Operation, w.Code, w.Header(), body)
	if err != nil {
		return err.Error()
	}
	return l.Judge(answer, true)
}

// TestEveryMemberOfEveryOperationIsJudgedAtItsLimits holds what this API makes of all limits, and of those too that no client can
// send.
func TestEveryMemberOfEveryOperationIsJudgedAtItsLimits(t *testing.T) {
	f := openFace(t)
	tried, wrong := map[string]int{}, map[string]int{}
	for _, op := range operations {
		t.Run(op.Name, func(t *testing.T) {
			for _, l := range suite.Limits(op.Name) {
				tried[l.Kind]++
				if objection := f.objection(l); objection != "" {
					wrong[l.Kind]++
					t.Errorf("%s: %s: %s", l.Kind, l.What, objection)
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
		t.Errorf("only %d cases were made of the model", total)
	}
}
