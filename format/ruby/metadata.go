package ruby

import (
	"strings"
	"time"
)

// parseMetadata reads what a gem says about itself: Gem::Specification in YAML, as RubyGems of every age has written it. What is
// not told on is not looked at. Invalid for what is no specification, or one of a gem that there cannot be.
func parseMetadata(text []byte) (specification, error) {
	n, err := parseYAML(text)
	if err != nil {
		return specification{}, err
	}
	if n.kind != yamlMapping || n.tag != "ruby/object:Gem::Specification" {
		return specification{}, badYAML("it is no Gem::Specification")
	}
	r := metadataReader{n: n}
	s := specification{
		gem:             gem{r.text("name"), r.version(n.get("version")), r.platform()},
		rubygemsVersion: r.text("rubygems_version"),
		date:            r.date(),
		summary:         r.text("summary"),
		description:     r.text("description"),
		homepage:        r.text("homepage"),
		email:           r.texts("email"),
		authors:         r.texts("authors"),
		licenses:        r.texts("licenses"),
		metadata:        r.pairs("metadata"),
		ruby:            r.requirement(n.get("required_ruby_version")),
		rubygems:        r.requirement(n.get("required_rubygems_version")),
		dependencies:    r.dependencies(),
		signed:          n.get("cert_chain") != nil && len(n.get("cert_chain").items) > 0,
	}
	if r.err != nil {
		return s, r.err
	}
	return s, s.check()
}

// metadataReader reads the members of a specification and keeps the first error.
type metadataReader struct {
	n   *yamlNode
	err error
}

func (r *metadataReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *metadataReader) text(key string) string {
	text, _ := r.n.get(key).scalar()
	return text
}

// texts reads a list of texts, or a single one.
func (r *metadataReader) texts(key string) []string {
	n := r.n.get(key)
	if n == nil {
		return nil
	}
	all := n.items
	if n.kind == yamlScalar {
		all = []*yamlNode{n}
	}
	var texts []string
	for _, one := range all {
		if text, ok := one.scalar(); ok && len(texts) < maxTexts {
			texts = append(texts, text)
		}
	}
	return texts
}

func (r *metadataReader) pairs(key string) [][2]string {
	n := r.n.get(key)
	if n == nil || n.kind != yamlMapping {
		return nil
	}
	if len(n.keys) > maxMetadataPairs {
		r.fail(invalid("A gem may have at most %d pairs of metadata.", maxMetadataPairs))
		return nil
	}
	var all [][2]string
	for i, name := range n.keys {
		text, _ := n.items[i].scalar()
		all = append(all, [2]string{name, text})
	}
	return all
}

// version reads a version: an object with its text, or the text alone.
func (r *metadataReader) version(n *yamlNode) string {
	if inner := n.get("version"); inner != nil {
		n = inner
	}
	text, _ := n.scalar()
	return text
}

// platform is the one that the gem's file is called by. Gems of old have it taken apart.
func (r *metadataReader) platform() string {
	n := r.n.get("platform")
	if n != nil && n.kind == yamlMapping {
		var parts []string
		for _, key := range []string{"cpu", "os", "version"} {
			if text, _ := n.get(key).scalar(); text != "" {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, "-")
	}
	if text, ok := n.scalar(); ok {
		return text
	}
	return anyPlatform
}

// date is the day of the gem, which its builder made up or was told: it orders nothing.
func (r *metadataReader) date() time.Time {
	day, _, _ := strings.Cut(r.text("date"), " ")
	at, err := time.Parse(time.DateOnly, day)
	if err != nil || at.Year() < 1990 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}

// requirement reads pairs of an operator and a version, or a version alone, as requirements of old are. Nothing and null allow
// everything.
func (r *metadataReader) requirement(n *yamlNode) requirement {
	if n == nil {
		return nil
	}
	if text, ok := n.scalar(); n.kind == yamlScalar {
		if !ok {
			return nil
		}
		only, err := parseConstraint(text)
		if err != nil {
			r.fail(err)
		}
		return requirement{only}
	}
	pairs := n.get("requirements")
	if pairs == nil {
		return nil
	}
	if len(pairs.items) > maxConstraints {
		r.fail(invalid("A requirement may have at most %d constraints.", maxConstraints))
		return nil
	}
	var all requirement
	for _, pair := range pairs.items {
		if len(pair.items) != 2 || pair.kind != yamlSequence {
			r.fail(badYAML("a requirement is no pair of an operator and a version"))
			return nil
		}
		op, _ := pair.items[0].scalar()
		all = append(all, constraint{op, r.version(pair.items[1])})
	}
	return all
}

func (r *metadataReader) dependencies() []dependency {
	n := r.n.get("dependencies")
	if n == nil {
		return nil
	}
	if len(n.items) > maxDependencies {
		r.fail(invalid("A gem may have at most %d dependencies.", maxDependencies))
		return nil
	}
	var all []dependency
	for _, one := range n.items {
		name, _ := one.get("name").scalar()
		kind, _ := one.get("type").scalar()
		needs := one.get("requirement")
		if needs == nil {
			needs = one.get("version_requirements") // of before RubyGems 1.3
		}
		all = append(all, dependency{name, r.requirement(needs), strings.TrimPrefix(kind, ":") == "development"})
	}
	return all
}
