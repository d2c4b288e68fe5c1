package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entrepot/e2e/fakeruby"
)

// realGem is a gem with what RubyGems reads in it, and what became of it.
type realGem struct {
	Name, Version, Platform string
	FullName                string
	Line                    string // of an info file, without checksum
	Error                   string // why RubyGems cannot read it
	Differences             []string
	file, checksum          string
	installable             bool // by itself, without a registry
	*trial
}

// rubyTrials are what real gems go through.
type rubyTrials struct {
	*connected
	gems []*realGem
}

// TestRealGemsComeBackAsTheyWere pushes every gem of a folder with gem, and has a public registry offer all of them to a connected
// repository. The bytes of both and what indexes say of them are compared with what RubyGems reads in the gems, and gem installs
// each from both, as it installs it from the file. It prints a table, and fails for whatever gem takes and Entrepot does not.
// ENTREPOT_REAL_GEMS is a folder with gems somewhere in it, such as make real fills. Nothing is asked of a registry.
func TestRealGemsComeBackAsTheyWere(t *testing.T) {
	folder := os.Getenv("ENTREPOT_REAL_GEMS")
	if folder == "" {
		t.Skip("needs real gems: name the folder that holds them in ENTREPOT_REAL_GEMS")
	}
	public := fakeruby.New()
	f := rubyTrials{connected: newConnected(t, "ruby", public)}
	f.read(folder)
	f.own()
	for _, g := range f.gems {
		content, err := os.ReadFile(g.file)
		f.must(err)
		public.Offer(g.Name, g.FullName, g.Line+comma(g.Line)+"checksum:"+g.checksum+"\n", content)
		f.pushReal(g)
	}
	f.compareReal("published", "own")
	f.compareReal("proxied", "my-repo")
	f.installFiles()
	f.withEach([]string{"gem", "gem-3.6"}, f.installReal)
	tell(t, f.gems)
}

// comma is what stands before another requirement of a line.
func comma(line string) string {
	if strings.HasSuffix(line, "|") {
		return ""
	}
	return ","
}

// read takes all gems below a folder, one of each name.
func (f *rubyTrials) read(folder string) {
	f.t.Helper()
	f.must(filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".gem" {
			f.gems = append(f.gems, &realGem{file: name, trial: newTrial(filepath.Base(name))})
		}
		return err
	}))
	f.ask(func(*realGem) string { return "" })
	seen := map[string]bool{}
	f.gems = slices.DeleteFunc(f.gems, func(g *realGem) bool {
		if g.Error != "" {
			f.t.Logf("RubyGems does not read %s: %s", g.of, g.Error)
			return true
		}
		if seen[g.FullName] {
			return true
		}
		seen[g.FullName] = true
		content, err := os.ReadFile(g.file)
		f.must(err)
		sum := sha256.Sum256(content)
		g.checksum = hex.EncodeToString(sum[:])
		return false
	})
	if len(f.gems) == 0 {
		f.t.Fatalf("%s has no gems", folder)
	}
}

// ask has RubyGems read the gems, each beside the quick specification of it that may be given.
func (f *rubyTrials) ask(quick func(*realGem) string) {
	f.t.Helper()
	var names bytes.Buffer
	for _, g := range f.gems {
		fmt.Fprintln(&names, strings.TrimSuffix(g.file+"\t"+quick(g), "\t"))
	}
	read := exec.CommandContext(f.t.Context(), "ruby", "testdata/gems.rb")
	read.Stdin, read.Stderr = &names, os.Stderr
	out, err := read.Output()
	f.must(err)
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != len(f.gems) {
		f.t.Fatalf("got %d lines about %d gems", len(lines), len(f.gems))
	}
	for i, g := range f.gems {
		f.must(json.Unmarshal(lines[i], g))
	}
}

// unwantedGems are refused on purpose (docs/compatibility.md), and why.
var unwantedGems = map[string]string{
	"backslash_0-1.0.gem": "on some systems a backslash stands between folders",
	"backslash_1-1.0.gem": "the same",
	"aliases-0.0.0.gem":   "its metadata is not what RubyGems writes",
}

