package formattest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/format"
)

// Scenario is what RunScenario needs to know of a format: how its own clients do what the clients of every format do. What
// a format does not have is nil, and its scenes are left out. Versions are 1.0.0, 1.0.1 and so on.
type Scenario struct {
	Format format.Format
	// Connection is an external connection that the format can read, or Remote where there is none of it; empty for a format that
	// reads none.
	Connection string
	// Name is the n-th name of a package as clients write it; Key is the version under which the format keeps it.
	Name func(n int) string
	Key  func(name, version string) artifact.VersionKey
	// Spellings are other ways of writing a name.
	Spellings func(name string) []string
	// Make makes the files of a version. The payload lies in the first.
	Make func(t testing.TB, name, version string, payload []byte) Release
	// Publish is what a client sends to publish them, in order.
	Publish func(t testing.TB, r Release) []Request
	// Path is where clients of a repository find a file, escaped, below its base.
	Path func(name, version, asset string) string
	// Index asks for the document that lists the versions of a package, and Listed reads them from it, in any order.
	Index  func(name string) Request
	Listed func(t testing.TB, index []byte) []string
	// Packages asks for the document that lists the packages of a repository, and Named reads their names from it.
	Packages func() Request
	Named    func(t testing.TB, packages []byte) []string
	// Offer is what a registry at an address serves of a package that has the releases and no others.
	Offer func(t testing.TB, address string, releases []Release) []Offered
	// Empty is what a registry at an address serves that has no packages; nil for nothing.
	Empty func(address string) []Offered
	// Discouraged reports whether an index advises against a version that it lists.
	Discouraged func(t testing.TB, index []byte, version string) bool
	// Discourage is what a client sends to have it so.
	Discourage func(name, version string) Request
	// SignIn are the words that tell who has no good token what to do.
	SignIn string
}

// Release is a version with its files.
type Release struct {
	Name, Version string
	Files         []ReleaseFile
	// Discouraged says that its registry advises against it and leaves it there: a yank, a deprecation.
	Discouraged bool
}

// ReleaseFile is a file by the name that the format gives its asset.
type ReleaseFile struct {
	Asset   string
	Content []byte
}

// Offered is an answer of a registry.
type Offered struct {
	Path        string // escaped, below the registry's address
	ContentType string
	Body        []byte
	Asset       string // of which file it is the content; empty for a document
}

// RunScenario has people publish, install and withdraw packages of the format, over HTTP, on the real rules.
func RunScenario(t *testing.T, s Scenario) {
	// What is allocated is counted for the whole process, so this one runs alone.
	t.Run("a file of 100 MB goes in and out in little memory", func(t *testing.T) { openPlay(t, s, openDisk(t)).large() })
	external := s.Connection != ""
	for _, scene := range []struct {
		name  string
		plays bool
		play  func(*play)
	}{
		{"what is published can be listed and installed, version after version", true, (*play).publishing},
		{"other bytes under a version that is there are a conflict", true, (*play).conflicting},
		{"a publication is read to its end, so that its connection serves the next one", true, (*play).waiting},
		{"an unlisted version is for those who name it, an archived one for nobody", true, (*play).withdrawing},
		{"a version that its publisher advises against says so and can be installed", s.Discourage != nil, (*play).discouraging},
		{"a version that its registry advises against says so and can be installed", external && s.Discouraged != nil, (*play).discouraged},
		{"who has no good token is told what to do", true, (*play).strangers},
		{"a package is the same by all its spellings", s.Spellings != nil, (*play).spellings},
		{"the name of a package that was published here is not asked outside", external, (*play).internal},
		{"a name that its package group keeps inside is asked outside in no spelling", external, (*play).keptInside},
		{"a package group lets what comes from outside into the repositories of its lists", external, (*play).specificRepositories},
		{"what a package group does not let be published is refused with the reason", true, (*play).nobodyPublishes},
		{"of a package that came from outside nothing is published", external, (*play).notTakenOver},
		{"a cold install through two upstreams is kept at both ends", external, (*play).cold},
		{"reading an index keeps nothing", external, (*play).looking},
		{"what ten cold clients ask for at once is fetched once", external, (*play).crowd},
		{"what was installed outlives its registry and the way to it", external, (*play).outage},
		{"a registry that lies gives nobody a file, and nothing is kept", external, (*play).lies},
		{"the name of a package that was published here is not looked for in upstream repositories", true, (*play).ownName},
		{"what is published upstream is installed from there, kept, and outlives it", true, (*play).upstreamRepositories},
		{"ten clients at once install what is published upstream", true, (*play).upstreamCrowd},
		{"a kept file has ranges, and what has not changed is not sent again", true, (*play).conditions},
		{"a package may have thousands of versions", true, (*play).manyVersions},
		{"a repository may have thousands of packages", true, (*play).manyPackages},
	} {
		if !scene.plays {
			continue
		}
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			scene.play(openPlay(t, s, nil))
		})
	}
}
