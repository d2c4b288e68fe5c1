package npm

import (
	"strings"

	"entrepot/artifact"
	"entrepot/format/semver"
)

// cleanVersion writes a version as npm's clients do when they publish it (node-semver, clean in loose mode): without
// spaces, a leading v or =, leading zeros and build metadata, and with a dash before the prerelease. False: it is no
// version to them.
func cleanVersion(s string) (string, bool) {
	rest := strings.TrimLeft(strings.TrimSpace(s), "v= \t\n\r")
	rest, build, hasBuild := strings.Cut(rest, "+")
	if hasBuild && !semver.IsBuild(build) {
		return "", false
	}
	core := make([]string, 0, 3)
	for i := range cap(core) {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		number := rest[:digits]
		if rest = rest[digits:]; number == "" {
			return "", false
		}
		core = append(core, withoutZeros(number))
		if i < 2 {
			dotted := strings.HasPrefix(rest, ".")
			if rest = strings.TrimPrefix(rest, "."); !dotted {
				return "", false
			}
		}
	}
	clean := strings.Join(core, ".")
	if pre := strings.TrimPrefix(rest, "-"); rest != "" {
		parts := strings.Split(pre, ".")
		for i, part := range parts {
			if semver.IsNumeric(part) {
				parts[i] = withoutZeros(part)
			}
		}
		clean += "-" + strings.Join(parts, ".")
	}
	_, err := parseVersion(clean)
	return clean, err == nil
}

// canonicalVersion returns the text under which a version is kept: a strict version as it is, and what only the loose mode
// of clients takes, such as 3.0.0rc5, as they clean it. Clients look for it under that text, and two texts that are one
// version to them are one here. What is no version to anybody stays as it is.
func canonicalVersion(s string) string {
	if _, err := parseVersion(s); err == nil {
		return s
	}
	if clean, ok := cleanVersion(s); ok {
		return clean
	}
	return s
}

// canonical is the trait of that name.
func canonical(v artifact.VersionKey) artifact.VersionKey {
	if v.Version != "" {
		v.Version = canonicalVersion(v.Version)
	}
	return v
}

func withoutZeros(number string) string {
	if short := strings.TrimLeft(number, "0"); short != "" {
		return short
	}
	return "0"
}
