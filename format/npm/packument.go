package npm

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
)

// Bounds on a registry's packument. The largest seen in practice has 9,000 versions and 105 MB.
const (
	maxVersions = 100_000
	maxTags     = 2000      // of a package; further ones are dropped
	maxOne      = 4 << 20   // bytes of one version's object; a larger one is left out
	maxReadme   = 1 << 20   // bytes; a larger one is dropped
	maxDocument = 512 << 20 // bytes; the fetching room has a smaller, configurable bound
)

// packageFacts is what a packument says about the package as a whole: the Manifest of a listing.
type packageFacts struct {
	Created  time.Time `json:"created,omitzero"`
	Modified time.Time `json:"modified,omitzero"`
	Readme   string    `json:"readme,omitempty"`
	// Files are versions by the file names of their tarballs, where those do not follow from the version: lockfiles that
	// were written at the registry hold them.
	Files   map[string]string          `json:"files,omitempty"`
	Members map[string]json.RawMessage `json:"members,omitempty"`
}

// packageMembers are the members at the top of a full document that repeat those of its latest version.
var packageMembers = []string{"description", "homepage", "keywords", "repository", "author", "contributors",
	"maintainers", "bugs", "license", "readmeFilename"}

// maxMember bounds each of packageMembers, in bytes.
const maxMember = 256 << 10

// maxFiles bounds how many tarballs of a package are known by other file names than their version makes.
const maxFiles = 10_000

// regenerate reads a registry's packument of the package called name and writes what is kept of it: each version as its
// manifest, and packageFacts. The document as a whole is refused if it is not one, is about another package, or passes a
// limit. What is odd in it besides is mended or left out, and the rest stays: members of a wrong type, and versions that a
// client could not use, such as those with no semantic version, another name or number inside than outside, no tarball, too
// large.
func regenerate(dst io.Writer, src io.Reader, name string) (keptpage.LeftOut, error) {
	key, err := parseName(name)
	if err != nil {
		return keptpage.LeftOut{}, err
	}
	g := generator{
		name: name,
		key:  key,
		out:  keptpage.NewWriter(dst),
		scan: jsonscan.New(io.LimitReader(src, maxDocument)),
		tags: map[string]string{},
		time: map[string]time.Time{},
	}
	g.scan.Mend = true
	g.facts.Members, g.facts.Files = map[string]json.RawMessage{}, map[string]string{}
	if err := g.read(); err != nil {
		return g.left, fmt.Errorf("read packument of %s: %w", name, err)
	}
	return g.left, g.finish()
}

// listedVersion is a version as the registry lists it.
type listedVersion struct {
	keptpage.Place        // of no length if no client could use it
	text           string // as the registry writes the version
}

type generator struct {
	name     string
	key      artifact.PackageKey
	scan     *jsonscan.Scanner
	out      *keptpage.Writer
	versions []listedVersion
	tags     map[string]string
	facts    packageFacts
	time     map[string]time.Time
	left     keptpage.LeftOut
	// One version at a time stands in these.
	object, buf []byte
}

func (g *generator) read() error {
	if err := g.scan.Object(g.member); err != nil {
		return err
	}
	return g.scan.Finish()
}

// member reads one member of the document. Of one that comes twice the last counts, as for clients.
func (g *generator) member(key string) error {
	switch key {
	case "name":
		return g.readName()
	case "versions":
		g.versions = g.versions[:0]
		return g.each(key, g.version)
	case "dist-tags":
		clear(g.tags)
		return g.each(key, g.tag)
	case "time":
		clear(g.time)
		return g.each(key, g.stamp)
	case "readme":
		text, err := g.scan.TextOr(maxReadme)
		g.facts.Readme = realReadme(text)
		return err
	}
	if !slices.Contains(packageMembers, key) {
		return g.scan.Skip()
	}
	delete(g.facts.Members, key)
	value, err := g.scan.Raw(maxMember)
	if err != nil {
		return ignoreTooBig(err)
	}
	if value = normalizeMember(key, value); value != nil {
		g.facts.Members[key] = value
	}
	return nil
}

