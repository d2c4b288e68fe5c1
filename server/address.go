package server

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entrepot/artifact"
)

// Addresses says under which names the server answers and what the URLs of its repositories are. Both come from
// configuration; all that a client has a part in is which of the configured names it used.
type Addresses struct {
	public *url.URL
	suffix string // host name below which every domain has a host of its own; empty if they have none
	port   string // of those hosts, with its colon; empty for the scheme's own
	// origins are scheme, host and port of the URLs under each name.
	origins map[string]string
}

// NewAddresses reads the public URL (scheme, host and port, nothing more), the host suffix (a host name, with a port if
// it differs from the public URL's; may be empty) and further host names to answer for, each with a port if it differs
// from the public URL's. listenURL is what the server listens on, such as http://127.0.0.1:8090: on a loopback address the
// names of loopback are answered for as well. Errors are Invalid and name the value.
func NewAddresses(publicURL, hostSuffix, listenURL string, names []string) (*Addresses, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, artifact.Errorf(artifact.Invalid,
			"the public URL must be http:// or https:// with a host and nothing behind it, got %.200q", publicURL)
	}
	a := &Addresses{
		public:  &url.URL{Scheme: u.Scheme, Host: u.Host},
		origins: loopbackOrigins(listenURL),
	}
	if hostSuffix != "" {
		host, port := splitPort(hostSuffix)
		if !validHostName(host) || !validPort(port) {
			return nil, artifact.Errorf(artifact.Invalid, "the host suffix %.200q is no host name", hostSuffix)
		}
		a.suffix = canonicalHost(host)
		if port = shownPort(u.Scheme, cmp.Or(port, u.Port())); port != "" {
			a.port = ":" + port
		}
		a.origins[a.suffix] = u.Scheme + "://" + a.suffix + a.port
	}
	for _, name := range names {
		host, port := splitPort(name)
		if _, err := netip.ParseAddr(host); err != nil && !validHostName(host) || !validPort(port) {
			return nil, artifact.Errorf(artifact.Invalid, "%.200q is no host name", name)
		}
		a.origins[canonicalHost(name)] = originOf(u.Scheme, canonicalHost(name), cmp.Or(port, u.Port()))
	}
	a.origins[canonicalHost(u.Host)] = a.public.String()
	return a, nil
}

// loopbackOrigins are those of a server that listens on a loopback address; none for another.
func loopbackOrigins(listenURL string) map[string]string {
	origins := map[string]string{}
	if u, err := url.Parse(listenURL); err == nil && isLoopback(u.Hostname()) {
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			origins[name] = originOf(u.Scheme, name, u.Port())
		}
	}
	return origins
}

// shownPort is the port as URLs have it: the scheme's own is left out, for some tools take a host apart and know no port.
func shownPort(scheme, port string) string {
	if scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return ""
	}
	return port
}

