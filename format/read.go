package format

import (
	"io"

	"github.com/klauspost/compress/gzip"

	"entrepot/repository"
)

// ReadDocument returns an index document without coding, for formats that make answers of several. Nobody may change it.
func ReadDocument(d repository.Document) ([]byte, error) {
	if d.Identity != nil {
		return d.Identity, nil
	}
	packed, _ := d.OpenGzip()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}
