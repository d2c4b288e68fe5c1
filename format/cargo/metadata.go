package cargo

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// Bounds on what is said of a version that is published: those of the public registry, or above them.
const (
	maxDependencies = 500
	maxFeatures     = 10_000 // of a crate, and what one of them turns on: there are crates with thousands
	maxFeature      = 255    // bytes
	maxTarget       = 255    // bytes
	maxAddress      = 2 << 10
)

// metadata is the JSON document of a publication (Cargo's book, "Publish"), as far as an index line is made of it. What people
// are shown is taken from the archive.
type metadata struct {
	Name        string              `json:"name"`
	Vers        string              `json:"vers"`
	Deps        []neededCrate       `json:"deps"`
	Features    map[string][]string `json:"features"`
	Links       *string             `json:"links"`
	RustVersion *string             `json:"rust_version"`
}

// neededCrate is a dependency in that document.
type neededCrate struct {
	Name            string   `json:"name"` // of the crate
	Requirement     string   `json:"version_req"`
	Features        []string `json:"features"`
	Optional        bool     `json:"optional"`
	DefaultFeatures bool     `json:"default_features"`
	Target          *string  `json:"target"`
	Kind            string   `json:"kind"`
	Registry        *string  `json:"registry"`
	Renamed         *string  `json:"explicit_name_in_toml"`
}

// alias is what the dependency is called in Cargo.toml.
func (d neededCrate) alias() string {
	if d.Renamed != nil {
		return *d.Renamed
	}
	return d.Name
}

// readMetadata reads the first part of a publication.
func readMetadata(parts *frames) (*metadata, error) {
	text, err := parts.metadata()
	if err != nil {
		return nil, err
	}
	return parseMetadata(text)
}

// parseMetadata reads the document. Members that are not known are passed over. Invalid: it is not one, or has a key twice.
func parseMetadata(text []byte) (*metadata, error) {
	all, err := jsonscan.SplitOutside(text)
	if err != nil {
		return nil, invalid("The description of the crate is malformed: %s.", err).Causing(err)
	}
	m := &metadata{}
	if err := json.Unmarshal(all.Append(nil), m); err != nil {
		return nil, invalid("The description of the crate cannot be used: %s.", err).Causing(err)
	}
	return m, nil
}

var (
	featurePattern = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_+.-]*$`)
	// turnedOn is what a feature may turn on: another, a dependency, or a feature of a dependency (Cargo's book, "Features").
	turnedOn    = regexp.MustCompile(`^(?:dep:)?[\p{L}\p{N}_][\p{L}\p{N}_+.-]*(?:\??/[\p{L}\p{N}_][\p{L}\p{N}_+.-]*)?$`)
	kinds       = map[string]bool{"normal": true, "dev": true, "build": true}
	rustPattern = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+){0,2}$`)
)

// check refuses what cargo would not send and could not read in an index.
func (m *metadata) check() error {
	switch {
	case len(m.Deps) > maxDependencies:
		return invalid("A crate may have at most %d dependencies; this one has %d.", maxDependencies, len(m.Deps))
	case len(m.Features) > maxFeatures:
		return invalid("A crate may have at most %d features; this one has %d.", maxFeatures, len(m.Features))
	case m.Links != nil && len(*m.Links) > maxFeature:
		return invalid("links may have at most %d bytes.", maxFeature)
	case m.RustVersion != nil && !rustPattern.MatchString(*m.RustVersion):
		return invalid("rust-version is %.40q instead of a version like 1.70.", *m.RustVersion)
	}
	for name, values := range m.Features {
		if len(name) > maxFeature || !featurePattern.MatchString(name) {
			return invalid("%.100q is not a name for a feature.", name)
		}
		if len(values) > maxFeatures {
			return invalid("A feature may turn on at most %d others; %s has %d.", maxFeatures, name, len(values))
		}
		for _, value := range values {
			if len(value) > 2*maxFeature || !turnedOn.MatchString(value) {
				return invalid("The feature %s turns on %.100q, which is no feature and no dependency.", name, value)
			}
		}
	}
	for _, d := range m.Deps {
		if err := d.check(); err != nil {
			return err
		}
	}
	return nil
}

