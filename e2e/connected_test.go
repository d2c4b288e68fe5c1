package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// connected is a server with the walk's three repositories over a public registry of the test's own.
type connected struct {
	*instance
	t        *testing.T
	format   string
	registry http.Handler
	public   *httptest.Server // what serves the registry
	flags    []string         // of the server, besides those of open
	bearer   string
}

func newConnected(t *testing.T, format string, registry http.Handler, flags ...string) *connected {
	t.Helper()
	folder := t.TempDir()
	f := &connected{
		t: t, format: format, registry: registry, public: httptest.NewServer(registry), flags: flags,
		instance: &instance{
			binary: entrepot, data: filepath.Join(folder, "data"), client: client,
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
	f.must(f.build(t.Context(), format))
	var err error
	f.bearer, err = f.token(t.Context(), domain)
	f.must(err)
	return f
}

// open starts the server with the test's registry behind the store. What the registry says is fresh for as long as any test
// takes, so that what is counted does not depend on how fast the machine is.
func (f *connected) open() error {
	source := kinds[f.format].connection + "=" + f.public.URL + kinds[f.format].path
	return f.start(append([]string{"--upstream", source, "--set", "log-level=warn", "--set", "fetch-freshness=1h"}, f.flags...)...)
}

// hangUp ends the registry's server with every connection to it, so that nothing arrives any more that was asked before.
func (f *connected) hangUp() {
	f.public.CloseClientConnections()
	f.public.Close()
}

// moveRegistry has the registry served from another address, for a server that is started after it.
func (f *connected) moveRegistry() {
	f.hangUp()
	f.public = httptest.NewServer(f.registry)
}

func (f *connected) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// at is where a repository serves the format; it ends with a slash.
func (f *connected) at(repository string) string { return f.endpointOf(f.format, domain, repository) }

// fetch asks for an address with the token, and with header, names and values in turn. The error is of a body that did not come
// whole.
func (f *connected) fetch(ctx context.Context, address string, header ...string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+f.bearer)
	for pair := range slices.Chunk(header, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// unlike says why what an address serves is not the file; an empty text if it is.
func (f *connected) unlike(address, file string) string {
	f.t.Helper()
	want, err := os.ReadFile(file)
	f.must(err)
	status, got, err := f.fetch(f.t.Context(), address)
	if err != nil || !bytes.Equal(got, want) {
		return fmt.Sprintf("%s: got status %d with %d bytes (%v), want %d: %.200q", filepath.Base(file), status, len(got), err,
			len(want), got)
	}
	return ""
}
