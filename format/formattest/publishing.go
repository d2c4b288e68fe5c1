package formattest

import (
	"fmt"
	"strings"
	"sync"

	"entrepot/artifact"
	"entrepot/repository"
)

func growNever(t *repository.Traits)      { t.Growth = repository.GrowNever }
func growUnfinished(t *repository.Traits) { t.Growth = repository.GrowUnfinished }

var publishing = []tale{
	{name: "T44 the same bytes again are a success that changes nothing", tell: func(s *story) {
		s.Repository("team")
		first := s.publish("team", "lib@1", "a=one", "b=two")
		s.Clock.Pass(forgetting)
		changes := s.Changes()
		again := s.publish("team", "lib@1", "a=one", "b=two")
		if again.Revision != first.Revision || !again.PublishedAt.Equal(first.PublishedAt) || s.Changes() != changes {
			s.t.Errorf("got %v after %v, and %d changes", again, first, s.Changes()-changes)
		}
		s.publish("team", "lib@1", "b=two")
		s.holds("team", "lib@1", "a", "b")
	}},
	{name: "T45 T47 other bytes under a name that is there are refused and nothing is kept", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.publishFails("team", "lib@1", artifact.Conflict, "a=other", "b=two")
		s.holds("team", "lib@1", "a")
		s.downloads("team", "lib@1", "a=one")
	}},
	{name: "T46 a version that may grow takes another asset and has a new revision", tell: func(s *story) {
		s.Repository("team")
		first := s.publish("team", "lib@1", "a=one")
		second := s.publish("team", "lib@1", "b=two")
		if second.Revision == first.Revision || string(second.Manifest) != "a b" {
			s.t.Errorf("got revision %s after %s, manifest %s", second.Revision, first.Revision, second.Manifest)
		}
		s.holds("team", "lib@1", "a", "b")
		s.downloads("team", "lib@1", "b=two")
		s.uses(6)
	}},
	{name: "a version published in one moment takes no other asset", with: growNever, tell: func(s *story) {
		s.Repository("team")
		s.publishUnfinished("team", "lib@1", "a=one")
		s.is("team", "lib@1", artifact.Published)
		s.publishFails("team", "lib@1", artifact.Conflict, "b=two")
		s.holds("team", "lib@1", "a")
	}},
	{name: "T53 growing keeps the status: what is published or unlisted stays so", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.publishUnfinished("team", "lib@1", "b=two")
		s.is("team", "lib@1", artifact.Published)
		s.SetStatus("team", key("lib@1"), artifact.Unlisted)
		s.publish("team", "lib@1", "c=three")
		s.is("team", "lib@1", artifact.Unlisted)
		s.downloads("team", "lib@1", "c=three")
	}},
	{name: "a new version may be refused for what another one is", tell: func(s *story) {
		s.Repository("team")
		var seen []string
		publish := func(coordinate string) error {
			p := publication(coordinate, "a=one")
			p.Beside = func(other artifact.Version) error {
				if seen = append(seen, other.VersionKey.Version+" "+string(other.Manifest)); p.Version == "3" {
					return artifact.Errorf(artifact.Conflict, "not beside %s", other.VersionKey.Version)
				}
				return nil
			}
			_, err := s.tryPublish(s.t.Context(), s.shelf("team"), p, "a=one")
			return err
		}
		s.must(publish("lib@1"))
		if len(seen) > 0 {
			s.t.Errorf("the first version was asked about beside %q", seen)
		}
		s.must(publish("lib@2"))
		if len(seen) == 0 || seen[0] != "1 a" {
			s.t.Errorf("the second version was asked about beside %q, want the first with its manifest", seen)
		}
		s.refuses(artifact.Conflict, publish("lib@3"))
		s.holds("team", "lib@3")
		seen = nil
		if s.must(publish("lib@2")); len(seen) > 0 {
			s.t.Errorf("what is there already was asked about beside %q", seen)
		}
	}},
	{name: "T38 a withdrawn version is not published again and takes nothing", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.SetStatus("team", key("lib@1"), artifact.Archived)
		s.publishFails("team", "lib@1", artifact.Conflict, "a=one")
		s.publishFails("team", "lib@1", artifact.Conflict, "b=two")
		s.is("team", "lib@1", artifact.Archived)
		s.uses(3)
	}},
	{
		name: "T62 T63 a version that grows until it is finished takes nothing afterwards",
		with: growUnfinished,
		tell: func(s *story) {
			s.Repository("team")
			s.publishUnfinished("team", "lib@1", "a=one")
			s.publishUnfinished("team", "lib@1", "b=two")
			s.is("team", "lib@1", artifact.Unfinished)
			s.publish("team", "lib@1", "c=three")
			s.is("team", "lib@1", artifact.Published)
			s.holds("team", "lib@1", "a", "b", "c")
			s.publishFails("team", "lib@1", artifact.Conflict, "d=four")
			s.publish("team", "lib@1", "a=one")
			s.holds("team", "lib@1", "a", "b", "c")
		},
	},
	{name: "T48 an unfinished version is neither seen nor served", tell: func(s *story) {
		s.Repository("team")
		s.publishUnfinished("team", "lib@1", "a=one")
		s.shows("team", "lib")
		s.downloadFails("team", "lib@1", "a", artifact.NotFound)
		_, err := s.shelf("team").Stat(s.t.Context(), key("lib@1"), "a")
		s.refuses(artifact.NotFound, err)
	}},
	{name: "T49 finishing publishes what is unfinished, keeps revisions, and passes over the rest", tell: func(s *story) {
		s.Repository("team")
		before := s.publishUnfinished("team", "lib@1", "a=one").Revision
		s.publish("team", "lib@2", "a=two")
		s.SetStatus("team", key("lib@2"), artifact.Unlisted)
		ready := func(artifact.Version) error { return nil }
		s.must(s.shelf("team").Finish(s.t.Context(), key("lib").PackageKey, []string{"1", "2", "3"}, ready))
		s.is("team", "lib@2", artifact.Unlisted)
		if v := s.held("team", "lib@1"); v.Status != artifact.Published || v.Revision != before {
			s.t.Errorf("got %s with revision %s, want it Published with %s", v.Status, v.Revision, before)
		}
	}},
	{name: "an asset of an unfinished version is replaced where its publisher has said that it is wrong, and nowhere else", tell: func(s *story) {
		s.Repository("team")
		before := s.publishUnfinished("team", "lib@1", "a=one", "b=two")
		again := publication("lib@1", "a=three")
		again.Unfinished, again.Redo = true, func(_ artifact.Version, asset string) bool { return asset == "a" }
		after, err := s.tryPublish(s.t.Context(), s.shelf("team"), again, "a=three")
		s.must(err)
		if len(after.Assets) != 2 || after.Revision == before.Revision {
			s.t.Errorf("got %d assets and revision %s after %s", len(after.Assets), after.Revision, before.Revision)
		}
		other := publication("lib@1", "b=four")
		other.Unfinished, other.Redo = true, again.Redo
		_, err = s.tryPublish(s.t.Context(), s.shelf("team"), other, "b=four")
		s.refuses(artifact.Conflict, err)
		s.must(s.shelf("team").Finish(s.t.Context(), key("lib").PackageKey, []string{"1"},
			func(artifact.Version) error { return nil }))
		s.downloads("team", "lib@1", "a=three")
		s.downloads("team", "lib@1", "b=two")
		last := publication("lib@1", "a=five")
		last.Redo = again.Redo
		_, err = s.tryPublish(s.t.Context(), s.shelf("team"), last, "a=five")
		s.refuses(artifact.Conflict, err)
	}},
	{name: "T50 one version that is not ready keeps all unfinished", tell: func(s *story) {
		s.Repository("team")
		s.publishUnfinished("team", "lib@1", "a=one")
		s.publishUnfinished("team", "lib@2", "a=two")
		err := s.shelf("team").Finish(s.t.Context(), key("lib").PackageKey, []string{"1", "2"},
			func(v artifact.Version) error {
				if v.VersionKey.Version == "2" {
					return artifact.Errorf(artifact.Invalid, "A checksum of %s was wrong.", v.VersionKey)
				}
				return nil
			})
		s.refuses(artifact.Invalid, err)
		s.is("team", "lib@1", artifact.Unfinished)
		s.is("team", "lib@2", artifact.Unfinished)
	}},
	{name: "T55 T56 T57 a snapshot points at its newest build, and builds are unlisted", tell: tellSnapshots},
	{name: "an asset of another version is published by its name only where its bytes are kept", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		s.open("team", "lib")
		p := publication("lib@2")
		p.Assets = []repository.StagedAsset{{Name: "b", Of: &repository.AssetRef{Version: "1", Name: "b"}}}
		_, err := s.shelf("team").Publish(s.t.Context(), p)
		s.refuses(artifact.NotFound, err)
		s.holds("team", "lib@2")
	}},
	{name: "an asset of a version that is withdrawn is not published under another", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.SetStatus("team", key("lib@1"), artifact.Archived)
		p := publication("lib@2")
		p.Assets = []repository.StagedAsset{{Name: "a", Of: &repository.AssetRef{Version: "1", Name: "a"}}}
		_, err := s.shelf("team").Publish(s.t.Context(), p)
		s.refuses(artifact.NotFound, err)
		s.holds("team", "lib@2")
	}},
	{name: "a publication moves other versions in any spelling, and none that is withdrawn", tell: func(s *story) {
		s.Repository("team")
		for _, build := range []string{"lib@1", "lib@2"} {
			s.publishUnfinished("team", build, "a=one")
		}
		s.SetStatus("team", key("lib@2"), artifact.Archived)
		p := publication("lib@3")
		p.Assets = []repository.StagedAsset{{Name: "a", Of: &repository.AssetRef{Version: "001", Name: "a"}}}
		p.Statuses = map[string]artifact.Status{"01": artifact.Unlisted, "02": artifact.Unlisted}
		_, err := s.shelf("team").Publish(s.t.Context(), p)
		s.must(err)
		s.is("team", "lib@1", artifact.Unlisted)
		s.is("team", "lib@2", artifact.Archived)
	}},
	{name: "nothing merged into a version makes more of it than a version can have", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		p := publication("lib@1")
		p.Merge = func(artifact.Version) ([]byte, artifact.Details, error) {
			return make([]byte, 17<<20), artifact.Details{}, nil
		}
		_, err := s.tryPublish(s.t.Context(), s.shelf("team"), p, "b=two")
		s.refuses(artifact.Quota, err)
		s.holds("team", "lib@1", "a")
	}},
	{name: "publishers who add assets at once are all in the merged manifest", tell: tellMerge},
	{name: "a version that came from outside takes nothing of ours", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		s.Control("team", key("lib").PackageKey, artifact.Allow, artifact.Block)
		s.publishFails("team", "lib@1", artifact.Conflict, "b=two")
		s.holds("team", "lib@1", "a")
	}},
	{name: "T72 T73 what can be had from upstream is not published, but may be copied in", tell: func(s *story) {
		s.behind()
		s.Repository("isolated")
		s.central.offer("lib@1", "a=public")
		s.publishFails("team", "lib@1", artifact.Conflict, "a=patched")
		s.open("team", "lib")
		s.publishFails("team", "lib@1", artifact.Conflict, "a=patched")
		s.publish("team", "lib@2", "a=ours")
		s.publish("isolated", "lib@1", "a=patched")
		s.must(s.copy("isolated", "team", "lib", "1"))
		s.downloads("team", "lib@1", "a=patched")
	}},
	{name: "T74 T75 the first publication of a package closes it to upstream", tell: func(s *story) {
		s.behind()
		s.publish("team", "lib@1", "a=ours")
		s.controls("team", "lib", artifact.Allow, artifact.Block)
		asked := s.central.asked("lib")
		s.central.offer("lib@3", "a=confusion")
		s.downloadFails("team", "lib@3", "a", artifact.NotFound)
		s.shows("team", "lib", "1")
		if n := s.central.asked("lib") - asked; n != 0 {
			s.t.Errorf("the registry was asked for the name %d times", n)
		}
	}},
	{name: "T76 T77 the first fetch of a package closes it to publishers where it is retained", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=public")
		s.downloads("team", "lib@1", "a=public")
		for _, repo := range []string{"team", "gateway"} {
			s.controls(repo, "lib", artifact.Block, artifact.Allow)
			s.publishFails(repo, "lib@9", artifact.Conflict, "a=ours")
		}
	}},
	{name: "an annotation makes a new revision, of all versions or of none", tell: func(s *story) {
		s.Repository("team")
		before := s.publish("team", "lib@1", "a=one").Revision
		yes := func(artifact.Version) ([]byte, error) { return []byte("noted"), nil }
		annotate := func(versions ...string) error {
			return s.shelf("team").Annotate(s.t.Context(), key("lib").PackageKey, versions, yes)
		}
		s.refuses(artifact.NotFound, annotate("1", "9"))
		if v := s.held("team", "lib@1"); v.Revision != before {
			s.t.Errorf("a failed annotation made revision %s", v.Revision)
		}
		s.must(annotate("1"))
		if v := s.held("team", "lib@1"); v.Revision == before || string(v.Manifest) != "noted" {
			s.t.Errorf("got revision %s and manifest %q", v.Revision, v.Manifest)
		}
	}},
}

