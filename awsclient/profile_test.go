package awsclient

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// profile is what the tests want of a Profile.
type profile struct{ key, secret, session, region, endpoint, bundle string }

func (p Profile) told() profile {
	return profile{p.Signer.KeyID, p.Signer.Secret.Reveal(), p.Signer.Session.Reveal(), p.Region, p.Endpoint, p.Bundle}
}

const (
	configText = `
# mine
[default]
region = eu-west-1
endpoint_url = http://default.example.test

[profile dev]
region=us-west-2
services = local
ca_bundle = /etc/dev.pem
s3 =
    endpoint_url = http://s3.example.test

[services local]
codeartifact =
  endpoint_url = http://dev.example.test:8090

[profile elsewhere]
region = us-east-1
endpoint_url = http://elsewhere.example.test
aws_access_key_id = AKIACONFIG
aws_secret_access_key = of-the-config

[profile 'of ours']
region = eu-central-1
endpoint_url = http://ours.example.test

[profile browser]
sso_session = ours
region = us-east-1
endpoint_url = http://browser.example.test

[profile role]
role_arn = arn:aws:iam::123456789012:role/r
source_profile = default
region = us-east-1
endpoint_url = http://role.example.test

[profile nowhere]
region = us-east-1

[profile no-region]
endpoint_url = http://no-region.example.test

[profile no-key]
region = us-east-1
endpoint_url = http://no-key.example.test
`
	credentialsText = "[default]\r\naws_access_key_id = AKIADEFAULT\r\naws_secret_access_key = of-the-default\r\n\r\n" +
		"[dev]\r\nAWS_ACCESS_KEY_ID=AKIADEV\r\naws_secret_access_key=of=dev\r\naws_session_token=a session\r\n" +
		"[of ours]\naws_access_key_id=AKIAOURS\naws_secret_access_key=ours\n[nowhere]\naws_access_key_id=K\naws_secret_access_key=S\n[no-region]\naws_access_key_id=K\naws_secret_access_key=S\n"
)

