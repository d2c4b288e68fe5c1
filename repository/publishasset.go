package repository

import (
	"context"
	"errors"
	"fmt"
	"io"

	"entrepot/artifact"
	"entrepot/iam"
)

// AssetUpload is one asset that is published through the API.
type AssetUpload struct {
	artifact.VersionKey
	Name       string
	SHA256     artifact.Digest // of the content, as the caller says
	Size       int64           // bytes, as announced; -1 if unknown
	Unfinished bool            // more assets will follow
	Content    io.Reader
}

// PublishAsset takes in one asset of a version of a format that is published so, and returns the version and the asset
// as they are afterwards. The door asks for permission. The content is streamed to the store; only when it is what the
// caller says is it recorded.
//
// Invalid for another format, for names that nobody may publish, for content that breaks off or has another hash; Quota
// for content or a version that is too large; Conflict as from Shelf.Publish. What is known before the content comes is
// told before it is read.
func (s *Service) PublishAsset(ctx context.Context, c iam.Caller, key artifact.RepositoryKey,
	up AssetUpload) (artifact.Version, artifact.Asset, error) {
	fail := func(err error) (artifact.Version, artifact.Asset, error) {
		return artifact.Version{}, artifact.Asset{}, err
	}
	up.VersionKey = s.Canonical(up.VersionKey)
	id := idIn(key, up.VersionKey.String()+"/"+up.Name)
	if err := s.mayUpload(up, id); err != nil {
		return fail(err)
	}
	at, err := s.existing(ctx, key)
	if err != nil {
		return fail(err)
	}
	p := Publication{VersionKey: up.VersionKey, Unfinished: up.Unfinished}
	claimed := artifact.Asset{Name: up.Name, Digests: artifact.Digests{SHA256: up.SHA256}}
	if _, err := s.publishable(ctx, at, p, []artifact.Asset{claimed}, nil); err != nil {
		return fail(err)
	}
	upload, err := s.stage(ctx, at)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = upload.Discard() }() // what was published stays
	if err := receive(upload, up.Content); err != nil {
		if e, ok := errors.AsType[*artifact.Error](err); ok && errors.Is(err, ErrTooLarge) {
			e.About(artifact.AssetResource, id)
		}
		return fail(err)
	}
	if sums, _ := upload.Sum(); sums.SHA256 != up.SHA256 {
		return fail(artifact.Errorf(artifact.Invalid,
			"The content's SHA-256 is %s, the request says %s.", sums.SHA256, up.SHA256))
	}
	p.Assets = []StagedAsset{{Name: up.Name, Upload: upload}}
	v, err := s.publish(ctx, c, at, p)
	if err != nil {
		return fail(err)
	}
	a, _ := v.Asset(up.Name)
	return v, a, nil
}

// mayUpload judges what an upload says of itself; id names it in errors.
func (s *Service) mayUpload(up AssetUpload, id string) error {
	t := s.traits(up.Format)
	if !t.ByAPI {
		return artifact.Errorf(artifact.Invalid,
			"Packages of the format %s are published with their package manager.", up.Format)
	}
	if t.Check != nil {
		if err := t.Check(up.VersionKey, up.Name); err != nil {
			return err
		}
	}
	if up.Size > s.Quotas.AssetSize {
		return tooLarge(s.Quotas.AssetSize, id)
	}
	return nil
}

// receive copies content into an upload. An error of the content is the sender's: Invalid, unless it says otherwise.
func receive(to *Upload, content io.Reader) error {
	from := &watchedReader{Reader: content}
	_, err := io.Copy(to, from)
	if err == nil || from.err == nil {
		return err
	}
	if artifact.KindOf(err) != artifact.Internal {
		return err
	}
	return artifact.Errorf(artifact.Invalid, "The content broke off before its end.").Causing(fmt.Errorf("read content: %w", err))
}

// watchedReader remembers why reading failed.
type watchedReader struct {
	io.Reader
	err error
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
