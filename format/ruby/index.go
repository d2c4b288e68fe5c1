package ruby

import (
	"io"
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// compact is how files of the compact index are served. Bundler before 2.5 wants the MD5 of a file as its tag, later ones a
// digest; all ask for what was added since.
var compact = format.DocumentOptions{ContentType: plainText, Tag: format.TagMD5, Digests: true, Ranges: true}

// getInfo answers with the lines of all gems of a name.
func getInfo(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := parseName(r.PathValue("name"))
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	d, err := s.Document(r.Context(), p, "info", renderInfo)
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, d, compact)
}

// getVersions answers with the list of all gems, or 404 where an external registry has more than can be listed: Bundler then
// asks for single gems. To HEAD the answer is 200 in any case, by which gem sees that there is a compact index.
func getVersions(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	d, err := s.Index(r.Context(), artifact.Ruby, "versions", renderVersions)
	if r.Method == http.MethodHead && artifact.Is(err, artifact.NotFound) {
		if err := s.Access(r.Context()); err != nil {
			return err
		}
		return format.ServeAnswer(w, r, format.Answer{ContentType: plainText})
	}
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, d, compact)
}

func getNames(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return serveIndex(w, r, s, "names", renderNames, compact)
}

// marshalled is how the indexes of before the compact one are served, which bring their compression with them. gem asks for
// them by time.
var marshalled = format.DocumentOptions{ContentType: octets, AsIs: true, IfModifiedSince: true}

const octets = "application/octet-stream"

func getSpecs(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return serveIndex(w, r, s, "specs", renderSpecs(releasesOnly), marshalled)
}

func getLatestSpecs(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return serveIndex(w, r, s, "latest specs", renderSpecs(latestOnly), marshalled)
}

func getPrereleaseSpecs(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return serveIndex(w, r, s, "prerelease specs", renderSpecs(prereleasesOnly), marshalled)
}

func serveIndex(w http.ResponseWriter, r *http.Request, s format.Shelf, variant string,
	render func(io.Writer, repository.Inventory) error, o format.DocumentOptions) error {
	d, err := s.Index(r.Context(), artifact.Ruby, variant, render)
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, d, o)
}

// getGem answers with a gem.
func getGem(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	g, err := gemOf(r.PathValue("file"), gemEnding)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	f, err := s.Open(r.Context(), g.key(), g.file())
	if err != nil {
		return err
	}
	return format.ServeFile(w, r, f, format.FileOptions{ContentType: octets, Digests: true})
}
