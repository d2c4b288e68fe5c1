package maven

import (
	"context"
	"io"
	"net/http"
	"path"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// below is the escaped path of a request below the repository's base.
func below(r *http.Request) string { return strings.TrimPrefix(r.URL.EscapedPath(), "/") }

// get answers with a file, a document, or a checksum of either. What a client says that it accepts changes nothing but
// the shape of errors: there is one form of everything.
func get(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	l, err := parsePath(below(r))
	switch {
	case err != nil:
		return format.OrDenied(r.Context(), s, err)
	case l.level != assetLevel:
		return getMetadata(w, r, s, l)
	case l.checksum != noChecksum:
		return getChecksum(w, r, s, l)
	}
	return getAsset(w, r, s, l)
}

// getAsset answers with a file. A file of a release never changes; which build a snapshot's is, does.
func getAsset(w http.ResponseWriter, r *http.Request, s format.Shelf, l location) error {
	at, err := resolve(r.Context(), s, l)
	if err != nil {
		return err
	}
	f, err := s.Open(r.Context(), at.version, at.asset)
	if err != nil {
		return err
	}
	if !f.Version.UpstreamTime.IsZero() {
		// Package managers are shown when the public registry published it (user guide, "package version age gating"), also of
		// a file that is only now on its way from there.
		f.Modified = f.Version.UpstreamTime
		w.Header()["Last-Modified"] = []string{f.Modified.UTC().Format(http.TimeFormat)}
	}
	return format.ServeFile(w, r, f, format.FileOptions{
		ContentType: contentType(at.asset), Freshness: at.freshness, Checksums: true, IfModifiedSince: true,
	})
}

// place is where the asset of a location is found, and how long a client may believe that.
type place struct {
	version   artifact.VersionKey
	asset     string
	freshness format.Freshness
}

// resolve finds what a location names. A file of a snapshot without a timestamp is that of its newest build.
func resolve(ctx context.Context, s format.Shelf, l location) (place, error) {
	if !l.alias() {
		return place{l.key(), l.asset, format.Immutable}, nil
	}
	view, err := s.View(ctx, l.pkg())
	if err != nil {
		return place{}, err
	}
	snapshot, err := view.Version(l.version)
	if err != nil {
		return place{}, err
	}
	for _, a := range snapshot.Assets {
		build, rest, ok := cutVersion(a.Name, l.artifact, l.directory)
		if ok && rest == l.rest {
			return place{l.pkg().At(build), a.Name, format.Revalidate}, nil
		}
	}
	return place{}, artifact.Errorf(artifact.NotFound, "The newest build of %s %s has no file %s.", l.pkg().Qualified(),
		l.version, l.asset).About(artifact.AssetResource, l.key().String()+"/"+l.asset)
}

// getChecksum answers with a digest of a file as it is on record: its bytes are not looked at.
func getChecksum(w http.ResponseWriter, r *http.Request, s format.Shelf, l location) error {
	at, err := resolve(r.Context(), s, l)
	if err != nil {
		return err
	}
	sums, err := digestsOf(r.Context(), s, at)
	if err != nil {
		return err
	}
	return serveSum(w, r, l.checksum.of(sums), at.freshness)
}

func serveSum(w http.ResponseWriter, r *http.Request, sum string, freshness format.Freshness) error {
	return format.ServeAnswer(w, r, format.Answer{ContentType: "text/plain", Freshness: freshness, Body: []byte(sum)})
}

// digestsOf returns the digests of a file. One that only a registry has so far is fetched for it: a checksum that is told
// is always that of bytes that are kept.
func digestsOf(ctx context.Context, s format.Shelf, at place) (artifact.Digests, error) {
	a, err := s.Stat(ctx, at.version, at.asset)
	if err != nil || !a.Promised {
		return a.Digests, err
	}
	f, err := s.Open(ctx, at.version, at.asset)
	if err != nil {
		return artifact.Digests{}, err
	}
	if f.Content != nil {
		return f.Digests, f.Content.Close()
	}
	defer f.Transfer.Close()
	if _, err := io.Copy(io.Discard, f.Transfer); err != nil {
		return artifact.Digests{}, err
	}
	a, err = s.Stat(ctx, at.version, at.asset)
	return a.Digests, err
}

// contentTypes are those of files by the ends of their names. Clients go by the names alone.
var contentTypes = map[string]string{
	".pom": "application/xml", ".xml": "application/xml", ".jar": "application/java-archive",
	".war": "application/java-archive", ".ear": "application/java-archive", ".module": "application/json",
	".json": "application/json", ".asc": "text/plain", ".zip": "application/zip", ".gz": "application/gzip",
}

func contentType(file string) string {
	if known, ok := contentTypes[path.Ext(file)]; ok {
		return known
	}
	return "application/octet-stream"
}
