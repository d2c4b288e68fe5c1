package format

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	"entrepot/artifact"
)

// Part is a part of a form: a field, or a file.
type Part struct {
	Name   string
	File   string // its file name; empty for a field
	Header textproto.MIMEHeader
	// Reader gives the contents as they were sent, whatever transfer encoding the header names. A form that is cut off or
	// malformed in here is Invalid.
	io.Reader
}

// maxEpilogue is how much is read of what follows a form, in bytes.
const maxEpilogue = 64 << 10

// EachPart hands the parts of the form in a request's body to take, in the order in which they come, each to be read before the
// next; what take leaves is passed over. Invalid: the body is no form, or it is cut off or malformed. Quota, with 413: it has
// more than most parts. Other errors are those of take and of the body.
func EachPart(r *http.Request, most int, take func(Part) error) error {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || parameters["boundary"] == "" {
		return artifact.Errorf(artifact.Invalid, "What is published comes in a form: a body of the type multipart/form-data.")
	}
	body := &watchedBody{r: r.Body}
	// A form that ends within the head of a part would be taken for whole. With the end of a head behind it none does.
	parts := multipart.NewReader(io.MultiReader(body, strings.NewReader("\r\n\r\n")), parameters["boundary"])
	for n := 0; ; n++ {
		// Not NextPart, which decodes what is labelled quoted-printable, whether it is that or not.
		part, err := parts.NextRawPart()
		if err == io.EOF {
			// net/http closes a connection on which a client waited to be told to go on and a rest of the body was left.
			_, _ = io.CopyN(io.Discard, body, maxEpilogue) // nobody wants it
			return nil
		}
		if err != nil {
			return body.word(err)
		}
		if n == most {
			return WithStatus(http.StatusRequestEntityTooLarge,
				artifact.Errorf(artifact.Quota, "The form may have at most %d parts.", most))
		}
		_, named, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			return body.word(err)
		}
		if err := take(Part{named["name"], named["filename"], part.Header, partReader{part, body}}); err != nil {
			return err
		}
	}
}

// watchedBody remembers how a body failed, which the reader of parts words its own way.
type watchedBody struct {
	r   io.Reader
	err error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		b.err = err
	}
	return n, err
}

// word returns how the body failed, or else says what was read of it is no form.
func (b *watchedBody) word(err error) error {
	if b.err != nil {
		return b.err
	}
	return artifact.Errorf(artifact.Invalid, "The form is cut off or malformed. Send it again.").Causing(err)
}

// partReader words how reading the contents of a part failed.
type partReader struct {
	part io.Reader
	body *watchedBody
}

func (r partReader) Read(p []byte) (int, error) {
	n, err := r.part.Read(p)
	if err != nil && err != io.EOF {
		err = r.body.word(err)
	}
	return n, err
}
