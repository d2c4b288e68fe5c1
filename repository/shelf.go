package repository

import (
	"context"
	"io"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
	"entrepot/usage"
)

// Shelf is one repository seen by one caller; it is what formats work with. Every method that reads or changes
// anything asks for permission first, on the repository for reading and on the package for writing, and Denied comes
// before NotFound.
type Shelf struct {
	service *Service
	caller  iam.Caller
	key     artifact.RepositoryKey
	base    string
}

// Shelf returns the repository as the caller sees it. base is the URL under which the caller reaches it, ending in a
// slash; it must come from configuration. Nothing is checked yet.
func (s *Service) Shelf(c iam.Caller, key artifact.RepositoryKey, base string) *Shelf {
	return &Shelf{s, c, key, base}
}

// Repository says which repository this is.
func (s *Shelf) Repository() artifact.RepositoryKey { return s.key }

// Caller says who is at the shelf.
func (s *Shelf) Caller() iam.Caller { return s.caller }

// URL returns the absolute URL of an escaped path below the repository's base.
func (s *Shelf) URL(path string) string { return s.base + path }

// The actions that package managers' requests need (user guide, "Package manager permissions").
const (
	readFromRepository    = "ReadFromRepository"
	publishPackageVersion = "PublishPackageVersion"
	getAuthorizationToken = "GetAuthorizationToken"
	putPackageMetadata    = "PutPackageMetadata"

	updatePackageVersionsStatus = "UpdatePackageVersionsStatus"
)

// reader returns the configuration if the caller may read the repository and it exists.
func (s *Shelf) reader(ctx context.Context) (*configuration, error) {
	return s.allowed(ctx, readFromRepository, OnRepository(s.key))
}

func (s *Shelf) allowed(ctx context.Context, action string, on Subject) (*configuration, error) {
	if on.Package != (artifact.PackageKey{}) {
		usage.About(ctx, on.Package)
	}
	at, err := s.service.configuration(ctx, on.Domain, on.Repository)
	if err != nil {
		return nil, err
	}
	if err := s.service.authorizeAt(ctx, at, s.caller, action, on, nil); err != nil {
		return nil, s.explained(ctx, err)
	}
	return at, at.exists(s.key)
}

// Access is nil if the caller may read here at all: Denied if not, NotFound if there is no such repository.
func (s *Shelf) Access(ctx context.Context) error {
	_, err := s.reader(ctx)
	return err
}

// View returns a package through all upstreams. NotFound if there is nothing to list; Unavailable if there might be but
// a registry does not answer and nothing is remembered.
func (s *Shelf) View(ctx context.Context, p artifact.PackageKey) (View, error) {
	usage.About(ctx, p)
	at, err := s.reader(ctx)
	if err != nil {
		return View{}, err
	}
	v, err := s.service.view(ctx, s.caller, at, s.service.CanonicalPackage(p))
	return v, s.explained(ctx, err)
}

func (s *Service) view(ctx context.Context, c iam.Caller, at *configuration, p artifact.PackageKey) (View, error) {
	at, made, err := s.planned(ctx, at.repository.RepositoryKey, p)
	if err != nil {
		return View{}, err
	}
	from, err := s.listings(ctx, made, p)
	if err != nil {
		return View{}, err
	}
	if s.catchUpAll(ctx, c, p, made, from) {
		if made, err = s.plan(ctx, at, p); err != nil {
			return View{}, err
		}
	}
	return s.merge(ctx, at, p, made, from)
}

// Manifests returns what external registries say of a package as a whole; see format.Shelf.
func (s *Shelf) Manifests(ctx context.Context, p artifact.PackageKey) ([][]byte, error) {
	usage.About(ctx, p)
	at, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	p = s.service.CanonicalPackage(p)
	_, made, err := s.service.planned(ctx, at.repository.RepositoryKey, p)
	if err != nil {
		return nil, err
	}
	from, err := s.service.listings(ctx, made, p)
	if err != nil {
		return nil, err
	}
	all := from.manifests()
	if len(all) == 0 && from.unavailable != nil {
		return nil, from.unavailable
	}
	return all, nil
}

// Document returns an index document derived from the view; see format.Shelf.
func (s *Shelf) Document(ctx context.Context, p artifact.PackageKey, variant string,
	render func(io.Writer, View) error) (Document, error) {
	usage.About(ctx, p)
	at, err := s.reader(ctx)
	if err != nil {
		return Document{}, err
	}
	// A repository can be reached under more than one base, and documents hold URLs.
	d, err := s.service.document(ctx, s.caller, at, s.service.CanonicalPackage(p), variant+" "+s.base, render)
	return d, s.explained(ctx, err)
}

// Index returns an index document above the package; see format.Shelf.
func (s *Shelf) Index(ctx context.Context, f artifact.Format, variant string,
	render func(io.Writer, Inventory) error) (Document, error) {
	at, err := s.reader(ctx)
	if err != nil {
		return Document{}, err
	}
	return s.service.index(ctx, at, f, variant+" "+s.base, render)
}

