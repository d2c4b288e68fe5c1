package fakenpm

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
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

func TestATarballIsWhatThePackumentPromises(t *testing.T) {
	for _, name := range []string{"left", "@acme%2fdeep", "@acme/deep"} {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t)
			_, body := fakeregistry.Get(t, s.URL+"/"+name)
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
				_, tarball := fakeregistry.Get(t, v.Dist.Tarball)
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
	resp, body := fakeregistry.Get(t, s.URL+"/left", "Accept", short)
	if resp.Header.Get("Content-Type") != short || bytes.Contains(body, []byte("scripts")) {
		t.Errorf("got %s %s, want the short form", resp.Header.Get("Content-Type"), body)
	}
	again, _ := fakeregistry.Get(t, s.URL+"/left", "Accept", short, "If-None-Match", resp.Header.Get("Etag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("got %d with the ETag, want 304", again.StatusCode)
	}
}

func TestFaultsChangeWhatIsServed(t *testing.T) {
	fakeregistry.TryFaults(t, Faults, func(t *testing.T) (*fakeregistry.Door, []string) {
		r, s := serve(t)
		return &r.Door, []string{s.URL + "/left", s.URL + "/left/-/left-1.0.0.tgz"}
	})
}

func TestWhatIsNotOnOfferIsNotFound(t *testing.T) {
	r, s := serve(t)
	for _, path := range []string{"/nothing", "/left/-/left-9.9.9.tgz", "/-/npm/v1/attestations/left@1.0.0", "/-/whoami"} {
		for name, fault := range map[string]fakeregistry.Fault{"none": fakeregistry.None, "slow": Faults["slow"]} {
			r.Fail(fault)
			if resp, _ := fakeregistry.Get(t, s.URL+path); resp.StatusCode != http.StatusNotFound {
				t.Errorf("got %d for %s with fault %s, want 404", resp.StatusCode, path, name)
			}
		}
	}
}

func TestEveryRequestIsCounted(t *testing.T) {
	r, s := serve(t)
	for range 3 {
		fakeregistry.Get(t, s.URL+"/@acme%2Fdeep")
	}
	fakeregistry.Get(t, s.URL+"/nothing")
	asked := r.Asked()
	if asked["GET /@acme%2Fdeep"] != 3 || asked["GET /nothing"] != 1 || len(asked) != 2 {
		t.Errorf("got %v, want 3 for the package as it was spelled and 1 for the missing one", asked)
	}
	r.Forget()
	if asked := r.Asked(); len(asked) != 0 {
		t.Errorf("got %v after Forget, want nothing", asked)
	}
}
