package ruby

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// maxHead bounds how much of a pushed gem may stand before the end of its metadata, in bytes: whose it is must be known before
// any of it is taken in. Since RubyGems 2.0 the metadata comes first; before that the data did.
const maxHead = 2 << 20

// push takes a gem. The same bytes again are a success, other bytes under a name that is there a conflict.
func push(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	body, err := gemIn(r)
	if err != nil {
		return orDenied(r, s, err)
	}
	var head bytes.Buffer
	claimed, err := readSpecification(io.TeeReader(io.LimitReader(body, maxHead), &head))
	if err == nil {
		err = checkNewName(claimed.name)
	}
	if err != nil {
		return orDenied(r, s, headError(err, head.Len()))
	}
	p, err := parseName(claimed.name)
	if err != nil {
		return orDenied(r, s, err)
	}
	if err := s.MayPublish(r.Context(), p); err != nil {
		return err
	}
	upload, err := s.Stage(r.Context())
	if err != nil {
		return err
	}
	defer func() { _ = upload.Discard() }() // nothing to be done about it
	if _, err := io.CopyBuffer(struct{ io.Writer }{upload}, struct{ io.Reader }{io.MultiReader(&head, body)},
		make([]byte, 64<<10)); err != nil {
		return err
	}
	published, err := publish(r, s, claimed, upload)
	if err != nil {
		return err
	}
	return say(w, r, fmt.Sprintf("Successfully registered gem: %s (%s)", published.name, published.slug()))
}

// headError says of a gem that goes on after its head why it could not be read.
func headError(err error, read int) error {
	if read >= maxHead {
		return badGem("its %s does not end within the first %d bytes. Build it anew with RubyGems 2.0 or newer", metadataEntry, maxHead)
	}
	return err
}

// publish looks into the whole gem and publishes it.
func publish(r *http.Request, s format.Shelf, claimed specification, upload *repository.Upload) (gem, error) {
	_, size := upload.Sum()
	spec, err := inspect(upload, size)
	if err != nil {
		return gem{}, err
	}
	switch {
	case spec.gem != claimed.gem:
		return gem{}, badGem("it describes itself twice")
	case !spec.isReadAsItself():
		return gem{}, badGem("its file would be called %.300q, which reads as the name of another gem. Rename it", spec.file())
	}
	details := describe(spec)
	_, err = s.Publish(r.Context(), repository.Publication{
		VersionKey: spec.key(),
		Manifest:   ownManifest,
		Details:    details,
		Merge: func(held artifact.Version) ([]byte, artifact.Details, error) {
			if held.VersionKey.Version != spec.version {
				return nil, artifact.Details{}, artifact.Errorf(artifact.Conflict,
					"Version %s of %s is there already as %s, and clients take both for the same.", spec.version, spec.name,
					held.VersionKey.Version)
			}
			if spec.platform == anyPlatform {
				return held.Manifest, details, nil
			}
			return held.Manifest, held.Details, nil
		},
		Assets: []repository.StagedAsset{{Name: spec.file(), Facts: spec.facts().encode(), Upload: upload}},
	})
	return spec.gem, err
}

// ownManifest is that of a version that was published here: all that is said is said about its gems.
var ownManifest = externalManifest

// gemIn is the gem in a request: its body, or a part of a form where attestations come with it. These are passed over: no client
// asks for them.
func gemIn(r *http.Request) (io.Reader, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return r.Body, nil
	}
	parts := multipart.NewReader(r.Body, parameters["boundary"])
	for range 16 {
		part, err := parts.NextRawPart()
		if err != nil {
			break
		}
		if part.FormName() == "gem" {
			return part, nil
		}
	}
	return nil, invalid("The form has no part called gem.")
}
