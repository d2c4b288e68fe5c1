package clientconfig

import (
	"fmt"
	"strings"
)

// netrc is the syntax of .netrc: entries of words, which begin with machine and a host, or with default, whose words may stand on
// as many lines as they like.
type netrc struct{}

// netrcEntry is an entry of the file. Its value is its words with a space between each.
type netrcEntry struct {
	thing
	host string // empty for the default
}

// netrcWord is a word of the file.
type netrcWord struct {
	start, end int
	text       string
}

// netrcValued are the words that a value follows.
var netrcValued = map[string]bool{"machine": true, "login": true, "password": true, "account": true}

// wordsOfNetrc are the words of a file without comments, and without what macros have, which begin with macdef and end with an
// empty line. Where a value is due there is no comment: a password may begin with the mark of one.
func wordsOfNetrc(text string) (words []netrcWord) {
	macro, due := false, false
	for _, l := range linesOf(text) {
		if l.blank() {
			macro = false
		}
		for at := 0; !macro; {
			rest := l.text[at:]
			start := at + len(rest) - len(strings.TrimLeft(rest, " \t"))
			if start == len(l.text) || l.text[start] == '#' && !due {
				break
			}
			end := start + len(strings.SplitN(l.text[start:]+" ", " ", 2)[0])
			if tab := strings.IndexByte(l.text[start:end], '\t'); tab >= 0 {
				end = start + tab
			}
			word := l.text[start:end]
			words = append(words, netrcWord{l.start + start, l.start + end, word})
			macro, due, at = word == "macdef" && !due, netrcValued[word] && !due, end
		}
	}
	return words
}

// scanNetrc reads the entries of a file. What says nothing of a machine is between them.
func scanNetrc(text string) (all []netrcEntry) {
	words := wordsOfNetrc(text)
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w.text == "default":
			all = append(all, netrcEntry{thing: thing{start: w.start, end: w.end, value: w.text}})
		case w.text == "machine" && i+1 < len(words):
			i++
			all = append(all, netrcEntry{thing{start: w.start, end: words[i].end, value: w.text + " " + words[i].text}, words[i].text})
		case (w.text == "login" || w.text == "password" || w.text == "account") && i+1 < len(words) && len(all) > 0:
			i++
			last := &all[len(all)-1]
			last.end, last.value = words[i].end, last.value+" "+w.text+" "+words[i].text
		}
	}
	return all
}

// find returns the last entry of a host: the one that SwiftPM goes by.
func (netrc) find(text string, key Key) (found thing, ok bool, err error) {
	host, err := hostOf(key)
	if err != nil {
		return thing{}, false, err
	}
	for _, e := range scanNetrc(text) {
		if e.host == host {
			found, ok = e.thing, true
		}
	}
	return found, ok, nil
}

func hostOf(key Key) (string, error) {
	names, ok := key.names()
	if !ok || len(names) != 1 || strings.ContainsAny(names[0], " \t#") || names[0] == "" {
		return "", fmt.Errorf("%s is no place in .netrc", key)
	}
	return names[0], nil
}

func (netrc) parents(Key) []Key { return nil }

// place puts an entry behind all others, but before that of all other machines: it has to be the last.
func (g netrc) place(text string, key Key, value string) (insertion, error) {
	body, err := g.replace("", thing{}, key, value)
	if err != nil {
		return insertion{}, err
	}
	for _, e := range scanNetrc(text) {
		if e.host != "" {
			continue
		}
		if before := text[strings.LastIndexByte(text[:e.start], '\n')+1 : e.start]; strings.TrimSpace(before) != "" {
			return insertion{}, fault("the default does not begin a line")
		}
		return insertion{at: e.start, body: body, trail: newline(text)}, nil
	}
	all := linesOf(text)
	if len(all) == 0 {
		return atStart(text, body), nil
	}
	return below(text, all[len(all)-1].end, body, false), nil
}

func (netrc) replace(_ string, _ thing, key Key, value string) (string, error) {
	host, err := hostOf(key)
	if err == nil {
		err = oneLine(value)
	}
	return "machine " + host + " " + value, err
}

func (netrc) open(string, thing, Key) (string, error) { return "", nil }
func (netrc) bare(string, thing, Key) bool            { return false }
