package cargo

import (
	"io"
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// getIndex answers with the file about a crate. Its path follows from the name in lower case, and no other path leads to it:
// cargo tries dashes for underscores, and must be told which name there is.
func getIndex(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	folder, name := r.PathValue("first"), r.PathValue("crate")
	if second := r.PathValue("second"); second != "" {
		folder += "/" + second
	}
	p, err := parseName(name)
	if err != nil {
		return err
	}
	if folder+"/"+name != indexPath(p.Name) {
		return notFound("The file about the crate %s is %s.", p.Name, indexPath(p.Name))
	}
	doc, err := s.Document(r.Context(), p, "index", render)
	if err != nil {
		return err
	}
	return format.ServeDocument(w, r, doc, format.DocumentOptions{ContentType: "text/plain; charset=utf-8", IfModifiedSince: true})
}

// render writes a line for every version that can be downloaded: what is unlisted is yanked, which locked builds still find.
func render(out io.Writer, v repository.View) error {
	var line []byte
	for version, err := range v.Versions {
		if err != nil {
			return err
		}
		if line, err = appendLine(line[:0], version); err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// config tells cargo where things are (Cargo's book, "Index configuration").
type config struct {
	DL  string `json:"dl"`
	API string `json:"api"`
	// AuthRequired has cargo send its token with everything. Without a token it would refuse to go on.
	AuthRequired bool `json:"auth-required"`
}

// getConfig answers what every command of cargo asks for first. Who may read without a token needs none.
func getConfig(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, config{
		DL: s.URL("api/v1/crates"), API: apiOf(s), AuthRequired: !s.Caller().Principal.Anonymous(),
	})
}

// apiOf is the base of the web API: cargo joins it with paths that begin with a slash.
func apiOf(s format.Shelf) string {
	base := s.URL("")
	return base[:len(base)-1]
}

// getCrate answers with the archive of a version.
func getCrate(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	v, err := versionIn(r)
	if err != nil {
		return err
	}
	file, err := s.Open(r.Context(), v, assetOf(v))
	if err != nil {
		return err
	}
	return format.ServeFile(w, r, file, format.FileOptions{ContentType: "application/gzip", Filename: assetOf(v)})
}

// versionIn reads the version that a path names. NotFound: there can be none.
func versionIn(r *http.Request) (artifact.VersionKey, error) {
	p, err := parseName(r.PathValue("crate"))
	if err != nil {
		return artifact.VersionKey{}, err
	}
	number := r.PathValue("version")
	if _, err := parseVersion(number); err != nil {
		return artifact.VersionKey{}, notFound("There is no version %.100q of %s.", number, p.Name)
	}
	return p.At(number), nil
}

// me is the page whose address cargo login prints.
func me(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	const page = "Tokens are not made on this page. Have cargo ask for them itself:\n\n" +
		"    entrepot login --tool cargo\n\n" +
		"or paste one that lasts for some hours:\n\n" +
		"    aws codeartifact get-authorization-token --domain DOMAIN --query authorizationToken --output text\n"
	return format.ServeAnswer(w, r, format.Answer{ContentType: "text/plain; charset=utf-8", Body: []byte(page)})
}
