package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/usage"
)

// bounds are the least and the greatest value of every number, in its own unit: bytes, nanoseconds or a count.
var bounds = map[string]struct{ least, most int64 }{
	"fetch.freshness":              {0, int64(24 * time.Hour)},
	"fetch.stale_while_revalidate": {0, int64(7 * 24 * time.Hour)},
	"fetch.negative_ttl":           {0, int64(time.Minute)},
	"fetch.patience":               {int64(time.Second), int64(10 * time.Minute)},
	"fetch.max_document":           {int64(MiB), int64(4 * GiB)},
	"fetch.hops":                   {1, 16},
	"limits.max_asset":             {1, int64(TiB)},
	"limits.max_body":              {int64(MiB), int64(2 * TiB)},
	"limits.request_time":          {int64(time.Second), int64(7 * 24 * time.Hour)},
	"limits.patience":              {int64(100 * time.Millisecond), int64(10 * time.Minute)},
	"limits.min_rate":              {1, int64(GiB)},
	"limits.idle_time":             {int64(time.Second), int64(time.Hour)},
	"limits.connections":           {1, 1_000_000},
	"limits.failed_logins":         {0, 1_000_000},
	"limits.min_free":              {0, int64(TiB)},
	"limits.reserve":               {0, int64(GiB)},
	"quotas.accounts":              {1, 10_000},
	"quotas.domains":               {1, 1_000_000},
	"quotas.repositories":          {1, 1_000_000},
	"quotas.package_groups":        {1, 100_000},
	"quotas.direct_upstreams":      {1, 100},
	"quotas.searched_upstreams":    {1, 1000},
	"quotas.tags":                  {1, 1000},
	"quotas.assets":                {1, 100_000},
	"quotas.package_versions":      {1, 10_000_000},
	"quotas.package_labels":        {1, 100_000},
	"quotas.package_index":         {int64(KiB), int64(4 * GiB)},
	"quotas.version_index":         {int64(KiB), int64(16 * MiB)},
	"rates.copies":                 {0, 1_000_000},
	"rates.tokens":                 {0, 1_000_000},
	"rates.assets":                 {0, 1_000_000},
	"rates.publishes":              {0, 1_000_000},
	"rates.lists":                  {0, 1_000_000},
	"rates.reads":                  {0, 1_000_000},
	"rates.writes":                 {0, 1_000_000},
	"rates.per_token":              {0, 1_000_000},
	"rates.per_address":            {0, 1_000_000},
	"cache.documents":              {int64(MiB), int64(TiB)},
	"cache.large_documents":        {int64(MiB), int64(TiB)},
	"cache.assets":                 {0, int64(TiB)},
	"retention.audit":              {int64(24 * time.Hour), int64(100 * 365 * 24 * time.Hour)},
	"audit_export.period":          {int64(time.Second), int64(24 * time.Hour)},
	"retention.events":             {int64(24 * time.Hour), int64(100 * 365 * 24 * time.Hour)},
	"retention.tokens":             {0, int64(365 * 24 * time.Hour)},
	"retention.dead_letters":       {int64(time.Hour), int64(100 * 365 * 24 * time.Hour)},
	"jobs.orphan_grace":            {int64(time.Minute), int64(365 * 24 * time.Hour)},
	"jobs.orphan_every":            {int64(time.Second), int64(365 * 24 * time.Hour)},
	"jobs.token_every":             {int64(time.Second), int64(24 * time.Hour)},
	"jobs.key_every":               {int64(time.Second), int64(24 * time.Hour)},
	"jobs.record_every":            {int64(time.Second), int64(24 * time.Hour)},
	"usage.prices.free_storage":    {0, int64(1024 * TiB)},
	"usage.prices.free_requests":   {0, 1_000_000_000_000},
	"drain.notice":                 {0, int64(10 * time.Minute)},
	"drain.time":                   {0, int64(24 * time.Hour)},
}

var regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$`)

// check returns what is wrong with the settings, all of it.
func (c Config) check(upstreams []string) error {
	var errs []error
	wrong := func(path, format string, args ...any) {
		errs = append(errs, artifact.Errorf(artifact.Invalid, "%s: %s", path, fmt.Sprintf(format, args...)))
	}
	require := func(ok bool, path, format string, args ...any) {
		if !ok {
			wrong(path, format, args...)
		}
	}
	c.checkBounds(wrong)
	require(c.Data != "" && !strings.ContainsRune(c.Data, 0), "data", "name a folder")
	require(validListen(c.Listen), "listen", "must be HOST:PORT, such as 127.0.0.1:8090, got %.100q", c.Listen)
	require(c.PublicURL == "" || validPublicURL(c.PublicURL), "public_url",
		"must be http:// or https:// with a host and nothing behind it, got %.200q", c.PublicURL)
	require(artifact.AccountID(c.Account).Valid(), "account", "must be twelve digits, got %.40q", c.Account)
	require(regionPattern.MatchString(c.Region), "region", "must look like us-east-1, got %.40q", c.Region)
	require((c.TLS.Cert == "") == (c.TLS.Key == ""), "tls", "cert and key go together")
	require(c.TLS.Mode == "" || c.TLS.Mode == TLSAuto, "tls.mode", "must be %s or empty, got %.40q", TLSAuto, c.TLS.Mode)
	require(c.TLS.Mode == "" || c.TLS.Cert == "", "tls", "cert and key are for a certificate of your own; with mode %s there is "+
		"none", TLSAuto)
	require(!c.AWSHosts || c.HostSuffix == "", "aws_hosts", "the hosts of domains are below one suffix; leave host_suffix empty")
	require(!c.AWSHosts || strings.HasPrefix(cmp.Or(c.PublicURL, c.ListenURL()), "https://"), "aws_hosts",
		"tools that know AWS's hosts speak https alone; give a certificate, or set tls.mode to %s", TLSAuto)
	require(slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level), "log.level",
		"must be debug, info, warn or error, got %.40q", c.Log.Level)
	require(slices.Contains([]string{"text", "json"}, c.Log.Format), "log.format",
		"must be text or json, got %.40q", c.Log.Format)
	for path, list := range map[string][]string{"trusted_proxies": c.TrustedProxies, "metrics_from": c.MetricsFrom} {
		if _, err := Prefixes(list); err != nil {
			wrong(path, "%s", err)
		}
	}
	if _, err := usage.ParseNetworks(c.Region, c.Usage.Networks); err != nil {
		wrong("usage.networks", "%s", err)
	}
	if _, err := c.Usage.Prices.Table(); err != nil {
		wrong("usage.prices", "%s", err)
	}
	for _, u := range c.IdentityProviders {
		require(validUpstreamURL(u), "identity_providers", "%.200q must be http:// or https:// with a host, without query and fragment", u)
	}
	// The least a proxy may be trusted for is that it is known: an entry for everybody trusts every client.
	for _, p := range c.TrustedProxies {
		require(!strings.HasSuffix(p, "/0"), "trusted_proxies", "%.60q would trust every client", p)
	}
	for name, u := range c.Upstreams {
		path := "upstreams." + name
		require(slices.Contains(upstreams, name), path, "there is no such upstream; there are %s",
			strings.Join(upstreams, ", "))
		require(validUpstreamURL(u.URL), path,
			"the url must be http:// or https:// with a host, without query and fragment")
		require(u.Token.IsZero() || u.Username == "" && u.Password.IsZero(), path,
			"give a token or username and password, not both")
	}
	c.checkRemotes(wrong)
	c.Events.check(wrong)
	// Errors come in the same order whatever order maps have.
	slices.SortStableFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// checkBounds holds every number against its bounds.
func (c Config) checkBounds(wrong func(path, format string, args ...any)) {
	all := reflect.ValueOf(c)
	for _, k := range Keys(nil) {
		b, bounded := bounds[k.Path]
		if !bounded {
			continue
		}
		value := all.FieldByIndex(k.at)
		if n := value.Int(); n < b.least || n > b.most {
			least, most := reflect.New(value.Type()).Elem(), reflect.New(value.Type()).Elem()
			least.SetInt(b.least)
			most.SetInt(b.most)
			wrong(k.Path, "must be between %v and %v, got %v", least, most, value)
		}
	}
}

func validListen(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	_, err = netip.ParseAddr(host)
	return host == "" || host == "localhost" || err == nil
}

func validPublicURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

func validUpstreamURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.RawQuery == "" &&
		!u.ForceQuery && u.Fragment == ""
}

// Prefixes reads networks such as 10.0.0.0/8; an address alone is a network of one. The error names the entry.
func Prefixes(texts []string) ([]netip.Prefix, error) {
	list := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		if addr, err := netip.ParseAddr(text); err == nil {
			list = append(list, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%.60q is no address and no network such as 10.0.0.0/8", text)
		}
		list = append(list, p.Masked())
	}
	return list, nil
}
