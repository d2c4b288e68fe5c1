package sigv4

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"entrepot/artifact"
)

// TestSignaturesAreThoseOfTheSDK compares what Sign writes with what the Go SDK does, and has the verifier take it.
func TestSignaturesAreThoseOfTheSDK(t *testing.T) {
	for name, session := range map[string]string{"a long-term key": "", "a temporary key": "a-session/token=="} {
		t.Run(name, func(t *testing.T) {
			request := func() *http.Request {
				r, err := http.NewRequest("POST", "http://codeartifact.example.test:8090/v1/authorization-token?domain=a%20b&duration=900", nil)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			ours, theirs := request(), request()
			s := Signer{testKeyID, testSecret, artifact.NewSecret(session)}
			if err := s.Sign(ours, testScope, testTime); err != nil {
				t.Fatal(err)
			}
			keys := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret.Reveal(), SessionToken: session}
			if err := signer.NewSigner().SignHTTP(t.Context(), keys, theirs, sha256Hex(""), testScope.Service, testScope.Region,
				testTime); err != nil {
				t.Fatal(err)
			}
			if got, want := ours.Header.Get("Authorization"), theirs.Header.Get("Authorization"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			var wire bytes.Buffer
			if err := ours.Write(&wire); err != nil {
				t.Fatal(err)
			}
			if err := check(t, verifierAt(testTime), wire.String(), testSecret, testPayload); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASignedBodyVerifiesAndIsSentWhole(t *testing.T) {
	r, err := http.NewRequest("POST", "http://sqs.example.test/", strings.NewReader(`{"QueueUrl":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
	if err := (Signer{testKeyID, testSecret, artifact.NewSecret("session")}).Sign(r, testScope, testTime); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Authorization"); !strings.Contains(got, "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,") {
		t.Errorf("got %s", got)
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(wire.String(), `{"QueueUrl":"x"}`) {
		t.Errorf("got the body of\n%s", wire.String())
	}
	if err := check(t, verifierAt(testTime), wire.String(), testSecret, testPayload); err != nil {
		t.Error(err)
	}
	wantRefusal(t, check(t, verifierAt(testTime), strings.Replace(wire.String(), "SendMessage", "SendMessagf", 1), testSecret, testPayload), Mismatch)
}
