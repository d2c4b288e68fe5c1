package npm

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
	"entrepot/repository"
)

// form is one of the two documents about a package.
type form struct {
	variant     string
	contentType string
	full        bool
}

// The abbreviated form is what installers need; it carries time as well, without which some clients refuse every
// version as too young or ask for the full form besides.
var (
	fullForm        = form{"full", "application/json", true}
	abbreviatedForm = form{"abbreviated", "application/vnd.npm.install-v1+json", false}
)

// render writes the document of a view in the given form. NotFound: the view has no version, and an empty document
// would only puzzle clients.
func render(w io.Writer, v repository.View, f form, url func(path string) string) error {
	d := document{
		form:   f,
		view:   v,
		at:     addressesOf(url, v.PackageKey),
		digest: sha256.New(),
	}
	d.out = bufio.NewWriterSize(io.MultiWriter(w, d.digest), 64<<10)
	if err := d.write(); err != nil {
		return err
	}
	return d.out.Flush()
}

// document is one being written. Versions go out as they come; what depends on all of them follows.
type document struct {
	form
	view   repository.View
	at     addresses
	out    *bufio.Writer
	digest hash.Hash
	buf    []byte
	stamps []stamp
	latest artifact.Version // that the tag latest points at
}

type stamp struct {
	version string
	time    time.Time
}

func (d *document) write() error {
	name := fullName(d.view.PackageKey)
	d.put(`{"name":`)
	d.putQuoted(name)
	d.put(`,"versions":{`)
	if err := d.versions(); err != nil {
		return err
	}
	if len(d.stamps) == 0 {
		return notFound("There is no version of %s to list.", name).About(artifact.PackageResource, name)
	}
	facts, err := d.facts()
	if err != nil {
		return err
	}
	d.put(`},"dist-tags":`)
	d.tags()
	d.times(facts)
	if d.full {
		if err := d.about(facts, name); err != nil {
			return err
		}
	}
	d.put("}")
	return nil
}

// put writes to a bufio.Writer, which keeps its first error for Flush.
func (d *document) put(text string) { _, _ = d.out.WriteString(text) }

func (d *document) putQuoted(text string) {
	d.buf = jsonscan.AppendQuoted(d.buf[:0], text)
	_, _ = d.out.Write(d.buf)
}

func (d *document) versions() error {
	latest := d.view.Labels[latestTag]
	for v, err := range d.view.Listed() {
		if err != nil {
			return err
		}
		if v.Version == latest {
			d.latest = v
		}
		if len(d.stamps) > 0 {
			d.put(",")
		}
		d.stamps = append(d.stamps, stamp{v.Version, shownTime(v)})
		d.putQuoted(v.Version)
		d.put(":")
		if d.buf, err = appendVersion(d.buf[:0], v, d.full, d.at); err != nil {
			return err
		}
		_, _ = d.out.Write(d.buf)
	}
	if d.latest.Version == "" && len(d.stamps) > 0 {
		return changing(d.view.PackageKey)
	}
	return nil
}

// changing is for a package whose versions went while they were read.
func changing(p artifact.PackageKey) error {
	return &artifact.Error{Kind: artifact.Unavailable, RetryAfter: time.Second,
		Reason: "The versions of " + fullName(p) + " have changed while they were read. Try again."}
}

// tags writes the labels.
func (d *document) tags() {
	d.put("{")
	for i, tag := range slices.Sorted(maps.Keys(d.view.Labels)) {
		if i > 0 {
			d.put(",")
		}
		d.putQuoted(tag)
		d.put(":")
		d.putQuoted(d.view.Labels[tag])
	}
	d.put("}")
}

// facts reads what external registries say about the package, nearest first.
func (d *document) facts() ([]packageFacts, error) {
	all := make([]packageFacts, 0, len(d.view.Manifests))
	for _, manifest := range d.view.Manifests {
		f, err := keptpage.ReadManifest[packageFacts](manifest)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", d.view.PackageKey, err)
		}
		all = append(all, f)
	}
	return all, nil
}

const timeForm = "2006-01-02T15:04:05.000Z"

// times writes time, and modified for the abbreviated form. A time nobody knows is left out: bun fails on null.
func (d *document) times(facts []packageFacts) {
	var created, modified time.Time
	widen := func(from, to time.Time) {
		if !from.IsZero() && (created.IsZero() || from.Before(created)) {
			created = from
		}
		if to.After(modified) {
			modified = to
		}
	}
	for _, f := range facts {
		widen(f.Created, f.Modified)
	}
	for _, s := range d.stamps {
		widen(s.time, s.time)
	}
	if !d.full && !modified.IsZero() {
		d.put(`,"modified":`)
		d.putTime(modified)
	}
	d.put(`,"time":{`)
	first := true
	for _, s := range append([]stamp{{"created", created}, {"modified", modified}}, d.stamps...) {
		if s.time.IsZero() {
			continue
		}
		if !first {
			d.put(",")
		}
		first = false
		d.putQuoted(s.version)
		d.put(":")
		d.putTime(s.time)
	}
	d.put("}")
}

func (d *document) putTime(t time.Time) {
	d.buf = append(d.buf[:0], '"')
	d.buf = append(t.UTC().AppendFormat(d.buf, timeForm), '"')
	_, _ = d.out.Write(d.buf)
}

// about writes what the full form says of the package as a whole: what its latest version says, or for one from outside
// what that registry says. The revision names the content; legacy flows build URLs from it.
func (d *document) about(facts []packageFacts, name string) error {
	m, err := cutManifest(d.latest.Manifest)
	if err != nil {
		return fmt.Errorf("render %s: %w", d.latest.VersionKey, err)
	}
	rest, err := jsonscan.Split(m.rest)
	if err != nil {
		return fmt.Errorf("render %s: %w", d.latest.VersionKey, err)
	}
	outside := packageFacts{}
	if d.latest.Origin.Fetched() && len(facts) > 0 {
		outside = facts[0]
	}
	for _, key := range packageMembers {
		value := []byte(outside.Members[key])
		if value == nil {
			value = rest.Find(key)
		}
		if value != nil {
			d.put(`,"` + key + `":`)
			_, _ = d.out.Write(value)
		}
	}
	readme, err := d.readme(outside)
	if err != nil {
		return err
	}
	d.put(`,"readme":`)
	d.putQuoted(readme)
	d.put(`,"_id":`)
	d.putQuoted(name)
	if err := d.out.Flush(); err != nil {
		return err
	}
	sum := hex.EncodeToString(d.digest.Sum(nil)[:16])
	d.put(`,"_rev":`)
	d.putQuoted(strconv.Itoa(len(d.stamps)) + "-" + sum)
	return nil
}

// readme is what the registry says of the package, else what came with its latest version. A view's versions have no
// details when there are many of them, so that one is asked for by itself.
func (d *document) readme(outside packageFacts) (string, error) {
	if outside.Readme != "" {
		return outside.Readme, nil
	}
	latest, err := d.view.Version(d.latest.Version)
	if artifact.Is(err, artifact.NotFound) {
		return "", nil // it went a moment ago
	}
	return latest.Details.Readme, err
}
