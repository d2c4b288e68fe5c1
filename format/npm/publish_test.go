package npm

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
	"entrepot/format/jsonscan"
	"entrepot/repository"
)

func TestPublishKeepsTheTarballAndWhatItSays(t *testing.T) {
	s := newSite(t)
	tarball := s.publish("@acme/bar", "1.0.0", "beta", object{
		"dependencies": object{"@x/y": "1"}, "repository": object{"url": "git+https://code.example.test/bar.git"},
	})
	held, err := s.Shelf(shelf, artifact.NPM).Held(t.Context(), key("@acme/bar").At("1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	if len(held.Assets) != 1 || held.Assets[0].Name != asset || held.Assets[0].Size != int64(len(tarball)) {
		t.Errorf("got assets %+v", held.Assets)
	}
	if d := held.Details; d.DisplayName != "@acme/bar" || d.SourceCode != "https://code.example.test/bar.git" ||
		d.Readme != "# read me" || len(d.Dependencies) != 1 || d.Dependencies[0].Namespace != "x" {
		t.Errorf("got details %+v", d)
	}
	for _, path := range []string{"@acme/bar/-/bar-1.0.0.tgz", "@acme%2fbar/-/bar-1.0.0.tgz",
		"@acme/bar/-/@acme/bar-1.0.0.tgz",
		"@acme%2Fbar/-/@acme%2Fbar-1.0.0.tgz"} {
		w := s.Must(http.StatusOK, s.Do("GET", path, "", "Accept-Encoding", "gzip"))
		if w.Body.String() != string(tarball) || w.Header().Get("Content-Encoding") != "" ||
			w.Header().Get("Content-Type") != "application/octet-stream" ||
			!strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: got %d bytes with %v", path, w.Body.Len(), w.Header())
		}
	}
	if got := text(t, s.json(s.Do("GET", "-/package/@acme%2fbar/dist-tags", ""))); got != `{"beta":"1.0.0","latest":"1.0.0"}` {
		t.Errorf("got tags %s", got)
	}
}

