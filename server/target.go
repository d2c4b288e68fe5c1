package server

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxParameters bounds the query parameters of one request; no operation of any door has a tenth of them.
const maxParameters = 256

// target is a request's path, read once. Everything that is decided from the path is decided from here.
type target struct {
	path string // escaped, as it stood on the wire, without the query
	// segments are the parts between slashes, decoded once; the last is empty if the path ends in a slash, another only
	// where empty is set. A segment holds a slash only where slashed is set.
	segments []string
	slashed  int     // index of the first segment with an escaped slash; -1 if there is none
	empty    int     // index of the first empty segment before the last; -1 if there is none
	query    refusal // what is wrong with the query, if anything is
}

// parseTarget reads the target of a request, such as /a/b?c=d. Escapes are decoded exactly once: %252e stays %2e for
// good. Whatever another reader might see as another path is refused instead of cleaned: a cleaned path is a path that
// somebody else did not check. Slashes of either kind that only a format can understand are noted: they are good below a
// repository's base, and nowhere else. So is what is wrong with the query: the API says it in words of its own.
func parseTarget(raw string) (target, refusal) {
	if raw == "" || raw[0] != '/' {
		return target{}, badTarget
	}
	for i := range len(raw) {
		switch c := raw[i]; {
		case c < 0x20 || c == 0x7f:
			return target{}, controlCharacter
		case c > 0x7f || c == ' ' || c == '#':
			return target{}, badTarget
		}
	}
	path, query, _ := strings.Cut(raw, "?")
	t := target{path: path, segments: strings.Split(path[1:], "/"), slashed: -1, empty: -1}
	for i, segment := range t.segments {
		if segment == "" && i < len(t.segments)-1 && t.empty < 0 {
			t.empty = i
		}
		plain, refused := decodeSegment(segment)
		if refused != accepted {
			return target{}, refused
		}
		if t.slashed < 0 && len(plain) != len(segment) && strings.Contains(plain, "/") {
			t.slashed = i
		}
		t.segments[i] = plain
	}
	t.query = checkQuery(query)
	return t, accepted
}

// decodeSegment decodes one segment and judges what comes out. A segment that holds an escaped slash is judged as the
// segments it would be with a plain one.
func decodeSegment(raw string) (string, refusal) {
	plain := raw
	if strings.Contains(raw, "%") {
		var err error
		if plain, err = url.PathUnescape(raw); err != nil {
			return "", badEscape
		}
	}
	if !utf8.ValidString(plain) {
		return "", notUTF8
	}
	for _, r := range plain {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return "", controlCharacter
		}
		if r == '\\' {
			return "", backslash
		}
	}
	parts := 0
	for part := range strings.SplitSeq(plain, "/") {
		// "..;x" is a parent folder to servers that take the rest for a parameter; such a server may stand before us.
		name, _, _ := strings.Cut(part, ";")
		if name == "." || name == ".." {
			return "", dotSegment
		}
		if part == "" && (plain != "" || parts > 0) {
			return "", emptySegment
		}
		parts++
	}
	return plain, accepted
}

// checkQuery refuses queries that net/url would read in part and drop the rest of.
func checkQuery(query string) refusal {
	if query == "" {
		return accepted
	}
	if strings.Count(query, "&") >= maxParameters || strings.Contains(query, ";") {
		return badQuery
	}
	if !strings.Contains(query, "%") {
		return accepted
	}
	for pair := range strings.SplitSeq(query, "&") {
		plain, err := url.QueryUnescape(pair)
		if err != nil {
			return badEscape
		}
		if !utf8.ValidString(plain) {
			return notUTF8
		}
		if strings.ContainsFunc(plain, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			return controlCharacter
		}
	}
	return accepted
}

// below returns the escaped path that follows the first n segments, beginning with a slash.
func (t target) below(n int) string {
	rest := t.path
	for range n {
		next := strings.IndexByte(rest[1:], '/')
		if next < 0 {
			return "/"
		}
		rest = rest[1+next:]
	}
	return rest
}
