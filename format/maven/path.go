package maven

import (
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"entrepot/artifact"
	"entrepot/upstream"
)

// level is what a path below a repository's base leads to.
type level uint8

const (
	assetLevel   level = iota + 1 // a file of a version
	packageLevel                  // the maven-metadata.xml of a package, or of a group: their paths look alike
	versionLevel                  // the maven-metadata.xml of a snapshot version
)

// location is what a path below a repository's base names, in the repository layout that Maven calls default.
type location struct {
	level level
	// group and artifact are the package. For metadata of packageLevel in a directory of one segment there is no package,
	// and both are empty.
	group, artifact string
	// asGroup is the group that the same path names at packageLevel, if it can be one: the metadata of package a:b is that
	// of group a.b as well, and only its content tells.
	asGroup string
	// directory is the version as the path has it, such as 1.0 or 1.0-SNAPSHOT; empty at packageLevel.
	directory string
	// version is the version that the asset belongs to: the directory, but for a timestamped file of a snapshot the build,
	// such as 1.0-20260301.120000-1.
	version string
	// asset is the file's name without the suffix of a checksum; rest is what follows ARTIFACT-VERSION in it, such as
	// -sources.jar. Both are empty but at assetLevel.
	asset, rest string
	// checksum is set where the path names a checksum of the asset or the metadata, and not that itself.
	checksum checksum
}

// pkg is the package of the location.
func (l location) pkg() artifact.PackageKey {
	return artifact.PackageKey{Format: artifact.Maven, Namespace: l.group, Name: l.artifact}
}

// key is the version that the asset belongs to.
func (l location) key() artifact.VersionKey { return l.pkg().At(l.version) }

// named is the package that permission is asked on for what lies at the location: for metadata of a group that of the same
// path.
func (l location) named() artifact.PackageKey {
	if l.artifact == "" {
		return groupPackage(l.asGroup)
	}
	return l.pkg()
}

// file is the name of what lies at the location, without the suffix of a checksum.
func (l location) file() string {
	if l.level == assetLevel {
		return l.asset
	}
	return metadataFile
}

// snapshot reports whether the location lies in the directory of a snapshot.
func (l location) snapshot() bool { return isSnapshot(l.directory) }

// alias reports whether the location names a file of a snapshot without saying of which build.
func (l location) alias() bool { return l.level == assetLevel && isSnapshot(l.version) }

// signed returns the name of the asset that this one is a signature of, or false.
func (l location) signed() (string, bool) {
	for _, suffix := range signatures {
		if name, ok := strings.CutSuffix(l.asset, suffix); ok {
			return name, true
		}
	}
	return "", false
}

// signatures end the names of assets that sign another (OpenPGP; Sigstore bundles).
var signatures = []string{".asc", ".sigstore.json", ".sigstore"}

// metadataFile is the name of the index document at every level.
const metadataFile = "maven-metadata.xml"

// The bounds on a path: of one segment, in bytes, as file systems have it, and of their number.
const (
	maxSegment  = 255
	maxSegments = 64
)

// parsePath reads an escaped path below a repository's base, without its leading slash, that a client wants to read.
// Invalid: no client writes such a path. NotFound: it is clean, but nothing of the layout lies there.
func parsePath(escaped string) (location, error) {
	segments, err := split(escaped)
	if err != nil {
		return location{}, err
	}
	file := segments[len(segments)-1]
	file, sum := cutChecksum(file)
	if file == metadataFile {
		return metadataAt(segments[:len(segments)-1], sum)
	}
	return assetAt(segments[:len(segments)-1], file, sum)
}

// split unescapes each segment of a path once.
func split(escaped string) ([]string, error) {
	segments := strings.SplitN(escaped, "/", maxSegments+1)
	if len(segments) > maxSegments {
		return nil, invalid("The path has more than %d segments.", maxSegments)
	}
	for i, segment := range segments {
		if segment == "" && i == len(segments)-1 {
			return nil, nowhere("Directories are not listed here.")
		}
		text, err := url.PathUnescape(segment)
		if err != nil || !cleanSegment(text) {
			return nil, invalid("The segment %.80q of the path is not one that a Maven repository has.", segment)
		}
		segments[i] = text
	}
	return segments, nil
}

