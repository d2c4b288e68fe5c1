package maven

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/keptpage"
	"entrepot/repository"
)

// getMetadata answers with a maven-metadata.xml or a checksum of it. Both are of the same rendering as long as nothing has
// changed between the two requests, and clients that read the checksums in the header need no second one.
func getMetadata(w http.ResponseWriter, r *http.Request, s format.Shelf, l location) error {
	doc, err := documentAt(r.Context(), s, l)
	if artifact.Is(err, artifact.NotFound) && l.asGroup != "" {
		return getPlugins(w, r, s, l)
	}
	if err != nil {
		return err
	}
	if l.checksum != noChecksum {
		sums, err := doc.Digests()
		if err != nil {
			return err
		}
		return serveSum(w, r, l.checksum.of(sums), format.Revalidate)
	}
	return format.ServeDocument(w, r, doc,
		format.DocumentOptions{ContentType: metadataType, Checksums: true, IfModifiedSince: true})
}

const metadataType = "application/xml"

// documentAt is the document of a package, or that of a snapshot. NotFound where no version is listed.
func documentAt(ctx context.Context, s format.Shelf, l location) (repository.Document, error) {
	switch {
	case l.artifact == "":
		return repository.Document{}, nowhere("There is no package at this path.")
	case l.level == versionLevel:
		return s.Document(ctx, l.pkg(), "snapshot "+l.directory, func(out io.Writer, v repository.View) error {
			return renderSnapshot(out, v, l.directory)
		})
	}
	return s.Document(ctx, l.pkg(), "versions", renderPackage)
}

// renderPackage writes the document of a package: all versions that are listed, and the plugins that registries name at
// its path.
func renderPackage(out io.Writer, view repository.View) error {
	var versions []string
	var updated time.Time
	for version, published := range view.Numbers {
		versions = append(versions, version)
		updated = later(updated, published)
	}
	if len(versions) == 0 {
		return nowhere("No version of %s is listed here.", view.Qualified())
	}
	var named [][]plugin
	for _, manifest := range view.Manifests {
		said, err := keptpage.ReadManifest[said](manifest)
		if err != nil {
			return fmt.Errorf("what a registry says of %s: %w", view.Qualified(), err)
		}
		updated = later(updated, said.Updated)
		named = append(named, said.Plugins)
	}
	m := packageMetadata(view.Namespace, view.Name, versions, updated)
	m.plugins = mergePlugins(named...)
	return m.write(out)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// renderSnapshot writes the document of a snapshot: which build is the newest, and what files it has. They are those of
// one repository, the one whose snapshot the view shows.
func renderSnapshot(out io.Writer, view repository.View, snapshot string) error {
	v, err := view.Version(snapshot)
	if err != nil {
		return err
	}
	m := metadata{group: view.Namespace, artifact: view.Name, version: snapshot}
	for _, a := range v.Assets {
		build, rest, ok := cutVersion(a.Name, view.Name, snapshot)
		if !ok || !isBuild(build) {
			continue
		}
		m.snapshot = pointerTo(build, snapshot)
		m.updated = strings.ReplaceAll(m.snapshot.timestamp, ".", "")
		classifier, extension := splitRest(rest)
		m.files = append(m.files, snapshotFile{classifier: classifier, extension: extension, value: build, updated: m.updated})
	}
	if len(m.files) == 0 || !v.Status.Listed() {
		return nowhere("No build of %s %s is listed here.", view.Qualified(), snapshot)
	}
	return m.write(out)
}

// pointerTo takes a build's version apart.
func pointerTo(build, snapshot string) snapshotPointer {
	tail := strings.TrimPrefix(build, strings.TrimSuffix(snapshot, snapshotSuffix))
	timestamp, number, _ := strings.Cut(tail, "-")
	return snapshotPointer{timestamp: timestamp, buildNumber: number}
}

// getPlugins answers with the document of a group: how its plugins are called on the command line. Those published here
// and in upstream repositories come before those of registries.
func getPlugins(w http.ResponseWriter, r *http.Request, s format.Shelf, l location) error {
	plugins, err := pluginsOf(r.Context(), s, l)
	if err != nil {
		return err
	}
	if len(plugins) == 0 {
		return nowhere("There is neither a package nor a group with plugins at this path.")
	}
	var body bytes.Buffer
	if err := (metadata{plugins: plugins}).write(&body); err != nil {
		return err
	}
	if l.checksum != noChecksum {
		sums := artifact.NewDigester()
		_, _ = sums.Write(body.Bytes()) // never fails
		all, _ := sums.Sum()
		return serveSum(w, r, l.checksum.of(all), format.Revalidate)
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: metadataType, Body: body.Bytes()})
}

func pluginsOf(ctx context.Context, s format.Shelf, l location) ([]plugin, error) {
	own, err := s.Index(ctx, artifact.Maven, "plugins of "+l.asGroup, func(out io.Writer, held repository.Inventory) error {
		return renderPlugins(out, held, l.asGroup)
	})
	if err != nil {
		return nil, err
	}
	text, err := format.ReadDocument(own)
	if err != nil {
		return nil, fmt.Errorf("read the plugins of %s: %w", l.asGroup, err)
	}
	held, err := readMetadata(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read the plugins of %s: %w", l.asGroup, err)
	}
	manifests, err := s.Manifests(ctx, groupPackage(l.asGroup))
	if err != nil {
		return nil, err
	}
	lists := [][]plugin{held.plugins}
	for _, manifest := range manifests {
		said, err := keptpage.ReadManifest[said](manifest)
		if err != nil {
			return nil, fmt.Errorf("what a registry says of %s: %w", l.asGroup, err)
		}
		lists = append(lists, said.Plugins)
	}
	return mergePlugins(lists...), nil
}

// groupPackage is the package whose document lies at the path of a group's.
func groupPackage(group string) artifact.PackageKey {
	dot := strings.LastIndexByte(group, '.')
	return artifact.PackageKey{Format: artifact.Maven, Namespace: group[:max(dot, 0)], Name: group[dot+1:]}
}

// renderPlugins writes the plugins of a group that repositories hold, as their publishers called them.
func renderPlugins(out io.Writer, held repository.Inventory, group string) error {
	var m metadata
	for item, err := range held.In(group) {
		if err != nil {
			return err
		}
		for v, err := range item.Versions {
			if err != nil {
				return err
			}
			kept, err := readNotes(v.Manifest)
			if err != nil {
				return err
			}
			if kept.Prefix != "" && v.Status.Listed() {
				m.plugins = append(m.plugins, plugin{kept.PluginName, kept.Prefix, v.Name})
			}
		}
	}
	return m.write(out)
}
