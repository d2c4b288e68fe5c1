package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds how many addresses of X-Forwarded-For are looked at.
const maxHops = 32

// client is where a request comes from.
type client struct {
	addr    netip.Addr // invalid if unknown
	secure  bool       // over TLS all the way that is known
	trusted bool       // a trusted proxy says so
}

// clientOf finds the client. X-Forwarded-For and X-Forwarded-Proto count only when the peer is a trusted proxy. The
// list of addresses is walked from the right, where each proxy adds the peer it saw, up to the first that is not
// trusted: what stands left of that was written by the client itself.
func clientOf(r *http.Request, trusted []netip.Prefix) client {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	c := client{addr: peer.Addr().Unmap().WithZone(""), secure: r.TLS != nil}
	if err != nil || !covers(trusted, c.addr) {
		return c
	}
	c.trusted = true
	if proto := lastItem(r.Header.Values("X-Forwarded-Proto")); proto != "" {
		c.secure = strings.EqualFold(proto, "https")
	}
	for _, hop := range backwards(r.Header.Values("X-Forwarded-For")) {
		addr, ok := parseHop(hop)
		if !ok {
			break
		}
		c.addr = addr
		if !covers(trusted, addr) {
			break
		}
	}
	return c
}

func covers(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// backwards lists the items of a list header from the last on, at most maxHops.
func backwards(lines []string) []string {
	var items []string
	for _, line := range slices.Backward(lines) {
		for len(items) < maxHops {
			cut := strings.LastIndexByte(line, ',')
			items = append(items, strings.TrimSpace(line[cut+1:]))
			if cut < 0 {
				break
			}
			line = line[:cut]
		}
	}
	return items
}

func lastItem(lines []string) string {
	if items := backwards(lines); len(items) > 0 {
		return items[0]
	}
	return ""
}

// parseHop reads an address with or without a port, as proxies write them.
func parseHop(text string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	addr, err := netip.ParseAddr(text)
	return addr.Unmap().WithZone(""), err == nil
}
