package mem_test

import (
	"testing"
	"time"

	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/mem"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return mem.New(time.Now) })
}

func BenchmarkMemory(b *testing.B) {
	blobtest.Bench(b, func(*testing.B) blob.Store { return mem.New(time.Now) })
}
