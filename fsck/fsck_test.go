package fsck_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/disk"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/fsck"
)

// house is an installation with one domain and one repository, on disk, so that a test can damage it.
type house struct {
	t         *testing.T
	dir       string
	catalog   *sqlcatalog.Store
	store     blob.Store
	documents blob.Store
	domain    catalog.DomainID
	id        catalog.RepositoryID
	now       time.Time
	open      error // instead of the store
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, dir: t.TempDir(), now: time.Now()}
	d, err := disk.Open(filepath.Join(h.dir, "blobs"), disk.Options{})
	h.check(err)
	t.Cleanup(func() { _ = d.Close() })
	ring, err := sealed.OpenKeyring(h.dir)
	h.check(err)
	key, err := ring.Unwrap(ring.NewDataKey())
	h.check(err)
	space, err := d.Space("domain-1")
	h.check(err)
	cache, err := d.Cache("documents")
	h.check(err)
	h.store, h.documents = sealed.New(space, key), sealed.New(cache, ring.OwnDataKey())
	h.reopen()
	t.Cleanup(func() { _ = h.catalog.Close() })
	h.write(func(w catalog.Writer) (err error) {
		h.domain, err = w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: "123456789012", Name: "house"}})
		if err != nil {
			return err
		}
		r := catalog.Repository{Domain: h.domain, Connections: []string{"public:npmjs"}}
		r.Name = "team"
		if h.id, err = w.CreateRepository(r); err != nil {
			return err
		}
		return w.PutPackage(h.id, artifact.Package{PackageKey: left})
	})
	return h
}

var left = artifact.PackageKey{Format: artifact.NPM, Name: "left"}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) reopen() {
	h.t.Helper()
	h.catalog = sqlcatalogtest.Open(h.t, filepath.Join(h.dir, "catalog.sqlite"), sqlcatalog.Options{})
}

func (h *house) write(fn func(catalog.Writer) error) {
	h.t.Helper()
	h.check(h.catalog.Write(h.t.Context(), fn))
}

// change runs a statement behind the catalog's back.
func (h *house) change(statement string) {
	h.t.Helper()
	h.check(h.catalog.Close())
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "catalog.sqlite")+"?vfs=entrepot-proven")
	h.check(err)
	_, err = db.ExecContext(h.t.Context(), statement)
	h.check(errors.Join(err, db.Close()))
	h.reopen()
}

// hold keeps a version with one asset, of a registry if connection is not empty.
func (h *house) hold(version, connection string, body []byte) artifact.Digest {
	h.t.Helper()
	digest := blobtest.Keep(h.t, h.store, body).Digest
	v := artifact.Version{VersionKey: left.At(version), Status: artifact.Published, Revision: version,
		Assets: []artifact.Asset{{Name: "package.tgz", Size: int64(len(body)), Digests: artifact.Digests{SHA256: digest}}}}
	v.Origin = artifact.Origin{Type: artifact.OriginInternal, Repository: "team"}
	if connection != "" {
		v.Origin = artifact.Origin{Type: artifact.OriginExternal, Connection: connection}
	}
	h.write(func(w catalog.Writer) error {
		if err := w.ClaimBlobs(h.domain, 0, digest); err != nil {
			return err
		}
		return w.CreateVersion(h.id, v)
	})
	return digest
}

// damage flips a bit in the file of a content.
func (h *house) damage(space string, d artifact.Digest) {
	h.t.Helper()
	path := filepath.Join(h.dir, "blobs", space, d.String()[:2], d.String()[2:])
	text, err := os.ReadFile(path)
	h.check(err)
	text[len(text)/2] ^= 1
	h.check(os.WriteFile(path, text, 0o600))
}

func (h *house) run(repair bool) fsck.Report {
	h.t.Helper()
	report, err := fsck.Run(h.t.Context(), h.options(repair))
	h.check(err)
	return report
}

func (h *house) options(repair bool) fsck.Options {
	return fsck.Options{Catalog: h.catalog, Documents: h.documents, Grace: time.Hour, Repair: repair,
		Open: func(catalog.Domain) (blob.Store, error) { return h.store, h.open },
		Now:  func() time.Time { return h.now }}
}

