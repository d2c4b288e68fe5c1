package npm

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/jsonscan"
	"entrepot/format/semver"
)

// maxMessage bounds a deprecation message, in bytes.
const maxMessage = 8 << 10

// deprecate applies the one change that a PUT without attachments may make. Clients send the whole document back, or
// only the versions they changed; a version whose message is as it was, or that says nothing about it, is left alone.
func deprecate(w http.ResponseWriter, r *http.Request, s format.Shelf, p artifact.PackageKey, doc *submission) error {
	if !doc.hasVersions {
		return format.OrDenied(r.Context(), s, refuse(http.StatusMethodNotAllowed,
			"Only deprecated can be changed here; npm star and npm owner are not supported. "+usePolicies))
	}
	asked, err := messages(doc.versions)
	if err != nil {
		return err
	}
	view, err := s.View(r.Context(), p)
	if err != nil {
		return err
	}
	var changed []string
	for v, err := range view.Listed() {
		if err != nil {
			return err
		}
		message, ok := asked[v.Version]
		if !ok {
			continue
		}
		now, err := deprecated(v.Manifest)
		if err != nil {
			return fmt.Errorf("deprecate %s: %w", v.VersionKey, err)
		}
		if now != message {
			changed = append(changed, v.Version)
		}
	}
	if len(changed) > 0 {
		slices.SortFunc(changed, semver.Compare)
		err := s.Annotate(r.Context(), p, changed, func(v artifact.Version) ([]byte, error) {
			return setDeprecated(v.Manifest, asked[v.Version])
		})
		if artifact.Is(err, artifact.NotFound) {
			return invalid("Only versions that were published here, or are kept here because they were installed, can be "+
				"deprecated, and at least one of the %d named of %s is upstream only. Name versions of this repository.",
				len(changed), fullName(p)).Causing(err)
		}
		if err != nil {
			return err
		}
	}
	return format.ServeJSON(w, r, http.StatusOK, accepted)
}

// messages reads what a document says about deprecation, by version. Old clients clear with false.
func messages(versions map[string][]byte) (map[string]string, error) {
	asked := make(map[string]string)
	for number, object := range versions {
		all, err := splitObject(object)
		if err != nil {
			return nil, invalid("The description of version %.256q is not usable: %s.", number, err)
		}
		value := all.Find("deprecated")
		if value == nil {
			continue
		}
		message, ok := jsonscan.AsText(value)
		if !ok && !bytes.Equal(value, []byte("false")) {
			return nil, invalid("versions[%.256q].deprecated is not a text.", number)
		}
		if len(message) > maxMessage {
			return nil, invalid("A deprecation message may have at most %d bytes.", maxMessage)
		}
		asked[number] = message
	}
	return asked, nil
}

// deprecated returns a manifest's message; empty if it has none.
func deprecated(lines []byte) (string, error) {
	m, err := cutManifest(lines)
	if err != nil || !bytes.Contains(m.listed, []byte(`"deprecated":`)) {
		return "", err
	}
	all, err := jsonscan.Split(m.listed)
	message, _ := all.Text("deprecated")
	return message, err
}

// setDeprecated returns the manifest with another message; an empty one removes it.
func setDeprecated(lines []byte, message string) ([]byte, error) {
	m, err := cutManifest(lines)
	if err != nil {
		return nil, err
	}
	all, err := jsonscan.Split(m.listed)
	if err != nil {
		return nil, err
	}
	if message == "" {
		all = without(all, "deprecated")
	} else {
		all = with(all, "deprecated", jsonscan.Quoted(message))
	}
	m.listed = all.Append(nil)
	return m.appendLines(nil), nil
}
