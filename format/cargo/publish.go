package cargo

import (
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// publish answers cargo publish. The same bytes again are a success; cargo itself looks into the index before it sends any.
func publish(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	parts := framesOf(r)
	m, err := readMetadata(parts)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	p, err := parseName(m.Name)
	if err != nil {
		return format.OrDenied(r.Context(), s, checkNewName(m.Name))
	}
	if err := s.MayPublish(r.Context(), p); err != nil {
		return err
	}
	upload, err := s.Stage(r.Context())
	if err != nil {
		return err
	}
	defer func() { _ = upload.Discard() }()
	if err := parts.archive(upload); err != nil {
		return err
	}
	publication, err := m.publication(p, upload, "sparse+"+s.URL(""))
	if err != nil {
		return err
	}
	if _, err := s.Publish(r.Context(), publication); err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, accepted)
}

// accepted is the answer to a publication: there is nothing to warn of. What categories and badges there are is no business of a
// private registry.
var accepted = map[string]map[string][]string{
	"warnings": {"invalid_categories": {}, "invalid_badges": {}, "other": {}},
}

// publication checks the description against the archive and makes what is to be published. index is the index that the crate
// is published to, as Cargo.toml has it.
func (m *metadata) publication(p artifact.PackageKey, upload *repository.Upload, index string) (repository.Publication, error) {
	none := repository.Publication{}
	if err := checkNewName(m.Name); err != nil {
		return none, err
	}
	if _, err := parseVersion(m.Vers); err != nil {
		return none, err
	}
	if err := m.check(); err != nil {
		return none, err
	}
	digests, size := upload.Sum()
	found, err := inspect(upload, size, m.Name+"-"+m.Vers)
	if err != nil {
		return none, err
	}
	if err := m.checkAgainst(found.manifest); err != nil {
		return none, err
	}
	line, err := m.line(digests.SHA256, index)
	if err != nil {
		return none, err
	}
	details := describe(found)
	manifest, err := newManifest(line, about{details.Summary})
	if err != nil {
		return none, err
	}
	v := p.At(m.Vers)
	return repository.Publication{VersionKey: v, Manifest: manifest, Details: details,
		Assets: []repository.StagedAsset{{Name: assetOf(v), Upload: upload}}, Beside: m.sameName}, nil
}

// sameName refuses a crate whose other versions are written in another case: they are one crate, and to cargo they are two.
func (m *metadata) sameName(other artifact.Version) error {
	line, err := lineOf(other.Manifest)
	if err != nil {
		return err
	}
	name, err := nameIn(line)
	if err == nil && name != m.Name {
		err = artifact.Errorf(artifact.Conflict, "The crate is called %s here, and not %s. Publish it under that name.", name, m.Name)
	}
	return err
}