// Open finds an asset here or upstream and keeps what it fetches.
func (s *Shelf) Open(ctx context.Context, v artifact.VersionKey, asset string) (File, error) {
	usage.About(ctx, v.PackageKey)
	at, err := s.reader(ctx)
	if err != nil {
		return File{}, err
	}
	f, err := s.service.open(ctx, s.caller, at, s.service.Canonical(v), asset)
	return f, s.explained(ctx, err)
}

// Stat tells what is known of an asset without opening it; see format.Shelf.
func (s *Shelf) Stat(ctx context.Context, v artifact.VersionKey, asset string) (artifact.Asset, error) {
	usage.About(ctx, v.PackageKey)
	at, err := s.reader(ctx)
	if err != nil {
		return artifact.Asset{}, err
	}
	a, err := s.service.stat(ctx, at, s.service.Canonical(v), asset)
	return a, s.explained(ctx, err)
}

// Search finds packages held by the repository or its upstreams.
func (s *Shelf) Search(ctx context.Context, f artifact.Format, terms []string,
	page catalog.Page) (found catalog.Listing[artifact.PackageKey], err error) {
	at, err := s.reader(ctx)
	if err != nil {
		return found, err
	}
	err = s.service.Catalog.Read(ctx, func(r catalog.Reader) error {
		found, err = s.service.search(r, at, f, terms, page)
		return err
	})
	return found, err
}

// Held returns the version as this repository itself holds it, whole, or NotFound.
func (s *Shelf) Held(ctx context.Context, v artifact.VersionKey) (artifact.Version, error) {
	if _, err := s.reader(ctx); err != nil {
		return artifact.Version{}, err
	}
	return s.service.Version(ctx, s.key, s.service.Canonical(v))
}

// HeldForPublisher is Held for one who may publish; see format.Shelf.
func (s *Shelf) HeldForPublisher(ctx context.Context, v artifact.VersionKey) (artifact.Version, error) {
	v = s.service.Canonical(v)
	if _, err := s.publisher(ctx, v.PackageKey); err != nil {
		return artifact.Version{}, err
	}
	return s.service.Version(ctx, s.key, v)
}