func cleanSegment(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= maxSegment && utf8.ValidString(s) &&
		!strings.ContainsAny(s, `/\:`) && !strings.ContainsFunc(s, unicode.IsControl)
}

// metadataAt reads the directory of a maven-metadata.xml.
func metadataAt(directory []string, sum checksum) (location, error) {
	n := len(directory)
	if n == 0 {
		return location{}, nowhere("A repository as a whole has no %s.", metadataFile)
	}
	if last := directory[n-1]; isSnapshot(last) {
		l, err := packageAt(directory[:n-1])
		l.level, l.directory, l.version, l.checksum = versionLevel, last, last, sum
		return l, err
	}
	l := location{level: packageLevel, checksum: sum}
	group, groupErr := groupAt(directory)
	if groupErr == nil {
		l.asGroup = group
	}
	if n == 1 {
		return l, groupErr
	}
	named, err := packageAt(directory)
	l.group, l.artifact = named.group, named.artifact
	return l, err
}

// assetAt reads the directory and the name of a file of a version.
func assetAt(directory []string, file string, sum checksum) (location, error) {
	n := len(directory)
	if n < 3 {
		return location{}, nowhere("A file lies below GROUP/ARTIFACT/VERSION/ here.")
	}
	l, err := packageAt(directory[:n-1])
	if err != nil {
		return l, err
	}
	l.level, l.directory, l.asset, l.checksum = assetLevel, directory[n-1], file, sum
	if !artifact.ValidCoordinate(l.directory) {
		return l, nowhere("%q is not a version.", l.directory)
	}
	version, rest, ok := cutVersion(file, l.artifact, l.directory)
	if !ok {
		return l, nowhere("The name of a file of %s:%s begins with %s.", l.artifact, l.directory, prefixOf(l))
	}
	l.version, l.rest = version, rest
	return l, nil
}

// prefixOf writes with what the names of files in a location's directory begin.
func prefixOf(l location) string {
	if l.snapshot() {
		return fileStem(l.artifact, strings.TrimSuffix(l.directory, snapshotSuffix)+"YYYYMMDD.HHMMSS-BUILD")
	}
	return fileStem(l.artifact, l.directory)
}

// fileStem is what the names of a version's files begin with.
func fileStem(artifactID, version string) string { return artifactID + "-" + version }

// cutVersion splits the name of a file in the directory of a version into the version that it belongs to and what follows
// that. The artifact's name is taken from the directory above, for it may hold dots, dashes and digits itself.
func cutVersion(file, artifactID, directory string) (version, rest string, ok bool) {
	version = directory
	rest, ok = strings.CutPrefix(file, fileStem(artifactID, directory))
	if !ok && isSnapshot(directory) {
		base := strings.TrimSuffix(directory, snapshotSuffix)
		var tail string
		if tail, ok = strings.CutPrefix(file, fileStem(artifactID, base)); ok {
			build := buildPrefix.FindString(tail)
			version, rest, ok = base+build, tail[len(build):], build != ""
		}
	}
	return version, rest, ok && rest != "" && (rest[0] == '.' || rest[0] == '-')
}

// packageAt reads the directory of a package.
func packageAt(directory []string) (location, error) {
	n := len(directory)
	if n < 2 {
		return location{}, nowhere("A package lies below GROUP/ARTIFACT/ here.")
	}
	group, err := groupAt(directory[:n-1])
	if err != nil {
		return location{}, err
	}
	if !artifact.ValidCoordinate(directory[n-1]) {
		return location{}, nowhere("%q is not an artifactId.", directory[n-1])
	}
	return location{group: group, artifact: directory[n-1]}, nil
}

// groupAt joins the segments of a group. None of them has a dot of its own: a group would have two paths then.
func groupAt(directory []string) (string, error) {
	group := strings.Join(directory, ".")
	if strings.Count(group, ".") != len(directory)-1 || !artifact.ValidCoordinate(group) {
		return "", nowhere("%.80q is not the directory of a groupId.", strings.Join(directory, "/"))
	}
	return group, nil
}

