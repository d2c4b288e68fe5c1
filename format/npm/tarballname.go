package npm

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/keptpage"
	"entrepot/repository"
)

// getTarball serves the asset, by any of the file names that lockfiles hold: as the version makes it, in whatever way the
// version is written, or as its registry calls it.
func getTarball(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r)
	if err != nil {
		return err
	}
	f, err := openTarball(r.Context(), s, p, r.PathValue("file"))
	if err != nil {
		return err
	}
	return format.ServeFile(w, r, f, format.FileOptions{ContentType: "application/octet-stream"})
}

// openTarball opens a tarball by its file name. What the name says comes first: it is what documents here have.
func openTarball(ctx context.Context, s format.Shelf, p artifact.PackageKey, file string) (repository.File, error) {
	number, absent := tarballVersion(p, file)
	if absent == nil {
		f, err := s.Open(ctx, p.At(number), asset)
		if !artifact.Is(err, artifact.NotFound) {
			return f, err
		}
		absent = err
	}
	view, err := s.View(ctx, p)
	if artifact.Is(err, artifact.NotFound) {
		return repository.File{}, absent
	}
	if err != nil {
		return repository.File{}, err
	}
	switch number, err = versionOfFile(view, file); {
	case err != nil:
		return repository.File{}, err
	case number == "":
		return repository.File{}, absent
	}
	return s.Open(ctx, p.At(number), asset)
}

// versionOfFile returns the version whose tarball the registry behind the view calls by the name, or none. Where no registry
// is behind it any more, those say it that were fetched.
func versionOfFile(view repository.View, file string) (string, error) {
	for _, about := range view.Manifests {
		facts, err := keptpage.ReadManifest[packageFacts](about)
		if err != nil {
			return "", err
		}
		if number, ok := facts.Files[file]; ok {
			return number, nil
		}
	}
	if len(view.Manifests) > 0 {
		return "", nil
	}
	for v, err := range view.Versions {
		if err != nil {
			return "", err
		}
		kept, err := factsOf(v)
		if err != nil {
			return "", err
		}
		if kept.Tarball != "" && fileAt(kept.Tarball) == file {
			return v.Version, nil
		}
	}
	return "", nil
}

// noteFile keeps the name under which the registry has the tarball of a version, unless the version makes it. Of two
// versions with one name the first counts.
func (g *generator) noteFile(m manifest, number string) error {
	// Nearly all are called as the version makes it. That is seen without taking the facts apart.
	g.buf = append(append(append(append(g.buf[:0], "/-/"...), g.key.Name...), '-'), number...)
	if bytes.Contains(m.kept, append(g.buf, `.tgz"`...)) {
		return nil
	}
	kept, err := m.facts()
	if err != nil {
		return err
	}
	file := fileAt(kept.Tarball)
	if file == "" || len(g.facts.Files) == maxFiles || g.facts.Files[file] != "" {
		return nil
	}
	if made, err := tarballVersion(g.key, file); err != nil || canonicalVersion(made) != number {
		g.facts.Files[file] = number
	}
	return nil
}

// settleFiles drops names that a version of the package makes, and those of versions that are not listed.
func (g *generator) settleFiles(listed map[string]bool) {
	for file, number := range g.facts.Files {
		made, err := tarballVersion(g.key, file)
		if !listed[number] || err == nil && listed[canonicalVersion(made)] {
			delete(g.facts.Files, file)
		}
	}
}

// fileAt returns the file name at the end of a tarball's address, as a request for it has it below the package; empty if
// the address has no such form, so that no lockfile leads to it here.
func fileAt(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	path := u.EscapedPath()
	at := strings.LastIndex(path, "/-/")
	if at < 0 {
		return ""
	}
	file, err := url.PathUnescape(path[at+len("/-/"):])
	if err != nil || len(file) > maxFileName {
		return ""
	}
	return file
}

// maxFileName is more than the longest name and version make, in bytes.
const maxFileName = maxName + maxVersion + len("-.tgz")
