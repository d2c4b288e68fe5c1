package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entrepot/catalog"
	"entrepot/strictjson"
)

// transformer writes what a target is told in place of an event, from a template with placeholders (EventBridge user guide, "Input
// transformation").
type transformer struct {
	pieces []piece
	paths  map[string]path // by the names of placeholders
	// The rule whose target it is, as it is told.
	ruleName, ruleARN string
}

// piece is text of a template and the placeholder that follows it.
type piece struct {
	text   string
	name   string // empty at the end of the template
	quoted bool   // the placeholder stands in a JSON string
}

// The placeholders that are there without a path.
const (
	wholeEvent    = "aws.events.event.json"
	withoutDetail = "aws.events.event"
	ruleARNOf     = "aws.events.rule-arn"
	ruleNameOf    = "aws.events.rule-name"
	ingestedAt    = "aws.events.event.ingestion-time"
)

// predefined are those, and the end of a template.
var predefined = []string{"", wholeEvent, withoutDetail, ruleARNOf, ruleNameOf, ingestedAt}

// templateRules bound a template, placeholders aside.
var templateRules = strictjson.Rules{Size: 4 * 8192, Depth: 16, Keys: 1000}

// mostTold bounds what a template is filled in to, in bytes: it is as much as an event may have.
const mostTold = 256 << 10

// errTooMuch says that an event will never be told by its template.
var errTooMuch = fmt.Errorf("the template makes more than %d bytes of the event", mostTold)

// newTransformer reads a template and its paths. The error is a sentence for whoever has given them.
func newTransformer(t catalog.InputTransformer) (*transformer, error) {
	f := &transformer{paths: map[string]path{}}
	for name, text := range t.Paths {
		p, ok := parsePath(text)
		if !ok {
			return nil, fmt.Errorf("the path of <%s> must be $ and names behind dots, such as $.detail or $.resources[0]", name)
		}
		f.paths[name] = p
	}
	var err error
	if f.pieces, err = cutTemplate(t.Template); err != nil {
		return nil, err
	}
	var whole strings.Builder
	for _, p := range f.pieces {
		whole.WriteString(p.text)
		if p.name != "" && !p.quoted {
			whole.WriteString("null")
		}
		if _, known := f.paths[p.name]; !known && !slices.Contains(predefined, p.name) {
			return nil, fmt.Errorf("the template has <%.256s>, which is not among the paths", p.name)
		}
	}
	if _, err := strictjson.Parse([]byte(whole.String()), templateRules); err != nil {
		return nil, fmt.Errorf("the template is not one JSON value with placeholders in it: %w", err)
	}
	return f, nil
}

// cutTemplate finds the placeholders of a template. One that stands in an object's key is an error.
func cutTemplate(template string) (pieces []piece, _ error) {
	begin, quoted, filled := 0, false, false
	for i := 0; i < len(template); {
		switch c := template[i]; {
		case quoted && c == '\\':
			i = min(i+2, len(template))
		case c == '"':
			if i++; quoted && filled && strings.HasPrefix(strings.TrimLeft(template[i:], " \t\r\n"), ":") {
				return nil, errors.New("a placeholder of the template stands in a key")
			}
			quoted, filled = !quoted, false
		case c == '<' && placeholder(template[i:]) != "":
			name := placeholder(template[i:])
			pieces = append(pieces, piece{template[begin:i], name, quoted})
			i += len("<") + len(name) + len(">")
			begin, filled = i, true
		default:
			i++
		}
	}
	return append(pieces, piece{text: template[begin:]}), nil
}

// placeholder is the name of the placeholder that a text begins with; empty if it begins with none.
func placeholder(text string) string {
	name, _, closed := strings.Cut(text[len("<"):], ">")
	if !closed || strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}) {
		return ""
	}
	return name
}

// fill writes what the target is told of an event: JSON in any case. errTooMuch if it would be too much.
func (f *transformer) fill(event []byte, at time.Time) ([]byte, error) {
	document, err := strictjson.Parse(event, eventRules)
	if err != nil {
		return nil, err
	}
	var told bytes.Buffer
	values := map[string][2][]byte{}
	for _, p := range f.pieces {
		told.WriteString(p.text)
		if p.name == "" {
			break
		}
		forms, known := values[p.name]
		if !known {
			value := f.value(p.name, event, document, at)
			forms = [2][]byte{value, inString(value)}
			values[p.name] = forms
		}
		if p.quoted {
			told.Write(forms[1])
		} else {
			told.Write(forms[0])
		}
		if told.Len() > mostTold {
			return nil, errTooMuch
		}
	}
	return told.Bytes(), nil
}

// value is what stands for a placeholder, as JSON. Where a path leads to nothing it is an empty text.
func (f *transformer) value(name string, event []byte, document *strictjson.Value, at time.Time) []byte {
	switch name {
	case wholeEvent:
		return event
	case withoutDetail:
		return withoutMember(event, document, "detail")
	case ruleARNOf:
		return quote(f.ruleARN)
	case ruleNameOf:
		return quote(f.ruleName)
	case ingestedAt:
		return quote(at.UTC().Format(time.RFC3339))
	}
	if v := f.paths[name].in(document); v != nil {
		return event[v.Begin:v.End]
	}
	return []byte(`""`)
}

// withoutMember is an object without one of its members.
func withoutMember(text []byte, object *strictjson.Value, name string) []byte {
	var left bytes.Buffer
	for _, m := range object.Members {
		if m.Name == name {
			continue
		}
		if left.Len() > 0 {
			left.WriteByte(',')
		}
		left.Write(quote(m.Name))
		left.WriteByte(':')
		left.Write(text[m.Begin:m.End])
	}
	return []byte("{" + left.String() + "}")
}

// inString is a value as it stands inside of a JSON string: a text as it is, anything else as it is written, without quotation marks.
func inString(value []byte) []byte {
	if value[0] != '"' {
		value = quote(strings.ReplaceAll(string(value), `"`, ""))
	}
	return value[1 : len(value)-1]
}

// quote is a text as JSON.
func quote(text string) []byte {
	var quoted bytes.Buffer
	to := json.NewEncoder(&quoted)
	to.SetEscapeHTML(false)
	if err := to.Encode(text); err != nil {
		panic(err) // it is a text
	}
	return bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))
}
