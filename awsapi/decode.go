package awsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"entrepot/strictjson"
)

// Ceilings of what is read of a request. The largest body the grammar allows, 200 tags written in escapes, stays below
// the first; the longest query, seven coordinates of 255 characters percent-encoded, below the second.
const (
	maxBody       = 1 << 20
	maxQuery      = 32 << 10
	maxParameters = 64
)

// decode fills in, a pointer to the struct that plan describes, from the request. A request that cannot be read is
// refused with CannotParse; if it can, all breaches of the grammar are told at once with FieldValidationFailed.
func decode(r *http.Request, plan []binding, in any) error {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	body := map[string]any{}
	if slices.ContainsFunc(plan, func(b binding) bool { return b.place == inBody }) {
		if body, err = readBody(r); err != nil {
			return err
		}
	}
	d := decoder{}
	v := reflect.ValueOf(in).Elem()
	for _, b := range plan {
		field := v.FieldByIndex(b.index)
		switch b.place {
		case inQuery:
			text, given := query[b.wire]
			err = d.parameter(field, b, text, given)
		case inHeader:
			err = d.parameter(field, b, r.Header.Get(b.wire), len(r.Header.Values(b.wire)) > 0)
		case asPayload:
			field.Set(reflect.ValueOf(sizedBody{r.Body, r.ContentLength}))
		}
		if err != nil {
			return err
		}
	}
	if err := d.object(v, plan, body, ""); err != nil {
		return err
	}
	return d.found.err()
}

// parseQuery reads a query as SDKs write it, by RFC 3986: a plus is a plus, not a space. A parameter given twice is
// refused; which of the two counts would be anyone's guess.
func parseQuery(raw string) (map[string]string, error) {
	if len(raw) > maxQuery {
		return nil, refuse(CannotParse, "The query is longer than %d bytes.", maxQuery)
	}
	query := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.PathUnescape(name)
		value, errValue := url.PathUnescape(value)
		if errName != nil || errValue != nil || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, refuse(CannotParse, "The query parameter %s is not percent-encoded UTF-8.",
				quoted(strings.ToValidUTF8(pair, "?")))
		}
		if _, twice := query[name]; twice {
			return nil, refuse(CannotParse, "The query parameter %s is given twice.", quoted(name))
		}
		if len(query) == maxParameters {
			return nil, refuse(CannotParse, "The query has more than %d parameters.", maxParameters)
		}
		query[name] = value
	}
	return query, nil
}

// knownOnly refuses a query with a parameter that is not in the plan. AWS's operations ignore those, as AWS does. One of ours would do
// to all what a misspelled parameter should have kept to one.
func knownOnly(r *http.Request, plan []binding) error {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(query) {
		if !slices.ContainsFunc(plan, func(b binding) bool { return b.place == inQuery && b.wire == name }) {
			return refuse(CannotParse, "There is no query parameter %s.", quoted(name))
		}
	}
	return nil
}

// readBody reads a body that must be a JSON object. No body at all is an empty object: so botocore sends a creation
// without options.
func readBody(r *http.Request) (map[string]any, error) {
	doc, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, refuse(CannotParse, "The request body could not be read.")
	}
	if len(doc) > maxBody {
		return nil, refuse(CannotParse, "The request body is larger than %d bytes.", maxBody)
	}
	if len(doc) == 0 {
		return map[string]any{}, nil
	}
	v, err := strictjson.Parse(doc, bodyRules)
	if wrong, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, refuse(CannotParse, "The request body %s.", complaint(wrong))
	}
	object, ok := v.Plain().(map[string]any)
	if !ok {
		return nil, refuse(CannotParse, "The request body is not a JSON object.")
	}
	return object, nil
}

// bodyRules are far above what the service model needs: its deepest input nests three levels, and no map of the grammar
// has more than maxList keys.
var bodyRules = strictjson.Rules{Size: maxBody, Depth: 16, Keys: 2 * maxList}

// complaint says what is wrong with a body, as the end of a sentence.
func complaint(wrong *strictjson.Error) string {
	switch wrong.Problem {
	case strictjson.NotUTF8:
		return "is not UTF-8"
	case strictjson.Trailing:
		return "goes on after its end"
	case strictjson.TooDeep:
		return fmt.Sprintf("nests deeper than %d levels", bodyRules.Depth)
	case strictjson.TooManyKeys:
		return fmt.Sprintf("has an object of more than %d keys", bodyRules.Keys)
	case strictjson.Duplicate:
		return fmt.Sprintf("has the key %s twice", quoted(wrong.At.Name))
	}
	return fmt.Sprintf("is not JSON near byte %d", wrong.Offset)
}

// decoder fills structs and collects breaches of the grammar on the way.
type decoder struct{ found violations }

