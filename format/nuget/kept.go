package nuget

import (
	"fmt"
	"io"
	"strings"

	"entrepot/artifact"
	"entrepot/format/keptzip"
)

// keptPackage is a package that is kept. One from outside need not be as one that is published here has to be: what its registry's
// clients can read is read.
type keptPackage struct {
	archive *keptzip.Archive
	text    []byte // the nuspec, byte for byte
}

// maxDirectory bounds what is read of a package in search of its nuspec, in bytes: mostly the directory at its end.
const maxDirectory = 32 << 20

// openPackage finds the nuspec in a package of size bytes. Invalid: it is no archive, or has none. Other errors are those of r.
func openPackage(r io.ReaderAt, size int64) (keptPackage, error) {
	archive, err := keptzip.Open(r, size, maxDirectory)
	if err != nil {
		return keptPackage{}, err
	}
	for _, f := range archive.File {
		if isNuspec(f.Name) {
			text, err := archive.Read(f, maxNuspec)
			return keptPackage{archive, text}, err
		}
	}
	return keptPackage{}, invalid("The package has no nuspec at its top.")
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
			if text, err := k.archive.Read(f, artifact.MaxMetadataField); err == nil {
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
