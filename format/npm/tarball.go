package npm

import (
	"archive/tar"
	"bytes"
	"io"
	"path"
	"slices"
	"strings"

	"entrepot/format/jsonscan"
)

// Files at a package's root that a registry looks into.
const (
	packageJSON    = "package.json"
	maxPackageJSON = 4 << 20 // bytes
)

// contents is what an uploaded tarball really holds.
type contents struct {
	manifest    jsonscan.Members // package.json, as npm mends it
	files       int
	unpacked    int64 // bytes of all files
	shrinkwrap  bool  // npm-shrinkwrap.json at the root
	gyp         bool  // binding.gyp at the root: installing compiles it
	readme      string
	readmeFile  string
	executables map[string]string // files below directories.bin, by name
}

// inspect reads a tarball of size bytes. Invalid, naming the entry and the reason, for what leaves its folder when it is
// unpacked and for what clients read in different ways; else what clients take is taken (docs/clients.md has the list).
// Other errors are those of r.
func inspect(r io.ReaderAt, size int64) (contents, error) {
	watched := &watchedReader{r: r}
	archive, err := openArchive(watched, size)
	i := inspection{seen: make(map[string]kind)}
	if err == nil {
		err = entries(archive, i.entry)
	}
	if watched.err != nil {
		return contents{}, watched.err
	}
	if err != nil {
		return contents{}, err
	}
	return i.finish()
}

type inspection struct {
	contents
	names []string // of files
	seen  map[string]kind
	paths int
	text  []byte // of package.json
}

func (i *inspection) entry(h *tar.Header, body io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return checkRecords(h) // git archive writes one; it holds a commit id
	}
	if i.paths += len(h.Name); i.paths > maxPaths {
		return badArchive(nil, "its paths have more than %d bytes together", maxPaths)
	}
	at, err := placeOf(h)
	if err != nil {
		return err
	}
	if at.path == "" { // the package's folder, or a file beside it, which is not unpacked
		if at.kind == fileEntry && isPackageJSON(h.Name) {
			return badArchive(nil, "%q stands beside the package's folder instead of in it", h.Name)
		}
		return nil
	}
	again, err := i.occupy(h.Name, at)
	if err != nil || at.kind != fileEntry {
		return err
	}
	if i.unpacked += h.Size; h.Size < 0 || i.unpacked > maxUnpacked {
		return badArchive(errBomb, "%s", errBomb)
	}
	if !again {
		i.files++
		i.names = append(i.names, at.path)
	}
	return i.look(h.Name, at.path, h.Size, body)
}

// occupy reports whether the place is taken by an entry of the same kind: then the later one counts. It refuses what lies
// below a file or a link, which each client unpacks in its own way.
func (i *inspection) occupy(name string, at placed) (again bool, err error) {
	before, again := i.seen[at.path]
	if again && before != at.kind {
		return false, badArchive(nil, "%.200q is there twice, as two kinds of entries", name)
	}
	if len(i.seen) > maxPlaces {
		return false, badArchive(nil, "its files and folders are more than %d", maxPlaces)
	}
	i.seen[at.path] = at.kind
	for parent := path.Dir(at.path); parent != "."; parent = path.Dir(parent) {
		k, known := i.seen[parent]
		if known && k != folderEntry {
			return false, badArchive(nil, "%.200q is below a file or a link", name)
		}
		if known {
			break // its parents have been checked
		}
		i.seen[parent] = folderEntry
	}
	return again, nil
}

// look reads the few files that matter.
func (i *inspection) look(name, relative string, size int64, body io.Reader) (err error) {
	switch {
	case isPackageJSON(relative):
		return i.packageJSON(name, relative, size, body)
	case relative == "npm-shrinkwrap.json":
		i.shrinkwrap = true
	case relative == "binding.gyp":
		i.gyp = true
	case betterReadme(relative, i.readmeFile) && size <= maxField:
		i.readme, err = readReadme(body)
		i.readmeFile = relative
	}
	return err
}

// packageJSON reads the file that decides. There may be several of one content; of two that differ, or of which some file
// systems see one and others none, clients would not agree which it is.
func (i *inspection) packageJSON(name, relative string, size int64, body io.Reader) error {
	if size > maxPackageJSON {
		return badArchive(nil, "its package.json is larger than %d bytes", maxPackageJSON)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return unreadable(err, "its package.json is not readable")
	}
	if relative != packageJSON || i.text != nil && !bytes.Equal(i.text, text) {
		return badArchive(nil, "%.200q is another package.json", name)
	}
	i.text = text
	return nil
}

func (i *inspection) finish() (contents, error) {
	if i.text == nil {
		return contents{}, badArchive(nil, "there is no package.json in its first folder")
	}
	all, err := jsonscan.SplitMended(bytes.TrimPrefix(i.text, []byte("\uFEFF")))
	if err != nil {
		return contents{}, badArchive(err, "its package.json is not usable JSON: %s", err)
	}
	if err = tooMany(all); err == nil {
		i.manifest, err = normalize(all)
	}
	if err == nil {
		i.executables, err = i.below(i.manifest.Find("directories"))
	}
	if err != nil {
		return contents{}, badArchive(err, "its package.json is not usable: %s", err)
	}
	return i.contents, nil
}

// below lists the files of the folder that directories.bin names, as npm turns them into bin.
func (i *inspection) below(directories []byte) (map[string]string, error) {
	all, err := objectOf(directories)
	named, _ := all.Text("bin")
	folder := securePath(named)
	if err != nil || folder == "" {
		return nil, err
	}
	found := make(map[string]string)
	slices.Sort(i.names)
	for _, name := range i.names {
		if base := path.Base(name); strings.HasPrefix(name, folder+"/") && base[0] != '.' {
			found[base] = name
		}
	}
	return found, nil
}
