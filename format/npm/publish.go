package npm

import (
	"context"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/jsonscan"
	"entrepot/repository"
)

// putPackage answers npm publish and npm deprecate, which are one request: with an attachment a PUT of a package
// document is a publish, without one it changes what is known about versions.
func putPackage(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	p, err := packageOf(r)
	if err != nil {
		return err
	}
	// A PUT without attachments needs another permission. So the document of a caller who may read is read, and the right
	// to publish is asked for at its first attachment: a refusal goes on record, and none is due to who only deprecates.
	mayPublish := sync.OnceValue(func() error { return s.MayPublish(r.Context(), p) })
	if s.Access(r.Context()) != nil {
		if err := mayPublish(); err != nil {
			return err
		}
	}
	if r.ContentLength > maxPut {
		return tooLarge("A publish request may have at most %d bytes.", int64(maxPut))
	}
	doc, err := submit(r.Context(), r.Body, func(ctx context.Context) (*repository.Upload, error) {
		if err := mayPublish(); err != nil {
			return nil, err
		}
		return s.Stage(ctx)
	})
	defer doc.discard()
	if err != nil {
		return err
	}
	if doc.hasAttachments {
		if err := mayPublish(); err != nil {
			return err
		}
	}
	if err := doc.checkNames(p); err != nil {
		return err
	}
	if !doc.hasAttachments {
		return deprecate(w, r, s, p, doc)
	}
	publication, err := doc.publication(p)
	if err != nil {
		return err
	}
	if _, err := s.Publish(r.Context(), publication); err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusCreated, accepted)
}

var accepted = map[string]bool{"ok": true, "success": true}

// checkNames requires the same name everywhere: in 2021 the public registry authorised one and published the other.
func (s *submission) checkNames(p artifact.PackageKey) error {
	name := fullName(p)
	if s.name != name {
		return invalid("The document's name is %.214q, the URL's is %q.", s.name, name)
	}
	if s.id != "" && s.id != name {
		return invalid("The document's _id is %.214q, its name is %q.", s.id, name)
	}
	return nil
}

// publication checks the document against the bytes and makes what is to be published. Only the version that the
// tarball belongs to is new: npm 6 to 9 send all the others along when they try a second time.
func (s *submission) publication(p artifact.PackageKey) (repository.Publication, error) {
	none := repository.Publication{}
	if err := checkNewName(p); err != nil {
		return none, err
	}
	number, err := s.attachedVersion(p)
	if err != nil {
		return none, err
	}
	object, err := versionObject(s.versions[number], p, number)
	if err != nil {
		return none, err
	}
	dist, err := distOf(object)
	if err != nil {
		return none, err
	}
	digests, size := s.tarball.upload.Sum()
	if err := s.checkBytes(dist, digests, size); err != nil {
		return none, err
	}
	held, err := inspect(s.tarball.upload, size)
	if err != nil {
		return none, err
	}
	if err := held.checkIdentity(p, number); err != nil {
		return none, err
	}
	labels, err := s.labels(number)
	if err != nil {
		return none, err
	}
	kept, err := s.facts(p, number, digests)
	if err != nil {
		return none, err
	}
	members, err := held.merge(p, object)
	if err != nil {
		return none, err
	}
	m, err := compose(members, held.dist(digests, kept), kept)
	if err != nil {
		return none, err
	}
	details, err := describe(p, m, s.readmeOf(object, held))
	if err != nil {
		return none, invalid("The description of version %s is not usable: %s.", number, err)
	}
	return repository.Publication{
		VersionKey: p.At(number),
		Manifest:   m.appendLines(nil),
		Details:    details,
		Assets:     []repository.StagedAsset{{Name: asset, Upload: s.tarball.upload}},
		Labels:     labels,
	}, nil
}

// attachedVersion finds the version that the tarball is named after.
func (s *submission) attachedVersion(p artifact.PackageKey) (string, error) {
	if s.tarball == nil || s.tarball.upload == nil {
		return "", invalid("The document has no tarball attached.")
	}
	number, err := tarballVersion(p, s.tarball.file)
	if err != nil {
		return "", invalid("The attachment %.300q is not called %s-VERSION.tgz.", s.tarball.file, fullName(p)).
			Causing(err)
	}
	if _, ok := s.versions[number]; !ok {
		return "", invalid("The tarball is for version %q, which the document does not describe.", number)
	}
	if _, err := parseVersion(number); err != nil {
		return "", invalid("The tarball cannot be published: %s.", err)
	}
	// Clients ask for 1.0.0 when they mean 1.0.0+a, so two builds of one version would be one to them.
	if strings.Contains(number, "+") {
		return "", invalid("The version %q has build metadata; publish it without.", number)
	}
	return number, nil
}

