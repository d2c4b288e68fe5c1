package clientconfig

import (
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// hidden stands for a secret.
const hidden = "********"

// masks find what is likely to be a secret in a line of settings that are not ours: the values of keys that end in such a
// word, the texts of such elements, passwords in addresses, the values beside keys of NuGet's, and passwords of a .netrc.
var masks = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:_auth|token|password|passwd|passphrase|secret|credentials?|api[_-]?key|authident)["']?\s*[=:]\s*)\S.*`),
	regexp.MustCompile(`(?i)(<(?:[^<>/][^<>]*)?(?:token|password|passphrase|secret|private_?key)>)[^<]+`),
	regexp.MustCompile(`(://[^\s/@:]*:)[^\s/@]+(?:@)`),
	regexp.MustCompile(`(?i)(\bkey\s*=\s*["'][^"']*(?:token|password|passphrase|secret|api[_-]?key)["']\s+value\s*=\s*)(?:"[^"]*"|'[^']*')`),
	regexp.MustCompile(`(?i)(\bpassword[ \t]+)[^\s=:]\S*`),
}

// Difference shows the plan as a unified diff of its files. Secrets are not in it.
func (p *Plan) Difference() string {
	var all strings.Builder
	for _, e := range p.edits {
		if !e.changes() {
			continue
		}
		from, to := e.path, e.path
		if !e.existed {
			from = "/dev/null"
		}
		if e.remove {
			to = "/dev/null"
		}
		for l := range strings.Lines(string(diff.Diff(from, []byte(e.before), to, []byte(e.after)))) {
			if !strings.HasPrefix(l, "diff ") {
				all.WriteString(mask(l, e.secrets))
			}
		}
	}
	return all.String()
}

func mask(l string, secrets []string) string {
	for _, s := range secrets {
		if s == "" {
			continue
		}
		l = strings.ReplaceAll(l, s, hidden)
	}
	l = masks[0].ReplaceAllString(l, "${1}"+hidden)
	l = masks[1].ReplaceAllString(l, "${1}"+hidden)
	l = masks[2].ReplaceAllString(l, "${1}"+hidden+"@")
	l = masks[3].ReplaceAllString(l, "${1}"+hidden)
	return masks[4].ReplaceAllString(l, "${1}"+hidden)
}
