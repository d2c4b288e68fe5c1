package npm

import (
	"io"
	"regexp"
	"strings"
)

// markdown are the endings that npm takes for Markdown.
var markdown = regexp.MustCompile(`(?i)\.m?a?r?k?d?o?w?n?$`)

// readmeRank says how good a file is as the readme: npm takes one in Markdown, else README itself. What other registries
// take besides comes last. 0: it is none.
func readmeRank(relative string) int {
	base, ending, dotted := strings.Cut(relative, ".")
	switch {
	case !strings.EqualFold(base, "readme") || strings.Contains(ending, "/"):
		return 0
	case dotted && markdown.MatchString(relative):
		return 3
	case !dotted:
		return 2
	}
	return 1
}

// betterReadme reports whether a file is the readme in place of the one found so far. Of two entries with one path the
// later counts.
func betterReadme(relative, than string) bool {
	rank := readmeRank(relative)
	return rank > 0 && (relative == than || rank > readmeRank(than))
}

func readReadme(body io.Reader) (string, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return "", unreadable(err, "its readme is not readable")
	}
	return strings.ToValidUTF8(string(text), "\uFFFD"), nil
}
