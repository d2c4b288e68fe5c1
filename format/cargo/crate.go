package cargo

import (
	"archive/tar"
	"cmp"
	"io"
	"strings"
	"unicode/utf8"

	"entrepot/artifact"
	"entrepot/format/stricttar"
	"entrepot/format/unpacked"
)

// manifestName is what a crate's manifest is called. On some systems a file in another case would be the same.
const manifestName = "Cargo.toml"

// maxReadmes is how many files are looked at that could be the readme.
const maxReadmes = 8

// limits are those of an archive. cargo reads one member of gzip and nothing behind it.
var limits = func() stricttar.Limits {
	l := stricttar.Default
	l.OneMember = true
	return l
}()

// contents is what a crate holds for those who describe it.
type contents struct {
	manifest cargoTOML
	readme   string
}

// inspect reads the archive of size bytes of a crate that is to be published. root is its one folder. Invalid, naming the entry
// and the reason: something lies outside, is a link, could be unpacked in two ways, or there is not one manifest. Other errors are
// those of r.
func inspect(r io.ReaderAt, size int64, root string) (contents, error) {
	archive, err := stricttar.Open(io.NewSectionReader(r, 0, size), size, limits)
	if err != nil {
		return contents{}, err
	}
	if !archive.Gzip {
		return contents{}, stricttar.Refuse(nil, "it is not compressed with gzip")
	}
	i := inspection{root: root}
	if err := archive.Each(i.entry); err != nil {
		return contents{}, err
	}
	return i.finish()
}

// inspection is a crate that is being read.
type inspection struct {
	root     string
	tree     unpacked.Tree
	manifest *string
	readmes  map[string]string // files in the root that could be one, by their names
}

// entry judges an entry of a crate that is to be published.
func (i *inspection) entry(e stricttar.Entry, body io.Reader) error {
	at := strings.TrimSuffix(e.Name, "/")
	below, inside := strings.CutPrefix(at, i.root+"/")
	if e.Kind == unpacked.Link {
		return stricttar.Refuse(nil, "%.200q is a link", e.Name)
	}
	if !utf8.ValidString(e.Name) {
		return stricttar.Refuse(nil, "%.200q is not UTF-8", e.Name)
	}
	if err := unpacked.Path(e.Name); err != nil {
		return stricttar.Refuse(err, "%.200q %s", e.Name, err)
	}
	if !inside && (at != i.root || e.Kind != unpacked.Folder) {
		return stricttar.Refuse(nil, "%.200q lies outside of the folder %s", e.Name, i.root)
	}
	again, err := i.tree.Add(at, e.Kind)
	switch {
	case err != nil:
		return stricttar.Refuse(err, "%.200q %s", e.Name, err)
	case again && e.Kind == unpacked.File:
		return stricttar.Refuse(nil, "%.200q is there twice", e.Name)
	case e.Kind != unpacked.File:
		return nil
	case strings.EqualFold(below, manifestName) && below != manifestName:
		return stricttar.Refuse(nil, "%.200q would be its Cargo.toml on some systems", e.Name)
	case strings.EqualFold(below, ".cargo-ok"):
		return stricttar.Refuse(nil, "%.200q is how cargo marks what it has unpacked", e.Name)
	}
	return i.look(below, e.Size, body)
}

// look reads the few files that matter, by their paths in the crate's folder.
func (i *inspection) look(below string, size int64, body io.Reader) error {
	switch {
	case below == manifestName:
		if size > maxCargoTOML {
			return stricttar.Refuse(nil, "its Cargo.toml is larger than %d bytes", maxCargoTOML)
		}
		text, err := readText(body)
		i.manifest = &text
		return err
	case mayBeReadme(below) && size <= artifact.MaxMetadataField && len(i.readmes) < maxReadmes:
		text, err := readText(body)
		if i.readmes == nil {
			i.readmes = map[string]string{}
		}
		i.readmes[below] = text
		return err
	}
	return nil
}

func readText(r io.Reader) (string, error) {
	text, err := io.ReadAll(r)
	return strings.ToValidUTF8(string(text), "\uFFFD"), err
}

// mayBeReadme reports whether a file in the root could be the readme: of whatever name, packaging puts it there.
func mayBeReadme(below string) bool {
	lower := strings.ToLower(below)
	return !strings.Contains(below, "/") && (strings.HasPrefix(lower, "readme") || strings.HasSuffix(lower, ".md"))
}

func (i *inspection) finish() (c contents, err error) {
	if i.manifest == nil {
		return c, stricttar.Refuse(nil, "there is no Cargo.toml in the folder %s", i.root)
	}
	if c.manifest, err = parseCargoTOML(strings.TrimPrefix(*i.manifest, "\uFEFF")); err != nil {
		return c, stricttar.Refuse(err, "its Cargo.toml is not usable: %.300s", err)
	}
	c.readme = i.readmes[cmp.Or(strings.TrimPrefix(c.manifest.readme, "./"), "README.md")]
	return c, nil
}

// describes follows repository.Traits: a crate is what tells of its version.
func describes(v artifact.Version, asset string) bool { return asset == assetOf(v.VersionKey) }

// describeCrate follows repository.Traits. A crate that cannot be read is served all the same: that is between its publisher and
// those who use it.
func describeCrate(v artifact.VersionKey, _ string, content io.ReaderAt, size int64) (artifact.Details, bool) {
	archive, err := stricttar.Open(io.NewSectionReader(content, 0, size), size, limits)
	if err != nil {
		return artifact.Details{}, false
	}
	var i inspection
	root := v.Name + "-" + v.Version
	err = archive.Scan(func(h *tar.Header, body io.Reader) error {
		folder, below, _ := strings.Cut(h.Name, "/")
		if h.Typeflag != tar.TypeReg || !strings.EqualFold(folder, root) {
			return nil
		}
		return i.look(below, h.Size, body)
	})
	if err != nil {
		return artifact.Details{}, false
	}
	c, err := i.finish()
	return describe(c), err == nil
}

// describe extracts what the API tells about a version.
func describe(c contents) artifact.Details {
	m := c.manifest
	d := artifact.Details{DisplayName: m.name, Summary: artifact.MetadataField(m.description),
		HomePage:   artifact.MetadataField(m.homepage),
		SourceCode: artifact.MetadataField(m.repository), Readme: artifact.MetadataField(c.readme)}
	if d.HomePage == "" {
		d.HomePage = artifact.MetadataField(m.documentation)
	}
	if m.license != "" {
		d.Licenses = []artifact.License{{Name: artifact.MetadataField(m.license)}}
	}
	for _, needed := range m.dependencies {
		one := artifact.Dependency{Package: needed.crate, Type: "regular", Requirement: needed.requirement}
		if needed.kind != "normal" {
			one.Type = needed.kind
		}
		if needed.optional {
			one.Type = "optional"
		}
		d.Dependencies = append(d.Dependencies, one)
	}
	return d
}
