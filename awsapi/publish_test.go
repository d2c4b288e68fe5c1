package awsapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"

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

func TestWhatAPackageGroupDoesNotAllowIsNotPublished(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	s.answers("PUT /v1/package-group-origin-configuration?domain=acme&package-group=%2F%2A", `{"restrictions":{"PUBLISH":"BLOCK"}}`,
		http.StatusOK)
	got := s.publish("&asset=a", hashOf("a"), strings.NewReader("a"))
	if got.Code != http.StatusConflict || !strings.Contains(got.Message, "Package group '/*' does not allow publishing package 'n/p'") {
		t.Errorf("got %+v", got)
	}
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

// neverRead fails the test when it is read: what is known to be refused is not worth the bytes.
type neverRead struct{ t *testing.T }

func (n neverRead) Read([]byte) (int, error) {
	n.t.Error("the content was read")
	return 0, io.EOF
}

func TestWhatWillBeRefusedIsNotRead(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	s.same("published", 200, s.publish("&asset=a", hashOf("a"), strings.NewReader("a")).Code)
	in := func(version, asset string, size int64) *publishPackageVersionInput {
		var p publishPackageVersionInput
		p.Domain, p.DomainOwner, p.Repository = "acme", owner, "team"
		p.Format, p.Namespace, p.Package, p.PackageVersion = artifact.Generic, "n", "p", version
		p.AssetName, p.AssetSHA256 = asset, hashOf("b")
		p.AssetContent = sizedBody{neverRead{t}, size}
		return &p
	}
	a := New(s.rules.Service, s.tokens, Options{Region: "us-east-1"})
	for name, row := range map[string]struct {
		in   *publishPackageVersionInput
		kind artifact.Kind
	}{
		"other content":     {in("1", "a", 1), artifact.Conflict},
		"a closed version":  {in("1", "b", 1), artifact.Conflict},
		"over the quota":    {in("2.0.0", "a", 5<<30+1), artifact.Quota},
		"an unknown format": {func() *publishPackageVersionInput { p := in("1", "a", 1); p.Format = artifact.NPM; return p }(), artifact.Invalid},
	} {
		if _, err := a.publishPackageVersion(t.Context(), callerOf(owner), row.in); !artifact.Is(err, row.kind) {
			t.Errorf("%s: got %v, want %v", name, err, row.kind)
		}
	}
}

func TestAVersionHasAtMostSoManyAssets(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	const limit = 3
	s.rules.Quotas.Assets = limit
	for i := range limit + 1 {
		got := s.publish(fmt.Sprintf("&unfinished=true&asset=a%d", i), hashOf("a"), strings.NewReader("a"))
		want := http.StatusOK
		if i == limit {
			want = http.StatusPaymentRequired
		}
		s.same(fmt.Sprint("asset ", i+1), want, got.Code)
	}
}

func TestPartsOfAnAssetAreServed(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	text := strings.Repeat("0123456789", 10_000)
	s.same("published", 200, s.publish("&asset=a", hashOf(text), strings.NewReader(text)).Code)
	const get = "/v1/package/version/asset?domain=acme&repository=team&format=generic&namespace=n&package=p&version=1&asset=a"
	for asked, row := range map[string]struct {
		status int
		want   string
	}{
		"bytes=0-4":         {206, "01234"},
		"bytes=-3":          {206, "789"},
		"bytes=99998-":      {206, "89"},
		"bytes=100000-":     {416, ""},
		"bytes=70000-70003": {206, "0123"},
		"lines=1-2":         {416, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+get, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Range", asked)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer := string(readAll(t, res.Body))
		_ = res.Body.Close()
		if res.StatusCode != row.status || row.want != "" && answer != row.want {
			t.Errorf("%s: got %d %.40q, want %d %q", asked, res.StatusCode, answer, row.status, row.want)
		}
	}
}

func TestNamesInHeadersAreVisible(t *testing.T) {
	for name, want := range map[string]string{
		"a b.bin": "a b.bin", "été.txt": "%C3%A9t%C3%A9.txt", "50%.txt": "50%.txt", "50%é": "50%25%C3%A9", "": "",
	} {
		if got := headerText(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
