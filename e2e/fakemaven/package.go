package fakemaven

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Package is one version of an artifact on offer.
type Package struct {
	Group, Artifact, Version string
	Packaging                string            // jar when empty; pom has no file besides its POM
	Files                    map[string][]byte // what the jar holds; pom.xml, if there, is the POM and not packed
	Dependencies             []string          // group:artifact:version, for the POM that is made when there is no pom.xml
	Assets                   map[string][]byte // further files, by what follows "artifact-version": "-sources.jar"
}

// Jar returns the jar; equal packages make equal bytes.
func (p Package) Jar() ([]byte, error) {
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		if name == "pom.xml" {
			continue
		}
		w, err := archive.CreateHeader(&zip.FileHeader{Name: name, Modified: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = w.Write(p.Files[name])
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", p, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("pack %s: %w", p, err)
	}
	return packed.Bytes(), nil
}

// String is the package's coordinates as Maven writes them.
func (p Package) String() string { return p.Group + ":" + p.Artifact + ":" + p.Version }

// POM returns pom.xml, or one made of the coordinates.
func (p Package) POM() []byte {
	if given, ok := p.Files["pom.xml"]; ok {
		return given
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n"+
		"  <groupId>%s</groupId>\n  <artifactId>%s</artifactId>\n  <version>%s</version>\n  <packaging>%s</packaging>\n  <dependencies>\n",
		p.Group, p.Artifact, p.Version, p.packaging())
	for _, dependency := range p.Dependencies {
		c := strings.SplitN(dependency+"::", ":", 4)
		fmt.Fprintf(&b, "    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n",
			c[0], c[1], c[2])
	}
	b.WriteString("  </dependencies>\n</project>\n")
	return b.Bytes()
}

func (p Package) packaging() string {
	if p.Packaging == "" {
		return "jar"
	}
	return p.Packaging
}

// folder is where the artifact's versions are.
func (p Package) folder() string { return strings.ReplaceAll(p.Group, ".", "/") + "/" + p.Artifact }

// files are what the repository has of the version, by path.
func (p Package) files() (map[string][]byte, error) {
	stem := p.folder() + "/" + p.Version + "/" + p.Artifact + "-" + p.Version
	all := map[string][]byte{stem + ".pom": p.POM()}
	for suffix, content := range p.Assets {
		all[stem+suffix] = content
	}
	if p.packaging() == "pom" {
		return all, nil
	}
	jar, err := p.Jar()
	all[stem+".jar"] = jar
	return all, err
}

// extras is what registry.json of a version's folder may say; the file is not packed.
type extras struct {
	Packaging    string   `json:"packaging"`
	Dependencies []string `json:"dependencies"`
}

// Load adds every folder GROUP/ARTIFACT/VERSION of the tree, in the order of the walk; dots of the group are no folders. A
// file registry.json in it may set packaging and dependencies.
func (r *Registry) Load(tree fs.FS) error {
	return fakeregistry.Load(tree, func(folder string) error {
		p, err := read(tree, folder)
		if err != nil {
			return err
		}
		return r.Add(p)
	}, "*/*/*")
}

func read(tree fs.FS, folder string) (Package, error) {
	artifact, version := path.Split(folder)
	group, artifact := path.Split(strings.TrimSuffix(artifact, "/"))
	var more extras
	files, err := fakeregistry.Folder(tree, folder, &more)
	return Package{Group: strings.TrimSuffix(group, "/"), Artifact: artifact, Version: version, Files: files,
		Packaging: more.Packaging, Dependencies: more.Dependencies}, err
}
