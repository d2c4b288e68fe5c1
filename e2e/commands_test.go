package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/conformance/jsonmatch"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are what sessions may use besides testscript's own. "!" before one of the asking commands (api, http, json) wants
// the opposite; before others it is an error.
var commands = map[string]func(*testscript.TestScript, bool, []string){
	// The server.
	"serve":     serve,       // serve [FLAG…]: starts it over $WORK/data, sets URL and AWS's variables of what `entrepot env` prints
	"believe":   believe,     // sets what `entrepot trust --env` prints: from here on programs believe the authority of `serve --tls auto`
	"shutdown":  shutdown,    // SIGTERM, and the server must end with exit code 0
	"crash":     crash,       // SIGKILL
	"variables": variablesOf, // sets AWS's variables of what `entrepot env` prints once more
	"damage":    damage,      // damage flip | cut | empty | lose: harms every content of the first domain; damage catalog: a bit of the catalog
	"build":     build,       // build [FORMAT…]: makes npm-store (with the connection; and so for each format) <- shared <- my-repo in my-domain
	"signin":    signIn,      // signin REPOSITORY [FORMAT]: sets TOKEN, BASIC, ENDPOINT, AT, INDEX; writes ~/.npmrc as `login --tool npm` does
	"proxy":     openProxy,   // gives programs a proxy that leads *.amazonaws.com to the server
	"toll":      toll,        // toll open VARIABLE ADDRESS | start | compare | kill: books of what passes between clients and server
	"elsewhere": elsewhere,   // elsewhere COMMAND…: serve, shutdown, crash, build, signin, variables or api of a second server, over $WORK/elsewhere
	// The public registry.
	"registry":     openRegistry, // registry [FORMAT [MANNER]]: serves $WORK/registry/NAME/VERSION/…; sets REGISTRY, which serve then uses
	"registry-set": setRegistry,  // registry-set FAULT | add FOLDER | remove NAME
	"pack":         pack,         // pack FOLDER INTO [FORMAT]: makes the files that the registry (without one: pypi) would of FOLDER/NAME/VERSION/…
	"asked":        asked,        // prints "COUNT METHOD PATH" of what it was asked since the last time, sorted, or nothing
	// The identity provider.
	"issuer": openIssuer, // serves one; sets ISSUER, and ISSUER_NAME as ARNs and condition keys have it
	"vouch":  vouch,      // vouch FILE SUBJECT AUDIENCE: writes a token of it, good for an hour
	// Terraform.
	"provider": startProvider, // starts AWS's Terraform provider for all runs of terraform from here on
	// Asking, by hand.
	"api":     callAPI,   // api METHOD PATH [BODY | @FILE]: signed; stdout is the body, stderr the status; 200 is success
	"http":    callHTTP,  // http METHOD URL [-b FILE] ['HEADER: VALUE'…]: stderr is status and headers; <400 is success
	"json":    matchJSON, // json FILE PATTERN | @FILE: see matches
	"capture": capture,   // capture VARIABLE FILE JSON-POINTER
	// The rest.
	"need":     needAll,  // need PROGRAM…: skips the session if one is not there
	"nowhere":  nowhere,  // nowhere FOLDER TEXT…: no file below it and no line of the server's log has one of them
	"sha":      sha,      // sha PATH: prints the SHA-512 over a tree's names and bytes
	"together": together, // together N PROGRAM ARG…: N at once, {} in an argument is the number; all must succeed
	"retry":    retry,    // retry DURATION PROGRAM ARG…: until it succeeds
}

// session is what a running script has.
type session struct {
	t        testing.TB
	work     string
	instance *instance
	other    *instance // the server elsewhere
	registry *publicly // nil until it is opened
	issuer   *vouching // nil until it is opened
	provider *provider // nil until it is started
	toll     *tollbooths
}

type sessionKey struct{}

// of finds the script's session, and refuses a "!" that would mean nothing.
func of(ts *testscript.TestScript, neg bool) *session {
	if neg {
		ts.Fatalf("this command cannot be negated")
	}
	return ts.Value(sessionKey{}).(*session)
}

// format is that of the session's registry.
func (s *session) format() string {
	if s.registry == nil {
		return "npm"
	}
	return s.registry.format
}

