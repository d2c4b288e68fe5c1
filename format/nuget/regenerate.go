package nuget

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
)

// Bounds on a registry's registration.
const (
	maxRegistration = 512 << 20 // bytes; the fetching room has a smaller, configurable bound
	maxVersions     = 100_000   // of a page
	maxEntry        = 4 << 20   // bytes of what is said about a version; one with more is left out
	maxPages        = 10_000    // of a registration
)

// registration says what a registration says as a whole: where its other pages are.
type registration struct {
	Pages []string `json:"pages,omitempty"`
}

// generator reads a registration or a page of one.
type generator struct {
	key   artifact.PackageKey
	scan  *jsonscan.Scanner
	out   *keptpage.Writer
	index []keptpage.Place
	seen  map[string]bool
	registration
	left keptpage.LeftOut
}

// regenerate reads a registration, or a page of one, and writes what is kept of it: each version as its manifest. The document
// as a whole is refused if it is none or passes a limit; versions that no client could use are left out.
func regenerate(dst io.Writer, src io.Reader, p artifact.PackageKey) (keptpage.LeftOut, error) {
	g := generator{key: p, scan: jsonscan.New(withoutMark(io.LimitReader(src, maxRegistration))), out: keptpage.NewWriter(dst),
		seen: map[string]bool{}}
	g.scan.Mend = true
	listed := false
	err := g.scan.Object(func(key string) error {
		if key != "items" {
			return g.scan.Skip()
		}
		listed = true
		return g.items(true)
	})
	if err == nil {
		err = g.scan.Finish()
	}
	if err == nil && !listed {
		err = errors.New("it has no items")
	}
	if err != nil {
		return g.left, fmt.Errorf("read registration of %s: %w", p.Name, err)
	}
	about, _ := json.Marshal(g.registration) // texts always can be written
	return g.left, g.out.Finish(keptpage.Head{Manifest: about, Index: g.index})
}

// items reads what is listed: pages at the top of a registration, versions in a page.
func (g *generator) items(outer bool) error {
	c, err := g.scan.Peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return g.scan.Skip()
	}
	return g.scan.Array(func() error { return g.item(outer) })
}

