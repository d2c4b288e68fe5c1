package npm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// dependencyMembers says which members of package.json hold dependencies, and the API's word for each. An optional
// dependency is often repeated under dependencies and then counts as optional.
var dependencyMembers = []struct{ member, kind string }{
	{"optionalDependencies", "optional"},
	{"dependencies", "regular"},
	{"devDependencies", "dev"},
	{"peerDependencies", "peer"},
}

// describe extracts what the API tells about a version out of its manifest.
func describe(p artifact.PackageKey, m manifest, readme string) (artifact.Details, error) {
	listed, err := jsonscan.Split(m.listed)
	if err != nil {
		return artifact.Details{}, err
	}
	rest, err := jsonscan.Split(m.rest)
	if err != nil {
		return artifact.Details{}, err
	}
	needs, err := dependencies(listed)
	if err != nil {
		return artifact.Details{}, err
	}
	return artifact.Details{
		DisplayName:  fullName(p),
		Summary:      field(rest, "description"),
		HomePage:     field(rest, "homepage"),
		SourceCode:   strings.TrimPrefix(textOrURL(rest.Find("repository")), "git+"),
		Licenses:     licenses(rest),
		Dependencies: needs,
		Readme:       artifact.MetadataField(readme),
	}, nil
}

func field(all jsonscan.Members, key string) string {
	text, _ := all.Text(key)
	return artifact.MetadataField(text)
}

// textOrURL reads "url" or {"url": "url"}. What people are shown may be missing: a value over a limit is.
func textOrURL(value []byte) string {
	if text, ok := jsonscan.AsText(value); ok {
		return artifact.MetadataField(text)
	}
	all, _ := objectOf(value)
	return field(all, "url")
}

// licenses reads license as a text or {type, url}, and the licenses array of old packages.
func licenses(rest jsonscan.Members) []artifact.License {
	var found []artifact.License
	if l, ok := license(rest.Find("license")); ok {
		found = append(found, l)
	}
	if len(found) > 0 {
		return found
	}
	for value := range jsonscan.Elements(rest.Find("licenses")) {
		if l, ok := license(value); ok {
			found = append(found, l)
		}
	}
	return found
}

func license(value []byte) (artifact.License, bool) {
	if name, ok := jsonscan.AsText(value); ok {
		return artifact.License{Name: artifact.MetadataField(name)}, name != ""
	}
	all, _ := objectOf(value)
	l := artifact.License{Name: cmp.Or(field(all, "type"), field(all, "name")), URL: field(all, "url")}
	return l, l != artifact.License{}
}

func dependencies(listed jsonscan.Members) ([]artifact.Dependency, error) {
	var found []artifact.Dependency
	optional := make(map[string]bool)
	for _, row := range dependencyMembers {
		all, err := objectOf(listed.Find(row.member))
		if err != nil {
			return nil, fmt.Errorf("its %s: %w", row.member, err)
		}
		slices.SortFunc(all, func(a, b jsonscan.Member) int { return cmp.Compare(a.Key, b.Key) })
		for _, m := range all {
			requirement, ok := jsonscan.AsText(m.Value)
			if !ok || row.kind == "regular" && optional[m.Key] {
				continue
			}
			optional[m.Key] = optional[m.Key] || row.kind == "optional"
			found = append(found, dependency(m.Key, row.kind, requirement))
		}
	}
	return found, nil
}

func dependency(name, kind, requirement string) artifact.Dependency {
	d := artifact.Dependency{Package: name, Type: kind, Requirement: requirement}
	if scoped, ok := strings.CutPrefix(name, "@"); ok {
		if scope, base, ok := strings.Cut(scoped, "/"); ok {
			d.Namespace, d.Package = scope, base
		}
	}
	return d
}
