package mem_test

import (
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/mem"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return mem.New(time.Now) })
}

func TestMemoryMendsWhatIsMissing(t *testing.T) {
	blobtest.RunMending(t, func(t *testing.T) (blob.Store, []blobtest.Damage) {
		s := mem.New(time.Now)
		lose := func(d artifact.Digest) error { return s.Delete(t.Context(), d) }
		return s, []blobtest.Damage{{Name: "loss", Do: lose}}
	})
}

func BenchmarkMemory(b *testing.B) {
	blobtest.Bench(b, func(*testing.B) blob.Store { return mem.New(time.Now) })
}
