package npm

import (
	"slices"

	"entrepot/format/jsonscan"
)

// Of old packages and other registries' documents many members are of another type than the one they should be of. npm's
// clients mend them when they publish and when they install; not all clients do, and some fail. So they are mended on
// the way in, for what is published and for what a registry says alike, as npm's own normalization does it
// (@npmcli/package-json, and normalize-package-data before it). A member that cannot be mended is left out.

// mends are how members are mended, by name: each gets a compact value and returns it, another, or nil to leave the
// member out. Members that are not here may be anything.
var mends = map[string]func(value []byte) []byte{
	"dependencies":         asRequirements,
	"devDependencies":      asRequirements,
	"optionalDependencies": asRequirements,
	"peerDependencies":     asTexts,
	"acceptDependencies":   asTexts,
	"peerDependenciesMeta": asObject,
	"directories":          asObject,
	"scripts":              asTexts,
	"engines":              asEngines,
	"os":                   asTextList,
	"cpu":                  asTextList,
	"libc":                 asTextList,
	"hasInstallScript":     asFlag,
	"_hasShrinkwrap":       asFlag,
	"gypfile":              asFlag,
	"deprecated":           asDeprecation,
	"funding":              asFunding,
	"main":                 asText,
	"type":                 asText,
	"description":          asText,
	"homepage":             asText,
	"readmeFilename":       asText,
	"keywords":             asKeywords,
	"author":               asPerson,
	"contributors":         asPeople,
	"maintainers":          asPeople,
	"_npmUser":             asPerson,
	"bugs":                 asBugs,
	"repository":           asRepository,
	"license":              asLicense,
	"licenses":             asLicenses,
}

// normalize mends the members of a package.json or of a version that a registry describes, in place. bin, which needs the
// package's name, is left to binOf. An error is one of a limit.
func normalize(all jsonscan.Members) (jsonscan.Members, error) {
	if all.Find("licenses") == nil {
		for i, m := range all {
			if m.Key == "license" && isList(m.Value) {
				all[i].Key = "licenses"
			}
		}
	}
	return bundled(mendAll(all, mends))
}

// mendAll mends members by a table, in place.
func mendAll(all jsonscan.Members, by map[string]func([]byte) []byte) jsonscan.Members {
	kept := all[:0]
	for _, m := range all {
		if mend := by[m.Key]; mend != nil {
			m.Value = mend(m.Value)
		}
		if m.Value != nil {
			kept = append(kept, m)
		}
	}
	return kept
}

// normalizeMember mends one member; nil: it is left out.
func normalizeMember(key string, value []byte) []byte {
	if mend := mends[key]; mend != nil {
		return mend(value)
	}
	return value
}

// distMends are those of a version's dist.
var distMends = map[string]func(value []byte) []byte{
	"integrity":    asText,
	"shasum":       asText,
	"fileCount":    asNumber,
	"unpackedSize": asNumber,
	"signatures":   asList,
}

func isText(value []byte) bool   { return value[0] == '"' }
func isObject(value []byte) bool { return value[0] == '{' }
func isList(value []byte) bool   { return value[0] == '[' }
func emptyText(v []byte) bool    { return string(v) == `""` }

func asText(value []byte) []byte   { return onlyIf(value, isText(value)) }
func asObject(value []byte) []byte { return onlyIf(value, isObject(value)) }
func asFlag(value []byte) []byte   { return onlyIf(value, value[0] == 't' || value[0] == 'f') }

func asList(value []byte) []byte   { return onlyIf(value, isList(value)) }
func asNumber(value []byte) []byte { return onlyIf(value, value[0] >= '0' && value[0] <= '9') }

func asFunding(value []byte) []byte {
	return onlyIf(value, isObject(value) || isList(value) || isText(value) && !emptyText(value))
}

func onlyIf(value []byte, ok bool) []byte {
	if !ok {
		return nil
	}
	return value
}

// asTexts keeps of an object the members that are texts.
func asTexts(value []byte) []byte {
	if !isObject(value) {
		return nil
	}
	return membersThat(value, func(m jsonscan.Member) bool { return isText(m.Value) })
}

// membersThat keeps some members of an object. Where all are texts, as mostly, there is nothing to do.
func membersThat(value []byte, keep func(jsonscan.Member) bool) []byte {
	if jsonscan.OnlyTexts(value) {
		return value
	}
	all, err := jsonscan.Split(value)
	if err != nil {
		return value // whoever reads it is told
	}
	return slices.DeleteFunc(all, func(m jsonscan.Member) bool { return !keep(m) }).Append(nil)
}

// asTextList keeps the texts of a list, and makes a list of a text.
func asTextList(value []byte) []byte {
	switch {
	case isText(value):
		return listOf(value)
	case !isList(value):
		return nil
	case jsonscan.OnlyTexts(value):
		return value
	}
	return elementsThat(value, isText)
}

func elementsThat(list []byte, keep func([]byte) bool) []byte {
	var kept [][]byte
	for element := range jsonscan.Elements(list) {
		if keep(element) {
			kept = append(kept, element)
		}
	}
	return listOf(kept...)
}

func listOf(elements ...[]byte) []byte {
	list := []byte{'['}
	for i, element := range elements {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, element...)
	}
	return append(list, ']')
}

// asEngines: engines are an object of ranges or, from before there were several, a list. Clients pass over a list, and lockfiles
// hold it; read as ranges it would begin to refuse.
func asEngines(value []byte) []byte {
	if isList(value) {
		return asTextList(value)
	}
	return asTexts(value)
}

// asDeprecation: deprecated is a message. Old documents have a flag instead, and clear it with false or an empty text.
func asDeprecation(value []byte) []byte {
	switch {
	case isText(value) && !emptyText(value):
		return value
	case string(value) == "true":
		return jsonscan.Quoted("this version is deprecated")
	}
	return nil
}
