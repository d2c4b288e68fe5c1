package clientconfig

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxFile bounds the files that are read, in bytes. Files of settings are a thousandth of it.
const maxFile = 1 << 20

// grammar is what the engine below has to know of a syntax. All offsets are bytes of the text.
type grammar interface {
	// find returns where the thing at the key stands, name and value, and what its value is, in a form that two spellings
	// of the same value share as far as the syntax can tell. Of several the one that counts. An error is a sentence
	// about a text that this syntax does not understand.
	find(text string, key Key) (found thing, ok bool, err error)
	// parents are the keys of what has to be there before a thing can be put at the key, the outermost first.
	parents(key Key) []Key
	// place returns where a new thing goes and how it is written there; its parent is there.
	place(text string, key Key, value string) (insertion, error)
	// replace returns how a thing that was found is written with another value.
	replace(text string, found thing, key Key, value string) (body string, err error)
	// open returns how a thing that was found is written so that things can be put into it; "" if they can be as it is.
	open(text string, found thing, key Key) (body string, err error)
	// bare reports whether a thing that was put there to put others into has nothing in it any more.
	bare(text string, found thing, key Key) bool
}

// thing is where something stands in a text.
type thing struct {
	start, end int
	value      string
	// lineEnd is where a comment behind it ends that has to go when it goes, since nothing else could stand before it; 0 for none.
	lineEnd int
}

// insertion is a text to insert: lead and trail are what separates the body from what stands before and after.
type insertion struct {
	at                int
	lead, body, trail string
}

func (in insertion) into(text string) string {
	return text[:in.at] + in.lead + in.body + in.trail + text[in.at:]
}

var grammars = map[Syntax]grammar{
	NPMRC:      npmrc,
	INI:        ini,
	Properties: properties,
	TOML:       toml{},
	YAML:       yaml{},
	XML:        markup{},
	JSON:       objects{},
	Netrc:      netrc{},
	Whole:      whole{},
}

// change is what was done at one place of a text, and how to take it back.
type change struct {
	Key Key `json:"key"`
	// Wrote is the value as find tells it since the change.
	Wrote string `json:"wrote"`
	// Before is the thing as it was written, nil if there was none.
	Before *string `json:"before,omitempty"`
	Lead   string  `json:"lead,omitempty"`
	Trail  string  `json:"trail,omitempty"`
}

// fault is a text that cannot be changed. The sentence ends with what to do.
func fault(format string, args ...any) error {
	return fmt.Errorf(format+byHand, args...)
}

const byHand = "; write the setting by hand"

// readable reports why a text is not one that any syntax here can change.
func readable(g grammar, text string) error {
	_, takesMark := g.(markup)
	switch {
	case len(text) > maxFile:
		return fault("the file is longer than %d bytes", maxFile)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return fault("the file is not text in UTF-8")
	case strings.HasPrefix(text, "\ufeff") && !takesMark:
		return fault("the file begins with a byte order mark")
	case strings.Contains(strings.ReplaceAll(text, "\r\n", "\n"), "\r"):
		return fault("the file has lines that end in a carriage return alone")
	}
	return nil
}

// put writes a value at a key. It returns what it did, from the outside in: things that it made to put others into, then
// the setting itself.
func put(g grammar, text string, key Key, value string) (after string, parents []change, setting change, err error) {
	if err := readable(g, text); err != nil {
		return "", nil, change{}, err
	}
	after = text
	for _, p := range g.parents(key) {
		next, c, made, err := ensure(g, after, p)
		if err != nil {
			return "", nil, change{}, err
		}
		if after = next; made {
			parents = append(parents, c)
		}
	}
	found, ok, err := g.find(after, key)
	if err != nil {
		return "", nil, change{}, err
	}
	if ok {
		before := after[found.start:found.end]
		body, err := g.replace(after, found, key, value)
		if err != nil {
			return "", nil, change{}, err
		}
		after = after[:found.start] + body + after[found.end:]
		setting = change{Key: key, Before: &before}
	} else if after, setting, err = insert(g, after, key, value); err != nil {
		return "", nil, change{}, err
	}
	setting.Wrote, err = wrote(g, after, key)
	if err != nil {
		return "", nil, change{}, err
	}
	return after, parents, setting, nil
}

// ensure makes a thing that others can be put into, unless it is there.
func ensure(g grammar, text string, key Key) (after string, c change, made bool, err error) {
	found, ok, err := g.find(text, key)
	if err != nil {
		return "", c, false, err
	}
	if !ok {
		after, c, err = insert(g, text, key, "")
		return after, c, true, err
	}
	body, err := g.open(text, found, key)
	if body == "" || err != nil {
		return text, c, false, err
	}
	before := text[found.start:found.end]
	after = text[:found.start] + body + text[found.end:]
	opened, err := wrote(g, after, key)
	return after, change{Key: key, Before: &before, Wrote: opened}, true, err
}

