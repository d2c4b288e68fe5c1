package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"entrepot/awsapi"
	"entrepot/awsclient"
	"entrepot/config"
)

// mounted is a folder as Kubernetes mounts a secret: each file is a link through one to the folder of this version.
type mounted struct {
	*testing.T
	folder   string
	versions int
}

// swap replaces all files at once, as Kubernetes does.
func (m *mounted) swap(files map[string]string) {
	m.Helper()
	m.versions++
	version := "..version-" + string(rune('a'+m.versions))
	must := func(err error) {
		if err != nil {
			m.Helper()
			m.Fatal(err)
		}
	}
	must(os.Mkdir(filepath.Join(m.folder, version), 0o700))
	for name, text := range files {
		must(os.WriteFile(filepath.Join(m.folder, version, name), []byte(text), 0o600))
		if m.versions == 1 {
			must(os.Symlink(filepath.Join("..data", name), filepath.Join(m.folder, name)))
		}
	}
	must(os.Symlink(version, filepath.Join(m.folder, "..next")))
	must(os.Rename(filepath.Join(m.folder, "..next"), filepath.Join(m.folder, "..data")))
}

func TestACredentialIsReadAnewWhenItsFileIsAnother(t *testing.T) {
	m := &mounted{T: t, folder: t.TempDir()}
	m.swap(map[string]string{"token": "one\n"})
	now, log := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), &bytes.Buffer{}
	c := settings(t.TempDir())
	c.Remotes["central"] = config.Remote{Domain: "d1", URL: "https://registry.example.test/", Format: "npm",
		TokenFile: filepath.Join(m.folder, "token")}
	all, err := configuredRemotes(c, func() time.Time { return now }, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	holds := func(want string, passed time.Duration) {
		t.Helper()
		now = now.Add(passed)
		if got := all[0].Current().Token.Reveal(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	holds("one", 0)
	m.swap(map[string]string{"token": "two"})
	holds("one", filesEvery-1) // it is not read for each request
	holds("two", 1)
	for _, broken := range []string{"", " \n", "a\x00b", strings.Repeat("x", maxSecretFile+1)} {
		m.swap(map[string]string{"token": broken})
		holds("two", filesEvery)
		holds("two", filesEvery)
	}
	m.swap(map[string]string{})
	holds("two", filesEvery)
	m.swap(map[string]string{"token": "three\r\n"})
	holds("three", filesEvery)
	if got := strings.Count(log.String(), "could not be read anew"); got != 4 { // an empty one and one of spaces fail alike
		t.Errorf("the log tells it %d times:\n%s", got, log)
	}
	for _, secret := range []string{"one", "two", "three", "xxx"} {
		if strings.Contains(log.String(), "="+secret) || strings.Contains(log.String(), `"`+secret) {
			t.Errorf("the log has %s in it:\n%s", secret, log)
		}
	}
}

func TestASettingOfARemoteWhoseFileIsNotThereEndsTheStart(t *testing.T) {
	for name, set := range map[string]config.Remote{
		"token":       {Format: "npm", TokenFile: "nowhere/token"},
		"password":    {Format: "npm", Username: "ann", PasswordFile: "nowhere/password"},
		"credentials": {Region: "us-east-1", KeyFile: "nowhere/credentials"},
	} {
		c := settings(t.TempDir())
		set.Domain, set.URL = "d1", "https://registry.example.test/d1-123456789012/npm/r1/"
		c.Remotes["central"] = set
		_, err := open(t.Context(), c, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "remotes.central: ") || !strings.Contains(err.Error(), "nowhere/"+name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// isAsked is a server whose domain d1 has the remotes, and a repository that is connected to central.
func isAsked(t *testing.T, remotes map[string]config.Remote) *app {
	t.Helper()
	c := settings(t.TempDir())
	c.Remotes = remotes
	a, err := open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	for _, target := range []string{"domain?domain=d1", "repository?domain=d1&repository=r1",
		"repository/external-connection?domain=d1&repository=r1&external-connection=remote:central"} {
		if got := a.signed(t, http.MethodPost, "/v1/"+target, "{}"); got.status != http.StatusOK {
			t.Fatalf("%s: got %d %s", target, got.status, got.body)
		}
	}
	return a
}

// checks asks for what the other side of central lets the server do until it is as wanted.
func (a *app) checks(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		got := a.signed(t, http.MethodPost, awsapi.CheckRemotePath+"?domain=d1&name=central", "")
		if strings.Contains(string(got.body), want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %s, want %s", got.body, want)
		}
	}
}

func TestARegistryOfTheConfigurationIsShownTheTokenOfTheFile(t *testing.T) {
	m := &mounted{T: t, folder: t.TempDir()}
	m.swap(map[string]string{"token": "one"})
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer two" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer there.Close()
	a := isAsked(t, map[string]config.Remote{"of-d1": {Name: "central", Domain: "d1", URL: there.URL, Format: "npm",
		TokenFile: filepath.Join(m.folder, "token")}})
	a.checks(t, "wants other credentials")
	m.swap(map[string]string{"token": "two"})
	a.checks(t, "Packages can be read at "+there.URL)
	var told awsapi.RemoteList
	if err := json.Unmarshal(a.signed(t, http.MethodPost, awsapi.ListRemotesPath+"?domain=d1", "").body, &told); err != nil {
		t.Fatal(err)
	}
	if len(told.Remotes) != 1 || !told.Remotes[0].Configured || !told.Remotes[0].HasCredential || told.Remotes[0].URL != there.URL {
		t.Errorf("got %+v", told)
	}
	got := a.signed(t, http.MethodPost, awsapi.DeleteRemotePath+"?domain=d1&name=central", "")
	if got.status != http.StatusConflict || !strings.Contains(string(got.body), "under remotes.of-d1") {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestAnotherServerOfTheConfigurationIsSignedInToWithTheKeyOfTheFile(t *testing.T) {
	other := started(t, t.TempDir())
	defer other.stop(t)
	for _, target := range []string{"domain?domain=d1", "repository?domain=d1&repository=r1"} {
		if got := other.signed(t, http.MethodPost, "/v1/"+target, "{}"); got.status != http.StatusOK {
			t.Fatalf("%s: got %d %s", target, got.status, got.body)
		}
	}
	there := httptest.NewServer(other.server)
	defer there.Close()
	key, err := os.ReadFile(filepath.Join(other.config.Data, "aws", "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	m := &mounted{T: t, folder: t.TempDir()}
	m.swap(map[string]string{"credentials": "[default]\naws_access_key_id = AKIAWRONG\naws_secret_access_key = wrong\n"})
	a := isAsked(t, map[string]config.Remote{"central": {Domain: "d1", URL: there.URL + "/d1-" + other.config.Account + "/npm/r1/",
		Region: other.config.Region, KeyFile: filepath.Join(m.folder, "credentials")}})
	a.checks(t, "The server cannot sign in to remote:central")
	m.swap(map[string]string{"credentials": string(key)})
	a.checks(t, "signs in to domain d1 of account "+other.config.Account+" in "+other.config.Region)
}

// Tokens, the API and packages are had from a server under a private authority by whom has its certificate, whether it was put or
// is configured.
func TestAPrivateAuthorityIsBelievedForItsRemote(t *testing.T) {
	other := started(t, t.TempDir())
	defer other.stop(t)
	for _, target := range []string{"domain?domain=d1", "repository?domain=d1&repository=r1"} {
		if got := other.signed(t, http.MethodPost, "/v1/"+target, "{}"); got.status != http.StatusOK {
			t.Fatalf("%s: got %d %s", target, got.status, got.body)
		}
	}
	there := httptest.NewUnstartedServer(other.server)
	there.Config.ErrorLog = log.New(io.Discard, "", 0)
	there.StartTLS()
	defer there.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: there.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	at := config.Remote{Domain: "d1", URL: there.URL + "/d1-" + other.config.Account + "/npm/r1/", Region: other.config.Region,
		KeyFile: filepath.Join(other.config.Data, "aws", "credentials")}
	doubting := at
	at.Certificate = file
	a := isAsked(t, map[string]config.Remote{"central": at, "doubting": doubting})
	check := func(name, want string) {
		t.Helper()
		got := a.signed(t, http.MethodPost, awsapi.CheckRemotePath+"?domain=d1&name="+name, "")
		if !strings.Contains(string(got.body), want) {
			t.Errorf("%s: got %s, want %s", name, got.body, want)
		}
	}
	check("central", "Packages can be read at repository r1 there.")
	check("doubting", "is of an authority that the server's system does not believe; give the remote its certificate")
	key, err := awsclient.ReadKey(at.KeyFile, "")
	if err != nil {
		t.Fatal(err)
	}
	put := remoteBody{URL: at.URL, Region: at.Region, Certificates: string(certificate),
		Credential: awsapi.RemoteCredentialInput{AccessKeyID: key.KeyID, SecretAccessKey: key.Secret.Reveal()}}
	for _, put.Certificates = range []string{"", string(certificate)} {
		body, err := json.Marshal(put)
		if err != nil {
			t.Fatal(err)
		}
		got := a.signed(t, http.MethodPost, awsapi.PutRemotePath+"?domain=d1&name=put", string(body))
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if put.Certificates == "" {
			check("put", "is of an authority that the server's system does not believe")
		} else {
			check("put", "Packages can be read at repository r1 there.")
		}
	}
	// What the API tells comes the same way: of a generic package that nobody has it says that it is not there.
	got := a.signed(t, http.MethodGet, "/v1/package/version/asset?domain=d1&repository=r1&format=generic&namespace=n&package=p&version=1&asset=a", "")
	if got.status != http.StatusNotFound {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestWhatIsWrongWithTheCertificateOfARegistryIsTold(t *testing.T) {
	there := httptest.NewUnstartedServer(http.NotFoundHandler())
	there.Config.ErrorLog = log.New(io.Discard, "", 0)
	there.StartTLS()
	defer there.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: there.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(there.URL, "127.0.0.1", "localhost", 1) // in no certificate
	a := isAsked(t, map[string]config.Remote{
		"central":  {Domain: "d1", URL: there.URL, Format: "npm", Certificate: file},
		"doubting": {Domain: "d1", URL: there.URL, Format: "npm"},
		"renamed":  {Domain: "d1", URL: other, Format: "npm", Certificate: file},
	})
	for name, want := range map[string]string{
		"central":  "Packages can be read at " + there.URL,
		"doubting": "cannot read remote:doubting: the certificate of " + there.URL + " is of an authority that the server's system does not believe",
		"renamed":  "cannot read remote:renamed: the certificate of " + other + " is not believed: x509: certificate is valid for",
	} {
		got := a.signed(t, http.MethodPost, awsapi.CheckRemotePath+"?domain=d1&name="+name, "")
		if !strings.Contains(string(got.body), want) {
			t.Errorf("%s: got %s, want %s", name, got.body, want)
		}
	}
}

// A start waits for nothing, and nobody who reads a package does.
func TestAPipeAndAFolderAreNoFilesOfCredentials(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, folder} {
		for name, set := range map[string]config.Remote{
			"token":       {Format: "npm", TokenFile: path},
			"password":    {Format: "npm", Username: "ann", PasswordFile: path},
			"key":         {Region: "us-east-1", KeyFile: path},
			"certificate": {Format: "npm", Certificate: path},
		} {
			c := settings(t.TempDir())
			set.Domain, set.URL = "d1", "https://registry.example.test/d1-123456789012/npm/r1/"
			c.Remotes["central"] = set
			_, err := configuredRemotes(c, time.Now, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), "remotes.central: "+path+" is no plain file") {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

func TestAKeyAmongCertificatesIsSentToNobody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("hush")}), 0o600); err != nil {
		t.Fatal(err)
	}
	put, err := connectCommand{To: "https://registry.example.test/npm/", Format: "npm", Certificate: file}.remote(user{})
	if err == nil || !strings.HasPrefix(err.Error(), file+": ") || put.Certificates != "" {
		t.Errorf("got %+v, %v", put, err)
	}
}
