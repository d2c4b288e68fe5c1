package lockfile

import (
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/strictjson"
)

// readPackageLock reads package-lock.json and npm-shrinkwrap.json: of version 1 its tree of dependencies, of 2 and 3 its packages
// by their folders (npm documentation, "package-lock.json").
func readPackageLock(text []byte, to *Contents) error {
	all, err := parseJSON(text)
	if err != nil {
		return err
	}
	if all.Member("packages") != nil {
		for _, m := range members(all, "packages") {
			if m.Name != "" { // the project itself
				to.addLocked(m)
			}
		}
		return nil
	}
	if all.Member("dependencies") == nil && all.Member("lockfileVersion") == nil {
		return wrong(0, "it is no lockfile of npm: it has neither packages nor dependencies")
	}
	to.addTree(members(all, "dependencies"))
	return nil
}

// addLocked adds an entry of the packages by their folders.
func (c *Contents) addLocked(m *strictjson.Value) {
	_, name, _ := cutLast(m.Name, "node_modules/")
	if own := textAt(m, "name"); own != "" { // it is installed under another name
		name = own
	}
	switch {
	case isTrue(m, "inBundle"):
		c.skip(m.Name, "it comes in the package that bundles it")
	case isTrue(m, "link") || !strings.Contains(m.Name, "node_modules/"):
		c.skip(m.Name, "it is a part of the project")
	default:
		c.addTarball(name, textAt(m, "version"), textAt(m, "resolved"), integrity(textAt(m, "integrity")))
	}
}

// addTree adds the dependencies of version 1 and what lies inside each.
func (c *Contents) addTree(dependencies []*strictjson.Value) {
	for _, m := range dependencies {
		name, version := m.Name, textAt(m, "version")
		if real, ok := strings.CutPrefix(version, "npm:"); ok { // it is installed under another name
			name, version, _ = cutLast(real, "@")
		}
		resolved := textAt(m, "resolved")
		if resolved == "" && strings.Contains(version, ":") { // git and files stand in the version's place
			resolved = version
		}
		if isTrue(m, "bundled") {
			c.skip(m.Name, "it comes in the package that bundles it")
		} else {
			c.addTarball(name, version, resolved, integrity(textAt(m, "integrity")))
		}
		c.addTree(members(m, "dependencies"))
	}
}

// addTarball adds a version of an npm package that a file has from an address, which may be empty.
func (c *Contents) addTarball(name, version, resolved string, sums []Sum) {
	key := npmPackage(name).At(version)
	registry, why := tarballRegistry(key.PackageKey, resolved)
	if why != "" {
		c.skip(key.Qualified()+"@"+version, why)
		return
	}
	p := Pin{VersionKey: key, Registry: registry}
	if len(sums) > 0 {
		p.Files = []File{{Sums: sums}}
	}
	c.add(p)
}

// tarballRegistry is the registry that an address of a tarball is of: those of all registries end as the public one's do, in
// NAME/-/FILE. why is set for one that is of none.
func tarballRegistry(p artifact.PackageKey, resolved string) (registry, why string) {
	scheme, _, ok := strings.Cut(resolved, ":")
	switch {
	case resolved == "" || resolved == "registry":
		return "", ""
	case !ok || scheme == "file" || scheme == "link" || scheme == "portal" || scheme == "workspace":
		return "", fromPath
	case strings.HasPrefix(scheme, "git") || scheme == "ssh" || scheme == "bitbucket" || scheme == "gist":
		return "", fromGit
	}
	u, err := url.Parse(resolved)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", fromAddress
	}
	before, file, ok := cutLast(u.Path, "/-/")
	base, isName := strings.CutSuffix(before, "/"+p.Qualified())
	if !ok || !isName || !strings.HasSuffix(file, ".tgz") {
		return "", fromAddress
	}
	return u.Scheme + "://" + u.Host + base + "/", ""
}

// cutLast cuts around the last separator; ok is false, and all is after it, if there is none.
func cutLast(text, separator string) (before, after string, ok bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return "", text, false
}
