package repository

import (
	"errors"

	"entrepot/artifact"
	"entrepot/catalog"
)

// ErrKeyUnusable is beneath every error that KeyUnusable makes.
var ErrKeyUnusable = errors.New("the domain's encryption key cannot be used")

// KeyUnusable says why what a domain holds can neither be read nor added to: Denied, with a sentence that says how the
// domain's encryption key is made usable again; nil if it can be used. key is nil for one that was destroyed.
func KeyUnusable(d catalog.Domain, key *catalog.EncryptionKey) error {
	reason := ""
	switch {
	case key == nil:
		reason = "was deleted. What the domain holds cannot be decrypted any more"
	case !key.DeletesAt.IsZero():
		reason = "is pending deletion. Its packages can be used again when the deletion is cancelled and the key is enabled"
	case !key.Enabled:
		reason = "is disabled. Its packages can be used again when the key is enabled"
	default:
		return nil
	}
	return artifact.Errorf(artifact.Denied, "The encryption key %s of domain '%s' %s.", d.EncryptionKey, d.Name, reason).
		Causing(ErrKeyUnusable)
}

// keyUnusable is KeyUnusable of the key as it is on record.
func keyUnusable(r catalog.Reader, d catalog.Domain) error {
	if d.WrappedUnder == "" {
		return nil
	}
	key, err := optional(r.EncryptionKey(d.WrappedUnder))
	if err != nil {
		return err
	}
	return KeyUnusable(d, key)
}
