package clientconfig

import "strings"

// File is a file of settings that a tool reads.
type File struct {
	Path   string
	Syntax Syntax
	// Secret files are made readable by their owner alone. One that is there keeps its mode.
	Secret bool
	// Program files are made executable.
	Program bool
}

// Syntax is how a file writes its settings. It goes by name, so that a journal can tell it.
type Syntax string

// The syntaxes, and what a Key means in each.
const (
	// NPMRC is key=value as npm's ini reads it: {key}.
	NPMRC Syntax = "npmrc"
	// INI is key = value in sections as Python's configparser reads it, with continued lines: {section, key}. A third step
	// that is an Entry is a word in a value that lists words.
	INI Syntax = "ini"
	// Properties is key=value as java.util.Properties reads it: {key}.
	Properties Syntax = "properties"
	// TOML: {table, …, key}, the value written as TOML. A last step that is a Member is a table in an array of tables
	// and its value the lines below its header.
	TOML Syntax = "toml"
	// YAML is block mappings: {key, …, key}, the value written as YAML on one line. A last step that is an Entry is an
	// entry of a sequence.
	YAML Syntax = "yaml"
	// XML: {root, element, …}, the value written as XML, lines indented by two spaces a level. A step that is a Member is the element
	// of that name whose child, or itself without one, has a text. One by a name that begins with @ is the element whose attribute
	// has it; as a last step its value is the other attributes, written as XML.
	XML Syntax = "xml"
	// JSON is an object of objects: {key, …, key}, the value written as JSON.
	JSON Syntax = "json"
	// Netrc is .netrc, the credentials of machines: {host}, the value the words that follow it in its entry.
	Netrc Syntax = "netrc"
	// Whole is a file that is one setting: {}.
	Whole Syntax = "whole"
)

// Key leads to a setting, from the outside in.
type Key []Step

// Step is one step of a Key. One with only a Name is a section, a table, an element or a key. A Member is one of several of
// its name. An Entry is one of a list.
type Step struct {
	Name string `json:"name,omitempty"`
	By   string `json:"by,omitempty"`
	Is   string `json:"is,omitempty"`
}

// KeyOf returns the key of names.
func KeyOf(names ...string) Key {
	var key Key
	for _, name := range names {
		key = append(key, Step{Name: name})
	}
	return key
}

// Member returns the key of the one thing called name whose own key by has the value is.
func (k Key) Member(name, by, is string) Key { return append(k[:len(k):len(k)], Step{name, by, is}) }

// Entry returns the key of an entry of the list k.
func (k Key) Entry(is string) Key { return append(k[:len(k):len(k)], Step{Is: is}) }

func (s Step) isMember() bool { return s.Name != "" && s.Is != "" }
func (s Step) isEntry() bool  { return s.Name == "" }

func (k Key) last() Step { return k[len(k)-1] }

// names are the key's names, if it has nothing but names.
func (k Key) names() (names []string, ok bool) {
	for _, s := range k {
		if s.isMember() || s.isEntry() {
			return nil, false
		}
		names = append(names, s.Name)
	}
	return names, true
}

// String is the key as people would say it.
func (k Key) String() string {
	var parts []string
	for _, s := range k {
		switch {
		case s.isEntry():
			parts = append(parts, s.Is)
		case s.isMember():
			parts = append(parts, s.Name+" "+s.Is)
		default:
			parts = append(parts, s.Name)
		}
	}
	return strings.Join(parts, " › ")
}

// Setting is what shall stand at a place of a file.
type Setting struct {
	File  File
	Key   Key
	Value string
	// Secrets are texts in Value that are not shown.
	Secrets []string
}
