package upstreamtest

import (
	"testing"

	"entrepot/upstream"
)

func TestMemoryCacheKeepsTheContract(t *testing.T) {
	TestCache(t, func(*testing.T) upstream.Cache { return new(Cache) })
}
