package main

import (
	"slices"
	"strings"
	"testing"
)

const testProfile = "[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:8090\noutput = json\n"

// lines of what entrepot env prints in a terminal: the exports, and the names that are unset.
func printed(profile string, terminal ...string) (exports, unset []string) {
	for line := range strings.Lines(environment("/srv/data", []byte(profile), terminal, nil)) {
		line = strings.TrimSpace(line)
		if names, ok := strings.CutPrefix(line, "unset "); ok {
			unset = strings.Fields(names)
			continue
		}
		exports = append(exports, strings.TrimPrefix(line, "export "))
	}
	return exports, unset
}

func TestTheEnvironmentLeadsNowhereElse(t *testing.T) {
	exports, unset := printed(testProfile, "AWS_ENDPOINT_URL_S3=http://elsewhere.example.test", "AWS_ENDPOINT_URL_STS=x",
		"AWS_BEARER_TOKEN_BEDROCK=x", "AWS_ENDPOINT_URL_$(reboot)=x", "AWS_CA_BUNDLE=/etc/own.pem", "EDITOR=vi")
	want := []string{"AWS_CONFIG_FILE='/srv/data/aws/config'", "AWS_SHARED_CREDENTIALS_FILE='/srv/data/aws/credentials'",
		"AWS_REGION='eu-west-1'", "AWS_DEFAULT_REGION='eu-west-1'", "AWS_ENDPOINT_URL='http://127.0.0.1:8090'"}
	if !slices.Equal(exports, want) {
		t.Errorf("got %v, want %v", exports, want)
	}
	for _, name := range []string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ENDPOINT_URL_CODEARTIFACT", "AWS_ENDPOINT_URL_STS",
		"AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_S3", "AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE", "AWS_SECURITY_TOKEN",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_USE_FIPS_ENDPOINT"} {
		if n := strings.Count(" "+strings.Join(unset, "  ")+" ", " "+name+" "); n != 1 {
			t.Errorf("%s is unset %d times, want once", name, n)
		}
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "EDITOR", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_$(reboot)"} {
		if slices.Contains(unset, name) {
			t.Errorf("%s is unset", name)
		}
	}
}

func TestNoProxyIsAskedForThisMachine(t *testing.T) {
	rows := []struct {
		name, endpoint string
		terminal       []string
		want           string // of NO_PROXY and no_proxy; empty: they are left alone
	}{
		{"no proxy", "http://127.0.0.1:8090", nil, ""},
		{"an empty one", "http://127.0.0.1:8090", []string{"http_proxy="}, ""},
		{"a proxy", "http://127.0.0.1:8090", []string{"HTTP_PROXY=http://proxy"}, "127.0.0.1"},
		{"hosts that go round it", "http://localhost:8090", []string{"all_proxy=x", "NO_PROXY=a, .b"}, "a,.b,localhost"},
		{"the lower-case list counts", "http://[::1]:8090", []string{"https_proxy=x", "NO_PROXY=a", "no_proxy=b"}, "b,::1"},
		{"known already", "http://127.0.0.1:8090", []string{"http_proxy=x", "no_proxy=127.0.0.1,a"}, "127.0.0.1,a"},
		{"all hosts", "http://127.0.0.1:8090", []string{"http_proxy=x", "no_proxy=*"}, "*"},
		{"a server elsewhere", "http://packages.example.test", []string{"http_proxy=x"}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			exports, _ := printed("endpoint_url = "+row.endpoint, row.terminal...)
			want := []string{"NO_PROXY='" + row.want + "'", "no_proxy='" + row.want + "'"}
			if got := exports[5:]; row.want == "" && len(got) > 0 || row.want != "" && !slices.Equal(got, want) {
				t.Errorf("got %v, want %q", got, row.want)
			}
		})
	}
}