// each reads an object, or passes over what is none.
func (g *generator) each(key string, read func(key string) error) error {
	c, err := g.scan.Peek()
	if err != nil {
		return err
	}
	if c == '{' {
		return g.scan.Object(read)
	}
	g.left.Note("%s is no object", key)
	return g.scan.Skip()
}

func ignoreTooBig(err error) error {
	if err == jsonscan.ErrTooBig {
		return nil
	}
	return err
}

// realReadme drops the sentence that npm puts where there is no readme.
func realReadme(text string) string {
	if strings.HasPrefix(text, "ERROR: No README") {
		return ""
	}
	return text
}

// readName refuses a document about another package. One without a name is about the one that was asked for.
func (g *generator) readName() error {
	name, err := g.scan.TextOr(jsonscan.MaxKey)
	if err == nil && name != "" && name != g.name {
		err = fmt.Errorf("it is about %.214q", name)
	}
	return err
}

func (g *generator) tag(tag string) error {
	v, err := g.scan.TextOr(jsonscan.MaxKey)
	if err != nil || !knownTag(tag) || len(g.tags) >= maxTags {
		return err
	}
	g.tags[tag] = v
	return nil
}

// stamp reads one entry of time. The public registry has objects among them (unpublished).
func (g *generator) stamp(key string) error {
	text, err := g.scan.TextOr(jsonscan.MaxKey)
	if err != nil || text == "" {
		return err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return nil
	}
	switch key {
	case "created":
		g.facts.Created = at.UTC()
	case "modified":
		g.facts.Modified = at.UTC()
	default:
		if len(g.time) < maxVersions {
			g.time[key] = at.UTC()
		}
	}
	return nil
}

func (g *generator) version(key string) error {
	object, err := g.scan.RawInto(g.object, maxOne)
	if err == jsonscan.ErrTooBig {
		return g.leaveOut(key, err)
	}
	if err != nil {
		return err
	}
	g.object = object
	number := key
	if _, err := parseVersion(key); err != nil {
		clean, ok := cleanVersion(key)
		if !ok {
			return g.leaveOut(key, err)
		}
		number = clean
	}
	m, err := fromRegistry(object, g.name, number)
	if err != nil {
		return g.leaveOut(key, err)
	}
	if len(g.versions) == maxVersions {
		return fmt.Errorf("it has more than %d versions", maxVersions)
	}
	if err := g.noteFile(m, number); err != nil {
		return err
	}
	g.buf = m.appendLines(g.buf[:0])
	where, err := g.out.Add(number, g.buf)
	g.versions = append(g.versions, listedVersion{where, key})
	return err
}

// leaveOut passes over a version that no client could use, and over what was said of it before.
func (g *generator) leaveOut(key string, reason error) error {
	g.left.Note("version %.256q: %s", key, reason)
	if len(g.versions) < maxVersions {
		g.versions = append(g.versions, listedVersion{keptpage.Place{Version: canonicalVersion(key)}, key})
	}
	return nil
}

func (g *generator) finish() error {
	h := keptpage.Head{Labels: g.tags, Index: g.index()}
	var err error
	if h.Manifest, err = json.Marshal(g.facts); err != nil {
		return fmt.Errorf("write package facts: %w", err)
	}
	return g.out.Finish(h)
}

// index settles which versions there are: of one that was listed twice the last counts, if clients could use that one,
// and one that is listed under its own text before all that mean the same. Tags of others go.
func (g *generator) index() []keptpage.Place {
	last := make(map[string]int, len(g.versions))
	for i, v := range g.versions {
		before, twice := last[v.Version]
		if !twice || v.text == v.Version || g.versions[before].text != v.Version {
			last[v.Version] = i
		}
	}
	index := make([]keptpage.Place, 0, len(last))
	listed := make(map[string]bool, len(last))
	for i, v := range g.versions {
		if last[v.Version] != i || v.Length == 0 {
			continue
		}
		v.Time = g.time[v.text]
		index, listed[v.Version] = append(index, v.Place), true
	}
	for tag, v := range g.tags {
		if g.tags[tag] = canonicalVersion(v); !listed[g.tags[tag]] {
			delete(g.tags, tag)
		}
	}
	g.settleFiles(listed)
	return index
}
