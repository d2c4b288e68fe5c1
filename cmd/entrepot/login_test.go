package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entrepot/clientconfig"
	"entrepot/format"
)

// desk is a user with a home of the test's own, who calls a server that gives him the addresses and tokens he asks for.
type desk struct {
	user
	t         *testing.T
	server    *httptest.Server
	variables map[string]string
	tokens    int // that were given so far
	refuse    string
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, variables: map[string]string{}}
	d.server = httptest.NewServer(http.HandlerFunc(d.answer))
	t.Cleanup(d.server.Close)
	home := t.TempDir()
	d.user = user{
		User:   clientconfig.User{Home: home, Getenv: func(name string) string { return d.variables[name] }},
		folder: filepath.Join(home, "project"), self: "/opt/it's here/entrepot",
	}
	aws := t.TempDir()
	d.variables["AWS_CONFIG_FILE"] = filepath.Join(aws, "config")
	d.variables["AWS_SHARED_CREDENTIALS_FILE"] = filepath.Join(aws, "credentials")
	d.variables["PATH"] = filepath.Join(home, ".local", "bin")
	d.write(d.variables["AWS_CONFIG_FILE"], "[default]\nregion = us-east-1\nendpoint_url = "+d.server.URL+"\n", 0o600)
	d.write(d.variables["AWS_SHARED_CREDENTIALS_FILE"],
		"[default]\naws_access_key_id = AKIATESTTESTTEST\naws_secret_access_key = s\n", 0o600)
	return d
}

