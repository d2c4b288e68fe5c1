package lockfile

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"entrepot/artifact"
)

// readGradle reads gradle.lockfile: lines of group:name:version=CONFIGURATIONS (Gradle user guide, "Dependency locking"). A version
// of a build that Gradle has published has a .module beside its POM, which Gradle reads in its place.
func readGradle(text []byte, to *Contents) error {
	return eachLine(text, func(number int, line string) error {
		line = strings.TrimSpace(line)
		coordinates, _, _ := strings.Cut(line, "=")
		if line == "" || strings.HasPrefix(line, "#") || coordinates == "empty" {
			return nil
		}
		parts := strings.Split(coordinates, ":")
		if len(parts) != 3 || slices.Contains(parts, "") {
			return wrong(number, "%.100q is not group:name:version=configurations", line)
		}
		p := mavenPin(parts[0], parts[1], parts[2])
		p.Files = []File{{Name: mavenFile(p, "", "pom")}, {Name: mavenFile(p, "", "module"), Optional: true},
			{Name: mavenFile(p, "", "jar"), Optional: true}}
		to.add(p)
		return nil
	})
}

// readMavenList reads what mvn dependency:list writes: group:name:type[:classifier]:version:scope, and what of modules behind it.
func readMavenList(text []byte, to *Contents) error {
	return eachLine(text, func(_ int, line string) error {
		line = strings.TrimPrefix(strings.TrimSpace(line), "[INFO]")
		coordinates, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		parts := strings.Split(coordinates, ":")
		if len(parts) < 5 || len(parts) > 6 {
			return nil // a heading
		}
		classifier := ""
		if len(parts) == 6 {
			classifier = parts[3]
		}
		group, name, kind, version, scope := parts[0], parts[1], parts[2], parts[len(parts)-2], parts[len(parts)-1]
		if scope == "system" {
			to.skip(coordinates, fromPath)
			return nil
		}
		p := mavenPin(group, name, version)
		p.Files = []File{{Name: mavenFile(p, "", "pom")}}
		if kind != "pom" {
			p.Files = append(p.Files, File{Name: mavenFile(p, classifier, mavenExtension(kind))})
		}
		to.add(p)
		return nil
	})
}

// mavenExtension is that of a dependency's type (Maven's documentation, "Default Artifact Handlers Reference").
func mavenExtension(kind string) string {
	switch kind {
	case "test-jar", "maven-plugin", "ejb", "ejb-client", "java-source", "javadoc", "bundle":
		return "jar"
	}
	return kind
}

// ReadMavenRepository reads a local repository of Maven's: what a build has needed, with plugins, parents and imported POMs, which
// no list of dependencies has. Versions are the folders with a POM in them; snapshots are left out, for they change.
func ReadMavenRepository(local fs.FS) (Contents, error) {
	var found Contents
	err := fs.WalkDir(local, ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || !entry.Type().IsRegular() {
			return nil
		}
		p, ok := mavenPath(at)
		switch {
		case !ok:
			return nil
		case strings.HasSuffix(p.Version, "-SNAPSHOT"):
			if strings.HasSuffix(at, ".pom") {
				found.skip(p.Qualified()+":"+p.Version, "it is a snapshot")
			}
			return nil
		case len(found.Pins) == maxPins:
			return wrong(0, "it has more than %d files", maxPins)
		}
		found.add(p)
		return nil
	})
	if err != nil {
		return Contents{}, err
	}
	found.Pins = slices.DeleteFunc(merged(found.Pins), func(p Pin) bool {
		return !slices.ContainsFunc(p.Files, func(f File) bool { return strings.HasSuffix(f.Name, ".pom") })
	})
	return found, nil
}

// besideFiles are the endings of what Maven keeps for itself, or what follows from the file that it stands beside.
var besideFiles = []string{".lastUpdated", ".sha1", ".sha256", ".sha512", ".md5", ".repositories", ".properties", ".part", ".tmp", ".lock"}

// mavenPath is the version and the one file of it that a path below a repository names.
func mavenPath(at string) (Pin, bool) {
	parts := strings.Split(at, "/")
	if len(parts) < 4 || slices.ContainsFunc(besideFiles, func(ending string) bool { return strings.HasSuffix(at, ending) }) {
		return Pin{}, false
	}
	n := len(parts)
	p := mavenPin(strings.Join(parts[:n-3], "."), parts[n-3], parts[n-2])
	file := path.Base(at)
	if !strings.HasPrefix(file, p.Name+"-"+p.Version) || strings.Contains(file, "/") {
		return Pin{}, false
	}
	p.Files = []File{{Name: file}}
	return p, artifact.ValidCoordinate(p.Namespace)
}
