package npm

import (
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// attestation checks the bundle that came with a tarball: it is JSON with an in-toto statement, and the statement is
// about these bytes.
func (p provenance) attestation(digests artifact.Digests) (attestation, error) {
	all, err := jsonscan.SplitOutside([]byte(p.text))
	if err != nil {
		return attestation{}, fmt.Errorf("it is not JSON: %w", err)
	}
	compact := all.Append(nil)
	said, found, err := statementOf(compact)
	switch {
	case err != nil:
		return attestation{}, err
	case !found:
		return attestation{}, errors.New("it has no in-toto statement")
	case said.predicateType == "":
		return attestation{}, errors.New("its statement has no predicateType")
	case !said.ofBytes(digests):
		return attestation{}, errors.New("its statement is about other bytes than the tarball")
	}
	return attestation{PredicateType: said.predicateType, Bundle: compact}, nil
}
