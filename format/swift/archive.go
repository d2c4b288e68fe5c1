package swift

import (
	"io"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/strictzip"
	"entrepot/format/unpacked"
)

// Bounds on what is read out of an archive.
const (
	maxManifest  = 1 << 20 // bytes
	maxManifests = 64
)

// readmes are the names of a readme in lower case, the best last.
var readmes = []string{"readme.txt", "readme", "readme.markdown", "readme.md"}

// contents is what a source archive says about itself.
type contents struct {
	manifests map[string][]byte // by file; manifestFile is among them
	readme    string
}

// inspect reads a source archive of size bytes, and all that is in it. Clients unpack it without its one folder at the top,
// on systems where names differ by more than case too. Invalid, saying why, for what is no such archive, what leaves its
// folder, what unpacks in more than one way, and what has no manifest. Other errors are those of r.
func inspect(r io.ReaderAt, size int64) (contents, error) {
	archive, err := strictzip.Open(r, size, strictzip.Default)
	if err != nil {
		return contents{}, err
	}
	i := inspection{archive: archive, contents: contents{manifests: map[string][]byte{}}}
	for _, e := range archive.Entries {
		if err := i.entry(e); err != nil {
			return contents{}, err
		}
	}
	if err := i.checkManifest(); err != nil {
		return contents{}, err
	}
	return i.contents, i.readReadme()
}

type inspection struct {
	contents
	archive *strictzip.Archive
	top     string
	folded  unpacked.Tree
	best    int              // how good the readme is
	found   *strictzip.Entry // the readme
}

// entry looks at one entry, and proves what is in it.
func (i *inspection) entry(e strictzip.Entry) error {
	top, below, inside := strings.Cut(e.Name, "/")
	if !inside {
		return invalid("The archive has %.200q beside the folder of the package. Put everything into one folder.", e.Name)
	}
	if i.top == "" {
		i.top = top
	}
	if top != i.top {
		return invalid("The archive has two folders at its top, %.200q and %.200q. Put everything into one.", i.top, top)
	}
	again, err := i.folded.Add(strings.ToLower(strings.TrimSuffix(e.Name, "/")), e.Kind)
	if err != nil || again && e.Kind != unpacked.Folder {
		return invalid("The archive has %.200q and another entry that differs from it by case alone, which on some systems is one "+
			"file.", e.Name)
	}
	if manifestName(below) {
		return i.readManifest(e, below)
	}
	rank := slices.Index(readmes, strings.ToLower(below))
	if e.Kind == unpacked.File && rank >= i.best && e.Size <= artifact.MaxMetadataField {
		i.best, i.found = rank, &e
	}
	return i.archive.Copy(io.Discard, e)
}

// manifestName reports whether a file at the top of a package describes it.
func manifestName(below string) bool {
	return below == manifestFile || variantPattern.MatchString(below)
}

func (i *inspection) readManifest(e strictzip.Entry, name string) error {
	if e.Kind != unpacked.File {
		return invalid("The %s of the package is no file.", name)
	}
	if len(i.manifests) == maxManifests {
		return invalid("The package has more than %d manifests.", maxManifests)
	}
	content, err := i.archive.Read(e, maxManifest)
	i.manifests[name] = content
	return err
}

func (i *inspection) checkManifest() error {
	content, ok := i.manifests[manifestFile]
	switch {
	case !ok:
		return invalid("The package doesn't contain a valid manifest (%s) file. It belongs into the one folder of the archive.",
			manifestFile)
	case !saysTools(content):
		return invalid("The %s does not begin with the version of the tools that it is for. Put a line such as "+
			"// swift-tools-version: 5.9 before everything else.", manifestFile)
	}
	return nil
}

func (i *inspection) readReadme() error {
	if i.found == nil {
		return nil
	}
	text, err := i.archive.Read(*i.found, artifact.MaxMetadataField)
	i.readme = strings.ToValidUTF8(string(text), "\uFFFD")
	return err
}
