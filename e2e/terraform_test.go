package e2e

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// terraformProvider is the program of Terraform's AWS provider. Nothing is downloaded for it: it is in the folder that
// ENTREPOT_TERRAFORM_PLUGINS names, in one that Terraform itself looks at, or below /opt, in the layout of Terraform's mirrors.
var terraformProvider = sync.OnceValues(func() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	for _, root := range []string{
		os.Getenv("ENTREPOT_TERRAFORM_PLUGINS"), filepath.Join(home, ".terraform.d", "plugins"),
		"/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*",
	} {
		found, err := filepath.Glob(filepath.Join(root, "*", "hashicorp", "aws", "*", "*", "terraform-provider-aws*"))
		if err == nil && root != "" && len(found) > 0 {
			return found[0], nil
		}
	}
	return "", errors.New("no Terraform AWS provider is installed; name its folder in ENTREPOT_TERRAFORM_PLUGINS")
})

// provider is the process of Terraform's AWS provider.
type provider struct {
	cmd *exec.Cmd
	log tail
}

// reattach is what the provider says for those who are to talk to it.
var reattach = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.+)'`)

// startProvider starts the provider for all runs of terraform in the session. Each of them would else hash its 700 MB, start it
// three times and ask for its schema, for ten seconds of a processor. The server is to run: its address is what the
// variable endpoint of the session's stack is set to.
func startProvider(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	name, err := terraformProvider()
	ts.Check(err)
	p := &provider{cmd: exec.Command(name, "-debug")}
	p.cmd.Env, p.cmd.Stderr = append(environment(ts), "GOGC=400"), &p.log
	out, err := p.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(p.cmd.Start())
	s.provider = p
	said := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if found := reattach.FindStringSubmatch(lines.Text()); found != nil {
				said <- found[1]
			}
		}
	}()
	select {
	case address := <-said:
		ts.Setenv("TF_REATTACH_PROVIDERS", address)
	case <-time.After(startWithin):
		ts.Fatalf("Terraform's provider has not said within %v where it is: %s", startWithin, p.log.String())
	}
	ts.Setenv("TF_IN_AUTOMATION", "1")
	ts.Setenv("TF_INPUT", "0")
	ts.Setenv("TF_CLI_ARGS", "-no-color")
	ts.Setenv("TF_VAR_endpoint", s.instance.url)
}

func (p *provider) close() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	_ = p.cmd.Wait()         // it was killed
}
