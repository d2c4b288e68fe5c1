package localca

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// birth is when the first authority of a test is made.
var birth = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

var names = []string{"packages.example.test", "*.d.packages.example.test", "192.0.2.7"}

// house is a folder with an issuer over it, in a time of its own.
type house struct {
	*Issuer
	t   *testing.T
	dir string
	at  time.Time
	log bytes.Buffer
}

func open(t *testing.T, names ...string) *house {
	t.Helper()
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "tls"), at: birth}
	h.reopen(names...)
	return h
}

// reopen is a restart of the server, perhaps with other names.
func (h *house) reopen(names ...string) {
	h.t.Helper()
	var err error
	if h.Issuer, err = Open(h.options(names...)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) options(names ...string) Options {
	return Options{Dir: h.dir, Names: names, Now: func() time.Time { return h.at }, Log: slog.New(slog.NewTextHandler(&h.log, nil))}
}

// believed are the authorities that a client is told to believe now.
func (h *house) believed() []*x509.Certificate {
	h.t.Helper()
	all, err := Read(filepath.Join(h.dir, AuthorityFile), h.at)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// shake is a handshake of a client that asks a name, or an address, and believes the authorities.
func (h *house) shake(name string, believed ...*x509.Certificate) (*x509.Certificate, error) {
	h.t.Helper()
	roots := x509.NewCertPool()
	for _, c := range believed {
		roots.AddCert(c)
	}
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	defer server.Close()
	go func() {
		c, err := server.Accept()
		if err == nil {
			_ = tls.Server(c, &tls.Config{GetCertificate: h.GetCertificate}).Handshake() // the client says how it went
			_ = c.Close()
		}
	}()
	c, err := tls.Dial("tcp", server.Addr().String(),
		&tls.Config{ServerName: name, RootCAs: roots, Time: func() time.Time { return h.at }})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

func (h *house) serves(name string, believed ...*x509.Certificate) *x509.Certificate {
	h.t.Helper()
	c, err := h.shake(name, believed...)
	if err != nil {
		h.t.Fatalf("%s at %v: %v", name, h.at, err)
	}
	return c
}

func TestEveryNameIsCertified(t *testing.T) {
	h := open(t, names...)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "packages.example.test", "192.0.2.7",
		"team-123456789012.d.packages.example.test"} {
		h.serves(name, h.believed()...)
	}
	for _, name := range []string{"example.test", "other.packages.example.test", "a.b.d.packages.example.test", "192.0.2.8"} {
		if _, err := h.shake(name, h.believed()...); err == nil {
			t.Errorf("%s is certified", name)
		}
	}
	if _, err := h.shake("localhost"); err == nil {
		t.Error("a client that believes nothing was content")
	}
}

func TestFilesAreForTheirOwnerAndStay(t *testing.T) {
	h := open(t, names...)
	for name, want := range map[string]fs.FileMode{"": 0o700, keyFile: 0o600, AuthorityFile: 0o644} {
		info, err := os.Stat(filepath.Join(h.dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: got mode %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
	first := h.believed()
	if len(first) != 1 {
		t.Fatalf("got %d authorities, want one", len(first))
	}
	public, err := os.ReadFile(filepath.Join(h.dir, AuthorityFile))
	if err != nil || bytes.Contains(public, []byte("KEY")) {
		t.Errorf("clients read %s, %v, want certificates alone", public, err)
	}
	h.at = h.at.Add(100 * day)
	h.reopen(names...)
	if again := h.believed(); len(again) != 1 || !again[0].Equal(first[0]) {
		t.Error("a restart made another authority")
	}
	h.serves("localhost", first...)
}

// TestTheAuthorityMayCertifyNothingElse signs with the stolen key what our own code never would.
func TestTheAuthorityMayCertifyNothingElse(t *testing.T) {
	h := open(t, names...)
	a := h.authorities()[0]
	forge := func(template x509.Certificate, usage x509.ExtKeyUsage) error {
		template.SerialNumber, template.NotBefore, template.NotAfter = newSerial(), h.at.Add(-time.Hour), h.at.Add(day)
		template.ExtKeyUsage = []x509.ExtKeyUsage{usage}
		der, err := x509.CreateCertificate(rand.Reader, &template, a.certificate, a.key.Public(), a.key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(a.certificate)
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: h.at, KeyUsages: template.ExtKeyUsage})
		return err
	}
	const server, code = x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageCodeSigning
	if err := forge(x509.Certificate{DNSNames: []string{"below.packages.example.test"}}, server); err != nil {
		t.Errorf("a name below one of the server's: %v", err)
	}
	for _, row := range []struct {
		name     string
		template x509.Certificate
		usage    x509.ExtKeyUsage
		want     x509.InvalidReason
	}{
		{"another name", x509.Certificate{DNSNames: []string{"bank.example.test"}}, server, x509.CANotAuthorizedForThisName},
		{"a longer name", x509.Certificate{DNSNames: []string{"notpackages.example.test"}}, server, x509.CANotAuthorizedForThisName},
		{"one of its own and another", x509.Certificate{DNSNames: []string{"localhost", "bank.example.test"}}, server,
			x509.CANotAuthorizedForThisName},
		{"an address and another name", x509.Certificate{DNSNames: []string{"bank.example.test"},
			IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7)}}, server, x509.CANotAuthorizedForThisName},
		{"code", x509.Certificate{DNSNames: []string{"localhost"}}, code, x509.IncompatibleUsage},
	} {
		err := forge(row.template, row.usage)
		if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); !ok || invalid.Reason != row.want {
			t.Errorf("%s: got %v, want that the authority may not certify it", row.name, err)
		}
	}
}

func TestACertificateIsRenewedBeforeItEnds(t *testing.T) {
	h := open(t, names...)
	first := h.serves("localhost", h.believed()...)
	for _, row := range []struct {
		after time.Duration
		same  bool
	}{{serverLife - renewal - time.Minute, true}, {serverLife - renewal + time.Minute, false}} {
		h.at = birth.Add(row.after)
		if now := h.serves("localhost", h.believed()...); now.Equal(first) != row.same {
			t.Errorf("after %v: got the first certificate: %v, want %v", row.after, !row.same, row.same)
		}
	}
	// A server that nobody asked for a year, and a clock that was ahead.
	for _, at := range []time.Time{birth.Add(400 * day), birth.Add(day)} {
		h.at = at
		leaf := h.serves("localhost", h.believed()...)
		if lasts := leaf.NotAfter.Sub(h.at); lasts != serverLife {
			t.Errorf("at %v: the certificate lasts %v, want %v", at, lasts, serverLife)
		}
	}
	if n := len(h.believed()); n != 1 {
		t.Errorf("got %d authorities, want the first alone", n)
	}
}

func TestAnotherAuthorityIsMadeInTimeAndTheOldOneServesToItsEnd(t *testing.T) {
	h := open(t, names...)
	old := h.believed()
	h.at = birth.Add(authorityLife - overlap + day)
	h.serves("localhost", old...)
	both := h.believed()
	if len(both) != 2 || !both[0].Equal(old[0]) {
		t.Fatalf("got %d authorities, want the old one and another", len(both))
	}
	h.at = birth.Add(authorityLife - serverLife - day)
	h.serves("localhost", old...)
	h.at = birth.Add(authorityLife - serverLife + day)
	h.serves("packages.example.test", both[1])
	h.at = birth.Add(authorityLife + day)
	h.serves("localhost", both[1])
	if now := h.believed(); len(now) != 1 || !now[0].Equal(both[1]) {
		t.Errorf("got %d authorities for clients, want the one that has not ended", len(now))
	}
}

func TestANewNameLeavesTheOldOnesBelieved(t *testing.T) {
	h := open(t, "packages.example.test")
	old := h.believed()
	h.reopen("packages.example.test", "*.d.packages.example.test", "192.0.2.7")
	if n := len(h.believed()); n != 1 {
		t.Fatalf("got %d authorities for a name below a certified one and an address, want the first alone", n)
	}
	h.serves("team-123456789012.d.packages.example.test", old...)
	h.serves("192.0.2.7", old...)

	h.reopen("other.example.test", "packages.example.test")
	both := h.believed()
	if len(both) != 2 {
		t.Fatalf("got %d authorities, want another one for the other name", len(both))
	}
	for _, name := range []string{"packages.example.test", "localhost", "127.0.0.1"} {
		h.serves(name, old...)
	}
	h.serves("other.example.test", both...)
	if _, err := h.shake("other.example.test", old...); err == nil {
		t.Error("the first authority certifies a name that it may not")
	}
	if !strings.Contains(h.log.String(), "run entrepot trust again") {
		t.Errorf("the log does not say what to do: %s", &h.log)
	}
	h.reopen("packages.example.test")
	if n := len(h.believed()); n != 2 {
		t.Errorf("got %d authorities after the name went, want both", n)
	}
	h.serves("packages.example.test", old...)
}

func TestAClockThatIsBehindMakesNoOtherAuthority(t *testing.T) {
	h := open(t, names...)
	h.at = birth.Add(-20 * 365 * day)
	h.reopen(names...)
	if _, err := h.GetCertificate(&tls.ClientHelloInfo{ServerName: "localhost"}); err != nil {
		t.Error(err)
	}
	h.at = birth.Add(day)
	if n := len(h.believed()); n != 1 {
		t.Errorf("got %d authorities, want one", n)
	}
	h.serves("localhost", h.believed()...)
}

func TestAnAuthorityThatCannotBeKeptIsNotUsed(t *testing.T) {
	h := open(t, names...)
	old := h.believed()
	h.at = birth.Add(authorityLife - overlap + day)
	if err := os.Rename(h.dir, h.dir+" elsewhere"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		h.serves("localhost", old...)
	}
	if n := strings.Count(h.log.String(), "could not be made"); n != 1 {
		t.Errorf("the log says %d times that it fails, want once: %s", n, &h.log)
	}
	if err := os.Rename(h.dir+" elsewhere", h.dir); err != nil {
		t.Fatal(err)
	}
	h.at = h.at.Add(patience)
	h.serves("localhost", old...)
	if n := len(h.believed()); n != 2 {
		t.Errorf("got %d authorities when there is room again, want two", n)
	}
}

func TestNoMoreAuthoritiesAreKeptThanClientsCanRead(t *testing.T) {
	h := open(t)
	for n := range maxAuthorities + 2 {
		name := strings.Repeat("x", n+1) + ".test"
		h.reopen(name)
		h.serves(name, h.believed()...)
	}
	if n := len(h.believed()); n != maxAuthorities {
		t.Errorf("got %d authorities, want %d", n, maxAuthorities)
	}
}

func TestWhatClientsReadComesBack(t *testing.T) {
	h := open(t, names...)
	first := h.believed()
	for _, damage := range []func(string) error{os.Remove, func(path string) error { return os.WriteFile(path, nil, 0o644) }} {
		if err := damage(filepath.Join(h.dir, AuthorityFile)); err != nil {
			t.Fatal(err)
		}
		h.reopen(names...)
		if again := h.believed(); len(again) != 1 || !again[0].Equal(first[0]) {
			t.Error("got another authority, want the first")
		}
	}
}

func TestAFolderThatIsNotWholeIsRefusedAndLeftAsItIs(t *testing.T) {
	other := open(t, "other.example.test")
	foreign, err := os.ReadFile(filepath.Join(other.dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	key := func(text []byte) []byte { return text[bytes.Index(text, []byte("-----BEGIN PRIVATE")):] }
	certificate := func(text []byte) []byte { return text[:bytes.Index(text, []byte("-----BEGIN PRIVATE"))] }
	rewrite := func(change func([]byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			text, err := os.ReadFile(filepath.Join(dir, keyFile))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, keyFile), change(text), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	chmod := func(name string, mode fs.FileMode) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   []string
	}{
		{"no key", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
				t.Fatal(err)
			}
		}, []string{"ca-key.pem is missing", "backup", "entrepot trust"}},
		{"a key that others may read", chmod(keyFile, 0o640), []string{"mode 0640", "chmod 0600"}},
		{"a folder that others may write", chmod("", 0o770), []string{"mode 0770", "chmod 0700"}},
		{"an empty file", rewrite(func([]byte) []byte { return nil }), []string{"holds no authority", "backup"}},
		{"a certificate alone", rewrite(certificate), []string{"ends with a certificate that has no key"}},
		{"a key alone", rewrite(key), []string{"a key behind each"}},
		{"the key of another", rewrite(func(text []byte) []byte { return append(certificate(text), key(foreign)...) }),
			[]string{"not that of the certificate"}},
		{"damaged", rewrite(func(text []byte) []byte {
			return bytes.Replace(text, []byte("MII"), []byte("MIA"), 1)
		}), []string{"damaged"}},
		{"far too long", rewrite(func(text []byte) []byte { return append(text, make([]byte, maxFile)...) }),
			[]string{"longer than"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := open(t, names...)
			row.damage(t, h.dir)
			before := listing(t, h.dir)
			_, err := Open(h.options(names...))
			if err == nil {
				t.Fatal("it was opened")
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if after := listing(t, h.dir); after != before {
				t.Errorf("the refusal changed the folder from %s to %s", before, after)
			}
		})
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(e.Name() + ": " + string(text) + "\n")
	}
	return all.String()
}

func TestAFileInPlaceOfTheFolderIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tls")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{Dir: path, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), path+" is no folder") {
		t.Errorf("got %v, want that it is no folder", err)
	}
}

func FuzzParseAuthorities(f *testing.F) {
	a, err := newAuthority(loopback, birth)
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	if err := save(dir, []authority{a, a}); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{keyFile, AuthorityFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseAuthorities(text)
		if err != nil {
			return
		}
		if len(all) == 0 || len(all) > maxAuthorities {
			t.Fatalf("got %d authorities", len(all))
		}
		dir := filepath.Join(t.TempDir(), "tls")
		if err := errors.Join(makeFolder(dir), save(dir, all)); err != nil {
			t.Fatal(err)
		}
		if kept, err := load(dir); err != nil || len(kept) != len(all) {
			t.Fatalf("kept and read again: %d of %d, %v", len(kept), len(all), err)
		}
	})
}
