// Package formattest is what every format must do: a suite of the duties they share, and a Shelf in memory to drive
// handlers with.
package formattest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/iam"
	"entrepot/repository"
)

// Base is the address below which a Shelf's repository stands.
const Base = "https://packages.example.test/team-123456789012/"

// Now is the time at which everything on a Shelf is published unless its Clock says otherwise.
var Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Shelf is a repository in memory with one caller. It follows format.Shelf for one repository without upstreams; Stock
// puts versions on it as if an upstream had them. The zero value is not ready: use NewShelf. It is safe for concurrent
// use.
type Shelf struct {
	format.Shelf // what no handler needs yet
	Format       artifact.Format
	Clock        func() time.Time
	Principal    iam.Principal
	AssetLimit   int64 // bytes; what is larger is refused as the real shelf does
	// Refuse, if set, is the answer of every method that asks for permission.
	Refuse error
	// RefusePublish, if set, is the answer of MayPublish and Publish: the caller may read and no more.
	RefusePublish error

	mu        sync.Mutex
	packages  map[artifact.PackageKey]*packageOnShelf
	refused   int
	staged    int
	drafts    int // begun and neither published nor discarded
	published int
}

type packageOnShelf struct {
	versions  map[string]*versionOnShelf
	labels    map[string]string
	manifests [][]byte
}

type versionOnShelf struct {
	artifact.Version
	own         bool
	content     map[string][]byte
	attachments map[string][]byte
}

var _ format.Shelf = (*Shelf)(nil)

// NewShelf returns an empty shelf for a format.
func NewShelf(f artifact.Format) *Shelf {
	return &Shelf{
		Format:     f,
		Clock:      func() time.Time { return Now },
		Principal:  iam.Principal{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/ada", Name: "ada"},
		AssetLimit: 64 << 20,
		packages:   make(map[artifact.PackageKey]*packageOnShelf),
	}
}

// Refusals counts publications that were refused for want of permission. The real shelf puts each on record, so there is
// one for each request that was refused and none for one that was not.
func (s *Shelf) Refusals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Staged counts uploads that were begun, whatever became of them.
func (s *Shelf) Staged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.staged
}

// Drafts counts uploads that are neither published nor discarded.
func (s *Shelf) Drafts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drafts
}

// Published counts versions that were published, not counting the same bytes again.
func (s *Shelf) Published() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.published
}

// Stock puts a version on the shelf as if an upstream had it, with one asset's bytes.
func (s *Shelf) Stock(v artifact.Version, name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	digester := artifact.NewDigester()
	_, _ = digester.Write(content)
	digests, size := digester.Sum()
	v.Status = cmp.Or(v.Status, artifact.Published)
	v.Assets = []artifact.Asset{{Name: name, Size: size, Digests: digests}}
	s.packageFor(v.PackageKey).versions[v.Version] = &versionOnShelf{
		Version:     v,
		content:     map[string][]byte{name: content},
		attachments: make(map[string][]byte),
	}
}

// Attach puts a document beside the assets of a version that was stocked, as if its registry had it. It panics if there
// is no such version: the test is wrong.
func (s *Shelf) Attach(v artifact.VersionKey, name string, document []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packages[v.PackageKey].versions[v.Version].attachments[name] = document
}

// Announce adds what an upstream says about a package as a whole.
func (s *Shelf) Announce(p artifact.PackageKey, manifest []byte, labels map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.packageFor(p)
	on.manifests = append(on.manifests, manifest)
	maps.Copy(on.labels, labels)
}

// StockStatus moves a version to another status. It panics if there is no such version: the test is wrong.
func (s *Shelf) StockStatus(v artifact.VersionKey, status artifact.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packages[v.PackageKey].versions[v.Version].Status = status
}

func (s *Shelf) packageFor(p artifact.PackageKey) *packageOnShelf {
	on := s.packages[p]
	if on == nil {
		on = &packageOnShelf{versions: make(map[string]*versionOnShelf), labels: make(map[string]string)}
		s.packages[p] = on
	}
	return on
}