func (s *session) close() {
	for _, server := range []*instance{s.instance, s.other} {
		server.crash()
		if log := server.log.String(); s.t.Failed() && log != "" {
			s.t.Logf("the end of the log of the server over %s:\n%s", server.data, log)
		}
	}
	if s.registry != nil {
		s.registry.close()
	}
	if s.issuer != nil {
		s.issuer.server.Close()
	}
	if s.provider != nil {
		s.provider.close()
	}
}

func (s *session) need(what string) {
	err := missing(what)
	if err == nil {
		return
	}
	why := fmt.Sprintf("needs %s: %v", what, err)
	if everything() {
		s.t.Fatal(why)
	}
	s.t.Skip(why)
}

// nowhereAtAll is an address that refuses: nothing listens on port 1.
const nowhereAtAll = "http://127.0.0.1:1"

func serve(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	flags := slices.Clone(args)
	for format, kind := range kinds {
		if slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, kind.connection+"=") }) {
			continue
		}
		upstream := nowhereAtAll // else the server would ask the machine's clients where their registries are
		if s.registry != nil && s.registry.format == format {
			upstream = s.registry.server.URL + kind.path
		}
		flags = append(flags, "--upstream", kind.connection+"="+upstream)
	}
	ts.Check(s.instance.start(flags...))
	ts.Setenv("URL", s.instance.url)
	s.setVariables(ts)
}

func variablesOf(ts *testscript.TestScript, neg bool, _ []string) { of(ts, neg).setVariables(ts) }

// setVariables points AWS's tools at the server.
func (s *session) setVariables(ts *testscript.TestScript) {
	for name, value := range s.printed(ts, "env") {
		if strings.HasPrefix(name, "AWS_") && name != "AWS_CA_BUNDLE" { // whom it believes, a session says itself
			ts.Setenv(name, value)
		}
	}
}

func believe(ts *testscript.TestScript, neg bool, _ []string) {
	for name, value := range of(ts, neg).printed(ts, "trust", "--env") {
		ts.Setenv(name, value)
	}
}

// printed are the variables that a command of the server's binary prints for a terminal.
func (s *session) printed(ts *testscript.TestScript, command ...string) map[string]string {
	run := exec.Command(s.instance.binary, append(command, "--data", s.instance.data)...)
	run.Env = s.instance.env
	out, err := run.Output()
	ts.Check(err)
	variables := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if set, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			name, value, _ := strings.Cut(set, "=")
			variables[name] = strings.Trim(value, "'")
		}
	}
	return variables
}

func shutdown(ts *testscript.TestScript, neg bool, _ []string) {
	s := of(ts, neg)
	if !s.instance.running() {
		ts.Fatalf("no server is running")
	}
	ts.Check(s.instance.signal())
	ts.Check(s.instance.wait())
}

func crash(ts *testscript.TestScript, neg bool, _ []string) { of(ts, neg).instance.crash() }

func build(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) == 0 {
		args = []string{s.format()}
	}
	ts.Check(s.instance.build(context.Background(), args...))
}

// anyServers are the commands that may be about either server.
var anyServers = map[string]func(*testscript.TestScript, bool, []string){
	"serve": serve, "shutdown": shutdown, "crash": crash, "build": build, "signin": signIn, "api": callAPI, "variables": variablesOf,
}

func elsewhere(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(sessionKey{}).(*session)
	command, ok := anyServers[args[0]]
	if !ok {
		ts.Fatalf("no command about a server elsewhere: %s; there are %v", args[0], slices.Sorted(maps.Keys(anyServers)))
	}
	s.instance, s.other = s.other, s.instance
	defer func() { s.instance, s.other = s.other, s.instance }()
	command(ts, neg, args[1:])
}

func signIn(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	token, err := s.instance.token(context.Background(), domain)
	ts.Check(err)
	format := s.format()
	if len(args) > 1 {
		format = args[1]
	}
	endpoint := s.instance.endpointOf(format, domain, args[0])
	ts.Setenv("TOKEN", token)
	ts.Setenv("BASIC", base64.StdEncoding.EncodeToString([]byte("aws:"+token)))
	ts.Setenv("ENDPOINT", endpoint)
	scheme, at, _ := strings.Cut(endpoint, "://")
	ts.Setenv("AT", at)
	ts.Setenv("INDEX", scheme+"://aws:"+token+"@"+at+"simple/") // as `login --tool pip` sets it
	lines := fmt.Sprintf("registry=%s\n//%s:_authToken=%s\n", endpoint, at, token)
	ts.Check(os.WriteFile(filepath.Join(s.work, "home", ".npmrc"), []byte(lines), 0o600))
}

