package npm

import (
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// ping proves the credentials and ReadFromRepository (user guide, "npm ping"). The registry itself, without a path, says
// the same: people open it to see whether something is there.
func ping(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, struct{}{})
}

// whoami tells the caller's name. CodeArtifact does not support it; here it costs nothing and saves a question.
func whoami(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	principal := s.Caller().Principal
	if principal.Anonymous() {
		return artifact.Errorf(artifact.Unauthenticated, "Nobody is signed in.")
	}
	name := principal.Name
	if name == "" { // a role: its name and the session's
		name = principal.ARN[strings.LastIndexByte(principal.ARN, ':')+1:]
	}
	return format.ServeJSON(w, r, http.StatusOK, map[string]string{"username": name})
}

// visibility is asked before a publish with provenance.
func visibility(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if _, err := packageOf(r); err != nil {
		return err
	}
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, map[string]bool{"public": false})
}
