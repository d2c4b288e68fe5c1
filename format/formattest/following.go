package formattest

import (
	"fmt"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/repository"
)

// stops are what ends the following of a version that team has retained through shared and gateway.
var stops = []struct {
	name string
	set  func(s *story)
}{
	{"upstream is blocked", func(s *story) {
		s.Control("team", key("lib").PackageKey, artifact.Block, artifact.Block)
	}},
	{"upstream is blocked between", func(s *story) {
		s.Control("shared", key("lib").PackageKey, artifact.Block, artifact.Block)
	}},
	{"the version is withdrawn", func(s *story) { s.SetStatus("team", key("lib@1"), artifact.Archived) }},
	{"the version is withdrawn between", func(s *story) {
		s.downloads("shared", "lib@1", "a=one")
		s.SetStatus("shared", key("lib@1"), artifact.Archived)
	}},
	{"the version is published inside between", func(s *story) {
		s.Control("shared", key("lib").PackageKey, artifact.Allow, artifact.Block)
		s.publish("shared", "lib@1", "a=ours")
		s.open("shared", "lib")
	}},
	{"the connection has ended", func(s *story) { s.Disconnect("gateway", central) }},
	{"the upstream is gone", func(s *story) { s.Upstreams("team") }},
}

// onceStopped tells the same of every stop: team holds asset a of lib@1 and the promise of b, and the registry delivers
// a hidden asset.
func onceStopped(name string, tell func(s *story)) []tale {
	var tales []tale
	for _, stop := range stops {
		tales = append(tales, tale{name: name + stop.name, tell: func(s *story) {
			s.behind()
			s.central.offer("lib@1", "a=one", "b=two")
			s.central.hide("lib@1", "hidden=h")
			s.downloads("team", "lib@1", "a=one")
			stop.set(s)
			tell(s)
		}})
	}
	return tales
}

