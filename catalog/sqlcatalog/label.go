package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

// LabelsIn implements catalog.LabelReader.
func (s *session) LabelsIn(ids []catalog.RepositoryID, key artifact.PackageKey) (
	map[catalog.RepositoryID]map[string]string, error) {
	found := map[catalog.RepositoryID]map[string]string{}
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return found, err
	}
	type label struct {
		in            catalog.RepositoryID
		name, version string
	}
	in, args := valuesList(ids)
	labels, err := all(s, "find labels", func(row scanner, l *label) error {
		return row.Scan(&l.in, &l.name, &l.version)
	}, "SELECT p.repository, l.name, l.version FROM packages p JOIN labels l ON l.package = p.id WHERE p.repository IN "+
		in+" AND "+packageKeyIs, append(args, key.Format, key.Namespace, key.Name)...)
	for _, l := range labels {
		if found[l.in] == nil {
			found[l.in] = map[string]string{}
		}
		found[l.in][l.name] = l.version
	}
	return found, err
}

// Label implements catalog.LabelReader.
func (s *session) Label(id catalog.RepositoryID, key artifact.PackageKey, name string) (string, error) {
	version, found, err := one(s, "find a label", scalar[string],
		"SELECT l.version FROM packages p JOIN labels l ON l.package = p.id WHERE p.repository = ? AND "+packageKeyIs+
			" AND l.name = ?", id, key.Format, key.Namespace, key.Name, name)
	if err == nil && !found {
		err = s.noLabel(id, key, name)
	}
	return version, err
}

// noLabel tells that the package has no label of a name, or is not there.
func (s *session) noLabel(id catalog.RepositoryID, key artifact.PackageKey, name string) error {
	path, err := s.repositoryPath(id)
	if err != nil {
		return err
	}
	return artifact.Errorf(artifact.NotFound, "Package %s has no label %s in repository %s.", key, name, path).
		About(artifact.PackageResource, path+"/"+key.String())
}

// SetLabels implements catalog.LabelWriter. A label that is there is the usual case.
func (s *session) SetLabels(id catalog.RepositoryID, key artifact.VersionKey, names ...string) error {
	const verb = "set labels"
	at, err := s.held(id, key.PackageKey)
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, key.PackageKey)
	added := 0
	for _, name := range names {
		// A package without labels, as every new one is, has none to move.
		if at.usage.Labels+added > 0 {
			moved, err := s.exec(verb, "UPDATE labels SET version = ? WHERE package = ? AND name = ?", key.Version, at.id, name)
			if err != nil {
				return err
			}
			if moved > 0 {
				continue
			}
		}
		if _, err := s.exec(verb, "INSERT INTO labels (package, name, version) VALUES (?, ?, ?)",
			at.id, name, key.Version); err != nil {
			return err
		}
		added++
	}
	if added == 0 {
		return nil
	}
	return s.count(verb, at.id, catalog.PackageUsage{Labels: added})
}

// DeleteLabel implements catalog.LabelWriter.
func (s *session) DeleteLabel(id catalog.RepositoryID, key artifact.PackageKey, name string) error {
	const verb = "delete a label"
	at, err := s.place(id, key)
	if err != nil {
		return err
	}
	n, err := s.exec(verb, "DELETE FROM labels WHERE package = ? AND name = ?", at.id, name)
	if err != nil {
		return err
	}
	if n == 0 {
		return s.noLabel(id, key, name)
	}
	s.touchPackage(at.domain, id, key)
	return s.count(verb, at.id, catalog.PackageUsage{Labels: -1})
}
