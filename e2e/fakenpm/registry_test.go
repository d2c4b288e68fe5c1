package fakenpm

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"entrepot/e2e/fakeregistry"
)

func serve(t *testing.T) (*Registry, *httptest.Server) {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	err = r.Load(fstest.MapFS{
		"left/1.0.0/package.json":       {Data: []byte(`{"name":"left","version":"1.0.0","scripts":{"test":"true"}}`)},
		"left/1.0.0/index.js":           {Data: []byte("module.exports = 1\n")},
		"@acme/deep/2.0.0/package.json": {Data: []byte(`{"name":"@acme/deep","version":"2.0.0"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s
}

func get(t *testing.T, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp, nil
	}
	return resp, body
}

func TestATarballIsWhatThePackumentPromises(t *testing.T) {
	for _, name := range []string{"left", "@acme%2fdeep", "@acme/deep"} {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t)
			_, body := get(t, s.URL+"/"+name)
			var doc struct {
				Versions map[string]struct {
					Scripts map[string]string
					Dist    struct{ Tarball, Integrity string }
				}
			}
			if err := json.Unmarshal(body, &doc); err != nil || len(doc.Versions) != 1 {
				t.Fatalf("got %s (%v), want one version", body, err)
			}
			for _, v := range doc.Versions {
				_, tarball := get(t, v.Dist.Tarball)
				sum := sha512.Sum512(tarball)
				if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != v.Dist.Integrity {
					t.Errorf("got bytes with %s, want %s", got, v.Dist.Integrity)
				}
			}
		})
	}
}

func TestTheShortFormLeavesScriptsOutAndIsRevalidated(t *testing.T) {
	_, s := serve(t)
	const short = "application/vnd.npm.install-v1+json"
	resp, body := get(t, s.URL+"/left", "Accept", short)
	if resp.Header.Get("Content-Type") != short || bytes.Contains(body, []byte("scripts")) {
		t.Errorf("got %s %s, want the short form", resp.Header.Get("Content-Type"), body)
	}
	again, _ := get(t, s.URL+"/left", "Accept", short, "If-None-Match", resp.Header.Get("Etag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("got %d with the ETag, want 304", again.StatusCode)
	}
}

func TestFaultsChangeWhatIsServed(t *testing.T) {
	for name, fault := range Faults {
		t.Run(name, func(t *testing.T) {
			r, s := serve(t)
			_, document := get(t, s.URL+"/left")
			_, tarball := get(t, s.URL+"/left/-/left-1.0.0.tgz")
			r.Fail(fault)
			_, documentNow := get(t, s.URL+"/left")
			_, tarballNow := get(t, s.URL+"/left/-/left-1.0.0.tgz")
			same := bytes.Equal(document, documentNow) && bytes.Equal(tarball, tarballNow)
			if honest := name == "none" || name == "slow"; same != honest {
				t.Errorf("got the same answers: %t, want %t", same, honest)
			}
			if name == "bytes" && len(tarball) != len(tarballNow) {
				t.Errorf("got %d bytes, want as many as the honest %d", len(tarballNow), len(tarball))
			}
		})
	}
}

func TestWhatIsNotOnOfferIsNotFound(t *testing.T) {
	r, s := serve(t)
	for _, path := range []string{"/nothing", "/left/-/left-9.9.9.tgz", "/-/npm/v1/attestations/left@1.0.0", "/-/whoami"} {
		for name, fault := range map[string]fakeregistry.Fault{"none": fakeregistry.None, "slow": Faults["slow"]} {
			r.Fail(fault)
			if resp, _ := get(t, s.URL+path); resp.StatusCode != http.StatusNotFound {
				t.Errorf("got %d for %s with fault %s, want 404", resp.StatusCode, path, name)
			}
		}
	}
}

func TestEveryRequestIsCounted(t *testing.T) {
	r, s := serve(t)
	for range 3 {
		get(t, s.URL+"/@acme%2Fdeep")
	}
	get(t, s.URL+"/nothing")
	asked := r.Asked()
	if asked["GET /@acme%2Fdeep"] != 3 || asked["GET /nothing"] != 1 || len(asked) != 2 {
		t.Errorf("got %v, want 3 for the package as it was spelled and 1 for the missing one", asked)
	}
	r.Forget()
	if asked := r.Asked(); len(asked) != 0 {
		t.Errorf("got %v after Forget, want nothing", asked)
	}
}