// files writes a user's files of profiles and returns the variables that lead there.
func files(t *testing.T) map[string]string {
	t.Helper()
	folder := t.TempDir()
	variables := map[string]string{
		"AWS_CONFIG_FILE":             filepath.Join(folder, "config"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(folder, "credentials"),
	}
	write(t, variables["AWS_CONFIG_FILE"], configText)
	write(t, variables["AWS_SHARED_CREDENTIALS_FILE"], credentialsText)
	return variables
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func from(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func with(variables map[string]string, more ...string) map[string]string {
	all := maps.Clone(variables)
	for pair := range slices.Chunk(more, 2) {
		all[pair[0]] = pair[1]
	}
	return all
}

func TestProfilesAreReadAsAWSsToolsReadThem(t *testing.T) {
	for name, row := range map[string]struct {
		variables []string
		want      profile
	}{
		"the default": {nil, profile{key: "AKIADEFAULT", secret: "of-the-default", region: "eu-west-1", endpoint: "http://default.example.test"}},
		"one by name, with a section of services": {[]string{"AWS_PROFILE", "dev"},
			profile{"AKIADEV", "of=dev", "a session", "us-west-2", "http://dev.example.test:8090", "/etc/dev.pem"}},
		"by the older variable": {[]string{"AWS_DEFAULT_PROFILE", "dev"},
			profile{"AKIADEV", "of=dev", "a session", "us-west-2", "http://dev.example.test:8090", "/etc/dev.pem"}},
		"with a space in its name": {[]string{"AWS_PROFILE", "of ours"},
			profile{key: "AKIAOURS", secret: "ours", region: "eu-central-1", endpoint: "http://ours.example.test"}},
		"with keys in the configuration": {[]string{"AWS_PROFILE", "elsewhere"},
			profile{key: "AKIACONFIG", secret: "of-the-config", region: "us-east-1", endpoint: "http://elsewhere.example.test"}},
		"keys of variables win, whole": {
			[]string{"AWS_PROFILE", "dev", "AWS_ACCESS_KEY_ID", "AKIAENV", "AWS_SECRET_ACCESS_KEY", "of-env"},
			profile{"AKIAENV", "of-env", "", "us-west-2", "http://dev.example.test:8090", "/etc/dev.pem"}},
		"a temporary key of variables": {
			[]string{"AWS_ACCESS_KEY_ID", "ASIAENV", "AWS_SECRET_ACCESS_KEY", "of-env", "AWS_SESSION_TOKEN", "s"},
			profile{key: "ASIAENV", secret: "of-env", session: "s", region: "eu-west-1", endpoint: "http://default.example.test"}},
		"region, bundle and address of variables": {
			[]string{"AWS_REGION", "r1", "AWS_DEFAULT_REGION", "r2", "AWS_CA_BUNDLE", "/b.pem", "AWS_ENDPOINT_URL", "http://all.example.test"},
			profile{key: "AKIADEFAULT", secret: "of-the-default", region: "r1", endpoint: "http://all.example.test", bundle: "/b.pem"}},
		"the older variable of the region": {[]string{"AWS_DEFAULT_REGION", "r2"},
			profile{key: "AKIADEFAULT", secret: "of-the-default", region: "r2", endpoint: "http://default.example.test"}},
		"the service's own address wins": {
			[]string{"AWS_ENDPOINT_URL", "http://all.example.test", "AWS_ENDPOINT_URL_CODEARTIFACT", "http://one.example.test"},
			profile{key: "AKIADEFAULT", secret: "of-the-default", region: "eu-west-1", endpoint: "http://one.example.test"}},
	} {
		t.Run(name, func(t *testing.T) {
			getenv := from(with(files(t), row.variables...))
			p, err := FromEnvironment(getenv).Load(getenv)
			if got := p.told(); err != nil || got != row.want {
				t.Errorf("got %+v, %v, want %+v", got, err, row.want)
			}
		})
	}
}

func TestWhatAProfileLacksIsSaid(t *testing.T) {
	for name, row := range map[string]struct {
		variables []string
		want      []string
	}{
		"a profile that is not there":     {[]string{"AWS_PROFILE", "prod"}, []string{`no AWS profile called "prod"`, "config"}},
		"an address":                      {[]string{"AWS_PROFILE", "nowhere"}, []string{"entrepot env", "--data", "AWS_ENDPOINT_URL"}},
		"an address, for it is passed by": {[]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, []string{"AWS_ENDPOINT_URL"}},
		"a region":                        {[]string{"AWS_PROFILE", "no-region"}, []string{"AWS_REGION"}},
		"a key":                           {[]string{"AWS_PROFILE", "no-key"}, []string{"no-key has no access key", "export-credentials"}},
		"a key, which a browser gives":    {[]string{"AWS_PROFILE", "browser"}, []string{"sso_session", "export-credentials --format env --profile browser"}},
		"a key, which a role gives":       {[]string{"AWS_PROFILE", "role"}, []string{"role_arn", "export-credentials"}},
		"the secret of a key": {[]string{"AWS_ACCESS_KEY_ID", "AKIAENV"},
			[]string{"has no access key"}},
	} {
		t.Run(name, func(t *testing.T) {
			getenv := from(with(files(t), row.variables...))
			_, err := FromEnvironment(getenv).Load(getenv)
			for _, want := range row.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestAFolderOfAServerIsAProfileOfItsOwn(t *testing.T) {
	data := t.TempDir()
	write(t, filepath.Join(data, "aws", "config"), "[default]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:8090\n")
	write(t, filepath.Join(data, "aws", "credentials"), "[default]\naws_access_key_id = AKIAFIRST\naws_secret_access_key = s\n")
	getenv := from(map[string]string{"AWS_PROFILE": "dev", "AWS_ENDPOINT_URL": "http://other.example.test", "AWS_ACCESS_KEY_ID": "other",
		"AWS_SECRET_ACCESS_KEY": "other", "AWS_REGION": "other"})
	p, err := FromFolder(data, "/ca.pem").Load(getenv)
	want := profile{"AKIAFIRST", "s", "", "us-east-1", "http://127.0.0.1:8090", "/ca.pem"}
	if err != nil || p.told() != want {
		t.Errorf("got %+v, %v, want %+v", p.told(), err, want)
	}
}

func TestAPinnedSourceIsDeafToOtherTerminals(t *testing.T) {
	variables := files(t)
	here := from(variables)
	s := FromEnvironment(here).Pinned(here)
	there := from(map[string]string{"AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other", "AWS_ENDPOINT_URL": "http://other.example.test"})
	p, err := s.Load(there)
	if want := (profile{key: "AKIADEFAULT", secret: "of-the-default", region: "eu-west-1", endpoint: "http://default.example.test"}); err != nil ||
		p.told() != want || !s.Alone {
		t.Errorf("got %+v, %v, want %+v", p.told(), err, want)
	}
	for _, only := range []string{"AWS_ENDPOINT_URL", "AWS_REGION"} {
		here := from(with(variables, only, "http://only.here.example.test"))
		if s := FromEnvironment(here).Pinned(here); s.Alone {
			t.Errorf("%s: got a source without it, want one that reads the variables", only)
		}
	}
}

func TestAFileThatIsTooLongIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, "[default]\n"+strings.Repeat("# filler\n", maxProfile/9+1))
	getenv := from(map[string]string{"AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": path + "-none"})
	if _, err := FromEnvironment(getenv).Load(getenv); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v, want the file and its limit", err)
	}
}

func FuzzParseSections(f *testing.F) {
	f.Add(configText)
	f.Add(credentialsText)
	f.Add("[a\nb=c\n[ profile   x ] # y\n  d = \n  e=f\n=\n==\n")
	f.Add("k=v\n[]\n =x\n\t[z]\n\tq:r\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseSections(strings.NewReader(text))
		if err != nil {
			return
		}
		for name, settings := range all {
			if strings.ContainsAny(name, "]\n") {
				t.Errorf("a section is called %q", name)
			}
			for key, value := range settings {
				if strings.ContainsAny(key, "=\n") || key != strings.ToLower(key) || value != strings.TrimSpace(value) || strings.Contains(value, "\n") {
					t.Errorf("section %q: %q is %q", name, key, value)
				}
				if !strings.Contains(text, value) {
					t.Errorf("%q does not stand there", value)
				}
			}
		}
	})
}
