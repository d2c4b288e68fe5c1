package pypi

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
)

func TestT46AVersionTakesAnotherFileAndHasANewRevision(t *testing.T) {
	s := newSite(t)
	metadata := metadataText("demo", "1.0", "Summary: first\n", "Requires-Python: >=3.8\n")
	s.Must(200, s.upload(demoSdist, sdistOf(t, "demo-1.0", metadata)))
	before := s.held(shelf, key("demo", "1.0"))
	s.Must(200, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadataText("demo", "1.0", "Summary: of the wheel\n"))))
	after := s.held(shelf, key("demo", "1.0"))
	if before.Revision == after.Revision || len(after.Assets) != 2 || before.Details.Summary != "first" ||
		after.Details.Summary != "of the wheel" {
		t.Errorf("got %d assets, summary %q after %q", len(after.Assets), after.Details.Summary, before.Details.Summary)
	}
	if got := s.fileNamed("demo", demoSdist)["requires-python"]; got != ">=3.8" {
		t.Errorf("got requires-python %v", got)
	}
}

func TestT47OtherBytesUnderANameThatIsThereAreAConflict(t *testing.T) {
	s := newSite(t)
	wheel := wheelOf(t, "demo", "1.0", metadataText("demo", "1.0"))
	s.Must(200, s.upload(demoWheel, wheel))
	s.Must(200, s.upload(demoWheel, wheel))
	s.Must(http.StatusConflict, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadataText("demo", "1.0", "Summary: new\n"))))
	if got := s.Get("simple/demo/1.0/" + demoWheel); got != wheel {
		t.Error("the file has changed")
	}
}

func TestT28WhatWasPublishedFollowsNoRegistry(t *testing.T) {
	s := newSite(t)
	s.Must(200, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadataText("demo", "1.0"))))
	s.offer("demo", demoFiles()...)
	if got := s.names("demo"); !slices.Equal(got, []string{demoWheel}) {
		t.Errorf("got %v", got)
	}
	if got := len(s.held(shelf, key("demo", "1.0")).Assets); got != 1 {
		t.Errorf("the version has %d files", got)
	}
}

func TestT94AProjectIsFoundByEverySpelling(t *testing.T) {
	s := newSite(t)
	file := "My_Pkg-1.0-py3-none-any.whl"
	s.Must(200, s.upload(file, wheelOf(t, "My_Pkg", "1.0", metadataText("My.Pkg", "1.0")), set("name", "MY-PKG")))
	for _, spelling := range []string{"my.pkg", "My_Pkg", "my-pkg"} {
		s.Get("simple/" + spelling + "/1.0/" + file)
	}
	if got := s.held(shelf, key("my-pkg", "1.0")).Details.DisplayName; got != "My.Pkg" {
		t.Errorf("got display name %q", got)
	}
}

func TestAnotherSpellingOfAVersionComesToTheOneThatIsThere(t *testing.T) {
	s := newSite(t)
	s.Must(200, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadataText("demo", "1.0"))))
	s.Must(200, s.upload("demo-1.0.0.tar.gz", sdistOf(t, "demo-1.0.0", metadataText("demo", "1.0.0"))))
	if got := len(s.held(shelf, key("demo", "1.0")).Assets); got != 2 {
		t.Errorf("1.0 has %d files, want both", got)
	}
	if got := s.page("demo")["versions"].([]any); len(got) != 1 {
		t.Errorf("got versions %v", got)
	}
	s.Get("simple/demo/" + s.fileNamed("demo", "demo-1.0.0.tar.gz")["url"].(string))
}

func TestAVersionThatIsUpstreamInAnySpellingIsNotPublished(t *testing.T) {
	s := newSite(t)
	s.offer("demo", demoFiles()[0])
	s.Must(http.StatusConflict, s.upload("demo-1.0.0-py3-none-any.whl", wheelOf(t, "demo", "1.0.0", metadataText("demo", "1.0.0"))))
	s.Repository("below", shelf)
	s.Must(200, s.upload("demo-2-py3-none-any.whl", wheelOf(t, "demo", "2", metadataText("demo", "2"))))
	s.serve("below")
	s.Must(http.StatusConflict, s.upload("demo-2.0-py3-none-any.whl", wheelOf(t, "demo", "2.0", metadataText("demo", "2.0"))))
}

