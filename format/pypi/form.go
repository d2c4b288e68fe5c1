package pypi

import (
	"context"
	"hash"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/blake2b"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Bounds on the form of an upload, but for the file in it.
const (
	maxParts      = 10_000   // a project has a hundred classifiers and some hundreds of requirements
	maxFormFields = 16 << 20 // bytes of all texts together; a description can have megabytes
	maxSignature  = 64 << 10 // bytes
)

// Names of parts that are read by name.
const (
	contentPart      = "content"
	signaturePart    = "gpg_signature"
	attestationsPart = "attestations"
)

// uploadForm is the form of an upload, read in whatever order its parts came.
type uploadForm struct {
	fields    map[string][]string // those that are not empty
	signature string
	file      string // the name of the file
	upload    *repository.Upload
	blake2    hash.Hash // of the file, which the store does not compute
}

// first is the first value of a field.
func (f *uploadForm) first(name string) string {
	if all := f.fields[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// discard frees the staged bytes unless they were published; safe at any time.
func (f *uploadForm) discard() {
	if f.upload != nil {
		_ = f.upload.Discard()
	}
}

// formReader reads a form. stage gives room for the file of a project, once it may be published.
type formReader struct {
	ctx   context.Context
	stage func(ctx context.Context, project string) (*repository.Upload, error)
	form  *uploadForm
	room  int // bytes of texts that may still come
}

// readForm reads the form in a request's body. Whatever the error, the caller discards the form. Invalid: it is none, or is
// cut off. Quota: a part or all of it is too large. Other errors are those of the body and of the room.
func readForm(r *http.Request, stage func(context.Context, string) (*repository.Upload, error)) (*uploadForm, error) {
	reader := formReader{r.Context(), stage, &uploadForm{fields: map[string][]string{}}, maxFormFields}
	return reader.form, format.EachPart(r, maxParts, reader.part)
}

func tooLarge(text string, args ...any) error {
	return format.WithStatus(http.StatusRequestEntityTooLarge, artifact.Errorf(artifact.Quota, text, args...))
}

func (r *formReader) part(part format.Part) (err error) {
	switch part.Name {
	case contentPart:
		return r.content(part, part.File)
	case signaturePart:
		r.form.signature, err = r.text(part, maxSignature)
		return err
	default:
		text, err := r.text(part, r.room)
		if err == nil && text != "" {
			r.form.fields[part.Name] = append(r.form.fields[part.Name], text)
		}
		r.room -= len(part.Name)
		return err
	}
}

// text reads a field. An empty one counts as one that is not there.
func (r *formReader) text(part io.Reader, limit int) (string, error) {
	limit = min(limit, r.room)
	text, err := io.ReadAll(io.LimitReader(part, int64(max(limit, 0))+1))
	if err != nil {
		return "", err
	}
	if r.room -= len(text); len(text) > limit {
		return "", tooLarge("The fields of an upload may have at most %d bytes together, a signature %d.", maxFormFields, maxSignature)
	}
	if !utf8.Valid(text) {
		return "", invalid("A field of the upload is not UTF-8.")
	}
	return string(text), nil
}

// content takes the file in. Whose it is the form says before it, as all known clients do, or the name of the file.
func (r *formReader) content(part io.Reader, file string) error {
	if r.form.upload != nil {
		return invalid("An upload has one file.")
	}
	if err := checkFilename(file); err != nil {
		return err
	}
	project := r.form.first("name")
	if project == "" {
		named, err := parseFilename(file, "")
		if err != nil {
			return err
		}
		project = named.name
	}
	upload, err := r.stage(r.ctx, project)
	if err != nil {
		return err
	}
	r.form.file, r.form.upload = file, upload
	r.form.blake2, _ = blake2b.New256(nil) // no key, no error
	_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(upload, r.form.blake2)}, struct{ io.Reader }{part},
		make([]byte, 64<<10))
	return err
}

// isXML reports whether a request says that its body is XML.
func isXML(r *http.Request) bool { return hasType(r, "text/xml") || hasType(r, "application/xml") }

func hasType(r *http.Request, mediaType string) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), mediaType)
}
