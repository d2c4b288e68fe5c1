package nuget

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/format"
	"entrepot/repository"
)

// getVersions answers with the versions of a package, lowest first, listed or not: it is all that a restore reads before it takes
// one, and pins of unlisted versions go on.
func getVersions(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r.PathValue("id"))
	if err != nil {
		return err
	}
	doc, err := s.Document(r.Context(), p, "versions", renderVersions)
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, doc, format.DocumentOptions{ContentType: "application/json"})
}

func renderVersions(w io.Writer, view repository.View) error {
	var found []version
	for v, err := range view.Versions {
		if err != nil {
			return err
		}
		if number, ok := parseVersion(v.VersionKey.Version); ok {
			found = append(found, number)
		}
	}
	slices.SortFunc(found, version.compare)
	texts := make([]string, len(found))
	for i, v := range found {
		texts[i] = v.String()
	}
	return json.NewEncoder(w).Encode(map[string][]string{"versions": texts})
}

// getContent answers with a package or its nuspec, whose names repeat what stands before.
func (p peeks) getContent(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	v, err := versionOf(r.PathValue("id"), r.PathValue("version"))
	if err != nil {
		return err
	}
	switch file := strings.ToLower(r.PathValue("file")); file {
	case v.Name + ".nuspec":
		return p.serve(w, r, s, v, nuspecMember)
	default:
		id, isPackage := strings.CutSuffix(file, ".nupkg")
		written, matches := strings.CutPrefix(id, v.Name+".")
		if !isPackage || !matches || normalVersion(written) != v.Version {
			return format.OrDenied(r.Context(), s, notFound("Version %s of %s has no file %.200q.", v.Version, v.Name, file))
		}
		return serveContent(w, r, s, v)
	}
}

func serveContent(w http.ResponseWriter, r *http.Request, s format.Shelf, v artifact.VersionKey) error {
	f, err := s.Open(r.Context(), v, assetOf(v))
	if err != nil {
		return err
	}
	return format.ServeFile(w, r, f, format.FileOptions{ContentType: "application/octet-stream", Filename: assetOf(v)})
}

// getReadme answers with the readme of a version, for clients that show it (ReadmeUriTemplate/6.13.0).
func (p peeks) getReadme(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	v, err := versionOf(r.PathValue("id"), r.PathValue("version"))
	if err != nil {
		return err
	}
	return p.serve(w, r, s, v, readmeMember)
}

// member is a file in packages that clients may ask for alone.
type member struct {
	name        string
	contentType string
	of          func(told) []byte // empty if a package has none
}

var (
	nuspecMember = member{"nuspec", "application/xml", func(t told) []byte { return t.nuspec }}
	readmeMember = member{"readme", "text/markdown; charset=utf-8", func(t told) []byte { return t.readme }}
)

// told is what a package says about itself.
type told struct{ nuspec, readme []byte }

// peeks remembers what packages say about themselves, by the digest of the package.
type peeks struct {
	kept *bytecache.Cache[artifact.Digest, told]
}

// peeksRoom is how much of it is remembered, in bytes.
const peeksRoom = 16 << 20

func newPeeks() peeks {
	return peeks{bytecache.New[artifact.Digest](peeksRoom, func(t told) int64 { return int64(len(t.nuspec) + len(t.readme) + 256) })}
}

// serve answers with a member of a version's package.
func (p peeks) serve(w http.ResponseWriter, r *http.Request, s format.Shelf, v artifact.VersionKey, m member) error {
	f, err := s.Open(r.Context(), v, assetOf(v))
	if err == nil && f.Content == nil {
		f, err = whole(r, s, v, f)
	}
	if err != nil {
		return err
	}
	defer f.Content.Close()
	says, known := p.kept.Get(f.SHA256)
	if !known {
		k, err := openPackage(f.Content, f.Size)
		if err != nil {
			return err
		}
		says = told{k.text, []byte(k.readme())}
		p.kept.Put(f.SHA256, says)
	}
	text := m.of(says)
	if len(text) == 0 {
		return notFound("The package of %s %s has no %s.", v.Name, v.Version, m.name)
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: m.contentType, Freshness: format.Immutable, Body: text})
}

// whole waits until a package that is being fetched is kept, and opens it.
func whole(r *http.Request, s format.Shelf, v artifact.VersionKey, coming repository.File) (repository.File, error) {
	_, err := io.Copy(io.Discard, coming.Transfer)
	_ = coming.Transfer.Close()
	if err != nil {
		return repository.File{}, err
	}
	f, err := s.Open(r.Context(), v, assetOf(v))
	if err == nil && f.Content == nil {
		_ = f.Transfer.Close()
		err = artifact.Errorf(artifact.Unavailable, "The package of %s %s is being fetched. Ask again.", v.Name, v.Version)
	}
	return f, err
}
