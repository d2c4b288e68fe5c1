package awsapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"entrepot/iam"
	"entrepot/repository/repositorytest"
)

// samples holds one good value of each shape of the grammar, as text.
var samples = map[string]string{
	"AccountId":                         "444455556666",
	"AllowPublish":                      "ALLOW",
	"AllowUpstream":                     "BLOCK",
	"Arn":                               "arn:aws:codeartifact:us-east-1:444455556666:repository/acme/team",
	"Asset":                             "the bytes",
	"AssetName":                         "widget 1.0+a.tgz",
	"Description":                       "what it is for",
	"DomainName":                        "acme",
	"EndpointType":                      "dualstack",
	"ExternalConnectionName":            "public:npmjs",
	"PackageFormat":                     "generic",
	"PackageGroupContactInfo":           "team@example.test",
	"PackageGroupOriginRestrictionMode": "ALLOW_SPECIFIC_REPOSITORIES",
	"PackageGroupOriginRestrictionType": "INTERNAL_UPSTREAM",
	"PackageGroupPattern":               "/npm/space/*",
	"PackageGroupPatternPrefix":         "/npm",
	"PackageName":                       "widget",
	"PackageNamespace":                  "parity",
	"PackageVersion":                    "1.0+b~1",
	"PackageVersionOriginType":          "EXTERNAL",
	"PackageVersionRevision":            "rev/A==",
	"PackageVersionSortType":            "PUBLISHED_TIME",
	"PackageVersionStatus":              "Archived",
	"PolicyDocument":                    "{\"Version\":\"2012-10-17\",\n\"Statement\":[]}",
	"PolicyRevision":                    "MQlyy+A/=",
	"RepositoryName":                    "team",
	"SHA256":                            "ed589341c9fd5da96aaff4c5efa008226282a716186608d5a032ac75895a9c2f",
	"TagKey":                            "cost center",
	"TagValue":                          "R&D",
}

// sampleInts holds the numbers.
var sampleInts = map[string]int64{"MaxResults": 7, "AuthorizationTokenDurationSeconds": 3600}

// sampleOf names the member, where one shape serves two members that must differ.
func sampleOf(member, shape string) string {
	if member == "destinationRepository" {
		return "production"
	}
	return samples[shape]
}

// sample fills an input directly. Page tokens stay empty: they belong to what they were made for.
func sample(in any, plan []binding) {
	v := reflect.ValueOf(in).Elem()
	for _, b := range plan {
		fillSample(v.FieldByIndex(b.index), b)
	}
}

// fillSample sets a field of any struct, the SDK's or ours, to the sample of a binding.
func fillSample(field reflect.Value, b binding) {
	switch field.Kind() {
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		fillSample(field.Elem(), b)
	case reflect.String:
		field.SetString(sampleOf(b.member, b.shape))
	case reflect.Int, reflect.Int32, reflect.Int64:
		field.SetInt(sampleInts[b.shape])
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
		fillSample(field.Index(0), binding{member: b.member, shape: grammar[b.shape].each, items: b.items})
	case reflect.Map:
		key := reflect.ValueOf(samples[grammar[b.shape].key]).Convert(field.Type().Key())
		value := reflect.ValueOf(samples[grammar[b.shape].each]).Convert(field.Type().Elem())
		field.Set(reflect.MakeMap(field.Type()))
		field.SetMapIndex(key, value)
	case reflect.Struct:
		for _, item := range b.items {
			fillSample(field.FieldByName(titled(item.member)), item)
		}
	case reflect.Interface:
		var content io.Reader = strings.NewReader(samples["Asset"])
		field.Set(reflect.ValueOf(content))
	}
}

func titled(member string) string { return strings.ToUpper(member[:1]) + member[1:] }

// callerOf is alice of an account, who may do everything.
func callerOf(account string) iam.Caller {
	return iam.Caller{
		Principal:     iam.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/alice"},
		Identity:      []*iam.Policy{everything},
		Circumstances: iam.Circumstances{RequestID: "5f2c8f0a-3c63-4f6e-9d0a-2f4f0d1c9b11"},
	}
}

var everything = func() *iam.Policy {
	p, err := iam.Parse([]byte(repositorytest.AllowAll), iam.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	return p
}()

func readCloser(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

func readAll(t testing.TB, r io.Reader) []byte {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func serveHandler(t *testing.T, h http.HandlerFunc) (base string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
