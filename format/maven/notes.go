package maven

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entrepot/artifact"
)

// notes are what a version's manifest holds: nothing that a client fetches.
type notes struct {
	// Mismatched are the checksums that a publisher sent and that were not those of the asset, by the asset's name: the
	// version is not finished until they are put right (user guide, "Maven checksums").
	Mismatched map[string][]checksum `json:"mismatched,omitempty"`
	// Prefix and PluginName are how the group's metadata calls the plugin that this version is, as its publisher said.
	Prefix     string `json:"prefix,omitempty"`
	PluginName string `json:"pluginName,omitempty"`
}

func readNotes(manifest []byte) (n notes, err error) {
	if len(manifest) == 0 {
		return n, nil
	}
	if err := json.Unmarshal(manifest, &n); err != nil {
		return n, fmt.Errorf("read the notes about a version: %w", err)
	}
	for _, wrong := range n.Mismatched {
		for _, c := range wrong {
			if c == noChecksum || int(c) >= len(checksums) {
				return n, fmt.Errorf("read the notes about a version: there is no checksum %d", c)
			}
		}
	}
	return n, nil
}

// written is nothing if there is nothing to note.
func (n notes) written() ([]byte, error) {
	if len(n.Mismatched) == 0 && n.Prefix == "" {
		return nil, nil
	}
	return json.Marshal(n)
}

// changeNotes changes the notes in a manifest.
func changeNotes(manifest []byte, change func(*notes)) ([]byte, error) {
	n, err := readNotes(manifest)
	if err != nil {
		return nil, err
	}
	change(&n)
	return n.written()
}

// mismatch notes whether a checksum of an asset was wrong.
func (n *notes) mismatch(asset string, c checksum, wrong bool) {
	left := slices.DeleteFunc(slices.Clone(n.Mismatched[asset]), func(other checksum) bool { return other == c })
	if wrong {
		left = append(left, c)
		slices.Sort(left)
	}
	all := maps.Clone(n.Mismatched)
	if all == nil {
		all = map[string][]checksum{}
	}
	all[asset] = left
	maps.DeleteFunc(all, func(_ string, wrong []checksum) bool { return len(wrong) == 0 })
	n.Mismatched = all
}

// mismatched reports whether a checksum of an asset was wrong: it did not arrive as it was sent.
func mismatched(held artifact.Version, asset string) bool {
	n, err := readNotes(held.Manifest)
	return err == nil && len(n.Mismatched[asset]) > 0
}

// afterUpload is the manifest of a version once an asset of it was uploaded: checksums that were wrong of other bytes say
// nothing about these.
func afterUpload(held artifact.Version, asset string, sums artifact.Digests) ([]byte, error) {
	if a, ok := held.Asset(asset); !ok || a.SHA256 == sums.SHA256 {
		return held.Manifest, nil
	}
	return changeNotes(held.Manifest, func(n *notes) { delete(n.Mismatched, asset) })
}

// ready refuses to finish a version of which a checksum was wrong.
func ready(v artifact.Version) error {
	n, err := readNotes(v.Manifest)
	if err != nil || len(n.Mismatched) == 0 {
		return err
	}
	var files []string
	for _, asset := range slices.Sorted(maps.Keys(n.Mismatched)) {
		for _, c := range n.Mismatched[asset] {
			files = append(files, asset+checksums[c].suffix)
		}
	}
	return artifact.Errorf(artifact.Invalid, "Version %s of %s cannot be published: %s did not have the checksum of what was "+
		"uploaded. Publish again, or delete the version and start over.", v.VersionKey.Version, v.Qualified(),
		strings.Join(files, ", ")).About(artifact.VersionResource, v.String())
}
