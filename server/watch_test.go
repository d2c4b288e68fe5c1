package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"entrepot/metering"
	"entrepot/usage"
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

func TestLogHasOneLinePerRequestAndNoSecret(t *testing.T) {
	f := newFixture(t, nil)
	const canary = "canary-5f0e"
	requests := []struct{ method, target string }{
		{"GET", base + "/pkg?token=" + canary + "&X-Amz-Security-Token=" + canary},
		{"DELETE", base + "/-/user/token/" + canary},
		{"DELETE", base + "/-/user/tok%65n/" + canary},
		{"DELETE", base + "/-/npm/v1/tokens/token/" + canary},
		{"GET", base + "/-/panic?x=" + canary},
		{"GET", base + "/-/fail/internal?x=" + canary},
		{"GET", base + "/-/fail/denied?x=" + canary},
		{"GET", "/v1/domain?X-Amz-Signature=" + canary},
		{"POST", "/?Action=" + canary},
		{"GET", "/nothing?" + canary},
		{"GET", "/unclean/../" + canary},
		{"GET", "/healthz?" + canary},
	}
	for _, authorization := range []string{"Bearer " + goodToken, "Bearer " + canary, "Basic " + canary, canary,
		strings.Replace(signature("codeartifact", "right"), "AKIAEXAMPLE", canary, 1)} {
		for _, r := range requests {
			f.do(r.method, r.target, "Authorization", authorization, "Cookie", "session="+canary,
				"X-Nuget-Apikey", canary, "X-Amz-Security-Token", canary, "User-Agent", canary, "Referer", "https://a.test/?"+canary)
		}
	}
	lines := strings.Split(strings.TrimSpace(f.log.String()), "\n")
	answered := 0
	for _, line := range lines {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if strings.HasPrefix(fields["msg"].(string), "answered ") {
			answered++
			for _, key := range []string{"request_id", "method", "status", "bytes", "duration_ms", "client"} {
				if fields[key] == nil {
					t.Errorf("%s lacks %s", line, key)
				}
			}
		}
		if strings.Contains(line, canary) {
			t.Errorf("a secret is in the log: %s", line)
		}
	}
	if want := 5 * len(requests); answered != want {
		t.Errorf("got %d lines for %d requests", answered, want)
	}
}

func TestLogTellsWhoAndWhere(t *testing.T) {
	f := newFixture(t, nil)
	f.do("GET", base+"/@acme%2fwidget", "Authorization", "Bearer "+goodToken)
	var line map[string]any
	if err := json.Unmarshal([]byte(f.log.String()), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"msg": "answered GET " + base + "/@acme%2fwidget", "door": "format", "format": "npm", "route": "GET /{package}",
		"repository": "team/shared", "principal": "arn:aws:iam::123456789012:user/alice",
		"status": 200.0, "level": "INFO", "client": "192.0.2.1", "method": "GET", "path": base + "/@acme%2fwidget",
	} {
		if line[key] != want {
			t.Errorf("%s: got %v, want %v", key, line[key], want)
		}
	}
}

