package npm

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"entrepot/format/jsonscan"
	"entrepot/repository"
)

// Bounds on a PUT of a package document. CodeArtifact takes 2 GB in all (user guide, "Quotas").
const (
	maxPut     = 2 << 30
	maxPutJSON = 32 << 20 // bytes of everything but attachments
	maxBundle  = 1 << 20  // bytes of a provenance bundle
	maxPutTags = 10_000   // clients that try a second time send all tags along that they were shown
)

// submission is the document of a PUT, read in whatever order its keys came. npm puts attachments last, yarn first.
type submission struct {
	id, name, readme string
	tags             map[string]string
	versions         map[string][]byte // whole version objects, compact
	hasVersions      bool
	hasAttachments   bool
	tarball          *attached
	provenance       *provenance
}

// attached is the tarball: staged, its digests known.
type attached struct {
	file   string
	length int64 // as the client says; -1 if it does not
	upload *repository.Upload
}

// provenance is the bundle that npm attaches with --provenance.
type provenance struct {
	file, mediaType, text string
}

// discard frees the staged bytes; safe at any time.
func (s *submission) discard() {
	if s.tarball != nil && s.tarball.upload != nil {
		_ = s.tarball.upload.Discard()
	}
}

// putBody ends a body that is too large with an error that says so.
type putBody struct {
	r    io.Reader
	left int64
}

func (b *putBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLarge("A publish request may have at most %d bytes.", int64(maxPut))
	}
	return n, err
}

// submit reads a PUT's body; stage gives room for the tarball, which is decoded straight into it. Whatever the error,
// the caller discards the submission. Invalid: the document is not one, with the offset. Quota: too large. Other errors
// are those of the body and of the room.
func submit(ctx context.Context, body io.Reader,
	stage func(context.Context) (*repository.Upload, error)) (*submission, error) {
	r := submissionReader{
		ctx:   ctx,
		stage: stage,
		scan:  jsonscan.New(&putBody{body, maxPut}),
		room:  maxPutJSON,
		s:     &submission{tags: map[string]string{}, versions: map[string][]byte{}},
	}
	err := r.scan.Object(r.member)
	if err == nil {
		err = r.scan.Finish()
	}
	return r.s, publicError(err)
}

// publicError makes a document's syntax error the client's.
func publicError(err error) error {
	if bad, ok := errors.AsType[*jsonscan.SyntaxError](err); ok {
		return invalid("The document is malformed at %s.", bad).Causing(err)
	}
	if errors.Is(err, jsonscan.ErrTooBig) {
		return tooLarge("A part of the document is too large.")
	}
	return err
}

type submissionReader struct {
	ctx   context.Context
	stage func(context.Context) (*repository.Upload, error)
	scan  *jsonscan.Scanner
	room  int // bytes of JSON that may still be kept
	s     *submission
}

func (r *submissionReader) member(key string) (err error) {
	switch key {
	case "_id":
		r.s.id, err = r.text()
	case "name":
		r.s.name, err = r.text()
	case "readme":
		r.s.readme, err = r.scan.TextOr(maxReadme)
	case "dist-tags":
		err = r.scan.Object(r.tag)
	case "versions":
		r.s.hasVersions = true
		err = r.scan.Object(r.version)
	case "_attachments":
		err = r.scan.Object(r.attachment)
	default:
		err = r.scan.Skip()
	}
	return err
}

// text reads a short string and counts it.
func (r *submissionReader) text() (string, error) {
	text, err := r.scan.Text(jsonscan.MaxKey)
	return text, r.take(len(text), err)
}

func (r *submissionReader) take(n int, err error) error {
	if err != nil {
		return err
	}
	if r.room -= n; r.room < 0 {
		return jsonscan.ErrTooBig
	}
	return nil
}

func (r *submissionReader) tag(tag string) error {
	v, err := r.text()
	if r.s.tags[tag] = v; len(r.s.tags) > maxPutTags {
		return tooLarge("A document may have at most %d tags.", maxPutTags)
	}
	return r.take(len(tag), err)
}

func (r *submissionReader) version(number string) error {
	object, err := r.scan.Raw(min(maxOne, max(r.room, 0)))
	r.s.versions[number] = object
	return r.take(len(object)+len(number), err)
}

func (r *submissionReader) attachment(file string) error {
	r.s.hasAttachments = true
	switch {
	case strings.HasSuffix(file, ".tgz") && r.s.tarball == nil:
		r.s.tarball = &attached{file: file, length: -1}
		return r.scan.Object(r.tarball)
	case strings.HasSuffix(file, ".sigstore") && r.s.provenance == nil:
		r.s.provenance = &provenance{file: file}
		return r.scan.Object(r.bundle)
	}
	return invalid("The attachment %.200q cannot be accepted: "+
		"a publish has one tarball (.tgz) and at most one provenance bundle (.sigstore).", file)
}

func (r *submissionReader) tarball(key string) error {
	switch key {
	case "data":
		return r.decode()
	case "length":
		return r.length()
	}
	return r.scan.Skip()
}

func (r *submissionReader) length() error {
	value, err := r.scan.Raw(jsonscan.MaxKey)
	if err != nil {
		return err
	}
	n, ok := asCount(value)
	if !ok {
		return invalid("The length of the attachment %q is %.40s.", r.s.tarball.file, value)
	}
	r.s.tarball.length = n
	return nil
}

// asCount reads a whole number from 0 to 15 digits.
func asCount(value []byte) (int64, bool) {
	if len(value) == 0 || len(value) > 15 {
		return 0, false
	}
	var n int64
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// decode writes the tarball into the room it is given.
func (r *submissionReader) decode() error {
	text, err := r.scan.ASCII()
	if err != nil {
		return err
	}
	upload, err := r.stage(r.ctx)
	if err != nil {
		return err
	}
	r.s.tarball.upload = upload
	decoded := base64.NewDecoder(base64.StdEncoding.Strict(), text)
	_, err = io.CopyBuffer(struct{ io.Writer }{upload}, struct{ io.Reader }{decoded}, make([]byte, 64<<10))
	if bad, ok := errors.AsType[base64.CorruptInputError](err); ok {
		return invalid("The data of the attachment %q is not base64 at character %d.",
			r.s.tarball.file, int64(bad))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return invalid("The data of the attachment %q is not whole base64.", r.s.tarball.file).Causing(err)
	}
	if err != nil {
		return err
	}
	// The decoder stops at padding; the string must stop there too.
	if n, err := text.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		if err != nil && err != io.EOF {
			return err
		}
		return invalid("The data of the attachment %q goes on after its padding.", r.s.tarball.file)
	}
	return nil
}

func (r *submissionReader) bundle(key string) (err error) {
	switch key {
	case "content_type":
		r.s.provenance.mediaType, err = r.text()
	case "data":
		r.s.provenance.text, err = r.scan.Text(maxBundle)
		err = r.take(len(r.s.provenance.text), err)
	default:
		err = r.scan.Skip()
	}
	return err
}
