package awsapi

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

// world is rules and tokens in memory: enough of them that a client's calls see each other's effects, and a record of
// the permissions that were asked for.
type world struct {
	mu           sync.Mutex
	domains      map[artifact.DomainKey]catalog.Domain
	repositories map[artifact.RepositoryKey]catalog.Repository
	policies     map[repository.Target]catalog.Policy
	tags         map[repository.Target]map[string]string
	packages     map[artifact.RepositoryKey]map[artifact.PackageKey]artifact.Package
	versions     map[artifact.RepositoryKey]map[artifact.VersionKey]artifact.Version
	content      map[string]string // of assets, by name
	asked        []question
	deny         string // an action that nobody may do
	fails        error  // what every call below Authorize answers, if set
	copied       repository.CopySpec
	selection    repository.Selection
	seconds      *int
}

type question struct {
	Action string
	On     Subject
	Tags   map[string]string
}

var (
	_ Rules  = (*world)(nil)
	_ Tokens = (*world)(nil)
)

var worldTime = time.UnixMilli(1602535878039).UTC()

func newWorld() *world {
	return &world{
		domains:      map[artifact.DomainKey]catalog.Domain{},
		repositories: map[artifact.RepositoryKey]catalog.Repository{},
		policies:     map[repository.Target]catalog.Policy{},
		tags:         map[repository.Target]map[string]string{},
		packages:     map[artifact.RepositoryKey]map[artifact.PackageKey]artifact.Package{},
		versions:     map[artifact.RepositoryKey]map[artifact.VersionKey]artifact.Version{},
		content:      map[string]string{},
	}
}

func (w *world) enter() func() { w.mu.Lock(); return w.mu.Unlock }

func (w *world) Authorize(_ context.Context, c iam.Caller, action string, on Subject, tags map[string]string) error {
	defer w.enter()()
	w.asked = append(w.asked, question{action, on, tags})
	if action == w.deny {
		return artifact.Errorf(artifact.Denied, "User: %s is not authorized to perform: codeartifact:%s", c.Principal.ARN,
			action)
	}
	return nil
}

func (w *world) CreateDomain(_ context.Context, c iam.Caller,
	spec repository.DomainSpec) (repository.DomainInfo, error) {
	defer w.enter()()
	key := artifact.DomainKey{Owner: artifact.AccountID(c.Principal.Account), Name: spec.Name}
	if _, taken := w.domains[key]; taken {
		return repository.DomainInfo{}, artifact.Errorf(artifact.Conflict, "Domain '%s' already exists.", spec.Name).
			About(artifact.DomainResource, spec.Name)
	}
	if spec.EncryptionKey == "alias/unknown" {
		return repository.DomainInfo{}, artifact.Errorf(artifact.Invalid, "KMS key not found: %s", spec.EncryptionKey)
	}
	w.domains[key] = catalog.Domain{DomainKey: key, CreatedAt: worldTime,
		EncryptionKey: "arn:aws:kms:us-east-1:" + c.Principal.Account + ":key/" + spec.EncryptionKey}
	w.tags[repository.Target{DomainKey: key}] = maps.Clone(spec.Tags)
	return repository.DomainInfo{Domain: w.domains[key]}, w.fails
}

func (w *world) Domain(_ context.Context, key artifact.DomainKey) (repository.DomainInfo, error) {
	defer w.enter()()
	if w.fails != nil {
		return repository.DomainInfo{}, w.fails
	}
	d, ok := w.domains[key]
	if !ok {
		return repository.DomainInfo{}, artifact.Errorf(artifact.NotFound,
			"Domain not found. Domain '%s' owned by account '%s' does not exist", key.Name, key.Owner).
			About(artifact.DomainResource, key.Name)
	}
	return repository.DomainInfo{Domain: d, Usage: catalog.Usage{Repositories: len(w.in(key)), AssetBytes: 1 << 33}}, nil
}

func (w *world) in(key artifact.DomainKey) []artifact.RepositoryKey {
	return slices.Collect(func(yield func(artifact.RepositoryKey) bool) {
		for k := range w.repositories {
			if k.DomainKey() == key && !yield(k) {
				return
			}
		}
	})
}

func (w *world) DeleteDomain(ctx context.Context, _ iam.Caller,
	key artifact.DomainKey) (repository.DomainInfo, bool, error) {
	d, err := w.Domain(ctx, key)
	if artifact.Is(err, artifact.NotFound) {
		return d, false, nil
	}
	defer w.enter()()
	if d.Repositories > 0 {
		return d, false, artifact.Errorf(artifact.Conflict, "Domain must contain 0 repositories before deletion").
			About(artifact.DomainResource, key.Name)
	}
	delete(w.domains, key)
	return d, err == nil, err
}

