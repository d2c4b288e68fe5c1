package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMemoryFallsAfterAPeak has clients send large documents at once and waits for the server to be small again.
func TestMemoryFallsAfterAPeak(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, _, err := f.publish(t.Context(), widget("1.0.0", "one")); err != nil {
		t.Fatal(err)
	}
	before := f.memory(t, "VmRSS")
	versions := map[string]any{}
	for n := range 7 {
		versions[fmt.Sprintf("2.%d.0", n)] = map[string]any{"extra": strings.Repeat("large ", 600_000)}
	}
	document, err := json.Marshal(map[string]any{"_id": "@team/widget", "name": "@team/widget", "versions": versions})
	f.must(err)
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, f.endpoint(domain, "my-repo")+"@team%2fwidget",
				bytes.NewReader(document))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+f.bearer)
			resp, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			text, _ := io.ReadAll(resp.Body)
			if resp.StatusCode >= 500 {
				t.Errorf("got %s %s", resp.Status, text)
			}
		})
	}
	all.Wait()
	peak := f.memory(t, "VmHWM")
	const room = 48 << 20
	if peak < before+2*room {
		t.Fatalf("the peak was only %d MiB, from %d", peak>>20, before>>20)
	}
	for end := time.Now().Add(100 * time.Second); ; time.Sleep(time.Second) {
		now := f.memory(t, "VmRSS")
		if now < before+room {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("from %d MiB the server's memory rose to %d and still is %d", before>>20, peak>>20, now>>20)
		}
	}
}