// pushReal pushes a gem with gem.
func (f *rubyTrials) pushReal(g *realGem) {
	f.t.Helper()
	push := exec.CommandContext(f.t.Context(), "gem", "push", "--host", f.at("own"), g.file)
	env, err := clientsEnvironment(f.t.TempDir())
	f.must(err)
	push.Env = append(env, "GEM_HOST_API_KEY="+f.bearer)
	out, err := push.CombinedOutput()
	switch {
	case err == nil:
		g.checks["published"] = ""
	case unwantedGems[g.of] != "":
		g.checks["refused on purpose"] = ""
	default:
		g.checks["published"] = fmt.Sprintf("%v: %s", err, out)
	}
}

// compareReal compares what a repository serves of the gems, and says of them, with what they are.
func (f *rubyTrials) compareReal(how, repository string) {
	f.t.Helper()
	folder := f.t.TempDir()
	for _, g := range f.gems {
		if how == "published" && !g.published() {
			continue
		}
		g.checks[how+", same bytes"] = f.unlike(f.at(repository)+"gems/"+g.FullName+".gem", g.file)
		g.checks[how+", same line"] = f.unlikeLine(g, repository)
	}
	specified := func(g *realGem) bool { return g.published() || how != "published" && unwantedGems[g.of] == "" }
	quick := func(g *realGem) string {
		if !specified(g) {
			return ""
		}
		status, body, err := f.fetch(f.t.Context(), f.at(repository)+"quick/Marshal.4.8/"+g.FullName+".gemspec.rz")
		f.must(err)
		if g.checks[how+", same specification"] = ""; status != 200 {
			g.checks[how+", same specification"] = fmt.Sprintf("got status %d: %.300s", status, body)
			return ""
		}
		file := filepath.Join(folder, g.FullName)
		f.must(os.WriteFile(file, body, 0o600))
		return file
	}
	for _, g := range f.gems {
		g.Differences = nil
	}
	f.ask(quick)
	for _, g := range f.gems {
		if g.Error != "" {
			g.checks[how+", same specification"] = g.Error
		}
		if len(g.Differences) > 0 {
			g.checks[how+", same specification"] = strings.Join(g.Differences, "; ")
		}
	}
}

// unlikeLine says why the line of a repository's info file is not the gem's.
func (f *rubyTrials) unlikeLine(g *realGem, repository string) string {
	f.t.Helper()
	_, info, err := f.fetch(f.t.Context(), f.at(repository)+"info/"+g.Name)
	f.must(err)
	slug := strings.TrimPrefix(g.FullName, g.Name+"-")
	for text := range strings.Lines(string(info)) {
		if !strings.HasPrefix(text, slug+" ") {
			continue
		}
		got, want := partsOf(text), partsOf(g.Line+comma(g.Line)+"checksum:"+g.checksum)
		if !slices.Equal(got, want) {
			return fmt.Sprintf("got %q, want %q", got, want)
		}
		return ""
	}
	return "it has no line"
}

// partsOf are what a line says, in one order: that of what is needed and wanted decides nothing. When the gem was made is not told by
// gems.
func partsOf(line string) (parts []string) {
	slug, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	needed, wanted, _ := strings.Cut(rest, "|")
	for kind, list := range map[string]string{"needs": needed, "wants": wanted} {
		for part := range strings.SplitSeq(list, ",") {
			name, constraints, _ := strings.Cut(part, ":")
			all := strings.Split(constraints, "&")
			slices.Sort(all)
			if part != "" && name != "created_at" {
				parts = append(parts, kind+" "+name+":"+strings.Join(all, "&"))
			}
		}
	}
	slices.Sort(parts)
	return append([]string{slug}, parts...)
}

// install has gem install gems into a folder, and returns it.
func (f *rubyTrials) install(program string, arguments ...string) (folder string, err error) {
	f.t.Helper()
	work := f.t.TempDir()
	env, err := clientsEnvironment(work)
	f.must(err)
	folder = filepath.Join(work, "installed")
	f.must(os.Mkdir(folder, 0o700))
	install := exec.CommandContext(f.t.Context(), program, append([]string{"install", "--no-document", "--ignore-dependencies", "--force",
		"--install-dir", folder}, arguments...)...)
	install.Dir, install.Env = work, append(env, "GEM_HOME="+filepath.Join(work, "gems"))
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %.2000s", err, bytes.TrimSpace(out))
	}
	return folder, nil
}

