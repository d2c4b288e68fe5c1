package limited_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/limited"
	"entrepot/blob/mem"
)

func TestAStoreThatTakesEverythingKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return limited.New(mem.New(time.Now), func() error { return nil }) })
}

func TestWhatIsKeptIsReadAndDeletedWhileNothingNewIsTaken(t *testing.T) {
	var refusal error
	s := limited.New(mem.New(time.Now), func() error { return refusal })
	open, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer open.Discard()
	refusal = errors.New("no room")
	if _, err := s.Create(t.Context()); !errors.Is(err, refusal) {
		t.Errorf("got %v, want the refusal", err)
	}
	content := []byte("begun before")
	d := artifact.Digest(sha256.Sum256(content))
	if _, err := open.Write(content); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Commit(t.Context(), d); err != nil {
		t.Errorf("a draft that was open: %v", err)
	}
	c, err := s.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if err := s.Delete(t.Context(), d); err != nil {
		t.Error(err)
	}
}
