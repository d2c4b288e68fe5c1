package upstream

import "github.com/prometheus/client_golang/prometheus"

// A Client is a collector: prometheus.Registerer.Register takes it as it is.
var _ prometheus.Collector = (*Client)(nil)

// descriptions are those of families, in their order.
var descriptions = func() []*prometheus.Desc {
	all := make([]*prometheus.Desc, len(families))
	for i, f := range families {
		labels := []string{"connection"}
		if f.second != "" {
			labels = append(labels, f.second)
		}
		all[i] = prometheus.NewDesc(f.name, f.help, labels, nil)
	}
	return all
}()

// Describe implements prometheus.Collector.
func (c *Client) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descriptions {
		to <- d
	}
}

// Collect implements prometheus.Collector with what Samples returns.
func (c *Client) Collect(to chan<- prometheus.Metric) {
	for _, s := range c.Samples() {
		kind := prometheus.GaugeValue
		if s.Counter {
			kind = prometheus.CounterValue
		}
		values := make([]string, len(s.Labels))
		for i, l := range s.Labels {
			values[i] = l.Value
		}
		to <- prometheus.MustNewConstMetric(descriptions[s.family], kind, s.Value, values...)
	}
}
