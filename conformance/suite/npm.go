package suite

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// npmPackage is a version that is published in a repository, as npm publishes it: the API takes generic packages only.
type npmPackage struct {
	repository, name, version string
	manifest                  map[string]any // members beside name and version
	readme                    string
}

// pack makes the tarball.
func (p npmPackage) pack(manifest []byte) ([]byte, error) {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	files := map[string][]byte{"package/package.json": manifest}
	if p.readme != "" {
		files["package/README.md"] = []byte(p.readme)
	}
	for name, content := range files {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return nil, err
		}
		if _, err := archive.Write(content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err := zipped.Close()
	return packed.Bytes(), err
}

// document is what npm publish sends.
func (p npmPackage) document() ([]byte, error) {
	manifest := map[string]any{"name": p.name, "version": p.version}
	for name, value := range p.manifest {
		manifest[name] = value
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	tarball, err := p.pack(text)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(tarball)
	manifest["_id"] = p.name + "@" + p.version
	manifest["dist"] = map[string]string{"integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
	return json.Marshal(map[string]any{
		"_id": p.name, "name": p.name, "dist-tags": map[string]string{"latest": p.version},
		"versions": map[string]any{p.version: manifest},
		"_attachments": map[string]any{p.name + "-" + p.version + ".tgz": map[string]any{
			"content_type": "application/octet-stream", "data": tarball, "length": len(tarball),
		}},
	})
}

// publish sends it to the repository's endpoint, which ends with a slash.
func (p npmPackage) publish(ctx context.Context, client *noter, endpoint, token string) error {
	document, err := p.document()
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, endpoint+p.name, bytes.NewReader(document))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusMultipleChoices {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return fmt.Errorf("publish %s %s: got %s: %s", p.name, p.version, answer.Status, said)
	}
	return nil
}

// readPackages are what all clients read of my-repo in the domain that they share.
var readPackages = []npmPackage{
	{repository: "my-repo", name: "@acme/hello", version: "1.0.0", manifest: map[string]any{
		"description": "says hello", "license": "MIT", "homepage": "https://hello.example.test/",
		"repository":   "https://code.example.test/hello.git",
		"dependencies": map[string]string{"left": "^1.0.0", "@acme/base": "2"}, "devDependencies": map[string]string{"up": "1"}}},
	{repository: "my-repo", name: "@acme/hello", version: "1.1.0"},
	{repository: "my-repo", name: "plain", version: "2.0.0", readme: "# plainly\n"},
}