// What may be in what is published. Maven refuses other ids in a POM; versions it only bars from file systems' special
// characters and from those of ranges.
var newID = regexp.MustCompile(`^[A-Za-z0-9_.\-]+$`)

const notInVersions = `/\:"<>|?*[](),`

// parseUpload reads a path that a client wants to write to, where more is refused than where it only reads. Every error
// is Invalid.
func parseUpload(escaped string) (location, error) {
	l, err := parsePath(escaped)
	switch {
	case artifact.Is(err, artifact.NotFound):
		return l, invalid("%s", layoutReason(err))
	case err != nil:
		return l, err
	case l.artifact != "" && !(newID.MatchString(l.group) && newID.MatchString(l.artifact)):
		return l, invalid("%s:%s cannot be published: ids are letters, digits, dots, dashes and underscores.",
			l.group, l.artifact)
	case strings.ContainsAny(l.directory, notInVersions):
		return l, invalid("Version %q cannot be published: it has one of the characters %s.", l.directory, notInVersions)
	case isBuild(l.directory):
		return l, invalid("Build %s of a snapshot is published to the directory %s.", l.directory, snapshotOf(l.directory))
	case !isSnapshot(l.directory) && isSnapshot(strings.ToUpper(l.directory)):
		return l, invalid("Version %q cannot be published: write SNAPSHOT in capitals.", l.directory)
	case l.alias():
		return l, invalid("Snapshots are published with a timestamp here, as Maven 3 and Gradle do: %s and not %s.",
			prefixOf(l), fileStem(l.artifact, l.version))
	}
	return l, nil
}

// checksum is the algorithm of a checksum file; the zero value is none.
type checksum uint8

const (
	noChecksum checksum = iota
	md5Sum
	sha1Sum
	sha256Sum
	sha512Sum
)

// checksums are the algorithms: the suffix of their files, the digest out of all four, and where it is wanted of a file
// that is to come.
var checksums = [...]struct {
	suffix string
	sum    func(artifact.Digests) []byte
	wanted func(*upstream.Want, []byte)
}{
	noChecksum: {},
	md5Sum: {".md5", func(d artifact.Digests) []byte { return d.MD5[:] },
		func(w *upstream.Want, sum []byte) { w.MD5 = sum }},
	sha1Sum: {".sha1", func(d artifact.Digests) []byte { return d.SHA1[:] },
		func(w *upstream.Want, sum []byte) { w.SHA1 = sum }},
	sha256Sum: {".sha256", func(d artifact.Digests) []byte { return d.SHA256[:] },
		func(w *upstream.Want, sum []byte) { w.SHA256 = sum }},
	sha512Sum: {".sha512", func(d artifact.Digests) []byte { return d.SHA512[:] },
		func(w *upstream.Want, sum []byte) { w.SHA512 = sum }},
}

// of writes the digest that a checksum file holds, in lower-case hex.
func (c checksum) of(d artifact.Digests) string { return hex.EncodeToString(checksums[c].sum(d)) }

// cutChecksum splits the name of a checksum file into the file that it is about and the algorithm.
func cutChecksum(file string) (string, checksum) {
	for i, row := range checksums {
		if name, ok := strings.CutSuffix(file, row.suffix); ok && checksum(i) != noChecksum {
			return name, checksum(i)
		}
	}
	return file, noChecksum
}

// splitRest splits what follows ARTIFACT-VERSION in a file's name into classifier and extension. A name does not say
// where a classifier with a dot ends; the extension is then what follows the last dot, with a tar and a signature's
// suffix kept whole.
func splitRest(rest string) (classifier, extension string) {
	name, classified := strings.CutPrefix(rest, "-")
	if !classified {
		return "", strings.TrimPrefix(rest, ".")
	}
	stem, suffix := name, ""
	for _, s := range signatures {
		if cut, ok := strings.CutSuffix(stem, s); ok {
			stem, suffix = cut, s
			break
		}
	}
	dot := strings.LastIndexByte(stem, '.')
	if dot < 0 {
		return stem, strings.TrimPrefix(suffix, ".")
	}
	if cut, ok := strings.CutSuffix(stem[:dot], ".tar"); ok {
		dot = len(cut)
	}
	return stem[:dot], stem[dot+1:] + suffix
}
