package npm

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/unicode/norm"

	"entrepot/format/jsonscan"
)

// Bounds on an uploaded archive.
const (
	maxEntries     = 100_000
	maxPaths       = 16 << 20 // bytes of all paths together
	maxPath        = 4 << 10
	maxFolders     = 64  // segments of one path; every folder on the way is remembered, so depth is memory
	maxRatio       = 100 // unpacked bytes a packed byte, once past freeUnpacked
	freeUnpacked   = 64 << 20
	maxUnpacked    = 8 << 30
	maxPackageJSON = 4 << 20
)

// contents is what an uploaded tarball really holds.
type contents struct {
	manifest    jsonscan.Members // package.json
	files       int
	unpacked    int64 // bytes of all files
	shrinkwrap  bool  // npm-shrinkwrap.json at the root
	gyp         bool  // binding.gyp at the root: installing compiles it
	readme      string
	readmeFile  string
	executables map[string]string // files below directories.bin, by name
}

// inspect reads a tarball of size bytes as a stream. Invalid, naming the entry, for anything but one gzip member with
// one tar of plain files and folders below one top folder, with one package.json in it: what readers of archives
// disagree about, or what leaves its folder when unpacked, is refused.
func inspect(r io.ReaderAt, size int64) (contents, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 64<<10)
	zipped, err := gzip.NewReader(in)
	if err != nil {
		return contents{}, badArchive(err, "it is not gzip")
	}
	zipped.Multistream(false)
	limit := &unpackLimit{r: zipped, left: min(maxUnpacked, max(freeUnpacked, size*maxRatio))}
	i := inspection{archive: tar.NewReader(limit), seen: make(map[string]bool)}
	if err := i.entries(); err != nil {
		return contents{}, err
	}
	if err := zeros(limit); err != nil {
		return contents{}, badArchive(err, "after the end of its tar: %s", err)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return contents{}, badArchive(err, "bytes follow the end of its gzip stream")
	}
	return i.finish()
}

func badArchive(cause error, format string, args ...any) error {
	return invalid("The tarball cannot be accepted: %s.", fmt.Sprintf(format, args...)).Causing(cause)
}

// unpackLimit ends an archive that unpacks to too much.
type unpackLimit struct {
	r    io.Reader
	left int64
}

var errBomb = errors.New("it unpacks to too much")

func (l *unpackLimit) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errBomb
	}
	return n, err
}

// zeros reads to the end, which checks the gzip checksum, and accepts only the padding that tar writes.
func zeros(r io.Reader) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return errors.New("more data")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

type inspection struct {
	contents
	archive *tar.Reader
	top     string
	names   []string        // relative to the top folder
	seen    map[string]bool // paths as a file system that ignores case and composition sees them; true for files
	paths   int
	found   bool
}

func (i *inspection) entries() error {
	for n := 0; ; n++ {
		h, err := i.archive.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errBomb):
			return badArchive(err, "%s", errBomb)
		case err != nil:
			return badArchive(err, "entry %d is not readable", n)
		case n == maxEntries:
			return badArchive(nil, "it has more than %d entries", maxEntries)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // git archive writes one; it holds a commit id
		}
		if err := i.entry(h); err != nil {
			return err
		}
	}
}

func (i *inspection) entry(h *tar.Header) error {
	if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
		return badArchive(nil, "%.200q is a link, a device or the like", h.Name)
	}
	if h.Mode&0o6000 != 0 {
		return badArchive(nil, "%.200q would run as somebody else", h.Name)
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") {
			return badArchive(nil, "%.200q is a sparse file", h.Name)
		}
	}
	relative, err := i.place(h)
	if err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		return nil
	}
	if relative == "" {
		return badArchive(nil, "%.200q is a file outside the package folder", h.Name)
	}
	i.files++
	if i.unpacked += h.Size; h.Size < 0 || i.unpacked > maxUnpacked {
		return badArchive(errBomb, "%s", errBomb)
	}
	i.names = append(i.names, relative)
	return i.look(relative, h.Size)
}

