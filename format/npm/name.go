package npm

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"entrepot/artifact"
)

// maxName is the registry's bound on a name, scope and slash included, in bytes.
const maxName = 214

// What may be in a name. Names are case-sensitive: JSONStream and jsonstream are two packages. Reading is lenient:
// names with punctuation, from before the present rules, are still in the public registry. Publishing follows the rules
// of today but for capitals, which the public registry refuses in new names and CodeArtifact takes.
var (
	readable    = regexp.MustCompile(`^[A-Za-z0-9~!*'()\-][A-Za-z0-9._~!*'()\-]*$`)
	readableIn  = regexp.MustCompile(`^[A-Za-z0-9._~!*'()\-]+$`) // below a scope a leading dot or underscore is legal
	publishable = regexp.MustCompile(`^(@[A-Za-z0-9~\-][A-Za-z0-9._~\-]*/[A-Za-z0-9._~\-]+|` +
		`[A-Za-z0-9~\-][A-Za-z0-9._~\-]*)$`)
)

// reserved are the names that would shadow a folder or a file every client or browser asks for.
var reserved = map[string]bool{"node_modules": true, "favicon.ico": true}

// parseName reads lodash or @scope/name. Invalid names what is wrong.
func parseName(s string) (artifact.PackageKey, error) {
	if len(s) > maxName {
		return artifact.PackageKey{}, invalid("The package name is longer than %d characters.", maxName)
	}
	p := artifact.PackageKey{Format: artifact.NPM, Name: s}
	grammar := readable
	if scoped, ok := strings.CutPrefix(s, "@"); ok {
		p.Namespace, p.Name, _ = strings.Cut(scoped, "/")
		if !readable.MatchString(p.Namespace) {
			return artifact.PackageKey{}, invalid("%q is not @scope/name.", s)
		}
		grammar = readableIn
	}
	if !grammar.MatchString(p.Name) || p.Name == "." || p.Name == ".." || reserved[strings.ToLower(s)] {
		return artifact.PackageKey{}, invalid("%q is not an npm package name.", s)
	}
	return p, nil
}

// checkNewName refuses names that are legal to read but not to publish.
func checkNewName(p artifact.PackageKey) error {
	if name := fullName(p); !publishable.MatchString(name) {
		return invalid(
			"%q cannot be published: a new npm name is letters, digits, dash, dot, underscore and tilde.", name)
	}
	return nil
}

// fullName writes @scope/name or name, as documents and clients do.
func fullName(p artifact.PackageKey) string { return p.Qualified() }

// escapedName writes the name as a path of one or two segments, the form every client takes for conventional.
func escapedName(p artifact.PackageKey) string {
	if p.Namespace == "" {
		return url.PathEscape(p.Name)
	}
	return "@" + url.PathEscape(p.Namespace) + "/" + url.PathEscape(p.Name)
}

// escapedBase writes the name without its scope, as tarballs are called.
func escapedBase(p artifact.PackageKey) string { return url.PathEscape(p.Name) }

// Rewrite joins @scope/name into one segment, @scope%2fname, wherever it stands in an escaped path: clients write it
// both ways, and only as one segment can a pattern tell it from a package and something below it. Tools that join a
// registry's URL with a path by hand send //name, others name/: empty segments at the beginning and one at the end mean
// nothing. Between names they might stand for one that was forgotten, so there they stay.
func Rewrite(escaped string) string {
	segments := strings.Split(strings.TrimLeft(escaped, "/"), "/")
	if last := len(segments) - 1; last > 0 && segments[last] == "" && segments[last-1] != "" {
		segments = segments[:last]
	}
	joined := segments[:0]
	for i := 0; i < len(segments); i++ {
		segment := segments[i]
		if scopeOnly(segment) && i+1 < len(segments) && segments[i+1] != "" {
			i++
			segment += "%2f" + segments[i]
		}
		joined = append(joined, segment)
	}
	return "/" + strings.Join(joined, "/")
}

func scopeOnly(segment string) bool {
	scope, ok := strings.CutPrefix(segment, "@")
	if !ok {
		scope, ok = strings.CutPrefix(segment, "%40")
	}
	return ok && scope != "" && !strings.Contains(strings.ToLower(scope), "%2f")
}

// tarballVersion reads the version out of a tarball's file name. Lockfiles hold three forms: bar-1.0.0.tgz below the
// package, and the older @acme/bar-1.0.0.tgz.
func tarballVersion(p artifact.PackageKey, file string) (string, error) {
	base := strings.TrimPrefix(file, "@"+p.Namespace+"/")
	if p.Namespace == "" {
		base = file
	}
	v, ok := strings.CutPrefix(base, p.Name+"-")
	if v, ok = cutSuffix(v, ".tgz", ok); !ok {
		return "", notFound("%q is not a tarball of %s.", file, fullName(p))
	}
	if _, err := parseVersion(canonicalVersion(v)); err != nil {
		return "", notFound("%q is not a tarball of %s: %s.", file, fullName(p), err)
	}
	return v, nil
}

func cutSuffix(s, suffix string, ok bool) (string, bool) {
	rest, found := strings.CutSuffix(s, suffix)
	return rest, found && ok
}

// checkTag refuses what nobody may name a dist-tag, as npm does: a range, which clients would read as one, and what is not
// the same in a URL, which they do not ask for. A leading dot makes a path of it.
func checkTag(tag string) error {
	switch {
	case tag == "" || len(tag) > maxName:
		return invalid("A tag has 1 to %d characters.", maxName)
	case strings.ContainsFunc(tag, notTag) || tag[0] == '.' || tag == prototype:
		return invalid("%q cannot be a tag: letters, digits and -._~!*'() can.", tag)
	case isRange(tag):
		return invalid("The tag name must not be a valid version range: %q.", tag)
	}
	return nil
}

// prototype is no member of an object that JavaScript can set.
const prototype = "__proto__"

// notTag refuses what encodeURIComponent changes (npm-package-arg: "Tags may not have any characters that
// encodeURIComponent encodes").
func notTag(r rune) bool { return !strings.ContainsRune(unescaped, r) }

const unescaped = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!*'()"

// knownTag reports whether a registry's tag is passed on. What was set before the rules of today is, such as release/2.x,
// but for a range: yarn 1 looks among the tags before it reads one.
func knownTag(tag string) bool {
	return tag != "" && len(tag) <= maxName && utf8.ValidString(tag) && tag != prototype &&
		!strings.ContainsFunc(tag, blank) && !isRange(tag)
}

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func invalid(format string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Invalid, format, args...)
}

func notFound(format string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.NotFound, format, args...)
}
