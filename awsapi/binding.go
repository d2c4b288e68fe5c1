package awsapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// place is where a member travels.
type place uint8

const (
	inQuery place = iota
	inHeader
	inBody
	asPayload // the body is the value
)

var places = []struct {
	tag   string
	place place
}{{"query", inQuery}, {"header", inHeader}, {"json", inBody}, {"payload", asPayload}}

// binding ties a struct field to a member of the wire. Fields are called as the member, first letter apart, and carry
// one tag for the place and one for the grammar: `query:"max-results" is:"MaxResults"`. Options after the shape's name:
// required, and blank where an empty value means that there is none (Terraform sends domain-owner= so).
type binding struct {
	member, wire, shape string
	place               place
	required, blank     bool
	index               []int
	items               []binding // of the struct that the field is or holds a list of
}

// planOf lists the bindings of T, those of embedded structs included. Tags that make no sense panic when the package is
// loaded.
func planOf[T any]() []binding { return planFor(reflect.TypeFor[T](), nil) }

func planFor(t reflect.Type, at []int) []binding {
	var plan []binding
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		if f.Anonymous && f.Tag == "" {
			plan = append(plan, planFor(f.Type, index)...)
			continue
		}
		if b, ok := bindingFor(f, index); ok {
			plan = append(plan, b)
		}
	}
	return plan
}

func bindingFor(f reflect.StructField, index []int) (binding, bool) {
	for _, p := range places {
		wire := f.Tag.Get(p.tag)
		if wire == "" {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("is"), ",")
		b := binding{member: strings.ToLower(f.Name[:1]) + f.Name[1:], wire: wire, shape: name, place: p.place, index: index,
			required: options == "required", blank: options == "blank"}
		if t := structIn(f.Type); t != nil {
			b.items = planFor(t, nil)
		} else if _, known := grammar[name]; !known && p.place != asPayload {
			panic(fmt.Sprintf("awsapi: field %s has no grammar %q", f.Name, name))
		}
		return b, true
	}
	return binding{}, false
}

// structIn returns the struct that t is, points at or lists; nil if there is none.
func structIn(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		return t
	}
	return nil
}
