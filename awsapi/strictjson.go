package awsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth is how deep a document may nest; the deepest input of the service model nests three levels.
const maxDepth = 16

// parseJSON reads one document into nil, bool, string, json.Number, []any and map[string]any. Beyond encoding/json it
// refuses what two readers could understand differently: a key given twice, bytes that are not UTF-8, anything after
// the document, and nesting beyond maxDepth. The size is for the caller to limit.
func parseJSON(doc []byte) (any, error) {
	if !utf8.Valid(doc) {
		return nil, errors.New("is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("goes on after its end")
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("is not JSON near byte %d", d.InputOffset())
	}
	opening, nested := token.(json.Delim)
	if !nested {
		return token, nil
	}
	if depth == maxDepth {
		return nil, fmt.Errorf("nests deeper than %d levels", maxDepth)
	}
	if opening == '[' {
		return parseList(d, depth)
	}
	return parseObject(d, depth)
}

func parseList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		item, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, closing(d)
}

func parseObject(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("is not JSON near byte %d", d.InputOffset())
		}
		key := token.(string) // Decoder.Token gives nothing else in a key's place
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("has the key %s twice", quoted(key))
		}
		if object[key], err = parseValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	return object, closing(d)
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("is not JSON near byte %d", d.InputOffset())
	}
	return nil
}
