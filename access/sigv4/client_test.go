package sigv4

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"
)

// The other half of the wire: the Go SDK's own client, with its middleware, over a connection.
func TestCallsOfTheGoClientVerify(t *testing.T) {
	rows := []struct {
		name string
		call func(context.Context, *codeartifact.Client) error
		want Code
	}{
		{"no body", func(ctx context.Context, c *codeartifact.Client) error {
			_, err := c.GetAuthorizationToken(ctx, &codeartifact.GetAuthorizationTokenInput{
				Domain: aws.String("example"), DurationSeconds: aws.Int64(900)})
			return err
		}, accepted},
		{"JSON body", func(ctx context.Context, c *codeartifact.Client) error {
			_, err := c.CreateDomain(ctx, &codeartifact.CreateDomainInput{Domain: aws.String("example"),
				Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("ä")}}})
			return err
		}, accepted},
		{"a pattern that needs escapes", func(ctx context.Context, c *codeartifact.Client) error {
			_, err := c.DescribePackageGroup(ctx, &codeartifact.DescribePackageGroupInput{
				Domain: aws.String("example"), PackageGroup: aws.String("/npm/* ~+/$")})
			return err
		}, accepted},
		{"publish", publish(sha256Hex("bytes")), accepted},
		// The Go client signs the hash of the body it sends, whatever the header says.
		{"publish with a wrong hash", publish(sha256Hex("other bytes")), Mismatch},
	}
	v := New(time.Now, testScope)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		payload := Payload{Limit: 1 << 20, HeaderHash: strings.HasSuffix(r.URL.Path, "/publish")}
		c, err := v.Parse(r)
		if err == nil {
			err = v.Verify(c, testSecret, payload)
		}
		w.Header().Set("Content-Type", "application/json")
		if refusal, ok := errors.AsType[*Error](err); ok {
			w.Header().Set("X-Amzn-Errortype", refusal.Name())
			w.WriteHeader(refusal.Status())
		}
		_, _ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	client := codeartifact.New(codeartifact.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       testScope.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret.Reveal()}, nil
		}),
		Retryer: aws.NopRetryer{},
	})
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := row.call(t.Context(), client)
			if row.want == accepted {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), codes[row.want].name) {
				t.Errorf("got %v, want %s", err, codes[row.want].name)
			}
		})
	}
}

func publish(hash string) func(context.Context, *codeartifact.Client) error {
	return func(ctx context.Context, c *codeartifact.Client) error {
		_, err := c.PublishPackageVersion(ctx, &codeartifact.PublishPackageVersionInput{
			Domain: aws.String("example"), Repository: aws.String("team"), Format: types.PackageFormatGeneric,
			Namespace: aws.String("n"), Package: aws.String("p"), PackageVersion: aws.String("1.0"),
			AssetName: aws.String("a b.txt"), AssetSHA256: aws.String(hash), AssetContent: strings.NewReader("bytes"),
		})
		return err
	}
}
