package usage

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Internet is where an address is that belongs to no region.
const Internet = "internet"

// Networks say to which region an address belongs. The zero value knows none.
type Networks struct {
	ranges []network // the longest prefix first
	own    string
}

type network struct {
	prefix netip.Prefix
	region string
}

// ParseNetworks reads ranges, each 10.0.0.0/8 or, for those of another region than our own, 10.1.0.0/16=eu-west-1. Of
// several that have an address the narrowest counts; one that is there twice is an error.
func ParseNetworks(own string, texts []string) (Networks, error) {
	n := Networks{own: own}
	for _, text := range texts {
		address, region, named := strings.Cut(text, "=")
		if !named {
			region = own
		}
		prefix, err := netip.ParsePrefix(address)
		if alone, isAddress := netip.ParseAddr(address); isAddress == nil && alone.Zone() == "" {
			prefix, err = netip.PrefixFrom(alone, alone.BitLen()), nil
		}
		if prefix.Addr().Is4In6() { // Of has addresses without that; a range of more than IPv4 is none
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		if err != nil || !prefix.IsValid() || !validRegion(region) {
			return Networks{}, fmt.Errorf("%.80q is no range such as 10.0.0.0/8 or 10.1.0.0/16=eu-west-1", text)
		}
		prefix = prefix.Masked()
		if slices.ContainsFunc(n.ranges, func(other network) bool { return other.prefix == prefix }) {
			return Networks{}, fmt.Errorf("%s is there twice", prefix)
		}
		n.ranges = append(n.ranges, network{prefix, region})
	}
	slices.SortStableFunc(n.ranges, func(a, b network) int { return b.prefix.Bits() - a.prefix.Bits() })
	return n, nil
}

func validRegion(name string) bool {
	return name != "" && len(name) <= 40 && name != Internet && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

// Of returns the region of an address, or Internet.
func (n Networks) Of(a netip.Addr) string {
	a = a.Unmap()
	for i := range n.ranges {
		if n.ranges[i].prefix.Contains(a) {
			return n.ranges[i].region
		}
	}
	return Internet
}

// Own is the region that is ours: what goes out to it is free.
func (n Networks) Own() string { return n.own }