// finds checks what kinds of finding a report has, and how many are not repaired.
func (h *house) finds(r fsck.Report, left int, kinds ...fsck.Kind) {
	h.t.Helper()
	got := []fsck.Kind{}
	for _, f := range r.Findings {
		got = append(got, f.Kind)
	}
	if slices.Sort(kinds); !slices.Equal(slices.Sorted(slices.Values(got)), kinds) && len(got)+len(kinds) > 0 {
		h.t.Errorf("found %v, want %v: %+v", got, kinds, r.Findings)
	}
	if r.Left() != left {
		h.t.Errorf("%d findings are left, want %d: %+v", r.Left(), left, r.Findings)
	}
}

func TestASoundInstallationHasNoFindings(t *testing.T) {
	h := newHouse(t)
	h.hold("1", "", blobtest.Bytes(1, 300_000))
	h.hold("2", "public:npmjs", blobtest.Bytes(2, 10))
	h.hold("3", "", blobtest.Bytes(2, 10))
	blobtest.Keep(t, h.documents, []byte("a document"))
	blobtest.Keep(t, h.store, []byte("published in a moment"))
	var last fsck.Progress
	o := h.options(false)
	o.Progress = func(p fsck.Progress) { last = p }
	r, err := fsck.Run(t.Context(), o)
	h.check(err)
	h.finds(r, 0)
	if want := (fsck.Tally{Domains: 1, Repositories: 1, Packages: 1, Versions: 3, Assets: 3, Contents: 2, Bytes: 300_010,
		Documents: 1}); r.Checked != want {
		t.Errorf("checked %+v, want %+v", r.Checked, want)
	}
	if want := (fsck.Progress{Contents: 2, AllContents: 2, Bytes: 300_010, AllBytes: 300_010}); last != want {
		t.Errorf("the last progress was %+v, want %+v", last, want)
	}
	if r.Leftovers != (fsck.Leftovers{}) {
		t.Errorf("left over: %+v, want nothing", r.Leftovers)
	}
	text, err := json.Marshal(r)
	h.check(err)
	if !bytes.Contains(text, []byte(`"findings":[]`)) {
		t.Errorf("%s has no empty list of findings", text)
	}
}

func TestLostBytesAreFoundWithTheAssetsThatHaveThem(t *testing.T) {
	h := newHouse(t)
	own := h.hold("1", "", blobtest.Bytes(1, 300_000))
	h.hold("2", "", blobtest.Bytes(1, 300_000))
	theirs := h.hold("3", "public:npmjs", blobtest.Bytes(3, 10))
	h.damage("domain-1", own)
	h.check(h.store.Delete(t.Context(), theirs))
	for range 2 { // looking changes nothing
		r := h.run(false)
		h.finds(r, 2, fsck.ContentDamaged, fsck.ContentMissing)
		missing, damaged := r.Findings[0], r.Findings[1]
		if damaged.SHA256 != own.String() || len(damaged.Assets) != 2 || damaged.Repairable || damaged.Remedy == "" ||
			damaged.Assets[0] != (fsck.Asset{Repository: "team", Version: left.At("1").String(), Name: "package.tgz"}) {
			t.Errorf("damaged: %+v", damaged)
		}
		if missing.SHA256 != theirs.String() || len(missing.Assets) != 1 || !missing.Repairable ||
			missing.Assets[0].Origin != "public:npmjs" || missing.Domain != "house" {
			t.Errorf("missing: %+v", missing)
		}
	}
}

func TestARepairTurnsWhatCameFromARegistryIntoAPromise(t *testing.T) {
	h := newHouse(t)
	theirs := h.hold("1", "public:npmjs", blobtest.Bytes(1, 300_000))
	shared := h.hold("2", "public:npmjs", blobtest.Bytes(2, 10))
	h.hold("3", "", blobtest.Bytes(2, 10))
	h.damage("domain-1", theirs)
	h.damage("domain-1", shared)
	r := h.run(true)
	h.finds(r, 1, fsck.ContentDamaged, fsck.ContentDamaged)
	var v artifact.Version
	var used catalog.Usage
	var events []catalog.Event
	h.check(h.catalog.Read(t.Context(), func(r catalog.Reader) (err error) {
		v, err = r.Version(h.id, left.At("1"))
		used, _ = r.Usage(h.domain)
		events, _ = r.Events(0, 100)
		return err
	}))
	if a := v.Assets[0]; !a.Promised || a.SHA256 != theirs || a.Size != 300_000 || v.Revision != "1" {
		t.Errorf("after the repair: %+v, want a promise of the same bytes", v)
	}
	if used.AssetBytes != 10 {
		t.Errorf("%d bytes are counted, want those of version 3", used.AssetBytes)
	}
	if len(events) != 2 || !bytes.Contains(events[0].Detail, []byte("package.tgz")) {
		t.Errorf("recorded %v, want both repairs", events)
	}
	// The last asset is somebody's own.
	h.finds(h.run(true), 1, fsck.ContentDamaged)
	blobtest.Keep(t, h.store, blobtest.Bytes(2, 10))
	h.finds(h.run(false), 0)
}

