package npm

import (
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/repository"
)

// latest returns where latest points, and fails the test unless every door says the same.
func (s *site) latest(in, name string) string {
	s.T.Helper()
	s.serve(s.Shelf(in, artifact.NPM))
	escaped := strings.Replace(name, "/", "%2f", 1)
	found := map[string]any{}
	for _, form := range []form{fullForm, abbreviatedForm} {
		found[form.variant+" document"] = dig(s.json(s.Do("GET", escaped, "", "Accept", form.contentType)), "dist-tags", "latest")
	}
	found["version by tag"] = dig(s.json(s.Do("GET", escaped+"/latest", "")), "version")
	found["list of tags"] = dig(s.json(s.Do("GET", "-/package/"+escaped+"/dist-tags", "")), "latest")
	want := found["list of tags"].(string)
	for door, got := range found {
		if got != want {
			s.T.Errorf("%s in %s: the %s says %v, the list of tags %s", name, in, door, got, want)
		}
	}
	return want
}

// displayed is what the API displays of a package that a repository itself holds.
func (s *site) displayed(in, name string) string {
	s.T.Helper()
	list, err := s.Rules.Versions(s.T.Context(), s.Shelf(in, artifact.NPM).Repository(), key(name), catalog.VersionFilter{},
		catalog.Page{Limit: 1})
	if err != nil {
		s.T.Fatal(err)
	}
	return list.DefaultDisplay
}

func TestEveryDoorSaysTheSameOfLatest(t *testing.T) {
	s := newSite(t)
	const name = "@acme/bar"
	for _, step := range []struct {
		does string
		do   func()
		want string
	}{
		{"a first publish with another tag sets it", func() { s.publish(name, "2.0.0-rc.1", "beta") }, "2.0.0-rc.1"},
		{"another tag does not move it", func() { s.publish(name, "3.0.0", "next") }, "2.0.0-rc.1"},
		{"nor does the same tag again", func() { s.publish(name, "2.0.0-rc.2", "beta") }, "2.0.0-rc.1"},
		{"a publish that names it moves it", func() { s.publish(name, "1.0.0", "latest") }, "1.0.0"},
		{"a higher release of another line does not", func() { s.publish(name, "4.0.0", "lts") }, "1.0.0"},
		{"a dist-tag does", func() {
			s.Must(http.StatusOK, s.Do("PUT", "-/package/@acme%2fbar/dist-tags/latest", `"3.0.0"`))
		}, "3.0.0"},
		{"where its version is unlisted the highest release stands in", func() {
			s.SetStatus(shelf, key(name).At("3.0.0"), artifact.Unlisted)
		}, "4.0.0"},
		{"as long as that lasts", func() { s.SetStatus(shelf, key(name).At("3.0.0"), artifact.Published) }, "3.0.0"},
		{"where its version is archived as well", func() {
			s.SetStatus(shelf, key(name).At("3.0.0"), artifact.Archived)
		}, "4.0.0"},
		{"and a publish that does not name it leaves it there", func() { s.publish(name, "5.0.0", "next") }, "4.0.0"},
		{"for good", func() { s.SetStatus(shelf, key(name).At("3.0.0"), artifact.Published) }, "4.0.0"},
		{"where its version is deleted the highest release is left", func() { s.Delete(shelf, key(name).At("4.0.0")) }, "5.0.0"},
		{"and stays", func() { s.publish(name, "6.0.0", "next") }, "5.0.0"},
	} {
		step.do()
		if got := s.latest(shelf, name); got != step.want {
			t.Errorf("%s: latest is %s, want %s", step.does, got, step.want)
		}
		if got := s.displayed(shelf, name); got != step.want {
			t.Errorf("%s: the API displays %s, want %s", step.does, got, step.want)
		}
		found := s.Do("GET", "-/v1/search?text=bar", "").Body.String()
		if !strings.Contains(found, `"version":"`+step.want+`"`) {
			t.Errorf("%s: search gives %s", step.does, found)
		}
	}
}

