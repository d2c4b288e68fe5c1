package pypi

import (
	"regexp"
	"strings"
)

// distributionKind is what a file of a project is, in the word that uploads have for it as their filetype.
type distributionKind string

// The kinds. What is neither a wheel nor a source distribution no installer of today takes; registries still have it.
const (
	wheelKind distributionKind = "bdist_wheel"
	sdistKind distributionKind = "sdist"
	otherKind distributionKind = ""
)

// distribution is what a file's name says.
type distribution struct {
	kind    distributionKind
	name    string // the project as the file name has it; empty where the name of a file of another kind does not tell
	version string // as the file name has it, but for the dashes that names of wheels cannot have
	build   string // the build tag of a wheel; empty for none
	stem    string // of a source distribution: the name without its ending, which its folder is called by
}

// maxFileName bounds a file's name, in bytes.
const maxFileName = 255

// parseFilename reads the name of a file of a project. The project, if known, is needed to tell a name with dashes from the
// version after it, and of a file it must be the one that the name begins with; empty, the first place counts after which
// there is a version. Invalid says what of the name cannot be read.
//
// Versions are not judged: what PEP 440 cannot read stands there as it is written, as long as it begins with a digit or the
// project is known.
func parseFilename(file, project string) (distribution, error) {
	if err := checkFilename(file); err != nil {
		return distribution{}, err
	}
	d, err := readFilename(file, normalName(project))
	if err != nil {
		return distribution{}, err
	}
	if project != "" && d.name != "" && normalName(d.name) != normalName(project) {
		return distribution{}, invalid("The file %q is one of the project %q, not of %q.", file, d.name, project)
	}
	return d, nil
}

// checkFilename refuses what is no name of a file, whatever it is a file of.
func checkFilename(file string) error {
	outside := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) }
	if file == "" || len(file) > maxFileName || file[0] == '.' || strings.ContainsFunc(file, outside) {
		return invalid("%.300q is not a file name: 1 to %d printable ASCII characters without slashes.", file, maxFileName)
	}
	return nil
}

// sdistEndings are those of source distributions. PEP 625 leaves .tar.gz; registries have the others of before.
var sdistEndings = []string{".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.Z", ".tar.lzma", ".tar"}

func readFilename(file, project string) (distribution, error) {
	if stem, ok := cutEnding(file, ".whl"); ok {
		return readWheelName(file, stem)
	}
	for _, ending := range sdistEndings {
		if stem, ok := cutEnding(file, ending); ok {
			return readSdistName(file, stem, project)
		}
	}
	for _, other := range otherNames {
		if stem, ok := cutEnding(file, other.ending); ok {
			return readOtherName(file, other.tail.ReplaceAllString(stem, ""), project)
		}
	}
	return distribution{}, invalid("The file %q has none of the endings that files of Python projects have, "+
		"such as .whl and .tar.gz.", file)
}

func cutEnding(file, ending string) (string, bool) {
	at := len(file) - len(ending)
	if at <= 0 || !strings.EqualFold(file[at:], ending) {
		return "", false
	}
	return file[:at], true
}

// readWheelName reads {name}-{version}[-{build}]-{python}-{abi}-{platform} (PEP 427).
func readWheelName(file, stem string) (distribution, error) {
	parts := strings.Split(stem, "-")
	if len(parts) != 5 && len(parts) != 6 {
		return distribution{}, invalid("The file %q is not called as a wheel is: "+
			"{name}-{version}[-{build}]-{python}-{abi}-{platform}.whl.", file)
	}
	d := distribution{kind: wheelKind, name: parts[0], version: wheelVersion(parts[1])}
	if len(parts) == 6 {
		if d.build = parts[2]; d.build == "" || !digit(d.build[0]) {
			return distribution{}, invalid("The file %q has the build tag %q: one must begin with a digit.", file, d.build)
		}
	}
	for _, part := range parts {
		if part == "" {
			return distribution{}, invalid("The file %q has a part of its name that is empty.", file)
		}
	}
	return d, checkName(file, d.name)
}

