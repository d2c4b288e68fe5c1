package formattest

import (
	"entrepot/artifact"
	"entrepot/repository"
)

var naming = []tale{
	{name: "T94 a version is found by every spelling of its name and its number, and kept under one", tell: func(s *story) {
		s.Repository("team")
		if v := s.publish("team", "My.Lib@007", "a=one"); v.VersionKey != key("My-Lib@7") {
			s.t.Errorf("kept as %s, want My-Lib@7", v.VersionKey)
		}
		for _, spelling := range []string{"My.Lib@007", "My-Lib@7", "My.Lib@7"} {
			s.downloads("team", spelling, "a=one")
			s.shows("team", spelling, "7")
			s.holds("team", spelling, "a")
		}
		s.must(s.shelf("team").SetLabel(s.t.Context(), key("My.Lib").PackageKey, "good", "07"))
		labels, err := s.shelf("team").Labels(s.t.Context(), key("My.Lib").PackageKey)
		if s.must(err); labels["good"] != "7" {
			s.t.Errorf("got the labels %v, want good at 7", labels)
		}
	}},
	{name: "a registry is asked under the kept name", tell: func(s *story) {
		s.behind()
		s.central.offer("My-Lib@7", "a=one")
		s.downloads("team", "My.Lib@07", "a=one")
		s.holds("gateway", "My-Lib@7", "a")
	}},
	{name: "origin controls hold for every spelling of a name", tell: func(s *story) {
		s.Repository("team")
		s.Control("team", key("My.Lib").PackageKey, artifact.Block, artifact.Allow)
		s.publishFails("team", "My-Lib@1", artifact.Conflict, "a=one")
		s.publishFails("team", "My.Lib@1", artifact.Conflict, "a=one")
	}},
	{name: "the API takes every spelling where the format says so", tell: func(s *story) {
		if got := s.Rules.CanonicalAPI(key("My.Lib@007")); got != key("My-Lib@7") {
			s.t.Errorf("got %s, want My-Lib@7", got)
		}
	}},
	{
		name: "the API takes the kept name only where the format does not say so",
		with: func(t *repository.Traits) { t.CanonicalAPI = false },
		tell: func(s *story) {
			if got := s.Rules.CanonicalAPI(key("My.Lib@007")); got != key("My.Lib@007") {
				s.t.Errorf("got %s, want it as it was", got)
			}
		},
	},
	{
		name: "a copy brings nothing in from outside under a name that is not the kept one",
		with: func(t *repository.Traits) { t.CanonicalAPI = false },
		tell: func(s *story) {
			s.behind()
			s.Repository("apart")
			s.central.offer("my.lib@1", "a=one")
			s.central.offer("my-lib@01", "a=one")
			for coordinate, kept := range map[string]string{"my.lib@1": "1", "my-lib@01": "01"} {
				out, err := s.Rules.Copy(s.t.Context(), s.caller, repository.CopySpec{From: domainKey.Repository("team"),
					To: domainKey.Repository("apart"), PackageKey: key(coordinate).PackageKey, IncludeUpstream: true,
					Selection: repository.Selection{Versions: []string{kept}}})
				if s.must(err); out.Failed[kept].Code != repository.VersionNotFound {
					s.t.Errorf("%s: got %v", coordinate, out)
				}
			}
			s.uses(0)
		},
	},
	{name: "a repository has one package of those whose names fold to the same", tell: func(s *story) {
		s.Repository("team")
		s.Repository("other")
		s.publish("team", "left-pad@1", "a=one")
		s.publishFails("team", "Left_Pad@2", artifact.Conflict, "a=two")
		s.holds("team", "Left_Pad@2")
		s.publish("other", "Left_Pad@2", "a=two")
		s.publish("team", "left-pad@2", "a=two")
	}},
	{name: "what is published in another spelling of a version comes to the one that is there", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1-beta", "a=one")
		if v := s.publish("team", "lib@1-Beta", "b=two"); v.VersionKey != key("lib@1-beta") {
			s.t.Errorf("got %s, want lib@1-beta", v.VersionKey)
		}
		s.publishFails("team", "lib@1-BETA", artifact.Conflict, "a=other")
		s.shows("team", "lib", "1-beta")
		s.holds("team", "lib@1-beta", "a", "b")
		s.Delete("team", key("lib@1-beta"))
		s.publish("team", "lib@1-BETA", "a=other")
		s.shows("team", "lib", "1-BETA")
	}},
	{name: "a version that is upstream in any spelling is not published, however it came there", tell: func(s *story) {
		s.behind()
		s.Repository("apart")
		s.open("team", "lib")
		s.open("shared", "lib")
		s.publish("shared", "lib@1-beta", "a=ours")
		s.central.offer("lib@2-beta", "a=theirs")
		s.downloads("gateway", "lib@2-beta", "a=theirs")
		s.central.remove("lib@2-beta")
		s.publish("apart", "lib@3-beta", "a=copied")
		_, err := s.Rules.Copy(s.t.Context(), s.caller, repository.CopySpec{From: domainKey.Repository("apart"),
			To: domainKey.Repository("shared"), PackageKey: key("lib").PackageKey,
			Selection: repository.Selection{Versions: []string{"3-beta"}}})
		s.must(err)
		for _, spelling := range []string{"lib@1-BETA", "lib@2-Beta", "lib@3-Beta"} {
			s.publishFails("team", spelling, artifact.Conflict, "a=other")
		}
	}},
	{name: "a view has a version once, from the first source that has it in any spelling", tell: func(s *story) {
		s.behind()
		s.open("team", "lib")
		s.publish("team", "lib@1-beta", "a=near")
		s.publish("shared", "lib@1-BETA", "a=far")
		s.publish("shared", "lib@2", "a=far")
		s.shows("team", "lib", "1-beta", "2")
	}},
	{name: "what closes a package closes it under every spelling that folds to the same", tell: func(s *story) {
		s.behind()
		s.publish("shared", "Left_Pad@2", "a=ours")
		document := func() error {
			_, err := s.shelf("team").Document(s.t.Context(), key("Left_Pad").PackageKey, "list", list)
			return err
		}
		s.must(document())
		s.indexes("team", "Left_Pad 2")
		s.publish("team", "left-pad@1", "a=ours")
		s.downloadFails("team", "Left_Pad@2", "a", artifact.NotFound)
		s.shows("team", "Left_Pad")
		s.refuses(artifact.NotFound, document())
		s.indexes("team", "left-pad 1")
		s.open("team", "left-pad")
		s.shows("team", "Left_Pad", "2")
		s.must(document())
		s.indexes("team", "Left_Pad 2, left-pad 1")
	}},
	{name: "a package from outside whose name folds to that of one of ours is not taken in", tell: func(s *story) {
		s.behind()
		s.publish("team", "left-pad@1", "a=ours")
		s.central.offer("Left_Pad@1", "a=theirs")
		s.downloadFails("team", "Left_Pad@1", "a", artifact.NotFound)
		s.holds("team", "Left_Pad@1")
		s.holds("gateway", "Left_Pad@1")
	}},
}
