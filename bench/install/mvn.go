package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"entrepot/e2e/fakemaven"
)

// mvnPackage has mvn package a project that depends on one version of each artifact, without what they depend on. Beside them
// it fetches the plugins of a build, with all that they need, and the POMs behind all of these.
func (s settings) mvnPackage(string) (*installation, error) {
	local := os.DirFS(s.maven)
	artifacts, err := chooseArtifacts(local, s.artifacts)
	if err != nil {
		return nil, err
	}
	registry := fakemaven.New(fakemaven.Manners{})
	if err := registry.Offer(local); err != nil {
		return nil, err
	}
	return &installation{
		name: fmt.Sprintf("mvn package with %d artifacts", len(artifacts)), registry: registry,
		format: "maven", upstream: "maven-central",
		prepare: func(folder string) error { return write(folder, "pom.xml", projectOf(artifacts)) },
		client:  s.mvnClient,
		counts:  readable,
	}, nil
}

// coordinates name a version of an artifact.
type coordinates struct{ group, name, version string }

// chooseArtifacts returns artifacts that have a jar and a POM in a local repository, at most so many, none in two versions.
func chooseArtifacts(local fs.FS, most int) (chosen []coordinates, err error) {
	known := map[string]bool{}
	err = fs.WalkDir(local, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".jar" {
			return err
		}
		folder := path.Dir(name)
		in, version := path.Split(folder)
		in = strings.TrimSuffix(in, "/")
		group, artifact := path.Split(in)
		stem := folder + "/" + artifact + "-" + version
		if _, err := fs.Stat(local, stem+".pom"); err != nil || name != stem+".jar" {
			return nil
		}
		if !known[in] && len(chosen) < most {
			known[in] = true
			group = strings.ReplaceAll(strings.TrimSuffix(group, "/"), "/", ".")
			chosen = append(chosen, coordinates{group, artifact, version})
		}
		return nil
	})
	if err == nil && len(chosen) == 0 {
		err = errors.New("the folder of -maven has no jars in GROUP/ARTIFACT/VERSION")
	}
	return chosen, err
}

// dependency is one as a POM has it, without what it depends on itself.
type dependency struct {
	Group     string `xml:"groupId"`
	Name      string `xml:"artifactId"`
	Version   string `xml:"version"`
	Exclusion struct {
		Group string `xml:"groupId"`
		Name  string `xml:"artifactId"`
	} `xml:"exclusions>exclusion"`
}

// projectOf writes the POM of a project that depends on the artifacts.
func projectOf(artifacts []coordinates) string {
	project := struct {
		XMLName      xml.Name     `xml:"project"`
		Model        string       `xml:"modelVersion"`
		Group        string       `xml:"groupId"`
		Name         string       `xml:"artifactId"`
		Version      string       `xml:"version"`
		Dependencies []dependency `xml:"dependencies>dependency"`
	}{Model: "4.0.0", Group: "com.example.bench", Name: "project", Version: "1.0.0"}
	for _, a := range artifacts {
		d := dependency{Group: a.group, Name: a.name, Version: a.version}
		d.Exclusion.Group, d.Exclusion.Name = "*", "*"
		project.Dependencies = append(project.Dependencies, d)
	}
	text, err := xml.MarshalIndent(project, "", "  ")
	if err != nil {
		panic(err) // texts can be written
	}
	return string(text)
}

// mvnSettings have everything fetched from one repository.
const mvnSettings = `<settings>
  <servers><server><id>bench</id><username>aws</username><password>%s</password></server></servers>
  <mirrors><mirror><id>bench</id><mirrorOf>*</mirrorOf><url>%s</url></mirror></mirrors>
</settings>
`

func (s settings) mvnClient(ctx context.Context, folder, base, token, into string) (*exec.Cmd, error) {
	err := errors.Join(os.RemoveAll(filepath.Join(folder, "target")),
		write(folder, "settings.xml", fmt.Sprintf(mvnSettings, token, base)))
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, s.mvn, "--batch-mode", "--quiet", "--settings", filepath.Join(folder, "settings.xml"),
		"--file", filepath.Join(folder, "pom.xml"), "-Dmaven.repo.local="+into, "package"), nil
}
