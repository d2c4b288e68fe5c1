package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
)

// errNotPublic says that a connection was refused because of the address it would have reached.
var errNotPublic = errors.New("the address is not public")

// notPublic are the ranges no metadata and no redirect may lead to, beyond what netip classifies itself. Sources: the
// IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates).
var notPublic = parsePrefixes(
	"0.0.0.0/8",         // this network
	"100.64.0.0/10",     // carrier-grade NAT (RFC 6598)
	"192.0.0.0/24",      // protocol assignments
	"192.0.2.0/24",      // documentation
	"192.88.99.0/24",    // 6to4 relays (deprecated)
	"198.18.0.0/15",     // benchmarks
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"240.0.0.0/4",       // reserved, with the broadcast address
	"::/96",             // IPv4-compatible (deprecated): carries an IPv4 address
	"64:ff9b::/96",      // NAT64: carries an IPv4 address
	"64:ff9b:1::/48",    // NAT64 for local use
	"100::/64",          // discard only
	"2001::/23",         // protocol assignments, among them Teredo, which carries an IPv4 address
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4: carries an IPv4 address
	"3fff::/20",         // documentation
	"5f00::/16",         // segment routing
	"fec0::/10",         // site-local (deprecated)
	"::ffff:0:0:0/96",   // IPv4-translated (RFC 2765)
	"168.63.129.16/32",  // a cloud's host agent, inside otherwise public space
	"192.175.48.0/24",   // AS112
	"192.31.196.0/24",   // AS112
	"192.52.193.0/24",   // AMT
	"2620:4f:8000::/48", // AS112
	"2001:4:112::/48",   // AS112
)

func parsePrefixes(texts ...string) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		prefixes[i] = netip.MustParsePrefix(text)
	}
	return prefixes
}

// Public reports whether the address is one that anybody on the internet may reach: neither this machine, nor its
// networks, nor a range that carries such addresses inside.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// guard judges the addresses that what an origin says leads to: public ones, and the origin's own.
type guard struct {
	base   *url.URL // of the origin
	lookup LookupFunc
}

// control runs after name resolution and before connect, for every address a dial tries, so a name that answers differently
// the second time gains nothing.
func (g guard) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	return g.allow(ctx, address)
}

// allow refuses an address that is neither public nor the origin's.
func (g guard) allow(ctx context.Context, address string) error {
	err := guardAddress(address)
	if err != nil && g.isOrigin(ctx, address) {
		return nil
	}
	return err
}

// isOrigin reports whether the address is one where the origin itself is found, its port included: then what listens there is
// what the operator configured, under another name. Networks with one way out for everything, and registries that keep files
// under a name of their own on one machine, look like this.
func (g guard) isOrigin(ctx context.Context, address string) bool {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || g.base == nil {
		return false
	}
	if portOf(g.base) != strconv.Itoa(int(ap.Port())) {
		return false
	}
	found, err := g.lookup(ctx, g.base.Hostname())
	return err == nil && slices.ContainsFunc(found, func(a netip.Addr) bool { return a.Unmap() == ap.Addr().Unmap() })
}

func guardAddress(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q is no address and port", errNotPublic, address)
	}
	if !Public(ap.Addr()) {
		return fmt.Errorf("%w: %s", errNotPublic, ap.Addr())
	}
	return nil
}

// checkURL decides whether u, found in metadata or a redirect of the origin, may be fetched at all, and if so whether
// the address it leads to is to be guarded.
func checkURL(o Origin, u *url.URL) (guarded bool, err error) {
	refuse := func(why string) (bool, error) {
		return false, o.unavailable("points to a URL that %s", why)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return refuse("is neither http nor https")
	case u.User != nil:
		return refuse("carries a user")
	case u.Hostname() == "" || u.Opaque != "":
		return refuse("has no host")
	case !validPort(u):
		return refuse("has no valid port")
	case o.Base.Scheme == "https" && u.Scheme == "http":
		return refuse("falls back from https to http")
	}
	return !o.Owns(u) && !o.names(u), nil
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return true
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}
