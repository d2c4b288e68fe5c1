package maven

import (
	"bytes"
	"cmp"
	"io"
	"strings"
)

// maxPOM bounds a POM in bytes.
const maxPOM = 10 << 20

// pom is what is read of a POM (POM reference, model version 4.0.0). Expressions such as ${revision} are kept as they are
// written. Nothing comes from a parent POM but the two coordinates that the reference to it has.
type pom struct {
	coordinates        // group and version are the parent's where the POM has none of its own
	packaging   string // jar if the POM says nothing

	name, description, url string
	scm                    string // where to look at the sources
	licenses               []pomLicense
	parent                 coordinates // empty without one
	dependencies           []pomDependency
	relocation             relocation      // empty without one
	managed                []pomDependency // its dependencyManagement, while it is read
	imports                []coordinates   // those of managed that are imported
	// gradleModule says that beside the POM lies a .module file which Gradle reads in its place.
	gradleModule bool
}

// coordinates name a version.
type coordinates struct{ group, artifact, version string }

type pomLicense struct{ name, url string }

// pomDependency is a dependency of the project itself, not of its profiles or its dependencyManagement.
type pomDependency struct {
	coordinates        // version is empty where a parent or dependencyManagement says which
	kind        string // type: jar if nothing is said
	classifier  string
	scope       string // compile if nothing is said
	optional    bool
}

// relocation says that the package has another name now. What is empty is as it was.
type relocation struct {
	coordinates
	message string
}

// pomSchema is what is read of a POM.
var pomSchema = schema[pom]{
	name: "The POM", limit: maxPOM, root: "project", known: pomElements,
	comment: func(p *pom, comment []byte) {
		p.gradleModule = p.gradleModule || bytes.Contains(comment, gradleMarker)
	},
}

var pomElements = map[string]element[pom]{
	"project/groupId":     {text: func(p *pom, s string) { p.group = s }},
	"project/artifactId":  {text: func(p *pom, s string) { p.artifact = s }},
	"project/version":     {text: func(p *pom, s string) { p.version = s }},
	"project/packaging":   {text: func(p *pom, s string) { p.packaging = s }},
	"project/name":        {text: func(p *pom, s string) { p.name = s }},
	"project/description": {text: func(p *pom, s string) { p.description = s }},
	"project/url":         {text: func(p *pom, s string) { p.url = s }},

	"project/scm":     {},
	"project/scm/url": {text: func(p *pom, s string) { p.scm = s }},

	"project/licenses":              {},
	"project/licenses/license":      {begin: func(p *pom) { p.licenses = append(p.licenses, pomLicense{}) }},
	"project/licenses/license/name": {text: func(p *pom, s string) { last(p.licenses).name = s }},
	"project/licenses/license/url":  {text: func(p *pom, s string) { last(p.licenses).url = s }},

	"project/parent":            {},
	"project/parent/groupId":    {text: func(p *pom, s string) { p.parent.group = s }},
	"project/parent/artifactId": {text: func(p *pom, s string) { p.parent.artifact = s }},
	"project/parent/version":    {text: func(p *pom, s string) { p.parent.version = s }},

	"project/dependencies": {},
	"project/dependencies/dependency": {
		begin: func(p *pom) { p.dependencies = append(p.dependencies, pomDependency{}) }},
	"project/dependencies/dependency/groupId":    {text: func(p *pom, s string) { last(p.dependencies).group = s }},
	"project/dependencies/dependency/artifactId": {text: func(p *pom, s string) { last(p.dependencies).artifact = s }},
	"project/dependencies/dependency/version":    {text: func(p *pom, s string) { last(p.dependencies).version = s }},
	"project/dependencies/dependency/type":       {text: func(p *pom, s string) { last(p.dependencies).kind = s }},
	"project/dependencies/dependency/classifier": {text: func(p *pom, s string) { last(p.dependencies).classifier = s }},
	"project/dependencies/dependency/scope":      {text: func(p *pom, s string) { last(p.dependencies).scope = s }},
	"project/dependencies/dependency/optional": {
		text: func(p *pom, s string) { last(p.dependencies).optional = strings.EqualFold(s, "true") }},

	"project/dependencyManagement":              {},
	"project/dependencyManagement/dependencies": {},
	"project/dependencyManagement/dependencies/dependency": {
		begin: func(p *pom) { p.managed = append(p.managed, pomDependency{}) }},
	"project/dependencyManagement/dependencies/dependency/groupId":    {text: func(p *pom, s string) { last(p.managed).group = s }},
	"project/dependencyManagement/dependencies/dependency/artifactId": {text: func(p *pom, s string) { last(p.managed).artifact = s }},
	"project/dependencyManagement/dependencies/dependency/version":    {text: func(p *pom, s string) { last(p.managed).version = s }},
	"project/dependencyManagement/dependencies/dependency/scope":      {text: func(p *pom, s string) { last(p.managed).scope = s }},

	"project/distributionManagement":                       {},
	"project/distributionManagement/relocation":            {},
	"project/distributionManagement/relocation/groupId":    {text: func(p *pom, s string) { p.relocation.group = s }},
	"project/distributionManagement/relocation/artifactId": {text: func(p *pom, s string) { p.relocation.artifact = s }},
	"project/distributionManagement/relocation/version":    {text: func(p *pom, s string) { p.relocation.version = s }},
	"project/distributionManagement/relocation/message":    {text: func(p *pom, s string) { p.relocation.message = s }},
}

// gradleMarker is the comment by which Gradle tells that it should look for a .module file (Gradle user manual, "Gradle
// Module Metadata").
var gradleMarker = []byte("do_not_remove: published-with-gradle-metadata")

// readPOM reads a POM. Errors are Invalid, unless r fails.
func readPOM(r io.Reader) (pom, error) {
	p, err := readXML(r, pomSchema)
	if err != nil {
		return pom{}, err
	}
	p.group = cmp.Or(p.group, p.parent.group)
	p.version = cmp.Or(p.version, p.parent.version)
	p.packaging = cmp.Or(p.packaging, "jar")
	for _, d := range p.managed {
		if d.scope == "import" {
			p.imports = append(p.imports, d.coordinates)
		}
	}
	p.managed = nil
	for i := range p.dependencies {
		d := &p.dependencies[i]
		d.kind, d.scope = cmp.Or(d.kind, "jar"), cmp.Or(d.scope, "compile")
	}
	return p, nil
}

// check refuses a POM that is not the one of the location, with an Invalid error. The POM of a snapshot's build has the
// snapshot's version. A coordinate with an expression in it may be anything: flawed POMs like that are published.
func (p pom) check(l location) error {
	for _, c := range []struct{ element, got, want string }{
		{"groupId", p.group, l.group},
		{"artifactId", p.artifact, l.artifact},
		{"version", p.version, l.directory},
	} {
		if c.got != c.want && !strings.Contains(c.got, "${") {
			return invalid("The POM's %s is %q, and it is published as %q. Make them the same.", c.element, c.got, c.want)
		}
	}
	return nil
}
