package iam

import (
	"slices"
	"strings"
)

// ContextKeys returns the condition keys that policies look at, in their conditions and in their variables, as they write them:
// each once, whatever its case, in the order of the alphabet.
func ContextKeys(policies ...*Policy) []string {
	var keys []string
	for _, p := range policies {
		for i := range p.statements {
			keys = append(keys, p.statements[i].keys()...)
		}
	}
	return distinct(keys)
}

// distinct returns every key once, whatever its case, in the order of the alphabet.
func distinct(keys []string) []string {
	slices.SortStableFunc(keys, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(keys, strings.EqualFold)
}

// keys are the keys that the statement looks at.
func (s *statement) keys() []string {
	keys := s.resourceKeys(nil)
	for _, c := range s.conditions {
		keys = append(keys, c.name)
		for _, v := range c.values {
			keys = variablesOf(v, keys)
		}
	}
	return keys
}

// resourceKeys adds the keys of the variables in what the statement is about.
func (s *statement) resourceKeys(keys []string) []string {
	for i := range s.resources {
		keys = s.resources[i].keys(keys)
	}
	return keys
}

// keys adds the keys of the template's variables.
func (t *template) keys(keys []string) []string {
	for _, p := range t.pieces {
		if p.kind == variable {
			keys = append(keys, p.name)
		}
	}
	return keys
}

// variablesOf adds the keys of the variables in a value of a condition.
func variablesOf(v comparer, keys []string) []string {
	switch v := v.(type) {
	case *folded:
		return v.keys(keys)
	case *like:
		return v.keys(keys)
	case *arnLike:
		if v.whole != nil {
			return v.whole.keys(keys)
		}
		for i := range v.parts {
			keys = v.parts[i].keys(keys)
		}
	}
	return keys
}

// typed are the operators that say what values of the types of condition keys are like, but for texts.
var typed = map[string]string{"numeric": "NumericEquals", "boolean": "Bool", "ip": "IpAddress", "binary": "BinaryEquals",
	"date": "DateEquals"}

// ContextValue returns a value of a condition key as a request holds it, of how IAM's API writes values of the key's type: string,
// numeric, boolean, ip, date, and binary in base64. The error says why it is no value of the type; any is one of an unknown type.
func ContextValue(typ, text string) (string, error) {
	name, known := typed[typ]
	if !known {
		return text, nil
	}
	value, err := operators[name].compile(&compiler{}, text)
	if bytes, ok := value.(exact); ok {
		return string(bytes), err
	}
	return text, err
}
