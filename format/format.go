// Package format is the contract of a package manager's protocol. Each format lives in a folder below and is
// registered by one line of wiring; no other room knows its URLs or documents.
package format

import (
	"context"
	"io"
	"net/http"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/upstream"
	"entrepot/upstream/detect"
)

// Format is one protocol.
type Format struct {
	Name artifact.Format
	// Traits are what the rules need to know of it.
	repository.Traits
	// Rewrite, if set, maps the escaped path below the repository's base to the form that Routes match, before routing:
	// npm writes @scope/name as one segment or as two. Both begin with a slash. It must not decode anything, but what it
	// means by an empty segment is its own affair: clients join a base that ends in a slash with a path that begins with
	// one. A path that still has one afterwards is refused with 400.
	Rewrite func(escaped string) string
	// Header, if set, is called before anything is decided about a request below a repository's base, with the header of
	// the answer: whatever becomes of the request, refused, failed or served, the answer has what Header set.
	Header func(h http.Header, r *http.Request)
	// Routes stand in the order a reader wants. A path without a route is answered NotFound by Fail, a known path with
	// another method by an error whose StatusOf is 405, with Allow set. A format has none that is used through the API (ByAPI) or not
	// served.
	Routes []Route
	// Fail answers an error in the way this package manager shows best; FailureOf says with which status and sentence. An
	// Unauthenticated error becomes 401; challenge is the WWW-Authenticate value the server would send, for formats whose
	// clients need one. Errors of the server itself come here too: a caller who is not known, a request that is too large
	// or malformed. Only a format without routes may leave it out; it is then answered in plain JSON.
	Fail func(w http.ResponseWriter, r *http.Request, err error, challenge string)
	// Source builds the format's view of an external registry; nil if the format has no external connections.
	Source func(c *upstream.Client, connection string) repository.Source
	// Entry is where below a repository's endpoint lies what the address of a registry is for Source: an escaped relative path,
	// empty for the endpoint itself. A repository of another server is read there.
	Entry string
	// Detect finds out where the external registries of the format are, by asking this machine's clients: a detector for
	// each external connection that a client knows, by the connection's name.
	Detect map[string]detect.Detector
	// Tools are the clients that can be pointed at a repository by settings in their files, in the order they are listed.
	Tools []Tool
}

// Served reports whether the server speaks the format. One that is not served is known by its name and its Detect; to
// clients it is as if it were not registered.
func (f Format) Served() bool { return len(f.Routes) > 0 || f.ByAPI }

// Route is an http.ServeMux pattern below the repository's base, such as "GET /{package}/-/{file}". Segments are
// matched escaped and handed to the handler decoded, so {package} may hold a slash that arrived as %2f. HEAD goes where
// GET goes.
type Route struct {
	Pattern string
	Handler Handler
	// CountAs says how many requests one of this route counts for, at least 1; nil: one.
	CountAs func(r *http.Request) int
}

// Handler answers one request: parse to a key, ask the shelf, serve. An error goes to Format.Fail, unless part of the
// answer is out; http.ErrAbortHandler breaks the connection.
type Handler func(w http.ResponseWriter, r *http.Request, s Shelf) error

