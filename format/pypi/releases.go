package pypi

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/format/keptpage"
)

// pageFile is a file as a registry's page has it.
type pageFile struct {
	name string
	size int64
	fileFacts
}

// releases gathers the files of a page by their versions.
type releases struct {
	name      string // the project, normalised
	project   projectFacts
	versions  []*release
	byKey     map[string]*release
	spellings map[string]string // of versions by versionKey, where the page says how they are written
	files     map[string]bool
	held      int // bytes
	left      keptpage.LeftOut
}

// release is one version with the lines of its files.
type release struct {
	version string
	lines   []byte
	first   time.Time // when the first of its files was uploaded
}

func newReleases(project string) *releases {
	return &releases{name: project, byKey: map[string]*release{}, spellings: map[string]string{}, files: map[string]bool{}}
}

// spell says how the registry writes a version. Of two spellings of one version the first counts.
func (r *releases) spell(version string) {
	if !artifact.ValidCoordinate(version) {
		return
	}
	if key := versionKey(version); r.spellings[key] == "" {
		r.spellings[key] = version
	}
}

// add takes in a file. What no client could use is noted and left out: a name that is none, of another project, or without
// a version; a second file of one name. An error says that there are too many.
func (r *releases) add(f pageFile) error {
	version, err := r.versionOf(f.name)
	if err != nil {
		r.left.Note("%v", err)
		return nil
	}
	if f.URL == "" {
		r.left.Note("the file %q has no usable address", f.name)
		return nil
	}
	if r.files[f.name] {
		r.left.Note("the file %q comes twice", f.name)
		return nil
	}
	line := keptLine(f.name, f.size, f.fileFacts)
	r.held += len(line) + len(f.name)
	if len(r.files) == maxFiles || r.held > maxHeld {
		return fmt.Errorf("it lists more than %d files, or says more than %d bytes about them", maxFiles, maxHeld)
	}
	r.files[f.name] = true
	at := r.release(version)
	at.lines = append(at.lines, line...)
	if !f.UploadTime.IsZero() && (at.first.IsZero() || f.UploadTime.Before(at.first)) {
		at.first = f.UploadTime
	}
	return nil
}

// versionOf finds the version that a file belongs to. Registries write it in another way in the names of files than in
// their lists, and wheels in another than source distributions.
func (r *releases) versionOf(file string) (string, error) {
	if isSibling(file) {
		return "", fmt.Errorf("the file %.300q is called as what stands beside a file", file)
	}
	named, err := parseFilename(file, r.name)
	if err != nil {
		return "", err
	}
	if !artifact.ValidCoordinate(named.version) {
		return "", fmt.Errorf("the file %.300q has a version that cannot be kept", file)
	}
	return named.version, nil
}

// release is the version that is written so or means the same.
func (r *releases) release(version string) *release {
	key := versionKey(version)
	known := r.byKey[key]
	if known == nil {
		known = &release{version: version}
		r.byKey[key] = known
		r.versions = append(r.versions, known)
	}
	return known
}

// finish gives versions the spelling that the registry's list has for them, and brings them into an order: the list may
// come after the files.
func (r *releases) finish() {
	for key, one := range r.byKey {
		if spelling := r.spellings[key]; spelling != "" {
			one.version = spelling
		}
		one.lines = bytes.Clone(one.lines)
	}
	slices.SortStableFunc(r.versions, func(a, b *release) int { return compareVersions(a.version, b.version) })
}
