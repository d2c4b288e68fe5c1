package npm

import (
	"bytes"
	"io"
	"path"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/stricttar"
	"entrepot/format/unpacked"
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
	archive, err := stricttar.Open(io.NewSectionReader(r, 0, size), size, stricttar.Default)
	if err != nil {
		return contents{}, err
	}
	var i inspection
	if err := archive.Each(i.entry); err != nil {
		return contents{}, err
	}
	return i.finish()
}

type inspection struct {
	contents
	names []string // of files
	tree  unpacked.Tree
	text  []byte // of package.json
}

func (i *inspection) entry(e stricttar.Entry, body io.Reader) error {
	at, err := placeOf(e)
	if err != nil {
		return err
	}
	if at == "" { // the package's folder, or a file beside it, which is not unpacked
		if e.Kind == unpacked.File && isPackageJSON(e.Name) {
			return stricttar.Refuse(nil, "%q stands beside the package's folder instead of in it", e.Name)
		}
		return nil
	}
	again, err := i.tree.Add(at, e.Kind) // of two files in one place the later one counts
	if err != nil {
		return stricttar.Refuse(err, "%.200q %s", e.Name, err)
	}
	if e.Kind != unpacked.File {
		return nil
	}
	i.unpacked += e.Size
	if !again {
		i.files++
		i.names = append(i.names, at)
	}
	return i.look(e.Name, at, e.Size, body)
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
	case betterReadme(relative, i.readmeFile) && size <= artifact.MaxMetadataField:
		i.readme, err = readReadme(body)
		i.readmeFile = relative
	}
	return err
}

// packageJSON reads the file that decides. There may be several of one content; of two that differ, or of which some file
// systems see one and others none, clients would not agree which it is.
func (i *inspection) packageJSON(name, relative string, size int64, body io.Reader) error {
	if size > maxPackageJSON {
		return stricttar.Refuse(nil, "its package.json is larger than %d bytes", maxPackageJSON)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if relative != packageJSON || i.text != nil && !bytes.Equal(i.text, text) {
		return stricttar.Refuse(nil, "%.200q is another package.json", name)
	}
	i.text = text
	return nil
}

func (i *inspection) finish() (contents, error) {
	if i.text == nil {
		return contents{}, stricttar.Refuse(nil, "there is no package.json in its first folder")
	}
	all, err := jsonscan.SplitMended(bytes.TrimPrefix(i.text, []byte("\uFEFF")))
	if err != nil {
		return contents{}, stricttar.Refuse(err, "its package.json is not usable JSON: %s", err)
	}
	if err = tooMany(all); err == nil {
		i.manifest, err = normalize(all)
	}
	if err == nil {
		i.executables, err = i.below(i.manifest.Find("directories"))
	}
	if err != nil {
		return contents{}, stricttar.Refuse(err, "its package.json is not usable: %s", err)
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
