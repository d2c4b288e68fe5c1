package pypi

import (
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
)

// getFile answers with a file of a version, or with what stands beside one. A version is asked for as the links of its page
// have it.
func (c cores) getFile(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := parseName(r.PathValue("project"))
	if err != nil {
		return err
	}
	v, name := p.At(r.PathValue("version")), r.PathValue("file")
	if err := checkFilename(name); err != nil {
		return err
	}
	if !artifact.ValidCoordinate(v.Version) {
		return invalid("%.300q is not a version that a file can have.", v.Version)
	}
	if file, kind, ok := siblingOf(name); ok {
		return c.getSibling(w, r, s, v, file, kind)
	}
	f, err := s.Open(r.Context(), v, name)
	if err != nil {
		return err
	}
	return format.ServeFile(w, r, f, format.FileOptions{ContentType: "application/octet-stream"})
}

// getSibling answers with what stands beside a file. What was published here is kept like any file, or in the file itself;
// what a registry has is asked for there, and remembered.
func (c cores) getSibling(w http.ResponseWriter, r *http.Request, s format.Shelf, v artifact.VersionKey, file string,
	kind sibling) error {
	a, err := s.Stat(r.Context(), v, file)
	if err != nil {
		return err
	}
	facts, err := factsOf(a)
	if err != nil {
		return err
	}
	var text []byte
	switch {
	case kind.ending == metadataEnding:
		text, err = c.metadataOf(r.Context(), s, v, a, facts)
	case facts.URL == "":
		f, err := s.Open(r.Context(), v, file+kind.ending)
		if err != nil {
			return err
		}
		return format.ServeFile(w, r, f, format.FileOptions{ContentType: kind.contentType})
	default:
		text, err = readAttachment(r.Context(), s, v, file+kind.ending)
	}
	if err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: kind.contentType, Freshness: format.Immutable, Body: text})
}
