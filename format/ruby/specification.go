package ruby

import (
	"time"
)

// specification is what a gem says about itself, as far as anybody here tells it on: Gem::Specification without what is needed
// to unpack and load the gem.
type specification struct {
	gem
	rubygemsVersion string // of the program that built it
	date            time.Time
	summary         string
	description     string
	homepage        string
	email           []string
	authors         []string
	licenses        []string
	metadata        [][2]string // in order
	ruby            requirement
	rubygems        requirement
	dependencies    []dependency
	signed          bool // it has a chain of certificates
}

// facts are what indexes tell of the gem.
func (s specification) facts() gemFacts {
	return gemFacts{Platform: s.platform, Dependencies: writeDependencies(s.dependencies), Ruby: writeRequirement(s.ruby),
		RubyGems: writeRequirement(s.rubygems)}
}

// follow takes over what an index says, whoever tells the rest: what decides an installation is the same in all answers.
func (s *specification) follow(g gem, facts gemFacts) error {
	needs, err := parseDependencies(facts.Dependencies)
	if err != nil {
		return err
	}
	for _, d := range s.dependencies {
		if d.development {
			needs = append(needs, d)
		}
	}
	s.gem, s.dependencies = g, needs
	if s.ruby, err = optionalRequirement(facts.Ruby); err != nil {
		return err
	}
	s.rubygems, err = optionalRequirement(facts.RubyGems)
	return err
}

func optionalRequirement(text string) (requirement, error) {
	if text == "" {
		return nil, nil
	}
	return parseRequirement(text, "&")
}

// Bounds on what is told of a gem.
const (
	maxTexts         = 1000 // authors, licences
	maxMetadataPairs = 200
)

// check refuses what could not stand in indexes, or would mean something else there.
func (s specification) check() error {
	if err := s.gem.check(); err != nil {
		return err
	}
	for _, r := range []requirement{s.ruby, s.rubygems} {
		if err := r.check(); err != nil {
			return err
		}
	}
	if len(s.dependencies) > maxDependencies {
		return invalid("A gem may have at most %d dependencies.", maxDependencies)
	}
	for _, d := range s.dependencies {
		if err := d.check(); err != nil {
			return err
		}
	}
	return nil
}
