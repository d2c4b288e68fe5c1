package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificate is a TLS certificate in two PEM files. It is read anew when the files change, so that a renewed one is in
// use without a restart.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	state   [2]fileState // of current
	looked  time.Time
	failed  [2]fileState // of the files that could not be used; logged once
}

type fileState struct {
	modified time.Time
	size     int64
}

// lookEvery is how often handshakes make the server look at the files.
const lookEvery = 5 * time.Second

// NewCertificate reads the files. An unreadable or mismatched pair is an error that names them.
func NewCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	return c, c.Reload()
}

// Reload reads the files now. After an error the certificate read before stays in use.
func (c *Certificate) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	state, err := c.stat()
	if err != nil {
		return err
	}
	return c.load(state)
}

// load reads the pair. The state was taken before, so a change in between is seen the next time.
func (c *Certificate) load(state [2]fileState) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	c.current, c.state = &pair, state
	return nil
}

func (c *Certificate) stat() (state [2]fileState, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, statErr := os.Stat(name)
		if statErr != nil {
			return state, fmt.Errorf("look at certificate: %w", statErr)
		}
		state[i] = fileState{info.ModTime(), info.Size()}
	}
	return state, err
}

// GetCertificate is tls.Config.GetCertificate.
func (c *Certificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= lookEvery {
		c.looked = time.Now()
		c.renew()
	}
	if c.current == nil {
		return nil, errors.New("no certificate is loaded")
	}
	return c.current, nil
}

// renew loads changed files. While a pair is being replaced the files may not match; the next look finds them whole.
func (c *Certificate) renew() {
	state, err := c.stat()
	if err == nil {
		if state == c.state {
			return
		}
		if err = c.load(state); err == nil {
			c.log.Info("the TLS certificate was reloaded", "file", c.certFile)
			return
		}
	}
	if state != c.failed {
		c.log.Error("the TLS certificate could not be reloaded; the one before stays in use", "error", err)
	}
	c.failed = state
}

// GetCertificate returns the certificate that a handshake is answered with, as tls.Config.GetCertificate does. It is called
// by many at once.
type GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// config is the TLS of the listener.
func (get GetCertificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: get,
	}
}
