package swift

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"

	"entrepot/format"
	"entrepot/repository"
)

// signatureHeader says of what format the signatures in a form are, or that of an archive is.
const signatureHeader = "X-Swift-Package-Signature-Format"

// putRelease publishes a release (registry specification, 4.6). It does so before it answers, whatever the client would prefer:
// SwiftPM never asks again what has become of a publication that is still being worked on. It packs the same sources to other
// bytes each time, so what it publishes again is a conflict; the same bytes are a success.
func putRelease(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	ctx := r.Context()
	named, err := releaseOf(r, r.PathValue("version"))
	if err == nil {
		err = named.checkNew()
	}
	if err != nil {
		return format.OrDenied(r.Context(), s, err) // nobody who may not come in is told what is wrong
	}
	// A client that waits for 100 Continue is told to go on by the first read of the body, and not before.
	if err := s.MayPublish(ctx, named.key()); err != nil {
		return err
	}
	sent, err := readSubmission(r, func() (*repository.Upload, error) { return s.Stage(ctx) })
	defer sent.discard()
	if err != nil {
		return err
	}
	if err := sent.checkSigned(r.Header.Get(signatureHeader)); err != nil {
		return unusable(err)
	}
	p, err := publication(ctx, s, named, sent)
	defer discard(p.Assets)
	if err != nil {
		return err
	}
	published, err := s.Publish(ctx, p)
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.URL(named.path(published.VersionKey.Version)))
	return format.ServeAnswer(w, r, format.Answer{Status: http.StatusCreated, ContentType: "application/json", Body: []byte("{}")})
}

// checkSigned refuses a publication of which a part is signed and another is not, and signatures of a format that clients do
// not know. Whether a signature is good, and whose it is, is for those to judge who trust somebody.
func (s *submission) checkSigned(named string) error {
	signed := len(s.signature) > 0
	switch {
	case named != "" && named != signatureFormat:
		return invalid("The signatures are of the format %.60q; the one that clients know is %s.", named, signatureFormat)
	case signed && named == "":
		return invalid("The archive is signed, and no header %s says in which format.", signatureHeader)
	case !signed && (named != "" || len(s.metadataSignature) > 0):
		return invalid("There is no signature of the archive (source-archive-signature), and yet something says that it is signed.")
	case signed && (len(s.metadata) > 0) != (len(s.metadataSignature) > 0):
		return invalid("Archive and metadata are signed together: either the metadata or its signature (metadata-signature) is missing.")
	}
	return nil
}

// publication checks what was sent, and makes what is to be published of it: the archive, what it says about itself as assets
// of their own, and all that was signed as it came. Whatever the error, the caller discards its assets.
func publication(ctx context.Context, s format.Shelf, named release, sent *submission) (repository.Publication, error) {
	key := named.at()
	p := repository.Publication{VersionKey: key}
	_, size := sent.archive.Sum()
	inside, err := inspect(sent.archive, size)
	if err != nil {
		return p, unusable(err)
	}
	var said metadata
	if len(sent.metadata) > 0 {
		if said, err = parseMetadata(sent.metadata); err != nil {
			return p, unusable(err)
		}
	}
	p.Manifest = record{ID: named.String(), Metadata: said.encode()}.encode()
	p.Details = said.describe(named.identity, inside.readme)
	p.Assets = []repository.StagedAsset{{Name: archiveFile(key), Facts: signedBy(sent.signature).encode(), Upload: sent.archive}}
	for _, name := range slices.Sorted(maps.Keys(inside.manifests)) {
		var facts []byte
		if name == manifestFile {
			facts = choose(inside.manifests).encode()
		}
		if err := addText(ctx, s, &p, name, facts, inside.manifests[name]); err != nil {
			return p, err
		}
	}
	for _, text := range []struct {
		name    string
		content []byte
	}{
		{signatureFile(key), sent.signature}, {metadataFile, sent.metadata}, {metadataSignature, sent.metadataSignature},
	} {
		if len(text.content) == 0 {
			continue
		}
		if err := addText(ctx, s, &p, text.name, nil, text.content); err != nil {
			return p, err
		}
	}
	return p, nil
}

// addText stages a small asset.
func addText(ctx context.Context, s format.Shelf, p *repository.Publication, name string, facts, content []byte) error {
	upload, err := s.Stage(ctx)
	if err != nil {
		return err
	}
	p.Assets = append(p.Assets, repository.StagedAsset{Name: name, Facts: facts, Upload: upload})
	_, err = io.Copy(upload, bytes.NewReader(content))
	return err
}

// discard frees the staged bytes that were not published; safe at any time.
func discard(assets []repository.StagedAsset) {
	for _, a := range assets {
		_ = a.Upload.Discard()
	}
}
