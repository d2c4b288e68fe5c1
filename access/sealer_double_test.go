package access

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

type gcm struct {
	aead cipher.AEAD
	key  []byte
}

// NewSealer returns a Sealer that uses AES-256-GCM with a random nonce under key, which must have 32 bytes. Up to 2³²
// secrets may be sealed under one key.
func NewSealer(key []byte) (Sealer, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("a sealing key has 32 bytes, this one has %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make sealer: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make sealer: %w", err)
	}
	return gcm{aead, key}, nil
}

func (s gcm) Seal(plain, about []byte) ([]byte, error) {
	return s.aead.Seal(nil, nil, plain, about), nil
}

func (s gcm) Unseal(sealed, about []byte) ([]byte, error) {
	plain, err := s.aead.Open(nil, nil, sealed, about)
	if err != nil {
		return nil, fmt.Errorf("unseal: %w", err)
	}
	return plain, nil
}

func (s gcm) Derive(about []byte) [32]byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(about)
	return [32]byte(h.Sum(nil))
}
