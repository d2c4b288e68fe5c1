package ruby

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
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
	var sent submission
	defer sent.discard()
	if err := sent.read(r, s); err != nil {
		return err
	}
	published, err := publish(r, s, sent.claimed, sent.upload)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Successfully registered gem: %s (%s)", published.name, published.slug())
	if sent.attested {
		text += ". Its attestations were not kept: no client asks a repository for them"
	}
	return say(w, r, text)
}

// submission is what a push brings.
type submission struct {
	claimed  specification // as the head of the gem has it
	upload   *repository.Upload
	attested bool // attestations came with it
}

// discard frees the staged bytes unless they were published; safe at any time.
func (p *submission) discard() {
	if p.upload != nil {
		_ = p.upload.Discard() // nothing to be done about it
	}
}

// The parts of a form, which gem sends where there are attestations.
const (
	gemPart          = "gem"
	attestationsPart = "attestations"
	maxParts         = 16
)

// read takes the gem in a request: its body, or a part of a form. Whatever the error, the caller discards the submission.
// Nobody who may not come in is told what is wrong.
func (p *submission) read(r *http.Request, s format.Shelf) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return p.take(r.Context(), s, r.Body)
	}
	err := format.EachPart(r, maxParts, func(part format.Part) error {
		switch {
		case part.Name == attestationsPart:
			p.attested = true
		case part.Name == gemPart && p.upload != nil:
			return invalid("The form has two parts called %s.", gemPart)
		case part.Name == gemPart:
			return p.take(r.Context(), s, part)
		}
		return nil
	})
	if err == nil && p.upload == nil {
		err = invalid("The form has no part called %s.", gemPart)
	}
	if err != nil && p.upload == nil {
		return format.OrDenied(r.Context(), s, err)
	}
	return err
}

// take stages a gem, if its sender may publish it.
func (p *submission) take(ctx context.Context, s format.Shelf, content io.Reader) error {
	var head bytes.Buffer
	claimed, err := readSpecification(io.TeeReader(io.LimitReader(content, maxHead), &head))
	if err != nil {
		return format.OrDenied(ctx, s, headError(err, head.Len()))
	}
	if err := checkNewName(claimed.name); err != nil {
		return format.OrDenied(ctx, s, err)
	}
	key, err := parseName(claimed.name)
	if err != nil {
		return format.OrDenied(ctx, s, err)
	}
	if err := s.MayPublish(ctx, key); err != nil {
		return err
	}
	p.claimed = claimed
	if p.upload, err = s.Stage(ctx); err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{p.upload}, struct{ io.Reader }{io.MultiReader(&head, content)}, make([]byte, 64<<10))
	return err
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
