package awsapi

import (
	"context"
	"errors"
	"io"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
)

// content is a body that an operation takes as it comes.
type content interface {
	io.Reader
	// Size is the number of bytes that the request announces, -1 if it does not.
	Size() int64
}

type sizedBody struct {
	io.Reader
	size int64
}

// Size follows content.
func (b sizedBody) Size() int64 { return b.size }

// Read reads on. A body that is no good is refused as one that cannot be parsed, which no field is to blame for.
func (b sizedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if e, ok := errors.AsType[*artifact.Error](err); ok && e.Kind == artifact.Invalid {
		err = refuse(CannotParse, "%s", e.Reason)
	}
	return n, err
}

type publishPackageVersionInput struct {
	ofVersion
	AssetName    string  `query:"asset" is:"AssetName,required"`
	Unfinished   *bool   `query:"unfinished" is:"BooleanOptional"`
	AssetSHA256  string  `header:"x-amz-content-sha256" is:"SHA256,required"`
	AssetContent content `payload:"assetContent" is:"Asset,required"`
}

// complete takes any spelling of a key: what is published is kept under one.
func (in *publishPackageVersionInput) complete(a *API, c iam.Caller) error {
	if err := in.ofVersion.complete(a, c); err != nil {
		return err
	}
	in.spell(a.rules.Canonical)
	return nil
}

type publishedVersion struct {
	versionNamed
	Status artifact.Status `json:"status"`
	Asset  assetSummary    `json:"asset"`
}

// publishPackageVersion streams one asset into the rules. Its signature was made with the hash in the header, so the
// caller is known before any byte is taken; that the body has this hash is the rules' to find out.
func (a *API) publishPackageVersion(ctx context.Context, c iam.Caller,
	in *publishPackageVersionInput) (*publishedVersion, error) {
	sum, err := artifact.ParseDigest(in.AssetSHA256)
	if err != nil {
		return nil, refuse(FieldValidationFailed, "%s", err)
	}
	v, asset, err := a.rules.PublishAsset(ctx, c, in.key(), repository.AssetUpload{
		VersionKey: in.version(), Name: in.AssetName, SHA256: sum, Size: in.AssetContent.Size(),
		Unfinished: in.Unfinished != nil && *in.Unfinished, Content: in.AssetContent,
	})
	if _, worded := errors.AsType[*refusal](err); worded {
		return nil, err
	}
	if e, ok := errors.AsType[*artifact.Error](err); ok && e.Kind == artifact.Invalid {
		return nil, refuse(FieldValidationFailed, "%s", e.Reason)
	}
	if err != nil {
		return nil, err
	}
	return &publishedVersion{nameOf(v), v.Status, summarizeAsset(asset)}, nil
}
