package fakecargo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Package is a version of a crate on offer.
type Package struct {
	Name, Version string
	Files         map[string][]byte // besides Cargo.toml, which is made unless it is among them
	Needs         map[string]string // requirements by the names of crates
	Yanked        bool
}

// Pack returns the crate; equal packages make equal bytes.
func (p Package) Pack() ([]byte, error) {
	files := map[string][]byte{"Cargo.toml": p.manifest(), "src/lib.rs": nil}
	maps.Copy(files, p.Files)
	var packed bytes.Buffer
	squeezed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(squeezed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := tar.Header{
			Name: p.Name + "-" + p.Version + "/" + name, Mode: 0o644, Size: int64(len(files[name])),
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

func (p Package) manifest() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "[package]\nname = %q\nversion = %q\nedition = \"2021\"\n\n[dependencies]\n", p.Name, p.Version)
	for _, name := range slices.Sorted(maps.Keys(p.Needs)) {
		fmt.Fprintf(&b, "%s = %q\n", name, p.Needs[name])
	}
	return b.Bytes()
}

// line is the version's line of the index.
func (p Package) line(crate []byte) ([]byte, error) {
	type needed struct {
		Name            string   `json:"name"`
		Requirement     string   `json:"req"`
		Features        []string `json:"features"`
		Optional        bool     `json:"optional"`
		DefaultFeatures bool     `json:"default_features"`
		Target          *string  `json:"target"`
		Kind            string   `json:"kind"`
	}
	all := []needed{}
	for _, name := range slices.Sorted(maps.Keys(p.Needs)) {
		all = append(all, needed{Name: name, Requirement: p.Needs[name], Features: []string{}, DefaultFeatures: true, Kind: "normal"})
	}
	sum := sha256.Sum256(crate)
	return json.Marshal(map[string]any{"name": p.Name, "vers": p.Version, "deps": all, "cksum": hex.EncodeToString(sum[:]),
		"features": map[string][]string{}, "yanked": p.Yanked, "links": nil})
}

// extras is what registry.json of a version's folder may say; the file is not packed.
type extras struct {
	Needs  map[string]string `json:"needs"`
	Yanked bool              `json:"yanked"`
}

// Load adds every folder NAME/VERSION of the tree, in the order of the walk. A file registry.json in it may say what
// Package has besides name, version and files.
func (r *Registry) Load(tree fs.FS) error {
	return fakeregistry.Load(tree, func(folder string) error {
		var more extras
		files, err := fakeregistry.Folder(tree, folder, &more)
		if err != nil {
			return err
		}
		return r.Add(Package{Name: path.Dir(folder), Version: path.Base(folder), Files: files, Needs: more.Needs, Yanked: more.Yanked})
	}, "*/*")
}