// answer is the API's way, for the two calls that are made.
func (d *desk) answer(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case d.refuse != "":
		w.Header().Set("X-Amzn-Errortype", "ValidationException")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"message":%q}`, d.refuse)
	case r.URL.Path == "/v1/repository/endpoint":
		fmt.Fprintf(w, `{"repositoryEndpoint":"%s/%s-123456789012/%s/%s/"}`, d.server.URL, q.Get("domain"), q.Get("format"), q.Get("repository"))
	default:
		d.tokens++
		fmt.Fprintf(w, `{"authorizationToken":"entrepot_token%d","expiration":%d}`, d.tokens, time.Now().Add(12*time.Hour).Unix())
	}
}

func (d *desk) write(path, text string, mode fs.FileMode) {
	d.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		d.t.Fatal(err)
	}
}

// tree is all that is below the home, but for what Entrepot remembers itself: modes and texts by path.
func (d *desk) tree() map[string]string {
	d.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(d.Home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && path == d.state() {
			if err != nil {
				return err
			}
			return fs.SkipDir
		}
		if e.IsDir() {
			return nil
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(d.Home, path)
		all[name] = info.Mode().String() + "\n" + string(text)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

func (d *desk) login(c loginCommand) string {
	d.t.Helper()
	var out bytes.Buffer
	if err := c.Run(d.t.Context(), d.user, &out); err != nil {
		d.t.Fatal(err)
	}
	return out.String()
}

func (d *desk) logout(s slot) string {
	d.t.Helper()
	var out bytes.Buffer
	if err := (logoutCommand{slot: s}).Run(d.user, &out); err != nil {
		d.t.Fatal(err)
	}
	return out.String()
}

// to is a login of a tool to a repository of a domain.
func to(domain string, s slot) loginCommand {
	return loginCommand{slot: s, Domain: domain, Repository: "my-repo"}
}

func (d *desk) has(path string, want ...string) {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.Home, path))
	if err != nil {
		d.t.Error(err)
	}
	for _, w := range want {
		if !strings.Contains(string(text), w) {
			d.t.Errorf("%s is %q, want %q in it", path, text, w)
		}
	}
}

func (d *desk) is(want map[string]string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.tree()); diff != "" {
		d.t.Errorf("the home differs (-want +got):\n%s", diff)
	}
}

// mine are files that a user may have already, of every tool.
var mine = map[string]string{
	".npmrc":                         "; mine\nregistry=https://registry.example.test/ \n\nfund = false\n//registry.example.test/:_authToken=theirs",
	"project/.npmrc":                 "# ours\r\nsave-exact=true\r\n",
	".yarnrc.yml":                    "# mine\nnmMode: hardlinks-local # fast\n\nnpmScopes:\n  other:\n    npmRegistryServer: \"https://other.example.test\"\n",
	"project/.yarnrc.yml":            "nodeLinker: node-modules\n",
	".config/pip/pip.conf":           "[global]\n# mine\ntimeout = 60\nindex-url = https://index.example.test/simple/\n",
	".pypirc":                        "[distutils]\nindex-servers =\n    private # mine\n\n[private]\nrepository: https://private.example.test/\n",
	".config/uv/uv.toml":             "# mine\nnative-tls = true\n\n[[index]]\nname = \"other\"\nurl = \"https://other.example.test/simple\"\n",
	"project/pyproject.toml":         "[project]\nname = \"app\" # ours\n\n[tool.uv]\nmanaged = true\n\n[tool.poetry]\npackage-mode = false\n",
	".config/pypoetry/config.toml":   "[virtualenvs]\nin-project = true # mine\n",
	".config/pypoetry/auth.toml":     "[http-basic.other]\nusername = \"me\"\npassword = \"theirs\"\n",
	".config/pdm/config.toml":        "# mine\ncheck_update = false\n\n[venv]\nbackend = \"venv\"\n",
	".m2/settings.xml":               "<?xml version=\"1.0\"?>\n<settings>\n  <!-- mine -->\n  <servers>\n    <server><id>other</id><username>me</username></server>\n  </servers>\n</settings>\n",
	".gradle/gradle.properties":      "# mine\norg.gradle.daemon = false\n",
	".sbt/1.0/global.sbt":            "// mine\n",
	"project/.venv/pip.conf":         "[install]\nno-compile = yes\n",
	"elsewhere/that is not a tool's": "as it is\n",
}

// variants are the ways a tool can be signed in.
func variants(t format.Tool) map[string]loginCommand {
	all := map[string]loginCommand{"for all": to("d", slot{Tool: t.Name})}
	add := func(name string, can bool, change func(*loginCommand)) {
		if can {
			c := to("d", slot{Tool: t.Name})
			change(&c)
			all[name] = c
		}
	}
	add("renewing", t.Renews, func(c *loginCommand) { c.Renew = true })
	add("for a scope", t.Scopes, func(c *loginCommand) { c.Namespace = "@acme" })
	add("for a project", t.Project, func(c *loginCommand) { c.Project = true })
	add("for a project, renewing", t.Project && t.Renews, func(c *loginCommand) { c.Project, c.Renew = true, true })
	add("for a project and a scope", t.Project && t.Scopes, func(c *loginCommand) { c.Project, c.Namespace = true, "acme" })
	return all
}

// TestEveryToolIsSignedInAndOut does it for each tool in each way, in a home without a file and in one that has all of them: what
// was there before stands between, and all is as it was in the end.
func TestEveryToolIsSignedInAndOut(t *testing.T) {
	for _, tool := range clientTools() {
		for how, c := range variants(tool.Tool) {
			for where, files := range map[string]map[string]string{"a new home": {}, "a home in use": mine} {
				t.Run(tool.Name+" "+how+" in "+where, func(t *testing.T) {
					t.Parallel()
					d := newDesk(t)
					d.variables["VIRTUAL_ENV"] = filepath.Join(d.folder, ".venv")
					for path, text := range files {
						d.write(filepath.Join(d.Home, path), text, 0o640)
					}
					before := d.tree()
					said := d.login(c)
					after := d.tree()
					if len(after) == len(before) && maps.Equal(after, before) {
						t.Fatal("nothing was written")
					}
					for path, text := range after {
						was, there := before[path]
						for line := range strings.Lines(was) {
							// What the tool is told in its place, or a line that now goes on, is all that may differ.
							if line = strings.TrimSpace(line); strings.Contains(line, "mine") && !strings.Contains(text, line) {
								t.Errorf("%s has lost %q:\n%s", path, line, text)
							}
						}
						if !there && strings.Contains(text, "entrepot_token") && !strings.HasPrefix(text, "-rw-------") {
							t.Errorf("%s holds a secret and is %.10s", path, text)
						}
						if strings.Contains(text, "entrepot_token") && (c.Renew || strings.HasPrefix(path, "project/") && tool.Name != "pip") {
							t.Errorf("%s holds the token", path)
						}
					}
					if strings.Contains(said, "entrepot_token") || !strings.Contains(said, "Undo it with: entrepot logout "+c.flags()) {
						t.Errorf("got %s, want how to undo it and no token", said)
					}
					// Once more, as when a token has run out; then out.
					d.login(c)
					d.logout(c.slot)
					d.is(before)
				})
			}
		}
	}
}

func TestADryRunShowsTheChangeAndMakesNone(t *testing.T) {
	d := newDesk(t)
	d.write(filepath.Join(d.Home, ".npmrc"), "# mine\nregistry=https://registry.example.test/\n", 0o600)
	before := d.tree()
	c := to("d", slot{Tool: "npm"})
	c.DryRun = true
	shown := d.login(c)
	address := d.server.URL + "/d-123456789012/npm/my-repo/"
	for _, want := range []string{
		"-registry=https://registry.example.test/\n", "+registry=" + address + "\n", "+//" + address[len("http://"):] + ":_authToken=********\n", " # mine\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("got %s, want %q in it", shown, want)
		}
	}
	if strings.Contains(shown, "entrepot_token") {
		t.Errorf("got %s, want no token shown", shown)
	}
	d.is(before)
	if _, err := os.Stat(d.state()); err == nil {
		t.Error("something is remembered of it")
	}
	d.login(to("d", slot{Tool: "npm"}))
	signedIn := d.tree()
	var out bytes.Buffer
	if err := (logoutCommand{slot{Tool: "npm"}, true}).Run(d.user, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "+registry=https://registry.example.test/\n") || strings.Contains(out.String(), "entrepot_token") {
		t.Errorf("got %s, want what would be put back", out.String())
	}
	d.is(signedIn)
}

// TestFilesStayWhatTheyAre signs npm in where the file is a link, has lines that end as on Windows, has no last line end, or a mode
// of its own.
func TestFilesStayWhatTheyAre(t *testing.T) {
	for name, row := range map[string]struct {
		text, end string
		mode      fs.FileMode
		linked    bool
	}{
		"with a comment":                {"; mine\n\n# and this\nfund=false\n", "\n", 0o644, false},
		"readable by a group":           {"fund=false\n", "\n", 0o640, false},
		"that others may write":         {"fund=false\n", "\n", 0o666, false},
		"with lines of Windows":         {"; mine\r\nfund=false\r\n", "\r\n", 0o600, false},
		"without a last line end":       {"fund=false", "\n", 0o600, false},
		"that is a link to a dotfile":   {"; mine\nfund=false\n", "\n", 0o600, true},
		"that is empty":                 {"", "\n", 0o600, false},
		"that has a registry, twice":    {"registry=a\nregistry=b\n", "\n", 0o600, false},
		"with a section, as npm has it": {"fund=false\n[bundle]\nregistry=x\n", "\n", 0o600, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			file := filepath.Join(d.Home, ".npmrc")
			if row.linked {
				real := filepath.Join(d.Home, "dotfiles", "npmrc")
				d.write(real, row.text, row.mode)
				if err := os.Symlink(filepath.Join("dotfiles", "npmrc"), file); err != nil {
					t.Fatal(err)
				}
				file = real
			} else {
				d.write(file, row.text, row.mode)
			}
			before := d.tree()
			d.login(to("d", slot{Tool: "npm"}))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(text), "\r\n") == strings.Count(string(text), "\n"); got != (row.end == "\r\n") {
				t.Errorf("got %q, want lines that end as they did", text)
			}
			if !strings.Contains(string(text), ":_authToken=entrepot_token1") {
				t.Errorf("got %q, want the token in it", text)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != row.mode {
				t.Errorf("got mode %v, %v, want %v", info.Mode(), err, row.mode)
			}
			if info, err := os.Lstat(filepath.Join(d.Home, ".npmrc")); err != nil || (info.Mode()&fs.ModeSymlink != 0) != row.linked {
				t.Errorf("got %v, %v, want a link to stay one", info.Mode(), err)
			}
			if kept, err := os.ReadFile(file + ".entrepot-backup"); err != nil || string(kept) != row.text {
				t.Errorf("the copy is %q, %v, want what was there", kept, err)
			}
			d.logout(slot{Tool: "npm"})
			d.is(before)
		})
	}
}

func TestAScopeOfAnotherDomainStandsBesideTheFirst(t *testing.T) {
	all, scoped := slot{Tool: "npm"}, slot{Tool: "npm", Namespace: "@acme"}
	for _, order := range [][]slot{{all, scoped}, {scoped, all}} {
		for _, out := range [][]slot{{all, scoped}, {scoped, all}} {
			t.Run(order[0].flags()+" first, "+out[0].flags()+" out first", func(t *testing.T) {
				d := newDesk(t)
				d.write(filepath.Join(d.Home, ".npmrc"), mine[".npmrc"], 0o600)
				before := d.tree()
				domain := map[slot]string{all: "d", scoped: "e"}
				for _, s := range order {
					d.login(to(domain[s], s))
				}
				d.has(".npmrc", "\nregistry="+d.server.URL+"/d-", "/d-123456789012/npm/my-repo/:_authToken=",
					"@acme:registry="+d.server.URL+"/e-", "/e-123456789012/npm/my-repo/:_authToken=", "fund = false", "_authToken=theirs")
				if listed := d.logout(slot{}); listed != "npm\nnpm @acme\n" {
					t.Errorf("got %q, want both listed", listed)
				}
				d.logout(out[0])
				d.has(".npmrc", "/"+domain[out[1]]+"-123456789012/npm/my-repo/:_authToken=")
				d.logout(out[1])
				d.is(before)
			})
		}
	}
}

func TestALoginToAnotherDomainTakesThePlaceOfTheFirst(t *testing.T) {
	d := newDesk(t)
	d.write(filepath.Join(d.Home, ".npmrc"), mine[".npmrc"], 0o600)
	before := d.tree()
	d.login(to("d", slot{Tool: "npm"}))
	d.login(to("e", slot{Tool: "npm"}))
	d.has(".npmrc", "registry="+d.server.URL+"/e-")
	if text := d.tree()[".npmrc"]; strings.Contains(text, "/d-123456789012/") {
		t.Errorf("got %s, want nothing of the first left", text)
	}
	d.logout(slot{Tool: "npm"})
	d.is(before)
}

func TestWhatWasChangedSinceIsLeft(t *testing.T) {
	d := newDesk(t)
	file := filepath.Join(d.Home, ".npmrc")
	d.write(file, "fund=false\n", 0o600)
	d.login(to("d", slot{Tool: "npm"}))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "registry="+d.server.URL+"/d-123456789012/npm/my-repo/", "registry=https://registry.example.test/", 1)
	d.write(file, "audit=false\n"+changed, 0o600)
	said := d.logout(slot{Tool: "npm"})
	if !strings.Contains(said, "left as it is, "+file+": registry: it was changed meanwhile") {
		t.Errorf("got %s, want what was left", said)
	}
	if got := d.tree()[".npmrc"]; got != "-rw-------\naudit=false\nfund=false\nregistry=https://registry.example.test/\n" {
		t.Errorf("got %q, want the token gone and the rest as it is", got)
	}
	if said := d.logout(slot{Tool: "npm"}); !strings.Contains(said, "npm is not signed in") {
		t.Errorf("got %s, want that nothing is left to do", said)
	}
}

func TestLoginsThatCannotBeAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		command loginCommand
		refuse  string // by the server
		want    string
	}{
		"a tool that nobody knows":   {to("d", slot{Tool: "npn"}), "", "there are npm, pnpm, yarn"},
		"no repository":              {loginCommand{slot: slot{Tool: "npm"}, Domain: "d"}, "", "--repository"},
		"a scope of pip":             {to("d", slot{Tool: "pip", Namespace: "acme"}), "", "pip has no scopes"},
		"a scope that is none":       {to("d", slot{Tool: "npm", Namespace: "@a b"}), "", "no scope"},
		"a scope of two lines":       {to("d", slot{Tool: "npm", Namespace: "@a\nb"}), "", "no scope"},
		"a scope of an @":            {to("d", slot{Tool: "npm", Namespace: "@"}), "", "no scope"},
		"a project of twine":         {to("d", slot{Tool: "twine", Project: true}), "", "--project"},
		"renewal by npm":             {func() loginCommand { c := to("d", slot{Tool: "npm"}); c.Renew = true; return c }(), "", "${ENTREPOT_TOKEN}"},
		"a token of a minute":        {func() loginCommand { c := to("d", slot{Tool: "npm"}); c.Duration = time.Minute; return c }(), "", "15m"},
		"pip without an environment": {to("d", slot{Tool: "pip", Project: true}), "", "activate one"},
		"what the server refuses":    {to("d", slot{Tool: "mvn"}), "This version serves npm.", "GetRepositoryEndpoint: This version serves npm. (ValidationException)"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.refuse = row.refuse
			before := d.tree()
			err := row.command.Run(t.Context(), d.user, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q in it", err, row.want)
			}
			d.is(before)
		})
	}
}

// TestAFileThatIsNotUnderstoodIsNotTouched has a file in the way after others that could be written.
func TestAFileThatIsNotUnderstoodIsNotTouched(t *testing.T) {
	d := newDesk(t)
	d.write(filepath.Join(d.Home, ".yarnrc.yml"), "{npmRegistryServer: a}\n", 0o600)
	before := d.tree()
	err := to("d", slot{Tool: "yarn"}).Run(t.Context(), d.user, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), ".yarnrc.yml") || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("got %v, want the file and what to do", err)
	}
	d.is(before)
}

func TestAKeyringOfTheUsersOwnIsKept(t *testing.T) {
	d := newDesk(t)
	d.write(filepath.Join(d.Home, ".local", "bin", "keyring"), "#!/bin/sh\necho theirs\n", 0o755)
	before := d.tree()
	c := to("d", slot{Tool: "pip"})
	c.Renew = true
	if err := c.Run(t.Context(), d.user, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "a program of your own") {
		t.Errorf("got %v, want a refusal", err)
	}
	d.is(before)
}

func TestLoginWarnsOfWhatWouldBeInItsWay(t *testing.T) {
	d := newDesk(t)
	d.variables["PIP_INDEX_URL"] = "https://index.example.test/"
	other := filepath.Join(d.Home, "other")
	d.write(filepath.Join(other, "keyring"), "#!/bin/sh\n", 0o755)
	d.variables["PATH"] = other + ":" + d.variables["PATH"]
	c := to("d", slot{Tool: "pip"})
	c.Renew = true
	said := d.login(c)
	for _, want := range []string{"This terminal sets PIP_INDEX_URL", other + "/keyring comes before"} {
		if !strings.Contains(said, want) {
			t.Errorf("got %s, want %q in it", said, want)
		}
	}
	d.variables["AWS_ACCESS_KEY_ID"], d.variables["AWS_SECRET_ACCESS_KEY"] = "AKIAOTHEROTHEROT", "s"
	if said := d.login(c); !strings.Contains(said, "comes from variables of this terminal") {
		t.Errorf("got %s, want that renewal needs them", said)
	}
}

func TestTheToolsAreListed(t *testing.T) {
	var out bytes.Buffer
	if err := listClientTools(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nnpm ", "\npip ", "\nmvn ", "with --renew", "entrepot login --tool TOOL"} {
		if !strings.Contains("\n"+out.String(), want) {
			t.Errorf("got %s, want %q in it", out.String(), want)
		}
	}
}