// place checks an entry's path and returns it without the top folder; empty for the top folder itself.
func (i *inspection) place(h *tar.Header) (string, error) {
	name := h.Name
	if h.Typeflag == tar.TypeDir {
		name = strings.TrimSuffix(name, "/")
	}
	if i.paths += len(name); i.paths > maxPaths {
		return "", badArchive(nil, "its paths have more than %d bytes together", maxPaths)
	}
	if strings.Count(name, "/") >= maxFolders {
		return "", badArchive(nil, "%.200q… lies more than %d folders deep", name, maxFolders)
	}
	if len(name) > maxPath || !utf8.ValidString(name) || strings.ContainsFunc(name, uncleanInPath) {
		return "", badArchive(nil, "%.200q is no clean path", name)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", badArchive(nil, "%.200q is no clean path", name)
		}
	}
	top, relative, _ := strings.Cut(name, "/")
	if strings.HasSuffix(top, ":") || i.top != "" && top != i.top {
		return "", badArchive(nil, "%.200q is not below the one package folder", name)
	}
	i.top = top
	return relative, i.occupy(name, h.Typeflag == tar.TypeReg)
}

func uncleanInPath(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }

// occupy refuses two entries that would be one file for some client. Folders may come again, files may not, and nothing
// may be below a file.
func (i *inspection) occupy(name string, file bool) error {
	folded := norm.NFC.String(strings.ToLower(strings.ToUpper(name)))
	if isFile, taken := i.seen[folded]; taken && (isFile || file) {
		return badArchive(nil, "%.200q is there twice, or differs from another path in case only", name)
	}
	i.seen[folded] = file
	for at := strings.LastIndexByte(folded, '/'); at > 0; at = strings.LastIndexByte(folded[:at], '/') {
		isFile, known := i.seen[folded[:at]]
		if isFile {
			return badArchive(nil, "%.200q is below a file", name)
		}
		if known {
			break // its parents have been checked
		}
		i.seen[folded[:at]] = false
	}
	return nil
}

// look reads the few files that matter.
func (i *inspection) look(relative string, size int64) error {
	switch {
	case relative == "package.json":
		return i.packageJSON(size)
	case relative == "npm-shrinkwrap.json":
		i.shrinkwrap = true
	case relative == "binding.gyp":
		i.gyp = true
	case isReadme(relative) && (i.readmeFile == "" || strings.EqualFold(relative, "readme.md")):
		return i.takeReadme(relative, size)
	}
	return nil
}

func isReadme(relative string) bool {
	base, _, _ := strings.Cut(strings.ToLower(relative), ".")
	return base == "readme" && !strings.Contains(relative, "/")
}

func (i *inspection) takeReadme(relative string, size int64) error {
	if size > maxField {
		return nil
	}
	text, err := io.ReadAll(i.archive)
	if err != nil {
		return badArchive(err, "%q is not readable", relative)
	}
	if utf8.Valid(text) {
		i.readme, i.readmeFile = string(text), relative
	}
	return nil
}

func (i *inspection) packageJSON(size int64) error {
	if size > maxPackageJSON {
		return badArchive(nil, "its package.json is larger than %d bytes", maxPackageJSON)
	}
	text, err := io.ReadAll(i.archive)
	if err != nil {
		return badArchive(err, "its package.json is not readable")
	}
	i.manifest, err = jsonscan.SplitOutside(bytes.TrimPrefix(text, []byte("\uFEFF")))
	if err != nil {
		return badArchive(err, "its package.json is not usable JSON: %s", err)
	}
	i.found = true
	return nil
}

func (i *inspection) finish() (contents, error) {
	if !i.found {
		return contents{}, badArchive(nil, "there is no package.json in its top folder")
	}
	i.executables = i.below(i.manifest.Find("directories"))
	return i.contents, nil
}

// below lists the files of the folder that directories.bin names, as npm turns them into bin.
func (i *inspection) below(directories []byte) map[string]string {
	all, err := splitObject(directories)
	if err != nil {
		return nil
	}
	folder, ok := all.Text("bin")
	if folder = strings.Trim(path.Clean("/"+folder), "/"); !ok || folder == "" {
		return nil
	}
	found := make(map[string]string)
	slices.Sort(i.names)
	for _, name := range i.names {
		if base := path.Base(name); strings.HasPrefix(name, folder+"/") && base[0] != '.' {
			found[base] = name
		}
	}
	return found
}
