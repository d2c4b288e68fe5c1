package iam

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestCircumstancesAreConditionKeys(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("east", 3600))
	known := map[string]string{"aws:currenttime": "2026-03-04T04:06:07Z", "aws:epochtime": "1772597167",
		"aws:securetransport": "true", "aws:sourceip": "192.0.2.7"}
	unknown := map[string]string{"aws:currenttime": "2026-03-04T04:06:07Z", "aws:epochtime": "1772597167",
		"aws:securetransport": "false"}
	for _, row := range []struct {
		name string
		in   Circumstances
		want map[string]string
	}{
		{"behind TLS", Circumstances{Source: netip.MustParseAddr("192.0.2.7"), Secure: true, At: at}, known},
		{"from nowhere that is known", Circumstances{At: at}, unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := map[string]string{}
			for key, values := range row.in.Keys() {
				got[key] = values[0]
			}
			if !maps.Equal(got, row.want) {
				t.Errorf("got %v, want %v", slices.Sorted(maps.Keys(got)), row.want)
			}
		})
	}
}
