package trust_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/clientconfig"
	"entrepot/localca"
	"entrepot/trust"
)

// machine is one of the test's own: a home, the system's folder of Debian, programs that are all there and note their calls.
type machine struct {
	trust.Machine
	terminal map[string]string
	calls    []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{terminal: map[string]string{}}
	m.Machine = trust.Machine{
		OS: "linux", Root: t.TempDir(),
		User: clientconfig.User{Home: t.TempDir(), Getenv: func(name string) string { return m.terminal[name] }},
		Find: func(program string) (string, error) { return "/usr/bin/" + program, nil },
		Run: func(_ context.Context, program string, args ...string) error {
			m.calls = append(m.calls, strings.Join(append([]string{program}, args...), " "))
			return nil
		},
	}
	if err := os.MkdirAll(filepath.Join(m.Root, "usr/local/share/ca-certificates"), 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

// authority makes one and returns its file.
func authority(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tls")
	if _, err := localca.Open(localca.Options{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, localca.AuthorityFile)
}

func (m *machine) prepare(t *testing.T, file string) trust.Material {
	t.Helper()
	f, err := trust.Prepare(m.Machine, file, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheSystemBelievesAndForgets(t *testing.T) {
	m := newMachine(t)
	f := m.prepare(t, authority(t))
	system, ok := trust.SystemOf(m.Machine)
	if !ok || system.Believes(f) {
		t.Fatalf("found %v, believes it before it was told: %v", ok, system.Believes(f))
	}
	if err := system.Apply(t.Context(), f); err != nil || !system.Believes(f) {
		t.Errorf("apply: %v, believes it: %v", err, system.Believes(f))
	}
	if err := system.Remove(t.Context(), f); err != nil || system.Believes(f) {
		t.Errorf("remove: %v, believes it: %v", err, system.Believes(f))
	}
	if want := []string{"update-ca-certificates", "update-ca-certificates"}; !slices.Equal(m.calls, want) {
		t.Errorf("ran %v, want %v", m.calls, want)
	}
	left, err := os.ReadDir(filepath.Join(m.Root, "usr/local/share/ca-certificates"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestOtherSystemsAreToldByHand(t *testing.T) {
	for system, want := range map[string]string{"darwin": "add-trusted-cert", "windows": "certutil -addstore"} {
		m := newMachine(t)
		m.OS = system
		f := m.prepare(t, authority(t))
		s, ok := trust.SystemOf(m.Machine)
		if err := s.Apply(t.Context(), f); !ok || !errors.Is(err, trust.ErrByHand) {
			t.Errorf("%s: found %v, got %v, want that it is done by hand", system, ok, err)
		}
		if lines := strings.Join(s.Commands(f, false), "\n"); !strings.Contains(lines, want) || !strings.Contains(lines, f.Authority) {
			t.Errorf("%s: got %s, want %s with the file", system, lines, want)
		}
	}
}

// TestNothingThatWasBelievedIsLost has lists of the user's own in a variable and in a client's file, and one of all users.
func TestNothingThatWasBelievedIsLost(t *testing.T) {
	m := newMachine(t)
	company, proxy, everybody := authority(t), authority(t), authority(t)
	m.terminal["AWS_CA_BUNDLE"] = company
	if err := os.WriteFile(filepath.Join(m.Home, ".npmrc"), []byte("cafile="+proxy+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pipConf := filepath.Join(m.Root, "etc", "pip.conf")
	if err := os.MkdirAll(filepath.Dir(pipConf), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pipConf, []byte("[global]\ncert = "+everybody+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := m.prepare(t, authority(t))
	bundle, err := os.ReadFile(f.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{company, proxy, everybody, f.Authority} {
		certificate, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(bundle), string(certificate)) {
			t.Errorf("%s is not in the bundle, %v", file, err)
		}
	}
}

func TestVariablesAreExported(t *testing.T) {
	m := newMachine(t)
	f := m.prepare(t, authority(t))
	exported := func() map[string]string {
		all := map[string]string{}
		for _, v := range trust.Exports(m.Getenv, f) {
			all[v[0]] = v[1]
		}
		return all
	}
	got := exported()
	if got["NODE_EXTRA_CA_CERTS"] != f.Authority || got["PIP_CERT"] != f.Bundle || got["AWS_CA_BUNDLE"] != f.Bundle ||
		got["npm_config_cafile"] != f.Bundle {
		t.Errorf("got %v, want the authority where it is added and the bundle where it replaces", got)
	}
	if _, java := got["MAVEN_OPTS"]; java {
		t.Error("Java is told of a truststore that was not made")
	}
	m.terminal["NODE_EXTRA_CA_CERTS"], m.terminal["MAVEN_OPTS"], f.Truststore = "/etc/own.pem", "-Xmx1g", "/srv/truststore"
	got = exported()
	if got["NODE_EXTRA_CA_CERTS"] != f.Bundle || !strings.HasPrefix(got["MAVEN_OPTS"], "-Xmx1g -Djavax.net.ssl.trustStore=/srv/truststore ") {
		t.Errorf("got %v, want what was there and ours", got)
	}
	m.terminal["MAVEN_OPTS"] = got["MAVEN_OPTS"]
	if again := exported(); again["MAVEN_OPTS"] != got["MAVEN_OPTS"] {
		t.Errorf("got %s, want the same as before", again["MAVEN_OPTS"])
	}
}

func TestAMissingAuthorityIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.pem")
	if _, err := trust.Prepare(newMachine(t).Machine, path, time.Now()); err == nil || !strings.Contains(err.Error(), "--tls auto") {
		t.Errorf("got %v, want it to say where one comes from", err)
	}
}
