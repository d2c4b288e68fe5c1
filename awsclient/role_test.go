package awsclient

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/access/sigv4"
)

const session = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
	`<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>hush</SecretAccessKey><SessionToken>token</SessionToken>` +
	`<Expiration>2026-11-29T13:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`

func TestARoleIsAssumed(t *testing.T) {
	for name, test := range map[string]struct {
		status       int
		answer, want string // want is of the error
	}{
		"it is":                 {200, session, ""},
		"who may not":           {403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>No.</Message></Error></ErrorResponse>`, "AssumeRole: No. (AccessDenied)"},
		"another's answer":      {200, `<html></html>`, "is not that of STS"},
		"no answer of anybody":  {502, `{}`, "status 502"},
		"one without a session": {200, strings.Replace(session, "<SessionToken>token</SessionToken>", "", 1), "is not that of STS"},
		"one without end":       {200, strings.Repeat(" ", maxAnswer+1), "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			verifier := sigv4.New(always, sigv4.Scope{Region: "us-east-1", Service: "sts"})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				claim, err := verifier.Parse(r)
				if err == nil {
					err = verifier.Verify(claim, ofSigner.Secret, sigv4.Payload{Limit: 1 << 10})
				}
				body, _ := io.ReadAll(r.Body)
				const form = "Action=AssumeRole&DurationSeconds=3600&ExternalId=x&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader" +
					"&RoleSessionName=entrepot&Version=2011-06-15"
				if err != nil || string(body) != form || r.URL.Path != "/below/" {
					t.Errorf("%s %s: %v", r.URL, body, err)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.answer)
			}))
			defer server.Close()
			c, err := New(Profile{Signer: ofSigner, Region: "us-east-1", Endpoint: server.URL + "/below"}, "entrepot/test", always)
			if err != nil {
				t.Fatal(err)
			}
			signer, ends, err := c.AssumeRole(t.Context(), "arn:aws:iam::123456789012:role/reader", "entrepot", "x")
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				return
			}
			if err != nil || signer.KeyID != "ASIA1" || signer.Secret.Reveal() != "hush" || signer.Session.Reveal() != "token" ||
				!ends.Equal(signed.Add(time.Hour)) {
				t.Errorf("got %s until %v, %v", signer.KeyID, ends, err)
			}
			if other := c.As(signer); other.profile.Signer.KeyID != "ASIA1" || c.profile.Signer.KeyID != ofSigner.KeyID {
				t.Error("another key was taken for both")
			}
		})
	}
}

func TestWhereSTSIs(t *testing.T) {
	for api, want := range map[string]string{
		"https://codeartifact.us-east-1.amazonaws.com":     "https://sts.us-east-1.amazonaws.com/",
		"http://us.example.test:8090":                      "http://us.example.test:8090/",
		"https://codeartifact.example.test/below/":         "https://codeartifact.example.test/below/",
		"https://codeartifact.cn-north-1.amazonaws.com.cn": "https://sts.cn-north-1.amazonaws.com.cn/",
		"us.example.test":                                  "",
	} {
		if got, err := securityTokenService(api); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %s, %v, want %s", api, got, err, want)
		}
	}
}

func FuzzReadSession(f *testing.F) {
	f.Add([]byte(session))
	f.Fuzz(func(t *testing.T, body []byte) {
		signer, ends, err := readSession(http.StatusOK, body)
		if err == nil && (signer.KeyID == "" || signer.Secret.IsZero() || signer.Session.IsZero() || ends.IsZero()) {
			t.Errorf("got %+v until %v", signer, ends)
		}
	})
}
