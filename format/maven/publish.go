package maven

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"

	lru "github.com/hashicorp/golang-lru/v2"
)

// uploads answers PUT. It remembers the digests of the documents that clients have sent, for the checksums that follow
// them: those are of what the client sent and not of what is served.
type uploads struct {
	sent *lru.Cache[sentKey, artifact.Digests]
}

type sentKey struct {
	repository artifact.RepositoryKey
	location   location // without checksum
}

// maxSent bounds the documents that are remembered. The checksums of one follow it at once.
const maxSent = 4096

func newUploads() *uploads {
	sent, err := lru.New[sentKey, artifact.Digests](maxSent)
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return &uploads{sent}
}

// put takes in a file, a document, or a checksum of either. Before a body is read, and before a client that waits for
// 100 Continue is told so, permission was asked for, and the length that was announced is no more than may come.
func (u *uploads) put(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	l, err := parseUpload(below(r))
	if err != nil {
		return err
	}
	take := putAsset
	switch {
	case l.checksum != noChecksum && l.level == assetLevel:
		take = putChecksum
	case l.checksum != noChecksum:
		take = u.putDocumentChecksum
	case l.level == versionLevel:
		take = u.putSnapshot
	case l.level == packageLevel:
		take = u.putPackage
	}
	if err := take(r, s, l); err != nil {
		return err
	}
	w.Header()["Content-Length"] = []string{"0"}
	w.WriteHeader(http.StatusCreated)
	return nil
}

// putAsset adds a file to a version, which stays as it is or begins unfinished.
func putAsset(r *http.Request, s format.Shelf, l location) error {
	if err := s.MayPublish(r.Context(), l.pkg()); err != nil {
		return err
	}
	upload, err := receive(r, s)
	if err != nil {
		return err
	}
	defer upload.Discard()
	p := repository.Publication{VersionKey: l.key(), Unfinished: true,
		Assets: []repository.StagedAsset{{Name: l.asset, Upload: upload}},
		Redo:   mismatched,
	}
	described := describes(artifact.Version{VersionKey: l.key()}, l.asset)
	if described {
		if p.Details, err = detailsOf(upload, l); err != nil {
			return err
		}
	}
	sums, _ := upload.Sum()
	p.Merge = func(held artifact.Version) ([]byte, artifact.Details, error) {
		manifest, err := afterUpload(held, l.asset, sums)
		if described {
			return manifest, p.Details, err
		}
		return manifest, held.Details, err
	}
	_, err = s.Publish(r.Context(), p)
	return err
}

// receive stages the body of a request.
func receive(r *http.Request, s format.Shelf) (*repository.Upload, error) {
	upload, err := s.Stage(r.Context())
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(upload, r.Body); err != nil {
		return nil, errors.Join(broken(err), upload.Discard())
	}
	return upload, nil
}

// broken words a body that did not come whole or is too large; what has a kind of its own keeps it.
func broken(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return documentTooLarge(tooLarge.Limit)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return invalid("The file did not come whole. Send it again.")
	}
	return err
}

func documentTooLarge(most int64) error {
	return format.WithStatus(http.StatusRequestEntityTooLarge,
		artifact.Errorf(artifact.Quota, "This file may have at most %d bytes.", most))
}

// detailsOf reads a POM that is to be published, which must be that of its path.
func detailsOf(upload *repository.Upload, l location) (artifact.Details, error) {
	_, size := upload.Sum()
	p, err := readPOM(io.NewSectionReader(upload, 0, size))
	if err != nil {
		return artifact.Details{}, err
	}
	return describe(p), p.check(l)
}

// putChecksum compares a checksum with that of the file it is about. One that is wrong keeps the version from being
// finished until a right one comes; after that it changes nothing (user guide, "Maven checksums").
func putChecksum(r *http.Request, s format.Shelf, l location) error {
	v, err := s.HeldForPublisher(r.Context(), l.key())
	if err != nil {
		return err
	}
	a, ok := v.Asset(l.asset)
	if !ok || a.Promised || v.Status == artifact.Archived || v.Status == artifact.Disposed {
		return artifact.Errorf(artifact.NotFound, "There is no file %s to compare a checksum with. Publish the file first.",
			l.asset).About(artifact.AssetResource, l.key().String()+"/"+l.asset)
	}
	said, err := readSum(r)
	if err != nil {
		return err
	}
	wrong := compare(l, said, a.Digests)
	if v.Status == artifact.Unfinished {
		if err := note(r.Context(), s, v, l, wrong != nil); err != nil {
			return err
		}
	}
	return wrong
}

