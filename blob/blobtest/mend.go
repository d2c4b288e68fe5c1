package blobtest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"testing"

	"entrepot/artifact"
	"entrepot/blob"
)

// Damage is something that befalls content below a store, which is not told.
type Damage struct {
	Name string
	Do   func(d artifact.Digest) error
}

// RunMending checks that a store never hands out other bytes than were committed, and that committing them again makes
// good whatever has befallen those kept. newStore is as for Run; the damages it gives with a store are those that the
// store promises to notice, a content that is missing among them.
func RunMending(t *testing.T, newStore func(t *testing.T) (blob.Store, []Damage)) {
	_, damages := newStore(t)
	for i := range damages {
		for _, size := range []int{0, 100, 3*Border + 5} {
			t.Run(fmt.Sprintf("%s_of_%d_bytes", damages[i].Name, size), func(t *testing.T) {
				s, damages := newStore(t)
				noLeaks(t)
				mends(t, s, damages[i], size)
			})
		}
	}
}

func mends(t *testing.T, s blob.Store, damage Damage, size int) {
	want, other := Bytes(50, size), Bytes(51, 500)
	digest := artifact.Digest(sha256.Sum256(want))
	Keep(t, s, want)
	untouched := Keep(t, s, other).Digest
	for round := range 2 {
		if err := damage.Do(digest); err != nil {
			t.Fatalf("damage: %v", err)
		}
		// A store may have the content elsewhere, too.
		if _, err := Whole(t, s, digest); err != nil && !errors.Is(err, blob.ErrCorrupt) && !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("read: got error %v, want %v or %v", err, blob.ErrCorrupt, blob.ErrNotFound)
		}
		committed := Keep(t, s, want)
		stated, err := s.Stat(t.Context(), digest)
		if err != nil || stated.Size != int64(size) || !stated.ModTime.Equal(committed.ModTime) {
			t.Errorf("Stat in round %d: %+v, %v, want %+v", round, stated, err, committed)
		}
		wantBytes(t, s, want)
		wantBytes(t, s, want)
		wantKept(t, s, digest, untouched)
		wantBytes(t, s, other)
	}
}

// FileDamages are what can become of a file; path says in which one a content lies. They assume that something above the
// file proves every byte of it.
func FileDamages(path func(artifact.Digest) string) []Damage {
	change := func(name string, change func(text []byte) []byte) Damage {
		return Damage{name, func(d artifact.Digest) error {
			text, err := os.ReadFile(path(d))
			if err != nil {
				return err
			}
			changed := change(bytes.Clone(text))
			if bytes.Equal(changed, text) {
				return errors.New("nothing was changed")
			}
			return os.WriteFile(path(d), changed, 0o600)
		}}
	}
	flip := func(at func(n int) int) func([]byte) []byte {
		return func(text []byte) []byte {
			text[at(len(text))] ^= 16
			return text
		}
	}
	return []Damage{
		change("flip_at_the_start", flip(func(int) int { return 0 })),
		change("flip_in_the_middle", flip(func(n int) int { return n / 2 })),
		change("flip_at_the_end", flip(func(n int) int { return n - 1 })),
		change("truncation", func(text []byte) []byte { return text[:len(text)-1] }),
		change("emptying", func([]byte) []byte { return nil }),
		change("growth", func(text []byte) []byte { return append(text, text...) }),
		change("zeros", func(text []byte) []byte { return make([]byte, len(text)) }),
		{"loss", func(d artifact.Digest) error { return os.Remove(path(d)) }},
	}
}
