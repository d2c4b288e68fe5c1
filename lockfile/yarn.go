package lockfile

import (
	"bytes"
	"strings"
)

// readYarn reads yarn.lock: berry's is YAML and says so by its __metadata.
func readYarn(text []byte, to *Contents) error {
	if bytes.Contains(text, []byte("__metadata:")) {
		return readBerry(text, to)
	}
	return readClassic(text, to)
}

// readBerry reads the lockfile of yarn 2 and later. Its checksums are those of archives that yarn makes itself, so there is nothing
// to compare.
func readBerry(text []byte, to *Contents) error {
	root, err := parseBlocks(text)
	if err != nil {
		return err
	}
	for _, entry := range root.below {
		resolution := entry.text("resolution")
		if entry.key == "__metadata" || entry.key == "" {
			continue
		}
		if resolution == "" {
			return wrong(entry.line, "the entry %.100q has no resolution", entry.key)
		}
		to.addBerry(resolution)
	}
	return nil
}

// addBerry adds a package by its locator: NAME@PROTOCOL:SELECTOR (yarn's documentation, "Lexicon").
func (c *Contents) addBerry(locator string) {
	at := strings.Index(locator[min(1, len(locator)):], "@") + 1
	name, reference := locator[:at], strings.TrimPrefix(locator[at:], "@")
	protocol, _, _ := strings.Cut(reference, ":")
	selector, published := strings.CutPrefix(reference, "npm:")
	switch {
	case published:
		version, options, _ := strings.Cut(selector, "::")
		resolved := ""
		if archive, ok := strings.CutPrefix(options, "__archiveUrl="); ok {
			resolved = unescaped(archive)
		}
		c.addTarball(name, version, resolved, nil)
	case protocol == "workspace":
		c.skip(locator, "it is a part of the project")
	case protocol == "patch":
		c.skip(locator, "it is a patch of a package that is an entry of its own")
	case protocol == "file" || protocol == "link" || protocol == "portal":
		c.skip(locator, fromPath)
	case strings.Contains(reference, "#commit=") || strings.HasPrefix(protocol, "git") || protocol == "ssh":
		c.skip(locator, fromGit)
	default:
		c.skip(locator, fromAddress)
	}
}

// readClassic reads the lockfile of yarn 1: entries with the ranges that they satisfy, and lines of a key and a value below.
func readClassic(text []byte, to *Contents) error {
	var ranges, version, resolved, sums string
	end := func(number int) error {
		if ranges == "" {
			return nil
		}
		if version == "" {
			return wrong(number, "the entry %.100q before it has no version", ranges)
		}
		name := classicName(ranges)
		address, sha1, _ := strings.Cut(resolved, "#")
		known := integrity(sums)
		if len(known) == 0 {
			known = inHex("sha1", sha1)
		}
		to.addTarball(name, version, address, known)
		ranges, version, resolved, sums = "", "", "", ""
		return nil
	}
	last := 0
	err := eachLine(text, func(number int, line string) error {
		last = number
		if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			return nil
		}
		if line[0] != ' ' {
			if err := end(number); err != nil {
				return err
			}
			key, ok := strings.CutSuffix(line, ":")
			if !ok {
				return wrong(number, "%.100q is no entry of yarn's", line)
			}
			ranges = key
			return nil
		}
		if rest := line[min(2, len(line)):]; !strings.HasPrefix(rest, " ") {
			key, value, _ := strings.Cut(rest, " ")
			value = unquoted(strings.TrimSpace(value))
			switch key {
			case "version":
				version = value
			case "resolved":
				resolved = value
			case "integrity":
				sums = value
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return end(last + 1)
}

// classicName is the package that an entry is of: its ranges say so, and one with another name in the project says npm: behind it.
func classicName(ranges string) string {
	first, _, _ := strings.Cut(ranges, ", ")
	first = strings.Trim(first, `"`)
	at := strings.Index(first[min(1, len(first)):], "@") + 1
	name, selector := first[:at], first[at:]
	if at == 0 {
		return first
	}
	if real, ok := strings.CutPrefix(selector, "@npm:"); ok {
		if at := strings.Index(real[min(1, len(real)):], "@") + 1; at > 0 {
			return real[:at]
		}
		return real
	}
	return name
}
