package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// A version's manifest is five lines of compact JSON, each an object:
//
//	1 what installers need: the members of the abbreviated document, but for dist
//	2 dist, without tarball and attestations
//	3 everything else that the registry or the publisher said, for the full document
//	4 dist.attestations, without its url; {} if there are none
//	5 what is never shown: where the registry keeps tarball and attestations, attestations that were published here
//
// Compact JSON has no raw line feed, so an index document is made by cutting at line feeds and joining, without parsing
// thousands of versions again.
const manifestLines = 5

// manifest is those lines apart. Each is a whole object.
type manifest struct{ listed, dist, rest, attestations, kept []byte }

// abbreviated are the members of a version in the abbreviated document (npm's package-metadata page; libc as read by
// npm's own client). dist is one too and is kept apart.
var abbreviated = map[string]bool{
	"name": true, "version": true, "deprecated": true, "dependencies": true, "acceptDependencies": true,
	"optionalDependencies": true, "devDependencies": true, "bundleDependencies": true, "bundledDependencies": true,
	"peerDependencies": true, "peerDependenciesMeta": true, "bin": true, "directories": true, "engines": true, "cpu": true,
	"os": true, "libc": true, "funding": true, "_hasShrinkwrap": true, "hasInstallScript": true,
}

// unkept are members that are dropped: a readme belongs to the package as a whole, the others are large and no client
// reads them, or are computed anew.
var unkept = map[string]bool{
	"readme": true, "licenseText": true, "_attachments": true, "_rev": true, "_id": true, "dist": true, "__proto__": true,
	"_npmOperationalInternal": true, "contentFingerprint": true, "gitHeadMessage": true,
}

// keptFacts is line 5.
type keptFacts struct {
	Tarball string        `json:"tarball,omitempty"` // absolute URL at the registry it came from
	Bundles []attestation `json:"bundles,omitempty"`
	// Attestations is dist.attestations.url as the registry it came from gave it.
	Attestations string `json:"attestations,omitempty"`
}

// attestation is one element of an attestations document.
type attestation struct {
	PredicateType string          `json:"predicateType"`
	Bundle        json.RawMessage `json:"bundle"`
}

// compose makes the manifest of a version out of the members of its object and of its dist.
func compose(members, dist jsonscan.Members, kept keptFacts) (manifest, error) {
	var listed, rest, shown, attested jsonscan.Members
	for _, m := range members {
		switch {
		case unkept[m.Key]:
		case abbreviated[m.Key]:
			listed = append(listed, m)
		default:
			rest = append(rest, m)
		}
	}
	for _, m := range dist {
		switch m.Key {
		case "attestations":
			all, err := objectOf(m.Value)
			if err != nil {
				return manifest{}, err
			}
			attested = without(all, "url")
		case "tarball":
		default:
			shown = append(shown, m)
		}
	}
	last, err := json.Marshal(kept)
	if err != nil {
		return manifest{}, err
	}
	return manifest{
		listed:       listed.Append(nil),
		dist:         shown.Append(nil),
		rest:         rest.Append(nil),
		attestations: attested.Append(nil),
		kept:         last,
	}, nil
}

func without(all jsonscan.Members, key string) jsonscan.Members {
	var left jsonscan.Members
	for _, m := range all {
		if m.Key != key {
			left = append(left, m)
		}
	}
	return left
}

// with returns the members with key set to value, at its old place or at the end.
func with(all jsonscan.Members, key string, value []byte) jsonscan.Members {
	for i := range all {
		if all[i].Key == key {
			all[i].Value = value
			return all
		}
	}
	return append(all, jsonscan.Member{Key: key, Value: value})
}

// appendLines writes the manifest; every line ends in a line feed.
func (m manifest) appendLines(dst []byte) []byte {
	for _, line := range [manifestLines][]byte{m.listed, m.dist, m.rest, m.attestations, m.kept} {
		dst = append(append(dst, line...), '\n')
	}
	return dst
}

var errManifest = errors.New("not an npm manifest")

// cutManifest takes the lines apart again. The parts share memory with lines.
func cutManifest(lines []byte) (manifest, error) {
	var m manifest
	for _, part := range [manifestLines]*[]byte{&m.listed, &m.dist, &m.rest, &m.attestations, &m.kept} {
		line, after, ok := bytes.Cut(lines, []byte{'\n'})
		if !ok || len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
			return manifest{}, errManifest
		}
		*part, lines = line, after
	}
	if len(lines) != 0 {
		return manifest{}, errManifest
	}
	return m, nil
}

// objectOf is the members of a value that may be of another type or missing: then it has none.
func objectOf(value []byte) (jsonscan.Members, error) {
	if len(value) == 0 || value[0] != '{' {
		return nil, nil
	}
	return jsonscan.Split(value)
}

// splitObject is members for a value that must be an object.
func splitObject(value []byte) (jsonscan.Members, error) {
	if len(value) == 0 || value[0] != '{' {
		return nil, errors.New("not an object")
	}
	return jsonscan.Split(value)
}

// factsOf reads line 5 out of a version's manifest.
func factsOf(v artifact.Version) (keptFacts, error) {
	kept, _, err := originOf(v)
	return kept, err
}

// originOf reads where a version's registry keeps it, and what it promises about the bytes.
func originOf(v artifact.Version) (kept keptFacts, promise sums, err error) {
	m, err := cutManifest(v.Manifest)
	if err == nil {
		kept, err = m.facts()
	}
	var dist jsonscan.Members
	if err == nil {
		dist, err = jsonscan.Split(m.dist)
	}
	if err != nil {
		return keptFacts{}, promise, fmt.Errorf("read manifest of %s: %w", v.VersionKey, err)
	}
	eachPromise(dist, promise.add)
	return kept, promise, nil
}

// facts reads line 5.
func (m manifest) facts() (keptFacts, error) {
	var k keptFacts
	err := json.Unmarshal(m.kept, &k)
	return k, err
}

// installs reports whether a scripts object runs something when the package is installed.
func installs(scripts []byte) (bool, error) {
	all, err := objectOf(scripts)
	for _, name := range []string{"preinstall", "install", "postinstall"} {
		if text, ok := all.Text(name); ok && text != "" {
			return true, err
		}
	}
	return false, err
}
