package upstream_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/upstream"
)

// behindTLS is a registry whose certificate nobody believes, and the certificate.
func behindTLS(t testing.TB) (base *url.URL, certificate string) {
	t.Helper()
	there := httptest.NewUnstartedServer(say("left"))
	there.Config.ErrorLog = log.New(io.Discard, "", 0)
	there.StartTLS()
	t.Cleanup(there.Close)
	base, err := url.Parse(there.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	return base, inPEM("CERTIFICATE", there.Certificate().Raw)
}

func inPEM(kind string, of []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: of}))
}

func TestACertificateIsBelievedOnBehalfOfItsRemoteAlone(t *testing.T) {
	base, certificate := behindTLS(t)
	var origin upstream.Origin
	r := newRig(t, say("left"), withRemote(func(o *upstream.Origin) { o.Base = base }), func(o *upstream.Options, _ *upstream.Origin) {
		o.Remotes = func(connection string) (upstream.Origin, bool) { return origin, true }
		o.Retries = -1
	})
	for i, step := range []struct {
		name         string
		certificates string
		fails        bool
	}{
		{"nobody believes it", "", true},
		{"this one does", certificate, false},
		{"one of the same host does not", "", true},
		{"it is one of several", certificate + "\n# ours\n" + certificate, false},
	} {
		origin = upstream.Origin{Name: "remote:central", Base: base, Remote: true, Certificates: step.certificates}
		request := ofRemote("left")
		request.Connection = "remote:central@" + string(rune('1'+i)) + "/npm"
		_, err := r.Document(t.Context(), request)
		if (err != nil) != step.fails || step.fails && !artifact.Is(err, artifact.Unavailable) {
			t.Errorf("%s: got %v, want an error %v", step.name, err, step.fails)
		}
	}
}

func TestWhatIsBelievedBeforeIsBelievedStill(t *testing.T) {
	base, certificate := behindTLS(t)
	roots := x509.NewCertPool()
	config, err := upstream.Believing(&tls.Config{RootCAs: roots, ServerName: "kept"}, certificate)
	if err != nil || config.ServerName != "kept" {
		t.Fatalf("got %+v, %v", config, err)
	}
	if !roots.Equal(x509.NewCertPool()) {
		t.Error("everybody else believes it now")
	}
	conn, err := tls.Dial("tcp", base.Host, &tls.Config{RootCAs: config.RootCAs})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

func TestWhatIsNoCertificateIsRefused(t *testing.T) {
	_, certificate := behindTLS(t)
	for name, text := range map[string]string{
		"no PEM":               "hush",
		"a key":                inPEM("PRIVATE KEY", []byte("hush")),
		"a key behind one":     certificate + inPEM("PRIVATE KEY", []byte("hush")),
		"damaged":              inPEM("CERTIFICATE", []byte("hush")),
		"behind a mark":        "\ufeff" + certificate,
		"one behind another":   certificate + " " + certificate,
		"cut short":            certificate + certificate[:len(certificate)/2],
		"a key that is spoilt": certificate + "-----BEGIN PRIVATE KEY-----\nhush!\n-----END PRIVATE KEY-----\n",
		"more than there are":  strings.Repeat(certificate, 17),
		"without end":          certificate + strings.Repeat("\n", 64<<10),
	} {
		_, err := upstream.ParseCertificates(text)
		if !artifact.Is(err, artifact.Invalid) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, want := range map[string]int{"": 0, " \n": 0, certificate: 1, "ours:\n" + certificate + certificate: 2} {
		all, err := upstream.ParseCertificates(name)
		if err != nil || len(all) != want {
			t.Errorf("got %d, %v, want %d", len(all), err, want)
		}
	}
}

func TestCertificatesAreShownWithNothingBetweenThem(t *testing.T) {
	_, certificate := behindTLS(t)
	block, _ := pem.Decode([]byte(certificate))
	block.Headers = map[string]string{"password": "hush"}
	with := strings.ReplaceAll(string(pem.EncodeToMemory(block)), "\n", "\r\n")
	for text, want := range map[string]string{"": "", " \n": "", "hush\n" + with + "hush\n" + certificate + "hush": certificate + certificate} {
		got, err := upstream.TidyCertificates(text)
		if got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if got, err := upstream.TidyCertificates("hush"); got != "" || !artifact.Is(err, artifact.Invalid) {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzParseCertificates(f *testing.F) {
	_, certificate := behindTLS(f)
	f.Add(certificate)
	f.Add("ours:\n" + certificate + inPEM("PRIVATE KEY", []byte("key")))
	f.Fuzz(func(t *testing.T, text string) {
		all, err := upstream.ParseCertificates(text)
		if err != nil && (!artifact.Is(err, artifact.Invalid) || all != nil) {
			t.Errorf("got %v", err)
		}
		if len(all) > 16 {
			t.Errorf("got %d", len(all))
		}
		tidy, _ := upstream.TidyCertificates(text)
		if again, err := upstream.ParseCertificates(tidy); err != nil || len(again) != len(all) {
			t.Errorf("got %d, %v, want %d", len(again), err, len(all))
		}
		if _, again := upstream.Believing(nil, text); (again == nil) != (err == nil) {
			t.Errorf("got %v, then %v", err, again)
		}
	})
}