// A registry that releases a version after it was published here, in another spelling, gets no file of its own between ours.
func TestAVersionBelongsToTheFirstThatHasItInAnySpelling(t *testing.T) {
	s := newSite(t)
	s.Must(200, s.upload("demo-1.0.0.tar.gz", sdistOf(t, "demo-1.0.0", metadataText("demo", "1.0.0"))))
	s.Control(shelf, key("demo", "").PackageKey, artifact.Allow, artifact.Allow)
	s.offer("demo", offeredFile{"demo-1.0-py3-none-any.whl", "theirs", nil}, offeredFile{"demo-1.1.tar.gz", "new", nil})
	if got, want := s.names("demo"), []string{"demo-1.0.0.tar.gz", "demo-1.1.tar.gz"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	s.Repository("below", shelf)
	s.serve("below")
	if got, want := s.page("demo")["versions"], []any{"1.0.0", "1.1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("through another repository: got versions %v, want %v", got, want)
	}
}

func TestMetadataOfAnOwnWheelIsAdvertised(t *testing.T) {
	s := newSite(t)
	metadata := metadataText("demo", "1.0", "Requires-Dist: requests>=2\n")
	s.Must(200, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadata)))
	if got := s.fileNamed("demo", demoWheel)["core-metadata"].(object)["sha256"]; got != sha256Of(metadata) {
		t.Errorf("got hash %v", got)
	}
	if got := s.Get("simple/demo/1.0/" + demoWheel + ".metadata"); got != metadata {
		t.Errorf("got %q", got)
	}
	if got := s.held(shelf, key("demo", "1.0")).Details.Dependencies; len(got) != 1 || got[0].Package != "requests" {
		t.Errorf("got dependencies %v", got)
	}
}

func TestWhatComesWithAFileIsKeptBesideIt(t *testing.T) {
	s := newSite(t)
	wheel := wheelOf(t, "demo", "1.0", metadataText("demo", "1.0"))
	attest := func(name, sum string) string {
		statement := fmt.Sprintf(`{"subject":[{"name":%q,"digest":{"sha256":%q}}]}`, name, sum)
		return fmt.Sprintf(`[{"version":1,"verification_material":{"x":1},"envelope":{"statement":%q,"signature":"c2ln"}}]`,
			base64.StdEncoding.EncodeToString([]byte(statement)))
	}
	for name, attestations := range map[string]string{
		"of another file":  attest("other-1.0-py3-none-any.whl", sha256Of(wheel)),
		"of other bytes":   attest(demoWheel, sha256Of("x")),
		"that are no list": `{}`, "that are no JSON": `[`, "of nothing": `[{}]`,
	} {
		if w := s.upload(demoWheel, wheel, set("attestations", attestations)); w.Code != http.StatusBadRequest {
			t.Errorf("attestations %s: got %d %s", name, w.Code, w.Body)
		}
	}
	s.Must(200, s.upload(demoWheel, wheel, set("gpg_signature", "-----BEGIN"), set("attestations", attest(demoWheel, sha256Of(wheel)))))
	file := s.fileNamed("demo", demoWheel)
	if file["gpg-sig"] != true || !strings.HasSuffix(file["provenance"].(string), demoWheel+".provenance") {
		t.Errorf("got %v", file)
	}
	if got := s.names("demo"); len(got) != 1 {
		t.Errorf("what stands beside a file is listed as one: %v", got)
	}
	if got := s.Get("simple/demo/1.0/" + demoWheel + ".asc"); got != "-----BEGIN" {
		t.Errorf("got signature %q", got)
	}
	if got := s.Get("simple/demo/1.0/" + demoWheel + ".provenance"); !strings.HasPrefix(got, `{"version":1,"attestation_bundles":[`) {
		t.Errorf("got provenance %s", got)
	}
}

