package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"entrepot/artifact"
	"entrepot/blob"
)

// DataKey is a domain's key: it wraps the content keys of everything the domain keeps. Formatting one prints a fixed
// mark, and nothing returns its bytes.
type DataKey struct{ aead cipher.AEAD }

// Keyring is the master key at work: it wraps data keys and small secrets. All its methods may be called by several
// goroutines at once. Formatting one prints a fixed mark.
type Keyring struct {
	dataKeys cipher.AEAD
	secrets  cipher.AEAD
	own      cipher.AEAD
	// encryptionKeys seals those of accounts.
	encryptionKeys cipher.AEAD
	derived        []byte
}

const hidden = "(key)"

// String returns a fixed mark.
func (DataKey) String() string { return hidden }

// Format writes a fixed mark for every verb.
func (DataKey) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, hidden) }

// MarshalText writes a fixed mark, so neither JSON nor structured logs carry the key.
func (DataKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// String returns a fixed mark.
func (*Keyring) String() string { return hidden }

// Format writes a fixed mark for every verb.
func (*Keyring) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, hidden) }

// MarshalText writes a fixed mark, so neither JSON nor structured logs carry the key.
func (*Keyring) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// What is wrapped or sealed under the master key begins with this byte, so that a later format can be told apart.
const keyringFormat byte = 1

// maxSecret is the longest secret Seal takes, in bytes. Secrets are credentials; more is a mistake of the caller.
const maxSecret = 64 << 10

// ErrNotOurs says that a wrapped key or a sealed secret was made under another master key or for another purpose, or is
// damaged. Which of them cannot be told.
var ErrNotOurs = errors.New("sealed under another master key or for another purpose, or damaged")

// newKeyring derives what the keyring needs from the master key. Each use has a key of its own (RFC 5869), so that none
// of them can be mistaken for another's output.
func newKeyring(master []byte) *Keyring {
	return &Keyring{
		dataKeys: newRandomGCM(derive(master, "data keys")),
		secrets:  newRandomGCM(derive(master, "secrets")),
		own:      newRandomGCM(derive(master, "own content")),
		derived:  derive(master, "derived secrets"),

		encryptionKeys: newRandomGCM(derive(master, "encryption keys")),
	}
}

// derive returns 32 bytes for one use of the master key.
func derive(master []byte, use string) []byte {
	key, err := hkdf.Key(sha256.New, master, nil, "entrepot master key 1: "+use, keySize)
	if err != nil {
		panic(err) // only a length beyond 255 hashes is refused
	}
	return key
}

// NewDataKey makes a random data key and returns it wrapped, to be kept with the domain's record.
func (k *Keyring) NewDataKey() (wrapped []byte) {
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails, by its documentation
	defer clear(key[:])
	return k.dataKeys.Seal([]byte{keyringFormat}, nil, key[:], nil)
}

// OwnDataKey returns the data key of what the installation keeps for itself and no domain owns, such as metadata of public
// registries. It follows from the master key, so it need not be kept.
func (k *Keyring) OwnDataKey() DataKey { return DataKey{k.own} }

// Unwrap returns the data key that NewDataKey made, or an error that wraps ErrNotOurs.
func (k *Keyring) Unwrap(wrapped []byte) (DataKey, error) {
	key, err := reveal(k.dataKeys, keyringFormat, wrapped, nil)
	if err == nil && len(key) != keySize {
		err = ErrNotOurs
	}
	if err != nil {
		return DataKey{}, fmt.Errorf("unwrap data key: %w", err)
	}
	defer clear(key)
	return DataKey{newRandomGCM(key)}, nil
}

// Seal encrypts a small secret, up to 64 KiB, to be kept in the database. The purpose names what it is and whose, such
// as "access key AKIA…": Unseal with another purpose fails, so that a row cannot be given another row's secret. A
// longer secret is an Invalid error.
func (k *Keyring) Seal(secret []byte, purpose string) ([]byte, error) {
	if len(secret) > maxSecret {
		return nil, artifact.Errorf(artifact.Invalid, "A secret of %d bytes is longer than the %d allowed.",
			len(secret), maxSecret)
	}
	return k.secrets.Seal([]byte{keyringFormat}, nil, secret, []byte(purpose)), nil
}

// Unseal returns the secret that Seal was given with the same purpose, or an error that wraps ErrNotOurs.
func (k *Keyring) Unseal(sealed []byte, purpose string) ([]byte, error) {
	secret, err := reveal(k.secrets, keyringFormat, sealed, []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("unseal secret: %w", err)
	}
	return secret, nil
}

// Derive returns 32 bytes that follow from the master key and about (HMAC-SHA-256, RFC 2104): the same on every call,
// and nothing that anybody without the key could tell.
func (k *Keyring) Derive(about []byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.derived)
	h.Write(about)
	return [sha256.Size]byte(h.Sum(nil))
}

// reveal opens what was sealed in a format, which its first byte tells.
func reveal(aead cipher.AEAD, format byte, sealed, purpose []byte) ([]byte, error) {
	if len(sealed) == 0 || len(sealed) > 1+aead.Overhead()+maxSecret {
		return nil, fmt.Errorf("%d bytes: %w", len(sealed), ErrNotOurs)
	}
	if sealed[0] != format {
		return nil, fmt.Errorf("format %d: %w", sealed[0], ErrNotOurs)
	}
	plain, err := aead.Open(nil, nil, sealed[1:], purpose)
	if err != nil {
		return nil, ErrNotOurs
	}
	return plain, nil
}

// wrapContent returns the trailer of content: the format, and the key wrapped for this digest and size only. Random
// nonces under one data key are safe for 2³² contents of a domain (NIST SP 800-38D, 8.3).
func (k DataKey) wrapContent(key []byte, d artifact.Digest, size int64) []byte {
	trailer := make([]byte, magicSize, trailerSize)
	copy(trailer, magic[:])
	return k.aead.Seal(trailer, nil, key, vouched(d, size))
}

// unwrapContent returns the cipher of content with this trailer, digest and size, or ErrCorrupt.
func (k DataKey) unwrapContent(trailer []byte, d artifact.Digest, size int64) (cipher.AEAD, error) {
	if [magicSize]byte(trailer) != magic {
		return nil, fmt.Errorf("no trailer of a format known here: %w", blob.ErrCorrupt)
	}
	var key [keySize]byte
	if _, err := k.aead.Open(key[:0], nil, trailer[magicSize:], vouched(d, size)); err != nil {
		return nil, fmt.Errorf("content key does not prove right for %d bytes under this digest: %w", size, blob.ErrCorrupt)
	}
	return newGCM(key[:]), nil
}

func newGCM(key []byte) cipher.AEAD {
	aead, err := cipher.NewGCM(newAES(key))
	if err != nil {
		panic(err) // only another block size than that of AES is refused
	}
	return aead
}

// newRandomGCM is newGCM with a random nonce in front of everything it seals.
func newRandomGCM(key []byte) cipher.AEAD {
	aead, err := cipher.NewGCMWithRandomNonce(newAES(key))
	if err != nil {
		panic(err) // only another block size than that of AES is refused
	}
	return aead
}

func newAES(key []byte) cipher.Block {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only another key length than 32 bytes would be refused
	}
	return block
}
