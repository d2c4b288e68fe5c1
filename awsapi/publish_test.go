package awsapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"
)

const publishing = "POST /v1/package/version/publish?domain=acme&repository=team&format=generic&namespace=n&package=p&version=1"

// published is what PublishPackageVersion answers, or why it does not.
type published struct {
	Code    int
	Version string
	Status  string
	Asset   struct {
		Name   string
		Size   int
		Hashes map[string]string
	}
	Message string
	Reason  Reason
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// publish sends a body as a stream of unknown length, as botocore sends one that it cannot seek: chunked.
func (s *story) publish(query, hash string, body io.Reader) published {
	s.Helper()
	return s.publishAt(s.base, query, hash, body)
}

func (s *story) publishAt(base, query, hash string, body io.Reader) (p published) {
	s.Helper()
	_, target, _ := strings.Cut(publishing, " ")
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, base+target+query, struct{ io.Reader }{body})
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("X-Amz-Content-Sha256", hash)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.Unmarshal(readAll(s.T, res.Body), &p); err != nil {
		s.Fatal(err)
	}
	p.Code = res.StatusCode
	return p
}

func TestAssetsArePublishedUntilOneFinishesTheVersion(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	if got := s.publishAt(s.nobody, "&asset=a", hashOf("a"), strings.NewReader("a")); got.Code != http.StatusForbidden ||
		!strings.Contains(got.Message, "codeartifact:PublishPackageVersion on resource: "+
			"arn:aws:codeartifact:us-east-1:111122223333:package/acme/team/generic/n/p ") {
		t.Errorf("nobody publishes: got %+v", got)
	}
	first := s.publish("&asset=a%20b.bin&unfinished=true", hashOf("hello"), strings.NewReader("hello"))
	s.same("first", []any{200, "1", "Unfinished", "a b.bin", 5, hashOf("hello")}, []any{first.Code, first.Version,
		first.Status, first.Asset.Name, first.Asset.Size, first.Asset.Hashes["SHA-256"]})
	again := s.publish("&asset=a%20b.bin&unfinished=true", hashOf("hello"), strings.NewReader("hello"))
	s.same("the same again", first, again)
	last := s.publish("&asset=empty&unfinished=false", hashOf(""), strings.NewReader(""))
	s.same("last", []any{200, "Published", 0}, []any{last.Code, last.Status, last.Asset.Size})
	late := s.publish("&asset=late", hashOf("x"), strings.NewReader("x"))
	s.same("one more", http.StatusConflict, late.Code)
	status, _, body := raw(t, s.base, "GET /v1/package/version/asset?domain=acme&repository=team&format=generic&namespace=n"+
		"&package=p&version=1&asset=a%20b.bin", "")
	s.same("what comes back", []any{200, "hello"}, []any{status, string(body)})
}

func TestAnAssetThatIsNotWhatItsHashSaysIsNotKept(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	for _, row := range []struct {
		name, hash, body string
	}{
		{"another content", hashOf("hello"), "hallo"},
		{"one byte less", hashOf("hello"), "hell"},
		{"one byte more", hashOf("hello"), "hello!"},
		{"nothing", hashOf("hello"), ""},
	} {
		got := s.publish("&asset=a", row.hash, strings.NewReader(row.body))
		s.same(row.name, []any{http.StatusBadRequest, FieldValidationFailed}, []any{got.Code, got.Reason})
	}
	s.answers("GET /v1/package/version?domain=acme&repository=team&format=generic&namespace=n&package=p&version=1", "",
		http.StatusNotFound)
}

func TestWhatIsNoHashIsRefused(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	for _, hash := range []string{"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
		"STREAMING-UNSIGNED-PAYLOAD-TRAILER", strings.ToUpper(hashOf("hello"))} {
		got := s.publish("&asset=a", hash, strings.NewReader("hello"))
		s.same(hash, []any{http.StatusBadRequest, FieldValidationFailed}, []any{got.Code, got.Reason})
	}
}

func TestTheSDKPublishesAndIsToldAConflict(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	in := func(text string) *codeartifact.PublishPackageVersionInput {
		return &codeartifact.PublishPackageVersionInput{Domain: aws.String("acme"), Repository: aws.String("team"),
			Format: types.PackageFormatGeneric, Namespace: aws.String("n"), Package: aws.String("p"),
			PackageVersion: aws.String("1"), AssetName: aws.String("été.txt"), AssetSHA256: aws.String(hashOf(text)),
			AssetContent: strings.NewReader(text)}
	}
	out := must[*codeartifact.PublishPackageVersionOutput](t)(s.client.PublishPackageVersion(t.Context(), in("hello")))
	s.same("asset", "été.txt", *out.Asset.Name)
	_, err := s.client.PublishPackageVersion(t.Context(), in("other"))
	if _, ok := errors.AsType[*types.ConflictException](err); !ok {
		t.Errorf("got %v, want a ConflictException", err)
	}
}
