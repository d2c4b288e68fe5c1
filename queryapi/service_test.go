package queryapi

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/iam"
)

func ann() iam.Caller {
	return iam.Caller{Circumstances: iam.Circumstances{RequestID: "request-3"},
		Principal: iam.Principal{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/ann", ID: "AIDAANN"}}
}

// ask sends a form to a service as a server would pass it on.
func ask(s *Service, form string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Serve(w, httptest.NewRequest("POST", "/", strings.NewReader(form)), ann())
	return w
}

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
	`<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>AIDAANN</UserId>` +
	`<Account>123456789012</Account></GetCallerIdentityResult>` +
	`<ResponseMetadata><RequestId>request-3</RequestId></ResponseMetadata></GetCallerIdentityResponse>` + "\n"

func TestSTSTellsTheCallerWhoItIs(t *testing.T) {
	w := ask(STS(nil), "Action=GetCallerIdentity&Version=2011-06-15")
	if got := w.Body.String(); w.Code != http.StatusOK || got != identity {
		t.Errorf("got %d\n%s\nwant\n%s", w.Code, got, identity)
	}
	if w.Header().Get("Content-Type") != "text/xml" || w.Header().Get("X-Amzn-Requestid") != "request-3" {
		t.Errorf("got headers %v", w.Header())
	}
}

func TestAPresignedQueryIsAnsweredLikeAForm(t *testing.T) {
	w := httptest.NewRecorder()
	STS(nil).Serve(w, httptest.NewRequest("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Date=x", nil), ann())
	if w.Code != http.StatusOK || w.Body.String() != identity {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// told reads an error's answer.
func told(t *testing.T, w *httptest.ResponseRecorder) errorResponse {
	t.Helper()
	var got errorResponse
	if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return got
}

func TestWhatIsNoCallIsRefused(t *testing.T) {
	rows := []struct{ name, form, code, message string }{
		{"another action", "Action=AssumeRoot&Version=2011-06-15", "InvalidAction",
			"Could not find operation AssumeRoot for version 2011-06-15"},
		{"another version", "Action=GetCallerIdentity&Version=2010-01-01", "InvalidAction",
			"Could not find operation GetCallerIdentity for version 2010-01-01"},
		{"no version", "Action=GetCallerIdentity", "InvalidAction",
			"Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"},
		{"no action", "Version=2011-06-15", "MissingAction", "The request must contain the parameter Action."},
		{"a long action", "Version=2011-06-15&Action=" + strings.Repeat("a", 1000), "InvalidAction",
			"Could not find operation " + strings.Repeat("a", 64) + " for version 2011-06-15"},
		{"markup in the action", "Action=%3Cscript%3E%00&Version=2011-06-15", "InvalidAction",
			"Could not find operation <script>\uFFFD for version 2011-06-15"},
		{"parameter twice", "Action=GetCallerIdentity&Action=AssumeRole", "ValidationError",
			"The form has a parameter more than once."},
		{"malformed", "Action=%", "ValidationError", "The form is malformed."},
		{"1 MiB and more", strings.Repeat("a", 1<<20+1), "ValidationError", "The form may have 1048576 bytes at most."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := ask(STS(nil), row.form)
			if got := told(t, w); w.Code != http.StatusBadRequest || got.Code != row.code || got.Message != row.message ||
				got.Type != "Sender" || got.RequestID != "request-3" {
				t.Errorf("got %d %+v, want %s: %s", w.Code, got, row.code, row.message)
			}
		})
	}
}

func TestErrorsAreToldByTheirKindAndOursKeepTheirReason(t *testing.T) {
	mismatch := sigv4.Refuse(sigv4.Mismatch)
	rows := []struct {
		name       string
		err        error
		status     int
		code, kind string
		message    string
	}{
		{"a wrong secret", mismatch, 403, "SignatureDoesNotMatch", "Sender", mismatch.Message},
		{"an error of the protocol", &Error{409, "EntityAlreadyExists", "There is one."}, 409, "EntityAlreadyExists",
			"Sender", "There is one."},
		{"a failure of ours", errors.New("disk is full"), 500, "InternalFailure", "Receiver",
			"The request could not be processed."},
		{"a dependency's", artifact.Errorf(artifact.Unavailable, "Try again."), 503, "ServiceUnavailable", "Receiver",
			"Try again."},
		{"a denial", artifact.Errorf(artifact.Denied, "No."), 403, "AccessDenied", "Sender", "No."},
		{"too fast", artifact.Errorf(artifact.Throttled, "Slow."), 400, "Throttling", "Sender", "Slow."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := STS(nil)
			s.Actions["Break"] = Action{Do: func(context.Context, iam.Caller, Form) (any, error) { return nil, row.err }}
			w := ask(s, "Action=Break&Version=2011-06-15")
			if got := told(t, w); w.Code != row.status || got.Code != row.code || got.Type != row.kind ||
				got.Message != row.message || !strings.Contains(w.Body.String(), s.Namespace) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestAnActionWithoutAResultIsAnsweredWithItsRequestAlone(t *testing.T) {
	s := &Service{Version: "2010-05-08", Namespace: "urn:test",
		Actions: map[string]Action{"DeleteUser": do(nil, done(func(_ context.Context, _ iam.Caller, in struct {
			UserName string `query:"UserName,,required"`
		}) error {
			if in.UserName != "bob" {
				return errors.New("another user")
			}
			return nil
		}))}}
	const want = `<DeleteUserResponse xmlns="urn:test"><ResponseMetadata><RequestId>request-3</RequestId>` +
		"</ResponseMetadata></DeleteUserResponse>\n"
	if w := ask(s, "Action=DeleteUser&Version=2010-05-08&UserName=bob"); w.Body.String() != want {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestAServiceThatIsNotThereIsToldWithoutANamespace(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("X-Amzn-Requestid", "request-5")
	WriteError(w, http.StatusBadRequest, "InvalidAction", `The service "ec2" is not offered here.`)
	const want = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>The service &#34;ec2&#34; is " +
		"not offered here.</Message></Error><RequestId>request-5</RequestId></ErrorResponse>\n"
	if w.Code != http.StatusBadRequest || w.Body.String() != want {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// FuzzForm sends any form to STS: it is answered with XML that can be read, and with 500 never.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"Action=GetCallerIdentity&Version=2011-06-15", "Action=%00", "a=1&a=2", "Action=\xff;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		w := ask(STS(nil), form)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("got %d", w.Code)
		}
		if err := xml.Unmarshal(w.Body.Bytes(), new(struct{})); err != nil {
			t.Fatalf("%v in %q", err, w.Body)
		}
	})
}
