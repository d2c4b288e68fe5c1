package artifact

import (
	"fmt"
	"io"
)

// Secret is text that must not reach a log, an error or a screen. Formatting it in any way prints a fixed mark;
// Reveal is the only way to the text.
type Secret struct{ text string }

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == "" }

const hidden = "(secret)"

// String returns a fixed mark.
func (Secret) String() string { return hidden }

// Format writes a fixed mark for every verb: %d or %+v of a struct that holds a secret would otherwise print its field.
func (Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, hidden) }

// MarshalText writes a fixed mark, so neither JSON nor structured logs carry the text.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText reads the text, so configuration can hold secrets.
func (s *Secret) UnmarshalText(p []byte) error {
	s.text = string(p)
	return nil
}
