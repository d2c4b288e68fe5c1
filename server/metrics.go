package server

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count requests. Every label value comes from a table of this program: doors, formats, route patterns, status
// classes and refusal codes. Nothing a client sends becomes a label, so the number of series is bounded.
type metrics struct {
	requests *prometheus.CounterVec   // door, format, route, class
	duration *prometheus.HistogramVec // door, format
	sent     *prometheus.CounterVec   // door, format
	received *prometheus.CounterVec   // door, format
	refused  *prometheus.CounterVec   // code
	throttle prometheus.Counter
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	at := []string{"door", "format"}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "entrepot", Subsystem: "http", Name: name, Help: help,
		}, labels)
	}
	m := &metrics{
		requests: counter("requests_total", "Requests answered.", "door", "format", "route", "class"),
		sent:     counter("sent_bytes_total", "Bytes of response bodies.", at...),
		received: counter("received_bytes_total", "Bytes of request bodies.", at...),
		refused:  counter("refused_total", "Requests the gate did not let in.", "code"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "entrepot", Subsystem: "http", Name: "request_duration_seconds",
			Help:    "Time to answer, body included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, at),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "entrepot", Subsystem: "http", Name: "requests_in_flight", Help: "Requests being answered.",
		}),
		throttle: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "entrepot", Subsystem: "http", Name: "logins_throttled_total",
			Help: "Requests refused for failed logins before.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "entrepot", Subsystem: "http", Name: "panics_total", Help: "Requests whose handler panicked.",
		}),
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.duration, m.sent, m.received, m.refused, m.throttle, m.inFlight, m.panics,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// account counts one request that has been answered.
func (m *metrics) account(x *exchange, took time.Duration) {
	door, format, route := x.door, string(x.format), x.pattern
	m.requests.WithLabelValues(door, format, route, strconv.Itoa(x.status()/100)+"xx").Inc()
	m.duration.WithLabelValues(door, format).Observe(took.Seconds())
	m.sent.WithLabelValues(door, format).Add(float64(x.w.bytes))
	m.received.WithLabelValues(door, format).Add(float64(x.body.bytes))
	if x.refused != accepted {
		_, code, _ := x.refused.row()
		m.refused.WithLabelValues(code).Inc()
	}
}
