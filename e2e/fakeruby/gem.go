package fakeruby

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"entrepot/e2e/fakeregistry"
)

// Gem is one gem on offer.
type Gem struct {
	Name, Version string
	Platform      string            // ruby when empty
	Files         map[string][]byte // what it unpacks to
	Dependencies  []string          // such as "deep ~> 2.0", of those that it needs to run
}

// Slug is the gem among those of its name.
func (g Gem) Slug() string {
	if g.Platform == "" {
		return g.Version
	}
	return g.Version + "-" + g.Platform
}

// FullName is what the gem's file is called, but for its ending.
func (g Gem) FullName() string { return g.Name + "-" + g.Slug() }

// published is when everything on offer was.
var published = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// file is an entry of a tarball.
type file struct {
	name    string
	content []byte
}

// Pack returns the gem's bytes; equal gems make equal bytes.
func (g Gem) Pack() ([]byte, error) {
	var inside []file
	for _, name := range slices.Sorted(maps.Keys(g.Files)) {
		inside = append(inside, file{name, g.Files[name]})
	}
	data, err := tarOf(inside)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", g.FullName(), err)
	}
	metadata, data := zip(g.metadata()), zip(data)
	sums := fmt.Appendf(nil, "---\nSHA256:\n  metadata.gz: %s\n  data.tar.gz: %s\n", sum(metadata), sum(data))
	packed, err := tarOf([]file{{"metadata.gz", metadata}, {"data.tar.gz", data}, {"checksums.yaml.gz", zip(sums)}})
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", g.FullName(), err)
	}
	return packed, nil
}

func sum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func tarOf(files []file) ([]byte, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.content)), Mode: 0o444, ModTime: published}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func zip(content []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(content) // a buffer takes everything
	_ = w.Close()
	return packed.Bytes()
}

// metadata is the specification, as gem build writes one.
func (g Gem) metadata() []byte {
	var b bytes.Buffer
	platform := g.Platform
	if platform == "" {
		platform = "ruby"
	}
	fmt.Fprintf(&b, "--- !ruby/object:Gem::Specification\nname: %s\nversion: !ruby/object:Gem::Version\n  version: '%s'\n"+
		"platform: %s\nauthors:\n- Somebody\nbindir: bin\ncert_chain: []\ndate: 2024-01-01 00:00:00.000000000 Z\n", g.Name, g.Version, platform)
	b.WriteString("dependencies:" + orEmpty(len(g.Dependencies)))
	for _, dependency := range g.Dependencies {
		name, needs, _ := strings.Cut(dependency, " ")
		op, version, _ := strings.Cut(needs, " ")
		requirement := fmt.Sprintf("!ruby/object:Gem::Requirement\n    requirements:\n    - - '%s'\n      - !ruby/object:Gem::Version\n"+
			"        version: '%s'\n", op, version)
		fmt.Fprintf(&b, "- !ruby/object:Gem::Dependency\n  name: %s\n  requirement: %s  type: :runtime\n  prerelease: false\n"+
			"  version_requirements: %s", name, requirement, requirement)
	}
	b.WriteString("email:\n- somebody@example.test\nexecutables: []\nextensions: []\nextra_rdoc_files: []\nfiles:" + orEmpty(len(g.Files)))
	for _, name := range slices.Sorted(maps.Keys(g.Files)) {
		b.WriteString("- " + name + "\n")
	}
	b.WriteString("homepage: https://example.test\nlicenses:\n- MIT\nmetadata: {}\nrdoc_options: []\nrequire_paths:\n- lib\n")
	for _, what := range []string{"required_ruby_version", "required_rubygems_version"} {
		b.WriteString(what + ": !ruby/object:Gem::Requirement\n  requirements:\n  - - '>='\n    - !ruby/object:Gem::Version\n      version: '0'\n")
	}
	b.WriteString("requirements: []\nrubygems_version: 3.3.15\nspecification_version: 4\nsummary: A test of its own\ntest_files: []\n")
	return b.Bytes()
}

// orEmpty ends the line of a key whose sequence may have no entries.
func orEmpty(n int) string {
	if n == 0 {
		return " []\n"
	}
	return "\n"
}

// Line is that of the gem, whose bytes it has, in the info file of its name.
func (g Gem) Line(content []byte) string {
	var needs []string
	for _, dependency := range g.Dependencies {
		needs = append(needs, strings.Replace(dependency, " ", ":", 1))
	}
	return g.Slug() + " " + strings.Join(needs, ",") + "|checksum:" + sum(content) + ",created_at:" + published.Format(time.RFC3339) + "\n"
}

// extras is what registry.json of a gem's folder may say; the file is not packed.
type extras struct {
	Dependencies []string `json:"dependencies"`
}

// Load adds every folder NAME/VERSION of the tree, in the order of the walk. A file registry.json in it may set dependencies.
// A gem for a platform lies in a folder VERSION-PLATFORM.
func (r *Registry) Load(tree fs.FS) error {
	return fakeregistry.Load(tree, func(folder string) error {
		var more extras
		files, err := fakeregistry.Folder(tree, folder, &more)
		if err != nil {
			return err
		}
		version, platform, _ := strings.Cut(path.Base(folder), "-")
		return r.Add(Gem{Name: path.Dir(folder), Version: version, Platform: platform, Files: files, Dependencies: more.Dependencies})
	}, "*/*")
}
