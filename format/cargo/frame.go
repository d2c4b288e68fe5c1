package cargo

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
)

// What cargo publish sends is two parts, each behind its length in four bytes, the least first: a JSON document about the version,
// and its archive (Cargo's book, "Web API").
const (
	frameLength = 4
	maxMetadata = 1 << 20 // bytes of the document; as on the public registry
)

// frames reads the parts. A body that is shorter or longer than its lengths say is refused, and no room is made for a length
// before so many bytes have come.
type frames struct {
	body io.Reader
	left int64 // bytes of the body that nothing has promised yet; negative if its length is not known
}

func framesOf(r *http.Request) *frames { return &frames{r.Body, r.ContentLength} }

// length reads that of the next part, which is the last one or is followed by rest bytes at least.
func (f *frames) length(of string, rest int64) (int64, error) {
	var text [frameLength]byte
	if _, err := io.ReadFull(f.body, text[:]); err != nil {
		return 0, cutOff(err, "the length of "+of)
	}
	n := int64(binary.LittleEndian.Uint32(text[:]))
	if f.left < 0 {
		return n, nil
	}
	if f.left -= frameLength + n; f.left < rest || rest == 0 && f.left != 0 {
		return 0, invalid("The length of %s is %d bytes, which does not fit the request. Package it anew.", of, n)
	}
	return n, nil
}

// metadata reads the first part. Quota: it is too large.
func (f *frames) metadata() ([]byte, error) {
	const what = "the description of the crate"
	n, err := f.length(what, frameLength)
	if err != nil {
		return nil, err
	}
	if n > maxMetadata {
		return nil, tooLarge("The description of a crate may have at most %d bytes; this one has %d.", maxMetadata, n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(f.body, text); err != nil {
		return nil, cutOff(err, what)
	}
	return text, nil
}

// archive copies the second part, behind which the body has to end.
func (f *frames) archive(dst io.Writer) error {
	const what = "the crate"
	n, err := f.length(what, 0)
	if err != nil {
		return err
	}
	part := &io.LimitedReader{R: f.body, N: n}
	if _, err := io.CopyBuffer(struct{ io.Writer }{dst}, part, make([]byte, 64<<10)); err != nil {
		return cutOff(err, what)
	}
	if part.N > 0 {
		return cutOff(io.ErrUnexpectedEOF, what)
	}
	switch n, err := f.body.Read(make([]byte, 1)); {
	case n > 0:
		return invalid("The request goes on after the crate. Package it anew.")
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// cutOff says that the body ended too early, if that is what happened.
func cutOff(err error, within string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return invalid("The request ends within %s. Publish it again.", within).Causing(err)
	}
	return err
}
