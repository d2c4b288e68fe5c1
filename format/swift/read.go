package swift

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// getReleases answers with the list of a package's releases (registry specification, 4.1). All of them stand on one page:
// SwiftPM of before 6.1 reads no other.
func getReleases(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	i, err := identityOf(r.PathValue("scope"), strings.TrimSuffix(r.PathValue("name"), jsonEnding))
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	return serveLinked(w, r, s, i.key(), linked{
		variant: "releases",
		body:    func(out io.Writer, v repository.View) error { return renderReleases(out, v, s.URL) },
		links:   func(v repository.View) (links, error) { return linksOfPackage(v, s.URL) },
	})
}

// getRelease answers with what is said of a release (4.2), or with its archive (4.4), which the ending of the version
// decides.
func getRelease(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	version, archive := strings.CutSuffix(r.PathValue("version"), archiveEnding)
	if !archive {
		version = strings.TrimSuffix(version, jsonEnding)
	}
	named, err := releaseOf(r, version)
	switch {
	case err != nil:
		return format.OrDenied(r.Context(), s, err)
	case archive:
		return serveArchive(w, r, s, named.at())
	}
	err = serveLinked(w, r, s, named.key(), linked{
		variant: "release " + version,
		body:    func(out io.Writer, v repository.View) error { return renderRelease(out, v, version) },
		links:   func(v repository.View) (links, error) { return linksOfRelease(v, version, s.URL), nil },
	})
	if err == nil || errors.Is(err, http.ErrAbortHandler) {
		return err
	}
	return serveHeld(w, r, s, named.at(), err)
}

// serveHeld answers with what is said of a release that the repository itself holds, where the package as a whole cannot be seen:
// an upstream repository is gone. Its archive is served then, and clients ask for both. Else it returns the reason.
func serveHeld(w http.ResponseWriter, r *http.Request, s format.Shelf, v artifact.VersionKey, why error) error {
	held, err := s.Held(r.Context(), v)
	if err != nil || !held.Status.Downloadable() {
		return why
	}
	text, err := encodeRelease(held)
	if err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: "application/json", Body: text})
}

// linked is a document about a package with the Link header that goes with it.
type linked struct {
	variant string
	body    func(io.Writer, repository.View) error
	links   func(repository.View) (links, error)
}

// serveLinked answers with a document. Its links are kept as a document too, so that nothing is worked out for who asks again.
func serveLinked(w http.ResponseWriter, r *http.Request, s format.Shelf, p artifact.PackageKey, l linked) error {
	body, err := s.Document(r.Context(), p, l.variant, l.body)
	if err != nil {
		return err
	}
	header, err := s.Document(r.Context(), p, l.variant+" links", func(out io.Writer, v repository.View) error {
		all, err := l.links(v)
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, all.String())
		return err
	})
	if err != nil {
		return err
	}
	setLinks(w.Header(), string(header.Identity))
	return format.ServeDocument(w, r, body, format.DocumentOptions{ContentType: "application/json"})
}

// serveArchive answers with the source archive of a version, and with its signature beside it.
func serveArchive(w http.ResponseWriter, r *http.Request, s format.Shelf, v artifact.VersionKey) error {
	f, err := s.Open(r.Context(), v, archiveFile(v))
	if err != nil {
		return err
	}
	signed, err := signedOf(f.Facts)
	if err != nil {
		return closing(f, err)
	}
	if signed.Format != "" {
		h := w.Header()
		h[signatureHeader] = []string{signed.Format}
		h["X-Swift-Package-Signature"] = []string{signed.Base64}
	}
	return format.ServeFile(w, r, f, format.FileOptions{ContentType: "application/zip", Filename: archiveFile(v), Digests: true})
}

// closing closes a file that is not served, and returns the reason.
func closing(f repository.File, why error) error {
	if f.Content != nil {
		_ = f.Content.Close()
	}
	if f.Transfer != nil {
		_ = f.Transfer.Close()
	}
	return why
}

// getManifest answers with the manifest of a release (4.3), or with the variant of it for the tools that a client has. One
// that there is not is answered with the way to the manifest itself.
func getManifest(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	named, err := releaseOf(r, r.PathValue("version"))
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	if asked := r.URL.Query().Get("swift-version"); asked != "" {
		return serveVariant(w, r, s, named, asked)
	}
	f, err := s.Open(r.Context(), named.at(), manifestFile)
	if err != nil {
		return err
	}
	all, err := variantsOf(f.Facts)
	if err != nil {
		return closing(f, err)
	}
	setLinks(w.Header(), all.links(s.URL(named.path(named.version)+"/"+manifestFile)).String())
	return serveManifest(w, r, f, manifestFile)
}

func serveVariant(w http.ResponseWriter, r *http.Request, s format.Shelf, named release, asked string) error {
	a, err := s.Stat(r.Context(), named.at(), manifestFile)
	if err != nil {
		return err
	}
	all, err := variantsOf(a.Facts)
	if err != nil {
		return err
	}
	suffix, found := all.find(asked)
	if !found {
		w.Header().Set("Location", s.URL(named.path(named.version)+"/"+manifestFile))
		return format.ServeAnswer(w, r, format.Answer{Status: http.StatusSeeOther, ContentType: "text/plain; charset=utf-8",
			Body: []byte("There is no variant for these tools.\n")})
	}
	f, err := s.Open(r.Context(), named.at(), variantFile(suffix))
	if err != nil {
		return err
	}
	return serveManifest(w, r, f, variantFile(suffix))
}

func serveManifest(w http.ResponseWriter, r *http.Request, f repository.File, name string) error {
	return format.ServeFile(w, r, f, format.FileOptions{ContentType: "text/x-swift", Filename: name})
}
