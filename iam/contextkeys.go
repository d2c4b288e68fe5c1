package iam

import (
	"slices"
	"strings"
)

// ContextKeys returns the condition keys that the policy looks at, in its conditions and in its variables, as it writes them:
// each once, whatever its case, in the order of the alphabet.
func (p *Policy) ContextKeys() []string {
	var keys []string
	for i := range p.statements {
		s := &p.statements[i]
		for j := range s.resources {
			keys = s.resources[j].keys(keys)
		}
		for _, c := range s.conditions {
			keys = append(keys, c.name)
			for _, v := range c.values {
				keys = variablesOf(v, keys)
			}
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(keys, strings.EqualFold)
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