// rounds calls try with some gems at a time, no two of one name.
func (f *rubyTrials) rounds(all []*realGem, try func([]*realGem)) {
	const atOnce = 40
	for len(all) > 0 {
		var now, later []*realGem
		for _, g := range all {
			same := func(other *realGem) bool { return other.Name == g.Name }
			if len(now) < atOnce && !slices.ContainsFunc(now, same) {
				now = append(now, g)
			} else {
				later = append(later, g)
			}
		}
		try(now)
		all = later
	}
}

const byItself = "installs from its file"

// installFiles finds out which gems can be installed here at all, and what is there then.
func (f *rubyTrials) installFiles() {
	f.t.Helper()
	all := slices.DeleteFunc(slices.Clone(f.gems), func(g *realGem) bool { return g.Platform != "ruby" })
	f.rounds(all, func(some []*realGem) {
		halve(some, byItself, func(some []*realGem) (map[string]string, error) {
			var files []string
			for _, g := range some {
				files = append(files, g.file)
			}
			_, err := f.install("gem", append([]string{"--local"}, files...)...)
			return nil, err
		})
	})
	for _, g := range all {
		if why := g.checks[byItself]; why != "" {
			f.t.Logf("gem does not install %s from its file: %.300s", g.of, why)
			delete(g.checks, byItself)
			continue
		}
		g.installable = true
	}
}

// installReal installs what can be installed, and compares the gems that gem has kept with those that it should have got.
func (f *rubyTrials) installReal(program, repository string) {
	f.t.Helper()
	var all []*realGem
	for _, g := range f.gems {
		switch taken := repository != "own" || g.published(); {
		case !taken:
		case g.Platform != "ruby":
			f.fetchReal(program, repository, g)
		case g.installable:
			all = append(all, g)
		}
	}
	f.rounds(all, func(some []*realGem) {
		halve(some, program+" from "+repository, func(some []*realGem) (map[string]string, error) {
			arguments := []string{"--clear-sources", "--source", f.source(repository)}
			for _, g := range some {
				arguments = append(arguments, g.Name+":"+g.Version)
			}
			folder, err := f.install(program, arguments...)
			return absentIn(folder, some), err
		})
	})
}

// fetchReal fetches a gem for a platform: gem installs for that of the machine alone.
func (f *rubyTrials) fetchReal(program, repository string, g *realGem) {
	f.t.Helper()
	work := f.t.TempDir()
	env, err := clientsEnvironment(work)
	f.must(err)
	fetch := exec.CommandContext(f.t.Context(), program, "fetch", "--clear-sources", "--source", f.source(repository), "--platform", g.Platform,
		"--version", g.Version, g.Name)
	fetch.Dir, fetch.Env = work, append(env, "GEM_HOME="+filepath.Join(work, "gems"))
	out, err := fetch.CombinedOutput()
	got, _ := filepath.Glob(filepath.Join(work, "*.gem")) // the pattern is good
	check := program + " from " + repository
	if g.checks[check] = ""; len(got) != 1 {
		g.checks[check] = fmt.Sprintf("%v: %s", err, out)
	} else if sum, err := treeSum(got[0]); err != nil || sum != f.sum(g) {
		g.checks[check] = fmt.Sprintf("fetched another gem (%v): %s", err, out)
	}
}

// sum is that of the gem's file.
func (f *rubyTrials) sum(g *realGem) string {
	f.t.Helper()
	sum, err := treeSum(g.file)
	f.must(err)
	return sum
}

// source is a repository's address with the token in it.
func (f *rubyTrials) source(repository string) string {
	return strings.Replace(f.at(repository), "http://", "http://aws:"+f.bearer+"@", 1)
}

// absentIn says of which gems not the right one was installed.
func absentIn(folder string, some []*realGem) map[string]string {
	absent := map[string]string{}
	for _, g := range some {
		got, err := os.ReadFile(filepath.Join(folder, "cache", g.FullName+".gem"))
		want, unread := os.ReadFile(g.file)
		if err := errors.Join(err, unread); err != nil || !bytes.Equal(got, want) {
			absent[g.of] = fmt.Sprintf("got %d bytes (%v), want %d", len(got), err, len(want))
		}
		if _, err := os.Stat(filepath.Join(folder, "gems", g.FullName)); err != nil {
			absent[g.of] = "was not unpacked"
		}
	}
	return absent
}
