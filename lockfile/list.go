package lockfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"entrepot/artifact"
)

// notations are how packages stand in a list, by their format: npm:@scope/name@1.0.0, pypi:name==1.0, maven:group:name:1.0.
var notations = []struct {
	prefix string
	like   string
	parse  func(text string) (Pin, bool)
	// describing is the name of the file that other versions refer to, nil for formats in which they refer to the whole.
	describing func(p Pin) string
}{
	{"npm", "npm:@scope/name@1.2.3", atVersion(npmPackage), nil},
	{"pypi", "pypi:requests==2.31.0", parsePyPI, nil},
	{"maven", "maven:group:name:1.0[:classifier[@ext]]", parseMaven, func(p Pin) string { return mavenFile(p, "", "pom") }},
	{"cargo", "cargo:serde@1.0.0", atVersion(named(artifact.Cargo)), nil},
	{"nuget", "nuget:Newtonsoft.Json@13.0.3", atVersion(named(artifact.NuGet)), nil},
	{"ruby", "ruby:rack@3.0.0[-platform]", parseRuby, nil},
	{"swift", "swift:scope.name@1.0.0", atVersion(swiftPackage), nil},
	{"generic", "generic:namespace/name@1.0.0", atVersion(genericPackage), nil},
}

// ReadList reads a list of versions, one a line: a format, a colon and the version as its clients write it. What follows a #
// at the beginning of a line or after a space is a comment. Every line has to be right.
func ReadList(content io.Reader) (Contents, error) {
	return read(content, func(text []byte, to *Contents) error {
		return eachLine(text, func(number int, line string) error {
			line = strings.TrimSpace(withoutComment(line))
			if line == "" {
				return nil
			}
			p, err := parseNotation(line)
			if err != nil {
				return wrong(number, "%v", err)
			}
			to.Pins = append(to.Pins, p)
			return nil
		})
	})
}

// Parse reads one version as a list has it.
func Parse(text string) (Pin, error) { return parseNotation(text) }

func parseNotation(line string) (Pin, error) {
	prefix, rest, _ := strings.Cut(line, ":")
	for _, n := range notations {
		if n.prefix != prefix {
			continue
		}
		p, ok := n.parse(rest)
		if !ok || !artifact.ValidCoordinate(p.Name) || !artifact.ValidCoordinate(p.Version) ||
			p.Namespace != "" && !artifact.ValidCoordinate(p.Namespace) {
			return Pin{}, wrong(0, "%.200q is no version of a package: it is written %s", line, n.like)
		}
		return p, nil
	}
	known := make([]string, len(notations))
	for i, n := range notations {
		known[i] = n.prefix
	}
	return Pin{}, wrong(0, "%.200q begins with no format: %s", line, strings.Join(known, ", "))
}

// beforeVersions is what stands in front of a version where that is no @.
var beforeVersions = map[artifact.Format]string{artifact.PyPI: "==", artifact.Maven: ":"}

// Notation writes a version as a list has it.
func Notation(v artifact.VersionKey) string {
	after := "@"
	if mark, ok := beforeVersions[v.Format]; ok {
		after = mark
	}
	return string(v.Format) + ":" + v.Qualified() + after + v.Version
}

// withoutComment leaves out what follows a #, which stands in no coordinate.
func withoutComment(line string) string {
	if strings.HasPrefix(line, "#") {
		return ""
	}
	for _, mark := range []string{" #", "\t#"} {
		line, _, _ = strings.Cut(line, mark)
	}
	return line
}

func named(f artifact.Format) func(string) artifact.PackageKey {
	return func(name string) artifact.PackageKey { return artifact.PackageKey{Format: f, Name: name} }
}

func swiftPackage(identity string) artifact.PackageKey {
	scope, name, _ := strings.Cut(identity, ".")
	return artifact.PackageKey{Format: artifact.Swift, Namespace: scope, Name: name}
}

func genericPackage(text string) artifact.PackageKey {
	namespace, name, _ := strings.Cut(text, "/")
	return artifact.PackageKey{Format: artifact.Generic, Namespace: namespace, Name: name}
}

// atVersion reads PACKAGE@VERSION.
func atVersion(key func(string) artifact.PackageKey) func(string) (Pin, bool) {
	return func(text string) (Pin, bool) {
		at := strings.LastIndexByte(text, '@')
		if at <= 0 {
			return Pin{}, false
		}
		p := key(text[:at])
		return Pin{VersionKey: p.At(text[at+1:])}, p.Format.Namespace() != artifact.NamespaceRequired || p.Namespace != ""
	}
}

func parsePyPI(text string) (Pin, bool) {
	name, version, ok := strings.Cut(text, "==")
	name, _, _ = strings.Cut(name, "[")
	return Pin{VersionKey: named(artifact.PyPI)(strings.TrimSpace(name)).At(strings.TrimSpace(version))}, ok
}

func parseRuby(text string) (Pin, bool) {
	p, ok := atVersion(named(artifact.Ruby))(text)
	if !ok {
		return p, false
	}
	// A version of a gem has no dash: what follows one is the platform.
	version, platform, forOne := strings.Cut(p.Version, "-")
	if p.VersionKey.Version = version; forOne {
		p.Files = []File{{Name: p.Name + "-" + version + "-" + platform + ".gem"}}
	}
	return p, true
}

// parseMaven reads group:name:version[:classifier[@ext]]. A classifier's file is meant beside the POM, which every client reads.
func parseMaven(text string) (Pin, bool) {
	text, ext, typed := strings.Cut(text, "@")
	parts := strings.Split(text, ":")
	if len(parts) < 3 || len(parts) > 4 || typed && ext == "" {
		return Pin{}, false
	}
	p := mavenPin(parts[0], parts[1], parts[2])
	if len(parts) == 3 && !typed {
		return p, parts[0] != ""
	}
	classifier := ""
	if len(parts) == 4 {
		classifier = parts[3]
	}
	if ext == "" {
		ext = "jar"
	}
	p.Files = []File{{Name: mavenFile(p, "", "pom")}, {Name: mavenFile(p, classifier, ext)}}
	return p, parts[0] != "" && !strings.ContainsAny(classifier+ext, "/ ")
}

func mavenPin(group, name, version string) Pin {
	return Pin{VersionKey: artifact.PackageKey{Format: artifact.Maven, Namespace: group, Name: name}.At(version)}
}

// mavenFile is what a file of a version is called (Maven's repository layout).
func mavenFile(p Pin, classifier, ext string) string {
	if classifier != "" {
		classifier = "-" + classifier
	}
	return p.Name + "-" + p.Version + classifier + "." + ext
}

// Describing is the file of a version that others refer to: of a Maven version its POM. Of other formats it is all of the version.
func Describing(v artifact.VersionKey) []File {
	for _, n := range notations {
		if n.prefix == string(v.Format) && n.describing != nil {
			return []File{{Name: n.describing(Pin{VersionKey: v})}}
		}
	}
	return nil
}

// eachLine calls a function for each line, numbered from 1 and without its end.
func eachLine(text []byte, do func(number int, line string) error) error {
	if !utf8.Valid(text) {
		return wrong(0, "it is not UTF-8")
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		if err := do(number, strings.TrimPrefix(lines.Text(), "\ufeff")); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return wrong(number+1, "it is longer than %d bytes", maxLine)
	}
	return lines.Err()
}
