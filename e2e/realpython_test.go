package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrepot/e2e/fakepypi"
)

// distribution is a file of a project as an index has it, with what became of it.
type distribution struct {
	project, version string
	file             string
	installable      bool // by the Python of this machine
	*trial
}

// pythonTrials are what real distributions go through.
type pythonTrials struct{ *connected }

// TestRealDistributionsComeBackAsTheyWere uploads every file of a folder with the parts of twine, and has an index offer all of
// them to a connected repository. What comes back of both, pages and bytes, is compared with the index, and the wheels that this
// machine can run are installed with every client. It prints a table, and fails for whatever the clients take and Entrepot does
// not. ENTREPOT_REAL_DISTRIBUTIONS is a folder of PROJECT/FILE, such as make real fills. Nothing is asked of a registry.
func TestRealDistributionsComeBackAsTheyWere(t *testing.T) {
	folder := os.Getenv("ENTREPOT_REAL_DISTRIBUTIONS")
	if folder == "" {
		t.Skip("needs real distributions: name the folder that holds them in ENTREPOT_REAL_DISTRIBUTIONS")
	}
	projects, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(projects) == 0 {
		t.Fatalf("%s holds no projects (%v)", folder, err)
	}
	index := fakepypi.New(fakepypi.Manners{})
	for _, project := range projects {
		if err := index.Offer(os.DirFS(project)); err != nil {
			t.Fatal(err)
		}
	}
	f := pythonTrials{newConnected(t, "pypi", index)}
	var files []*distribution
	for _, project := range projects {
		files = append(files, f.offered(filepath.Base(project), project)...)
	}
	f.own()
	f.uploadReal(files)
	for _, project := range projects {
		f.compareReal(filepath.Base(project), "published", "own", files)
		f.compareReal(filepath.Base(project), "proxied", "my-repo", files)
	}
	f.withEach([]string{"pip", "pip-22", "uv"}, func(program, repository string) { f.installReal(program, repository, files) })
	tell(t, files)
}

// offered are the files of a project's folder.
func (f pythonTrials) offered(project, folder string) (files []*distribution) {
	f.t.Helper()
	for name := range f.page(f.public.URL+"/simple/"+project+"/", project) {
		files = append(files, &distribution{project: project, file: filepath.Join(folder, name), trial: newTrial(name)})
	}
	slices.SortFunc(files, func(a, b *distribution) int { return strings.Compare(a.file, b.file) })
	return files
}

// unwanted are files that are refused on purpose (docs/compatibility.md), by patterns of path.Match.
var unwanted = map[string]string{
	"*.tar.bz2":                       "a form that is not published",
	"pytz-2005k.zip":                  "a version that is not of PEP 440",
	"python-dateutil-2.4.1.post1.zip": "PKG-INFO has another version",
	"tabulate-0.7.6[bc]*":             "the metadata has another version: no client installs it either",
	"dill-0.2.7.tar.gz":               "no PKG-INFO",
	"dill-0.3.1.1.tar.gz":             "no PKG-INFO",
}

// unwantedFor says why a file is refused on purpose; empty if it should be taken.
func unwantedFor(name string) string {
	for pattern, why := range unwanted {
		if match, _ := path.Match(pattern, name); match { // the patterns are good
			return why
		}
	}
	return ""
}

// uploadReal uploads the files with the parts of twine: of the newest, and of an older one what the newest does not take any more.
// What neither sends is no matter of ours.
func (f pythonTrials) uploadReal(files []*distribution) {
	f.t.Helper()
	for _, version := range []string{"twine", "twine-4"} {
		left := slices.DeleteFunc(slices.Clone(files), func(d *distribution) bool { _, sent := d.checks["published"]; return sent })
		f.run(version, "publish.py", left, func(d *distribution, line []byte) error {
			var said struct {
				Took  bool
				Error string
			}
			err := json.Unmarshal(line, &said)
			switch {
			case !said.Took:
			case said.Error != "" && unwantedFor(d.of) != "":
				d.checks["refused on purpose"] = ""
			default:
				d.checks["published"] = said.Error
			}
			return err
		}, f.at("own"), f.bearer)
	}
	f.run("twine", "wheels.py", files, func(d *distribution, line []byte) error {
		var said struct {
			Version     string
			Installable bool
		}
		err := json.Unmarshal(line, &said)
		d.version, d.installable = said.Version, said.Installable
		return err
	})
}

// run gives the files to a script of testdata, under the Python of a client, and each line that it prints to take.
func (f pythonTrials) run(client, script string, files []*distribution, take func(*distribution, []byte) error,
	arguments ...string) {
	f.t.Helper()
	var names bytes.Buffer
	byFile := map[string]*distribution{}
	for _, d := range files {
		fmt.Fprintln(&names, d.file)
		byFile[d.file] = d
	}
	python := filepath.Join(tools, "python", client, "bin", "python")
	run := exec.CommandContext(f.t.Context(), python, append([]string{filepath.Join("testdata", script)}, arguments...)...)
	run.Stdin, run.Stderr = &names, os.Stderr
	out, err := run.Output()
	f.must(err)
	for line := range bytes.Lines(out) {
		var about struct{ File string }
		f.must(json.Unmarshal(line, &about))
		f.must(take(byFile[about.File], line))
	}
}

