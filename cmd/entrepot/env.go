package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"entrepot/localca"
	"entrepot/trust"
)

type envCommand struct {
	Data string `default:"./entrepot-data" env:"ENTREPOT_DATA" help:"Data folder of the server, which must have been started once."`
}

// Help is shown by entrepot env --help.
func (envCommand) Help() string {
	return `Example:

  eval "$(entrepot env)"
  aws codeartifact list-domains

What is printed is for POSIX shells. The profile it points at holds the server's address, so every call of the aws
command line and of the SDKs goes there until the terminal is closed. What the terminal has set before and would lead
elsewhere is unset: run it again after setting such a variable.

Of a server with an authority of its own (serve --tls auto), the variables that make the clients of this terminal believe it
are printed as well, those of entrepot trust --env.`
}

// Run prints the environment.
func (c envCommand) Run() error {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return err
	}
	profile, err := os.ReadFile(filepath.Join(data, "aws", "config"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds no installation; start one with: entrepot serve --data %s", data, c.Data)
	}
	if err != nil {
		return err
	}
	certificates, err := believing(data)
	if err != nil {
		return err
	}
	fmt.Print(environment(data, profile, os.Environ(), certificates))
	return nil
}

// believing is the variables that make the clients of this terminal believe the authority of a data folder; none if it has
// none.
func believing(data string) ([][2]string, error) {
	authority := filepath.Join(data, authorityFolder, localca.AuthorityFile)
	if _, err := os.Stat(authority); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	m, err := thisMachine()
	if err != nil {
		return nil, err
	}
	files, err := trust.Prepare(m, authority, time.Now())
	if err != nil {
		return nil, err
	}
	return trust.Exports(os.Getenv, files), nil
}

// strays are the variables that would lead AWS's tools elsewhere: to other addresses, or there by other credentials, which
// win over those of a file (AWS SDKs and Tools reference guide, "Settings reference"). A bundle of certificates leads
// nowhere, and a server with a certificate of its own may need it.
var strays = []string{
	"AWS_ENDPOINT_URL_CODEARTIFACT", "AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_ORGANIZATIONS", "AWS_ENDPOINT_URL_SSO",
	"AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	"AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT",
	"AWS_AUTH_SCHEME_PREFERENCE", "AWS_SIGV4A_SIGNING_REGION_SET",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SECURITY_TOKEN",
	"AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_FILE",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
}

// strayFamily are variables for one service each, of which there are more than any list has: those that are set are found.
var strayFamily = regexp.MustCompile(`^AWS_(ENDPOINT_URL|BEARER_TOKEN)_[A-Z0-9_]+$`)

// environment writes for a POSIX shell what makes AWS's tools use the profile of the data folder, whatever the terminal's
// environment, given as NAME=VALUE, has said before, and sets the variables of certificates.
func environment(data string, profile []byte, terminal []string, certificates [][2]string) string {
	region, endpoint := setting(profile, "region"), setting(profile, "endpoint_url")
	exports := [][2]string{
		{"AWS_CONFIG_FILE", filepath.Join(data, "aws", "config")},
		{"AWS_SHARED_CREDENTIALS_FILE", filepath.Join(data, "aws", "credentials")},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
		{"AWS_ENDPOINT_URL", endpoint},
	}
	unset := slices.Clone(strays)
	set := map[string]string{}
	for _, v := range terminal {
		name, value, _ := strings.Cut(v, "=")
		set[name] = value
		if strayFamily.MatchString(name) && !slices.Contains(unset, name) {
			unset = append(unset, name)
		}
	}
	if list := unproxied(endpoint, set); list != "" {
		exports = append(exports, [2]string{"NO_PROXY", list}, [2]string{"no_proxy", list})
	}
	exports = append(exports, certificates...)
	var text strings.Builder
	for _, v := range exports {
		fmt.Fprintf(&text, "export %s=%s\n", v[0], quoted(v[1]))
	}
	fmt.Fprintf(&text, "unset %s\n", strings.Join(unset, " "))
	return text.String()
}

// unproxied is the list of hosts that the terminal's proxies are not asked for, with the server's own in it, if that is
// on this machine: no proxy has a way there. It is empty if nothing has to change.
func unproxied(endpoint string, set map[string]string) string {
	address, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	host := address.Hostname()
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return ""
	}
	proxied := false
	for name, value := range set {
		switch strings.ToLower(name) {
		case "http_proxy", "https_proxy", "all_proxy":
			proxied = proxied || value != ""
		}
	}
	if !proxied {
		return ""
	}
	list := cmp.Or(set["no_proxy"], set["NO_PROXY"])
	known := strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
	if list == "*" || slices.Contains(known, host) {
		return list
	}
	return strings.Join(append(known, host), ",")
}

// setting reads a value of the profile that the server wrote.
func setting(profile []byte, name string) string {
	for line := range strings.Lines(string(profile)) {
		key, value, found := strings.Cut(line, "=")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// quoted writes a word for a POSIX shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
