package maven

import (
	"cmp"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"time"
)

// maxMetadata bounds a maven-metadata.xml in bytes: one of ten thousand versions has less than half a megabyte.
const maxMetadata = 8 << 20

// metadata is a maven-metadata.xml of any level (Maven repository metadata, model version 1.1.0). One document may be of
// two levels: that of a group which is also a package lists plugins and versions.
type metadata struct {
	group, artifact string
	version         string // of a snapshot's

	// What a package's has. The order of versions is the document's.
	latest, release string
	versions        []string

	// What a snapshot's has.
	snapshot snapshotPointer
	files    []snapshotFile

	updated string // yyyyMMddHHmmss, UTC; as it is written

	plugins []plugin // what a group's has
}

// snapshotPointer is the newest build of a snapshot.
type snapshotPointer struct {
	timestamp   string // yyyyMMdd.HHmmss, UTC
	buildNumber string
	localCopy   bool // it is of a local repository, and there are no builds
}

// snapshotFile says which build has the newest file of an extension and a classifier.
type snapshotFile struct {
	classifier, extension string
	value                 string // the build's version
	updated               string // yyyyMMddHHmmss, UTC
}

// plugin is how a group calls one of its plugins on the command line.
type plugin struct {
	Name     string `json:"name,omitempty"` // for readers
	Prefix   string `json:"prefix"`         // on the command line, as demo in demo:goal
	Artifact string `json:"artifact"`
}

// ofPackage reports whether the document is that of a package, whatever else it is.
func (m metadata) ofPackage() bool { return m.artifact != "" && m.version == "" }

// metadataSchema is what is read of a maven-metadata.xml.
var metadataSchema = schema[metadata]{
	name: "The " + metadataFile, limit: maxMetadata, root: "metadata", known: metadataElements,
}

var metadataElements = map[string]element[metadata]{
	"metadata/groupId":    {text: func(m *metadata, s string) { m.group = s }},
	"metadata/artifactId": {text: func(m *metadata, s string) { m.artifact = s }},
	"metadata/version":    {text: func(m *metadata, s string) { m.version = s }},

	"metadata/versioning":             {},
	"metadata/versioning/latest":      {text: func(m *metadata, s string) { m.latest = s }},
	"metadata/versioning/release":     {text: func(m *metadata, s string) { m.release = s }},
	"metadata/versioning/lastUpdated": {text: func(m *metadata, s string) { m.updated = s }},
	"metadata/versioning/versions":    {},
	"metadata/versioning/versions/version": {
		begin: func(*metadata) {},
		text:  func(m *metadata, s string) { m.versions = append(m.versions, s) },
	},

	"metadata/versioning/snapshot":             {},
	"metadata/versioning/snapshot/timestamp":   {text: func(m *metadata, s string) { m.snapshot.timestamp = s }},
	"metadata/versioning/snapshot/buildNumber": {text: func(m *metadata, s string) { m.snapshot.buildNumber = s }},
	"metadata/versioning/snapshot/localCopy":   {text: func(m *metadata, s string) { m.snapshot.localCopy = s == "true" }},
	"metadata/versioning/snapshotVersions":     {},
	"metadata/versioning/snapshotVersions/snapshotVersion": {
		begin: func(m *metadata) { m.files = append(m.files, snapshotFile{}) },
	},
	"metadata/versioning/snapshotVersions/snapshotVersion/classifier": {
		text: func(m *metadata, s string) { last(m.files).classifier = s }},
	"metadata/versioning/snapshotVersions/snapshotVersion/extension": {
		text: func(m *metadata, s string) { last(m.files).extension = s }},
	"metadata/versioning/snapshotVersions/snapshotVersion/value": {
		text: func(m *metadata, s string) { last(m.files).value = s }},
	"metadata/versioning/snapshotVersions/snapshotVersion/updated": {
		text: func(m *metadata, s string) { last(m.files).updated = s }},

	"metadata/plugins":                   {},
	"metadata/plugins/plugin":            {begin: func(m *metadata) { m.plugins = append(m.plugins, plugin{}) }},
	"metadata/plugins/plugin/name":       {text: func(m *metadata, s string) { last(m.plugins).Name = s }},
	"metadata/plugins/plugin/prefix":     {text: func(m *metadata, s string) { last(m.plugins).Prefix = s }},
	"metadata/plugins/plugin/artifactId": {text: func(m *metadata, s string) { last(m.plugins).Artifact = s }},
}

