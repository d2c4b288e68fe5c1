package iam

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// piece is a part of a pattern.
type piece struct {
	kind     pieceKind
	text     string // of a literal; of a variable its key in lower case
	name     string // of a variable its key as it is written
	fallback string // of a variable with a default
	defaults bool   // whether it has one
}

type pieceKind uint8

const (
	literal  pieceKind = iota
	anyRun             // *
	anyOne             // ?
	variable           // ${key} or ${key, 'default'}
)

// template is a value of a policy: text with wildcards and variables, ready to be compared.
type template struct {
	fixed  *glob   // compiled, where there are no variables
	pieces []piece // otherwise
}

// grammar says what in a text has a meaning. Without wildcards * and ? are themselves.
type grammar struct {
	wildcards bool
	variables bool // only documents of version 2012-10-17 have them
}

// The longest key of a policy variable or condition, in bytes. A tag key has 128 characters.
const maxKey = 640

// parse takes a text apart; the error says what is wrong with a variable in it.
func (g grammar) parse(source string) ([]piece, error) {
	var pieces []piece
	start := 0
	flush := func(end int) {
		if end > start {
			pieces = append(pieces, piece{kind: literal, text: source[start:end]})
		}
	}
	for i := 0; i < len(source); {
		switch {
		case g.wildcards && source[i] == '*':
			flush(i)
			pieces = append(pieces, piece{kind: anyRun})
			i++
		case g.wildcards && source[i] == '?':
			flush(i)
			pieces = append(pieces, piece{kind: anyOne})
			i++
		case g.variables && strings.HasPrefix(source[i:], "${"):
			flush(i)
			length := variableLength(source[i:])
			if length == 0 {
				return nil, fmt.Errorf("%q begins a policy variable that does not end", clip(source[i:]))
			}
			p, err := parseVariable(source[i+2 : i+length-1])
			if err != nil {
				return nil, err
			}
			pieces = append(pieces, p)
			i += length
		default:
			i++
			continue
		}
		start = i
	}
	flush(len(source))
	return pieces, nil
}

// variableLength returns the length of the variable source begins with, up to its closing brace; a brace inside a quoted
// default does not close it. 0 means that it does not end.
func variableLength(source string) int {
	quoted := false
	for i := range len(source) {
		switch source[i] {
		case '\'':
			quoted = !quoted
		case '}':
			if !quoted {
				return i + 1
			}
		}
	}
	return 0
}

// parseVariable reads what stands between the braces. ${*}, ${?} and ${$} are those characters themselves.
func parseVariable(inner string) (piece, error) {
	if inner == "*" || inner == "?" || inner == "$" {
		return piece{kind: literal, text: inner}, nil
	}
	key, fallback, defaults := strings.Cut(inner, ",")
	key = strings.TrimSpace(key)
	if err := checkKey(key); err != nil {
		return piece{}, fmt.Errorf("policy variable ${%s}: %w", clip(inner), err)
	}
	p := piece{kind: variable, text: strings.ToLower(key), name: key, defaults: defaults}
	if !defaults {
		return p, nil
	}
	fallback = strings.TrimSpace(fallback)
	if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' ||
		strings.Count(fallback, "'") != 2 {
		return piece{}, fmt.Errorf("policy variable ${%s}: the default stands in single quotes", clip(inner))
	}
	p.fallback = fallback[1 : len(fallback)-1]
	return p, nil
}

// checkKey accepts what can be the name of a condition key: a prefix, a colon and a name.
func checkKey(key string) error {
	prefix, name, found := strings.Cut(key, ":")
	switch {
	case !found || prefix == "" || name == "":
		return errors.New("a key is a service prefix, a colon and a name")
	case len(key) > maxKey:
		return fmt.Errorf("a key has at most %d bytes", maxKey)
	case strings.ContainsAny(key, "${}'*?\"") || strings.ContainsFunc(key, unicode.IsControl):
		return errors.New("a key holds no wildcard, quote, brace, dollar sign or control character")
	}
	return nil
}

func newTemplate(pieces []piece) template {
	for _, p := range pieces {
		if p.kind == variable {
			return template{pieces: pieces}
		}
	}
	g := compileGlob(pieces)
	return template{fixed: &g}
}

// match reports whether the template covers all of text. It does not where a variable without default is absent.
func (t *template) match(text string, f *facts) bool {
	g, ok := t.resolve(f, len(text))
	return ok && g.match(text)
}

// resolve returns the pattern with every variable replaced by its value, which is literal: a * in it is a star to be
// matched and never a wildcard. ok is false where a variable without default is absent, and of one whose literals have more than most
// bytes: a policy of many variables could make a pattern of any size.
func (t *template) resolve(f *facts, most int) (g *glob, ok bool) {
	if t.fixed != nil {
		return t.fixed, true
	}
	resolved := make([]piece, 0, len(t.pieces))
	for _, p := range t.pieces {
		if p.kind == variable {
			value, present := f.single(p.text)
			if !present && !p.defaults {
				return nil, false
			}
			if !present {
				value = p.fallback
			}
			p = piece{kind: literal, text: value}
		}
		if most -= len(p.text); most < 0 {
			return nil, false
		}
		resolved = append(resolved, p)
	}
	compiled := compileGlob(resolved)
	return &compiled, true
}
