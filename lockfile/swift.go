package lockfile

// readSwift reads Package.resolved, which knows registries since version 2; version 1 had repositories of sources alone.
func readSwift(text []byte, to *Contents) error {
	all, err := parseJSON(text)
	if err != nil {
		return err
	}
	for _, p := range items(all, "object", "pins") {
		to.skip(textAt(p, "package"), fromGit)
	}
	if all.Member("pins") == nil && at(all, "object", "pins") == nil {
		return wrong(0, "it is no lockfile of SwiftPM: it has no pins")
	}
	for _, p := range items(all, "pins") {
		identity := textAt(p, "identity")
		switch kind := textAt(p, "kind"); kind {
		case "registry":
			to.add(Pin{VersionKey: swiftPackage(identity).At(textAt(p, "state", "version")), Registry: textAt(p, "location")})
		case "localSourceControl", "fileSystem":
			to.skip(identity, fromPath)
		default:
			to.skip(identity, fromGit)
		}
	}
	return nil
}
