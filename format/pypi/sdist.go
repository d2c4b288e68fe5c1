package pypi

import (
	"archive/tar"
	"io"

	"github.com/klauspost/compress/gzip"
)

// inspectSdist reads a source distribution (PEP 625).
func inspectSdist(r io.ReaderAt, size int64, d distribution) (inspected, error) {
	unzipped, err := gzip.NewReader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return inspected{}, invalid("The source distribution is no tar in gzip.").Causing(err)
	}
	archive := tar.NewReader(unzipped)
	for {
		h, err := archive.Next()
		if err != nil {
			return inspected{}, invalid("The source distribution has no PKG-INFO in its folder.").Causing(err)
		}
		if h.Name != d.stem+"/PKG-INFO" {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(archive, maxMetadata+1))
		if err != nil {
			return inspected{}, invalid("The source distribution's PKG-INFO is not readable.").Causing(err)
		}
		m, err := parseMetadata(text)
		if err != nil {
			return inspected{}, err
		}
		return inspected{metadata: m}, d.agree(m)
	}
}
