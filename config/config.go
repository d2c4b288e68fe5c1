package config

import (
	_ "embed"
	"net"
	"net/netip"
	"slices"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/repository"
)

// Config is every setting. What each means stands in example.yaml.
type Config struct {
	Data              string              `yaml:"data"`
	Listen            string              `yaml:"listen"`
	PublicURL         string              `yaml:"public_url"` // empty: follows from the listener, see PublicURLOn
	HostSuffix        string              `yaml:"host_suffix"`
	Hosts             []string            `yaml:"hosts"`
	AWSHosts          bool                `yaml:"aws_hosts"`
	Account           string              `yaml:"account"`
	Region            string              `yaml:"region"`
	TLS               TLS                 `yaml:"tls"`
	Upstreams         map[string]Upstream `yaml:"upstreams"`
	Remotes           map[string]Remote   `yaml:"remotes"`
	Fetch             Fetch               `yaml:"fetch"`
	Limits            Limits              `yaml:"limits"`
	Quotas            Quotas              `yaml:"quotas"`
	Rates             Rates               `yaml:"rates"`
	Cache             Cache               `yaml:"cache"`
	AnonymousReads    bool                `yaml:"anonymous_reads"`
	IdentityProviders []string            `yaml:"identity_providers"`
	TrustedProxies    []string            `yaml:"trusted_proxies"`
	MetricsFrom       []string            `yaml:"metrics_from"`
	Log               Log                 `yaml:"log"`
	Retention         Retention           `yaml:"retention"`
	Events            Events              `yaml:"events"`
	AuditExport       AuditExport         `yaml:"audit_export"`
	Jobs              Jobs                `yaml:"jobs"`
	Usage             Usage               `yaml:"usage"`
	Drain             Drain               `yaml:"drain"`
}

