package main

import (
	"strings"

	"entrepot/bench/fixture"
)

// protocol is one kind of registry.
type protocol struct {
	// name reads the package's name out of a path below the registry's address. What it returns need not be a name.
	name func(path string) string
	// offer makes all that there is of a package, by path; base is the registry's address with its final slash, and size that
	// of the package's file in bytes.
	offer func(base, name string, size int) map[string]answer
}

// protocols are the registries, by the folder below which each is.
var protocols = map[string]*protocol{
	"npm":   {npmName, offerNPM},
	"pypi":  {pypiName, offerPyPI},
	"maven": {mavenName, offerMaven},
	"cargo": {cargoName, offerCargo},
	"ruby":  {rubyName, offerRuby},
	"nuget": {nugetName, offerNuGet},
}

const (
	octets   = "application/octet-stream"
	document = "application/json"
)

func npmName(path string) string {
	name, _, _ := strings.Cut(path, "/-/")
	return name
}

func offerNPM(base, name string, size int) map[string]answer {
	r := fixture.Release{Name: name, Version: onlyOne, Tarball: fixture.Tarball(name, onlyOne, size)}
	return map[string]answer{
		name:     newAnswer(document, fixture.Packument(base, []fixture.Release{r})),
		r.Path(): newAnswer(octets, r.Tarball),
	}
}

// pypiName takes simple/NAME/ and files/NAME/FILE.
func pypiName(path string) string {
	_, rest, _ := strings.Cut(path, "/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func offerPyPI(base, name string, size int) map[string]answer {
	w := fixture.NewWheel(name, onlyOne, size)
	files := "files/" + name + "/"
	page := fixture.SimplePage(base+files, []fixture.Wheel{w})
	return map[string]answer{
		"simple/" + name + "/": newAnswer("application/vnd.pypi.simple.v1+json", page),
		files + w.File():       newAnswer(octets, w.Content),
	}
}

// mavenName takes paths in the folder of an artifact.
func mavenName(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, fixture.GroupFolder), "/")
	return name
}

func offerMaven(_, name string, size int) map[string]answer {
	a := fixture.NewArtifact(name, onlyOne, size)
	files := map[string][]byte{
		fixture.Folder(name) + fixture.MetadataFile: fixture.Metadata(name, []string{onlyOne}),
		a.Path(".jar"): a.Jar,
		a.Path(".pom"): a.POM,
	}
	all := map[string]answer{}
	for file, content := range files {
		all[file] = newAnswer(octets, content)
		for ending, sum := range fixture.Checksum {
			all[file+ending] = newAnswer("text/plain", sum(content))
		}
	}
	return all
}

// cargoName takes index/AB/CD/NAME, index/config.json and crates/NAME/VERSION/download.
func cargoName(path string) string {
	parts := strings.Split(path, "/")
	switch {
	case path == cargoConfig:
		return "config"
	case len(parts) == 4 && parts[3] == fixture.MissingCrate, len(parts) != 4:
		return ""
	case parts[0] == "index":
		return parts[3]
	}
	return parts[1]
}

const cargoConfig = "index/config.json"

func offerCargo(base, name string, size int) map[string]answer {
	c := fixture.NewCrate(name, onlyOne, size)
	return map[string]answer{
		cargoConfig:                        newAnswer(document, []byte(`{"dl":"`+base+`crates"}`)),
		"index/" + fixture.IndexPath(name): newAnswer("text/plain", fixture.IndexFile([]fixture.Crate{c})),
		"crates/" + c.Path():               newAnswer(octets, c.Content),
	}
}

// rubyName takes info/NAME and gems/NAME-VERSION.gem.
func rubyName(path string) string {
	_, name, _ := strings.Cut(path, "/")
	return strings.TrimSuffix(name, "-"+onlyOne+".gem")
}

func offerRuby(_, name string, size int) map[string]answer {
	g := fixture.NewGem(name, onlyOne, size)
	return map[string]answer{
		"info/" + name:     newAnswer("text/plain", fixture.Info([]fixture.Gem{g})),
		"gems/" + g.File(): newAnswer(octets, g.Content),
	}
}

// nugetName takes FOLDER/NAME/FILE and FOLDER/NAME.json. The service index is that of a package of its own.
func nugetName(path string) string {
	_, rest, _ := strings.Cut(path, "/")
	name, _, _ := strings.Cut(rest, "/")
	return strings.TrimSuffix(name, ".json")
}

func offerNuGet(base, name string, size int) map[string]answer {
	n := fixture.NewNupkg(name, onlyOne, size)
	return map[string]answer{
		"v3/index.json":                         newAnswer(document, fixture.ServiceIndex(base)),
		"registrations/" + name + "/index.json": newAnswer(document, fixture.Registration(base, n)),
		"catalog/" + name + ".json":             newAnswer(document, fixture.CatalogEntry(n)),
		"flat/" + n.Path():                      newAnswer(octets, n.Content),
	}
}