func last[T any](list []T) *T { return &list[len(list)-1] }

// readMetadata reads a maven-metadata.xml. Errors are Invalid, unless r fails.
func readMetadata(r io.Reader) (metadata, error) { return readXML(r, metadataSchema) }

// packageMetadata is the document of a package with the versions, oldest first. latest is the newest of them, release the
// newest that is no snapshot; updated is the time of the last change.
func packageMetadata(group, artifactID string, versions []string, updated time.Time) metadata {
	m := metadata{group: group, artifact: artifactID, versions: slices.Clone(versions), updated: stamp(updated)}
	sortVersions(m.versions)
	for _, v := range m.versions {
		m.latest = v
		if !isSnapshot(v) {
			m.release = v
		}
	}
	return m
}

// stampLayout is how metadata has times, in UTC.
const stampLayout = "20060102150405"

// stamp writes a time as metadata has it; the zero time as nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

// mergePlugins unites lists of plugins by their prefix; of two with one prefix the first counts. The result is ordered by
// prefix.
func mergePlugins(lists ...[]plugin) []plugin {
	seen := map[string]bool{}
	var merged []plugin
	for _, p := range slices.Concat(lists...) {
		if p.Prefix != "" && p.Artifact != "" && !seen[p.Prefix] {
			seen[p.Prefix] = true
			merged = append(merged, p)
		}
	}
	slices.SortFunc(merged, func(a, b plugin) int { return cmp.Compare(a.Prefix, b.Prefix) })
	return merged
}

// write writes the document. The same metadata gives the same bytes: clients fetch the checksum apart from it.
func (m metadata) write(w io.Writer) error {
	x := xmlWriter{w: w}
	x.raw(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<metadata modelVersion="1.1.0">` + "\n")
	x.text(1, "groupId", m.group)
	x.text(1, "artifactId", m.artifact)
	x.text(1, "version", m.version)
	if m.artifact != "" {
		x.inside(1, "versioning", func() { m.writeVersioning(&x) })
	}
	if len(m.plugins) > 0 {
		x.inside(1, "plugins", func() {
			for _, p := range m.plugins {
				x.inside(2, "plugin", func() {
					x.text(3, "name", p.Name)
					x.text(3, "prefix", p.Prefix)
					x.text(3, "artifactId", p.Artifact)
				})
			}
		})
	}
	x.raw("</metadata>\n")
	return x.err
}

func (m metadata) writeVersioning(x *xmlWriter) {
	x.text(2, "latest", m.latest)
	x.text(2, "release", m.release)
	if m.snapshot != (snapshotPointer{}) {
		x.inside(2, "snapshot", func() {
			x.text(3, "timestamp", m.snapshot.timestamp)
			x.text(3, "buildNumber", m.snapshot.buildNumber)
			if m.snapshot.localCopy {
				x.text(3, "localCopy", "true")
			}
		})
	}
	if len(m.versions) > 0 {
		x.inside(2, "versions", func() {
			for _, v := range m.versions {
				x.text(3, "version", v)
			}
		})
	}
	x.text(2, "lastUpdated", m.updated)
	if len(m.files) > 0 {
		x.inside(2, "snapshotVersions", func() {
			for _, f := range m.files {
				x.inside(3, "snapshotVersion", func() {
					x.text(4, "classifier", f.classifier)
					x.text(4, "extension", f.extension)
					x.text(4, "value", f.value)
					x.text(4, "updated", f.updated)
				})
			}
		})
	}
}

// xmlWriter writes elements, indented. It keeps the first error.
type xmlWriter struct {
	w   io.Writer
	err error
}

func (x *xmlWriter) raw(s string) {
	if x.err == nil {
		_, x.err = io.WriteString(x.w, s)
	}
}

func (x *xmlWriter) inside(depth int, name string, content func()) {
	indent := strings.Repeat("  ", depth)
	x.raw(indent + "<" + name + ">\n")
	content()
	x.raw(indent + "</" + name + ">\n")
}

// text writes an element with text in it, or nothing for no text.
func (x *xmlWriter) text(depth int, name, text string) {
	if text == "" || x.err != nil {
		return
	}
	x.raw(strings.Repeat("  ", depth) + "<" + name + ">")
	if x.err == nil {
		x.err = xml.EscapeText(x.w, []byte(text))
	}
	x.raw("</" + name + ">\n")
}
