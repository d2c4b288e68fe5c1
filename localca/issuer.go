package localca

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what an Issuer is for.
type Options struct {
	Dir   string   // folder of the authorities, made if it is not there; the one above it exists
	Names []string // that the server has beside those of loopback: host names, wildcards such as *.example.test, addresses
	Now   func() time.Time
	Log   *slog.Logger
}

// Issuer makes the certificates of a server, of authorities that it keeps.
type Issuer struct {
	dir   string
	names []string
	now   func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	signers []*signer // oldest first; the last one may certify every name
	failed  time.Time // when another one could not be kept
}

// patience is how long after a failure to keep another authority it is not tried again.
const patience = time.Minute

// signer is an authority with the certificate of the server that is in use.
type signer struct {
	authority
	issued *tls.Certificate
}

// Open opens the authorities of a folder and makes one if none of them may certify every name. What it has made is durable
// when it returns. It refuses, with an error that says what to do, authorities whose keys are missing, damaged, or may be
// read by others. Names are in lower case.
func Open(o Options) (*Issuer, error) {
	i := &Issuer{dir: o.Dir, now: o.Now, log: o.Log, names: slices.Clone(loopback)}
	for _, name := range o.Names {
		if !slices.Contains(i.names, name) {
			i.names = append(i.names, name)
		}
	}
	kept, err := load(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	for _, a := range kept {
		i.signers = append(i.signers, &signer{authority: a})
	}
	if err := i.provide(i.now()); err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	// What clients read may have been lost.
	return i, save(o.Dir, i.authorities())
}

// GetCertificate is tls.Config.GetCertificate: the certificate for the name that the client asks, which it believes the
// longest. What is near its end is renewed first.
func (i *Issuer) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	if now.Sub(i.failed).Abs() >= patience {
		if err := i.provide(now); err != nil {
			i.failed = now
			i.log.Error("another certificate authority could not be made; the one before stays in use", "error", err)
		}
	}
	s := i.choose(asked(hello), now)
	if !s.fresh(now) {
		issued, err := s.sign(i.names, now)
		if err != nil {
			return nil, err
		}
		s.issued = issued
		i.log.Info("made a TLS certificate", "names", strings.Join(i.names, " "),
			"until", issued.Leaf.NotAfter, "authority", s.certificate.Subject.CommonName)
	}
	return s.issued, nil
}

// asked is the name that a client asks; who asks an address does not say so, but has come to it.
func asked(hello *tls.ClientHelloInfo) string {
	if hello.ServerName != "" || hello.Conn == nil {
		return strings.ToLower(hello.ServerName)
	}
	host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
	if err != nil {
		return ""
	}
	return host
}

// choose returns the oldest authority that may certify the name and lasts longer than a certificate does, or the newest.
func (i *Issuer) choose(name string, now time.Time) *signer {
	for _, s := range i.signers {
		if name != "" && s.permits(name) && s.lastsUntil(now.Add(serverLife)) {
			return s
		}
	}
	return i.signers[len(i.signers)-1]
}

// fresh reports whether the certificate in use is good and not near its end.
func (s *signer) fresh(now time.Time) bool {
	if s.issued == nil {
		return false
	}
	leaf := s.issued.Leaf
	return !now.Before(leaf.NotBefore) && now.Before(leaf.NotAfter.Add(-renewal))
}

// provide makes another authority if the newest one may not certify every name or comes near its end. Those that have ended
// stay: the clock may be wrong.
func (i *Issuer) provide(now time.Time) error {
	if i.provided(now) {
		return nil
	}
	made, err := newAuthority(i.names, now)
	if err != nil {
		return err
	}
	before := i.signers
	i.signers = append(slices.Clone(before), &signer{authority: made})
	i.signers = i.signers[max(0, len(i.signers)-maxAuthorities):]
	if err := save(i.dir, i.authorities()); err != nil {
		i.signers = before
		return err
	}
	about := []any{"authority", made.certificate.Subject.CommonName, "names", strings.Join(i.names, " "),
		"until", made.certificate.NotAfter}
	if len(before) == 0 {
		i.log.Info("made a certificate authority; entrepot trust has the clients of a machine believe it", about...)
		return nil
	}
	i.log.Warn("made another certificate authority: the others end, or may not certify every name; run entrepot trust again "+
		"where they are believed", about...)
	return nil
}

// provided reports whether the newest authority will do.
func (i *Issuer) provided(now time.Time) bool {
	if len(i.signers) == 0 {
		return false
	}
	newest := i.signers[len(i.signers)-1]
	return newest.lastsUntil(now.Add(overlap)) &&
		!slices.ContainsFunc(i.names, func(name string) bool { return !newest.permits(name) })
}

func (i *Issuer) authorities() []authority {
	all := make([]authority, len(i.signers))
	for n, s := range i.signers {
		all[n] = s.authority
	}
	return all
}
