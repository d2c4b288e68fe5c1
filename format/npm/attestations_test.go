package npm

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
)

// bundleAbout is a sigstore bundle around a statement about the subjects. It has what a careless copy would change:
// members in no order, characters that Go escapes, escapes that Go would resolve, numbers of several spellings.
func bundleAbout(t testing.TB, subjects ...string) string {
	t.Helper()
	all := []any{}
	for _, name := range subjects {
		all = append(all, object{"name": name, "digest": object{"sha512": "00"}})
	}
	statement := text(t, object{"_type": "https://in-toto.example.test/Statement/v1", "subject": all,
		"predicateType": "https://slsa.example.test/provenance/v1", "predicate": object{}})
	payload := base64.StdEncoding.EncodeToString([]byte(statement))
	return `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.2","z":"<&>\u2028\/\u00e9é","a":1.50e1,` +
		`"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"` + payload +
		`","signatures":[{"sig":"c2ln","keyid":"SHA256:k"}]}}`
}

// attested is a registry's document of attestations, spread over lines.
func attested(bundles ...string) string {
	var all []string
	for _, b := range bundles {
		all = append(all, "{ \"bundle\" : "+b+",\n\t\"extra\": [],\n\t\"predicateType\": \"https://slsa.example.test/p\" }")
	}
	return "{\n  \"other\": {\"x\": 1},\n  \"attestations\": [ " + strings.Join(all, ",\n") + " ]\n}\n"
}

func TestRegenerateAttestationsKeepsBundlesAsTheyAre(t *testing.T) {
	bundle := bundleAbout(t, "pkg:npm/%40acme/bar@1.0.0")
	var out bytes.Buffer
	if err := regenerateAttestations(&out, strings.NewReader(attested(bundle, `{ "messageSignature" : { } }`)),
		"@acme/bar@1.0.0"); err != nil {
		t.Fatal(err)
	}
	want := `{"attestations":[{"predicateType":"https://slsa.example.test/p","bundle":` + bundle + `},` +
		`{"predicateType":"https://slsa.example.test/p","bundle":{"messageSignature":{}}}]}`
	if out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
	if !json.Valid(out.Bytes()) {
		t.Error("it is not JSON")
	}
}

func TestRegenerateAttestationsRefusesWhatNoClientShouldSee(t *testing.T) {
	envelope := func(kind, payload string) string {
		return `{"dsseEnvelope":{"payloadType":"` + kind + `","payload":"` + payload + `"}}`
	}
	inToto := func(statement string) string {
		return envelope("application/vnd.in-toto+json", base64.StdEncoding.EncodeToString([]byte(statement)))
	}
	for _, row := range []struct{ name, document, words string }{
		{"no JSON", "<html>", "byte 0"},
		{"not an object", "[]", "byte 0"},
		{"no attestations", "{}", "not a document of attestations"},
		{"attestations of another type", `{"attestations":{}}`, "'['"},
		{"attestations twice", `{"attestations":[],"attestations":[]}`, "twice"},
		{"two documents", attested() + attested(), "more text"},
		{"cut off", attested(bundleAbout(t))[:200], "ends in a string"},
		{"an attestation that is no object", `{"attestations":[1]}`, "'{'"},
		{"no predicateType", `{"attestations":[{"bundle":{}}]}`, "predicateType"},
		{"a predicateType that is no text", `{"attestations":[{"bundle":{},"predicateType":{}}]}`, "predicateType"},
		{"no bundle", `{"attestations":[{"predicateType":"p"}]}`, "not an object"},
		{"a bundle that is no object", attested(`"x"`), "not an object"},
		{"a bundle with a key twice", attested(`{"a":1,"a":2}`), "twice"},
		{"a bundle about another package", attested(bundleAbout(t, "pkg:npm/%40acme/other@1.0.0")), "about"},
		{"a bundle about another version", attested(bundleAbout(t, "pkg:npm/%40acme/bar@1.0.1")), "about"},
		{"a bundle about a package of another kind", attested(bundleAbout(t, "pkg:pypi/bar@1.0.0")), "about"},
		{"a good bundle and one about another package", attested(bundleAbout(t, "pkg:npm/@acme/bar@1.0.0"),
			bundleAbout(t, "pkg:npm/left@1.0.0")), "attestation 1 is about"},
		{"a payload that is not base64", attested(envelope("application/vnd.in-toto+json", "?")), "base64"},
		{"a statement that is no JSON", attested(inToto("x")), "statement"},
		{"a subject that is no object", attested(inToto(`{"subject":["x"]}`)), "statement"},
		{"invalid UTF-8", attested("{\"a\":\"\xff\"}"), "UTF-8"},
		{"nested too deep", attested(`{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`), "deeper"},
		{"too many", attested(strings.Split(strings.Repeat("{} ", maxBundles+1), " ")[:maxBundles+1]...), "more than 256"},
		{"too large", attested(`{"a":"` + strings.Repeat("x", maxAttestations) + `"}`), "more than 8388608 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			err := regenerateAttestations(&out, strings.NewReader(row.document), "@acme/bar@1.0.0")
			if err == nil || !strings.Contains(err.Error(), row.words) {
				t.Errorf("got %v, want an error with %q", err, row.words)
			}
			if out.Len() != 0 {
				t.Errorf("%d bytes were written all the same", out.Len())
			}
		})
	}
}

