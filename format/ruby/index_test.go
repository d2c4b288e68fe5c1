package ruby

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"entrepot/artifact"
)

func md5Of(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// sums are the MD5s that the versions file says last of each name.
func (s *site) sums() map[string]string {
	s.T.Helper()
	all := map[string]string{}
	for line := range strings.Lines(strings.TrimPrefix(s.Get("versions"), separator)) {
		fields := strings.Fields(line)
		all[fields[0]] = fields[2]
	}
	return all
}

func TestTheVersionsFileGrowsAtItsEnd(t *testing.T) {
	s := newSite(t)
	before := s.Get("versions")
	for _, step := range [][]string{{"demo", "1.0.0"}, {"other", "2.0"}, {"demo", "1.1.0", "1.1.0-java"}, {"other", "1.0"}} {
		s.pushed(step[0], step[1:]...)
		after := s.Get("versions")
		if !strings.HasPrefix(after, before) || after == before {
			t.Errorf("%v: got %q after %q", step, after, before)
		}
		before = after
		for name, sum := range s.sums() {
			if info := s.Get("info/" + name); md5Of(info) != sum {
				t.Errorf("%s: the versions file says %s of %q", name, sum, info)
			}
		}
	}
	s.SetStatus(shelf, gem{name: "demo", version: "1.0.0"}.key(), artifact.Unlisted)
	if after := s.Get("versions"); strings.Contains(after, "1.0.0") || s.sums()["demo"] != md5Of(s.Get("info/demo")) {
		t.Errorf("got %s", after)
	}
}

func TestALineOfAnInfoFileSaysWhatResolversNeed(t *testing.T) {
	s := newSite(t)
	content := gemOfText(t, metadataText("demo", "1.0.0", "java", needing("other 1.0", "rake 13")))
	s.Must(http.StatusOK, s.Do("POST", "api/v1/gems", content))
	want := "---\n1.0.0-java other:~> 1.0|checksum:" + sha256Of(content) + ",ruby:>= 2.7,created_at:2026-03-01T12:00:00Z\n"
	if got := s.Get("info/demo"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFilesOfTheCompactIndexCarryWhatBundlerChecks(t *testing.T) {
	s := newSite(t)
	s.pushed("demo", "1.0.0")
	for _, path := range []string{"info/demo", "versions", "names"} {
		whole := s.Must(http.StatusOK, s.Do("GET", path, ""))
		body, tag := whole.Body.String(), whole.Header().Get("Etag")
		if tag != `"`+md5Of(body)+`"` || whole.Header().Get("Repr-Digest") == "" || whole.Header().Get("Accept-Ranges") != "bytes" {
			t.Errorf("%s: got the header %v", path, whole.Header())
		}
		same := s.Must(http.StatusNotModified, s.Do("GET", path, "", "If-None-Match", tag, "Range", "bytes=3-"))
		if same.Header().Get("Repr-Digest") != whole.Header().Get("Repr-Digest") {
			t.Errorf("%s: got the header %v with 304", path, same.Header())
		}
		part := s.Must(http.StatusPartialContent, s.Do("GET", path, "", "If-None-Match", `"other"`, "Range", "bytes=3-",
			"Accept-Encoding", "gzip"))
		if part.Body.String() != body[3:] || part.Header().Get("Repr-Digest") != whole.Header().Get("Repr-Digest") {
			t.Errorf("%s: got %q of %q", path, part.Body, body)
		}
		s.Must(http.StatusRequestedRangeNotSatisfiable, s.Do("GET", path, "", "Range", "bytes=99999-"))
	}
}

// specsIn are what an index in Marshal has.
func (s *site) specsIn(path string) []string {
	s.T.Helper()
	unzipped, err := gzip.NewReader(strings.NewReader(s.Get(path)))
	if err != nil {
		s.T.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		s.T.Fatal(err)
	}
	list, err := unmarshal(text)
	if err != nil {
		s.T.Fatal(err)
	}
	found := []string{}
	for _, one := range list.([]any) {
		fields := one.([]any)
		version, _ := versionFrom(fields[1])
		found = append(found, fmt.Sprint(fields[0], " ", version, " ", fields[2]))
	}
	return found
}

func TestIndexesInMarshalHaveReleasesPrereleasesAndTheLatest(t *testing.T) {
	s := newSite(t)
	s.pushed("demo", "1.10", "1.9", "1.9-java", "2.0.rc1")
	s.pushed("other", "1")
	for path, want := range map[string][]string{
		"specs.4.8.gz":            {"demo 1.10 ruby", "demo 1.9 ruby", "demo 1.9 java", "other 1 ruby"},
		"prerelease_specs.4.8.gz": {"demo 2.0.rc1 ruby"},
		"latest_specs.4.8.gz":     {"demo 1.10 ruby", "demo 1.9 java", "other 1 ruby"},
	} {
		if got := s.specsIn(path); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
		w := s.Do("GET", path, "", "Accept-Encoding", "gzip")
		s.Must(http.StatusNotModified, s.Do("GET", path, "", "If-Modified-Since", w.Header().Get("Last-Modified")))
	}
}

// dependenciesOf asks the dependency API.
func (s *site) dependenciesOf(names string) []string {
	s.T.Helper()
	list, err := unmarshal([]byte(s.Get("api/v1/dependencies?gems=" + names)))
	if err != nil {
		s.T.Fatal(err)
	}
	all, found := list.([]any), []string{}
	for _, one := range all {
		line := ""
		for _, pair := range one.(pairs) {
			line += fmt.Sprint(pair[1], " ")
		}
		found = append(found, strings.TrimSpace(line))
	}
	return found
}

func TestTheDependencyAPITellsAllGemsOfSomeNames(t *testing.T) {
	s := newSite(t)
	s.Must(http.StatusOK, s.push(metadataText("demo", "1.0", "", needing("other 1.0", "rake 1"))))
	s.pushed("other", "1.0-java", "1.1.rc1")
	want := []string{"demo 1.0 ruby [[other ~> 1.0]]", "other 1.0 java []", "other 1.1.rc1 ruby []"}
	if got := s.dependenciesOf("demo,missing,other"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := s.Get("api/v1/dependencies"); got != "" {
		t.Errorf("got %q", got)
	}
	many := strings.Repeat("a,", maxAsked) + "a"
	if w := s.Must(http.StatusUnprocessableEntity, s.Do("GET", "api/v1/dependencies?gems="+many, "")); !strings.Contains(w.Body.String(), "Too many gems!") {
		t.Errorf("got %s", w.Body)
	}
}

func TestAQuickSpecificationSaysWhatTheGemDoes(t *testing.T) {
	s := newSite(t)
	s.Must(http.StatusOK, s.push(metadataText("demo", "1.0", "java", needing("other 1.0", "rake 13"))))
	spec, err := readQuickSpec(strings.NewReader(s.Get("quick/Marshal.4.8/demo-1.0-java.gemspec.rz")))
	if err != nil || spec.fullName() != "demo-1.0-java" || spec.description != "It shows how.\nAt length.\n" || len(spec.dependencies) != 2 {
		t.Errorf("got %+v, %v", spec, err)
	}
}

func TestWhatIsYankedIsForThoseWhoNameIt(t *testing.T) {
	s := newSite(t)
	s.pushed("demo", "1.0", "1.1", "1.1-java")
	for _, row := range []struct {
		method, path, form string
		status             int
		says               string
	}{
		{"DELETE", "yank", "gem_name=demo&version=1.2", 404, ""},
		{"DELETE", "yank", "gem_name=demo&version=1.1&platform=jruby", 404, "1.1, 1.1-java"},
		{"DELETE", "yank", "gem_name=demo&version=1.1&platform=java", 409, "Leave the platform out"},
		{"DELETE", "yank", "gem_name=demo&version=1.1", 200, "Successfully yanked gem: demo (1.1), and with it 1.1-java"},
		{"DELETE", "yank?gem_name=demo&version=1.0", "", 200, "Successfully yanked gem: demo (1.0)"},
	} {
		w := s.Must(row.status, s.Do(row.method, "api/v1/gems/"+row.path, row.form))
		if !strings.Contains(w.Body.String(), row.says) {
			t.Errorf("%s: got %s, want %q", row.form, w.Body, row.says)
		}
	}
	s.Must(http.StatusNotFound, s.Do("GET", "info/demo", ""))
	s.Get("gems/demo-1.1-java.gem")
	s.Get("quick/Marshal.4.8/demo-1.1.gemspec.rz")
	if got := s.dependenciesOf("demo"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	s.Must(http.StatusOK, s.Do("PUT", "api/v1/gems/unyank", "gem_name=demo&version=1.0"))
	if got := s.Get("info/demo"); !strings.Contains(got, "\n1.0 ") || strings.Contains(got, "1.1") {
		t.Errorf("got %s", got)
	}
	s.SetStatus(shelf, gem{name: "demo", version: "1.1"}.key(), artifact.Archived)
	s.Must(http.StatusConflict, s.Do("PUT", "api/v1/gems/unyank", "gem_name=demo&version=1.1"))
}

func TestAVersionIsNotPublishedBesideOneThatIsEqual(t *testing.T) {
	s := newSite(t)
	s.pushed("demo", "1.0")
	w := s.Must(http.StatusConflict, s.push(metadataText("demo", "1.0.0", "")))
	if !strings.Contains(w.Body.String(), "is there already as 1.0") {
		t.Errorf("got %s", w.Body)
	}
	s.Must(http.StatusNotFound, s.Do("GET", "gems/demo-1.0.0.gem", ""))
}

func TestAPushMayHaveASlashMore(t *testing.T) {
	s := newSite(t)
	w := s.Must(http.StatusOK, s.Do("POST", "/api/v1/gems", gemOfText(t, metadataText("demo", "1.0", ""))))
	if w.Body.String() != "Successfully registered gem: demo (1.0)\n" {
		t.Errorf("got %q", w.Body)
	}
}

// part is a part of the form of a push.
func part(name, content string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n"
}

func TestAPushMayBeAForm(t *testing.T) {
	s := newSite(t)
	const form = "multipart/form-data; boundary=b"
	content := gemOfText(t, metadataText("demo", "1.0", ""))
	whole := part("attestations", "[]") + part("gem", content) + "--b--\r\n"
	for name, c := range map[string]struct{ body, contentType, says string }{
		"nothing in it":      {"--b--\r\n", form, "no part called gem"},
		"two gems":           {part("gem", content) + part("gem", content) + "--b--\r\n", form, "two parts called gem"},
		"cut in the gem":     {whole[:len(whole)-1000], form, "cut off"},
		"cut behind the gem": {strings.TrimSuffix(whole, "--b--\r\n"), form, "cut off"},
		"no boundary":        {whole, "multipart/form-data", "a form"},
	} {
		w := s.Do("POST", "api/v1/gems", c.body, "Content-Type", c.contentType)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: got %d %s, want 400 and %q", name, w.Code, w.Body, c.says)
		}
	}
	s.Must(http.StatusNotFound, s.Do("GET", "gems/demo-1.0.gem", ""))
	w := s.Must(http.StatusOK, s.Do("POST", "api/v1/gems", whole, "Content-Type", form))
	if !strings.Contains(w.Body.String(), "attestations were not kept") {
		t.Errorf("got %q", w.Body)
	}
	if got := s.Get("gems/demo-1.0.gem"); got != content {
		t.Errorf("got %d bytes, want the %d that were pushed", len(got), len(content))
	}
}

func TestGemsOfSimilarNamesAreNotPushedBesideEachOther(t *testing.T) {
	s := newConnectedSite(t)
	s.pushed("acme_tools", "1.0")
	for _, name := range []string{"acme-tools", "Acme_Tools"} {
		s.Must(http.StatusConflict, s.push(metadataText(name, "1.0", "")))
		s.offer(name, metadataText(name, "9.0", ""))
		s.Must(http.StatusNotFound, s.Do("GET", "info/"+name, ""))
		s.Must(http.StatusNotFound, s.Do("GET", "gems/"+name+"-9.0.gem", ""))
		if n := s.Registry(publicOne).Asked("info/" + name); n != 0 {
			t.Errorf("the registry was asked for %s %d times", name, n)
		}
	}
	s.Control(shelf, artifact.PackageKey{Format: artifact.Ruby, Name: "acme_tools"}, artifact.Allow, artifact.Allow)
	s.Get("gems/acme-tools-9.0.gem")
}

func TestGemsOfSimilarNamesAreFetchedBesideEachOther(t *testing.T) {
	s := newConnectedSite(t)
	for _, name := range []string{"pair-one", "pair_one"} {
		s.offer(name, metadataText(name, "1.0", ""))
		s.Get("gems/" + name + "-1.0.gem")
	}
	s.pushed("Pair_One", "1.0")
	s.Get("gems/pair-one-1.0.gem")
	if got := s.Get("info/pair_one"); !strings.Contains(got, "\n1.0 ") {
		t.Errorf("got %s", got)
	}
}

func TestADependencyThatNoGemCanBeHasNoGems(t *testing.T) {
	s := newSite(t)
	s.pushed("demo", "1.0")
	if got := s.dependenciesOf("a/b,demo,"); len(got) != 1 {
		t.Errorf("got %v, want the one of demo", got)
	}
}

func TestRefusalsAreWordedForGem(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{
		"api/v1/gems/demo/owners.yaml": "policies say who may push", "api/v1/profile/me.yaml": "entrepot login --tool gem",
	} {
		if w := s.Must(http.StatusNotFound, s.Do("GET", path, "")); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %s", path, w.Body)
		}
	}
}

func TestAConnectedRepositoryIsAskedForSingleGems(t *testing.T) {
	s := newConnectedSite(t)
	s.offer("demo", metadataText("demo", "1.0", "", needing("other 1.0", "")), metadataText("demo", "1.0", "java"))
	s.Must(http.StatusNotFound, s.Do("GET", "versions", ""))
	s.Must(http.StatusOK, s.Do("HEAD", "versions", ""))
	s.Must(http.StatusOK, s.Do("HEAD", "", ""))
	want := []string{"demo 1.0 java []", "demo 1.0 ruby [[other ~> 1.0]]"}
	if got := s.dependenciesOf("demo"); !sameLines(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	before := s.Get("info/demo")
	s.Get("gems/demo-1.0-java.gem")
	if after := s.Get("info/demo"); after != before {
		t.Errorf("the info file became %q, and was %q", after, before)
	}
	if got := s.specsIn("specs.4.8.gz"); !sameLines(got, []string{"demo 1.0 java", "demo 1.0 ruby"}) {
		t.Errorf("got %q", got)
	}
	details, err := s.Shelf(shelf, artifact.Ruby).Held(t.Context(), gem{name: "demo", version: "1.0"}.key())
	if err != nil || details.Details.Summary != "A demonstration" {
		t.Errorf("got %+v, %v", details.Details, err)
	}
}

// sameLines compares without order.
func sameLines(a, b []string) bool {
	count := map[string]int{}
	for _, line := range a {
		count[line]++
	}
	for _, line := range b {
		count[line]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestTheSpecificationOfAPromisedGemSaysWhatItsLineDoes(t *testing.T) {
	const path = "quick/Marshal.4.8/demo-1.0.gemspec.rz"
	for name, c := range map[string]struct {
		offered []byte
		summary string
	}{
		"what the registry has":         {quickSpec(lying()), "A demonstration"},
		"where the registry lacks it":   {nil, ""},
		"where it is nothing of a kind": {[]byte("nonsense"), ""},
		"where it runs something":       {rawZlib(marshalHeader + "u:\x17Gem::Specification\x0d" + marshalHeader + "o:\x06A\x00x"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newConnectedSite(t)
			s.offer("demo", metadataText("demo", "1.0", "", needing("other 1.0", "")))
			if c.offered != nil {
				s.Registry(publicOne).Put(path, octets, c.offered)
			}
			spec, err := readQuickSpec(strings.NewReader(s.Get(path)))
			if err != nil || spec.fullName() != "demo-1.0" || writeDependencies(spec.dependencies) != "other:~> 1.0" || spec.summary != c.summary ||
				writeRequirement(spec.ruby) != ">= 2.7" {
				t.Errorf("got %+v, %v", spec, err)
			}
		})
	}
}

// lying is a specification that says something else than its line.
func lying() specification {
	spec, _ := parseMetadata([]byte(metadataText("evil", "2.0", "", needing("worse 1.0", ""))))
	return spec
}

func rawZlib(text string) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.Bytes()
}

func TestLinesThatNobodyCanUseAreLeftOut(t *testing.T) {
	s := newConnectedSite(t)
	sum := "|checksum:" + sha256Of("x")
	s.Registry(publicOne).Put("info/demo", plainText, []byte("created_at: 2026\n---\n1.0 "+sum+"\n1.1 |ruby:>= 2\nx\n1.2-../x "+sum+
		"\n1.3 a b:>= 1"+sum+"\n1.4 a:>= x"+sum+"\n1.5 "+sum+",future:1\n1.5 "+sum+"\n1.6-odd-2 "+sum+"\n"+strings.Repeat("y", 2*maxLine)+"\n1.7 "+sum+"\n"))
	want := "---\n1.0 " + sum + "\n1.5 " + sum + "\n1.7 " + sum + "\n"
	if got := s.Get("info/demo"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGemsOfARepositoryAndItsRegistryAreMerged(t *testing.T) {
	s := newSite(t)
	s.pushed("demo", "0.9")
	s.Connect(shelf, publicOne)
	s.offer("demo", metadataText("demo", "1.0", ""))
	if got := s.Get("info/demo"); strings.Contains(got, "1.0 ") {
		t.Errorf("a name that was published here is asked outside: %s", got)
	}
	s.Control(shelf, gem{name: "demo"}.key().PackageKey, artifact.Allow, artifact.Allow)
	if got := s.Get("info/demo"); !strings.Contains(got, "\n0.9 ") || !strings.Contains(got, "\n1.0 ") {
		t.Errorf("got %s", got)
	}
}
