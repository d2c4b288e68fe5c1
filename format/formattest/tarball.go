package formattest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"sync"
	"testing"
)

// TarEntry is an entry of a tarball: a file, unless its header says otherwise.
type TarEntry struct {
	tar.Header // without Size
	Body       string
}

// writers are those of gzip, by level from HuffmanOnly on. Each takes most of a megabyte, and a test may pack thousands of tarballs.
var writers [gzip.BestCompression - gzip.HuffmanOnly + 1]sync.Pool

// Tarball makes a tar of the entries as they are, in gzip of a level.
func Tarball(t testing.TB, level int, entries ...TarEntry) []byte {
	t.Helper()
	var out bytes.Buffer
	pool := &writers[level-gzip.HuffmanOnly]
	z, ok := pool.Get().(*gzip.Writer)
	if !ok {
		var err error
		if z, err = gzip.NewWriterLevel(nil, level); err != nil {
			t.Fatal(err)
		}
	}
	defer pool.Put(z)
	z.Reset(&out)
	w := tar.NewWriter(z)
	for _, e := range entries {
		e.Size = int64(len(e.Body))
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.Body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
