package pypi

import (
	"regexp"
	"strings"
	"unicode"

	"entrepot/artifact"
)

// describe is what the API tells about a version, out of the metadata of one of its files.
func describe(m metadata) artifact.Details {
	return artifact.Details{
		DisplayName:  artifact.MetadataField(m.name),
		Summary:      artifact.MetadataField(m.summary),
		HomePage:     artifact.MetadataField(homePage(m)),
		SourceCode:   artifact.MetadataField(projectURL(m, sourceLabels)),
		Licenses:     licenses(m),
		Dependencies: dependencies(m),
		Readme:       artifact.MetadataField(m.description),
	}
}

// The labels by which a project's addresses are known, without capitals, spaces and punctuation (well-known project URLs
// specification), the better ones first.
var (
	homeLabels   = []string{"homepage"}
	sourceLabels = []string{"source", "repository", "sourcecode", "github", "sourcerepository", "coderepository", "code",
		"repo", "gitrepository", "git", "vcs"}
)

func homePage(m metadata) string {
	if m.homePage != "" {
		return m.homePage
	}
	return projectURL(m, homeLabels)
}

// projectURL finds the address with the best of the labels.
func projectURL(m metadata, labels []string) string {
	addresses := make(map[string]string)
	for _, entry := range m.projectURLs {
		label, address, _ := strings.Cut(entry, ",")
		label = plainLabel(label)
		if _, again := addresses[label]; !again {
			addresses[label] = strings.TrimSpace(address)
		}
	}
	for _, label := range labels {
		if addresses[label] != "" {
			return addresses[label]
		}
	}
	return ""
}

func plainLabel(label string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, label)
}

// licenses are the licence expression; else the licence where it is called by a name, and not by its whole text; else those
// of the classifiers; else the first line of the text.
func licenses(m metadata) []artifact.License {
	first, text, _ := strings.Cut(m.license, "\n")
	classified := classifiedLicenses(m.classifiers)
	switch {
	case m.licenseExpression != "":
		return named(m.licenseExpression)
	case m.license != "" && (text == "" || len(classified) == 0):
		return named(strings.TrimSpace(first))
	}
	return classified
}

func named(name string) []artifact.License {
	if name = artifact.MetadataField(name); name == "" {
		return nil
	}
	return []artifact.License{{Name: name}}
}

// classifiedLicenses reads classifiers such as License :: OSI Approved :: MIT License.
func classifiedLicenses(classifiers []string) []artifact.License {
	var found []artifact.License
	for _, classifier := range classifiers {
		parts := strings.Split(classifier, " :: ")
		if name := parts[len(parts)-1]; parts[0] == "License" && len(parts) > 1 && name != "OSI Approved" {
			found = append(found, named(name)...)
		}
	}
	return found
}

// dependencyType is the API's word for what a distribution requires.
const dependencyType = "Requires-Dist"

// requirement splits the name of a project from the rest of a Requires-Dist: extras, versions, markers.
var requirement = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*((?s).*)$`)

// dependencies are named as the API calls packages; what has no name is passed over.
func dependencies(m metadata) []artifact.Dependency {
	var found []artifact.Dependency
	for _, text := range m.requiresDist {
		if parts := requirement.FindStringSubmatch(text); parts != nil {
			found = append(found, artifact.Dependency{Package: normalName(parts[1]), Type: dependencyType,
				Requirement: artifact.MetadataField(parts[2])})
		}
	}
	return found
}
