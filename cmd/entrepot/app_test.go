package main

import (
	"context"
	"path/filepath"
	"testing"

	"entrepot/blob"
	"entrepot/repository"
)

// TestOrphansAreCollected publishes and deletes through the rules and runs the job as the server does, with no grace.
func TestOrphansAreCollected(t *testing.T) {
	a := started(t, filepath.Join(t.TempDir(), "data"))
	defer a.stop(t)
	ctx, domain := t.Context(), domainKey("d1")
	info := a.fill(t, "d1")
	a.publish(t, "d1", "2.0.0")
	folder, err := a.stores.place.Space(spaceOf(info.ID))
	if err != nil {
		t.Fatal(err)
	}
	collect := func(want int) {
		t.Helper()
		a.collect(t)
		if got := count(ctx, t, folder); got != want {
			t.Fatalf("contents on disk: got %d, want %d", got, want)
		}
	}
	collect(2)
	first := repository.Selection{Versions: []string{"1.0.0"}}
	if _, err := a.rules.DeleteVersions(ctx, owner(t), domain.Repository("r1"), leftPackage, first); err != nil {
		t.Fatal(err)
	}
	collect(1)
	if _, _, err := a.rules.DeleteRepository(ctx, owner(t), domain.Repository("r1")); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := a.rules.DeleteDomain(ctx, owner(t), domain); !ok || err != nil {
		t.Fatal(ok, err)
	}
	collect(0)
}

func count(ctx context.Context, t *testing.T, s blob.Store) (n int) {
	t.Helper()
	for _, err := range s.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
