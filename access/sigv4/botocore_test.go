package sigv4

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The files under testdata/botocore are requests as boto3 1.43.11 put them on the wire, signed with testSecret.
func TestRequestsOfBotocoreVerify(t *testing.T) {
	rows := []struct {
		file    string
		payload Payload
		want    Code
	}{
		{"get", testPayload, accepted},
		{"list-without-body", testPayload, accepted},
		{"json-body", testPayload, accepted},
		{"encoded-pattern", testPayload, accepted},
		{"session", testPayload, accepted},
		{"sts", testPayload, accepted},
		{"sts-presigned", testPayload, accepted},
		{"publish", Payload{HeaderHash: true}, accepted},
		{"publish", testPayload, accepted},
		{"publish-from-pipe", Payload{HeaderHash: true}, accepted},
		{"publish-from-pipe", testPayload, accepted},
		// botocore signs the header it was given, so the signature is right though the body is another.
		{"publish-wrong-hash", Payload{HeaderHash: true}, accepted},
		{"publish-wrong-hash", testPayload, Mismatch},
	}
	for _, row := range rows {
		t.Run(row.file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", "botocore", row.file+".http"))
			if err != nil {
				t.Fatal(err)
			}
			wire := string(raw)
			_, rest, found := strings.Cut(wire, "X-Amz-Date")
			if !found {
				t.Fatal("the request has no date")
			}
			signedAt, err := time.Parse(timeLayout, strings.TrimLeft(rest, ":= ")[:len(timeLayout)])
			if err != nil {
				t.Fatal(err)
			}
			v := New(func() time.Time { return signedAt.Add(time.Second) },
				Scope{"eu-west-1", "codeartifact"}, Scope{"eu-west-1", "sts"})
			err = check(t, v, wire, testSecret, row.payload)
			if row.want == accepted {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRefusal(t, err, row.want)
		})
	}
}
