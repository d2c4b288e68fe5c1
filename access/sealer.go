package access

// Sealer keeps secrets that must be had back, such as those of access keys, unreadable at rest.
type Sealer interface {
	// Seal encrypts plain and binds it to about, which names what it belongs to.
	Seal(plain, about []byte) ([]byte, error)
	// Unseal is the inverse. It fails if sealed was changed or about is another: a secret moved to another key is
	// worthless.
	Unseal(sealed, about []byte) ([]byte, error)
	// Derive returns 32 bytes that follow from about: the same wherever the same secrets can be unsealed, and such that
	// nobody else can tell them from random ones.
	Derive(about []byte) [32]byte
}
