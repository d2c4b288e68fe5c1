package sigv4

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"

	"entrepot/artifact"
)

// Payload says how the body of a request enters its signature.
type Payload struct {
	// HeaderHash takes the x-amz-content-sha256 header, where there is one, at its word and leaves the body unread. The
	// caller then judges the header, hashes the body as it arrives and compares the two before keeping anything.
	// PublishPackageVersion needs this: its body may be gigabytes, and botocore signs the header's value even where the
	// body differs.
	HeaderHash bool
	// Limit is the most bytes a body may have that is read into memory to be hashed.
	Limit int64
}

// payloadHash returns the hash to sign with, in hex unless the request declares another text. A body it reads can be read
// again afterwards.
func (c *Claim) payloadHash(p Payload) (string, error) {
	if p.HeaderHash && c.declared != nil {
		return *c.declared, nil
	}
	body, err := readBody(c.request, p.Limit)
	if err != nil {
		return "", err
	}
	sum := artifact.Digest(sha256.Sum256(body)).String()
	if c.declared != nil && *c.declared != sum {
		return "", refusef(Mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return sum, nil
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, refusef(TooLarge, "The request body may have %d bytes at most.", limit)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if _, cut := errors.AsType[*http.MaxBytesError](err); cut || err == nil && int64(len(body)) > limit {
		return nil, refusef(TooLarge, "The request body may have %d bytes at most.", limit)
	}
	if err != nil {
		why := "The request body could not be read to its end."
		if e, ok := errors.AsType[*artifact.Error](err); ok && e.Kind == artifact.Invalid {
			why = e.Reason
		}
		return nil, refusef(Malformed, "%s", why)
	}
	r.Body = &rereadable{bytes.NewReader(body), r.Body}
	return body, nil
}

// rereadable is a body that has been read once and is given out again.
type rereadable struct {
	*bytes.Reader
	io.Closer
}
