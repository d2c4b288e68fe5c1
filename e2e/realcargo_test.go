package e2e

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entrepot/e2e/fakecargo"
)

// realCrate is a crate in cargo's cache, with what became of it.
type realCrate struct {
	Name    string `json:"name"`
	Version string `json:"vers"`
	file    string
	line    []byte // of the index that it came from
	*trial
}

// cargoTrials are what real crates go through.
type cargoTrials struct {
	*connected
	crates []*realCrate
}

// TestRealCratesComeBackAsTheyWere publishes every crate of a cache of cargo's, with the description that follows from its line of
// the index, and has a public registry offer all of them to a connected repository. The bytes of both and what the index says of
// them are compared, and cargo fetches each from both. It prints a table, and fails for whatever cargo takes and Entrepot does
// not. ENTREPOT_REAL_CRATES is a home folder of cargo's, such as make real leaves. Nothing is asked of a registry.
func TestRealCratesComeBackAsTheyWere(t *testing.T) {
	folder := os.Getenv("ENTREPOT_REAL_CRATES")
	if folder == "" {
		t.Skip("needs real crates: name a home folder of cargo's in ENTREPOT_REAL_CRATES")
	}
	public := fakecargo.New(fakecargo.Manners{})
	f := cargoTrials{connected: newConnected(t, "cargo", public)}
	f.read(folder)
	f.own()
	for _, c := range f.crates {
		content, err := os.ReadFile(c.file)
		f.must(err)
		f.must(public.Offer(c.line, content))
		f.publishReal(c, content)
	}
	for _, c := range f.crates {
		if c.published() {
			f.compareReal(c, "published", "own", saidOfPublished)
		}
		f.compareReal(c, "proxied", "my-repo", saidOfProxied)
	}
	f.withEach([]string{"cargo"}, f.fetchReal)
	tell(t, f.crates)
}

// read takes all crates of which the cache has a line too.
func (f *cargoTrials) read(folder string) {
	f.t.Helper()
	lines := map[string][]byte{} // by name and version
	indexes, err := filepath.Glob(filepath.Join(folder, "registry", "index", "*", ".cache"))
	f.must(err)
	for _, index := range indexes {
		f.must(filepath.WalkDir(index, func(name string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			// A file of the cache has versions and lines by turns, each ended by a zero.
			text, err := os.ReadFile(name)
			for part := range bytes.SplitSeq(text, []byte{0}) {
				var said realCrate
				if bytes.HasPrefix(part, []byte("{")) && json.Unmarshal(part, &said) == nil {
					lines[said.Name+" "+said.Version] = part
				}
			}
			return err
		}))
	}
	files, err := filepath.Glob(filepath.Join(folder, "registry", "cache", "*", "*.crate"))
	f.must(err)
	for key, line := range lines {
		name, version, _ := strings.Cut(key, " ")
		at := slices.IndexFunc(files, func(file string) bool { return path.Base(file) == name+"-"+version+".crate" })
		if at >= 0 {
			f.crates = append(f.crates, &realCrate{name, version, files[at], line, newTrial(key)})
		}
	}
	slices.SortFunc(f.crates, func(a, b *realCrate) int { return strings.Compare(a.of, b.of) })
	if len(f.crates) == 0 {
		f.t.Fatalf("%s has no crates with their lines", folder)
	}
}

type object = map[string]any

// publishReal sends what cargo publish would.
func (f *cargoTrials) publishReal(c *realCrate, crate []byte) {
	f.t.Helper()
	document, err := json.Marshal(f.description(c))
	f.must(err)
	var body []byte
	for _, part := range [][]byte{document, crate} {
		body = append(binary.LittleEndian.AppendUint32(body, uint32(len(part))), part...)
	}
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPut, f.at("own")+"api/v1/crates/new", bytes.NewReader(body))
	f.must(err)
	req.Header.Set("Authorization", f.bearer)
	resp, err := client.Do(req)
	f.must(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	f.must(err)
	c.checks["published"] = ""
	if resp.StatusCode != http.StatusOK {
		c.checks["published"] = fmt.Sprintf("%d %s", resp.StatusCode, answer)
	}
}

