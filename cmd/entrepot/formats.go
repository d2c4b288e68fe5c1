package main

import (
	"maps"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/cargo"
	"entrepot/format/generic"
	"entrepot/format/maven"
	"entrepot/format/npm"
	"entrepot/format/nuget"
	"entrepot/format/pypi"
	"entrepot/format/ruby"
	"entrepot/format/swift"
	"entrepot/repository"
	"entrepot/upstream"
	"entrepot/upstream/detect"
)

// formats are those this build knows; it speaks the protocols of those that are Served. A new one is a folder below
// format/ and a line here.
func formats() []format.Format {
	return []format.Format{
		npm.Format(),
		pypi.Format(),
		maven.Format(),
		nuget.Format(),
		ruby.Format(),
		cargo.Format(),
		swift.Format(),
		generic.Format(),
	}
}

// served are those that have an endpoint.
func served() []artifact.Format {
	var names []artifact.Format
	for _, f := range formats() {
		if f.Served() {
			names = append(names, f.Name)
		}
	}
	return names
}

// traits are what the rules need to know of each.
func traits() map[artifact.Format]repository.Traits {
	all := map[artifact.Format]repository.Traits{}
	for _, f := range formats() {
		all[f.Name] = f.Traits
	}
	return all
}

// detectors find the addresses of external connections on this machine, by the connections' names.
func detectors() map[string]detect.Detector {
	all := map[string]detect.Detector{}
	for _, f := range formats() {
		maps.Copy(all, f.Detect)
	}
	return all
}

// sources are the external connections that the formats can read.
func sources(c *upstream.Client) map[string]repository.Source {
	all := map[string]repository.Source{}
	for _, f := range formats() {
		for _, connection := range upstream.Connections() {
			if f.Source != nil && connection.Format == f.Name {
				all[connection.Name] = f.Source(c, connection.Name)
			}
		}
	}
	return all
}
