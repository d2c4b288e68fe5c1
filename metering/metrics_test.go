package metering_test

import (
	"fmt"
	"testing"

	"entrepot/metering"

	"github.com/prometheus/client_golang/prometheus"
)

// values reads the metrics in the order of their names.
func values(t *testing.T, m *metering.Meter) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := registry.Register(m); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			for _, label := range metric.GetLabel() {
				name = label.GetValue()
			}
			all[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return fmt.Sprintf("read=%v write=%v eu-west-1=%v internet=%v storage=%v failures=%v", all["read"], all["write"], all["eu-west-1"],
		all["internet"], all["entrepot_usage_storage_bytes"], all["entrepot_usage_write_failures_total"])
}
