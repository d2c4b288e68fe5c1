package pypi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"entrepot/format"
	"entrepot/format/jsonscan"
	"entrepot/repository"
)

// Bounds on the attestations of a file (PEP 740).
const (
	maxAttestations     = 16
	maxAttestationBytes = 1 << 20
)

// stagedBeside are a signature and attestations on their way.
type stagedBeside []repository.StagedAsset

func (all stagedBeside) discard() {
	for _, one := range all {
		_ = one.Upload.Discard() // nothing to be done about it
	}
}

// stageBeside stages what came with the file, to be kept beside it under its name with an ending. Whatever the error, the
// caller discards what it returns.
func (f *uploadForm) stageBeside(ctx context.Context, s format.Shelf) (staged stagedBeside, err error) {
	provenance, err := f.provenance()
	if err != nil {
		return nil, err
	}
	for _, beside := range []struct {
		ending string
		text   []byte
	}{{signatureEnding, []byte(f.signature)}, {provenanceEnding, provenance}} {
		if len(beside.text) == 0 {
			continue
		}
		upload, err := s.Stage(ctx)
		if err != nil {
			return staged, err
		}
		staged = append(staged, repository.StagedAsset{Name: f.file + beside.ending, Upload: upload})
		if _, err := upload.Write(beside.text); err != nil {
			return staged, err
		}
	}
	return staged, nil
}

// provenance writes the attestations that came with the file as the object that clients read (PEP 740); nil if none came.
// They are of the right bytes; who has signed them, and whether that one may publish, is not looked into: there are no
// trusted publishers here, and the object says so.
func (f *uploadForm) provenance() ([]byte, error) {
	text := f.first(attestationsPart)
	if text == "" {
		return nil, nil
	}
	if len(text) > maxAttestationBytes {
		return nil, tooLarge("The attestations of a file may have at most %d bytes.", maxAttestationBytes)
	}
	scan := jsonscan.New(strings.NewReader(text))
	value, err := scan.Raw(len(text))
	if err == nil {
		err = scan.Finish()
	}
	if err != nil || len(value) == 0 || value[0] != '[' {
		return nil, invalid("The attestations are no list in JSON.").Causing(err)
	}
	sums, _ := f.upload.Sum()
	n := 0
	for one := range jsonscan.Elements(value) {
		if n++; n > maxAttestations {
			return nil, invalid("A file may have at most %d attestations.", maxAttestations)
		}
		if err := checkAttestation(one, f.file, sums.SHA256.String()); err != nil {
			return nil, invalid("Attestation %d cannot be accepted: %v.", n, err)
		}
	}
	if n == 0 {
		return nil, nil
	}
	return fmt.Appendf(nil, `{"version":1,"attestation_bundles":[{"publisher":{"kind":"unverified","claims":null},"attestations":%s}]}`,
		value), nil
}

// checkAttestation refuses an attestation that is none, or is about another file.
func checkAttestation(object []byte, file, sha256 string) error {
	var attestation struct {
		Version  int             `json:"version"`
		Material json.RawMessage `json:"verification_material"`
		Envelope struct {
			Statement string `json:"statement"`
			Signature string `json:"signature"`
		} `json:"envelope"`
	}
	if err := json.Unmarshal(object, &attestation); err != nil {
		return errors.New("it is not in the form of PEP 740")
	}
	if attestation.Version != 1 || len(attestation.Material) == 0 || attestation.Envelope.Signature == "" {
		return errors.New("it is not of version 1 of PEP 740, with verification material and a signature")
	}
	text, err := base64.StdEncoding.DecodeString(attestation.Envelope.Statement)
	if err != nil {
		return errors.New("its statement is not in base64")
	}
	var statement struct {
		Subject []struct {
			Name   string            `json:"name"`
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(text, &statement); err != nil || len(statement.Subject) != 1 {
		return errors.New("its statement is not about one file")
	}
	if subject := statement.Subject[0]; subject.Name != file || subject.Digest["sha256"] != sha256 {
		return fmt.Errorf("it is about %.300q with the SHA-256 %.64q", subject.Name, subject.Digest["sha256"])
	}
	return nil
}
