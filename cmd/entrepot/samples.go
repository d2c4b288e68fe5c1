package main

import (
	"entrepot/upstream"

	"github.com/prometheus/client_golang/prometheus"
)

// samples shows what the upstream client measured to Prometheus.
type samples struct{ client *upstream.Client }

var _ prometheus.Collector = samples{}

// Describe sends nothing: which samples there are depends on what was asked for.
func (samples) Describe(chan<- *prometheus.Desc) {}

// Collect sends what was measured so far.
func (s samples) Collect(out chan<- prometheus.Metric) {
	for _, sample := range s.client.Samples() {
		kind := prometheus.GaugeValue
		if sample.Counter {
			kind = prometheus.CounterValue
		}
		var names, values []string
		for _, l := range sample.Labels {
			names, values = append(names, l.Name), append(values, l.Value)
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(sample.Name, sample.Help, names, nil), kind, sample.Value, values...)
	}
}