func TestInternalErrorsAreLoggedOnceAndNotTold(t *testing.T) {
	f := newFixture(t, nil)
	w := f.do("GET", base+"/-/fail/internal", "Authorization", "Bearer "+goodToken)
	if w.Code != 500 || strings.Contains(w.Body.String(), "fire") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if n := strings.Count(f.log.String(), "disk on fire"); n != 1 {
		t.Errorf("the cause is logged %d times, want once", n)
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	f := newFixture(t, nil)
	w := f.do("GET", base+"/-/panic", "Authorization", "Bearer "+goodToken)
	if w.Code != 500 || strings.Contains(w.Body.String(), "canary") {
		t.Errorf("got %d %s, want 500 without details", w.Code, w.Body)
	}
	if n := strings.Count(f.log.String(), "a handler panicked"); n != 1 {
		t.Errorf("the panic is logged %d times, want once", n)
	}
	if w := f.do("GET", base+"/pkg", "Authorization", "Bearer "+goodToken); w.Code != 200 {
		t.Errorf("afterwards: got %d, want 200", w.Code)
	}
}

func TestMetricLabelsAreBounded(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.MetricsFrom = prefixes("192.0.2.1/32"); o.Limits.FailedLogins = -1 })
	before := series(t, f)
	for i := range 300 {
		token := []string{"Bearer " + goodToken, "Bearer x"}[i%2]
		for _, target := range []string{
			fmt.Sprintf("%s/pkg-%d", base, i), fmt.Sprintf("%s/a/%d/c", base, i),
			fmt.Sprintf("/team-%012d/npm/r-%d/pkg", i, i),
			fmt.Sprintf("/d-%d-%s/npm/shared/pkg", i, owner), fmt.Sprintf("/team-%s/f%d/shared/pkg", owner, i),
			fmt.Sprintf("/v1/op-%d", i), fmt.Sprintf("/unknown/%d", i), fmt.Sprintf("/unclean/%%%02x/..", i%256),
		} {
			f.do([]string{"GET", "PUT", fmt.Sprintf("M%d", i)}[i%3], target,
				"Authorization", token, "User-Agent", fmt.Sprint(i))
		}
		f.do("POST", "/", "Authorization", signature(fmt.Sprintf("service%d", i), "right"))
	}
	after := series(t, f)
	if after-before > 250 {
		t.Errorf("300 names of everything made %d series out of %d", after, before)
	}
	w := f.do("GET", "/metrics")
	for _, want := range []string{
		`entrepot_http_requests_total{class="2xx",door="format",format="npm",route="GET /{package}"}`,
		`entrepot_http_refused_total{code="dot-segment"}`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	if strings.Contains(w.Body.String(), "pkg-1") || strings.Contains(w.Body.String(), "service1") {
		t.Error("what clients sent is in a label")
	}
}

func series(t *testing.T, f *fixture) (n int) {
	t.Helper()
	families, err := f.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		n += len(f.Metric)
	}
	return n
}

func TestReadinessFollowsTheChecks(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var broken error
	ran := 0
	folder := t.TempDir()
	f := newFixture(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Checks = []Check{FolderWritable(folder), {"catalog", func(context.Context) error { ran++; return broken }}}
	})
	if w := f.do("GET", "/readyz"); w.Code != 200 {
		t.Fatalf("got %d %s, want 200", w.Code, w.Body)
	}
	broken = errors.New("the disk says secret things")
	if f.do("GET", "/readyz"); ran != 1 {
		t.Errorf("the checks ran %d times within a second, want once", ran)
	}
	now = now.Add(2 * checkAge)
	w := f.do("GET", "/readyz")
	if w.Code != 503 || !strings.Contains(w.Body.String(), "Not ready: catalog.") ||
		strings.Contains(w.Body.String(), "secret") {
		t.Errorf("got %d %s, want 503 that names the check only", w.Code, w.Body)
	}
	if w := f.do("GET", "/healthz"); w.Code != 200 {
		t.Errorf("health: got %d, want 200", w.Code)
	}
	if err := FolderWritable(folder + "/gone").Run(t.Context()); err == nil {
		t.Error("a folder that is not there is writable")
	}
}

// BenchmarkRequest is what the server itself takes of a request, without and with a meter.
func BenchmarkRequest(b *testing.B) {
	networks, err := usage.ParseNetworks("us-east-1", []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1"})
	if err != nil {
		b.Fatal(err)
	}
	meter := metering.New(metering.Options{Networks: networks, Now: time.Now, NewID: func() string { return "m" }})
	for _, row := range []struct {
		name  string
		meter Meter
	}{{"unmetered", nil}, {"metered", meter}} {
		b.Run(row.name, func(b *testing.B) {
			f := newFixture(b, func(o *Options) { o.Log, o.Meter = slog.New(slog.DiscardHandler), row.meter })
			r := httptest.NewRequest("GET", base+"/@acme%2fwidget", nil)
			r.Host = "packages.example.test:8090"
			r.Header.Set("Authorization", "Bearer "+goodToken)
			b.ReportAllocs()
			for b.Loop() {
				f.ServeHTTP(timeless{httptest.NewRecorder()}, r)
			}
		})
	}
}
