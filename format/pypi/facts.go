package pypi

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"entrepot/artifact"
	"entrepot/upstream"
)

// fileFacts are what an index says about a file besides its name and size: the Facts of an asset.
type fileFacts struct {
	// URL is where the registry has the file, absolute or relative to the registry's page about the project; empty for one
	// that was published here.
	URL string `json:"url,omitempty"`
	// Hashes are those that the registry promises, in hex by algorithm: only such as can be checked. None for a file that
	// was published here: its digests are known.
	Hashes         map[string]string `json:"hashes,omitempty"`
	RequiresPython string            `json:"requires-python,omitempty"`
	// Yanked is why the file was yanked (PEP 592), maybe empty; nil if it was not.
	Yanked *string `json:"yanked,omitempty"`
	// CoreMetadata are the hashes of the file's metadata by algorithm (PEP 658), maybe none; nil if it is not offered.
	CoreMetadata map[string]string `json:"core-metadata,omitzero"`
	// Signature says whether there is a signature beside the file (PEP 503); nil if the registry does not say.
	Signature *bool `json:"gpg-sig,omitempty"`
	// Provenance is where the registry has attestations about the file (PEP 740); empty if it has none.
	Provenance string `json:"provenance,omitempty"`
	// UploadTime is the registry's own (PEP 700).
	UploadTime time.Time `json:"upload-time,omitzero"`
}

// hashLengths are the algorithms that can be checked, with the length of their hashes in hex.
var hashLengths = map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}

func factsOf(a artifact.Asset) (fileFacts, error) {
	var f fileFacts
	if len(a.Facts) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(a.Facts, &f); err != nil {
		return f, fmt.Errorf("facts of %s are not in their form: %w", a.Name, err)
	}
	return f, nil
}

// encode writes the facts as they are kept: equal facts in equal bytes.
func (f fileFacts) encode() []byte {
	p, _ := json.Marshal(f) // texts and times always can be written
	return p
}

// wanted is what the registry promises of the file's bytes, and false if it is nothing that could be checked.
func (f fileFacts) wanted() (w upstream.Want, ok bool) {
	digest := func(algorithm string) []byte {
		sum, err := hex.DecodeString(f.Hashes[algorithm])
		if err != nil || len(sum) == 0 {
			return nil
		}
		ok = true
		return sum
	}
	w = upstream.Want{MD5: digest("md5"), SHA1: digest("sha1"), SHA256: digest("sha256"), SHA512: digest("sha512")}
	return w, ok
}

// projectFacts are what a registry says about a project as a whole: the Manifest of a listing.
type projectFacts struct {
	// Status is one of PEP 792 with the reason for it; empty where the registry does not say.
	Status       string `json:"status,omitempty"`
	StatusReason string `json:"reason,omitempty"`
	// Tracks and AlternateLocations are those of PEP 708.
	Tracks             []string `json:"tracks,omitempty"`
	AlternateLocations []string `json:"alternate-locations,omitempty"`
}

func (f projectFacts) encode() []byte {
	p, _ := json.Marshal(f) // texts always can be written
	return p
}
