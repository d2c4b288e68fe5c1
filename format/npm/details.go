package npm

import (
	"cmp"
	"slices"
	"strings"

	"entrepot/artifact"
)

// maxField is the size over which CodeArtifact does not keep a metadata field (API reference, DescribePackageVersion).
const maxField = 400 << 10

// dependencyMembers says which members of package.json hold dependencies, and the API's word for each. An optional
// dependency is often repeated under dependencies and then counts as optional.
var dependencyMembers = []struct{ member, kind string }{
	{"optionalDependencies", "optional"},
	{"dependencies", "regular"},
	{"devDependencies", "dev"},
	{"peerDependencies", "peer"},
}

// describe extracts what the API tells about a version. Members of another shape than npm documents are passed over:
// old packages hold anything.
func describe(p artifact.PackageKey, m manifest, readme string) artifact.Details {
	listed, _ := members(m.listed)
	rest, _ := members(m.rest)
	return artifact.Details{
		DisplayName:  fullName(p),
		Summary:      field(rest, "description"),
		HomePage:     field(rest, "homepage"),
		SourceCode:   strings.TrimPrefix(textOrURL(find(rest, "repository")), "git+"),
		Licenses:     licenses(rest),
		Dependencies: dependencies(listed),
		Readme:       bounded(readme),
	}
}

func bounded(text string) string {
	if len(text) > maxField {
		return ""
	}
	return text
}

func field(all []member, key string) string {
	text, _ := asText(find(all, key))
	return bounded(text)
}

// textOrURL reads "url" or {"url": "url"}.
func textOrURL(value []byte) string {
	if text, ok := asText(value); ok {
		return bounded(text)
	}
	all, _ := splitObject(value)
	return field(all, "url")
}

// licenses reads license as a text or {type, url}, and the licenses array of old packages.
func licenses(rest []member) []artifact.License {
	var found []artifact.License
	if l, ok := license(find(rest, "license")); ok {
		found = append(found, l)
	}
	if all := find(rest, "licenses"); len(found) == 0 && len(all) > 0 && all[0] == '[' {
		s := scanBytes(all)
		_ = s.array(func() error {
			value, err := s.raw(len(all))
			if l, ok := license(value); ok && err == nil {
				found = append(found, l)
			}
			return err
		})
	}
	return found
}

func license(value []byte) (artifact.License, bool) {
	if name, ok := asText(value); ok {
		return artifact.License{Name: bounded(name)}, name != ""
	}
	all, _ := splitObject(value)
	l := artifact.License{Name: cmp.Or(field(all, "type"), field(all, "name")), URL: field(all, "url")}
	return l, l != artifact.License{}
}

func dependencies(listed []member) []artifact.Dependency {
	var found []artifact.Dependency
	optional := make(map[string]bool)
	for _, row := range dependencyMembers {
		all, _ := splitObject(find(listed, row.member))
		slices.SortFunc(all, func(a, b member) int { return cmp.Compare(a.key, b.key) })
		for _, m := range all {
			requirement, ok := asText(m.value)
			if !ok || row.kind == "regular" && optional[m.key] {
				continue
			}
			optional[m.key] = optional[m.key] || row.kind == "optional"
			found = append(found, dependency(m.key, row.kind, requirement))
		}
	}
	return found
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
