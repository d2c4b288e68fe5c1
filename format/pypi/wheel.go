package pypi

import (
	"io"
	"slices"
	"strings"

	"entrepot/format/strictzip"
	"entrepot/format/unpacked"
)

// wheelFormats are the major numbers of the wheel formats that there have been.
var wheelFormats = []string{"0", "1"}

// maxWheelFile bounds the WHEEL file, in bytes.
const maxWheelFile = 64 << 10

// inspectWheel reads a wheel (PEP 427, binary distribution format specification), and all that is in it.
func inspectWheel(r io.ReaderAt, size int64, d distribution) (inspected, error) {
	archive, err := strictzip.Open(r, size, strictzip.Default)
	if err != nil {
		return inspected{}, err
	}
	w := wheel{archive: archive, files: make(map[string]strictzip.Entry)}
	if err := w.list(d); err != nil {
		return inspected{}, err
	}
	found, err := w.readMetadata(d)
	if err != nil {
		return inspected{}, err
	}
	return found, w.prove()
}

// wheel is a wheel that is looked into.
type wheel struct {
	archive *strictzip.Archive
	files   map[string]strictzip.Entry
	info    string // the path of the folder with what the wheel says about itself, with its slash
}

// list takes down the files, and finds the one folder at the top that says whose they are.
func (w *wheel) list(d distribution) error {
	for _, e := range w.archive.Entries {
		top, _, below := strings.Cut(e.Name, "/")
		if below && strings.HasSuffix(strings.ToLower(top), distInfo) {
			if w.info != "" && w.info != top+"/" {
				return invalid("The wheel has two folders that say what it is: %q and %q.", w.info, top+"/")
			}
			w.info = top + "/"
		}
		switch e.Kind {
		case unpacked.File:
			w.files[e.Name] = e
		case unpacked.Link:
			return invalid("The wheel has a symbolic link, %q, which installers take for a file.", e.Name)
		}
	}
	name, version, _ := strings.Cut(strings.TrimSuffix(w.info, distInfo+"/"), "-")
	if normalName(name) != normalName(d.name) || !sameVersion(wheelVersion(version), d.version) {
		return invalid("The wheel should have the folder %q at its top, as it is called; it has %q.",
			d.name+"-"+d.version+distInfo, w.info)
	}
	return nil
}

const distInfo = ".dist-info"

func (w *wheel) readMetadata(d distribution) (inspected, error) {
	core, err := w.read("METADATA", maxMetadata)
	if err != nil {
		return inspected{}, err
	}
	m, err := parseMetadata(core)
	if err == nil {
		err = d.agree(m)
	}
	if err != nil {
		return inspected{}, err
	}
	return inspected{metadata: m, core: core}, w.checkFormat()
}

// checkFormat refuses wheels of a format that installers of today do not take.
func (w *wheel) checkFormat() error {
	text, err := w.read("WHEEL", maxWheelFile)
	if err != nil {
		return err
	}
	fields, _, err := splitFields(text)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.name == "wheel-version" {
			major, _, _ := strings.Cut(strings.TrimSpace(f.value), ".")
			if !slices.Contains(wheelFormats, major) {
				return invalid("The wheel is of format %.20q, and installers take those before 2.0.", f.value)
			}
			return nil
		}
	}
	return invalid("The wheel's file WHEEL has no Wheel-Version.")
}

// read reads a file that says something about the wheel.
func (w *wheel) read(name string, most int64) ([]byte, error) {
	e, ok := w.files[w.info+name]
	if !ok {
		return nil, invalid("The wheel has no file %q.", w.info+name)
	}
	return w.archive.Read(e, most)
}
