package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"entrepot/e2e/fakenpm"
)

// realRow is a package with what became of it.
type realRow struct {
	realPackage
	*trial
}

func (r *realRow) String() string { return r.of }

// TestRealPackagesComeBackAsTheyWere publishes every package of an npm cache, fetches it again, installs it with every client
// and compares tarball and document with the registry's. It prints a table, and fails for whatever npm takes and Entrepot does
// not. ENTREPOT_REAL_PACKAGES is the cache's folder: npm's own (npm config get cache), or one that an install with --cache has
// filled, as make real does. Nothing is asked of a registry.
func TestRealPackagesComeBackAsTheyWere(t *testing.T) {
	cache := os.Getenv("ENTREPOT_REAL_PACKAGES")
	if cache == "" {
		t.Skip("needs real packages: name the folder of an npm cache in ENTREPOT_REAL_PACKAGES")
	}
	all, err := cachedPackages(cache)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	rows := make([]*realRow, 0, len(all))
	for _, p := range all {
		rows = append(rows, &realRow{p, newTrial(p.String())})
	}
	if _, status, err := f.publish(t.Context(), nothing); err != nil || status >= 300 {
		t.Fatalf("got status %d (%v) for the publish of %s", status, err, nothing.Name)
	}
	f.publishReal(rows)
	taken := []*realRow{}
	for _, row := range rows {
		if row.published() {
			f.compareReal(row)
			taken = append(taken, row)
		}
	}
	for _, c := range realClients {
		if err := missing(c.program); err != nil {
			t.Logf("%s is not here: %v", c.program, err)
			continue
		}
		f.installReal(c, taken)
	}
	tell(t, rows)
}

// publishReal publishes the packages with the parts of npm.
func (f *fixture) publishReal(rows []*realRow) {
	f.t.Helper()
	npm, err := exec.LookPath("npm")
	f.must(err)
	npm, err = filepath.EvalSymlinks(npm)
	f.must(err)
	token, err := f.token(f.t.Context(), domain)
	f.must(err)
	var files bytes.Buffer
	byFile, folder := map[string]*realRow{}, f.t.TempDir()
	for i, row := range rows {
		file := filepath.Join(folder, fmt.Sprintf("%d.tgz", i)) // which npm knows a tarball by
		f.must(os.Symlink(row.file, file))
		fmt.Fprintln(&files, file)
		byFile[file] = row
		row.checks["published"] = "npm said nothing"
	}
	publish := exec.CommandContext(f.t.Context(), "node", "testdata/publish.cjs", filepath.Dir(filepath.Dir(npm)),
		f.endpoint(domain, "my-repo"), token)
	publish.Stdin, publish.Stderr = &files, os.Stderr
	publish.Env, err = clientsEnvironment(f.t.TempDir())
	f.must(err)
	out, err := publish.Output()
	f.must(err)
	for line := range bytes.Lines(out) {
		var said struct{ File, Error string }
		f.must(json.Unmarshal(line, &said))
		byFile[said.File].checks["published"] = said.Error
	}
}

// compareReal fetches tarball and document of a package and notes what differs from the registry's.
func (f *fixture) compareReal(row *realRow) {
	f.t.Helper()
	status, body, err := f.fetch(f.t.Context(), f.tarballURL("my-repo", row.name, row.version))
	want, wrong := os.ReadFile(row.file)
	f.must(wrong)
	row.checks["same bytes"] = ""
	if err != nil || !bytes.Equal(body, want) {
		row.checks["same bytes"] = fmt.Sprintf("got status %d with %d bytes (%v), want %d", status, len(body), err, len(want))
	}
	_, body, err = f.fetch(f.t.Context(), f.endpoint(domain, "my-repo")+url.PathEscape(row.name))
	f.must(err)
	var document struct{ Versions map[string]map[string]any }
	f.must(json.Unmarshal(body, &document))
	row.checks["same document"] = strings.Join(differences(document.Versions[row.version], row.manifest), "; ")
}

