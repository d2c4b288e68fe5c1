package upstream

import (
	"cmp"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// A Sample is one measured value, in the shape a metrics endpoint wants it. Labels hold connection names, outcomes and
// kinds of work, each out of a fixed list but for the names of some remotes; never a package's name or a URL.
type Sample struct {
	Name, Help string
	Counter    bool // only ever grows; otherwise a gauge
	Labels     []Label
	Value      float64

	family int // index into families
}

// Label is one dimension of a sample.
type Label struct{ Name, Value string }

// families are all that is measured, by the name each sample bears.
var families = []struct {
	name, help string
	counter    bool
	second     string // label beside connection; empty for none
}{
	{"entrepot_upstream_requests_total", "Attempts to ask an upstream, by what became of them.", true, "outcome"},
	{"entrepot_upstream_received_bytes_total", "Bytes of bodies received, as transferred.", true, ""},
	{"entrepot_upstream_flights_total", "Fetches begun, each for any number of callers.", true, "kind"},
	{"entrepot_upstream_coalesced_total", "Callers that joined a fetch another had begun.", true, "kind"},
	{"entrepot_upstream_stale_total", "Documents answered from an old copy because the upstream failed.", true, ""},
	{"entrepot_upstream_negative_hits_total", "Answers that an upstream does not have it, without asking again.", true,
		"kind"},
	{"entrepot_upstream_integrity_failures_total", "Assets that were not what was promised.", true, ""},
	{"entrepot_upstream_breaker_state", "Breaker of the origin's host: 0 closed, 1 probing, 2 open.", false, ""},
}

const (
	requestsFamily = iota
	receivedFamily
	flightsFamily
	coalescedFamily
	staleFamily
	negativeFamily
	integrityFamily
	breakerFamily
)

const (
	documentKind  = "document"
	assetKind     = "asset"
	existenceKind = "existence"
)

type series struct {
	family             int
	connection, second string
}

type metrics struct {
	mu     sync.Mutex
	values map[series]float64
	named  map[string]bool // remotes that have figures of their own
}

// maxNamedRemotes bounds the remotes with figures of their own: domains may give themselves any number of them, one after the
// other. Those of all further ones are counted together.
const maxNamedRemotes = 256

// counted is what a connection's figures are counted under. The caller holds m.mu.
func (m *metrics) counted(connection string) string {
	name := label(connection)
	switch _, remote := RemoteName(name); {
	case !remote || m.named[name]:
		return name
	case len(m.named) >= maxNamedRemotes:
		return remotePrefix
	case m.named == nil:
		m.named = make(map[string]bool)
	}
	m.named[name] = true
	return name
}

func (m *metrics) add(family int, connection, second string, n float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = make(map[series]float64)
	}
	m.values[series{family, m.counted(connection), second}] += n
}

func (m *metrics) request(connection, outcome string) { m.add(requestsFamily, connection, outcome, 1) }
func (m *metrics) received(connection string, n int) {
	m.add(receivedFamily, connection, "", float64(n))
}
func (m *metrics) flight(connection, kind string)      { m.add(flightsFamily, connection, kind, 1) }
func (m *metrics) coalesced(connection, kind string)   { m.add(coalescedFamily, connection, kind, 1) }
func (m *metrics) stale(connection string)             { m.add(staleFamily, connection, "", 1) }
func (m *metrics) negativeHit(connection, kind string) { m.add(negativeFamily, connection, kind, 1) }
func (m *metrics) integrityFailure(connection string)  { m.add(integrityFamily, connection, "", 1) }

// Samples returns what has been measured so far, ordered by name and labels. It is cheap enough for every scrape.
func (c *Client) Samples() []Sample {
	states := c.breakerStates()
	c.metrics.mu.Lock()
	all := make([]series, 0, len(c.metrics.values)+len(states))
	for s := range c.metrics.values {
		all = append(all, s)
	}
	values := make(map[series]float64, cap(all))
	for _, s := range all {
		values[s] = c.metrics.values[s]
	}
	c.metrics.mu.Unlock()
	for s, v := range states {
		all = append(all, s)
		values[s] = v
	}
	slices.SortFunc(all, func(a, b series) int {
		return cmp.Or(a.family-b.family, cmp.Compare(a.connection, b.connection), cmp.Compare(a.second, b.second))
	})
	samples := make([]Sample, len(all))
	for i, s := range all {
		family := families[s.family]
		samples[i] = Sample{Name: family.name, Help: family.help, Counter: family.counter, Value: values[s],
			family: s.family,
			Labels: []Label{{"connection", s.connection}}}
		if family.second != "" {
			samples[i].Labels = append(samples[i].Labels, Label{family.second, s.second})
		}
	}
	return samples
}

// breakerStates reads the breaker of every addressed connection's own host; other hosts are not labels.
func (c *Client) breakerStates() map[series]float64 {
	states := make(map[series]float64)
	for _, connection := range connections {
		origin, err := c.origin(connection.Name)
		if err != nil {
			continue
		}
		b := c.breaker(target{origin: origin, url: origin.Base})
		states[series{breakerFamily, connection.Name, ""}] = b.state()
	}
	return states
}

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