func (w *world) Domains(_ context.Context, owner artifact.AccountID,
	page catalog.Page) (catalog.Listing[catalog.Domain], error) {
	defer w.enter()()
	var found []catalog.Domain
	for k, d := range w.domains {
		if k.Owner == owner {
			found = append(found, d)
		}
	}
	return paginate(found, page, func(d catalog.Domain) string { return d.Name })
}

func paginate[T any](items []T, page catalog.Page, name func(T) string) (catalog.Listing[T], error) {
	slices.SortFunc(items, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	items = slices.DeleteFunc(items, func(t T) bool { return page.After != "" && name(t) <= page.After })
	if len(items) <= page.Limit {
		return catalog.Listing[T]{Items: items}, nil
	}
	return catalog.Listing[T]{Items: items[:page.Limit], Next: name(items[page.Limit-1])}, nil
}

func (w *world) CreateRepository(_ context.Context, c iam.Caller,
	spec repository.RepositorySpec) (catalog.Repository, error) {
	defer w.enter()()
	r := catalog.Repository{RepositoryKey: spec.RepositoryKey, Administrator: artifact.AccountID(c.Principal.Account),
		Description: spec.Description, Upstreams: linked(spec.Upstreams), CreatedAt: worldTime}
	w.repositories[spec.RepositoryKey] = r
	on := repository.Target{DomainKey: spec.RepositoryKey.DomainKey(), Repository: spec.RepositoryKey.Name}
	w.tags[on] = maps.Clone(spec.Tags)
	return r, w.fails
}

func linked(names []string) []catalog.Upstream {
	return each(names, func(name string) catalog.Upstream { return catalog.Upstream{Name: name} })
}

func (w *world) repository(key artifact.RepositoryKey) (catalog.Repository, error) {
	r, ok := w.repositories[key]
	if !ok {
		return r, artifact.Errorf(artifact.NotFound,
			"Repository not found. Repository '%s' in domain '%s' owned by account '%s' does not exist",
			key.Name, key.Domain, key.Owner).About(artifact.RepositoryResource, key.Domain+"/"+key.Name)
	}
	return r, w.fails
}

func (w *world) Repository(_ context.Context, key artifact.RepositoryKey) (catalog.Repository, error) {
	defer w.enter()()
	return w.repository(key)
}

func (w *world) UpdateRepository(_ context.Context, _ iam.Caller, key artifact.RepositoryKey,
	change repository.RepositoryChange) (catalog.Repository, error) {
	defer w.enter()()
	r, err := w.repository(key)
	if err != nil {
		return r, err
	}
	if change.Description != nil {
		r.Description = *change.Description
	}
	if change.Upstreams != nil {
		r.Upstreams = linked(*change.Upstreams)
	}
	w.repositories[key] = r
	return r, nil
}

func (w *world) DeleteRepository(_ context.Context, _ iam.Caller,
	key artifact.RepositoryKey) (catalog.Repository, bool, error) {
	defer w.enter()()
	r, ok := w.repositories[key]
	delete(w.repositories, key)
	return r, ok, w.fails
}

func (w *world) RepositoriesOf(_ context.Context, administrator artifact.AccountID, prefix string,
	page catalog.Page) (catalog.Listing[catalog.Repository], error) {
	defer w.enter()()
	return w.repositoriesWhere(page, func(r catalog.Repository) bool {
		return r.Administrator == administrator && strings.HasPrefix(r.Name, prefix)
	})
}

func (w *world) RepositoriesIn(_ context.Context, key artifact.DomainKey, administrator artifact.AccountID,
	prefix string,
	page catalog.Page) (catalog.Listing[catalog.Repository], error) {
	defer w.enter()()
	return w.repositoriesWhere(page, func(r catalog.Repository) bool {
		return r.DomainKey() == key && (administrator == "" || r.Administrator == administrator) &&
			strings.HasPrefix(r.Name, prefix)
	})
}

func (w *world) repositoriesWhere(page catalog.Page,
	want func(catalog.Repository) bool) (catalog.Listing[catalog.Repository], error) {
	var found []catalog.Repository
	for _, r := range w.repositories {
		if want(r) {
			found = append(found, r)
		}
	}
	return paginate(found, page, func(r catalog.Repository) string { return r.Name })
}

func (w *world) AssociateExternalConnection(_ context.Context, _ iam.Caller, key artifact.RepositoryKey,
	connection string) (catalog.Repository, error) {
	defer w.enter()()
	r, err := w.repository(key)
	if err == nil && len(r.Connections) > 0 {
		return r, artifact.Errorf(artifact.Invalid, "ExternalConnections for repositories are currently limited to 1")
	}
	r.Connections = []string{connection}
	w.repositories[key] = r
	return r, err
}

func (w *world) DisassociateExternalConnection(_ context.Context, _ iam.Caller, key artifact.RepositoryKey,
	connection string) (catalog.Repository, error) {
	defer w.enter()()
	r, err := w.repository(key)
	r.Connections = slices.DeleteFunc(slices.Clone(r.Connections), func(name string) bool { return name == connection })
	w.repositories[key] = r
	return r, err
}

func (w *world) Endpoint(_ context.Context, key artifact.RepositoryKey, f artifact.Format) (string, error) {
	return "http://127.0.0.1:8090/" + key.Domain + "-" + string(key.Owner) + "/" + string(f) + "/" + key.Name + "/",
		w.fails
}

func (w *world) PutPolicy(_ context.Context, _ iam.Caller, on repository.Target, document,
	revision string) (catalog.Policy, error) {
	defer w.enter()()
	old := w.policies[on]
	if revision != "" && revision != old.Revision {
		return old, artifact.Errorf(artifact.Conflict, "The policy revision does not match the current revision")
	}
	w.policies[on] = catalog.Policy{Document: document, Revision: "rev" + strconv.Itoa(len(old.Revision)+1)}
	return w.policies[on], nil
}

func (w *world) Policy(_ context.Context, on repository.Target) (catalog.Policy, error) {
	defer w.enter()()
	p, ok := w.policies[on]
	if !ok {
		return p, artifact.Errorf(artifact.NotFound, "There is no policy.")
	}
	return p, w.fails
}

func (w *world) DeletePolicy(ctx context.Context, _ iam.Caller, on repository.Target,
	revision string) (catalog.Policy, error) {
	p, err := w.Policy(ctx, on)
	defer w.enter()()
	if err == nil && revision != "" && revision != p.Revision {
		return p, artifact.Errorf(artifact.Conflict, "The policy revision does not match the current revision")
	}
	delete(w.policies, on)
	return p, err
}

func (w *world) Tags(_ context.Context, on repository.Target) (map[string]string, error) {
	defer w.enter()()
	return maps.Clone(w.tags[on]), w.fails
}

func (w *world) PutTags(_ context.Context, _ iam.Caller, on repository.Target, tags map[string]string) error {
	defer w.enter()()
	if w.tags[on] == nil {
		w.tags[on] = map[string]string{}
	}
	maps.Copy(w.tags[on], tags)
	return w.fails
}

func (w *world) DeleteTags(_ context.Context, _ iam.Caller, on repository.Target, keys []string) error {
	defer w.enter()()
	for _, key := range keys {
		delete(w.tags[on], key)
	}
	return w.fails
}

func (w *world) Packages(_ context.Context, key artifact.RepositoryKey, f catalog.PackageFilter,
	page catalog.Page) (catalog.Listing[artifact.Package], error) {
	defer w.enter()()
	var found []artifact.Package
	for _, p := range w.packages[key] {
		if (f.Format == "" || p.Format == f.Format) && strings.HasPrefix(p.Namespace, f.NamespacePrefix) &&
			strings.HasPrefix(p.Name, f.NamePrefix) && (f.Controls.Publish == "" || p.Controls.Publish == f.Controls.Publish) &&
			(f.Controls.Upstream == "" || p.Controls.Upstream == f.Controls.Upstream) {
			found = append(found, p)
		}
	}
	return paginate(found, page, func(p artifact.Package) string { return p.PackageKey.String() })
}

func (w *world) Package(_ context.Context, key artifact.RepositoryKey,
	p artifact.PackageKey) (artifact.Package, error) {
	defer w.enter()()
	found, ok := w.packages[key][p]
	if !ok {
		return found, artifact.Errorf(artifact.NotFound, "The %s package '%s' does not exist in repository '%s'.", p.Format,
			p.Name, key.Name).
			About(artifact.PackageResource, p.String())
	}
	return found, w.fails
}

func (w *world) PutControls(_ context.Context, _ iam.Caller, key artifact.RepositoryKey, p artifact.PackageKey,
	c artifact.Controls) (artifact.Package, error) {
	defer w.enter()()
	if w.packages[key] == nil {
		w.packages[key] = map[artifact.PackageKey]artifact.Package{}
	}
	w.packages[key][p] = artifact.Package{PackageKey: p, Controls: c}
	return w.packages[key][p], w.fails
}

func (w *world) DeletePackage(ctx context.Context, _ iam.Caller, key artifact.RepositoryKey,
	p artifact.PackageKey) (artifact.Package, error) {
	found, err := w.Package(ctx, key, p)
	defer w.enter()()
	delete(w.packages[key], p)
	return found, err
}

func (w *world) hold(key artifact.RepositoryKey, v artifact.Version) {
	if w.versions[key] == nil {
		w.versions[key] = map[artifact.VersionKey]artifact.Version{}
	}
	w.versions[key][v.VersionKey] = v
}

func (w *world) Versions(_ context.Context, key artifact.RepositoryKey, p artifact.PackageKey, f catalog.VersionFilter,
	page catalog.Page) (repository.VersionList, error) {
	defer w.enter()()
	var found []catalog.VersionSummary
	for _, v := range w.versions[key] {
		if v.PackageKey == p && (f.Status == "" || v.Status == f.Status) &&
			(f.OriginType == "" || v.Origin.Type == f.OriginType) {
			found = append(found, catalog.VersionSummary{Version: v.Version, Revision: v.Revision, Status: v.Status,
				Origin: v.Origin})
		}
	}
	l, err := paginate(found, page, func(s catalog.VersionSummary) string { return s.Version })
	if f.NewestFirst {
		slices.Reverse(l.Items)
	}
	return repository.VersionList{Listing: l, DefaultDisplay: "1.1.0"}, err
}

func (w *world) Version(_ context.Context, key artifact.RepositoryKey,
	v artifact.VersionKey) (artifact.Version, error) {
	defer w.enter()()
	found, ok := w.versions[key][v]
	if !ok {
		return found, artifact.Errorf(artifact.NotFound, "Package not found in repository.").About(artifact.VersionResource,
			v.String())
	}
	return found, w.fails
}

func (w *world) Asset(ctx context.Context, key artifact.RepositoryKey, v artifact.VersionKey, asset,
	revision string) (repository.File, error) {
	held, err := w.Version(ctx, key, v)
	if err != nil {
		return repository.File{}, err
	}
	a, ok := held.Asset(asset)
	if !ok || revision != "" && revision != held.Revision {
		return repository.File{}, artifact.Errorf(artifact.NotFound, "There is no asset '%s'.",
			asset).About(artifact.AssetResource, asset)
	}
	text := w.content[asset]
	return repository.File{Asset: a, Version: held,
		Content: &memory{Reader: bytes.NewReader([]byte(text)), breaksAt: len(text)}}, nil
}

// memory is content in memory that breaks off after breaksAt bytes when that is before its end.
type memory struct {
	*bytes.Reader
	breaksAt int
	closed   bool
}

func (m *memory) Read(p []byte) (int, error) {
	left := m.breaksAt - int(m.Size()) + m.Len()
	if left <= 0 && m.Len() > 0 {
		return 0, blob.ErrCorrupt
	}
	return m.Reader.Read(p[:min(len(p), max(left, 0))])
}
func (m *memory) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{m}) }
func (m *memory) Close() error                       { m.closed = true; return nil }
func (m *memory) Info() blob.Info                    { return blob.Info{Size: m.Size()} }

