package formattest

import (
	"io"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/repository"
)

var upstreams = []tale{
	{name: "T05 what comes from outside is retained where it was asked and where the connection is", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.shows("team", "lib", "1")
		s.holds("team", "lib@1")
		s.downloads("team", "lib@1", "a=one")
		s.holds("team", "lib@1", "a")
		s.holds("shared", "lib@1")
		s.holds("gateway", "lib@1", "a")
		if v := s.held("team", "lib@1"); v.Origin != (artifact.Origin{Type: artifact.OriginExternal, Connection: central}) {
			s.t.Errorf("got the origin %v", v.Origin)
		}
	}},
	{name: "T08 a retained version outlives its source", tell: func(s *story) {
		s.Repository("shared")
		s.Repository("team", "shared")
		s.publish("shared", "lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		s.Delete("shared", key("lib@1"))
		s.downloads("team", "lib@1", "a=one")
		s.downloads("team", "lib@1", "b=two")
	}},
	{name: "T09 a retained version outlives the way to its source, the others go with it", tell: func(s *story) {
		s.Repository("shared")
		s.Repository("team", "shared")
		s.publish("shared", "lib@1", "a=one")
		s.publish("shared", "lib@2", "a=two")
		s.downloads("team", "lib@1", "a=one")
		s.Upstreams("team")
		s.downloads("team", "lib@1", "a=one")
		s.downloadFails("team", "lib@2", "a", artifact.NotFound)
		s.shows("team", "lib", "1")
	}},
	{name: "T10 an upstream that was deleted is told to whoever needs it", tell: func(s *story) {
		s.Repository("shared")
		s.Repository("team", "shared")
		s.publish("team", "lib@1", "a=one")
		_, _, err := s.Rules.DeleteRepository(s.t.Context(), s.caller, domainKey.Repository("shared"))
		s.must(err)
		s.downloads("team", "lib@1", "a=one")
		looking := []string{"View", "Document", "Index", "Labels", "Stat", "Open", "Attachment", "SetLabel"}
		for _, call := range calls {
			if !slices.Contains(looking, call.name) {
				continue
			}
			err := call.do(s.t.Context(), s.shelf("team"), key("other@1"))
			if err == nil || !strings.Contains(err.Error(), "use the UpdateRepository API") {
				s.t.Errorf("%s: got %v, want it to say what to do", call.name, err)
			}
		}
	}},
	{name: "T19 T20 a registry that is down hides nothing that is kept, and nothing is recorded", tell: func(s *story) {
		s.behind()
		s.Repository("other", "shared")
		s.central.offer("lib@1", "a=one", "b=two")
		s.downloads("team", "lib@1", "a=one")
		s.central.registry.Fail()
		s.downloads("team", "lib@1", "a=one")
		s.downloads("other", "lib@1", "a=one")
		s.downloadFails("team", "lib@1", "b", artifact.Unavailable)
		s.downloadFails("team", "lib@2", "a", artifact.NotFound) // as far as is remembered
		s.downloadFails("team", "unheard@1", "a", artifact.Unavailable)
		s.holds("team", "lib@1", "a", "b?")
		s.holds("team", "unheard@1")
		s.central.registry.Recover()
		s.downloads("team", "lib@1", "b=two")
	}},
	{name: "a registry that lies gives nobody a complete asset, and nothing is kept", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=right", "b=two")
		s.central.lie("lib@1", "a=wrong")
		s.downloadFails("team", "lib@1", "a", artifact.Unavailable)
		s.holds("team", "lib@1")
		s.holds("gateway", "lib@1")
		s.uses(0)
		s.downloads("team", "lib@1", "b=two")
		s.downloadFails("team", "lib@1", "a", artifact.Unavailable)
		s.holds("team", "lib@1", "a?", "b")
	}},
	{name: "T30 a version withdrawn upstream hides what lies behind it", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("gateway", "lib@1", "a=one")
		for _, status := range []artifact.Status{artifact.Archived, artifact.Disposed} {
			s.SetStatus("gateway", key("lib@1"), status)
			s.downloadFails("team", "lib@1", "a", artifact.NotFound)
			s.shows("team", "lib")
		}
		s.holds("team", "lib@1")
	}},
	{name: "a version that its registry withholds is not there", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.central.offer("lib@2", "a=two")
		s.central.set("lib@1", artifact.Archived)
		s.downloadFails("team", "lib@1", "a", artifact.NotFound)
		s.shows("team", "lib", "2")
	}},
	{name: "T31 a version unlisted upstream is served, retained, and stays unlisted", tell: func(s *story) {
		s.Repository("shared")
		s.Repository("team", "shared")
		s.publish("shared", "lib@1", "a=one")
		s.SetStatus("shared", key("lib@1"), artifact.Unlisted)
		s.downloads("team", "lib@1", "a=one")
		s.is("team", "lib@1", artifact.Unlisted)
	}},
	{name: "T58 of a version here and upstream the nearest counts, of a label the farthest", tell: func(s *story) {
		s.Repository("shared")
		s.Repository("team", "shared")
		s.open("team", "lib")
		s.publish("team", "lib@1", "a=near")
		s.publish("shared", "lib@1", "a=far")
		s.publish("shared", "lib@2", "a=two")
		s.must(s.shelf("team").SetLabel(s.t.Context(), key("lib").PackageKey, "newest", "1"))
		s.must(s.shelf("shared").SetLabel(s.t.Context(), key("lib").PackageKey, "newest", "2"))
		s.downloads("team", "lib@1", "a=near")
		if view := s.shows("team", "lib", "1", "2"); view.Labels["newest"] != "2" {
			s.t.Errorf("got the labels %v, want newest at 2", view.Labels)
		}
	}},
	{name: "T58 of a snapshot that is here and upstream, the upstream's is shown, even an older one", tell: func(s *story) {
		const snapshot = "lib@1-SNAPSHOT"
		s.Repository("far")
		s.Repository("shared", "far")
		s.Repository("aside")
		s.Repository("team", "shared", "aside")
		for _, repo := range []string{"team", "shared", "far", "aside"} {
			s.open(repo, "lib")
		}
		shown := func(want string) {
			s.t.Helper()
			v, err := s.shows("team", "lib", "1-SNAPSHOT").Version("1-SNAPSHOT")
			if s.must(err); string(v.Manifest) != want {
				s.t.Errorf("got the snapshot with %s, want %s", v.Manifest, want)
			}
		}
		s.publish("aside", snapshot, "aside=1")
		shown("aside")
		s.publish("shared", snapshot, "shared=1")
		s.publish("team", snapshot, "newer=1")
		shown("shared")
		s.publish("far", snapshot, "far=1")
		shown("far")
		s.SetStatus("far", key(snapshot), artifact.Archived)
		shown("shared")
		s.Control("team", key("lib").PackageKey, artifact.Allow, artifact.Block)
		shown("newer")
	}},
	{name: "T98 a version deleted here comes back from upstream", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.downloads("team", "lib@1", "a=one")
		s.Delete("team", key("lib@1"))
		s.holds("team", "lib@1")
		s.downloads("team", "lib@1", "a=one")
		s.holds("team", "lib@1", "a")
	}},
	{
		name: "T65 a format whose packages stay where they are searches nothing upstream",
		with: func(t *repository.Traits) { t.InternalOnly = true },
		tell: func(s *story) {
			s.behind()
			s.central.offer("lib@1", "a=public")
			s.publish("shared", "lib@2", "a=two")
			s.downloadFails("team", "lib@1", "a", artifact.NotFound)
			s.downloadFails("team", "lib@2", "a", artifact.NotFound)
			s.shows("team", "lib")
			s.publish("team", "lib@1", "a=ours")
			s.publish("team", "lib@2", "a=ours")
			s.shows("team", "lib", "1", "2")
			if n := s.central.asked("lib"); n != 0 {
				s.t.Errorf("the registry was asked %d times", n)
			}
		},
	},
	{name: "an attachment is the registry's as long as the version can come from there", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		s.central.attach("lib@1", "note", "from outside")
		attached := func(name string) (string, error) {
			body, err := s.shelf("team").Attachment(s.t.Context(), key("lib@1"), name)
			if err != nil {
				return "", err
			}
			defer body.Close()
			var text strings.Builder
			_, err = io.Copy(&text, body)
			return text.String(), err
		}
		for range 2 { // listed, then retained
			text, err := attached("note")
			if s.must(err); text != "from outside" {
				s.t.Errorf("got %q", text)
			}
			_, err = attached("other")
			s.refuses(artifact.NotFound, err)
			s.downloads("team", "lib@1", "a=one")
		}
		s.Disconnect("gateway", central)
		_, err := attached("note")
		s.refuses(artifact.NotFound, err)
	}},
}
