package npm

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"path"
	"slices"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// fromTarball are the members that decide what an installer does. They are taken from the tarball and nowhere else, so
// that the index never promises another package than the one that is unpacked.
var fromTarball = []string{"dependencies", "optionalDependencies", "devDependencies", "peerDependencies",
	"peerDependenciesMeta", "acceptDependencies", "bundleDependencies", "bundledDependencies", "bin", "directories",
	"engines", "os", "cpu", "libc", "scripts", "main", "type", "exports", "hasInstallScript", "_hasShrinkwrap",
	"gypfile"}

// requirementMaps must be objects of texts.
var requirementMaps = []string{"dependencies", "optionalDependencies", "devDependencies", "peerDependencies",
	"acceptDependencies"}

// merge makes the members of the version object: what the client said, corrected by what the tarball holds.
func (c contents) merge(p artifact.PackageKey, object jsonscan.Members) (jsonscan.Members, error) {
	for _, key := range requirementMaps {
		if value := c.manifest.Find(key); value != nil && !textMap(value) {
			return nil, invalid("The tarball's package.json has a %s that is not an object of texts.", key)
		}
	}
	for _, key := range fromTarball {
		object = without(object, key)
		if value := c.manifest.Find(key); value != nil && !computed[key] {
			object = append(object, jsonscan.Member{Key: key, Value: value})
		}
	}
	bin, err := c.bin(p)
	if err != nil {
		return nil, err
	}
	if object = without(object, "bin"); bin != nil {
		object = append(object, jsonscan.Member{Key: "bin", Value: bin})
	}
	if c.compiles() {
		object = append(object, jsonscan.Member{Key: "hasInstallScript", Value: []byte("true")})
	}
	if object = append(object, jsonscan.Member{Key: "_hasShrinkwrap", Value: []byte("false")}); c.shrinkwrap {
		object = with(object, "_hasShrinkwrap", []byte("true"))
	}
	return object, nil
}

// computed are members that only the registry may set.
var computed = map[string]bool{"hasInstallScript": true, "_hasShrinkwrap": true}

func textMap(value []byte) bool {
	all, err := splitObject(value)
	return err == nil && !slices.ContainsFunc(all, func(m jsonscan.Member) bool { return m.Value[0] != '"' })
}

// compiles reports whether installing runs something: a script, or node-gyp where there is a binding.gyp and no script
// of the package's own.
func (c contents) compiles() bool {
	return installs(c.manifest.Find("scripts")) || c.gyp && string(c.manifest.Find("gypfile")) != "false"
}

// bin writes bin as an object. package.json may give one path instead, or a folder (directories.bin).
func (c contents) bin(p artifact.PackageKey) ([]byte, error) {
	value := c.manifest.Find("bin")
	if value == nil {
		var all jsonscan.Members
		for _, name := range slices.Sorted(maps.Keys(c.executables)) {
			all = append(all, jsonscan.Member{Key: name, Value: jsonscan.Quoted(c.executables[name])})
		}
		if all == nil {
			return nil, nil
		}
		return all.Append(nil), nil
	}
	if file, ok := jsonscan.AsText(value); ok {
		return jsonscan.Members{{Key: path.Base(p.Name), Value: jsonscan.Quoted(file)}}.Append(nil), nil
	}
	if !textMap(value) {
		return nil, invalid("The tarball's package.json has a bin that is neither a text nor an object of texts.")
	}
	return value, nil
}

// dist writes what this server found out about the tarball.
func (c contents) dist(digests artifact.Digests, kept keptFacts) jsonscan.Members {
	dist := jsonscan.Members{
		{Key: "integrity", Value: jsonscan.Quoted(integrity(digests))},
		{Key: "shasum", Value: jsonscan.Quoted(hex.EncodeToString(digests.SHA1[:]))},
		{Key: "fileCount", Value: asJSON(c.files)},
		{Key: "unpackedSize", Value: asJSON(c.unpacked)},
	}
	if len(kept.Bundles) > 0 {
		dist = append(dist, jsonscan.Member{Key: "attestations", Value: asJSON(map[string]any{
			"provenance": map[string]string{"predicateType": kept.Bundles[0].PredicateType},
		})})
	}
	return dist
}

// asJSON writes numbers and maps of texts, which always can be.
func asJSON(v any) []byte {
	p, _ := json.Marshal(v)
	return p
}