func TestLatestOfWhatComesFromUpstream(t *testing.T) {
	s := newSite(t)
	withoutTags := registry("bare", "1.0.0", "1.1.0", "2.0.0-beta")
	delete(withoutTags, "dist-tags")
	dangling := registry("dangling", "1.0.0", "1.1.0")
	dangling["dist-tags"] = object{"latest": "9.9.9", "old": "1.0.0"}
	older := registry("older", "1.0.0", "2.0.0")
	older["dist-tags"] = object{"latest": "1.0.0"}
	for name, document := range map[string]object{"bare": withoutTags, "dangling": dangling, "older": older} {
		s.stock(name, document)
	}
	s.Repository("team", shelf)
	for name, want := range map[string]string{"bare": "1.1.0", "dangling": "1.1.0", "older": "1.0.0"} {
		for _, in := range []string{shelf, "team"} {
			if got := s.latest(in, name); got != want {
				t.Errorf("%s in %s: latest is %s, want %s", name, in, got, want)
			}
		}
	}

	// The tag of the upstream counts for as long as its version can be had; then the repository's own does.
	s.Control("team", key("older"), artifact.Allow, artifact.Allow)
	s.serve(s.Shelf("team", artifact.NPM))
	s.publish("older", "0.5.0", "latest")
	if got := s.latest("team", "older"); got != "1.0.0" {
		t.Errorf("with the upstream's tag: latest is %s, want 1.0.0", got)
	}
	s.Do("GET", "older/-/older-1.0.0.tgz", "")
	s.SetStatus("team", key("older").At("1.0.0"), artifact.Archived)
	if got := s.latest("team", "older"); got != "0.5.0" {
		t.Errorf("with the upstream's version withdrawn: latest is %s, want our own 0.5.0", got)
	}

	// What was only fetched has no tags of its own.
	s.serve(s.Shelf(shelf, artifact.NPM))
	for _, number := range []string{"1.1.0", "1.0.0"} {
		s.Must(http.StatusOK, s.Do("GET", "bare/-/bare-"+number+".tgz", ""))
	}
	s.Disconnect(shelf, npmjs)
	if got := s.latest(shelf, "bare"); got != "1.1.0" || s.displayed(shelf, "bare") != got {
		t.Errorf("latest of what is kept is %s, the API displays %s, want 1.1.0", got, s.displayed(shelf, "bare"))
	}
}

func TestACopyLeavesLatestWhereItWasUnlessTheTagComesAlong(t *testing.T) {
	s := newSite(t)
	s.publish("bar", "1.0.0", "latest")
	s.publish("bar", "2.0.0", "next")
	s.publish("bar", "3.0.0-rc", "next")
	s.Repository("team")
	for _, step := range []struct {
		copies []string
		want   string
	}{
		{[]string{"3.0.0-rc"}, "3.0.0-rc"}, // the first of all
		{[]string{"2.0.0"}, "3.0.0-rc"},
		{[]string{"1.0.0"}, "1.0.0"},
	} {
		s.copies("bar", step.copies...)
		if got := s.latest("team", "bar"); got != step.want || s.displayed("team", "bar") != got {
			t.Errorf("with %v copied latest is %s, the API displays %s, want %s", step.copies, got,
				s.displayed("team", "bar"), step.want)
		}
	}
	s.serve(s.Shelf(shelf, artifact.NPM))
	s.publish("bar", "4.0.0", "next")
	s.copies("bar", "4.0.0")
	if got := s.latest("team", "bar"); got != "1.0.0" {
		t.Errorf("after a copy without the tag latest is %s, want 1.0.0", got)
	}
}

// copies copies versions of a package from the shelf to the team's repository.
func (s *site) copies(name string, versions ...string) {
	s.T.Helper()
	from := s.Shelf(shelf, artifact.NPM)
	out, err := s.Rules.Copy(s.T.Context(), from.Caller(), repository.CopySpec{
		From: from.Repository(), To: s.Shelf("team", artifact.NPM).Repository(),
		PackageKey: key(name), Selection: repository.Selection{Versions: versions},
	})
	if err != nil || len(out.Failed) > 0 {
		s.T.Fatalf("copy %s %v: %v, %v", name, versions, out.Failed, err)
	}
}