// item reads one of items. One with an entry is a version; one without anything is a page that is a document of its own.
func (g *generator) item(outer bool) error {
	if c, err := g.scan.Peek(); err != nil || c != '{' {
		return errors.Join(err, g.scan.Skip())
	}
	var id, content string
	var about []byte
	whole, large := false, false
	err := g.scan.Object(func(key string) (err error) {
		switch {
		case key == "@id":
			id, err = g.scan.TextOr(maxAddress)
		case key == "packageContent":
			content, err = g.scan.TextOr(maxAddress)
		case key == "catalogEntry":
			if about, err = g.scan.Raw(maxEntry); err == jsonscan.ErrTooBig {
				about, large, err = nil, true, nil
			}
		case key == "items" && outer:
			whole = true
			err = g.items(false)
		default:
			err = g.scan.Skip()
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case large:
		g.left.Note("more than %d bytes are said about a version", maxEntry)
	case about != nil:
		return g.version(about, content)
	case outer && !whole:
		if !isWeb(id) || len(g.Pages) == maxPages {
			return fmt.Errorf("it has %d pages, and then one at %.100q", len(g.Pages), id)
		}
		g.Pages = append(g.Pages, id)
	}
	return nil
}

// version keeps a version, unless no client could use it.
func (g *generator) version(about []byte, content string) error {
	all, err := jsonscan.Split(about)
	if err != nil {
		g.left.Note("what is said about a version is no object")
		return nil
	}
	said := textOf(all.Find("version"))
	v, ok := parseVersion(said)
	m, at := entryFrom(all, v), registeredFrom(all, content)
	key := m.key()
	switch {
	case !ok:
		g.left.Note("%.100q is no version", said)
		return nil
	case !validID(m.ID) || key.PackageKey != g.key:
		g.left.Note("version %s is of %.100q", v, m.ID)
		return nil
	case at.Content == "":
		g.left.Note("version %s has no address", v)
		return nil
	case g.seen[key.Version] || len(g.index) == maxVersions:
		g.left.Note("version %s is there twice, or one too many", v)
		return nil
	}
	m.From = &at
	g.seen[key.Version] = true
	where, err := g.out.Add(key.Version, keep(m))
	if err != nil {
		return err
	}
	published := timeOf(all.Find("published"))
	where.Unlisted = string(all.Find("listed")) == "false" || published.Year() == hiddenSince.Year()
	if published.Year() > hiddenSince.Year() {
		where.Time = published
	}
	g.index = append(g.index, where)
	return nil
}

// entryFrom is the manifest of a version that a registry says so much of.
func entryFrom(all jsonscan.Members, v version) manifest {
	text := func(key string) string { return cut(textOf(all.Find(key))) }
	m := manifest{
		ID: text("id"), Version: v.full(), SemVer2: v.semVer2(), Title: text("title"),
		Authors: cut(strings.Join(textsOf(all.Find("authors")), ", ")), Summary: text("summary"), Description: text("description"),
		Copyright: text("copyright"), Language: text("language"), MinClientVersion: text("minClientVersion"),
		ProjectURL: webAddress(text("projectUrl")), IconURL: webAddress(text("iconUrl")), LicenseURL: webAddress(text("licenseUrl")),
		LicenseExpression:        text("licenseExpression"),
		RequireLicenseAcceptance: string(all.Find("requireLicenseAcceptance")) == "true",
		DevelopmentDependency:    string(all.Find("developmentDependency")) == "true",
		Deprecation:              deprecationFrom(all.Find("deprecation")),
	}
	m.Tags = tagsOf(strings.Join(textsOf(all.Find("tags")), " "))
	for one := range objects(all.Find("packageTypes")) {
		m.PackageTypes = append(m.PackageTypes, packageType{cut(textOf(one.Find("name"))), cut(textOf(one.Find("version")))})
	}
	for one := range objects(all.Find("vulnerabilities")) {
		if address := webAddress(textOf(one.Find("advisoryUrl"))); address != "" {
			m.Vulnerabilities = append(m.Vulnerabilities, vulnerability{address, cut(textOf(one.Find("severity")))})
		}
	}
	for group := range objects(all.Find("dependencyGroups")) {
		m.DependencyGroups = append(m.DependencyGroups, m.groupFrom(group))
	}
	return m
}

// groupFrom reads what a version needs for a framework. A dependency that no package can be called is left out; a range that is
// not understood stays as it is, for it is the client that reads it.
func (m *manifest) groupFrom(all jsonscan.Members) dependencyGroup {
	group := dependencyGroup{TargetFramework: cut(textOf(all.Find("targetFramework")))}
	for one := range objects(all.Find("dependencies")) {
		d := dependency{ID: textOf(one.Find("id")), Range: cut(textOf(one.Find("range")))}
		if r, ok := parseRange(d.Range); ok {
			d.Range, m.SemVer2 = r.String(), m.SemVer2 || r.semVer2()
		}
		if validID(d.ID) {
			group.Dependencies = append(group.Dependencies, d)
		}
	}
	return group
}

func deprecationFrom(value []byte) *deprecation {
	all, err := jsonscan.Split(value)
	if err != nil {
		return nil
	}
	d := deprecation{Reasons: textsOf(all.Find("reasons")), Message: cut(textOf(all.Find("message")))}
	for i, reason := range d.Reasons {
		d.Reasons[i] = cut(reason)
	}
	if other, err := jsonscan.Split(all.Find("alternatePackage")); err == nil && validID(textOf(other.Find("id"))) {
		d.AlternatePackage = &dependency{textOf(other.Find("id")), cut(textOf(other.Find("range")))}
	}
	return &d
}

// registeredFrom is where the registry has the package, and what it says of the bytes: other members of the entry, which few
// registries have here, or the document that the entry is of.
func registeredFrom(all jsonscan.Members, content string) registered {
	if content == "" {
		content = textOf(all.Find("packageContent"))
	}
	var at registered
	if isWeb(content) {
		at.Content = content
	}
	if entry := textOf(all.Find("@id")); isWeb(entry) && len(entry) <= maxAddress {
		at.Entry = entry
	}
	at.SHA512, at.Size = hashFrom(all)
	return at
}

// hashFrom reads the digest and the size of a package, as catalogs have them; nil where there is none that is known here.
func hashFrom(all jsonscan.Members) (sum []byte, size int64) {
	if n, err := strconv.ParseInt(string(all.Find("packageSize")), 10, 52); err == nil && n > 0 {
		size = n
	}
	sum, err := base64.StdEncoding.DecodeString(textOf(all.Find("packageHash")))
	if err != nil || len(sum) != 64 || !strings.EqualFold(textOf(all.Find("packageHashAlgorithm")), "SHA512") {
		return nil, size
	}
	return sum, size
}

// textOf is the text that a value is; empty for anything else.
func textOf(value []byte) string {
	text, _ := jsonscan.AsText(value)
	return text
}

// objects yields the objects of an array, up to maxListed.
func objects(array []byte) func(yield func(jsonscan.Members) bool) {
	return func(yield func(jsonscan.Members) bool) {
		n := 0
		if len(array) == 0 || array[0] != '[' {
			return
		}
		for value := range jsonscan.Elements(array) {
			all, err := jsonscan.Split(value)
			if n++; n > maxListed || err == nil && !yield(all) {
				return
			}
		}
	}
}

// timeOf reads a time of a registry; the zero time for what is none.
func timeOf(value []byte) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, textOf(value)); err == nil && at.Year() < 10_000 {
			return at.UTC().Truncate(time.Microsecond)
		}
	}
	return time.Time{}
}

// keep writes what is kept of a version: a line about its one asset, and the manifest. So whoever goes through a page reads the
// manifest once.
func keep(m manifest) []byte {
	line := fmt.Appendf(nil, "%s\t%d\t%s\n", assetOf(m.key()), m.From.Size, hex.EncodeToString(m.From.SHA512))
	return append(line, m.encode()...)
}

// readKept takes apart what keep has written.
func readKept(kept []byte) ([]byte, []artifact.Asset, error) {
	end := slices.Index(kept, '\n')
	fields := strings.Split(string(kept[:max(end, 0)]), "\t")
	if len(fields) != 3 {
		return nil, nil, errors.New("its asset has no three fields")
	}
	a := artifact.Asset{Name: fields[0], Size: -1}
	if size, err := strconv.ParseInt(fields[1], 10, 64); err != nil {
		return nil, nil, err
	} else if size > 0 {
		a.Size = size
	}
	if sum, err := hex.DecodeString(fields[2]); err != nil || copy(a.SHA512[:], sum) != len(sum) {
		return nil, nil, fmt.Errorf("the digest of its asset is %.200q", fields[2])
	}
	return kept[end+1:], []artifact.Asset{a}, nil
}

// describeKept is what the API tells of a version before its package is here.
func describeKept(v artifact.Version) (artifact.Details, error) {
	m, err := readManifest(v.Manifest)
	return m.details(), err
}
