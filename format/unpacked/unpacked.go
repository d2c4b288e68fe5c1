// Package unpacked says where the entries of an archive come to lie when it is unpacked: in the folder that it is unpacked
// in, and nowhere two readers would disagree about. It is for readers of archives of every kind.
package unpacked

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Bounds on the places of one archive.
const (
	MaxPath   = 4 << 10 // bytes of one path
	MaxDepth  = 64      // segments of one path; every folder on the way is remembered, so depth is memory
	MaxPlaces = 300_000 // files and folders, with those that are only on the way
)

// Kind is what an entry becomes.
type Kind uint8

// The kinds.
const (
	Folder Kind = iota
	File
	Link
)

// Error is why an entry cannot be unpacked, as the end of a sentence that begins with the entry's name.
type Error string

func (e Error) Error() string { return string(e) }

// Path checks the path of an entry, in which slashes stand between segments; one that ends in a slash is a folder's. It must
// lead into the folder that is unpacked in, on every system and without being cleaned: no root, no drive, no "..", "." or
// empty segment, no backslash, no control character.
func Path(name string) error {
	segments := strings.Split(strings.TrimSuffix(name, "/"), "/")
	switch {
	case name == "" || len(name) > MaxPath:
		return Error("has a path of no or too many bytes")
	case strings.ContainsFunc(name, control):
		return Error("has a control character in its path")
	case strings.Contains(name, `\`):
		return Error("has a backslash in its path")
	case len(segments) > MaxDepth:
		return Error("lies too many folders deep")
	case segments[0] == "" || slices.ContainsFunc(segments, LeadsElsewhere):
		return Error("leads out of the archive's folder")
	case slices.Contains(segments, "") || slices.Contains(segments, "."):
		return Error("has an empty segment or a dot in its path")
	}
	return nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// LeadsElsewhere reports whether a segment of a path leads up or, on Windows, to a drive.
func LeadsElsewhere(segment string) bool {
	return segment == ".." || len(segment) > 1 && segment[1] == ':' && alphanumeric(segment[0])
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-'
}

// Symlink checks where the symbolic link at a path points: into the archive's folder. As one link may lead to another, ".."
// may stand at the beginning only, where it means real folders.
func Symlink(at, target string) error {
	segments := strings.Split(strings.ReplaceAll(target, `\`, "/"), "/")
	up := 0
	for up < len(segments) && segments[up] == ".." {
		up++
	}
	if up > strings.Count(at, "/") || segments[0] == "" || len(target) > MaxPath ||
		strings.ContainsFunc(target, control) || slices.ContainsFunc(segments[up:], LeadsElsewhere) {
		return Error("is a link out of the archive's folder")
	}
	return nil
}

// Tree is what is unpacked so far. The zero value is an empty folder.
type Tree struct{ places map[string]Kind }

// Add puts an entry at a path, which ends in no slash. It reports whether one of the same kind is there already, and refuses
// two of different kinds and what lies below a file or a link: each reader unpacks that in its own way.
func (t *Tree) Add(at string, k Kind) (again bool, err error) {
	if t.places == nil {
		t.places = make(map[string]Kind)
	}
	before, again := t.places[at]
	if again && before != k {
		return false, Error("is there twice, as two kinds of entries")
	}
	if len(t.places) > MaxPlaces {
		return false, Error(fmt.Sprintf("is one too many: files and folders are more than %d", MaxPlaces))
	}
	t.places[at] = k
	for parent := path.Dir(at); parent != "."; parent = path.Dir(parent) {
		k, known := t.places[parent]
		if known && k != Folder {
			return false, Error("is below a file or a link")
		}
		if known {
			break // its parents have been checked
		}
		t.places[parent] = Folder
	}
	return again, nil
}

// Hardlink checks where a hard link points, by its path in the archive: to a file that has been added before. One to a
// symbolic link would be that link in another place, from which it may lead elsewhere.
func (t *Tree) Hardlink(target string) error {
	if k, known := t.places[target]; !known || k != File {
		return Error("is a hard link to no file that is in the archive before it")
	}
	return nil
}
