package swift

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// signatureFormat is the only one that there is: a detached CMS (SE-0391).
const signatureFormat = "cms-1.0.0"

// Names of what is beside the archive and the manifests.
const (
	metadataFile      = "package-metadata.json"
	metadataSignature = "package-metadata.sig"
)

// archiveFile is the source archive of a version, as its asset is called.
func archiveFile(v artifact.VersionKey) string { return v.Name + "-" + v.Version + archiveEnding }

// signatureFile is the asset with the signature of the archive, as it came.
func signatureFile(v artifact.VersionKey) string { return v.Name + "-" + v.Version + ".sig" }

// record is the manifest of a version, as the rules call it: what is said of a release beside its files.
type record struct {
	ID       string          `json:"id"` // of the package, as its publisher wrote it
	Metadata json.RawMessage `json:"metadata"`
	From     *promised       `json:"from,omitempty"` // nil for what was published here
}

// promised are the SHA-256 that a registry tells of a release, of its archive and its manifest, in lower-case hex.
type promised struct {
	Archive  string `json:"archive"`
	Manifest string `json:"manifest"`
}

// encode writes the record.
func (r record) encode() []byte {
	text, _ := encodeJSON(r) // the metadata was scanned, or is none
	return text
}

// encodeJSON writes a value and leaves the characters in its texts as they are.
func encodeJSON(v any) ([]byte, error) {
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetEscapeHTML(false)
	err := to.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// recordOf reads what encode has written.
func recordOf(v artifact.Version) (r record, m metadata, err error) {
	if err = json.Unmarshal(v.Manifest, &r); err == nil {
		m.Members, err = jsonscan.SplitOutside(r.Metadata)
	}
	if err != nil {
		err = fmt.Errorf("manifest of %s: %w", v.VersionKey, err)
	}
	return r, m, err
}

// signed are the facts of an archive: its signature, as clients are told it.
type signed struct {
	Format string `json:"signatureFormat,omitempty"`
	Base64 string `json:"signatureBase64Encoded,omitempty"`
}

// signedBy are the facts of an archive with a signature; of one without, it is empty.
func signedBy(signature []byte) signed {
	if len(signature) == 0 {
		return signed{}
	}
	return signed{signatureFormat, base64.StdEncoding.EncodeToString(signature)}
}

// encode writes the facts.
func (s signed) encode() []byte {
	text, _ := json.Marshal(s) // texts always can be written
	return text
}

// signedOf reads the facts of an archive.
func signedOf(facts []byte) (s signed, err error) {
	if err := json.Unmarshal(facts, &s); err != nil {
		return s, fmt.Errorf("facts of a source archive: %w", err)
	}
	return s, nil
}
