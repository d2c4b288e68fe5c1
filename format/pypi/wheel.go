package pypi

import (
	"archive/zip"
	"io"
	"strings"
)

// inspectWheel reads a wheel (PEP 427).
func inspectWheel(r io.ReaderAt, size int64, d distribution) (inspected, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return inspected{}, invalid("The wheel is no zip archive.").Causing(err)
	}
	for _, f := range archive.File {
		folder, name, _ := strings.Cut(f.Name, "/")
		if !strings.HasSuffix(folder, ".dist-info") || name != "METADATA" {
			continue
		}
		content, err := f.Open()
		if err != nil {
			return inspected{}, invalid("The wheel's METADATA is not readable.").Causing(err)
		}
		defer content.Close()
		core, err := io.ReadAll(io.LimitReader(content, maxMetadata+1))
		if err != nil {
			return inspected{}, invalid("The wheel's METADATA is not readable.").Causing(err)
		}
		m, err := parseMetadata(core)
		if err != nil {
			return inspected{}, err
		}
		return inspected{metadata: m, core: core}, d.agree(m)
	}
	return inspected{}, invalid("The wheel has no METADATA in a folder that ends in .dist-info.")
}
