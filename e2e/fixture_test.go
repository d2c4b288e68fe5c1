package e2e

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"testing"

	"entrepot/e2e/fakenpm"
)

// fixture is a server with the walk's three repositories over a registry of the test's own, for tests written in Go.
type fixture struct {
	*instance
	t        *testing.T
	registry *fakenpm.Registry
	public   *httptest.Server // what serves the registry
	bearer   string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	registry, err := fakenpm.New()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	f := &fixture{
		t: t, registry: registry, public: httptest.NewServer(registry),
		instance: &instance{
			binary: entrepot, data: filepath.Join(folder, "data"),
			env: []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH"), haltOnRace},
		},
	}
	t.Cleanup(func() {
		f.crash()
		f.hangUp()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", f.log.String())
		}
	})
	f.must(f.open())
	f.must(f.build(t.Context(), "npm"))
	f.bearer, err = f.token(t.Context(), domain)
	f.must(err)
	return f
}

// open starts the server with the test's registry behind npm-store. What the registry says is fresh for as long as any test
// takes, so that what is counted does not depend on how fast the machine is.
func (f *fixture) open() error {
	return f.start("--upstream", "npmjs="+f.public.URL, "--set", "log-level=warn", "--set", "fetch-freshness=1h")
}

// hangUp ends the registry's server with every connection to it, so that nothing arrives any more that was asked before.
func (f *fixture) hangUp() {
	f.public.CloseClientConnections()
	f.public.Close()
}

// moveRegistry has the registry served from another address, for a server that is started after it.
func (f *fixture) moveRegistry() {
	f.hangUp()
	f.public = httptest.NewServer(f.registry)
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// tarballURL is where a repository serves a version.
func (f *fixture) tarballURL(repository, name, number string) string {
	return f.endpoint(domain, repository) + name + "/-/" + path.Base(name) + "-" + number + ".tgz"
}

// fetch asks for a URL with the token. The error is of a body that did not come whole.
func (f *fixture) fetch(ctx context.Context, url string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+f.bearer)
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// publish sends the document that npm publish sends.
func (f *fixture) publish(ctx context.Context, p fakenpm.Package) (tarball []byte, status int, err error) {
	return f.publishSaying(ctx, p, nil)
}

// publishSaying is publish with further members of the version.
func (f *fixture) publishSaying(ctx context.Context, p fakenpm.Package, members map[string]any) (tarball []byte, status int,
	err error) {
	tarball, err = p.Pack()
	if err != nil {
		return nil, 0, err
	}
	sum := sha512.Sum512(tarball)
	version := map[string]any{
		"name": p.Name, "version": p.Version, "_id": p.Name + "@" + p.Version,
		"dist": map[string]string{"integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:])},
	}
	maps.Copy(version, members)
	document, err := json.Marshal(map[string]any{
		"_id": p.Name, "name": p.Name, "dist-tags": map[string]string{"latest": p.Version},
		"versions": map[string]any{p.Version: version},
		"_attachments": map[string]any{p.Name + "-" + p.Version + ".tgz": map[string]any{
			"content_type": "application/octet-stream", "data": tarball, "length": len(tarball),
		}},
	})
	if err != nil {
		return nil, 0, err
	}
	address := f.endpoint(domain, "my-repo") + p.Name
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(document))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+f.bearer)
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
func (f *fixture) list(ctx context.Context, path, member string) ([]map[string]any, error) {
	var all []map[string]any
	for next := ""; ; {
		answer, err := f.do(ctx, "POST", path+next, "")
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