func insert(g grammar, text string, key Key, value string) (string, change, error) {
	in, err := g.place(text, key, value)
	if err != nil {
		return "", change{}, err
	}
	return in.into(text), change{Key: key, Lead: in.lead, Trail: in.trail}, nil
}

// wrote reads back what stands at a key now.
func wrote(g grammar, text string, key Key) (string, error) {
	found, ok, err := g.find(text, key)
	if err == nil && !ok {
		err = errors.New("not there")
	}
	if err != nil {
		return "", fault("%s would not be read back: %v", key, err)
	}
	return found.value, nil
}

// takeBack undoes a setting's change, if what it wrote still stands there; left says why it was left alone otherwise.
func takeBack(g grammar, text string, c change) (after, left string) {
	if err := readable(g, text); err != nil {
		return text, "the file cannot be read any more"
	}
	found, ok, err := g.find(text, c.Key)
	switch {
	case err != nil:
		return text, "the file cannot be read any more"
	case !ok:
		return text, "it is gone already"
	case found.value != c.Wrote:
		return text, "it was changed meanwhile"
	}
	return revert(text, found, c), ""
}

// takeBackParent undoes what was made to put others into, if nothing is left in it.
func takeBackParent(g grammar, text string, c change) (after string, done bool) {
	found, ok, err := g.find(text, c.Key)
	if err != nil || !ok {
		return text, err == nil
	}
	if c.Before != nil && found.value == c.Wrote || c.Before == nil && g.bare(text, found, c.Key) {
		return revert(text, found, c), true
	}
	return text, false
}

// revert puts back what was before, or removes what was added and what separated it from its neighbours.
func revert(text string, found thing, c change) string {
	if c.Before != nil {
		return text[:found.start] + *c.Before + text[found.end:]
	}
	start, end := found.start, max(found.end, found.lineEnd)
	lead := commonSuffix(text[:start], c.Lead)
	start -= lead
	if strings.HasPrefix(text[end:], c.Trail) {
		end += len(c.Trail)
	}
	// What stood before it is gone: it is the first line now, and ends with what once came before it.
	if start == 0 && lead < len(c.Lead) {
		end += len(lineEnd(text[end:]))
	}
	return text[:start] + text[end:]
}

func commonSuffix(text, suffix string) int {
	n := 0
	for n < len(text) && n < len(suffix) && text[len(text)-1-n] == suffix[len(suffix)-1-n] {
		n++
	}
	return n
}

// lineEnd is the line end that a text begins with, if it does.
func lineEnd(text string) string {
	for _, end := range []string{"\n", "\r\n"} {
		if strings.HasPrefix(text, end) {
			return end
		}
	}
	return ""
}

// newline is how the lines of a text end: as its first does.
func newline(text string) string {
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// line is a line of a text, without its end.
type line struct {
	start, end int
	text       string
}

func (l line) blank() bool { return strings.TrimSpace(l.text) == "" }

// indent is how many spaces and tabs a line begins with.
func (l line) indent() int { return len(l.text) - len(strings.TrimLeft(l.text, " \t")) }

// linesOf splits a text. What follows the last line end is a line if it is not empty.
func linesOf(text string) (all []line) {
	for at := 0; at < len(text); {
		end, next := len(text), len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			end, next = at+i, at+i+1
			if end > at && text[end-1] == '\r' {
				end--
			}
		}
		all = append(all, line{at, end, text[at:end]})
		at = next
	}
	return all
}

// below returns how a body of lines is inserted behind the line that ends at end; gap is an empty line between.
func below(text string, end int, body string, gap bool) insertion {
	nl := newline(text)
	lead := nl
	if gap {
		lead += nl
	}
	return insertion{at: end, lead: lead, body: strings.ReplaceAll(body, "\n", nl)}
}

// atStart returns how a body of lines is inserted before all others.
func atStart(text, body string) insertion {
	nl := newline(text)
	return insertion{body: strings.ReplaceAll(body, "\n", nl), trail: nl}
}

// atEnd returns how a body of lines is appended, after an empty line.
func atEnd(text, body string) insertion {
	all := linesOf(text)
	if len(all) == 0 {
		return atStart(text, body)
	}
	last := all[len(all)-1]
	return below(text, last.end, body, !last.blank())
}
