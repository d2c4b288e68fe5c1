package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// signatureError is a refused signature as package access has it.
type signatureError struct{}

func (signatureError) Error() string { return "InvalidSignatureException: does not match" }
func (signatureError) Name() string  { return "InvalidSignatureException" }
func (signatureError) Status() int   { return http.StatusForbidden }
func (signatureError) Unwrap() error {
	return &artifact.Error{Kind: artifact.Unauthenticated, Reason: "The signature does not match."}
}

func TestEveryErrorHasItsCodeStatusAndMembers(t *testing.T) {
	about := func(k artifact.Kind) *artifact.Error {
		return artifact.Errorf(k, "A sentence with \"quotes\".").About(artifact.RepositoryResource,
			"acme/team").Causing(errors.New("inner"))
	}
	waits := func(k artifact.Kind, after time.Duration) *artifact.Error {
		e := about(k)
		e.RetryAfter = after
		return e
	}
	const sentence = `{"message":"A sentence with \"quotes\"."`
	const resource = `,"resourceId":"acme/team","resourceType":"repository"}`
	rows := []struct {
		name       string
		err        error
		status     int
		code, body string
		retryAfter string
		logged     bool
	}{
		{"internal", about(artifact.Internal), 500, "InternalServerException",
			`{"message":"The service has encountered an error. Try again."}`, "", true},
		{"not of the house", errors.New("disk full on /var"), 500, "InternalServerException",
			`{"message":"The service has encountered an error. Try again."}`, "", true},
		{"a kind nobody knows", about(200), 500, "InternalServerException",
			`{"message":"The service has encountered an error. Try again."}`, "", true},
		{"invalid", about(artifact.Invalid), 400, "ValidationException", sentence + `,"reason":"OTHER"}`, "", false},
		{"refused here", refuse(CannotParse, "Not readable."), 400, "ValidationException",
			`{"message":"Not readable.","reason":"CANNOT_PARSE"}`, "", false},
		{"unauthenticated", about(artifact.Unauthenticated), 403, "UnrecognizedClientException", sentence + `}`, "", false},
		{"signature", signatureError{}, 403, "InvalidSignatureException", `{"message":"The signature does not match."}`, "",
			false},
		{"denied", about(artifact.Denied), 403, "AccessDeniedException", sentence + `}`, "", false},
		{"not found", about(artifact.NotFound), 404, "ResourceNotFoundException", sentence + resource, "", false},
		{"not found, wrapped", fmt.Errorf("open: %w", about(artifact.NotFound)), 404, "ResourceNotFoundException",
			sentence + resource, "", false},
		{"not found without a word", &artifact.Error{Kind: artifact.NotFound}, 404, "ResourceNotFoundException",
			`{"message":"The resource does not exist."}`, "", false},
		{"conflict", about(artifact.Conflict), 409, "ConflictException", sentence + resource, "", false},
		{"quota", about(artifact.Quota), 402, "ServiceQuotaExceededException", sentence + resource, "", false},
		{"throttled", waits(artifact.Throttled, 1200*time.Millisecond), 429, "ThrottlingException", sentence + `}`, "2",
			false},
		{"throttled for an unknown time", about(artifact.Throttled), 429, "ThrottlingException", sentence + `}`, "", false},
		{"unavailable", waits(artifact.Unavailable, 3*time.Second), 503, "InternalServerException", sentence + `}`, "3",
			true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var log strings.Builder
			a := New(&repository.Service{}, nil, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			w := httptest.NewRecorder()
			w.Header().Set(RequestIDHeader, "id-1")
			a.Fail(w, httptest.NewRequest("GET", "/v1/domain?domain=acme", nil), row.err)
			got := []any{w.Code, w.Header().Get("X-Amzn-Errortype"), w.Body.String(), w.Header().Get("Retry-After"),
				log.Len() > 0}
			want := []any{row.status, row.code, row.body, row.retryAfter, row.logged}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if w.Header().Get("Content-Type") != "application/json" || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %s", w.Header().Get("Content-Type"), w.Body)
			}
			if row.logged && (!strings.Contains(log.String(), "request_id=id-1") ||
				!strings.Contains(log.String(), row.err.Error()[:5])) {
				t.Errorf("log line %s", log.String())
			}
		})
	}
}

