package nuget

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// Bounds on a nuspec.
const (
	maxNuspec      = 1 << 20 // bytes
	maxNuspecDepth = 32      // elements in each other
	maxNuspecParts = 100_000 // elements, texts and comments
)

// nuspec is what a package says about itself.
type nuspec struct {
	ID, Version              string
	Title, Summary           string
	Description, Copyright   string
	Authors                  string // with commas between them
	Tags                     string // with spaces or commas between them
	Language                 string
	MinClientVersion         string
	ProjectURL, IconURL      string
	LicenseURL               string
	LicenseExpression        string
	LicenseFile, Readme      string // paths in the package
	RepositoryURL            string
	RequireLicenseAcceptance bool
	DevelopmentDependency    bool
	PackageTypes             []packageType
	Groups                   []dependencyGroup
}

// nuspecXML is the document by the local names of its elements: its namespace has changed with every version of the format.
type nuspecXML struct {
	XMLName  xml.Name      `xml:"package"`
	Metadata []metadataXML `xml:"metadata"`
}

type metadataXML struct {
	MinClientVersion string            `xml:"minClientVersion,attr"`
	ID               []string          `xml:"id"`
	Version          []string          `xml:"version"`
	Title            []string          `xml:"title"`
	Authors          []string          `xml:"authors"`
	Summary          []string          `xml:"summary"`
	Description      []string          `xml:"description"`
	Copyright        []string          `xml:"copyright"`
	Tags             []string          `xml:"tags"`
	Language         []string          `xml:"language"`
	ProjectURL       []string          `xml:"projectUrl"`
	IconURL          []string          `xml:"iconUrl"`
	LicenseURL       []string          `xml:"licenseUrl"`
	License          []licenseXML      `xml:"license"`
	Readme           []string          `xml:"readme"`
	Repository       []repositoryXML   `xml:"repository"`
	Acceptance       []string          `xml:"requireLicenseAcceptance"`
	Development      []string          `xml:"developmentDependency"`
	PackageTypes     []packageTypesXML `xml:"packageTypes"`
	Dependencies     []dependenciesXML `xml:"dependencies"`
}

type licenseXML struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type repositoryXML struct {
	URL string `xml:"url,attr"`
}

type packageTypesXML struct {
	Types []struct {
		Name    string `xml:"name,attr"`
		Version string `xml:"version,attr"`
	} `xml:"packageType"`
}

type dependenciesXML struct {
	Loose  []dependencyXML `xml:"dependency"`
	Groups []struct {
		TargetFramework string          `xml:"targetFramework,attr"`
		Dependencies    []dependencyXML `xml:"dependency"`
	} `xml:"group"`
}

type dependencyXML struct {
	ID      string `xml:"id,attr"`
	Version string `xml:"version,attr"`
}

// parseNuspec reads a nuspec of up to maxNuspec bytes, in UTF-8 with or without a byte order mark, or in UTF-16 with one. There
// are no document types, and so no entities but XML's own. Invalid: it cannot be read, or says twice what clients read once.
func parseNuspec(text []byte) (nuspec, error) {
	if len(text) > maxNuspec {
		return nuspec{}, invalid("The nuspec is larger than %d bytes.", maxNuspec)
	}
	var document nuspecXML
	text, wide := inUTF8(text)
	source := &boundedTokens{d: xml.NewDecoder(bytes.NewReader(text))}
	source.d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if wide && strings.EqualFold(charset, "utf-16") {
			return in, nil
		}
		return nil, fmt.Errorf("it is in %.40q and should be in UTF-8", charset)
	}
	err := xml.NewTokenDecoder(source).Decode(&document)
	if err == nil {
		err = source.drain()
	}
	if err == nil {
		err = document.checkOnce()
	}
	if err != nil {
		return nuspec{}, invalid("The nuspec cannot be read: %v.", err)
	}
	return document.Metadata[0].nuspec(), nil
}

// inUTF8 takes off a byte order mark, and undoes UTF-16.
func inUTF8(text []byte) (plain []byte, wide bool) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), false
	}
	units := make([]uint16, len(text)/2-1)
	for i := range units {
		units[i] = order.Uint16(text[2+2*i:])
	}
	return []byte(string(utf16.Decode(units))), true
}