// Shelf is one repository seen by one caller. Every method that reads or changes anything asks for permission first, so
// no route can forget to; Stage is the one exception and says why. Denied comes before NotFound. Keys are taken in any
// form the format's Canonical takes. repository.Shelf is the one there is; formattest has its suite.
type Shelf interface {
	// Repository says which repository this is, Caller who is at the shelf.
	Repository() artifact.RepositoryKey
	Caller() iam.Caller
	// URL returns the absolute URL of an escaped path below the repository's base. It comes from configuration.
	URL(path string) string

	// Access reports whether the caller may read here at all.
	Access(ctx context.Context) error
	// View returns a package through all upstreams, with every version that can be downloaded. NotFound if there is none.
	View(ctx context.Context, p artifact.PackageKey) (repository.View, error)
	// Manifests returns what external registries say about a package as a whole, nearest first, as a view has it; also where
	// they list no version of it, and of what is no package but has a document at the address of one. Unavailable if none of
	// those that there are answers.
	Manifests(ctx context.Context, p artifact.PackageKey) ([][]byte, error)
	// Document returns an index document derived from the view, rendering it when it is not at hand or no longer true. The
	// variant tells documents of one package apart (npm: full, abbreviated); render writes the identity encoding and its
	// output may depend on the view, the variant and URL only. One rendering runs at a time per document.
	Document(ctx context.Context, p artifact.PackageKey, variant string,
		render func(w io.Writer, v repository.View) error) (repository.Document, error)
	// Index returns an index document above the package, of what this repository and its upstreams hold of the format. It
	// is rendered and kept as a Document is, anew when any package of the format has changed.
	Index(ctx context.Context, f artifact.Format, variant string,
		render func(w io.Writer, held repository.Inventory) error) (repository.Document, error)
	// Stat tells name, size, digests and facts of an asset without opening it or fetching it: of one that is only promised,
	// those that its registry promises. It passes the gates that Open passes. NotFound as from Open, and for assets that
	// nobody promised.
	Stat(ctx context.Context, v artifact.VersionKey, asset string) (artifact.Asset, error)
	// Open finds an asset here or upstream, keeps what it fetches, and passes every gate: status, origin controls,
	// integrity.
	Open(ctx context.Context, v artifact.VersionKey, asset string) (repository.File, error)
	// Attachment returns a document that the external registry of a version keeps beside its assets, by the format's own
	// name for it (npm: attestations). It passes the gates that Open passes. NotFound: the registry has none, or the
	// version was published here. The receiver closes it.
	Attachment(ctx context.Context, v artifact.VersionKey, name string) (io.ReadCloser, error)
	// Search finds packages that the caller could read here, held by the repository or its upstreams.
	Search(ctx context.Context, f artifact.Format, terms []string,
		page catalog.Page) (catalog.Listing[artifact.PackageKey], error)

	// MayPublish reports whether the caller may publish versions of the package that a URL names; Conflict if its origin
	// controls or its group let nobody. A handler asks it before it takes in bytes to publish, and only then: a refusal goes
	// on record as one of a publication. Publish asks again for what the upload turns out to be.
	MayPublish(ctx context.Context, p artifact.PackageKey) error
	// MayAnnotate reports whether the caller may put metadata of the package that a URL names, which Annotate and Finish
	// need. A handler asks it before it takes in a document of it, and only then.
	MayAnnotate(ctx context.Context, p artifact.PackageKey) error
	// Stage begins an upload. It does not ask whether the caller may publish, MayPublish does: bytes that are never
	// published are collected.
	Stage(ctx context.Context) (*repository.Upload, error)
	// Publish adds a version with its assets and labels, or assets to a version that is there as far as the format's Growth
	// lets it. Conflict: exists with other bytes, takes no more assets, reachable upstream, or origin controls forbid it.
	// The same bytes again are a success that changes nothing.
	Publish(ctx context.Context, p repository.Publication) (artifact.Version, error)
	// Held returns the version as this repository itself holds it, whole, or NotFound.
	Held(ctx context.Context, v artifact.VersionKey) (artifact.Version, error)
	// HeldForPublisher is Held for one who may publish versions of the package, and need not be one who may read: what he
	// says of what he published is compared with it. It needs PublishPackageVersion, and a handler asks it as it asks
	// MayPublish.
	HeldForPublisher(ctx context.Context, v artifact.VersionKey) (artifact.Version, error)
	// Annotate changes the manifests of versions this repository itself holds: change gets each and returns its new
	// manifest, or the same one. It needs PutPackageMetadata. NotFound names the first version not held, and then nothing is
	// changed. Many versions are changed a hundred at a time; if that ends in an error, those before are changed, and to ask
	// again does the rest.
	Annotate(ctx context.Context, p artifact.PackageKey, versions []string,
		change func(artifact.Version) ([]byte, error)) error
	// Finish publishes those of the versions that this repository itself holds unfinished, all or none, and passes over the
	// others; ready may refuse one. It needs PutPackageMetadata.
	Finish(ctx context.Context, p artifact.PackageKey, versions []string, ready func(artifact.Version) error) error
	// SetStatus moves versions this repository itself holds to Published or Unlisted, all or none: yank, unlist, relist. It needs
	// UpdatePackageVersionsStatus. NotFound names the first version not held. Conflict: it is neither Published nor Unlisted, as
	// one is that an administrator has archived: it comes back by the API alone.
	SetStatus(ctx context.Context, p artifact.PackageKey, versions []string, target artifact.Status) error
	// Labels returns the merged labels, as View does.
	Labels(ctx context.Context, p artifact.PackageKey) (map[string]string, error)
	// SetLabel points the repository's own label at a version that can be read through it; DeleteLabel removes it. Both
	// need PutPackageMetadata.
	SetLabel(ctx context.Context, p artifact.PackageKey, label, version string) error
	DeleteLabel(ctx context.Context, p artifact.PackageKey, label string) error
}