func TestAnUploadThatContradictsItselfIsRefusedWithTheReason(t *testing.T) {
	metadata := metadataText("demo", "1.0", "Requires-Python: >=3.8\n", "Requires-Dist: requests (>=2.0)\n")
	wheel := wheelOf(t, "demo", "1.0", metadata)
	for name, c := range map[string]struct {
		file   string
		change func(*[][2]string)
		want   string
	}{
		"another SHA-256":         {demoWheel, set("sha256_digest", sha256Of("x")), "SHA-256"},
		"another MD5":             {demoWheel, set("md5_digest", md5Of("x")), "MD5"},
		"another BLAKE2":          {demoWheel, set("blake2_256_digest", sha256Of("x")), "BLAKE2b-256"},
		"another name":            {demoWheel, set("name", "other"), "other"},
		"another version":         {demoWheel, set("version", "1.1"), "1.1"},
		"another Requires-Python": {demoWheel, set("requires_python", ">=2.7"), "Requires-Python"},
		"another Requires-Dist":   {demoWheel, set("requires_dist", "flask"), "Requires-Dist"},
		"another kind":            {demoWheel, set("filetype", "sdist"), "sdist"},
		"another action":          {demoWheel, set(":action", "submit"), "submit"},
		"another protocol":        {demoWheel, set("protocol_version", "2"), "protocol"},
		"another file's name":     {"demo-1.1-py3-none-any.whl", unset("version"), "1.1"},
		"an egg":                  {"demo-1.0-py3.9.egg", unset("name"), "source distributions"},
		"no UTF-8":                {demoWheel, set("summary", "\xff"), "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.T = t
			w := s.Must(http.StatusBadRequest, s.upload(c.file, wheel, c.change))
			if !strings.Contains(w.Body.String(), c.want) || strings.Contains(w.Body.String(), "already exist") {
				t.Errorf("got %s, want a sentence about %s", w.Body, c.want)
			}
		})
	}
	s := newSite(t)
	s.Must(200, s.upload(demoWheel, wheel, set("requires_python", ">= 3.8"), set("requires_dist", "Requests>=2.0"),
		set("md5_digest", "not+hex=="), set("version", "1.0.0")))
}

func TestAFormNeedsNeitherDigestsNorNames(t *testing.T) {
	s := newSite(t)
	s.Must(200, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadataText("demo", "1.0")), func(fields *[][2]string) { *fields = nil }))
}

func TestAnUploadWithoutAFileIsRefused(t *testing.T) {
	s := newSite(t)
	body, contentType := formOf(t, demoWheel, "x")
	for name, c := range map[string]struct{ body, contentType string }{
		"no form":         {body, "application/octet-stream"},
		"no boundary":     {body, "multipart/form-data"},
		"another one":     {body, "multipart/form-data; boundary=other"},
		"only fields":     {strings.Replace(body, `name="content"; filename=`, `name="other"; filename=`, 1), contentType},
		"half of it":      {body[:len(body)/2], contentType},
		"two files":       {strings.Replace(body, "--boundary-of-the-test--", "--boundary-of-the-test\r\nContent-Disposition: form-data; name=\"content\"; filename=\""+demoWheel+"\"\r\n\r\nx\r\n--boundary-of-the-test--", 1), contentType},
		"a path for name": {strings.Replace(body, `filename="`, `filename="/tmp/`, 1), contentType},
	} {
		if w := s.Do("POST", "", c.body, "Content-Type", c.contentType); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
}

func TestPipSearchIsToldWhy(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"", "simple/"} {
		w := s.Must(200, s.Do("POST", path, "<methodCall/>", "Content-Type", "text/xml"))
		if !strings.Contains(w.Body.String(), "<fault><value><struct><member><name>faultCode</name>") ||
			!strings.Contains(w.Body.String(), "pip index versions") {
			t.Errorf("%q: got %s", path, w.Body)
		}
	}
	body, contentType := formOf(t, demoWheel, "x")
	s.Must(http.StatusMethodNotAllowed, s.Do("POST", "simple/", body, "Content-Type", contentType))
}

func TestAProjectIsDescribedAsThePublicIndexDescribesIt(t *testing.T) {
	s := newSite(t)
	metadata := metadataText("demo", "1.0", "Summary: of the wheel\n", "Project-URL: Source, https://code.example.test/\n")
	s.Must(200, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadata)))
	s.Must(200, s.upload("demo-2.0a1.tar.gz", sdistOf(t, "demo-2.0a1", metadataText("demo", "2.0a1"))))
	for path, wants := range map[string][]string{
		"pypi/demo/json":        {`"version":"1.0"`, `"summary":"of the wheel"`, `"packagetype":"sdist"`, "https://code.example.test/"},
		"pypi/demo/2.0.a1/json": {`"version":"2.0a1"`, `"packagetype":"sdist"`},
	} {
		got := s.Get(path)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %s: %s", path, want, got)
			}
		}
	}
	s.Must(http.StatusNotFound, s.Do("GET", "pypi/demo/3.0/json", ""))
}

func TestAPublisherNeedsNothingButTheRightToPublish(t *testing.T) {
	s := newSite(t)
	s.Handler = handlerOf(s.As(caller("PublishPackageVersion")))
	s.Must(200, s.upload(demoWheel, wheelOf(t, "demo", "1.0", metadataText("demo", "1.0"))))
	if _, err := s.As(caller("*")).Shelf(shelf, artifact.PyPI).Held(t.Context(), key("demo", "1.0")); err != nil {
		t.Error(err)
	}
}
