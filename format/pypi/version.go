package pypi

import (
	"strings"
	"unicode"
)

// maxVersion bounds a version, in bytes: it is the longest that the API's grammar takes.
const maxVersion = 255

// version is a version that PEP 440 can read. Numbers stay texts: without leading zeros length and bytes order them,
// whatever their size.
type version struct {
	epoch   string   // "0" where none is written
	release []string // one number at least
	pre     string   // a, b or rc; empty for none
	preNum  string
	post    string // number of a post-release; empty for none
	dev     string // number of a development release; empty for none
	local   []string
}

// parseVersion reads a version in any of the spellings that PEP 440 normalises: capitals, a v before it, other separators
// or none, alpha and c and preview, numbers that are left out, 1.0-1 for a post-release. Invalid where PEP 440 cannot read
// it, as is true of what was uploaded before there was one.
func parseVersion(text string) (version, error) {
	if len(text) > maxVersion {
		return version{}, invalid("The version is longer than %d characters.", maxVersion)
	}
	s := versionScanner{rest: strings.ToLower(strings.TrimFunc(text, blank))}
	v := s.version()
	if s.failed || s.rest != "" {
		return version{}, invalid("%q is not a version that PEP 440 can read, such as 1.2.0, 1.2rc1 or 1.2.post1.", text)
	}
	return v, nil
}

// blank reports what Python takes for white space around a version.
func blank(r rune) bool { return unicode.IsSpace(r) || '\x1c' <= r && r <= '\x1f' }

// versionScanner reads a version in lower case from the left. Nothing has to be read twice: where a separator may stand
// before two parts, it does not matter to which of them it belongs.
type versionScanner struct {
	rest   string
	failed bool
}

// The spellings of pre- and post-releases, the longer before those that they begin with.
var (
	preSpellings = []struct{ written, normal string }{
		{"alpha", "a"}, {"beta", "b"}, {"preview", "rc"}, {"pre", "rc"}, {"rc", "rc"}, {"a", "a"}, {"b", "b"}, {"c", "rc"},
	}
	postSpellings = []string{"post", "rev", "r"}
)

func (s *versionScanner) version() version {
	s.take("v")
	v := version{epoch: "0"}
	first, ok := s.number()
	if ok && s.take("!") {
		v.epoch = first
		first, ok = s.number()
	}
	s.failed = !ok
	v.release = append(v.release, first)
	for len(s.rest) > 1 && s.rest[0] == '.' && digit(s.rest[1]) {
		s.rest = s.rest[1:]
		next, _ := s.number()
		v.release = append(v.release, next)
	}
	for _, spelling := range preSpellings {
		if s.word(spelling.written) {
			v.pre, v.preNum = spelling.normal, s.wordNumber()
			break
		}
	}
	v.post = s.postRelease()
	if s.word("dev") {
		v.dev = s.wordNumber()
	}
	if s.take("+") {
		v.local = s.localVersion()
	}
	return v
}

func (s *versionScanner) postRelease() string {
	if len(s.rest) > 1 && s.rest[0] == '-' && digit(s.rest[1]) {
		s.rest = s.rest[1:]
		n, _ := s.number()
		return n
	}
	for _, spelling := range postSpellings {
		if s.word(spelling) {
			return s.wordNumber()
		}
	}
	return ""
}

// localVersion reads letters and digits between separators.
func (s *versionScanner) localVersion() []string {
	segments := strings.FieldsFunc(s.rest, separator)
	for i, segment := range segments {
		if strings.ContainsFunc(segment, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
			s.failed = true
		}
		if numeric(segment) {
			segments[i] = plain(segment)
		}
	}
	// As many separators as there are places between segments, so none stands twice or at an end.
	if len(segments) == 0 || strings.Count(s.rest, ".")+strings.Count(s.rest, "-")+strings.Count(s.rest, "_") != len(segments)-1 {
		s.failed = true
	}
	s.rest = ""
	return segments
}

func (s *versionScanner) take(prefix string) (taken bool) {
	s.rest, taken = strings.CutPrefix(s.rest, prefix)
	return taken
}

// word takes a word with a separator before it or none.
func (s *versionScanner) word(word string) bool {
	rest := s.rest
	if rest != "" && separator(rune(rest[0])) {
		rest = rest[1:]
	}
	rest, taken := strings.CutPrefix(rest, word)
	if taken {
		s.rest = rest
	}
	return taken
}

// wordNumber takes the number of a word, with a separator before it or none; 0 where there is none.
func (s *versionScanner) wordNumber() string {
	if s.rest != "" && separator(rune(s.rest[0])) {
		s.rest = s.rest[1:]
	}
	n, ok := s.number()
	if !ok {
		return "0"
	}
	return n
}

func (s *versionScanner) number() (string, bool) {
	n := 0
	for n < len(s.rest) && digit(s.rest[n]) {
		n++
	}
	number := s.rest[:n]
	s.rest = s.rest[n:]
	return plain(number), n > 0
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func numeric(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func separator(r rune) bool { return r == '.' || r == '-' || r == '_' }

// plain is a number without leading zeros.
func plain(number string) string {
	if short := strings.TrimLeft(number, "0"); short != "" || number == "" {
		return short
	}
	return "0"
}

// String writes the version as PEP 440 normalises it. Two versions that are equal may differ in zeros at the end of the
// release.
func (v version) String() string { return v.text(v.release) }

// key is a text that all spellings of one version have in common, and no other version has: String without zeros at the end
// of the release.
func (v version) key() string { return v.text(v.significant()) }

func (v version) text(release []string) string {
	var b strings.Builder
	if v.epoch != "0" {
		b.WriteString(v.epoch + "!")
	}
	b.WriteString(strings.Join(release, "."))
	b.WriteString(v.pre + v.preNum)
	if v.post != "" {
		b.WriteString(".post" + v.post)
	}
	if v.dev != "" {
		b.WriteString(".dev" + v.dev)
	}
	if len(v.local) > 0 {
		b.WriteString("+" + strings.Join(v.local, "."))
	}
	return b.String()
}

// significant is the release without zeros at its end, of which one number stays.
func (v version) significant() []string {
	n := len(v.release)
	for n > 1 && v.release[n-1] == "0" {
		n--
	}
	return v.release[:n]
}