// parameter fills a field from text.
func (d *decoder) parameter(field reflect.Value, b binding, text string, given bool) error {
	if !given || b.blank && text == "" {
		if b.required {
			d.found.missing(b.member)
		}
		return nil
	}
	field = settable(field)
	switch field.Kind() {
	case reflect.String:
		d.found.text(b.member, b.shape, text)
		field.SetString(text)
		return nil
	case reflect.Bool:
		if text != "true" && text != "false" {
			return refuse(CannotParse, "Value %s at '%s' is neither true nor false.", quoted(text), b.member)
		}
		field.SetBool(text == "true")
		return nil
	default:
		return d.integer(field, b, text)
	}
}

// integer fills an int field from digits, those of a parameter or of a JSON number.
func (d *decoder) integer(field reflect.Value, b binding, text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return refuse(CannotParse, "Value %s at '%s' is not an integer of 32 bits.", quoted(text), b.member)
	}
	d.found.number(b.member, b.shape, n)
	field.SetInt(n)
	return nil
}

// settable returns what is to be set: the field itself, or a new value for a pointer to point at.
func settable(field reflect.Value) reflect.Value {
	if field.Kind() != reflect.Pointer {
		return field
	}
	field.Set(reflect.New(field.Type().Elem()))
	return field.Elem()
}

// object fills a struct from a JSON object. Members that the model does not know are ignored; one that differs from a
// known member in case alone is refused, because other readers of the same document would take it for that member.
func (d *decoder) object(v reflect.Value, plan []binding, object map[string]any, path string) error {
	for key := range object {
		for _, b := range plan {
			if b.place == inBody && key != b.wire && strings.EqualFold(key, b.wire) {
				return refuse(CannotParse, "The member %s must be written '%s'.", quoted(key), b.wire)
			}
		}
	}
	for _, b := range plan {
		if b.place != inBody {
			continue
		}
		b.member = path + b.member
		value := object[b.wire]
		if value == nil || b.blank && value == "" { // null is as good as absent to every client
			if b.required {
				d.found.missing(b.member)
			}
			continue
		}
		if err := d.value(settable(v.FieldByIndex(b.index)), b, value); err != nil {
			return err
		}
	}
	return nil
}

// value fills anything from a JSON value that is not null.
func (d *decoder) value(field reflect.Value, b binding, value any) error {
	switch v := value.(type) {
	case string:
		if field.Kind() == reflect.String {
			d.found.text(b.member, b.shape, v)
			field.SetString(v)
			return nil
		}
	case bool:
		if field.Kind() == reflect.Bool {
			field.SetBool(v)
			return nil
		}
	case json.Number:
		if field.Kind() == reflect.Int {
			return d.integer(field, b, v.String())
		}
	case []any:
		if field.Kind() == reflect.Slice {
			return d.list(field, b, v)
		}
	case map[string]any:
		if field.Kind() == reflect.Struct {
			return d.object(field, b.items, v, b.member+".")
		}
		if field.Kind() == reflect.Map {
			return d.entries(field, b, v)
		}
	}
	return refuse(CannotParse, "The value at '%s' is not %s.", b.member, kindNames[field.Kind()])
}

var kindNames = map[reflect.Kind]string{reflect.String: "a string", reflect.Bool: "true or false",
	reflect.Int: "a number", reflect.Slice: "a list", reflect.Struct: "an object", reflect.Map: "an object"}

// list fills a slice. Positions in messages count from one, as AWS counts them.
func (d *decoder) list(field reflect.Value, b binding, items []any) error {
	d.found.items(b.member, b.shape, len(items))
	list := reflect.MakeSlice(field.Type(), len(items), len(items))
	for i, item := range items {
		at := binding{member: fmt.Sprintf("%s.%d.member", b.member, i+1), shape: grammar[b.shape].each, items: b.items}
		if item == nil {
			d.found.missing(at.member)
			continue
		}
		if err := d.value(list.Index(i), at, item); err != nil {
			return err
		}
	}
	field.Set(list)
	return nil
}

// entries fills a map from names to texts.
func (d *decoder) entries(field reflect.Value, b binding, object map[string]any) error {
	d.found.items(b.member, b.shape, len(object))
	m := reflect.MakeMapWithSize(field.Type(), len(object))
	s := grammar[b.shape]
	for _, key := range sortedKeys(object) {
		d.found.text(b.member+".key", s.key, key)
		text, ok := object[key].(string)
		if !ok {
			return refuse(CannotParse, "The value of %s at '%s' is not a string.", quoted(key), b.member)
		}
		d.found.text(b.member+".value", s.each, text)
		m.SetMapIndex(reflect.ValueOf(key).Convert(field.Type().Key()), reflect.ValueOf(text).Convert(field.Type().Elem()))
	}
	field.Set(m)
	return nil
}
