package nuget

import (
	"io"
	"path"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/format/strictzip"
	"entrepot/format/unpacked"
)

// packageFile is a package that has been looked into.
type packageFile struct {
	nuspec
	readme string
}

// inspect reads a package of size bytes that is to be published, and all that is in it. Invalid, naming the entry and the reason,
// for an archive that two readers could see two things in, that leaves its folder when it is unpacked, or that has no nuspec of
// its own. Other errors are those of r. Nothing is changed or left out: signatures are over the bytes.
func inspect(r io.ReaderAt, size int64) (packageFile, error) {
	archive, err := strictzip.Open(r, size, strictzip.Default)
	if err != nil {
		return packageFile{}, err
	}
	if err := checkNames(archive); err != nil {
		return packageFile{}, err
	}
	found, err := describe(archive)
	if err != nil {
		return packageFile{}, err
	}
	for _, e := range archive.Entries {
		if err := archive.Copy(io.Discard, e); err != nil {
			return packageFile{}, err
		}
	}
	return found, nil
}

// checkNames looks at the names as clients unpack them: percent signs undone (Open Packaging Conventions), and on file systems
// without a difference between letters.
func checkNames(archive *strictzip.Archive) error {
	seen := map[string]bool{}
	for _, e := range archive.Entries {
		name := unescaped(e.Name)
		if err := unpacked.Path(name); err != nil {
			return invalid("The package cannot be accepted: %.200q %s.", e.Name, err)
		}
		folded := strings.ToLower(strings.TrimSuffix(name, "/"))
		switch {
		case e.Kind == unpacked.Link:
			return invalid("The package cannot be accepted: %.200q is a symbolic link.", e.Name)
		case seen[folded]:
			return invalid("The package cannot be accepted: %.200q is there twice, where capitals make no difference.", e.Name)
		}
		seen[folded] = true
	}
	return nil
}

// describe reads what a package says about itself.
func describe(archive *strictzip.Archive) (packageFile, error) {
	var found packageFile
	at := -1
	for i, e := range archive.Entries {
		if !isNuspec(e.Name) {
			continue
		}
		if at >= 0 {
			return found, invalid("The package has two nuspecs, %.200q and %.200q, and may have one.",
				archive.Entries[at].Name, e.Name)
		}
		at = i
	}
	if at < 0 {
		return found, invalid("The package has no nuspec at its top. Make it with dotnet pack or nuget pack.")
	}
	text, err := archive.Read(archive.Entries[at], maxNuspec)
	if err != nil {
		return found, err
	}
	if found.nuspec, err = parseNuspec(text); err != nil {
		return found, err
	}
	found.readme, err = readmeOf(archive, found.Readme)
	return found, err
}

// isNuspec reports whether clients take an entry for the nuspec: at the top, whatever it is called.
func isNuspec(name string) bool {
	name = unescaped(name)
	return !strings.Contains(name, "/") && strings.EqualFold(path.Ext(name), ".nuspec")
}

// unescaped undoes percent signs as .NET does (Uri.UnescapeDataString): what is no escape stays, and the others are undone.
func unescaped(name string) string {
	var plain strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			if c, err := strconv.ParseUint(name[i+1:i+3], 16, 8); err == nil {
				plain.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		plain.WriteByte(name[i])
	}
	return plain.String()
}

// readmeOf reads the file that a nuspec names as its readme; empty for none, and for one that is too large.
func readmeOf(archive *strictzip.Archive, name string) (string, error) {
	name = strings.ReplaceAll(name, `\`, "/")
	for _, e := range archive.Entries {
		if name == "" || !strings.EqualFold(e.Name, name) || e.Kind != unpacked.File || e.Size > artifact.MaxMetadataField {
			continue
		}
		text, err := archive.Read(e, artifact.MaxMetadataField)
		return asReadme(text), err
	}
	return "", nil
}

// asReadme makes a text of a file.
func asReadme(text []byte) string {
	return strings.ToValidUTF8(strings.TrimPrefix(string(text), "\ufeff"), "\ufffd")
}