// Annotate changes the manifests of versions this repository itself holds; see format.Shelf.
func (s *Shelf) Annotate(ctx context.Context, p artifact.PackageKey, versions []string,
	change func(artifact.Version) ([]byte, error)) error {
	p = s.service.CanonicalPackage(p)
	at, err := s.allowed(ctx, putPackageMetadata, OnPackage(s.key, p))
	if err != nil {
		return err
	}
	id := at.repository.ID
	err = s.service.Catalog.Read(ctx, func(r catalog.Reader) error {
		for _, version := range versions {
			key := s.service.Canonical(p.At(version))
			held, err := r.VersionIn([]catalog.RepositoryID{id}, key)
			if err == nil && len(held) == 0 {
				err = noVersion(s.key, key)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return inTurns(ctx, s.service.Catalog, versions, func(w catalog.Writer, version string) (int, error) {
		v, err := heldVersion(w, id, s.key, s.service.Canonical(p.At(version)))
		if err != nil {
			return 0, err
		}
		return weight(v), s.annotate(w, *at.repository, v, change)
	}, func(w catalog.Writer, done []string) error {
		return s.service.audit(w, s.caller, putPackageMetadata, OnPackage(s.key, p), map[string]any{"versions": done})
	})
}

// annotate changes the manifest of one version.
func (s *Shelf) annotate(w catalog.Writer, in catalog.Repository, v artifact.Version,
	change func(artifact.Version) ([]byte, error)) error {
	manifest, err := change(v)
	if err != nil || string(manifest) == string(v.Manifest) {
		return err
	}
	longer := len(manifest) > len(v.Manifest)
	v.Manifest = manifest
	if longer {
		if err := s.service.recordable(in.RepositoryKey, v); err != nil {
			return err
		}
	}
	if v.Revision, err = versionRevision(v); err != nil {
		return err
	}
	if err := w.UpdateVersion(in.ID, v); err != nil {
		return err
	}
	return s.service.announce(w, s.caller, in, v, events.Updated, events.Changes{MetadataUpdated: true})
}

// Stage begins an upload. It asks for no permission, see format.Shelf: nobody sees the bytes before Publish.
func (s *Shelf) Stage(ctx context.Context) (*Upload, error) {
	at, err := s.service.existing(ctx, s.key)
	if err != nil {
		return nil, err
	}
	return s.service.stage(ctx, at)
}

func (s *Service) stage(ctx context.Context, at *configuration) (*Upload, error) {
	store, err := s.store(*at.domain)
	if err != nil {
		return nil, err
	}
	draft, err := store.Create(ctx)
	if err != nil {
		return nil, err
	}
	return NewUpload(draft, s.Quotas.AssetSize), nil
}

// publisher returns the configuration if the caller has permission to publish versions of the package and the repository exists.
func (s *Shelf) publisher(ctx context.Context, p artifact.PackageKey) (*configuration, error) {
	return s.allowed(ctx, publishPackageVersion, OnPackage(s.key, p))
}

// MayPublish reports whether the caller may publish versions of the package here and its origin controls and its group let anybody,
// before any bytes are taken in; see format.Shelf.
func (s *Shelf) MayPublish(ctx context.Context, p artifact.PackageKey) error {
	p = s.service.CanonicalPackage(p)
	at, err := s.publisher(ctx, p)
	if err != nil {
		return err
	}
	made, err := s.service.plan(ctx, at, p)
	if err != nil || made.admission.mayPublish(at.repository.ID) {
		return err
	}
	return artifact.Errorf(artifact.Conflict, "%s", made.admission.whyNotPublish(*at.repository, p)).
		About(artifact.PackageResource, s.key.Domain+"/"+s.key.Name+"/"+p.String())
}

// MayAnnotate reports whether the caller may put metadata of the package here; see format.Shelf.
func (s *Shelf) MayAnnotate(ctx context.Context, p artifact.PackageKey) error {
	_, err := s.allowed(ctx, putPackageMetadata, OnPackage(s.key, s.service.CanonicalPackage(p)))
	return err
}

// Publish adds a version, or assets to one; see format.Shelf.
func (s *Shelf) Publish(ctx context.Context, p Publication) (artifact.Version, error) {
	p.VersionKey = s.service.Canonical(p.VersionKey)
	at, err := s.publisher(ctx, p.PackageKey)
	if err != nil {
		return artifact.Version{}, err
	}
	return s.service.publish(ctx, s.caller, at, p)
}

// Finish publishes those of the versions that this repository holds unfinished; see format.Shelf.
func (s *Shelf) Finish(ctx context.Context, p artifact.PackageKey, versions []string,
	ready func(artifact.Version) error) error {
	p = s.service.CanonicalPackage(p)
	at, err := s.allowed(ctx, putPackageMetadata, OnPackage(s.key, p))
	if err != nil {
		return err
	}
	return s.service.Catalog.Write(ctx, func(w catalog.Writer) error {
		open, err := unfinished(w, at.repository.ID, p)
		if err != nil {
			return err
		}
		var finished []string
		for _, version := range versions {
			key := s.service.Canonical(p.At(version))
			if !open[key.Version] {
				continue
			}
			delete(open, key.Version) // named twice it is finished once
			v, err := w.Version(at.repository.ID, key)
			if err != nil {
				return err
			}
			if err := ready(v); err != nil {
				return err
			}
			if err := s.service.moveTo(w, s.caller, at, v, artifact.Published); err != nil {
				return err
			}
			finished = append(finished, key.Version)
		}
		if len(finished) == 0 {
			return nil
		}
		return s.service.audit(w, s.caller, putPackageMetadata, OnPackage(s.key, p), map[string]any{"versions": finished})
	})
}

// unfinished are the versions of a package that a repository holds unfinished: few, where those that a client names as
// finished can be all there ever were.
func unfinished(r catalog.Reader, id catalog.RepositoryID, p artifact.PackageKey) (map[string]bool, error) {
	open := map[string]bool{}
	filter := catalog.VersionFilter{Status: artifact.Unfinished}
	for v, err := range catalog.Each(func(page catalog.Page) (catalog.Listing[catalog.VersionSummary], error) {
		return r.Versions(id, p, filter, page)
	}) {
		if artifact.Is(err, artifact.NotFound) {
			break // nor does it hold the package
		}
		if err != nil {
			return nil, err
		}
		open[v.Version] = true
	}
	return open, nil
}

// SetStatus moves versions that this repository holds, all or none; see format.Shelf.
func (s *Shelf) SetStatus(ctx context.Context, p artifact.PackageKey, versions []string,
	target artifact.Status) error {
	p = s.service.CanonicalPackage(p)
	at, err := s.allowed(ctx, updatePackageVersionsStatus, OnPackage(s.key, p))
	if err != nil {
		return err
	}
	return s.service.Catalog.Write(ctx, func(w catalog.Writer) error {
		for _, version := range versions {
			v, err := heldVersion(w, at.repository.ID, s.key, s.service.Canonical(p.At(version)))
			if err != nil {
				return err
			}
			switch {
			case v.Status == artifact.Archived: // so that nobody gets it, which is not for everybody who may yank to undo
				return artifact.Errorf(artifact.Conflict, "Version '%s' of package '%s' is archived. "+
					"`aws codeartifact update-package-versions-status` takes that back, and no package manager does.",
					v.VersionKey.Version, v.Qualified()).About(artifact.VersionResource, v.VersionKey.String())
			case !v.Status.Downloadable() || !target.Downloadable():
				return cannotBecome(v, target)
			}
			if err := s.service.moveTo(w, s.caller, at, v, target); err != nil {
				return err
			}
		}
		return s.service.audit(w, s.caller, updatePackageVersionsStatus, OnPackage(s.key, p),
			map[string]any{"versions": versions, "targetStatus": target})
	})
}