// originOf writes a URL without a path; the port may be empty.
func originOf(scheme, host, port string) string {
	switch port = shownPort(scheme, port); {
	case port != "":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}

// Endpoint returns the base URL of a repository for one format, ending in a slash: what GetRepositoryEndpoint tells,
// whatever name it is asked under. It is written down where others read it.
func (a *Addresses) Endpoint(key artifact.RepositoryKey, f artifact.Format) string {
	label := labelOf(key)
	if a.suffix != "" {
		return fmt.Sprintf("%s://%s.d.%s%s/%s/%s/", a.public.Scheme, label, a.suffix, a.port, f, key.Name)
	}
	return fmt.Sprintf("%s/%s/%s/%s/", a.public, label, f, key.Name)
}

// base returns the base URL of a repository as a client has it that asked the host, ending in a slash. Clients send their
// token to the address they know only, and newer ones take tarballs from nowhere else. A host that the configuration does
// not list, which can only be the literal address of the connection, is in no URL: it has the one of Endpoint.
func (a *Addresses) base(host string, e endpoint, onHost bool) string {
	origin, listed := a.origins[canonicalHost(host)]
	if onHost || !listed {
		return a.Endpoint(e.RepositoryKey, e.format)
	}
	return origin + "/" + labelOf(e.RepositoryKey) + "/" + string(e.format) + "/" + e.Name + "/"
}

// CertificateNames returns the names for which the server needs a certificate to answer clients under all names of its
// configuration: host names and addresses, in lower case and without ports, and a wildcard for the hosts of domains.
func (a *Addresses) CertificateNames() []string {
	names := slices.Sorted(maps.Keys(a.origins))
	if a.suffix != "" {
		names = append(names, "*.d."+a.suffix)
	}
	return names
}

func labelOf(key artifact.RepositoryKey) string { return key.Domain + "-" + string(key.Owner) }

// endpoint is a repository in one format, as a request names it. Names are not known to exist, but Domain and Owner are
// well formed.
type endpoint struct {
	artifact.RepositoryKey
	format artifact.Format
	base   string // its URL under the name that was asked, ending in a slash
	rest   string // the escaped path below the repository's base, beginning with a slash; the gate has it rewritten
}

// locate tells which repository a request means, by host or by path. ok is false when it means none; onHost is set when
// the host is a domain's own, where nothing but repositories lives.
func (a *Addresses) locate(host string, t target) (e endpoint, onHost, ok bool) {
	if key, is := a.domainOfHost(host); is {
		e, ok = endpointIn(key, t, 0)
		e.base = a.base(host, e, true)
		return e, true, ok
	}
	key, is := parseLabel(t.segments[0])
	if !is || t.slashed == 0 {
		return endpoint{}, false, false
	}
	e, ok = endpointIn(key, t, 1)
	e.base = a.base(host, e, false)
	return e, false, ok
}

// endpointIn reads format and repository out of the segments from the given one on.
func endpointIn(key artifact.DomainKey, t target, from int) (endpoint, bool) {
	within := func(segment int) bool { return segment >= 0 && segment < from+2 }
	if len(t.segments) < from+2 || t.segments[from+1] == "" || within(t.slashed) || within(t.empty) {
		return endpoint{}, false
	}
	return endpoint{
		RepositoryKey: key.Repository(t.segments[from+1]),
		format:        artifact.Format(t.segments[from]),
		rest:          t.below(from + 2),
	}, true
}

// domainOfHost reads a host such as team-123456789012.d.SUFFIX.
func (a *Addresses) domainOfHost(host string) (artifact.DomainKey, bool) {
	if a.suffix == "" {
		return artifact.DomainKey{}, false
	}
	label, below := strings.CutSuffix(canonicalHost(host), ".d."+a.suffix)
	if !below {
		return artifact.DomainKey{}, false
	}
	return parseLabel(label)
}

// parseLabel reads {domain}-{owner} from the right: the account is the last twelve digits, and the domain may have
// dashes.
func parseLabel(label string) (artifact.DomainKey, bool) {
	cut := len(label) - 13
	if cut < 1 || label[cut] != '-' {
		return artifact.DomainKey{}, false
	}
	key := artifact.DomainKey{Owner: artifact.AccountID(label[cut+1:]), Name: label[:cut]}
	return key, key.Owner.Valid() && artifact.ValidDomainName(key.Name)
}

// answersFor reports whether the Host header names this server. A literal address is good when the connection arrived
// at that very address: no name was asked, so none was bent to lead here.
func (a *Addresses) answersFor(host string, local net.Addr) bool {
	name := canonicalHost(host)
	if _, listed := a.origins[name]; listed {
		return true
	}
	if _, ok := a.domainOfHost(host); ok {
		return true
	}
	asked, err := netip.ParseAddr(name)
	if err != nil || local == nil {
		return false
	}
	at, err := netip.ParseAddrPort(local.String())
	return err == nil && asked.Unmap() == at.Addr().Unmap().WithZone("")
}

// canonicalHost drops the port, the brackets of a literal address, one final dot, and upper case.
func canonicalHost(host string) string {
	name, _ := splitPort(host)
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// splitPort parts host[:port]; the host of a literal IPv6 address comes without its brackets.
func splitPort(host string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), ""
}

// validPort reports whether s is empty or a port number.
func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && n > 0
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// validHostName reports whether s is letters, digits, dashes and dots, with no empty label (RFC 1123 §2.1).
func validHostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i] | 0x20
			if (c < 'a' || c > 'z') && (label[i] < '0' || label[i] > '9') && label[i] != '-' {
				return false
			}
		}
	}
	return true
}
