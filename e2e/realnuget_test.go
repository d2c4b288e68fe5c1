package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entrepot/e2e/fakenuget"
)

// realNupkg is a NuGet package with what its nuspec says, and what became of it.
type realNupkg struct {
	id, number, file string // number is the version as addresses have it
	nuspec           fakenuget.Nuspec
	restorable       bool // by a project of netstandard2.0, from a folder
	*trial
}

// nugetTrials are what real NuGet packages go through.
type nugetTrials struct {
	*connected
	packages []*realNupkg
}

// TestRealNuGetPackagesComeBackAsTheyWere pushes every NuGet package of a folder with dotnet, and has a public registry offer all of
// them to a connected repository. The bytes of both and what registrations say of them are compared with the packages; nuget
// installs each from both, and dotnet what it can restore from a folder. It prints a table, and fails for whatever the clients take
// and Entrepot does not. ENTREPOT_REAL_NUPKGS is a folder with packages somewhere in it, such as make real fills. Nothing is asked
// of a registry.
func TestRealNuGetPackagesComeBackAsTheyWere(t *testing.T) {
	folder := os.Getenv("ENTREPOT_REAL_NUPKGS")
	if folder == "" {
		t.Skip("needs real NuGet packages: name the folder that holds them in ENTREPOT_REAL_NUPKGS")
	}
	public := fakenuget.New(fakenuget.Manners{})
	f := nugetTrials{connected: newConnected(t, "nuget", public)}
	f.read(folder, public)
	f.own()
	f.pushReal()
	for _, p := range f.packages {
		if p.published() {
			f.compareReal(p, "published", "own")
		}
		f.compareReal(p, "proxied", "my-repo")
	}
	f.withEach([]string{"nuget"}, f.installReal)
	f.restoreFromFolder()
	f.withEach([]string{"dotnet"}, f.restoreReal)
	tell(t, f.packages)
}

// read takes all packages below a folder, one of each id and version, and offers them.
func (f *nugetTrials) read(folder string, public *fakenuget.Registry) {
	f.t.Helper()
	seen := map[string]bool{}
	f.must(filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".nupkg" {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n, err := fakenuget.ReadNuspec(content)
		if err != nil {
			f.t.Logf("%s is no package: %v", name, err)
			return nil
		}
		p := &realNupkg{id: n.Metadata.ID, number: fakenuget.Number(n.Metadata.Version), file: name, nuspec: n}
		if p.trial = newTrial(p.id + " " + n.Metadata.Version); seen[p.folder()] {
			return nil
		}
		seen[p.folder()] = true
		f.packages = append(f.packages, p)
		return public.Offer(content)
	}))
	if len(f.packages) == 0 {
		f.t.Fatalf("%s has no packages", folder)
	}
}

// folder is where the package is in a flat container.
func (p *realNupkg) folder() string { return strings.ToLower(p.id) + "/" + p.number + "/" }

// unwantedNupkgs are refused on purpose (docs/compatibility.md), and why.
var unwantedNupkgs = map[string]string{}

const nugetConfig = `<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources><clear /><add key="ours" value="%s" /></packageSources>
  <packageSourceCredentials>
    <ours><add key="Username" value="aws" /><add key="ClearTextPassword" value="%s" /></ours>
  </packageSourceCredentials>
</configuration>
`

// client runs a client that has packages from a source alone, in a folder that its files lie in already.
func (f *nugetTrials) client(work, source, program string, arguments ...string) error {
	f.t.Helper()
	env, err := clientsEnvironment(work)
	f.must(err)
	f.must(os.WriteFile(filepath.Join(work, "nuget.config"), fmt.Appendf(nil, nugetConfig, source, f.bearer), 0o600))
	run := exec.CommandContext(f.t.Context(), program, arguments...)
	run.Dir, run.Env = work, env
	if out, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %.2000s", err, bytes.TrimSpace(out))
	}
	return nil
}

func (f *nugetTrials) source(repository string) string { return f.at(repository) + "v3/index.json" }

