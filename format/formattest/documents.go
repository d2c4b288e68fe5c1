package formattest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/repository"
)

var documents = []tale{
	{name: "a view has every version that can be downloaded, with its status", tell: func(s *story) {
		s.Repository("team")
		for _, version := range []string{"1", "2", "3"} {
			s.publish("team", "lib@"+version, "a="+version)
		}
		s.SetStatus("team", key("lib@2"), artifact.Unlisted)
		s.SetStatus("team", key("lib@3"), artifact.Archived)
		view := s.shows("team", "lib", "1", "2-")
		if v, err := view.Version("2"); err != nil || v.Status != artifact.Unlisted {
			s.t.Errorf("got %s, %v, want it Unlisted", v.Status, err)
		}
		_, err := view.Version("3")
		s.refuses(artifact.NotFound, err)
	}},
	{name: "one version of a view has its details, whoever has it", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "a=one")
		for range 2 { // listed, then retained
			v, err := s.shows("team", "lib", "1").Version("1")
			if s.must(err); v.Details.Summary != "summary of 1" {
				s.t.Errorf("got the details %v", v.Details)
			}
			s.downloads("team", "lib@1", "a=one")
		}
	}},
	{name: "a document is rendered anew when its package has changed, and only then", tell: tellDocument},
	{name: "a document of many who ask at once is rendered once", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		var renderings atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				_, err := s.shelf("team").Document(s.t.Context(), key("lib").PackageKey, "list",
					func(w io.Writer, v repository.View) error {
						renderings.Add(1)
						return list(w, v)
					})
				if err != nil {
					s.t.Error(err)
				}
			})
		}
		if wait.Wait(); renderings.Load() != 1 {
			s.t.Errorf("it was rendered %d times", renderings.Load())
		}
	}},
	{name: "variants of a document are documents of their own", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		for _, variant := range []string{"short", "long"} {
			doc, err := s.shelf("team").Document(s.t.Context(), key("lib").PackageKey, variant,
				func(w io.Writer, v repository.View) error {
					_, err := io.WriteString(w, variant)
					return err
				})
			if s.must(err); string(doc.Identity) != variant {
				s.t.Errorf("got %q, want %q", doc.Identity, variant)
			}
		}
	}},
	{name: "an index is rendered anew when a package has changed, and only then", tell: tellIndex},
	{name: "an index has the packages in order, each once, of the repository and its upstreams", tell: func(s *story) {
		s.behind()
		s.publish("team", "b@1", "a=near")
		s.publish("shared", "a@1", "a=far")
		s.publish("shared", "b@1", "a=far")
		s.publish("shared", "b@2", "a=far")
		s.open("shared", "empty")
		s.central.offer("c@1", "a=one")
		s.central.offer("unasked@1", "a=one")
		s.downloads("gateway", "c@1", "a=one")
		// The first publication closed b to upstream.
		s.indexes("team", "a 1, b 1, c 1, empty")
		s.open("team", "b")
		s.indexes("team", "a 1, b 1 2, c 1, empty")
		s.Control("team", key("c").PackageKey, artifact.Allow, artifact.Block)
		s.indexes("team", "a 1, b 1 2, c, empty")
		s.SetStatus("team", key("b@1"), artifact.Archived)
		s.indexes("team", "a 1, b 2, c, empty")
	}},
	{name: "an index changes with its upstream, however often either upstream was written", tell: func(s *story) {
		s.Repository("other")
		s.publish("other", "right@1", "a=one")
		for n := range 4 {
			shared, team := fmt.Sprint("shared", n), fmt.Sprint("team", n)
			s.Repository(shared)
			s.Repository(team, shared)
			for version := range n {
				s.publish(shared, fmt.Sprintf("left@%d", version+1), "a=one")
			}
			_, err := s.shelf(team).Index(s.t.Context(), artifact.Maven, "all", inventory)
			s.must(err)
			s.Upstreams(team, "other")
			s.indexes(team, "right 1")
		}
	}},
	{name: "an index need not be read to its end", tell: func(s *story) {
		s.Repository("team")
		for _, name := range []string{"a", "b", "c"} {
			s.publish("team", name+"@1", "a=one")
		}
		var first []string
		_, err := s.shelf("team").Index(s.t.Context(), artifact.Maven, "first",
			func(w io.Writer, held repository.Inventory) error {
				for item, err := range held.Packages {
					if err != nil {
						return err
					}
					if first = append(first, item.Name); len(first) == 2 {
						break
					}
				}
				return nil
			})
		if s.must(err); !slices.Equal(first, []string{"a", "b"}) {
			s.t.Errorf("got %v", first)
		}
	}},
	{name: "an index says whether an external registry may have more", tell: func(s *story) {
		s.behind()
		s.Repository("alone")
		for repo, want := range map[string]bool{"team": true, "alone": false} {
			_, err := s.shelf(repo).Index(s.t.Context(), artifact.Maven, "more", func(_ io.Writer, held repository.Inventory) error {
				if held.External != want {
					s.t.Errorf("%s: got %t, want %t", repo, held.External, want)
				}
				return nil
			})
			s.must(err)
		}
	}},
	{name: "an index may be of one namespace, which others begin like", tell: func(s *story) {
		s.Repository("shared")
		s.Repository("team", "shared")
		for _, namespace := range []string{"acm", "acme", "acme.tools", "acmecorp", "zoo"} {
			p := publication(namespace+"-lib@1", "a=one")
			p.Namespace = namespace
			_, err := s.tryPublish(s.t.Context(), s.shelf("shared"), p, "a=one")
			s.must(err)
		}
		var got []string
		_, err := s.shelf("team").Index(s.t.Context(), artifact.Maven, "of acme",
			func(_ io.Writer, held repository.Inventory) error {
				for item, err := range held.In("acme") {
					if err != nil {
						return err
					}
					got = append(got, item.Name)
				}
				return nil
			})
		if s.must(err); !slices.Equal(got, []string{"acme-lib"}) {
			s.t.Errorf("got %v", got)
		}
	}},
	{name: "packages are found that the repository or an upstream holds", tell: func(s *story) {
		s.behind()
		s.publish("team", "library@1", "a=one")
		s.publish("shared", "librarian@1", "a=one")
		s.central.offer("libretto@1", "a=one")
		found, err := s.shelf("team").Search(s.t.Context(), artifact.Maven, []string{"LIBR"}, catalog.Page{Limit: 10})
		s.must(err)
		var names []string
		for _, p := range found.Items {
			names = append(names, p.Name)
		}
		if want := []string{"librarian", "library"}; !slices.Equal(names, want) {
			s.t.Errorf("got %v, want %v", names, want)
		}
	}},
}

