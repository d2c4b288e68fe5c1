package npm

import (
	"net/http"

	"entrepot/format"
	"entrepot/format/jsonscan"
)

// maxTagBody is larger than any version in quotes.
const maxTagBody = 4 << 10

// getTags lists the merged dist-tags.
func getTags(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r)
	if err != nil {
		return err
	}
	labels, err := s.Labels(r.Context(), p)
	if err != nil {
		return err
	}
	if labels == nil {
		labels = map[string]string{}
	}
	return format.ServeJSON(w, r, http.StatusOK, labels)
}

// putTag points a tag at the version in the body, a JSON text.
func putTag(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r)
	if err != nil {
		return err
	}
	name := r.PathValue("tag")
	if err := checkTag(name); err != nil {
		return err
	}
	scan := jsonscan.New(http.MaxBytesReader(w, r.Body, maxTagBody))
	number, err := scan.Text(maxTagBody)
	if err == nil {
		err = scan.Finish()
	}
	if err != nil {
		return invalid("The body is not a version as a JSON text.").Causing(err)
	}
	number = canonicalVersion(number)
	if _, err := parseVersion(number); err != nil {
		return invalid("The tag cannot point at %.256q: %s.", number, err)
	}
	if err := s.SetLabel(r.Context(), p, name, number); err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, accepted)
}

// deleteTag removes a tag. latest stays: without it an install by name alone means nothing.
func deleteTag(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r)
	if err != nil {
		return err
	}
	name := r.PathValue("tag")
	if name == latestTag {
		return format.OrDenied(r.Context(), s, invalid("The tag latest cannot be removed; point it at another version."))
	}
	if err := s.DeleteLabel(r.Context(), p, name); err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, accepted)
}
