// Package metered counts what a blob store does, for Prometheus. It is a store made of a store.
package metered

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"entrepot/artifact"
	"entrepot/blob"
)

// The operations, as the label "operation" tells them.
const (
	opCreate  = "create"
	opOpen    = "open"
	opStat    = "stat"
	opDelete  = "delete"
	opList    = "list"
	opRead    = "read"
	opWrite   = "write"
	opCommit  = "commit"
	opDiscard = "discard"
)

// timed are the operations that are counted and timed at each call.
var timed = []string{opCreate, opOpen, opStat, opDelete, opList, opCommit, opDiscard}

// streamed are the operations of which only the failures and the bytes are counted: there are thousands of them to a
// content, and they take as long as the client does.
var streamed = []string{opRead, opWrite}

// outcomes sort what an operation returns; the first that fits names the label "outcome", and otherError any other.
var outcomes = []struct {
	name string
	fits func(error) bool
}{
	{"ok", func(err error) bool { return err == nil }},
	{"not_found", func(err error) bool { return errors.Is(err, blob.ErrNotFound) }},
	{"corrupt", func(err error) bool { return errors.Is(err, blob.ErrCorrupt) }},
	{"canceled", func(err error) bool {
		return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	}},
	{"closed", func(err error) bool { return errors.Is(err, fs.ErrClosed) }},
	{"unavailable", func(err error) bool { return artifact.Is(err, artifact.Unavailable) }},
}

const otherError = "error"

// buckets of durations in seconds: from memory, from the page cache, through fsync, and the slow disks beyond.
var buckets = []float64{0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 10}

// Metrics are the figures of all stores that share a name. They are made once; every label but the name of the store
// has a fixed set of values, and domains are not among them.
type Metrics struct {
	now        func() time.Time
	operations *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	read       prometheus.Counter
	written    prometheus.Counter
	contents   prometheus.Gauge
	drafts     prometheus.Gauge
}

// NewMetrics registers the figures of the stores called name, such as "disk", with r:
//
//	entrepot_blob_operations_total{store,operation,outcome}
//	entrepot_blob_operation_duration_seconds{store,operation}
//	entrepot_blob_read_bytes_total{store}, entrepot_blob_written_bytes_total{store}
//	entrepot_blob_open_contents{store}, entrepot_blob_open_drafts{store}
//
// Durations are measured with now. Registering a name twice is an error.
func NewMetrics(r prometheus.Registerer, name string, now func() time.Time) (*Metrics, error) {
	store := prometheus.Labels{"store": name}
	m := &Metrics{
		now: now,
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entrepot_blob_operations_total", ConstLabels: store,
			Help: "Operations of the blob store by outcome; of reads and writes only the failed ones.",
		}, []string{"operation", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "entrepot_blob_operation_duration_seconds", ConstLabels: store, Buckets: buckets,
			Help: "Time that operations of the blob store take.",
		}, []string{"operation"}),
		read: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "entrepot_blob_read_bytes_total", ConstLabels: store,
			Help: "Bytes read from committed content.",
		}),
		written: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "entrepot_blob_written_bytes_total", ConstLabels: store,
			Help: "Bytes written to drafts.",
		}),
		contents: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "entrepot_blob_open_contents", ConstLabels: store,
			Help: "Contents that are open for reading.",
		}),
		drafts: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "entrepot_blob_open_drafts", ConstLabels: store,
			Help: "Drafts that are not discarded yet.",
		}),
	}
	for _, c := range []prometheus.Collector{m.operations, m.duration, m.read, m.written, m.contents, m.drafts} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics of blob store %s: %w", name, err)
		}
	}
	return m, nil
}

// Store returns inner with its operations counted. Any number of stores may share the figures.
func (m *Metrics) Store(inner blob.Store) *Store {
	s := &Store{metrics: m, inner: inner, meters: map[string]meter{}}
	for _, op := range timed {
		s.meters[op] = m.meter(op, m.duration.WithLabelValues(op))
	}
	for _, op := range streamed {
		s.meters[op] = m.meter(op, nil)
	}
	return s
}

// meter is what one operation is measured with, looked up beforehand.
type meter struct {
	duration prometheus.Observer
	outcomes []prometheus.Counter // in the order of outcomes, and one for other errors
}

func (m *Metrics) meter(op string, duration prometheus.Observer) meter {
	g := meter{duration: duration}
	for _, o := range outcomes {
		g.outcomes = append(g.outcomes, m.operations.WithLabelValues(op, o.name))
	}
	g.outcomes = append(g.outcomes, m.operations.WithLabelValues(op, otherError))
	return g
}

// count adds err to its outcome.
func (g meter) count(err error) {
	for i, o := range outcomes {
		if o.fits(err) {
			g.outcomes[i].Inc()
			return
		}
	}
	g.outcomes[len(outcomes)].Inc()
}

// Store is a blob.Store whose operations are counted.
type Store struct {
	metrics *Metrics
	inner   blob.Store
	meters  map[string]meter
}

var _ blob.Store = (*Store)(nil)

// done counts an operation that began at start and ended with err.
func (s *Store) done(op string, start time.Time, err error) {
	g := s.meters[op]
	g.duration.Observe(s.metrics.now().Sub(start).Seconds())
	g.count(err)
}

// failed counts a read or a write that returned err. The end of content is no failure.
func (s *Store) failed(op string, err error) {
	if err != nil && err != io.EOF {
		s.meters[op].count(err)
	}
}

// Create opens a draft of the inner store.
func (s *Store) Create(ctx context.Context) (blob.Draft, error) {
	start := s.metrics.now()
	d, err := s.inner.Create(ctx)
	s.done(opCreate, start, err)
	if err != nil {
		return nil, err
	}
	s.metrics.drafts.Inc()
	return &draft{store: s, inner: d}, nil
}

// Open opens content of the inner store.
func (s *Store) Open(ctx context.Context, d artifact.Digest) (blob.Content, error) {
	start := s.metrics.now()
	c, err := s.inner.Open(ctx, d)
	s.done(opOpen, start, err)
	if err != nil {
		return nil, err
	}
	s.metrics.contents.Inc()
	return &content{store: s, inner: c}, nil
}

// Stat asks the inner store.
func (s *Store) Stat(ctx context.Context, d artifact.Digest) (blob.Info, error) {
	start := s.metrics.now()
	info, err := s.inner.Stat(ctx, d)
	s.done(opStat, start, err)
	return info, err
}

// Delete asks the inner store.
func (s *Store) Delete(ctx context.Context, d artifact.Digest) error {
	start := s.metrics.now()
	err := s.inner.Delete(ctx, d)
	s.done(opDelete, start, err)
	return err
}

// All yields what the inner store does. A whole walk is one operation; its outcome is that of the last error it met.
func (s *Store) All(ctx context.Context) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		start := s.metrics.now()
		var met error
		defer func() { s.done(opList, start, met) }()
		for info, err := range s.inner.All(ctx) {
			if err != nil {
				met = err
			}
			if !yield(info, err) {
				return
			}
		}
	}
}
