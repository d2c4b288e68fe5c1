package ruby

import (
	"fmt"
	"strings"
	"time"
)

// line writes the gem's line of an info file: VERSION[-PLATFORM] DEPENDENCIES|REQUIREMENTS (guides of RubyGems, "Compact
// index"). The space before the bar is there in any case.
func (l listedGem) line() string {
	var b strings.Builder
	b.WriteString(l.slug() + " " + l.Dependencies + "|checksum:" + l.sha256)
	if l.Ruby != "" {
		b.WriteString(",ruby:" + l.Ruby)
	}
	if l.RubyGems != "" {
		b.WriteString(",rubygems:" + l.RubyGems)
	}
	if !l.at.IsZero() {
		b.WriteString(",created_at:" + l.at.UTC().Format(time.RFC3339))
	}
	b.WriteByte('\n')
	return b.String()
}

// parseLine reads a line of a registry's info file about the gems of a name. Invalid for one that no client could use, or that
// could mean something else once it is written again.
func parseLine(name, line string) (gem, gemFacts, error) {
	slug, rest, ok := strings.Cut(line, " ")
	dependencies, requirements, whole := strings.Cut(rest, "|")
	if !ok || !whole {
		return gem{}, gemFacts{}, invalid("A line has no dependencies and requirements.")
	}
	g := gem{name: name, platform: anyPlatform}
	var forOne bool
	if g.version, g.platform, forOne = strings.Cut(slug, "-"); !forOne {
		g.platform = anyPlatform
	}
	if err := g.check(); err != nil {
		return g, gemFacts{}, err
	}
	facts := gemFacts{Platform: g.platform}
	needs, err := parseDependencies(dependencies)
	if err != nil {
		return g, facts, err
	}
	facts.Dependencies = writeDependencies(needs)
	err = facts.readRequirements(requirements)
	return g, facts, err
}

// readRequirements reads what stands behind the bar. What is not known is passed over, as clients do.
func (f *gemFacts) readRequirements(text string) (err error) {
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, ":")
		switch key {
		case "checksum":
			if f.SHA256 = strings.ToLower(value); len(value) != 64 || strings.Trim(f.SHA256, "0123456789abcdef") != "" {
				return invalid("%.100q is not a SHA-256.", value)
			}
		case "ruby":
			f.Ruby, err = rewriteRequirement(value)
		case "rubygems":
			f.RubyGems, err = rewriteRequirement(value)
		case "created_at":
			f.CreatedAt = timeFrom(value)
		}
		if err != nil {
			return err
		}
	}
	if f.SHA256 == "" {
		return invalid("A line has no checksum, so the bytes of the gem could not be checked.")
	}
	return nil
}

// rewriteRequirement reads the requirement of a line and writes it anew; one that allows everything is left out.
func rewriteRequirement(text string) (string, error) {
	r, err := parseRequirement(text, "&")
	if err != nil {
		return "", err
	}
	return writeRequirement(r), nil
}

func writeRequirement(r requirement) string {
	if text := r.join("&"); text != anything {
		return text
	}
	return ""
}

// parseDependencies reads those of a line: a:>= 1&< 3,b:>= 0.
func parseDependencies(text string) ([]dependency, error) {
	var all []dependency
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, needs, _ := strings.Cut(part, ":")
		r, err := parseRequirement(needs, "&")
		d := dependency{name: name, requirement: r}
		if err == nil {
			err = d.check()
		}
		if err != nil {
			return nil, fmt.Errorf("dependency %.300q: %w", name, err)
		}
		if all = append(all, d); len(all) > maxDependencies {
			return nil, invalid("A gem may have at most %d dependencies.", maxDependencies)
		}
	}
	return all, nil
}

// writeDependencies writes those that a gem needs to run.
func writeDependencies(all []dependency) string {
	var b strings.Builder
	for _, d := range all {
		if d.development {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(d.name + ":" + d.requirement.join("&"))
	}
	return b.String()
}

// timeFrom reads a time as lines have it; the zero time for what is none.
func timeFrom(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1990 || at.Year() > 9999 {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Second)
}
