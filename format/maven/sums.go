package maven

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"entrepot/artifact"
	"entrepot/upstream"
)

// maxSum bounds a checksum file, in bytes.
const maxSum = 1 << 10

// promises finds out what an external registry promises about a file: what its answer has in X-Checksum headers, else what
// the first of the checksum files has that holds a digest. Files without either are taken as they come: there are old ones.
//
// Of a file that is known to be there the first checksum file is asked for together with it, unless the registry lately had
// checksums in its headers. Of one that may be missing it is asked for when the answer begins: most of what clients ask a
// registry for is not there.
func (s *source) promises(path string, isThere bool) func(context.Context, <-chan http.Header) (upstream.Want, error) {
	return func(ctx context.Context, answer <-chan http.Header) (upstream.Want, error) {
		first := sync.OnceValues(func() ([]byte, error) { return s.sumBeside(ctx, path, sumOrder[0]) })
		if isThere && s.silent.Load() {
			_, _ = first() // looked at below, if it is needed
		}
		var header http.Header
		select {
		case header = <-answer:
		case <-ctx.Done():
			return upstream.Want{}, ctx.Err()
		}
		want, told := promisedIn(header)
		s.silent.Store(!told)
		if told {
			return want, nil
		}
		for i, c := range sumOrder {
			sum, err := first()
			if i > 0 {
				sum, err = s.sumBeside(ctx, path, c)
			}
			if artifact.Is(err, artifact.NotFound) || err == nil && len(sum) == 0 {
				continue
			}
			checksums[c].wanted(&want, sum)
			return want, err
		}
		return want, nil
	}
}

// sumOrder is in which order checksum files are asked for: public registries have the first two of every file.
var sumOrder = []checksum{sha1Sum, md5Sum, sha256Sum, sha512Sum}

// promisedIn reads the digests out of the header of an answer; ok is false if there are none. All that are there count.
func promisedIn(header http.Header) (want upstream.Want, ok bool) {
	for _, c := range sumOrder {
		if sum := sumIn(header.Get("X-Checksum-"+strings.TrimPrefix(checksums[c].suffix, ".")), c); len(sum) > 0 {
			checksums[c].wanted(&want, sum)
			ok = true
		}
	}
	return want, ok
}

// sumBeside reads the checksum file that lies beside another; empty if no digest is in it.
func (s *source) sumBeside(ctx context.Context, path string, c checksum) ([]byte, error) {
	doc, err := s.client.Document(ctx, upstream.DocumentRequest{
		Connection: s.connection, Path: path + checksums[c].suffix, Max: maxSum,
		Accept: "text/plain, */*, text/html", // a page in its place is a file without a digest
		Regenerate: func(dst io.Writer, src io.Reader) error {
			text, err := io.ReadAll(src)
			if err != nil {
				return err
			}
			_, err = dst.Write(sumIn(string(text), c))
			return err
		},
		RegenerateVersion: "1",
	})
	if err != nil {
		return nil, err
	}
	sum, err := doc.ReadAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("read kept checksum of %s: %w", path, err)
	}
	return sum, nil
}

// sumIn finds the digest in the text of a checksum file: the first word that is one, for some tools write the file's name
// after it or before it. Empty if there is none.
func sumIn(text string, c checksum) []byte {
	size := len(checksums[c].sum(artifact.Digests{}))
	for word := range strings.FieldsSeq(text) {
		if sum, err := hex.DecodeString(word); err == nil && len(sum) == size {
			return sum
		}
	}
	return nil
}