// note records whether a checksum was wrong. Who may not change metadata cannot finish the version either, so that his
// mistake is told to him and not recorded.
func note(ctx context.Context, s format.Shelf, v artifact.Version, l location, wrong bool) error {
	change := func(held artifact.Version) ([]byte, error) {
		return changeNotes(held.Manifest, func(n *notes) { n.mismatch(l.asset, l.checksum, wrong) })
	}
	if same, err := change(v); err != nil || string(same) == string(v.Manifest) {
		return err
	}
	err := s.Annotate(ctx, v.PackageKey, []string{v.VersionKey.Version}, change)
	if artifact.Is(err, artifact.Denied) {
		return nil
	}
	return err
}

// readSum reads the body of a checksum file: its first word, for some tools write the name of the file after it.
func readSum(r *http.Request) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxSum+1))
	if err != nil {
		return "", broken(err)
	}
	words := strings.Fields(string(text))
	if len(text) > maxSum || len(words) == 0 {
		return "", invalid("A checksum file holds one checksum, and at most %d bytes.", maxSum)
	}
	return words[0], nil
}

// compare refuses a checksum that is not the one of the bytes. Case counts: what the server writes is in lower case.
func compare(l location, said string, sums artifact.Digests) error {
	want := l.checksum.of(sums)
	if subtle.ConstantTimeCompare([]byte(said), []byte(want)) == 1 {
		return nil
	}
	return invalid("The %s of %s is %s, and the client sent %.128q.",
		strings.TrimPrefix(checksums[l.checksum].suffix, "."), l.file(), want, said)
}

// putDocumentChecksum compares a checksum with that of the document that was sent last to its path. It changes nothing.
func (u *uploads) putDocumentChecksum(r *http.Request, s format.Shelf, l location) error {
	if err := s.MayPublish(r.Context(), l.named()); err != nil {
		return err
	}
	sums, ok := u.sent.Get(sentTo(s, l))
	if !ok {
		return artifact.Errorf(artifact.NotFound, "No %s was sent here a moment ago to compare a checksum with.", metadataFile)
	}
	said, err := readSum(r)
	if err != nil {
		return err
	}
	return compare(l, said, sums)
}

func sentTo(s format.Shelf, l location) sentKey {
	l.checksum = noChecksum
	return sentKey{s.Repository(), l}
}

// document takes in a maven-metadata.xml. The receiver discards the upload.
func (u *uploads) document(r *http.Request, s format.Shelf, l location) (metadata, *repository.Upload, error) {
	ctx := r.Context()
	if err := s.MayPublish(ctx, l.named()); err != nil {
		return metadata{}, nil, err
	}
	if err := s.MayAnnotate(ctx, l.named()); err != nil {
		return metadata{}, nil, err
	}
	if r.ContentLength > maxMetadata {
		return metadata{}, nil, documentTooLarge(maxMetadata)
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxMetadata)
	upload, err := receive(r, s)
	if err != nil {
		return metadata{}, nil, err
	}
	sums, size := upload.Sum()
	m, err := readMetadata(io.NewSectionReader(upload, 0, size))
	if err != nil {
		return metadata{}, nil, errors.Join(err, upload.Discard())
	}
	u.sent.Add(sentTo(s, l), sums)
	return m, upload, nil
}

// putPackage takes the document of a package as the word that the versions it lists are complete; that of a group names
// plugins. What it says otherwise is not believed: on reading, versions of upstreams were in it, too, and clients send
// back what they read.
func (u *uploads) putPackage(r *http.Request, s format.Shelf, l location) error {
	m, upload, err := u.document(r, s, l)
	if err != nil {
		return err
	}
	defer upload.Discard()
	if !m.ofPackage() && len(m.plugins) == 0 {
		return invalid("The %s lists neither versions nor plugins.", metadataFile)
	}
	if m.ofPackage() {
		if m.group != l.group || m.artifact != l.artifact {
			return invalid("The %s is of %s:%s, and its path of %s:%s.", metadataFile, m.group, m.artifact, l.group, l.artifact)
		}
		if err := finish(r.Context(), s, l.pkg(), m.versions, upload); err != nil {
			return err
		}
	}
	return callPlugins(r.Context(), s, l.asGroup, m.plugins)
}

