// Package servicemodel is AWS's own description of a service: its operations, and the shapes of what goes in and out. It is
// read from an extract of botocore's service model that model.py writes. That of CodeArtifact, version 2018-09-22, stands here and a
// test compares it; those of other services stand with their tests.
package servicemodel

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Model is the whole of it.
type Model struct {
	Operations map[string]Operation
	Shapes     map[string]Shape
}

// Operation is a request and its answer. Output is empty where there is none; Errors are names of shapes.
type Operation struct {
	Name, Method, Path, Input, Output string
	Errors                            []string
}

// Kind is what a shape is.
type Kind string

// The kinds.
const (
	Structure Kind = "structure"
	List      Kind = "list"
	Map       Kind = "map"
	String    Kind = "string"
	Number    Kind = "number"
	Boolean   Kind = "boolean"
	Timestamp Kind = "timestamp"
	Blob      Kind = "blob"
)

// Shape is a type of values. Min and Max bound characters, entries or the number itself; Max is -1 where there is none.
type Shape struct {
	Name      string
	Kind      Kind
	Members   []Member // of a structure
	Status    int      // of a structure that is an error: its HTTP status
	Code      string   // of one that goes by another name than the shape's
	Key, Each string   // shapes of a map's keys, and of what a list or a map holds
	Min, Max  int
	Enum      []string
	Pattern   string // of the whole text, as Java reads it; empty for any
}

// Location is where a member travels.
type Location string

// The locations.
const (
	InQuery   Location = "query"
	InHeader  Location = "header"
	InBody    Location = "body"
	AsPayload Location = "payload" // the body is its value
)

// Member is a member of a structure; Wire is its name on the wire.
type Member struct {
	Name, Shape string
	Location    Location
	Wire        string
	Required    bool
}

// Member returns the member of a structure that has the name.
func (s Shape) Member(name string) (Member, bool) {
	i := slices.IndexFunc(s.Members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return Member{}, false
	}
	return s.Members[i], true
}

// Names lists the operations in order.
func (m Model) Names() []string { return slices.Sorted(maps.Keys(m.Operations)) }

// Input is the structure that an operation takes.
func (m Model) Input(operation string) Shape { return m.Shapes[m.Operations[operation].Input] }

//go:embed model.txt
var extract string

// CodeArtifact returns the model. It is shared: callers change nothing in it.
var CodeArtifact = sync.OnceValue(func() Model { return Parse(extract) })

// Parse reads an extract, whose lines model.py describes. A line it does not know is a mistake in the extract.
func Parse(text string) Model {
	m := Model{map[string]Operation{}, map[string]Shape{}}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		name := f[1]
		switch kind := Kind(f[0]); kind {
		case "operation":
			m.Operations[name] = Operation{name, f[2], f[3], given(f[4]), given(f[5]), listed(f[6])}
		case "member":
			s := m.Shapes[name]
			s.Members = append(s.Members, Member{f[2], f[3], Location(f[4]), f[5], f[6] == "required"})
			m.Shapes[name] = s
		case Structure:
			m.Shapes[name] = Shape{Name: name, Kind: kind, Status: bound(f[2], 0), Code: strings.Join(f[3:], " ")}
		case List:
			m.Shapes[name] = Shape{Name: name, Kind: kind, Each: f[2], Min: bound(f[3], 0), Max: bound(f[4], -1)}
		case Map:
			m.Shapes[name] = Shape{Name: name, Kind: kind, Key: f[2], Each: f[3], Max: -1}
		case String:
			m.Shapes[name] = Shape{Name: name, Kind: kind, Min: bound(f[2], 0), Max: bound(f[3], -1), Enum: listed(f[4]),
				Pattern: given(strings.Join(f[5:], " "))}
		case Number:
			m.Shapes[name] = Shape{Name: name, Kind: kind, Min: bound(f[2], 0), Max: bound(f[3], -1)}
		case "simple":
			m.Shapes[name] = Shape{Name: name, Kind: Kind(f[2]), Max: -1}
		default:
			panic(fmt.Sprintf("servicemodel: a line begins with %q", kind))
		}
	}
	return m
}

func listed(text string) []string {
	if text == "-" {
		return nil
	}
	return strings.Split(text, ",")
}

func given(text string) string {
	if text == "-" {
		return ""
	}
	return text
}

func bound(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return n
}

// Allows reports whether a text obeys the shape, a string.
func (s Shape) Allows(text string) bool {
	if s.Enum != nil {
		return slices.Contains(s.Enum, text)
	}
	n := utf8.RuneCountInString(text)
	return n >= s.Min && (s.Max < 0 || n <= s.Max) && (s.Pattern == "" || compiled(s.Pattern).MatchString(text))
}

// java rewrites a pattern for RE2: white space has the vertical tab as well in Java, and IsWhitespace is the Unicode
// property.
var java = strings.NewReplacer(`\p{IsWhitespace}`, `\s\pZ\x0B\x85`, `\S+`, `[^\s\x0B]+`, `/\s]`, `/\s\x0B]`,
	`\P{C}\s]`, `\P{C}\s\x0B]`)

var patterns sync.Map // by what the model calls them

func compiled(pattern string) *regexp.Regexp {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	made := regexp.MustCompile(`^(?:` + java.Replace(pattern) + `)$`)
	patterns.Store(pattern, made)
	return made
}
