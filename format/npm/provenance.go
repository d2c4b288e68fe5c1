package npm

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"entrepot/artifact"
)

// attestation reads a sigstore bundle as far as a registry must: it is JSON with a DSSE envelope around an in-toto
// statement, and the statement is about the bytes that came with it. Whose signature it bears is for the one who
// installs to judge; this server has no roots of trust for it.
func (p provenance) attestation(digests artifact.Digests) (attestation, error) {
	var bundle struct {
		Envelope struct {
			Payload     string `json:"payload"`
			PayloadType string `json:"payloadType"`
		} `json:"dsseEnvelope"`
	}
	all, err := outsideMembers([]byte(p.text))
	if err != nil {
		return attestation{}, fmt.Errorf("it is not JSON: %w", err)
	}
	compact := appendObject(nil, all)
	if err := json.Unmarshal(compact, &bundle); err != nil {
		return attestation{}, fmt.Errorf("it is not a bundle: %w", err)
	}
	if !strings.HasPrefix(bundle.Envelope.PayloadType, "application/vnd.in-toto") {
		return attestation{}, errors.New("it has no in-toto statement")
	}
	payload, err := base64.StdEncoding.DecodeString(bundle.Envelope.Payload)
	if err != nil {
		return attestation{}, errors.New("its payload is not base64")
	}
	var statement struct {
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(payload, &statement); err != nil {
		return attestation{}, fmt.Errorf("its statement is not JSON: %w", err)
	}
	if statement.PredicateType == "" || len(statement.PredicateType) > maxKey {
		return attestation{}, errors.New("its statement has no predicateType")
	}
	want := hex.EncodeToString(digests.SHA512[:])
	for _, subject := range statement.Subject {
		if strings.EqualFold(subject.Digest["sha512"], want) {
			return attestation{PredicateType: statement.PredicateType, Bundle: compact}, nil
		}
	}
	return attestation{}, errors.New("its statement is about other bytes than the tarball")
}
