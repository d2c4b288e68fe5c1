package ruby

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// maxForm bounds the form of a yank, in bytes.
const maxForm = 16 << 10

// yank unlists a version: no index has it any more, and who names it can install it. A version is listed or not with all its
// gems, as the status of a package version is one.
func yank(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return move(w, r, s, artifact.Unlisted, "yanked")
}

// unyank lists a version again. gem could do that up to 2.x.
func unyank(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return move(w, r, s, artifact.Published, "unyanked")
}

func move(w http.ResponseWriter, r *http.Request, s format.Shelf, target artifact.Status, done string) error {
	g, err := readYank(r)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	held, err := s.Held(r.Context(), g.key())
	if err != nil {
		return err
	}
	others, err := g.others(held)
	if err != nil {
		return err
	}
	if err := s.SetStatus(r.Context(), g.key().PackageKey, []string{g.version}, target); err != nil {
		return err
	}
	text := fmt.Sprintf("Successfully %s gem: %s (%s)", done, g.name, g.slug())
	if len(others) > 0 {
		text += ", and with it " + strings.Join(others, ", ")
	}
	return say(w, r, text)
}

// readYank reads the form of a yank, which is the body of a DELETE too.
func readYank(r *http.Request) (gem, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	if err != nil {
		return gem{}, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return gem{}, invalid("The form is malformed.").Causing(err)
	}
	value := func(key string) string {
		if form.Has(key) {
			return form.Get(key)
		}
		return r.URL.Query().Get(key)
	}
	g := gem{value("gem_name"), value("version"), value("platform")}
	if g.platform == "" {
		g.platform = anyPlatform
	}
	return g, g.check()
}

// others are the other gems of a version, by their slugs. NotFound: it does not have this one. Conflict: it was named by a
// platform, and is not alone.
func (g gem) others(held artifact.Version) ([]string, error) {
	var slugs []string
	for _, a := range held.Assets {
		facts, err := factsOf(a)
		if err != nil {
			return nil, err
		}
		slugs = append(slugs, gem{held.Name, held.VersionKey.Version, facts.Platform}.slug())
	}
	at := slices.Index(slugs, g.slug())
	switch {
	case at < 0 && g.platform != anyPlatform:
		return nil, notFound("There is no gem %s (%s) here. Of this version there are %s.", g.name, g.slug(), strings.Join(slugs, ", ")).
			About(artifact.AssetResource, g.key().String()+"/"+g.file())
	case len(slugs) > 1 && g.platform != anyPlatform:
		return nil, artifact.Errorf(artifact.Conflict, "A version is yanked with all its gems, and this one of %s has %s. "+
			"Leave the platform out.", g.name, strings.Join(slugs, ", "))
	case at < 0:
		return slugs, nil
	}
	return slices.Delete(slugs, at, at+1), nil
}
