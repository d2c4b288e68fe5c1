package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/config"
	"entrepot/localca"
)

// certified is a server over the folder with an authority of its own, under the public URL and AWS's host names.
func certified(t *testing.T, data string) *app {
	t.Helper()
	a, err := open(t.Context(), certifiedSettings(data), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func certifiedSettings(data string) config.Config {
	c := settings(data)
	c.TLS.Mode, c.PublicURL, c.AWSHosts = config.TLSAuto, "https://packages.example.test:8443", true
	return c
}

func TestTheCertificateHasEveryNameOfTheServer(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	a := certified(t, data)
	defer a.stop(t)
	got, err := a.issuer.GetCertificate(&tls.ClientHelloInfo{ServerName: "packages.example.test"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"localhost", "iam.amazonaws.com", "packages.example.test", "sts.amazonaws.com", "sts.us-east-1.amazonaws.com",
		"codeartifact.us-east-1.amazonaws.com", "*.d.codeartifact.us-east-1.amazonaws.com"}
	for _, name := range want {
		if !slices.Contains(got.Leaf.DNSNames, name) {
			t.Errorf("%s is not in the certificate of %v", name, got.Leaf.DNSNames)
		}
	}
	if len(got.Leaf.DNSNames) != len(want) || !slices.ContainsFunc(got.Leaf.IPAddresses, net.IP.IsLoopback) {
		t.Errorf("got %v and %v, want %v and the addresses of loopback", got.Leaf.DNSNames, got.Leaf.IPAddresses, want)
	}
	key := domainKey("team").Repository("r1")
	if got, want := a.addresses.Endpoint(key, "npm"), "https://team-123456789012.d.codeartifact.us-east-1.amazonaws.com/npm/r1/"; got != want {
		t.Errorf("got endpoint %s, want %s", got, want)
	}
}

func TestAnAuthorityStaysWithItsFolder(t *testing.T) {
	data, elsewhere := filepath.Join(t.TempDir(), "data"), t.TempDir()
	authority := func() string {
		all, err := localca.Read(filepath.Join(data, "tls", localca.AuthorityFile), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return all[0].Subject.CommonName
	}
	certified(t, data).stop(t)
	first := authority()
	started(t, data).stop(t) // without TLS, which leaves the folder alone
	certified(t, data).stop(t)
	if again := authority(); again != first {
		t.Errorf("got another authority, %s, want %s", again, first)
	}

	move(t, data, elsewhere, "tls/ca-key.pem")
	before := tree(t, filepath.Join(data, "tls"))
	a, err := open(t.Context(), certifiedSettings(data), slog.New(slog.DiscardHandler))
	if err == nil {
		a.stop(t)
		t.Fatal("a server without the authority's key started")
	}
	if !strings.Contains(err.Error(), "ca-key.pem is missing") {
		t.Errorf("got %v, want it to name the key", err)
	}
	if after := tree(t, filepath.Join(data, "tls")); len(after) != len(before) {
		t.Errorf("the refusal left %v, want %v", after, before)
	}

	if err := os.RemoveAll(filepath.Join(data, "tls")); err != nil {
		t.Fatal(err)
	}
	certified(t, data).stop(t)
	if again := authority(); again == first {
		t.Error("the authority came back from nowhere")
	}
}
