package cargo

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Bounds on a Cargo.toml.
const (
	maxCargoTOML = 1 << 20 // bytes
	maxNesting   = 64      // of lists and tables that stand in a value
)

// cargoTOML is what a packaged Cargo.toml says (Cargo's book, "The Manifest Format"). Nothing is inherited in it: packaging has
// written out what a workspace says.
type cargoTOML struct {
	name, version string
	description   string
	homepage      string
	documentation string
	repository    string
	license       string
	readme        string // the name of the file
	links         string
	rustVersion   string
	dependencies  []manifestDependency
	features      map[string][]string
}

// manifestDependency is a dependency in a Cargo.toml.
type manifestDependency struct {
	alias, crate    string
	requirement     string
	kind, target    string
	optional        bool
	defaultFeatures bool
	features        []string
}

type table = map[string]any

// parseCargoTOML reads a Cargo.toml. What has another type than it should is as if it were not there.
func parseCargoTOML(text string) (m cargoTOML, err error) {
	if tooNested(text) {
		return m, errors.New("it is nested too deep")
	}
	var all table
	if _, err := toml.Decode(text, &all); err != nil {
		return m, err
	}
	about := tableIn(all, "package", "project") // as it was called before 1.0
	m = cargoTOML{
		name: textIn(about, "name"), version: textIn(about, "version"), description: textIn(about, "description"),
		homepage: textIn(about, "homepage"), documentation: textIn(about, "documentation"),
		repository: textIn(about, "repository"), license: textIn(about, "license"), readme: textIn(about, "readme"),
		links: textIn(about, "links"), rustVersion: textIn(about, "rust-version"), features: map[string][]string{},
	}
	m.add(all, "")
	targets := tableIn(all, "target")
	for _, target := range slices.Sorted(maps.Keys(targets)) {
		m.add(tableIn(targets, target), target)
	}
	for name, values := range tableIn(all, "features") {
		m.features[name] = texts(values)
	}
	return m, nil
}

// tooNested reports whether a text opens more brackets than it closes, further than anybody would: the reader of TOML goes as deep
// as they do. What stands in texts is counted too.
func tooNested(text string) bool {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			if depth++; depth > maxNesting {
				return true
			}
		case ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return false
}

// dependencyTables are the tables of dependencies, each with its spelling of before 1.0.
var dependencyTables = []struct {
	names []string
	kind  string
}{
	{[]string{"dependencies"}, "normal"},
	{[]string{"dev-dependencies", "dev_dependencies"}, "dev"},
	{[]string{"build-dependencies", "build_dependencies"}, "build"},
}

// add takes the dependencies of a target, or of all.
func (m *cargoTOML) add(in table, target string) {
	for _, row := range dependencyTables {
		all := tableIn(in, row.names...)
		for _, alias := range slices.Sorted(maps.Keys(all)) {
			d := manifestDependency{alias: alias, crate: alias, requirement: "*", kind: row.kind, target: target, defaultFeatures: true}
			switch value := all[alias].(type) {
			case string:
				d.requirement = value
			case table:
				d.read(value)
			}
			m.dependencies = append(m.dependencies, d)
		}
	}
}

func (d *manifestDependency) read(said table) {
	if renamed := textIn(said, "package"); renamed != "" {
		d.crate = renamed
	}
	if required := textIn(said, "version"); required != "" {
		d.requirement = required
	}
	d.optional, _ = said["optional"].(bool)
	for _, name := range []string{"default-features", "default_features"} {
		if with, ok := said[name].(bool); ok {
			d.defaultFeatures = with
			break
		}
	}
	d.features = texts(said["features"])
}

// tableIn is the first of the tables that is there.
func tableIn(in table, names ...string) table {
	for _, name := range names {
		if found, ok := in[name].(table); ok {
			return found
		}
	}
	return nil
}

func textIn(in table, name string) string {
	found, _ := in[name].(string)
	return found
}

func texts(value any) []string {
	list, _ := value.([]any)
	var found []string
	for _, one := range list {
		if text, ok := one.(string); ok {
			found = append(found, text)
		}
	}
	return found
}

// plainTarget writes a target as cargo does, but for its spaces.
func plainTarget(target string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(target), ""), ",)", ")")
}