// nothing is a package that stands for every dependency: what is tested is the package itself.
var nothing = fakenpm.Package{Name: "nothing-at-all", Version: "1.0.0"}

// installReal installs the packages with a client, each under a name of its own: their dependencies need not be there, and two
// versions of one can stand side by side.
func (f *fixture) installReal(c realClient, rows []*realRow) {
	f.t.Helper()
	const atOnce = 100
	for batch := range slices.Chunk(rows, atOnce) {
		halve(batch, c.program, func(some []*realRow) (map[string]string, error) {
			return f.installProject(c, some)
		})
	}
}

// installProject makes a project of the packages, installs it, and returns those that are not there afterwards.
func (f *fixture) installProject(c realClient, rows []*realRow) (absent map[string]string, err error) {
	f.t.Helper()
	folder := f.t.TempDir()
	env, err := clientsEnvironment(folder)
	f.must(err)
	app := filepath.Join(folder, "app")
	f.must(os.Mkdir(app, 0o700))
	dependencies, instead := map[string]string{}, map[string]string{}
	for i, row := range rows {
		dependencies[alias(i)] = "npm:" + row.String()
		for _, kind := range []string{"dependencies", "optionalDependencies", "peerDependencies"} {
			names, _ := row.manifest[kind].(map[string]any)
			for name := range names {
				instead[name] = "npm:" + nothing.Name + "@" + nothing.Version
			}
		}
		for name := range bundledBy(row.manifest) {
			instead[name] = "npm:" + nothing.Name + "@" + nothing.Version
		}
	}
	for name, text := range c.project(dependencies, instead) {
		f.must(os.WriteFile(filepath.Join(app, name), text, 0o600))
	}
	endpoint := f.endpoint(domain, "my-repo")
	npmrc := fmt.Sprintf("registry=%s\n%s:_authToken=%s\nalways-auth=true\n", endpoint, strings.TrimPrefix(endpoint, "http:"),
		f.bearer)
	f.must(os.WriteFile(filepath.Join(app, ".npmrc"), []byte(npmrc), 0o600))
	install := exec.CommandContext(f.t.Context(), c.program, c.arguments...)
	install.Dir = app
	install.Env = append(env, "YARN_NPM_REGISTRY_SERVER="+endpoint, "YARN_NPM_AUTH_TOKEN="+f.bearer,
		"YARN_NPM_ALWAYS_AUTH=true", "YARN_ENABLE_SCRIPTS=false", "YARN_NPM_MINIMAL_AGE_GATE=0",
		"YARN_ENABLE_IMMUTABLE_INSTALLS=false")
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %.2000s", err, bytes.TrimSpace(out))
	}
	absent = map[string]string{}
	for i, row := range rows {
		if why := notInstalled(filepath.Join(app, "node_modules", alias(i)), row); why != "" && !foreign(row.manifest) {
			absent[row.String()] = why
		}
	}
	return absent, nil
}

func alias(i int) string { return fmt.Sprintf("p%d", i) }

// foreign reports whether a package is for other systems than this one, where some clients pass it over.
func foreign(manifest map[string]any) bool {
	systems, _ := manifest["os"].([]any)
	but := slices.ContainsFunc(systems, func(v any) bool { return strings.HasPrefix(fmt.Sprint(v), "!") })
	return slices.Contains(systems, any("!"+runtime.GOOS)) ||
		len(systems) > 0 && !but && !slices.Contains(systems, any(runtime.GOOS))
}

// notInstalled says what is wrong with an installed package.
func notInstalled(folder string, row *realRow) string {
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		return "is not there after the install"
	}
	var is struct{ Name, Version string }
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &is); err != nil || is.Name != row.name {
		return fmt.Sprintf("is %s %s there (%v)", is.Name, is.Version, err)
	}
	return ""
}
