package pypi

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
)

const (
	demoSdist = "demo-1.0.tar.gz"
	demoWheel = "demo-1.0-py3-none-any.whl"
)

func demoFiles() []offeredFile {
	return []offeredFile{{demoSdist, "sdist", nil}, {demoWheel, "wheel", nil},
		{"demo-1.0-cp313-cp313-win_amd64.whl", "windows", nil}, {"demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl", "linux", nil}}
}

func TestFilesComeThroughFromTheRegistry(t *testing.T) {
	s := newSite(t)
	s.offer("demo", demoFiles()...)
	for range 2 {
		w := s.Must(200, s.Do("GET", "simple/demo/1.0/"+demoWheel, ""))
		if w.Body.String() != "wheel" || w.Header().Get("Content-Type") != "application/octet-stream" {
			t.Errorf("got %q with %v", w.Body, w.Header())
		}
	}
	if got := s.Registry(publicOne).Asked("files/"); got != 1 {
		t.Errorf("the registry was asked for files %d times, want once", got)
	}
	ranged := s.Must(http.StatusPartialContent, s.Do("GET", "simple/demo/1.0/"+demoWheel, "", "Range", "bytes=-3"))
	if ranged.Body.String() != "eel" {
		t.Errorf("got %q of the end", ranged.Body)
	}
	s.Must(http.StatusNotFound, s.Do("GET", "simple/demo/1.0/demo-1.0-py2-none-any.whl", ""))
	s.Must(http.StatusNotFound, s.Do("GET", "simple/demo/2.0/demo-2.0.tar.gz", ""))
}

func TestT26TheFirstFileRecordsAllThatTheRegistryLists(t *testing.T) {
	s := newSite(t)
	s.offer("demo", demoFiles()...)
	s.Get("simple/demo/1.0/" + demoWheel)
	v := s.held(shelf, key("demo", "1.0"))
	if len(v.Assets) != 4 {
		t.Fatalf("got %d assets, want 4", len(v.Assets))
	}
	for _, a := range v.Assets {
		if a.Promised != (a.Name != demoWheel) {
			t.Errorf("%s: promised %v", a.Name, a.Promised)
		}
	}
}

func TestT27AFileThatComesLaterIsListedAtTheNextLook(t *testing.T) {
	s := newSite(t)
	s.offer("demo", demoFiles()[:3]...)
	s.Get("simple/demo/1.0/" + demoWheel)
	before := s.held(shelf, key("demo", "1.0")).Revision
	s.offer("demo", demoFiles()...)
	if got := s.names("demo"); len(got) != 4 {
		t.Errorf("got %v", got)
	}
	v := s.held(shelf, key("demo", "1.0"))
	if len(v.Assets) != 4 || v.Revision == before {
		t.Errorf("got %d assets and revision %s after %s", len(v.Assets), v.Revision, before)
	}
}

func TestT29WhatIsClosedToUpstreamFollowsNoYank(t *testing.T) {
	s := newSite(t)
	s.offer("demo", demoFiles()...)
	s.Get("simple/demo/1.0/" + demoWheel)
	yanked := demoFiles()
	yanked[1].say = object{"yanked": "broken"}
	s.offer("demo", yanked...)
	s.Control(shelf, key("demo", "").PackageKey, artifact.Allow, artifact.Block)
	if got := s.fileNamed("demo", demoWheel)["yanked"]; got != false {
		t.Errorf("closed to upstream: got yanked %v", got)
	}
	s.Control(shelf, key("demo", "").PackageKey, artifact.Allow, artifact.Allow)
	if got := s.fileNamed("demo", demoWheel)["yanked"]; got != "broken" {
		t.Errorf("open to upstream: got yanked %v", got)
	}
	if s.held(shelf, key("demo", "1.0")).Status != artifact.Published {
		t.Error("a yank has changed the version's status")
	}
}

func TestWhatWasInstalledInstallsWhileTheRegistryIsAway(t *testing.T) {
	s := newSite(t)
	wheel := wheelOf(t, "demo", "1.0", metadataText("demo", "1.0"))
	s.offer("demo", offeredFile{demoWheel, wheel, object{"core-metadata": object{"sha256": sha256Of(metadataText("demo", "1.0"))}}},
		offeredFile{"demo-2.0.tar.gz", "later", nil})
	s.Registry(publicOne).Put("files/"+demoWheel+".metadata", "application/octet-stream", []byte(metadataText("demo", "1.0")))
	page := s.Get("simple/demo/", "Accept", jsonType)
	metadata := s.Get("simple/demo/1.0/" + demoWheel + ".metadata")
	s.Get("simple/demo/1.0/" + demoWheel)
	s.Registry(publicOne).Fail()
	if got := s.Get("simple/demo/", "Accept", jsonType); got != page {
		t.Errorf("got another page: %s", got)
	}
	if got := s.Get("simple/demo/1.0/" + demoWheel + ".metadata"); got != metadata {
		t.Errorf("got other metadata: %s", got)
	}
	if got := s.Get("simple/demo/1.0/" + demoWheel); got != wheel {
		t.Error("got another wheel")
	}
	s.Must(http.StatusServiceUnavailable, s.Do("GET", "simple/demo/2.0/demo-2.0.tar.gz", ""))
}

