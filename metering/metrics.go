package metering

import (
	"maps"
	"sync/atomic"

	"entrepot/usage"

	"github.com/prometheus/client_golang/prometheus"
)

// totals are what this process has written down since it began.
type totals struct {
	reads, writes, failures, stored atomic.Int64
	sent                            atomic.Pointer[map[string]int64] // by network; replaced, never changed
}

// add adds an interval that was written. One goroutine at a time may.
func (t *totals) add(counted []usage.Counted) {
	sent := maps.Clone(*t.sent.Load())
	for _, c := range counted {
		t.reads.Add(c.Reads)
		t.writes.Add(c.Writes)
		sent[c.Network] += c.Sent
	}
	t.sent.Store(&sent)
}

var (
	requestsDesc = prometheus.NewDesc("entrepot_usage_requests_total", "Requests that were metered and written down.", []string{"kind"}, nil)
	transferDesc = prometheus.NewDesc("entrepot_usage_transfer_bytes_total", "Bytes that went out, by the region of the client or internet.",
		[]string{"network"}, nil)
	storageDesc  = prometheus.NewDesc("entrepot_usage_storage_bytes", "Bytes of distinct assets in all domains when they were last measured.", nil, nil)
	failuresDesc = prometheus.NewDesc("entrepot_usage_write_failures_total", "Intervals that could not be written down at the first attempt.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m *Meter) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestsDesc, transferDesc, storageDesc, failuresDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Meter) Collect(to chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	counter(requestsDesc, m.totals.reads.Load(), "read")
	counter(requestsDesc, m.totals.writes.Load(), "write")
	for network, bytes := range *m.totals.sent.Load() {
		counter(transferDesc, bytes, network)
	}
	to <- prometheus.MustNewConstMetric(storageDesc, prometheus.GaugeValue, float64(m.totals.stored.Load()))
	counter(failuresDesc, m.totals.failures.Load())
}