func TestWhatNoConnectionLeadsToIsNotPromised(t *testing.T) {
	rows := []struct {
		name   string
		change func(h *house, w catalog.Writer, r catalog.Repository) error
		left   int
	}{
		{"the connection was removed", func(_ *house, w catalog.Writer, r catalog.Repository) error {
			r.Connections = nil
			return w.UpdateRepository(r)
		}, 1},
		{"the connection is that of an upstream", func(h *house, w catalog.Writer, r catalog.Repository) error {
			up := catalog.Repository{Domain: h.domain, Connections: r.Connections}
			up.Name = "up"
			id, err := w.CreateRepository(up)
			if err != nil {
				return err
			}
			r.Connections, r.Upstreams = nil, []catalog.Upstream{{ID: id}}
			return w.UpdateRepository(r)
		}, 0},
		{"the controls block it", func(h *house, w catalog.Writer, _ catalog.Repository) error {
			return w.PutPackage(h.id, artifact.Package{PackageKey: left,
				Controls: artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Block}})
		}, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := newHouse(t)
			h.check(h.store.Delete(t.Context(), h.hold("1", "public:npmjs", blobtest.Bytes(1, 10))))
			h.write(func(w catalog.Writer) error {
				r, err := w.RepositoryByID(h.id)
				if err != nil {
					return err
				}
				return row.change(h, w, r)
			})
			r := h.run(true)
			h.finds(r, row.left, fsck.ContentMissing)
			if row.left == 0 {
				return
			}
			if r.Findings[0].Remedy == "" {
				t.Errorf("%+v does not say what to do", r.Findings[0])
			}
			h.keeps("1")
		})
	}
}

func TestCountsOverRowsThatAreWrongAreLeft(t *testing.T) {
	h := newHouse(t)
	h.hold("1", "", blobtest.Bytes(1, 100))
	h.change("DELETE FROM version_documents; UPDATE domains SET asset_bytes = 7")
	for _, repair := range []bool{true, false} { // the second run finds the same
		r := h.run(repair)
		h.finds(r, 2, fsck.Kind(catalog.FaultyRows), fsck.Kind(catalog.FaultyCounts))
		if f := r.Findings[1]; f.Repairable || f.Remedy == "" {
			t.Errorf("%+v seems repairable, or does not say why not", f)
		}
	}
}

func TestCountsAndTheSearchIndexAreRecomputed(t *testing.T) {
	h := newHouse(t)
	h.hold("1", "", blobtest.Bytes(1, 100))
	h.change("UPDATE domains SET asset_bytes = 7; UPDATE blobs SET assets = 9; DELETE FROM package_search")
	kinds := []fsck.Kind{fsck.Kind(catalog.FaultyCounts), fsck.Kind(catalog.FaultyCounts), fsck.Kind(catalog.FaultyIndex)}
	h.finds(h.run(false), 3, kinds...)
	h.finds(h.run(true), 0, kinds...)
	h.finds(h.run(false), 0)
}

func TestWhatHasNoSourceIsNotRepaired(t *testing.T) {
	h := newHouse(t)
	h.hold("1", "", blobtest.Bytes(1, 100))
	h.change("DELETE FROM version_documents")
	h.finds(h.run(true), 1, fsck.Kind(catalog.FaultyRows))
}

