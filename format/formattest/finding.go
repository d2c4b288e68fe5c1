package formattest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/repository"
	"entrepot/upstream"
)

// finder reads a registry of the made-up format that lists no files: what is there is found by asking.
type finder struct{ *source }

// usual are the assets that versions in such a registry usually have.
var usual = []string{"about", "main", "sources"}

// Presume follows repository.Finder.
func (f finder) Presume(v artifact.VersionKey, asset string) (artifact.Version, error) {
	if f.client.Lacks(f.connection, filePath(v, asset)) {
		return artifact.Version{}, artifact.Errorf(artifact.NotFound, "The registry has no %s.", asset)
	}
	return artifact.Version{VersionKey: v, Status: artifact.Published, Manifest: []byte("found"),
		Origin: artifact.Origin{Type: artifact.OriginExternal, Connection: f.connection}}, nil
}

// Find follows repository.Finder.
func (f finder) Find(ctx context.Context, v artifact.VersionKey, asset string) (artifact.Version, error) {
	found, err := f.Presume(v, asset)
	if err != nil {
		return found, err
	}
	found.UpstreamTime = Now
	names := []string{asset}
	if asset == "" {
		names = usual
	}
	for _, name := range names {
		_, ok, err := f.client.Exists(ctx, upstream.ExistsRequest{Connection: f.connection, Path: filePath(v, name)})
		if err != nil {
			return artifact.Version{}, err
		}
		if ok {
			found.Assets = append(found.Assets, artifact.Asset{Name: name})
		}
	}
	if len(found.Assets) == 0 {
		return found, artifact.Errorf(artifact.NotFound, "The registry has none of %v.", names)
	}
	return found, nil
}

// byFinding makes a format whose registries list no files, and whose versions are described by the asset called about.
func byFinding(f *format.Format) {
	f.Traits = repository.Traits{Late: repository.LateOnRequest, Growth: repository.GrowAlways,
		Describes: func(_ artifact.Version, asset string) bool { return asset == "about" },
		Describe: func(_ artifact.VersionKey, _ string, content io.ReaderAt, size int64) (artifact.Details, bool) {
			text, err := io.ReadAll(io.NewSectionReader(content, 0, size))
			return artifact.Details{Summary: string(text)}, err == nil && !bytes.Contains(text, []byte("nothing"))
		},
	}
	f.Source = func(c *upstream.Client, connection string) repository.Source { return finder{&source{c, connection}} }
}

// countedReads is a catalog that counts how often it is read.
type countedReads struct {
	catalog.Store
	n atomic.Int64
}

func (c *countedReads) Read(ctx context.Context, fn func(catalog.Reader) error) error {
	c.n.Add(1)
	return c.Store.Read(ctx, fn)
}

// comesToHold waits until a repository holds a version with the assets, and checks what it tells of the version.
func (s *story) comesToHold(repo, coordinate, summary string, want ...string) {
	s.t.Helper()
	var got []string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		v := s.held(repo, coordinate)
		if got = AssetNames(v); slices.Equal(got, want) && v.Details.Summary == summary {
			return
		}
	}
	s.t.Fatalf("assets of %s in %s: got %v, want %v with the summary %q", coordinate, repo, got, want, summary)
}