// description is the document that a publication begins with, made of a line of the index.
func (f *cargoTrials) description(c *realCrate) object {
	f.t.Helper()
	line := decoded(f.t, c.line)
	var needed []object
	deps, _ := line["deps"].([]any)
	for _, one := range deps {
		d := maps.Clone(one.(object))
		d["version_req"] = d["req"]
		if d["package"] != nil {
			d["explicit_name_in_toml"], d["name"] = d["name"], d["package"]
		}
		delete(d, "package")
		needed = append(needed, d)
	}
	return object{"name": c.Name, "vers": c.Version, "deps": needed, "features": features(line), "links": line["links"],
		"rust_version": line["rust_version"]}
}

func decoded(t testing.TB, text []byte) (all object) {
	t.Helper()
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return all
}

// features are all of a line: those that only a newer cargo understands stand apart.
func features(line object) object {
	all := object{}
	for _, member := range []string{"features", "features2"} {
		some, _ := line[member].(object)
		maps.Copy(all, some)
	}
	return all
}

// saidOfPublished is what a line that is made of a publication has in common with the one of its registry.
func saidOfPublished(line object) object {
	needed := map[string]object{}
	deps, _ := line["deps"].([]any)
	for _, one := range deps {
		d := one.(object)
		delete(d, "registry")
		if d["package"] == nil {
			delete(d, "package")
		}
		if d["kind"] == nil {
			d["kind"] = "normal"
		}
		needed[fmt.Sprint(d)] = d
	}
	return object{"name": line["name"], "vers": line["vers"], "cksum": line["cksum"], "links": line["links"],
		"features": features(line), "deps": needed}
}

// saidOfProxied is all of a line.
func saidOfProxied(line object) object { return line }

// compareReal compares what a repository serves of a crate, and says of it, with the cache.
func (f *cargoTrials) compareReal(c *realCrate, how, repository string, said func(object) object) {
	f.t.Helper()
	c.checks[how+", same bytes"] = f.unlike(f.at(repository)+"api/v1/crates/"+c.Name+"/"+c.Version+"/download", c.file)
	_, index, err := f.fetch(f.t.Context(), f.at(repository)+indexPathOf(c.Name))
	f.must(err)
	wrong := "it has no line"
	for text := range bytes.Lines(index) {
		if line := decoded(f.t, text); line["vers"] == c.Version {
			wrong = ""
			if got, want := said(line), said(decoded(f.t, c.line)); !reflect.DeepEqual(got, want) {
				wrong = fmt.Sprintf("got %.500v, want %.500v", got, want)
			}
		}
	}
	c.checks[how+", same line"] = wrong
}

// indexPathOf is where an index has the file about a crate.
func indexPathOf(name string) string {
	name = strings.ToLower(name)
	switch len(name) {
	case 1, 2:
		return fmt.Sprintf("%d/%s", len(name), name)
	case 3:
		return "3/" + name[:1] + "/" + name
	}
	return name[:2] + "/" + name[2:4] + "/" + name
}

// fetchReal has cargo fetch each crate by itself, into a home that has nothing, and look at it.
func (f *cargoTrials) fetchReal(program, repository string) {
	f.t.Helper()
	work := f.t.TempDir()
	env, err := clientsEnvironment(work)
	f.must(err)
	env = append(env, "CARGO_REGISTRIES_REAL_INDEX=sparse+"+f.at(repository), "CARGO_REGISTRIES_REAL_TOKEN="+f.bearer,
		"CARGO_REGISTRIES_REAL_CREDENTIAL_PROVIDER=cargo:token")
	for _, c := range f.crates {
		if repository == "own" && !c.published() {
			continue
		}
		look := exec.CommandContext(f.t.Context(), program, "info", "--quiet", "--registry", "real", c.Name+"@"+c.Version)
		look.Dir, look.Env = work, env
		wrong := ""
		if out, err := look.CombinedOutput(); err != nil {
			wrong = fmt.Sprintf("%v: %s", err, out)
		}
		c.checks[program+" from "+repository] = wrong
	}
}
