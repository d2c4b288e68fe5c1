package repository_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/repository"
)

// happened are the events since the last call, each in a line: operation, repository, version, state, and what changed.
func (h *fixture) happened() (lines []string) {
	h.t.Helper()
	for _, e := range h.events() {
		if e.Kind != catalog.VersionEvent || e.Sequence <= h.toldUpTo {
			continue
		}
		h.toldUpTo = e.Sequence
		copies, err := events.Told(events.Record{Sequence: e.Sequence, Time: e.Time, Resource: e.Resource, Detail: e.Detail}, "us-east-1")
		h.check(err)
		d := copies[0].Detail
		line := fmt.Sprintf("%s %s %s@%s %s", d.Operation, d.Repository, copies[0].Package().Qualified(), d.Version, d.State)
		for _, change := range []struct {
			made bool
			what string
		}{{d.Changes.AssetsAdded != 0, fmt.Sprint("added ", d.Changes.AssetsAdded)},
			{d.Changes.AssetsRemoved != 0, fmt.Sprint("removed ", d.Changes.AssetsRemoved)},
			{d.Changes.AssetsUpdated != 0, fmt.Sprint("assets updated ", d.Changes.AssetsUpdated)},
			{d.Changes.MetadataUpdated, "metadata"}, {d.Changes.StatusChanged, "status"}} {
			if change.made {
				line += ", " + change.what
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// tells wants exactly these events since the last call.
func (h *fixture) tells(want ...string) {
	h.t.Helper()
	got := h.happened()
	if slices.Sort(want); !slices.Equal(got, want) {
		h.t.Errorf("events: got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Every change of a version is told as the guide's list of triggers has it.
func TestEveryChangeOfAVersionIsTold(t *testing.T) {
	const fresh = "added 1, metadata, status"
	for name, row := range map[string]func(h *fixture){
		"a new version is created": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.tells("Created r left@1.0.0 Published, " + fresh)
		},
		"the same bytes again are no change": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			h.publish("r", "left@1.0.0", "x")
			h.tells()
		},
		"a status is updated, and not twice": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			h.setStatus("r", "left@1.0.0", artifact.Archived)
			h.tells("Updated r left@1.0.0 Archived, status")
			h.setStatus("r", "left@1.0.0", artifact.Archived)
			h.tells()
		},
		"what is deprecated has other metadata, and not twice": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			for range 2 {
				h.check(h.annotate("r", "left", `{"deprecated":"x"}`, "1.0.0"))
			}
			h.tells("Updated r left@1.0.0 Published, metadata")
		},
		"a label is metadata of the version that it points at": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.publish("r", "left@2.0.0", "y")
			h.happened()
			h.check(h.shelf("r").SetLabel(h.t.Context(), npm("left"), "beta", "2.0.0"))
			h.tells("Updated r left@2.0.0 Published, metadata")
			h.check(h.shelf("r").SetLabel(h.t.Context(), npm("left"), "beta", "2.0.0"))
			h.tells()
			h.check(h.shelf("r").DeleteLabel(h.t.Context(), npm("left"), "beta"))
			h.tells("Updated r left@2.0.0 Published, metadata")
			h.refuses(artifact.NotFound, h.shelf("r").DeleteLabel(h.t.Context(), npm("left"), "beta"))
			h.tells()
		},
		"a label of what is only upstream tells nothing": func(h *fixture) {
			h.repo("down", "r")
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			h.check(h.shelf("down").SetLabel(h.t.Context(), npm("left"), "beta", "1.0.0"))
			h.tells()
		},
		"a copy is created in its destination": func(h *fixture) {
			h.repo("to")
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			h.copy("r", "to", "left", false, "1.0.0")
			h.tells("Created to left@1.0.0 Published, " + fresh)
			h.copy("r", "to", "left", false, "1.0.0")
			h.tells()
		},
		"a copy over another version updates it": func(h *fixture) {
			h.repo("to")
			h.publish("r", "left@1.0.0", "x")
			h.publish("to", "left@1.0.0", "other")
			h.happened()
			h.copy("r", "to", "left", true, "1.0.0")
			h.tells("Updated to left@1.0.0 Published, added 1, removed 1, metadata")
		},
		"what is retained from an upstream is created where it was asked": func(h *fixture) {
			h.repo("down", "r")
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			h.fetches("down", "left@1.0.0", "x")
			h.tells("Created down left@1.0.0 Published, " + fresh)
			h.fetches("down", "left@1.0.0", "x")
			h.tells()
		},
		"what comes from a registry is created in every repository that keeps it": func(h *fixture) {
			h.repo("gateway")
			h.connect("gateway")
			h.repo("between", "gateway")
			h.repo("asked", "between")
			h.registry.offer("left@1.0.0", "x")
			h.happened()
			h.fetches("asked", "left@1.0.0", "x")
			h.tells("Created gateway left@1.0.0 Published, "+fresh, "Created asked left@1.0.0 Published, "+fresh)
		},
		"a disposed version loses its assets": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			h.dispose("left@1.0.0")
			h.tells("Updated r left@1.0.0 Disposed, removed 1, status")
		},
		"a deleted version is told": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			h.deleteVersion("r", "left@1.0.0")
			h.tells("Deleted r left@1.0.0 Deleted, removed 1, status")
		},
		"a deleted package is told once for each version": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.publish("r", "left@2.0.0", "y")
			h.happened()
			_, err := h.rules.DeletePackage(h.t.Context(), h.owner, key("r"), npm("left"))
			h.check(err)
			h.tells("Deleted r left@1.0.0 Deleted, removed 1, status", "Deleted r left@2.0.0 Deleted, removed 1, status")
		},
		"a deleted repository tells nothing": func(h *fixture) {
			h.publish("r", "left@1.0.0", "x")
			h.happened()
			_, _, err := h.rules.DeleteRepository(h.t.Context(), h.owner, key("r"))
			h.check(err)
			h.tells()
		},
		"a version that grows is updated by its assets": func(h *fixture) {
			v := artifact.PackageKey{Format: artifact.Generic, Namespace: "ns", Name: "tool"}.At("1")
			add := func(asset, body string, open bool) {
				h.t.Helper()
				_, _, err := h.rules.PublishAsset(h.t.Context(), h.owner, key("r"), repository.AssetUpload{VersionKey: v, Name: asset,
					Content: strings.NewReader(body), SHA256: sha256.Sum256([]byte(body)), Size: -1, Unfinished: open})
				h.check(err)
			}
			add("a", "a", true)
			h.tells("Created r ns/tool@1 Unfinished, " + fresh)
			add("b", "b", true)
			h.tells("Updated r ns/tool@1 Unfinished, added 1")
			add("b", "b", true)
			h.tells()
			add("c", "c", false)
			h.tells("Updated r ns/tool@1 Published, added 1, status")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.repo("r")
			row(h)
		})
	}
}
