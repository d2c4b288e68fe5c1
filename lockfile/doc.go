// Package lockfile reads which versions of which packages a project is locked to, out of the files that package managers write
// for themselves, and out of a plain list. It knows nothing of servers; what it reads is whatever lies in somebody's project.
package lockfile

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"entrepot/artifact"
)

// Ceilings of what is read of one file.
const (
	maxFile = 64 << 20 // bytes; the largest lockfiles of the field have a tenth of it
	maxPins = 200_000
	maxLine = 1 << 20 // bytes
)

// Pin is a version that a file locks a project to.
type Pin struct {
	artifact.VersionKey // as the file writes it: a server knows what it is kept as
	// Registry is the address that the file has the version from; empty where the file does not say. It is what the file says
	// and nothing is ever asked there.
	Registry string
	// Files are those of the version that the file names, or knows the digests of. None: it says nothing of files.
	Files []File
}

// File is a file of a version.
type File struct {
	Name     string // empty: a file of the version that has one of the sums
	Sums     []Sum  // what it has to be; none: anything
	Optional bool   // not every version has it
}

// Skip is an entry that names no version of a registry's package, and why.
type Skip struct {
	What string
	Why  string
}

// Contents is what a file says.
type Contents struct {
	Pins    []Pin
	Skipped []Skip
}

// Error is why a file cannot be read.
type Error struct {
	Line int // 0 where it is no line's fault
	Why  string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Why
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Why)
}

func wrong(line int, why string, args ...any) error { return &Error{line, fmt.Sprintf(why, args...)} }

// kind is a file that can be read.
type kind struct {
	patterns []string // of its name, as path.Match has them
	of       string
	read     func(text []byte, to *Contents) error
}

// kinds are the files that are known by their names, the first that fits.
var kinds = []kind{
	{[]string{"package-lock.json", "npm-shrinkwrap.json"}, "npm", readPackageLock},
	{[]string{"yarn.lock"}, "yarn, classic and berry", readYarn},
	{[]string{"pnpm-lock.yaml"}, "pnpm", readPnpm},
	{[]string{"bun.lock"}, "bun", readBun},
	{[]string{"poetry.lock"}, "Poetry", readPoetry},
	{[]string{"uv.lock"}, "uv", readUV},
	{[]string{"pdm.lock"}, "PDM", readPDM},
	{[]string{"Pipfile.lock"}, "Pipenv", readPipfile},
	{[]string{"requirements*.txt", "*-requirements.txt"}, "pip, pip-compile", readRequirements},
	{[]string{"Cargo.lock"}, "cargo", readCargo},
	{[]string{"Gemfile.lock", "gems.locked"}, "Bundler", readGemfile},
	{[]string{"packages.lock.json", "packages.*.lock.json"}, "NuGet, dotnet", readNuGet},
	{[]string{"Package.resolved"}, "SwiftPM", readSwift},
	{[]string{"gradle.lockfile", "*.lockfile"}, "Gradle", readGradle},
	{[]string{"dependencies.txt"}, "mvn dependency:list", readMavenList},
}

// Known describes a kind of file.
type Known struct {
	Names []string // patterns of file names
	Of    string   // who writes it
}

// Kinds lists the files that Read knows by their names.
func Kinds() []Known {
	all := make([]Known, len(kinds))
	for i, k := range kinds {
		all[i] = Known{slices.Clone(k.patterns), k.of}
	}
	return all
}

// Knows reports whether a file of the name can be read.
func Knows(name string) bool { return kindOf(name) != nil }

func kindOf(name string) *kind {
	for i, k := range kinds {
		for _, p := range k.patterns {
			if ok, _ := path.Match(p, name); ok {
				return &kinds[i]
			}
		}
	}
	return nil
}

// Read reads a lockfile by its name, without its folder. Every error but those of content is an *Error.
func Read(name string, content io.Reader) (Contents, error) {
	k := kindOf(name)
	if k == nil {
		return Contents{}, wrong(0, "%.100q is not the name of a lockfile that is known", name)
	}
	return read(content, k.read)
}

func read(content io.Reader, by func([]byte, *Contents) error) (Contents, error) {
	text, err := io.ReadAll(io.LimitReader(content, maxFile+1))
	if err != nil {
		return Contents{}, err
	}
	if len(text) > maxFile {
		return Contents{}, wrong(0, "it is larger than %d MiB", maxFile>>20)
	}
	var found Contents
	if err := by(text, &found); err != nil {
		return Contents{}, err
	}
	if len(found.Pins)+len(found.Skipped) > maxPins {
		return Contents{}, wrong(0, "it has more than %d entries", maxPins)
	}
	found.Pins = merged(found.Pins)
	return found, nil
}

// merged has each version of each registry once, in the order of their first mention: lockfiles name what is needed in several
// places in each of them.
func merged(pins []Pin) []Pin {
	type place struct {
		artifact.VersionKey
		registry string
	}
	at := map[place]int{}
	files := map[int]map[string]bool{} // of versions that are named again, as keys of their files
	var once []Pin
	for _, p := range pins {
		where := place{p.VersionKey, p.Registry}
		i, known := at[where]
		if !known {
			at[where] = len(once)
			once = append(once, p)
			continue
		}
		if len(p.Files) == 0 {
			continue
		}
		if files[i] == nil {
			files[i] = make(map[string]bool, len(once[i].Files))
			for _, f := range once[i].Files {
				files[i][f.key()] = true
			}
		}
		for _, f := range p.Files {
			if key := f.key(); !files[i][key] {
				files[i][key] = true
				once[i].Files = append(once[i].Files, f)
			}
		}
	}
	return once
}

// key is the same for files of which the same is said.
func (f File) key() string { return fmt.Sprintf("%q %t %q", f.Name, f.Optional, f.Sums) }

// add adds a version, or what was found in its place if no version of a registry can be called so.
func (c *Contents) add(p Pin) {
	switch {
	case !artifact.ValidCoordinate(p.Name) || p.Namespace != "" && !artifact.ValidCoordinate(p.Namespace):
		c.skip(p.Qualified(), "no package can be called so")
	case !artifact.ValidCoordinate(p.Version):
		c.skip(p.Qualified(), "it has no exact version")
	default:
		c.Pins = append(c.Pins, p)
	}
}

// inAddresses are the name and the password that an address may have in it.
var inAddresses = regexp.MustCompile(`//[^/@\s]*@`)

// skip notes an entry that is none of a registry. What is said of it has no secret in it.
func (c *Contents) skip(what, why string) {
	what = inAddresses.ReplaceAllString(what, "//")
	if len(what) > 200 {
		what = what[:200] + "…"
	}
	c.Skipped = append(c.Skipped, Skip{strings.ToValidUTF8(what, "?"), why})
}

// Why entries are skipped, in the words of all formats.
const (
	fromGit     = "it comes from a source repository"
	fromPath    = "it comes from a folder or a file"
	fromAddress = "it comes from an address that is none of a registry"
)

// npmPackage is the key of a name as npm's clients write it: @scope/name or name.
func npmPackage(name string) artifact.PackageKey {
	if scope, rest, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(scope, "@") {
		return artifact.PackageKey{Format: artifact.NPM, Namespace: scope[1:], Name: rest}
	}
	return artifact.PackageKey{Format: artifact.NPM, Name: name}
}
