package maven

import (
	"regexp"
	"strings"
)

// snapshotSuffix ends the version of a snapshot; it may be all of it. Maven's resolver knows it in capitals only.
const snapshotSuffix = "SNAPSHOT"

// A build of a snapshot has the time of its publication and a number in place of the suffix: 1.0-20260301.120000-1.
// buildPrefix finds the two at the beginning of a text.
var (
	buildPrefix  = regexp.MustCompile(`^[0-9]{8}\.[0-9]{6}-[0-9]{1,18}`)
	buildVersion = regexp.MustCompile(`^(.*-|)[0-9]{8}\.[0-9]{6}-[0-9]{1,18}$`)
)

// isSnapshot reports whether a version is that of a snapshot, of which there are builds.
func isSnapshot(version string) bool {
	base, ok := strings.CutSuffix(version, snapshotSuffix)
	return ok && (base == "" || strings.HasSuffix(base, "-"))
}

// isBuild reports whether a version is that of one build of a snapshot.
func isBuild(version string) bool { return buildVersion.MatchString(version) }

// snapshotOf returns the snapshot that a build belongs to, 1.0-SNAPSHOT for 1.0-20260301.120000-1, or what it is given
// for a version that is no build.
func snapshotOf(version string) string {
	if m := buildVersion.FindStringSubmatch(version); m != nil {
		return m[1] + snapshotSuffix
	}
	return version
}

// buildOf returns the version of a snapshot's build by the timestamp and number that its metadata has.
func buildOf(snapshot, timestamp, number string) string {
	return strings.TrimSuffix(snapshot, snapshotSuffix) + timestamp + "-" + number
}
