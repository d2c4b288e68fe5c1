package maven

import (
	"encoding/json"
	"io"
	"time"

	"entrepot/artifact"
	"entrepot/format/keptpage"
)

// documents are how what registries list of packages is kept: of a version nothing but that it is there.
var documents = keptpage.Form{
	Name:       "maven-metadata 1",
	Path:       func(p artifact.PackageKey) (string, error) { return pathOf(p) + "/" + metadataFile, nil },
	Room:       32 << 20,
	Regenerate: regenerate,
	Read:       func([]byte) ([]byte, []artifact.Asset, error) { return nil, nil, nil },
}

// said is what a registry's document says of a package as a whole, and of the group that has the same path.
type said struct {
	Updated time.Time `json:"updated,omitzero"` // to the second
	Plugins []plugin  `json:"plugins,omitempty"`
}

// regenerate keeps what a registry's document says. Its coordinates do not count: in some registries it has none. Snapshots
// are left out without a word, because no connection brings them (user guide, "Use Maven snapshots").
func regenerate(dst io.Writer, src io.Reader, _ artifact.PackageKey) (left keptpage.LeftOut, err error) {
	m, err := readMetadata(src)
	if err != nil {
		return left, err
	}
	out, head, seen := keptpage.NewWriter(dst), keptpage.Head{}, map[string]bool{}
	for _, v := range m.versions {
		switch {
		case seen[v] || isSnapshot(v) || isBuild(v):
			continue
		case !artifact.ValidCoordinate(v):
			left.Note("%.255q is no version", v)
			continue
		}
		seen[v] = true
		where, err := out.Add(v, nil)
		if err != nil {
			return left, err
		}
		head.Index = append(head.Index, where)
	}
	about := said{Plugins: mergePlugins(m.plugins)}
	if at, err := time.Parse(stampLayout, m.updated); err == nil {
		about.Updated = at
	}
	if head.Manifest, err = json.Marshal(about); err != nil {
		return left, err
	}
	return left, out.Finish(head)
}
