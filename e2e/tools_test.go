package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// needs are what a session may ask for with the command need, besides any program by its name.
var needs = map[string]func() error{
	"build-backends":         func() error { return there("python", "backends", "*.whl") },
	"maven-plugins":          func() error { return there("java", "repository", "test", "example", "e2e", "parent", "*") },
	"cargo":                  newCargo,
	"boto3":                  func() error { return exec.Command("python3", "-c", "import boto3").Run() },
	"namespaces":             namespaces,
	"loopback-addresses":     loopbackAddresses,
	"public-registry":        func() error { _, err := publicRegistry(); return err },
	"terraform-aws-provider": func() error { _, err := terraformProvider(); return err },
}

// missing returns why a need is not met, or nil.
func missing(need string) error {
	if check, ok := needs[need]; ok {
		return check()
	}
	_, err := exec.LookPath(need)
	return err
}

// there is an error unless the tools' folder has what a pattern says.
func there(pattern ...string) error {
	found, err := filepath.Glob(filepath.Join(append([]string{tools}, pattern...)...))
	if err == nil && len(found) == 0 {
		err = errors.New("tools.sh could not fetch it")
	}
	return err
}

// newCargo is an error unless tools.sh has found a cargo, and one that is new enough.
func newCargo() error { return there("bin", "cargo") }

// namespaces says whether a program may be given a network and a hosts file of its own: by Linux, and by whoever runs it.
func namespaces() error {
	said, err := exec.Command("unshare", "--map-root-user", "--mount", "--net", "ip", "link", "set", "lo", "up").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// loopbackAddresses says whether there is more than one address of this machine that only it reaches.
func loopbackAddresses() error {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		return err
	}
	return l.Close()
}

// everything reports whether a skipped session is a failure.
func everything() bool { return os.Getenv("ENTREPOT_TEST_ALL") == "1" }

// tools is the folder that tools.sh installs into.
var tools string

// addTools puts the clients that tools.sh installed before those of the machine.
func addTools(checkout string) error {
	if tools = os.Getenv("ENTREPOT_TOOLS"); tools == "" {
		tools = filepath.Join(checkout, "build", "tools")
	}
	return os.Setenv("PATH", filepath.Join(tools, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// publicRegistry is the registry the machine's npm is configured for, if it answers.
var publicRegistry = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("npm", "config", "get", "registry").Output()
	if err != nil {
		return "", fmt.Errorf("npm config get registry: %w", err)
	}
	address := strings.TrimSpace(string(out))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(address, "/")+"/express", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "application/vnd.npm.install-v1+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("the machine's npm registry does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the machine's npm registry answers %s", resp.Status)
	}
	return address, nil
})
