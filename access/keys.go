package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
)

// The shape of access keys (IAM user guide, "Unique identifiers", and the SDKs' credential files).
const (
	keyIDPrefix    = "AKIA"
	keyIDRandom    = 16 // characters of base 32 after the prefix
	keySecretBytes = 30 // random; 40 characters of base 64
)

// AccessKey is a new access key. The secret is told once.
type AccessKey struct {
	ID     string
	Secret artifact.Secret
}

func newAccessKey() AccessKey {
	return AccessKey{keyIDPrefix + rand.Text()[:keyIDRandom], newKeySecret()}
}

func newKeySecret() artifact.Secret {
	var raw [keySecretBytes]byte
	rand.Read(raw[:])
	return artifact.NewSecret(base64.StdEncoding.EncodeToString(raw[:]))
}

// seal makes the record of a key: active, its secret sealed and bound to its id.
func (g *Guard) seal(k AccessKey, principal string) (catalog.AccessKey, error) {
	sealed, err := g.sealer.Seal([]byte(k.Secret.Reveal()), []byte(k.ID))
	if err != nil {
		return catalog.AccessKey{}, fmt.Errorf("seal access key %s: %w", k.ID, err)
	}
	return catalog.AccessKey{ID: k.ID, Principal: principal, Secret: sealed, Active: true, CreatedAt: g.now()}, nil
}

// keyInUse is an access key with its secret open.
type keyInUse struct {
	principal string
	active    bool
	secret    artifact.Secret // zero: nobody has this key
	session   *sessionInUse   // nil for a key that is no session's
}

// readKey reads a key, of a principal or of a session, and opens its secret. For an id nobody has it opens another secret,
// so that it costs the same, and returns the zero key.
func (g *Guard) readKey(ctx context.Context, id string) (keyInUse, error) {
	record, session := g.unknownKey, (*sessionInUse)(nil)
	err := g.store.Read(ctx, func(r catalog.Reader) error {
		found, of, err := findKey(r, id)
		if err == nil {
			record, session = found, of
		} else if !artifact.Is(err, artifact.NotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		return keyInUse{}, fmt.Errorf("read access key: %w", err)
	}
	secret, err := g.sealer.Unseal(record.Secret, []byte(record.ID))
	if err != nil {
		return keyInUse{}, fmt.Errorf("open access key %s: %w", record.ID, err)
	}
	if record.ID != id || record.Principal == "" {
		return keyInUse{}, nil
	}
	return keyInUse{record.Principal, record.Active, artifact.NewSecret(string(secret)), session}, nil
}

// findKey finds an access key or NotFound.
func findKey(r catalog.Reader, id string) (catalog.AccessKey, *sessionInUse, error) {
	if !ofSession(id) {
		key, err := r.AccessKey(id)
		return key, nil, err
	}
	s, err := r.Session(id)
	if err != nil {
		return catalog.AccessKey{}, nil, err
	}
	key := catalog.AccessKey{ID: s.ID, Principal: s.Principal, Secret: s.Secret, Active: true, CreatedAt: s.IssuedAt}
	return key, &sessionInUse{s.Token, s.ExpiresAt}, nil
}

// NewAccessKey makes an active access key of a principal: its record, to be kept, and its secret, to be told once.
func (g *Guard) NewAccessKey(principal string) (record catalog.AccessKey, secret artifact.Secret, err error) {
	key := newAccessKey()
	record, err = g.seal(key, principal)
	return record, key.Secret, err
}
