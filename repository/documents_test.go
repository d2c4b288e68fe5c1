package repository_test

import (
	"crypto/md5"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"time"

	"entrepot/repository"
)

func TestADocumentKnowsItsDigests(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	h.publish("r", "left@1.0.0", "bytes")
	for variant, text := range map[string]string{"small": "some", "large": strings.Repeat("large ", 1<<21)} {
		d, err := h.shelf("r").Document(t.Context(), npm("left"), variant, func(w io.Writer, _ repository.View) error {
			_, err := io.WriteString(w, text)
			return err
		})
		h.check(err)
		sum, err := d.MD5()
		h.check(err)
		if sum != md5.Sum([]byte(text)) || d.SHA256 != sha256.Sum256([]byte(text)) {
			t.Errorf("%s: got MD5 %x, SHA-256 %s", variant, sum, d.SHA256)
		}
	}
}

func TestDocumentsThatDifferAreNotOfTheSameSecond(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	var before time.Time
	moment := h.now
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		h.publish("r", "left@"+version, "bytes of "+version)
		h.now = moment // the clock stands still
		n := 0
		d, err := h.shelf("r").Document(t.Context(), npm("left"), "plain", render(&n))
		h.check(err)
		if !d.Modified.Truncate(time.Second).After(before.Truncate(time.Second)) {
			t.Errorf("%s: got %v after %v, want another second", version, d.Modified, before)
		}
		before = d.Modified
	}
}