func versionObject(object []byte, p artifact.PackageKey, number string) (jsonscan.Members, error) {
	all, err := splitObject(object)
	if err != nil {
		return nil, invalid("The description of version %s is not usable: %s.", number, err)
	}
	for _, want := range []struct{ key, value string }{{"name", fullName(p)}, {"version", number}} {
		if got, ok := all.Text(want.key); !ok || got != want.value {
			return nil, invalid("versions[%q].%s is %.214q instead of %q.", number, want.key, got, want.value)
		}
	}
	if id, ok := all.Text("_id"); ok && id != fullName(p)+"@"+number {
		return nil, invalid("versions[%q]._id is %.300q.", number, id)
	}
	return all, nil
}

func distOf(object jsonscan.Members) (jsonscan.Members, error) {
	value := object.Find("dist")
	if value == nil {
		return nil, nil
	}
	dist, err := splitObject(value)
	if err != nil {
		return nil, invalid("dist is not usable: %s.", err)
	}
	return dist, nil
}

// checkBytes compares what the client says about the tarball with what came.
func (s *submission) checkBytes(dist jsonscan.Members, got artifact.Digests, size int64) error {
	if s.tarball.length >= 0 && s.tarball.length != size {
		return invalid("The tarball has %d bytes, its length says %d.", size, s.tarball.length)
	}
	if sri, ok := dist.Text("integrity"); ok && sri != "" && !meets(sri, got) {
		return invalid("The tarball does not have the integrity that dist.integrity says.")
	}
	if sum, ok := dist.Text("shasum"); ok && sum != "" &&
		!strings.EqualFold(sum, hex.EncodeToString(got.SHA1[:])) {
		return invalid("The tarball does not have the SHA-1 that dist.shasum says.")
	}
	return nil
}

// checkIdentity requires the tarball to be the version that it is published as. Clients clean name and version on the
// way into the document and leave the tarball as it is.
func (c contents) checkIdentity(p artifact.PackageKey, number string) error {
	name, _ := c.manifest.Text("name")
	if strings.TrimSpace(name) != fullName(p) {
		return invalid("The tarball's package.json says name %.214q, the document says %q.", name, fullName(p))
	}
	inside, _ := c.manifest.Text("version")
	if clean, ok := cleanVersion(inside); !ok || clean != number {
		return invalid("The tarball's package.json says version %.256q, the document says %q.", inside, number)
	}
	return nil
}

// labels are the tags to set. Those for other versions of a merged document are not this publish's to move.
func (s *submission) labels(number string) ([]string, error) {
	var labels []string
	for _, tag := range slices.Sorted(maps.Keys(s.tags)) {
		target := s.tags[tag]
		if _, known := s.versions[target]; !known {
			return nil, invalid("The tag %.214q points at version %.256q, which the document does not describe.",
				tag, target)
		}
		if target != number {
			continue
		}
		if err := checkTag(tag); err != nil {
			return nil, err
		}
		labels = append(labels, tag)
	}
	return labels, nil
}

// readmeOf takes the readme that the client sends, in the version or, as npm 6 does, at the top; else the tarball's.
func (s *submission) readmeOf(object jsonscan.Members, held contents) string {
	said, _ := object.Text("readme")
	for _, text := range []string{said, s.readme, held.readme} {
		if text = realReadme(text); text != "" {
			return text
		}
	}
	return ""
}

// facts keeps the provenance bundle.
func (s *submission) facts(p artifact.PackageKey, number string, digests artifact.Digests) (keptFacts, error) {
	if s.provenance == nil {
		return keptFacts{}, nil
	}
	a, err := s.provenance.attestation(digests)
	if err != nil {
		return keptFacts{}, invalid("The provenance bundle of %s %s cannot be accepted: %s.",
			fullName(p), number, err)
	}
	return keptFacts{Bundles: []attestation{a}}, nil
}
