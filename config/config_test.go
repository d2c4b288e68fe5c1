package config

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

var upstreams = []string{"npmjs", "pypi", "maven-central"}

// secrets compare by their text.
var revealed = cmp.Comparer(func(a, b artifact.Secret) bool { return a.Reveal() == b.Reveal() })

func file(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "entrepot.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestExampleHasEveryKeyWithItsDefault(t *testing.T) {
	var there map[string]any
	if err := yaml.Unmarshal([]byte(Example), &there); err != nil {
		t.Fatal(err)
	}
	for _, k := range append(Keys(nil), Key{Path: "upstreams"}) {
		var at any = there
		for part := range strings.SplitSeq(k.Path, ".") {
			folder, _ := at.(map[string]any)
			at = folder[part]
		}
		if at == nil {
			t.Errorf("%s is not in the example", k.Path)
		}
	}
	got, unknown, err := Load(Sources{File: file(t, Example), Upstreams: upstreams})
	if err != nil || len(unknown) > 0 {
		t.Fatalf("error %v, unknown %v", err, unknown)
	}
	if diff := cmp.Diff(Default(), got, revealed); diff != "" {
		t.Errorf("the example differs from the defaults (-code +example):\n%s", diff)
	}
}

func TestExampleOfUpstreamsHolds(t *testing.T) {
	_, comment, _ := strings.Cut(Example, "#\n#   upstreams:")
	comment, _, _ = strings.Cut(comment, "#\n#")
	text := "upstreams:" + strings.ReplaceAll(comment, "\n#   ", "\n")
	got, _, err := Load(Sources{File: file(t, text), Upstreams: upstreams})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	want := map[string]Upstream{
		"npmjs":         {URL: "https://registry.example.test/"},
		"maven-central": {URL: "https://repository.example.test/maven2/"},
		"pypi": {URL: "https://index.example.test/simple/", Username: "reader", Password: artifact.NewSecret("..."),
			DownloadHosts: []string{"files.example.test"}},
	}
	if diff := cmp.Diff(want, got.Upstreams, revealed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExampleOfRemotesHolds(t *testing.T) {
	_, comment, _ := strings.Cut(Example, "#\n#   remotes:")
	comment, _, _ = strings.Cut(comment, "\nremotes:")
	text := "remotes:" + strings.ReplaceAll(comment, "\n#   ", "\n")
	got, _, err := Load(Sources{File: file(t, text), Upstreams: upstreams})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	want := map[string]Remote{
		"central": {Domain: "my-domain", URL: "https://my-domain-123456789012.d.codeartifact.us-east-1.amazonaws.com/npm/my-repo/",
			Region: "us-east-1", KeyFile: "/etc/entrepot/secrets/credentials", Profile: "us",
			Role: "arn:aws:iam::123456789012:role/reader", Certificate: "/etc/entrepot/us-ca.pem", Internal: true, Freshness: 10 * time.Second},
		"registry": {Domain: "my-domain", DomainOwner: "123456789012", URL: "https://registry.example.test/npm/", Format: "npm",
			TokenFile: "/etc/entrepot/secrets/token", DownloadHosts: []string{"files.example.test"}},
		"registry-of-two": {Name: "registry", Domain: "two", URL: "https://index.example.test/pypi/", Format: "pypi", Username: "reader",
			Password: artifact.NewSecret("...")},
	}
	if diff := cmp.Diff(want, got.Remotes, revealed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExampleOfEventTargetsHolds(t *testing.T) {
	_, comment, _ := strings.Cut(Example, "#\n#   events:")
	comment, _, _ = strings.Cut(comment, "\nevents:")
	text := "events:" + strings.ReplaceAll(comment, "\n#   ", "\n")
	got, _, err := Load(Sources{File: file(t, text), Upstreams: upstreams})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	secret := artifact.NewSecret("...")
	want := map[string]EventTarget{
		"ci": {Webhook: artifact.NewSecret("https://ci.example.test/hooks/packages"), Secret: secret,
			Pattern: `{"detail": {"packageVersionState": ["Published"]}}`},
		"log":   {File: "/var/log/entrepot/events.jsonl"},
		"team":  {Webhook: artifact.NewSecret("https://team.example.test/packages"), Accounts: []string{"123456789012"}},
		"queue": {SQS: "https://sqs.example.test/123456789012/packages.fifo", AccessKeyID: "AKIAEXAMPLE", SecretKey: secret},
		"bus": {EventBridge: "https://events.example.test", Bus: "packages", Source: "example.packages", Region: "eu-central-1",
			AccessKeyID: "AKIAEXAMPLE", SecretKey: secret},
	}
	if diff := cmp.Diff(want, got.Events.Targets, revealed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryNumberHasBoundsAndEveryBoundANumber(t *testing.T) {
	left := make(map[string]bool)
	for path := range bounds {
		left[path] = true
	}
	for _, k := range Keys(nil) {
		kind := reflect.TypeFor[Config]().FieldByIndex(k.at).Type.Kind()
		if number := kind == reflect.Int || kind == reflect.Int64; number && !left[k.Path] {
			t.Errorf("%s has no bounds", k.Path)
		}
		delete(left, k.Path)
	}
	for path := range left {
		t.Errorf("bounds of %s, which is no setting", path)
	}
}

func TestEverySettingCanBeMadeByVariableAndFlag(t *testing.T) {
	samples := map[reflect.Type]string{
		reflect.TypeFor[string](): "", reflect.TypeFor[int](): "7", reflect.TypeFor[time.Duration](): "61s",
		reflect.TypeFor[Size](): "3MiB", reflect.TypeFor[bool](): "true",
		reflect.TypeFor[[]string](): "192.0.2.1, 192.0.2.2", reflect.TypeFor[artifact.Secret](): "s",
	}
	texts := map[string]string{
		"data": "x", "listen": "0.0.0.0:1", "public_url": "https://a.test", "host_suffix": "b.test",
		"account": "210987654321", "region": "eu-west-9", "log.level": "debug", "log.format": "json",
		"tls.cert": "c", "tls.key": "k", "tls.mode": "auto",
		"upstreams.npmjs.url": "https://c.test/x", "upstreams.npmjs.username": "me", "fetch.negative_ttl": "3s",
		"audit_export.to": "x", "audit_export.period": "2h", "retention.dead_letters": "2h", "retention.audit": "48h", "retention.events": "48h", "identity_providers": "https://a.test, http://b.test:8080",
		"usage.prices.storage": "0.1", "usage.prices.requests": "0.2", "usage.prices.regions": "0.3", "usage.prices.internet": "1GiB 0, 0.5",
	}
	for _, k := range Keys([]string{"npmjs"}) {
		in := reflect.TypeFor[Config]()
		if k.name != "" {
			in = reflect.TypeFor[Upstream]()
		}
		text := texts[k.Path]
		if text == "" {
			text = samples[in.FieldByIndex(k.at).Type]
		}
		by := func(s Sources) Config {
			t.Helper()
			s.Upstreams = upstreams
			// What the checks want beside the setting; a later variable of the same name counts.
			s.Env = append([]string{"ENTREPOT_UPSTREAM_NPMJS=https://d.test"}, s.Env...)
			if k.Path != "tls.mode" {
				s.Env = append([]string{"ENTREPOT_TLS_CERT=other", "ENTREPOT_TLS_KEY=other"}, s.Env...)
			}
			c, unknown, err := Load(s)
			if err != nil || len(unknown) > 0 {
				t.Fatalf("%s=%s: %v, unknown %v", k.Path, text, err, unknown)
			}
			return c
		}
		none, env := by(Sources{}), by(Sources{Env: []string{k.Env + "=" + text}})
		flag := by(Sources{Flags: map[string]string{k.Flag: text}})
		if cmp.Equal(none, env, revealed) {
			t.Errorf("%s=%s changes nothing", k.Env, text)
		}
		if diff := cmp.Diff(env, flag, revealed); diff != "" {
			t.Errorf("--%s and %s differ: %s", k.Flag, k.Env, diff)
		}
	}
}

func TestFlagsWinOverVariablesOverTheFile(t *testing.T) {
	s := Sources{File: file(t, "region: eu-west-1\nlimits: {patience: 1s}\ndata: file\n"), Upstreams: upstreams,
		Env: []string{"ENTREPOT_REGION=eu-west-2", "ENTREPOT_LIMITS_PATIENCE=2s", "OTHER=x",
			"ENTREPOT_SERVICE_HOST=10.0.0.1"},
		Flags: map[string]string{"region": "eu-west-3"}}
	c, unknown, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	if c.Region != "eu-west-3" || c.Limits.Patience != 2*time.Second || c.Data != "file" || c.Limits.MinRate != 4*KiB {
		t.Errorf("got region %s, patience %v, data %s, rate %v", c.Region, c.Limits.Patience, c.Data, c.Limits.MinRate)
	}
	if diff := cmp.Diff([]string{"ENTREPOT_SERVICE_HOST"}, unknown); diff != "" {
		t.Errorf("unknown variables (-want +got):\n%s", diff)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	const canary = "canary-5f0e"
	for name, test := range map[string]struct {
		yaml  string
		env   string
		flags map[string]string
		want  []string // in the error
	}{
		"unknown key":        {yaml: "data: x\nlisten_on: y\n", want: []string{"[2:1]", "listen_on"}},
		"unknown nested key": {yaml: "limits:\n  max_asset: 1GiB\n  max_assets: 2GiB\n", want: []string{"[3:", "max_assets"}},
		"unknown upstream key": {yaml: "upstreams:\n  npmjs:\n    url: https://a.test\n    pasword: " + canary + "\n",
			want: []string{"pasword"}},
		"repeated key":          {yaml: "data: x\ndata: y\n", want: []string{"[2:1]", "data"}},
		"another case":          {yaml: "Data: x\n", want: []string{"[1:1]", "Data"}},
		"two documents":         {yaml: "data: x\n---\ndata: y\n", want: []string{"more than one"}},
		"not YAML":              {yaml: "data: [x\npassword: " + canary, want: []string{"[2:1]"}},
		"a tab":                 {yaml: "limits:\n\tmax_asset: 1\n", want: []string{"[2:"}},
		"size in thousands":     {yaml: "limits: {max_asset: 5GB}\n", want: []string{"5GB", "GiB"}},
		"size past the ceiling": {yaml: "limits: {max_asset: 9999TiB}\n", want: []string{"limits.max_asset", "between 1 and 1TiB"}},
		"duration without unit": {yaml: "limits: {patience: 20}\n", want: []string{"[1:"}},
		"negative duration":     {yaml: "drain: {time: -1s}\n", want: []string{"drain.time", "between 0s and 24h0m0s"}},
		"listen without port":   {yaml: "listen: 127.0.0.1\n", want: []string{"listen", "HOST:PORT"}},
		"listen on a name":      {yaml: "listen: packages.example.test:80\n", want: []string{"listen"}},
		"public URL with path":  {yaml: "public_url: https://a.test/x\n", want: []string{"public_url", "nothing behind"}},
		"short account":         {yaml: "account: \"123\"\n", want: []string{"account", "twelve digits"}},
		"odd region":            {yaml: "region: mars\n", want: []string{"region", "us-east-1"}},
		"certificate alone":     {yaml: "tls: {cert: a.pem}\n", want: []string{"tls", "together"}},
		"unknown TLS":           {yaml: "tls: {mode: on}\n", want: []string{"tls.mode", "must be auto"}},
		"two certificates":      {yaml: "tls: {mode: auto, cert: a, key: b}\n", want: []string{"tls", "of your own"}},
		"AWS's hosts over HTTP": {yaml: "aws_hosts: true\n", want: []string{"aws_hosts", "tls.mode"}},
		"AWS's hosts, proxied as HTTP": {yaml: "aws_hosts: true\npublic_url: http://a.test\ntls: {mode: auto}\n",
			want: []string{"aws_hosts"}},
		"two suffixes":          {yaml: "aws_hosts: true\nhost_suffix: a.test\ntls: {mode: auto}\n", want: []string{"host_suffix"}},
		"log level":             {yaml: "log: {level: loud}\n", want: []string{"log.level"}},
		"log format":            {yaml: "log: {format: xml}\n", want: []string{"log.format"}},
		"no network":            {yaml: "trusted_proxies: [proxy.example.test]\n", want: []string{"trusted_proxies", "proxy.example.test"}},
		"trust everybody":       {yaml: "trusted_proxies: [0.0.0.0/0]\n", want: []string{"trusted_proxies", "every client"}},
		"no identity provider":  {yaml: "identity_providers: [issuer.example.test]\n", want: []string{"identity_providers"}},
		"unknown upstream":      {yaml: "upstreams: {npm: https://a.test}\n", want: []string{"upstreams.npm", "npmjs, pypi"}},
		"upstream without URL":  {yaml: "upstreams: {npmjs: {token: " + canary + "}}\n", want: []string{"upstreams.npmjs", "url"}},
		"upstream with a query": {yaml: "upstreams: {npmjs: https://a.test/?k=" + canary + "}\n", want: []string{"upstreams.npmjs"}},
		"token and password": {yaml: "upstreams: {npmjs: {url: https://a.test, token: " + canary + ", username: me}}\n",
			want: []string{"not both"}},
		"upstream is a list":         {yaml: "upstreams: {npmjs: [" + canary + "]}\n", want: []string{"[1:"}},
		"variable":                   {env: "ENTREPOT_LIMITS_CONNECTIONS=many", want: []string{"ENTREPOT_LIMITS_CONNECTIONS", "many"}},
		"variable, duration":         {env: "ENTREPOT_LIMITS_PATIENCE=20", want: []string{"ENTREPOT_LIMITS_PATIENCE", "duration"}},
		"flag":                       {flags: map[string]string{"limits-max-asset": "-1"}, want: []string{"--limits-max-asset", "-1"}},
		"unknown flag":               {flags: map[string]string{"limit": "1"}, want: []string{"--limit"}},
		"event target without a way": {yaml: "events: {targets: {a: {pattern: '{}'}}}\n", want: []string{"events.targets.a", "one of", "pattern"}},
		"event target with two ways": {yaml: "events: {targets: {a: {file: x, stdout: true}}}\n", want: []string{"events.targets.a", "one of"}},
		"event target of no name":    {yaml: "events: {targets: {A/b: {stdout: true}}}\n", want: []string{"events.targets", "A/b"}},
		"webhook without a host":     {yaml: "events: {targets: {a: {webhook: \"hook?" + canary + "\"}}}\n", want: []string{"events.targets.a", "webhook"}},
		"queue without a key":        {yaml: "events: {targets: {a: {sqs: https://a.test/1/q, access_key_id: x}}}\n", want: []string{"events.targets.a", "need both"}},
		"queue with a query":         {yaml: "events: {targets: {a: {sqs: \"https://a.test/?" + canary + "\", access_key_id: x, secret_access_key: y}}}\n", want: []string{"events.targets.a", "sqs"}},
		"event pattern":              {yaml: "events: {targets: {a: {stdout: true, pattern: '{\"a\":1}'}}}\n", want: []string{"events.targets.a", "pattern", "an object or an array"}},
		"accounts of no account":     {yaml: "events: {targets: {a: {stdout: true, accounts: [me]}}}\n", want: []string{"events.targets.a", "twelve digits"}},
		"secret of a file":           {yaml: "events: {targets: {a: {file: x, secret: " + canary + "}}}\n", want: []string{"events.targets.a", "webhook"}},
		"bus of a file":              {yaml: "events: {targets: {a: {file: x, bus: b, region: mars}}}\n", want: []string{"events.targets.a", "eventbridge", "region"}},
		"remote of no domain":        {yaml: "remotes: {a: {url: https://a.test}}\n", want: []string{"remotes.a", "domain"}},
		"remote of no account":       {yaml: "remotes: {a: {domain: my-domain, domain_owner: me, url: https://a.test}}\n", want: []string{"remotes.a", "twelve digits"}},
		"remote without a URL":       {yaml: "remotes: {a: {domain: my-domain}}\n", want: []string{"remotes.a", "url"}},
		"remote with a query":        {yaml: "remotes: {a: {domain: my-domain, url: \"https://a.test/?" + canary + "\"}}\n", want: []string{"remotes.a", "query"}},
		"remote of an odd entry":     {yaml: "remotes: {a/b: {domain: my-domain, url: https://a.test}}\n", want: []string{"remotes", "a/b"}},
		"remote of an odd name":      {yaml: "remotes: {a: {name: -a, domain: my-domain, url: https://a.test}}\n", want: []string{"remotes.a", "-a"}},
		"remote of another's name":   {yaml: "remotes:\n  a: {domain: my-domain, url: https://a.test}\n  b: {name: a, domain: my-domain, url: https://b.test}\n", want: []string{"remotes.a", "remotes.b", "another remote"}},
		"remote with two tokens":     {yaml: "remotes: {a: {domain: my-domain, url: https://a.test, format: npm, token: " + canary + ", token_file: b}}\n", want: []string{"remotes.a", "say one of"}},
		"remote with two passwords":  {yaml: "remotes: {a: {domain: my-domain, url: https://a.test, format: npm, username: u, password: " + canary + ", password_file: b}}\n", want: []string{"remotes.a", "say one of"}},
		"remote with two keys":       {yaml: "remotes: {a: {domain: my-domain, url: https://a.test, access_key_id: A, credentials_file: b}}\n", want: []string{"remotes.a", "say one of"}},
		"profile of no file":         {yaml: "remotes: {a: {domain: my-domain, url: https://a.test, profile: us}}\n", want: []string{"remotes.a", "credentials_file"}},
		"key of a registry":          {yaml: "remotes: {a: {domain: my-domain, url: https://a.test, format: npm, credentials_file: b}}\n", want: []string{"remotes.a", "leave format away"}},
		"remote of the past":         {yaml: "remotes: {a: {domain: my-domain, url: https://a.test, format: npm, freshness: -1s}}\n", want: []string{"remotes.a", "freshness"}},
		"remote with a typing error": {yaml: "remotes: {a: {domain: my-domain, url: https://a.test, tokn: " + canary + "}}\n", want: []string{"tokn"}},
		"two mistakes":               {yaml: "account: x\nregion: y\n", want: []string{"account", "region"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Load(Sources{File: file(t, test.yaml), Env: []string{test.env}, Flags: test.flags,
				Upstreams: upstreams})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %q", err, want)
				}
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("a secret is in %q", err)
			}
			if strings.Count(err.Error(), "\n") > len(test.want) {
				t.Errorf("the file is quoted: %q", err)
			}
		})
	}
	for name, source := range map[string]string{"no file": filepath.Join(t.TempDir(), "gone.yaml"),
		"a huge one": file(t, strings.Repeat("#\n", maxFile))} {
		if _, _, err := Load(Sources{File: source}); !artifact.Is(err, artifact.Invalid) ||
			!strings.Contains(err.Error(), source) {
			t.Errorf("%s: got %v, want an Invalid error that names it", name, err)
		}
	}
}

func TestCredentialsLeaveURLs(t *testing.T) {
	c, _, err := Load(Sources{Upstreams: upstreams,
		Env: []string{"ENTREPOT_UPSTREAM_MAVEN_CENTRAL=https://me:hunter2@a.test/maven2/"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Upstream{URL: "https://a.test/maven2/", Username: "me", Password: artifact.NewSecret("hunter2")}
	if diff := cmp.Diff(want, c.Upstreams["maven-central"], revealed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if shown := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(shown, "hunter2") {
		t.Errorf("printing the settings shows %s", shown)
	}
	if shown, err := yaml.Marshal(c); err != nil || strings.Contains(string(shown), "hunter2") {
		t.Errorf("writing the settings shows a secret, or fails: %v", err)
	}
}

func TestPublicURLFollowsTheListener(t *testing.T) {
	for name, test := range map[string]struct {
		c    Config
		at   string
		want string
	}{
		"said":             {Config{PublicURL: "https://a.test"}, "127.0.0.1:1", "https://a.test"},
		"loopback":         {Config{}, "127.0.0.1:4321", "http://127.0.0.1:4321"},
		"IPv6":             {Config{}, "[::1]:4321", "http://[::1]:4321"},
		"everywhere":       {Config{}, "0.0.0.0:4321", "http://127.0.0.1:4321"},
		"everywhere, IPv6": {Config{}, "[::]:4321", "http://127.0.0.1:4321"},
		"TLS":              {Config{TLS: TLS{Cert: "c", Key: "k"}}, "192.0.2.1:443", "https://192.0.2.1:443"},
		"TLS of our own":   {Config{TLS: TLS{Mode: TLSAuto}}, "127.0.0.1:4321", "https://127.0.0.1:4321"},
	} {
		at, err := net.ResolveTCPAddr("tcp", test.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.c.PublicURLOn(at); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestAWSHostsAreNames(t *testing.T) {
	c := Default()
	c.Region, c.Hosts, c.HostSuffix = "eu-west-1", []string{"a.test"}, "b.test"
	if suffix, hosts := c.Names(); suffix != "b.test" || !slices.Equal(hosts, []string{"a.test"}) {
		t.Errorf("got %s, %v, want what is configured", suffix, hosts)
	}
	c.HostSuffix, c.AWSHosts = "", true
	want := []string{"a.test", "sts.eu-west-1.amazonaws.com:443", "sts.amazonaws.com:443", "iam.amazonaws.com:443"}
	suffix, hosts := c.Names()
	if suffix != "codeartifact.eu-west-1.amazonaws.com:443" || !slices.Equal(hosts, want) {
		t.Errorf("got %s, %v, want AWS's suffix and %v", suffix, hosts, want)
	}
}

func TestSizesReadAndWrite(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "512": 512, "7B": 7, "64KiB": 64 << 10, "5 GiB": 5 << 30, "1TiB": 1 << 40, "1025": 1025,
	} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
		var again Size
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%s written as %s reads as %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{
		"", "-1", "1.5GiB", "GiB", "8388608TiB", "99999999999999999999", "5GB", "0x10", "1e3",
	} {
		if err := new(Size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for a size", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(Example))
	f.Add([]byte("upstreams: {npmjs: {url: x, token: y}}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4<<10 {
			return
		}
		c := Default()
		if decode(text, &c) == nil {
			_ = c.check(upstreams)
		}
	})
}
