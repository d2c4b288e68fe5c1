package lockfile

import (
	"bytes"
	"strings"

	"entrepot/strictjson"
)

// readBun reads bun.lock: packages by where they lie, each a list of NAME@VERSION, the registry or the tarball's address if it is not the
// usual one, what it needs, and its integrity. It is JSON with a comma behind the last of what stands in a list or an object.
func readBun(text []byte, to *Contents) error {
	all, err := parseJSON(withoutLastCommas(text))
	if err != nil {
		return err
	}
	if all.Member("packages") == nil || all.Member("lockfileVersion") == nil {
		return wrong(0, "it is no lockfile of bun: it has no packages")
	}
	for _, p := range members(all, "packages") {
		to.addBun(items(p))
	}
	return nil
}

func (c *Contents) addBun(parts []*strictjson.Value) {
	text := func(i int) string {
		if i < len(parts) && parts[i].Kind == strictjson.Text {
			return parts[i].Text
		}
		return ""
	}
	locator := text(0)
	at := strings.Index(locator[min(1, len(locator)):], "@") + 1
	name, version := locator[:at], strings.TrimPrefix(locator[at:], "@")
	switch protocol, _, _ := strings.Cut(version, ":"); {
	case protocol == "workspace" || protocol == "root":
		c.skip(locator, "it is a part of the project")
		return
	case strings.HasPrefix(protocol, "git"):
		c.skip(locator, fromGit)
		return
	case protocol == "file" || protocol == "link":
		c.skip(locator, fromPath)
		return
	case strings.Contains(version, "/"):
		c.skip(locator, fromAddress)
		return
	}
	registry := text(1)
	if strings.HasSuffix(registry, ".tgz") {
		c.addTarball(name, version, registry, integrity(text(3)))
		return
	}
	p := Pin{VersionKey: npmPackage(name).At(version), Registry: registry}
	if sums := integrity(text(3)); len(sums) > 0 {
		p.Files = []File{{Sums: sums}}
	}
	c.add(p)
}

// withoutLastCommas leaves out commas that only white space parts from the end of a list or an object.
func withoutLastCommas(text []byte) []byte {
	plain := make([]byte, 0, len(text))
	quoted, comma := false, -1 // where the last thing that was written is a comma
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case quoted && b == '\\' && i+1 < len(text):
			plain = append(plain, b)
			i++
			b = text[i]
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == ',':
			comma = len(plain)
			plain = append(plain, b)
			continue
		case bytes.IndexByte([]byte(" \t\r\n"), b) >= 0:
			plain = append(plain, b)
			continue
		case (b == ']' || b == '}') && comma >= 0:
			plain[comma] = ' '
		}
		comma = -1
		plain = append(plain, b)
	}
	return plain
}
