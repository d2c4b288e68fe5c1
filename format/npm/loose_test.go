package npm

import (
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
)

// offer has the registry offer a package whose versions, as it writes them, have tarballs with the given file names.
func (s *site) offer(name string, files map[string]string, tags object) {
	s.T.Helper()
	var numbers []string
	for number := range files {
		numbers = append(numbers, number)
	}
	document, outside := registry(name, numbers...), s.Registry(npmjs)
	for number, file := range files {
		path := name + "/-/" + file
		dig(document, "versions", number, "dist").(object)["tarball"] = outside.URL + path
		outside.Put(path, "application/octet-stream", []byte(number))
	}
	document["dist-tags"] = tags
	outside.Put(strings.Replace(name, "/", "%2f", 1), "application/json", []byte(text(s.T, document)))
}

// tarball returns what is served under a file name of a package.
func (s *site) tarball(name, file string) string {
	s.T.Helper()
	return s.Must(http.StatusOK, s.Do("GET", name+"/-/"+file, "")).Body.String()
}

func TestAVersionThatOnlyLooseClientsTakeIsListedAsTheyLookForIt(t *testing.T) {
	for _, name := range []string{"bar", "@acme/bar"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.offer(name, map[string]string{"3.0.0rc5": "bar-3.0.0rc5.tgz", "v1.2.0": "bar-v1.2.0.tgz", "01.0.0": "bar-01.0.0.tgz",
				"0.9.0": "bar-0.9.0.tgz", "not a version": "bar-none.tgz"}, object{"latest": "v1.2.0", "next": "3.0.0rc5", "gone": "7.0.0x"})
			doc := s.json(s.Do("GET", name, ""))
			if got, want := keysOf(doc["versions"]), "0.9.0 1.0.0 1.2.0 3.0.0-rc5"; got != want {
				t.Errorf("got the versions %s, want %s", got, want)
			}
			if got, want := text(t, doc["dist-tags"]), `{"latest":"1.2.0","next":"3.0.0-rc5"}`; got != want {
				t.Errorf("got the tags %s, want %s", got, want)
			}
			if dig(doc, "time", "3.0.0-rc5") == nil || dig(doc, "versions", "3.0.0-rc5", "version") != "3.0.0-rc5" {
				t.Errorf("got %s", text(t, doc))
			}
			// Documents here name it as it is kept, lockfiles of its registry as that writes it, and people in every way.
			for _, file := range []string{"bar-3.0.0-rc5.tgz", "bar-3.0.0rc5.tgz", "bar-v3.0.0-rc5.tgz"} {
				if got := s.tarball(name, file); got != "3.0.0rc5" {
					t.Errorf("%s is the tarball of %s", file, got)
				}
			}
			for _, selector := range []string{"3.0.0rc5", "3.0.0-rc5", "v3.0.0-rc5", "next"} {
				if got := dig(s.json(s.Do("GET", name+"/"+selector, "")), "version"); got != "3.0.0-rc5" {
					t.Errorf("%s: got version %v", selector, got)
				}
			}
			tag := "-/package/" + strings.Replace(name, "/", "%2f", 1) + "/dist-tags/mine"
			s.Must(http.StatusOK, s.Do("PUT", tag, `"3.0.0rc5"`))
			if got := dig(s.json(s.Do("GET", name+"/mine", "")), "version"); got != "3.0.0-rc5" {
				t.Errorf("a tag set by hand points at %v", got)
			}
			held, err := s.Rules.Version(t.Context(), s.Shelf(shelf, artifact.NPM).Repository(), key(name).At("3.0.0-rc5"))
			if err != nil || held.VersionKey != key(name).At("3.0.0-rc5") {
				t.Errorf("kept as %s, %v", held.VersionKey, err)
			}
			s.SetStatus(shelf, held.VersionKey, artifact.Archived)
			s.Must(http.StatusNotFound, s.Do("GET", name+"/-/bar-3.0.0rc5.tgz", ""))
		})
	}
}

