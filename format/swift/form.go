package swift

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/jsonscan"
	"entrepot/repository"
)

// Bounds on the form of a publication, but for the archive in it.
const (
	maxParts     = 16
	maxSignature = 64 << 10 // bytes
	// maxEncoded is how many times as long something can be under a transfer encoding.
	maxEncoded = 3
)

// submission is the form of a publication (registry specification, 4.6).
type submission struct {
	archive           *repository.Upload
	signature         []byte // empty where there is none
	metadata          []byte
	metadataSignature []byte
}

// discard frees the staged bytes unless they were published; safe at any time.
func (s *submission) discard() {
	if s.archive != nil {
		_ = s.archive.Discard()
	}
}

// readSubmission reads the form in a request's body; stage gives room for the archive. Whatever the error, the caller
// discards the submission. Invalid: it is no such form, or is cut off. Quota: a part is too large. Other errors are those of the
// body and of the room.
func readSubmission(r *http.Request, stage func() (*repository.Upload, error)) (*submission, error) {
	s := &submission{}
	texts := map[string]*[]byte{
		"source-archive-signature": &s.signature, "metadata": &s.metadata, "metadata-signature": &s.metadataSignature,
	}
	limits := map[string]int{"metadata": maxMetadata}
	seen := map[string]bool{}
	err := format.EachPart(r, maxParts, func(p format.Part) (err error) {
		if seen[p.Name] {
			return invalid("The form has the part %.60q twice.", p.Name)
		}
		seen[p.Name] = true
		if p.Name == "source-archive" {
			return s.takeArchive(p, stage)
		}
		if into, known := texts[p.Name]; known {
			*into, err = readPart(p, max(limits[p.Name], maxSignature))
		}
		return err
	})
	if err == nil && s.archive == nil {
		err = invalid("The form has no part source-archive.")
	}
	return s, err
}

func (s *submission) takeArchive(p format.Part, stage func() (*repository.Upload, error)) error {
	content, err := decoded(p, p, archiveEncodings)
	if err != nil {
		return err
	}
	if s.archive, err = stage(); err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{s.archive}, struct{ io.Reader }{content}, make([]byte, 64<<10))
	if _, bad := errors.AsType[base64.CorruptInputError](err); bad || errors.Is(err, io.ErrUnexpectedEOF) {
		return misencoded(p, err)
	}
	return err
}

// readPart reads a part of up to most bytes. SwiftPM labels an object as quoted-printable and sends it as it is: decoding
// would change it, and its signature is over what was sent. So what is an object already is not decoded.
func readPart(p format.Part, most int) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(p, int64(most)*maxEncoded+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > most*maxEncoded {
		return nil, tooLarge(p, most)
	}
	text := raw
	if _, err := jsonscan.SplitOutside(raw); err != nil {
		content, err := decoded(p, bytes.NewReader(raw), textEncodings)
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(content); err != nil {
			return nil, misencoded(p, err)
		}
	}
	if len(text) > most {
		return nil, tooLarge(p, most)
	}
	return text, nil
}

func tooLarge(p format.Part, most int) error {
	return format.WithStatus(http.StatusRequestEntityTooLarge,
		artifact.Errorf(artifact.Quota, "The part %q may have at most %d bytes.", p.Name, most))
}

// encodings are ways in which the contents of a part may be written (RFC 2045, 6), by the names of Content-Transfer-Encoding.
type encodings map[string]func(io.Reader) io.Reader

var (
	archiveEncodings = encodings{"": plain, "binary": plain, "7bit": plain, "8bit": plain, "base64": fromBase64}
	textEncodings    = encodings{"": plain, "binary": plain, "7bit": plain, "8bit": plain, "base64": fromBase64,
		"quoted-printable": fromQuotedPrintable}
)

func plain(r io.Reader) io.Reader               { return r }
func fromBase64(r io.Reader) io.Reader          { return base64.NewDecoder(base64.StdEncoding, r) }
func fromQuotedPrintable(r io.Reader) io.Reader { return quotedprintable.NewReader(r) }

// decoded is what a part's transfer encoding makes of its contents.
func decoded(p format.Part, contents io.Reader, known encodings) (io.Reader, error) {
	name := strings.ToLower(strings.TrimSpace(p.Header.Get("Content-Transfer-Encoding")))
	decode, ok := known[name]
	if !ok {
		return nil, invalid("The part %q has the transfer encoding %.60q. Send it as it is, or in base64.", p.Name, name)
	}
	return decode(contents), nil
}

func misencoded(p format.Part, err error) error {
	return invalid("The part %q is not what its Content-Transfer-Encoding says.", p.Name).Causing(err)
}