func TestPublishReadsKeysInAnyOrder(t *testing.T) {
	packageJSON := object{"name": "bar", "version": "1.0.0"}
	tarball := packed(t, packageJSON, nil)
	doc := putOf("bar", "1.0.0", "latest", tarball, packageJSON)
	part := func(keys ...string) string {
		var parts []string
		for _, k := range keys {
			parts = append(parts, text(t, k)+":"+text(t, doc[k]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	for name, body := range map[string]string{
		"npm":  part("_id", "name", "dist-tags", "versions", "access", "_attachments"),
		"yarn": part("_attachments", "name", "access", "versions", "dist-tags", "_id"),
		"data": strings.Replace(part("_attachments", "name", "versions", "dist-tags"),
			`"content_type":"application/octet-stream",`, "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.Must(http.StatusCreated, s.Do("PUT", "bar", body))
			s.Must(http.StatusOK, s.Do("GET", "bar/-/bar-1.0.0.tgz", ""))
		})
	}
}

func TestPublishRefusesWhatDoesNotFitTogether(t *testing.T) {
	version := func(doc object) object { return dig(doc, "versions", "1.0.0").(object) }
	attachment := func(doc object) object { return dig(doc, "_attachments", "@acme/bar-1.0.0.tgz").(object) }
	for _, row := range []struct {
		name  string
		spoil func(doc object)
		words string
	}{
		{"another name", func(d object) { d["name"] = "@acme/baz" }, "name"},
		{"no name", func(d object) { delete(d, "name") }, "name"},
		{"another _id", func(d object) { d["_id"] = "@acme/baz" }, "_id"},
		{"another name in the version", func(d object) { version(d)["name"] = "@acme/baz" }, "name"},
		{"another version in the version", func(d object) { version(d)["version"] = "1.0.1" }, "version"},
		{"another _id in the version", func(d object) { version(d)["_id"] = "@acme/bar@1.0.1" }, "_id"},
		{"a wrong length", func(d object) { attachment(d)["length"] = 5 }, "length"},
		{"a negative length", func(d object) { attachment(d)["length"] = -5 }, "length"},
		{"a wrong integrity", func(d object) { dig(version(d), "dist").(object)["integrity"] = sri([]byte("x")) },
			"integrity"},
		{"an unknown integrity", func(d object) { dig(version(d), "dist").(object)["integrity"] = "crc-AAAA" }, "integrity"},
		{"a wrong hash beside a right one that is weaker", func(d object) {
			dist := dig(version(d), "dist").(object)
			sum, err := hex.DecodeString(dist["shasum"].(string))
			if err != nil {
				panic(err)
			}
			dist["integrity"] = sri([]byte("x")) + " sha1-" + base64.StdEncoding.EncodeToString(sum)
		}, "integrity"},
		{"zeros for its integrity", func(d object) {
			dig(version(d), "dist").(object)["integrity"] = zeroIntegrity
		}, "integrity"},
		{"a wrong shasum", func(d object) { dig(version(d), "dist").(object)["shasum"] = shasum([]byte("x")) }, "SHA-1"},
		{"a dist that is no object", func(d object) { version(d)["dist"] = 5 }, "dist"},
		{"no base64", func(d object) { attachment(d)["data"] = "!!!!" }, "base64"},
		{"base64 without padding", func(d object) { attachment(d)["data"] = "YQ" }, "base64"},
		{"more after the padding", func(d object) { attachment(d)["data"] = "YQ==YQ==" }, "base64"},
		{"no data", func(d object) { delete(attachment(d), "data") }, "tarball"},
		{"data of another type", func(d object) { attachment(d)["data"] = 5 }, "malformed"},
		{"two tarballs", func(d object) { d["_attachments"].(object)["@acme/bar-1.0.1.tgz"] = object{"data": ""} },
			"attachment"},
		{"another attachment", func(d object) { d["_attachments"].(object)["x.exe"] = object{"data": ""} }, "attachment"},
		{"a tarball of another name", func(d object) {
			d["_attachments"] = object{"baz-1.0.0.tgz": attachment(d)}
		}, "attachment"},
		{"a tarball of another version", func(d object) {
			d["_attachments"] = object{"@acme/bar-1.0.1.tgz": attachment(d)}
		}, "does not describe"},
		{"a version that is a text", func(d object) { d["versions"] = object{"1.0.0": "x"} }, "not usable"},
		{"a tag that is a range", func(d object) { d["dist-tags"] = object{"1.x": "1.0.0"} }, "range"},
		{"a tag with a slash", func(d object) { d["dist-tags"] = object{"a/b": "1.0.0"} }, "tag"},
		{"a tag for an unknown version", func(d object) { d["dist-tags"] = object{"latest": "9.9.9"} }, "tag"},
		{"tags that are no object", func(d object) { d["dist-tags"] = []any{} }, "malformed"},
		{"no attachments", func(d object) { d["_attachments"] = object{} }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			packageJSON := object{"name": "@acme/bar", "version": "1.0.0"}
			doc := putOf("@acme/bar", "1.0.0", "latest", packed(t, packageJSON, nil), packageJSON, row.spoil)
			w := s.Do("PUT", "@acme%2fbar", text(t, doc))
			if w.Code/100 != 4 || !strings.Contains(w.Body.String(), row.words) {
				t.Errorf("got %d %s, want a refusal with %q", w.Code, w.Body, row.words)
			}
			if s.Published() != 0 {
				t.Error("it was published")
			}
		})
	}
}

func TestPublishRefusesVersionsClientsCannotTellApart(t *testing.T) {
	for _, number := range []string{"1.0", "v1.0.0", "01.0.0", "latest", "__proto__", "1.0.0+a"} {
		s := newSite(t)
		packageJSON := object{"name": "bar", "version": number}
		doc := putOf("bar", number, "latest", packed(t, packageJSON, nil), packageJSON)
		if w := s.Do("PUT", "bar", text(t, doc)); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d %s, want 400", number, w.Code, w.Body)
		}
	}
}

func TestTheTarballDecidesWhatIsInstalled(t *testing.T) {
	s := newSite(t)
	inside := object{"name": "bar", "version": "1.0.0", "dependencies": object{"real": "1"}, "bin": "cli.js",
		"engines": object{"node": ">20"}}
	claimed := object{"name": "bar", "version": "1.0.0", "dependencies": object{"other": "1"},
		"scripts":          object{"install": "x"},
		"hasInstallScript": true, "_hasShrinkwrap": true, "os": []string{"linux"}, "description": "claimed"}
	tarball := packed(t, inside, map[string]string{"binding.gyp": "{}"})
	s.Must(http.StatusCreated, s.Do("PUT", "bar", text(t, putOf("bar", "1.0.0", "latest", tarball, claimed))))
	v := dig(s.json(s.Do("GET", "bar", "")), "versions", "1.0.0")
	for key, want := range map[string]string{
		"dependencies": `{"real":"1"}`, "bin": `{"bar":"cli.js"}`, "engines": `{"node":"\u003e20"}`,
		"scripts": `null`, "os": `null`,
		"hasInstallScript": `true`, "_hasShrinkwrap": `false`, "description": `"claimed"`,
	} {
		if got := text(t, dig(v, key)); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
	for name, odd := range map[string]object{
		"another name":    {"name": "baz", "version": "1.0.0"},
		"another version": {"name": "bar", "version": "1.0.1"},
		"no name":         {"version": "1.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			doc := putOf("bar", "1.0.0", "latest", packed(t, odd, nil), object{"name": "bar", "version": "1.0.0"})
			w := s.Must(http.StatusBadRequest, s.Do("PUT", "bar", text(t, doc)))
			if !strings.Contains(w.Body.String(), "package.json") {
				t.Errorf("got %s, want it to name package.json", w.Body)
			}
		})
	}
}

func TestHasInstallScript(t *testing.T) {
	for _, row := range []struct {
		name        string
		packageJSON object
		files       map[string]string
		want        bool
	}{
		{"none", object{}, nil, false},
		{"preinstall", object{"scripts": object{"preinstall": "x"}}, nil, true},
		{"postinstall", object{"scripts": object{"postinstall": "x"}}, nil, true},
		{"test only", object{"scripts": object{"test": "x"}}, nil, false},
		{"gyp", object{}, map[string]string{"binding.gyp": ""}, true},
		{"gyp turned off", object{"gypfile": false}, map[string]string{"binding.gyp": ""}, false},
		{"gyp deeper", object{}, map[string]string{"deps/binding.gyp": ""}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			row.packageJSON["name"], row.packageJSON["version"] = "bar", "1.0.0"
			tarball := packed(t, row.packageJSON, row.files)
			s.Must(http.StatusCreated, s.Do("PUT", "bar", text(t, putOf("bar", "1.0.0", "latest", tarball, row.packageJSON))))
			v := dig(s.json(s.Do("GET", "bar", "", "Accept", abbreviatedForm.contentType)), "versions", "1.0.0")
			if got := dig(v, "hasInstallScript") == true; got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}

func TestAMergedDocumentPublishesOnlyTheAttachedVersion(t *testing.T) {
	s := newSite(t)
	s.publish("bar", "1.0.0", "latest")
	packageJSON := object{"name": "bar", "version": "1.1.0"}
	doc := putOf("bar", "1.1.0", "beta", packed(t, packageJSON, nil), packageJSON, func(d object) {
		d["_rev"] = "1-x"
		d["versions"].(object)["1.0.0"] = object{"name": "bar", "version": "1.0.0", "description": "forged"}
		d["versions"].(object)["0.9.0"] = object{"name": "bar", "version": "0.9.0"}
		d["dist-tags"].(object)["latest"] = "1.0.0"
		d["dist-tags"].(object)["old"] = "0.9.0"
	})
	s.Must(http.StatusCreated, s.Do("PUT", "bar", text(t, doc)))
	got := s.json(s.Do("GET", "bar", ""))
	if keysOf(got["versions"]) != "1.0.0 1.1.0" || dig(got, "versions", "1.0.0", "description") != "d" {
		t.Errorf("got versions %s", text(t, got["versions"]))
	}
	if text(t, got["dist-tags"]) != `{"beta":"1.1.0","latest":"1.0.0"}` {
		t.Errorf("got tags %s", text(t, got["dist-tags"]))
	}
}

func TestReadmesComeFromWhereTheyAre(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(doc object)
		files map[string]string
		want  string
	}{
		{"in the version", func(object) {}, nil, "# read me"},
		{"at the top, as npm 6", func(d object) {
			delete(dig(d, "versions", "1.0.0").(object), "readme")
			d["readme"] = "# top"
		}, nil, "# top"},
		{"in the tarball", func(d object) {
			dig(d, "versions", "1.0.0").(object)["readme"] = "ERROR: No README data found!"
		}, map[string]string{"README.md": "# inside"}, "# inside"},
		{"nowhere", func(d object) { delete(dig(d, "versions", "1.0.0").(object), "readme") }, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			packageJSON := object{"name": "bar", "version": "1.0.0"}
			doc := putOf("bar", "1.0.0", "latest", packed(t, packageJSON, row.files), packageJSON, row.spoil)
			s.Must(http.StatusCreated, s.Do("PUT", "bar", text(t, doc)))
			if got := s.json(s.Do("GET", "bar", ""))["readme"]; got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// bundleFor is a provenance bundle about the bytes.
func bundleFor(t *testing.T, p []byte) string {
	t.Helper()
	sum := sha512.Sum512(p)
	statement := text(t, object{
		"_type": "https://in-toto.example.test/Statement/v1", "predicateType": "https://slsa.example.test/provenance/v1",
		"subject": []any{object{"name": "pkg:npm/bar@1.0.0", "digest": object{"sha512": hex.EncodeToString(sum[:])}}},
	})
	return text(t, object{"mediaType": "m", "dsseEnvelope": object{
		"payloadType": "application/vnd.in-toto+json", "payload": base64.StdEncoding.EncodeToString([]byte(statement)),
		"signatures": []any{},
	}})
}

func TestProvenanceIsKeptAndAnswered(t *testing.T) {
	s := newSite(t)
	packageJSON := object{"name": "@acme/bar", "version": "1.0.0"}
	tarball := packed(t, packageJSON, nil)
	bundle := bundleFor(t, tarball)
	attach := func(b string) func(object) {
		return func(d object) {
			d["_attachments"].(object)["@acme/bar-1.0.0.sigstore"] = object{"content_type": "m", "data": b, "length": len(b)}
		}
	}
	for name, bad := range map[string]string{
		"of other bytes": bundleFor(t, []byte("x")), "no JSON": "x", "no envelope": "{}", "key twice": `{"a":1,"a":1}`,
	} {
		doc := putOf("@acme/bar", "1.0.0", "latest", tarball, packageJSON, attach(bad))
		w := s.Do("PUT", "@acme%2fbar", text(t, doc))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "provenance") {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	put := putOf("@acme/bar", "1.0.0", "latest", tarball, packageJSON, attach(bundle))
	s.Must(http.StatusCreated, s.Do("PUT", "@acme%2fbar", text(t, put)))
	doc := s.json(s.Do("GET", "@acme/bar", ""))
	at, _ := dig(doc, "versions", "1.0.0", "dist", "attestations", "url").(string)
	path, ok := strings.CutPrefix(at, shelfURL)
	if !ok {
		t.Fatalf("got attestations at %q", at)
	}
	var answer struct {
		Attestations []struct {
			PredicateType string          `json:"predicateType"`
			Bundle        json.RawMessage `json:"bundle"`
		} `json:"attestations"`
	}
	if err := json.Unmarshal(s.Must(200, s.Do("GET", path, "")).Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Attestations) != 1 ||
		answer.Attestations[0].PredicateType != "https://slsa.example.test/provenance/v1" ||
		string(answer.Attestations[0].Bundle) != bundle {
		t.Errorf("got %+v", answer)
	}
	s.publish("plain", "1.0.0", "latest")
	s.Must(http.StatusNotFound, s.Do("GET", "-/npm/v1/attestations/plain@1.0.0", ""))
	s.Must(http.StatusBadRequest, s.Do("GET", "-/npm/v1/attestations/plain", ""))
}

func TestTooMuchIs413(t *testing.T) {
	s := newSiteOf(t, repository.Quotas{AssetSize: 10})
	packageJSON := object{"name": "bar", "version": "1.0.0"}
	doc := putOf("bar", "1.0.0", "latest", packed(t, packageJSON, nil), packageJSON)
	s.Must(http.StatusRequestEntityTooLarge, s.Do("PUT", "bar", text(t, doc)))
	many := `{"name":"bar","versions":{"1.0.0":{"x":"` + strings.Repeat("x", maxOne) + `"}}}`
	s.Must(http.StatusRequestEntityTooLarge, s.Do("PUT", "bar", many))
	var all strings.Builder
	for i := range 12 {
		fmt.Fprintf(&all, `,"1.0.%d":{"x":"%s"}`, i, strings.Repeat("x", 3<<20))
	}
	s.Must(http.StatusRequestEntityTooLarge, s.Do("PUT", "bar", `{"name":"bar","versions":{`+all.String()[1:]+`}}`))
	all.Reset()
	for i := range maxPutTags + 1 {
		fmt.Fprintf(&all, `,"tag-%d":"1.0.0"`, i)
	}
	s.Must(http.StatusRequestEntityTooLarge, s.Do("PUT", "bar", `{"name":"bar","dist-tags":{`+all.String()[1:]+`}}`))
}

func TestABodyOverTheLimitIsCutOff(t *testing.T) {
	scan := jsonscan.New(&putBody{strings.NewReader(`"` + strings.Repeat("x", 100) + `"`), 50})
	if err := publicError(scan.Skip()); !artifact.Is(err, artifact.Quota) {
		t.Errorf("got %v, want quota", err)
	}
}

func TestAFailingStoreIsNotTheClientsFault(t *testing.T) {
	body := `{"_attachments":{"bar-1.0.0.tgz":{"data":"YQ=="}}}`
	_, err := submit(context.Background(), strings.NewReader(body), func(context.Context) (*repository.Upload, error) {
		return nil, fmt.Errorf("disk is full")
	})
	if !artifact.Is(err, artifact.Internal) {
		t.Errorf("got %v, want internal", err)
	}
}

func TestNamesThatDifferInCaseArePackagesOfTheirOwn(t *testing.T) {
	s := newSite(t)
	upper := s.publish("JSONStream", "1.0.0", "latest", object{"description": "upper"})
	lower := s.publish("jsonstream", "1.0.0", "latest", object{"description": "lower"})
	s.publish("@Acme/Bar", "1.0.0", "latest")
	if bytes.Equal(upper, lower) || s.Published() != 3 {
		t.Fatalf("got %d packages, want 3", s.Published())
	}
	for name, tarball := range map[string][]byte{"JSONStream": upper, "jsonstream": lower} {
		doc := s.json(s.Do("GET", name, ""))
		if doc["name"] != name {
			t.Errorf("%s: the document is about %v", name, doc["name"])
		}
		if at := dig(doc, "versions", "1.0.0", "dist", "tarball"); at != shelfURL+name+"/-/"+name+"-1.0.0.tgz" {
			t.Errorf("%s: got the tarball at %v", name, at)
		}
		if got := s.Must(200, s.Do("GET", name+"/-/"+name+"-1.0.0.tgz", "")).Body.Bytes(); !bytes.Equal(got, tarball) {
			t.Errorf("%s: the tarball is that of another package", name)
		}
	}
	s.Must(http.StatusNotFound, s.Do("GET", "@acme/bar", ""))
	s.Must(http.StatusNotFound, s.Do("GET", "JSONStream/-/jsonstream-1.0.0.tgz", ""))
}

func TestACallerWhoMayOnlyChangeMetadataCanDeprecate(t *testing.T) {
	s := newSite(t)
	s.publish("bar", "1.0.0", "latest")
	staged := s.Staged()
	s.by(formattest.Caller("editor", "ReadFromRepository", "PutPackageMetadata"))
	s.Must(http.StatusOK, s.Do("PUT", "bar", `{"name":"bar","versions":{"1.0.0":{"deprecated":"old"}}}`))
	if got := dig(s.json(s.Do("GET", "bar", "")), "versions", "1.0.0", "deprecated"); got != "old" {
		t.Errorf("got the message %v, want old", got)
	}
	if n := s.Refusals(); n != 0 {
		t.Errorf("a request that was let through left %d refusals on record", n)
	}
	for name, attachments := range map[string]string{
		"a tarball": `{"bar-1.0.1.tgz":{"data":"YQ=="}}`, "a tarball that is not base64": `{"bar-1.0.1.tgz":{"data":"?"}}`,
		"provenance": `{"bar-1.0.1.sigstore":{"data":"{}"}}`,
	} {
		w := s.Do("PUT", "bar", `{"_attachments":`+attachments+`,"name":"bar","versions":{"1.0.1":{}}}`)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "codeartifact:PublishPackageVersion") {
			t.Errorf("%s: got %d %s, want the refusal", name, w.Code, w.Body)
		}
	}
	if n := s.Refusals(); n != 3 {
		t.Errorf("three requests that were refused left %d refusals on record", n)
	}
	if s.Staged() != staged {
		t.Errorf("%d uploads were begun", s.Staged()-staged)
	}
}

func TestABodyThatGrowsTooLargeIsToldSo(t *testing.T) {
	_, err := io.ReadAll(&putBody{r: strings.NewReader("too long"), left: 3})
	w := httptest.NewRecorder()
	fail(w, httptest.NewRequest("PUT", "/bar", nil), fmt.Errorf("read the document: %w", err), "")
	if w.Code != http.StatusRequestEntityTooLarge || w.Header().Get("Retry-After") != "" {
		t.Errorf("got %d with %v, want 413 and no time to come back", w.Code, w.Header())
	}
}
