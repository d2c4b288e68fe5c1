package formattest

import "entrepot/artifact"

var several = []tale{
	{name: "T36 an unlisted version is downloaded and not listed, with the revision it had", tell: func(s *story) {
		s.Repository("team")
		before := s.publish("team", "lib@1", "a=one").Revision
		s.publish("team", "lib@2", "a=two")
		s.must(s.setStatus("team", "lib", artifact.Unlisted, "1"))
		s.shows("team", "lib", "1-", "2")
		s.downloads("team", "lib@1", "a=one")
		if got := s.held("team", "lib@1").Revision; got != before {
			s.t.Errorf("got revision %s, want %s", got, before)
		}
	}},
	{name: "T37 an archived version is not there, until it is published again", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		s.SetStatus("team", key("lib@1"), artifact.Archived)
		s.shows("team", "lib")
		s.downloadFails("team", "lib@1", "a", artifact.NotFound)
		s.SetStatus("team", key("lib@1"), artifact.Published)
		s.shows("team", "lib", "1")
		s.downloads("team", "lib@1", "a=one")
	}},
	{name: "T40 T41 a disposed version stays so until it is deleted, and then its number is free", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.SetStatus("team", key("lib@1"), artifact.Disposed)
		s.refuses(artifact.Conflict, s.setStatus("team", "lib", artifact.Published, "1"))
		s.is("team", "lib@1", artifact.Disposed)
		s.publishFails("team", "lib@1", artifact.Conflict, "a=one")
		s.uses(0)
		s.Delete("team", key("lib@1"))
		s.publish("team", "lib@1", "a=other")
		s.downloads("team", "lib@1", "a=other")
	}},
	{name: "statuses are set for all versions or for none", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.publish("team", "lib@2", "a=two")
		s.refuses(artifact.NotFound, s.setStatus("team", "lib", artifact.Unlisted, "1", "2", "9"))
		s.SetStatus("team", key("lib@2"), artifact.Disposed)
		s.refuses(artifact.Conflict, s.setStatus("team", "lib", artifact.Unlisted, "1", "2"))
		s.is("team", "lib@1", artifact.Published)
	}},
	{name: "a package manager neither lists what was archived nor unlists it", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		s.SetStatus("team", key("lib@1"), artifact.Archived)
		s.refuses(artifact.Conflict, s.setStatus("team", "lib", artifact.Published, "1"))
		s.refuses(artifact.Conflict, s.setStatus("team", "lib", artifact.Unlisted, "1"))
		s.is("team", "lib@1", artifact.Archived)
		s.downloadFails("team", "lib@1", "a", artifact.NotFound)
	}},
	{name: "T39 a package manager makes no version unfinished, archived, disposed or deleted", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		for _, target := range []artifact.Status{artifact.Unfinished, artifact.Archived, artifact.Disposed, artifact.Deleted} {
			s.refuses(artifact.Conflict, s.setStatus("team", "lib", target, "1"))
		}
		s.is("team", "lib@1", artifact.Published)
	}},
	{name: "an upstream's version has no status of ours", tell: func(s *story) {
		s.Repository("shared")
		s.Repository("team", "shared")
		s.publish("shared", "lib@1", "a=one")
		s.refuses(artifact.NotFound, s.setStatus("team", "lib", artifact.Unlisted, "1"))
		s.is("shared", "lib@1", artifact.Published)
	}},
}

// setStatus asks the shelf to move versions to a status.
func (s *story) setStatus(repo, name string, target artifact.Status, versions ...string) error {
	return s.shelf(repo).SetStatus(s.t.Context(), key(name).PackageKey, versions, target)
}