// step is something that happens, and what becomes of a document: it is as it was, it is rendered anew and comes out the
// same, or it says something else.
type step struct {
	name string
	do   func(s *story)
	then outcome
}

type outcome uint8

const (
	kept outcome = iota
	renderedTheSame
	changed
)

// steps checks after each what became of a document. One that says the same has the same tag and the same age.
func (s *story) steps(all []step, get func(renderings *int) (repository.Document, error)) {
	s.t.Helper()
	renderings := 0
	last, err := get(&renderings)
	s.must(err)
	for _, step := range all {
		step.do(s)
		before := renderings
		doc, err := get(&renderings)
		if err != nil {
			s.t.Fatalf("after %s: %v", step.name, err)
		}
		if rendered := renderings > before; rendered != (step.then != kept) {
			s.t.Errorf("after %s: rendered anew: %v", step.name, rendered)
		}
		if differs := doc.ETag != last.ETag; differs != (step.then == changed) {
			s.t.Errorf("after %s: another tag: %v; it says %q", step.name, differs, doc.Identity)
		}
		if older := doc.Modified.Equal(last.Modified); older != (step.then != changed) {
			s.t.Errorf("after %s: modified at %s, before at %s", step.name, doc.Modified, last.Modified)
		}
		last = doc
	}
}

