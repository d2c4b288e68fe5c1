package sealed_test

import (
	"bytes"
	"errors"
	"testing"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/blob/sealed"
	"time"
)

// openKey makes an encryption key and opens it.
func openKey(t *testing.T, ring *sealed.Keyring, id string) sealed.EncryptionKey {
	t.Helper()
	key, err := ring.OpenEncryptionKey(id, ring.NewEncryptionKey(id))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestWhatAnEncryptionKeyWrapsOpensUnderItAlone(t *testing.T) {
	ours, theirs := newKeyring(t), newKeyring(t)
	material := ours.NewEncryptionKey("a")
	key, err := ours.OpenEncryptionKey("a", material)
	if err != nil {
		t.Fatal(err)
	}
	another := openKey(t, ours, "a")
	wrapped := key.NewDataKey()
	if again, err := ours.OpenEncryptionKey("a", material); err != nil {
		t.Error(err)
	} else if _, err := again.Unwrap(wrapped); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		name string
		open func() error
	}{
		{"under another master key", func() error { _, err := theirs.OpenEncryptionKey("a", material); return err }},
		{"for another id", func() error { _, err := ours.OpenEncryptionKey("b", material); return err }},
		{"material that was written over", func() error {
			_, err := ours.OpenEncryptionKey("a", make([]byte, len(material)))
			return err
		}},
		{"a data key of the master key's as material", func() error { _, err := ours.OpenEncryptionKey("a", ours.NewDataKey()); return err }},
		{"under another encryption key", func() error { _, err := another.Unwrap(wrapped); return err }},
		{"under the master key", func() error { _, err := ours.Unwrap(wrapped); return err }},
		{"the master key's under an encryption key", func() error { _, err := key.Unwrap(ours.NewDataKey()); return err }},
		{"cut short", func() error { _, err := key.Unwrap(wrapped[:len(wrapped)-1]); return err }},
		{"nothing", func() error { _, err := key.Unwrap(nil); return err }},
		{"nothing to be wrapped anew", func() error { _, err := key.Rewrap(nil, another); return err }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.open(); !errors.Is(err, sealed.ErrNotOurs) {
				t.Errorf("got %v, want ErrNotOurs", err)
			}
		})
	}
}

func TestADataKeyThatIsWrappedAnewOpensWhatItSealed(t *testing.T) {
	ring := newKeyring(t)
	before, after := openKey(t, ring, "a"), openKey(t, ring, "a")
	wrapped := before.NewDataKey()
	anew, err := before.Rewrap(wrapped, after)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(anew, wrapped) {
		t.Error("it is wrapped as it was")
	}
	if _, err := before.Unwrap(anew); !errors.Is(err, sealed.ErrNotOurs) {
		t.Errorf("the key before still opens it: %v", err)
	}
	below := mem.New(time.Now)
	open := func(key sealed.EncryptionKey, wrapped []byte) blob.Store {
		data, err := key.Unwrap(wrapped)
		if err != nil {
			t.Fatal(err)
		}
		return sealed.New(below, data)
	}
	ctx := t.Context()
	draft, err := open(before, wrapped).Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Write([]byte("bytes")); err != nil {
		t.Fatal(err)
	}
	digest := artifact.Digest{1}
	if _, err := draft.Commit(ctx, digest); err != nil {
		t.Fatal(err)
	}
	content, err := open(after, anew).Open(ctx, digest)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	got := make([]byte, 5)
	if _, err := content.ReadAt(got, 0); err != nil || string(got) != "bytes" {
		t.Errorf("got %q, %v", got, err)
	}
}
