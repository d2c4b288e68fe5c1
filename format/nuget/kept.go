package nuget

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"entrepot/artifact"
)

// keptPackage is a package that is kept. One from outside need not be as one that is published here has to be: what its registry's
// clients can read is read.
type keptPackage struct {
	archive *zip.Reader
	text    []byte // the nuspec, byte for byte
}

// openPackage finds the nuspec in a package of size bytes. Invalid: it is no archive, or has none. Other errors are those of r.
func openPackage(r io.ReaderAt, size int64) (keptPackage, error) {
	source := &watchedSource{ReaderAt: r, left: maxDirectory}
	text, archive, err := nuspecOf(source, size)
	switch {
	case source.err != nil:
		return keptPackage{}, fmt.Errorf("read package: %w", source.err)
	case err != nil:
		return keptPackage{}, invalid("The package cannot be read: %s.", err).Causing(err)
	}
	return keptPackage{archive, text}, nil
}

func nuspecOf(r io.ReaderAt, size int64) ([]byte, *zip.Reader, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range archive.File {
		if isNuspec(f.Name) {
			text, err := readMember(f, maxNuspec)
			return text, archive, err
		}
	}
	return nil, nil, errors.New("it has no nuspec at its top")
}

// maxDirectory bounds what is read of a package in search of its nuspec, in bytes: mostly the directory at its end.
const maxDirectory = 32 << 20

// watchedSource gives up to so many bytes, and remembers how reading failed, which is not the fault of what is read.
type watchedSource struct {
	io.ReaderAt
	left int64
	err  error
}

// ReadAt follows io.ReaderAt.
func (w *watchedSource) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, errors.New("it points to what is before it")
	}
	if w.left -= int64(len(p)); w.left < 0 {
		return 0, errors.New("too much of it would have to be read")
	}
	n, err := w.ReaderAt.ReadAt(p, at)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// readMember reads a file of an archive of up to most bytes.
func readMember(f *zip.File, most int64) ([]byte, error) {
	contents, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer contents.Close()
	text, err := io.ReadAll(io.LimitReader(contents, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%.200q is larger than %d bytes", f.Name, most)
	}
	return text, err
}

// readme is the file that the nuspec names as its readme; empty if there is none that can be read.
func (k keptPackage) readme() string {
	n, err := parseNuspec(k.text)
	if err != nil || n.Readme == "" {
		return ""
	}
	name := strings.ReplaceAll(n.Readme, `\`, "/")
	for _, f := range k.archive.File {
		if strings.EqualFold(f.Name, name) {
			if text, err := readMember(f, artifact.MaxMetadataField); err == nil {
				return asReadme(text)
			}
		}
	}
	return ""
}

// storedReadme is the readme in a package (repository.Traits).
func storedReadme(content io.ReaderAt, size int64) (string, error) {
	k, err := openPackage(content, size)
	if artifact.Is(err, artifact.Invalid) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return k.readme(), nil
}

// inspectFetched refuses a package that says that it is another version than was asked for, and what is no package at all:
// clients take neither, and do not say why. A nuspec in words that are not understood here is its registry's affair.
func inspectFetched(v artifact.VersionKey) func(io.ReaderAt, int64) error {
	return func(content io.ReaderAt, size int64) error {
		k, err := openPackage(content, size)
		if err != nil {
			return err
		}
		n, err := parseNuspec(k.text)
		if err != nil {
			return nil
		}
		if about := canonical(artifact.PackageKey{Format: artifact.NuGet, Name: n.ID}.At(n.Version)); about != v {
			return fmt.Errorf("it is the package of %.200s", about)
		}
		return nil
	}
}
