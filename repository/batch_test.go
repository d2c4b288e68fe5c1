package repository_test

import (
	"testing"

	"entrepot/artifact"
	"entrepot/repository"

	"github.com/google/go-cmp/cmp"
)

func TestCallsAboutSeveralVersions(t *testing.T) {
	start := func(t *testing.T) (h *fixture, revisions map[string]string) {
		h = newFixture(t)
		h.repo("r")
		return h, map[string]string{
			"4.0.0": h.publish("r", "chalk@4.0.0", "four").Revision,
			"4.1.0": h.publish("r", "chalk@4.1.0", "four one").Revision,
		}
	}
	mismatch := repository.VersionFailure{Code: repository.MismatchedStatus,
		Message: "current status: Published, expected status: Unlisted"}
	t.Run("T42 another status than expected", func(t *testing.T) {
		h, _ := start(t)
		out, err := h.rules.SetStatus(t.Context(), h.owner, key("r"), npm("chalk"),
			repository.Selection{Versions: []string{"4.0.0", "4.1.0"}, Expected: artifact.Unlisted}, artifact.Archived)
		h.check(err)
		if diff := cmp.Diff(map[string]repository.VersionFailure{"4.0.0": mismatch, "4.1.0": mismatch},
			out.Failed); diff != "" || len(out.Successful) > 0 {
			t.Error(diff, out.Successful)
		}
	})
	t.Run("T43 a wrong revision skips the others and changes nothing", func(t *testing.T) {
		h, revisions := start(t)
		out, err := h.rules.SetStatus(t.Context(), h.owner, key("r"), npm("chalk"),
			repository.Selection{Versions: []string{"4.0.0", "4.1.0"},
				Revisions: map[string]string{"4.0.0": revisions["4.0.0"], "4.1.0": "wrong"}}, artifact.Archived)
		h.check(err)
		want := map[string]repository.VersionFailure{
			"4.0.0": {Code: repository.Skipped, Message: "version 4.0.0 is skipped"},
			"4.1.0": {Code: repository.MismatchedRevision,
				Message: "current revision: " + revisions["4.1.0"] + ", expected revision: wrong"},
		}
		if diff := cmp.Diff(want, out.Failed); diff != "" {
			t.Error(diff)
		}
		h.shows("r", "chalk", "4.0.0", "4.1.0")
	})
	t.Run("T39 targets and selections that make no sense", func(t *testing.T) {
		h, revisions := start(t)
		for _, target := range []artifact.Status{artifact.Unfinished, artifact.Disposed, artifact.Deleted} {
			_, err := h.rules.SetStatus(t.Context(), h.owner, key("r"), npm("chalk"),
				repository.Selection{Versions: []string{"4.0.0"}}, target)
			h.refuses(artifact.Invalid, err)
		}
		_, err := h.rules.SetStatus(t.Context(), h.owner, key("r"), npm("chalk"),
			repository.Selection{Versions: []string{"4.0.0"},
				Revisions: map[string]string{"4.1.0": revisions["4.1.0"]}}, artifact.Archived)
		h.refuses(artifact.Invalid, err)
		_, err = h.rules.SetStatus(t.Context(), h.owner, key("r"), npm("nothing"),
			repository.Selection{Versions: []string{"1.0.0"}}, artifact.Archived)
		h.refuses(artifact.NotFound, err)
	})
	t.Run("setting the status it has is a success", func(t *testing.T) {
		h, revisions := start(t)
		out, err := h.rules.SetStatus(t.Context(), h.owner, key("r"), npm("chalk"),
			repository.Selection{Versions: []string{"4.0.0"}}, artifact.Published)
		h.check(err)
		want := map[string]repository.VersionResult{"4.0.0": {Revision: revisions["4.0.0"], Status: artifact.Published}}
		if diff := cmp.Diff(want, out.Successful); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCopy(t *testing.T) {
	t.Run("T66 a version that is missing skips the others", func(t *testing.T) {
		h := newFixture(t)
		h.repo("s")
		h.repo("d")
		h.publish("s", "left@0.2.0", "bytes")
		out := h.copy("s", "d", "left", false, "0.2.0", "5.6.7")
		want := map[string]repository.VersionFailure{
			"5.6.7": {Code: repository.VersionNotFound, Message: "Could not find version 5.6.7"},
			"0.2.0": {Code: repository.Skipped, Message: "Version 0.2.0 was skipped"},
		}
		if diff := cmp.Diff(want, out.Failed); diff != "" || len(out.Successful) > 0 {
			t.Error(diff, out.Successful)
		}
		h.holds("d", "left")
	})
	t.Run("T67 a version that is identical is in neither map", func(t *testing.T) {
		h := newFixture(t)
		h.repo("s")
		h.repo("d")
		h.publish("s", "left@0.2.1", "bytes")
		h.copy("s", "d", "left", false, "0.2.1")
		h.publish("s", "left@0.2.0", "other bytes")
		out := h.copy("s", "d", "left", false, "0.2.0", "0.2.1")
		if len(out.Failed) > 0 || len(out.Successful) != 1 || out.Successful["0.2.0"].Status != artifact.Published {
			t.Errorf("got %v", out)
		}
	})
	t.Run("T68 a version that differs is refused, or replaced when that is allowed", func(t *testing.T) {
		h := newFixture(t)
		h.repo("s")
		h.repo("d")
		h.publish("s", "left@0.3.2", "new")
		h.publish("s", "left@0.2.1", "more")
		h.publish("d", "left@0.3.2", "old")
		out := h.copy("s", "d", "left", false, "0.3.2", "0.2.1")
		want := map[string]repository.VersionFailure{
			"0.3.2": {Code: repository.AlreadyExists, Message: "Version 0.3.2 already exists"},
			"0.2.1": {Code: repository.Skipped, Message: "Version 0.2.1 was skipped"},
		}
		if diff := cmp.Diff(want, out.Failed); diff != "" {
			t.Error(diff)
		}
		h.fetches("d", "left@0.3.2", "old")
		if out := h.copy("s", "d", "left", true, "0.3.2", "0.2.1"); len(out.Successful) != 2 {
			t.Errorf("got %v", out)
		}
		h.fetches("d", "left@0.3.2", "new")
	})
	t.Run("T69 upstream versions are copied when asked for", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u")
		h.repo("x")
		h.connect("x")
		h.repo("s", "u", "x")
		h.repo("d")
		h.publish("u", "left@1.0.0", "bytes")
		h.registry.offer("right@1.0.0", "public")
		for _, name := range []string{"left", "right"} {
			spec := repository.CopySpec{From: key("s"), To: key("d"), PackageKey: npm(name),
				Selection: repository.Selection{Versions: []string{"1.0.0"}}}
			out, err := h.rules.Copy(t.Context(), h.owner, spec)
			if err != nil || out.Failed["1.0.0"].Code != repository.VersionNotFound {
				t.Errorf("%s without upstreams: got %v, %v", name, out, err)
			}
			spec.IncludeUpstream = true
			out, err = h.rules.Copy(t.Context(), h.owner, spec)
			if err != nil || out.Successful["1.0.0"].Status != artifact.Published {
				t.Errorf("%s with upstreams: got %v, %v", name, out, err)
			}
			h.holds("s", name)
		}
		h.fetches("d", "right@1.0.0", "public")
		h.holds("x", "right", "1.0.0")
	})
	t.Run("T70 selections that make no sense", func(t *testing.T) {
		h := newFixture(t)
		h.repo("s")
		h.repo("d")
		for _, sel := range []repository.Selection{{},
			{Versions: []string{"1.0.0"}, Revisions: map[string]string{"1.0.0": "x"}}} {
			_, err := h.rules.Copy(t.Context(), h.owner,
				repository.CopySpec{From: key("s"), To: key("d"), PackageKey: npm("left"), Selection: sel})
			h.refuses(artifact.Invalid, err)
		}
		_, err := h.rules.Copy(t.Context(), h.owner,
			repository.CopySpec{From: key("s"), To: key("s"), PackageKey: npm("left"),
				Selection: repository.Selection{Versions: []string{"1.0.0"}}})
		h.refuses(artifact.Invalid, err)
	})
	t.Run("T71 labels of copied versions come along and win", func(t *testing.T) {
		h := newFixture(t)
		h.repo("s")
		h.repo("d")
		h.publish("d", "left@1.0.0", "one", "latest", "kept")
		h.publish("s", "left@1.0.1", "two", "latest")
		h.publish("s", "left@1.0.2", "three", "next")
		h.copy("s", "d", "left", false, "1.0.1")
		want := map[string]string{"latest": "1.0.1", "kept": "1.0.0"}
		if diff := cmp.Diff(want, h.shows("d", "left", "1.0.0", "1.0.1").Labels); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("withdrawn versions are not copied and unlisted ones stay unlisted", func(t *testing.T) {
		h := newFixture(t)
		h.repo("s")
		h.repo("d")
		h.publish("s", "left@1.0.0", "one")
		h.publish("s", "left@2.0.0", "two")
		h.setStatus("s", "left@1.0.0", artifact.Archived)
		h.setStatus("s", "left@2.0.0", artifact.Unlisted)
		if out := h.copy("s", "d", "left", false, "1.0.0"); out.Failed["1.0.0"].Code != repository.NotAllowed {
			t.Errorf("got %v", out)
		}
		if out := h.copy("s", "d", "left", false, "2.0.0"); out.Successful["2.0.0"].Status != artifact.Unlisted {
			t.Errorf("got %v", out)
		}
	})
}