// TLS says where the certificate comes from: from two PEM files, of which both or neither are set, or, in the mode TLSAuto,
// from an authority of the server's own. Without either the server speaks plain HTTP.
type TLS struct {
	Mode string `yaml:"mode"`
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// TLSAuto is the mode in which the server makes its certificates itself.
const TLSAuto = "auto"

// Upstream is where an external connection leads. In YAML it may be the URL alone.
type Upstream struct {
	URL           string          `yaml:"url"` // without user and password: those are moved to the members below
	Username      string          `yaml:"username"`
	Password      artifact.Secret `yaml:"password"`
	Token         artifact.Secret `yaml:"token"`
	DownloadHosts []string        `yaml:"download_hosts"`
}

// Fetch says how external registries are asked.
type Fetch struct {
	Freshness            time.Duration `yaml:"freshness"`
	StaleWhileRevalidate time.Duration `yaml:"stale_while_revalidate"`
	NegativeTTL          time.Duration `yaml:"negative_ttl"`
	Patience             time.Duration `yaml:"patience"`
	MaxDocument          Size          `yaml:"max_document"`
	Hops                 int           `yaml:"hops"`
}

// Limits bound what clients may ask.
type Limits struct {
	MaxAsset     Size          `yaml:"max_asset"`
	MaxBody      Size          `yaml:"max_body"`
	RequestTime  time.Duration `yaml:"request_time"`
	Patience     time.Duration `yaml:"patience"`
	MinRate      Size          `yaml:"min_rate"` // bytes per second
	IdleTime     time.Duration `yaml:"idle_time"`
	Connections  int           `yaml:"connections"`
	FailedLogins int           `yaml:"failed_logins"` // per minute and address
	MinFree      Size          `yaml:"min_free"`
	Reserve      Size          `yaml:"reserve"`
}

// Quotas are the counts that the service limits, and how much there may be of one package.
type Quotas struct {
	Accounts          int  `yaml:"accounts"`
	Domains           int  `yaml:"domains"`
	Repositories      int  `yaml:"repositories"`
	PackageGroups     int  `yaml:"package_groups"`
	DirectUpstreams   int  `yaml:"direct_upstreams"`
	SearchedUpstreams int  `yaml:"searched_upstreams"`
	Tags              int  `yaml:"tags"`
	Assets            int  `yaml:"assets"`
	PackageVersions   int  `yaml:"package_versions"`
	PackageLabels     int  `yaml:"package_labels"`
	PackageIndex      Size `yaml:"package_index"`
	VersionIndex      Size `yaml:"version_index"`
}

// Rates are requests a second: those that one account may make to the API, and those of package managers with one token and, without
// any, from one address. Zero means any number.
type Rates struct {
	Copies     int `yaml:"copies"`
	Tokens     int `yaml:"tokens"`
	Assets     int `yaml:"assets"`
	Publishes  int `yaml:"publishes"`
	Lists      int `yaml:"lists"`
	Reads      int `yaml:"reads"`
	Writes     int `yaml:"writes"`
	PerToken   int `yaml:"per_token"`
	PerAddress int `yaml:"per_address"`
}

// Cache sets the memory that caches may take, and the disk that large documents may.
type Cache struct {
	Documents      Size `yaml:"documents"`
	LargeDocuments Size `yaml:"large_documents"`
	Assets         Size `yaml:"assets"`
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Retention says how long is kept what nobody needs for ever.
type Retention struct {
	Audit  time.Duration `yaml:"audit"`
	Events time.Duration `yaml:"events"`
	Tokens time.Duration `yaml:"tokens"` // after their end
	// DeadLetters is for events that a target was to be told of and that were given up.
	DeadLetters time.Duration `yaml:"dead_letters"`
}

// Events says who is told of what becomes of package versions.
type Events struct {
	Targets map[string]EventTarget `yaml:"targets"`
}

// EventTarget is one who is told. Exactly one of Webhook, File, Stdout, SQS and EventBridge says how.
type EventTarget struct {
	Pattern string `yaml:"pattern"` // an event pattern; empty means every event, or none if it is for accounts
	// Accounts are those whose rules may send events here.
	Accounts    []string        `yaml:"accounts"`
	Webhook     artifact.Secret `yaml:"webhook"` // URL; often it is all that protects what is behind it
	Secret      artifact.Secret `yaml:"secret"`  // that a webhook's requests are signed with
	File        string          `yaml:"file"`
	Stdout      bool            `yaml:"stdout"`
	SQS         string          `yaml:"sqs"`         // URL of a queue
	EventBridge string          `yaml:"eventbridge"` // URL of the service
	Bus         string          `yaml:"bus"`
	Source      string          `yaml:"source"` // that events on a bus say to be from; empty means aws.codeartifact
	Region      string          `yaml:"region"` // of a queue or bus; empty means the server's own
	AccessKeyID string          `yaml:"access_key_id"`
	SecretKey   artifact.Secret `yaml:"secret_access_key"`
}

// AuditExport says where the record of calls is exported to.
type AuditExport struct {
	To     string        `yaml:"to"`     // a folder; empty for nowhere
	Period time.Duration `yaml:"period"` // of a file
}

// Jobs says when background work is done.
type Jobs struct {
	OrphanGrace time.Duration `yaml:"orphan_grace"`
	OrphanEvery time.Duration `yaml:"orphan_every"`
	TokenEvery  time.Duration `yaml:"token_every"`
	KeyEvery    time.Duration `yaml:"key_every"`
	RecordEvery time.Duration `yaml:"record_every"`
}

// Drain says how the server ends.
type Drain struct {
	Notice time.Duration `yaml:"notice"`
	Time   time.Duration `yaml:"time"`
}

// Default returns the settings of a server that nobody configured. Its quotas are those of the rules.
func Default() Config {
	quotas := repository.DefaultQuotas()
	return Config{
		Data: "./entrepot-data", Listen: "127.0.0.1:8090", Account: "123456789012", Region: "us-east-1",
		Hosts: []string{}, Upstreams: map[string]Upstream{}, Remotes: map[string]Remote{}, IdentityProviders: []string{}, TrustedProxies: []string{},
		MetricsFrom: []string{"127.0.0.0/8", "::1/128"},
		Fetch: Fetch{Freshness: 5 * time.Second, StaleWhileRevalidate: time.Minute, NegativeTTL: time.Minute,
			Patience: 20 * time.Second, MaxDocument: 256 * MiB, Hops: 4},
		Limits: Limits{MaxAsset: Size(quotas.AssetSize), MaxBody: 8 * GiB, RequestTime: time.Hour, Patience: 20 * time.Second,
			MinRate: 4 * KiB, IdleTime: 2 * time.Minute, Connections: 8192, FailedLogins: 60, MinFree: 64 * MiB, Reserve: 4 * MiB},
		Quotas: Quotas{Accounts: accounts.DefaultQuotas.Accounts, Domains: quotas.Domains, Repositories: quotas.Repositories, PackageGroups: quotas.PackageGroups,
			DirectUpstreams: quotas.DirectUpstreams, SearchedUpstreams: quotas.SearchedUpstreams, Tags: quotas.Tags,
			Assets: quotas.Assets, PackageVersions: quotas.PackageVersions, PackageLabels: quotas.PackageLabels,
			PackageIndex: Size(quotas.PackageIndex), VersionIndex: Size(quotas.VersionIndex)},
		Cache:       Cache{Documents: 64 * MiB, LargeDocuments: GiB, Assets: 64 * MiB},
		Log:         Log{Level: "info", Format: "text"},
		Retention:   Retention{Audit: 90 * 24 * time.Hour, Events: 90 * 24 * time.Hour, DeadLetters: 14 * 24 * time.Hour},
		Events:      Events{Targets: map[string]EventTarget{}},
		AuditExport: AuditExport{Period: time.Hour},
		Jobs: Jobs{OrphanGrace: time.Hour, OrphanEvery: time.Hour, TokenEvery: 10 * time.Minute, KeyEvery: 10 * time.Minute,
			RecordEvery: time.Hour},
		Usage: defaultUsage(),
		Drain: Drain{Notice: 0, Time: 30 * time.Second},
	}
}

// Example is the documented file: every key, with its default.
//
//go:embed example.yaml
var Example string

// PublicURLOn returns the public URL of a server that listens on addr, which is what the listener says it is: with port
// 0 in Listen the port is known only then. A server that listens on all addresses is known by its loopback one until
// public_url says otherwise.
func (c Config) PublicURLOn(addr net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	c.Listen = addr.String()
	if at, err := netip.ParseAddrPort(c.Listen); err == nil && at.Addr().IsUnspecified() {
		c.Listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
	}
	return c.ListenURL()
}

// ListenURL returns what the server listens on as a URL: http, or https with a certificate.
func (c Config) ListenURL() string {
	if c.TLS.Cert != "" || c.TLS.Mode == TLSAuto {
		return "https://" + c.Listen
	}
	return "http://" + c.Listen
}

// Names returns the host suffix and the further host names that the server answers for, AWS's own among them where
// aws_hosts says so. Those are reached at HTTPS's own port, whatever the port the server listens on: tools that read them
// out of a URL know no other.
func (c Config) Names() (suffix string, hosts []string) {
	if !c.AWSHosts {
		return c.HostSuffix, c.Hosts
	}
	hosts = slices.Clone(c.Hosts)
	for _, service := range []string{"sts." + c.Region, "sts", "iam"} {
		hosts = append(hosts, service+".amazonaws.com:443")
	}
	return "codeartifact." + c.Region + ".amazonaws.com:443", hosts
}
