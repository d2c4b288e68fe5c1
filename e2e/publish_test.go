package e2e

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"testing"

	"entrepot/conformance/jsonmatch"
	"entrepot/e2e/fakenpm"
)

func widget(number string, content string) fakenpm.Package {
	return fakenpm.Package{Name: "@team/widget", Version: number, Files: map[string][]byte{"index.js": []byte(content)}}
}

// revision is the revision of a version in my-repo.
func (f *fixture) revision(name, number string) string {
	f.t.Helper()
	at := "/v1/package/version?domain=my-domain&repository=my-repo" + coordinates(name) + "&version=" + number
	answer, err := f.do(f.t.Context(), "GET", at, "")
	f.must(err)
	revision, err := jsonmatch.Pointer(answer, "/packageVersion/revision")
	f.must(err)
	return revision
}

func TestPublishingTheSameBytesAgainChangesNothing(t *testing.T) {
	f := newFixture(t)
	first, status, err := f.publish(t.Context(), widget("1.0.0", "one"))
	if err != nil || status >= 300 {
		t.Fatalf("got status %d (%v) for the first publish", status, err)
	}
	revision := f.revision("@team/widget", "1.0.0")
	if _, status, err = f.publish(t.Context(), widget("1.0.0", "one")); err != nil || status >= 300 {
		t.Errorf("got status %d (%v) for the same bytes again, want success: clients try again after a lost answer", status, err)
	}
	if _, status, err = f.publish(t.Context(), widget("1.0.0", "two")); err != nil || status != http.StatusConflict {
		t.Errorf("got status %d (%v) for other bytes, want 409", status, err)
	}
	if got := f.revision("@team/widget", "1.0.0"); got != revision {
		t.Errorf("got revision %s, want still %s", got, revision)
	}
	if _, body, err := f.fetch(t.Context(), f.tarballURL("my-repo", "@team/widget", "1.0.0")); !bytes.Equal(body, first) {
		t.Errorf("got %d bytes (%v), want the %d first published", len(body), err, len(first))
	}
}

func TestOfManyWhoPublishOneVersionOneWins(t *testing.T) {
	f := newFixture(t)
	const rivals = 20
	var mu sync.Mutex
	var won [][]byte
	var all sync.WaitGroup
	for i := range rivals {
		all.Go(func() {
			tarball, status, err := f.publish(t.Context(), widget("1.0.0", string(noise(uint64(i), 100))))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && status < 300:
				won = append(won, tarball)
			case err != nil || status != http.StatusConflict:
				t.Errorf("got status %d (%v), want success or 409", status, err)
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Fatalf("got %d who were told they had published, want 1", len(won))
	}
	if _, body, err := f.fetch(t.Context(), f.tarballURL("my-repo", "@team/widget", "1.0.0")); !bytes.Equal(body, won[0]) {
		t.Errorf("got %d bytes (%v), want the winner's", len(body), err)
	}
	if wrong := f.halves("widget"); len(wrong) > 0 {
		t.Error(wrong)
	}
}

func TestAPublishThatIsCutOffLeavesNothing(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	document := bytes.NewReader(bytes.Join([][]byte{
		[]byte(`{"_id":"half","name":"half","dist-tags":{"latest":"1.0.0"},` +
			`"versions":{"1.0.0":{"name":"half","version":"1.0.0"}},"_attachments":{"half-1.0.0.tgz":{"content_type":"application/octet-stream","data":"`),
		bytes.Repeat([]byte("QUJD"), 1<<16),
	}, nil))
	address := f.endpoint(domain, "my-repo") + "half"
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, &cutOff{document, cancel})
	f.must(err)
	req.ContentLength = 1 << 20
	req.Header.Set("Authorization", "Bearer "+f.bearer)
	if resp, err := client.Do(req); err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode < 400 {
			t.Errorf("got status %d for half a document, want a refusal", resp.StatusCode)
		}
	}
	packages, err := f.list(t.Context(), "/v1/packages?domain=my-domain&repository=my-repo", "packages")
	f.must(err)
	if len(packages) > 0 {
		t.Errorf("got %v, want nothing", packages)
	}
	status, _, err := f.fetch(t.Context(), f.tarballURL("my-repo", "half", "1.0.0"))
	if err != nil || status != http.StatusNotFound {
		t.Errorf("got status %d (%v), want 404", status, err)
	}
}

// cutOff is a body whose sender vanishes at its end.
type cutOff struct {
	*bytes.Reader
	vanish context.CancelFunc
}

func (c *cutOff) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err != nil {
		c.vanish()
	}
	return n, err
}
