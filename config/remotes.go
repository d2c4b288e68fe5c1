package config

import (
	"cmp"
	"fmt"
	"regexp"
	"time"

	"entrepot/artifact"
)

// Remote is an external connection that a domain is given by the file: what the command connect puts through the API. Of a repository with
// the API the access key stands in the file, or in another one of AWS's form; of a registry of one format a token, or a user and a
// password. What is in a file of its own is read anew when that changes.
type Remote struct {
	Name          string          `yaml:"name"` // empty: the entry's own
	Domain        string          `yaml:"domain"`
	DomainOwner   string          `yaml:"domain_owner"` // empty: the server's account
	URL           string          `yaml:"url"`
	Format        string          `yaml:"format"` // of a registry; empty for a repository with the API
	Region        string          `yaml:"region"`
	API           string          `yaml:"api"` // empty: the host of URL
	Internal      bool            `yaml:"internal"`
	Freshness     time.Duration   `yaml:"freshness"` // zero: what the rules take
	DownloadHosts []string        `yaml:"download_hosts"`
	Certificate   string          `yaml:"certificate"` // a PEM file
	AccessKeyID   string          `yaml:"access_key_id"`
	SecretKey     artifact.Secret `yaml:"secret_access_key"`
	KeyFile       string          `yaml:"credentials_file"`
	Profile       string          `yaml:"profile"` // in KeyFile; empty: default
	Role          string          `yaml:"role"`
	ExternalID    string          `yaml:"external_id"`
	Username      string          `yaml:"username"`
	Password      artifact.Secret `yaml:"password"`
	PasswordFile  string          `yaml:"password_file"`
	Token         artifact.Secret `yaml:"token"`
	TokenFile     string          `yaml:"token_file"`
}

// mostRemotes bounds the remotes of the file.
const mostRemotes = 1000

var remoteKey = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// Called is what repositories call the remote of an entry, behind remote:.
func (r Remote) Called(entry string) string { return cmp.Or(r.Name, entry) }

// checkRemotes says what is wrong with the remotes, as far as it can be told without the rules. Two that one domain would know by the
// same name are wrong both.
func (c Config) checkRemotes(wrong func(path, format string, args ...any)) {
	if len(c.Remotes) > mostRemotes {
		wrong("remotes", "there may be %d at most", mostRemotes)
	}
	named := map[string]int{}
	whose := func(entry string, r Remote) string {
		return fmt.Sprintf("%q of %q of %s", r.Called(entry), r.Domain, cmp.Or(r.DomainOwner, c.Account))
	}
	for entry, r := range c.Remotes {
		named[whose(entry, r)]++
	}
	for entry, r := range c.Remotes {
		path := "remotes." + entry
		if !remoteKey.MatchString(entry) {
			wrong("remotes", "%.80q must be letters, digits, dots, hyphens and underscores, 63 at most", entry)
			continue
		}
		if named[whose(entry, r)] > 1 {
			wrong(path, "domain %.80q has another remote that is called %.80q", r.Domain, r.Called(entry))
		}
		r.check(func(format string, args ...any) { wrong(path, format, args...) })
	}
}

// check repeats no address, for there may be a secret in it.
func (r Remote) check(wrong func(format string, args ...any)) {
	if !remoteKey.MatchString(r.Called("entry")) {
		wrong("the name must be letters, digits, dots, hyphens and underscores, 63 at most, got %.80q", r.Name)
	}
	if !artifact.ValidDomainName(r.Domain) {
		wrong("say under domain whose it is, got %.80q", r.Domain)
	}
	if r.DomainOwner != "" && !artifact.AccountID(r.DomainOwner).Valid() {
		wrong("domain_owner must be twelve digits, got %.40q", r.DomainOwner)
	}
	if !validUpstreamURL(r.URL) {
		wrong("the url must be http:// or https:// with a host, without query and fragment")
	}
	if r.Freshness < 0 {
		wrong("freshness is no time, got %v", r.Freshness)
	}
	if r.Profile != "" && r.KeyFile == "" {
		wrong("profile is one of a credentials_file")
	}
	ways := 0
	for _, way := range []bool{r.AccessKeyID != "" || !r.SecretKey.IsZero(), r.KeyFile != "",
		r.Username != "" || !r.Password.IsZero() || r.PasswordFile != "", !r.Token.IsZero(), r.TokenFile != ""} {
		if way {
			ways++
		}
	}
	if ways > 1 || !r.Password.IsZero() && r.PasswordFile != "" {
		wrong("say one of access_key_id with secret_access_key, credentials_file, username with password or password_file, token and token_file")
	}
	if r.Format != "" && r.KeyFile != "" {
		wrong("a registry of one format has no access key: leave format away for a repository that has this API")
	}
}
