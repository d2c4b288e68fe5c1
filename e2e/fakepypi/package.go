package fakepypi

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Package is one version of a project on offer: a wheel for every Python, and a source distribution if it has one.
type Package struct {
	Name, Version  string
	Files          map[string][]byte // what the wheel installs
	Requires       []string          // Requires-Dist, each as it is written in the metadata
	Extras         []string          // Provides-Extra
	RequiresPython string
	Published      time.Time // 2024, a day a version, when zero
	Yanked         *string   // the reason, which may be empty; nil if it is not yanked
	Provenance     []byte    // of the wheel, or nil
	Sdist          bool      // there is a source distribution too, which flit_core builds
	NoWheel        bool      // there is no wheel
}

// Wheel returns the wheel; equal packages make equal bytes.
func (p Package) Wheel() ([]byte, error) {
	info := p.stem() + ".dist-info/"
	files := maps.Clone(p.Files)
	if files == nil {
		files = map[string][]byte{}
	}
	files[info+"METADATA"] = p.metadata()
	files[info+"WHEEL"] = []byte("Wheel-Version: 1.0\nGenerator: fakepypi\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
	var record bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256(files[name])
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(files[name]))
	}
	fmt.Fprintf(&record, "%sRECORD,,\n", info)
	files[info+"RECORD"] = record.Bytes()

	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		size := uint64(len(files[name]))
		// Stored, with sizes in front as Python's zipfile has them, so that what a package holds can be found in its bytes.
		w, err := archive.CreateRaw(&zip.FileHeader{
			Name: name, Method: zip.Store, Modified: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
			CRC32: crc32.ChecksumIEEE(files[name]), CompressedSize64: size, UncompressedSize64: size,
			ExternalAttrs: 0o100644 << 16, CreatorVersion: 3 << 8,
		})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s %s: %w", p.Name, p.Version, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("pack %s %s: %w", p.Name, p.Version, err)
	}
	return packed.Bytes(), nil
}

// source returns the source distribution.
func (p Package) source() ([]byte, error) {
	files := maps.Clone(p.Files)
	files["PKG-INFO"] = p.metadata()
	files["pyproject.toml"] = fmt.Appendf(nil, "[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n"+
		"[project]\nname = %q\nversion = %q\ndescription = %q\n", p.Name, p.Version, "from source")
	var packed bytes.Buffer
	squeezed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(squeezed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := tar.Header{
			Name: p.stem() + "/" + name, Mode: 0o644, Size: int64(len(files[name])),
			ModTime: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Format: tar.FormatUSTAR,
		}
		err := archive.WriteHeader(&header)
		if err == nil {
			_, err = archive.Write(files[name])
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s %s: %w", p.Name, p.Version, err)
		}
	}
	if err := errors.Join(archive.Close(), squeezed.Close()); err != nil {
		return nil, fmt.Errorf("pack %s %s: %w", p.Name, p.Version, err)
	}
	return packed.Bytes(), nil
}

// stem is how the names of the files begin (binary distribution format, "File name convention").
func (p Package) stem() string { return strings.ReplaceAll(normal(p.Name), "-", "_") + "-" + p.Version }

func (p Package) metadata() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Metadata-Version: 2.1\nName: %s\nVersion: %s\n", p.Name, p.Version)
	if p.RequiresPython != "" {
		fmt.Fprintf(&b, "Requires-Python: %s\n", p.RequiresPython)
	}
	for _, requirement := range p.Requires {
		fmt.Fprintf(&b, "Requires-Dist: %s\n", requirement)
	}
	for _, extra := range p.Extras {
		fmt.Fprintf(&b, "Provides-Extra: %s\n", extra)
	}
	return b.Bytes()
}

var separators = regexp.MustCompile(`[-_.]+`)

