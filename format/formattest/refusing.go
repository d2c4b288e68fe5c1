package formattest

import (
	"bytes"
	"context"
	"errors"
	"io"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/repository"
)

// Refusing is a shelf whose every method that can refuse answers Err, but for Stage, which asks for no permission: for
// errors that no policy can make.
type Refusing struct {
	format.Shelf
	Err error
}

// Access refuses.
func (s Refusing) Access(context.Context) error { return s.Err }

// View refuses.
func (s Refusing) View(context.Context, artifact.PackageKey) (repository.View, error) {
	return repository.View{}, s.Err
}

// Manifests refuses.
func (s Refusing) Manifests(context.Context, artifact.PackageKey) ([][]byte, error) {
	return nil, s.Err
}

// Document refuses.
func (s Refusing) Document(context.Context, artifact.PackageKey, string,
	func(io.Writer, repository.View) error) (repository.Document, error) {
	return repository.Document{}, s.Err
}

// Index refuses.
func (s Refusing) Index(context.Context, artifact.Format, string,
	func(io.Writer, repository.Inventory) error) (repository.Document, error) {
	return repository.Document{}, s.Err
}

// Stat refuses.
func (s Refusing) Stat(context.Context, artifact.VersionKey, string) (artifact.Asset, error) {
	return artifact.Asset{}, s.Err
}

// Open refuses.
func (s Refusing) Open(context.Context, artifact.VersionKey, string) (repository.File, error) {
	return repository.File{}, s.Err
}

// Attachment refuses.
func (s Refusing) Attachment(context.Context, artifact.VersionKey, string) (io.ReadCloser, error) {
	return nil, s.Err
}

// Search refuses.
func (s Refusing) Search(context.Context, artifact.Format, []string,
	catalog.Page) (catalog.Listing[artifact.PackageKey], error) {
	return catalog.Listing[artifact.PackageKey]{}, s.Err
}

// MayPublish refuses.
func (s Refusing) MayPublish(context.Context, artifact.PackageKey) error { return s.Err }

// MayAnnotate refuses.
func (s Refusing) MayAnnotate(context.Context, artifact.PackageKey) error { return s.Err }

// Publish refuses.
func (s Refusing) Publish(context.Context, repository.Publication) (artifact.Version, error) {
	return artifact.Version{}, s.Err
}

// Held refuses.
func (s Refusing) Held(context.Context, artifact.VersionKey) (artifact.Version, error) {
	return artifact.Version{}, s.Err
}

// HeldForPublisher refuses.
func (s Refusing) HeldForPublisher(context.Context, artifact.VersionKey) (artifact.Version, error) {
	return artifact.Version{}, s.Err
}

// Annotate refuses.
func (s Refusing) Annotate(context.Context, artifact.PackageKey, []string,
	func(artifact.Version) ([]byte, error)) error {
	return s.Err
}

// Finish refuses.
func (s Refusing) Finish(context.Context, artifact.PackageKey, []string, func(artifact.Version) error) error {
	return s.Err
}

// SetStatus refuses.
func (s Refusing) SetStatus(context.Context, artifact.PackageKey, []string, artifact.Status) error {
	return s.Err
}

// Labels refuses.
func (s Refusing) Labels(context.Context, artifact.PackageKey) (map[string]string, error) {
	return nil, s.Err
}

// SetLabel refuses.
func (s Refusing) SetLabel(context.Context, artifact.PackageKey, string, string) error { return s.Err }

// DeleteLabel refuses.
func (s Refusing) DeleteLabel(context.Context, artifact.PackageKey, string) error { return s.Err }

// steady is a shelf that renders everything twice. What comes out differently would be one document with two tags.
type steady struct{ format.Shelf }

// Document follows format.Shelf.
func (s steady) Document(ctx context.Context, p artifact.PackageKey, variant string,
	render func(io.Writer, repository.View) error) (repository.Document, error) {
	return s.Shelf.Document(ctx, p, variant, twice(render))
}

// Index follows format.Shelf.
func (s steady) Index(ctx context.Context, f artifact.Format, variant string,
	render func(io.Writer, repository.Inventory) error) (repository.Document, error) {
	return s.Shelf.Index(ctx, f, variant, twice(render))
}

// twice renders twice and fails if that makes a difference.
func twice[From any](render func(io.Writer, From) error) func(io.Writer, From) error {
	return func(w io.Writer, from From) error {
		var renderings [2]bytes.Buffer
		for i := range renderings {
			if err := render(&renderings[i], from); err != nil {
				return err
			}
		}
		if !bytes.Equal(renderings[0].Bytes(), renderings[1].Bytes()) {
			return errors.New("the document is not the same each time it is rendered")
		}
		_, err := w.Write(renderings[0].Bytes())
		return err
	}
}
