package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// entrepot is the server's binary, built once for all tests unless E2E_BINARY names one.
var entrepot string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	checkout, err := filepath.Abs("..")
	if err == nil {
		err = addTools(checkout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	folder, err := os.MkdirTemp("", "entrepot-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	if entrepot = os.Getenv("E2E_BINARY"); entrepot == "" {
		entrepot = filepath.Join(folder, "entrepot")
		args := []string{"build", "-o", entrepot}
		if os.Getenv("E2E_RACE") == "1" {
			args = append(args, "-race")
		}
		build := exec.Command("go", append(args, "entrepot/cmd/entrepot")...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the server: %v\n%s", err, out)
			return 1
		}
	}
	return m.Run()
}

// TestSessions runs testdata/*.txtar, each with a home folder, caches and servers of its own.
func TestSessions(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Cmds: commands, Setup: setup, RequireUniqueNames: true, RequireExplicitExec: true,
	})
}

// clean is what a session's programs see of the machine's environment, besides what setup makes.
var clean = []string{"PATH", "LANG"}

// believed is what programs see besides that ask servers outside: what the machine believes.
var believed = []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"}

// quickJVM makes the virtual machine of a program that ends soon start quickly, and keep its files below a home folder: Java
// asks the system where the user's is.
func quickJVM(home, tmp string) string {
	return "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Duser.home=" + home + " -Djava.io.tmpdir=" + tmp
}

// clientsEnvironment is what clients see that have their home, caches and temporary files in a folder of their own. It makes
// home and tmp there.
func clientsEnvironment(work string) ([]string, error) {
	home, tmp := filepath.Join(work, "home"), filepath.Join(work, "tmp")
	for _, folder := range []string{home, tmp} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	env := []string{
		"WORK=" + work, "HOME=" + home, "TMPDIR=" + tmp,
		"npm_config_cache=" + filepath.Join(home, "npm-cache"), "npm_config_update_notifier=false", "npm_config_fund=false",
		"npm_config_audit=false", "YARN_CACHE_FOLDER=" + filepath.Join(home, "yarn-cache"), "YARN_ENABLE_TELEMETRY=0",
		"YARN_ENABLE_GLOBAL_CACHE=false", "YARN_IGNORE_PATH=1", "PNPM_HOME=" + filepath.Join(home, "pnpm"), "CI=true",
		"PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1", "PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring",
		"UV_CACHE_DIR=" + filepath.Join(home, "uv-cache"), "UV_PYTHON_DOWNLOADS=never", "UV_NO_PROGRESS=1",
		"VIRTUALENV_NO_PERIODIC_UPDATE=1", "POETRY_VIRTUALENVS_IN_PROJECT=true", "PDM_CHECK_UPDATE=false",
		"PIPENV_VENV_IN_PROJECT=1", "PIPENV_NOSPIN=1",
		"JDK_JAVA_OPTIONS=" + quickJVM(home, tmp), "GRADLE_OPTS=-Dorg.gradle.daemon=false",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "CHECKPOINT_DISABLE=1", "NO_COLOR=1",
	}
	return append(env, inherited(clean)...), nil
}

// inherited are the variables of the names that the machine's environment has.
func inherited(names []string) (env []string) {
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func setup(e *testscript.Env) error {
	t := e.T().(testing.TB)
	s := &session{t: t, work: e.WorkDir}
	var err error
	if e.Vars, err = clientsEnvironment(e.WorkDir); err != nil {
		return err
	}
	e.Vars = append(e.Vars, "ENTREPOT="+entrepot, "TOOLS="+tools, haltOnRace)
	e.Setenv("PATH", filepath.Dir(entrepot)+string(os.PathListSeparator)+e.Getenv("PATH"))
	reachesOutside := strings.HasPrefix(filepath.Base(t.Name()), "public_")
	if reachesOutside {
		e.Vars = append(e.Vars, inherited(believed)...)
	}
	s.instance = &instance{binary: entrepot, data: filepath.Join(e.WorkDir, "data"), env: e.Vars, client: client}
	s.other = &instance{binary: entrepot, data: filepath.Join(e.WorkDir, "elsewhere"), env: e.Vars, client: client}
	e.Values[sessionKey{}] = s
	t.Cleanup(func() { s.noneLeft() }) // runs last: when testscript has ended the session's own processes
	e.Defer(s.close)
	if reachesOutside {
		s.need("public-registry")
		address, err := publicRegistry()
		if err != nil {
			return err
		}
		e.Setenv("PUBLIC_REGISTRY", address)
	}
	return nil
}

// noneLeft fails the session when a process that it started, or one of theirs, is still there.
func (s *session) noneLeft() {
	var left []string
	for range 600 { // a minute: what was told to end may take its time
		if left = processesWith("WORK=" + s.work); len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Errorf("left running: %s", strings.Join(left, "; "))
}

// processesWith returns the command lines of the processes that have a variable in their environment. Without /proc there
// are none to be found.
func processesWith(variable string) []string {
	var found []string
	environments, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is good
	for _, file := range environments {
		content, err := os.ReadFile(file)
		if err != nil || !strings.Contains("\x00"+string(content), "\x00"+variable+"\x00") {
			continue // gone, or another user's
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if err == nil && len(line) > 0 { // one that has ended and was not waited for has no command line
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