func TestBytesThatAreNotThosePromisedGoToNobody(t *testing.T) {
	for name, hashes := range map[string]object{
		"by SHA-256": {"sha256": sha256Of("other")},
		"by MD5":     {"md5": md5Of("other")},
		"by SHA-512": {"sha256": sha256Of("wheel"), "sha512": strings.Repeat("0", 128)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.T = t
			s.offer("demo", offeredFile{demoWheel, "wheel", object{"hashes": hashes}})
			s.Must(http.StatusBadGateway, s.Do("GET", "simple/demo/1.0/"+demoWheel, ""))
		})
	}
}

func TestARegistryWithMD5OnlyIsHeldToIt(t *testing.T) {
	s := newSite(t)
	s.offer("demo", offeredFile{demoWheel, "wheel", object{"hashes": object{"md5": md5Of("wheel")}}})
	if got := s.fileNamed("demo", demoWheel)["hashes"]; got.(object)["md5"] != md5Of("wheel") {
		t.Errorf("got hashes %v before the file has come", got)
	}
	s.Get("simple/demo/1.0/" + demoWheel)
	if a, _ := s.held(shelf, key("demo", "1.0")).Asset(demoWheel); a.SHA256.String() != sha256Of("wheel") {
		t.Errorf("got SHA-256 %s", a.SHA256)
	}
}

func TestAFileWithoutAKnownHashIsListedAndNotFetched(t *testing.T) {
	s := newSite(t)
	s.offer("demo", offeredFile{demoWheel, "wheel", object{"hashes": object{"whirlpool": "00", "sha256": "short"}, "size": nil}})
	page := s.page("demo")
	if got := page["meta"].(object)["api-version"]; got != "1.0" {
		t.Errorf("got API version %v of a page without sizes, want 1.0", got)
	}
	w := s.Must(http.StatusServiceUnavailable, s.Do("GET", "simple/demo/1.0/"+demoWheel, ""))
	if !strings.Contains(w.Body.String(), "no hash") {
		t.Errorf("got %s", w.Body)
	}
}

func TestOddNamesOfFilesAreListedAsTheyAre(t *testing.T) {
	s := newSite(t)
	odd := []string{"demo-1.0-py2.7.egg", "demo-1.0.win32-py2.7.exe", "demo-1.0.win-amd64.msi", "demo-1.0-1.noarch.rpm",
		"Demo-1.0.zip", "demo-1.0.linux-x86_64.tar.gz", "demo-1.0.0-py3-none-any.whl", "demo-2004d.tar.gz",
		"demo-1!2.0+local.1.tar.gz"}
	var files []offeredFile
	for _, name := range odd {
		files = append(files, offeredFile{name, "content of " + name, nil})
	}
	files = append(files, offeredFile{"other-1.0.tar.gz", "x", nil}, offeredFile{"..", "x", nil},
		offeredFile{"demo-1.0.tar.gz.asc", "x", nil}, offeredFile{"demo", "x", nil})
	s.offer("demo", files...)
	got := s.names("demo")
	slices.Sort(got)
	slices.Sort(odd)
	if !slices.Equal(got, odd) {
		t.Errorf("got %v, want %v", got, odd)
	}
	for _, name := range odd {
		address := s.fileNamed("demo", name)["url"].(string)
		if got := s.Get("simple/demo/" + address); got != "content of "+name {
			t.Errorf("%s: got %q", address, got)
		}
	}
	if v := s.held(shelf, key("demo", "1.0")); len(v.Assets) != 7 {
		t.Errorf("got %d files of 1.0, want those of 1.0.0 among them", len(v.Assets))
	}
}

func TestVersionsAreWrittenAsTheRegistryListsThem(t *testing.T) {
	s := newSite(t)
	s.Registry(publicOne).Put("demo/", jsonType, []byte(`{"meta":{"api-version":"1.1"},"name":"demo","files":[
		{"filename":"demo-1.0.0rc1-py3-none-any.whl","url":"x/demo-1.0.0rc1-py3-none-any.whl","hashes":{"md5":"`+md5Of("x")+`"}}],
		"versions":["1.0.0-RC1"]}`))
	if got := s.page("demo")["versions"].([]any); len(got) != 1 || got[0] != "1.0.0-RC1" {
		t.Errorf("got %v", got)
	}
}

