package sealed

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
)

// EncryptionKey wraps data keys in the master key's stead, and is itself sealed under the master key: what it wraps is
// lost with it. Formatting one prints a fixed mark, and nothing returns its bytes.
type EncryptionKey struct{ aead cipher.AEAD }

// String returns a fixed mark.
func (EncryptionKey) String() string { return hidden }

// Format writes a fixed mark for every verb.
func (EncryptionKey) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, hidden) }

// MarshalText writes a fixed mark, so neither JSON nor structured logs carry the key.
func (EncryptionKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// What is wrapped under an encryption key begins with this byte; the master key's output begins with another.
const encryptionKeyFormat = 2

// NewEncryptionKey makes an encryption key at random and returns it sealed, bound to the id under which it is kept.
func (k *Keyring) NewEncryptionKey(id string) (material []byte) {
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails, by its documentation
	defer clear(key[:])
	return k.encryptionKeys.Seal([]byte{keyringFormat}, nil, key[:], []byte(id))
}

// OpenEncryptionKey returns the key that NewEncryptionKey made for the id, or an error that wraps ErrNotOurs.
func (k *Keyring) OpenEncryptionKey(id string, material []byte) (EncryptionKey, error) {
	key, err := reveal(k.encryptionKeys, keyringFormat, material, []byte(id))
	if err == nil && len(key) != keySize {
		err = ErrNotOurs
	}
	if err != nil {
		return EncryptionKey{}, fmt.Errorf("open encryption key %s: %w", id, err)
	}
	defer clear(key)
	return EncryptionKey{newRandomGCM(key)}, nil
}

// NewDataKey makes a random data key and returns it wrapped, to be kept with the domain's record.
func (k EncryptionKey) NewDataKey() (wrapped []byte) {
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails, by its documentation
	defer clear(key[:])
	return k.wrap(key[:])
}

func (k EncryptionKey) wrap(key []byte) []byte {
	return k.aead.Seal([]byte{encryptionKeyFormat}, nil, key, nil)
}

// Unwrap returns the data key that NewDataKey made, or an error that wraps ErrNotOurs.
func (k EncryptionKey) Unwrap(wrapped []byte) (DataKey, error) {
	key, err := k.unwrap(wrapped)
	if err != nil {
		return DataKey{}, err
	}
	defer clear(key)
	return DataKey{newRandomGCM(key)}, nil
}

// Rewrap returns a data key that is wrapped under k wrapped under another encryption key, or an error that wraps
// ErrNotOurs.
func (k EncryptionKey) Rewrap(wrapped []byte, under EncryptionKey) ([]byte, error) {
	key, err := k.unwrap(wrapped)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return under.wrap(key), nil
}

func (k EncryptionKey) unwrap(wrapped []byte) ([]byte, error) {
	key, err := reveal(k.aead, encryptionKeyFormat, wrapped, nil)
	if err == nil && len(key) != keySize {
		err = ErrNotOurs
	}
	if err != nil {
		return nil, fmt.Errorf("unwrap data key: %w", err)
	}
	return key, nil
}