func (d neededCrate) check() error {
	_, required := plainRequirement(d.Requirement)
	switch {
	case len(d.Name) > maxName || !namePattern.MatchString(d.Name) ||
		len(d.alias()) > maxName || !namePattern.MatchString(d.alias()):
		return invalid("The crate needs %.100q, which is not a name of a crate.", d.alias())
	case !required:
		return invalid("The crate needs %s in the version %.100q, which is no requirement.", d.Name, d.Requirement)
	case !kinds[d.Kind]:
		return invalid("The crate needs %s as %.40q: that is not normal, dev or build.", d.Name, d.Kind)
	case d.Target != nil && len(*d.Target) > maxTarget:
		return invalid("The crate needs %s for a target of more than %d bytes.", d.Name, maxTarget)
	case len(d.Features) > maxFeatures:
		return invalid("The crate needs %s with more than %d features.", d.Name, maxFeatures)
	case d.Registry != nil && !isIndex(*d.Registry):
		return invalid("The crate needs %s from %.200q, which is not the address of an index.", d.Name, *d.Registry)
	}
	for _, feature := range d.Features {
		if len(feature) > maxFeature || !featurePattern.MatchString(feature) {
			return invalid("The crate needs %s with the feature %.100q, which cannot be one.", d.Name, feature)
		}
	}
	return nil
}

// isIndex reports whether a text is the address of an index: of a sparse one, or of one in git.
func isIndex(text string) bool {
	address, err := url.Parse(strings.TrimPrefix(text, "sparse+"))
	return err == nil && len(text) <= maxAddress && address.Host != "" && address.User == nil &&
		(address.Scheme == "https" || address.Scheme == "http")
}

// indexLine is a line of the index (Cargo's book, "Index files"), but for what appendLine adds. All members are written: cargo
// before 1.84 wants them.
type indexLine struct {
	Name        string              `json:"name"`
	Vers        string              `json:"vers"`
	Deps        []indexedCrate      `json:"deps"`
	Checksum    string              `json:"cksum"`
	Features    map[string][]string `json:"features"`
	Links       *string             `json:"links"`
	V           int                 `json:"v"` // 2: features may have dep: and ?/
	RustVersion *string             `json:"rust_version"`
}

// indexedCrate is a dependency in a line.
type indexedCrate struct {
	Name            string   `json:"name"`
	Requirement     string   `json:"req"`
	Features        []string `json:"features"`
	Optional        bool     `json:"optional"`
	DefaultFeatures bool     `json:"default_features"`
	Target          *string  `json:"target"`
	Kind            string   `json:"kind"`
	Registry        *string  `json:"registry"`
	Package         *string  `json:"package,omitempty"`
}

// line makes the version's line of the index. A dependency from the index that the crate is published to is one from the
// registry that serves the line, whichever that will be: the crate may be copied, and read through other repositories.
func (m *metadata) line(sum artifact.Digest, index string) ([]byte, error) {
	l := indexLine{Name: m.Name, Vers: m.Vers, Checksum: sum.String(), Features: m.Features, Links: m.Links, V: 2,
		RustVersion: m.RustVersion, Deps: make([]indexedCrate, 0, len(m.Deps))}
	if l.Features == nil {
		l.Features = map[string][]string{}
	}
	for _, d := range m.Deps {
		one := indexedCrate{Name: d.alias(), Requirement: d.Requirement, Features: d.Features, Optional: d.Optional,
			DefaultFeatures: d.DefaultFeatures, Target: d.Target, Kind: d.Kind, Registry: d.Registry}
		if d.Renamed != nil {
			one.Package = &d.Name
		}
		if one.Registry != nil && *one.Registry == index {
			one.Registry = nil
		}
		if one.Features == nil {
			one.Features = []string{}
		}
		l.Deps = append(l.Deps, one)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // requirements are full of < and >
	if err := encoder.Encode(l); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), nil
}

// text is that of an optional member; none is empty.
func text(s *string) string { return *cmp.Or(s, new(string)) }
