package metered_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/disk"
	"entrepot/blob/disk/fault"
	"entrepot/blob/mem"
	"entrepot/blob/memcache"
	"entrepot/blob/metered"
	"entrepot/blob/sealed"
)

func newMetrics(t testing.TB, r prometheus.Registerer) *metered.Metrics {
	t.Helper()
	m, err := metered.NewMetrics(r, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newDisk(t testing.TB, o disk.Options) blob.Store {
	t.Helper()
	return newDiskIn(t, t.TempDir(), o)
}

func newDiskIn(t testing.TB, dir string, o disk.Options) blob.Store {
	t.Helper()
	d, err := disk.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	s, err := d.Space("acme")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// whole is the stack a server uses.
func whole(t testing.TB) blob.Store {
	t.Helper()
	return wholeIn(t, t.TempDir())
}

func wholeIn(t testing.TB, dir string) blob.Store {
	t.Helper()
	ring, err := sealed.OpenKeyring(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ring.Unwrap(ring.NewDataKey())
	if err != nil {
		t.Fatal(err)
	}
	m := newMetrics(t, prometheus.NewRegistry())
	return memcache.New(m.Store(sealed.New(newDiskIn(t, dir, disk.Options{}), key)), memcache.Options{})
}

func TestMeteredMemoryKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store {
		return newMetrics(t, prometheus.NewRegistry()).Store(mem.New(time.Now))
	})
}

func TestTheWholeStackKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return whole(t) })
}

func TestTheWholeStackMendsAnyDamage(t *testing.T) {
	blobtest.RunMending(t, func(t *testing.T) (blob.Store, []blobtest.Damage) {
		dir := t.TempDir()
		return wholeIn(t, dir), blobtest.FileDamages(func(d artifact.Digest) string {
			return filepath.Join(dir, "acme", d.String()[:2], d.String()[2:])
		})
	})
}

func BenchmarkTheWholeStack(b *testing.B) {
	blobtest.Bench(b, func(b *testing.B) blob.Store { return whole(b) })
}

// figures reads what a registry tells.
type figures struct {
	t testing.TB
	r *prometheus.Registry
}

// want checks one figure; labels are pairs of name and value beside the store's.
func (f figures) want(want float64, name string, labels ...string) {
	f.t.Helper()
	families, err := f.r.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	got := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			has := map[string]string{}
			for _, l := range m.GetLabel() {
				has[l.GetName()] = l.GetValue()
			}
			fits := has["store"] == "test"
			for i := 0; i < len(labels); i += 2 {
				fits = fits && has[labels[i]] == labels[i+1]
			}
			if fits {
				got += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	if got != want {
		f.t.Errorf("%s%v is %v, want %v", name, labels, got, want)
	}
}

func (f figures) wantOperations(want float64, operation, outcome string) {
	f.t.Helper()
	f.want(want, "entrepot_blob_operations_total", "operation", operation, "outcome", outcome)
}

func TestWhatAStoreDoesIsCounted(t *testing.T) {
	r := prometheus.NewRegistry()
	s := newMetrics(t, r).Store(mem.New(time.Now))
	f := figures{t, r}

	kept := blobtest.Keep(t, s, blobtest.Bytes(1, 1000))
	f.want(1000, "entrepot_blob_written_bytes_total")
	f.wantOperations(1, "create", "ok")
	f.wantOperations(1, "commit", "ok")
	f.wantOperations(1, "discard", "ok")
	f.want(1, "entrepot_blob_operation_duration_seconds", "operation", "commit")

	c, err := s.Open(t.Context(), kept.Digest)
	if err != nil {
		t.Fatal(err)
	}
	f.want(1, "entrepot_blob_open_contents")
	if _, err := c.ReadAt(make([]byte, 100), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, c, 200); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil { // the other 800
		t.Fatal(err)
	}
	_ = c.Close()
	_ = c.Close()
	f.want(1100, "entrepot_blob_read_bytes_total")
	f.want(0, "entrepot_blob_open_contents")
	f.wantOperations(1, "open", "ok")

	if _, err := s.Open(t.Context(), artifact.Digest{}); !errors.Is(err, blob.ErrNotFound) {
		t.Fatal(err)
	}
	f.wantOperations(1, "open", "not_found")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Stat(ended, kept.Digest); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	f.wantOperations(1, "stat", "canceled")
	for range s.All(t.Context()) {
	}
	f.wantOperations(1, "list", "ok")
	if err := s.Delete(t.Context(), kept.Digest); err != nil {
		t.Fatal(err)
	}
	f.wantOperations(1, "delete", "ok")

	draft, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.want(1, "entrepot_blob_open_drafts")
	_ = draft.Discard()
	_ = draft.Discard()
	f.want(0, "entrepot_blob_open_drafts")
	_, _ = draft.Write([]byte("x"))
	f.wantOperations(1, "write", "closed")
	f.wantOperations(0, "read", "error")
}

func TestFailuresAreCountedByWhatTheyMean(t *testing.T) {
	var script fault.Script
	r := prometheus.NewRegistry()
	s := newMetrics(t, r).Store(newDisk(t, disk.Options{FS: script.FS(disk.OS)}))
	f := figures{t, r}
	kept := blobtest.Keep(t, s, blobtest.Bytes(1, 1000))

	script.Follow(fault.Every(fault.Fault{Err: syscall.EIO}, fault.Read))
	if _, err := blobtest.Whole(t, s, kept.Digest); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	f.wantOperations(1, "read", "corrupt")

	script.Follow(fault.Every(fault.Fault{Err: syscall.ENOSPC}, fault.Sync))
	draft, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Commit(t.Context(), sha256.Sum256(nil)); !artifact.Is(err, artifact.Unavailable) {
		t.Fatal(err)
	}
	_ = draft.Discard()
	f.wantOperations(1, "commit", "unavailable")
	script.Follow(nil)

	c, err := s.Open(t.Context(), kept.Digest)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(goneClient{}, struct {
		io.WriterTo
		io.Reader
	}{c.(io.WriterTo), c})
	if !errors.Is(err, syscall.EPIPE) {
		t.Fatal(err)
	}
	_ = c.Close()
	f.wantOperations(1, "read", "corrupt") // still: a client that goes away is none of the store's failures
}

type goneClient struct{}

func (goneClient) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestMetricsAreWellFormedAndOfAFixedNumber(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newMetrics(t, r)
	series := func() int {
		n, err := testutil.GatherAndCount(r)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	m.Store(mem.New(time.Now))
	before := series()
	for i := range 20 { // twenty domains
		s := m.Store(mem.New(time.Now))
		if _, err := blobtest.Whole(t, s, blobtest.Keep(t, s, blobtest.Bytes(uint64(i), 10)).Digest); err != nil {
			t.Fatal(err)
		}
	}
	if after := series(); after != before {
		t.Errorf("%d series after use, want the %d there were at the start", after, before)
	}
	problems, err := testutil.GatherAndLint(r)
	if err != nil || len(problems) != 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	if _, err := metered.NewMetrics(r, "test", time.Now); err == nil {
		t.Error("a name was registered twice without an error")
	}
	if _, err := metered.NewMetrics(r, "other", time.Now); err != nil {
		t.Errorf("a second store: %v", err)
	}
}