// wheelVersion reads the version in the names that wheels have, in which no dash can be: as installers have always read it.
func wheelVersion(written string) string {
	if _, err := parseVersion(written); err != nil {
		return strings.ReplaceAll(written, "_", "-")
	}
	return written
}

func readSdistName(file, stem, project string) (distribution, error) {
	if dumb := dumbTail.FindStringIndex(stem); dumb != nil {
		return readOtherName(file, stem[:dumb[0]], project)
	}
	d := distribution{kind: sdistKind, stem: stem}
	var ok bool
	if d.name, d.version, ok = splitName(stem, project); !ok {
		return distribution{}, unsplit(file, project)
	}
	return d, checkName(file, d.name)
}

// platformTail is what distutils put behind the version of what it built for one platform, such as .win-amd64.
const platformTail = `[.-](?:win32|win-[a-z0-9]+|linux|macosx|darwin|cygwin|freebsd|openbsd|netbsd|solaris|sunos|aix|hp-ux|irix|any|noarch)(?:[-._].*)?`

// dumbTail is that of an archive that bdist_dumb has made, which is called as a source distribution is.
var dumbTail = regexp.MustCompile(`(?i)` + platformTail + `$`)

// otherNames are the endings of files that are neither wheels nor source distributions, and what of their names follows
// the version.
var otherNames = []struct {
	ending string
	tail   *regexp.Regexp
}{
	{".egg", regexp.MustCompile(`(?i)(?:-py[0-9][^-]*(?:-.*)?|` + platformTail + `)$`)},
	{".exe", regexp.MustCompile(`(?i)(?:` + platformTail + `|-py[0-9].*)$`)},
	{".msi", regexp.MustCompile(`(?i)(?:` + platformTail + `|-py[0-9].*)$`)},
	{".dmg", regexp.MustCompile(`(?i)(?:` + platformTail + `|-py[0-9].*)$`)},
	{".rpm", regexp.MustCompile(`(?i)(?:-[^-]*)?\.(?:noarch|src|x86_64|i[3-6]86|aarch64|ppc64le|s390x)$`)},
	{".deb", regexp.MustCompile(`(?i)(?:-[^-_]*)?_[a-z0-9]+$`)},
}

// readOtherName makes the best guess at the version: of a file that nobody can install it decides with which others it is
// listed.
func readOtherName(file, stem, project string) (distribution, error) {
	d := distribution{kind: otherKind}
	var ok bool
	if d.name, d.version, ok = splitName(stem, project); ok {
		return d, checkName(file, d.name)
	}
	// A Debian package has a name of its own, such as python-six_1.0.
	d.name = ""
	if _, d.version, ok = strings.Cut(stem, "_"); ok && d.version != "" && digit(d.version[0]) {
		return d, nil
	}
	return distribution{}, unsplit(file, project)
}

// splitName splits a name from the version behind it. Of a project that is known every spelling counts as its name.
func splitName(stem, project string) (name, version string, ok bool) {
	last := -1
	for at := range len(stem) {
		if stem[at] != '-' || at == 0 || at == len(stem)-1 {
			continue
		}
		rest := stem[at+1:]
		if project != "" {
			if normalName(stem[:at]) == project {
				return stem[:at], rest, true
			}
			continue
		}
		if _, err := parseVersion(rest); err == nil {
			return stem[:at], rest, true
		}
		if digit(rest[0]) && last < 0 {
			last = at
		}
	}
	if last < 0 {
		return "", "", false
	}
	return stem[:last], stem[last+1:], true
}

func unsplit(file, project string) error {
	if project != "" {
		return invalid("The file %q does not begin with the name of the project %q and a dash.", file, project)
	}
	return invalid("The file %q has no version after the name of its project.", file)
}

// projectName is what a project may be called (core metadata specification, "Name").
var projectName = regexp.MustCompile(`(?i)^([a-z0-9]|[a-z0-9][a-z0-9._-]*[a-z0-9])$`)

func checkName(file, name string) error {
	if !projectName.MatchString(name) {
		return invalid("The file %q begins with %q, which is no name of a project: "+
			"letters, digits, and between them dots, dashes and underscores.", file, name)
	}
	return nil
}
