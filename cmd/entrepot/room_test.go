package main

import (
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/config"
	"entrepot/freespace"

	"github.com/prometheus/client_golang/prometheus"
)

// smallDisk is a file system with as much room as the test says.
type smallDisk struct{ free, freeFiles atomic.Int64 }

const mib = 1 << 20

func (d *smallDisk) read(string) (freespace.Reading, error) {
	return freespace.Reading{Free: d.free.Load(), Size: 10_000 * mib, FreeFiles: d.freeFiles.Load(), Files: 100_000}, nil
}

// startedOn is a server over a folder on the disk.
func startedOn(t *testing.T, d *smallDisk) *app {
	t.Helper()
	return startedWith(t, d, settings(filepath.Join(t.TempDir(), "data")))
}

func startedWith(t *testing.T, d *smallDisk, c config.Config) *app {
	t.Helper()
	d.free.Store(1000 * mib)
	d.freeFiles.Store(50_000)
	a, err := assemble(t.Context(), &app{config: c, log: slog.New(slog.DiscardHandler), metrics: prometheus.NewRegistry(), free: d.read})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.stop(t) })
	return a
}

// TestADiskThatIsNearlyFullTakesNothingNewAndGoesOn publishes, runs out of room, and gets room again, without a restart.
func TestADiskThatIsNearlyFullTakesNothingNewAndGoesOn(t *testing.T) {
	d := &smallDisk{}
	a := startedOn(t, d)
	a.fill(t, "d1")
	npm := func(method, target, body string) answer {
		r := request(t, method, "/d1-"+a.config.Account+"/npm/r1/"+target, body)
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("aws:"+a.token(t))))
		return a.send(t, r)
	}
	const publication = `{"_id":"own","name":"own","versions":{"1.0.0":{"name":"own","version":"1.0.0","dist":{}}},` +
		`"dist-tags":{"latest":"1.0.0"},"_attachments":{"own-1.0.0.tgz":{"data":"aGk="}}}`
	generic := func() answer {
		return a.signed(t, "POST", "/v1/package/version/publish?domain=d1&repository=r1&format=generic&namespace=a&package=b&"+
			"version=1&asset=c", "bytes")
	}

	d.free.Store(64*mib - 1)
	w := npm("PUT", "own", publication)
	if w.status != http.StatusServiceUnavailable || !strings.Contains(string(w.body), "The disk of the server is nearly full") ||
		!strings.Contains(string(w.body), "Delete what nobody needs") {
		t.Errorf("npm publish: got %d %s, want 503 that says why and what to do", w.status, w.body)
	}
	w = generic()
	if w.status != http.StatusServiceUnavailable || !strings.Contains(string(w.body), "The disk of the server is nearly full") {
		t.Errorf("PublishPackageVersion: got %d %s, want 503 that says why", w.status, w.body)
	}
	a.serves(t, "d1", "1.0.0")
	if w := npm("GET", "left/-/left-1.0.0.tgz", ""); w.status != http.StatusOK || string(w.body) != "bytes of 1.0.0" {
		t.Errorf("npm: got %d %s, want what is kept", w.status, w.body)
	}
	ready := a.send(t, request(t, "GET", "/readyz", ""))
	if ready.status != http.StatusOK || !strings.Contains(string(ready.body), "read-only: The disk of the server is nearly full") {
		t.Errorf("/readyz: got %d %s, want it ready with a note", ready.status, ready.body)
	}
	a.figures(t, map[string]float64{"entrepot_data_low": 1, "entrepot_data_free_bytes": 64*mib - 1})
	w = a.signed(t, "DELETE", "/v1/package?domain=d1&repository=r1&format=npm&package=left", "")
	if w.status != http.StatusOK {
		t.Errorf("DeletePackage: got %d %s", w.status, w.body)
	}

	d.free.Store(1000 * mib)
	if w := generic(); w.status != http.StatusOK {
		t.Errorf("PublishPackageVersion with room again: got %d %s", w.status, w.body)
	}
	a.publish(t, "d1", "3.0.0")
	a.serves(t, "d1", "3.0.0")
	a.figures(t, map[string]float64{"entrepot_data_low": 0})

	d.freeFiles.Store(1000)
	if w := generic(); w.status != http.StatusServiceUnavailable || !strings.Contains(string(w.body), "1000 more files") {
		t.Errorf("with few inodes: got %d %s, want 503 that says why", w.status, w.body)
	}
	d.freeFiles.Store(50_000)
	if ready := a.send(t, request(t, "GET", "/readyz", "")); string(ready.body) != "ok\n" {
		t.Errorf("/readyz with room again: got %s", ready.body)
	}
}

func TestDocumentsOfRegistriesAreTakenAWhileLonger(t *testing.T) {
	d := &smallDisk{}
	a := startedOn(t, d)
	for free, want := range map[int64]bool{64*mib - 1: true, 32 * mib: true, 32*mib - 1: false, 0: false} {
		d.free.Store(free)
		draft, err := a.documents.Create(t.Context())
		if err == nil {
			_ = draft.Discard()
		}
		if taken := err == nil; taken != want || !taken && !artifact.Is(err, artifact.Unavailable) {
			t.Errorf("with %d bytes free: taken=%v, %v, want %v", free, taken, err, want)
		}
	}
}