// pushReal pushes all packages with dotnet, as many at once as it can: it ends at the first that is refused, and may send again what
// is there.
func (f *nugetTrials) pushReal() {
	f.t.Helper()
	halve(f.packages, "published", func(some []*realNupkg) (map[string]string, error) {
		work := f.t.TempDir()
		for _, p := range some {
			f.must(os.Symlink(p.file, filepath.Join(work, p.id+"."+p.number+".nupkg")))
		}
		return nil, f.client(work, f.source("own"), "dotnet", "nuget", "push", "*.nupkg", "-s", "ours", "-k", "any", "-n", "true")
	})
	for _, p := range f.packages {
		if !p.published() && unwantedNupkgs[p.of] != "" {
			delete(p.checks, "published")
			p.checks["refused on purpose"] = ""
		}
	}
}

// compareReal compares what a repository serves of a package, and says of it, with the package.
func (f *nugetTrials) compareReal(p *realNupkg, how, repository string) {
	f.t.Helper()
	at := f.at(repository) + "v3/flatcontainer/" + p.folder()
	p.checks[how+", same bytes"] = f.unlike(at+strings.ToLower(p.id)+"."+p.number+".nupkg", p.file)
	_, nuspec, err := f.fetch(f.t.Context(), at+strings.ToLower(p.id)+".nuspec")
	f.must(err)
	if p.checks[how+", same nuspec"] = ""; !bytes.Equal(nuspec, p.nuspec.Text) {
		p.checks[how+", same nuspec"] = fmt.Sprintf("got %.300q, want %.300q", nuspec, p.nuspec.Text)
	}
	status, body, err := f.fetch(f.t.Context(), f.at(repository)+"v3/registrations-semver2/"+strings.ToLower(p.id)+"/"+
		url.PathEscape(p.number)+".json")
	f.must(err)
	var leaf struct{ CatalogEntry string }
	if status == 200 {
		f.must(json.Unmarshal(body, &leaf))
		status, body, err = f.fetch(f.t.Context(), leaf.CatalogEntry)
		f.must(err)
	}
	if status != 200 {
		p.checks[how+", same dependencies"] = fmt.Sprintf("got status %d: %.300s", status, body)
		return
	}
	var entry struct {
		DependencyGroups []map[string]any `json:"dependencyGroups"`
	}
	f.must(json.Unmarshal(body, &entry))
	p.checks[how+", same dependencies"] = ""
	if got, want := needed(f.t, entry.DependencyGroups), needed(f.t, p.nuspec.Groups()); !slices.Equal(got, want) {
		p.checks[how+", same dependencies"] = fmt.Sprintf("got %q, want %q", got, want)
	}
}

// needed are the ids of groups of dependencies with their frameworks. Ranges are written in several ways.
func needed(t testing.TB, groups []map[string]any) (all []string) {
	t.Helper()
	text, err := json.Marshal(groups)
	var read []struct {
		TargetFramework string
		Dependencies    []struct{ ID string }
	}
	if err := errors.Join(err, json.Unmarshal(text, &read)); err != nil {
		t.Fatal(err)
	}
	for _, group := range read {
		all = append(all, group.TargetFramework+":")
		for _, d := range group.Dependencies {
			all = append(all, group.TargetFramework+": "+d.ID)
		}
	}
	slices.Sort(all)
	return all
}

// rounds calls try with some packages at a time, no two of one id.
func rounds(all []*realNupkg, try func([]*realNupkg)) {
	for len(all) > 0 {
		now, later := map[string]*realNupkg{}, []*realNupkg(nil)
		for _, p := range all {
			if id := strings.ToLower(p.id); now[id] == nil {
				now[id] = p
			} else {
				later = append(later, p)
			}
		}
		try(slices.SortedFunc(maps.Values(now), func(a, b *realNupkg) int { return strings.Compare(a.of, b.of) }))
		all = later
	}
}

// taken are the packages that a repository has.
func (f *nugetTrials) taken(repository string) []*realNupkg {
	return slices.DeleteFunc(slices.Clone(f.packages), func(p *realNupkg) bool { return repository == "own" && !p.published() })
}

