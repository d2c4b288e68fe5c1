package ruby

import (
	"regexp"
	"strings"

	"entrepot/artifact"
)

// anyPlatform is that of gems that are for every platform. Neither names of files nor lines of indexes say it.
const anyPlatform = "ruby"

// gemEnding is that of gems.
const gemEnding = ".gem"

var (
	// platformText is what a platform may be: it stands in lines and in names of files.
	platformText = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)
	// knownPlatform has one of the systems that Gem::Platform knows, behind a processor and before a version of it.
	knownPlatform = regexp.MustCompile(`^(?:[a-z0-9_]+-)?(?:aix|cygwin|darwin|macruby|freebsd|hpux|java|jruby|dalvik|dotnet|linux|` +
		`mingw|mswin|netbsdelf|openbsd|bitrig|solaris|wasi)[a-z0-9_]*(?:[.-][a-zA-Z0-9_.-]+)?$`)
)

func checkPlatform(platform string) error {
	if len(platform) > maxName || !platformText.MatchString(platform) {
		return invalid("%.300q is not a platform that a gem can be for, such as ruby, java or x86_64-linux.", platform)
	}
	return nil
}

// gem names a gem: a package version may have one for each platform.
type gem struct{ name, version, platform string }

// fullName is what the gem's file and its specification are called (Gem::BasicSpecification#full_name).
func (g gem) fullName() string { return g.name + "-" + g.slug() }

// slug is the gem among those of its name.
func (g gem) slug() string {
	if g.platform == anyPlatform {
		return g.version
	}
	return g.version + "-" + g.platform
}

func (g gem) file() string { return g.fullName() + gemEnding }

func (g gem) key() artifact.VersionKey {
	return artifact.PackageKey{Format: artifact.Ruby, Name: g.name}.At(g.version)
}

// splitFullName reads what fullName has written. As dashes may stand in names and platforms too, several readings may be
// possible: the one without a platform or for one that is known counts, else that with the longest name. So the answer depends
// on the text alone, and nobody has to be asked for gems that may be meant. Gems that are not read as what they are, for none of
// their names are, can be neither published nor brought in (isReadAsItself).
func splitFullName(full string) (gem, error) {
	var found gem
	for at := 1; at < len(full)-1; at++ {
		if full[at] != '-' || !digit(full[at+1]) {
			continue
		}
		version, platform, forOne := strings.Cut(full[at+1:], "-")
		if !forOne {
			platform = anyPlatform
		}
		one := gem{full[:at], version, platform}
		if one.check() != nil {
			continue
		}
		found = one
		if !forOne || knownPlatform.MatchString(platform) {
			break
		}
	}
	if found.name == "" {
		return gem{}, invalid("%.300q does not name a gem: a name, a version and maybe a platform, with dashes between them.", full)
	}
	return found, nil
}

func (g gem) check() error {
	if err := checkName(g.name); err != nil {
		return err
	}
	if err := checkVersion(g.version); err != nil {
		return err
	}
	return checkPlatform(g.platform)
}

// isReadAsItself reports whether the gem can be told by the name of its file.
func (g gem) isReadAsItself() bool {
	read, err := splitFullName(g.fullName())
	return err == nil && read == g
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// gemOf reads the name of a file that is called as its gem is, with an ending.
func gemOf(file, ending string) (gem, error) {
	full, ok := strings.CutSuffix(file, ending)
	if !ok || len(full) > 3*maxName {
		return gem{}, notFound("There is no file %.300q here: those of gems end in %s.", file, ending)
	}
	return splitFullName(full)
}
