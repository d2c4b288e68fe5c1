package npm

import (
	"encoding/hex"
	"encoding/json"
	"maps"
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

// merge makes the members of the version object: what the client said, corrected by what the tarball holds.
func (c contents) merge(p artifact.PackageKey, object jsonscan.Members) (jsonscan.Members, error) {
	object, err := normalize(slices.Clone(object))
	if err != nil {
		return nil, invalid("The description of the version is not usable: %s.", err)
	}
	inside, err := require(c.manifest)
	if err != nil {
		return nil, invalid("The dependencies in the tarball's package.json are not usable: %s.", err)
	}
	for _, key := range fromTarball {
		object = without(object, key)
		if value := inside.Find(key); value != nil && !computed[key] {
			object = append(object, jsonscan.Member{Key: key, Value: value})
		}
	}
	bin, err := c.bin(p)
	if err != nil {
		return nil, invalid("bin in the tarball's package.json is not usable: %s.", err)
	}
	if bin != nil {
		object = append(object, jsonscan.Member{Key: "bin", Value: bin})
	}
	compiles, err := c.compiles()
	if err != nil {
		return nil, invalid("The scripts in the tarball's package.json are not usable: %s.", err)
	}
	if compiles {
		object = append(object, jsonscan.Member{Key: "hasInstallScript", Value: []byte("true")})
	}
	if object = append(object, jsonscan.Member{Key: "_hasShrinkwrap", Value: []byte("false")}); c.shrinkwrap {
		object = with(object, "_hasShrinkwrap", []byte("true"))
	}
	return object, nil
}

// computed are members that only the registry may set.
var computed = map[string]bool{"hasInstallScript": true, "_hasShrinkwrap": true, "bin": true}

// compiles reports whether installing runs something: a script, or node-gyp where there is a binding.gyp and no script
// of the package's own.
func (c contents) compiles() (bool, error) {
	runs, err := installs(c.manifest.Find("scripts"))
	return runs || c.gyp && string(c.manifest.Find("gypfile")) != "false", err
}

// bin writes bin as an object. Where package.json names no file, it may name a folder of them (directories.bin).
func (c contents) bin(p artifact.PackageKey) ([]byte, error) {
	if bin, err := binOf(c.manifest.Find("bin"), p.Name); bin != nil || err != nil {
		return bin, err
	}
	var all jsonscan.Members
	for _, name := range slices.Sorted(maps.Keys(c.executables)) {
		all = append(all, jsonscan.Member{Key: name, Value: jsonscan.Quoted(c.executables[name])})
	}
	if all == nil {
		return nil, nil
	}
	return all.Append(nil), nil
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
