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
	"strings"
	"testing"
)

// connected is a server with the walk's three repositories over a public registry of the test's own, and beside them the
// repository own, which has no upstream.
type connected struct {
	*instance
	t      *testing.T
	format string
	public *httptest.Server
	bearer string
}

func newConnected(t *testing.T, format string, public http.Handler) *connected {
	t.Helper()
	folder := t.TempDir()
	f := &connected{t: t, format: format, public: httptest.NewServer(public), instance: &instance{
		binary: entrepot, data: filepath.Join(folder, "data"),
		env: []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH"), haltOnRace},
	}}
	t.Cleanup(func() {
		f.crash()
		f.public.Close()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", f.log.String())
		}
	})
	source := kinds[format].connection + "=" + f.public.URL + kinds[format].path
	f.must(f.start("--upstream", source, "--set", "log-level=warn"))
	f.must(f.build(t.Context(), format))
	_, err := f.do(t.Context(), "POST", "/v1/repository?repository=own&domain="+domain, "{}")
	f.must(err)
	f.bearer, err = f.token(t.Context(), domain)
	f.must(err)
	return f
}

func (f *connected) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// at is where a repository serves the format; it ends with a slash.
func (f *connected) at(repository string) string { return f.endpointOf(f.format, domain, repository) }

// fetch asks for an address, with the token if it is the server's. The error is of a body that did not come whole.
func (f *connected) fetch(ctx context.Context, address, accept string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept", accept)
	if strings.HasPrefix(address, f.url) {
		req.SetBasicAuth("aws", f.bearer)
	}
	resp, err := client.Do(req)
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
	status, got, err := f.fetch(f.t.Context(), address, "*/*")
	if err != nil || !bytes.Equal(got, want) {
		return fmt.Sprintf("%s: got status %d with %d bytes (%v), want %d: %.200q", filepath.Base(file), status, len(got), err,
			len(want), got)
	}
	return ""
}
