package sqlcatalog

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// tagSet keeps the tags of a record in it: they are few and always read together. Wire form: keys and values in turn, each
// behind its length (uvarint), ordered by key. No tags are NULL.
type tagSet map[string]string

// Value writes the tags.
func (t tagSet) Value() (driver.Value, error) {
	var raw []byte
	for _, key := range slices.Sorted(maps.Keys(t)) {
		for _, text := range []string{key, t[key]} {
			raw = binary.AppendUvarint(raw, uint64(len(text)))
			raw = append(raw, text...)
		}
	}
	if raw == nil {
		return nil, nil
	}
	return raw, nil
}

// Scan reads what Value has written.
func (t *tagSet) Scan(src any) error {
	*t = nil
	raw, ok := src.([]byte)
	if !ok && src != nil {
		return errors.New("tags are not kept as bytes")
	}
	var texts []string
	for len(raw) > 0 {
		size, width := binary.Uvarint(raw)
		if width <= 0 || size > uint64(len(raw)-width) {
			return errors.New("tags end early")
		}
		raw = raw[width:]
		texts, raw = append(texts, string(raw[:size])), raw[size:]
	}
	if len(texts)%2 != 0 {
		return errors.New("a tag has no value")
	}
	if len(texts) == 0 {
		return nil
	}
	*t = make(tagSet, len(texts)/2)
	for pair := range slices.Chunk(texts, 2) {
		(*t)[pair[0]] = pair[1]
	}
	return nil
}

// optional keeps the empty text as NULL.
type optional struct{ text *string }

// Value writes the text.
func (o optional) Value() (driver.Value, error) {
	if *o.text == "" {
		return nil, nil
	}
	return *o.text, nil
}

// Scan reads what Value has written.
func (o optional) Scan(src any) error {
	text, ok := src.(string)
	if !ok && src != nil {
		return errors.New("a text is not kept as text")
	}
	*o.text = text
	return nil
}
