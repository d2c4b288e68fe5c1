package e2e

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"testing"

	"entrepot/e2e/fakenpm"
)

// world is a server with the walk's three repositories over a registry of the test's own, for tests written in Go.
type world struct {
	*house
	t        *testing.T
	registry *fakenpm.Registry
	upstream string
	bearer   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	registry, err := fakenpm.New()
	if err != nil {
		t.Fatal(err)
	}
	public := httptest.NewServer(registry)
	folder := t.TempDir()
	w := &world{
		t: t, registry: registry, upstream: public.URL,
		house: &house{
			binary: entrepot, data: filepath.Join(folder, "data"),
			env: []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH"), haltOnRace},
		},
	}
	t.Cleanup(func() {
		w.crash()
		public.CloseClientConnections()
		public.Close()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", w.log.String())
		}
	})
	w.must(w.open())
	w.must(w.build(t.Context()))
	w.bearer, err = w.token(t.Context(), domain)
	w.must(err)
	return w
}

// open starts the server with the test's registry behind npm-store.
func (w *world) open() error {
	return w.start("--upstream", "npmjs="+w.upstream, "--set", "log-level=warn")
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// tarballURL is where a repository serves a version.
func (w *world) tarballURL(repository, name, number string) string {
	return w.endpoint(domain, repository) + name + "/-/" + path.Base(name) + "-" + number + ".tgz"
}

// fetch asks for a URL with the token. The error is of a body that did not come whole.
func (w *world) fetch(ctx context.Context, url string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// publish sends the document that npm publish sends.
func (w *world) publish(ctx context.Context, p fakenpm.Package) (tarball []byte, status int, err error) {
	tarball, err = p.Pack()
	if err != nil {
		return nil, 0, err
	}
	sum := sha512.Sum512(tarball)
	document, err := json.Marshal(map[string]any{
		"_id": p.Name, "name": p.Name, "dist-tags": map[string]string{"latest": p.Version},
		"versions": map[string]any{p.Version: map[string]any{
			"name": p.Name, "version": p.Version, "_id": p.Name + "@" + p.Version,
			"dist": map[string]string{"integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:])},
		}},
		"_attachments": map[string]any{p.Name + "-" + p.Version + ".tgz": map[string]any{
			"content_type": "application/octet-stream", "data": tarball, "length": len(tarball),
		}},
	})
	if err != nil {
		return nil, 0, err
	}
	address := w.endpoint(domain, "my-repo") + p.Name
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(document))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	if _, err = io.Copy(io.Discard, resp.Body); err != nil {
		return nil, 0, err
	}
	return tarball, resp.StatusCode, nil
}

// list goes through the pages of a list operation and returns the values of one member's elements.
func (w *world) list(ctx context.Context, path, member string) ([]map[string]any, error) {
	var all []map[string]any
	for next := ""; ; {
		answer, err := w.do(ctx, "POST", path+next, "")
		if err != nil {
			return nil, err
		}
		page := map[string]json.RawMessage{}
		if err := json.Unmarshal(answer, &page); err != nil {
			return nil, err
		}
		var rows []map[string]any
		if err := json.Unmarshal(page[member], &rows); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", member, path, err)
		}
		all = append(all, rows...)
		token, err := pointer(answer, "/nextToken")
		if err != nil {
			return all, nil // the last page has none
		}
		next = "&next-token=" + token
	}
}
