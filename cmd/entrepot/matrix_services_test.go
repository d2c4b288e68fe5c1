package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/queryapi"

	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// matrixServices have a body that will do for each operation of a service: members that an operation does not know are passed over.
var matrixServices = map[string]struct {
	*queryapi.JSONService
	body string
}{
	"organizations": {queryapi.Organizations(nil), `{"AccountId":"777700001111","Email":"x@example.test","AccountName":"x",` +
		`"CreateAccountRequestId":"car-12345678","ParentId":"r-none","ChildType":"ACCOUNT","ChildId":"777700001111",` +
		`"ResourceId":"777700001111","Tags":[{"Key":"a","Value":"b"}],"TagKeys":["a"]}`},
	"cloudtrail": {queryapi.CloudTrail(nil), `{}`},
	"events": {queryapi.EventBridge(nil), `{"Name":"x","Rule":"x","EventPattern":"{\"a\":[1]}","Event":"{}","Ids":["a"],"TargetArn":"arn:x",` +
		`"Targets":[{"Id":"a","Arn":"arn:x"}],"ResourceARN":"arn:aws:events:us-east-1::rule/x","Tags":[{"Key":"a","Value":"b"}],"TagKeys":["a"]}`},
	"kms": {queryapi.KMS(nil), `{"KeyId":"12345678-1234-1234-1234-123456789012","AliasName":"alias/x","Description":"d","Policy":"{}",` +
		`"TargetKeyId":"12345678-1234-1234-1234-123456789012","Tags":[{"TagKey":"a","TagValue":"b"}],"TagKeys":["a"]}`},
}

// Every operation of the services that speak JSON lets on whoever may do everything in his own account, and nobody else.
func TestEveryOperationOfTheJSONServicesAsksForItsAction(t *testing.T) {
	m := openMatrix(t)
	everything := matrixAllow("*", "*")
	for service, row := range matrixServices {
		for _, operation := range row.OperationNames() {
			for _, c := range m.callers {
				if c.of != "" || c.key.AccessKeyID == "" {
					continue // tokens, and nothing at all, are not for these services
				}
				want := denied
				switch {
				case c.stranger:
					want = unproven
				case strings.HasPrefix(c.policy, everything):
					want = may
				}
				r := request(t, http.MethodPost, "/", row.body)
				r.Header.Set("Content-Type", "application/x-amz-json-1.1")
				r.Header.Set("X-Amz-Target", row.Target+"."+operation)
				sum := sha256.Sum256([]byte(row.body))
				if err := signer.NewSigner().SignHTTP(t.Context(), c.key, r, hex.EncodeToString(sum[:]), service, m.config.Region,
					time.Now()); err != nil {
					t.Fatal(err)
				}
				got, said := m.do(t, r)
				if slices.ContainsFunc([]string{"UnknownOperation", "SerializationException", "validation error"}, func(not string) bool {
					return strings.Contains(said, not)
				}) {
					t.Fatalf("%s %s: the request is none: %s", service, operation, said)
				}
				if got != want {
					t.Errorf("%s %s, %s: got %s (%s), want %s", service, operation, c.name, got, said, want)
				}
			}
		}
	}
}
