package kms

import (
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// DomainKey makes the data key of a new domain, wrapped under the encryption key that the caller names by its id, an alias
// or the ARN of either; empty for the one that is kept for the account, which stands for the master key. The caller needs
// kms:DescribeKey and kms:CreateGrant on a key of its own (CodeArtifact user guide, "Create a domain").
//
// r is the transaction that records the domain, so that the key cannot be rotated in between.
//
// Invalid, with the words "KMS key not found" that Terraform waits for, for a key that is not there, and Invalid for one
// that cannot be used.
func (s *Service) DomainKey(r catalog.Reader, c iam.Caller, asked string) (catalog.WrappedKey, error) {
	if asked == "" {
		return catalog.WrappedKey{EncryptionKey: s.managedKey(owner(c)).ARN, DataKey: s.Keyring.NewKey()}, nil
	}
	via := "codeartifact." + s.Region + ".amazonaws.com"
	_, err := s.permitted(r, c, ask{action: "DescribeKey", key: asked, via: via}, byName)
	var k Key
	if err == nil {
		k, err = s.permitted(r, c, ask{action: "CreateGrant", key: asked, via: via}, byName)
	}
	switch {
	case artifact.Is(err, artifact.NotFound), artifact.Is(err, artifact.Invalid):
		return catalog.WrappedKey{}, artifact.Errorf(artifact.Invalid, "KMS key not found: %s names no key of this region.", quoted(asked))
	case err != nil:
		return catalog.WrappedKey{}, err
	case k.Managed:
		return catalog.WrappedKey{EncryptionKey: k.ARN, DataKey: s.Keyring.NewKey()}, nil
	case !k.Usable():
		return catalog.WrappedKey{}, artifact.Errorf(artifact.Invalid, "KMS key %s cannot be used: its state is %s, it must be %s.",
			k.ARN, k.State(), Enabled)
	}
	wrapped, err := s.Keyring.NewKeyUnder(k.EncryptionKey)
	if err != nil {
		return catalog.WrappedKey{}, fmt.Errorf("make a data key under %s: %w", k.ARN, err)
	}
	return catalog.WrappedKey{EncryptionKey: k.ARN, DataKey: wrapped, WrappedUnder: k.ID}, nil
}
