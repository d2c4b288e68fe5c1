package catalog

import (
	"time"

	"entrepot/artifact"
)

// EncryptionKey is a key of an account under which data keys of domains are wrapped.
type EncryptionKey struct {
	ID          string // unguessable, never reused
	Account     artifact.AccountID
	Description string
	Policy      string // who may use and change it
	Material    []byte // the key itself, sealed
	Enabled     bool
	CreatedAt   time.Time
	// DeletesAt is when it is to be destroyed, Waiting the days that it waits for that; both are zero unless its deletion
	// is scheduled.
	DeletesAt time.Time
	Waiting   int
	// RotatesAt is when it gets new material, Rotation the days between two times; both are zero unless it is rotated.
	RotatesAt time.Time
	Rotation  int
	Tags      map[string]string
}

// Usable reports whether what is wrapped under the key may be opened: it is enabled and not about to be destroyed.
func (k EncryptionKey) Usable() bool { return k.Enabled && k.DeletesAt.IsZero() }

// WrappedKey is a data key for a new domain, as its record will have it.
type WrappedKey struct {
	EncryptionKey string // ARN
	DataKey       []byte // wrapped
	WrappedUnder  string // the EncryptionKey, empty for the master key
}

// KeyAlias is another name of an encryption key, unique in its account.
type KeyAlias struct {
	Account   artifact.AccountID
	Name      string // alias/…
	Key       string // of the same account
	CreatedAt time.Time
	UpdatedAt time.Time
}

// EncryptionKeyReader finds encryption keys and their aliases.
type EncryptionKeyReader interface {
	EncryptionKey(id string) (EncryptionKey, error)
	// EncryptionKeys lists the keys of an account, ordered by ID.
	EncryptionKeys(account artifact.AccountID, page Page) (Listing[EncryptionKey], error)
	// EncryptionKeysDue returns up to limit (clamped as in Page) keys, ordered by ID, that are to be destroyed or to get new
	// material by t. One whose deletion is scheduled gets none.
	EncryptionKeysDue(t time.Time, limit int) ([]EncryptionKey, error)
	// DomainsUnder lists the domains whose data keys are wrapped under a key, ordered by ID.
	DomainsUnder(key string) ([]Domain, error)
	KeyAlias(account artifact.AccountID, name string) (KeyAlias, error)
	// KeyAliases lists the aliases of an account; those of one key unless key is empty.
	KeyAliases(account artifact.AccountID, key string, page Page) (Listing[KeyAlias], error)
}

// EncryptionKeyWriter changes encryption keys. Touches EncryptionKeyTopic of the one concerned; aliases touch nothing, and
// wrapping a domain's data key anew touches DomainTopic.
type EncryptionKeyWriter interface {
	// CreateEncryptionKey stores k; Conflict if its ID is taken.
	CreateEncryptionKey(k EncryptionKey) error
	// UpdateEncryptionKey replaces the record of k but for its account and the time of its creation.
	UpdateEncryptionKey(k EncryptionKey) error
	// DeleteEncryptionKey removes a key with its aliases. Its material is written over first.
	DeleteEncryptionKey(id string) error
	// RewrapDomain replaces the wrapped data key of a domain.
	RewrapDomain(id DomainID, dataKey []byte) error
	// CreateKeyAlias stores a; Conflict if its account has one of this name, NotFound if its account has no such key.
	CreateKeyAlias(a KeyAlias) error
	// UpdateKeyAlias gives an alias another key of its account at the time of its UpdatedAt.
	UpdateKeyAlias(a KeyAlias) error
	DeleteKeyAlias(account artifact.AccountID, name string) error
}
