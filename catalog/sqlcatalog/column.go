package sqlcatalog

import (
	"encoding/json"
	"fmt"
	"time"
)

// document scans JSON into what it points to.
type document struct{ into any }

// Scan reads JSON.
func (d document) Scan(src any) error {
	raw, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("a document is kept as %T", src)
	}
	return json.Unmarshal(raw, d.into)
}

// written is the JSON of texts, in lists, maps and structs.
func written(texts any) []byte {
	raw, err := json.Marshal(texts)
	if err != nil {
		panic(err) // texts have a JSON form
	}
	return raw
}

// span scans a duration kept in microseconds.
type span struct{ d *time.Duration }

// Scan reads microseconds.
func (s span) Scan(src any) error {
	micros, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a duration is kept as %T", src)
	}
	*s.d = time.Duration(micros) * time.Microsecond
	return nil
}

// sometime is an instant that may never have come.
type sometime struct{ t *time.Time }

// Scan reads microseconds since 1970, or NULL.
func (s sometime) Scan(src any) error {
	if src == nil {
		return nil
	}
	return instant(s).Scan(src)
}
