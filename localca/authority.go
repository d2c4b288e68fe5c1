package localca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	// authorityLife is how long an authority lasts. Clients have to be told of each one.
	authorityLife = 10 * 365 * 24 * time.Hour
	// overlap is how long before the end of the newest authority another one is made, for clients to be told meanwhile.
	overlap = 365 * 24 * time.Hour
	// serverLife is how long a certificate of the server lasts, of which the last third is for renewal. Apple's clients take
	// 825 days at most.
	serverLife = 30 * 24 * time.Hour
	renewal    = serverLife / 3
	// behind is how far behind the server's clock a client's may be.
	behind = time.Hour
)

// loopback are the names that every certificate has.
var loopback = []string{"localhost", "127.0.0.1", "::1"}

// authority is a certificate that signs others, with its key.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// newAuthority makes an authority that may certify the host names, wildcards such as *.example.test among them, and those
// below them. It may certify any address: under constraints of addresses BoringSSL takes no certificate that has one, and what
// is known by a bare address is worth little to deceive.
func newAuthority(names []string, now time.Time) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("make the key of an authority: %w", err)
	}
	serial := newSerial()
	template := &x509.Certificate{
		SerialNumber: serial,
		// The number tells several authorities apart in a client's list.
		Subject: pkix.Name{
			Organization: []string{"Entrepot"},
			CommonName:   "Entrepot authority " + hex.EncodeToString(serial.Bytes()[:4]),
		},
		NotBefore: now.Add(-behind), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		// Critical, as RFC 5280 wants it: a client that does not know constraints must not believe the authority.
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         constraints(names),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, fmt.Errorf("make an authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, fmt.Errorf("make an authority: %w", err)
	}
	return authority{certificate, key}, nil
}

// newSerial draws a serial number: 16 bytes, the first of which is not zero and has its highest bit clear.
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b[:])
}

// constraints are the fewest host names that cover the names: one stands for all below it.
func constraints(names []string) (least []string) {
	var domains []string
	for _, name := range names {
		if _, err := netip.ParseAddr(name); err != nil {
			domains = append(domains, strings.TrimPrefix(name, "*."))
		}
	}
	slices.SortStableFunc(domains, func(a, b string) int { return len(a) - len(b) })
	for _, name := range domains {
		if !slices.ContainsFunc(least, func(above string) bool { return isBelow(name, above) }) {
			least = append(least, name)
		}
	}
	return least
}

// isBelow reports whether a host name is another one or below it.
func isBelow(name, above string) bool { return name == above || strings.HasSuffix(name, "."+above) }

// permits reports whether the authority may certify the name. Without constraints, as one may be that somebody has put in the
// place of ours, it may certify all.
func (a authority) permits(name string) bool {
	if addr, err := netip.ParseAddr(name); err == nil {
		ip := net.IP(addr.Unmap().AsSlice())
		ranges := a.certificate.PermittedIPRanges
		return len(ranges) == 0 || slices.ContainsFunc(ranges, func(r *net.IPNet) bool { return r.Contains(ip) })
	}
	domains, name := a.certificate.PermittedDNSDomains, strings.TrimPrefix(name, "*.")
	return len(domains) == 0 || slices.ContainsFunc(domains, func(d string) bool { return isBelow(name, strings.ToLower(d)) })
}

// lastsUntil reports whether the authority has not ended at a time. Whether it has begun is not asked: where it has not, the
// clock is wrong, and another authority would be wrong with it.
func (a authority) lastsUntil(then time.Time) bool { return then.Before(a.certificate.NotAfter) }

// sign makes a certificate of the server, with a key of its own, for those of the names that the authority may certify.
func (a authority) sign(names []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of a certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: newSerial(),
		// No host name: clients read those of the extension.
		Subject:   pkix.Name{Organization: []string{"Entrepot"}, CommonName: "Entrepot server"},
		NotBefore: now.Add(-behind), NotAfter: now.Add(serverLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if a.certificate.NotAfter.Before(template.NotAfter) {
		template.NotAfter = a.certificate.NotAfter
	}
	for _, name := range names {
		switch addr, err := netip.ParseAddr(name); {
		case !a.permits(name):
		case err == nil:
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		default:
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
