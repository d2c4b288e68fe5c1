package fakecargo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"entrepot/e2e/fakeregistry"
)

func serve(t *testing.T, m Manners) (*Registry, *httptest.Server) {
	t.Helper()
	r := New(m)
	err := r.Load(fstest.MapFS{
		"Left_Pad/1.0.0/src/lib.rs":    {Data: []byte("pub fn left() {}\n")},
		"Left_Pad/1.1.0/registry.json": {Data: []byte(`{"needs":{"right":"^1"},"yanked":true}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s
}

// line is one of an index file.
type line struct {
	Name, Vers, Cksum string
	Yanked            bool
	Deps              []struct{ Name, Req string }
}

func lines(t *testing.T, file []byte) (all []line) {
	t.Helper()
	for text := range bytes.Lines(file) {
		var one line
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func TestTheIndexTellsOfEveryVersion(t *testing.T) {
	_, s := serve(t, Manners{})
	_, file := fakeregistry.Get(t, s.URL+"/index/le/ft/left_pad")
	all := lines(t, file)
	if len(all) != 2 || all[0].Yanked || !all[1].Yanked || len(all[1].Deps) != 1 || all[1].Deps[0].Name != "right" {
		t.Fatalf("got %s", file)
	}
	_, crate := fakeregistry.Get(t, s.URL+"/crates/Left_Pad/1.0.0/download")
	if sum := sha256.Sum256(crate); hex.EncodeToString(sum[:]) != all[0].Cksum {
		t.Errorf("got %d bytes that are not those of the checksum", len(crate))
	}
}

func TestMannersChangeWhereCratesAre(t *testing.T) {
	for name, row := range map[string]struct {
		manners Manners
		dl      string
		missing int
	}{
		"plain":   {Manners{}, "/crates", http.StatusNotFound},
		"markers": {Manners{Markers: true, Missing: http.StatusGone}, "/crates/{crate}/{version}/{sha256-checksum}", http.StatusGone},
	} {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t, row.manners)
			var config struct{ DL string }
			_, text := fakeregistry.Get(t, s.URL+"/index/config.json")
			if err := json.Unmarshal(text, &config); err != nil || !strings.HasSuffix(config.DL, row.dl) {
				t.Errorf("got %s, %v, want %s", text, err, row.dl)
			}
			if resp, _ := fakeregistry.Get(t, s.URL+"/index/no/ne/none"); resp.StatusCode != row.missing {
				t.Errorf("got %d for what is not there, want %d", resp.StatusCode, row.missing)
			}
		})
	}
}

func TestACrateIsOfferedAsItIs(t *testing.T) {
	r, s := serve(t, Manners{})
	const said = `{"name":"Left_Pad","vers":"2.0.0","deps":[],"cksum":"00","new":1}`
	if err := r.Offer([]byte(said), []byte("crate")); err != nil {
		t.Fatal(err)
	}
	if _, crate := fakeregistry.Get(t, s.URL+"/crates/Left_Pad/2.0.0/download"); string(crate) != "crate" {
		t.Errorf("got %q", crate)
	}
	if _, file := fakeregistry.Get(t, s.URL+"/index/le/ft/left_pad"); !strings.Contains(string(file), said+"\n") || len(lines(t, file)) != 3 {
		t.Errorf("got %s", file)
	}
	if err := r.Offer([]byte("{"), nil); err == nil {
		t.Error("a line that is none was taken")
	}
}

func TestFaultsChangeWhatIsServed(t *testing.T) {
	fakeregistry.TryFaults(t, Faults, func(t *testing.T) (*fakeregistry.Door, []string) {
		r, s := serve(t, Manners{})
		return &r.Door, []string{s.URL + "/crates/Left_Pad/1.0.0/download", s.URL + "/index/le/ft/left_pad", s.URL + "/index/config.json"}
	})
}

func TestWhatIsNotOnOfferIsNotFound(t *testing.T) {
	r, s := serve(t, Manners{})
	if err := r.Add(Package{Name: "gone", Version: "1.0.0"}); err != nil {
		t.Fatal(err)
	}
	r.Remove("gone")
	for _, path := range []string{"/", "/index/", "/index/go/ne/gone", "/index/Le/ft/Left_Pad", "/crates/left_pad/1.0.0/download",
		"/crates/Left_Pad/2.0.0/download", "/crates/gone/1.0.0/download", "/crates/Left_Pad"} {
		if resp, _ := fakeregistry.Get(t, s.URL+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("got %d for %s, want 404", resp.StatusCode, path)
		}
	}
}
