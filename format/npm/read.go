package npm

import (
	"io"
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// packageOf reads the package that a request's path names.
func packageOf(r *http.Request) (artifact.PackageKey, error) {
	return parseName(r.PathValue("package"))
}

// getPackage answers with the packument in the form that Accept asks for.
func getPackage(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r)
	if err != nil {
		return err
	}
	f := formFor(r.Header.Get("Accept"))
	doc, err := s.Document(r.Context(), p, f.variant, func(out io.Writer, v repository.View) error {
		return render(out, v, f, s.URL)
	})
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, doc, format.DocumentOptions{ContentType: f.contentType, Vary: "Accept, Accept-Encoding"})
}

// formFor chooses the abbreviated form if Accept names it and nothing with a higher weight; clients that want it name
// it first and heaviest, and those that take anything expect the full one.
func formFor(accept string) form {
	var top, asked float64
	for media, weight := range format.Weights(accept) {
		top = max(top, weight)
		if strings.EqualFold(media, abbreviatedForm.contentType) {
			asked = max(asked, weight)
		}
	}
	if asked > 0 && asked == top {
		return abbreviatedForm
	}
	return fullForm
}

// getVersion answers with one version object, found by version or else by tag.
func getVersion(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r)
	if err != nil {
		return err
	}
	view, err := s.View(r.Context(), p)
	if err != nil {
		return err
	}
	selector := r.PathValue("selector")
	v, err := pick(view, canonicalVersion(selector))
	if target, tagged := view.Labels[selector]; tagged && artifact.Is(err, artifact.NotFound) {
		v, err = pick(view, target)
	}
	if err != nil {
		return err
	}
	body, err := appendVersion(nil, v, true, addressesOf(s.URL, p))
	if err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: mediaType, Body: body})
}

// pick finds one version of a view. NotFound: it is not listed.
func pick(view repository.View, number string) (artifact.Version, error) {
	v, err := view.Version(number)
	if err == nil && v.Status.Listed() {
		return v, nil
	}
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		return v, err
	}
	return artifact.Version{}, notFound("There is no version %.256q of %s.", number, fullName(view.PackageKey)).
		About(artifact.VersionResource, view.At(number).String())
}
