package pypi

import (
	"bytes"
	"encoding/json"
	"io"

	"entrepot/artifact"
	"entrepot/format/keptpage"
)

// pages is how the pages of registries about a project are kept: of each version the lines of its files in JSON.
//
// There are no details: a page has none. They come with the first distribution that is fetched.
var pages = keptpage.Form{
	Name:   "pypi 1",
	Accept: acceptPages,
	Room:   32 << 20,
	Regenerate: func(dst io.Writer, src io.Reader, p artifact.PackageKey) (keptpage.LeftOut, error) {
		return regenerate(dst, src, p.Name)
	},
	Read: readKept,
}

// acceptPages asks for JSON, which alone has sizes and times; registries of before PEP 691 have HTML only.
const acceptPages = jsonType + ", " + htmlType + ";q=0.2, " + legacyType + ";q=0.1"

// Bounds on a registry's page. The largest seen in practice, of projects with a build for each night and platform, have
// some tens of thousands of files and 20 MB.
const (
	maxPage    = 512 << 20 // bytes; the fetching room has a smaller, configurable bound
	maxFiles   = 200_000   // of a project
	maxHeld    = 128 << 20 // bytes of all that is taken from a page, which is held whole
	maxText    = 8 << 10   // bytes of a URL, a reason, a requirement; a longer one is left out
	maxListed  = 1000      // addresses of PEP 708
	maxPerFile = 64 << 10  // bytes of what a page says about one file; a file with more is left out
)

// keptFile is a line: a file of a version.
type keptFile struct {
	Name  string          `json:"name"`
	Size  int64           `json:"size"` // bytes; 0 if the registry does not say
	Facts json.RawMessage `json:"facts"`
}

// write writes the versions in their order.
func (r *releases) write(dst io.Writer) error {
	out := keptpage.NewWriter(dst)
	index := make([]keptpage.Place, 0, len(r.versions))
	for _, one := range r.versions {
		where, err := out.Add(one.version, one.lines)
		if err != nil {
			return err
		}
		where.Time = one.first
		index = append(index, where)
	}
	return out.Finish(keptpage.Head{Manifest: r.project.encode(), Index: index})
}

// readKept takes a version from the lines of its files. A yank hides nothing: it is a fact about a file, which clients are
// shown (PEP 592).
func readKept(kept []byte) ([]byte, []artifact.Asset, error) {
	files, err := readFiles(kept)
	return externalManifest, files, err
}

// externalManifest is that of a version from outside: all that its registry says is said about its files.
var externalManifest = []byte("{}")

// readFiles reads the lines of one version.
func readFiles(lines []byte) ([]artifact.Asset, error) {
	var files []artifact.Asset
	for line := range bytes.Lines(lines) {
		var kept keptFile
		if err := json.Unmarshal(line, &kept); err != nil {
			return nil, err
		}
		a := artifact.Asset{Name: kept.Name, Size: kept.Size, Facts: kept.Facts}
		if a.Size == 0 {
			a.Size = -1
		}
		facts, err := factsOf(a)
		if err != nil {
			return nil, err
		}
		a.Digests = facts.digests()
		files = append(files, a)
	}
	return files, nil
}