// installReal has nuget restore the packages of a packages.config into a folder, and compares them.
func (f *nugetTrials) installReal(program, repository string) {
	f.t.Helper()
	rounds(f.taken(repository), func(some []*realNupkg) {
		halve(some, program+" from "+repository, func(some []*realNupkg) (map[string]string, error) {
			work := f.t.TempDir()
			var listed strings.Builder
			listed.WriteString("<packages>")
			for _, p := range some {
				fmt.Fprintf(&listed, `<package id="%s" version="%s" targetFramework="net48" />`, p.id, p.number)
			}
			listed.WriteString("</packages>")
			f.must(os.WriteFile(filepath.Join(work, "packages.config"), []byte(listed.String()), 0o600))
			err := f.client(work, f.source(repository), program, "restore", "packages.config", "-PackagesDirectory", "packages",
				"-NoCache", "-NonInteractive")
			return unlikeAny(some, func(p *realNupkg) string {
				name, written := p.id+"."+p.number, p.id+"."+p.nuspec.Metadata.Version
				folders, _ := os.ReadDir(filepath.Join(work, "packages")) // else it is not there, and that is said
				for _, folder := range folders {                          // which are called as the nuspec has it
					if called := folder.Name(); strings.EqualFold(called, name) || strings.EqualFold(called, written) {
						name = called
					}
				}
				return filepath.Join(work, "packages", name, name+".nupkg")
			}), err
		})
	})
}

// unlikeAny says of which packages the file that a client has kept is another.
func unlikeAny(some []*realNupkg, kept func(*realNupkg) string) map[string]string {
	absent := map[string]string{}
	for _, p := range some {
		got, err := os.ReadFile(kept(p))
		want, unread := os.ReadFile(p.file)
		if err := errors.Join(err, unread); err != nil || !bytes.Equal(got, want) {
			absent[p.of] = fmt.Sprintf("got %d bytes (%v), want %d", len(got), err, len(want))
		}
	}
	return absent
}

const fromFolder = "restores from a folder"

// restoreFromFolder finds out which packages a project can restore at all: with all that they need, and for its framework.
func (f *nugetTrials) restoreFromFolder() {
	f.t.Helper()
	folder := f.t.TempDir()
	for _, p := range f.packages {
		f.must(os.Symlink(p.file, filepath.Join(folder, p.id+"."+p.number+".nupkg")))
	}
	rounds(f.packages, func(some []*realNupkg) {
		halve(some, fromFolder, func(some []*realNupkg) (map[string]string, error) {
			_, err := f.restore("dotnet", folder, some)
			return nil, err
		})
	})
	for _, p := range f.packages {
		p.restorable = p.checks[fromFolder] == ""
		delete(p.checks, fromFolder)
	}
}

func (f *nugetTrials) restoreReal(program, repository string) {
	f.t.Helper()
	all := slices.DeleteFunc(f.taken(repository), func(p *realNupkg) bool { return !p.restorable })
	rounds(all, func(some []*realNupkg) {
		halve(some, program+" from "+repository, func(some []*realNupkg) (map[string]string, error) {
			work, err := f.restore(program, f.source(repository), some)
			return unlikeAny(some, func(p *realNupkg) string {
				return filepath.Join(work, "home", ".nuget", "packages", p.folder(), strings.ToLower(p.id)+"."+p.number+".nupkg")
			}), err
		})
	})
}

// restore restores a project that needs the packages, and returns the folder that holds all of it.
func (f *nugetTrials) restore(program, source string, some []*realNupkg) (work string, err error) {
	f.t.Helper()
	work = f.t.TempDir()
	f.must(os.Mkdir(filepath.Join(work, "app"), 0o700))
	var project strings.Builder
	project.WriteString(`<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>netstandard2.0</TargetFramework>` +
		`<DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences></PropertyGroup><ItemGroup>`)
	for _, p := range some {
		fmt.Fprintf(&project, `<PackageReference Include="%s" Version="[%s]" />`, p.id, p.number)
	}
	project.WriteString("</ItemGroup></Project>")
	f.must(os.WriteFile(filepath.Join(work, "app", "app.csproj"), []byte(project.String()), 0o600))
	return work, f.client(work, source, program, "restore", "app")
}