func callAPI(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, false)
	var body []byte
	if len(args) > 2 {
		body = textOrFile(ts, args[2])
	}
	status, answer, err := s.instance.api(context.Background(), args[0], args[1], body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", answer)
	fmt.Fprintln(ts.Stderr(), "status", status)
	if good := status == http.StatusOK; good == neg {
		ts.Fatalf("%s %s: got status %d %s", args[0], args[1], status, answer)
	}
}

// textOrFile is the text itself, or what is in the file after an @.
func textOrFile(ts *testscript.TestScript, arg string) []byte {
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		return []byte(ts.ReadFile(name))
	}
	return []byte(arg)
}

func callHTTP(ts *testscript.TestScript, neg bool, args []string) {
	method, url, args := args[0], args[1], args[2:]
	var body io.Reader
	if len(args) > 1 && args[0] == "-b" {
		body = strings.NewReader(ts.ReadFile(args[1]))
		args = args[2:]
	}
	req, err := http.NewRequest(method, url, body)
	ts.Check(err)
	for _, header := range args {
		name, value, _ := strings.Cut(header, ":")
		req.Header.Set(name, strings.TrimSpace(value))
	}
	resp, err := ts.Value(sessionKey{}).(*session).instance.client.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	fmt.Fprintln(ts.Stderr(), "status", resp.StatusCode)
	ts.Check(resp.Header.Write(ts.Stderr()))
	if err == nil {
		_, err = ts.Stdout().Write(answer)
		ts.Check(err)
	}
	// A body that breaks off is a failure like a status is.
	if good := err == nil && resp.StatusCode < 400; good == neg {
		ts.Fatalf("%s %s: got status %d (%v) %.500s", method, url, resp.StatusCode, err, answer)
	}
}

func matchJSON(ts *testscript.TestScript, neg bool, args []string) {
	err := jsonmatch.Text([]byte(ts.ReadFile(args[0])), textOrFile(ts, args[1]))
	if (err == nil) == neg {
		ts.Fatalf("%s and %s: %v", args[0], args[1], err)
	}
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	of(ts, neg)
	value, err := jsonmatch.Pointer([]byte(ts.ReadFile(args[1])), args[2])
	ts.Check(err)
	ts.Setenv(args[0], value)
}

func needAll(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	for _, what := range args {
		s.need(what)
	}
}

func sha(ts *testscript.TestScript, neg bool, args []string) {
	of(ts, neg)
	sum, err := treeSum(ts.MkAbs(args[0]))
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), sum)
}

// logDelay is longer than the server keeps lines of its log to itself.
const logDelay = 300 * time.Millisecond

func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	time.Sleep(logDelay)
	found, err := folderHas(ts.MkAbs(args[0]), args[1:]...)
	ts.Check(err)
	for _, text := range args[1:] {
		if text == "" || strings.Contains(s.instance.log.String(), text) {
			found = append(found, "the log holds "+text)
		}
	}
	if len(found) > 0 {
		ts.Fatalf("%s", strings.Join(found, "\n"))
	}
}

func together(ts *testscript.TestScript, neg bool, args []string) {
	of(ts, neg)
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	env := environment(ts)
	errs, outputs := make([]error, n), make([][]byte, n)
	var all sync.WaitGroup
	for i := range n {
		command := exec.Command(program)
		for _, arg := range args[2:] {
			command.Args = append(command.Args, strings.ReplaceAll(arg, "{}", strconv.Itoa(i)))
		}
		command.Dir = ts.MkAbs(".")
		command.Env = env
		all.Go(func() { outputs[i], errs[i] = command.CombinedOutput() })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			ts.Fatalf("number %d of %d: %v\n%s", i, n, err, bytes.TrimSpace(outputs[i]))
		}
	}
}

// environment is what a program of the session sees. testscript tells it to programs only, so one is asked.
func environment(ts *testscript.TestScript) []string {
	ts.Check(ts.Exec("env", "-0"))
	return strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\x00"), "\x00")
}

func retry(ts *testscript.TestScript, neg bool, args []string) {
	of(ts, neg)
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	for deadline := time.Now().Add(limit); ; time.Sleep(200 * time.Millisecond) {
		if err = ts.Exec(args[1], args[2:]...); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("still failing after %v: %v", limit, err)
		}
	}
}
