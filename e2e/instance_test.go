package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"entrepot/conformance/jsonmatch"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// haltOnRace makes a server built with the race detector end at once where it would only print.
const haltOnRace = "GORACE=halt_on_error=1"

// Times a server has for starting and for ending; far above what it takes, for machines that are busy.
const (
	startWithin = 60 * time.Second
	endWithin   = 45 * time.Second
)

// instance is one data folder and the server process over it.
type instance struct {
	binary string
	data   string
	env    []string     // of the process
	region string       // that its flags name; us-east-1 if they name none
	url    string       // once started; a restart keeps it, because clients' lockfiles name it
	client *http.Client // for the tests' own requests to it, once started

	cmd   *exec.Cmd
	ended chan error
	log   tail
}

var readyLine = regexp.MustCompile(`is ready at (https?://127\.0\.0\.1:[0-9]+), data in`)

// start runs the server with further flags and returns once it has said that it is ready.
func (i *instance) start(flags ...string) error {
	if i.running() {
		return errors.New("the server is running already")
	}
	_, listen, started := strings.Cut(i.url, "://")
	if !started {
		var err error
		if listen, err = reserve(); err != nil {
			return err
		}
	}
	i.region = "us-east-1"
	for _, flag := range flags {
		if name, ok := strings.CutPrefix(flag, "region="); ok {
			i.region = name
		}
	}
	i.cmd = exec.Command(i.binary, append([]string{"serve", "--data", i.data, "--listen", listen}, flags...)...)
	i.cmd.Env, i.cmd.Stderr = i.env, &i.log
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := i.cmd.Start(); err != nil {
		return err
	}
	// The goroutine's own: by the time it ends, another start may have made another.
	cmd, ended := i.cmd, make(chan error, 1)
	i.ended = ended
	ready := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		ready <- line
		_, _ = io.Copy(&i.log, out)
		ended <- cmd.Wait()
		close(ended)
	}()
	select {
	case line := <-ready:
		found := readyLine.FindStringSubmatch(line)
		if found == nil {
			i.crash()
			return fmt.Errorf("the server said %q in place of its ready line; its log:\n%s", line, i.log.String())
		}
		i.url = found[1]
		i.client, err = i.believing()
		return err
	case <-time.After(startWithin):
		i.crash()
		return fmt.Errorf("no ready line within %v; the server's log:\n%s", startWithin, i.log.String())
	}
}

// believing returns a client that believes the server's own authority, if it has one.
func (i *instance) believing() (*http.Client, error) {
	if !strings.HasPrefix(i.url, "https:") {
		return client, nil
	}
	authority, err := os.ReadFile(filepath.Join(i.data, "tls", "ca.pem"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("the server's ca.pem holds no certificate")
	}
	transport := client.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	return &http.Client{Transport: transport, CheckRedirect: client.CheckRedirect, Timeout: client.Timeout}, nil
}

// reserve returns an address that nobody listens on. Its port is below those that systems give to outgoing connections
// (32768 and up on Linux, 49152 elsewhere): while a server is down that starts again on its port, no client of any test is
// given it.
func reserve() (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no port of a hundred is free")
}

func (i *instance) running() bool { return i.cmd != nil }

// signal asks the server to end.
func (i *instance) signal() error { return i.cmd.Process.Signal(syscall.SIGTERM) }

// wait waits for the end of a server that was signalled. The error says that it did not end well, or not in time.
func (i *instance) wait() error {
	defer func() { i.cmd = nil }()
	select {
	case err := <-i.ended:
		if err != nil {
			return fmt.Errorf("the server ended with %w; its log:\n%s", err, i.log.String())
		}
		return nil
	case <-time.After(endWithin):
		_ = i.cmd.Process.Kill()
		<-i.ended
		return fmt.Errorf("the server did not end within %v; its log:\n%s", endWithin, i.log.String())
	}
}

// crash ends the server as a power cut would, as far as the process can tell.
func (i *instance) crash() {
	if !i.running() {
		return
	}
	_ = i.cmd.Process.Kill() // it may have ended by itself
	<-i.ended
	i.cmd = nil
}

// api makes a signed call with the administrator's key. The body may be nil. The answer's body is at most 64 MiB.
func (i *instance) api(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	id, secret, err := i.key()
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, i.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	sum := sha256.Sum256(body)
	signer := v4.NewSigner()
	credentials := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	err = signer.SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "codeartifact", i.region, time.Now())
	if err != nil {
		return 0, nil, fmt.Errorf("sign: %w", err)
	}
	resp, err := i.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	return resp.StatusCode, answer, err
}

// do is api for calls that must succeed.
func (i *instance) do(ctx context.Context, method, path, body string) ([]byte, error) {
	var raw []byte
	if body != "" {
		raw = []byte(body)
	}
	status, answer, err := i.api(ctx, method, path, raw)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s %s: got %d %s", method, path, status, answer)
	}
	return answer, nil
}

// key reads the administrator's key from where the server put it.
func (i *instance) key() (id, secret string, err error) {
	text, err := os.ReadFile(filepath.Join(i.data, "aws", "credentials"))
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, "=")
		switch strings.TrimSpace(name) {
		case "aws_access_key_id":
			id = strings.TrimSpace(value)
		case "aws_secret_access_key":
			secret = strings.TrimSpace(value)
		}
	}
	if id == "" || secret == "" {
		return "", "", errors.New("the credentials file holds no key")
	}
	return id, secret, nil
}

const (
	domain = "my-domain"
	owner  = "123456789012"
)

// build makes the repositories of the walk: npm-store, and so one for each format that is called after it, has the external
// connection, shared has the stores as upstreams, my-repo has shared.
func (i *instance) build(ctx context.Context, formats ...string) error {
	calls := [][2]string{{"domain?", "{}"}}
	var stores []string
	for _, format := range formats {
		store := format + "-store"
		stores = append(stores, `{"repositoryName":"`+store+`"}`)
		calls = append(calls, [2]string{"repository?repository=" + store + "&", "{}"}, [2]string{"repository/external-connection?repository=" +
			store + "&external-connection=public%3A" + kinds[format].connection + "&", ""})
	}
	calls = append(calls,
		[2]string{"repository?repository=shared&", `{"upstreams":[` + strings.Join(stores, ",") + `]}`},
		[2]string{"repository?repository=my-repo&", `{"upstreams":[{"repositoryName":"shared"}]}`})
	for _, call := range calls {
		if _, err := i.do(ctx, "POST", "/v1/"+call[0]+"domain="+domain, call[1]); err != nil {
			return err
		}
	}
	return nil
}

// token gets an authorization token for the domain.
func (i *instance) token(ctx context.Context, name string) (string, error) {
	answer, err := i.do(ctx, "POST", "/v1/authorization-token?domain="+name, "")
	if err != nil {
		return "", err
	}
	return jsonmatch.Pointer(answer, "/authorizationToken")
}

// endpoint is where npm finds a repository; it ends with a slash.
func (i *instance) endpoint(name, repository string) string {
	return i.endpointOf("npm", name, repository)
}

// endpointOf is where a format's clients find a repository; it ends with a slash.
func (i *instance) endpointOf(format, name, repository string) string {
	return i.url + "/" + name + "-" + owner + "/" + format + "/" + repository + "/"
}

// client is for this folder's own requests to servers without TLS: no proxies, no redirects, nothing asked for or undone behind the test's back.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       2 * time.Minute,
}

// tail keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailSize = 32 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if over := len(t.last) - tailSize; over > 0 {
		t.last = t.last[over:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.last)
}
