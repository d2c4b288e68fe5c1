package cargo

import (
	"fmt"
	"maps"
	"slices"
)

// checkAgainst compares what the client says of a version with the Cargo.toml in its archive: what resolvers read has to be what
// people see who look into the crate. An older cargo does not say which Rust a crate needs, or all that its tests do, which nobody
// gets who needs the crate.
func (m *metadata) checkAgainst(inside cargoTOML) error {
	if m.RustVersion == nil && inside.rustVersion != "" {
		if !rustPattern.MatchString(inside.rustVersion) {
			return invalid("rust-version is %.40q instead of a version like 1.70.", inside.rustVersion)
		}
		m.RustVersion = &inside.rustVersion
	}
	for _, row := range []struct{ what, said, inside string }{
		{"the name", m.Name, inside.name},
		{"the version", m.Vers, inside.version},
		{"links", text(m.Links), inside.links},
		{"rust-version", text(m.RustVersion), inside.rustVersion},
	} {
		if row.said != row.inside {
			return disagree(row.what, row.said, row.inside)
		}
	}
	if said, within := saidFeatures(m.Features), saidFeatures(inside.features); !slices.Equal(said, within) {
		return disagree("features", first(said, within), first(within, said))
	}
	said := make([]string, 0, len(m.Deps))
	for _, d := range m.Deps {
		if d.Kind == devKind {
			continue
		}
		plain, _ := plainRequirement(d.Requirement)
		said = append(said, saidDependency(d.alias(), d.Name, plain, d.Kind, text(d.Target), d.Optional, d.DefaultFeatures, d.Features))
	}
	within := make([]string, 0, len(inside.dependencies))
	for _, d := range inside.dependencies {
		if d.kind == devKind {
			continue
		}
		plain, _ := plainRequirement(d.requirement)
		within = append(within, saidDependency(d.alias, d.crate, plain, d.kind, d.target, d.optional, d.defaultFeatures, d.features))
	}
	slices.Sort(said)
	slices.Sort(within)
	if !slices.Equal(said, within) {
		return disagree("dependencies", first(said, within), first(within, said))
	}
	return nil
}

// devKind is that of what only the crate's own tests need.
const devKind = "dev"

func disagree(what, said, inside string) error {
	return invalid("Of %s, cargo says %.300q and the Cargo.toml in the crate %.300q. Package it anew.", what, said, inside)
}

// first is the first of the sorted texts that is not among the others.
func first(texts, others []string) string {
	for _, text := range texts {
		if _, found := slices.BinarySearch(others, text); !found {
			return text
		}
	}
	return ""
}

// saidFeatures writes features so that they can be compared.
func saidFeatures(features map[string][]string) []string {
	said := make([]string, 0, len(features))
	for _, name := range slices.Sorted(maps.Keys(features)) {
		said = append(said, name+" = "+sorted(features[name]))
	}
	return said
}

// saidDependency writes a dependency so that it can be compared.
func saidDependency(alias, crate, requirement, kind, target string, optional, defaults bool, features []string) string {
	said := fmt.Sprintf("%s %s of %s %s with %s", kind, alias, crate, requirement, sorted(features))
	if !defaults {
		said += " without its default features"
	}
	if optional {
		said += ", optional"
	}
	if target != "" {
		said += " for " + plainTarget(target)
	}
	return said
}

func sorted(texts []string) string { return fmt.Sprintf("%q", slices.Sorted(slices.Values(texts))) }
