package pypi

import (
	"slices"
	"strings"
)

// Bounds on core metadata.
const (
	maxMetadata = 1 << 20 // bytes, description included
	maxFields   = 10_000
)

// metadata is what the core metadata of a distribution says (core metadata specification, versions 1.0 to 2.5), as text in
// UTF-8. What old tools wrote for want of a value, UNKNOWN, is empty.
type metadata struct {
	metadataVersion   string
	name              string
	version           string
	summary           string
	homePage          string
	license           string // may be the text of a whole licence
	licenseExpression string
	requiresPython    string
	description       string
	descriptionType   string   // such as text/markdown; charset=UTF-8; empty means reStructuredText
	projectURLs       []string // Label, URL
	classifiers       []string
	requiresDist      []string
	providesExtra     []string
	dynamic           []string // fields that a source distribution leaves to what is built of it
}

// parseMetadata reads a METADATA or PKG-INFO file as Python's email parser reads it, with which every installer does.
// Invalid where it is too large, has no name or version, or says what decides an installation twice in two ways: installers
// take the first of two, others the last.
func parseMetadata(text []byte) (metadata, error) {
	if len(text) > maxMetadata {
		return metadata{}, invalid("The metadata is larger than %d bytes.", maxMetadata)
	}
	fields, body, err := splitFields(text)
	if err != nil {
		return metadata{}, err
	}
	return fill(fields, body)
}

// fieldsOfMetadata says where each field goes, by its name in lower case; others are passed over.
func (m *metadata) single() map[string]*string {
	return map[string]*string{
		"metadata-version": &m.metadataVersion, "name": &m.name, "version": &m.version, "summary": &m.summary,
		"home-page": &m.homePage, "license": &m.license, "license-expression": &m.licenseExpression,
		"requires-python": &m.requiresPython, "description": &m.description,
		"description-content-type": &m.descriptionType,
	}
}

func (m *metadata) multiple() map[string]*[]string {
	return map[string]*[]string{
		"project-url": &m.projectURLs, "classifier": &m.classifiers, "requires-dist": &m.requiresDist,
		"provides-extra": &m.providesExtra, "dynamic": &m.dynamic,
		"classifiers": &m.classifiers, // as some early tools wrote it
	}
}

// deciding are the fields that say what a distribution is and where it can be installed.
var deciding = []string{"metadata-version", "name", "version", "requires-python"}

func fill(fields []field, body string) (metadata, error) {
	var m metadata
	single, multiple := m.single(), m.multiple()
	seen := make(map[string]bool)
	for _, f := range fields {
		if list, ok := multiple[f.name]; ok {
			if value := known(f.value); value != "" {
				*list = append(*list, value)
			}
			continue
		}
		into, ok := single[f.name]
		if !ok {
			continue
		}
		value := known(f.value)
		if f.name == "description" {
			value = known(unindented(f.value))
		}
		if !seen[f.name] {
			seen[f.name] = true
			*into = value
		} else if slices.Contains(deciding, f.name) && *into != value {
			return metadata{}, invalid("The metadata has the field %s twice: %.100q and %.100q.", f.name, *into, value)
		}
	}
	if text := known(body); text != "" {
		m.description = body
	}
	if m.name == "" || m.version == "" {
		return metadata{}, invalid("The metadata has no name or no version.")
	}
	return m, nil
}

// known is a value without white space around it, and empty for what distutils wrote where there is none.
func known(value string) string {
	if value = strings.TrimSpace(value); value == "UNKNOWN" {
		return ""
	}
	return value
}

// unindented is the description that stands in a field: its lines have been indented by eight spaces (distutils), by seven
// and a bar (core metadata specification, "Description"), or by any white space that they have in common.
func unindented(value string) string {
	lines := strings.Split(value, "\n")
	common := -1
	for _, line := range lines[1:] {
		if width := len(line) - len(strings.TrimLeft(line, " \t")); width < len(line) && (common < 0 || width < common) {
			common = width
		}
	}
	for i, line := range lines[1:] {
		if barred, ok := strings.CutPrefix(line, "       |"); ok {
			lines[i+1] = barred
		} else {
			lines[i+1] = line[min(len(line), max(0, common)):]
		}
	}
	return strings.Join(lines, "\n")
}