func (w *world) many(s repository.Selection, status artifact.Status) (repository.Outcome, error) {
	defer w.enter()()
	w.selection = s
	o := repository.Outcome{Successful: map[string]repository.VersionResult{},
		Failed: map[string]repository.VersionFailure{}}
	for _, v := range s.Versions {
		if strings.HasPrefix(v, "9") {
			o.Failed[v] = repository.VersionFailure{Code: repository.VersionNotFound, Message: "Could not find version " + v}
			continue
		}
		o.Successful[v] = repository.VersionResult{Revision: "r-" + v, Status: status}
	}
	return o, w.fails
}

func (w *world) SetStatus(_ context.Context, _ iam.Caller, _ artifact.RepositoryKey, _ artifact.PackageKey,
	s repository.Selection,
	target artifact.Status) (repository.Outcome, error) {
	return w.many(s, target)
}

func (w *world) Dispose(_ context.Context, _ iam.Caller, _ artifact.RepositoryKey, _ artifact.PackageKey,
	s repository.Selection) (repository.Outcome, error) {
	return w.many(s, artifact.Disposed)
}

func (w *world) DeleteVersions(_ context.Context, _ iam.Caller, _ artifact.RepositoryKey, _ artifact.PackageKey,
	s repository.Selection) (repository.Outcome, error) {
	return w.many(s, artifact.Deleted)
}

func (w *world) Copy(_ context.Context, _ iam.Caller, spec repository.CopySpec) (repository.Outcome, error) {
	w.copied = spec
	return w.many(spec.Selection, artifact.Published)
}

func (w *world) Issue(_ context.Context, _ iam.Caller, d catalog.Domain, seconds *int) (string, time.Time, error) {
	w.seconds = seconds
	return "token-for-" + d.Name, worldTime.Add(time.Hour), w.fails
}

// The rules in use are the rules that the API asks for.
var _ Rules = (*repository.Service)(nil)
