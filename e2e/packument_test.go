package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
)

// TestALargePackumentIsReadInBoundedMemory publishes a package whose packument does not fit into memory as it may be used,
// ENTREPOT_PACKUMENT versions of nearly 2 MB each, and has ten clients read it at once, with gzip and without.
func TestALargePackumentIsReadInBoundedMemory(t *testing.T) {
	versions := 40
	if text := os.Getenv("ENTREPOT_PACKUMENT"); text != "" {
		var err error
		if versions, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	f := newFixture(t)
	const said = 1_900_000 // bytes of a version's manifest
	for n := range versions {
		extra := base64.StdEncoding.EncodeToString(noise(uint64(n), said/4*3))
		_, status, err := f.publishSaying(t.Context(), widget(fmt.Sprintf("1.%d.0", n), "code"), map[string]any{"extra": extra})
		if err != nil || status >= 300 {
			t.Fatalf("version %d: got status %d (%v)", n, status, err)
		}
	}
	f.must(f.signal())
	f.must(f.wait())
	f.must(f.open()) // what publishing took is no part of what reading takes
	var err error
	f.bearer, err = f.token(t.Context(), domain)
	f.must(err)
	before := f.peakMemory(t)
	for _, readers := range []int{1, 10} {
		var all sync.WaitGroup
		for n := range readers {
			all.Go(func() {
				encoding := []string{"gzip", "identity"}[n%2]
				if size, err := f.packument(t.Context(), "@team%2fwidget", encoding); err != nil || size < int64(versions)*said/2 {
					t.Errorf("%s: got %d bytes (%v)", encoding, size, err)
				}
			})
		}
		all.Wait()
		after := f.peakMemory(t)
		t.Logf("%d readers of %d MB: from %d to %d MiB", readers, versions*said/1_000_000, before>>20, after>>20)
		const room = 128 << 20 // a document that is held takes three times as much
		if after-before > room {
			t.Errorf("%d readers: the server's memory rose from %d to %d MiB", readers, before>>20, after>>20)
		}
	}
}

// packument reads a package's document under an encoding and returns how many bytes came.
func (f *fixture) packument(ctx context.Context, name, encoding string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.endpoint(domain, "my-repo")+name, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+f.bearer)
	req.Header.Set("Accept-Encoding", encoding)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("got %s", resp.Status)
	}
	return io.Copy(io.Discard, resp.Body)
}
