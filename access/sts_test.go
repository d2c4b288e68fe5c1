package access

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

// ask sends a form to STS as a server would pass it on.
func (f *fixture) ask(key AccessKey, form string) Answer {
	r := f.signed(key, "sts", form, "")
	c, _, err := f.API(r, "request-3", sigv4.Payload{Limit: 1 << 20}, "sts")
	if err != nil {
		return STSError(err, "request-3")
	}
	return STS(r, c)
}

func TestSTSTellsTheCallerWhoItIs(t *testing.T) {
	f := newFixture(t)
	w := httptest.NewRecorder()
	if err := f.ask(f.key, "Action=GetCallerIdentity&Version=2011-06-15").Send(w); err != nil {
		t.Fatal(err)
	}
	const want = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
		`<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>AIDAANN</UserId>` +
		`<Account>123456789012</Account></GetCallerIdentityResult>` +
		`<ResponseMetadata><RequestId>request-3</RequestId></ResponseMetadata></GetCallerIdentityResponse>` + "\n"
	if got := w.Body.String(); w.Code != http.StatusOK || got != want {
		t.Errorf("got %d\n%s\nwant\n%s", w.Code, got, want)
	}
	if w.Header().Get("Content-Type") != "text/xml" || w.Header().Get("X-Amzn-Requestid") != "request-3" {
		t.Errorf("got headers %v", w.Header())
	}
}

func TestSTSRefuses(t *testing.T) {
	f := newFixture(t)
	rows := []struct {
		name, form    string
		key           AccessKey
		status        int
		code, message string
	}{
		{"another action", "Action=AssumeRole&Version=2011-06-15", f.key, 400, "InvalidAction",
			"Could not find operation AssumeRole for version 2011-06-15"},
		{"another version", "Action=GetCallerIdentity&Version=2010-01-01", f.key, 400, "InvalidAction",
			"Could not find operation GetCallerIdentity for version 2010-01-01"},
		{"no version", "Action=GetCallerIdentity", f.key, 400, "InvalidAction",
			"Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"},
		{"no action", "Version=2011-06-15", f.key, 400, "MissingAction", "The request must contain the parameter Action."},
		{"markup in the action", "Action=%3Cscript%3E%00&Version=2011-06-15", f.key, 400, "InvalidAction",
			"Could not find operation <script>\uFFFD for version 2011-06-15"},
		{"parameter twice", "Action=GetCallerIdentity&Action=AssumeRole", f.key, 400, "ValidationError",
			"The form has a parameter more than once."},
		{"malformed", "Action=%", f.key, 400, "ValidationError", "The form is malformed."},
		{"65 kB", strings.Repeat("a", 65<<10), f.key, 400, "ValidationError", "The form may have 65536 bytes at most."},
		{"wrong secret", "Action=GetCallerIdentity", AccessKey{f.key.ID, newKeySecret()}, 403, "SignatureDoesNotMatch",
			sigv4.Refuse(sigv4.Mismatch).Message},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := f.ask(row.key, row.form)
			var got stsError
			if err := xml.Unmarshal(a.Body, &got); err != nil {
				t.Fatalf("%v in %s", err, a.Body)
			}
			if a.Status != row.status || got.Code != row.code || got.Message != row.message || got.Type != "Sender" ||
				got.RequestID != "request-3" {
				t.Errorf("got %d %+v, want %d %s: %s", a.Status, got, row.status, row.code, row.message)
			}
		})
	}
}

func TestSTSAnswersAPresignedQuery(t *testing.T) {
	f := newFixture(t)
	c, err := f.call(f.key)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "http://127.0.0.1/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Date=x", nil)
	if a := STS(r, c); a.Status != http.StatusOK || !strings.Contains(string(a.Body), "user/ann") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}

func TestSTSKeepsItsOwnFailuresToItself(t *testing.T) {
	rows := []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"a failure of ours", errors.New("disk is full"), 500, "InternalFailure"},
		{"a dependency's", artifact.Errorf(artifact.Unavailable, "Try again."), 503, "ServiceUnavailable"},
		{"a denial", artifact.Errorf(artifact.Denied, "No."), 403, "AccessDenied"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := STSError(row.err, "request-4")
			if a.Status != row.status || !strings.Contains(string(a.Body), "<Code>"+row.code+"</Code>") ||
				strings.Contains(string(a.Body), "disk") {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
	}
}