// TestWhileRoomIsLowOrphansAreCollectedEveryMinute looks as the server does.
func TestWhileRoomIsLowOrphansAreCollectedEveryMinute(t *testing.T) {
	d := &smallDisk{}
	d.free.Store(1000 * mib)
	d.freeFiles.Store(50_000)
	var log strings.Builder
	r, err := openRoom(t.TempDir(), config.Default().Limits, d.read, slog.New(slog.NewTextHandler(&log, nil)),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	look := func(free int64, after time.Duration, collects bool) {
		t.Helper()
		d.free.Store(free)
		now = now.Add(after)
		r.look(t.Context(), now)
		collected := len(r.collect) > 0
		for len(r.collect) > 0 {
			<-r.collect
		}
		if collected != collects {
			t.Errorf("with %d bytes free: orphans are collected: %v, want %v", free, collected, collects)
		}
	}
	look(1000*mib, 0, false)
	look(mib, time.Second, true)
	look(mib, 59*time.Second, false)
	look(mib, time.Second, true)
	look(1000*mib, time.Hour, false)
	for _, want := range []string{"the disk is nearly full; nothing new is taken", "there is room again"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("the log says %q %d times, want once", want, n)
		}
	}
}

// token gets an authorization token for d1.
func (a *app) token(t *testing.T) string {
	t.Helper()
	w := a.signed(t, "POST", "/v1/authorization-token?domain=d1", "")
	_, rest, ok := strings.Cut(string(w.body), `"authorizationToken":"`)
	token, _, _ := strings.Cut(rest, `"`)
	if w.status != http.StatusOK || !ok {
		t.Fatalf("GetAuthorizationToken: got %d %s", w.status, w.body)
	}
	return token
}

// figures wants gauges of these values.
func (a *app) figures(t *testing.T, want map[string]float64) {
	t.Helper()
	families, err := a.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if value, asked := want[f.GetName()]; asked && f.Metric[0].GetGauge().GetValue() != value {
			t.Errorf("%s: got %v, want %v", f.GetName(), f.Metric[0].GetGauge().GetValue(), value)
		}
		delete(want, f.GetName())
	}
	for name := range want {
		t.Errorf("there is no %s", name)
	}
}

// registry is a public one that has left-pad.
func registry(t *testing.T) *httptest.Server {
	t.Helper()
	const tarball = "not a tarball, and nobody unpacks it here"
	sum := sha512.Sum512([]byte(tarball))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/left-pad":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"name":"left-pad","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"left-pad",`+
				`"version":"1.0.0","dist":{"tarball":"http://%s/left-pad/-/left-pad-1.0.0.tgz","integrity":"sha512-%s"}}}}`,
				r.Host, base64.StdEncoding.EncodeToString(sum[:]))
		case "/left-pad/-/left-pad-1.0.0.tgz":
			_, _ = io.WriteString(w, tarball)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// What is not kept yet needs room: whoever asks for it is told so, and gets it once there is some.
func TestADownloadThatIsNotKeptYetSaysThatTheDiskIsNearlyFull(t *testing.T) {
	d := &smallDisk{}
	c := settings(filepath.Join(t.TempDir(), "data"))
	c.Upstreams["npmjs"] = config.Upstream{URL: registry(t).URL}
	a := startedWith(t, d, c)
	for _, call := range []string{"domain?domain=d1", "repository?domain=d1&repository=r1",
		"repository/external-connection?domain=d1&repository=r1&external-connection=public:npmjs"} {
		if w := a.signed(t, "POST", "/v1/"+call, ""); w.status != http.StatusOK {
			t.Fatalf("%s: got %d %s", call, w.status, w.body)
		}
	}
	get := func(target string) answer {
		r := request(t, "GET", "/d1-"+a.config.Account+"/npm/r1/"+target, "")
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("aws:"+a.token(t))))
		return a.send(t, r)
	}
	const tarball = "left-pad/-/left-pad-1.0.0.tgz"
	for _, free := range []int64{64*mib - 1, 0} { // with room for documents, and without
		d.free.Store(free)
		if w := get(tarball); w.status != http.StatusServiceUnavailable ||
			!strings.Contains(string(w.body), "The disk of the server is nearly full") {
			t.Errorf("with %d bytes free: got %d %s, want 503 that says why", free, w.status, w.body)
		}
	}
	d.free.Store(1000 * mib)
	if w := get(tarball); w.status != http.StatusOK {
		t.Errorf("with room again: got %d %s", w.status, w.body)
	}
	d.free.Store(0)
	if w := get(tarball); w.status != http.StatusOK {
		t.Errorf("kept by now: got %d %s", w.status, w.body)
	}
	if w := get("left-pad"); w.status != http.StatusOK {
		t.Errorf("its index: got %d %s", w.status, w.body)
	}
}