func TestADamagedDocumentIsDroppedAndAMissingOneIsNoFault(t *testing.T) {
	h := newHouse(t)
	d := blobtest.Keep(t, h.documents, blobtest.Bytes(1, 1000)).Digest
	h.damage("documents", d)
	h.finds(h.run(false), 1, fsck.DocumentDamaged)
	h.finds(h.run(true), 0, fsck.DocumentDamaged)
	h.finds(h.run(false), 0)
	if _, err := h.documents.Stat(t.Context(), d); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got error %v, want %v", err, blob.ErrNotFound)
	}
}

func TestLeftoversAreNoFindings(t *testing.T) {
	h := newHouse(t)
	blobtest.Keep(t, h.store, []byte("never published"))
	h.write(func(w catalog.Writer) error {
		_, err := w.BeginDeletion(h.domain, []artifact.Digest{sha256.Sum256([]byte("x"))}, h.now, h.now)
		return err
	})
	h.now = h.now.Add(2 * time.Hour)
	r := h.run(false)
	h.finds(r, 0)
	if want := (fsck.Leftovers{Contents: 1, Bytes: 15, Deletions: 1}); r.Leftovers != want {
		t.Errorf("left over: %+v, want %+v", r.Leftovers, want)
	}
}

// failing is a store that fails to open each content as often as errs has errors, in their order.
type failing struct {
	blob.Store
	errs []error
}

func (f *failing) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	if len(f.errs) > 0 {
		err := f.errs[0]
		f.errs = f.errs[1:]
		return nil, err
	}
	return f.Store.Open(ctx, d)
}

func TestWhatCannotBeReadIsNotGivenUp(t *testing.T) {
	disk := &os.PathError{Op: "read", Path: "x", Err: syscall.EIO}
	rows := []struct {
		name string
		errs []error
		want []fsck.Kind
	}{
		{"the disk fails", []error{disk, disk}, []fsck.Kind{fsck.ContentUnreadable}},
		{"damage that the disk tells of", slices.Repeat([]error{fmt.Errorf("%w: %w", blob.ErrCorrupt, disk)}, 2),
			[]fsck.Kind{fsck.ContentUnreadable}},
		{"an error of no kind", slices.Repeat([]error{errors.New("no")}, 2), []fsck.Kind{fsck.ContentUnreadable}},
		{"whole the second time", []error{blob.ErrCorrupt}, nil},
		{"missing the first time alone", []error{blob.ErrNotFound}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := newHouse(t)
			h.hold("1", "public:npmjs", blobtest.Bytes(1, 10))
			h.store = &failing{h.store, row.errs}
			h.finds(h.run(true), len(row.want), row.want...)
			h.keeps("1")
		})
	}
}

func TestAWrongSizeOnRecordIsNoLossOfTheBytes(t *testing.T) {
	h := newHouse(t)
	h.hold("1", "public:npmjs", blobtest.Bytes(1, 10))
	h.change("UPDATE blobs SET size = 11")
	r := h.run(true)
	for _, f := range r.Findings {
		if f.Kind == fsck.ContentDamaged || f.Kind == fsck.ContentMissing {
			t.Errorf("found %+v", f)
		}
	}
	if r.Left() == 0 {
		t.Error("nothing is left of it")
	}
	h.keeps("1")
}

// keeps checks that the asset of a version is no promise.
func (h *house) keeps(version string) {
	h.t.Helper()
	h.check(h.catalog.Read(h.t.Context(), func(r catalog.Reader) error {
		v, err := r.Version(h.id, left.At(version))
		if err == nil && v.Assets[0].Promised {
			h.t.Errorf("version %s became a promise", version)
		}
		return err
	}))
}

func TestWhatTheCallerFoundIsInTheReport(t *testing.T) {
	h := newHouse(t)
	o := h.options(true)
	o.Found = []fsck.Finding{{Kind: fsck.SpaceUnknown}}
	r, err := fsck.Run(t.Context(), o)
	h.check(err)
	h.finds(r, 1, fsck.SpaceUnknown)
}

func TestAKeyThatDoesNotOpenIsAFinding(t *testing.T) {
	h := newHouse(t)
	h.hold("1", "", []byte("body"))
	h.open = sealed.ErrNotOurs
	h.finds(h.run(true), 1, fsck.DomainKey)
}

func TestACheckThatIsEndedSaysSo(t *testing.T) {
	h := newHouse(t)
	h.hold("1", "", blobtest.Bytes(1, 300_000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fsck.Run(ctx, h.options(false)); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}
