package lockfile

import (
	"strconv"
	"strings"
)

// readPnpm reads pnpm-lock.yaml. Its packages are keyed /NAME/VERSION up to version 5, /NAME@VERSION in 6, and NAME@VERSION since 9;
// behind that an underscore or a bracket begins what they were resolved beside.
func readPnpm(text []byte, to *Contents) error {
	root, err := parseBlocks(text)
	if err != nil {
		return err
	}
	format, err := strconv.ParseFloat(root.text("lockfileVersion"), 64)
	if err != nil {
		return wrong(0, "it is no lockfile of pnpm: it has no lockfileVersion")
	}
	for _, packages := range root.below { // newer ones have a document of their own for pnpm itself
		if packages.key != "packages" {
			continue
		}
		for _, entry := range packages.below {
			to.addPnpm(entry, format)
		}
	}
	return nil
}

func (c *Contents) addPnpm(entry *block, format float64) {
	resolution := entry.at("resolution")
	name, version := pnpmKey(entry.key, format)
	if own := entry.text("name"); own != "" {
		name = own
	}
	if own := entry.text("version"); own != "" {
		version = own
	}
	switch kind := resolution.text("type"); {
	case kind == "git" || resolution.text("repo") != "":
		c.skip(entry.key, fromGit)
	case kind == "directory" || resolution.text("directory") != "":
		c.skip(entry.key, fromPath)
	case kind != "":
		c.skip(entry.key, fromAddress)
	default:
		c.addTarball(name, version, resolution.text("tarball"), integrity(resolution.text("integrity")))
	}
}

// pnpmKey is the name and the version that a key says.
func pnpmKey(key string, format float64) (name, version string) {
	key, _, _ = strings.Cut(key, "(")
	key = strings.TrimPrefix(key, "/")
	separator := "@"
	if format < 6 {
		separator = "/"
	}
	from := 1 // the @ of a scope is none before a version
	if i := strings.IndexByte(key, '/'); strings.HasPrefix(key, "@") && i > 0 {
		from = i + 1
	}
	if from > len(key) {
		return key, ""
	}
	name, version, _ = strings.Cut(key[from:], separator)
	if format < 6 {
		version, _, _ = strings.Cut(version, "_")
	}
	return key[:from] + name, version
}