func TestARegistryOfBeforeJSONIsReadAsHTML(t *testing.T) {
	s := newSite(t)
	s.Registry(publicOne).Put("old/place/"+demoWheel, "application/octet-stream", []byte("wheel"))
	s.Registry(publicOne).Put("demo/", "text/html; charset=utf-8", []byte(`<!doctype html><html><head><title>Links &amp; more</title>
		<!-- <a href="commented-1.0.tar.gz"> --><base href="/old/"></head><body><script>if (a <b) "</a>"</script>
		<A HREF='place/`+demoWheel+`#sha256=`+sha256Of("wheel")+`' data-requires-python="&gt;=3.9" data-yanked
		data-dist-info-metadata=true data-gpg-sig="false">anything</A><br/>
		<a rel=internal href=place/demo-2.0.tar.gz#md5=`+md5Of("x")+` data-yanked="it&#39;s &lt;bad&gt;">demo</a>
		<a href="../">up</a><a>nothing</a></body></html>`))
	wheel, sdist := s.fileNamed("demo", demoWheel), s.fileNamed("demo", "demo-2.0.tar.gz")
	for name, c := range map[string]struct{ got, want any }{
		"the files":           {len(s.names("demo")), 2},
		"requires-python":     {wheel["requires-python"], ">=3.9"},
		"yanked":              {wheel["yanked"], true},
		"metadata":            {wheel["core-metadata"], true},
		"signature":           {wheel["gpg-sig"], false},
		"SHA-256":             {wheel["hashes"].(object)["sha256"], sha256Of("wheel")},
		"yanked with a cause": {sdist["yanked"], "it's <bad>"},
		"MD5":                 {sdist["hashes"].(object)["md5"], md5Of("x")},
		"no metadata":         {sdist["core-metadata"], false},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
	if got := s.Get("simple/demo/1.0/" + demoWheel); got != "wheel" {
		t.Errorf("got %q", got)
	}
	if got := s.Get("simple/demo/"); !strings.Contains(got, `data-yanked="it&#39;s &lt;bad&gt;"`) {
		t.Errorf("the reason is not escaped: %s", got)
	}
}

func TestWhatIsNoPageOfTheProjectIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"text":                 "hello",
		"nothing":              " ",
		"half of JSON":         `{"meta":{"api-version":"1.0"},"name":"demo","files":[{"filename":"demo-1.0.tar.gz"`,
		"another document":     `{"info":{}}`,
		"another project":      `{"name":"other","files":[]}`,
		"a version to come":    `{"meta":{"api-version":"2.0"},"name":"demo","files":[]}`,
		"a version, in HTML":   `<meta name="pypi:repository-version" content="2.0"><a href="demo-1.0.tar.gz">demo</a>`,
		"a portal's page":      `<html><body><a href="/login">log in</a></body></html>`,
		"more after the JSON":  `{"name":"demo","files":[]} {}`,
		"bytes of something":   "\xef\xbb\xbf\x00\x01",
		"a list of other type": `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := regenerate(&strings.Builder{}, strings.NewReader(text), "demo"); err == nil {
				t.Error("it was taken")
			}
		})
	}
}

func TestFactsAboutAProjectArePassedOn(t *testing.T) {
	s := newSite(t)
	s.Registry(publicOne).Put("demo/", jsonType, []byte(`{"meta":{"api-version":"1.4","tracks":["https://pypi.example.test/simple/demo/"]},
		"alternate-locations":["https://a.example.test/demo/","https://b.example.test/demo/"],
		"project-status":{"status":"archived","reason":"use \"other\""},"name":"Demo",
		"files":[{"filename":"demo-1.0.tar.gz","url":"demo-1.0.tar.gz","hashes":{"md5":"`+md5Of("x")+`"},"size":1}]}`))
	page := s.page("demo")
	if got := page["project-status"].(object); got["status"] != "archived" || got["reason"] != `use "other"` {
		t.Errorf("got status %v", got)
	}
	if got := page["alternate-locations"].([]any); len(got) != 2 {
		t.Errorf("got locations %v", got)
	}
	if got := page["meta"].(object)["tracks"].([]any); len(got) != 1 {
		t.Errorf("got tracks %v", got)
	}
	html := s.Get("simple/demo/")
	for _, want := range []string{`name="pypi:project-status" content="archived"`, `content="use &#34;other&#34;"`,
		`name="pypi:tracks" content="https://pypi.example.test/simple/demo/"`, `content="https://b.example.test/demo/"`} {
		if !strings.Contains(html, want) {
			t.Errorf("HTML lacks %s: %s", want, html)
		}
	}
}

func TestWhatStandsBesideAFileComesFromTheRegistry(t *testing.T) {
	s := newSite(t)
	metadata := metadataText("demo", "1.0", "Summary: of the registry\n")
	s.offer("demo", offeredFile{demoWheel, "wheel", object{"core-metadata": object{"sha256": sha256Of(metadata)},
		"gpg-sig": true, "provenance": "../proof/of/" + demoWheel}}, offeredFile{demoSdist, "sdist", nil})
	registry := s.Registry(publicOne)
	registry.Put("files/"+demoWheel+".metadata", "text/plain", []byte(metadata))
	registry.Put("files/"+demoWheel+".asc", "text/plain", []byte("-----BEGIN PGP"))
	registry.Put("proof/of/"+demoWheel, "application/json", []byte(`{"version": 1, "attestation_bundles": []}`))
	file := s.fileNamed("demo", demoWheel)
	if file["gpg-sig"] != true || !strings.HasSuffix(file["provenance"].(string), "/pypi/shelf/simple/demo/1.0/"+demoWheel+".provenance") {
		t.Errorf("got %v", file)
	}
	for ending, want := range map[string]string{metadataEnding: metadata, signatureEnding: "-----BEGIN PGP",
		provenanceEnding: `{"version":1,"attestation_bundles":[]}`} {
		w := s.Must(200, s.Do("GET", "simple/demo/1.0/"+demoWheel+ending, ""))
		if w.Body.String() != want || w.Header().Get("Etag") == "" {
			t.Errorf("%s: got %s with %v", ending, w.Body, w.Header())
		}
		s.Must(http.StatusNotFound, s.Do("GET", "simple/demo/1.0/"+demoSdist+ending, ""))
		s.Must(http.StatusNotFound, s.Do("GET", "simple/demo/1.0/demo-1.0-py2-none-any.whl"+ending, ""))
	}
	if got := registry.Asked("files/" + demoSdist); got != 0 {
		t.Errorf("what is not offered was asked for %d times", got)
	}
	registry.Fail()
	s.Get("simple/demo/1.0/" + demoWheel + metadataEnding)
	if v, err := s.Shelf(shelf, artifact.PyPI).Held(t.Context(), key("demo", "1.0")); err == nil {
		t.Errorf("metadata alone has brought in %v", v.VersionKey)
	}
}

func TestMetadataThatIsNotWhatWasPromisedIsRefused(t *testing.T) {
	s := newSite(t)
	s.offer("demo", offeredFile{demoWheel, "wheel", object{"core-metadata": object{"sha256": sha256Of("promised")}}})
	s.Registry(publicOne).Put("files/"+demoWheel+".metadata", "text/plain", []byte("another"))
	s.Must(http.StatusServiceUnavailable, s.Do("GET", "simple/demo/1.0/"+demoWheel+metadataEnding, ""))
}

func TestMetadataOfAKeptWheelIsReadOutOfIt(t *testing.T) {
	metadata := metadataText("demo", "1.0")
	wheel := wheelOf(t, "demo", "1.0", metadata)
	for name, c := range map[string]struct {
		promised string
		status   int
	}{
		"as promised":            {sha256Of(metadata), http.StatusOK},
		"with no hash":           {"", http.StatusOK},
		"with another than this": {sha256Of("another"), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.T = t
			var promise any = true
			if c.promised != "" {
				promise = object{"sha256": c.promised}
			}
			s.offer("demo", offeredFile{demoWheel, wheel, object{"core-metadata": promise}})
			s.Get("simple/demo/1.0/" + demoWheel)
			s.Registry(publicOne).Fail()
			for range 2 {
				w := s.Must(c.status, s.Do("GET", "simple/demo/1.0/"+demoWheel+metadataEnding, ""))
				if c.status == 200 && w.Body.String() != metadata {
					t.Errorf("got %s", w.Body)
				}
			}
		})
	}
}

func TestMetadataOfAnArchivedVersionIsGone(t *testing.T) {
	s := newSite(t)
	wheel := wheelOf(t, "demo", "1.0", metadataText("demo", "1.0"))
	s.Must(200, s.upload(demoWheel, wheel))
	s.Get("simple/demo/1.0/" + demoWheel + metadataEnding)
	s.SetStatus(shelf, key("demo", "1.0"), artifact.Archived)
	s.Must(http.StatusNotFound, s.Do("GET", "simple/demo/1.0/"+demoWheel+metadataEnding, ""))
}