func TestTwoTextsOfOneVersionAreOneVersion(t *testing.T) {
	for name, versions := range map[string][]string{
		"the strict one first": {"1.0.0-rc1", "1.0.0rc1"},
		"the strict one last":  {"v1.0.0-rc1", "1.0.0rc1", "1.0.0-rc1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			document := ""
			for i, number := range versions {
				one := registry("bar", number)
				dig(one, "versions", number, "dist").(object)["tarball"] = s.Registry(npmjs).URL + "bar/-/" + number + ".tgz"
				s.Registry(npmjs).Put("bar/-/"+number+".tgz", "application/octet-stream", []byte(number))
				if i > 0 {
					document += ","
				}
				document += `"` + number + `":` + text(t, dig(one, "versions", number))
			}
			document = `{"name":"bar","versions":{` + document + `},"dist-tags":{"latest":"1.0.0rc1"}}`
			s.Registry(npmjs).Put("bar", "application/json", []byte(document))
			doc := s.json(s.Do("GET", "bar", ""))
			if got := keysOf(doc["versions"]); got != "1.0.0-rc1" {
				t.Errorf("got the versions %s", got)
			}
			if got := s.tarball("bar", "bar-1.0.0-rc1.tgz"); got != "1.0.0-rc1" {
				t.Errorf("got the tarball of %s", got)
			}
		})
	}
}

func TestATarballIsFoundByTheNameThatItsRegistryGivesIt(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"bar", "@acme/bar"} {
		s.offer(name, map[string]string{
			"1.0.0":     "bar-1.0.0.tgz",
			"3.0.0-rc5": "bar-3.0.0rc5.tgz", // a registry that has cleaned its versions and kept its files
			"2.0.0":     "bar-final.tgz",
			"2.1.0":     "bar-2.1.0-0a1b2c.tgz",
			"2.2.0":     "bar-2.0.0.tgz", // the name that another version makes
			"2.3.0":     "caf%C3%A9.tgz",
		}, object{"latest": "2.0.0"})
	}
	names := map[string]string{"bar-1.0.0.tgz": "1.0.0", "bar-3.0.0rc5.tgz": "3.0.0-rc5", "bar-final.tgz": "2.0.0",
		"bar-2.1.0-0a1b2c.tgz": "2.1.0", "bar-2.0.0.tgz": "2.0.0", "caf%C3%A9.tgz": "2.3.0"}
	for _, when := range []string{"with the registry", "with what was fetched alone"} {
		for _, name := range []string{"bar", "@acme/bar"} {
			for file, want := range names {
				if w := s.Do("GET", name+"/-/"+file, ""); w.Code != http.StatusOK || w.Body.String() != want {
					t.Errorf("%s: %s of %s: got %d %.100s, want the tarball of %s", when, file, name, w.Code, w.Body, want)
				}
			}
			for _, file := range []string{"bar-other.tgz", "final.tgz", "bar-9.9.9.tgz", "@acme/bar-final.tgz"} {
				s.Must(http.StatusNotFound, s.Do("GET", name+"/-/"+file, ""))
			}
		}
		if when == "with the registry" {
			s.Disconnect(shelf, npmjs)
		}
	}
}

func TestAPublishIsOfAStrictVersion(t *testing.T) {
	s := newSite(t)
	for _, number := range []string{"3.0.0rc5", "v1.0.0", "01.0.0"} {
		packageJSON := object{"name": "bar", "version": number}
		w := s.Do("PUT", "bar", text(t, putOf("bar", number, "latest", packed(t, packageJSON, nil), packageJSON)))
		s.Must(http.StatusBadRequest, w)
	}
}

func TestANameThatAVersionMakesIsThatVersionsAlsoWhereItIsWithdrawn(t *testing.T) {
	s := newSite(t)
	s.offer("bar", map[string]string{"1.0.0": "bar-1.0.0.tgz", "2.0.0": "old/-/bar-1.0.0.tgz"}, object{"latest": "2.0.0"})
	s.Must(http.StatusOK, s.Do("GET", "bar/-/bar-1.0.0.tgz", ""))
	s.SetStatus(shelf, key("bar").At("1.0.0"), artifact.Archived)
	s.Must(http.StatusNotFound, s.Do("GET", "bar/-/bar-1.0.0.tgz", ""))
}
