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
	"path"
	"testing"

	"entrepot/conformance/jsonmatch"
	"entrepot/e2e/fakenpm"
)

// fixture is a server over npm's registry, for tests written in Go.
type fixture struct {
	*connected
	registry *fakenpm.Registry
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	registry, err := fakenpm.New()
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{newConnected(t, "npm", registry), registry}
}

// tarballURL is where a repository serves a version.
func (f *fixture) tarballURL(repository, name, number string) string {
	return f.endpoint(domain, repository) + name + "/-/" + path.Base(name) + "-" + number + ".tgz"
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
		token, err := jsonmatch.Pointer(answer, "/nextToken")
		if err != nil {
			return all, nil // the last page has none
		}
		next = "&next-token=" + token
	}
}
