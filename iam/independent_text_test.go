package iam_test

import "strings"

// mark is a character of a pattern. Only * and ? that the policy's author wrote are wild: what a variable stands for is
// meant as it is.
type mark struct {
	char rune
	wild bool
}

// text is a text of a policy, and whether * and ? are wild in it.
type text struct {
	of        string
	wildcards bool
}

// seen holds the marks of all texts so far, for they are asked for again and again.
var seen = map[text][]mark{}

// marksOf makes marks of a text without variables. Nobody may change them.
func marksOf(of string, wildcards bool) []mark {
	marks, known := seen[text{of, wildcards}]
	if known {
		return marks
	}
	for _, c := range of {
		marks = append(marks, mark{c, wildcards && (c == '*' || c == '?')})
	}
	seen[text{of, wildcards}] = marks
	return marks
}

// expand replaces the variables of a text. A text with a variable that has neither value nor default equals nothing; ok is
// false then (guide, "Policy variables with no value"). A key of several values is no variable.
func (j *judge) expand(s *statement, of string, wildcards bool) (marks []mark, ok bool) {
	if !s.variables || !strings.Contains(of, "${") {
		return marksOf(of, wildcards), true
	}
	for {
		before, rest, found := strings.Cut(of, "${")
		marks = append(marks, marksOf(before, wildcards)...)
		if !found {
			return marks, true
		}
		name, after, _ := strings.Cut(rest, "}")
		value, ok := j.variable(name)
		if !ok {
			return nil, false
		}
		marks = append(marks, marksOf(value, false)...)
		of = after
	}
}

func (j *judge) variable(name string) (string, bool) {
	if name == "*" || name == "?" || name == "$" {
		return name, true
	}
	name, fallback, has := strings.Cut(name, ",")
	if values := j.keys[strings.ToLower(strings.TrimSpace(name))]; len(values) == 1 {
		return values[0], true
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), has
}

// like matches a whole text against a pattern: * is any number of characters, ? exactly one.
func like(pattern []mark, of string) bool {
	rest := marksOf(of, false)
	at, star, retry := 0, -1, 0
	for i := 0; i < len(rest); {
		switch {
		case at < len(pattern) && pattern[at].wild && pattern[at].char == '*':
			star, retry = at, i
			at++
		case at < len(pattern) && (pattern[at].wild || pattern[at].char == rest[i].char):
			at++
			i++
		case star >= 0:
			retry++
			at, i = star+1, retry
		default:
			return false
		}
	}
	for at < len(pattern) && pattern[at].wild && pattern[at].char == '*' {
		at++
	}
	return at == len(pattern)
}

// begins reports whether the pattern matches some text that begins with prefix: whether one of its own beginnings matches
// the prefix, for what is left of a pattern always matches something.
func begins(pattern []mark, prefix string) bool {
	for n := range len(pattern) + 1 {
		if like(pattern[:n], prefix) {
			return true
		}
	}
	return false
}

// arnLike compares the six parts of an ARN one by one: a wildcard does not reach over a colon, but for the last part, which
// may hold colons itself (guide, "Amazon Resource Name (ARN) condition operators"). The guide does not say what a lone * is
// that policies are full of; everything is what their authors mean.
func arnLike(pattern []mark, arn string) bool {
	if len(pattern) == 1 && pattern[0].wild && pattern[0].char == '*' {
		return true
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return false
	}
	for n, part := range parts {
		end := len(pattern)
		if n < 5 {
			end = 0
			for end < len(pattern) && pattern[end].char != ':' {
				end++
			}
			if end == len(pattern) {
				return false
			}
		}
		if !like(pattern[:end], part) {
			return false
		}
		pattern = pattern[min(end+1, len(pattern)):]
	}
	return true
}