// normal is a project's name as it is compared (name normalization, PEP 503).
func normal(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// files are what the index lists of the version, with the time of its publication.
func (p Package) files() ([]file, error) {
	var all []file
	f := file{version: p.Version, requiresPython: p.RequiresPython, yanked: p.Yanked, uploaded: p.Published}
	if !p.NoWheel {
		content, err := p.Wheel()
		if err != nil {
			return nil, err
		}
		wheel := f
		wheel.name, wheel.content, wheel.metadata = p.stem()+"-py3-none-any.whl", content, p.metadata()
		wheel.provenance = p.Provenance
		all = append(all, wheel)
	}
	if p.Sdist || p.NoWheel {
		content, err := p.source()
		if err != nil {
			return nil, err
		}
		f.name, f.content = p.stem()+".tar.gz", content
		all = append(all, f)
	}
	return all, nil
}

// extras is what registry.json of a version's folder may say; the file is not packed.
type extras struct {
	Requires       []string        `json:"requires"`
	Extras         []string        `json:"extras"`
	RequiresPython string          `json:"requires_python"`
	Published      time.Time       `json:"published"`
	Yanked         *string         `json:"yanked"`
	Provenance     json.RawMessage `json:"provenance"`
	Sdist          bool            `json:"sdist"`
	NoWheel        bool            `json:"no_wheel"`
}

// Load adds every folder NAME/VERSION of the tree, in the order of the walk. A file registry.json in it may say what
// Package has besides name, version and files.
func (r *Registry) Load(tree fs.FS) error {
	return fakeregistry.Load(tree, func(folder string) error {
		p, err := read(tree, folder)
		if err != nil {
			return err
		}
		return r.Add(p)
	}, "*/*")
}

// Pack returns the files that Load would put on offer, by name.
func Pack(tree fs.FS) (map[string][]byte, error) {
	r := New(Manners{})
	if err := r.Load(tree); err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, p := range r.projects {
		for _, f := range p.files {
			all[f.name] = f.content
		}
	}
	return all, nil
}

func read(tree fs.FS, folder string) (Package, error) {
	var more extras
	files, err := fakeregistry.Folder(tree, folder, &more)
	return Package{Name: path.Dir(folder), Version: path.Base(folder), Files: files,
		Requires: more.Requires, Extras: more.Extras, RequiresPython: more.RequiresPython, Published: more.Published,
		Yanked: more.Yanked, Provenance: more.Provenance, Sdist: more.Sdist, NoWheel: more.NoWheel}, err
}

var requiresPython = regexp.MustCompile(`(?m)^Requires-Python: *(.+?)\r?$`)

// Offer adds every distribution in a folder, as it is: wheels with their metadata beside them, others by their names alone.
func (r *Registry) Offer(folder fs.FS) error {
	names, err := fs.Glob(folder, "*")
	if err != nil {
		return err
	}
	for _, name := range names {
		project, number, ok := split(name)
		if !ok {
			continue
		}
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		f := file{name: name, version: number, content: content}
		if strings.HasSuffix(name, ".whl") {
			if f.metadata, err = metadataOf(content); err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
		}
		if found := requiresPython.FindSubmatch(f.metadata); found != nil {
			f.requiresPython = string(found[1])
		}
		r.list(project, f)
	}
	return nil
}

// split returns the project and the version that a distribution's name tells: two hyphens part a wheel's, the last one that of
// an archive. Other files are no distributions.
func split(filename string) (project, number string, ok bool) {
	if strings.HasSuffix(filename, ".whl") {
		parts := strings.SplitN(filename, "-", 3)
		return parts[0], parts[1], true
	}
	for _, ending := range []string{".tar.gz", ".tar.bz2", ".tgz", ".zip"} {
		if stem, is := strings.CutSuffix(filename, ending); is {
			last := strings.LastIndexByte(stem, '-')
			return stem[:last], stem[last+1:], true
		}
	}
	return "", "", false
}

func metadataOf(wheel []byte) ([]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(wheel), int64(len(wheel)))
	if err != nil {
		return nil, err
	}
	for _, f := range archive.File {
		if ok, _ := path.Match("*.dist-info/METADATA", f.Name); ok { // the pattern is good
			content, err := f.Open()
			if err != nil {
				return nil, err
			}
			return io.ReadAll(content)
		}
	}
	return nil, errors.New("the wheel has no METADATA")
}
