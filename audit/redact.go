package audit

import (
	"regexp"
	"strings"
)

const tokenPrefix = "entrepot_"

// tokens finds authorization tokens wherever they stand.
var tokens = regexp.MustCompile(tokenPrefix + `[A-Za-z0-9_-]{43,}`)

// Redacted is a text without the authorization tokens in it. Whoever puts his token where a name belongs has it refused in the words
// that he sent, but not recorded.
func Redacted(text string) string {
	if !strings.Contains(text, tokenPrefix) {
		return text
	}
	return tokens.ReplaceAllLiteralString(text, "(a token)")
}