// boundedTokens passes the tokens of a document on, but for what no nuspec needs.
type boundedTokens struct {
	d            *xml.Decoder
	depth, parts int
}

// Token follows xml.TokenReader.
func (b *boundedTokens) Token() (xml.Token, error) {
	token, err := b.d.Token()
	if err != nil {
		return nil, err
	}
	switch token.(type) {
	case xml.StartElement:
		b.depth++
	case xml.EndElement:
		b.depth--
	case xml.Directive:
		return nil, errors.New("it has a document type")
	}
	if b.parts++; b.parts > maxNuspecParts || b.depth > maxNuspecDepth {
		return nil, errors.New("it has too many elements, or too many in each other")
	}
	return token, nil
}

// drain reads what follows the root.
func (b *boundedTokens) drain() error {
	for {
		token, err := b.Token()
		if err == io.EOF {
			return nil
		}
		if _, another := token.(xml.StartElement); another {
			return errors.New("it has more than one root")
		}
		if err != nil {
			return err
		}
	}
}

// checkOnce refuses what decides an installation and stands there twice or not at all: two readers could take two values.
func (d nuspecXML) checkOnce() error {
	if len(d.Metadata) != 1 {
		return fmt.Errorf("it has %d elements <metadata> instead of one", len(d.Metadata))
	}
	m := d.Metadata[0]
	for _, element := range []struct {
		name     string
		count    int
		optional bool
	}{
		{"id", len(m.ID), false}, {"version", len(m.Version), false}, {"dependencies", len(m.Dependencies), true},
		{"packageTypes", len(m.PackageTypes), true}, {"license", len(m.License), true}, {"readme", len(m.Readme), true},
	} {
		if element.count > 1 || element.count == 0 && !element.optional {
			return fmt.Errorf("it has %d elements <%s> instead of one", element.count, element.name)
		}
	}
	return nil
}

func (m metadataXML) nuspec() nuspec {
	n := nuspec{
		ID: first(m.ID), Version: first(m.Version), Title: first(m.Title), Summary: first(m.Summary),
		Description: first(m.Description), Copyright: first(m.Copyright), Authors: first(m.Authors),
		Tags: first(m.Tags), Language: first(m.Language), MinClientVersion: strings.TrimSpace(m.MinClientVersion),
		ProjectURL: first(m.ProjectURL), IconURL: first(m.IconURL), LicenseURL: first(m.LicenseURL), Readme: first(m.Readme),
		RequireLicenseAcceptance: strings.EqualFold(first(m.Acceptance), "true"),
		DevelopmentDependency:    strings.EqualFold(first(m.Development), "true"),
	}
	for _, l := range m.License {
		switch strings.ToLower(l.Type) {
		case "expression":
			n.LicenseExpression = strings.TrimSpace(l.Text)
		case "file":
			n.LicenseFile = strings.TrimSpace(l.Text)
		}
	}
	for _, r := range m.Repository {
		n.RepositoryURL = strings.TrimSpace(r.URL)
	}
	for _, list := range m.PackageTypes {
		for _, one := range list.Types {
			n.PackageTypes = append(n.PackageTypes, packageType{strings.TrimSpace(one.Name), strings.TrimSpace(one.Version)})
		}
	}
	for _, list := range m.Dependencies {
		n.Groups = list.groups()
	}
	return n
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return strings.TrimSpace(texts[0])
}

// groups are the groups of dependencies, those without a group as one for every framework. Where there are groups, clients
// look at nothing else.
func (d dependenciesXML) groups() []dependencyGroup {
	if len(d.Groups) == 0 && len(d.Loose) > 0 {
		return []dependencyGroup{{Dependencies: dependenciesOf(d.Loose)}}
	}
	var groups []dependencyGroup
	for _, g := range d.Groups {
		groups = append(groups, dependencyGroup{strings.TrimSpace(g.TargetFramework), dependenciesOf(g.Dependencies)})
	}
	return groups
}

func dependenciesOf(listed []dependencyXML) []dependency {
	var all []dependency
	for _, one := range listed {
		all = append(all, dependency{strings.TrimSpace(one.ID), strings.TrimSpace(one.Version)})
	}
	return all
}
