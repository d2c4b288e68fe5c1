package repository

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"entrepot/artifact"
	"entrepot/upstream"
)

// Source is an external registry, as the rules need it. Each format builds its own over package upstream.
type Source interface {
	// Listing returns what the registry has of a package. NotFound: it has none of that name, for sure. Unavailable: it
	// cannot be asked and nothing is remembered. A remembered listing is returned however old when the registry fails.
	Listing(ctx context.Context, p artifact.PackageKey) (Listing, error)
	// Refresh is Listing with the registry asked first, for a caller who knows that the remembered one lacks something.
	Refresh(ctx context.Context, p artifact.PackageKey) (Listing, error)
	// Asset says where an asset of a version is fetched and which digests it must have; it may ask the registry for them.
	// v is as Listing gave it, now or when it was retained. The name need not be among its assets if the format's assets
	// may come on request. What the bytes must be it takes from the manifest, the facts or the registry and not from the
	// digests of the listing, in which zeros mean that nothing is promised: in what a registry says they are a digest like
	// another, which nothing has. NotFound: the registry does not have it. Connection, Flight, Open, Keep and Each of the request
	// are the caller's to fill in.
	Asset(ctx context.Context, v artifact.Version, name string) (upstream.AssetRequest, error)
	// Attachment returns a document that the registry keeps beside the assets of a version, under the format's own name
	// for it (npm: attestations), parsed and written anew. The version is as Listing gave it, now or when it was
	// retained. NotFound: the registry has none of that name for the version. Unavailable: it cannot be asked, or its
	// answer cannot be used, and nothing is remembered. The receiver closes it.
	Attachment(ctx context.Context, v artifact.Version, name string) (io.ReadCloser, error)
}

// Finder is a Source whose registry lists no files, and may not list a version that it has: what is there is found by
// asking. Single versions are looked for with Find then, and Listing has what index documents are made of.
type Finder interface {
	Source
	// Find looks for a version by one of its assets, and returns it with that one. Without a name it looks for those that
	// versions of the format usually have, and returns it with those that are there. What it returns is as from
	// Listing.Version. NotFound: the registry has none of them. Unavailable: it cannot be asked.
	Find(ctx context.Context, v artifact.VersionKey, asset string) (artifact.Version, error)
	// Presume is Find for a caller who fetches the asset at once, which tells as much: nobody is asked, and the version
	// comes without assets and without the time that the registry's answer tells. NotFound: the registry does not have the
	// asset, by what it said lately or because it never has its like.
	Presume(v artifact.VersionKey, asset string) (artifact.Version, error)
}

// ErrUntold is beneath the Unavailable error of a Source that may withhold what it was asked for and cannot say whether it does. No
// registry behind it is asked then.
var ErrUntold = errors.New("nobody can tell whether it is withheld")

// Unsure is a Listing of a registry that may withhold versions which it does not list.
type Unsure interface {
	Listing
	// Untold is why it cannot say which, with ErrUntold beneath.
	Untold() error
}

// untoldBy is why a listing cannot say what of the versions that it does not list is withheld; nil if it lists them all.
func untoldBy(l Listing) error {
	if unsure, ok := l.(Unsure); ok {
		return unsure.Untold()
	}
	return nil
}

// Originator is a Source of a remote that tells where what is read there was made.
type Originator interface {
	// Origin says how a version came into the repository at the other side. It is asked when the first asset of the version has
	// come, for reading has it kept there. Unavailable: it cannot say now.
	Origin(ctx context.Context, v artifact.VersionKey) (OriginThere, error)
}

// OriginThere is how a version came into the repository at the other side of a remote.
type OriginThere struct {
	Type      artifact.OriginType // empty if the other side does not tell
	Published time.Time           // zero if it does not
}

// Listing is one package of an external registry at one moment. It stays readable while it is used.
type Listing interface {
	// ID changes whenever the content does.
	ID() string
	// Labels are the registry's own (npm: dist-tags).
	Labels() map[string]string
	// Numbers yields the text of every version, without reading any document.
	Numbers() iter.Seq[string]
	// Manifest is the format's own document about the package as a whole, which only the format reads; nil if there is none, as
	// of one of which nothing is known but what is withheld.
	Manifest() []byte
	// Status is that of a version, empty if it is not listed, without reading any document.
	Status(version string) artifact.Status
	// Version returns one version, or NotFound. Its status is Published, or Unlisted for one that the registry yanked or
	// hid; any other status withholds it, and whatever lies behind. Its assets have their names, the format's facts, and
	// the digests and sizes the registry promises; a zero digest or a size below one is not promised. What no record can
	// take (see Quotas) is not brought in.
	Version(ctx context.Context, version string) (artifact.Version, error)
	// Each yields every version once, as Version does but for Details, in an order that only depends on the content.
	Each(ctx context.Context) iter.Seq2[artifact.Version, error]
}
