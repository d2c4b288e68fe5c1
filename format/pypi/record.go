package pypi

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"entrepot/format/unpacked"
)

// maxRecord bounds the RECORD of a wheel, in bytes.
const maxRecord = 32 << 20

// unlisted are the files beside RECORD that it cannot list, or need not: itself and its signatures.
var unlisted = []string{"RECORD", "RECORD.jws", "RECORD.p7s"}

// prove compares the wheel's files with RECORD, in which all of them must stand and nothing else: an installer that goes by
// the one installs what one does that goes by the other. Their sizes and checksums are proven on the way; the hashes in
// RECORD no installer looks at, and real wheels have wrong ones.
func (w *wheel) prove() error {
	text, err := w.read("RECORD", maxRecord)
	if err != nil {
		return err
	}
	listed, err := readRecord(text)
	if err != nil {
		return err
	}
	for name := range listed {
		if _, there := w.files[name]; !there && !w.unlisted(name) {
			return invalid("The wheel's RECORD lists %.200q, which is not in the wheel.", name)
		}
	}
	for _, e := range w.archive.Entries {
		if e.Kind != unpacked.File {
			continue
		}
		if !listed[e.Name] && !w.unlisted(e.Name) {
			return invalid("The wheel has a file %.200q, which its RECORD does not list.", e.Name)
		}
		if err := w.archive.Copy(io.Discard, e); err != nil {
			return err
		}
	}
	return nil
}

func (w *wheel) unlisted(name string) bool {
	base, inside := strings.CutPrefix(name, w.info)
	return inside && slices.Contains(unlisted, base)
}

// readRecord returns the paths in a RECORD, whose lines are a path, a hash and a size.
func readRecord(text []byte) (map[string]bool, error) {
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = 3
	in.ReuseRecord = true
	listed := make(map[string]bool)
	for {
		row, err := in.Read()
		if err == io.EOF {
			return listed, nil
		}
		if err != nil {
			return nil, invalid("The wheel's RECORD is not lines of a path, a hash and a size.").Causing(err)
		}
		listed[strings.Clone(row[0])] = true
	}
}
