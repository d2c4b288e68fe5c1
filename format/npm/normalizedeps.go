package npm

import (
	"path"
	"slices"
	"strings"

	"entrepot/format/jsonscan"
)

// Members that decide what is installed.

// asRequirements makes an object of ranges by name. From before it was one there are lists, of names with or without a
// range, and texts that are such lists.
func asRequirements(value []byte) []byte {
	var listed []string
	switch {
	case isObject(value):
		return asTexts(value)
	case isText(value):
		text, _ := jsonscan.AsText(value)
		listed = namesOf(text)
	case isList(value):
		for element := range jsonscan.Elements(value) {
			if text, ok := jsonscan.AsText(element); ok {
				listed = append(listed, strings.TrimSpace(text))
			}
		}
	default:
		return nil
	}
	var all named
	for _, text := range listed {
		if name, wanted := cutRequirement(text); name != "" {
			all.set(name, jsonscan.Quoted(wanted))
		}
	}
	return all.Append(nil)
}

// namesOf takes apart a text that is a list of names.
func namesOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\n\r", r) })
}

// cutRequirement reads name, name@range or name range, in which the name may have a scope.
func cutRequirement(text string) (name, wanted string) {
	after := strings.IndexAny(text[min(1, len(text)):], "@ \t><=")
	if after < 0 {
		return text, ""
	}
	after++
	return text[:after], strings.TrimSpace(strings.TrimPrefix(text[after:], "@"))
}

// The two spellings of the list of dependencies that a tarball brings along.
const (
	bundle    = "bundleDependencies"
	bundleToo = "bundledDependencies"
)

// bundled writes that list in one spelling and as a list: true stands for all dependencies.
func bundled(all jsonscan.Members) (jsonscan.Members, error) {
	value := all.Find(bundle)
	if value == nil {
		value = all.Find(bundleToo)
	}
	if value == nil {
		return all, nil
	}
	all = without(without(all, bundle), bundleToo)
	var list []byte
	switch {
	case isList(value):
		list = elementsThat(value, func(name []byte) bool { return isText(name) && !emptyText(name) })
	case isObject(value) || string(value) == "true":
		if !isObject(value) {
			value = all.Find("dependencies")
		}
		named, err := objectOf(value)
		if err != nil {
			return nil, err
		}
		keys := make([][]byte, len(named))
		for i, m := range named {
			keys[i] = jsonscan.Quoted(m.Key)
		}
		list = listOf(keys...)
	default:
		return all, nil
	}
	return append(all, jsonscan.Member{Key: bundle, Value: list}), nil
}

// require adds what is bundled to the dependencies, as npm does when it publishes.
func require(all jsonscan.Members) (jsonscan.Members, error) {
	dependencies, err := objectOf(all.Find("dependencies"))
	if err != nil {
		return nil, err
	}
	optional, err := objectOf(all.Find("optionalDependencies"))
	if err != nil {
		return nil, err
	}
	required := make(map[string]bool, len(dependencies)+len(optional))
	for _, m := range slices.Concat(dependencies, optional) {
		required[m.Key] = true
	}
	missing := false
	for element := range jsonscan.Elements(all.Find(bundle)) {
		name, _ := jsonscan.AsText(element)
		if !required[name] {
			required[name] = true
			dependencies, missing = append(dependencies, jsonscan.Member{Key: name, Value: jsonscan.Quoted("*")}), true
		}
	}
	if !missing {
		return all, nil
	}
	return with(all, "dependencies", dependencies.Append(nil)), nil
}

// binOf writes bin as an object of files by command, all below the package; nil if it names none. It may be one file,
// for the command that the package is called after, a list of files called as their commands, or such an object.
func binOf(value []byte, name string) ([]byte, error) {
	var all jsonscan.Members
	switch {
	case len(value) == 0:
	case isText(value):
		all = jsonscan.Members{{Key: name, Value: value}}
	case isList(value):
		for element := range jsonscan.Elements(value) {
			if file, ok := jsonscan.AsText(element); ok {
				all = append(all, jsonscan.Member{Key: file, Value: element})
			}
		}
	case isObject(value):
		var err error
		if all, err = jsonscan.Split(value); err != nil {
			return nil, err
		}
	}
	var clean named
	for _, m := range all {
		target, ok := jsonscan.AsText(m.Value)
		command, file := path.Base("/"+securePath(m.Key)), securePath(target)
		if ok && command != "/" && file != "" {
			clean.set(command, jsonscan.Quoted(file))
		}
	}
	if clean.Members == nil {
		return nil, nil
	}
	return clean.Append(nil), nil
}

// securePath writes a path as one below the package, whatever system it was written for; empty if it is the package
// itself.
func securePath(p string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.NewReplacer(`\`, "/", ":", "/").Replace(p)), "/")
}
