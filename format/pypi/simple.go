package pypi

import (
	"io"
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// getProject answers with the page about a project.
func getProject(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	written := r.PathValue("project")
	p, err := parseName(written)
	if err != nil {
		return err
	}
	if written != p.Name {
		return redirect(w, r, s, "../"+p.Name+"/")
	}
	f, err := negotiate(r)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	page, err := s.Document(r.Context(), p, f.variant, func(out io.Writer, v repository.View) error {
		return renderProject(out, v, f.variant, s.URL)
	})
	if err != nil {
		return err
	}
	return servePage(w, r, page, f)
}

func servePage(w http.ResponseWriter, r *http.Request, page repository.Document, f form) error {
	return format.ServeDocument(w, r, page, format.DocumentOptions{ContentType: f.contentType, Vary: "Accept, Accept-Encoding"})
}

// redirectProject leads to the form of a page's address that ends in a slash, as PEP 503 wants.
func redirectProject(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := parseName(r.PathValue("project"))
	if err != nil {
		return err
	}
	return redirect(w, r, s, p.Name+"/")
}

func redirectIndex(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return redirect(w, r, s, "simple/")
}

// redirect leads those who may read to an address relative to the present one: what stands before this server may have
// other names for it.
func redirect(w http.ResponseWriter, r *http.Request, s format.Shelf, to string) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	return format.ServeAnswer(w, r, format.Answer{Status: http.StatusMovedPermanently,
		ContentType: "text/plain; charset=utf-8", Body: []byte("The page is at " + to + "\n")})
}

// getIndex answers with the names of the projects that the repository and its upstreams hold. Of a public registry these
// are those that were fetched: its own list is of a million names, and no installer asks for it.
func getIndex(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	f, err := negotiate(r)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	page, err := s.Index(r.Context(), artifact.PyPI, f.variant, func(out io.Writer, held repository.Inventory) error {
		return renderIndex(out, held, f.variant)
	})
	if err != nil {
		return err
	}
	return servePage(w, r, page, f)
}
