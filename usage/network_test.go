package usage_test

import (
	"net/netip"
	"strings"
	"testing"

	"entrepot/usage"
)

func TestTheNarrowestRangeSaysWhereAnAddressIs(t *testing.T) {
	n, err := usage.ParseNetworks("us-east-1", []string{"10.0.0.0/8", "10.1.0.0/16=eu-west-1", "10.1.2.3=ap-south-1", "fd00::/8", "192.0.2.7/24=eu-west-1",
		"::ffff:203.0.113.0/120=eu-west-1", "::ffff:203.0.113.9=ap-south-1"})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"10.2.0.1": "us-east-1", "10.1.0.1": "eu-west-1", "10.1.2.3": "ap-south-1", "::ffff:10.1.0.1": "eu-west-1", "fd00::1": "us-east-1",
		"192.0.2.200": "eu-west-1", "203.0.113.7": "eu-west-1", "203.0.113.9": "ap-south-1", "198.51.100.1": usage.Internet, "2001:db8::1": usage.Internet,
	} {
		if got := n.Of(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	if got := n.Of(netip.Addr{}); got != usage.Internet {
		t.Errorf("an unknown address: got %s", got)
	}
}

func TestRangesThatSayNothingAreRefused(t *testing.T) {
	for _, text := range []string{"", "10.0.0.0/8=", "10.0.0.0/33", "=eu-west-1", "10.0.0.0/8=internet", "10.0.0.0/8=EU", "ten", "10.0.0.0/8=a=b", "::ffff:10.0.0.0/80", "fe80::1%eth0",
		"10.0.0.0/8=" + strings.Repeat("a", 41)} {
		if _, err := usage.ParseNetworks("us-east-1", []string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if _, err := usage.ParseNetworks("us-east-1", []string{"10.0.0.0/8", "10.1.0.0/8=eu-west-1"}); err == nil {
		t.Error("a range that is there twice is taken")
	}
}

// FuzzParseNetworks wants every range that is taken to have its own first address.
func FuzzParseNetworks(f *testing.F) {
	f.Add("10.0.0.0/8")
	f.Add("fd00::/8=eu-west-1")
	f.Add("::1=a")
	f.Add("::ffff:10.0.0.0/104=eu-west-1")
	f.Add("::ffff:10.0.0.0/80")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := usage.ParseNetworks("us-east-1", []string{text})
		if err != nil {
			return
		}
		address, region, named := strings.Cut(text, "=")
		if !named {
			region = "us-east-1"
		}
		address, _, _ = strings.Cut(address, "/")
		if a, err := netip.ParseAddr(address); err != nil || a.Zone() == "" && n.Of(a) != region {
			t.Fatalf("%q: got %s for %s", text, n.Of(a), address)
		}
	})
}