var finding = []tale{
	{name: "T23 where no files are listed, the first one brings the promise of those that are usually there", tell: func(s *story) {
		s.behind()
		for _, f := range []string{"about=a lib", "main=one", "odd=two"} {
			s.central.hide("lib@1", f)
		}
		s.downloads("team", "lib@1", "about=a lib")
		s.comesToHold("team", "lib@1", "a lib", "about", "main?")
		s.comesToHold("gateway", "lib@1", "a lib", "about", "main?")
		if n := s.central.registry.Asked(filePath(key("lib@1"), "odd")); n != 0 {
			s.t.Errorf("an asset with an unusual name was looked for %d times", n)
		}
	}},
	{name: "T24 an asset with an unusual name is found when it is asked for", tell: func(s *story) {
		s.behind()
		s.central.hide("lib@1", "main=one")
		s.central.hide("lib@1", "odd=two")
		s.downloads("team", "lib@1", "main=one")
		before := s.held("team", "lib@1").Revision
		s.downloads("team", "lib@1", "odd=two")
		s.holds("team", "lib@1", "main", "odd")
		s.holds("gateway", "lib@1", "main", "odd")
		if s.held("team", "lib@1").Revision == before {
			s.t.Error("a late asset left the revision as it was")
		}
		s.downloadFails("team", "lib@1", "none", artifact.NotFound)
	}},
	{name: "a version may begin with an asset that is not usual", tell: func(s *story) {
		s.behind()
		s.central.hide("lib@1", "odd=two")
		s.downloads("team", "lib@1", "odd=two")
		s.holds("team", "lib@1", "odd")
	}},
	{name: "a stale listing hides no version that is asked for by its asset", tell: func(s *story) {
		s.behind()
		s.central.offer("lib@1", "main=one")
		s.shows("team", "lib", "1")
		asked := s.central.registry.Asked(listingPath(key("lib").PackageKey))
		s.central.hide("lib@2", "main=two")
		s.downloads("team", "lib@2", "main=two")
		if n := s.central.registry.Asked(listingPath(key("lib").PackageKey)) - asked; n != 0 {
			s.t.Errorf("the listing was asked for %d times by who wants a single file", n)
		}
	}},
	{name: "what no registry has is asked for once, and no listing for it", tell: func(s *story) {
		s.behind()
		for range 5 {
			s.downloadFails("team", "lib@1", "main", artifact.NotFound)
		}
		if n := s.central.registry.Asked(""); n != 1 {
			s.t.Errorf("the registry was asked %d times, want once", n)
		}
	}},
	{name: "an asset is found by fetching it, without a question first", tell: func(s *story) {
		s.Fork(clojars, central)
		published := Now.Add(-time.Hour)
		s.central.registry.PutWith(filePath(key("lib@1"), "odd"),
			http.Header{"Last-Modified": {published.Format(http.TimeFormat)}}, []byte("two"))
		s.downloads("team", "lib@1", "odd=two")
		for _, connection := range []string{clojars, central} {
			path, r := filePath(key("lib@1"), "odd"), s.Registry(connection)
			if asked, fetched := r.Asked(path), r.Fetched(path); asked != 1 || fetched != 1 {
				s.t.Errorf("%s was asked %d times, %d of them for the content", connection, asked, fetched)
			}
		}
		if v := s.held("team", "lib@1"); !v.UpstreamTime.Equal(published) || string(v.Manifest) != "found" {
			s.t.Errorf("got a version of %v with the manifest %q, want one of %v", v.UpstreamTime, v.Manifest, published)
		}
	}},
	{name: "what is known to be missing is told without a look at the catalog", tell: func(s *story) {
		s.behind()
		s.central.hide("lib@1", "main=one")
		s.downloads("team", "lib@1", "main=one")
		s.comesToHold("team", "lib@1", "", "main")
		reads := &countedReads{Store: s.Rules.Catalog}
		s.must(s.Rules.Close()) // nothing reads but this test
		s.Rules.Catalog = reads
		for _, coordinate := range []string{"lib@1", "lib@2", "none@1"} {
			fails := func() {
				s.downloadFails("team", coordinate, "odd", artifact.NotFound)
				if _, err := s.shelf("team").Stat(s.t.Context(), key(coordinate), "odd"); !artifact.Is(err, artifact.NotFound) {
					s.t.Errorf("Stat of an asset of %s: got %v, want NotFound", coordinate, err)
				}
			}
			fails()
			before := reads.n.Load()
			fails()
			if n := reads.n.Load() - before; n != 0 {
				s.t.Errorf("%s: the catalog was read %d times", coordinate, n)
			}
		}
	}},
	{name: "what was missing is there as soon as it is published, connected or found by its registry", tell: func(s *story) {
		s.behind()
		s.Repository("own")
		for _, coordinate := range []string{"lib@1", "lib@2", "ours@1"} {
			s.downloadFails("team", coordinate, "main", artifact.NotFound)
		}
		s.central.hide("lib@1", "main=one")
		s.downloads("team", "lib@1", "main=one")
		s.downloadFails("team", "ours@1", "main", artifact.NotFound)
		s.publish("gateway", "ours@1", "main=ours")
		s.downloads("team", "ours@1", "main=ours")
		s.downloadFails("own", "lib@1", "main", artifact.NotFound)
		s.downloadFails("own", "lib@1", "main", artifact.NotFound)
		s.Connect("own", central)
		s.downloads("own", "lib@1", "main=one")
	}},
	{name: "a version is described by its asset, which is fetched if nobody asks for it", tell: func(s *story) {
		s.behind()
		s.central.hide("lib@1", "about=a lib")
		s.central.hide("lib@1", "main=one")
		s.downloads("team", "lib@1", "main=one")
		s.comesToHold("team", "lib@1", "a lib", "about", "main")
		s.comesToHold("gateway", "lib@1", "a lib", "about", "main")
	}},
	{name: "an asset that describes nothing is an asset like another", tell: func(s *story) {
		s.behind()
		s.central.hide("lib@1", "about=nothing")
		s.downloads("team", "lib@1", "about=nothing")
		s.comesToHold("team", "lib@1", "", "about")
	}},
	{name: "T72 what a registry has without listing it is not published, and may be copied", tell: func(s *story) {
		s.behind()
		s.Repository("apart")
		s.open("team", "lib")
		s.central.hide("lib@1", "main=theirs")
		s.central.hide("lib@1", "about=a lib")
		s.publishFails("team", "lib@1", artifact.Conflict, "main=ours")
		s.publish("team", "lib@2", "main=ours")
		_, err := s.Rules.Copy(s.t.Context(), s.caller, repository.CopySpec{From: domainKey.Repository("team"),
			To: domainKey.Repository("apart"), PackageKey: key("lib").PackageKey, IncludeUpstream: true,
			Selection: repository.Selection{Versions: []string{"1"}}})
		s.must(err)
		s.holds("apart", "lib@1", "about", "main")
	}},
	{name: "T25 no version gets an asset of another registry that was found by asking", tell: func(s *story) {
		s.Fork(central, clojars)
		s.central.hide("lib@1", "main=one")
		s.clojars.hide("lib@1", "odd=two")
		s.downloads("team", "lib@1", "main=one")
		s.downloadFails("team", "lib@1", "odd", artifact.NotFound)
		s.holds("second", "lib@1")
	}},
}