// tellSnapshots is how a format with replaceable versions publishes: a build, then the snapshot that points at it.
func tellSnapshots(s *story) {
	s.Repository("team")
	const snapshot = "lib@1-SNAPSHOT"
	publishBuild := func(build string) artifact.Version {
		p := publication(snapshot)
		p.Manifest = []byte("build " + build)
		p.Merge = func(artifact.Version) ([]byte, artifact.Details, error) { return p.Manifest, artifact.Details{}, nil }
		p.Assets = []repository.StagedAsset{{Name: "jar", Of: &repository.AssetRef{Version: build, Name: "jar"}}}
		p.Statuses = map[string]artifact.Status{build: artifact.Unlisted}
		v, err := s.shelf("team").Publish(s.t.Context(), p)
		s.must(err)
		return v
	}
	build := s.publishUnfinished("team", "lib@1-b1", "jar=one")
	s.holds("team", snapshot)
	s.shows("team", "lib")
	first := publishBuild("1-b1")
	if v := s.held("team", "lib@1-b1"); v.Status != artifact.Unlisted || v.Revision != build.Revision {
		s.t.Errorf("the build is %s with revision %s, want Unlisted with %s", v.Status, v.Revision, build.Revision)
	}
	if first.Status != artifact.Published || first.Revision == build.Revision {
		s.t.Errorf("the snapshot is %s with revision %s", first.Status, first.Revision)
	}
	s.downloads("team", snapshot, "jar=one")

	s.publishUnfinished("team", "lib@1-b2", "jar=two")
	if second := publishBuild("1-b2"); second.Revision == first.Revision || string(second.Manifest) != "build 1-b2" {
		s.t.Errorf("got revision %s and manifest %q", second.Revision, second.Manifest)
	}
	s.shows("team", "lib", "1-SNAPSHOT", "1-b1-", "1-b2-")
	s.downloads("team", snapshot, "jar=two")
	s.downloads("team", "lib@1-b1", "jar=one")

	p := publication(snapshot)
	p.Assets = []repository.StagedAsset{{Name: "jar", Of: &repository.AssetRef{Version: "1-b1", Name: "jar"}}}
	p.Statuses = map[string]artifact.Status{"1-b9": artifact.Unlisted}
	_, err := s.shelf("team").Publish(s.t.Context(), p)
	s.refuses(artifact.NotFound, err)
	s.downloads("team", snapshot, "jar=two")
}

// tellMerge: the manifest is made inside the write, from what is there then.
func tellMerge(s *story) {
	s.Repository("team")
	s.publish("team", "lib@1", "first=1")
	const publishers = 8
	var wait sync.WaitGroup
	for n := range publishers {
		wait.Go(func() {
			f := fmt.Sprintf("part%d=%d", n, n)
			if _, err := s.tryPublish(s.t.Context(), s.shelf("team"), publication("lib@1", f), f); err != nil {
				s.t.Error(err)
			}
		})
	}
	wait.Wait()
	v := s.held("team", "lib@1")
	if len(v.Assets) != publishers+1 {
		s.t.Errorf("got %d assets, want %d", len(v.Assets), publishers+1)
	}
	for _, a := range v.Assets {
		if !strings.Contains(string(v.Manifest)+" ", a.Name+" ") {
			s.t.Errorf("the manifest %q lacks %s", v.Manifest, a.Name)
		}
	}
}