func TestRegenerateAttestationsTakesWhatSaysNothingElse(t *testing.T) {
	for name, bundle := range map[string]string{
		"escaped":                  bundleAbout(t, "pkg:npm/%40acme/bar@1.0.0"),
		"not escaped":              bundleAbout(t, "pkg:npm/@acme/bar@1.0.0"),
		"escaped altogether":       bundleAbout(t, "pkg:npm/%40acme%2Fbar@1.0.0"),
		"one subject of several":   bundleAbout(t, "pkg:npm/left@1.0.0", "pkg:npm/%40acme/bar@1.0.0"),
		"no subject":               bundleAbout(t),
		"no envelope":              `{}`,
		"an envelope of something": `{"dsseEnvelope":{"payloadType":"text/plain","payload":"?"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := regenerateAttestations(io.Discard, strings.NewReader(attested(bundle)), "@acme/bar@1.0.0"); err != nil {
				t.Error(err)
			}
		})
	}
}

// attestedRegistry is a packument whose one version has attestations at the address.
func attestedRegistry(name, version, address string) object {
	doc := registry(name, version)
	dig(doc, "versions", version, "dist").(object)["attestations"] = object{"url": address,
		"provenance": object{"predicateType": "https://slsa.example.test/provenance/v1"}}
	return doc
}

// attachment lists a package and asks for the attestations of its version 1.0.0.
func (o *outside) attachment(ctx context.Context, name string) (string, error) {
	l, err := o.Listing(ctx, key(name))
	if err != nil {
		return "", err
	}
	v, err := l.Version(ctx, "1.0.0")
	if err != nil {
		return "", err
	}
	body, err := o.Attachment(ctx, v, attestations)
	if err != nil {
		return "", err
	}
	defer body.Close()
	all, err := io.ReadAll(body)
	return string(all), err
}

func TestAttestationsAreAskedForWhereTheRegistryHasThem(t *testing.T) {
	for _, row := range []struct{ name, address, path string }{
		{"at its own address", "ORIGIN/registry/-/npm/v1/attestations/@acme%2fbar@1.0.0",
			"/registry/-/npm/v1/attestations/@acme%2fbar@1.0.0"},
		{"a mirror forwards the address of another", "https://registry.example.test/-/npm/v1/attestations/@acme%2fbar@1.0.0",
			"/registry/-/npm/v1/attestations/@acme%2fbar@1.0.0"},
		{"relative", "/-/npm/v1/attestations/@acme/bar@1.0.0", "/registry/-/npm/v1/attestations/@acme/bar@1.0.0"},
		{"of a form of its own", "ORIGIN/elsewhere/-/attested?v=1", "/elsewhere/-/attested"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOutside(t, &seekable{})
			o.attest(attested(bundleAbout(t, "pkg:npm/%40acme/bar@1.0.0")))
			o.serve(t, attestedRegistry("@acme/bar", "1.0.0", strings.Replace(row.address, "ORIGIN", o.address, 1)))
			got, err := o.attachment(t.Context(), "@acme/bar")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, bundleAbout(t, "pkg:npm/%40acme/bar@1.0.0")) {
				t.Errorf("got %s", got)
			}
			if path := *o.path.Load(); path != row.path {
				t.Errorf("the registry was asked for %s, want %s", path, row.path)
			}
		})
	}
}

func TestAttestationsThatCannotBeHad(t *testing.T) {
	for _, row := range []struct {
		name, address, document string
		kind                    artifact.Kind
		asked                   bool
	}{
		{"no address", "", attested(), artifact.NotFound, false},
		{"no URL", "http://[", attested(), artifact.Unavailable, false},
		{"no host", "attestations", attested(), artifact.Unavailable, false},
		{"a way out of the registry", "https://a.example.test/-/npm/v1/attestations/../../../x", attested(),
			artifact.Unavailable, false},
		{"another scheme", "file:///etc/passwd", attested(), artifact.Unavailable, false},
		{"a loopback address", "http://127.0.0.1:1/attested", attested(), artifact.Unavailable, false},
		{"the registry has none", "https://a.example.test/-/npm/v1/attestations/bar@1.0.0", "", artifact.NotFound, true},
		{"no document", "https://a.example.test/-/npm/v1/attestations/bar@1.0.0", "[]", artifact.Unavailable, true},
		{"about another package", "https://a.example.test/-/npm/v1/attestations/bar@1.0.0",
			attested(bundleAbout(t, "pkg:npm/left@1.0.0")), artifact.Unavailable, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOutside(t, &seekable{})
			o.attest(row.document)
			o.serve(t, attestedRegistry("bar", "1.0.0", row.address))
			got, err := o.attachment(t.Context(), "bar")
			if !artifact.Is(err, row.kind) {
				t.Errorf("got %q, %v, want %s", got, err, row.kind)
			}
			if asked := o.requests.Load() > 1; asked != row.asked {
				t.Errorf("the registry was asked: %v, want %v", asked, row.asked)
			}
		})
	}
}

func TestAnotherAttachmentIsNotThere(t *testing.T) {
	o := newOutside(t, &seekable{})
	o.serve(t, attestedRegistry("bar", "1.0.0", "https://a.example.test/-/npm/v1/attestations/bar@1.0.0"))
	l, err := o.Listing(t.Context(), key("bar"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := l.Version(t.Context(), "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Attachment(t.Context(), v, "sbom"); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("got %v, want not found", err)
	}
	v.Manifest = []byte("x")
	if _, err := o.Attachment(t.Context(), v, attestations); !artifact.Is(err, artifact.Internal) {
		t.Errorf("of a version with a broken manifest: got %v, want internal", err)
	}
}

func TestAttestationsAreRememberedAndServedWhenTheRegistryFails(t *testing.T) {
	o := newOutside(t, &seekable{})
	o.attest(attested(bundleAbout(t, "pkg:npm/bar@1.0.0")))
	o.serve(t, attestedRegistry("bar", "1.0.0", "https://a.example.test/-/npm/v1/attestations/bar@1.0.0"))
	first, err := o.attachment(t.Context(), "bar")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name     string
		later    time.Duration
		status   int   // of the registry; 0: as before
		requests int64 // for attestations, since the beginning
	}{
		{"while it is fresh nobody is asked", 0, 0, 1},
		{"later the registry is asked whether it is still so", time.Hour, 0, 2},
		{"when the registry fails the last answer stands", 2 * time.Hour, http.StatusServiceUnavailable, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			o.later.Store(int64(row.later))
			o.status.Store(int64(row.status))
			again, err := o.attachment(t.Context(), "bar")
			if err != nil || again != first {
				t.Errorf("got %q, %v, want what was there first", again, err)
			}
			if n := o.attested.Load(); n != row.requests {
				t.Errorf("the registry was asked %d times, want %d", n, row.requests)
			}
		})
	}
	if n := o.unchanged.Load(); n != 1 {
		t.Errorf("the registry answered %d times that nothing changed, want once", n)
	}
}

func TestOneAddressForTwoVersionsIsReadForEach(t *testing.T) {
	o := newOutside(t, &seekable{})
	for _, name := range []string{"bar", "left"} {
		o.attest(attested(bundleAbout(t, "pkg:npm/"+name+"@1.0.0")))
		o.serve(t, attestedRegistry(name, "1.0.0", o.address+"/shared"))
		got, err := o.attachment(t.Context(), name)
		if err != nil || !strings.Contains(got, bundleAbout(t, "pkg:npm/"+name+"@1.0.0")) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestAttestationsOfAProxiedVersionAreAnswered(t *testing.T) {
	s := newSite(t)
	s.stock("@acme/bar", attestedRegistry("@acme/bar", "1.0.0",
		"https://registry.example.test/-/npm/v1/attestations/@acme%2fbar@1.0.0"))
	s.stock("plain", registry("plain", "1.0.0"))
	version := key("@acme/bar").At("1.0.0")
	document := `{"attestations":[{"predicateType":"p","bundle":` + bundleAbout(t, "pkg:npm/%40acme/bar@1.0.0") + `}]}`
	s.Registry(npmjs).Put("-/npm/v1/attestations/@acme%2fbar@1.0.0", "application/json", []byte(document))

	// npm takes the path of the address in the packument and asks its own registry.
	address, _ := dig(s.json(s.Do("GET", "@acme/bar", "")), "versions", "1.0.0", "dist", "attestations", "url").(string)
	path, ok := strings.CutPrefix(address, shelfURL)
	if !ok {
		t.Fatalf("the packument has attestations at %q, want them below %s", address, shelfURL)
	}
	for _, path := range []string{path, "-/npm/v1/attestations/@acme%2fbar@1.0.0",
		"-/npm/v1/attestations/%40acme%2Fbar%401.0.0"} {
		w := s.Must(http.StatusOK, s.Do("GET", path, ""))
		if w.Body.String() != document || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %s %s", path, w.Header().Get("Content-Type"), w.Body)
		}
		head := s.Must(http.StatusOK, s.Do("HEAD", path, ""))
		if head.Body.Len() != 0 || head.Header().Get("Content-Length") != fmt.Sprint(len(document)) {
			t.Errorf("HEAD %s: got %d bytes, Content-Length %s", path, head.Body.Len(), head.Header().Get("Content-Length"))
		}
	}
	s.Must(http.StatusOK, s.Do("GET", "@acme/bar/-/bar-1.0.0.tgz", "")) // retained, it can be withdrawn
	s.SetStatus(shelf, version, artifact.Unlisted)
	s.Must(http.StatusOK, s.Do("GET", path, ""))
	s.SetStatus(shelf, version, artifact.Archived)
	s.Must(http.StatusNotFound, s.Do("GET", path, ""))
	s.Must(http.StatusNotFound, s.Do("GET", "-/npm/v1/attestations/plain@1.0.0", ""))
	s.Must(http.StatusNotFound, s.Do("GET", "-/npm/v1/attestations/plain@9.9.9", ""))
	s.Must(http.StatusBadRequest, s.Do("GET", "-/npm/v1/attestations/plain@latest", ""))
	s.Must(http.StatusBadRequest, s.Do("GET", "-/npm/v1/attestations/@1.0.0", ""))
}

// bundlesOf reads the bundles of a document by way of encoding/json, compact.
func bundlesOf(t *testing.T, document []byte) []string {
	t.Helper()
	var top map[string]json.RawMessage
	var all []map[string]json.RawMessage
	if err := json.Unmarshal(document, &top); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	if err := json.Unmarshal(top["attestations"], &all); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	var bundles []string
	for _, one := range all {
		var compact bytes.Buffer
		if err := json.Compact(&compact, one["bundle"]); err != nil {
			t.Fatal(err)
		}
		bundles = append(bundles, compact.String())
	}
	return bundles
}

// What is accepted keeps its bundles, and reading the result again changes nothing.
func FuzzRegenerateAttestations(f *testing.F) {
	f.Add([]byte(attested(bundleAbout(f, "pkg:npm/bar@1.0.0"), "{}")))
	f.Add([]byte(`{"attestations":[{"predicateType":"\u0041",` +
		`"bundle":{"dsseEnvelope":{"payloadType":"application/vnd.in-toto","payload":"e30="}}}]}`))
	f.Add([]byte(`{"attestations":[]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		var out, again bytes.Buffer
		if regenerateAttestations(&out, bytes.NewReader(document), "bar@1.0.0") != nil {
			return
		}
		before, after := bundlesOf(t, document), bundlesOf(t, out.Bytes())
		if !slices.Equal(before, after) {
			t.Fatalf("the bundles were %q and are %q", before, after)
		}
		if err := regenerateAttestations(&again, bytes.NewReader(out.Bytes()), "bar@1.0.0"); err != nil {
			t.Fatalf("the result is refused: %v", err)
		}
		if !bytes.Equal(again.Bytes(), out.Bytes()) {
			t.Fatalf("%s becomes %s", out.Bytes(), again.Bytes())
		}
	})
}
