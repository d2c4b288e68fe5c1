package nuget

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// push takes a package. The same bytes again are a success: older clients have no way to skip what is there.
func push(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	upload, err := take(r, s)
	if err != nil {
		return err
	}
	defer func() { _ = upload.Discard() }()
	_, size := upload.Sum()
	found, err := inspect(upload, size)
	if err != nil {
		return err
	}
	if isSymbols(found.PackageTypes) {
		return noSymbols
	}
	m, err := manifestOf(found.nuspec)
	if err != nil {
		return err
	}
	v := m.key()
	if _, err := s.Publish(r.Context(), repository.Publication{
		VersionKey: v,
		Manifest:   m.encode(),
		Details:    detailsOf(m, found),
		Assets:     []repository.StagedAsset{{Name: assetOf(v), Upload: upload}},
	}); err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{Status: http.StatusCreated, ContentType: "text/plain"})
}

// detailsOf adds to what a manifest tells what only the package itself does.
func detailsOf(m manifest, found packageFile) artifact.Details {
	d := m.details()
	d.Readme = found.readme
	d.SourceCode = webAddress(found.RepositoryURL)
	if found.LicenseFile != "" { // the address that packers write beside it says only that there is a file
		d.Licenses = []artifact.License{{Name: cut(found.LicenseFile)}}
	}
	return d
}

// maxParts bounds the parts of a push, of which clients send one.
const maxParts = 16

// take stages the package of a request: the first part of a form, whatever its name, or all of the body. Whatever else a form
// has is passed over.
func take(r *http.Request, s format.Shelf) (upload *repository.Upload, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); !strings.HasPrefix(kind, "multipart/") {
		return stage(r.Context(), s, r.Body)
	}
	err = format.EachPart(r, maxParts, func(part format.Part) (err error) {
		if upload == nil {
			upload, err = stage(r.Context(), s, part)
		}
		return err
	})
	switch {
	case err != nil && upload != nil:
		_ = upload.Discard()
		return nil, err
	case err != nil:
		return nil, format.OrDenied(r.Context(), s, err)
	case upload == nil:
		return nil, format.OrDenied(r.Context(), s, invalid("The push has no package: a form with one part, as nuget push and dotnet "+
			"nuget push send it."))
	}
	return upload, nil
}

// stage stages a package, if its sender may publish it. Of one whose nuspec comes late it is not known yet whose it is: then it is
// staged for those who may read here, and asked when it is published.
func stage(ctx context.Context, s format.Shelf, content io.Reader) (*repository.Upload, error) {
	begun := ahead{r: content}
	if n, ok := begun.findNuspec(); ok && validID(n.ID) {
		p, err := packageOf(n.ID)
		if err != nil {
			return nil, err
		}
		if err := s.MayPublish(ctx, p); err != nil {
			return nil, err
		}
	} else if err := s.Access(ctx); err != nil {
		return nil, err
	}
	upload, err := s.Stage(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{upload}, begun.whole(), make([]byte, 64<<10)); err != nil {
		_ = upload.Discard()
		return nil, err
	}
	return upload, nil
}

// symbolsType is the package type of symbol packages (NuGet reference, "Creating symbol packages").
const symbolsType = "SymbolsPackage"

func isSymbols(types []packageType) bool {
	return slices.ContainsFunc(types, func(t packageType) bool { return strings.EqualFold(t.Name, symbolsType) })
}

// noSymbols refuses symbol packages: CodeArtifact has one asset a version, and no symbol server.
var noSymbols = format.WithStatus(http.StatusMethodNotAllowed, invalid("This repository takes no symbol packages. Push the "+
	"package without them: put the symbols into it with DebugType embedded, or push with --no-symbols."))

// refuseSymbols answers a client that was told of a symbol server elsewhere.
func refuseSymbols(_ http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return format.OrDenied(r.Context(), s, noSymbols)
}

// unlist takes a version out of lists, as the public registry does when somebody deletes it.
func unlist(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return setStatus(w, r, s, artifact.Unlisted, http.StatusNoContent)
}

// relist puts it back.
func relist(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return setStatus(w, r, s, artifact.Published, http.StatusOK)
}

func setStatus(w http.ResponseWriter, r *http.Request, s format.Shelf, to artifact.Status, done int) error {
	v, err := versionOf(r.PathValue("id"), r.PathValue("version"))
	if err != nil {
		return err
	}
	if err := s.SetStatus(r.Context(), v.PackageKey, []string{v.Version}, to); err != nil {
		return err
	}
	w.WriteHeader(done)
	return nil
}