// listed is a file on a page.
type listed struct {
	URL            string
	Hashes         map[string]string
	RequiresPython string `json:"requires-python"`
	CoreMetadata   any    `json:"core-metadata"`
	Yanked         any
}

// page returns the files that a page lists, by name, with whole addresses.
func (f pythonTrials) page(address, project string) map[string]listed {
	f.t.Helper()
	status, body, err := f.fetch(f.t.Context(), address, "Accept", "application/vnd.pypi.simple.v1+json")
	f.must(err)
	if status == http.StatusNotFound {
		return nil
	}
	if status != http.StatusOK {
		f.t.Fatalf("got status %d for the page of %s: %.500s", status, project, body)
	}
	var page struct {
		Files []struct {
			Filename string
			listed
		}
	}
	f.must(json.Unmarshal(body, &page))
	base, err := url.Parse(address)
	f.must(err)
	files := map[string]listed{}
	for _, file := range page.Files {
		at, err := base.Parse(file.URL)
		f.must(err)
		file.URL = at.String()
		files[file.Filename] = file.listed
	}
	return files
}

// compareReal compares a repository's page and files of a project with the index's.
func (f pythonTrials) compareReal(project, how, repository string, files []*distribution) {
	f.t.Helper()
	got := f.page(f.at(repository)+"simple/"+project+"/", project)
	want := f.page(f.public.URL+"/simple/"+project+"/", project)
	for _, d := range files {
		if d.project != project || how == "published" && !d.published() {
			continue
		}
		name := filepath.Base(d.file)
		file, ok := got[name]
		if !ok {
			d.checks[how+", listed"] = "is not on the page"
			continue
		}
		d.checks[how+", listed"] = file.unlike(want[name])
		d.checks[how+", same bytes"] = f.unlike(file.URL, d.file)
	}
}

// unlike says what a page tells of a file that the other does not.
func (l listed) unlike(other listed) string {
	l.URL, other.URL = "", ""
	// More is no fault: the index in the test's hands does not look into source distributions.
	maps.DeleteFunc(l.Hashes, func(digest, _ string) bool { return other.Hashes[digest] == "" })
	if other.RequiresPython == "" {
		l.RequiresPython = ""
	}
	if reflect.DeepEqual(l, other) {
		return ""
	}
	return fmt.Sprintf("got %+v, want %+v", l, other)
}

// installs are how clients install pinned versions into a folder, without what they depend on.
var installs = map[string][]string{
	"pip":    {"install", "--no-compile", "--no-cache-dir", "--pre", "--index-url"},
	"pip-22": {"install", "--no-compile", "--no-cache-dir", "--pre", "--index-url"},
	"uv":     {"pip", "install", "--prerelease", "allow", "--default-index"},
}

// installReal installs the wheels that this machine can run, a version of each project at a time.
func (f pythonTrials) installReal(program, repository string, files []*distribution) {
	f.t.Helper()
	index := strings.Replace(f.at(repository)+"simple/", "http://", "http://aws:"+f.bearer+"@", 1)
	var rounds []map[string]*distribution
	turn := map[string]int{}
	for _, d := range files {
		if !d.installable || unwantedFor(d.of) != "" || repository == "own" && !d.published() {
			continue
		}
		if turn[d.project] == len(rounds) {
			rounds = append(rounds, map[string]*distribution{})
		}
		rounds[turn[d.project]][d.project] = d
		turn[d.project]++
	}
	for _, round := range rounds {
		some := slices.Collect(maps.Values(round))
		halve(some, program+" from "+repository, func(some []*distribution) (map[string]string, error) {
			return f.installProject(program, index, some)
		})
	}
}

// installProject installs the wheels into a new folder, and returns those that are not there afterwards.
func (f pythonTrials) installProject(program, index string, some []*distribution) (absent map[string]string, err error) {
	f.t.Helper()
	work := f.t.TempDir()
	env, err := clientsEnvironment(work)
	f.must(err)
	folder := filepath.Join(work, "target")
	arguments := append(slices.Clone(installs[program]), index, "--no-deps", "--only-binary", ":all:", "--quiet", "--target", folder)
	for _, d := range some {
		arguments = append(arguments, d.project+"=="+d.version)
	}
	install := exec.CommandContext(f.t.Context(), program, arguments...)
	install.Env, install.Dir = env, work
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %.2000s", err, bytes.TrimSpace(out))
	}
	is := installedIn(folder)
	absent = map[string]string{}
	for _, d := range some {
		if got := is[d.project]; got != d.version {
			absent[d.of] = fmt.Sprintf("version %q is there after the install", got)
		}
	}
	return absent, os.RemoveAll(work)
}

var separators = regexp.MustCompile(`[-_.]+`)

// installedIn returns the versions of the projects that are installed in a folder, by normalized name.
func installedIn(folder string) map[string]string {
	is := map[string]string{}
	found, err := filepath.Glob(filepath.Join(folder, "*.dist-info", "METADATA"))
	for _, name := range found {
		text, unread := os.ReadFile(name)
		err = errors.Join(err, unread)
		header, _, _ := bytes.Cut(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
		if message, _ := mail.ReadMessage(bytes.NewReader(append(header, "\n\n"...))); message != nil {
			is[strings.ToLower(separators.ReplaceAllString(message.Header.Get("Name"), "-"))] = message.Header.Get("Version")
		}
	}
	if err != nil {
		panic(err) // the pattern is good, and the files were just found
	}
	return is
}
