package fakenuget

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"hash/crc32"
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
	ID, Version  string
	Files        map[string][]byte
	Dependencies map[string]string // ranges by id, for every framework
	Unlisted     bool
	Deprecated   string    // the message; empty if it is not
	Published    time.Time // 2024, a day a version, when zero
}

// Pack returns the package; equal ones make equal bytes.
func (p Package) Pack() ([]byte, error) {
	files := maps.Clone(p.Files)
	if files == nil {
		files = map[string][]byte{}
	}
	files["[Content_Types].xml"] = []byte(`<?xml version="1.0" encoding="utf-8"?>` +
		`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="nuspec" ` +
		`ContentType="application/octet" /><Default Extension="txt" ContentType="application/octet" />` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" /></Types>`)
	files["_rels/.rels"] = []byte(`<?xml version="1.0" encoding="utf-8"?>` +
		`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship ` +
		`Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/` + p.ID + `.nuspec" Id="R1" /></Relationships>`)
	files[p.ID+".nuspec"] = p.nuspec()
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		size := uint64(len(files[name]))
		// Stored, with sizes in front, so that what a package holds can be found in its bytes.
		w, err := archive.CreateRaw(&zip.FileHeader{
			Name: name, Method: zip.Store, Modified: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
			CRC32: crc32.ChecksumIEEE(files[name]), CompressedSize64: size, UncompressedSize64: size,
		})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s %s: %w", p.ID, p.Version, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("pack %s %s: %w", p.ID, p.Version, err)
	}
	return packed.Bytes(), nil
}

func (p Package) nuspec() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "\ufeff"+`<?xml version="1.0" encoding="utf-8"?>`+"\n"+
		`<package xmlns="http://schemas.microsoft.com/packaging/2012/06/nuspec.xsd"><metadata><id>%s</id><version>%s</version>`+
		`<authors>nobody</authors><description>%[1]s of the sessions.</description>`, p.ID, p.Version)
	if len(p.Dependencies) > 0 {
		b.WriteString("<dependencies>")
		for _, id := range slices.Sorted(maps.Keys(p.Dependencies)) {
			fmt.Fprintf(&b, `<dependency id="%s" version="%s" />`, id, escaped(p.Dependencies[id]))
		}
		b.WriteString("</dependencies>")
	}
	b.WriteString("</metadata></package>")
	return b.Bytes()
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // into memory: cannot fail
	return b.String()
}

// extras is what registry.json of a version's folder may say; the file is not packed.
type extras struct {
	Dependencies map[string]string `json:"dependencies"`
	Unlisted     bool              `json:"unlisted"`
	Deprecated   string            `json:"deprecated"`
	Published    time.Time         `json:"published"`
}

// Load adds every folder ID/VERSION of the tree, in the order of the walk. A file registry.json in it may say what Package has
// besides id, version and files.
func (r *Registry) Load(tree fs.FS) error {
	return each(tree, r.Add)
}

// Pack returns the packages that Load would put on offer, by the names of their files.
func Pack(tree fs.FS) (map[string][]byte, error) {
	all := map[string][]byte{}
	return all, each(tree, func(p Package) error {
		content, err := p.Pack()
		all[p.ID+"."+p.Version+".nupkg"] = content
		return err
	})
}

func each(tree fs.FS, add func(Package) error) error {
	return fakeregistry.Load(tree, func(folder string) error {
		var more extras
		files, err := fakeregistry.Folder(tree, folder, &more)
		if err != nil {
			return err
		}
		return add(Package{ID: path.Dir(folder), Version: path.Base(folder), Files: files, Dependencies: more.Dependencies,
			Unlisted: more.Unlisted, Deprecated: more.Deprecated, Published: more.Published})
	}, "*/*")
}

// key is how an id stands in addresses.
func key(id string) string { return strings.ToLower(id) }
