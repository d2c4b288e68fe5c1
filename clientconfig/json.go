package clientconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// objects is the syntax of JSON documents that are an object.
type objects struct{}

// jsonMember is a member of an object in a document, or the document itself, whose path is empty. It has something behind
// it (lineEnd) that goes when it goes, where it is the first of several: the comma.
type jsonMember struct {
	thing
	path []string
	from int // where the value begins
}

// jsonSpace is what may stand between the tokens of an object.
const jsonSpace = " \t\r\n"

// jsonScan finds the members of a document.
type jsonScan struct {
	*json.Decoder
	text string
	all  []jsonMember
	seen map[string]bool
}

// scanJSON reads the members of a document and of the objects in it, in their order: none of one that is empty.
func scanJSON(text string) ([]jsonMember, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	s := jsonScan{json.NewDecoder(strings.NewReader(text)), text, nil, map[string]bool{}}
	if text[s.at(jsonSpace)] != '{' {
		return nil, fault("the file is no JSON object")
	}
	if err := s.member(nil, jsonSpace); err != nil {
		return nil, err
	}
	if _, err := s.Token(); !errors.Is(err, io.EOF) {
		return nil, fault("there is more in the file than one JSON object")
	}
	return s.all, nil
}

// at is where what follows the space begins. There is something, for the decoder has seen it.
func (s *jsonScan) at(space string) int {
	at := int(s.InputOffset())
	return at + len(s.text[at:]) - len(strings.TrimLeft(s.text[at:], space))
}

// member reads the value of a path, which begins after the space; where its name begins who calls knows.
func (s *jsonScan) member(path []string, space string) error {
	if name := strings.Join(path, "\x00"); s.seen[name] {
		return fault("%s is there twice", KeyOf(path...))
	} else if s.seen[name] = true; len(path) > maxDepth {
		return fault("objects lie too deep in each other")
	}
	n := len(s.all)
	from := s.at(space)
	s.all = append(s.all, jsonMember{path: path, from: from, thing: thing{start: from}})
	token, err := s.Token()
	if err == nil && token == json.Delim('{') {
		err = s.members(path)
	} else if err == nil && token == json.Delim('[') {
		err = s.skip()
	}
	if err != nil {
		return notJSON(err)
	}
	s.all[n].end = int(s.InputOffset())
	var value bytes.Buffer
	_ = json.Compact(&value, []byte(s.text[from:s.all[n].end])) // the decoder has read it
	s.all[n].value = value.String()
	return nil
}

// members reads what is in an object that has begun.
func (s *jsonScan) members(path []string) error {
	first := len(s.all)
	for count := 0; s.More(); count++ {
		start, n := s.at(jsonSpace+","), len(s.all)
		name, err := s.Token()
		if err != nil {
			return err
		}
		if count == 1 {
			s.all[first].lineEnd = s.all[first].end + strings.IndexByte(s.text[s.all[first].end:], ',') + 1
		}
		// Nothing but a string is given in a name's place.
		if err := s.member(append(path[:len(path):len(path)], name.(string)), jsonSpace+":"); err != nil {
			return err
		}
		s.all[n].start = start
	}
	_, err := s.Token()
	return err
}

// skip passes what is in a list that has begun.
func (s *jsonScan) skip() error {
	for depth := 1; depth > 0; {
		token, err := s.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}

// notJSON words an error of the decoder; what has been worded stays as it is.
func notJSON(err error) error {
	if strings.HasSuffix(err.Error(), byHand) {
		return err
	}
	return fault("the file is no JSON that is understood here: %v", err)
}

// memberAt finds the member at a key.
func memberAt(all []jsonMember, key Key) (jsonMember, bool, error) {
	path, ok := key.names()
	if !ok {
		return jsonMember{}, false, fmt.Errorf("%s is no place in JSON", key)
	}
	at := slices.IndexFunc(all, func(m jsonMember) bool { return slices.Equal(m.path, path) })
	if at < 0 {
		return jsonMember{}, false, nil
	}
	return all[at], true, nil
}

func (objects) find(text string, key Key) (thing, bool, error) {
	all, err := scanJSON(text)
	if err != nil {
		return thing{}, false, err
	}
	m, ok, err := memberAt(all, key)
	return m.thing, ok, err
}

func (objects) parents(key Key) (all []Key) {
	for n := range len(key) {
		all = append(all, key[:n:n])
	}
	return all
}

func (objects) place(text string, key Key, value string) (insertion, error) {
	if len(key) == 0 {
		return atEnd(text, "{\n}"), nil
	}
	all, err := scanJSON(text)
	if err != nil {
		return insertion{}, err
	}
	parent, ok, err := memberAt(all, key[:len(key)-1])
	if !ok || err != nil {
		return insertion{}, fault("%s is not there", key[:len(key)-1])
	}
	inside := text[parent.from+1 : parent.end-1] // of the braces
	space := inside[:len(inside)-len(strings.TrimLeft(inside, jsonSpace))]
	in := insertion{at: parent.from + 1}
	if last := lastOf(all, parent); last != nil {
		in.at, in.lead = last.end, ","+space
	} else {
		in.lead = newline(text) + lastIndent(space) + "  "
	}
	in.body = QuoteJSON(key.last().Name) + ": " + value
	if value == "" {
		in.body += "{" + newline(text) + lastIndent(in.lead) + "}"
	}
	return in, nil
}

// lastOf is the last member of an object; nil if it has none.
func lastOf(all []jsonMember, parent jsonMember) *jsonMember {
	for i := len(all) - 1; i >= 0; i-- {
		if n := len(parent.path); len(all[i].path) == n+1 && slices.Equal(all[i].path[:n], parent.path) {
			return &all[i]
		}
	}
	return nil
}

// lastIndent is what stands behind the last line end of white space; nothing where there is none.
func lastIndent(space string) string {
	if at := strings.LastIndexByte(space, '\n'); at >= 0 {
		return space[at+1:]
	}
	return ""
}

// QuoteJSON writes a text as JSON.
func QuoteJSON(text string) string {
	var quoted bytes.Buffer
	to := json.NewEncoder(&quoted)
	to.SetEscapeHTML(false)
	_ = to.Encode(text) // a text always is JSON
	return strings.TrimSuffix(quoted.String(), "\n")
}

func (objects) replace(_ string, _ thing, key Key, value string) (string, error) {
	return QuoteJSON(key.last().Name) + ": " + value, nil
}

// open gives an object without members two lines, so that its members can have theirs.
func (objects) open(text string, found thing, key Key) (string, error) {
	all, err := scanJSON(text)
	if err != nil {
		return "", err
	}
	m, _, err := memberAt(all, key)
	if err != nil {
		return "", err
	}
	value := text[m.from:m.end]
	switch {
	case value[0] != '{':
		return "", fault("%s is no object", key)
	case found.value != "{}" || strings.Contains(value, "\n"):
		return "", nil
	}
	line := text[strings.LastIndexByte(text[:m.start], '\n')+1 : m.start]
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	return text[m.start:m.from] + "{" + newline(text) + indent + "}", nil
}

func (objects) bare(_ string, found thing, _ Key) bool { return found.value == "{}" }
