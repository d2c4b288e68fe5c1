package lockfile

import (
	"strings"

	"entrepot/artifact"
)

// readCargo reads Cargo.lock. In its first version checksums stand in a table of their own.
func readCargo(text []byte, to *Contents) error {
	all, err := parseTOML(text)
	if err != nil {
		return err
	}
	if !all.has("package", "version", "root") {
		return wrong(0, "it is no lockfile of cargo: it has no packages")
	}
	before := all.table("metadata")
	for _, p := range all.tables("package") {
		name, version, source := p.text("name"), p.text("version"), p.text("source")
		what := name + " " + version
		protocol, address, _ := strings.Cut(source, "+")
		switch {
		case source == "":
			to.skip(what, "it is a part of the project")
			continue
		case protocol == "git":
			to.skip(what, fromGit)
			continue
		case protocol != "registry" && protocol != "sparse":
			to.skip(what, fromPath)
			continue
		}
		pin := Pin{VersionKey: named(artifact.Cargo)(name).At(version), Registry: address}
		sum := p.text("checksum")
		if sum == "" {
			sum = before.text("checksum " + what + " (" + source + ")")
		}
		if sums := inHex("sha256", sum); sums != nil {
			pin.Files = []File{{Sums: sums}}
		}
		to.add(pin)
	}
	return nil
}