var following = append(onceStopped("T29 nothing is followed once ", func(s *story) {
	before := s.held("team", "lib@1")
	s.central.offer("lib@1", "c=three")
	s.central.set("lib@1", artifact.Unlisted)
	_, _ = s.shelf("team").View(s.t.Context(), key("lib").PackageKey) // not found where it is withdrawn
	s.holds("team", "lib@1", "a", "b?")
	if after := s.held("team", "lib@1"); after.Status != before.Status || after.Revision != before.Revision {
		s.t.Errorf("it was %s with revision %s and is %s with %s",
			before.Status, before.Revision, after.Status, after.Revision)
	}
}), []tale{
	{name: "T27 an asset that its registry adds is listed at the next look, with a new revision", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		before := s.held("team", "lib@1").Revision
		s.central.offer("lib@1", "b=two")
		s.sees("team", "lib@1", "a", "b")
		for _, repo := range []string{"team", "gateway"} {
			s.holds(repo, "lib@1", "a", "b?")
			if s.held(repo, "lib@1").Revision == before {
				s.t.Errorf("%s has another set of assets under the same revision", repo)
			}
		}
		s.downloads("team", "lib@1", "b=two")
	}},
	{name: "an asset that its registry adds can be downloaded before anybody looks", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		s.central.offer("lib@1", "b=two")
		s.downloads("team", "lib@1", "b=two")
		s.holds("team", "lib@1", "a", "b")
	}},
	{name: "T28 a version published directly follows nobody", tell: func(s *story) {
		s.behind()
		s.open("team", "lib")
		s.publish("team", "lib@1", "a=one")
		s.central.offer("lib@1", "a=one", "b=two")
		s.central.set("lib@1", artifact.Unlisted)
		s.sees("team", "lib@1", "a")
		s.shows("team", "lib", "1")
		s.is("team", "lib@1", artifact.Published)
	}},
	{name: "a version that its registry yanks is unlisted, and listed again with it", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.central.offer("lib@2", "a=two")
		s.downloads("team", "lib@1", "a=one")
		s.central.set("lib@1", artifact.Unlisted)
		s.central.set("lib@2", artifact.Unlisted)
		s.shows("team", "lib", "1-", "2-")
		s.is("team", "lib@1", artifact.Unlisted)
		s.is("gateway", "lib@1", artifact.Unlisted)
		s.downloads("team", "lib@1", "a=one")
		s.downloads("team", "lib@2", "a=two")
		s.is("team", "lib@2", artifact.Unlisted)
		s.central.set("lib@1", artifact.Published)
		s.shows("team", "lib", "1", "2-")
		s.is("team", "lib@1", artifact.Published)
	}},
	{name: "what an administrator sets holds until the registry changes its mind", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		s.SetStatus("team", key("lib@1"), artifact.Unlisted)
		s.central.offer("lib@1", "b=two")
		s.shows("team", "lib", "1-")
		s.holds("team", "lib@1", "a", "b?")
		s.central.set("lib@1", artifact.Unlisted)
		s.shows("team", "lib", "1-")
		s.SetStatus("team", key("lib@1"), artifact.Published)
		s.shows("team", "lib", "1")
		s.central.set("lib@1", artifact.Published)
		s.shows("team", "lib", "1")
		s.central.set("lib@1", artifact.Unlisted)
		s.shows("team", "lib", "1-")
	}},
	{name: "a promise that its registry takes back goes, what was fetched stays", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two", "c=three")
		s.downloads("team", "lib@1", "a=one")
		s.central.drop("lib@1", "a")
		s.central.drop("lib@1", "b")
		s.sees("team", "lib@1", "a", "c")
		s.holds("team", "lib@1", "a", "c?")
		s.downloads("team", "lib@1", "a=one")
		s.downloadFails("team", "lib@1", "b", artifact.NotFound)
	}},
	{name: "a version or a package that its registry removes stays as it was", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.central.offer("lib@2", "a=two")
		s.downloads("team", "lib@1", "a=one")
		s.central.remove("lib@1")
		s.shows("team", "lib", "1", "2")
		s.holds("team", "lib@1", "a", "b?")
		s.central.registry.Remove(listingPath(key("lib").PackageKey))
		s.shows("team", "lib", "1")
		s.downloads("team", "lib@1", "a=one")
		s.is("team", "lib@1", artifact.Published)
	}},
	{name: "a repository follows along its own way only, not along that of who asks", tell: func(s *story) {
		s.Repository("gateway")
		s.Connect("gateway", central)
		s.Repository("apart", "gateway")
		s.Repository("team", "apart", "gateway")
		s.central.offer("lib@1", "a=one")
		s.downloads("apart", "lib@1", "a=one")
		s.Upstreams("apart")
		s.central.offer("lib@1", "b=two")
		s.sees("team", "lib@1", "a")
		s.holds("apart", "lib@1", "a")
		s.holds("gateway", "lib@1", "a", "b?")
	}},
	{name: "facts of assets are the registry's, of those that were fetched too", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		s.central.change("lib@1", "a", "yanked: broken")
		s.sees("team", "lib@1", "a", "b")
		if a, _ := s.held("team", "lib@1").Asset("a"); string(a.Facts) != "yanked: broken" || a.Promised {
			s.t.Errorf("got %v with the facts %q", a, a.Facts)
		}
	}},
	{name: "a registry that does not answer leaves everything as it was", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		changes := s.Changes()
		s.central.registry.Fail()
		s.shows("team", "lib", "1")
		s.holds("team", "lib@1", "a", "b?")
		if n := s.Changes() - changes; n != 0 {
			s.t.Errorf("%d changes are on record", n)
		}
	}},
	{name: "a look that finds nothing new records nothing", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		s.shows("team", "lib", "1")
		changes := s.Changes()
		s.central.offer("lib@2", "a=two")
		s.shows("team", "lib", "1", "2")
		if n := s.Changes() - changes; n != 0 {
			s.t.Errorf("%d changes are on record", n)
		}
	}},
	{name: "what no file can be like is promised once, and looks record nothing more", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		odd := []file{{Name: "empty"}, {Name: "negative", Size: -7}, {Name: "vast", Size: 1 << 60},
			{Name: "twice", Size: 2, Facts: "first"}, {Name: "twice", Size: 3, Facts: "second"}}
		s.central.list("lib@1", odd...)
		s.shows("team", "lib", "1")
		s.holds("team", "lib@1", "a", "empty?", "negative?", "twice?", "vast?")
		if a, _ := s.held("team", "lib@1").Asset("twice"); string(a.Facts) != "first" {
			s.t.Errorf("of two files with one name %q counts", a.Facts)
		}
		changes := s.Changes()
		for range 2 {
			s.shows("team", "lib", "1")
		}
		if n := s.Changes() - changes; n != 0 {
			s.t.Errorf("%d changes are on record", n)
		}
		s.central.offer("lib@2", "a=two")
		s.central.list("lib@2", odd...)
		s.downloads("team", "lib@2", "a=two")
	}},
	{name: "a version that its registry withholds stays as it was, and looks record nothing", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		changes := s.Changes()
		s.central.set("lib@1", artifact.Archived)
		for range 2 {
			s.shows("team", "lib", "1")
		}
		if n := s.Changes() - changes; n != 0 {
			s.t.Errorf("%d changes are on record", n)
		}
		s.is("team", "lib@1", artifact.Published)
	}},
	{name: "a version of which its registry lists too much follows in its status only, and others follow", tell: func(s *story) {
		s.behind()
		for _, version := range []string{"1", "2", "3"} {
			s.central.offer("lib@"+version, "a="+version)
			s.downloads("team", "lib@"+version, "a="+version)
		}
		s.central.list("lib@1", numbered(repository.DefaultQuotas().Assets)...)
		s.central.list("lib@2", file{Name: strings.Repeat("n", 256)}, file{Name: "control\x00"})
		s.central.set("lib@2", artifact.Unlisted)
		s.central.offer("lib@3", "b=more")
		s.shows("team", "lib", "1", "2-", "3")
		changes := s.Changes()
		s.shows("team", "lib", "1", "2-", "3")
		if n := s.Changes() - changes; n != 0 {
			s.t.Errorf("%d changes are on record", n)
		}
		s.holds("team", "lib@1", "a")
		s.holds("team", "lib@2", "a")
		s.holds("team", "lib@3", "a", "b?")
	}},
	{name: "a version of which its registry says too much stays as it was", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("gateway", "lib@1", "a=one")
		s.central.list("lib@1", file{Name: "large", Facts: strings.Repeat("f", 17<<20)})
		s.shows("gateway", "lib", "1")
		s.holds("gateway", "lib@1", "a")
	}},
	{name: "hundreds of versions follow at one look", tell: func(s *story) {
		s.behind()
		const many = 150
		for n := range many {
			version := fmt.Sprint(n + 1)
			s.central.offer("lib@"+version, "a=one")
			s.downloads("gateway", "lib@"+version, "a=one")
		}
		for n := range many {
			s.central.release("lib@" + fmt.Sprint(n+1)).Status = artifact.Unlisted
		}
		s.central.publish("lib")
		_, err := s.shelf("gateway").View(s.t.Context(), key("lib").PackageKey)
		s.must(err)
		for n := range many {
			s.is("gateway", "lib@"+fmt.Sprint(n+1), artifact.Unlisted)
		}
	}},
	{
		name: "a format that does not follow keeps what it retained",
		with: func(t *repository.Traits) { t.Late, t.FollowStatus = 0, false },
		tell: func(s *story) {
			s.behind()
			s.central.offer("lib@1", "a=one")
			s.downloads("team", "lib@1", "a=one")
			s.central.offer("lib@1", "b=two")
			s.central.set("lib@1", artifact.Unlisted)
			s.shows("team", "lib", "1")
			s.sees("team", "lib@1", "a")
			if v := s.held("team", "lib@1"); v.Status != artifact.Published || v.UpstreamStatus != "" {
				s.t.Errorf("got status %s and the registry's %q", v.Status, v.UpstreamStatus)
			}
		},
	},
	{
		name: "a format that follows statuses only has the assets it retained",
		with: func(t *repository.Traits) { t.Late = 0 },
		tell: func(s *story) {
			s.behind()
			s.central.offer("lib@1", "a=one")
			s.downloads("team", "lib@1", "a=one")
			s.central.offer("lib@1", "b=two")
			s.central.set("lib@1", artifact.Unlisted)
			s.shows("team", "lib", "1-")
			s.holds("team", "lib@1", "a")
		},
	},
	{name: "following is on record in every repository that it changed", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		s.central.set("lib@1", artifact.Unlisted)
		changes := s.Changes()
		s.shows("team", "lib", "1-")
		if n := s.Changes() - changes; n != 2 {
			s.t.Errorf("%d changes are on record, want one for team and one for gateway", n)
		}
	}},
	{name: "looks at the same time make one change", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		s.central.offer("lib@1", "b=two")
		changes := s.Changes()
		done := make(chan error)
		for range 8 {
			go func() {
				_, err := s.shelf("team").View(s.t.Context(), key("lib").PackageKey)
				done <- err
			}()
		}
		var errs []error
		for range 8 {
			errs = append(errs, <-done)
		}
		if n := s.Changes() - changes; n != 2 || slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
			s.t.Errorf("got %d changes on record and %v", n, errs)
		}
	}},
}...)

// numbered are so many files with nothing known of them but their names.
func numbered(n int) []file {
	files := make([]file, n)
	for i := range files {
		files[i] = file{Name: fmt.Sprintf("file%d", i), Size: -1}
	}
	return files
}
