package ruby

import (
	"slices"
	"strings"
)

// Bounds on what a gem requires.
const (
	maxConstraints  = 100  // of one requirement
	maxDependencies = 1000 // of one gem
)

// constraint is an operator and a version, such as >= and 1.0.
type constraint struct{ op, version string }

// requirement is what all constraints of it allow; without any it allows everything.
type requirement []constraint

// anything is the requirement that is not written in indexes.
const anything = ">= 0"

var operators = []string{"=", "!=", ">", "<", ">=", "<=", "~>"} // Gem::Requirement::OPS

func (c constraint) check() error {
	if !slices.Contains(operators, c.op) {
		return invalid("%.40q is not an operator that a requirement can have.", c.op)
	}
	return checkVersion(c.version)
}

func (c constraint) String() string { return c.op + " " + c.version }

func (r requirement) check() error {
	if len(r) > maxConstraints {
		return invalid("A requirement may have at most %d constraints.", maxConstraints)
	}
	for _, c := range r {
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// constraints are those of the requirement, and one at least: who reads specifications takes none for no requirement at all.
func (r requirement) constraints() []constraint {
	if len(r) == 0 {
		return []constraint{{">=", "0"}}
	}
	return r
}

// join writes the constraints one after the other, in their order.
func (r requirement) join(separator string) string {
	var b strings.Builder
	for i, c := range r.constraints() {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(c.String())
	}
	return b.String()
}

// parseRequirement reads constraints with the separator between them. Invalid for what clients could not read.
func parseRequirement(text, separator string) (requirement, error) {
	var r requirement
	for part := range strings.SplitSeq(text, separator) {
		c, err := parseConstraint(part)
		if err != nil {
			return nil, err
		}
		r = append(r, c)
	}
	return r, r.check()
}

// parseConstraint reads an operator and a version, or a version alone (Gem::Requirement.parse).
func parseConstraint(text string) (constraint, error) {
	text = strings.TrimSpace(text)
	version := strings.TrimLeft(text, "=!<>~")
	c := constraint{text[:len(text)-len(version)], strings.TrimSpace(version)}
	if c.op == "" {
		c.op = "="
	}
	return c, c.check()
}

// dependency is another gem that a gem needs.
type dependency struct {
	name        string
	requirement requirement
	development bool // only to work on it
}

func (d dependency) check() error {
	if err := checkName(d.name); err != nil {
		return err
	}
	return d.requirement.check()
}
