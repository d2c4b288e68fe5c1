package lockfile

import (
	"strings"

	"entrepot/artifact"
)

// readGemfile reads Gemfile.lock: sections by their headings, of which GEM has its remotes, and below specs the gems at four spaces
// with what they need at six; CHECKSUMS has digests since Bundler 2.5.
func readGemfile(text []byte, to *Contents) error {
	section, remote := "", ""
	known := map[string]bool{"GEM": true, "GIT": true, "PATH": true, "PLUGIN SOURCE": true, "PLATFORMS": true, "DEPENDENCIES": true,
		"CHECKSUMS": true, "RUBY VERSION": true, "BUNDLED WITH": true}
	sums := map[string][]Sum{} // by what stands in front of them
	seen := false
	err := eachLine(text, func(number int, line string) error {
		content := strings.TrimLeft(line, " ")
		switch indent := len(line) - len(content); {
		case content == "":
		case strings.HasPrefix(content, "<<<<<<<") || strings.HasPrefix(content, ">>>>>>>"):
			return wrong(number, "it has a conflict of a merge in it")
		case indent == 0:
			section, remote = strings.TrimSpace(content), ""
			if seen = seen || known[section]; !seen {
				return wrong(number, "it is no lockfile of Bundler: %.60q is no section of one", section)
			}
		case indent == 2 && section == "GEM" && strings.HasPrefix(content, "remote:"):
			remote = strings.TrimSpace(strings.TrimPrefix(content, "remote:"))
		case indent == 2 && section == "CHECKSUMS":
			gem, digest, _ := strings.Cut(content, ") ")
			algorithm, value, _ := strings.Cut(digest, "=")
			sums[gem+")"] = inHex(algorithm, value)
		case indent == 4:
			to.addGem(section, remote, content)
		}
		return nil
	})
	for i, p := range to.Pins {
		f := &to.Pins[i].Files[0]
		slug := strings.TrimSuffix(strings.TrimPrefix(f.Name, p.Name+"-"), ".gem")
		f.Sums = sums[p.Name+" ("+slug+")"]
	}
	return err
}

// addGem adds a gem of a section: NAME (VERSION) or NAME (VERSION-PLATFORM).
func (c *Contents) addGem(section, remote, content string) {
	name, slug, ok := strings.Cut(content, " (")
	slug = strings.TrimSuffix(slug, ")")
	switch {
	case section == "GIT":
		c.skip(content, fromGit)
	case section == "PATH":
		c.skip(content, fromPath)
	case section == "PLUGIN SOURCE":
		c.skip(content, fromAddress)
	case section == "GEM" && ok:
		// A version of a gem has no dash: what follows one is the platform.
		version, _, _ := strings.Cut(slug, "-")
		c.add(Pin{VersionKey: named(artifact.Ruby)(name).At(version), Registry: remote, Files: []File{{Name: name + "-" + slug + ".gem"}}})
	}
}
