package iam

import (
	"regexp"
	"strings"
	"unicode"
)

// statement is one statement, compiled.
type statement struct {
	sid          string
	position     int   // in the document, from 1
	begin, end   int64 // see Applying
	deny         bool
	principals   principals
	notPrincipal bool
	actions      []glob // over lower case
	notAction    bool
	resources    []template
	notResource  bool
	conditions   []condition
}

// compiler turns the statements of one document into what Evaluate reads.
type compiler struct {
	rules     *kindRules
	variables bool
	sids      map[string]bool
}

var statementElements = map[string]bool{"Sid": true, "Effect": true, "Principal": true, "NotPrincipal": true,
	"Action": true, "NotAction": true, "Resource": true, "NotResource": true, "Condition": true}

func (c *compiler) statement(n *node) (s statement, err error) {
	if err := n.allow(statementElements); err != nil {
		return s, err
	}
	for _, step := range []func(*node, *statement) error{
		c.sid, c.effect, c.principal, c.action, c.resource, c.condition,
	} {
		if err := step(n, &s); err != nil {
			return s, err
		}
	}
	return s, nil
}

var plainSid = regexp.MustCompile(`^[0-9A-Za-z]*$`)

func (c *compiler) sid(n *node, s *statement) (err error) {
	sid := n.member("Sid")
	if sid == nil {
		return nil
	}
	if s.sid, err = sid.string(); err != nil {
		return err
	}
	if !c.rules.freeSid && !plainSid.MatchString(s.sid) {
		return sid.fail("a statement id of %s holds letters and digits only", c.rules.name)
	}
	if strings.ContainsFunc(s.sid, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return sid.fail("a statement id holds printable characters only")
	}
	if s.sid != "" && c.sids[s.sid] {
		return sid.fail("another statement has the id %q", clip(s.sid))
	}
	c.sids[s.sid] = true
	return nil
}

func (c *compiler) effect(n *node, s *statement) error {
	effect := n.member("Effect")
	if effect == nil {
		return n.fail("there is no Effect")
	}
	name, err := effect.string()
	if err != nil {
		return err
	}
	if name != "Allow" && name != "Deny" {
		return effect.fail("%q is neither Allow nor Deny", clip(name))
	}
	s.deny = name == "Deny"
	return nil
}

// choose returns the one of an element and its Not… sibling that the statement has.
func (n *node) choose(name string) (element *node, not bool, err error) {
	plain, negated := n.member(name), n.member("Not"+name)
	switch {
	case plain == nil && negated == nil:
		return nil, false, n.fail("there is neither %s nor Not%s", name, name)
	case plain != nil && negated != nil:
		return nil, false, n.fail("there are both %s and Not%s", name, name)
	case plain != nil:
		return plain, false, nil
	}
	return negated, true, nil
}

// forbid refuses an element and its Not… sibling in a document of a kind that must not have them.
func (n *node) forbid(name string, rules *kindRules) error {
	for _, element := range []*node{n.member(name), n.member("Not" + name)} {
		if element != nil {
			return element.fail("%s has no %s", rules.name, element.Name)
		}
	}
	return nil
}

// actionForm is a service prefix and an operation, which alone may hold wildcards, or everything.
var actionForm = regexp.MustCompile(`^(\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$`)

func (c *compiler) action(n *node, s *statement) error {
	element, not, err := n.choose("Action")
	if err != nil {
		return err
	}
	list, err := element.strings()
	if err != nil {
		return err
	}
	for _, item := range list {
		if !actionForm.MatchString(item.Text) {
			return item.fail("%q is not an action: want service:Operation, where the operation may hold * and ?, or *",
				clip(item.Text))
		}
		pieces, err := grammar{wildcards: true}.parse(strings.ToLower(item.Text))
		if err != nil {
			return item.fail("%v", err)
		}
		s.actions = append(s.actions, compileGlob(pieces))
	}
	s.notAction = not
	return nil
}

func (c *compiler) resource(n *node, s *statement) error {
	if !c.rules.resources {
		return n.forbid("Resource", c.rules)
	}
	element, not, err := n.choose("Resource")
	if err != nil {
		return err
	}
	list, err := element.strings()
	if err != nil {
		return err
	}
	for _, item := range list {
		pieces, err := grammar{wildcards: true, variables: c.variables}.parse(item.Text)
		if err != nil {
			return item.fail("%v", err)
		}
		if !namesResources(pieces) {
			return item.fail("%q is not a resource: want an ARN, or *", clip(item.Text))
		}
		s.resources = append(s.resources, newTemplate(pieces))
	}
	s.notResource = not
	return nil
}

// namesResources reports whether the pieces are a lone star, or an ARN whose parts are all there unless a star may
// stand for those that are not.
func namesResources(pieces []piece) bool {
	if len(pieces) == 1 && pieces[0].kind == anyRun {
		return true
	}
	if len(pieces) == 0 || pieces[0].kind != literal || !strings.HasPrefix(pieces[0].text, "arn:") {
		return false
	}
	colons := 0
	for _, p := range pieces {
		if p.kind == anyRun {
			return true
		}
		if p.kind == literal {
			colons += strings.Count(p.text, ":")
		}
	}
	return colons >= 5
}
