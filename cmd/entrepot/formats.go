package main

import (
	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/npm"
	"entrepot/repository"
	"entrepot/upstream"
)

// formats are the protocols this build speaks. A new one is a folder below format/ and a line here.
func formats() []format.Format {
	return []format.Format{
		npm.Format(),
	}
}

// traits are what the rules need to know of each.
func traits() map[artifact.Format]repository.Traits {
	all := map[artifact.Format]repository.Traits{}
	for _, f := range formats() {
		all[f.Name] = f.Traits
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