// finish publishes those of the versions that are unfinished, all or none. The document that said so is shown as an asset
// of each, as on the service (user guide, "Maven checksums"); of a snapshot there it is not.
func finish(ctx context.Context, s format.Shelf, p artifact.PackageKey, versions []string, document *repository.Upload) error {
	finished := map[string]bool{}
	err := s.Finish(ctx, p, versions, func(v artifact.Version) error {
		finished[v.VersionKey.Version] = !isSnapshot(v.VersionKey.Version) && !isBuild(v.VersionKey.Version)
		return ready(v)
	})
	if err != nil {
		return err
	}
	shown := repository.StagedAsset{Name: metadataFile, Upload: document}
	for _, version := range versions {
		if !finished[version] {
			continue
		}
		finished[version] = false // named twice it is shown once
		_, err := s.Publish(ctx, repository.Publication{VersionKey: p.At(version), Unfinished: true,
			Assets: []repository.StagedAsset{shown}})
		if err != nil {
			return fmt.Errorf("show the metadata of %s: %w", p.At(version), err)
		}
		shown = repository.StagedAsset{Name: metadataFile, Of: &repository.AssetRef{Version: version, Name: metadataFile}}
	}
	return nil
}

// callPlugins notes how the publisher calls plugins of the group, at the newest version that this repository published of
// each. Plugins that it has not published are passed over.
func callPlugins(ctx context.Context, s format.Shelf, group string, plugins []plugin) error {
	for _, called := range plugins {
		p := artifact.PackageKey{Format: artifact.Maven, Namespace: group, Name: called.Artifact}
		if group == "" || !artifact.ValidCoordinate(called.Artifact) {
			continue
		}
		newest, err := newestPublished(ctx, s, p)
		if artifact.Is(err, artifact.NotFound) || err == nil && newest == "" {
			continue
		}
		if err != nil {
			return err
		}
		err = s.Annotate(ctx, p, []string{newest}, func(held artifact.Version) ([]byte, error) {
			return changeNotes(held.Manifest, func(n *notes) { n.Prefix, n.PluginName = called.Prefix, called.Name })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newestPublished is the newest listed version of a package that was published to the repository; empty if none was.
func newestPublished(ctx context.Context, s format.Shelf, p artifact.PackageKey) (newest string, err error) {
	view, err := s.View(ctx, p)
	if err != nil {
		return "", err
	}
	for v, err := range view.Listed() {
		if err != nil {
			return "", err
		}
		here := v.Origin.Type == artifact.OriginInternal && v.Origin.Repository == s.Repository().Name
		if version := v.VersionKey.Version; here && (newest == "" || compareVersions(version, newest) > 0) {
			newest = version
		}
	}
	return newest, nil
}

// putSnapshot takes the document of a snapshot as the word that a build of it is complete: the snapshot becomes a version
// with the build's files, and the build is unlisted (user guide, "Use Maven snapshots").
func (u *uploads) putSnapshot(r *http.Request, s format.Shelf, l location) error {
	m, upload, err := u.document(r, s, l)
	if err != nil {
		return err
	}
	if err := upload.Discard(); err != nil {
		return err
	}
	if m.group != l.group || m.artifact != l.artifact || m.version != l.directory {
		return invalid("The %s is of %s:%s:%s, and its path of %s:%s:%s.", metadataFile, m.group, m.artifact, m.version,
			l.group, l.artifact, l.directory)
	}
	build := buildOf(l.directory, m.snapshot.timestamp, m.snapshot.buildNumber)
	if !isBuild(build) {
		return invalid("The %s names no build: it needs the timestamp and the buildNumber of one in its <snapshot>.",
			metadataFile)
	}
	v, err := s.HeldForPublisher(r.Context(), l.pkg().At(build))
	if artifact.Is(err, artifact.NotFound) || err == nil && !lists(m, v) {
		return invalid("The %s names build %s, and lists no file of it that was published before.", metadataFile, build)
	}
	if err != nil {
		return err
	}
	if err := ready(v); err != nil {
		return err
	}
	return point(r.Context(), s, l, v)
}

// lists reports whether the document of a snapshot lists a file that the build has.
func lists(m metadata, build artifact.Version) bool {
	for _, f := range m.files {
		name := fileStem(build.Name, f.value)
		if f.classifier != "" {
			name += "-" + f.classifier
		}
		if _, ok := build.Asset(name + "." + f.extension); ok && f.value == build.VersionKey.Version {
			return true
		}
	}
	return false
}

// point makes a snapshot what a build of it is.
func point(ctx context.Context, s format.Shelf, l location, build artifact.Version) error {
	p := repository.Publication{VersionKey: l.pkg().At(l.directory), Details: build.Details,
		Statuses: map[string]artifact.Status{build.VersionKey.Version: artifact.Unlisted},
		Merge: func(held artifact.Version) ([]byte, artifact.Details, error) {
			return held.Manifest, build.Details, nil
		},
	}
	for _, a := range build.Assets {
		p.Assets = append(p.Assets, repository.StagedAsset{Name: a.Name,
			Of: &repository.AssetRef{Version: build.VersionKey.Version, Name: a.Name}})
	}
	_, err := s.Publish(ctx, p)
	return err
}
