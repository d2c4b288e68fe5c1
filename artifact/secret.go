package artifact

import (
	"fmt"
	"io"
)

// Secret is text that must not reach a log, an error or a screen. Formatting it in any way prints a fixed mark;
// Reveal is the only way to the text.
//
// The text is behind a pointer because package fmt cannot call methods of an unexported field: printing a struct with a
// secret deep inside shows an address then, and never the text.
type Secret struct{ text *string }

// NewSecret wraps text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal reports whether two secrets hold the same text. It is for configuration and tests; checking a credential compares
// hashes in constant time instead.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

const hidden = "(secret)"

// String returns a fixed mark.
func (Secret) String() string { return hidden }

// Format writes a fixed mark for every verb: %d or %+v of a struct that holds a secret would otherwise print its field.
func (Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, hidden) }

// MarshalText writes a fixed mark, so neither JSON nor structured logs carry the text.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText reads the text, so configuration can hold secrets.
func (s *Secret) UnmarshalText(p []byte) error {
	*s = NewSecret(string(p))
	return nil
}