// failing is an API where one operation fails with an error, whatever it is asked.
func failing(rules *repository.Service, operation string, err error) *API {
	a := New(rules, nil, Options{Logger: slog.New(slog.DiscardHandler)})
	for at, op := range a.routes {
		if op.Name == operation {
			broken := *op
			broken.run = func(*API, context.Context, iam.Caller, input) (any, error) { return nil, err }
			a.routes[at] = &broken
		}
	}
	return a
}

func TestTheSDKGetsTypedErrors(t *testing.T) {
	fail := func(k artifact.Kind) *artifact.Error {
		e := artifact.Errorf(k, "Because.").About(artifact.DomainResource, "acme")
		e.RetryAfter = 7 * time.Second
		return e
	}
	rows := []struct {
		kind artifact.Kind
		want smithy.APIError
	}{
		{artifact.Internal,
			&types.InternalServerException{Message: aws.String("The service has encountered an error. Try again.")}},
		{artifact.Invalid, &types.ValidationException{Message: aws.String("Because."),
			Reason: types.ValidationExceptionReasonOther}},
		{artifact.Denied, &types.AccessDeniedException{Message: aws.String("Because.")}},
		{artifact.NotFound, &types.ResourceNotFoundException{Message: aws.String("Because."), ResourceId: aws.String("acme"),
			ResourceType: types.ResourceTypeDomain}},
		{artifact.Throttled, &types.ThrottlingException{Message: aws.String("Because."), RetryAfterSeconds: aws.Int32(7)}},
		{artifact.Unavailable, &types.InternalServerException{Message: aws.String("Because.")}},
	}
	rules := repositorytest.Open(t, repository.Options{})
	for _, row := range rows {
		t.Run(row.kind.String(), func(t *testing.T) {
			client, _ := serve(t, failing(rules.Service, "DescribeDomain", fail(row.kind)), callerOf("111122223333"))
			_, err := client.DescribeDomain(t.Context(), &codeartifact.DescribeDomainInput{Domain: aws.String("acme")})
			got, ok := errors.AsType[smithy.APIError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if d := cmp.Diff(fmt.Sprintf("%T %v", row.want, row.want), fmt.Sprintf("%T %v", got, got)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(membersOf(row.want), membersOf(got)); d != "" {
				t.Error(d)
			}
			if !strings.Contains(err.Error(), callerOf("").RequestID) {
				t.Errorf("the request id is not in %v", err)
			}
		})
	}
}

func membersOf(e smithy.APIError) map[string]string {
	text, err := json.Marshal(e)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	var members map[string]any
	_ = json.Unmarshal(text, &members)
	told := map[string]string{}
	for k, v := range members {
		told[k] = fmt.Sprint(v)
	}
	return told
}

func TestTheSDKGetsTypedConflictsAndQuotas(t *testing.T) {
	rules := repositorytest.Open(t, repository.Options{Quotas: repository.Quotas{Domains: 1}})
	client, _ := serve(t, New(rules.Service, nil, Options{}), callerOf("111122223333"))
	in := &codeartifact.CreateDomainInput{Domain: aws.String("acme")}
	if _, err := client.CreateDomain(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	_, err := client.CreateDomain(t.Context(), in)
	conflict, ok := errors.AsType[*types.ConflictException](err)
	if !ok || *conflict.ResourceId != "acme" || conflict.ResourceType != types.ResourceTypeDomain {
		t.Errorf("got %v", err)
	}
	_, err = client.CreateDomain(t.Context(), &codeartifact.CreateDomainInput{Domain: aws.String("another")})
	if _, ok := errors.AsType[*types.ServiceQuotaExceededException](err); !ok {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownKeyIsAnEncryptionKeyError(t *testing.T) {
	client, _ := serve(t, New(repositorytest.Open(t, repository.Options{}).Service, nil, Options{}), callerOf("111122223333"))
	_, err := client.CreateDomain(t.Context(), &codeartifact.CreateDomainInput{Domain: aws.String("acme"),
		EncryptionKey: aws.String("arn:aws:kms:eu-west-1:111122223333:alias/elsewhere")})
	e, ok := errors.AsType[*types.ValidationException](err)
	if !ok || e.Reason != types.ValidationExceptionReasonEncryptionKeyError ||
		!strings.Contains(e.ErrorMessage(), "KMS key not found") {
		t.Errorf("got %v", err)
	}
}
