// Package jsonmatch compares JSON with patterns, and looks up values in it.
package jsonmatch

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// matches says how a JSON document differs from a pattern, or nothing. A pattern's object needs its members only, its list
// needs each of its elements somewhere in order, "*" stands for any value that is not null, and null for no member or null.
func matches(got, want any, at string) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: got %v, want an object", at, got)
		}
		for name, pattern := range want {
			if err := matches(object[name], pattern, at+"/"+name); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok {
			return fmt.Errorf("%s: got %v, want a list", at, got)
		}
		if len(want) == 0 && len(list) != 0 {
			return fmt.Errorf("%s: got %v, want an empty list", at, got)
		}
		for i, pattern := range want {
			place := slices.IndexFunc(list, func(v any) bool { return matches(v, pattern, "") == nil })
			if place < 0 {
				return fmt.Errorf("%s: element %d of the pattern, %v, is not (in this order) in %v", at, i, pattern, got)
			}
			list = list[place+1:]
		}
		return nil
	}
	if want == "*" && got != nil || reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got %v, want %v", at, got, want)
}

// Text says how a document differs from a pattern; see matches.
func Text(got, want []byte) error {
	var document, pattern any
	if err := json.Unmarshal(want, &pattern); err != nil {
		return fmt.Errorf("the pattern is no JSON: %w", err)
	}
	if err := json.Unmarshal(got, &document); err != nil {
		return fmt.Errorf("got no JSON: %w in %.300s", err, got)
	}
	return matches(document, pattern, "")
}

// Pointer returns the value at a JSON pointer (RFC 6901): strings bare, other values as JSON.
func Pointer(document []byte, path string) (string, error) {
	var at any
	if err := json.Unmarshal(document, &at); err != nil {
		return "", fmt.Errorf("got no JSON: %w in %.300s", err, document)
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		var next any
		switch here := at.(type) {
		case map[string]any:
			next = here[part]
		case []any:
			if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(here) {
				next = here[i]
			}
		}
		if next == nil {
			return "", fmt.Errorf("there is no %s in %.300s", path, document)
		}
		at = next
	}
	if text, ok := at.(string); ok {
		return text, nil
	}
	raw, err := json.Marshal(at)
	return string(raw), err
}
