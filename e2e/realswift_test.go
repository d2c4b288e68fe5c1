package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// realRelease is a release of a Swift package, with what became of it.
type realRelease struct {
	name, version string
	sources       string // the folder that holds them
	archive       []byte // what SwiftPM made of them
	*trial
}

func (r *realRelease) path() string { return "real/" + r.name + "/" + r.version }

// swiftTrials are what Swift packages go through.
type swiftTrials struct {
	*connected
	releases []*realRelease
}

// TestRealSwiftPackagesComeBackAsTheyWere publishes every package of a folder with SwiftPM, to a repository of its own and to one at
// the far end of two upstreams. The archives that come back of both are compared with those that SwiftPM made, and SwiftPM resolves
// all packages from both: what it unpacks is compared with the sources. It prints a table, and fails for whatever SwiftPM takes and
// Entrepot does not. ENTREPOT_REAL_SWIFT is a folder of NAME/VERSION/…, such as make real fills.
func TestRealSwiftPackagesComeBackAsTheyWere(t *testing.T) {
	folder := os.Getenv("ENTREPOT_REAL_SWIFT")
	if folder == "" {
		t.Skip("needs Swift packages: name the folder that holds them in ENTREPOT_REAL_SWIFT")
	}
	if err := missing("swift"); err != nil {
		t.Skip(err)
	}
	// SwiftPM publishes over TLS alone. No registry of its packages can be connected to.
	f := swiftTrials{connected: newConnected(t, "npm", http.NotFoundHandler(), "--tls", "auto")}
	f.format = "swift"
	f.own()
	f.read(folder)
	for _, r := range f.releases {
		f.publishReal(r, "npm-store", "published far away")
		f.compareReal(r, "published far away", "my-repo")
		f.publishReal(r, "own", "published")
		f.compareReal(r, "published", "own")
	}
	f.withEach([]string{"swift"}, f.resolveReal)
	tell(t, f.releases)
}

// read takes all packages of the folder.
func (f *swiftTrials) read(folder string) {
	f.t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*", "*", "Package.swift"))
	f.must(err)
	for _, manifest := range found {
		sources := filepath.Dir(manifest)
		name, version := filepath.Base(filepath.Dir(sources)), filepath.Base(sources)
		f.releases = append(f.releases, &realRelease{name: name, version: version, sources: sources, trial: newTrial(name + " " + version)})
	}
	if len(f.releases) == 0 {
		f.t.Fatalf("%s has no Swift packages", folder)
	}
}

// swift runs SwiftPM, signed in to a repository. It may crash or hang when its work is done: whoever calls looks what is there then.
func (f *swiftTrials) swift(work, repository string, arguments ...string) error {
	f.t.Helper()
	env, err := clientsEnvironment(work)
	f.must(err)
	env = append(env, "SYSTEM_CA="+filepath.Join(f.data, "tls", "bundle.pem"), "SWIFT_BACKTRACE=enable=no")
	login := exec.CommandContext(f.t.Context(), f.binary, "login", "--tool", "swift", "--data", f.data, "--domain", domain, "--repository",
		repository)
	login.Env = env
	if out, err := login.CombinedOutput(); err != nil {
		f.t.Fatalf("%v: %s", err, out)
	}
	run := exec.CommandContext(f.t.Context(), "swift", arguments...)
	run.Dir, run.Env = work, env
	out, err := run.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && (exit.ExitCode() >= 124 || exit.ExitCode() < 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %.2000s", err, bytes.TrimSpace(out))
	}
	return nil
}

// publishReal publishes a release with SwiftPM, and keeps the archive that it has made.
func (f *swiftTrials) publishReal(r *realRelease, repository, how string) {
	f.t.Helper()
	work := f.t.TempDir()
	scratch := filepath.Join(work, "scratch")
	f.must(os.Mkdir(scratch, 0o700))
	err := f.swift(work, repository, "package-registry", "publish", "real."+r.name, r.version, "--package-path", r.sources,
		"--scratch-directory", scratch)
	if err == nil {
		r.archive, err = os.ReadFile(filepath.Join(scratch, "real."+r.name+"-"+r.version+".zip"))
	}
	r.checks[how] = ""
	if err != nil {
		r.checks[how], r.archive = err.Error(), nil
	}
}

// compareReal compares the archive that a repository serves with the one that SwiftPM made.
func (f *swiftTrials) compareReal(r *realRelease, how, repository string) {
	f.t.Helper()
	if r.archive == nil {
		return
	}
	status, got, err := f.fetch(f.t.Context(), f.at(repository)+r.path()+".zip")
	r.checks[how+", same bytes"] = ""
	if err != nil || !bytes.Equal(got, r.archive) {
		r.checks[how+", same bytes"] = fmt.Sprintf("got status %d with %d bytes (%v), want %d", status, len(got), err, len(r.archive))
	}
}

// resolveReal has a package depend on one version of each, and compares what SwiftPM unpacks with the sources.
func (f *swiftTrials) resolveReal(program, repository string) {
	f.t.Helper()
	var all []*realRelease
	for _, r := range f.releases {
		if r.version == "1.0.0" && (repository != "own" || r.published()) {
			all = append(all, r)
		}
	}
	halve(all, program+" from "+repository, func(some []*realRelease) (map[string]string, error) {
		work := f.t.TempDir()
		var needed strings.Builder
		for _, r := range some {
			fmt.Fprintf(&needed, ".package(id: \"real.%s\", exact: \"%s\"), ", r.name, r.version)
		}
		manifest := fmt.Sprintf("// swift-tools-version: 5.9\nimport PackageDescription\n\nlet package = Package(name: \"app\", "+
			"dependencies: [%s], targets: [])\n", needed.String())
		f.must(os.WriteFile(filepath.Join(work, "Package.swift"), []byte(manifest), 0o600))
		err := f.swift(work, repository, "package", "resolve")
		absent := map[string]string{}
		for _, r := range some {
			absent[r.of] = unlikeTree(filepath.Join(work, ".build", "registry", "downloads", filepath.FromSlash(r.path())), r.sources)
		}
		return absent, err
	})
}

// unlikeTree says which file of a folder is not in the other as it is: with its contents, and executable or not. Links are followed.
func unlikeTree(got, want string) (wrong string) {
	err := filepath.WalkDir(want, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		about, err := os.Stat(name)
		if err != nil || about.IsDir() {
			return err
		}
		below := strings.TrimPrefix(name, want)
		content, err := os.ReadFile(name)
		is, missing := os.ReadFile(got + below)
		has, unseen := os.Stat(got + below)
		switch err := errors.Join(missing, unseen); {
		case err != nil:
			wrong = err.Error()
		case !bytes.Equal(is, content) || has.Mode()&0o111 != about.Mode()&0o111:
			wrong = fmt.Sprintf("%s has %d bytes and mode %v, want %d and %v", below, len(is), has.Mode(), len(content), about.Mode())
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	return wrong
}
