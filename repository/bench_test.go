package repository_test

import (
	"fmt"
	"io"
	"testing"

	"entrepot/artifact"
	"entrepot/repository"
)

// What package managers ask for most often rests on memory alone: no catalog is read, and what is allocated does not grow
// with the package.

func BenchmarkOpenAHeldAsset(b *testing.B) {
	h := newFixture(b)
	h.repo("r")
	h.publish("r", "left@1.0.0", "bytes")
	shelf := h.shelf("r")
	b.ReportAllocs()
	for b.Loop() {
		f, err := shelf.Open(b.Context(), at("left@1.0.0"), tarball)
		h.check(err)
		_ = f.Content.Close()
	}
}

func BenchmarkAKeptDocument(b *testing.B) {
	h := newFixture(b)
	h.repo("far")
	h.repo("r", "far")
	for n := range 20 {
		h.publish("far", fmt.Sprintf("left@1.0.%d", n), "bytes")
	}
	shelf := h.shelf("r")
	b.ReportAllocs()
	for b.Loop() {
		_, err := shelf.Document(b.Context(), npm("left"), "plain", func(w io.Writer, v repository.View) error {
			_, err := io.WriteString(w, v.Name)
			return err
		})
		h.check(err)
	}
}

// Package managers ask for many names that are nowhere.

func BenchmarkAMissingAsset(b *testing.B) {
	h := newFixture(b)
	h.repo("far")
	h.repo("near", "far")
	h.repo("r", "near")
	shelf := h.shelf("r")
	b.ReportAllocs()
	for b.Loop() {
		_, err := shelf.Open(b.Context(), at("left@1.0.0"), tarball)
		h.refuses(artifact.NotFound, err)
	}
}

func BenchmarkAMissingPackage(b *testing.B) {
	h := newFixture(b)
	h.repo("far")
	h.repo("near", "far")
	h.repo("r", "near")
	shelf := h.shelf("r")
	b.ReportAllocs()
	for b.Loop() {
		_, err := shelf.Document(b.Context(), npm("left"), "plain", func(io.Writer, repository.View) error { return nil })
		h.refuses(artifact.NotFound, err)
	}
}

func BenchmarkADeniedRead(b *testing.B) {
	h := newFixture(b)
	h.repo("r")
	shelf := h.as(h.caller(account, "nobody", allowNone), "r")
	b.ReportAllocs()
	for b.Loop() {
		_, err := shelf.Open(b.Context(), at("left@1.0.0"), tarball)
		h.refuses(artifact.Denied, err)
	}
}