func tellDocument(s *story) {
	s.behind()
	s.central.offer("lib@1", "a=one")
	s.steps([]step{
		{"nothing", func(*story) {}, kept},
		{"another package is published", func(s *story) { s.publish("team", "other@1", "a=one") }, kept},
		{"the registry has a new version", func(s *story) { s.central.offer("lib@2", "a=two") }, changed},
		{"the registry yanks it", func(s *story) { s.central.set("lib@2", artifact.Unlisted) }, changed},
		{"it is retained", func(s *story) { s.downloads("team", "lib@2", "a=two") }, renderedTheSame},
		{"the registry relists it", func(s *story) { s.central.set("lib@2", artifact.Published) }, changed},
		{"the registry adds an asset to it", func(s *story) { s.central.offer("lib@2", "b=two") }, changed},
		{"time passes", func(s *story) { s.Clock.Pass(forgetting) }, kept},
		{"it is archived", func(s *story) { s.SetStatus("team", key("lib@2"), artifact.Archived) }, changed},
		{"it is deleted", func(s *story) { s.Delete("team", key("lib@2")) }, changed},
		{"an upstream goes", func(s *story) {
			s.downloads("team", "lib@2", "a=two")
			s.Upstreams("team")
		}, changed},
	}, func(renderings *int) (repository.Document, error) {
		return s.shelf("team").Document(s.t.Context(), key("lib").PackageKey, "list",
			func(w io.Writer, v repository.View) error {
				*renderings++
				return list(w, v)
			})
	})
}

func tellIndex(s *story) {
	s.behind()
	s.publish("team", "first@1", "a=one")
	s.central.offer("lib@1", "a=one")
	s.steps([]step{
		{"nothing", func(*story) {}, kept},
		{"time passes", func(s *story) { s.Clock.Pass(forgetting) }, kept},
		{"a version is published", func(s *story) { s.publish("team", "first@2", "a=two") }, changed},
		{"it is unlisted", func(s *story) { s.SetStatus("team", key("first@2"), artifact.Unlisted) }, changed},
		{"a version is retained", func(s *story) { s.downloads("team", "lib@1", "a=one") }, changed},
		{"it is deleted", func(s *story) {
			s.Delete("team", key("lib@1"))
			s.Delete("gateway", key("lib@1"))
		}, changed},
		{"a version is published upstream", func(s *story) { s.publish("shared", "second@1", "a=one") }, changed},
		{"origin controls block it", func(s *story) {
			s.Control("team", key("second").PackageKey, artifact.Allow, artifact.Block)
		}, changed},
		{"they allow it again", func(s *story) { s.open("team", "second") }, changed},
		{"the upstream goes", func(s *story) { s.Upstreams("team") }, changed},
	}, func(renderings *int) (repository.Document, error) {
		return s.shelf("team").Index(s.t.Context(), artifact.Maven, "names",
			func(w io.Writer, held repository.Inventory) error {
				*renderings++
				return inventory(w, held)
			})
	})
}

// indexes checks the index above the packages of a repository: names with their versions.
func (s *story) indexes(repo, want string) {
	s.t.Helper()
	doc, err := s.shelf(repo).Index(s.t.Context(), artifact.Maven, "all", inventory)
	if s.must(err); strings.NewReplacer(";", "", "\n", ", ").Replace(strings.TrimSpace(string(doc.Identity))) != want {
		s.t.Fatalf("got the index %q, want %q", doc.Identity, want)
	}
}

// inventory writes the packages, one a line, with their versions; a semicolon follows one that is not listed.
func inventory(w io.Writer, held repository.Inventory) error {
	for item, err := range held.Packages {
		if err != nil {
			return err
		}
		line := item.Name
		for v, err := range item.Versions {
			if err != nil {
				return err
			}
			line += " " + v.VersionKey.Version
			if !v.Status.Listed() {
				line += ";"
			}
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
