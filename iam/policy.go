package iam

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"entrepot/strictjson"
)

// PolicyKind says where a document is attached, which decides what it must and must not hold.
type PolicyKind uint8

// The kinds of policy document.
const (
	IdentityPolicy PolicyKind = iota // of a user, group or role, inline or managed; also a permission boundary
	SessionPolicy                    // passed when a session begins
	ResourcePolicy                   // of a domain or repository
	TrustPolicy                      // of a role: who may assume it
	KeyPolicy                        // of an encryption key
)

// kindRules is what differs between the kinds.
type kindRules struct {
	name       string
	size       int  // most characters
	skipSpace  bool // white space does not count
	principals bool // who is meant stands in the document; if not, it is whoever the document is attached to
	resources  bool // what is meant stands in the document; if not, it is what the document is attached to
	freeSid    bool // a Sid may hold any printable character
}

// The sizes are quotas of IAM (identity: an inline policy of a role, the largest there is; smaller quotas are for the
// room that keeps them, see Policy.Size), of sts:AssumeRole (session), of CodeArtifact's model (resource) and of KMS (key).
var rulesOf = [...]kindRules{
	IdentityPolicy: {name: "an identity-based policy", size: 10240, skipSpace: true, resources: true},
	SessionPolicy:  {name: "a session policy", size: 2048, resources: true},
	ResourcePolicy: {name: "a resource-based policy", size: 7168, principals: true, resources: true, freeSid: true},
	TrustPolicy:    {name: "a trust policy", size: 4096, skipSpace: true, principals: true},
	KeyPolicy:      {name: "a key policy", size: 32768, principals: true, resources: true, freeSid: true},
}

// MaxSize returns the most characters that a document of the kind may have, as Policy.Size counts them.
func (k PolicyKind) MaxSize() int { return rulesOf[k].size }

// maxDocument bounds a document of any kind in bytes, white space included (IAM's model, PolicyDocument).
const maxDocument = 131072

// Policy is a parsed policy document, ready for Evaluate. It is immutable but for its Name and may be shared.
type Policy struct {
	// Name is what decisions call the policy. Parse sets it to the document's Id; whoever keeps the policy
	// sets it to something better before sharing it.
	Name string

	size       int
	statements []statement
}

// Size returns the length of the document in characters as its kind's quota counts them: without white space for
// identity and trust policies, all for the others.
func (p *Policy) Size() int { return p.size }

// Terms returns how many actions, resources and values of conditions the document has: so much is looked at to evaluate it, at most.
func (p *Policy) Terms() (n int) {
	for i := range p.statements {
		s := &p.statements[i]
		n += len(s.actions) + len(s.resources)
		for _, c := range s.conditions {
			n += len(c.values)
		}
	}
	return n
}

// Parse reads a policy document (IAM guide, "Grammar of the IAM JSON policy language") and compiles it. It is strict: a
// document that holds anything Evaluate would not honour is refused with a *DocumentError that names the element, so
// that nobody relies on a statement that does nothing.
//
// Refused are: duplicate keys, in any case; elements, condition operators and principal types it does not know; values
// of the wrong type, empty lists; more than one of an element and its Not… sibling; a Principal where the kind's
// principal is implied, or none where it is not, and the same for Resource; wildcards in a principal other than "*";
// NotPrincipal in an Allow or a trust policy; actions without service, resources that are neither ARN nor "*";
// condition values their operator cannot compare; variables that do not end; a size above the kind's quota.
func Parse(document []byte, kind PolicyKind) (*Policy, error) {
	if int(kind) >= len(rulesOf) {
		return nil, fmt.Errorf("parse policy: unknown kind %d", kind)
	}
	if len(document) > maxDocument {
		return nil, &DocumentError{TooLarge: true, Problem: fmt.Sprintf("%d bytes, at most %d are read", len(document), maxDocument)}
	}
	rules := &rulesOf[kind]
	size := rules.measure(document)
	if size > rules.size {
		return nil, &DocumentError{TooLarge: true, Problem: fmt.Sprintf("%s has at most %d characters, this one has %d",
			rules.name, rules.size, size)}
	}
	root, err := readTree(document)
	if err != nil {
		return nil, err
	}
	p := &Policy{size: size}
	if err := p.compile(root, rules); err != nil {
		return nil, err
	}
	return p, nil
}

func (k *kindRules) measure(document []byte) int {
	if !k.skipSpace {
		return utf8.RuneCount(document)
	}
	size := 0
	for _, r := range string(document) {
		if !unicode.IsSpace(r) {
			size++
		}
	}
	return size
}

var policyElements = map[string]bool{"Version": true, "Id": true, "Statement": true}

// versions says of each version of the language whether it has policy variables.
var versions = map[string]bool{"2008-10-17": false, "2012-10-17": true}

func (p *Policy) compile(root *node, rules *kindRules) error {
	if err := root.allow(policyElements); err != nil {
		return err
	}
	c := compiler{rules: rules, sids: make(map[string]bool)}
	if version := root.member("Version"); version != nil {
		name, err := version.string()
		if err != nil {
			return err
		}
		variables, known := versions[name]
		if !known {
			return version.fail("%q is not a version: 2012-10-17 or 2008-10-17", clip(name))
		}
		c.variables = variables
	}
	if id := root.member("Id"); id != nil {
		name, err := id.string()
		if err != nil {
			return err
		}
		p.Name = name
	}
	list := root.member("Statement")
	if list == nil {
		return root.fail("there is no Statement")
	}
	nodes := []*node{list}
	if list.Kind == strictjson.List {
		nodes = list.members()
	}
	if len(nodes) == 0 {
		return list.fail("the list is empty")
	}
	begin := list.Offset
	for i, n := range nodes {
		s, err := c.statement(n)
		if err != nil {
			return err
		}
		s.position, s.begin, s.end = i+1, begin, n.End
		begin = n.End
		p.statements = append(p.statements, s)
	}
	return nil
}