// Repository follows format.Shelf.
func (s *Shelf) Repository() artifact.RepositoryKey {
	return artifact.RepositoryKey{Owner: "123456789012", Domain: "team", Name: "shelf"}
}

// Caller follows format.Shelf.
func (s *Shelf) Caller() iam.Caller { return iam.Caller{Principal: s.Principal, RequestID: "test"} }

// URL follows format.Shelf.
func (s *Shelf) URL(path string) string { return Base + string(s.Format) + "/shelf/" + path }

// Access follows format.Shelf.
func (s *Shelf) Access(context.Context) error { return s.Refuse }

// View follows format.Shelf; versions come in the order of their texts.
func (s *Shelf) View(_ context.Context, p artifact.PackageKey) (repository.View, error) {
	if s.Refuse != nil {
		return repository.View{}, s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.packages[p]
	var listed []artifact.Version
	if on != nil {
		for _, number := range slices.Sorted(maps.Keys(on.versions)) {
			if v := on.versions[number]; v.Status.Listed() {
				listed = append(listed, v.Version)
			}
		}
	}
	if len(listed) == 0 {
		return repository.View{}, missing(p.String())
	}
	labels := make(map[string]string)
	for label, target := range on.labels {
		if slices.ContainsFunc(listed, func(v artifact.Version) bool { return v.Version == target }) {
			labels[label] = target
		}
	}
	return repository.View{
		PackageKey: p,
		Labels:     labels,
		Manifests:  slices.Clone(on.manifests),
		Versions:   each(listed),
		Version: func(version string) (artifact.Version, error) {
			for _, v := range listed {
				if v.VersionKey.Version == version {
					return v, nil
				}
			}
			return artifact.Version{}, missing(p.At(version).String())
		},
	}, nil
}

func each(listed []artifact.Version) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, v := range listed {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func missing(what string) error { return artifact.Errorf(artifact.NotFound, "There is no %s.", what) }

// Document follows format.Shelf. Nothing is remembered, and rendering twice must give the same bytes.
func (s *Shelf) Document(ctx context.Context, p artifact.PackageKey, variant string,
	render func(w io.Writer, v repository.View) error) (repository.Document, error) {
	var twice [2]bytes.Buffer
	for i := range twice {
		view, err := s.View(ctx, p)
		if err != nil {
			return repository.Document{}, err
		}
		if err := render(&twice[i], view); err != nil {
			return repository.Document{}, err
		}
	}
	if !bytes.Equal(twice[0].Bytes(), twice[1].Bytes()) {
		return repository.Document{}, fmt.Errorf("variant %s of %s is not the same each time", variant, p)
	}
	return NewDocument(twice[0].Bytes()), nil
}

// NewDocument wraps rendered bytes.
func NewDocument(identity []byte) repository.Document {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(identity) // a buffer does not fail
	_ = z.Close()
	sum := sha256.Sum256(identity)
	return repository.Document{
		ETag:     `"` + hex.EncodeToString(sum[:]) + `"`,
		Modified: Now,
		Size:     int64(len(identity)),
		Gzip:     zipped.Bytes(),
		Identity: identity,
	}
}

// Open follows format.Shelf: nothing of an Archived or Disposed version is served.
func (s *Shelf) Open(_ context.Context, v artifact.VersionKey, asset string) (repository.File, error) {
	if s.Refuse != nil {
		return repository.File{}, s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.version(v)
	if on == nil || !on.Status.Downloadable() {
		return repository.File{}, missing(v.String())
	}
	content, ok := on.content[asset]
	if !ok {
		return repository.File{}, missing(v.String() + " " + asset)
	}
	a, _ := on.Asset(asset)
	plain := on.Version
	plain.Manifest, plain.Details = nil, artifact.Details{}
	return repository.File{
		Asset:    a,
		Modified: on.PublishedAt,
		Version:  plain,
		Content:  kept{bytes.NewReader(content), blob.Info{Digest: a.SHA256, Size: a.Size, ModTime: on.PublishedAt}},
	}, nil
}

// Attachment follows format.Shelf: a version that was published here has none.
func (s *Shelf) Attachment(_ context.Context, v artifact.VersionKey, name string) (io.ReadCloser, error) {
	if s.Refuse != nil {
		return nil, s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.version(v)
	if on == nil || !on.Status.Downloadable() {
		return nil, missing(v.String())
	}
	document, ok := on.attachments[name]
	if !ok {
		return nil, missing(v.String() + " " + name)
	}
	return io.NopCloser(bytes.NewReader(document)), nil
}

func (s *Shelf) version(v artifact.VersionKey) *versionOnShelf {
	on := s.packages[v.PackageKey]
	if on == nil {
		return nil
	}
	return on.versions[v.Version]
}

// kept is content in memory.
type kept struct {
	*bytes.Reader
	info blob.Info
}

func (k kept) Close() error    { return nil }
func (k kept) Info() blob.Info { return k.info }

// Search follows format.Shelf: every term is in the namespace or the name.
func (s *Shelf) Search(_ context.Context, f artifact.Format, terms []string,
	page catalog.Page) (catalog.Listing[artifact.PackageKey], error) {
	var none catalog.Listing[artifact.PackageKey]
	if s.Refuse != nil {
		return none, s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []artifact.PackageKey
	for p := range s.packages {
		text := strings.ToLower(p.Namespace + "/" + p.Name)
		lacks := func(term string) bool { return !strings.Contains(text, strings.ToLower(term)) }
		if p.Format == f && !slices.ContainsFunc(terms, lacks) && p.String() > page.After {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b artifact.PackageKey) int { return cmp.Compare(a.String(), b.String()) })
	limit := min(max(1, page.Limit), catalog.MaxPage)
	if len(found) <= limit {
		none.Items = found
		return none, nil
	}
	return catalog.Listing[artifact.PackageKey]{Items: found[:limit], Next: found[limit-1].String()}, nil
}

// Held follows format.Shelf.
func (s *Shelf) Held(_ context.Context, v artifact.VersionKey) (artifact.Version, error) {
	if s.Refuse != nil {
		return artifact.Version{}, s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.version(v)
	if on == nil || !on.own {
		return artifact.Version{}, missing(v.String())
	}
	return on.Version, nil
}

// Annotate follows format.Shelf.
func (s *Shelf) Annotate(_ context.Context, p artifact.PackageKey, versions []string,
	change func(artifact.Version) ([]byte, error)) error {
	if s.Refuse != nil {
		return s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	manifests := make(map[string][]byte)
	for _, number := range versions {
		on := s.version(p.At(number))
		if on == nil || !on.own {
			return missing(p.At(number).String())
		}
		manifest, err := change(on.Version)
		if err != nil {
			return err
		}
		manifests[number] = manifest
	}
	for number, manifest := range manifests {
		s.version(p.At(number)).Manifest = manifest
	}
	return nil
}

// Labels follows format.Shelf.
func (s *Shelf) Labels(ctx context.Context, p artifact.PackageKey) (map[string]string, error) {
	view, err := s.View(ctx, p)
	return view.Labels, err
}

// SetLabel follows format.Shelf.
func (s *Shelf) SetLabel(_ context.Context, p artifact.PackageKey, label, version string) error {
	if s.Refuse != nil {
		return s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version(p.At(version)) == nil {
		return missing(p.At(version).String())
	}
	s.packages[p].labels[label] = version
	return nil
}

// DeleteLabel follows format.Shelf.
func (s *Shelf) DeleteLabel(_ context.Context, p artifact.PackageKey, label string) error {
	if s.Refuse != nil {
		return s.Refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if on := s.packages[p]; on == nil || on.labels[label] == "" {
		return missing(p.String() + " " + label)
	}
	delete(s.packages[p].labels, label)
	return nil
}
