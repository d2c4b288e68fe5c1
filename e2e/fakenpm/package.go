package fakenpm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Package is one version of a package on offer.
type Package struct {
	Name, Version string            // of package.json, when empty
	Files         map[string][]byte // what the tarball holds below package/; package.json is made when missing
	Published     time.Time         // 2024, a day a version, when zero
	Tags          map[string]string // dist-tags to set; latest becomes this version when not among them
	Deprecated    string
	Attestations  []byte // the document of the attestations endpoint, or nil
	Verbatim      bool   // the tarball is not compressed: what the files hold can be found in its bytes
}

// Pack returns the tarball; equal packages make equal bytes. The error is of a package.json that does not fit.
func (p Package) Pack() ([]byte, error) {
	v, err := p.pack()
	return v.tarball, err
}

// file is the last part of the tarball's URL.
func (p Package) file() string { return path.Base(p.Name) + "-" + p.Version + ".tgz" }

func (p Package) size() int {
	total := 0
	for _, content := range p.Files {
		total += len(content)
	}
	return total
}

func (p Package) pack() (version, error) {
	p.Files = maps.Clone(p.Files)
	if p.Files == nil {
		p.Files = map[string][]byte{}
	}
	if p.Files["package.json"] == nil {
		p.Files["package.json"] = fmt.Appendf(nil, `{"name":%q,"version":%q}`, p.Name, p.Version)
	}
	v := version{Package: p}
	if err := json.Unmarshal(p.Files["package.json"], &v.manifest); err != nil {
		return version{}, fmt.Errorf("read package.json of %s %s: %w", p.Name, p.Version, err)
	}
	if p.Name == "" || p.Version == "" || v.manifest["name"] != p.Name || v.manifest["version"] != p.Version {
		return version{}, fmt.Errorf("package.json says %v %v, wanted %s %s",
			v.manifest["name"], v.manifest["version"], p.Name, p.Version)
	}
	var packed bytes.Buffer
	level := gzip.DefaultCompression
	if p.Verbatim {
		level = gzip.NoCompression
	}
	squeezed, err := gzip.NewWriterLevel(&packed, level)
	if err != nil {
		return version{}, err
	}
	archive := tar.NewWriter(squeezed)
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		mode := int64(0o644)
		if strings.HasPrefix(string(p.Files[name]), "#!") {
			mode = 0o755
		}
		header := tar.Header{
			Name: "package/" + name, Mode: mode, Size: int64(len(p.Files[name])),
			ModTime: time.Unix(499162500, 0), Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(&header); err != nil {
			return version{}, fmt.Errorf("pack %s %s: %w", p.Name, p.Version, err)
		}
		if _, err := archive.Write(p.Files[name]); err != nil {
			return version{}, fmt.Errorf("pack %s %s: %w", p.Name, p.Version, err)
		}
	}
	if err := errors.Join(archive.Close(), squeezed.Close()); err != nil {
		return version{}, fmt.Errorf("pack %s %s: %w", p.Name, p.Version, err)
	}
	v.tarball = packed.Bytes()
	return v, nil
}

func shasum(b []byte) string {
	sum := sha1.Sum(b)
	return hex.EncodeToString(sum[:])
}

// extras is what registry.json of a version's folder may say; the file is not packed.
type extras struct {
	Published    time.Time         `json:"published"`
	Tags         map[string]string `json:"tags"`
	Deprecated   string            `json:"deprecated"`
	Attestations json.RawMessage   `json:"attestations"`
}

// Load adds every folder NAME/VERSION or @SCOPE/NAME/VERSION of the tree that holds a package.json, in the order of the
// walk, so that a package's last folder becomes its latest. A file registry.json beside it may set published, tags,
// deprecated and attestations.
func (r *Registry) Load(tree fs.FS) error {
	return fakeregistry.Load(tree, func(manifest string) error {
		p, err := read(tree, path.Dir(manifest))
		if err != nil {
			return err
		}
		return r.Add(p)
	}, "*/*/package.json", "@*/*/*/package.json")
}

func read(tree fs.FS, folder string) (Package, error) {
	var more extras
	files, err := fakeregistry.Folder(tree, folder, &more)
	return Package{Name: path.Dir(folder), Version: path.Base(folder), Files: files, Published: more.Published,
		Tags: more.Tags, Deprecated: more.Deprecated, Attestations: more.Attestations}, err
}
