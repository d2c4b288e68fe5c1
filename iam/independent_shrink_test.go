package iam_test

import (
	"encoding/json"
	"slices"

	"entrepot/iam"
)

// shrink takes away from a world whatever can go while Evaluate and the judge still differ about it, so that a failure shows
// little but its cause.
func shrink(w *world) *world {
	for again := true; again; {
		again = false
		for _, smaller := range w.smaller() {
			if _, problem := compareOn(smaller, nil); problem != "" {
				w, again = smaller, true
				break
			}
		}
	}
	return w
}

// smaller is the worlds with one thing less.
func (w *world) smaller() []*world {
	var all []*world
	with := func(change func(*world)) {
		c := *w
		change(&c)
		all = append(all, &c)
	}
	for _, part := range []struct {
		kind iam.PolicyKind
		of   func(*world) *[]*paper
	}{
		{iam.IdentityPolicy, func(w *world) *[]*paper { return &w.identity }},
		{iam.SessionPolicy, func(w *world) *[]*paper { return &w.session }},
		{iam.ResourcePolicy, func(w *world) *[]*paper { return &w.resource }},
	} {
		papers := *part.of(w)
		for n, p := range papers {
			with(func(c *world) { *part.of(c) = slices.Delete(slices.Clone(papers), n, n+1) })
			for _, less := range p.smaller(part.kind) {
				with(func(c *world) {
					replaced := slices.Clone(papers)
					replaced[n] = less
					*part.of(c) = replaced
				})
			}
		}
	}
	if w.boundary != nil {
		with(func(c *world) { c.boundary = nil })
		for _, less := range w.boundary.smaller(iam.IdentityPolicy) {
			with(func(c *world) { c.boundary = less })
		}
	}
	for key := range w.request.Context {
		with(func(c *world) {
			kept := map[string][]string{}
			for k, values := range w.request.Context {
				if k != key {
					kept[k] = values
				}
			}
			c.request.Context = kept
		})
	}
	return all
}

// smaller is the policies with a statement, a condition or a value less.
func (p *paper) smaller(kind iam.PolicyKind) []*paper {
	var document any
	if json.Unmarshal([]byte(p.text), &document) != nil {
		return nil
	}
	var all []*paper
	for _, less := range withoutOne(document) {
		if object, is := less.(map[string]any); is {
			if p, err := paperOf(object, kind); err == nil {
				all = append(all, p)
			}
		}
	}
	return all
}

// withoutOne is the JSON values with one member or element less, at any depth.
func withoutOne(value any) []any {
	var all []any
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			without := func(replacement any) map[string]any {
				c := map[string]any{}
				for n, m := range v {
					if n != name {
						c[n] = m
					}
				}
				if replacement != nil {
					c[name] = replacement
				}
				return c
			}
			if name != "Version" {
				all = append(all, without(nil))
			}
			for _, less := range withoutOne(member) {
				all = append(all, without(less))
			}
		}
	case []any:
		for n, element := range v {
			if len(v) > 1 {
				all = append(all, slices.Delete(slices.Clone(v), n, n+1))
			}
			for _, less := range withoutOne(element) {
				c := slices.Clone(v)
				c[n] = less
				all = append(all, c)
			}
		}
	}
	return all
}
