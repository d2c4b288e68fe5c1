package cargo

import (
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
)

// done is the answer of what changes something: cargo ends with an error of its own where ok is not true.
var done = map[string]bool{"ok": true}

// setStatus yanks versions and takes that back: a yanked version is an unlisted one.
func setStatus(status artifact.Status) format.Handler {
	return func(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
		v, err := versionIn(r)
		if err != nil {
			return err
		}
		if err := s.SetStatus(r.Context(), v.PackageKey, []string{v.Version}, status); err != nil {
			return err
		}
		return format.ServeJSON(w, r, http.StatusOK, done)
	}
}

// owners refuses what cargo owner asks for. CodeArtifact does not support it either (user guide, "Cargo command support").
func owners(_ http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return format.OrDenied(r.Context(), s, format.WithStatus(http.StatusMethodNotAllowed, invalid("Crates have no owners here: "+
		"policies say who may publish. Use `aws codeartifact put-repository-permissions-policy`.")))
}
