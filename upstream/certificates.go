package upstream

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"entrepot/artifact"
)

// Bounds of the certificates that an origin brings along.
const (
	maxCertificates     = 16
	maxCertificatesText = 64 << 10 // bytes
)

// ParseCertificates reads certificates in PEM, of authorities or of servers themselves. Between them may be what people write there;
// anything but a certificate, such as a key, is refused. The error is Invalid and repeats nothing.
func ParseCertificates(text string) ([]*x509.Certificate, error) {
	if len(text) > maxCertificatesText {
		return nil, artifact.Errorf(artifact.Invalid, "The certificates have more than %d bytes.", maxCertificatesText)
	}
	var all []*x509.Certificate
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, artifact.Errorf(artifact.Invalid, "Among the certificates is something else, a %.40q: nobody should be given a key.",
				block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, artifact.Errorf(artifact.Invalid, "Certificate %d cannot be read.", len(all)+1).Causing(err)
		}
		if all = append(all, certificate); len(all) > maxCertificates {
			return nil, artifact.Errorf(artifact.Invalid, "There are more than %d certificates.", maxCertificates)
		}
	}
	// What cannot be read is passed over by pem: one cut short, or behind something else on its line.
	if begun := strings.Count(text, "-----BEGIN "); begun != len(all) {
		return nil, artifact.Errorf(artifact.Invalid, "Of the certificates %d begin, and %d can be read.", begun, len(all))
	}
	if len(all) == 0 && strings.TrimSpace(text) != "" {
		return nil, artifact.Errorf(artifact.Invalid, "There is no certificate: a file of them has lines with BEGIN CERTIFICATE in it.")
	}
	return all, nil
}

// TidyCertificates returns the same certificates with nothing between them, so that they may be shown. Errors are
// ParseCertificates'.
func TidyCertificates(text string) (string, error) {
	all, err := ParseCertificates(text)
	var tidy strings.Builder
	for _, c := range all {
		_ = pem.Encode(&tidy, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a builder takes everything
	}
	return tidy.String(), err
}

// CertificateDigests are the SHA-256 of certificates that ParseCertificates has read, by which openssl and browsers know them.
func CertificateDigests(text string) []string {
	all, _ := ParseCertificates(text)
	digests := make([]string, 0, len(all))
	for _, c := range all {
		digests = append(digests, fmt.Sprintf("%x", sha256.Sum256(c.Raw)))
	}
	return digests
}

// Believing is the TLS with which certificates are believed beside what base believes, or the system if it is nil. Errors are
// ParseCertificates'.
func Believing(base *tls.Config, certificates string) (*tls.Config, error) {
	all, err := ParseCertificates(certificates)
	if err != nil {
		return nil, err
	}
	own := &tls.Config{MinVersion: tls.VersionTLS12}
	if base != nil {
		own = base.Clone()
	}
	var pool *x509.CertPool
	if own.RootCAs != nil {
		pool = own.RootCAs.Clone()
	} else if pool, err = x509.SystemCertPool(); err != nil {
		pool = x509.NewCertPool() // a system without a list has none to add to
	}
	for _, c := range all {
		pool.AddCert(c)
	}
	own.RootCAs = pool
	return own, nil
}
