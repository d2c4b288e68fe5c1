package formattest

import (
	"io"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
)

func lateOnRequest(t *repository.Traits) { t.Late, t.FollowStatus = repository.LateOnRequest, false }
func lateWhole(t *repository.Traits)     { t.Late = repository.LateWhole }

var late = append(onceStopped("no late asset comes once ", tellLateStopped), []tale{
	{name: "T26 the first asset that is fetched brings the promise of all others", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "sdist=source", "wheel1=one", "wheel2=two", "wheel3=three")
		s.downloads("team", "lib@1", "wheel2=two")
		for _, repo := range []string{"team", "gateway"} {
			s.holds(repo, "lib@1", "sdist?", "wheel1?", "wheel2", "wheel3?")
		}
	}},
	{name: "a promised asset takes no room, is fetched when it is asked for, and kept", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=twelve bytes")
		s.downloads("team", "lib@1", "a=one")
		s.uses(3)
		before := s.held("team", "lib@1").Revision
		s.downloads("team", "lib@1", "b=twelve bytes")
		s.holds("team", "lib@1", "a", "b")
		s.holds("gateway", "lib@1", "a", "b")
		s.uses(15)
		if got := s.held("team", "lib@1").Revision; got != before {
			s.t.Errorf("the revision changed from %s to %s with bytes that it named already", before, got)
		}
		s.central.registry.Fail()
		s.downloads("team", "lib@1", "b=twelve bytes")
	}},
	{name: "what is opened does not carry the rest of its version", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		for _, how := range []string{"fetched", "kept", "remembered"} {
			f, err := s.shelf("team").Open(s.t.Context(), key("lib@1"), "a")
			s.must(err)
			if f.Name != "a" || string(f.Facts) != "facts of a" || f.Version.VersionKey != key("lib@1") ||
				f.Version.Manifest != nil || f.Version.Assets != nil {
				s.t.Errorf("%s: got asset %v of %v", how, f.Asset, f.Version)
			}
			if f.Content != nil {
				s.must(f.Content.Close())
			} else {
				_, err = io.ReadAll(f.Transfer)
				s.must(err)
				s.must(f.Transfer.Close())
			}
		}
	}},
	{name: "a promise without digests is kept with those of what came", tell: func(s *story) {
		s.behind()
		s.central.offerVaguely("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		a, ok := s.held("team", "lib@1").Asset("a")
		if !ok || a.Size != 3 || a.SHA256 == (artifact.Digest{}) {
			s.t.Errorf("got %v", a)
		}
	}},
	{name: "Stat tells of an asset what its registry promises, and fetches nothing", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		stat := func(asset string) (artifact.Asset, error) {
			return s.shelf("team").Stat(s.t.Context(), key("lib@1"), asset)
		}
		listed, err := stat("b")
		if s.must(err); !listed.Promised || listed.Size != 3 || string(listed.Facts) != "facts of b" {
			s.t.Errorf("of a listed asset: got %v", listed)
		}
		s.holds("team", "lib@1")
		s.downloads("team", "lib@1", "a=one")
		promised, err := stat("b")
		if s.must(err); !promised.Promised || promised.SHA256 != listed.SHA256 {
			s.t.Errorf("of a promised asset: got %v", promised)
		}
		kept, err := stat("a")
		if s.must(err); kept.Promised || kept.Size != 3 || string(kept.Facts) != "facts of a" {
			s.t.Errorf("of a kept asset: got %v", kept)
		}
		s.central.offer("lib@1", "c=three")
		added, err := stat("c")
		if s.must(err); !added.Promised || added.Size != 5 {
			s.t.Errorf("of an asset added since: got %v", added)
		}
		s.central.hide("lib@1", "hidden=x")
		_, err = stat("hidden")
		s.refuses(artifact.NotFound, err)
		if n := s.central.registry.Asked("files/acme/lib/1/b"); n != 0 {
			s.t.Errorf("the asset was fetched %d times", n)
		}
	}},
	{name: "T23 T24 an asset that nobody promised is brought in on request", with: lateOnRequest, tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "pom=p", "jar=j")
		s.central.hide("lib@1", "linux=l")
		s.downloads("team", "lib@1", "pom=p")
		s.holds("team", "lib@1", "jar?", "pom")
		before := map[string]string{}
		for _, repo := range []string{"team", "gateway"} {
			before[repo] = s.held(repo, "lib@1").Revision
		}
		s.downloads("team", "lib@1", "linux=l")
		for repo, revision := range before {
			s.holds(repo, "lib@1", "jar?", "linux", "pom")
			if s.held(repo, "lib@1").Revision == revision {
				s.t.Errorf("%s holds another asset under the same revision", repo)
			}
		}
		s.holds("shared", "lib@1")
		s.downloadFails("team", "lib@1", "absent", artifact.NotFound)
	}},
	{name: "an asset that nobody promised can be the first that is asked for", with: lateOnRequest, tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "pom=p")
		s.central.hide("lib@1", "linux=l")
		s.downloads("team", "lib@1", "linux=l")
		s.holds("team", "lib@1", "linux", "pom?")
	}},
	{name: "a version takes no more assets on request than a version can have", with: lateOnRequest, tell: func(s *story) {
		s.behind()
		most := repository.DefaultQuotas().Assets
		s.central.offer("lib@1", "a=one")
		s.central.list("lib@1", numbered(most-2)...)
		s.central.hide("lib@1", "hidden=last")
		s.central.hide("lib@1", "more=much")
		s.downloads("team", "lib@1", "a=one")
		s.downloads("team", "lib@1", "hidden=last")
		s.downloadFails("team", "lib@1", "more", artifact.Quota)
		if n := s.central.registry.Asked("files/acme/lib/1/more"); n != 0 {
			s.t.Errorf("what cannot be kept was fetched %d times", n)
		}
		s.central.offer("lib@2", "a=two")
		s.central.list("lib@2", numbered(most)...)
		s.downloadFails("team", "lib@2", "a", artifact.Quota)
		s.holds("team", "lib@2")
		s.holds("gateway", "lib@2")
	}},
	{name: "no asset that nobody promised comes where listings are whole", with: lateWhole, tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.central.hide("lib@1", "hidden=x")
		s.downloads("team", "lib@1", "a=one")
		s.downloadFails("team", "lib@1", "hidden", artifact.NotFound)
		s.downloadFails("team", "lib@2", "a", artifact.NotFound)
	}},
	{name: "T25 no version gets an asset of another origin", tell: func(s *story) {
		s.Fork(central, clojars)
		s.central.offer("lib@1", "a=one")
		s.clojars.offer("lib@1", "a=other", "b=two")
		s.clojars.hide("lib@1", "c=three")
		s.downloads("team", "lib@1", "a=one")
		s.downloadFails("team", "lib@1", "b", artifact.NotFound)
		s.downloadFails("team", "lib@1", "c", artifact.NotFound)
		s.shows("team", "lib", "1")
		s.holds("team", "lib@1", "a")
		s.holds("second", "lib@1")
	}},
	{name: "no version published inside gets an asset from outside", tell: func(s *story) {
		s.behind()
		s.open("team", "lib")
		s.publish("team", "lib@1", "a=ours")
		s.central.offer("lib@1", "b=theirs")
		s.central.hide("lib@1", "c=theirs")
		s.downloadFails("team", "lib@1", "b", artifact.NotFound)
		s.downloadFails("team", "lib@1", "c", artifact.NotFound)
		s.sees("team", "lib@1", "a")
	}},
	{name: "an asset that an upstream has fetched is not fetched again", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		s.downloads("gateway", "lib@1", "b=two")
		s.holds("team", "lib@1", "a", "b?")
		s.central.registry.Fail()
		s.downloads("team", "lib@1", "b=two")
		s.holds("team", "lib@1", "a", "b")
	}},
	{name: "what is decided while an asset is on its way is obeyed when it comes", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.central.offer("new@1", "b=two")
		s.downloads("team", "lib@1", "a=one")
		for _, c := range []struct {
			coordinate string
			decide     func()
		}{
			{"new@1", func() { s.Control("team", key("new").PackageKey, artifact.Allow, artifact.Block) }},
			{"lib@1", func() { s.Control("team", key("lib").PackageKey, artifact.Allow, artifact.Block) }},
			{"lib@1", func() { s.SetStatus("team", key("lib@1"), artifact.Archived) }},
		} {
			s.open("team", c.coordinate)
			release := s.central.registry.Hold(filePath(key(c.coordinate), "b"))
			s.t.Cleanup(release)
			f, err := s.shelf("team").Open(s.t.Context(), key(c.coordinate), "b")
			s.must(err)
			c.decide()
			release()
			_, err = io.ReadAll(f.Transfer)
			_ = f.Transfer.Close()
			s.refuses(artifact.NotFound, err)
			s.uses(3)
		}
		s.holds("team", "new@1")
		s.holds("gateway", "new@1")
	}},
	{name: "a late asset is recorded where the version came in, not where else the registry is connected", with: lateOnRequest,
		tell: func(s *story) {
			for _, repo := range []string{"one", "two"} {
				s.Repository(repo)
				s.Connect(repo, central)
			}
			s.Repository("team", "one", "two")
			s.central.offer("lib@1", "a=one")
			s.central.hide("lib@1", "linux=l")
			s.downloads("two", "lib@1", "a=one")
			s.central.remove("lib@1")
			s.downloads("team", "lib@1", "linux=l")
			s.holds("team", "lib@1", "a", "linux")
			s.holds("two", "lib@1", "a", "linux")
			s.holds("one", "lib@1")
		}},
	{name: "names that run into each other share no fetch", tell: func(s *story) {
		s.behind()
		s.central.offerVaguely("lib@1", "b/c=one")
		s.central.offerVaguely("lib@1/b", "c=two")
		release := s.central.registry.Hold(filePath(key("lib@1"), "b/c"))
		s.t.Cleanup(release)
		first, err := s.shelf("team").Open(s.t.Context(), key("lib@1"), "b/c")
		s.must(err)
		defer first.Transfer.Close()
		second, err := s.shelf("team").Open(s.t.Context(), key("lib@1/b"), "c")
		s.must(err)
		defer second.Transfer.Close()
		release()
		for want, f := range map[string]repository.File{"one": first, "two": second} {
			if got, err := io.ReadAll(f.Transfer); err != nil || string(got) != want {
				s.t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
	}},
	{name: "who was promised other bytes does not join a fetch under way", tell: func(s *story) {
		s.behind()
		s.central.offerVaguely("lib@1", "a=one")
		release := s.central.registry.Hold(filePath(key("lib@1"), "a"))
		s.t.Cleanup(release)
		before, err := s.shelf("team").Open(s.t.Context(), key("lib@1"), "a")
		s.must(err)
		defer before.Transfer.Close()
		s.central.release("lib@1").Files = nil
		s.central.offer("lib@1", "a=two")
		after, err := s.shelf("team").Open(s.t.Context(), key("lib@1"), "a")
		s.must(err)
		defer after.Transfer.Close()
		release()
		if got, err := io.ReadAll(after.Transfer); err != nil || string(got) != "two" {
			s.t.Errorf("got %q, %v, want what is promised now", got, err)
		}
		_, err = io.ReadAll(before.Transfer)
		s.refuses(artifact.Conflict, err)
		s.downloads("team", "lib@1", "a=two")
	}},
	{name: "a copy has no promises: what was only promised is fetched first", tell: func(s *story) {
		s.behind()
		s.Repository("apart")
		s.central.offer("lib@1", "a=one", "b=two")
		s.central.offer("lib@2", "a=three", "b=four")
		s.downloads("team", "lib@1", "a=one")
		s.downloads("team", "lib@2", "a=three")
		s.must(s.copy("team", "apart", "lib", "1"))
		s.holds("apart", "lib@1", "a", "b")
		s.Disconnect("gateway", central)
		s.refuses(artifact.Conflict, s.copy("team", "apart", "lib", "2"))
		s.holds("apart", "lib@2")
	}},
	{name: "a copy has no promises, of what its registry adds meanwhile either", tell: func(s *story) {
		s.behind()
		s.Repository("apart")
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		path := filePath(key("lib@1"), "b")
		release := s.central.registry.Hold(path)
		s.t.Cleanup(release)
		copied := make(chan error)
		go func() { copied <- s.copy("team", "apart", "lib", "1") }()
		for s.central.registry.Asked(path) == 0 {
			time.Sleep(time.Millisecond)
		}
		s.central.offer("lib@1", "c=three")
		s.sees("team", "lib@1", "a", "b", "c")
		release()
		s.refuses(artifact.Unavailable, <-copied)
		s.holds("apart", "lib@1")
		s.must(s.copy("team", "apart", "lib", "1"))
		s.holds("apart", "lib@1", "a", "b", "c")
	}},
	{name: "a late asset fills in what a retained version of an upstream lacks", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("shared", "lib@1", "a=one")
		s.downloads("team", "lib@1", "b=two")
		s.holds("team", "lib@1", "a", "b")
		s.holds("shared", "lib@1", "a", "b?")
		s.holds("gateway", "lib@1", "a", "b")
	}},
}...)

func tellLateStopped(s *story) {
	s.downloadFails("team", "lib@1", "b", artifact.NotFound)
	s.downloadFails("team", "lib@1", "hidden", artifact.NotFound)
	v, err := s.Rules.Version(s.t.Context(), domainKey.Repository("team"), key("lib@1"))
	if s.must(err); len(v.Assets) != 2 {
		s.t.Errorf("got %d assets, want those from before", len(v.Assets))
	}
}
