package lockfile

import "entrepot/artifact"

// readNuGet reads packages.lock.json: frameworks, each with the packages by their names. A contentHash is made of a package without
// its signature, so it cannot be compared with a digest of the file.
func readNuGet(text []byte, to *Contents) error {
	all, err := parseJSON(text)
	if err != nil {
		return err
	}
	if all.Member("version") == nil || all.Member("dependencies") == nil {
		return wrong(0, "it is no lockfile of NuGet: it has no version or no dependencies")
	}
	for _, framework := range members(all, "dependencies") {
		for _, p := range members(framework) {
			if textAt(p, "type") == "Project" {
				to.skip(p.Name, "it is a part of the project")
				continue
			}
			to.add(Pin{VersionKey: named(artifact.NuGet)(p.Name).At(textAt(p, "resolved"))})
		}
	}
	return nil
}
