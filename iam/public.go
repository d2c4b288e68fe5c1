package iam

import (
	"net/netip"
	"slices"
	"strings"
)

// narrowing are the condition keys by which an Allow to everyone is one to some after all (S3's meaning of "public"), and
// whose values a stranger cannot choose: another account may well have a user of the same name.
var narrowing = []string{"aws:principalarn", "aws:principalaccount", "aws:principalorgid", orgPaths,
	"aws:userid", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce"}

// Public reports whether the policy allows an action, such as codeartifact:ReadFromRepository, to everyone in the world: an
// Allow with principal "*" and no condition that holds for certain callers or networks only. statement is the position of
// the first, counted from 1.
func (p *Policy) Public(action string) (statement int, public bool) {
	action = strings.ToLower(action)
	for i := range p.statements {
		s := &p.statements[i]
		if !s.deny && s.principals.everyone && s.concerns(action) && !slices.ContainsFunc(s.conditions, narrows) {
			return s.position, true
		}
	}
	return 0, false
}

// narrows reports whether the condition is false of callers it does not list. An absent key must not satisfy it, and no
// value of it may be open.
func narrows(c condition) bool {
	if c.operator.negated || c.operator == &nullOperator || c.ifExists || c.quantity == forAll ||
		!slices.Contains(narrowing, c.key) {
		return false
	}
	return !slices.ContainsFunc(c.values, func(v comparer) bool { return open(c.key, v) })
}

// orgPaths is the key whose values begin with an organisation: o-…/r-…/.
const orgPaths = "aws:principalorgpaths"

// open reports whether strangers can match the value of the key: a network as wide as S3 calls public, a variable, or a wildcard
// that begins before an ARN's account, or a path's organisation, has ended.
func open(key string, v comparer) bool {
	switch v := v.(type) {
	case network:
		prefix := netip.Prefix(v)
		return prefix.Addr().Is4() && prefix.Bits() < 8 || prefix.Addr().Is6() && prefix.Bits() < 32
	case exact:
		return false
	case *folded:
		return v.fixed == nil
	case *like:
		if key == orgPaths && v.fixed != nil {
			return !strings.Contains(v.fixed.start(), "/")
		}
		return v.fixed == nil || !v.fixed.literal() && strings.Count(v.fixed.start(), ":") < 5
	case *arnLike:
		return v.whole != nil || v.parts[4].fixed == nil || !v.parts[4].fixed.literal()
	}
	return true
}

// literal reports whether the pattern matches one text only.
func (g *glob) literal() bool {
	chunks := g.first.chunks
	return !g.starred && (len(chunks) == 0 || len(chunks) == 1 && chunks[0].skip == 0)
}

// start returns the text before the first wildcard.
func (g *glob) start() string {
	if len(g.first.chunks) == 0 || g.first.chunks[0].skip > 0 {
		return ""
	}
	return g.first.chunks[0].text
}
